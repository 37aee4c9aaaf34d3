"""What `shortcodekit.rules` says of a broken rule: the place, the rule and its source, and never the value."""

from __future__ import annotations

import uuid
from collections import UserDict
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from contract_tests.apis import Api
from contract_tests.profiles import examples
from contract_tests.specs.test_rules import each_request, package_of
from contract_tests.strategies import documents
from shortcode_clients import InvalidDocument, alerts, messages
from shortcode_clients._runtime.encodings import MAX_DEPTH, decode_json, encode_json
from shortcodekit.rules import Violation, checker

Check = Callable[[Any], Violation | None]


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


def _alerted(document: Any) -> Violation | None:
    return checker(alerts, "AlertRequest")(document)


def _sent(document: Any) -> Violation | None:
    return checker(messages, "OutboundMessage")(document)


VALID = [(_alerted, each) for each in ALERTS.values()] + [(_sent, each) for each in MESSAGES.values()]
INVALID = [(_alerted, name, *each) for name, each in REFUSED_ALERTS.items()]
INVALID += [(_sent, name, *each) for name, each in REFUSED_MESSAGES.items()]


def test_what_the_spec_allows_passes() -> None:
    for check, document in VALID:
        assert check(document) is None


def test_a_violation_tells_the_place_the_rule_and_its_source() -> None:
    for check, name, document, place, rule in INVALID:
        violation = check(document)
        assert violation
        path = tuple(int(step) if step.isdigit() else step for step in place.split(".") if step)
        assert (violation.path, violation.rule, violation.source) == (path, rule, SOURCES[name]), name
        assert violation.about == ABOUT.get(name, violation.about), name


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


def test_the_nearest_source_is_told() -> None:
    for case, (schema, value, about, source) in NEAREST.items():
        told = {"discriminator": {"propertyName": "t"}} if "oneOf" in schema else {}
        package = package_of(
            Made={"x-source": "A", "description": "Made.", "properties": {"place": {**schema, **told}}},
            Thing=THING,
            Chosen={"type": "string", "x-choice": "Ours."},
            Silent={"type": "string"},
            Branch={"x-source": "B", "type": "object", "required": ["t", "gone"], "properties": {"t": KIND}},
        )
        violation = checker(package, "Made")({"place": value})
        assert violation
        assert (violation.about, violation.source) == (about, source), case


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


def test_a_value_that_json_lacks_is_refused_by_the_name_of_its_type() -> None:
    for value in FOREIGN:
        places = (_alerted, value), (_alerted, _alert(a=value)), (_alerted, _alert(status_report_req=value))
        for check, document in (
            *places,
            (_alerted, _alert(to=value)),
            (_sent, _custom([value])),
            (_sent, {"to": value}),
        ):
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


def test_a_document_is_as_deep_as_the_generated_packages_read() -> None:
    for lists in [True, False]:
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
