"""What no builder can be made of is refused with its place; nothing of a message is ever left out of one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.components import Components
from codegen.documents import load, pointer
from codegen.emit_builders import builders
from codegen.shapes import Unsupported

SPEC = load(Path(__file__).parent.parent / "specs/messages-v0.1.yaml")

Schemas = dict[str, Any]


def made(change: Callable[[Schemas], object]) -> dict[str, str]:
    """The modules of the spec's builders after `change` of its schemas."""
    document = copy.deepcopy(SPEC)
    change(document["components"]["schemas"])
    components = Components(document)
    (union,) = (each for each in components.unions.values() if each.builders)
    return builders(union, components)


def give(name: str, key: str, schema: Any, *, required: bool = False) -> Callable[[Schemas], None]:
    """The change that gives the component `name` one more property."""

    def change(schemas: Schemas) -> None:
        schemas[name]["properties"][key] = schema
        if required:
            schemas[name].setdefault("required", []).append(key)

    return change


def put(*path: str | int, value: Any) -> Callable[[Schemas], None]:
    """The change that puts `value` at `path`."""

    def change(schemas: Schemas) -> None:
        node: Any = schemas
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return change


TEXT = {"type": "string", "description": "A text."}
RULE = SPEC["components"]["schemas"]["WhatsappOutboundBody"]["if"]
REFUSED = {
    "builders of no union": (
        put("SmsOutbound", "x-builders", value="outbound"),
        "/SmsOutbound/x-builders: only a union can have builders",
    ),
    "a list for a name": (
        put("OutboundMessage", "x-builders", value=["outbound"]),
        "/OutboundMessage/x-builders: x-builders names a package",
    ),
    "a word of Python for a name": (
        put("OutboundMessage", "x-builders", value="import"),
        "/OutboundMessage/x-builders: x-builders names a package",
    ),
    "a name that the branches do not end with": (
        put("OutboundMessage", "x-builders", value="sent"),
        "/OutboundMessage/oneOf/0: a branch with builders needs a name of its own that ends with Sent",
    ),
    "an open union": (
        lambda schemas: schemas["OutboundMessage"]["oneOf"].append({"$ref": "#/components/schemas/UnknownInbound"}),
        "/OutboundMessage: no builder can be made of UnknownInbound",
    ),
    "an address that may be missing": (
        put("MmsOutbound", "required", value=["from", "message"]),
        "/MmsOutbound/properties/to: beside builders, addresses and bodies are required",
    ),
    "an address of two texts": (
        give("SmsAddress", "name", TEXT),
        "/SmsOutbound: a branch with builders needs one body",
    ),
    "a second body": (
        give("SmsOutbound", "other", {"$ref": "#/components/schemas/SmsOutboundBody"}, required=True),
        "/SmsOutbound: a branch with builders needs one body",
    ),
    "no body": (
        lambda schemas: (schemas["SmsOutbound"]["properties"].pop("message"), schemas["SmsOutbound"]["required"].pop()),
        "/SmsOutbound: a branch with builders needs one body",
    ),
    "a union beside the body": (
        give("SmsOutbound", "more", {"$ref": "#/components/schemas/ViberOutboundContent"}),
        "/SmsOutbound/properties/more: an object at this place has no flat form",
    ),
    "content that may be missing": (
        put("SmsOutboundBody", "required", value=[]),
        "/SmsOutboundBody: a body needs one required property",
    ),
    "content that is a text": (
        put("SmsOutboundBody", "properties", "content", value=TEXT),
        "/SmsOutboundBody: a body needs one required property",
    ),
    "open content": (
        put("SmsOutboundBody", "properties", "content", value={"$ref": "#/components/schemas/InboundContent"}),
        "/InboundContent: no builder can be made of UnknownContent",
    ),
    "content without a constant": (
        put("SmsText", "properties", "type", value=TEXT),
        "/SmsText: content needs one constant",
    ),
    "content with two values": (give("SmsText", "footer", TEXT), "/SmsText: content has one property beside its"),
    "content that may be empty": (
        put("SmsText", "required", value=["type"]),
        "/SmsText: content has one property beside its constant, a required one",
    ),
    "content without a source": (
        lambda schemas: schemas["ViberText"].pop("x-source"),
        "/ViberText: content with a builder needs x-source",
    ),
    "objects inside of what is sent": (
        give("CaptionedMedia", "preview", {"$ref": "#/components/schemas/Media"}),
        "/CaptionedMedia/properties/preview: an object at this place has no flat form",
    ),
    "types of file that are no list": (
        put("MmsImage", "properties", "image", "x-file-types", value="jpg"),
        "/MmsImage/properties/image/x-file-types: x-file-types is a list of texts",
    ),
    "options that are a text": (
        give("ViberOutboundBody", "category", TEXT),
        "/ViberOutboundBody/properties/category: options are a component without required properties",
    ),
    "options of which one is required": (
        put("ViberOptions", "required", value=["ttl"]),
        "/ViberOutboundBody/properties/viber_service_msg: options are a component without required properties",
    ),
    "an option that is an object": (
        give("ViberOptions", "more", {"$ref": "#/components/schemas/Media"}),
        "/ViberOptions/properties/more: an object at this place has no flat form",
    ),
    "an option called as an address": (
        give("ViberOptions", "to", TEXT),
        "/ViberText: two parameters of the builder 'text' of ViberOutbound are called 'to'",
    ),
    "what is sent called as an option": (
        give("ViberOptions", "url", TEXT),
        "/ViberImage: two parameters of the builder 'image' of ViberOutbound are called 'url'",
    ),
    "a rule about two kinds of content": (
        put(
            "WhatsappOutboundBody",
            "if",
            "properties",
            "content",
            "properties",
            "type",
            value={"enum": ["text", "file"]},
        ),
        "/WhatsappOutboundBody/if: beside builders, a rule says",
    ),
    "a rule that asks for more": (
        put("WhatsappOutboundBody", "then", "properties", "whatsapp", "properties", "locale", value={"minLength": 5}),
        "/WhatsappOutboundBody/if: beside builders, a rule says",
    ),
    "a rule about the options alone": (
        put("WhatsappOutboundBody", "then", value={"required": ["whatsapp"]}),
        "/WhatsappOutboundBody/if: beside builders, a rule says",
    ),
    "a rule without a consequence": (
        lambda schemas: schemas["WhatsappOutboundBody"].pop("then"),
        "/WhatsappOutboundBody/if: beside builders, a rule says",
    ),
    "a rule among others": (
        put("ViberOutboundBody", "allOf", value=[{"if": RULE, "then": {}}]),
        "/ViberOutboundBody/allOf: beside builders, a rule says",
    ),
}


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_builder_is_refused_with_its_place(change: Callable[[Schemas], object], told: str) -> None:
    with pytest.raises(Unsupported) as caught:
        made(change)
    assert f"{pointer(caught.value.steps)}: {caught.value.reason}".startswith(f"#/components/schemas{told}")


def test_a_scalar_of_a_branch_is_a_parameter_required_when_the_spec_requires_it() -> None:
    modules = made(give("SmsOutbound", "priority", {"type": "integer", "description": "How soon."}, required=True))
    assert "from_: str, priority: int, client_ref: str | Unset = UNSET" in modules["sms"]


def test_a_rule_may_require_several_options_of_its_content_alone() -> None:
    both = {"required": ["policy", "locale"], "properties": {"policy": {}, "locale": {}}}
    change = put("WhatsappOutboundBody", "then", value={"required": ["whatsapp"], "properties": {"whatsapp": both}})
    declared = "policy: Literal['deterministic'], locale: str, "
    functions = made(change)["whatsapp"].split("\n\ndef ")
    assert [each.split("(")[0] for each in functions if declared in each] == ["template"]


def test_options_need_not_be_there() -> None:
    def change(schemas: Schemas) -> None:
        del schemas["ViberOutboundBody"]["properties"]["viber_service_msg"]

    assert "*, to: str, from_: str, client_ref" in made(change)["viber"]
