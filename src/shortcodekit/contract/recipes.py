"""How documents of the specs' component schemas are made from random bytes.

Written for the part of JSON Schema that the specs use, because speed decides how much a run can try. A schema becomes a
recipe once: `$ref` and its siblings, `allOf` and the `if`/`then` rules are joined before anything is made, so that hardly
a document is thrown away. Unions and code tables are picked from branch by branch with one weight for each, codes to come
included.
"""

from __future__ import annotations

import re
import string
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from jsonschema_rs import Draft202012Validator

from .choices import Choices
from .specs import Api

Schema = Mapping[str, Any]

Recipe = Callable[[Choices], Any]


@cache
def recipe(api: Api, schema_name: str, *, complete: bool, plausible: bool = False) -> Recipe:
    """The recipe of a component.

    A `complete` document has every documented key and no other one. In a `plausible` one times are times, and not just digits
    that match a pattern.
    """
    return Builder(api, complete=complete, plausible=plausible)({"$ref": f"#/components/schemas/{schema_name}"})


class ImpossibleError(Exception):
    """No document can be what the schema asks."""


class UnluckyError(Exception):
    """These choices lead to no valid document; others will."""


class Builder:
    """Makes recipes of one spec's schemas."""

    def __init__(self, api: Api, *, complete: bool, plausible: bool = False) -> None:
        self.api, self.complete, self.plausible = api, complete, plausible

    def __call__(self, schema: Schema) -> Recipe:
        """The recipe of a schema."""
        flat = self._joined(schema)
        if rules := flat.pop("rules", ()):
            return self._ruled(schema, flat, rules)
        if "oneOf" in flat:
            branches = flat.pop("oneOf")
            return self._any_of([{"allOf": [flat, branch]} for branch in branches])
        if "enum" in flat:
            return self._listed(flat, flat["enum"])
        if "anyOf" in flat:
            return self._table(flat, next(self._marks(schema), None))
        kinds = flat.get("type", "object" if "properties" in flat or "required" in flat else None)
        if kinds is None:
            return Choices.value
        return _pick([self._of_kind(kind, flat) for kind in ([kinds] if isinstance(kinds, str) else kinds)])

    def _joined(self, schema: Schema) -> dict[str, Any]:
        """One schema that asks for what `schema`, what it refers to and all of its `allOf` ask for."""
        joined: dict[str, Any] = {}
        pending = [schema]
        while pending:
            part = pending.pop(0)
            if "$ref" in part:
                pending.append(self.api.resolve({"$ref": part["$ref"]}))
            pending.extend(part.get("allOf", ()))
            if "if" in part or "rules" in part:
                rule = [{key: part[key] for key in ("if", "then", "else") if key in part}] if "if" in part else []
                joined["rules"] = [*joined.get("rules", ()), *part.get("rules", ()), *rule]
            if "const" in part:
                part = {**part, "enum": [part["const"]]}
            for key, value in part.items():
                if key in _JOIN:
                    joined[key] = _JOIN[key](joined[key], value) if key in joined else value
                elif key not in _PASSED_OVER and not key.startswith("x-"):
                    raise NotImplementedError(f"documents of schemas with {key!r} are not written yet")
        return joined

    def _ruled(self, schema: Schema, flat: Schema, rules: Sequence[Schema]) -> Recipe:
        """Documents under `if`/`then` rules: half of them meet a condition on purpose, where one can be met."""
        found = [self(flat)]
        with suppress(ImpossibleError):
            found.append(self._any_of([{"allOf": [flat, rule["if"], rule.get("then", {})]} for rule in rules]))
        return self._valid(schema, _pick(found))

    def _valid(self, schema: Schema, recipe: Recipe) -> Recipe:
        """What `recipe` makes, as far as it is valid, which should be nearly always."""
        valid = self.api.validator(schema).is_valid

        def retried(choices: Choices) -> Any:
            for _ in range(6):
                made = recipe(choices)
                if valid(made):
                    return made
            raise UnluckyError

        return retried

    def _any_of(self, schemas: Sequence[Schema]) -> Recipe:
        possible = []
        for schema in schemas:
            try:
                possible.append(self(schema))
            except ImpossibleError:
                continue
        return _pick(possible)

    def _listed(self, flat: Schema, values: Sequence[Any]) -> Recipe:
        """Those of `values` that `flat`, the schema of a scalar, lets through."""
        valid = Draft202012Validator(dict(flat)).is_valid
        return _pick([_always(value) for value in values if valid(value)])

    def _table(self, flat: Schema, normalise: str | None) -> Recipe:
        """Documented codes, in other case and as the other type where that is let through, and codes to come."""
        own = {key: value for key, value in flat.items() if key != "anyOf"}
        codes = [branch["const"] for branch in flat["anyOf"] if "const" in branch]
        found = [self._any_of([{"allOf": [own, branch]} for branch in flat["anyOf"] if "const" not in branch])]
        for values in (codes, [twin for code in codes for twin in _twins(code, normalise)]):
            with suppress(ImpossibleError):
                found.insert(0, self._listed(flat, values))
        return _pick(found)

    def _marks(self, schema: Schema) -> Iterator[str]:
        """The `x-normalise` of `schema` and of what it is joined from."""
        if "x-normalise" in schema:
            yield schema["x-normalise"]
        for part in (*schema.get("allOf", ()), *([self.api.resolve(schema)] if "$ref" in schema else [])):
            yield from self._marks(part)

    def _of_kind(self, kind: str, flat: Schema) -> Recipe:
        if self.plausible and flat.get("x-time") == _BY_MINUTE:
            return _number_of_minute if kind == "integer" else _minute
        if kind == "string":
            return self._string(flat)
        if kind in {"integer", "number"}:
            return _number(kind, flat.get("minimum"), flat.get("maximum"))
        if kind == "array":
            item = self(flat.get("items", {}))
            return lambda choices: [item(choices) for _ in range(choices.below(4))]
        if kind == "object":
            return self._object(flat)
        return {"boolean": _pick([_always(False), _always(True)]), "null": _always(None)}[kind]

    def _string(self, flat: Schema) -> Recipe:
        shortest, longest = flat.get("minLength", 0), flat.get("maxLength")
        if "pattern" in flat:
            made = _phone_number if self.plausible and flat["pattern"] == _DIGITS else _matching(flat["pattern"])
        elif flat.get("format") in _FORMATS:
            made = _FORMATS[flat["format"]]
        elif longest or shortest:
            edges = [filler * size for size in {shortest, longest or shortest} for filler in ("x", "😀")]

            def made(choices: Choices) -> str:
                text = choices.text() if choices.below(4) < 3 else choices.one(edges)
                return text[:longest].ljust(shortest, "¤")
        else:
            made = Choices.text
        if excluded := flat.get("not", {}).get("enum", ()):
            near = [twin for each in excluded for twin in (each.upper(), f"{each} ", f"{each}-v2")]
            made = _without(excluded, _pick([made, lambda choices: choices.one(near)]))
        return made

    def _object(self, flat: Schema) -> Recipe:
        required: dict[str, Recipe] = {}
        optional: dict[str, Recipe] = {}
        for name, schema in flat.get("properties", {}).items():
            try:
                (required if name in flat.get("required", ()) else optional)[name] = self(schema)
            except ImpossibleError:
                if name in flat.get("required", ()):
                    raise
        required |= {name: Choices.value for name in flat.get("required", ()) if name not in required}
        beside = flat.get("additionalProperties", True)
        unknown = Choices.value if beside is True else self(beside) if beside else None
        twins = alike(flat.get("properties", {}))

        def made(choices: Choices) -> dict[str, Any]:
            document = {name: recipe(choices) for name, recipe in required.items()}
            chosen = (
                -1 if self.complete else choices.below(2 ** len(optional)) if choices.below(4) else choices.one([0, -1])
            )
            for place, (name, recipe) in enumerate(optional.items()):
                if chosen & 1 << place:
                    document[name] = recipe(choices)
            if unknown and not self.complete and choices.below(4) == 3:
                for _ in range(1 + choices.below(3)):
                    name = choices.one(twins) if choices.below(2) else choices.name()
                    if name not in required and name not in optional:
                        document[name] = unknown(choices)
            return document

        return made


