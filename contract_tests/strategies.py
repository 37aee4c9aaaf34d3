"""Documents of the specs' component schemas, and damaged ones, as Hypothesis strategies.

Hypothesis draws one string of bytes for a document, whatever its size, and `recipes` makes the document of it: that costs
a fraction of drawing each part, and still shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from shortcodekit.contract.choices import Choices
from shortcodekit.contract.recipes import Builder, Recipe, Schema, UnluckyError, recipe

from .apis import Api, component


def documents(
    api: Api, schema_name: str, *, text: SearchStrategy[str] | None = None, complete: bool = False
) -> SearchStrategy[Any]:
    """Valid documents of the component `schema_name`.

    `text` makes the texts that no pattern or format governs, and the names and texts of unknown keys; without it they
    are any Unicode text, and those that programs stumble over. A `complete` document has every documented key and no
    other one.
    """
    return _drawn(recipe(api, schema_name, complete=complete), text)


def documents_under(api: Api, schema: Schema, *, complete: bool = False) -> SearchStrategy[Any]:
    """Valid documents of a schema that is no component of its own, such as one branch with more asked of it."""
    return _drawn(Builder(api, complete=complete)(schema), None)


def alternatives(
    api: Api, schema_name: str, *, text: SearchStrategy[str] | None = None
) -> Mapping[str, SearchStrategy[Any]]:
    """The same apart for each branch of a union, by the name of its schema; empty when it is no union."""
    build, schema = Builder(api, complete=False), api.schemas[schema_name]
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    branches = {component(each): {"allOf": [rest, each]} for each in schema.get("oneOf", ())}
    return {name: _drawn(build(branch), text) for name, branch in branches.items()}


@st.composite
def _drawn(draw: DrawFn, made: Recipe, text: SearchStrategy[str] | None) -> Any:
    texts = () if text is None else draw(st.lists(text, min_size=1, max_size=4))
    try:
        return made(Choices(draw(_BYTES), texts))
    except UnluckyError:
        return reject()


_BYTES: Final = st.binary(min_size=160, max_size=160)  # enough for most; what is missing counts as zero


# ---- damaged documents -----------------------------------------------------------------------------------------------


def mutations(document: Any) -> SearchStrategy[Any]:
    """`document`, damaged in up to three places; the outcome may happen to be valid. `document` itself stays whole."""
    return _damaged(document)


@st.composite
def _damaged(draw: DrawFn, document: Any) -> Any:
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_paths(document))))
        change = draw(_CHANGES)
        document = _changed(document, path, change)
    return document


def _paths(document: Any, depth: int = 0) -> list[tuple[Any, ...]]:
    """The way to each value of `document`, not further down than a document of the specs reaches."""
    items: list[tuple[Any, Any]] = []
    if depth < 8:
        items = list(document.items()) if isinstance(document, dict) else []
        items = list(enumerate(document)) if isinstance(document, list) else items
    return [(), *((key, *path) for key, value in items for path in _paths(value, depth + 1))]


def _changed(document: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        changed = change(document)
        return None if changed is _DROPPED else changed
    inner = document[path[0]]
    changed = change(inner) if len(path) == 1 else _changed(inner, path[1:], change)
    if isinstance(document, list):
        before, after = document[: path[0]], document[path[0] + 1 :]
        return [*before, *([] if changed is _DROPPED else [changed]), *after]
    kept = {key: value for key, value in document.items() if key != path[0] or changed is not _DROPPED}
    return kept if changed is _DROPPED else {**kept, path[0]: changed}


def _deep(depth: int, *, lists: bool) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value] if lists else {"to": value}
    return value


_DROPPED: Final = object()
_HALVES: Final = st.text(st.characters(categories=["Cs", "L"]), min_size=1, max_size=5)
_EXTREMES: Final[SearchStrategy[Any]] = st.one_of(
    st.sampled_from(
        [10**400, -(10**400), float("nan"), float("inf"), -0.0, 5e-324, 1e308, 2**53 + 1, -1, 0, 1, True, None]
    ),
    st.sampled_from(
        ["", "\ud800", "a\udfffb", "x" * 41, "x" * 100_000, "9" * 5000, "\uff11\uff12", "NaN", "1e5", " 1", "+1", "-0"]
    ),
    st.sampled_from(
        [b"bytes", (1, "two"), {1: "number as a key"}, {None: None}, {"\udc80": "\udc80"}, [], {}, [[]], [None]]
    ),
    st.builds(lambda depth, lists: _deep(depth, lists=lists), st.sampled_from([2, 40, 3000]), st.booleans()),
    _HALVES,
)
_CHANGES: Final[SearchStrategy[Callable[[Any], Any]]] = st.one_of(
    st.just(lambda _: _DROPPED),
    _EXTREMES.map(lambda new: lambda _: new),
    _BYTES.map(lambda data: lambda _: Choices(data).value()),
    st.sampled_from(
        [
            lambda value: [value],
            lambda value: [value, value],
            lambda value: {"type": value, "content": value},
            lambda value: {**value, **dict.fromkeys(value, value)} if isinstance(value, dict) else {"value": value},
            lambda value: str(value) if isinstance(value, float | int) else "text",
            lambda value: value.upper() if isinstance(value, str) else value is None,
            lambda value: {str(key).upper(): each for key, each in value.items()} if isinstance(value, dict) else value,
            lambda value: {**value, "unknown": 1} if isinstance(value, dict) else 0.5,
        ]
    ),
)
