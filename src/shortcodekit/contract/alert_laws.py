"""The laws of who answers alerts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from shortcode_clients.alerts.security import SIGNATURE
from shortcodekit.signing import METHODS

from .laws import Broken, Law
from .providing import Answer, Found, ProviderBench
from .specs import FORM, OPERATIONS
from .targets import Call

Check = Callable[[ProviderBench], None]
_PAGE: Final = "Alerts - Sending API Reference"
_PUBLISHED: Final = "Published elsewhere: response codes of the vendor's SMS services"
SENDING: Final = "leave to send messages (--allow-sending)"
SIGNING: Final = "the signature secret"
_POST: Final = next(each for each in OPERATIONS if each.name == "sendAlert")
ENCODINGS: Final = ("query", "empty", "split", *_POST.bodies)
_FORMS: Final = ("json", "xml")


def found_by(check: Check) -> Callable[[ProviderBench], Broken | None]:
    """A law's check of what raises `Found`."""

    def checked(bench: ProviderBench) -> Broken | None:
        try:
            check(bench)
        except Found as found:
            return found.broken
        return None

    return checked


def law(
    name: str, sentence: str, source: str, check: Check, *, sends: bool = False, signs: bool = False
) -> Law[ProviderBench]:
    """A law about providers; `sends` when it makes valid requests that send, `signs` when it needs the signature secret."""
    needs = SENDING if sends else SIGNING if signs else ""

    def applies(bench: ProviderBench) -> bool:
        return (bench.sending or not sends) and (bench.account.signature_secret is not None or not signs)

    return Law(name, sentence, source, found_by(check), applies, needs)


def part(answer: Answer) -> dict[str, Any]:
    """The only part of an answer to an alert."""
    parts = answer.said["messages"]
    answer.expect(len(parts) >= 1, "at least one part")
    first: dict[str, Any] = parts[0]
    return first


def status_is(answer: Answer, *wanted: str, about: str = "") -> None:
    """Ends the law unless every part has one of the statuses; refusals are HTTP 200 as well."""
    names = " or ".join(wanted)
    answer.expect(answer.came.status == 200, f"HTTP 200 and the part status {names}", about)
    got = {str(each.get("status")) for each in answer.said["messages"]}
    answer.expect(
        bool(got) and got <= set(wanted),
        f"the part status {names}, not {' and '.join(sorted(got)) or 'no part'}",
        about,
    )


# ---- what is taken -------------------------------------------------------------------------------------------------------


def _every_encoding(bench: ProviderBench) -> None:
    for form in _FORMS:
        for how in ENCODINGS:
            if form == "json" or how in {"query", "empty", "split", FORM}:
                status_is(bench.alert({"client-ref": "é & 1"}, form=form, how=how), "0", about=f"sent as {how}")


def _tolerated(bench: ProviderBench) -> None:
    plain = bench.parameters("/sc/us/alert/json", {"to": bench.to, **bench.custom})
    for path in ("//sc/us/alert/json",):
        status_is(
            bench.send(Call(plain.method, path, plain.query, plain.headers, plain.body), "sendAlert"),
            "0",
            about="two slashes",
        )
    for extra in (("authorization", "Bearer left.over.token"), ("authorization", "Basic bGVmdDpvdmVy")):
        call = Call(plain.method, plain.path, plain.query, (*plain.headers, extra), plain.body)
        status_is(bench.send(call, "sendAlert"), "0", about="a left-over Authorization header")
    call = Call("POST", plain.path, "", (("content-type", "application/json"),), plain.body)
    status_is(bench.send(call, "sendAlert"), "0", about="a form that says it is JSON")
    query = bench.parameters("/sc/us/alert/json", {"to": bench.to, **bench.custom}, how="query")
    call = Call("GET", query.path, query.query, (("content-type", "application/json"),))
    status_is(bench.send(call, "sendAlert"), "0", about="a GET with a content type")
    for said in ({"to": int(bench.to)}, {"template": 0}, {"status-report-req": 1}, {"status-report-req": True}):
        status_is(bench.alert(said, how="application/json"), "0", about="numbers and booleans in JSON")
    for value in ("1", "0", "true", "false"):
        status_is(bench.alert({"status-report-req": value}), "0", about=f"status-report-req={value}")