def _always(value: Any) -> Recipe:
    return lambda _: value


def _pick(recipes: Sequence[Recipe]) -> Recipe:
    """Any of `recipes`, all with one weight, however many branches they have themselves."""
    if not recipes:
        raise ImpossibleError
    return recipes[0] if len(recipes) == 1 else lambda choices: choices.one(recipes)(choices)


def _without(excluded: Sequence[str], recipe: Recipe) -> Recipe:
    def made(choices: Choices) -> Any:
        text = recipe(choices)
        return f"{text}~" if text in excluded else text

    return made


def _number(kind: str, least: int | None, most: int | None) -> Recipe:
    """Numbers between the bounds. In JSON Schema 3.0 is an integer, too."""

    def made(choices: Choices) -> float:
        if kind == "number" and choices.below(2):
            return choices.real()
        number = choices.integer(least, most)
        return float(number) if choices.below(16) == 15 and abs(number) < 2**53 else number

    return made


def _twins(code: Any, normalise: str | None) -> list[Any]:
    """What else may stand for `code`: other case where that carries no meaning, the number for its text and back."""
    if normalise in {"lower", "upper"}:
        return [code.upper(), code.lower(), code.title(), code.swapcase(), code[0] + code[1:].swapcase()]
    return [int(code) if isinstance(code, str) else str(code)] if normalise in {"text", "integer"} else []


