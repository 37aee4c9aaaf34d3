"""The laws of who answers alerts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from shortcode_clients.alerts.security import SIGNATURE
from shortcodekit import signing
from shortcodekit.signing import METHODS

from .laws import DEEP, Broken, Law, Need
from .providing import Answer, Found, ProviderBench
from .specs import FORM, OPERATIONS
from .targets import Call

B = TypeVar("B")
Check = Callable[[ProviderBench], None]
_PAGE: Final = "Alerts - Sending API Reference"
_PUBLISHED: Final = "Published elsewhere: response codes of the vendor's SMS services"
SENDING: Final = Need[ProviderBench]("leave to send messages (--allow-sending)", lambda bench: bench.sending)
SIGNING: Final = Need[ProviderBench]("the signature secret", lambda bench: bench.account.signature_secret is not None)
_POST: Final = next(each for each in OPERATIONS if each.name == "sendAlert")
ENCODINGS: Final = ("query", "empty", "split", *_POST.bodies)
_FORMS: Final = ("json", "xml")


def found_by(check: Callable[[B], None]) -> Callable[[B], Broken | None]:
    """A law's check of what raises `Found`."""
    return partial(_found, check)


def _found(check: Callable[[B], None], bench: B) -> Broken | None:
    try:
        check(bench)
    except Found as found:
        return found.broken
    return None


def law(name: str, sentence: str, source: str, check: Check, *wants: Need[ProviderBench]) -> Law[ProviderBench]:
    """A law about providers. It wants `SENDING` when it makes valid requests that send."""
    return Law(name, sentence, source, found_by(check), wants=wants)


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
    for path, about in (
        ("//sc/us/alert/json", "two slashes"),
        ("sc/us/alert/json", "a request line without its slash"),
    ):
        call = Call(plain.method, path, plain.query, plain.headers, plain.body)
        status_is(bench.send(call, "sendAlert"), "0", about=about)
    call = Call(plain.method, plain.path, plain.query, (*plain.headers, ("host", "rest.nexmo.com")), plain.body)
    status_is(bench.send(call, "sendAlert"), "0", about="the host that a proxy passes on")
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
        answers = [bench.alert(said, form=form) for form in _FORMS]
        shown = [_documented_keys(each) for each in answers]
        answers[1].expect(
            shown[0] == shown[1], "the same as JSON and as XML", about="the same request to /json and to /xml"
        )


_OTHERS: Final = frozenset({"message-id", "remaining-balance"})


def _documented_keys(answer: Answer) -> Any:
    """What an answer says under documented keys, whatever form a number has; ids and balances are their own each time."""
    known = _POST.api.schemas["AlertPart"]["properties"].keys()
    parts = [
        {key: plain(value) if key not in _OTHERS else "" for key, value in each.items() if key in known}
        for each in answer.said["messages"]
    ]
    return plain(answer.said["message-count"]), parts


