"""A document as its model writes it again, worked out from the spec: each normalisation, and the branch of a union that a value is of."""

from __future__ import annotations

from typing import Any, Final

import pytest

from shortcodekit.contract.normalising import normalise, places, properties
from shortcodekit.contract.specs import APIS

API: Final = next(each for each in APIS if each.name == "alerts")
CODES: Final = {"x-normalise": "lower", "anyOf": [{"const": "delivered"}, {"const": "7"}, {"type": "string"}]}

SCALARS: Final[list[tuple[dict[str, Any], list[tuple[Any, Any]]]]] = [
    (
        {"x-normalise": "text", "type": ["string", "integer"]},
        [(7, "7"), (-7, "-7"), (2.0, "2"), (2e20, "200000000000000000000"), (2.5, "2.5"), (True, "true"), (False, "false"),
         ("07", "07"), (None, None), ("", "")],
    ),
    (
        {"x-normalise": "text", "type": ["string", "number"]},
        [(7, "7"), (2.0, "2.0"), (2.5, "2.5"), (True, "true"), (None, None)],
    ),
    (
        {"x-normalise": "integer"},
        [("7", 7), ("-7", -7), ("007", 7), (7.0, 7), (7.5, 7.5), ("7.0", "7.0"), ("", ""), ("-", "-"), ("--7", "--7"),
         ("٣", "٣"), ("x", "x"), ("²", "²"), (None, None), (True, True)],
    ),
    (
        {"x-normalise": "boolean", "x-wire": ["no", "yes"]},
        [("no", "no"), ("yes", "yes"), ("true", "yes"), ("false", "no"), ("1", "yes"), ("0", "no"), (1, "yes"), (0, "no"), (1.0, "yes"),
         (True, "yes"), (False, "no"), ("perhaps", "perhaps"), (2, 2), (None, None)],
    ),
    (CODES, [("DELIVERED", "delivered"), ("Delivered", "delivered"), ("OTHER", "OTHER"), (7, 7), ("7", "7")]),
    (
        {**CODES, "x-normalise": "upper", "anyOf": [{"const": "STOP"}, {"type": "string"}]},
        [("stop", "STOP"), ("Stop", "STOP"), ("other", "other"), (1, 1)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "pairs"), SCALARS, ids=lambda each: each.get("x-normalise") if isinstance(each, dict) else ""
)
def test_a_value_is_written_as_the_spec_says(schema: dict[str, Any], pairs: list[tuple[Any, Any]]) -> None:
    for value, written in pairs:
        found = normalise(API, schema, value)
        assert (found, type(found)) == (written, type(written)), value


def test_a_normalisation_that_is_not_known_is_no_reason_to_go_on() -> None:
    with pytest.raises(NotImplementedError, match="x-normalise: to-come"):
        normalise(API, {"x-normalise": "to-come"}, "x")


def test_values_are_found_in_properties_in_items_and_behind_names_that_are_not_known() -> None:
    text: dict[str, Any] = {"x-normalise": "text", "type": "string"}
    schema = {
        "properties": {"known": text, "list": {"items": text}, "none": {}},
        "additionalProperties": {"x-normalise": "integer"},
        "allOf": [{"properties": {"deep": {"properties": {"a": text}}}}],
    }
    document = {"known": 1, "list": [1, [2], None], "none": 1, "other": "1", "deep": {"a": 1, "b": 1}}
    assert normalise(API, schema, document) == {
        "known": "1", "list": ["1", [2], None], "none": 1, "other": 1, "deep": {"a": "1", "b": 1},
    }  # fmt: skip


# ---- unions ----------------------------------------------------------------------------------------------------------

NUMBER: Final = {"x-normalise": "text", "type": ["string", "integer"]}
FIRST: Final[dict[str, Any]] = {
    "properties": {"kind": {"const": "one"}, "value": NUMBER},
    "required": ["kind", "value"],
}
SECOND: Final[dict[str, Any]] = {
    "properties": {"kind": {"const": "two"}, "value": {"x-normalise": "integer", "type": "string"}},
    "required": ["kind", "value"],
}
REST: Final[dict[str, Any]] = {
    "properties": {"kind": {"type": "string"}, "value": {"x-normalise": "upper", "anyOf": [{"const": "7A"}]}}
}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_value_is_of_the_branches_that_allow_it(keyword: str) -> None:
    union = {keyword: [FIRST, SECOND, {"type": "null"}]}
    assert normalise(API, union, {"kind": "one", "value": 7}) == {"kind": "one", "value": "7"}
    assert normalise(API, union, {"kind": "two", "value": "7"}) == {"kind": "two", "value": 7}
    assert normalise(API, union, {"kind": "to-come", "value": 7}) == {"kind": "to-come", "value": 7}
    assert normalise(API, union, None) is None


def test_a_value_that_no_branch_allows_is_of_the_one_that_it_names_or_of_the_one_without_a_name() -> None:
    wrong = {"more": {"type": "string"}}
    branches = [
        {**each, "properties": {**each["properties"], **wrong}, "required": ["more"]} for each in (FIRST, SECOND, REST)
    ]
    union = {"oneOf": branches, "discriminator": {"propertyName": "kind"}}
    for kind, value, written in (("one", 7, "7"), ("two", "7", 7), ("to-come", "7a", "7A")):
        assert normalise(API, union, {"kind": kind, "value": value})["value"] == written
    assert normalise(API, union, {"value": "7a"})["value"] == "7A"
    unnamed = {"oneOf": branches}
    assert normalise(API, unnamed, {"kind": "one", "value": 7})["value"] == 7


def test_a_name_may_stand_deeper_than_the_union() -> None:
    deep = [{"properties": {"inside": each}, "required": ["more"]} for each in (FIRST, SECOND)]
    union = {"oneOf": deep, "x-discriminator-path": ["inside", "kind"]}
    for kind, value, written in (("one", 7, "7"), ("two", "7", 7), ("three", 7, 7)):
        assert normalise(API, union, {"inside": {"kind": kind, "value": value}})["inside"]["value"] == written
    assert normalise(API, union, {"inside": "none"}) == {"inside": "none"}


# ---- what a document met ---------------------------------------------------------------------------------------------


def test_components_and_their_properties_are_told_with_their_places() -> None:
    document = {"message-count": "1", "messages": [{"status": "0", "to": "1"}], "to-come": 1}
    met = places(API, "AlertResponse", document)
    assert met[0] == ("AlertResponse", ())
    assert ("AlertPart", ("messages", 0)) in met
    assert ("AlertPartStatus", ("messages", 0, "status")) in met
    assert len(met) == len(set(met))
    told = properties(API, "AlertResponse", document)
    assert told == [
        ("AlertResponse", "message-count"), ("AlertResponse", "messages"), ("AlertPart", "status"), ("AlertPart", "to"),
    ]  # fmt: skip
