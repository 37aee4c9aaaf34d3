"""The samples: documents as files, with the bytes as they travel, in `samples/<family>/accepted` and `…/rejected`.

A file's suffix tells its encoding: `.json`, `.xml`, `.form` (a form body) or `.query` (a query as it stands in a URL). Files of
a family that share a stem tell the same in several encodings. `family.yaml` says of each family and file:

- `apis`, `schema`: the specs and the component the documents are of;
- accepted: `source`, where the document is from; `unknown`, the paths of keys that no property of the specs names; `becomes`,
  values that reading changes, by path, as they are afterwards;
- rejected: `at` and `keyword`, the place and the JSON Schema keyword that refuse it; or `unreadable`, words of the reason for
  which the bytes give no document at all. `source` where it is a vendor's document.

Documents are decoded here without the product: XML by the specs' `xml` metadata and the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import jsonschema_rs
from attrs import frozen

from codegen.documents import load
from shortcodekit.contract.normalising import Path, Schema

from .apis import APIS, Api, component

FOLDER = FilePath(__file__).with_name("samples")
ENCODINGS = ("json", "form", "query", "xml")


@frozen(slots=False, eq=False)
class Family:
    """Documents of one kind."""

    folder: FilePath

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = load(self.folder / "family.yaml")
        return facts

    @property
    def schema(self) -> str:
        return str(self.facts["schema"])

    @property
    def apis(self) -> tuple[Api, ...]:
        """The specs that have this component; most have one."""
        return tuple(api for api in APIS if api.name in self.facts["apis"])

    def listed(self, kind: str) -> tuple[Sample, ...]:
        """The samples that `family.yaml` lists; `kind` is `accepted` or `rejected`."""
        return tuple(Sample(self, kind, name, entry or {}) for name, entry in self.facts[kind].items())

    def files(self, kind: str) -> tuple[FilePath, ...]:
        """The files that are there."""
        return tuple(sorted((self.folder / kind).iterdir()))


@frozen(slots=False, eq=False)
class Sample:
    """One file and what is said of it."""

    family: Family
    kind: str
    file: str
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.family.name}/{self.kind}/{self.file}"

    @property
    def content(self) -> bytes:
        return (self.family.folder / self.kind / self.file).read_bytes()

    @property
    def encoding(self) -> str:
        return self.file.rpartition(".")[2]

    @property
    def stem(self) -> str:
        return self.file.rpartition(".")[0]

    @property
    def unknown(self) -> set[str]:
        return set(self.facts.get("unknown", ()))

    @property
    def becomes(self) -> Mapping[str, Any]:
        becomes: Mapping[str, Any] = self.facts.get("becomes", {})
        return becomes

    def document(self, api: Api) -> Any:
        """The decoded document, as an independent reader sees it."""
        return decode(api, self.family.schema, self.encoding, self.content)


FAMILIES = tuple(Family(path) for path in sorted(FOLDER.iterdir()) if path.is_dir())
ACCEPTED = tuple((api, each) for family in FAMILIES for api in family.apis for each in family.listed("accepted"))
REJECTED = tuple((api, each) for family in FAMILIES for api in family.apis for each in family.listed("rejected"))


def pointer(path: Path) -> str:
    """The JSON pointer of `path`, as `family.yaml` writes paths."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def decode(api: Api, schema: str, encoding: str, content: bytes) -> Any:
    """The document in `content`, read without the product."""
    text = content.decode("utf-8-sig")
    match encoding:
        case "json":
            return json.loads(text)
        case "form" | "query":
            pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict")
            assert len(dict(pairs)) == len(pairs), "a parameter is given twice"
            return dict(pairs)
        case "xml":
            return _xml_object(api, api.schemas[schema], ElementTree.fromstring(text.strip()))  # noqa: S314  # our own
        case other:
            raise ValueError(f"no such encoding: {other}")


# ---- XML -------------------------------------------------------------------------------------------------------------


def _xml_object(api: Api, schema: Schema, node: ElementTree.Element) -> dict[str, Any]:
    keys = {(_xml_name(api, key, each), _xml(api, each).get("attribute", False)): key for key, each in _keys(schema)}
    document: dict[str, Any] = {keys.get((name, True), name): value for name, value in node.attrib.items()}
    for key, each in _keys(schema):
        if api.resolve(each).get("type") == "array" and not _xml(api, each).get("wrapped"):
            document[key] = []
    for child in node:
        key = keys.get((child.tag, False), "")
        if not key:
            _add_unknown(document, child)
        elif _xml(api, schema["properties"][key]).get("wrapped"):
            carried = {
                _xml(api, each)["name"]: name
                for name, each in _keys(schema)
                if _xml(api, each).get("x-on") == child.tag
            }
            document |= {carried.get(name, name): value for name, value in child.attrib.items()}
            document[key] = [_xml_item(api, schema["properties"][key], item) for item in child]
        elif isinstance(document.get(key), list):
            document[key].append(_xml_item(api, schema["properties"][key], child))
        else:
            document[key] = child.text or ""
    return document


def _keys(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from schema.get("properties", {}).items()


def _xml(api: Api, schema: Schema) -> Mapping[str, Any]:
    """The `xml` metadata of a property; what stands beside a reference wins."""
    xml: Mapping[str, Any] = schema.get("xml") or api.resolve(schema).get("xml", {})
    return xml


def _xml_name(api: Api, key: str, schema: Schema) -> str:
    """The name of the element or attribute that carries `key`; an array that is not wrapped has its items' name."""
    full = api.resolve(schema)
    if full.get("type") == "array" and not _xml(api, schema).get("wrapped"):
        return str(api.resolve(full["items"]).get("xml", {}).get("name", component(full["items"])))
    return str(_xml(api, schema).get("name", key))


def _xml_item(api: Api, array: Schema, node: ElementTree.Element) -> Any:
    items = api.resolve(array)["items"]
    assert node.tag == api.resolve(items)["xml"]["name"]
    return _xml_object(api, api.resolve(items), node)


def _add_unknown(document: dict[str, Any], node: ElementTree.Element) -> None:
    """An element that the spec does not name stands under its own name; repeated, it is a list."""
    value: Any = node.text or ""
    if len(node) or node.attrib:
        value = dict(node.attrib)
        for child in node:
            _add_unknown(value, child)
    if node.tag in document:
        before = document[node.tag]
        document[node.tag] = [*(before if isinstance(before, list) else [before]), value]
    else:
        document[node.tag] = value


# ---- why a document is refused ---------------------------------------------------------------------------------------


def complaints(errors: list[jsonschema_rs.ValidationError]) -> Iterator[tuple[str, str]]:
    """All (place, keyword) pairs that a validator complains of, those inside the branches of unions included."""
    for error in errors:
        yield pointer(tuple(error.instance_path)), str(error.schema_path[-1])
        for branch in getattr(error.kind, "context", ()):
            yield from complaints(branch)


def blame(errors: list[jsonschema_rs.ValidationError], place: str) -> bool:
    """Whether `place` alone is to blame: for every complaint, or for all complaints of one branch of a union."""
    return bool(errors) and all(
        pointer(tuple(error.instance_path)) == place
        or any(blame(branch, place) for branch in getattr(error.kind, "context", ()))
        for error in errors
    )
