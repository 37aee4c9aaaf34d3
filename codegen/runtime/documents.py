"""Documents between bytes and models.

A document is what JSON, XML and forms have in common: a dictionary of texts, numbers, lists and dictionaries. A model
reads one with `from_dict` and writes one with `to_dict`; this module holds what they share: the absent value, the one
error, the JSON and form codecs, and the readers that the generated code calls when a value is not plainly what its
schema says. The plain cases are checked inline in the generated code, because they are nearly all cases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, overload
from urllib.parse import parse_qsl, urlencode

from .invalid import InvalidDocument
from .xml import Element, decode_xml, encode_xml

MAX_DEPTH: Final = 64
"""How deep a JSON document may be nested. The documented ones are no deeper than six levels."""

T = TypeVar("T")


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""The value of a key that is not in the document. It is false, survives copying and pickling, and is never sent."""


class Document:
    """A model that travels as JSON."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, document: Any) -> Self:
        """Reads a document that is decoded already; `InvalidDocument` when it is not of this form."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The document, with the keys that are set and those that were not known."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, content: bytes | str) -> Self:
        """Reads JSON in UTF-8; `InvalidDocument` when it is not JSON or not of this form."""
        return cls.from_dict(decode_json(content))

    def to_json(self) -> bytes:
        """The document as JSON; `InvalidDocument` when a value cannot be told in JSON."""
        return encode_json(self.to_dict())


class FlatDocument(Document):
    """A model that also travels as a query or a form, each key a parameter."""

    __slots__ = ()

    @classmethod
    def from_form(cls, content: bytes | str) -> Self:
        """Reads a query (with or without its `?`) or a form body; `InvalidDocument` when it is not of this form."""
        return cls.from_dict(decode_form(content))

    def to_params(self) -> dict[str, str]:
        """The parameters as text, not yet percent-encoded; `InvalidDocument` when a value has no such text."""
        return {key: parameter_text(key, value) for key, value in self.to_dict().items()}

    def to_form(self) -> bytes:
        """The document as a query or form body, percent-encoded UTF-8; `InvalidDocument` as `to_params`."""
        return urlencode(self.to_params()).encode("ascii")


class XmlDocument(Document):
    """A model that also travels as XML, as its schema's `xml` metadata says."""

    __slots__ = ()

    xml: ClassVar[Element]

    @classmethod
    def from_xml(cls, content: bytes | str) -> Self:
        """Reads XML; `InvalidDocument` when it is not well-formed, not safe to read, or not of this form."""
        return cls.from_dict(decode_xml(content, cls.xml))

    def to_xml(self) -> bytes:
        """The document as XML; `InvalidDocument` when a value cannot be told in XML."""
        return encode_xml(self.to_dict(), self.xml)


# ---- codecs ----------------------------------------------------------------------------------------------------------


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
    if not isinstance(value, str | int | float | Decimal):
        raise InvalidDocument(f"a parameter is text, a number or a boolean, not {kind_of(value)}", (key,))
    text = str(value)
    if _is_half_a_character(key) or _is_half_a_character(text):
        raise InvalidDocument("holds half of a surrogate pair and cannot be encoded", (key,))
    return text


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


# ---- readers for what is not plain -----------------------------------------------------------------------------------


def missing(key: str) -> InvalidDocument:
    """To raise for a required key that is not there."""
    return InvalidDocument("required, but missing", (key,))


def wrong(key: str, expected: str, value: Any) -> InvalidDocument:
    """To raise for a value of a wrong kind. The value itself is not told: it may be private."""
    return InvalidDocument(f"expected {expected}, got {kind_of(value)}", (key,))


def read_object(value: Any) -> dict[str, Any]:
    """`value` as a dictionary with text keys."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    raise InvalidDocument(f"expected an object, got {kind_of(value)}")


def read_string(key: str, value: Any) -> str:
    """`value` when it is text (a subclass of `str` becomes one)."""
    if isinstance(value, str):
        return str(value)
    raise wrong(key, "text", value)


def read_text(key: str, value: Any) -> str:
    """`value` as text: documented as text, but numbers are known to come."""
    if isinstance(value, str):
        return str(value)
    if _is_number(value):
        return _digits(key, value)
    raise wrong(key, "text or a number", value)


def read_whole_text(key: str, value: Any) -> str:
    """`value` as text: documented as text, but integers are known to come; `2.0` is the integer 2, as in JSON Schema."""
    if isinstance(value, str):
        return str(value)
    return _digits(key, read_integer(key, value))


def read_integer(key: str, value: Any) -> int:
    """`value` when it is an integer; a float without a fraction is one, as in JSON Schema."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise wrong(key, "an integer", value)


