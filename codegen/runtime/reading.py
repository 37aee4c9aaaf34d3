"""The readers that generated code calls when a value is not plainly what its schema says.

The plain cases are checked inline in the generated code, because they are nearly all cases. Here it is decided what else a
schema allows, such as a number where a text is documented, and how the error reads when it does not. Errors tell kinds
and never values, which may be private.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar, overload

from .invalid import InvalidDocument
from .unset import UNSET, Unset

T = TypeVar("T")


blank: Final = object.__new__
"""An instance of a model without its attributes, for `from_dict`, which sets every one."""


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
    """`value` when it is text; of a subclass of `str`, such as the member of an enumeration, its text."""
    if isinstance(value, str):
        return str.__str__(value)
    raise wrong(key, "text", value)


def read_text(key: str, value: Any) -> str:
    """`value` as text: documented as text, but numbers are known to come."""
    if isinstance(value, str):
        return str.__str__(value)
    if _is_number(value):
        return _digits(key, value)
    raise wrong(key, "text or a number", value)


def read_whole_text(key: str, value: Any) -> str:
    """`value` as text: documented as text, but integers are known to come; `2.0` is the integer 2, as in JSON Schema."""
    if isinstance(value, str):
        return str.__str__(value)
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


def write_flag(key: str, value: Any, wire: tuple[str, str]) -> str:
    """The text of a boolean, of the two in `wire`; texts and numbers that look like one are refused, not guessed at."""
    if value is True or value is False:
        return wire[value]
    raise wrong(key, "true or false", value)


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
    try:
        return read_object(value)
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
        return int.__repr__(value) if isinstance(value, int) else float.__repr__(value)
    except ValueError:
        raise InvalidDocument("a number too long to be read", (key,)) from None


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


_DIGITS: Final = 30


# ---- times and amounts -----------------------------------------------------------------------------------------------

_TIME_FORMS: Final = {
    "YYYY-MM-DD HH:MM:SS": re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})"),
    "YYMMDDHHMM": re.compile("([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})"),
}


@overload
def read_time(key: str, value: str, form: str) -> datetime: ...
@overload
def read_time(key: str, value: str | Unset, form: str) -> datetime | None: ...
def read_time(key: str, value: str | Unset, form: str) -> datetime | None:
    """A time as an aware `datetime` in UTC, None when it is not set; `InvalidDocument` when it is no such time.

    `form` is `date-time` (ISO 8601; without a zone it is UTC) or the `x-time` of the schema. Stray backslashes, which the
    documented sample has, and a `+` that was not decoded are skipped; a year of two digits is of this century.
    """
    if value is UNSET:
        return None
    try:
        if form == "date-time":
            time = datetime.fromisoformat(value)
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        found = _TIME_FORMS[form].fullmatch(value.replace("\\", "").replace("+", " "))
        if found:
            year, *rest = map(int, found.groups())
            century = 2000 if form.startswith("YYM") else 0
            return datetime(century + year, *rest, tzinfo=UTC)  # type: ignore[misc, arg-type]  # the forms have enough
    except (ValueError, OverflowError):
        pass
    raise InvalidDocument(f"not a time of the form {form}", (key,))


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
