"""What the emitters know of a spec's component schemas: records, unions, code tables, and the shapes of their values.

A model checks kinds (text, integer, object, which variant), because code relies on them; bounds and patterns are for
validators. `components` makes these of the schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from .documents import Step

Schema = Mapping[str, Any]


class Unsupported(Exception):
    """A schema that no model can be made of; `steps` leads to it."""

    def __init__(self, reason: str, steps: tuple[Step, ...]) -> None:
        self.reason, self.steps = reason, steps
        super().__init__(reason)


# ---- shapes of values ------------------------------------------------------------------------------------------------


@frozen
class Text:
    """Text; `numbers` when some come as well and become text: any number, or whole ones only."""

    numbers: Literal["any", "whole"] | None = None


@frozen
class Integer:
    """An integer; `lenient` when decimal text comes as well and becomes an integer."""

    lenient: bool = False


@frozen
class Number:
    """A number."""


@frozen
class Boolean:
    """True or false; with `wire` (false, true) it is written as one of two texts."""

    wire: tuple[str, str] | None = None
    accepted: tuple[tuple[str, bool], ...] = ()


@frozen
class Scalar:
    """Text, a number or a boolean, kept as it is."""


@frozen
class Const:
    """One value and no other."""

    value: str


@frozen
class Choice:
    """One of a closed list of texts."""

    values: tuple[str, ...]


@frozen
class Coded:
    """A code of the open table `table`."""

    table: str


@frozen
class Model:
    """A record or a union of the same spec."""

    name: str


@frozen
class ListOf:
    """A list."""

    item: Shape


@frozen
class FreeObject:
    """An object with any content."""


Shape = Text | Integer | Number | Boolean | Scalar | Const | Choice | Coded | Model | ListOf | FreeObject


# ---- components ------------------------------------------------------------------------------------------------------


@frozen
class Field:
    """One property of a record."""

    key: str
    name: str
    shape: Shape
    required: bool
    description: str
    secret: bool = False
    time: str | None = None
    decimal: bool = False
    void_beside: Mapping[str, list[str]] = field(factory=dict)
    """Values of other properties, by their keys, beside which this one has no meaning."""
    xml: Schema = field(factory=dict)


@frozen
class Record:
    """An object schema with named properties; becomes a class."""

    name: str
    description: str
    fields: tuple[Field, ...]
    extra: Shape | None
    """The shape of values under keys that are not named; None: anything."""
    flat: bool
    xml: Schema = field(factory=dict)


@frozen
class Union:
    """A `oneOf`: `path` leads to the text that chooses among `variants`; anything else is `fallback`, if there is one."""

    name: str
    description: str
    path: tuple[str, ...]
    variants: Mapping[str, str]
    fallback: str | None
    builders: str | None = None
    """The package of functions that build the variants, if there is to be one."""

    @property
    def members(self) -> tuple[str, ...]:
        return (*self.variants.values(), *([self.fallback] if self.fallback else []))


@frozen
class CodeBranch:
    """One row of a code table."""

    value: str | int
    name: str
    meaning: str
    facts: Schema


@frozen
class Table:
    """An annotated, open enumeration."""

    name: str
    description: str
    values: Text | Integer
    """The shape of a code."""
    fold: str | None
    codes: tuple[CodeBranch, ...]
