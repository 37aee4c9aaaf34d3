"""Documents as bytes: JSON, forms, and XML as the specs' `xml` metadata says.

What the peer of a client or receiver would send. Written from the specs with the standard library; the product's own
writers have no part in it. XML varies in what carries no meaning: order of attributes, white space between elements,
the declaration, CDATA.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import quote_plus
from xml.etree import ElementTree as ET

from .apis import Api, Operation, component
from .judge import FORM

Schema = Mapping[str, Any]


def as_text(value: Any) -> str:
    """A scalar as queries, forms and XML carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def flat(document: Mapping[str, Any]) -> dict[str, str]:
    """What of `document` a query or a form can carry: the scalars, as texts."""
    return {key: as_text(value) for key, value in document.items() if isinstance(value, str | int | float)}


def as_form(document: Mapping[str, Any]) -> bytes:
    """The scalars of `document` as a query or form body."""
    return "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in flat(document).items()).encode("ascii")


def as_json(document: Any) -> bytes:
    return json.dumps(document, allow_nan=False).encode("ascii")


def as_sent(document: Any, content_type: str) -> bytes:
    """The body of a request with this content type: a form, or JSON under one of its names."""
    return as_form(document) if content_type == FORM else as_json(document)


def as_answered(document: Any, operation: Operation, status: int, content_type: str, random: Random) -> bytes:
    """The body of an answer."""
    schema = operation.answers[status][content_type]
    if "xml" in content_type:
        return as_xml(operation.api, component(schema), document, random)
    return json.dumps(document, ensure_ascii=random.random() < 0.5, indent=random.choice([None, 1])).encode()


# ---- XML -------------------------------------------------------------------------------------------------------------

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")


def for_xml(api: Api, schema: Schema, document: Mapping[str, Any]) -> dict[str, Any]:
    """What of `document` XML can carry: texts without forbidden characters, unknown keys that are names and hold texts."""
    properties, carried = _properties(api, schema), {}
    taken = {_xml(api, each).get("name", key) for key, each in properties.items()}
    for key, value in document.items():
        if key in properties:
            carried[key] = _for_xml(api, properties[key], value)
        elif _NAME.fullmatch(key) and key not in taken and key.lower()[:3] != "xml" and isinstance(value, str):
            carried[key] = _NOT_XML.sub("", value)
    return carried


def _for_xml(api: Api, schema: Schema, value: Any) -> Any:
    if isinstance(value, dict):
        return for_xml(api, schema, value)
    if isinstance(value, list):
        return [_for_xml(api, api.resolve(schema)["items"], each) for each in value]
    return _NOT_XML.sub("", value) if isinstance(value, str) else value


def as_xml(api: Api, schema_name: str, document: Mapping[str, Any], random: Random) -> bytes:
    """`document`, as far as `for_xml` lets it through, as an XML document."""
    schema = api.schemas[schema_name]
    root = _element(api, schema, schema["xml"]["name"], document, random)
    _spread(root, random)
    text = ET.tostring(root, "unicode", short_empty_elements=random.random() < 0.5).replace("\r", "&#13;")
    text = _CDATA.sub(lambda match: f"<![CDATA[{_plain(match[1])}]]>", text)
    declaration = random.choice(
        ["", '<?xml version="1.0" encoding="UTF-8"?>\n', "<?xml version='1.0'?>", "\ufeff", "\n "]
    )
    return (declaration + text).encode("utf-8")


def _element(api: Api, schema: Schema, name: str, document: Mapping[str, Any], random: Random) -> ET.Element:
    element = ET.Element(name)
    properties = _properties(api, schema)
    wrappers = {name: each for name, each in properties.items() if _xml(api, each).get("wrapped")}
    places = {
        name: ET.Element(_xml(api, each).get("name", name)) for name, each in wrappers.items() if name in document
    }
    for key, value in random.sample(list(document.items()), len(document)):
        own = _xml(api, properties.get(key, {}))
        if own.get("attribute"):
            carriers = [
                place for wrapper, place in places.items() if place.tag == own.get("x-on") or wrapper == own.get("x-on")
            ]
            (carriers[0] if "x-on" in own else element).set(own.get("name", key), as_text(value))
        elif isinstance(value, list):
            inside = places.get(key, element)
            inside.extend(_items(api, properties[key], key, value, random))
            if inside is not element:
                element.append(inside)
        elif isinstance(value, dict):
            element.append(_element(api, properties[key], own.get("name", key), value, random))
        elif key not in properties and random.random() < 0.3:
            element.set(key, as_text(value))
        else:
            element.append(_leaf(own.get("name", key), as_text(value), random))
    return element


def _items(api: Api, schema: Schema, key: str, values: Sequence[Any], random: Random) -> list[ET.Element]:
    items = api.resolve(schema)["items"]
    name = _xml(api, items).get("name") or _xml(api, api.resolve(items)).get("name", key)
    return [
        _element(api, items, name, each, random) if isinstance(each, dict) else _leaf(name, as_text(each), random)
        for each in values
    ]


def _leaf(name: str, text: str, random: Random) -> ET.Element:
    leaf = ET.Element(name)
    leaf.text = text
    if random.random() < 0.2 and "]]>" not in text and "\r" not in text:
        leaf.text = f"{_OPEN}{text}{_CLOSE}"  # marks that XML, and so the text, cannot hold
    return leaf


def _spread(element: ET.Element, random: Random) -> None:
    """White space between the elements below `element`, where there are only elements."""
    if len(element):
        element.text = random.choice(["", "\n", " \t"])
        for child in element:
            child.tail = random.choice(["", "\n  "])
            _spread(child, random)


_OPEN, _CLOSE = "\x01", "\x02"
_CDATA: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _properties(api: Api, schema: Schema) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = api.resolve(schema).get("properties", {})
    return properties


def _xml(api: Api, schema: Schema) -> Mapping[str, Any]:
    """The metadata beside a reference, else that of a list or a scalar; an object's own name is not its property's."""
    if "xml" in schema:
        own: Mapping[str, Any] = schema["xml"]
        return own
    resolved = api.resolve(schema)
    return {} if resolved.get("type") == "object" else resolved.get("xml", {})
