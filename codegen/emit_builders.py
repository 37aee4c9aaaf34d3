"""Writes the Python source of builders: functions with flat keywords that make the documents of a union.

A union with `x-builders` is read as messages: each branch is a channel, and holds addresses, one body, and values of
its own. An address is a constant and one text. A body is its content, which is a record or a union of them, and records
of options. Content is a constant, which names the function, and one property that says what is sent. Whatever is not
of this form is refused: a builder that left something out would send another message than the one that was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from .components import Components
from .documents import Step
from .emit_models import docstring, import_line, module_name, python_type
from .shapes import Coded, Const, Field, ListOf, Model, Record, Schema, Text, Union, Unsupported


@frozen
class Parameter:
    """One parameter of a builder."""

    name: str
    kind: str
    required: bool
    description: str
    positional: bool = False

    @property
    def declared(self) -> str:
        return f"{self.name}: {self.kind}" if self.required else f"{self.name}: {self.kind} | Unset = UNSET"


@frozen
class Made:
    """A part of a document: the expression that makes it, what the expression takes, and the models that it calls."""

    expression: str
    parameters: tuple[Parameter, ...]
    models: tuple[str, ...] = ()


@frozen
class Body:
    """What a branch holds beside addresses: content of one of several kinds, and options."""

    record: Record
    content: Field
    contents: tuple[Record, ...]
    options: tuple[tuple[Field, Record], ...]


@frozen
class Rule:
    """Beside content of this kind, the named properties of the options are required."""

    kind: str
    options: str
    required: tuple[str, ...]


def builders(union: Union, components: Components) -> dict[str, str]:
    """The modules of the package, by name: `__init__`, and one for each branch of `union`."""
    if union.fallback:
        raise Unsupported(f"no builder can be made of {union.fallback}, which takes any document", _steps(union.name))
    suffix = "".join(word.capitalize() for word in str(union.builders).split("_"))
    modules: dict[str, str] = {}
    for index, branch in enumerate(union.members):
        name = module_name(branch.removesuffix(suffix))
        if branch in (suffix, branch.removesuffix(suffix)) or name in modules:
            reason = f"a branch with builders needs a name of its own that ends with {suffix}"
            raise Unsupported(reason, (*_steps(union.name), "oneOf", index))
        modules[name] = _Channel(components.records[branch], components).module()
    told = docstring(
        f"Builders of `{union.name}`: a module for each channel, and in it a function for each content.",
        "They take flat what the spec leaves open, and return the model. Type checkers see what is missing or of a "
        "wrong type; lengths and patterns are not checked.",
    )
    package = f"{told}\nfrom . import {', '.join(sorted(modules))}\n\n__all__ = {sorted(modules)!r}\n"
    return {"__init__": package, **modules}


class _Channel:
    """The builders of one branch."""

    def __init__(self, branch: Record, components: Components) -> None:
        self._branch, self._components = branch, components
        self._addresses: dict[str, Made] = {}
        self._others: dict[str, Made] = {}
        bodies: list[tuple[Field, Record]] = []
        for field in branch.fields:
            inner = self._record_of(field)
            if inner is None:
                self._others |= {each.name: Made(each.name, (_parameter(each),)) for each in _open([field], branch)}
            elif not field.required:
                raise Unsupported("beside builders, addresses and bodies are required", _steps(branch.name, field))
            elif address := _address(field, inner):
                self._addresses[field.name] = address
            else:
                bodies.append((field, inner))
        if len(bodies) != 1:
            raise Unsupported("a branch with builders needs one body beside its addresses", _steps(branch.name))
        self._place = bodies[0][0].name
        self._body = self._read_body(bodies[0][1])
        self._rule = self._read_rule()

    def module(self) -> str:
        """The module of the branch."""
        functions: dict[str, str] = {}
        models: set[str] = set()
        for content in self._body.contents:
            _, kind = _constant_of(content)
            name = module_name(kind)
            if name in functions:
                raise Unsupported(f"the Python name {name!r} is taken", _steps(content.name))
            made = self._message(kind, content)
            models.update(made.models)
            functions[name] = self._function(name, made, content)
        fields = [field for model in models for field in self._components.records[model].fields]
        codes = sorted({field.shape.table for field in fields if isinstance(field.shape, Coded)})
        return "\n".join(
            [
                docstring(f"Builders of `{self._branch.name}`: {self._branch.description}"),
                "from __future__ import annotations",
                "from typing import Any, Literal",
                "from ..._runtime.unset import UNSET, Unset",
                *(f"from ..codes import {table}" for table in codes),
                *(import_line(model, self._components, package="..models.") for model in sorted(models)),
                *functions.values(),
                "",
            ]
        )

    def _function(self, name: str, made: Made, content: Record) -> str:
        names = [each.name for each in made.parameters]
        for each in names:
            if names.count(each) > 1:
                reason = f"two parameters of the builder {name!r} of {self._branch.name} are called {each!r}"
                raise Unsupported(reason, _steps(content.name))
        first = [each for each in made.parameters if each.positional]
        rest = sorted((each for each in made.parameters if not each.positional), key=lambda each: not each.required)
        signature = [*(each.declared for each in first), "*", *(each.declared for each in rest)]
        source = self._schema(content).get("x-source")
        if not isinstance(source, str):
            raise Unsupported("content with a builder needs x-source", _steps(content.name))
        told = docstring(
            content.description,
            "Args:",
            *(f"    {each.name}: {each.description}" for each in (*first, *rest)),
            "Returns the model, ready to be sent.",
            f"Source: {source}",
            indent=4,
        )
        head = f"def {name}({', '.join(signature)}) -> {self._branch.name}:"
        return f"\n\n{head}\n    {told}\n    return {made.expression}"

    def _message(self, kind: str, content: Record) -> Made:
        """The whole document with this content."""
        inside = {self._body.content.name: self._content(content)}
        inside |= {field.name: self._options(field, record, kind) for field, record in self._body.options}
        body = _joined(self._body.record.name, inside, inside.values())
        parts = {**self._addresses, self._place: body, **self._others}
        return _joined(self._branch.name, parts, [*self._addresses.values(), body, *self._others.values()])

    def _content(self, content: Record) -> Made:
        """What is sent: the one value beside the constant, or what that value holds."""
        fields = [field for field in content.fields if not _is_constant(field)]
        if len(fields) != 1 or not fields[0].required:
            raise Unsupported("content has one property beside its constant, a required one", _steps(content.name))
        (field,) = fields
        inner = self._record_of(field)
        if inner is None:
            parameters = tuple(evolve(_parameter(each), positional=True) for each in _open(fields, content))
            return Made(_call(content.name, {field.name: field.name}), parameters, (content.name,))
        types = self._file_types(content, field)
        parameters = tuple(
            evolve(_parameter(each), positional=each.required, description=self._about(inner, each, types))
            for each in _open(inner.fields, inner)
        )
        value = _call(inner.name, {each.name: each.name for each in parameters})
        return Made(_call(content.name, {field.name: value}), parameters, (content.name, inner.name))

    def _file_types(self, content: Record, field: Field) -> str:
        types = self._schema(content)["properties"][field.key].get("x-file-types", [])
        if not isinstance(types, list) or not all(isinstance(each, str) for each in types):
            raise Unsupported("x-file-types is a list of texts", (*_steps(content.name, field), "x-file-types"))
        return f" Types of file: {', '.join(types)}." if types else ""

    def _about(self, record: Record, field: Field, types: str) -> str:
        """The field's description, with the types of file where it is a link."""
        schema = self._components.resolve(self._schema(record)["properties"][field.key])[1]
        return field.description + (types if schema.get("format") == "uri" else "")

    def _options(self, field: Field, record: Record, kind: str) -> Made:
        """The options, left out when none is set, unless this kind of content requires some."""
        rule = self._rule
        required = rule.required if rule and (rule.kind, rule.options) == (kind, field.key) else ()
        parameters = tuple(
            evolve(_parameter(each), required=each.key in required) for each in _open(record.fields, record)
        )
        expression = _call(record.name, {each.name: each.name for each in parameters})
        if not required:
            some_set = " or ".join(f"{each.name} is not UNSET" for each in parameters)
            expression = f"{expression} if {some_set} else UNSET"
        return Made(expression, parameters, (record.name,))

    def _read_body(self, body: Record) -> Body:
        required = [field for field in body.fields if field.required]
        if len(required) != 1 or not isinstance(required[0].shape, Model):
            raise Unsupported("a body needs one required property, its content, a component", _steps(body.name))
        name = required[0].shape.name
        union = self._components.unions.get(name)
        if union and union.fallback:
            raise Unsupported(f"no builder can be made of {union.fallback}, which takes any content", _steps(name))
        contents = tuple(self._components.records[each] for each in (union.members if union else (name,)))
        options = []
        for field in body.fields:
            if not field.required:
                record = self._record_of(field)
                if record is None or any(each.required for each in record.fields):
                    reason = "options are a component without required properties"
                    raise Unsupported(reason, _steps(body.name, field))
                options.append((field, record))
        return Body(body, required[0], contents, tuple(options))

    def _read_rule(self) -> Rule | None:
        """The body's `if` and `then`, which must be of the one form that a required parameter can tell."""
        schema = self._schema(self._body.record)
        if not {"allOf", "if", "then"} & set(schema):
            return None
        for content in self._body.contents:
            key, kind = _constant_of(content)
            condition = _asks({self._body.content.key: _asks({key: {"const": kind}})})
            for field, record in self._body.options:
                required = [each.key for each in record.fields if _requires(schema.get("then"), field.key, each.key)]
                consequence = _asks({field.key: _asks({each: {} for each in required})})
                told = (schema.get("if"), schema.get("then"), "allOf" in schema)
                if required and told == (condition, consequence, False):
                    return Rule(kind, field.key, tuple(required))
        reason = "beside builders, a rule says for one kind of content which properties of the options it requires"
        raise Unsupported(reason, (*_steps(self._body.record.name), "if" if "if" in schema else "allOf"))

    def _record_of(self, field: Field) -> Record | None:
        return self._components.records.get(field.shape.name) if isinstance(field.shape, Model) else None

    def _schema(self, record: Record) -> Schema:
        return self._components.resolve({"$ref": f"#/components/schemas/{record.name}"})[1]


