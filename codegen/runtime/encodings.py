"""JSON, queries and forms to and from documents. Whatever arrives, `InvalidDocument` is the only error."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from msgspec import MsgspecError
from msgspec.json import Decoder, Encoder

from .invalid import InvalidDocument
from .reading import kind_of

T = TypeVar("T")

MAX_PARAMETERS: Final = 1000
"""How many parameters a query or a form may have. The documented ones have no more than twenty."""
MAX_DEPTH: Final = 64
"""How deep a JSON document may be nested. The documented ones are no deeper than six levels."""


def _finite(digits: str) -> float:
    """A number with a fraction or an exponent; `ValueError` beyond those of a double, which could not be written again."""
    number = float(digits)
    if -_INFINITY < number < _INFINITY:
        return number
    raise ValueError


_INFINITY: Final = float("inf")
_decode: Final = Decoder(float_hook=_finite).decode  # msgspec itself takes very long for some numbers: see 1e-308
_encode: Final = Encoder().encode

# msgspec takes a quarter of the time of the standard library, but keeps the last of several values under one key and does not
# tell. Each key and each text of JSON stands between two quotation marks; so where a document is found to account for all
# marks in its JSON, nothing was dropped. Readers of models count them as they go, and never more than there are.


def read_json(read: Callable[[Any], tuple[T, int]], content: bytes | str) -> T:
    """What `read` makes of the JSON in `content` (UTF-8, a BOM is skipped).

    `read` also tells how many quotation marks its document has in JSON, or fewer. Raises `InvalidDocument` for all that is
    not JSON, NaN included, for a number that is too large or too long to be kept, for what is nested deeper than
    `MAX_DEPTH`, and for an object that has a key twice.
    """
    encoded: bytes | None
    try:
        encoded = content if isinstance(content, bytes) else content.encode("utf-8")
        document = _decode(encoded)
    except _NOT_PLAIN:
        encoded = document = None  # it is read with care below, and not here, since these errors hold the document
    if encoded is not None:
        made, marks = read(document)
        if marks == encoded.count(b'"') or (_has_each_key_once(encoded, document) and not _may_be_deep(encoded)):
            return made
    return read(_decode_with_care(content, _object))[0]


def marks_of(items: dict[str, Any] | list[Any], depth: int = 0) -> int:
    """How many quotation marks `items` have in JSON; for what is deep, fewer."""
    if depth > _SHALLOW:
        return _FEWER
    values = items.values() if isinstance(items, dict) else items
    marks = 2 * len(items) if isinstance(items, dict) else 0
    for value in values:
        if value.__class__ is str:
            marks += 2
        elif isinstance(value, dict | list):
            marks += marks_of(value, depth + 1)
    return marks


def decode_json(content: bytes | str) -> Any:
    """The same without a model. Where an object has a key twice, the last value counts: for answers to what was sent already."""
    try:
        encoded = content if isinstance(content, bytes) else content.encode("utf-8")
        if not _may_be_deep(encoded):
            return _decode(encoded)
    except _NOT_PLAIN:
        pass
    return _decode_with_care(content)


def _has_each_key_once(content: bytes, value: Any) -> bool:
    """Whether no object in `content`, decoded to `value`, has a key twice; False also when that is not sure.

    `value` is written again: the same bytes, or as many quotation marks, leave no room for what was dropped, unless some
    were written as escapes.
    """
    try:
        again = _encode(value)
    except _NOT_PLAIN:
        return False
    return content == again or (content.count(b'"') == again.count(b'"') and b"\\" not in content)


def _may_be_deep(content: bytes) -> bool:
    """False only where `content` cannot be nested deeper than `MAX_DEPTH`."""
    return content.count(b"{") + content.count(b"[") > MAX_DEPTH


def _decode_with_care(content: bytes | str, hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The same by the standard library, which takes several times as long, takes more, and tells what is wrong."""
    reason, text, value = "", "", None
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(
            text.removeprefix("\ufeff"),
            parse_float=_finite,
            parse_constant=_refuse_constant,
            object_pairs_hook=hook,
        )
    except RecursionError:
        reason = f"nested deeper than {MAX_DEPTH} levels"
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start} cannot be decoded"
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"
    except InvalidDocument:
        raise
    except ValueError:
        reason = "a number is too large or too long to be kept"
    if reason:  # raised here, because those errors hold the document
        raise InvalidDocument(reason)
    if text.count("{") + text.count("[") > MAX_DEPTH:  # else it cannot be deeper
        _refuse_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidDocument("given twice", (_twice(pairs),))
    return document


def _twice(pairs: list[tuple[str, Any]]) -> str:
    """The first key that comes again."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("one of them does")


def encode_json(document: Any) -> bytes:
    """`document` as JSON in ASCII; `InvalidDocument` when a value has no JSON form."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidDocument(f"cannot be written as JSON: {error}") from None


def decode_form(content: bytes | str) -> dict[str, str]:
    """The parameters in `content`; `InvalidDocument` when one is given twice, or is not UTF-8, or there are too many."""
    pairs: list[tuple[str, str]] | None
    too_many = False
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        too_many = text.count("&") >= MAX_PARAMETERS
        pairs = [] if too_many else parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict")
    except ValueError:
        pairs = None  # it is refused below, and not here, since this error holds the document
    if pairs is None:
        raise InvalidDocument("parameters are not percent-encoded UTF-8")
    if too_many:
        raise InvalidDocument(f"more than {MAX_PARAMETERS} parameters")
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidDocument("the parameter is given twice", (_twice(pairs),))
    return document


def parameter_text(key: str, value: Any) -> str:
    """How a scalar is written in a query or a form, before percent-encoding; `InvalidDocument` when there is no way."""
    if value is True or value is False:
        return "true" if value else "false"
    text = next((write(value) for kind, write in _WRITERS if isinstance(value, kind)), None)
    if text is None:
        raise InvalidDocument(f"a parameter is text, a number or a boolean, not {kind_of(value)}", (key,))
    if _is_half_a_character(key) or _is_half_a_character(text):
        raise InvalidDocument("holds half of a surrogate pair and cannot be encoded", (key,))
    return text


def _digits(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:
        raise InvalidDocument("a number too long to be written") from None


_WRITERS: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (str, str.__str__),  # of the member of an enumeration, its value
    (int, _digits),
    (float, float.__repr__),
    (Decimal, str),
)


def _is_half_a_character(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    if any(isinstance(value, dict | list) for value in level):
        raise InvalidDocument(f"nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> Any:
    raise InvalidDocument(f"not JSON: {name} is no JSON number")


_NOT_PLAIN: Final = (MsgspecError, ValueError, RecursionError, OverflowError)
"""What msgspec raises; a ValueError for what is no Unicode."""
_SHALLOW: Final = 8
_FEWER: Final = -(1 << 40)
