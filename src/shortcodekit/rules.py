"""Tells which rule of a spec a document is against, and where that rule is written, before anything is sent.

The rules stand in the spec that each generated package ships as data (`alerts.openapi()`), never here. A component
schema is compiled once into closures, one for each place of its documents; judging a document then takes microseconds.
The path to a violation is put together only on the way back from one.

This is no JSON Schema library, and uses none. It has to name the rule and its source, to go by the branch of a union
that is meant instead of reporting that all of them fail, to keep values out of what it says, to be quick, and cheap to
import. It knows just the keywords that these specs use for requests. Any other is an error as soon as its component is
compiled, and the contract suite holds its verdicts equal to those of a full validator.

Beyond the schemas it refuses what cannot travel as JSON: numbers that are not finite or endlessly long, halves of
surrogate pairs, keys that are no text, Python's own types, and what is nested deeper than the generated packages read.
A tuple counts as a list, any mapping as an object, and `format` as a note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from math import isfinite
from operator import ge, le
from types import ModuleType, NoneType
from typing import Any, Final

from attrs import evolve, frozen

from shortcode_clients._runtime.encodings import MAX_DEPTH


@frozen
class Violation:
    """One rule that a document is against. No value of the document is in it: values may be private."""

    path: tuple[str | int, ...]
    """Keys and indices, outermost first; they lead to where a missing key belongs. `()` is the document itself."""
    rule: str
    """What is demanded, such as `at most 40 characters; it has 41`."""
    about: str
    """What the spec says of the place; empty where it says nothing."""
    source: str
    """Where the rule is written: the nearest `x-source`, or the nearest `x-choice` as `choice: …`."""


@cache
def checker(package: ModuleType, name: str) -> Callable[[Any], Violation | None]:
    """The check of documents of the component schema `name` of a generated package; made once.

    It gives the first violation, or None: of the documented properties as the schema lists them, then of other keys,
    then of what is demanded under a condition. Raises NotImplementedError for a schema that it does not fully know.
    """
    spec = _Spec(package.openapi()["components"]["schemas"])
    outside = _Place({}, "", "", "", name)
    return spec.check(spec.place({"$ref": f"#/components/schemas/{name}"}, outside, deeper=0))


# ---- compiling -------------------------------------------------------------------------------------------------------

_Check = Callable[[Any], Violation | None]


@frozen
class _Place:
    """A place in documents, what the spec `says` of it, and the source of what stands `inside` without naming one.

    A `partial` one is judged elsewhere, too, and only for what is said of it here: it stands in an `if` or a `then`.
    """

    says: Mapping[str, Any]
    about: str
    source: str
    inside: str
    component: str
    depth: int = 0
    partial: bool = False

    def violation(self, rule: str) -> Violation:
        return Violation((), rule, self.about, self.source)

    def unknown(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{self.component}: {what} is not known here")


@frozen
class _Spec:
    """The component schemas of a spec, and what makes checks of them."""

    schemas: Mapping[str, Mapping[str, Any]]

    def place(self, schema: Any, outer: _Place, *, deeper: int = 1) -> _Place:
        """The place that `schema` is about, which stands in `outer`; a reference is joined with what it refers to."""
        schema = {True: {}, False: {"false": True}}[schema] if isinstance(schema, bool) else schema
        choice, about = schema.get("x-choice"), schema.get("description", "")
        own = schema.get("x-source") or (f"choice: {choice}" if choice else "")
        source = own or outer.inside
        place = evolve(outer, says=schema, about=about, source=source, inside=source, depth=outer.depth + deeper)
        for keyword in schema:
            if keyword not in _KNOWN and not keyword.startswith("x-"):
                raise place.unknown(f"the keyword `{keyword}`")
        if "$ref" not in schema:
            return place
        name = schema["$ref"].removeprefix("#/components/schemas/")
        target = self.place(self.schemas[name], evolve(place, component=name), deeper=0)
        if twice := _ASSERTIONS & schema.keys() & target.says.keys():
            raise place.unknown(f"`{min(twice)}` both beside a reference and behind it")
        says = {**target.says, **schema}
        return evolve(target, says=says, about=about or target.about, source=own or target.source)

    def property(self, place: _Place, key: str | int) -> _Place:
        return self.place(place.says.get("properties", {}).get(key, {}), place)

    def check(self, place: _Place) -> _Check:
        if "false" in place.says:
            return _demand(lambda _: False, place, "not known here")
        checks: list[_Check] = []
        if "oneOf" not in place.says or not _OF_VALUES.isdisjoint(place.says):
            checks.append(self._value(place))
        makers = {"oneOf": self._union, "if": self._conditional}
        return _all([*checks, *(make(place) for keyword, make in makers.items() if keyword in place.says)])

    def _value(self, place: _Place) -> _Check:
        """The check of the keywords that look at the value itself: a closure for each kind of value that is taken."""
        types = place.says.get("type", list(_KINDS))
        types = [types] if isinstance(types, str) else types
        types = [each for each in types if each != "integer" or "number" not in types]
        values = place.says.get("enum", [place.says["const"]] if "const" in place.says else None)
        if "type" in place.says:
            demand = f"{' or '.join(_KINDS[each][1] for each in types)}, got"
        else:
            demand = f"{_one_of(values)}; got" if values else "a value that JSON has, not"

        def wrong(value: Any) -> Violation:
            return place.violation(f"{demand} {_named(value)}")

        too_deep = _demand(_fine, place, f"nested at most {MAX_DEPTH} deep") if place.depth >= MAX_DEPTH else None
        if too_deep and "properties" in place.says:
            raise place.unknown("a schema that contains itself")
        number = _all([_bound(place, "minimum", "at least", ge), _bound(place, "maximum", "at most", le)])
        if not {"minimum", "maximum"} <= place.says.keys():
            number = _all([number, _demand(lambda value: abs(value) < _HUGE, place, "at most 4000 digits")])
        made: dict[str, Callable[[], dict[type, _Check]]] = {
            "string": lambda: {str: _text(place)},
            "integer": lambda: {int: number, float: lambda each: (number if each.is_integer() else wrong)(each)},
            "number": lambda: {int: number, float: _all([_demand(isfinite, place, "a finite number"), number])},
            "object": lambda: {dict: too_deep or self._object(place)},
            "array": lambda: {list: too_deep or self._list(place)},
            "boolean": lambda: {bool: _fine},
            "null": lambda: {NoneType: _fine},
        }
        checks = {kind: check for each in types for kind, check in made[each]().items()}
        if values is not None:
            checks = {kind: _all([check, _member(place, values, kind)]) for kind, check in checks.items()}

        def check_value(value: Any) -> Violation | None:
            check = checks.get(value.__class__)
            if check is not None:
                return check(value)
            kind = _kind(value)  # its class may stand for one that JSON has
            if kind in checks and kind is not value.__class__:
                return checks[kind](dict(value) if kind is dict else value)
            return wrong(value)

        return check_value

    def _object(self, place: _Place) -> _Check:
        known, needed = place.says.get("properties", {}), place.says.get("required", ())
        check_other = self._inside(place, "additionalProperties")
        check_key = _demand(lambda key: isinstance(key, str) and _is_encodable(key), place, f"keys of {_ENCODABLE}")
        named: dict[str, tuple[_Check, Violation | None]] = {}
        for key in dict.fromkeys((*known, *needed)):
            at = self.property(place, key)
            missing = _below(key, at.violation("required")) if key in needed else None
            named[key] = self.check(at) if key in known else check_other, missing
        properties = [(key, *each) for key, each in named.items()]

        def check_object(value: dict[Any, Any]) -> Violation | None:
            found = 0
            for key, check, missing in properties:
                if key in value:
                    found += 1
                    if (violation := check(value[key])) is not None:
                        return _below(key, violation)
                elif missing is not None:
                    return missing
            return None if len(value) == found or check_other is _fine else check_others(value)

        def check_others(value: dict[Any, Any]) -> Violation | None:
            for key, item in value.items():
                if key not in named:
                    unfit = check_key(key)
                    if (violation := unfit or check_other(item)) is not None:
                        return unfit or _below(key, violation)
            return None

        return check_object

    def _list(self, place: _Place) -> _Check:
        check = self._inside(place, "items")

        def check_list(value: Iterable[Any]) -> Violation | None:
            for index, item in enumerate(value):
                if (violation := check(item)) is not None:
                    return _below(index, violation)
            return None

        return check_list

    def _inside(self, place: _Place, keyword: str) -> _Check:
        """The check of what stands inside unnamed; where anything may, without end, it is made when first needed."""
        inner = self.place(place.says.get(keyword, {}), place)
        if not _ASSERTIONS.isdisjoint(inner.says):
            return self.check(inner)
        if place.partial:
            return _fine
        made = cache(lambda: self.check(inner))
        return lambda value: made()(value)

    def _union(self, place: _Place) -> _Check:
        """The check of the one branch whose constant stands in the document at the place that tells branches apart.

        That is `oneOf`, because each branch demands its own constant there; a union of others is not known.
        """
        told = place.says.get("discriminator", {}).get("propertyName")
        path: list[str] = place.says.get("x-discriminator-path", [told])
        ways = [self._way(self.place(each, place, deeper=0), path) for each in place.says["oneOf"]]
        branches = {way[-1].says.get("const"): self.check(way[0]) for way in ways}
        if len(branches) < len(ways) or not all(isinstance(each, str) for each in branches):
            raise place.unknown("`oneOf` with branches that no constant tells apart")
        about = [place.about, *(each.about for each in ways[0][1:])]

        def check_union(value: Any) -> Violation | None:
            found = value
            for index, step in enumerate(path):
                if found.__class__ is not dict and not isinstance(found, Mapping):
                    return Violation((*path[:index],), f"an object, got {_named(found)}", about[index], place.source)
                if step not in found:
                    return Violation((*path[: index + 1],), "required", about[index + 1], place.source)
                found = found[step]
            check = branches.get(found) if isinstance(found, str) else None
            if check is None:
                return Violation((*path,), _one_of(branches), about[-1], place.source)
            return check(value)

        return check_union

    def _way(self, branch: _Place, path: list[str]) -> list[_Place]:
        """The places along `path` in a branch of a union."""
        way = [branch]
        for step in path:
            if way[-1].says.get("type") != "object" or step not in way[-1].says.get("required", ()):
                raise branch.unknown("a branch of `oneOf` that does not require its discriminator")
            way.append(self.property(way[-1], step))
        return way

    def _conditional(self, place: _Place) -> _Check:
        """The check of `then` where `if` is met. What is said of a place is what the properties beside `if` say."""
        condition, partly = place.says["if"], evolve(place, partial=True)
        met = self.check(self.place(condition, partly, deeper=0))
        check = self.check(self.place(place.says.get("then", {}), partly, deeper=0))
        constants = " and ".join(_constants(condition))
        when = f" when {constants}" if constants else ""

        def check_conditional(value: Any) -> Violation | None:
            violation = check(value) if met(value) is None else None
            if violation is None:
                return None
            at = reduce(self.property, violation.path, place)
            return Violation(violation.path, violation.rule + when, at.about or violation.about, at.source)

        return check_conditional


def _constants(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The constants that an `if` asks for, in words."""
    if "const" in schema:
        yield f"{path} is {_word(schema['const'])}"
    for key, each in schema.get("properties", {}).items():
        yield from _constants(each, f"{path}.{key}" if path else key)