def read_integer_text(key: str, value: Any) -> int:
    """`value` as an integer: an integer, or decimal digits."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS:
            return int(value)
        raise InvalidDocument("expected an integer, got text that is none", (key,))
    return read_integer(key, value)


def read_number(key: str, value: Any) -> float:
    """`value` when it is a finite number."""
    if _is_number(value):
        return value  # type: ignore[no-any-return]  # an int or a float, kept as it came
    raise wrong(key, "a number", value)


def read_boolean(key: str, value: Any) -> bool:
    """`value` when it is true or false."""
    if value is True or value is False:
        return value
    raise wrong(key, "true or false", value)


def read_flag(key: str, value: Any, meanings: Mapping[str, bool]) -> bool:
    """`value` as a boolean: one of the texts in `meanings`, or its JSON twin."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float) and value in (0, 1):
        value = str(int(value))
    if isinstance(value, str) and value in meanings:
        return meanings[value]
    raise InvalidDocument(f"expected one of {', '.join(sorted(meanings))}, got {kind_of(value)}", (key,))


def read_scalar(key: str, value: Any) -> str | int | float | bool:
    """`value` when it is text, a finite number or a boolean."""
    if isinstance(value, str | bool) or _is_number(value):
        return value  # type: ignore[no-any-return]  # narrowed by `_is_number`, which mypy does not follow
    raise wrong(key, "text, a number or a boolean", value)


def read_choice(key: str, value: Any, choices: tuple[Any, ...]) -> Any:
    """`value` when it is one of `choices`."""
    for choice in choices:
        if value == choice and value.__class__ is choice.__class__:
            return value
    raise wrong(key, " or ".join(repr(choice) for choice in choices), value)


def read_free_object(key: str, value: Any) -> dict[str, Any]:
    """`value` when it is an object, whatever is in it."""
    if value.__class__ is dict:
        return value
    return read_nested(key, read_object, value)


def read_nested(key: str, read: Callable[[Any], T], value: Any) -> T:
    """What `read` makes of `value`; its errors tell `key` first."""
    try:
        return read(value)
    except InvalidDocument as error:
        raise error.below(key) from None


def read_list(key: str, read: Callable[[Any], T], value: Any) -> list[T]:
    """A list whose items `read` reads; errors tell `key` and the index first."""
    if not isinstance(value, list | tuple):
        raise wrong(key, "a list", value)
    items = []
    try:
        for item in value:
            items.append(read(item))
    except InvalidDocument as error:
        raise error.below(len(items)).below(key) from None
    return items


def read_text_list(key: str, value: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise wrong(key, "a list", value)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise InvalidDocument(f"expected text, got {kind_of(item)}", (key, index))
    return list(value)


def add_rest(document: dict[str, Any], rest: Mapping[str, Any], keys: frozenset[str]) -> None:
    """Adds to `document` what a model keeps beside its fields; `InvalidDocument` when a documented key is among it."""
    for key, value in rest.items():
        if key in keys:
            raise InvalidDocument("a documented key belongs in the model's own attribute", (key,))
        document[key] = value


def value_at(document: Any, path: tuple[str, ...]) -> str | None:
    """The text at `path`, or None when there is none: what tells the branches of a union apart."""
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document if isinstance(document, str) else None


def kind_of(value: Any) -> str:
    """What JSON calls the kind of `value`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float | Decimal):
        return "a number"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"a Python {type(value).__name__}"


def _digits(key: str, value: float) -> str:
    try:
        return str(value)
    except ValueError:
        raise InvalidDocument("a number too long to be read", (key,)) from None


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


_DIGITS: Final = 30


# ---- times and amounts -----------------------------------------------------------------------------------------------

_TIME_FORMS: Final = {"YYYY-MM-DD HH:MM:SS": "%Y-%m-%d %H:%M:%S", "YYMMDDHHMM": "%y%m%d%H%M"}


@overload
def read_time(key: str, value: str, form: str) -> datetime: ...
@overload
def read_time(key: str, value: str | Unset, form: str) -> datetime | None: ...
def read_time(key: str, value: str | Unset, form: str) -> datetime | None:
    """A time as an aware `datetime` in UTC, None when it is not set; `InvalidDocument` when it is no such time.

    `form` is `date-time` (ISO 8601; without a zone it is UTC) or the `x-time` of the schema. Stray backslashes, which the
    documented sample has, and a `+` that was not decoded are skipped.
    """
    if value is UNSET:
        return None
    try:
        if form == "date-time":
            time = datetime.fromisoformat(value)
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        plain = value.replace("\\", "").replace("+", " ")
        if len(plain) != len(form) or not plain.isascii():
            raise ValueError
        return datetime.strptime(plain, _TIME_FORMS[form]).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidDocument(f"not a time of the form {form}", (key,)) from None


@overload
def read_decimal(key: str, value: str) -> Decimal: ...
@overload
def read_decimal(key: str, value: str | Unset) -> Decimal | None: ...
def read_decimal(key: str, value: str | Unset) -> Decimal | None:
    """An amount as `Decimal`, None when it is not set; `InvalidDocument` when it is no finite decimal number."""
    if value is UNSET:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise InvalidDocument("not a decimal number", (key,))
    return amount
