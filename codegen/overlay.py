"""Applying OpenAPI Overlays 1.1.0 to a parsed document.

The rules are those of the OpenAPI Overlay Specification 1.1.0 (section "Action Object") and of its schema for 1.1; the
names in target and source expressions are RFC 9535 JSONPath. Where the text leaves room, or we want more:

- A target that selects nothing is an error here. The specification lets such an action succeed without a change; then
  an overlay whose reason has moved or gone stays in the repository, does nothing, and nobody hears of it.
- A `copy` whose source selects no node, or more than one, is an error: the text speaks of "a single node".
- The text says of each of `update` and `copy` that it yields to the other; the schema allows exactly one of `update`,
  `copy` and `remove`. For 1.1 the schema is followed.
- `null` is a primitive value, as in RFC 8259: it replaces, and is replaced by, primitive values only.
- A node that the target selects twice, as `$['a','a']` does, is changed once.
- Documents that declare 1.0.x follow the rules of 1.1.0, as the examples in 1.1.0's own text do, with 1.0's fields: no
  `copy`, no `info.description`; `remove: true` wins over an `update` beside it; an action may change nothing.

Strategy: check the whole overlay first; copy the document; let JSONPath find nodes in the copy and change them there,
inserting a fresh copy of every value. An error leaves nothing half done, because the copy is thrown away.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import attrs
from jsonpath import (
    JSONPathEnvironment,
    JSONPathError,
    JSONPathMatch,
    JSONPathSyntaxError,
    Lexer,
)
from jsonpath.token import TOKEN_LG, Token

from codegen.documents import Step, load, pointer


class OverlayError(Exception):
    """An overlay is wrong, or does not fit the document. The message names overlay, action and target, and what to do.

    Raised by `Overlay.parse`, `Overlay.load` and `Overlay.apply`, before anything is changed: correct the overlay that
    is named, or delete the action when its reason is gone. `action` counts from 1; it and `target` are None when the
    fault lies outside the actions.
    """

    def __init__(
        self,
        overlay: str,
        reason: str,
        *,
        action: int | None = None,
        description: str | None = None,
        target: str | None = None,
    ) -> None:
        self.overlay = overlay
        self.action = action
        self.target = target
        self.reason = reason
        where = overlay
        if action is not None:
            where += f": action {action}"
        if description:
            where += f" ({textwrap.shorten(description, 100, placeholder=' …')})"
        if target is not None:
            where += f", target {target}"
        super().__init__(f"{where}: {reason}")


_Fail = partial[OverlayError]
"""Makes the error from a reason; where it happened is filled in already."""


@attrs.frozen(eq=False)
class Action:
    """One checked action of an overlay; `value` is what `update` says, or the query of `copy`, whose text is `source`."""

    target: str
    description: str | None
    change: Literal["update", "copy", "remove", "nothing"]
    value: Any
    source: str | None
    query: Any
    fail: _Fail


@attrs.frozen(eq=False)
class Overlay:
    """A checked overlay: made by `parse` or `load`, used by `apply` any number of times.

    `name` is what errors call it; `overlay` the version of the specification it declares; `title`, `version` and
    `description` are those of its `info`.
    """

    name: str
    overlay: str
    title: str
    version: str
    actions: tuple[Action, ...]
    description: str | None = None
    extends: str | None = None

    @classmethod
    def load(cls, file: Path) -> Overlay:
        """The overlay in a YAML file.

        Raises `OverlayError` when it is not an overlay, `codegen.documents.SpecError` when it cannot be read as YAML.
        """
        return cls.parse(load(file), str(file))

    @classmethod
    def parse(cls, document: object, name: str) -> Overlay:
        """The overlay that a parsed document is; `name` is what errors call it, and nothing of `document` is kept.

        Raises `OverlayError` for whatever is not an Overlay document of version 1.0.x or 1.1.x, or is not JSON.
        """
        fail: _Fail = partial(OverlayError, name)
        root = _fields(document, _OVERLAY, ("overlay", "info", "actions"), fail)
        version = root["overlay"]
        if not _VERSION.fullmatch(version):
            raise fail(f"`overlay` is {version!r}; expected a version that is understood here: 1.0.x or 1.1.x")
        info = _fields(root["info"], _INFO, ("title", "version"), fail, within="info.")
        is_1_0 = version.startswith("1.0.")
        if is_1_0 and "description" in info:
            raise fail("`info.description` is new in 1.1; write `overlay: 1.1.0`")
        if not root["actions"]:
            raise fail("`actions` is empty; expected at least one action")
        return cls(
            name=name,
            overlay=version,
            title=info["title"],
            version=info["version"],
            actions=tuple(_actions(root["actions"], name, is_1_0=is_1_0)),
            description=info.get("description"),
            extends=root.get("extends"),
        )

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """A changed copy of `document`, which stays as it is and shares nothing that can change with the result.

        `document` is JSON data: dict with text keys, list, str, int, float, bool, None. Raises `OverlayError` when it
        is not, when a target selects nothing, or when an action does not fit what its target selects.
        """
        fail: _Fail = partial(OverlayError, self.name)
        if not isinstance(document, dict):
            raise fail(f"the document to change is {_type_name(document)}; expected an object")
        result: dict[str, Any] = _checked_copy(document, "the document to change", fail)
        for action in self.actions:
            _apply(action, result)
        return result


def _apply(action: Action, document: dict[str, Any]) -> None:
    nodes = _select(action.query, document, action.fail)
    if not nodes:
        raise action.fail(
            "selects nothing in the document; correct the target, or delete the action if its reason is gone"
        )
    if action.change == "remove":
        _remove(nodes, action.fail)
    elif action.change == "update":
        _update(nodes, action.value, action.fail)
    elif action.change == "copy":
        sources = _select(action.value, document, action.fail)
        if len(sources) != 1:
            raise action.fail(
                f"`copy: {action.source}` selects {len(sources)} nodes; write one that selects exactly one"
            )
        # The source may lie inside a target, or a target inside the source: it is copied as it was before the action.
        _update(nodes, _copy(sources[0].obj), action.fail)


def _remove(nodes: list[JSONPathMatch], fail: _Fail) -> None:
    # Backwards, so that an index still means the item that was selected, and what is inside a node goes before the node.
    for node in sorted(nodes, key=lambda node: node.parts, reverse=True):
        if node.parent is None:
            raise fail("the root of the document cannot be removed; target what is inside it")
        container: Any = node.parent.obj
        del container[node.parts[-1]]


def _update(nodes: list[JSONPathMatch], value: Any, fail: _Fail) -> None:
    kinds = sorted({_kind(node.obj) for node in nodes})
    if len(kinds) > 1:
        raise fail(f"selects nodes of different kinds: {', '.join(kinds)}; write one action for each kind")
    for node in nodes:
        target: Any = node.obj
        if isinstance(target, list):
            target.extend(_copy(value) if isinstance(value, list) else [_copy(value)])
        elif _kind(value) != kinds[0]:
            raise fail(
                f"cannot change the {kinds[0]} at {pointer(node.parts)} with a value that is {_type_name(value)}"
            )
        elif isinstance(target, dict):
            _merge(target, value, node.parts, fail)
        elif node.parent is not None:
            container: Any = node.parent.obj
            container[node.parts[-1]] = value


def _merge(target: dict[str, Any], update: dict[str, Any], steps: tuple[Step, ...], fail: _Fail) -> None:
    for key, value in update.items():
        if key not in target:
            target[key] = _copy(value)
            continue
        old = target[key]
        if _kind(old) != _kind(value):
            raise fail(
                f"cannot merge {_type_name(value)} into {_type_name(old)} at {pointer((*steps, key))}; "
                "to replace one kind of value by another, remove it in an action before this one"
            )
        if isinstance(old, dict):
            _merge(old, value, (*steps, key), fail)
        elif isinstance(old, list):
            old.extend(_copy(value))
        else:
            target[key] = value


def _select(query: Any, document: dict[str, Any], fail: _Fail) -> list[JSONPathMatch]:
    """The nodes that the query selects, each once."""
    try:
        return list({node.parts: node for node in query.finditer(document)}.values())
    except _JSONPATH_ERRORS as error:
        raise fail(f"JSONPath gives up on this document: {_jsonpath_reason(error)}") from None


_VERSION = re.compile(r"1\.[01]\.[0-9]+")

_OVERLAY = {"overlay": "text", "info": "an object", "extends": "text", "actions": "an array"}
_INFO = {"title": "text", "version": "text", "description": "text"}
_ACTION = {"target": "text", "description": "text", "update": "", "copy": "text", "remove": "a boolean"}
"""The fields of each object, with the type that the value must have; any type will do where there is none."""


def _fields(
    value: object, types: Mapping[str, str], required: Collection[str], fail: _Fail, *, within: str = ""
) -> dict[str, Any]:
    """`value` as an object with fields of these types, and extensions."""
    if not isinstance(value, dict):
        what = f"`{within[:-1]}`" if within else "it"
        raise fail(f"{what} is {_type_name(value)}; expected an object")
    for key, field in value.items():
        if isinstance(key, str) and key.startswith("x-"):
            continue
        if key not in types:
            raise fail(f"unknown field `{within}{key}`; expected {', '.join(types)} or an extension, `x-…`")
        if types[key] and _type_name(field) != types[key]:
            hint = ", put it in quotes" if types[key] == "text" and isinstance(field, int | float) else ""
            raise fail(f"`{within}{key}` is {_type_name(field)}; expected {types[key]}{hint}")
    for key in required:
        if key not in value:
            raise fail(f"`{within}{key}` is missing; add it")
    return value


def _actions(documents: list[object], name: str, *, is_1_0: bool) -> Iterator[Action]:
    seen: list[dict[str, Any]] = []
    for number, document in enumerate(documents, 1):
        fail: _Fail = partial(OverlayError, name, action=number)
        if isinstance(document, dict):
            # As far as they can be trusted already, for the errors about the rest.
            told = {key: document[key] for key in ("description", "target") if isinstance(document.get(key), str)}
            fail = partial(fail, **told)
        fields = _fields(document, _ACTION, ("target",), fail)
        fields = {key: _checked_copy(value, f"`{key}`", fail) for key, value in fields.items()}
        for earlier, other in enumerate(seen, 1):
            if _same(fields, other):
                raise fail(f"is the same as action {earlier}; delete one of them")
        seen.append(fields)
        yield _action(fields, fail, is_1_0=is_1_0)


def _action(fields: dict[str, Any], fail: _Fail, *, is_1_0: bool) -> Action:
    if is_1_0 and "copy" in fields:
        raise fail("`copy` is new in 1.1; write `overlay: 1.1.0`")
    changes = [f"`{key}`" for key in ("update", "copy", "remove") if key in fields]
    if not is_1_0 and len(changes) != 1:
        raise fail(f"has {' and '.join(changes) or 'no change'}; expected exactly one of `update`, `copy` and `remove`")
    change: Literal["update", "copy", "remove", "nothing"] = "nothing"
    value = None
    if fields.get("remove"):
        change = "remove"
    elif "update" in fields:
        change, value = "update", fields["update"]
    elif "copy" in fields:
        change, value = "copy", _query("copy", fields["copy"], fail)
    query = _query("target", fields["target"], fail)
    return Action(fields["target"], fields.get("description"), change, value, fields.get("copy"), query, fail)


def _query(key: str, expression: str, fail: _Fail) -> Any:
    try:
        return _JSONPATH.compile(expression)
    except _JSONPATH_ERRORS as error:
        raise fail(
            f"`{key}` is not RFC 9535 JSONPath: {_jsonpath_reason(error)}; begin with `$`, and write a name with other "
            "characters than letters, digits and `_` as ['name']"
        ) from None


class _Lexer(Lexer):
    """RFC 9535 as it is: the library's strict mode still takes `$.x-y` for `$['x-y']`, and `<>` for `!=`."""

    key_pattern = "[a-zA-Z_\u0080-\ud7ff\ue000-\U0010ffff][0-9a-zA-Z_\u0080-\ud7ff\ue000-\U0010ffff]*"

    def tokenize(self, path: str) -> Iterator[Token]:
        for token in super().tokenize(path):
            if token.kind == TOKEN_LG:
                raise JSONPathSyntaxError("unexpected token '<>'", token=token)
            yield token


