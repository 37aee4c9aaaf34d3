"""Laws of `shortcodekit.rules`: its verdicts are those of an independent validator, and its words are the spec's.

The independent validator knows nothing of places, sources and words; these are held to the spec, and at the boundaries
to what is expected exactly.
"""

from __future__ import annotations

import re
import sys
import uuid
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from functools import cache
from math import isfinite
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from jsonschema_rs import Draft202012Validator

from shortcode_clients import InvalidDocument, alerts, messages
from shortcode_clients._runtime.encodings import MAX_DEPTH, decode_json, encode_json
from shortcodekit.rules import Violation, checker

from .apis import OPERATIONS, Api, component
from .profiles import examples
from .samples import ACCEPTED, REJECTED, Sample, pointer
from .strategies import alternatives, documents, mutations

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
    assert {name for _, name in REQUESTS} == {"AlertRequest", "OptOutQuery", "ResubscribeRequest", "OutboundMessage"}
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
SHORT = {"maxLength": 3, "description": "A short text."}


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_each_keyword_means_what_it_means_to_a_full_validator(schema: dict[str, Any]) -> None:
    check = checker(_package(Short=SHORT, Made=schema), "Made")
    validator = Draft202012Validator({**schema, "components": {"schemas": {"Short": SHORT}}})
    verdicts = [(value, check(value) is None) for value in VALUES]
    assert verdicts == [(value, validator.is_valid(value)) for value in VALUES]


@pytest.mark.parametrize("pattern", [r"^\s$", r"^\S$", r"^[^:\s]$", r"^[\d-]$", r"^\w$", r"^\$$", r"[$]", r"\\d"])
def test_a_pattern_means_what_it_means_in_ecmascript(pattern: str) -> None:
    check = checker(_package(Made={"pattern": pattern}), "Made")
    validator = Draft202012Validator({"pattern": pattern})
    characters = [*map(chr, range(0x3100)), *map(chr, range(0xE000, sys.maxunicode + 1, 997)), "\ufeff"]
    for text in [*characters, *(f"{each}\n" for each in characters[:300]), "\\d", "a\\d\n", ""]:
        assert (check(text) is None) == validator.is_valid(text), ascii(text)


def _package(**schemas: Mapping[str, Any]) -> ModuleType:
    """A package with a spec of these component schemas."""
    package = ModuleType("made_up")
    vars(package)["openapi"] = lambda: {"components": {"schemas": schemas}}
    return package


# ---- what is said, at the boundaries ---------------------------------------------------------------------------------

SENDING = "Alerts - Sending API Reference: Parameters"
INTEGER = f"{SENDING}; Campaign Subscription Management: an integer in the samples"
SEND = "Messages API v0.1: Send a Message"
ELSEWHERE = "Published elsewhere: channels of the Messages API"
VIBER, NAN, TO, SAID = "viber_service_msg", float("nan"), "^1[0-9]{10}$", "message.content.text"
CHANNELS = "sms, mms, whatsapp, viber_service_msg, messenger"
TEMPLATE = {"type": "template", "template": {"name": "shop:order"}}
ORDER = {"type": "template", "template": {"name": "shop:order", "parameters": ["x", 1]}}
TAGGED = {"category": "message_tag"}


def _alert(**told: Any) -> dict[str, Any]:
    return {"to": "16365553226", **{key.replace("_", "-"): value for key, value in told.items()}}


def _message(channel: str, content: Any, options: Any = None, **told: Any) -> dict[str, Any]:
    """A message that is valid when `content` and `options` are."""
    end = {"type": channel, "id" if channel == "messenger" else "number": "15553226"}
    service = {"type": channel, "id": "page"} if channel == VIBER else end
    message = {"content": content} | ({} if options is None else {channel: options})
    return {"to": end, "from": service, "message": message, **told}


def _text(characters: int) -> dict[str, Any]:
    return {"type": "text", "text": "😀" * characters}


def _custom(value: Any) -> dict[str, Any]:
    return _message("messenger", {"type": "custom", "custom": {"a": value}})