def plain(value: Any) -> str:
    """A number as one writes it, whatever form it has; all else as text."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{float(text):.8f}" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) and len(text) < 15 else text


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
    place, balance = next(iter(bench.custom), None), None
    long: dict[str, Any] = {place: "x" * 500} if place else {}
    for said in ({}, {"to": "12"}, {}, long, {}):
        answer = bench.alert(said)
        parts = [each for each in answer.said["messages"] if str(each["status"]) == "0"]
        for each in answer.said["messages"]:
            if each not in parts:
                free = "message-price" not in each or float(each["message-price"]) == 0
                answer.expect(free, "a refused part costs nothing")
        if not parts or not all({"remaining-balance", "message-price"} <= each.keys() for each in parts):
            continue
        prices, left = [float(each["message-price"]) for each in parts], float(parts[-1]["remaining-balance"])
        answer.expect(min(prices) >= 0, "a price that is not negative")
        fits = balance is None or abs(balance - sum(prices) - left) < 1e-6
        answer.expect(fits, f"a balance that fell from {balance} by the price of what was accepted, and no more")
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
    secret = bench.account.api_secret
    wrong = dict.fromkeys((f"{secret}x", secret[:-1], secret.swapcase(), f"x{secret}", "another"))
    wrong.pop(secret, None)
    for form in _FORMS:
        for how in ("query", FORM, *(["application/json"] if form == "json" else [])):
            for each in filter(None, wrong):
                status_is(bench.alert(form=form, how=how, extra={"api_secret": each}), "4", about="a wrong secret")
            status_is(bench.alert(form=form, how=how, extra={"api_key": "nobody"}), "4", about="a wrong key")
            status_is(bench.alert(form=form, how=how, extra={"api_secret": ""}), "4", "2", "3", about="an empty secret")


def _signed(bench: ProviderBench) -> None:
    odd = {"client-ref": "a&b=c é", "zz": "1", "Zz": "2"}
    for method in METHODS:
        for how in ("query", FORM, "application/json"):
            status_is(bench.alert(odd, how=how, auth=method), "0", about=f"signed by {method}")
        said = {"to": bench.to, **bench.custom}
        ours = bench.credentials(said, method)
        answer = bench.alert(auth="none", extra={**ours, SIGNATURE.carrier: ours[SIGNATURE.carrier].upper()})
        status_is(answer, "0", about=f"signed by {method}, hex in capitals")
    said = {"to": bench.to, **bench.custom}
    for seconds in (-240, 200):
        status_is(bench.alert(auth="none", extra=_aged(bench, said, seconds)), "0", about=f"signed {-seconds} s ago")
    whole: dict[str, Any] = dict(_aged(bench, said, 0))
    whole["timestamp"] = int(whole["timestamp"])
    answer = bench.alert(how="application/json", auth="none", extra=whole)
    status_is(answer, "0", about="signed, with the timestamp as a JSON integer")


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
        told = f"signed {abs(seconds)} s {'ago' if seconds < 0 else 'ahead'}"
        status_is(bench.alert(auth="none", extra=_aged(bench, said, seconds)), "14", about=told)
    timeless = {"api_key": bench.account.api_key}
    mark = signing.signature({**said, **timeless}, bench.account.signature_secret or "", "sha256")
    status_is(bench.alert(auth="none", extra={**timeless, "sig": mark}), "14", "2", "3", about="signed without a time")
    call = bench.parameters("/sc/us/alert/json", said, auth="none")
    query = urlencode(bench.credentials({}, "sha256"))
    answer = bench.send(Call("POST", call.path, query, call.headers, call.body), "sendAlert")
    status_is(answer, "14", about="a signature in the query that does not cover the body")


def _aged(bench: ProviderBench, said: dict[str, Any], seconds: int) -> dict[str, str]:
    """Credentials by a signature that was made some seconds later than now."""
    ours = {"api_key": bench.account.api_key, "timestamp": str(int(time.time()) + seconds)}
    return {**ours, "sig": signing.signature({**said, **ours}, bench.account.signature_secret or "", "sha256")}


def _forged_at_all(bench: ProviderBench) -> None:
    """What can be judged without the signature secret, and sends nothing."""
    ours = {"api_key": bench.account.api_key, "timestamp": str(int(time.time()))}
    for sig in ("0" * 32, "0" * 40, "0" * 64, "0" * 128):
        status_is(bench.alert(auth="none", extra={**ours, "sig": sig}), "14", about="a made-up signature")
    for sig in ("z" * 32, ""):
        status_is(bench.alert(auth="none", extra={**ours, "sig": sig}), "14", "2", "3", about="what is no signature")
    both = {"sig": "0" * 32, "timestamp": ours["timestamp"]}
    status_is(bench.alert(extra=both), "32", about="a signature and the secret")


def _malformed(bench: ProviderBench) -> None:
    form = [("content-type", FORM)]
    as_json = [("content-type", "application/json")]
    bodies = [(b"\xff\xfe=1", form), (b"to=%ff%fe&api_key=%C3", form), (b"%zz=%", form), (b"&&==&", form), (b"", form)]
    bodies += [
        (each, as_json)
        for each in (b"[]", b"null", b"1", b'"text"', b"{", b'{"to": NaN}', b"[" * DEEP, b"\xff", b'{"to": {"a": 1}}')
    ]
    for path, operation in _PATHS.items():
        for end in _FORMS:
            calls = [(Call("POST", f"{path}/{end}", "", headers, body), body) for body, headers in bodies]
            for answer, body in bench.send_all(calls, operation):
                refused = answer.came.status != 200 or operation == "sendAlert"
                answer.expect(refused, "a refusal", f"a body that is malformed: {body[:16]!r}")
                if operation == "sendAlert":
                    status_is(answer, "2", "3", "4", about=f"a body that is malformed: {body[:16]!r}")
            whole = bench.parameters(f"{path}/{end}", {"to": "12"}, how="query").query
            queries = ("to=%ff%fe", f"{whole}&x=%C3", "%", f"{whole}&%zz=%", f"{whole}&a")
            for _ in bench.send_all(((Call("GET", f"{path}/{end}", query), query) for query in queries), operation):
                pass  # to be answered in a documented way is all that is asked


_PATHS: Final = {
    "/sc/us/alert": "sendAlert",
    "/sc/us/alert/opt-in/query": "queryOptOuts",
    "/sc/us/alert/opt-in/manage": "resubscribe",
}


LAWS: Final[tuple[Law[ProviderBench], ...]] = (
    law("alerts/every-encoding", "A valid alert is accepted in each encoding and in both forms of answer.", f"{_PAGE}: Encoding", _every_encoding, SENDING),
    law("alerts/as-real-clients-send", "What real clients send beside the documented forms is accepted.", "Observed: real clients", _tolerated, SENDING),
    law("alerts/custom-parameters", "Any number of custom parameters is taken.", f"{_PAGE}: Parameters", _custom, SENDING),
    law("alerts/client-ref", "client-ref comes back whole in each part.", f"{_PAGE}: Keys and Values", _client_ref, SENDING),
    law("alerts/recipient", "Each part tells the number that the request was sent to.", f"{_PAGE}: Keys and Values", _to, SENDING),
    law("alerts/json-is-xml", "The same request is answered the same as JSON and as XML.", f"{_PAGE}: Format", _same_in_xml, SENDING),
    law("alerts/parts", "message-count counts the parts, and long texts have several.", f"{_PAGE}: Keys and Values", _parts, SENDING),
    law("alerts/message-ids", "Each accepted part has an id of its own, of 8 to 16 characters.", f"{_PAGE}: Keys and Values", _ids, SENDING),
    law("alerts/money", "The balance falls by the price of what was accepted, and by nothing else.", f"{_PAGE}: Response", _money, SENDING),
    law("alerts/at-the-bounds", "Values at their bounds are accepted.", f"{_PAGE}: Parameters", _right, SENDING),
    law("alerts/missing-parameters", "What is missing is told by status 2, under HTTP 200.", _PUBLISHED, _missing),
    law("alerts/invalid-parameters", "What is wrong is told by status 3, under HTTP 200.", _PUBLISHED, _wrong, SENDING),
    law("alerts/credentials", "A wrong key or secret is told by status 4.", _PUBLISHED, _credentials),
    law("alerts/signatures", "A signature by each of the five methods is accepted, in either case of hex.", "Published elsewhere: signing", _signed, SENDING, SIGNING),
    law("alerts/forged-signatures", "A wrong or stale signature is told by status 14, one beside a secret by 32.", "Published elsewhere: signing", _forged, SIGNING),
    law("alerts/malformed", "What is malformed is refused in the documented way.", f"{_PAGE}: Encoding", _malformed),
    law("alerts/made-up-signatures", "A made-up signature is told by status 14, one beside a secret by 32.", "Published elsewhere: signing", _forged_at_all),
)  # fmt: skip