def alike(known: Mapping[str, Any]) -> list[str]:
    """Names that are not documented, and look like ones that are or like a model's own attributes."""
    words = {name: re.split("[-_]", name) for name in known}
    found = {first + "".join(each.title() for each in rest) for first, *rest in words.values()}
    found |= {
        twin for name in known for twin in (f"{name}_", name.upper(), name.replace("-", "_"), name.replace("_", "-"))
    }
    return sorted((found | {"unknown", "ok", "self", "cls", "additional_properties", "to_dict", "raw"}) - set(known))


def _only(one: Any, other: Any) -> Any:
    if one != other:
        raise NotImplementedError(f"documents that are both {one!r} and {other!r} are not written yet")
    return one


_JOIN: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": lambda a, b: [each for each in ([a] if isinstance(a, str) else a) if each == b or each in b],
    "properties": lambda a, b: {
        name: {"allOf": [each[name] for each in (a, b) if name in each]} for name in dict.fromkeys([*a, *b])
    },
    "required": lambda a, b: list(dict.fromkeys([*a, *b])),
    "enum": lambda a, b: [value for value in a if (value, value.__class__) in [(each, each.__class__) for each in b]],
    "not": lambda a, b: {"enum": [*a["enum"], *b["enum"]]},
    "minimum": max,
    "maximum": min,
    "minLength": max,
    "maxLength": min,
    "items": lambda a, b: {"allOf": [a, b]},
    **dict.fromkeys(
        ("oneOf", "anyOf", "additionalProperties", "pattern", "format", "x-time"), lambda a, b: _only(a, b)
    ),
}
_PASSED_OVER: Final = set("$ref allOf const if then else rules description title default xml discriminator".split())


# ---- texts under a pattern or of a format ----------------------------------------------------------------------------

_CLASSES: Final = {"0-9": string.digits, "1-9": "123456789", "0-5": "012345", "0-9A-Fa-f": string.hexdigits}
_REPEATED: Final = re.compile(r"\^(1|\[1-9\])?\[([^\]]+)\](?:\{(\d+)(?:,(\d+))?\})?\$")
_WORD: Final = "aZ09_.-é😀/"