ALERTS = {
    "the README's": _alert(template=2, client_ref="incident-42", server="host3", link="https://example.com"),
    "a number as an integer": {"to": 16365553226},
    "a number as a float": {"to": 16365553226.0},
    "forty characters": _alert(client_ref="😀" * 40),
    "no characters": _alert(client_ref=""),
    "the last template": _alert(template=5),
    "the last template as text": _alert(template="5"),
    "the last template as a float": _alert(template=5.0),
    "the first template": _alert(template=0),
    "a receipt": _alert(status_report_req=True),
    "a receipt as a number": _alert(status_report_req=1.0),
    "custom parameters of all kinds": _alert(a="", b=0, c=-1.5, d=False, e=10**400),
}
MESSAGES = {
    "an SMS of 1000": _message("sms", _text(1000)),
    "an empty SMS": _message("sms", _text(0)),
    "a message by Viber of 1000": _message(VIBER, _text(1000)),
    "the shortest time": _message(VIBER, _text(1), {"ttl": 30}),
    "the longest time": _message(VIBER, _text(1), {"ttl": 259200.0}),
    "a message by WhatsApp of 1": _message("whatsapp", _text(1)),
    "a message by WhatsApp of 4096": _message("whatsapp", _text(4096)),
    "a template": _message("whatsapp", TEMPLATE, {"locale": "en-GB"}),
    "a tag": _message("messenger", _text(1), {"category": "message_tag", "tag": "UPDATE"}),
    "another category without a tag": _message("messenger", _text(1), {"category": "update"}),
    "no category": _message("messenger", _text(1), {}),
    "a free object": _custom([None, {"b": 1.5}]),
}
REFUSED_ALERTS: dict[str, tuple[Any, str, str]] = {
    "no number": ({"template": 2}, "to", "required"),
    "a plus": (_alert(to="+16365553226"), "to", f"of the form {TO}"),
    "a line break": (_alert(to="16365553226\n"), "to", f"of the form {TO}"),
    "digits of another script": (_alert(to="1636555322٦"), "to", f"of the form {TO}"),
    "a number too low": (_alert(to=9999999999), "to", "at least 10000000000"),
    "a number too high": (_alert(to=20000000000), "to", "at most 19999999999"),
    "two numbers": (_alert(to=["16365553226"]), "to", "text or an integer, got a list"),
    "forty-one characters": (_alert(client_ref="😀" * 41), "client-ref", "at most 40 characters; it has 41"),
    "a seventh template": (_alert(template=6), "template", "at most 5"),
    "a negative template": (_alert(template=-1), "template", "at least 0"),
    "a seventh as text": (_alert(template="6"), "template", "of the form ^[0-5]$"),
    "true as a template": (_alert(template=True), "template", "an integer or text, got a boolean"),
    "half a template": (_alert(template=1.5), "template", "an integer or text, got a number"),
    "an unknown type": (_alert(type="wappush"), "type", "one of text, unicode"),
    "a type in capitals": (_alert(type="TEXT"), "type", "one of text, unicode"),
    "null as type": (_alert(type=None), "type", "text, got null"),
    "a custom null": (_alert(a=None), "a", "text or a number or a boolean, got null"),
    "a custom list": (_alert(a=[]), "a", "text or a number or a boolean, got a list"),
    "a custom NaN": (_alert(a=NAN), "a", "a finite number"),
    "half a character": (_alert(a="\ud83d"), "a", "text that can be encoded in UTF-8"),
    "half a key": (_alert(**{"\ud83d": ""}), "", "keys of text that can be encoded in UTF-8"),
    "a number as a key": ({**_alert(), 5: "a"}, "", "keys of text that can be encoded in UTF-8"),
    "digits without end": (_alert(a=-(10**5000)), "a", "at most 4000 digits"),
    "an alert in a list": ([_alert()], "", "an object, got a list"),
}
REFUSED_MESSAGES: dict[str, tuple[Any, str, str]] = {
    "an SMS of 1001": (_message("sms", _text(1001)), SAID, "at most 1000 characters; it has 1001"),
    "1001 by Viber": (_message(VIBER, _text(1001)), SAID, "at most 1000 characters; it has 1001"),
    "4097 by WhatsApp": (_message("whatsapp", _text(4097)), SAID, "at most 4096 characters; it has 4097"),
    "0 by WhatsApp": (_message("whatsapp", _text(0)), SAID, "at least 1 character; it has 0"),
    "29 seconds": (_message(VIBER, _text(1), {"ttl": 29}), f"message.{VIBER}.ttl", "at least 30"),
    "259201 seconds": (_message(VIBER, _text(1), {"ttl": 259201}), f"message.{VIBER}.ttl", "at most 259200"),
    "no options": (_message("whatsapp", TEMPLATE), "message.whatsapp", "required when content.type is template"),
    "no locale": (
        _message("whatsapp", TEMPLATE, {}),
        "message.whatsapp.locale",
        "required when content.type is template",
    ),
    "a number to fill in": (
        _message("whatsapp", ORDER, {}),
        "message.content.template.parameters.1",
        "text, got an integer",
    ),
    "no tag": (
        _message("messenger", _text(1), TAGGED),
        "message.messenger.tag",
        "required when category is message_tag",
    ),
    "an unknown channel": (_message("fax", _text(1)), "to.type", f"one of {CHANNELS}"),
    "another channel": (_message("sms", _text(1)) | {"from": {"type": "mms"}}, "from.type", "only sms"),
    "no channel": (_message("sms", _text(1), to={}), "to.type", "required"),
    "nobody": ({"message": {}}, "to", "required"),
    "a number alone": ({"to": "15553226"}, "to", "an object, got text"),
    "no content": (_message("sms", _text(1), message={}), "message.content", "required"),
    "a video": (_message(VIBER, {"type": "video"}), "message.content.type", "one of text, image, template, custom"),
    "text by MMS": (_message("mms", _text(1)), "message.content.type", "only image"),
    "NaN in a free object": (_custom([NAN]), "message.content.custom.a.0", "a finite number"),
}
SOURCES = {
    **dict.fromkeys(REFUSED_ALERTS, SENDING),
    **{name: INTEGER for name, (_, place, _) in REFUSED_ALERTS.items() if place == "to"},
    **dict.fromkeys(REFUSED_MESSAGES, ELSEWHERE),
    **dict.fromkeys(("an unknown channel", "no channel", "nobody", "a number alone"), f"{SEND}; {ELSEWHERE}"),
    **dict.fromkeys(("an SMS of 1001", "no content"), SEND),
    "another channel": f"{SEND}; Inbound Message webhook",
}
ABOUT = {
    "no number": "The recipient: one US number in E.164 form without `+`, such as 16365553226. One recipient per request.",
    "a custom list": "The value for a template's `${name}` place.",
    "no options": "How WhatsApp sends the message.",
    "no locale": "The template's language as a BCP 47 tag, such as `en-GB`. Required beside a template.",
    "an unknown channel": "The channel.",
    "a video": "The kind of content.",
    "nobody": "The recipient.",
    "NaN in a free object": "",
}

