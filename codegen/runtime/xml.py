"""XML documents to and from the dictionaries that JSON gives, as the specs' `xml` metadata says.

A table of `Element`s, generated from that metadata, says which attribute or child element carries which key; there is no
name of the service here. What the table does not know is kept: an unknown attribute or element becomes a key of its own
name. The parser is expat with nothing that reaches outside the document: no document types, hence no entities, and bounds
on size and depth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from attrs import Factory, define, frozen

from .invalid import InvalidDocument

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 32


@frozen
class Child:
    """A child element: the key it carries, the table of its content (None: text), and whether it may be repeated."""

    key: str
    element: Element | None = None
    many: bool = False


@frozen
class Wrapper:
    """An element around a list: the key of the list, the name and table of its items, and the attributes it carries."""

    key: str
    item: str
    element: Element | None = None
    attributes: Mapping[str, str] = Factory(dict)


@frozen
class Element:
    """How an object stands in XML: the element's name, and the key behind each attribute and child."""

    name: str
    attributes: Mapping[str, str] = Factory(dict)
    children: Mapping[str, Child | Wrapper] = Factory(dict)


# ---- reading ---------------------------------------------------------------------------------------------------------


@define
class _Node:
    name: str
    attributes: dict[str, str]
    children: list[_Node] = Factory(list)
    texts: list[str] = Factory(list)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def decode_xml(content: bytes | str, element: Element) -> dict[str, Any]:
    """The dictionary that JSON would give for the same document.

    Raises `InvalidDocument` when `content` is not well-formed UTF-8 XML, has a document type, is larger than `MAX_BYTES`
    or deeper than `MAX_DEPTH`, or its root is not `element`.
    """
    root = _parse(content)
    if root.name != element.name:
        raise InvalidDocument(f"expected the element {element.name}, got another one")
    return _to_dict(root, element)


def _to_dict(node: _Node, element: Element) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in node.attributes.items():
        _put(document, element.attributes.get(name, name), value)
    _refuse_stray_text(node)
    for child in node.children:
        known = element.children.get(child.name)
        if isinstance(known, Wrapper):
            _refuse_stray_text(child)
            for name, value in child.attributes.items():
                _put(document, known.attributes.get(name, name), value)
            items = []
            for item in child.children:
                if item.name != known.item:
                    raise InvalidDocument(f"expected only {known.item} elements inside {child.name}")
                items.append(_to_dict(item, known.element) if known.element else _leaf(item))
            _put(document, known.key, items)
        elif known is None:
            _put(document, child.name, _free(child), repeatable=True)
        else:
            value_ = _to_dict(child, known.element) if known.element else _leaf(child)
            if known.many:
                document.setdefault(known.key, []).append(value_)
            else:
                _put(document, known.key, value_)
    for known in element.children.values():
        if isinstance(known, Child) and known.many:
            document.setdefault(known.key, [])  # an empty list has no element of its own
    return document


def _put(document: dict[str, Any], key: str, value: Any, *, repeatable: bool = False) -> None:
    if key not in document:
        document[key] = value
    elif not repeatable:
        raise InvalidDocument("given twice", (key,))
    elif isinstance(document[key], _Repeated):
        document[key].append(value)
    else:
        document[key] = _Repeated([document[key], value])


class _Repeated(list[Any]):
    """The values of an unknown element that occurs more than once."""


def _leaf(node: _Node) -> str:
    if node.children or node.attributes:
        raise InvalidDocument("expected text only", (node.name,))
    return node.text


def _free(node: _Node) -> Any:
    if not node.children and not node.attributes:
        return node.text
    return _to_dict(node, Element(node.name))


def _refuse_stray_text(node: _Node) -> None:
    if node.text.strip():
        raise InvalidDocument(f"text beside the elements of {node.name}")


def _parse(content: bytes | str) -> _Node:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(data) > MAX_BYTES:
        raise InvalidDocument(f"larger than {MAX_BYTES} bytes")
    top = _Node("", {})
    open_nodes = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_nodes) > MAX_DEPTH:
            raise InvalidDocument(f"nested deeper than {MAX_DEPTH} elements")
        node = _Node(name, attributes)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_name: str) -> None:
        open_nodes.pop()

    def refuse_doctype(*_: object) -> None:
        raise InvalidDocument("has a document type, which is never read")

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: open_nodes[-1].texts.append(text)
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(data.strip(), True)
    except expat.ExpatError as error:
        reason = f"not well-formed XML: {expat.ErrorString(error.code)} at line {error.lineno}"
        raise InvalidDocument(reason) from None
    except (UnicodeError, LookupError):
        raise InvalidDocument("not XML in UTF-8") from None
    return top.children[0]


# ---- writing ---------------------------------------------------------------------------------------------------------


def encode_xml(document: Mapping[str, Any], element: Element) -> bytes:
    """`document` as XML in UTF-8; `InvalidDocument` when a name or a character has no place in XML."""
    try:
        text = '<?xml version="1.0" encoding="UTF-8"?>' + _write(element.name, document, element)
    except RecursionError:
        raise InvalidDocument("nested too deep") from None
    return text.encode("utf-8")


def _write(name: str, document: Mapping[str, Any], element: Element) -> str:
    rest = dict(document)
    attributes = "".join(_attribute(xml, rest.pop(key)) for xml, key in element.attributes.items() if key in rest)
    parts = []
    for xml, child in element.children.items():
        if isinstance(child, Wrapper):
            carried = "".join(_attribute(a, rest.pop(key)) for a, key in child.attributes.items() if key in rest)
            if child.key in rest or carried:
                items = "".join(_write_value(child.item, item, child.element) for item in rest.pop(child.key, ()))
                parts.append(f"<{xml}{carried}>{items}</{xml}>")
        elif child.key in rest:
            values = rest.pop(child.key)
            parts.extend(_write_value(xml, value, child.element) for value in (values if child.many else [values]))
    flat = not element.children and bool(element.attributes)
    for key, value in rest.items():
        if key in element.children or key in element.attributes:
            raise InvalidDocument("the key cannot be told from another one in XML", (key,))
        if flat and not isinstance(value, Mapping | list | tuple):
            attributes += _attribute(key, value)
        else:
            parts.extend(
                _write_value(key, item, None) for item in (value if isinstance(value, list | tuple) else [value])
            )
    return f"<{_name(name)}{attributes}>{''.join(parts)}</{name}>"


def _write_value(name: str, value: Any, element: Element | None) -> str:
    if isinstance(value, Mapping):
        return _write(name, value, element or Element(name))
    return f"<{_name(name)}>{escape(_text(name, value), {chr(13): '&#13;'})}</{name}>"


def _attribute(name: str, value: Any) -> str:
    return f" {_name(name)}={quoteattr(_text(name, value))}"


def _text(name: str, value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise InvalidDocument("only texts, numbers, lists and objects can be written as XML", (name,))
    text = str(value)
    if _NOT_XML.search(text):
        raise InvalidDocument("holds a character that XML cannot carry", (name,))
    return text


def _name(name: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidDocument("the key is no name in XML", (name,))
    return name


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