# ---- single values, and words for them -------------------------------------------------------------------------------


def _fine(_: Any) -> None:
    """Lets everything through, as a check; as a demand, nothing."""


def _all(checks: Sequence[_Check]) -> _Check:
    """The first violation that one of `checks` gives."""
    first, *others = [each for each in checks if each is not _fine] or [_fine]
    if not others:
        return first
    rest = _all(others)
    return lambda value: first(value) or rest(value)


def _demand(holds: Callable[[Any], object], place: _Place, rule: str) -> _Check:
    violation = place.violation(rule)
    return lambda value: None if holds(value) else violation


def _bound(place: _Place, keyword: str, words: str, holds: Callable[[Any, Any], bool]) -> _Check:
    """That a number, or the number of code points in a text, is within a bound."""
    if keyword not in place.says:
        return _fine
    bound = place.says[keyword]
    if keyword in {"minimum", "maximum"}:
        return _demand(lambda value: holds(value, bound), place, f"{words} {bound}")
    rule = f"{words} {bound} character{'' if bound == 1 else 's'}; it has"
    return lambda value: None if holds(len(value), bound) else place.violation(f"{rule} {len(value)}")


def _text(place: _Place) -> _Check:
    checks = [_demand(_is_encodable, place, _ENCODABLE)]
    checks += [_bound(place, "minLength", "at least", ge), _bound(place, "maxLength", "at most", le)]
    if "pattern" in place.says:
        checks.append(_demand(_regex(place).search, place, f"of the form {place.says['pattern']}"))
    return _all(checks)


