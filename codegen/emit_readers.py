"""Writes the Python source of what reads a document into a model: the method `_read` of each record.

It is written for speed, because a receiver reads every event with it. Attributes are set one by one, since going through the
constructor takes half as long again. The plain case of each value is checked in place, and everything else is left to the
readers in `runtime/reading.py`. Where events are read, the records inside are read in place as well, not by a call each.

Beside the model a reader tells how many quotation marks the document has in JSON, see `runtime/encodings.py`: four for a key
and a text, fewer for a value that is no text, and never more than there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from . import emit_models
from .components import Components
from .shapes import (
    Boolean,
    Choice,
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
    Shape,
    Text,
    Unsupported,
)


def inlined(record: Record, components: Components) -> tuple[str, ...]:
    """The records inside `record` that are read in place, each once: all but those behind a union or a list."""
    found: dict[str, None] = {}

    def visit(inner: Record, above: tuple[str, ...]) -> None:
        for field in inner.fields:
            if isinstance(field.shape, Model) and field.shape.name in components.records:
                if field.shape.name in above:
                    raise Unsupported("an event has a component inside itself", ("components", "schemas", inner.name))
                found[field.shape.name] = None
                visit(components.records[field.shape.name], (*above, field.shape.name))

    visit(record, (record.name,))
    return tuple(found)


def imports(record: Record, inlined: Iterable[str], components: Components) -> Iterator[str]:
    """What a reader needs from other modules, beside the models that `record` refers to."""
    read = [components.records[name] for name in inlined]
    for name in dict.fromkeys(name for each in (record, *read) for name in components.uses(each.name)):
        if name in components.unions:
            yield f"from . import {emit_models.module_name(name)}"
        elif name in inlined:
            module = emit_models.module_name(name)
            yield f"from .{module} import _KEYS as _{emit_models.constant(name)}_KEYS, {name}"


def constants(record: Record, inlined: Iterable[str], components: Components) -> Iterator[str]:
    """What a reader looks up: the known codes of tables that fold case, and what the texts of booleans mean."""
    fields = [field for name in (record.name, *inlined) for field in components.records[name].fields]
    for table in dict.fromkeys(field.shape.table for field in fields if isinstance(field.shape, Coded)):
        if components.tables[table].fold:
            name = emit_models.constant(table)
            yield f"_{name}: Final = frozenset(codes.{name})"
    for field in fields:
        if isinstance(field.shape, Boolean) and field.shape.wire:
            yield f"_{field.name.upper()}: Final = {dict(field.shape.accepted)!r}"


def reader(
    record: Record, fields: Iterable[Field], components: Components, inlined: Iterable[str], *, keeps_raw: bool
) -> Iterator[str]:
    """The method; records among `inlined` are read in place."""
    yield "    @classmethod"
    yield "    def _read(cls, document: Any) -> tuple[Self, int]:"
    yield "        marks = 0"
    writing = _Writing(components, frozenset(inlined))
    yield from _indented(8, writing.record(record, fields, "", "cls", "_KEYS"))
    if keeps_raw:
        yield "        made.raw = document"
    yield "        return made, marks"


class _Writing:
    """Writes the lines that read one record, and those inside it."""

    def __init__(self, components: Components, inlined: frozenset[str]) -> None:
        self._components = components
        self._inlined = inlined

    def record(self, record: Record, fields: Iterable[Field], prefix: str, kind: str, keys: str) -> Iterator[str]:
        """Makes `made` of `document`, both with `prefix`, and adds to `marks`."""
        required = [field for field in fields if field.required]
        optional = [field for field in fields if not field.required]
        document, made, known = f"{prefix}document", f"{prefix}made", f"{prefix}known"
        yield f"if {document}.__class__ is not dict:"
        yield f"    {document} = read_object({document})"
        yield f"{made} = blank({kind})"
        if required:
            yield "try:"
            for field in required:
                yield from _indented(4, self._field(field, prefix))
            yield "except KeyError as error:"
            yield "    raise missing(error.args[0]) from None"
        yield f"{known} = {len(required)}"
        usual, rare = (optional[:USUAL], optional[USUAL:]) if len(optional) > USUAL + 2 else (optional, [])
        yield from self._optional(usual, prefix)
        if rare:
            yield f"if len({document}) == {known}:"
            yield f"    {' = '.join(f'{made}.{field.name}' for field in rare)} = UNSET"
            yield "else:"
            yield from _indented(4, self._optional(rare, prefix))
        no_texts = sum(not self._is_text(field.shape) for field in required)
        yield f"marks += {QUOTED} * {known}" + (f" - {2 * no_texts}" if no_texts else "")
        yield f"if len({document}) != {known}:"
        yield f"    {prefix}rest = {{key: value for key, value in {document}.items() if key not in {keys}}}"
        yield f"    marks += marks_of({prefix}rest)"
        if record.extra:
            yield from _indented(4, _check_rest(record.extra, f"{prefix}rest"))
        yield f"    {made}.additional_properties = {prefix}rest"

    def _optional(self, fields: Iterable[Field], prefix: str) -> Iterator[str]:
        """Sets what is there, and says of everything else that it is not."""
        for field in fields:
            yield f"if {field.key!r} in {prefix}document:"
            yield from _indented(4, self._field(field, prefix))
            yield f"    {prefix}known += 1"
            yield "else:"
            yield f"    {prefix}made.{field.name} = UNSET"

    def _field(self, field: Field, prefix: str) -> Iterator[str]:
        """Sets the attribute of `field` to what stands in the document."""
        place, key = f"{prefix}made.{field.name}", repr(field.key)
        value = f"{prefix}document[{key}]"
        folded = isinstance(field.shape, Coded) and self._components.tables[field.shape.table].fold
        if plain := self._plain(field.shape):
            python, read = plain
            yield f"value = {value}" if folded else f"{place} = value = {value}"
            yield f"if value.__class__ is not {python}:"
            yield f"    {'value' if folded else place} = {read}({key}, value)"
            if python == "str":
                yield "    marks -= 2"
        match field.shape:
            case Coded(table) if folded:
                codes = emit_models.constant(table)
                yield f"{place} = value if value in _{codes} else codes.{codes}.fold(value)"
            case Const(text):
                yield f"{place} = value = {value}"
                yield f"if value != {text!r}:"
                yield f"    raise wrong({key}, {repr(text)!r}, value)"
            case Choice(values):
                yield f"{place} = read_choice({key}, {value}, {values!r})"
            case Boolean(wire) if wire:
                yield f"{place} = read_flag({key}, {value}, _{field.name.upper()})"
            case Model(target):
                yield from self._inner(field, target, prefix)
            case ListOf(Model(target)):
                yield f"{place} = read_list({key}, {emit_models.reader_of(target, self._components)}, {value})"
            case Number() | Boolean() | Scalar() | ListOf() | FreeObject():
                yield f"{place} = {_READERS[type(field.shape)]}({key}, {value})"
        if not field.required and not self._is_text(field.shape):
            yield "marks -= 2"

    def _inner(self, field: Field, target: str, prefix: str) -> Iterator[str]:
        """A record or a union inside: read in place, or by a call."""
        place, key = f"{prefix}made.{field.name}", repr(field.key)
        value = f"{prefix}document[{key}]"
        if target in self._inlined:
            inner = f"{prefix}{field.name.rstrip('_')}_"
            record = self._components.records[target]
            yield f"{inner}document = {value}"
            yield "try:"
            keys = f"_{emit_models.constant(target)}_KEYS"
            yield from _indented(4, self.record(record, emit_models.ordered(record), inner, target, keys))
            yield "except InvalidDocument as broken:"
            yield f"    raise broken.below({key}) from None"
            yield f"{place} = {inner}made"
        else:
            module = f"{emit_models.module_name(target)}." if target in self._components.unions else f"{target}."
            yield "try:"
            yield f"    {place}, inner = {module}_read({value})"
            yield "except InvalidDocument as broken:"
            yield f"    raise broken.below({key}) from None"
            yield "marks += inner"

    def _plain(self, shape: Shape) -> tuple[str, str] | None:
        """For text and integers: the class that needs no look, and the reader for everything else."""
        match self._base(shape):
            case Text(numbers):
                return "str", {None: "read_string", "any": "read_text", "whole": "read_whole_text"}[numbers]
            case Integer(lenient):
                return "int", "read_integer_text" if lenient else "read_integer"
        return None

    def _is_text(self, shape: Shape) -> bool:
        """Whether a value is text in JSON, unless it came as something else."""
        return isinstance(self._base(shape), Text | Const)

    def _base(self, shape: Shape) -> Shape:
        return self._components.tables[shape.table].values if isinstance(shape, Coded) else shape


def _check_rest(shape: Shape, rest: str) -> Iterator[str]:
    readers = {Text(): "read_string", Text("any"): "read_text", Scalar(): "read_scalar"}
    yield f"{rest} = {{key: {readers[shape]}(key, value) for key, value in {rest}.items()}}"


def _indented(spaces: int, lines: Iterable[str]) -> Iterator[str]:
    return (f"{' ' * spaces}{line}" for line in lines)


QUOTED: Final = 4
"""How many quotation marks JSON has around a key and a text."""

USUAL: Final = 8
"""How many optional properties are looked for before asking whether there are any more."""

_READERS: Final = {
    Number: "read_number",
    Boolean: "read_boolean",
    Scalar: "read_scalar",
    ListOf: "read_text_list",
    FreeObject: "read_free_object",
}