def _custom(bench: ProviderBench) -> None:
    for name, value in (("extra", "1"), ("Größe", "é😀"), ("a b", "c&d=e"), ("empty", "")):
        status_is(bench.alert({name: value}), "0", about=f"the custom parameter {name}")


def _client_ref(bench: ProviderBench) -> None:
    for form in _FORMS:
        for text in ("incident-42", "x" * 40, "é" * 40, "a&b=c<d>\"e'", "  spaced  ", "😀 +%41", "]]>", "0"):
            answer = bench.alert({"client-ref": text}, form=form)
            status_is(answer, "0")
            for each in answer.said["messages"]:
                answer.expect(each.get("client-ref") == text, f"the client-ref {text!r} as it was sent")


def _to(bench: ProviderBench) -> None:
    for form in _FORMS:
        answer = bench.alert(form=form)
        status_is(answer, "0")
        for each in answer.said["messages"]:
            answer.expect(str(each.get("to")) == bench.to, "`to` as it was sent")


def _same_in_xml(bench: ProviderBench) -> None:
    cases: list[dict[str, Any]] = [
        {},
        {"client-ref": "a&<b>"},
        {"to": None},
        {"to": "12"},
        {"template": "9"},
        {"client-ref": "x" * 41},
    ]
    for said in cases:
        shown = []
        for form in _FORMS:
            answer = bench.alert(said, form=form)
            kept = [
                {k: v for k, v in each.items() if k not in {"message-id", "remaining-balance"}}
                for each in answer.said["messages"]
            ]
            shown.append(
                (
                    str(answer.said["message-count"]),
                    [{k: str(v) for k, v in each.items()} for each in kept],
                    [*map(sorted, answer.said["messages"])],
                )
            )
        answer.expect(
            shown[0] == shown[1], "the same as JSON and as XML", about="the same request to /json and to /xml"
        )