_BY_MINUTE: Final = "YYMMDDHHMM"
_DIGITS: Final = "^[0-9]{1,15}$"
"""What numbers that arrive are read by."""


def _phone_number(choices: Choices) -> str:
    """A number that somebody has: that of a short code is the shortest."""
    return choices.characters("123456789", 1, 1) + choices.characters(string.digits, 4, 14)


def _minute(choices: Choices) -> str:
    return choices.time().strftime("%y%m%d%H%M")


def _number_of_minute(choices: Choices) -> int:
    """The same as a number, which begins with no zero: 80 years later the year has the same days."""
    time = choices.time()
    return int((time if time.year % 100 >= 10 else time.replace(year=time.year + 80)).strftime("%y%m%d%H%M"))


def _date(choices: Choices) -> str:
    """A date; the patterns let impossible ones through, too."""
    if choices.possible():
        return choices.time().isoformat(" ", "seconds")[:19]
    return re.sub("(....)(..)(..)(..)(..)(..)", r"\1-\2-\3 \4:\5:\6", choices.characters(string.digits, 14, 14))


def _sloppy_date(choices: Choices) -> str:
    first, second, gap = (choices.one(each) for each in (["", "\\"], ["", "\\"], [" ", "+"]))
    date = _date(choices)
    return f"{first}{date[:10]}{second}{gap}{date[11:]}"


def _tag(choices: Choices) -> str:
    parts = [choices.characters(string.ascii_letters + string.digits, 1, 8) for _ in range(choices.below(4))]
    return "-".join([choices.characters(string.ascii_letters, 2, 8), *parts])


_PATTERNS: Final[Mapping[str, Recipe]] = {
    "^(0|[1-9][0-9]{0,8})$": lambda choices: str(choices.integer(0, 999_999_999)),
    "^([1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$": lambda choices: str(choices.integer(1, 255)),
    "^([0-9A-Fa-f]{2})*$": lambda choices: "".join(
        choices.characters(string.hexdigits, 2, 2) for _ in range(choices.below(9))
    ),
    "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$": _date,
    r"^\\?[0-9]{4}-[0-9]{2}-[0-9]{2}\\?[ +][0-9]{2}:[0-9]{2}:[0-9]{2}$": _sloppy_date,
    "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$": _tag,
    r"^[^:\s]\S*:[^:\s]+$": lambda choices: ":".join(
        choices.characters(_WORD, 1, 9) for _ in range(2 + choices.below(2))
    ),
}


def _matching(pattern: str) -> Recipe:
    """Texts that match `pattern` from end to end."""
    if pattern in _PATTERNS:
        return _PATTERNS[pattern]
    plain = _REPEATED.fullmatch(pattern)
    if plain is None or plain[2] not in _CLASSES:
        raise NotImplementedError(f"no texts are known that match {pattern!r}: add them to _PATTERNS")
    first = _CLASSES.get(plain[1][1:-1], plain[1]) if plain[1] else ""
    least, most = int(plain[3] or 1), int(plain[4] or plain[3] or 1)
    return lambda choices: (
        choices.characters(first, bool(first), bool(first)) + choices.characters(_CLASSES[plain[2]], least, most)
    )


_FORMATS: Final[Mapping[str, Recipe]] = {
    "uri": lambda choices: choices.one(
        [
            f"https://example.com/{quote(choices.text())}?{quote(choices.text())}",
            *("https://example.com", "http://[::1]:8080/a", "ftp://example.com/a.mp4", "data:,x", "urn:uuid:0"),
        ]
    ),
    "uuid": lambda choices: choices.one([str.lower, str.upper])(str(uuid.UUID(bytes=choices.bytes(16)))),
    "date-time": lambda choices: (
        choices.time().isoformat(timespec="milliseconds")[:-6] + choices.one(["Z", "+00:00", "-07:30"])
    ),
    "decimal": lambda choices: (
        f"{choices.integer(-(10**6) * choices.below_zero, 10**12)}.{choices.characters(string.digits, 1, 8)}"
    ),
}
