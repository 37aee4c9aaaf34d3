"""Writes the Python source of code tables and of XML tables."""

from __future__ import annotations

from collections.abc import Iterator

from .components import Components
from .emit_models import constant, docstring
from .shapes import CodeBranch, Field, Integer, ListOf, Model, Record, Table, Unsupported


def codes(components: Components) -> str:
    """`codes.py`: for each table a type, a constant a code, and the table itself."""
    lines = [
        docstring("The code tables: for each a type, a constant for each code, and the table that explains the codes."),
        "from __future__ import annotations",
        "from typing import Final, Literal, TypeAlias",
        "from .._runtime.codes import Code, CodeTable",
        "",
    ]
    for table in components.tables.values():
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    base = "int" if isinstance(table.values, Integer) else "str"
    values = ", ".join(repr(code.value) for code in table.codes)
    yield f"{table.name}: TypeAlias = Literal[{values}] | {base}"
    yield docstring(f"{table.description} Open: other values may come.")
    yield ""
    for code in table.codes:
        yield f"{constant(table.name)}_{constant(code.name)}: Final = {code.value!r}"
        yield docstring(code.meaning)
    yield ""
    case = f", case={table.fold!r}" if table.fold else ""
    rows = ", ".join(_code(code) for code in table.codes)
    yield f"{constant(table.name)}: Final[CodeTable[{base}]] = CodeTable({table.name!r}, {rows}{case})"
    yield docstring(f"What each `{table.name}` means.")
    yield ""


def _code(code: CodeBranch) -> str:
    facts = "".join(
        f", {key.replace('-', '_')}={tuple(value) if isinstance(value, list) else value!r}"
        for key, value in code.facts.items()
        if value not in (False, []) or key == "final"
    )
    return f"Code({code.value!r}, {code.name!r}, {code.meaning!r}{facts})"


def xml_tables(components: Components, roots: frozenset[str]) -> str:
    """`xml_tables.py`: for each record that travels as XML, and those inside, the table that converts it."""
    lines = [
        docstring("How each model that travels as XML stands in it, from the specs' `xml` metadata."),
        "from __future__ import annotations",
        "from typing import Final",
        "from .._runtime.xml import Child, Element, Wrapper",
        "",
    ]
    for name in _inner_first(components, roots):
        lines.append(f"{constant(name)}: Final = {_element(components.records[name], components)}")
    return "\n".join(lines) + "\n"


def _inner_first(components: Components, roots: frozenset[str]) -> list[str]:
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for inner in components.uses(name):
            visit(inner)
        ordered[name] = None

    for name in sorted(roots):
        visit(name)
    return list(ordered)


def _element(record: Record, components: Components) -> str:
    attributes: dict[str, str] = {}
    carried: dict[str, dict[str, str]] = {}
    for field in record.fields:
        if field.xml.get("attribute"):
            on = field.xml.get("x-on")
            (carried.setdefault(on, {}) if on else attributes)[field.xml.get("name", field.key)] = field.key
    children = [_child(field, carried, components) for field in record.fields if not field.xml.get("attribute")]
    name = record.xml.get("name", record.name)
    return f"Element({name!r}, {attributes!r}, {{{', '.join(children)}}})"


def _child(field: Field, carried: dict[str, dict[str, str]], components: Components) -> str:
    name = field.xml.get("name", field.key)
    inner = field.shape.item if isinstance(field.shape, ListOf) else field.shape
    element = constant(inner.name) if isinstance(inner, Model) else None
    if not isinstance(field.shape, ListOf):
        return f"{name!r}: Child({field.key!r}, {element})"
    if not isinstance(inner, Model) or "name" not in components.records[inner.name].xml:
        raise Unsupported("the items of a list in XML need a component with an xml name", ("components", "schemas"))
    item = components.records[inner.name].xml["name"]
    if field.xml.get("wrapped"):
        return f"{name!r}: Wrapper({field.key!r}, {item!r}, {element}, {carried.get(name, {})!r})"
    return f"{item!r}: Child({field.key!r}, {element}, many=True)"
