"""Reading the hand-written YAML files, and telling where in them something stands.

The files are YAML 1.2 with its core schema, whose plain scalars have no surprises: `no` and `on` are text, and a date stays
text. libyaml does the parsing, because a pure Python parser takes longer than everything else together; it knows nothing
of scalars, so the few rules of the core schema stand here. What JSON has no word for is refused: keys that are not text,
tags, and merge keys.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

Step = str | int
"""One step into a document: a mapping's key or a sequence's index."""


class SpecError(Exception):
    """A spec or an overlay is wrong. The message names the file, the line, the path inside it, and what to do.

    Raised before anything in `generated/` is touched: correct the file that is named and run the command again.
    """

    def __init__(self, file: Path, reason: str, *, steps: Sequence[Step] = (), line: int | None = None) -> None:
        self.file = file
        self.reason = reason
        self.steps = tuple(steps)
        self.line = line_of(file, steps) if line is None else line
        where = f"{file}:{self.line}" + (f" at {pointer(steps)}" if steps else "")
        super().__init__(f"{where}: {reason}")


def load(file: Path) -> dict[str, Any]:
    """The mapping that the YAML file holds; `SpecError` when it cannot be read, is not YAML, or is no mapping."""
    node = _compose(file)
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(file, "expected a mapping at the top of the file")
    document: dict[str, Any] = _value(node, file, (), set())
    return document


def line_of(file: Path, steps: Sequence[Step]) -> int:
    """The line (counted from 1) on which the node at `steps` begins, or that of the deepest node above it there is."""
    try:
        node = _compose(file)
    except SpecError:
        return 1
    line = 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                break
            line, node = _line(found[0][0]), found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = _line(node)
        else:
            break
    return line


def pointer(steps: Sequence[Step]) -> str:
    """`steps` as people write them: `#/paths/~1sc~1us/get`."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def follow(ref: str, document: Any) -> Any:
    """The node of `document` that a reference such as `#/paths/~1sc/get` leads to; `LookupError` when there is none."""
    if not ref.startswith("#/"):
        raise LookupError(ref)
    for step in ref[2:].split("/"):
        if not isinstance(document, dict):
            raise LookupError(ref)
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


def _compose(file: Path) -> yaml.Node | None:
    try:
        # `CBaseLoader` gives every plain scalar the tag of text, and leaves it to us what it is.
        return yaml.compose(file.read_text("utf-8"), Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join((error.problem or "not readable as YAML").split())
        raise SpecError(file, reason, line=mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise SpecError(file, f"not readable as YAML: {' '.join(str(error).split())}", line=1) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(file, f"cannot be read: {error}", line=1) from None


def _value(node: yaml.Node, file: Path, steps: tuple[Step, ...], open_nodes: set[int]) -> Any:
    """What JSON calls the node. `open_nodes` are the ones this one stands in: an alias to one of them has no end."""
    if node.tag not in _TAGS:
        raise SpecError(file, f"the tag {node.tag} has no place in JSON", steps=steps, line=_line(node))
    if isinstance(node, yaml.ScalarNode):
        try:
            return node.value if node.style else _plain(node.value)
        except ValueError:
            raise SpecError(
                file, "a number is too large or too long to be kept", steps=steps, line=_line(node)
            ) from None
    if id(node) in open_nodes:
        raise SpecError(file, "an alias stands inside what it names", steps=steps, line=_line(node))
    inside = open_nodes | {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, file, (*steps, index), inside) for index, item in enumerate(node.value)]
    document: dict[str, Any] = {}
    for key, value in node.value:
        name = _key(key, file, steps)
        if name in document:
            raise SpecError(file, f"found duplicate key {name!r}", steps=(*steps, name), line=_line(key))
        document[name] = _value(value, file, (*steps, name), inside)
    return document


def _key(node: yaml.Node, file: Path, steps: tuple[Step, ...]) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise SpecError(file, "a key must be text", steps=steps, line=_line(node))
    name = str(node.value)
    if not node.style and (name in _WORDS or _INTEGER.fullmatch(name) or _FLOAT.fullmatch(name)):
        raise SpecError(file, f"the key {name} is not text; put it in quotes", steps=(*steps, name), line=_line(node))
    if not node.style and name == "<<":
        raise SpecError(file, "merge keys are not YAML 1.2", steps=steps, line=_line(node))
    return name


def _plain(text: str) -> Any:
    """A plain scalar under YAML 1.2's core schema; `ValueError` for a number that JSON could not hold again."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(text)
        return number
    return text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


_TAGS: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
