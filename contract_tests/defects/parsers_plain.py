"""What a seeded parser of webhooks is, and one as engineers write it by hand, correct, and in steps: each broken one changes one step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from attrs import field, frozen

from . import MESSAGE, MESSAGES, RECEIPT, SMS, STATUS

Document = dict[str, Any]
Pairs = list[tuple[str, Any]]
Path = tuple[str, ...]
Change = Callable[[Any], Any]
K = TypeVar("K", bound="type[Plain]")

Parse = Callable[[str, str, str, Mapping[str, str], bytes], Document]
"""`parse(event, method, query, headers, body)`: see `parsers`."""


class ParseError(Exception):
    """The request is no such event; nothing else is ever raised by a parser."""


@frozen(eq=False)
class Parser:
    """One parser."""

    name: str
    sentence: str
    """What is wrong, or what the temper of a correct one is; in the present tense."""
    parse: Parse = field(repr=False)

    def __str__(self) -> str:
        return self.name


def parser_of(kind: type[Plain], name: str = "") -> Parser:
    """The parser that a class is: called as the class, with the docstring for its sentence."""
    name = name or re.sub("(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
    return Parser(name, " ".join(str(kind.__doc__).split()), kind().parse)


# ---- what becomes of values ------------------------------------------------------------------------------------------


def whole(value: Any) -> Any:
    """Documented as text, though integers come."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ParseError("neither text nor an integer")
    return str(value)


def amount(value: Any) -> Any:
    """Documented as text, though numbers come."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ParseError("neither text nor a number")
    return str(value)


def integer(value: Any) -> Any:
    """Documented as an integer, though texts come."""
    text = whole(value)
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ParseError("no integer")
    return int(text)


def flag(value: Any) -> Any:
    """Documented as the text `true` or `false`, though booleans come."""
    told = {"true": "true", "false": "false", True: "true", False: "false"}
    if not isinstance(value, str | bool) or value not in told:
        raise ParseError("neither true nor false")
    return told[value]


def lower(*codes: str) -> Change:
    """One of the codes in any case; others stay as they are."""
    return lambda value: value.lower() if isinstance(value, str) and value.lower() in codes else value


def upper(*codes: str) -> Change:
    return lambda value: value.upper() if isinstance(value, str) and value.upper() in codes else value


RECEIPTS: Final = ("delivered", "expired", "failed", "rejected", "accepted", "buffered", "unknown")
STATUSES: Final = ("submitted", "delivered", "read", "rejected", "undeliverable")
KEYWORDS: Final = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "START", "UNSTOP", "HELP")
CHANGES: Final[Mapping[str, Mapping[Path, Change]]] = {
    RECEIPT: {
        **dict.fromkeys(
            (("msisdn",), ("to",), ("network-code",), ("scts",), ("err-code",), ("timestamp",)),
            whole,
        ),
        ("price",): amount,
        ("status",): lower(*RECEIPTS),
    },
    SMS: {
        **dict.fromkeys((("msisdn",), ("to",), ("timestamp",), ("concat-ref",)), whole),
        ("keyword",): upper(*KEYWORDS),
        ("concat",): flag,
        ("concat-total",): integer,
        ("concat-part",): integer,
    },
    STATUS: {
        ("status",): lower(*STATUSES),
        ("error", "code"): integer,
        ("usage", "price"): amount,
    },
    MESSAGE: {
        ("message", "sms", "num_messages"): whole,
        ("message", "content", "location", "longitude"): amount,
        ("message", "content", "location", "latitude"): amount,
        ("usage", "price"): amount,
    },
}
"""What becomes of the values at some places."""
ENDS: Final = (("to", "type"), ("from", "type"))
DEMANDED: Final[Mapping[str, tuple[Path, ...]]] = {
    RECEIPT: (("msisdn",), ("status",)),
    SMS: (("msisdn",),),
    STATUS: (("message_uuid",), ("timestamp",), ("status",), *ENDS),
    MESSAGE: (("message_uuid",), ("timestamp",), ("message", "content", "type"), *ENDS),
}
"""Places where a text has to stand (at `msisdn` also an integer)."""


def found(document: Any, path: Path) -> Any:
    """The value at a place; None when there is none."""
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    return document


class Plain:
    """Is written by hand, with the standard library."""

    def parse(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        document = self.read(event, method, query, headers, body)
        self.check(event, document)
        for path, change in self.changes(event):
            self.apply(document, path, change)
        return document

    # ---- reading -----------------------------------------------------------------------------------------------------

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        if method == "GET" and event not in MESSAGES:
            return self.object(self.pairs(query))
        if method != "POST":
            raise ParseError("another method")
        if self.is_json(event, headers, body):
            return self.json(body)
        return self.object(self.pairs(self.text(body)))

    def is_json(self, event: str, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002
        return event in MESSAGES or body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")

    def text(self, body: bytes) -> str:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise ParseError("not UTF-8") from None

    def pairs(self, text: str) -> Pairs:
        try:
            return list(self.decoded(text.removeprefix("?")))
        except ValueError:
            raise ParseError("not percent-encoded UTF-8") from None

    def decoded(self, text: str) -> Any:
        if any("\ud800" <= each <= "\udfff" for each in text):
            raise ParseError("not UTF-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict")

    def json(self, body: bytes) -> Document:
        try:
            document = self.loaded(self.text(body).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            raise ParseError("not JSON") from None
        if not isinstance(document, dict):
            raise ParseError("no object")
        return document

    def loaded(self, text: str) -> Any:
        return json.loads(text, object_pairs_hook=self.object, parse_constant=self.constant)

    def constant(self, name: str) -> Any:
        raise ParseError(f"{name} is no JSON")

    def object(self, pairs: Pairs) -> Document:
        document = dict(pairs)
        if len(document) < len(pairs):
            raise ParseError("given twice")
        return document

    # ---- what it has to be -------------------------------------------------------------------------------------------

    def check(self, event: str, document: Document) -> None:
        for path in DEMANDED[event]:
            value = found(document, path)
            if not isinstance(value, str) and not (path == ("msisdn",) and value is not None):
                raise ParseError(f"no {'.'.join(path)}")
        if event == MESSAGE and found(document, ("from", "type")) == "sms":
            for path in (("message", "sms", "num_messages"), ("usage", "currency"), ("usage", "price")):
                if found(document, path) is None:
                    raise ParseError(f"no {'.'.join(path)}")

    def changes(self, event: str) -> Iterator[tuple[Path, Change]]:
        yield from CHANGES[event].items()

    def apply(self, document: Document, path: Path, change: Change) -> None:
        """Changes the value at a place, if there is one; what has no such meaning there stays as it is."""
        if path[:2] == ("message", "sms") and found(document, ("from", "type")) != "sms":
            return
        if "location" in path and found(document, ("message", "content", "type")) != "location":
            return
        inner = found(document, path[:-1])
        if isinstance(inner, dict) and path[-1] in inner:
            inner[path[-1]] = change(inner[path[-1]])


class After(Plain):
    """Changes a document once it is read."""

    def parse(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        return self.after(super().parse(event, method, query, headers, body))

    def after(self, document: Document) -> Document:
        raise NotImplementedError
