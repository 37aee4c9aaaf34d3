"""A spec as the pages of the reference see it: its components, where links to them lead, and its choices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from codegen.documents import Step, load

from .choices import Choices, choices_of

Schema = Mapping[str, Any]
Path_ = tuple[Step, ...]
_REF: Final = "#/components/"


@frozen(eq=False)
class Spec:
    """An OpenAPI document."""

    name: str
    """As its file is named, without the ending."""
    document: Schema
    choices: Choices

    @property
    def title(self) -> str:
        """What it is about."""
        title: str = self.document["info"]["title"]
        return title

    def follow(self, node: Schema, path: Path_ = ()) -> tuple[Schema, Path_]:
        """The component that a node refers to, and its path; any other node itself. What stands beside `$ref` counts first."""
        while "$ref" in node:
            steps = node["$ref"].removeprefix("#/").split("/")
            found: Any = self.document
            for step in steps:
                found = found[step]
            node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
            path = tuple(steps)
        return node, path

    def components(self, kind: str) -> Iterator[tuple[str, Schema, Path_]]:
        """The components of a kind, such as `schemas`, with their names and paths."""
        for name, node in self.document.get("components", {}).get(kind, {}).items():
            yield name, node, ("components", kind, name)

    def anchor(self, name: str) -> str:
        """Where a link to a component or an operation leads, on whichever page it is."""
        return re.sub(r"[^a-z0-9]+", "-", f"http-{self.name}-{name}".lower())

    def link(self, name: str) -> str:
        """A link to the component of this name."""
        return f"[`{name}`](#{self.anchor(name)})"

    def chosen(self, node: Schema, *paths: Path_) -> list[str]:
        """What was chosen about a node: by its key `x-choice`, and by comments at its paths."""
        return [
            *([node["x-choice"]] if "x-choice" in node else []),
            *(s for p in paths for s in self.choices.get(p, ())),
        ]


def read(file: Path) -> Spec:
    """A hand-written spec."""
    return Spec(file.stem, load(file), choices_of(file))


def read_json(file: Path, name: str) -> Spec:
    """A document without comments."""
    return Spec(name, json.loads(file.read_bytes()), {})


def referred(node: Schema) -> str | None:
    """The name of the schema that a node refers to; None when it is one itself."""
    ref: str = node.get("$ref", "")
    return ref.removeprefix(f"{_REF}schemas/") if ref else None


def is_table(schema: Schema) -> bool:
    """Whether a schema is a code table."""
    return any("const" in branch for branch in schema.get("anyOf", ()))


def stands_alone(schema: Schema) -> bool:
    """Whether a schema has a section of its own; what is told in a line is told wherever it is used."""
    return is_table(schema) or "oneOf" in schema or "properties" in schema or schema.get("type") == "object"


def described(spec: Spec, node: Schema) -> str:
    """What a value is for: in the words of the place, then in those of the component that it refers to."""
    own, told = (
        node.get("description", ""),
        spec.follow({"$ref": node["$ref"]})[0].get("description", "") if "$ref" in node else "",
    )
    return " ".join(dict.fromkeys(filter(None, (own, "" if stands_alone(spec.follow(node)[0]) and own else told))))


def witness(spec: Spec, node: Schema, *paths: Path_, indent: str = "") -> list[str]:
    """Where a rule comes from, and what was chosen about it, as lines of Markdown."""
    lines = []
    if "x-source" in node:
        lines += ["", "{.source}", f"Source: {node['x-source']}"]
    for said in spec.chosen(node, *paths):
        lines += ["", "{.choice}", f"**Choice:** {said}"]
    return [f"{indent}{line}".rstrip() for line in lines]
