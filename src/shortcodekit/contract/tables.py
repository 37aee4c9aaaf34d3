"""Where the documents of a webhook hold codes, texts, numbers and unions: what laws enumerate instead of leaving it to chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from .specs import Api

Path = tuple[str, ...]


@frozen
class Place:
    """A property somewhere in a document, and its schema as all that is said of it together."""

    path: Path
    schema: Mapping[str, Any]
    required: bool


def places(api: Api, name: str) -> Iterator[Place]:
    """The scalar properties of a component's documents, nested ones included; of a union, those of each branch."""
    schema = api.schemas[name]
    if "oneOf" in schema:
        for branch in schema["oneOf"]:
            yield from _within(api, api.resolve(branch), ())
    else:
        yield from _within(api, schema, ())


def _within(api: Api, schema: Mapping[str, Any], path: Path) -> Iterator[Place]:
    for key, inner in schema.get("properties", {}).items():
        joined = _joined(api, inner)
        if "properties" in joined:
            yield from _within(api, joined, (*path, key))
        elif "oneOf" in joined:
            for branch in joined["oneOf"]:
                yield from _within(api, _joined(api, branch), (*path, key))
        else:
            yield Place((*path, key), joined, key in schema.get("required", ()))


def _joined(api: Api, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**_joined(api, api.resolve({"$ref": schema["$ref"]})), **schema} if "$ref" in schema else schema


def put(document: Any, path: Path, value: Any) -> Any:
    """`document` with `value` at `path`; objects on the way are made where there are none."""
    head, *rest = path
    inner = document.get(head, {}) if isinstance(document, Mapping) else {}
    return {**document, head: put(inner if isinstance(inner, Mapping) else {}, tuple(rest), value) if rest else value}


def codes(place: Place) -> list[Any]:
    """The documented codes of a table."""
    return [each["const"] for each in place.schema.get("anyOf", ()) if "const" in each]


def is_text(place: Place) -> bool:
    """Whether any text may stand there."""
    kinds = place.schema.get("type")
    free = not place.schema.keys() & {"enum", "const", "pattern", "format", "anyOf", "x-time", "x-normalise", "not"}
    return free and kinds == "string"


def twins(code: Any, place: Place) -> list[str]:
    """A code in other case, where case carries no meaning."""
    if place.schema.get("x-normalise") not in {"lower", "upper"} or not isinstance(code, str):
        return []
    written = [code.upper(), code.lower(), code.title(), code.swapcase(), code[0] + code[1:].swapcase()]
    return [each for each in dict.fromkeys(written) if each != code]


TO_COME: Final = {"string": "held-back", "integer": 990077}
"""Codes that are in no table yet."""


def to_come(place: Place) -> list[Any]:
    """Codes that may come, of each kind that the table takes."""
    kinds = place.schema.get("type", [])
    fitting = [TO_COME[each] for each in ([kinds] if isinstance(kinds, str) else kinds) if each in TO_COME]
    if "pattern" in place.schema:  # a text of digits
        fitting = [str(each) if isinstance(each, str) is False and "string" in kinds else each for each in fitting]
        fitting = [each if each != TO_COME["string"] else "990077" for each in fitting]
    return list(dict.fromkeys(fitting))