_alerted, _sent = checker(alerts, "AlertRequest"), checker(messages, "OutboundMessage")
VALID = [(_alerted, each) for each in ALERTS.values()] + [(_sent, each) for each in MESSAGES.values()]
INVALID = [(_alerted, name, *each) for name, each in REFUSED_ALERTS.items()]
INVALID += [(_sent, name, *each) for name, each in REFUSED_MESSAGES.items()]


@pytest.mark.parametrize(("check", "document"), VALID, ids=[*ALERTS, *MESSAGES])
def test_what_the_spec_allows_passes(check: Check, document: Any) -> None:
    assert check(document) is None


@pytest.mark.parametrize(("check", "name", "document", "place", "rule"), INVALID, ids=[each[1] for each in INVALID])
def test_a_violation_tells_the_place_the_rule_and_its_source(
    check: Check, name: str, document: Any, place: str, rule: str
) -> None:
    violation = check(document)
    assert violation
    path = tuple(int(step) if step.isdigit() else step for step in place.split(".") if step)
    assert (violation.path, violation.rule, violation.source) == (path, rule, SOURCES[name])
    assert violation.about == ABOUT.get(name, violation.about)


def test_the_first_violation_is_told_in_the_order_of_the_schema() -> None:
    document: dict[str, Any] = {"zzz": None, "type": 1, "template": 9, "api_key": 1}
    right, found = {"to": "16365553226"}, []
    while violation := _alerted(document):
        (key,) = violation.path
        found.append(key)
        document = {name: value for name, value in document.items() if name != key}
        document |= {key: right[key]} if key in right else {}
    assert found == ["api_key", "to", "template", "type", "zzz"]


# ---- where a rule is written -----------------------------------------------------------------------------------------

