"""The witnesses against clients that take answers wrongly, or do not cope with the network; see `witnesses`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .base import Trait
from .service import Answer, part, refused, sent
from .talk import PHONE, Talk
from .witness import DENIED, PAGE, Witness, message_of

# ---- answers ---------------------------------------------------------------------------------------------------------


def _alert(right: Any, wrong: Any, *parts: Any, of: Trait | None = None, **more: Any) -> Witness:
    """What becomes of an alert that is answered with parts."""
    return Witness(lambda t: t.statuses(Answer(sent(*parts, **more))), right, wrong, of)


def _error(name: str, right: Any, wrong: Any, *answers: Answer) -> Witness:
    """What the error of an alert tells; each further answer is as the last."""

    def look(talk: Talk) -> Any:
        talk.service.respond = lambda _: answers[-1]
        return getattr(talk.alert(*answers).error, name)

    return Witness(look, right, wrong)


def _part(name: str, right: Any, wrong: Any, **said: Any) -> Witness:
    """What the part of an alert tells."""

    def look(talk: Talk) -> Any:
        value = talk.alert(Answer(sent(part(**said)))).value
        return getattr(value[0], name) if isinstance(value, list) else value

    return Witness(look, right, wrong)


def _ids(talk: Talk) -> Any:
    answer = Answer(sent(*(part(message_id=f"0C00000{number}") for number in range(3))))
    value = talk.alert(answer).value
    return [each.message_id[-1] for each in value] if isinstance(value, list) else value


def _accepted(talk: Talk) -> int:
    error = talk.alert(Answer(sent(part(), refused("9"), part()))).error
    return len(error.accepted) if error else -1


TOO_MANY: Final = Answer({"error-code": "429", "error-code-label": "too many requests"}, 429)
GOOD: Final = ["0"]

ANSWERS: Final[Mapping[str, Witness]] = {
    "http-is-enough": _alert("refused", ["7"], refused("7")),
    "only-the-number-zero": _alert(GOOD, "refused", part()),
    "only-the-text-zero": _alert(GOOD, "refused", part(status=0)),
    "false-is-success": _alert(GOOD, "refused", part()),
    "no-part-is-success": _alert("refused", []),
    "first-part-judged": _alert("refused", ["0", "9"], part(), refused("9")),
    "last-part-judged": _alert("refused", ["9", "0"], refused("9"), part()),
    "one-part-is-enough": _alert("refused", ["0", "9"], part(), refused("9")),
    "refused-parts-dropped": _alert("refused", ["0"], part(), refused("9")),
    "first-part-returned": Witness(_ids, ["0", "1", "2"], ["0"]),
    "last-part-lost": Witness(_ids, ["0", "1", "2"], ["0", "1"]),
    "parts-reversed": Witness(_ids, ["0", "1", "2"], ["2", "1", "0"]),
    "accepted-forgotten": Witness(_accepted, 2, 0),
    "unknown-is-success": _alert("refused", ["555"], refused("555")),
    "barred-is-success": _alert("refused", ["7"], refused("7")),
    "status-lost": _error("status", "7", "", Answer(sent(refused("7")))),
    "barred-is-retryable": _error("retryable", False, True, Answer(sent(refused("7")))),
    "throttled-is-final": _error("retryable", True, False, Answer(sent(refused("1")))),
    "partly-sent-is-retryable": _error("retryable", False, True, Answer(sent(part(), refused("1")))),
    "too-many-is-final": _error("retryable", True, False, TOO_MANY),
    "denied-is-retryable": _error("retryable", False, True, DENIED),
    "http-status-lost": _error("status", "401", "", DENIED),
    "refusal-is-an-empty-list": Witness(lambda t: t.opt_outs(DENIED), "refused", []),
    "xml-status-in-order": _alert(GOOD, "refused", part()),
    "xml-first-part": Witness(_ids, ["0", "1", "2"], ["0"]),
    "xml-reference-lost": _part("client_ref", "ab", None, client_ref="ab"),
}


def _raw(
    body: bytes, wrong: Any, right: Any = "refused", *, kind: str = "application/json", of: Trait | None = None
) -> Witness:
    """What becomes of an alert that is answered with bytes."""
    return Witness(lambda t: t.statuses(Answer(body=body, type=kind)), right, wrong, of)


def _reference_of(talk: Talk) -> Any:
    body = json.dumps(sent(part(client_ref="Grüße")), ensure_ascii=False).encode()
    value = talk.alert(Answer(body=body, type="application/json")).value
    return value[0].client_ref if isinstance(value, list) else value


_COUNTED: Final = {**sent(part()), "message-count": 1}
_SENT: Final = json.dumps(sent(part())).encode()
_ENTITY: Final = (
    b'<!DOCTYPE mt-submission-response [<!ENTITY zero "0">]><mt-submission-response><messages count="1"><message>'
    b"<status>&zero;</status></message></messages></mt-submission-response>"
)

READING: Final[Mapping[str, Witness]] = {
    "balance-as-text": _part("balance", "13.5", "AttributeError", remaining_balance=13.5),
    "price-demanded": _part("price", None, "KeyError", message_price=...),
    "balance-in-floats": _part("balance", "13.50", "13.5"),
    "network-as-number": _part("network", "US-FIXED", "ValueError", network="US-FIXED"),
    "numbers-kept": _part("to", PHONE, int(PHONE), to=int(PHONE)),
    "count-as-text": Witness(lambda t: t.statuses(Answer(_COUNTED)), GOOD, "AttributeError"),
    "count-as-number": _alert(GOOD, "refused", part()),
    "identifier-in-hex": _part("message_id", "0C000000", "refused", message_id="0C000000"),
    "key-to-come": _alert(GOOD, "KeyError", part(ok=True)),
    "key-to-come-refused": _alert(GOOD, "refused", part(), ok=True),
    "twins-preferred": Witness(
        _part("message_id", "", "", messageId="other-id").look, "0C00000012345678", "other-id", "json"
    ),
    "reference-demanded": _part("client_ref", None, "KeyError"),
    "identifier-demanded": _part("message_id", None, "refused", message_id=...),
    "reason-demanded": _alert("refused", "KeyError", {"status": "9"}),
    "status-to-come": _alert("refused", "KeyError", refused("555")),
    "status-as-number": _alert("refused", "ValueError", refused("new")),
    "parts-demanded": Witness(lambda t: t.statuses(Answer({"error-code": "500"})), "refused", "KeyError"),
    "parts-are-objects": _alert("refused", "AttributeError", None),
    "page-is-an-error": _raw(b"<html><body>hello</body></html>", "JSONDecodeError", kind="text/html"),
    "only-decode-errors": _raw(b'{"messages": [{"status": "\xe4"}]}', "UnicodeDecodeError"),
    "list-is-an-error": _raw(b"[1]", "AttributeError"),
    "depth-is-an-error": _raw(b"[" * 100_000, "RecursionError"),
    "mark-is-an-error": _raw(b"\xef\xbb\xbf" + _SENT, "refused", GOOD, of="json"),
    "exact-type": _raw(_SENT, "refused", GOOD, kind="application/json; charset=utf-8", of="json"),
    "answer-in-latin1": Witness(_reference_of, "Grüße", "GrÃ¼Ã\x9fe", "json"),
    "xml-with-doctype": _raw(_ENTITY, GOOD, kind="text/xml"),
    "xml-page-is-empty": Witness(lambda t: t.opt_outs(PAGE), "refused", []),
    "xml-demanded": _alert("refused", "IndexError"),
    "xml-errors": _raw(b"<mt-submission-response><mess", "ExpatError", kind="text/xml"),
    "xml-last-piece": _part("client_ref", "a & b", " b", client_ref="a & b"),
}

# ---- transport -------------------------------------------------------------------------------------------------------


def _once(wrong: Any, answer: Answer) -> Witness:
    """How many requests an alert makes that is answered so."""

    def look(talk: Talk) -> tuple[Any, int]:
        value = talk.alert(answer).value
        return (value if isinstance(value, str) else "sent", talk.asked)

    return Witness(look, ("refused", 1), wrong)


def _throttled(talk: Talk) -> bool:
    talk.service.respond = lambda _: Answer(sent(refused("1")))
    talk.alert()
    return talk.asked <= 10


def _cut(talk: Talk) -> Any:
    """An answer whose first half is a whole document."""
    body = json.dumps(sent(part())).encode()
    return talk.statuses(Answer(body=body + b" " * len(body), type="application/json", fate="cut"))


def _led_away(talk: Talk) -> int:
    talk.alert(Answer({}, 307, headers={"Location": f"{talk.elsewhere.url}/sc/us/alert/json"}))
    return len(talk.elsewhere.asked)


_RESET: Final = Answer(fate="reset")

TRANSPORT: Final[Mapping[str, Witness]] = {
    "no-timeout": Witness(lambda t: t.silence[1], True, False),
    "sent-again-after-reset": _once(("sent", 2), _RESET),
    "sent-again-after-silence": Witness(lambda t: t.silence[2], 1, 2),
    "sent-again-after-server-error": _once(("sent", 2), Answer({"error-code": "500"}, 500)),
    "sent-again-when-unreadable": _once(("sent", 2), Answer(body=b'{"messages', type="application/json")),
    "sent-again-without-end": Witness(_throttled, True, False),
    "broken-is-retryable": _error("retryable", False, True, _RESET),
    "reset-is-an-error": _once(("ConnectionResetError", 1), _RESET),
    "silence-is-an-error": Witness(lambda t: t.silence[0], "refused", "TimeoutError"),
    "cut-is-an-error": _once(("IncompleteRead", 1), Answer(sent(part()), fate="cut")),
    "cut-is-whole": Witness(_cut, "refused", GOOD),
    "redirects-followed": Witness(_led_away, 0, 1),
    "redirect-is-success": message_of("", Answer({}, 302, headers={"Location": "/login"})),
}
