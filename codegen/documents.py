"""Reading the hand-written YAML files, and telling where in them something stands.

The specs and overlays are YAML 1.2, whose plain scalars have no surprises: `no` and `on` are text, and a date stays
text. A parsed file is plain Python data; line numbers are worked out again from the text only when an error needs them,
so that the usual run does not pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

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
    try:
        document = _yaml().load(file.read_text("utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join((error.problem or "not readable as YAML").split())
        raise SpecError(file, reason, line=mark.line + 1 if mark else 1) from None
    except YAMLError as error:
        raise SpecError(file, f"not readable as YAML: {error}", line=1) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(file, f"cannot be read: {error}", line=1) from None
    if not isinstance(document, dict):
        raise SpecError(file, "expected a mapping at the top of the file", line=1)
    for steps in _keys_that_are_not_text(document):
        raise SpecError(file, f"the key {steps[-1]!r} is not text; put it in quotes", steps=steps)
    return document


def line_of(file: Path, steps: Sequence[Step]) -> int:
    """The line (counted from 1) on which the node at `steps` begins, or that of the deepest node above it there is."""
    try:
        node: Node | None = _yaml().compose(file.read_text("utf-8"))
    except (YAMLError, OSError, UnicodeDecodeError):
        return 1
    line = 1
    for step in steps:
        if isinstance(node, MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def pointer(steps: Sequence[Step]) -> str:
    """`steps` as people write them: `#/paths/~1sc~1us/get`."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _keys_that_are_not_text(node: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(key, str):
                yield from _keys_that_are_not_text(value, (*steps, key))
            else:
                yield (*steps, key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _keys_that_are_not_text(value, (*steps, index))


class _Constructor(SafeConstructor):
    """YAML's own timestamps have no place in JSON data: a date stays the text it was written as."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml
