"""Times and amounts that arrive as text are there as `datetime` and `Decimal` too, worked out when asked for.

Which properties they are is read from the specs; what they must give is worked out here, in another way than the product's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from contract_tests.apis import APIS, Api
from contract_tests.profiles import examples
from contract_tests.strategies import documents
from shortcode_clients import InvalidDocument
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcodekit.contract.normalising import normalise


def _properties(fits: Callable[[Any], object]) -> pytest.MarkDecorator:
    """The properties of all component schemas that fit, each with its schema."""
    found = [
        pytest.param(api, name, key, {**api.resolve(value), **value}, id=f"{api.name}-{name}-{key}")
        for api in APIS
        for name, schema in api.schemas.items()
        for key, value in schema.get("properties", {}).items()
        if fits({**api.resolve(value), **value})
    ]
    assert found
    return pytest.mark.parametrize(("api", "name", "key", "schema"), found)


def _time(text: str, form: str) -> datetime:
    """The time that `text` tells; `ValueError` when there is no such time."""
    if form == "date-time":
        date, _, rest = text.upper().partition("T")
        clock, sign, zone = re.fullmatch(r"([0-9:.]+)(?:Z|([+-])([0-9:]+))?", rest).groups()  # type: ignore[union-attr]
        hours, minutes, seconds = clock.split(":")
        whole, _, fraction = seconds.partition(".")
        local = datetime(*map(int, (*date.split("-"), hours, minutes, whole, f"{fraction:0<6}"[:6])), tzinfo=UTC)  # type: ignore[misc, arg-type]
        away = timedelta(hours=int(zone[:2]), minutes=int(zone[3:])) if sign else timedelta()
        return local - away if sign == "+" else local + away
    digits = "".join(re.findall("[0-9]", text))
    if form == "YYMMDDHHMM":
        digits = f"20{digits}00"  # the service is younger than the year 2000
    return datetime(*(int(each) for each in re.fullmatch("(....)(..)(..)(..)(..)(..)", digits).groups()), tzinfo=UTC)  # type: ignore[misc, arg-type, union-attr]


def _form(schema: Any) -> str | None:
    return schema.get("x-time") or ("date-time" if schema.get("format") == "date-time" else None)


def _attribute(model: Any, key: str, end: str) -> Any:
    name = re.sub("(?<=[a-z])(?=[A-Z])", "_", key.replace("-", "_")).lower()
    return getattr(model, f"{name}_{end}")


@_properties(_form)
def test_a_time_is_an_aware_datetime_in_utc_or_is_refused_as_none(api: Api, name: str, key: str, schema: Any) -> None:
    @examples(40)
    @given(documents(api, name))
    def law(document: Any) -> None:
        model = api.read(name, document)
        if key not in document:
            assert _attribute(model, key, "utc") is None
            return
        try:
            expected = _time(normalise(api, name, document)[key], _form(schema) or "")
        except ValueError:
            with pytest.raises(InvalidDocument) as refused:
                _attribute(model, key, "utc")
            assert refused.value.path == (key,)
        else:
            assert _attribute(model, key, "utc") == expected
            assert _attribute(model, key, "utc").utcoffset() == timedelta()

    law()


@_properties(lambda schema: schema.get("format") == "decimal")
def test_an_amount_is_a_decimal_or_is_refused_as_none(api: Api, name: str, key: str, schema: Any) -> None:
    assert "string" in schema["type"]

    @examples(40)
    @given(documents(api, name))
    def law(document: Any) -> None:
        model = api.read(name, document)
        if key not in document:
            assert _attribute(model, key, "decimal") is None
        elif re.fullmatch(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", str(document[key])):
            assert _attribute(model, key, "decimal") == Decimal(str(document[key]).strip())
        elif re.fullmatch(r"[\x20-\x7e]*", str(document[key])) and "_" not in str(document[key]):
            with pytest.raises(InvalidDocument) as refused:
                _attribute(model, key, "decimal")
            assert refused.value.path == (key,)

    law()


def test_the_stray_backslashes_of_the_documented_receipt_are_skipped() -> None:
    receipt = DeliveryReceipt.from_form(r"?msisdn=1&status=delivered&message-timestamp=\2020-01-01\+12%3A00%3A00")
    assert receipt.message_timestamp == "\\2020-01-01\\ 12:00:00"
    assert receipt.message_timestamp_utc == datetime(2020, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-inf", "sNaN", "1,5", "", "0x10", "EUR 1"])
def test_an_amount_that_is_no_finite_number_is_refused(price: str) -> None:
    with pytest.raises(InvalidDocument, match="price: not a decimal number"):
        _ = DeliveryReceipt("1", "delivered", price=price).price_decimal
