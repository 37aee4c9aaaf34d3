"""Reads a spec's component schemas into what the emitters know.

JSON Schema says far more than a model needs. This module reads the subset that the specs use, keeps what models need, and
refuses everything else by name, so that nothing is dropped silently: a keyword that is neither read here nor known to be a
validator's business is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from openapi_python_client.strings import PythonIdentifier

from .documents import Step
from .shapes import (
    Boolean,
    Choice,
    CodeBranch,
    Coded,
    Const,
    Field,
    FreeObject,
    Integer,
    ListOf,
    Model,
    Number,
    Record,
    Scalar,
    Schema,
    Shape,
    Table,
    Text,
    Union,
    Unsupported,
)


class Components:
    """The records, unions and tables of one spec, by name, and the shapes of the plain components between them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self.records: dict[str, Record] = {}
        self.unions: dict[str, Union] = {}
        self.tables: dict[str, Table] = {}
        for name, schema in self._schemas.items():
            _refuse_odd_forms(schema, ("components", "schemas", name))
            _refuse_unknown_keywords(schema, ("components", "schemas", name))
        for name, schema in self._schemas.items():
            steps = ("components", "schemas", name)
            if _is_table(schema):
                self.tables[name] = self._table(name, schema, steps)
            elif "oneOf" in schema:
                self.unions[name] = self._union(name, schema, steps)
            elif schema.get("properties"):
                self.records[name] = self._record(name, schema, steps)
            else:
                self.shape(schema, steps)

    @property
    def models(self) -> tuple[str, ...]:
        """The names that become Python classes or unions of them."""
        return tuple(name for name in self._schemas if name in self.records or name in self.unions)

    def uses(self, name: str) -> tuple[str, ...]:
        """The models that the model `name` refers to, each once, in order."""
        if name in self.unions:
            found = iter(self.unions[name].members)
        else:
            found = (n for f in self.records[name].fields for n in _models_in(f.shape))
        return tuple(dict.fromkeys(found))

    def resolve(self, schema: Schema) -> tuple[str | None, Schema]:
        """The component behind a `$ref`, by name, with the siblings of the `$ref` over it."""
        if "$ref" not in schema:
            return None, schema
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return name, {**self._schemas[name], **{key: value for key, value in schema.items() if key != "$ref"}}

    def shape(self, schema: Schema, steps: tuple[Step, ...]) -> Shape:
        """The shape of a property, an item, or a plain component."""
        name, full = self.resolve(schema)
        if name is not None:
            target = self._schemas[name]
            if _is_table(target):
                return Coded(name)
            if "oneOf" in target or target.get("properties"):
                return Model(name)
            return self.shape({k: v for k, v in full.items() if k != "$ref"}, steps)
        _refuse_unknown_keywords(full, steps)
        normalise = full.get("x-normalise")
        if normalise == "boolean":
            return _flag(full, steps)
        if "const" in full:
            return Const(_text_of(full["const"], steps))
        types = full.get("type")
        types = tuple(types) if isinstance(types, list) else (types,)
        if "enum" in full:
            if types != ("string",):
                raise Unsupported("an enum needs `type: string`, or `x-normalise: boolean`", steps)
            return Choice(tuple(_text_of(value, steps) for value in full["enum"]))
        if _is_table(full) or "oneOf" in full:
            raise Unsupported("a code table or a union must be a component of its own, used by $ref", steps)
        return self._typed(full, types, normalise, steps)

    def _typed(self, schema: Schema, types: tuple[Any, ...], normalise: Any, steps: tuple[Step, ...]) -> Shape:
        lenient = {"text": "string", "integer": "integer"}.get(str(normalise))
        if normalise is not None and (lenient is None or lenient not in types):
            raise Unsupported(f"x-normalise: {normalise} does not fit the type {', '.join(map(str, types))}", steps)
        if lenient == "string":
            return Text("any" if "number" in types else "whole")
        if lenient == "integer":
            return Integer(lenient=True)
        match types:
            case ("string",):
                return Text()
            case ("integer",):
                return Integer()
            case ("number",):
                return Number()
            case ("boolean",):
                return Boolean()
            case ("array",):
                return self._list(schema, steps)
            case ("object",):
                if schema.get("properties"):
                    raise Unsupported("an object with properties must be a component of its own, used by $ref", steps)
                return FreeObject()
        if set(types) == {"string", "integer", "number", "boolean"}:
            return Scalar()
        raise Unsupported(f"no model can be made of the type {', '.join(map(str, types))} without x-normalise", steps)

    def _list(self, schema: Schema, steps: tuple[Step, ...]) -> Shape:
        item = self.shape(schema.get("items", {}), (*steps, "items"))
        if not isinstance(item, Model) and item != Text():
            raise Unsupported("the items of a list must be text or a component", (*steps, "items"))
        return ListOf(item)

    def _record(self, name: str, schema: Schema, steps: tuple[Step, ...]) -> Record:
        if schema.get("additionalProperties") is False:
            raise Unsupported("closed objects lose keys to come; leave additionalProperties out", steps)
        required = schema.get("required", [])
        for key in required:
            if key not in schema["properties"]:
                raise Unsupported(f"requires {key!r}, which is not among its properties", (*steps, "required"))
        fields = tuple(
            self._field(key, value, key in required, (*steps, "properties", key))
            for key, value in schema["properties"].items()
        )
        names = [each.name for each in fields]
        for each in fields:
            if each.name in RESERVED or names.count(each.name) > 1:
                raise Unsupported(f"the Python name {each.name!r} is taken", (*steps, "properties", each.key))
            for other in each.void_beside:
                if other not in schema["properties"]:
                    steps = (*steps, "properties", each.key, "x-void-beside", other)
                    raise Unsupported("there is no such property", steps)
        extra = schema.get("additionalProperties")
        return Record(
            name,
            _prose(schema),
            fields,
            self.shape(extra, (*steps, "additionalProperties")) if isinstance(extra, Mapping) else None,
            schema.get("x-encoding") == "flat",
            schema.get("xml", {}),
        )

    def _field(self, key: str, schema: Schema, required: bool, steps: tuple[Step, ...]) -> Field:
        shape = self.shape(schema, steps)
        _, full = self.resolve(schema)
        if not full.get("description"):
            raise Unsupported("a property needs a description, its own or its component's", steps)
        void = full.get("x-void-beside")
        if void is not None and not (
            isinstance(shape, Coded)
            and isinstance(void, Mapping)
            and all(
                isinstance(values, list) and all(isinstance(each, str) for each in values) for values in void.values()
            )
        ):
            raise Unsupported("x-void-beside stands on a code: {another property: [values]}", (*steps, "x-void-beside"))
        time = full.get("x-time") or ("date-time" if full.get("format") == "date-time" else None)
        if (time or full.get("format") == "decimal") and not isinstance(shape, Text):
            raise Unsupported("times and decimal amounts are text", steps)
        return Field(
            key,
            str(PythonIdentifier(key, prefix="field_")),
            shape,
            required,
            _prose(full),
            secret=full.get("format") == "password",
            time=time,
            decimal=full.get("format") == "decimal",
            void_beside=void or {},
            xml=(schema if isinstance(shape, Model) else full).get("xml", {}),  # a model's own is the class's
        )

    def _union(self, name: str, schema: Schema, steps: tuple[Step, ...]) -> Union:
        path = _discriminator_path(schema, steps)
        variants: dict[str, str] = {}
        fallback = None
        for index, branch in enumerate(schema["oneOf"]):
            here = (*steps, "oneOf", index)
            member, _ = self.resolve(branch)
            if member is None or not self._schemas[member].get("properties"):
                raise Unsupported("a branch of a union must be a $ref to an object component", here)
            value = self._const_at(member, path)
            if value is None:
                if fallback is not None:
                    raise Unsupported(f"neither {fallback} nor {member} has a const at {'.'.join(path)}", here)
                fallback = member
            elif value in variants:
                raise Unsupported(f"{variants[value]} and {member} both have {value!r} at {'.'.join(path)}", here)
            else:
                variants[value] = member
        mapping = schema.get("discriminator", {}).get("mapping")
        told = (
            {key: str(ref).rsplit("/", 1)[-1] for key, ref in mapping.items()} if isinstance(mapping, Mapping) else None
        )
        if mapping is not None and told != variants:
            raise Unsupported(
                "the mapping differs from the consts of the branches", (*steps, "discriminator", "mapping")
            )
        builders = schema.get("x-builders")
        if builders is not None and builders != str(PythonIdentifier(str(builders), prefix="field_")):
            raise Unsupported("x-builders names a package of Python", (*steps, "x-builders"))
        return Union(name, _prose(schema), path, variants, fallback, builders)

    def _const_at(self, name: str, path: tuple[str, ...]) -> str | None:
        schema: Schema = self._schemas[name]
        for key in path:
            schema = self.resolve(schema.get("properties", {}).get(key, {}))[1]
        value = schema.get("const")
        return value if isinstance(value, str) else None

    def _table(self, name: str, schema: Schema, steps: tuple[Step, ...]) -> Table:
        *coded, last = schema["anyOf"]
        if "const" in last:
            raise Unsupported("the last branch must be open, that is, without const", (*steps, "anyOf"))
        normalise = schema.get("x-normalise")
        fold = normalise if normalise in ("lower", "upper") else None
        plain = {key: value for key, value in schema.items() if key != "anyOf" and not (fold and key == "x-normalise")}
        values = self.shape(plain, steps)
        if not isinstance(values, Text | Integer):
            raise Unsupported("codes are texts or integers", steps)
        base = int if isinstance(values, Integer) else str
        codes = tuple(_code(branch, base, (*steps, "anyOf", index)) for index, branch in enumerate(coded))
        for kind, given in (("code", [c.value for c in codes]), ("title", [c.name for c in codes])):
            for index, value in enumerate(given):
                if value in given[:index]:
                    raise Unsupported(f"the {kind} {value!r} is given twice", (*steps, "anyOf", index))
        return Table(name, _prose(schema), values, fold, codes)


