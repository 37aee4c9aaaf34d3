"""Writes the Python source of models: a class for each record, a type and a reader for each union.

The code checks the plain case of each value inline and leaves the rest to the readers in `runtime/documents.py`, so
that a document that is as documented is read in one pass over its keys.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from openapi_python_client.strings import PythonIdentifier

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
    Union,
)


def module_name(name: str) -> str:
    """The module of the model, or the Python function-name form of it."""
    return str(PythonIdentifier(name, prefix="field_"))


def model(name: str, components: Components, *, raw: frozenset[str], xml: frozenset[str]) -> str:
    """The module of the model `name`. Models in `raw` keep what they were read from; those in `xml` travel as XML."""
    if name in components.unions:
        return _union(components.unions[name], components)
    return _record(components.records[name], components, keeps_raw=name in raw, travels_as_xml=name in xml)


def package(components: Components) -> str:
    """`models/__init__.py`: every model, and the table of readers by the name of the component."""
    lines = [docstring("The models, one module each. `FROM_DICT` finds the reader of a component schema by its name.")]
    lines += ["from collections.abc import Callable, Mapping", "from typing import Any, Final"]
    exported = ["FROM_DICT"]
    readers = []
    for name in components.models:
        lines.append(import_line(name, components))
        exported.append(name)
        if name in components.unions:
            exported += [f"{module_name(name)}_from_dict", f"{module_name(name)}_from_json"]
        readers.append(f"    {name!r}: {reader_of(name, components)},")
    lines += ["", "FROM_DICT: Final[Mapping[str, Callable[[Any], Any]]] = {", *readers, "}", ""]
    lines.append(f"__all__ = {sorted(exported)!r}")
    return "\n".join(lines) + "\n"


# ---- unions ----------------------------------------------------------------------------------------------------------


def _union(union: Union, components: Components) -> str:
    function = module_name(union.name)
    path = ", ".join(map(repr, union.path)) + ","
    where = ".".join(union.path)
    variants = "\n".join(f"    {value!r}: {member}.from_dict," for value, member in union.variants.items())
    known = ", ".join(union.variants)
    if union.fallback:
        otherwise = f"    return {union.fallback}.from_dict(document)"
        promise = f"Any other document becomes `{union.fallback}`, which keeps what it holds."
    else:
        otherwise = f"    raise InvalidDocument({f'expected one of {known}'!r}, ({path}))"
        promise = "Any other value there is an `InvalidDocument`."
    return f"""{docstring(f"`{union.name}`: {union.description}")}
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ..._runtime.encodings import decode_json
from ..._runtime.reading import read_object, value_at
from ..._runtime.invalid import InvalidDocument
{chr(10).join(import_line(member, components) for member in union.members)}

{union.name}: TypeAlias = {" | ".join(union.members)}
{docstring(union.description)}

_VARIANTS: Final[Mapping[str, Callable[[Any], {union.name}]]] = {{
{variants}
}}


def {function}_from_dict(document: Any) -> {union.name}:
    {docstring(f"Reads the variant that `{where}` names ({known}). {promise}", indent=4)}
    if document.__class__ is not dict:
        document = read_object(document)
    read = _VARIANTS.get(value_at(document, ({path})) or "")
    if read is not None:
        return read(document)
{otherwise}


def {function}_from_json(content: bytes | str) -> {union.name}:
    {docstring("Reads JSON in UTF-8; `InvalidDocument` when it is not JSON or not of this form.", indent=4)}
    return {function}_from_dict(decode_json(content))
"""


# ---- records ---------------------------------------------------------------------------------------------------------


def _record(record: Record, components: Components, *, keeps_raw: bool, travels_as_xml: bool) -> str:
    bases = ["FlatDocument"] if record.flat else []
    bases += ["XmlDocument"] if travels_as_xml else []
    fields = _ordered(record)
    keys = ", ".join(repr(field.key) for field in record.fields)
    extra = python_type(record.extra) if record.extra else "Any"
    body = [
        docstring(record.description, indent=4),
        "",
        *([f"    xml: ClassVar[Element] = xml_tables.{constant(record.name)}", ""] if travels_as_xml else []),
        *(line for field in fields for line in _attribute(field)),
        f"    additional_properties: dict[str, {extra}] = field(factory=dict)",
        f"    {docstring('What stands under keys that are not documented. It is kept and written again.', indent=4)}",
        *(_raw() if keeps_raw else []),
        "",
        *_from_dict(record, fields, components, keeps_raw=keeps_raw),
        "",
        *_to_dict(record),
        *(line for field in record.fields for line in _derived(field)),
    ]
    flags = [
        f"_{field.name.upper()}: Final = {dict(field.shape.accepted)!r}"
        for field in record.fields
        if isinstance(field.shape, Boolean) and field.shape.wire
    ]
    tables = sorted({field.shape.table for field in record.fields if isinstance(field.shape, Coded)})
    return "\n".join(
        [
            docstring(f"`{record.name}`: {record.description}"),
            "from __future__ import annotations",
            "from datetime import datetime",
            "from decimal import Decimal",
            "from typing import Any, ClassVar, Final, Literal, Self",
            "from attrs import define, field",
            _RUNTIME,
            "from .. import codes, xml_tables" if travels_as_xml else "from .. import codes",
            *(f"from ..codes import {table}" for table in tables),
            *(import_line(name, components) for name in components.uses(record.name)),
            "",
            f"_KEYS: Final = frozenset(({keys},))",
            *flags,
            "",
            "",
            "@define",
            f"class {record.name}({', '.join(bases) or 'Document'}):",
            "    " + "\n".join(body).lstrip(),
            "",
        ]
    )


_RUNTIME: Final = """\
from ..._runtime.documents import Document, FlatDocument, XmlDocument
from ..._runtime.reading import add_rest, missing, read_boolean, read_choice, read_decimal, read_flag, read_free_object
from ..._runtime.reading import read_integer, read_integer_text, read_list, read_nested, read_number, read_object
from ..._runtime.reading import read_scalar, read_string, read_text, read_text_list, read_time, read_whole_text, write_flag, wrong
from ..._runtime.unset import UNSET, Unset
from ..._runtime.xml import Element"""
"""What models may need; the formatter drops what one does not."""


def _ordered(record: Record) -> list[Field]:
    """Required fields, then constants, then optional ones: the order of the constructor's parameters."""
    return sorted(record.fields, key=lambda f: 2 if not f.required else 1 if isinstance(f.shape, Const) else 0)


