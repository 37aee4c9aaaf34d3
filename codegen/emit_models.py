"""Writes the Python source of models: a class for each record, a type and a reader for each union.

The code checks the plain case of each value inline and leaves the rest to the readers in `runtime/documents.py`, so
that a document that is as documented is read in one pass over its keys.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from openapi_python_client.strings import PythonIdentifier

from . import emit_readers
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
    Table,
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
    place = "document" + "".join(f"[{key!r}]" for key in union.path)
    where = ".".join(union.path)
    variants = "\n".join(f"    {value!r}: {member}._read," for value, member in union.variants.items())
    known = ", ".join(union.variants)
    if union.fallback:
        otherwise = f"        return {union.fallback}._read(document)"
        promise = f"Any other document becomes `{union.fallback}`, which keeps what it holds."
    else:
        otherwise = f"        raise InvalidDocument({f'expected one of {known}'!r}, ({path}))"
        promise = "Any other value there is an `InvalidDocument`."
    return f"""{docstring(f"`{union.name}`: {union.description}")}
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ..._runtime.encodings import read_json
from ..._runtime.reading import read_object
from ..._runtime.invalid import InvalidDocument
{chr(10).join(import_line(member, components) for member in union.members)}

{union.name}: TypeAlias = {" | ".join(union.members)}
{docstring(union.description)}

_VARIANTS: Final[Mapping[str, Callable[[Any], tuple[{union.name}, int]]]] = {{
{variants}
}}


def {function}_from_dict(document: Any) -> {union.name}:
    {docstring(f"Reads the variant that `{where}` names ({known}). {promise}", indent=4)}
    return _read(document)[0]


def {function}_from_json(content: bytes | str) -> {union.name}:
    {docstring("Reads JSON in UTF-8; `InvalidDocument` when it is not JSON or not of this form.", indent=4)}
    return read_json(_read, content)


def _read(document: Any) -> tuple[{union.name}, int]:
    if document.__class__ is not dict:
        document = read_object(document)
    try:
        read = _VARIANTS[{place}]
    except (KeyError, TypeError):  # it is not there, or no text
{otherwise}
    return read(document)
"""


# ---- records ---------------------------------------------------------------------------------------------------------


def _record(record: Record, components: Components, *, keeps_raw: bool, travels_as_xml: bool) -> str:
    bases = ["FlatDocument"] if record.flat else []
    bases += ["XmlDocument"] if travels_as_xml else []
    fields = ordered(record)
    inlined = emit_readers.inlined(record, components) if keeps_raw else ()
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
        *emit_readers.reader(record, fields, components, inlined, keeps_raw=keeps_raw),
        "",
        *_to_dict(record),
        *(line for field in record.fields for line in _derived(field, record, components)),
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
            *emit_readers.imports(record, inlined, components),
            "",
            f"_KEYS: Final = frozenset(({keys},))",
            *emit_readers.constants(record, inlined, components),
            "",
            "",
            "@define",
            f"class {record.name}({', '.join(bases) or 'Document'}):",
            "    " + "\n".join(body).lstrip(),
            "",
        ]
    )


_RUNTIME: Final = """\
from ..._runtime.codes import Code
from ..._runtime.documents import Document, FlatDocument, XmlDocument
from ..._runtime.encodings import marks_of
from ..._runtime.invalid import InvalidDocument
from ..._runtime.reading import add_rest, blank, missing, read_boolean, read_choice, read_decimal, read_flag
from ..._runtime.reading import read_free_object, read_integer, read_integer_text, read_list, read_number, read_object
from ..._runtime.reading import read_scalar, read_string, read_text, read_text_list, read_time, read_whole_text
from ..._runtime.reading import write_flag, wrong
from ..._runtime.unset import UNSET, Unset
from ..._runtime.xml import Element"""
"""What models may need; the formatter drops what one does not."""


def ordered(record: Record) -> list[Field]:
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


def _derived(field: Field, record: Record, components: Components) -> Iterator[str]:
    absent = "" if field.required else " | None"
    unless = "" if field.required else ", None when it is not set"
    if isinstance(field.shape, Coded):
        yield from _meaning(field, components.tables[field.shape.table], record)
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


def _meaning(field: Field, table: Table, record: Record) -> Iterator[str]:
    """What the table of a code says of it."""
    conditions, reasons = [], []
    if not field.required:
        conditions.append(f"self.{field.name} is UNSET")
        reasons.append("when it is not set")
    for other in record.fields:
        if values := field.void_beside.get(other.key):
            conditions.append(f"self.{other.name} in {tuple(values)!r}")
            reasons.append(f"beside the `{other.name}` {' or '.join(values)}, where it has no meaning")
    kind = f"Code[{python_type(table.values)}]" + (" | None" if conditions else "")
    text = f"What `{field.name}` means" + (f"; None {', and '.join(reasons)}." if reasons else ".")
    yield ""
    yield "    @property"
    yield f"    def {field.name}_meaning(self) -> {kind}:"
    yield f"        {docstring(text, indent=8)}"
    if conditions:
        yield f"        if {' or '.join(conditions)}:"
        yield "            return None"
    yield f"        return codes.{constant(table.name)}.explain(self.{field.name})"


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