RESERVED: Final = frozenset(
    {"additional_properties", "cls", "document", "from_dict", "from_form", "from_json", "from_xml", "known", "raw", "rest",
     "self", "value", "to_dict", "to_form", "to_json", "to_params", "to_xml", "xml", "field", "define", "missing", "wrong"}
)  # fmt: skip
"""Names that a generated class, or the code inside it, uses for itself."""

_KEYWORDS: Final = frozenset(
    {"$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "discriminator", "enum", "example",
     "examples", "format", "if", "items", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "not",
     "oneOf", "pattern", "properties", "required", "then", "title", "type", "xml"}
)  # fmt: skip
_EXTENSIONS: Final = frozenset(
    {"x-builders", "x-channels", "x-choice", "x-discriminator-path", "x-encoding", "x-falls-back",
     "x-file-types", "x-normalise", "x-sample", "x-source", "x-time", "x-void-beside", "x-wire"}
)  # fmt: skip
_CODE_FACTS: Final = frozenset({"temporary", "temporary-when", "stop-writing", "opted-out", "opted-in", "final"})


def _refuse_odd_forms(schema: Any, steps: tuple[Step, ...]) -> None:
    """JSON Schema's `true` and `false` for a schema, and the like: allowed, and of no use to a model."""
    if not isinstance(schema, Mapping):
        raise Unsupported("expected a schema with keywords", steps)
    for key in ("oneOf", "anyOf"):
        for index, branch in enumerate(schema.get(key, ())):
            _refuse_odd_forms(branch, (*steps, key, index))
    for name, inner in schema.get("properties", {}).items():
        _refuse_odd_forms(inner, (*steps, "properties", name))
    if "items" in schema:
        _refuse_odd_forms(schema["items"], (*steps, "items"))
    if "xml" in schema and not isinstance(schema["xml"], Mapping):
        raise Unsupported("expected an object", (*steps, "xml"))