class _Environment(JSONPathEnvironment):
    """RFC 9535 as it is: in the library's strict mode a slice still selects characters of a text."""

    lexer_class = _Lexer

    def getitem(self, obj: Any, key: Any) -> Any:
        return () if isinstance(obj, str) else super().getitem(obj, key)


_JSONPATH = _Environment(strict=True)

_JSONPATH_ERRORS = (JSONPathError, ValueError, ArithmeticError, LookupError, RecursionError)
"""What the library raises: its own errors, and what its number parsing lets through."""


def _jsonpath_reason(error: Exception) -> str:
    """One line; the library's own `str()` draws a picture of several lines, and fails on an empty expression."""
    return str(error.message) if isinstance(error, JSONPathError) else "a number in it is out of place or too large"


def _checked_copy(value: Any, what: str, fail: _Fail) -> Any:
    try:
        return _copy(value)
    except TypeError as error:
        raise fail(f"{what} contains {error}; expected JSON data") from None


def _copy(value: Any, levels: int = 100) -> Any:
    """A copy in which no node occurs twice: what YAML aliases made one object becomes several."""
    if isinstance(value, dict | list) and not levels:
        raise TypeError("itself, or more than 100 levels")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a key that is {_type_name(key)}")
        return {key: _copy(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item, levels - 1) for item in value]
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise TypeError("a number that is not finite" if isinstance(value, float) else f"something {_type_name(value)}")


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON data, in which `true` is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _kind(value: object) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "primitive"


def _type_name(value: object) -> str:
    for name, types in _TYPE_NAMES.items():
        if isinstance(value, types):
            return name
    return "null" if value is None else f"of the type {type(value).__name__}"


_TYPE_NAMES = {"an object": dict, "an array": list, "text": str, "a boolean": bool, "a number": int | float}
"""In this order: to Python a boolean is a number."""
