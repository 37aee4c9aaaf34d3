"""What a document looks like after the normalisations that its spec declares, worked out from the spec alone.

A model reads `"to": 16365553226` and writes `"to": "16365553226"`, because the spec says `x-normalise: text` there. Laws
that compare a document with what a model made of it compare with `normalise(…)` of the document. Nothing here knows the
generator: the schema is walked along the document, through references (with the keywords beside them), through `allOf`,
through the branches of a union that the document is valid under, or that its discriminator names, and through items,
properties and additional properties. The same walk tells which components and which of their properties a document met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import Factory, frozen

from .specs import Api, component

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]


def normalise(api: Api, schema: str | Schema, document: Any) -> Any:
    """`document` as a model of `schema` (a component's name, or any schema of this spec) writes it again."""
    return _Walk(api).visit([_by_name(schema)], document, ())


def places(api: Api, schema: str | Schema, document: Any) -> list[tuple[str, Path]]:
    """The components that `document` holds a value of, each with the path of the value. Unions and scalars count."""
    walk = _Walk(api)
    walk.visit([_by_name(schema)], document, ())
    return walk.components


def properties(api: Api, schema: str | Schema, document: Any) -> list[tuple[str, str]]:
    """The properties of components that `document` holds, as (component, key)."""
    walk = _Walk(api)
    walk.visit([_by_name(schema)], document, ())
    return walk.properties


def same(one: Any, other: Any) -> bool:
    """Whether two documents are equal as JSON is: `1` and `1.0` are one number, `true` and `"1"` two other values."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _by_name(schema: str | Schema) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema


@frozen
class _Walk:
    """One way through a document. A value is visited with all schemas that apply to it at once."""

    api: Api
    components: list[tuple[str, Path]] = Factory(list)
    properties: list[tuple[str, str]] = Factory(list)

    def visit(self, schemas: Sequence[Schema], value: Any, path: Path) -> Any:
        applicable = [pair for schema in schemas for pair in self._applicable(None, schema, value)]
        self.components.extend((owner, path) for owner in dict.fromkeys(o for o, _ in applicable if o))
        if isinstance(value, Mapping):
            return {key: self.visit(self._below(applicable, key), item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            items = [schema["items"] for _, schema in applicable if "items" in schema]
            return [self.visit(items, item, (*path, index)) for index, item in enumerate(value)]
        for _, schema in applicable:
            if "x-normalise" in schema:
                return _scalar(schema, value)
        return value

    def _below(self, applicable: Sequence[tuple[str | None, Schema]], key: str) -> list[Schema]:
        found = []
        for owner, schema in applicable:
            if key in schema.get("properties", {}):
                found.append(schema["properties"][key])
                if owner:
                    self.properties.append((owner, key))
            elif isinstance(schema.get("additionalProperties"), Mapping):
                found.append(schema["additionalProperties"])
        return found

    def _applicable(self, owner: str | None, schema: Schema, value: Any) -> Iterator[tuple[str | None, Schema]]:
        """`schema` and what it leads to without a step into the value; each with the component it stands in.

        `if`, `not` and their like are passed over: in these specs they forbid, and name nothing that is not named elsewhere.
        """
        yield owner, schema
        if "$ref" in schema:
            name = component(schema)
            yield from self._applicable(name, self.api.schemas[name], value)
        for each in schema.get("allOf", ()):
            yield from self._applicable(owner, each, value)
        for keyword in ("oneOf", "anyOf"):
            for each in self._branches(schema, keyword, value) if keyword in schema else ():
                yield from self._applicable(owner, each, value)

    def _branches(self, schema: Schema, keyword: str, value: Any) -> list[Schema]:
        branches = [each for each in schema.get(keyword, ()) if _LEADS_ON & each.keys()]
        valid = [each for each in branches if self._is_valid(each, value)]
        return valid or self._discriminated(schema, branches, value)

    def _is_valid(self, schema: Schema, value: Any) -> bool:
        return self.api.validator(component(schema) if schema.keys() == {"$ref"} else schema).is_valid(value)

    def _discriminated(self, schema: Schema, branches: list[Schema], value: Any) -> list[Schema]:
        """For a document that no branch allows: the branch it names, else the one that names nothing."""
        name = schema.get("discriminator", {}).get("propertyName")
        steps = schema.get("x-discriminator-path", [name] if name else [])
        if not steps:
            return []
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        consts = {index: self._const(each, steps) for index, each in enumerate(branches)}
        named = [branches[index] for index, const in consts.items() if const is not None and const == value]
        return named or [branches[index] for index, const in consts.items() if const is None]

    def _const(self, schema: Schema, steps: Sequence[str]) -> Any:
        for step in steps:
            schema = self.api.resolve(schema).get("properties", {}).get(step, {})
        return self.api.resolve(schema).get("const")


_LEADS_ON = {"$ref", "allOf", "anyOf", "oneOf", "properties", "additionalProperties", "items", "x-normalise"}


def _scalar(schema: Schema, value: Any) -> Any:
    """`value` under the `x-normalise` of `schema`; what it does not speak of stays as it is."""
    match schema["x-normalise"]:
        case "text":
            return _text(value, whole="number" not in schema.get("type", ()))
        case "integer":
            return _integer(value)
        case "boolean":
            no, yes = schema["x-wire"]
            text = _text(value, whole=True)
            return yes if text in (yes, "true", "1") else no if text in (no, "false", "0") else value
        case "lower" | "upper" as case:
            codes = {branch["const"] for branch in schema["anyOf"] if "const" in branch}
            folded = getattr(value, case)() if isinstance(value, str) else value
            return folded if folded in codes else value
        case other:
            raise NotImplementedError(f"x-normalise: {other}")


def _text(value: Any, *, whole: bool) -> Any:
    """The text of a number or a boolean. Where only integers are meant, `2.0` and `2e0` are the integer 2."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float) and whole and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _integer(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    return int(value) if digits.isascii() and digits.isdigit() else value