# ---- small pieces ----------------------------------------------------------------------------------------------------


def _address(field: Field, record: Record) -> Made | None:
    """The address that `field` holds, as one parameter that is called like the field; None when it holds none."""
    own = [each for each in record.fields if not _is_constant(each)]
    if len(own) != 1 or len(own) == len(record.fields) or not own[0].required or own[0].shape != Text():
        return None
    told = f"{field.description} {own[0].description}"
    parameter = evolve(_parameter(own[0]), name=field.name, description=told)
    return Made(_call(record.name, {own[0].name: field.name}), (parameter,), (record.name,))


def _open(fields: Iterable[Field], record: Record) -> list[Field]:
    """Those of the record's `fields` that a caller sets; each must have a flat form."""
    for field in fields:
        if isinstance(field.shape.item if isinstance(field.shape, ListOf) else field.shape, Model):
            raise Unsupported("an object at this place has no flat form for a builder", _steps(record.name, field))
    return [field for field in fields if not _is_constant(field)]


def _is_constant(field: Field) -> bool:
    """Whether the model sets the field by itself."""
    return field.required and isinstance(field.shape, Const)


def _constant_of(content: Record) -> tuple[str, str]:
    """The key and the value of the content's constant, which names the builder."""
    found = [(each.key, each.shape.value) for each in content.fields if each.required and isinstance(each.shape, Const)]
    if len(found) != 1:
        raise Unsupported("content needs one constant, which names its builder", _steps(content.name))
    return found[0]


def _parameter(field: Field) -> Parameter:
    return Parameter(field.name, python_type(field.shape), field.required, field.description)


def _joined(name: str, arguments: Mapping[str, Made], parts: Iterable[Made]) -> Made:
    """The call of the model `name`, with everything its parts need, in the order of `parts`."""
    parts = list(parts)
    return Made(
        _call(name, {key: part.expression for key, part in arguments.items()}),
        tuple(parameter for part in parts for parameter in part.parameters),
        (name, *(model for part in parts for model in part.models)),
    )


def _call(name: str, arguments: Mapping[str, str]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"


def _asks(properties: Mapping[str, Schema]) -> Schema:
    """The schema that asks for these properties, as rules write it."""
    return {"required": list(properties), "properties": dict(properties)}


def _requires(schema: object, *path: str) -> bool:
    """Whether the schema requires each property on the path."""
    for key in path:
        if not isinstance(schema, Mapping) or key not in schema.get("required", ()):
            return False
        schema = schema.get("properties", {}).get(key)
    return True


def _steps(name: str, field: Field | None = None) -> tuple[Step, ...]:
    return ("components", "schemas", name, *(("properties", field.key) if field else ()))
