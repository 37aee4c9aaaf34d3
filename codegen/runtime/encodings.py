"""JSON, queries and forms to and from documents. Whatever arrives, `InvalidDocument` is the only error."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

from .invalid import InvalidDocument
from .reading import kind_of

MAX_DEPTH: Final = 64
"""How deep a JSON document may be nested. The documented ones are no deeper than six levels."""


def decode_json(content: bytes | str) -> Any:
    """The JSON value in `content` (UTF-8, a BOM is skipped).

    Raises `InvalidDocument` for all that is not JSON, NaN included, and for what is nested deeper than `MAX_DEPTH`.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidDocument(f"nested deeper than {MAX_DEPTH} levels") from None
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"not UTF-8: byte {error.start} cannot be decoded") from None
    except json.JSONDecodeError as error:
        raise InvalidDocument(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise InvalidDocument("not JSON: a number is too long to be read") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:  # else it cannot be deeper
        _refuse_depth(value)
    return value


def encode_json(document: Any) -> bytes:
    """`document` as JSON in ASCII; `InvalidDocument` when a value has no JSON form."""
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidDocument(f"cannot be written as JSON: {error}") from None


def decode_form(content: bytes | str) -> dict[str, str]:
    """The parameters in `content`; `InvalidDocument` when one is given twice or is not UTF-8."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidDocument("parameters are not percent-encoded UTF-8") from None
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidDocument("the parameter is given twice", (twice,))
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
