"""What is drawn for laws: choices from bytes, documents of schemas that the specs do not have, and events that a real sender could send."""

from __future__ import annotations

import math
import struct
from datetime import datetime
from random import Random
from typing import Any, Final

import pytest

from shortcodekit.contract.choices import Choices, Plausible
from shortcodekit.contract.recipes import Builder
from shortcodekit.contract.specs import APIS
from shortcodekit.contract.ways import ways_of

ALERTS: Final = next(api for api in APIS if api.name == "alerts")


def _drawn(schema: dict[str, Any], count: int = 300, **how: Any) -> list[Any]:
    """Documents of a schema."""
    make, random = Builder(ALERTS, complete=False, **how)(schema), Random(1)  # noqa: S311  # no secret
    return [make((Plausible if how else Choices)(random.randbytes(200))) for _ in range(count)]


# ---- choices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "number"), [(math.inf, 0.5), (-math.inf, 0.5), (math.nan, 0.5), (2.25, 2.25), (-1e300, -1e300)]
)
def test_a_real_number_is_finite(bits: float, number: float) -> None:
    assert Choices(b"\0" + struct.pack("<d", bits)).real() == number


def test_half_of_the_real_numbers_have_two_digits_behind_the_point() -> None:
    assert Choices(b"\1\1\1").real() == 10**4, "the upper bound"
    assert Choices(b"\1\1\0").real() == -(10**4), "the lower bound"
    assert Choices(b"\1\0\7").real() == 0.07
    assert Choices(b"").real() == 0.0, "the simplest choice"


def test_an_integer_is_often_one_of_its_bounds() -> None:
    lower, upper = b"\1\0", b"\1\1"
    assert [Choices(each).integer() for each in (lower, upper)] == [-(2**70), 2**70]
    assert [Plausible(each).integer() for each in (lower, upper)] == [0, 2**53]
    assert [Plausible(each).integer(-3, 7) for each in (lower, upper)] == [-3, 7]


# ---- schemas ---------------------------------------------------------------------------------------------------------


def test_a_schema_that_asks_for_nothing_takes_any_value() -> None:
    assert {type(each) for each in _drawn({})} == {str, type(None), bool, int, float, list, dict}


@pytest.mark.parametrize("schema", [{"properties": {"a": {"type": "null"}}}, {"required": ["a"]}])
def test_a_schema_that_tells_of_keys_is_one_of_objects(schema: dict[str, Any]) -> None:
    drawn = _drawn(schema)
    assert {type(each) for each in drawn} == {dict}
    assert any("a" in each for each in drawn)


def test_plausible_numbers_are_not_below_zero_and_others_may_be() -> None:
    for schema in ({"type": "integer"}, {"type": "number"}, {"type": "string", "format": "decimal"}):
        assert min(map(float, _drawn(schema))) < 0
        assert min(map(float, _drawn(schema, plausible=True))) >= 0


def test_a_plausible_phone_number_begins_with_no_zero_and_has_at_least_the_digits_of_a_short_code() -> None:
    schema = {"type": ["string", "integer"], "pattern": "^[0-9]{1,15}$", "minimum": 10000, "maximum": 10**15 - 1}
    drawn = [str(int(each)) for each in _drawn(schema, plausible=True)]
    assert all(each[0] != "0" and 5 <= len(each) <= 15 for each in drawn)
    assert {5, 15} <= set(map(len, drawn))


@pytest.mark.parametrize("kind", ["integer", "string"])
def test_a_plausible_time_by_the_minute_is_one_and_has_ten_digits(kind: str) -> None:
    for each in _drawn({"allOf": [{"type": kind, "x-time": "YYMMDDHHMM"}]}, plausible=True):
        assert isinstance(each, int if kind == "integer" else str)
        assert datetime.strptime(str(each), "%y%m%d%H%M").strftime("%y%m%d%H%M") == str(each)  # noqa: DTZ007


# ---- events ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "key", "form"),
    [
        ("delivery-receipt", "scts", "%y%m%d%H%M"),
        ("delivery-receipt", "message-timestamp", "%Y-%m-%d %H:%M:%S"),
        ("inbound-sms", "message-timestamp", "%Y-%m-%d %H:%M:%S"),
    ],
)
def test_drawn_events_have_times_that_there_are(event: str, key: str, form: str) -> None:
    random = Random(2)  # noqa: S311  # no secret
    for way in ways_of(event):
        drawn = [way.drawn(random.randbytes) for _ in range(200)]
        times = [str(document[key]) for document in drawn if key in document]
        assert len(times) > 50
        for each in times:
            assert datetime.strptime(each.replace("\\", "").replace("+", " "), form)  # noqa: DTZ007
        assert all(way.api.validator(way.schema).is_valid(document) for document in drawn)


def test_a_text_that_no_encoding_has_a_place_for_is_sent_as_the_bytes_that_it_would_be() -> None:
    (way, *_) = ways_of("message-status")
    assert way.call("\ud83d").body == b"\xed\xa0\xbd"
    assert way.call(b"\xff").body == b"\xff"
