"""The laws of who sends PINs. They are judged where there is something at `/sc/us/2fa`: the API is one that a stand-in may lack."""

from __future__ import annotations

import time
from typing import Any, Final

from shortcodekit.signing import METHODS

from .alert_laws import ENCODINGS, SENDING, SIGNING, Check, law, plain, status_is
from .laws import Law, Need
from .opt_in_laws import TEXTING
from .providing import Answer, ProviderBench
from .specs import FORM, OPERATIONS

_PAGE: Final = "Two-factor Authentication API Reference"
_PUBLISHED: Final = "Published elsewhere: response codes of the vendor's SMS services"
_POST: Final = next(each for each in OPERATIONS if each.name == "sendTwoFactor")
_FORMS: Final = ("json", "xml")
THERE: Final = Need[ProviderBench]("an answer at /sc/us/2fa", lambda bench: bench.takes_pins)


def _every_encoding(bench: ProviderBench) -> None:
    for form in _FORMS:
        for how in ENCODINGS:
            if form == "json" or how in {"query", "empty", "split", FORM}:
                status_is(bench.pin({"client-ref": "é & 1"}, form=form, how=how), "0", about=f"sent as {how}")


def _pins(bench: ProviderBench) -> None:
    for pin in ("4711", "0000", "004711", "1234567890"):
        status_is(bench.pin({"pin": pin}), "0", about=f"a PIN of {len(pin)} digits")
    status_is(bench.pin({"pin": 4711}, how="application/json"), "0", about="a PIN that is a JSON number")


def _custom(bench: ProviderBench) -> None:
    for name, value in (("company-name", "Acme & Söhne"), ("Größe", "é😀"), ("type", "text"), ("empty", "")):
        status_is(bench.pin({name: value}), "0", about=f"the custom parameter {name}")


def _echoed(bench: ProviderBench) -> None:
    seen = set()
    for form in _FORMS:
        for text in ("login-42", "x" * 40, "a&b=c<d>\"e'"):
            answer = bench.pin({"client-ref": text}, form=form)
            status_is(answer, "0")
            parts = answer.said["messages"]
            answer.expect(str(answer.said["message-count"]) == str(len(parts)), "message-count tells how many parts")
            for each in parts:
                answer.expect(each.get("client-ref") == text, f"the client-ref {text!r} as it was sent")
                answer.expect(str(each.get("to")) == bench.to, "`to` as it was sent")
                answer.expect("message-id" in each, "a message-id in each accepted part")
                answer.expect(each["message-id"] not in seen, "no message-id twice")
                seen.add(each["message-id"])


_OTHERS: Final = frozenset({"message-id", "remaining-balance"})


def _same_in_xml(bench: ProviderBench) -> None:
    known = _POST.api.schemas["AlertPart"]["properties"].keys() - _OTHERS

    def shown(answer: Answer) -> Any:
        parts = [{key: plain(value) for key, value in each.items() if key in known} for each in answer.said["messages"]]
        return plain(answer.said["message-count"]), parts

    cases: list[dict[str, Any]] = [{}, {"client-ref": "a&<b>"}, {"to": "12"}, {"pin": None}, {"client-ref": "x" * 41}]
    for said in cases:
        one, other = (bench.pin(said, form=form) for form in _FORMS)
        other.expect(shown(one) == shown(other), "the same as JSON and as XML")


def _missing(bench: ProviderBench) -> None:
    for form in _FORMS:
        status_is(bench.pin({"pin": None}, form=form), "2", about="without pin")
        status_is(bench.pin({"to": None}, form=form), "2", about="without to")
        status_is(bench.pin(form=form, auth="none"), "2", "4", about="without credentials")