def _parts(bench: ProviderBench) -> None:
    place = next(iter(bench.custom), None)
    for text in ("x", "x" * 400, "x" * 1000):
        for form in _FORMS:
            answer = bench.alert({place: text} if place else {}, form=form)
            status_is(answer, "0")
            parts = answer.said["messages"]
            answer.expect(
                str(answer.said["message-count"]) == str(len(parts)), "message-count tells how many parts there are"
            )
            if place and len(text) > 200:
                answer.expect(len(parts) >= len(text) // 153, "a long text is split into parts")
    if place:
        plain, wide = (bench.alert({place: "x" * 100, "type": kind}) for kind in ("text", "unicode"))
        wide.expect(
            len(wide.said["messages"]) >= len(plain.said["messages"]), "unicode takes no fewer parts than plain text"
        )
        wide.expect(len(wide.said["messages"]) >= 2, "100 characters in unicode take more than one part")


def _ids(bench: ProviderBench) -> None:
    place, seen = next(iter(bench.custom), None), set()
    for said in ({}, {}, {place: "x" * 500} if place else {}, {}):
        answer = bench.alert(said)
        for each in answer.said["messages"]:
            answer.expect("message-id" in each, "a message-id in each accepted part")
            answer.expect(each["message-id"] not in seen, "no message-id twice", f"{each['message-id']} came before")
            seen.add(each["message-id"])


def _money(bench: ProviderBench) -> None:
    balance = None
    for said in ({}, {"to": "12"}, {}, {}):
        answer = bench.alert(said)
        for each in answer.said["messages"]:
            if str(each["status"]) != "0":
                answer.expect(
                    "message-price" not in each or float(each["message-price"]) == 0, "a refused part costs nothing"
                )
                continue
            if "remaining-balance" not in each or "message-price" not in each:
                continue
            left, price = float(each["remaining-balance"]), float(each["message-price"])
            answer.expect(price >= 0, "a price that is not negative")
            fits = balance is None or abs(balance - price - left) < 1e-6
            answer.expect(fits, f"a balance that fell by the price alone, from {balance}")
            balance = left


# ---- what is refused -----------------------------------------------------------------------------------------------------


def _missing(bench: ProviderBench) -> None:
    for form in _FORMS:
        status_is(bench.alert({"to": None}, form=form), "2", about="without to")
        status_is(bench.alert(form=form, auth="none"), "2", "4", about="without credentials")
        status_is(bench.alert(form=form, extra={"api_secret": None}), "2", "4", about="without api_secret")
        status_is(bench.alert(form=form, extra={"api_key": None}), "2", "4", about="without api_key")


def _wrong(bench: ProviderBench) -> None:
    others = str(int(bench.to) + 1)
    cases: list[tuple[str, Any]] = [
        ("client-ref", "x" * 41), ("template", "6"), ("template", "-1"), ("template", "one"), ("template", "1.5"), ("type", "binary"),
        ("status-report-req", "2"), ("status-report-req", "yes"), ("to", "12"), ("to", "+" + bench.to), ("to", "447700900000"),
        ("to", bench.to + "0"), ("to", f"{bench.to},{others}"), ("to", "x" * 11), ("to", ""),
    ]  # fmt: skip
    for name, value in cases:
        for form in _FORMS:
            status_is(
                bench.alert({name: value}, form=form),
                *("23" if value == "" else "3"),
                about=f"{name} is {value[:45]!r}",
            )
    status_is(bench.alert({"to": [bench.to, others]}), "3", about="two recipients")
    for name, value in (
        ("client-ref", {"a": 1}),
        ("client-ref", ["a"]),
        ("template", {}),
        ("type", 1),
        ("to", [bench.to]),
        ("to", True),
    ):
        status_is(bench.alert({name: value}, how="application/json"), "3", about=f"{name} of a wrong type")


def _right(bench: ProviderBench) -> None:
    for name, value in (
        ("client-ref", "x" * 40),
        ("client-ref", ""),
        ("template", "0"),
        ("template", "5"),
        ("template", "1"),
        ("type", "text"),
        ("type", "unicode"),
    ):
        status_is(bench.alert({name: value}), "0", about=f"{name} is {value!r}")


def _credentials(bench: ProviderBench) -> None:
    for form in _FORMS:
        for how in ("query", FORM, *(["application/json"] if form == "json" else [])):
            for wrong in (
                bench.account.api_secret + "x",
                bench.account.api_secret[:-1],
                "",
                bench.account.api_secret.swapcase() + "y",
            ):
                status_is(
                    bench.alert(form=form, how=how, extra={"api_secret": wrong}),
                    "4",
                    *(["2"] if not wrong else []),
                    about="a wrong secret",
                )
            status_is(bench.alert(form=form, how=how, extra={"api_key": "nobody"}), "4", about="a wrong key")


def _signed(bench: ProviderBench) -> None:
    odd = {"client-ref": "a&b=c é", "zz": "1", "Zz": "2"}
    for method in METHODS:
        for how in ("query", FORM, "application/json"):
            status_is(bench.alert(odd, how=how, auth=method), "0", about=f"signed by {method}")
        said = {"to": bench.to, **bench.custom}
        ours = bench.credentials(said, method)
        answer = bench.alert(auth="none", extra={**ours, SIGNATURE.carrier: ours[SIGNATURE.carrier].upper()})
        status_is(answer, "0", about=f"signed by {method}, hex in capitals")


def _forged(bench: ProviderBench) -> None:
    said = {"to": bench.to, **bench.custom}
    for method in METHODS:
        ours = bench.credentials(said, method)
        mark = ours[SIGNATURE.carrier]
        altered = {**ours, SIGNATURE.carrier: mark[:-1] + ("0" if mark[-1] != "0" else "1")}
        status_is(bench.alert(auth="none", extra=altered), "14", about="an altered signature")
        status_is(
            bench.alert({"client-ref": "added"}, auth="none", extra=ours),
            "14",
            about="a parameter was added after signing",
        )
        status_is(
            bench.alert(auth="none", extra={**ours, "api_secret": bench.account.api_secret}),
            "32",
            about="a signature and the secret",
        )
    for seconds in (-3600, -400, 400):
        from shortcodekit import signing  # noqa: PLC0415  # for this one case

        ours = {"api_key": bench.account.api_key, "timestamp": str(int(time.time()) + seconds)}
        mark = signing.signature({**said, **ours}, bench.account.signature_secret or "", "sha256")
        status_is(
            bench.alert(auth="none", extra={**ours, "sig": mark}),
            "14",
            about=f"signed {abs(seconds)} s {'ago' if seconds < 0 else 'ahead'}",
        )


def _forged_at_all(bench: ProviderBench) -> None:
    """What can be judged without the signature secret, and sends nothing."""
    ours = {"api_key": bench.account.api_key, "timestamp": str(int(time.time()))}
    for sig in ("0" * 32, "z" * 32, "", "0" * 128):
        status_is(bench.alert(auth="none", extra={**ours, "sig": sig}), "14", about="a made-up signature")
    status_is(
        bench.alert(extra={"sig": "0" * 32, "timestamp": ours["timestamp"]}), "32", about="a signature and the secret"
    )


LAWS: Final[tuple[Law[ProviderBench], ...]] = (
    law("alerts/every-encoding", "A valid alert is accepted in each encoding and in both forms of answer.", f"{_PAGE}: Encoding", _every_encoding, sends=True),
    law("alerts/as-real-clients-send", "What real clients send beside the documented forms is accepted.", "Observed: real clients", _tolerated, sends=True),
    law("alerts/custom-parameters", "Any number of custom parameters is taken.", f"{_PAGE}: Parameters", _custom, sends=True),
    law("alerts/client-ref", "client-ref comes back whole in each part.", f"{_PAGE}: Keys and Values", _client_ref, sends=True),
    law("alerts/recipient", "Each part tells the number that the request was sent to.", f"{_PAGE}: Keys and Values", _to, sends=True),
    law("alerts/json-is-xml", "The same request is answered the same as JSON and as XML.", f"{_PAGE}: Format", _same_in_xml, sends=True),
    law("alerts/parts", "message-count counts the parts, and long texts have several.", f"{_PAGE}: Keys and Values", _parts, sends=True),
    law("alerts/message-ids", "Each accepted part has an id of its own, of 8 to 16 characters.", f"{_PAGE}: Keys and Values", _ids, sends=True),
    law("alerts/money", "The balance falls by the price of what was accepted, and by nothing else.", f"{_PAGE}: Response", _money, sends=True),
    law("alerts/at-the-bounds", "Values at their bounds are accepted.", f"{_PAGE}: Parameters", _right, sends=True),
    law("alerts/missing-parameters", "What is missing is told by status 2, under HTTP 200.", _PUBLISHED, _missing),
    law("alerts/invalid-parameters", "What is wrong is told by status 3, under HTTP 200.", _PUBLISHED, _wrong, sends=True),
    law("alerts/credentials", "A wrong key or secret is told by status 4.", _PUBLISHED, _credentials),
    law("alerts/signatures", "A signature by each of the five methods is accepted, in either case of hex.", "Published elsewhere: signing", _signed, sends=True, signs=True),
    law("alerts/forged-signatures", "A wrong or stale signature is told by status 14, one beside a secret by 32.", "Published elsewhere: signing", _forged, signs=True),
    law("alerts/made-up-signatures", "A made-up signature is told by status 14, one beside a secret by 32.", "Published elsewhere: signing", _forged_at_all),
)  # fmt: skip
