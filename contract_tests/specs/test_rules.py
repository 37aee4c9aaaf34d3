"""Laws of `shortcodekit.rules`: its verdicts are those of an independent validator, and its words are the spec's.

The independent validator knows nothing of places, sources and words; these are held to the spec, and at the boundaries
to what is expected exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import isfinite
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given

from contract_tests.apis import OPERATIONS, Api, component
from contract_tests.profiles import examples
from contract_tests.samples import ACCEPTED, REJECTED, Sample, pointer
from contract_tests.strategies import alternatives, documents, mutations
from shortcode_clients import messages
from shortcode_clients._runtime.encodings import MAX_DEPTH
from shortcodekit.rules import Violation, checker

Check = Callable[[Any], Violation | None]


def _requests() -> Mapping[tuple[Api, str], None]:
    """The components that operations send."""
    schemas = [(each.api, schema) for each in OPERATIONS for schema in (each.query, *each.bodies.values()) if schema]
    return dict.fromkeys((api, component(schema)) for api, schema in schemas)


def _referred(api: Api, node: Any) -> Iterator[str]:
    """The components that `node` refers to, and those that they refer to."""
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield component(node)
            yield from _referred(api, api.resolve(node))
        for value in node.values():
            yield from _referred(api, value)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(api, value)


REQUESTS = tuple(_requests())
PARTS = tuple(
    dict.fromkeys((api, name) for api, root in REQUESTS for name in [root, *_referred(api, api.schemas[root])])
)
UNIONS = tuple((api, name) for api, name in PARTS if "oneOf" in api.schemas[name])


def _id(value: object) -> str:
    return value.name if isinstance(value, Api) else str(value)


each_request = pytest.mark.parametrize(("api", "name"), REQUESTS, ids=_id)
each_part = pytest.mark.parametrize(("api", "name"), PARTS, ids=_id)
each_union = pytest.mark.parametrize(("api", "name"), UNIONS, ids=_id)


def test_requests_and_their_parts_are_found() -> None:
    assert {"AlertRequest", "OptOutQuery", "ResubscribeRequest", "OutboundMessage"} <= {name for _, name in REQUESTS}
    assert len(PARTS) > 50
    assert len(UNIONS) > 3


# ---- the verdict is that of a full validator -------------------------------------------------------------------------


def _travels(value: Any, depth: int = 0) -> bool:
    """Whether `value` is JSON that can be sent and is read again, whatever the schema says."""
    if isinstance(value, dict):
        return depth < MAX_DEPTH and all(
            isinstance(key, str) and _travels(key) and _travels(item, depth + 1) for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return depth < MAX_DEPTH and all(_travels(item, depth + 1) for item in value)
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, bool | int)


def _judge(api: Api, name: str, document: Any) -> None:
    """Holds the verdict on `document` to the independent one, and what is said of a violation to the spec."""
    violation = checker(api.package, name)(document)
    # What cannot travel is refused, too; the validator takes some of it, such as NaN, half a key, or any depth.
    valid = _travels(document) and api.validator(name).is_valid(document)
    assert (violation is None) == valid, violation
    if violation is not None:
        _explained(api, document, violation)


def _explained(api: Api, document: Any, violation: Violation) -> None:
    abouts, sources = _words(api)
    assert violation.rule
    assert violation.about in abouts
    assert violation.source in sources
    *above, last = violation.path or (None,)
    for step in above:
        document = document[step]
    missing = violation.path and last not in (document if isinstance(document, Mapping) else range(len(document)))
    assert violation.rule.startswith("required") == bool(missing)


@cache
def _words(api: Api) -> tuple[set[str], set[str]]:
    """All descriptions and all sources of a spec's component schemas."""

    def values(key: str, node: Any) -> Iterator[str]:
        if isinstance(node, Mapping):
            yield from [node[key]] if isinstance(node.get(key), str) else []
            for value in node.values():
                yield from values(key, value)
        elif isinstance(node, list):
            for value in node:
                yield from values(key, value)

    choices = {f"choice: {choice}" for choice in values("x-choice", api.schemas)}
    return {"", *values("description", api.schemas)}, {*values("x-source", api.schemas), *choices}