def _wrong(bench: ProviderBench) -> None:
    cases: tuple[tuple[str, Any], ...] = (
        ("pin", "12a4"), ("pin", "-123"), ("pin", "12 34"), ("to", "12"), ("to", "+" + bench.to), ("to", "441632960960"),
        ("client-ref", "x" * 41),
    )  # fmt: skip
    for name, value in cases:
        for form in _FORMS:
            status_is(bench.pin({name: value}, form=form), "3", about=f"{name} is {value[:45]!r}")
    status_is(bench.pin({"pin": ""}), "2", "3", about="pin is empty")
    for value in (True, ["4711"], {"a": 1}, 12.5):
        status_is(bench.pin({"pin": value}, how="application/json"), "3", about="pin of a wrong type")


def _credentials(bench: ProviderBench) -> None:
    for form in _FORMS:
        for how in ("query", FORM):
            for extra in ({"api_secret": f"{bench.account.api_secret}x"}, {"api_key": "nobody"}):
                status_is(bench.pin(form=form, how=how, extra=extra), "4", about="a wrong key or secret")
    made_up = {"sig": "0" * 32, "timestamp": str(int(time.time()))}
    status_is(bench.pin(extra=made_up), "32", about="a signature and the secret")
    unsigned = {"api_key": bench.account.api_key, **made_up}
    status_is(bench.pin(auth="none", extra=unsigned), "14", about="a made-up signature")


def _signed(bench: ProviderBench) -> None:
    for method in METHODS:
        for how in ("query", FORM, "application/json"):
            status_is(bench.pin(how=how, auth=method), "0", about=f"signed by {method}")
    ours = bench.credentials({"to": bench.to, "pin": "4711", **bench.custom}, METHODS[0])
    status_is(bench.pin({"pin": "4712"}, auth="none", extra=ours), "14", about="the PIN was changed after signing")


def _stop(bench: ProviderBench) -> None:
    number = bench.number()
    status_is(bench.pin({"to": number}), "0", about="before the STOP")
    if bench.text is not None:
        bench.text(number, "STOP")
    for form in _FORMS:
        status_is(bench.pin({"to": number}, form=form), "7", about="after the STOP")
    bench.resubscribe({"msisdn": number})
    status_is(bench.pin({"to": number}), "0", about="after it was subscribed again")


def _law(name: str, sentence: str, source: str, check: Check, *wants: Need[ProviderBench]) -> Law[ProviderBench]:
    """A law about PINs, which needs somebody who takes them."""
    return law(f"two-factor/{name}", sentence, source, check, *wants, THERE)


LAWS: Final[tuple[Law[ProviderBench], ...]] = (
    _law("every-encoding", "A PIN is accepted in each encoding and in both forms of answer.", f"{_PAGE}: Encoding", _every_encoding, SENDING),
    _law("pins", "A PIN is taken with zeros at its beginning, and as a JSON number.", f"{_PAGE}: Parameters; Published elsewhere: an integer in the vendor's .NET client", _pins, SENDING),
    _law("custom-parameters", "Any number of custom parameters is taken beside the PIN.", "Two-factor Authentication API: custom parameters", _custom, SENDING),
    _law("answers", "Each part tells the number, the client-ref and an id of its own.", f"{_PAGE}: Keys and Values", _echoed, SENDING),
    _law("json-is-xml", "The same request is answered the same as JSON and as XML.", f"{_PAGE}: Format", _same_in_xml, SENDING),
    _law("missing-parameters", "What is missing is told by status 2, under HTTP 200.", _PUBLISHED, _missing, SENDING),
    _law("invalid-parameters", "What is wrong is told by status 3, under HTTP 200.", _PUBLISHED, _wrong, SENDING),
    _law("credentials", "A wrong key or secret is told by status 4, a made-up signature by 14, one beside a secret by 32.", _PUBLISHED, _credentials),
    _law("signatures", "A signature by each of the five methods is accepted, and covers the PIN.", "Published elsewhere: signing", _signed, SENDING, SIGNING),
    _law("stop", "A number that texted STOP gets no PIN until it is subscribed again.", "Enable Two-Factor Authentication: how to opt out", _stop, SENDING, TEXTING),
)  # fmt: skip