def _attribute(field: Field) -> Iterator[str]:
    kind = python_type(field.shape)
    hidden = "repr=False" if field.secret else ""
    if field.required and isinstance(field.shape, Const):
        default = repr(field.shape.value)
    elif field.required:
        default = ""
    else:
        kind, default = f"{kind} | Unset", "UNSET"
    if hidden:
        default = f"field({', '.join(filter(None, [f'default={default}' if default else '', hidden]))})"
    yield f"    {field.name}: {kind}" + (f" = {default}" if default else "")
    yield f"    {docstring(field.description, indent=4)}"


def _raw() -> list[str]:
    return [
        "    raw: Any = field(default=None, eq=False, repr=False)",
        f"    {docstring('The document as it arrived, before anything was made of it; None for a model built here.', indent=4)}",
    ]


def python_type(shape: Shape) -> str:
    """The type of a value in a model, as Python writes it."""
    match shape:
        case Text():
            return "str"
        case Integer():
            return "int"
        case Number():
            return "float"
        case Boolean():
            return "bool"
        case Scalar():
            return "str | int | float | bool"
        case Const(value):
            return f"Literal[{value!r}]"
        case Choice(values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case Coded(table):
            return table
        case Model(name):
            return name
        case ListOf(item):
            return f"list[{python_type(item)}]"
        case FreeObject():
            return "dict[str, Any]"


def _from_dict(record: Record, fields: Iterable[Field], components: Components, *, keeps_raw: bool) -> Iterator[str]:
    required = sum(field.required for field in record.fields)
    yield "    @classmethod"
    yield "    def from_dict(cls, document: Any) -> Self:"
    yield f"        {docstring('Reads a decoded document; `InvalidDocument` tells where it is not of this form.', indent=8)}"
    yield "        if document.__class__ is not dict:"
    yield "            document = read_object(document)"
    yield f"        known = {required}"
    for field in record.fields:
        checks = list(_check(field, components))
        if field.required:
            yield f"        if {field.key!r} not in document:"
            yield f"            raise missing({field.key!r})"
            yield from (f"        {line}" for line in checks)
        else:
            yield f"        {field.name}: {python_type(field.shape)} | Unset = UNSET"
            yield f"        if {field.key!r} in document:"
            yield from (f"            {line}" for line in checks)
            yield "            known += 1"
    yield "        rest = {}"
    yield "        if len(document) != known:"
    yield "            rest = {key: value for key, value in document.items() if key not in _KEYS}"
    if record.extra:
        yield from (f"            {line}" for line in _check_rest(record.extra))
    values = [*(field.name for field in fields), "rest", *(["document"] if keeps_raw else [])]
    yield f"        return cls({', '.join(values)})"


def _check(field: Field, components: Components) -> Iterator[str]:
    """The lines that make the local variable of `field` of what stands in the document."""
    name, key = field.name, repr(field.key)
    value = f"document[{key}]"
    folded = isinstance(field.shape, Coded) and components.tables[field.shape.table].fold
    if plain := _plain(field.shape, components):
        python, reader = plain
        local = "value" if folded else name  # a variable of its own, which a type checker does not take for unset
        yield f"{local} = {value}"
        yield f"if {local}.__class__ is not {python}:"
        yield f"    {local} = {reader}({key}, {local})"
    match field.shape:
        case Coded(table) if folded:
            yield f"{name} = codes.{constant(table)}.fold(value)"
        case Const(text):
            yield f"{name} = {value}"
            yield f"if {name} != {text!r}:"
            yield f"    raise wrong({key}, {repr(text)!r}, {name})"
        case Boolean(wire) if wire:
            yield f"{name} = read_flag({key}, {value}, _{name.upper()})"
        case Choice(values):
            yield f"{name} = read_choice({key}, {value}, {values!r})"
        case Model(target):
            yield f"{name} = read_nested({key}, {reader_of(target, components)}, {value})"
        case ListOf(Model(target)):
            yield f"{name} = read_list({key}, {reader_of(target, components)}, {value})"
        case Number() | Boolean() | Scalar() | ListOf() | FreeObject():
            yield f"{name} = {_READERS[type(field.shape)]}({key}, {value})"


_READERS: Final = {
    Number: "read_number",
    Boolean: "read_boolean",
    Scalar: "read_scalar",
    ListOf: "read_text_list",
    FreeObject: "read_free_object",
}


def _plain(shape: Shape, components: Components) -> tuple[str, str] | None:
    """For text and integers: the class that needs no look, and the reader for everything else."""
    if isinstance(shape, Coded):
        shape = components.tables[shape.table].values
    match shape:
        case Text(numbers):
            return "str", {None: "read_string", "any": "read_text", "whole": "read_whole_text"}[numbers]
        case Integer(lenient):
            return "int", "read_integer_text" if lenient else "read_integer"
    return None


def _check_rest(shape: Shape) -> Iterator[str]:
    readers = {Text(): "read_string", Text("any"): "read_text", Scalar(): "read_scalar"}
    yield f"rest = {{key: {readers[shape]}(key, value) for key, value in rest.items()}}"


def _to_dict(record: Record) -> Iterator[str]:
    yield "    def to_dict(self) -> dict[str, Any]:"
    yield f"        {docstring('The document, with the keys that are set and those that were not documented.', indent=8)}"
    pairs = ", ".join(f"{field.key!r}: {_written(field)}" for field in record.fields if field.required)
    yield f"        document: dict[str, Any] = {{{pairs}}}"
    for field in record.fields:
        if not field.required:
            yield f"        if self.{field.name} is not UNSET:"
            yield f"            document[{field.key!r}] = {_written(field)}"
    yield "        if self.additional_properties:"
    yield "            add_rest(document, self.additional_properties, _KEYS)"
    yield "        return document"


def _written(field: Field) -> str:
    value = f"self.{field.name}"
    match field.shape:
        case Model():
            return f"{value}.to_dict()"
        case ListOf(Model()):
            return f"[item.to_dict() for item in {value}]"
        case Boolean(wire) if wire:
            return f"write_flag({field.key!r}, {value}, {wire!r})"
    return value


def _derived(field: Field) -> Iterator[str]:
    absent = "" if field.required else " | None"
    unless = "" if field.required else ", None when it is not set"
    if field.time:
        yield ""
        yield "    @property"
        yield f"    def {field.name}_utc(self) -> datetime{absent}:"
        text = f"`{field.name}` as an aware time in UTC{unless}; `InvalidDocument` when it is no such time."
        yield f"        {docstring(text, indent=8)}"
        yield f"        return read_time({field.key!r}, self.{field.name}, {field.time!r})"
    if field.decimal:
        yield ""
        yield "    @property"
        yield f"    def {field.name}_decimal(self) -> Decimal{absent}:"
        text = f"`{field.name}` as a `Decimal`{unless}; `InvalidDocument` when it is no decimal number."
        yield f"        {docstring(text, indent=8)}"
        yield f"        return read_decimal({field.key!r}, self.{field.name})"


# ---- small pieces ----------------------------------------------------------------------------------------------------


def constant(name: str) -> str:
    """The name of the constant made of a component's or a code's name."""
    return module_name(name).rstrip("_").upper()


def docstring(*paragraphs: str, indent: int = 0) -> str:
    """The paragraphs as a docstring, wrapped to the line length; the first line is not indented.

    A paragraph that begins with `name:` is an entry of a list and is indented once more where it wraps.
    """
    lines: list[str] = []
    for text in paragraphs:
        safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        entry = text.startswith("    ")
        if lines and not entry:
            lines.append("")
        lines += textwrap.wrap(safe, 113 - indent, subsequent_indent="        " if entry else "")
    if len(lines) <= 1 and not (lines and lines[0].endswith('"')):
        return f'"""{"".join(lines)}"""'
    pad = " " * indent
    return '"""' + "\n".join([lines[0], *(pad + line if line else "" for line in lines[1:])]) + f'\n{pad}"""'


def reader_of(name: str, components: Components) -> str:
    """The expression for what reads a document into the model `name`."""
    return f"{module_name(name)}_from_dict" if name in components.unions else f"{name}.from_dict"


def import_line(name: str, components: Components, *, package: str = ".") -> str:
    """The import of the model `name`, and of its readers when it is a union, from the models' `package`."""
    functions = ""
    if name in components.unions:
        functions = f", {module_name(name)}_from_dict, {module_name(name)}_from_json"
    return f"from {package}{module_name(name)} import {name}{functions}"
