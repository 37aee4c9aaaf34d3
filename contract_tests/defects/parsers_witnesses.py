"""For each broken parser a request that gives it away.

A witness says what is parsed, what a correct parser gives, and what this one does: a document, `refused` for a `ParseError`, or
the name of another error. Every correct parser gives all of them rightly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from . import MESSAGE, RECEIPT, SMS, STATUS
from .parsers_plain import ParseError, Parser
from .showing import FORM, JSON, QUERY, document_of, request_of

REFUSED: Final = "refused"
Told = Mapping[str, Any]


@frozen
class Witness:
    """What is parsed, and what comes of it."""

    event: str
    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    right: Any
    """The document, or `refused`."""
    wrong: Any

    def seen(self, parser: Parser) -> Any:
        """What a parser makes of it."""
        try:
            return parser.parse(self.event, self.method, self.query, dict(self.headers), self.body)
        except ParseError:
            return REFUSED
        except Exception as error:  # noqa: BLE001  # which one, is what is looked at
            return type(error).__name__


def same(one: Any, other: Any) -> bool:
    """Whether two outcomes are the same to the last character, whatever the order of keys."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _raw(
    event: str,
    body: bytes,
    wrong: Any,
    right: Any = REFUSED,
    *,
    kind: str = JSON,
    query: str = "",
    method: str = "POST",
    name: str = "Content-Type",
) -> Witness:
    """Bytes as they are; for a GET those of the query."""
    if method == "GET":
        return Witness(event, method, body.decode("ascii"), {}, b"", right, wrong)
    return Witness(event, method, query, {name: kind}, body, right, wrong)


def _changed(document: Mapping[str, Any], changes: Any) -> Any:
    """A document with changes; what is no mapping stands for itself."""
    if not isinstance(changes, Mapping):
        return changes
    return {key: value for key, value in {**document, **changes}.items() if value is not ...}


def _of(
    event: str, wrong: Any, right: Any = None, *, encoding: str = JSON, example: str = "", said: Told | None = None
) -> Witness:
    """An example with changes. `right` and `wrong` are what is different in what is given."""
    document = document_of(event, said or {}, example)
    request = request_of(event, document, encoding)
    headers = dict(request.headers.items() if isinstance(request.headers, Mapping) else request.headers)
    outcomes = (_changed(document, {} if right is None else right), _changed(document, wrong))
    return Witness(event, request.method, request.query, headers, request.body, *outcomes)


def _receipt(wrong: Any, right: Any = None, *, encoding: str = JSON, **said: Any) -> Witness:
    return _of(
        RECEIPT, wrong, right, encoding=encoding, said={key.replace("_", "-"): value for key, value in said.items()}
    )


def _sms(wrong: Any, right: Any = None, *, encoding: str = JSON, **said: Any) -> Witness:
    return _of(SMS, wrong, right, encoding=encoding, said={key.replace("_", "-"): value for key, value in said.items()})


def _content(wrong: Any, example: str, said: Any = ...) -> Witness:
    """An inbound message; `wrong` is what is made of its content, `said` another content."""
    message = document_of(MESSAGE, {}, example)["message"]
    if said is not ...:
        message = {**message, "content": said}
    lost = {"message": {**message, "content": wrong}} if isinstance(wrong, Mapping) else wrong
    return _of(MESSAGE, lost, example=example, said={"message": message})


def _text(text: str, wrong: str, encoding: str = QUERY) -> Witness:
    """An inbound SMS with this text."""
    return _sms({"text": wrong}, encoding=encoding, text=text)


SMALL: Final = {"msisdn": "15559301529", "text": "Stop"}
_SMALL: Final = json.dumps(SMALL).encode()
_LATIN: Final = b'{"msisdn": "15559301529", "text": "Gr\xfc\xdfe"}'
_TWICE: Final = b"msisdn=15559301529&text=a&text=b"
_DEEP: Final = b'{"msisdn": "1", "deep": ' + b"[" * 100_000
PLACE: Final = {"longitude": "-0.127800", "latitude": "51.507400", "name": "The office"}