KIND, BRANCH = {"const": "b", "description": "Kind."}, {"$ref": "#/components/schemas/Branch"}
THING = {"type": "object", "description": "A thing.", "x-source": "C", "properties": {"inner": {"type": "string"}}}
NEAREST: dict[str, tuple[dict[str, Any], Any, str, str]] = {
    "its own": ({"type": "string", "x-source": "B", "description": "Own."}, 1, "Own.", "B"),
    "its component's, without one": ({"type": "string"}, 1, "", "A"),
    "that of what it refers to": ({"$ref": "#/components/schemas/Thing"}, 1, "A thing.", "C"),
    "that of the component around": ({"$ref": "#/components/schemas/Thing"}, {"inner": 1}, "", "C"),
    "its own beside a reference": ({"$ref": "#/components/schemas/Thing", "x-source": "D"}, 1, "A thing.", "D"),
    "not the referrer's": ({"$ref": "#/components/schemas/Thing", "x-source": "D"}, {"inner": 1}, "", "C"),
    "a choice": ({"$ref": "#/components/schemas/Thing", "x-choice": "So it is."}, 1, "A thing.", "choice: So it is."),
    "a component's choice": ({"$ref": "#/components/schemas/Chosen"}, 1, "", "choice: Ours."),
    "the referrer's, without one": ({"$ref": "#/components/schemas/Silent"}, 1, "", "A"),
    "its own around": ({"x-source": "E", "properties": {"inner": {"type": "string"}}}, {"inner": 1}, "", "E"),
    "that of items": ({"x-source": "E", "items": {"type": "string", "description": "Item."}}, [1], "Item.", "E"),
    "that of other keys": ({"additionalProperties": {"type": "string", "x-source": "F"}}, {"k": 1}, "", "F"),
    "that of the union": ({"x-source": "U", "oneOf": [BRANCH]}, {"t": 1}, "Kind.", "U"),
    "that of the branch": ({"x-source": "U", "oneOf": [BRANCH]}, {"t": "b"}, "", "B"),
}


@pytest.mark.parametrize("case", NEAREST)
def test_the_nearest_source_is_told(case: str) -> None:
    schema, value, about, source = NEAREST[case]
    if "oneOf" in schema:
        schema = {**schema, "discriminator": {"propertyName": "t"}}
    package = _package(
        Made={"x-source": "A", "description": "Made.", "properties": {"place": schema}},
        Thing=THING,
        Chosen={"type": "string", "x-choice": "Ours."},
        Silent={"type": "string"},
        Branch={"x-source": "B", "type": "object", "required": ["t", "gone"], "properties": {"t": KIND}},
    )
    violation = checker(package, "Made")({"place": value})
    assert violation
    assert (violation.about, violation.source) == (about, source)


# ---- what is not told ------------------------------------------------------------------------------------------------


@st.composite
def _spoilt(draw: DrawFn, document: Any, values: list[Any]) -> Any:
    """`document` with one of `values` somewhere in it, as a value, an item or under a key."""
    value = draw(st.sampled_from(values))
    if isinstance(document, dict) and document and draw(st.integers(0, 4)):
        key = draw(st.sampled_from([*document, str(value)[:99]]))
        return {**document, key: draw(_spoilt(document[key], values)) if key in document else value}
    if isinstance(document, list) and document and draw(st.integers(0, 4)):
        return [draw(_spoilt(document[0], values)), *document[1:]]
    return value


@each_request
def test_no_value_is_told(api: Api, name: str) -> None:
    secret = uuid.uuid4()  # made here: the spec cannot know it
    text, number = secret.hex, secret.int % 10**18
    values = [text, f"{text}\n", text * 99, f"+{text}", f"{text}\ud800", text.encode(), number, -number, number * 1e-3]
    values += [
        [text],
        {text: text},
        {text: NAN},
        {number: 1},
        [{text: [text.encode()]}],
        (text, number),
        Decimal(number),
    ]
    told = []

    @examples(150)
    @given(documents(api, name).flatmap(lambda document: _spoilt(document, values)))
    def law(document: Any) -> None:
        violation = checker(api.package, name)(document)
        if violation is not None:
            words = f"{violation.rule} {violation.about} {violation.source}"
            assert text not in words
            assert str(number)[:8] not in words
            told.append(violation)

    law()
    assert len({violation.rule for violation in told}) > 4


# ---- what Python has and JSON has not --------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"


class Kind(StrEnum):
    TEXT = "text"


class Index(IntEnum):
    LAST = 5
    BEYOND = 6


class Text(str):
    __slots__ = ()


FOREIGN = [b"a", bytearray(b"a"), Decimal(1), datetime.now(UTC), {1}, object(), 1j, Colour.RED, iter([]), Text]


@pytest.mark.parametrize("value", FOREIGN, ids=lambda value: type(value).__name__)
def test_a_value_that_json_lacks_is_refused_by_the_name_of_its_type(value: Any) -> None:
    places = (_alerted, value), (_alerted, _alert(a=value)), (_alerted, _alert(status_report_req=value))
    for check, document in (*places, (_alerted, _alert(to=value)), (_sent, _custom([value])), (_sent, {"to": value})):
        violation = check(document)
        assert violation
        assert violation.rule.endswith(f"a Python {type(value).__name__}")