def _refuse_unknown_keywords(schema: Schema, steps: tuple[Step, ...]) -> None:
    for key in schema:
        if key not in _KEYWORDS and key not in _EXTENSIONS:
            raise Unsupported(f"the keyword {key!r} is not one that the generator reads", steps)
    if "x-builders" in schema and "oneOf" not in schema:
        raise Unsupported("only a union can have builders", (*steps, "x-builders"))


def _is_table(schema: Schema) -> bool:
    return any("const" in branch for branch in schema.get("anyOf", ()))


def _models_in(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Model):
        yield shape.name
    elif isinstance(shape, ListOf):
        yield from _models_in(shape.item)


def _flag(schema: Schema, steps: tuple[Step, ...]) -> Boolean:
    wire = schema.get("x-wire")
    if not isinstance(wire, list) or len(wire) != 2 or not all(isinstance(text, str) for text in wire):
        raise Unsupported("x-normalise: boolean needs x-wire, the texts for false and for true", steps)
    accepted = {wire[0]: False, wire[1]: True}
    for value in schema.get("enum", ()):
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        accepted[text] = text in ("1", "true")
    return Boolean((wire[0], wire[1]), tuple(sorted(accepted.items())))


def _code(branch: Schema, base: type, steps: tuple[Step, ...]) -> CodeBranch:
    facts = branch.get("x-code")
    if not isinstance(facts, Mapping) or not {"temporary", "stop-writing", "opted-out"} <= set(facts):
        raise Unsupported("a code needs x-code with temporary, stop-writing and opted-out", steps)
    for key in facts:
        if key not in _CODE_FACTS:
            raise Unsupported(f"x-code does not know {key!r}", (*steps, "x-code"))
    for key in ("title", "description"):
        if not branch.get(key):
            raise Unsupported(f"a code needs a {key}", steps)
    if type(branch.get("const")) is not base:
        raise Unsupported(f"the const of this code must be {'an integer' if base is int else 'text'}", steps)
    return CodeBranch(branch["const"], branch["title"], _prose(branch), facts)


def _discriminator_path(schema: Schema, steps: tuple[Step, ...]) -> tuple[str, ...]:
    discriminator = schema.get("discriminator", {})
    if not isinstance(discriminator, Mapping):
        raise Unsupported("expected an object", (*steps, "discriminator"))
    path = schema.get("x-discriminator-path", [discriminator.get("propertyName")])
    if isinstance(path, list) and path and all(isinstance(key, str) for key in path):
        return tuple(path)
    raise Unsupported("a union needs a discriminator, or x-discriminator-path", steps)


def _text_of(value: Any, steps: tuple[Step, ...]) -> str:
    if not isinstance(value, str):
        raise Unsupported("only texts can be enumerated or constant here", steps)
    return value


def _prose(schema: Schema) -> str:
    return " ".join(str(schema.get("description", "")).split())
