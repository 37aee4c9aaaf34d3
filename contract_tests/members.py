"""Members and bounds that the specs name: each code of a table, each value of an enumeration, each branch of a union, each bound.

They are enumerated and never left to chance. A member belongs to the component that names it, or to the property that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from attrs import evolve, frozen

from shortcodekit.contract.choices import Plausible
from shortcodekit.contract.recipes import UnluckyError, recipe

from .apis import MODELS, Api, component

BOUNDS: Final = ("minimum", "maximum", "minLength", "maxLength")


@frozen
class Member:
    """One member or bound, and a value of a property that is it."""

    api: Api
    model: str
    key: str
    owner: str
    """The component or the property that names it."""
    what: str
    """`is 'delivered'`, or `at maxLength 40`."""
    value: Any
    beyond: Any = None
    """A value just beyond a bound; None for a member."""

    @property
    def item(self) -> str:
        """How it is noted."""
        return f"{self.api.name} {self.owner} {self.what}"


@frozen
class Branch:
    """A branch of a union."""

    api: Api
    union: str
    name: str

    @property
    def item(self) -> str:
        """How it is noted."""
        return f"{self.api.name} {self.union} as {self.name}"


def members(api: Api, model: str) -> Iterator[Member]:
    """Those of the properties of a model."""
    for key, schema in api.schemas[model].get("properties", {}).items():
        joined, owner = _joined(api, schema, f"{model}.{key}")
        named = [each["const"] for each in joined.get("anyOf", ()) if "const" in each]
        for value in (*named, *joined.get("enum", ()), *([joined["const"]] if "const" in joined else [])):
            yield Member(api, model, key, owner, f"is {value!r}", value)
        for bound in BOUNDS:
            if bound in joined and not named:
                yield from _bound(Member(api, model, key, owner, f"at {bound} {joined[bound]}", None), joined, bound)


def _bound(member: Member, schema: Mapping[str, Any], bound: str) -> Iterator[Member]:
    at, step = schema[bound], -1 if bound.startswith("min") else 1
    if not bound.endswith("Length"):
        yield evolve(member, value=at, beyond=at + step)
    elif "pattern" not in schema and "format" not in schema:
        yield evolve(member, value="x" * at, beyond="x" * (at + step) if at + step >= 0 else None)


def _joined(api: Api, schema: Mapping[str, Any], owner: str) -> tuple[Mapping[str, Any], str]:
    """A schema with what it refers to, and who names its members: a component where it refers to one."""
    if "$ref" not in schema:
        return schema, owner
    behind, named = _joined(api, api.resolve({"$ref": schema["$ref"]}), component(schema))
    return {**behind, **schema}, owner if schema.keys() & {"enum", "const", *BOUNDS} else named


def branches(api: Api) -> Iterator[Branch]:
    """Those of the unions of a spec."""
    for name, schema in api.schemas.items():
        for branch in schema.get("oneOf", ()):
            yield Branch(api, name, component(branch))


@cache
def example(api: Api, name: str) -> Any:
    """A document of a component that has every documented key."""
    for number in range(200):
        try:
            made = recipe(api, name, complete=True, plausible=True)(Plausible(bytes([number]) * 160))
        except UnluckyError:
            continue
        if api.validator(name).is_valid(made):
            return made
    raise AssertionError(f"no document of {name} was found")


ALL_MEMBERS: Final = tuple(
    member for api, model in MODELS if "properties" in api.schemas[model] for member in members(api, model)
)
ALL_BRANCHES: Final = tuple(branch for api in dict.fromkeys(api for api, _ in MODELS) for branch in branches(api))
