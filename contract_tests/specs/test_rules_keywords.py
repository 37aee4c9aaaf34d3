"""Laws of `shortcodekit.rules` for schemas that are made up: each keyword by itself, and those that meet.

The specs use a keyword in few ways. Here its verdicts are those of a full validator for all values, and its words are these.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from contract_tests.specs.test_rules import SHORT, package_of
from shortcode_clients._runtime.encodings import MAX_DEPTH
from shortcodekit.rules import checker

# A schema that is not in the specs, and values, each against each: every keyword by itself, and those that meet.
SCHEMAS: list[dict[str, Any]] = [
    {},
    *({"type": kind} for kind in ("string", "integer", "number", "boolean", "null", "object", "array")),
    {"type": ["integer", "string"], "minimum": 1, "maximum": 2, "pattern": "^[12]$"},
    {"type": ["number", "integer", "null"], "minimum": 1.5},
    {"minimum": 1},
    {"maximum": 0},
    {"minLength": 1},
    {"maxLength": 1},
    {"type": "string", "minLength": 2, "maxLength": 3},
    *({"enum": values} for values in ([1, "1"], [True, "true"], [0, False], [None], ["", "a"], [1.5, 2.0])),
    *({"const": value} for value in (1, 0, True, False, None, "a", 2.0)),
    {"type": "integer", "enum": [1, "1", True]},
    {"type": ["string", "boolean"], "const": True},
    {"required": ["a"]},
    {"required": ["a", "b"], "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"b": {"const": "x"}}, "additionalProperties": True},
    {"additionalProperties": {"maximum": 1}},
    {"items": {"type": "integer"}},
    {"type": "array", "items": {"items": {"const": 1}}},
    {"if": {"type": "string"}, "then": {"minLength": 2}},
    {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
    {
        "if": {"required": ["a"]},
        "then": {"properties": {"a": {"type": "string"}}, "additionalProperties": {"const": 1}},
    },
    {"type": "object", "if": {"required": ["a"]}},
    {"then": {"type": "integer"}},
    {"properties": {"a": True}, "items": True},
    {"$ref": "#/components/schemas/Short", "minLength": 2},
    {"$ref": "#/components/schemas/Short", "type": "string"},
    {"properties": {"a": {"$ref": "#/components/schemas/Short", "description": "Short.", "minimum": 5}}},
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 1.0, 2.0, 1.5, 0.0, -0.0, 1e308, 10**400, 5e-324),
    *("", "1", "2", "12", "a", "ab", "abc", "abcd", "é", "😀", "😀😀", "true", "1\n", "\n", "x" * 100),
    *([], [1], [1, 2.0], ["a"], [[1]], [[2]], [[]], (1,), ("a",), [None], [True]),
    *({}, {"a": 1}, {"a": "a"}, {"a": True}, {"a": None}, {"b": 1}, {"b": "x"}, {"a": 1, "b": "x"}, {"a": 1, "c": 1}),
    *({"c": "x"}, {"a": 9}, {"a": 1.0}, {"a": 1, "b": 1}, {"a": {"a": 1}}, {"a": "x", "c": 1}, {"a": [], "c": "x"}),
]


def test_each_keyword_means_what_it_means_to_a_full_validator() -> None:
    for schema in SCHEMAS:
        check = checker(package_of(Short=SHORT, Made=schema), "Made")
        validator = Draft202012Validator({**schema, "components": {"schemas": {"Short": SHORT}}})
        verdicts = [(value, check(value) is None) for value in VALUES]
        assert verdicts == [(value, validator.is_valid(value)) for value in VALUES], schema


@pytest.mark.parametrize("pattern", [r"^\s$", r"^\S$", r"^[^:\s]$", r"^[\d-]$", r"^\w$", r"^\$$", r"[$]", r"\\d"])
def test_a_pattern_means_what_it_means_in_ecmascript(pattern: str) -> None:
    check = checker(package_of(Made={"pattern": pattern}), "Made")
    validator = Draft202012Validator({"pattern": pattern})
    characters = [*map(chr, range(0x3100)), *map(chr, range(0xE000, sys.maxunicode + 1, 997)), "\ufeff"]
    for text in [*characters, *(f"{each}\n" for each in characters[:300]), "\\d", "a\\d\n", ""]:
        assert (check(text) is None) == validator.is_valid(text), ascii(text)


def test_a_pattern_may_escape_marks_and_group() -> None:
    taken = {r"^\$\.\|\\$": "$.|\\", r"^(?:a|b)[\d\-.$\]]$": "b$", r"^\w\s\S$": "a\u00a0b", "a$": "ba", r"^[\w]$": "_"}
    for pattern, text in taken.items():
        check = checker(package_of(Made={"pattern": pattern}), "Made")
        assert check(text) is None, pattern
        for other in (f"{text}\n", f"{text} ", ""):
            violation = check(other)
            assert violation, pattern
            assert violation.rule == f"of the form {pattern}"


def test_depth_is_counted_from_the_document_whatever_references_lead_to_it() -> None:
    package = package_of(
        Free={},
        Item={"type": "array", "items": {"$ref": "#/components/schemas/Free"}},
        Made={"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Item"}}},
    )
    for name, around in (("Free", 0), ("Item", 1), ("Made", 2)):
        for depth in (MAX_DEPTH - around, MAX_DEPTH - around + 1):
            value: Any = 1
            for level in range(depth):
                value = [value] if level % 2 else {"k": value}
            document = {0: value, 1: [value], 2: {"a": [value]}}[around]
            violation = checker(package, name)(document)
            assert (violation is None) == (depth + around == MAX_DEPTH), (name, depth)
            assert violation is None or violation.rule == f"nested at most {MAX_DEPTH} deep"


def test_a_number_without_bounds_has_at_most_4000_digits() -> None:
    for schema in ({}, {"type": "integer"}, {"type": "number"}, {"minimum": -(10**4001)}, {"maximum": 10**4001}):
        check = checker(package_of(Made=schema), "Made")
        assert check(10**4000 - 1) is check(1 - 10**4000) is None
        for value in (10**4000, -(10**4000)):
            violation = check(value)
            assert violation
            assert violation.rule == "at most 4000 digits"


def test_what_python_alone_has_is_told_as_no_value_of_json() -> None:
    for schema, rule in (
        ({}, "a value that JSON has, not"),
        ({"enum": [1, "a"]}, "one of 1, a; got"),
        ({"const": None}, "only null; got"),
    ):
        violation = checker(package_of(Made=schema), "Made")(b"a")
        assert violation
        assert violation.rule == f"{rule} a Python bytes"