def test_what_stands_for_a_value_of_json_counts_as_that() -> None:
    alert = MappingProxyType(_alert(type=Kind.TEXT, template=Index.LAST, client_ref=Text("a" * 40)))
    assert _alerted(alert) is None
    assert _alerted(UserDict(alert)) is None
    assert _alerted(UserDict(alert, template=Index.BEYOND)) == _alerted(_alert(template=6))
    assert _alerted({**alert, "client-ref": Text("a" * 41)}) == _alerted(_alert(client_ref="a" * 41))
    assert _sent(MappingProxyType(_message("sms", MappingProxyType(_text(1))))) is None
    assert _sent(_custom(({"a": ()}, UserDict(b=Text())))) is None
    template = {"name": "a:b", "parameters": ("x", "y")}
    assert _sent(_message("whatsapp", {"type": "template", "template": template}, {"locale": "en"})) is None


@pytest.mark.parametrize("lists", [True, False])
def test_a_document_is_as_deep_as_the_generated_packages_read(lists: bool) -> None:
    for depth in (1, MAX_DEPTH - 4, MAX_DEPTH - 3, MAX_DEPTH, 100_000):  # four objects are around it
        value: Any = "bottom"
        for _ in range(depth):
            value = [value] if lists else {"a": value}
        violation = _sent(_custom(value))
        assert (violation is None) == (depth <= MAX_DEPTH - 4)
        if violation:
            assert (len(violation.path), violation.rule) == (MAX_DEPTH, f"nested at most {MAX_DEPTH} deep")
        if depth <= MAX_DEPTH:
            with nullcontext() if violation is None else pytest.raises(InvalidDocument, match="nested deeper"):
                decode_json(encode_json(_custom(value)))


def test_what_contains_itself_is_refused() -> None:
    ring: dict[str, Any] = {}
    ring |= {"a": ring, "b": [ring]}
    chain: list[Any] = []
    chain += [chain, chain]
    for value in (ring, chain):
        for document in (value, _custom(value), _alert(a=value)):
            assert _sent(document)
            assert _alerted(document)


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


@pytest.mark.parametrize("keyword", UNKNOWN)
@pytest.mark.parametrize("inside", INSIDE)
def test_an_unknown_keyword_is_an_error_when_its_component_is_compiled(inside: str, keyword: str) -> None:
    package = _package(Made=INSIDE[inside]({keyword: UNKNOWN[keyword]}), Short=SHORT)
    with pytest.raises(NotImplementedError, match=rf"^Made: the keyword `{re.escape(keyword)}`"):
        checker(package, "Made")


ILL = {
    "a union without a discriminator": {"oneOf": [{"type": "string"}]},
    "a discriminator that is not required": _union() | {"oneOf": [{"type": "object"}]},
    "a branch that may be no object": _union() | {"oneOf": [{"required": ["t"], "properties": {"t": {"const": "a"}}}]},
    "branches of one constant": _union({"t": {"const": "a"}}, {"t": {"const": "a"}}),
    "a branch without a constant": _union({"t": {"type": "string"}}),
    "a constant that is no text": _union({"t": {"const": 1}}),
    "a keyword on both sides of a reference": {"$ref": "#/components/schemas/Short", "maxLength": 2},
    "nothing at all": {"properties": {"a": False}},
    "itself": {"properties": {"a": {"$ref": "#/components/schemas/Made"}, "b": {"$ref": "#/components/schemas/Made"}}},
    **{f"the pattern {each}": {"pattern": each} for each in (".", "(?=a)", r"\b", r"[\S]", r"\D", r"\u0041", r"[\b]")},
}


@pytest.mark.parametrize("schema", ILL.values(), ids=ILL)
def test_a_schema_that_would_be_misunderstood_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match=r"^Made: "):
        checker(_package(Made=schema, Short=SHORT), "Made")


@each_part
def test_every_component_of_a_request_is_compiled_with_it(api: Api, name: str) -> None:
    package = _package(**{**api.schemas, name: {**api.schemas[name], "mystery": True}})
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
    violation = checker(_package(Made=schema), "Made")({"a": {"a": {}}})
    assert violation
    assert violation.path == ("a", "a", "a")
    assert innermost.read == 1


def test_a_check_is_made_once_and_serves_many_threads() -> None:
    assert checker(alerts, "AlertRequest") is _alerted
    package = _package(**messages.openapi()["components"]["schemas"])
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: checker(package, "OutboundMessage")(_custom([[NAN]])), range(64))
        assert set(found) == {_sent(_custom([[NAN]]))}