WITNESSES: Final[Mapping[str, Witness]] = {
    # how it travels
    "query-only": _raw(SMS, _SMALL, REFUSED, SMALL),
    "query-merged": _raw(SMS, _SMALL, {**SMALL, "hook": "7"}, SMALL, query="hook=7"),
    "query-wins": _raw(SMS, _SMALL, {**SMALL, "text": "Go"}, SMALL, query="text=Go"),
    "content-type-trusted": _raw(SMS, _SMALL, REFUSED, SMALL, kind=FORM),
    "content-type-compared": _raw(SMS, _SMALL, REFUSED, SMALL, kind=f"{JSON}; charset=utf-8"),
    "header-in-one-case": _raw(SMS, _SMALL, REFUSED, SMALL, name="content-type"),
    "any-method": _raw(SMS, _SMALL, SMALL, method="PUT"),
    # characters
    "plus-kept": _receipt(
        {"message-timestamp": "2020-01-01+12:00:00"}, encoding=QUERY, message_timestamp="2020-01-01 12:00:00"
    ),
    "letters-in-code": _raw(
        SMS,
        b'{"msisdn": "15559301529", "text": "\\u0041\\u00e9"}',
        {**SMALL, "text": "\\u0041é"},
        {**SMALL, "text": "Aé"},
    ),
    "plus-in-json": _text("1+1", "1 1", JSON),
    "decoded-twice": _text("100%25 + 1", "100%   1", FORM),
    "split-afterwards": _sms({"text": "Stop ", " go": ""}, encoding=FORM, text="Stop & go"),
    "semicolons-split": _raw(
        SMS, b"msisdn=15559301529&text=Stop;now", {**SMALL, "now": ""}, {**SMALL, "text": "Stop;now"}, method="GET"
    ),
    "second-equals-sign": _raw(
        SMS, b"msisdn=15559301529&text=a=b", {**SMALL, "text": "a"}, {**SMALL, "text": "a=b"}, kind=FORM
    ),
    "query-in-latin1": _text("Grüße", "GrÃ¼Ã\x9fe"),
    "body-in-latin1": _raw(
        SMS, '{"msisdn": "15559301529", "text": "ü"}'.encode(), {**SMALL, "text": "Ã¼"}, {**SMALL, "text": "ü"}
    ),
    "body-replaced": _raw(SMS, _LATIN, {**SMALL, "text": "Gr\ufffd\ufffde"}),
    "query-replaced": _raw(SMS, b"msisdn=15559301529&text=%FC", {**SMALL, "text": "\ufffd"}, method="GET"),
    "body-is-an-error": _raw(SMS, _LATIN, "UnicodeDecodeError"),
    "mark-refused": _raw(SMS, b"\xef\xbb\xbf" + _SMALL, REFUSED, SMALL),
    "three-bytes-at-most": _text("\N{WAVING HAND SIGN} hi", " hi", JSON),
    "texts-stripped": _text(" Stop\n", "Stop"),
    "texts-cut": _text("y" * 161, "y" * 160),
    # what is no document
    "malformed-is-empty": _raw(SMS, b'{"msisdn": ', {}),
    "json-is-an-error": _raw(SMS, b'{"msisdn": ', "JSONDecodeError"),
    "depth-is-an-error": _raw(SMS, _DEEP, "RecursionError"),
    "list-is-an-error": _raw(SMS, b'["15559301529"]', "AttributeError"),
    "nan-taken": _raw(SMS, b'{"msisdn": "15559301529", "text": "Stop", "x": NaN}', {**SMALL, "x": "NaN"}),
    "rest-ignored": _raw(SMS, _SMALL + b"}", SMALL),
    "first-of-two": _raw(SMS, _TWICE, {**SMALL, "text": "a"}, kind=FORM),
    "last-of-two": _raw(SMS, b'{"msisdn": "15559301529", "text": "Go", "text": "Stop"}', SMALL),
    "list-of-two": _raw(SMS, _TWICE, {**SMALL, "text": ["a", "b"]}, kind=FORM),
    "demanded-without-asking": _receipt("KeyError", REFUSED, msisdn=...),
    "ends-without-asking": _of(STATUS, "TypeError", REFUSED, said={"from": "447700900000"}),
    "nothing-demanded": _of(STATUS, {}, REFUSED, said={"message_uuid": ...}),
    "null-is-text": _receipt({"status": "None"}, REFUSED, status=None),
    # values
    "status-by-case": _receipt({}, {"status": "delivered"}, status="DELIVERED"),
    "status-to-come-folded": _receipt({"status": "deleted"}, status="Deleted"),
    "status-to-come-refused": _receipt(REFUSED, status="deleted"),
    "status-to-come-unknown": _receipt({"status": "unknown"}, status="deleted"),
    "keyword-by-case": _sms({}, {"keyword": "STOP"}, keyword="stop"),
    "text-upper-cased": _text("Stop", "STOP"),
    "identifiers-in-small-letters": _receipt({"messageId": "0a00000012ab"}, messageId="0A00000012AB"),
    "zeros-lost": _receipt({"network-code": "1234"}, encoding=QUERY, network_code="01234"),
    "plus-before-numbers": _receipt({"msisdn": "+447700900000"}),
    "numbers-kept": _receipt({}, {"msisdn": "16365553226"}, msisdn=16365553226),
    "numbers-in32-bits": _receipt(
        {"msisdn": str(16365553226 & 0xFFFFFFFF)}, {"msisdn": "16365553226"}, msisdn=16365553226
    ),
    "numbers-in-doubles": _receipt({"ticket": 2**53}, ticket=2**53 + 1),
    "amounts-in-floats": _receipt({"price": "0.02"}, price="0.02000000"),
    "amounts-kept": _receipt({}, {"price": "0.0333"}, price=0.0333),
    "places-rounded": _content(
        {"type": "location", "location": {**PLACE, "longitude": "-0.128", "latitude": "51.507"}},
        "whatsapp-location",
        {"type": "location", "location": PLACE},
    ),
    "times-of-another-zone": _of(STATUS, {"timestamp": "2020-01-01T16:00:00+02:00"}),
    "times-rewritten": _receipt({"message-timestamp": "2020-01-01T12:00:00"}),
    "flag-as-boolean": _sms({"concat": "true"}, concat="false"),
    "parts-as-texts": _sms(
        {}, {"concat-total": 2, "concat-part": 1}, encoding=QUERY, concat="true", concat_total="2", concat_part="1"
    ),
    "codes-as-texts": _of(STATUS, {"error": {"code": "1300"}}, said={"error": {"code": 1300}}),
    "counts-kept": _of(
        MESSAGE,
        {},
        {"message": {"content": {"type": "text", "text": "x"}, "sms": {"num_messages": "2"}}},
        example="documented",
        said={"message": {"content": {"type": "text", "text": "x"}, "sms": {"num_messages": 2}}},
    ),
    # what is lost
    "empty-values-lost": _sms({"text": ...}, encoding=QUERY, text=""),
    "zeros-are-nothing": _receipt({"err-code": ...}, {"err-code": "0"}, err_code=0),
    "keys-to-come-lost": _receipt({"parts": ...}, parts="2"),
    "keys-to-come-refused": _receipt(REFUSED, parts="2"),
    "keys-inside-lost": _content(
        {"type": "text", "text": "hi"}, "whatsapp-text", {"type": "text", "text": "hi", "preview": False}
    ),
    "content-to-come-lost": _content({"type": "hologram"}, "content-to-come"),
    "channel-to-come-refused": _content(REFUSED, "channel-to-come"),
    "captions-lost": _content({"type": "image", "image": {"url": "https://example.com/files/garden.jpg"}}, "mms-image"),
    "usage-lost": _of(STATUS, {"usage": ...}, example="opted-out"),
    "names-with-underscores": _of(
        RECEIPT,
        {"network-code": ..., "network_code": "52099"},
        said={"message-timestamp": ..., "err-code": ...},
    ),
    "names-in-small-letters": _receipt({"messageId": ..., "messageid": "02000000E68951D8"}),
    "sender-and-recipient-swapped": _receipt({"msisdn": "447700900001", "to": "447700900000"}),
}