def _regex(place: _Place) -> re.Pattern[str]:
    """The pattern, which is ECMAScript, for Python; what Python reads differently is translated, or is not known."""

    def translated(table: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
        def part(found: re.Match[str]) -> str:
            if found[0][0] == "[":
                return re.sub(r"\\.", translated(_IN_CLASSES), found[0])
            if found[0] not in table and (found[0][0] != "\\" or found[0][1].isalnum()):
                raise place.unknown(f"`{found[0]}` in a pattern")
            return table.get(found[0], found[0])

        return part

    return re.compile(re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.|\(\?(?!:)|[$.]", translated(_ELSEWHERE), place.says["pattern"]))


def _member(place: _Place, values: Sequence[Any], kind: type) -> _Check:
    """That a value of this kind is one of `values`. In JSON true is not 1, but 1.0 is."""
    alike = {int, float} if kind in {int, float} else {kind}
    taken = frozenset(each for each in values if each.__class__ in alike)
    return _demand(taken.__contains__ if taken else _fine, place, _one_of(values))


def _is_encodable(text: str) -> bool:
    return text.isascii() or not re.search("[\ud800-\udfff]", text)


def _below(step: str | int, violation: Violation) -> Violation:
    """The same violation as seen from one step further out."""
    return evolve(violation, path=(step, *violation.path))


def _kind(value: Any) -> type | None:
    """The class that stands for what `value` is in JSON; None when it is nothing there."""
    for kind in (str, bool, int, float, dict, list, NoneType):
        if isinstance(value, kind):
            return kind
    if isinstance(value, Mapping):
        return dict
    return list if isinstance(value, tuple) else None


def _named(value: Any) -> str:
    """What `value` is, in words that do not tell it."""
    kind = _kind(value)
    if kind is float and not isfinite(value):
        return "a number that is not finite"
    return next((words for each, words in _KINDS.values() if each is kind), f"a Python {type(value).__name__}")


def _one_of(values: Iterable[Any]) -> str:
    words = list(dict.fromkeys(map(_word, values)))
    return f"one of {', '.join(words)}" if len(words) > 1 else f"only {words[0]}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "string": (str, "text"),
    "integer": (int, "an integer"),
    "number": (float, "a number"),
    "boolean": (bool, "a boolean"),
    "null": (NoneType, "null"),
    "object": (dict, "an object"),
    "array": (list, "a list"),
}
_HUGE: Final = 10**4000  # Python writes no integers that are much longer
_ENCODABLE: Final = "text that can be encoded in UTF-8"
_SPACE: Final = "\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"  # ECMAScript's
_IN_CLASSES: Final = {r"\d": "0-9", r"\w": "0-9A-Za-z_", r"\s": _SPACE}
_ELSEWHERE: Final = {each: f"[{those}]" for each, those in _IN_CLASSES.items()} | {r"\S": f"[^{_SPACE}]", "$": r"\Z"}
_OF_VALUES: Final = frozenset(
    "type enum const pattern minLength maxLength minimum maximum required properties additionalProperties items".split()
)
_ASSERTIONS: Final = _OF_VALUES | {"oneOf", "if", "then", "false"}
_KNOWN: Final = _ASSERTIONS.union("$ref discriminator description title default example examples xml format".split())
