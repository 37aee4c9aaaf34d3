"""What the generated packages make of single values, and what they say of those that are wrong, word by word.

The laws of the contract suite go through the models; here each reader is called by itself.
"""

from __future__ import annotations

import copy
import enum
import pickle
from collections import UserDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import pytest

from shortcode_clients import UNSET, InvalidDocument
from shortcode_clients._runtime import reading
from shortcode_clients._runtime.codes import Code, CodeTable
from shortcode_clients._runtime.unset import Unset

NAN: Final = float("nan")
INF: Final = float("inf")


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Shade(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another"


def _flag(key: str, value: Any) -> bool:
    return reading.read_flag(key, value, {"true": True, "false": False, "1": True, "0": False, "yes": True})


def _few(key: str, value: Any) -> bool:
    return reading.read_flag(key, value, {"true": True, "false": False})


def _written(key: str, value: Any) -> str:
    return reading.write_flag(key, value, ("no", "yes"))


def _choice(key: str, value: Any) -> Any:
    return reading.read_choice(key, value, ("a", 1, True))


def _items(key: str, value: Any) -> list[str]:
    return reading.read_list(key, lambda item: reading.read_string("name", item), value)


KEPT: Final[list[tuple[Callable[[str, Any], Any], Any, Any]]] = [
    (reading.read_string, "", ""),
    (reading.read_string, Colour.RED, "red"),
    (reading.read_string, Shade("a"), "a"),
    (reading.read_text, "a", "a"),
    (reading.read_text, Shade("a"), "a"),
    (reading.read_text, 5, "5"),
    (reading.read_text, Level.HIGH, "3"),
    (reading.read_text, -0.5, "-0.5"),
    (reading.read_text, 1e300, "1e+300"),
    (reading.read_whole_text, Shade("a"), "a"),
    (reading.read_whole_text, 5, "5"),
    (reading.read_whole_text, 2.0, "2"),
    (reading.read_integer, Level.HIGH, 3),
    (reading.read_integer, -7, -7),
    (reading.read_integer, 2.0, 2),
    (reading.read_integer_text, "-12", -12),
    (reading.read_integer_text, "007", 7),
    (reading.read_integer_text, "9" * 30, int("9" * 30)),
    (reading.read_integer_text, 2.0, 2),
    (reading.read_number, 5, 5),
    (reading.read_number, 0.5, 0.5),
    (reading.read_boolean, True, True),
    (reading.read_boolean, False, False),
    (_flag, True, True),
    (_flag, False, False),
    (_flag, 1, True),
    (_flag, 0.0, False),
    (_flag, 1.0, True),
    (_flag, "yes", True),
    (_few, True, True),
    (_few, False, False),
    (_written, True, "yes"),
    (_written, False, "no"),
    (reading.read_scalar, "a", "a"),
    (reading.read_scalar, False, False),
    (reading.read_scalar, 1.5, 1.5),
    (_choice, "a", "a"),
    (_choice, 1, 1),
    (_choice, True, True),
    (reading.read_free_object, {"a": [1]}, {"a": [1]}),
    (reading.read_free_object, MappingProxyType({"a": 1}), {"a": 1}),
    (_items, ["a", Colour.RED], ["a", "red"]),
    (_items, ("a",), ["a"]),
    (_items, [], []),
    (reading.read_text_list, ("a", "b"), ["a", "b"]),
    (reading.read_text_list, [], []),
]


def test_a_value_of_its_kind_is_read() -> None:
    for read, value, expected in KEPT:
        found = read("key", value)
        assert (type(found), found) == (type(expected), expected)


LONG: Final = "a number too long to be read"
FLAGS: Final = "expected one of 0, 1, false, true, yes, got"
REFUSED: Final[list[tuple[Callable[[str, Any], Any], Any, str]]] = [
    (reading.read_string, 5, "expected text, got a number"),
    (reading.read_string, None, "expected text, got null"),
    (reading.read_text, True, "expected text or a number, got a boolean"),
    (reading.read_text, NAN, "expected text or a number, got a number"),
    (reading.read_text, Decimal(1), "expected text or a number, got a number"),
    (reading.read_text, 10**5000, LONG),
    (reading.read_whole_text, 1.5, "expected an integer, got a number"),
    (reading.read_whole_text, [], "expected an integer, got a list"),
    (reading.read_whole_text, 10**5000, LONG),
    (reading.read_integer, True, "expected an integer, got a boolean"),
    (reading.read_integer, 1.5, "expected an integer, got a number"),
    (reading.read_integer, INF, "expected an integer, got a number"),
    (reading.read_integer, "1", "expected an integer, got text"),
    (reading.read_integer_text, "", "expected an integer, got text that is none"),
    (reading.read_integer_text, "-", "expected an integer, got text that is none"),
    (reading.read_integer_text, "--1", "expected an integer, got text that is none"),
    (reading.read_integer_text, "1-", "expected an integer, got text that is none"),
    (reading.read_integer_text, "+1", "expected an integer, got text that is none"),
    (reading.read_integer_text, "\u0661", "expected an integer, got text that is none"),
    (reading.read_integer_text, "\u00b2", "expected an integer, got text that is none"),
    (reading.read_integer_text, "9" * 31, "expected an integer, got text that is none"),
    (reading.read_integer_text, {}, "expected an integer, got an object"),
    (reading.read_number, "1", "expected a number, got text"),
    (reading.read_number, True, "expected a number, got a boolean"),
    (reading.read_number, -INF, "expected a number, got a number"),
    (reading.read_boolean, 1, "expected true or false, got a number"),
    (_flag, 2, f"{FLAGS} a number"),
    (_flag, NAN, f"{FLAGS} a number"),
    (_flag, "no", f"{FLAGS} text"),
    (_flag, None, f"{FLAGS} null"),
    (_few, 1, "expected one of false, true, got text"),
    (_written, 1, "expected true or false, got a number"),
    (_written, "yes", "expected true or false, got text"),
    (reading.read_scalar, None, "expected text, a number or a boolean, got null"),
    (reading.read_scalar, INF, "expected text, a number or a boolean, got a number"),
    (_choice, "b", "expected 'a' or 1 or True, got text"),
    (_choice, 1.0, "expected 'a' or 1 or True, got a number"),
    (_choice, Colour.RED, "expected 'a' or 1 or True, got text"),
    (reading.read_free_object, [1], "expected an object, got a list"),
    (reading.read_free_object, UserDict({1: 2}), "expected an object, got an object"),
    (_items, "a", "expected a list, got text"),
    (reading.read_text_list, {}, "expected a list, got an object"),
    (reading.read_text_list, object(), "expected a list, got a Python object"),
]


def test_a_value_of_another_kind_is_refused_by_its_key_and_kinds() -> None:
    for read, value, reason in REFUSED:
        with pytest.raises(InvalidDocument) as caught:
            read("key", value)
        assert (caught.value.reason, caught.value.path) == (reason, ("key",))
        assert str(caught.value) == f"key: {reason}"


def test_an_item_is_refused_by_its_place() -> None:
    for read, path in ((_items, ("key", 1, "name")), (reading.read_text_list, ("key", 1))):
        with pytest.raises(InvalidDocument) as caught:
            read("key", ["a", 5, None])
        assert (caught.value.reason, caught.value.path) == ("expected text, got a number", path)
        assert str(caught.value).startswith("key[1]")


def test_an_object_has_texts_for_keys() -> None:
    assert reading.read_object(MappingProxyType({"a": 1})) == {"a": 1}
    for value, kind in (([], "a list"), ({1: 2}, "an object"), ((), "a list"), ({1}, "a Python set")):
        with pytest.raises(InvalidDocument) as caught:
            reading.read_object(value)
        assert (caught.value.reason, caught.value.path) == (f"expected an object, got {kind}", ())


def test_a_missing_key_is_told() -> None:
    error = reading.missing("key")
    assert (type(error), error.reason, error.path) == (InvalidDocument, "required, but missing", ("key",))


def test_what_is_kept_beside_the_fields_is_added_unless_it_is_one() -> None:
    document: dict[str, Any] = {"a": 1}
    reading.add_rest(document, {"b": 2, "c": None}, frozenset({"a"}))
    assert document == {"a": 1, "b": 2, "c": None}
    with pytest.raises(InvalidDocument) as caught:
        reading.add_rest(document, {"a": 2}, frozenset({"a"}))
    assert str(caught.value) == "a: a documented key belongs in the model's own attribute"
    assert caught.value.path == ("a",)


def test_an_error_tells_where_and_what_and_keeps_both() -> None:
    error = InvalidDocument("expected text").below(2).below("b").below("a")
    assert (str(error), error.args) == ("a.b[2]: expected text", ("expected text", ("a", "b", 2)))
    assert (str(InvalidDocument("no JSON")), InvalidDocument("no JSON").path) == ("no JSON", ())
    assert str(InvalidDocument("wrong", (0, "a"))) == "[0].a: wrong"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert (str(again), again.path, again.reason) == (str(error), error.path, error.reason)


def test_what_is_not_set_is_false_and_one_of_its_kind() -> None:
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert copy.deepcopy(UNSET) is pickle.loads(pickle.dumps(UNSET)) is Unset.UNSET  # noqa: S301  # our own


# ---- times and amounts -----------------------------------------------------------------------------------------------

RECEIPT, SHORT, ISO = "YYYY-MM-DD HH:MM:SS", "YYMMDDHHMM", "date-time"
NOON: Final = datetime(2026, 11, 27, 12, 30, 45, tzinfo=UTC)
TIMES: Final[list[tuple[str, str, datetime]]] = [
    (RECEIPT, "2026-11-27 12:30:45", NOON),
    (RECEIPT, "2026-11-27+12:30:45", NOON),
    (RECEIPT, "2026-11-27 12\\:30\\:45", NOON),
    (RECEIPT, "0099-01-01 00:00:00", datetime(99, 1, 1, tzinfo=UTC)),
    (SHORT, "2611271230", NOON.replace(second=0)),
    (SHORT, "9912312359", datetime(2099, 12, 31, 23, 59, tzinfo=UTC)),
    (ISO, "2026-11-27T12:30:45Z", NOON),
    (ISO, "2026-11-27T12:30:45", NOON),
    (ISO, "2026-11-27T14:30:45.000+02:00", NOON),
]


def test_a_time_is_read_in_utc() -> None:
    for form, text, time in TIMES:
        found = reading.read_time("key", text, form)
        assert found == time
        assert found.tzinfo is UTC


NO_TIMES: Final = {
    RECEIPT: ["", "2026-11-27", "2026-13-27 12:30:45", "2026-11-27 12:30:45 ", "2026-11-27T12:30:45", "a"],
    SHORT: ["", "261127123", "26112712300", "2613271230", "2611272430"],
    ISO: ["", "noon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"],
}


def test_what_is_no_time_is_refused_by_its_form() -> None:
    for form, text in [(form, text) for form, texts in NO_TIMES.items() for text in texts]:
        with pytest.raises(InvalidDocument) as caught:
            reading.read_time("key", text, form)
        assert (caught.value.reason, caught.value.path) == (f"not a time of the form {form}", ("key",))


def test_an_amount_is_a_finite_decimal() -> None:
    assert [reading.read_decimal("key", text) for text in ("0.0572", "-1", "1E+2")] == [
        Decimal("0.0572"),
        Decimal(-1),
        Decimal(100),
    ]
    for text in ("", "a", "NaN", "sNaN", "Infinity", "-Infinity", "1,5"):
        with pytest.raises(InvalidDocument) as caught:
            reading.read_decimal("key", text)
        assert (caught.value.reason, caught.value.path) == ("not a decimal number", ("key",))


def test_what_is_not_set_is_neither_a_time_nor_an_amount() -> None:
    assert reading.read_time("key", UNSET, ISO) is reading.read_time("key", UNSET, RECEIPT) is None
    assert reading.read_decimal("key", UNSET) is None
    assert timezone(timedelta(0)) == UTC


# ---- codes -----------------------------------------------------------------------------------------------------------

UP: Final = Code("up", "rising", "It rises.", temporary=True, temporary_when=("failed",))
DOWN: Final = Code("Down", "falling", "It falls.", temporary=True)
FLAT: Final = Code("flat", "level", "It stays.")
TABLE: Final = CodeTable("Ways", UP, DOWN, FLAT, case="lower")


def test_a_table_has_its_codes_by_value() -> None:
    assert list(TABLE) == ["up", "Down", "flat"]
    assert (len(TABLE), TABLE["up"], TABLE.name, repr(TABLE)) == (3, UP, "Ways", "<Ways: 3 codes>")
    with pytest.raises(KeyError):
        TABLE["UP"]


def test_a_code_may_come_in_another_case_where_the_table_says_so() -> None:
    folds: list[tuple[Any, list[str]]] = [
        ("lower", ["up", "Down", "DOWN", "flat", "other"]),
        (None, ["UP", "Down", "DOWN", "Flat", "other"]),
    ]
    for case, folded in folds:
        table = CodeTable("Ways", UP, DOWN, FLAT, case=case)
        assert [table.fold(value) for value in ("UP", "Down", "DOWN", "Flat", "other")] == folded
        assert table.explain("UP").known == (case == "lower")
        assert repr(table) == f"<{table.name}: 3 codes>" == "<Ways: 3 codes>"


def test_a_table_may_be_in_upper_case_or_of_numbers() -> None:
    upper = CodeTable("Upper", Code("UP", "rising", "It rises."), case="upper")
    assert (upper.fold("up"), upper.fold("uP"), upper.fold("down")) == ("UP", "UP", "down")
    numbers = CodeTable("Numbers", Code(1, "one", "The first."), case="lower")
    assert (numbers.fold(1), numbers.fold(2), numbers.explain(1).name) == (1, 2, "one")


def test_a_code_that_is_there_is_itself_though_another_one_is_the_same_in_small_letters() -> None:
    both = CodeTable("Both", Code("Up", "high", "It is high."), UP, case="lower")
    assert [both.fold(value) for value in ("Up", "up", "UP")] == ["Up", "up", "up"]


def test_a_code_that_is_not_documented_is_explained_as_that() -> None:
    meaning = "Not in the vendor's tables as this version knows them."
    assert TABLE.explain("Other") == Code("Other", "not-documented", meaning, known=False)
    assert TABLE.explain("FLAT") is FLAT


def test_a_code_is_temporary_beside_the_statuses_that_it_names() -> None:
    told = [[code.is_temporary(beside) for beside in ("failed", "sent", "")] for code in (UP, DOWN, FLAT)]
    assert told == [[True, False, False], [True, True, True], [False, False, False]]
