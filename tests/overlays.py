"""What the tests of `codegen.overlay` share: overlays made of actions, cases of the specification, and a look for shared nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from codegen.overlay import Overlay

NAME = "overlays/codegen/010-rename.yaml"


def overlay_document(*actions: Any, version: str = "1.1.0", **more: Any) -> dict[str, Any]:
    return {"overlay": version, "info": {"title": "Try things", "version": "1"}, "actions": list(actions), **more}


def overlay(*actions: dict[str, Any], version: str = "1.1.0") -> Overlay:
    return Overlay.parse(overlay_document(*actions, version=version), NAME)


def apply(document: dict[str, Any], *actions: dict[str, Any], version: str = "1.1.0") -> dict[str, Any]:
    return overlay(*actions, version=version).apply(document)


def containers(value: Any) -> Iterator[int]:
    """The identity of each node that can be changed."""
    if isinstance(value, dict | list):
        yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def assert_nothing_is_shared(result: Any, *given: Any) -> None:
    reached = list(containers(result))
    assert len(set(reached)) == len(reached), "a node stands in two places of the result"
    assert not {*reached} & {*containers(list(given))}, "the result holds a node of what was given"


ID: Final = {"in": "path", "name": "id", "required": True}


def case(name: str, *, before: Any, actions: list[dict[str, Any]], after: Any, version: str = "1.1.0") -> Any:
    """A document, what changes it, and what has to come of that."""
    return pytest.param(before, actions, after, version, id=name)


def ok(*parameters: dict[str, Any]) -> dict[str, Any]:
    """An operation that answers 200."""
    operation: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    return {**operation, "parameters": list(parameters)} if parameters else operation