@each_part
def test_a_valid_document_passes(api: Api, name: str) -> None:
    @examples(10)
    @given(documents(api, name))
    def law(document: Any) -> None:
        assert checker(api.package, name)(document) is None

    law()


@each_part
def test_a_damaged_document_is_judged_as_a_full_validator_does(api: Api, name: str) -> None:
    @examples(120 if (api, name) in REQUESTS else 12)
    @given(documents(api, name).flatmap(mutations))
    def law(document: Any) -> None:
        _judge(api, name, document)

    law()


@each_union
def test_a_damaged_document_of_each_branch_is_judged_as_a_full_validator_does(api: Api, name: str) -> None:
    for drawn in alternatives(api, name).values():

        @examples(20)
        @given(drawn.flatmap(mutations))
        def law(document: Any) -> None:
            _judge(api, name, document)

        law()


def _samples(kind: tuple[tuple[Api, Sample], ...]) -> pytest.MarkDecorator:
    found = [(api, each) for api, each in kind if (api, each.family.schema) in REQUESTS]
    readable = [(api, each) for api, each in found if "unreadable" not in each.facts]
    assert len({each.family.schema for _, each in readable}) == len(REQUESTS)
    return pytest.mark.parametrize(("api", "sample"), readable, ids=_id)


@_samples(ACCEPTED)
def test_an_accepted_sample_passes(api: Api, sample: Sample) -> None:
    assert checker(api.package, sample.family.schema)(sample.document(api)) is None


@_samples(REJECTED)
def test_a_rejected_sample_is_refused_at_its_place(api: Api, sample: Sample) -> None:
    violation = checker(api.package, sample.family.schema)(sample.document(api))
    assert violation
    _explained(api, sample.document(api), violation)
    below = {"required": 1, "oneOf": 2}.get(sample.facts["keyword"], 0)  # the missing key, or what tells branches apart
    place = pointer(violation.path)
    assert place.startswith(sample.facts["at"])
    assert place.removeprefix(sample.facts["at"]).count("/") <= below


def package_of(**schemas: Mapping[str, Any]) -> ModuleType:
    """A package with a spec of these component schemas."""
    package = ModuleType("made_up")
    vars(package)["openapi"] = lambda: {"components": {"schemas": schemas}}
    return package


SHORT = {"maxLength": 3, "description": "A short text."}


# ---- what is understood ----------------------------------------------------------------------------------------------

UNKNOWN: dict[str, Any] = {"allOf": [{}], "anyOf": [{}], "not": {}, "else": {}, "minItems": 1, "mystery": True}
UNKNOWN |= {"exclusiveMinimum": 0, "patternProperties": {}, "multipleOf": 2, "nullable": True, "$dynamicRef": "#"}
INSIDE: dict[str, Callable[[Any], Any]] = {
    "a component": lambda schema: schema,
    "a property": lambda schema: {"properties": {"a": schema}},
    "an item": lambda schema: {"type": "array", "items": schema},
    "other keys": lambda schema: {"additionalProperties": schema},
    "beside a reference": lambda schema: {"$ref": "#/components/schemas/Short", **schema},
    "a condition": lambda schema: {"if": schema},
    "a consequence": lambda schema: {"if": {}, "then": {"properties": {"a": schema}}},
    "a branch": lambda schema: _union({"x": schema, "t": {"const": "a"}}),
}


def _union(*branches: Mapping[str, Any], **words: Any) -> dict[str, Any]:
    objects = [{"type": "object", "required": ["t"], "properties": each} for each in branches]
    return {"discriminator": {"propertyName": "t"}, "oneOf": objects, **words}


def test_an_unknown_keyword_is_an_error_when_its_component_is_compiled() -> None:
    for keyword, value in UNKNOWN.items():
        for inside in INSIDE.values():
            package = package_of(Made=inside({keyword: value}), Short=SHORT)
            with pytest.raises(NotImplementedError, match=rf"^Made: the keyword `{re.escape(keyword)}`"):
                checker(package, "Made")


PATTERNS = {".": ".", "(?=a)": "(?", "(?<a>b)": "(?", r"[\S]": r"\S", r"[a\b]": r"\b", r"\u0041": r"\u", r"a\1": r"\1"}
PATTERNS |= {each: each for each in (r"\b", r"\D", r"\W")}
NOT_TOLD, NOT_REQUIRED = (
    "`oneOf` with branches that no constant tells apart",
    "a branch of `oneOf` that does not require",
)
ILL: dict[str, tuple[dict[str, Any], str]] = {
    "a union without a discriminator": ({"oneOf": [{"type": "string"}]}, NOT_REQUIRED),
    "a discriminator that is not required": (_union() | {"oneOf": [{"type": "object"}]}, NOT_REQUIRED),
    "a branch that may be no object": (
        _union() | {"oneOf": [{"required": ["t"], "properties": {"t": {"const": "a"}}}]},
        NOT_REQUIRED,
    ),
    "branches of one constant": (_union({"t": {"const": "a"}}, {"t": {"const": "a"}}), NOT_TOLD),
    "a branch without a constant": (_union({"t": {"type": "string"}}), NOT_TOLD),
    "a constant that is no text": (_union({"t": {"const": 1}}), NOT_TOLD),
    "a keyword on both sides of a reference": (
        {"$ref": "#/components/schemas/Short", "maxLength": 2},
        "`maxLength` both beside a reference and behind it",
    ),
    "itself": (
        {"properties": {"a": {"$ref": "#/components/schemas/Made"}, "b": {"$ref": "#/components/schemas/Made"}}},
        "a schema that contains itself",
    ),
    **{f"the pattern {each}": ({"pattern": each}, f"`{part}` in a pattern") for each, part in PATTERNS.items()},
}


def test_a_key_that_nothing_may_stand_under_is_told() -> None:
    package = package_of(Made={"properties": {"a": False}, "additionalProperties": False, "type": "object"})
    assert checker(package, "Made")({}) is None
    for key in ("a", "b"):
        violation = checker(package, "Made")({key: 1})
        assert violation
        assert (violation.path, violation.rule) == ((key,), "not known here")


def test_a_schema_that_would_be_misunderstood_is_an_error() -> None:
    for schema, said in ILL.values():
        with pytest.raises(NotImplementedError, match=rf"^Made: {re.escape(said)}.* is not known here$"):
            checker(package_of(Made=schema, Short=SHORT), "Made")


@each_part
def test_every_component_of_a_request_is_compiled_with_it(api: Api, name: str) -> None:
    package = package_of(**{**api.schemas, name: {**api.schemas[name], "mystery": True}})
    with pytest.raises(NotImplementedError, match=rf"^{name}: the keyword `mystery`"):  # noqa: PT012  # of any request
        for root in [root for owner, root in REQUESTS if owner is api]:
            checker(package, root)


class Counted(dict[str, Any]):
    read = 0

    def __iter__(self) -> Iterator[str]:
        self.read += 1
        return super().__iter__()


def test_a_required_property_is_compiled_once_however_deep_it_lies() -> None:
    innermost = schema = Counted(const=1)
    for _ in range(12):
        schema = Counted(required=["a"], properties={"a": schema})
    violation = checker(package_of(Made=schema), "Made")({"a": {"a": {}}})
    assert violation
    assert violation.path == ("a", "a", "a")
    assert innermost.read == 1


def test_a_check_is_made_once_and_serves_many_threads() -> None:
    check = checker(messages, "OutboundMessage")
    assert checker(messages, "OutboundMessage") is check
    package = package_of(**messages.openapi()["components"]["schemas"])
    spoilt = {"to": {"type": "sms", "number": "447700900000"}, "from": [float("nan")]}
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: checker(package, "OutboundMessage")(spoilt), range(64))
        assert set(found) == {check(spoilt)} != {None}
