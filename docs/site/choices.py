"""Finds the choices in a spec: where sources are silent, a comment `x-choice: …` in the YAML says what was decided, and why.

A comment stands beside the keys that it is about, at their indentation. It belongs to the mapping of the key that follows at
that indentation, else of the key before it, else to the last thing above it that is indented less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from attrs import frozen

from codegen.documents import Step

_MARK: Final = re.compile(r"^( *)# x-choice: (.*)$")
_MORE: Final = re.compile(r"^( *)# (.*)$")

Choices = dict[tuple[Step, ...], list[str]]
"""What was chosen, by the path of what it is about."""


@frozen
class _Key:
    """A key of a mapping, and where it stands."""

    line: int
    column: int
    path: tuple[Step, ...]


def choices_of(file: Path) -> Choices:
    """The choices that the comments of a spec tell of."""
    text = file.read_text("utf-8")
    seen: dict[int, list[tuple[Step, ...]]] = {}
    found_keys = _keys(yaml.compose(text, yaml.CSafeLoader), (), seen)
    keys = sorted(found_keys, key=lambda key: (key.line, key.column))
    found: Choices = {}
    for line, column, said in _comments(text.splitlines()):
        found.setdefault(_owner(keys, line, column), []).append(said)
    for path, said_there in list(found.items()):
        for anchor, *aliases in seen.values():
            if path[: len(anchor)] == anchor:
                for alias in aliases:
                    found[(*alias, *path[len(anchor) :])] = said_there
    return found


def _comments(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Each choice: the number of its first line, counted from 0, its column, and its text."""
    for number, line in enumerate(lines):
        begins = _MARK.match(line)
        if begins:
            words = [begins[2]]
            for further in lines[number + 1 :]:
                goes_on = _MORE.match(further)
                if not goes_on or goes_on[1] != begins[1] or further.lstrip("# ").startswith("x-choice:"):
                    break
                words.append(goes_on[2])
            yield number, len(begins[1]), " ".join(words)


def _keys(node: yaml.Node | None, path: tuple[Step, ...], seen: dict[int, list[tuple[Step, ...]]]) -> Iterator[_Key]:
    """Every key of the document, once; `seen` gets all paths at which a node stands, its own before those of aliases."""
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        places = seen.setdefault(id(node), [])
        places.append(path)
        if len(places) > 1:
            return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield _Key(key.start_mark.line, key.start_mark.column, (*path, str(key.value)))
            yield from _keys(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _keys(value, (*path, index), seen)


def _owner(keys: list[_Key], line: int, column: int) -> tuple[Step, ...]:
    after = [key for key in keys if key.line > line]
    before = [key for key in keys if key.line < line]
    for side in (after, reversed(before)):
        for key in side:
            if key.column == column:
                return key.path[:-1]
            if key.column < column:
                break
    return next((key.path for key in reversed(before) if key.column < column), ())
