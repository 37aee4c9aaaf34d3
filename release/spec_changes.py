"""What of a spec is no longer as its users knew it: changes that can break who sends, or who receives, by it.

A schema is compared once for each direction in which it is met. What is sent to the service must not become narrower, what
comes from it must not become wider or lose what it had; and nothing that has a name may be gone, since models are generated
from it. Descriptions, examples and sources may change as they like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_OTHER: Final = ("pattern", "format", "multipleOf", "uniqueItems")


def breaking(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Each breaking change between two documents, as a line that begins with its place."""
    return sorted(set(_Comparison(before, after).changes()))


class _Comparison:
    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        self._before, self._after = before, after
        self._seen: set[tuple[str, str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        for group, sent in (("paths", True), ("webhooks", False)):
            old, new = self._before.get(group, {}), self._after.get(group, {})
            for path, item in old.items():
                for method in filter(item.__contains__, _METHODS):
                    place = f"{method.upper()} {path}"
                    if method not in new.get(path, {}):
                        yield f"{place}: is gone"
                        continue
                    yield from self._operation(place, (item, item[method]), (new[path], new[path][method]), sent=sent)
        for name, schema in self._schemas(self._before).items():
            if name not in self._schemas(self._after):
                yield f"{name}: is gone"
            elif not any(name == seen for seen, *_ in self._seen):  # nobody's request or answer: used by name alone
                yield from self._schema(name, schema, self._schemas(self._after)[name], sent=False)

    @staticmethod
    def _schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
        return found

    def _old(self, said: Any) -> Any:
        return _resolved(self._before, said)

    def _new(self, said: Any) -> Any:
        return _resolved(self._after, said)

    def _operation(self, place: str, before: tuple[Any, Any], after: tuple[Any, Any], *, sent: bool) -> Iterator[str]:
        old_id, new_id = before[1].get("operationId"), after[1].get("operationId")
        if old_id != new_id:
            yield f"{place}: operationId {old_id} is now {new_id}"
        yield from self._parameters(place, before, after, sent=sent)
        old_body, new_body = self._old(before[1].get("requestBody", {})), self._new(after[1].get("requestBody", {}))
        if sent and new_body.get("required") and not old_body.get("required"):
            yield f"{place}: a body is required"
        yield from self._content(f"{place}: body", old_body, new_body, sent=sent)
        answers = after[1].get("responses", {})
        for status, answer in before[1].get("responses", {}).items():
            if status not in answers:
                yield f"{place}: the answer {status} is gone"
                continue
            yield from self._content(
                f"{place}: answer {status}", self._old(answer), self._new(answers[status]), sent=not sent
            )

    def _parameters(self, place: str, before: tuple[Any, Any], after: tuple[Any, Any], *, sent: bool) -> Iterator[str]:
        old = {(each["in"], each["name"]): each for each in map(self._old, _listed(before))}
        new = {(each["in"], each["name"]): each for each in map(self._new, _listed(after))}
        for (where, name), each in old.items():
            here = f"{place}: {where} {name}"
            if (where, name) not in new:
                yield f"{here}: is gone"
                continue
            now = new[where, name]
            if bool(now.get("required")) and not each.get("required") and sent:
                yield f"{here}: is required"
            yield from self._schema(here, each.get("schema", {}), now.get("schema", {}), sent=sent)
        for where, name in new.keys() - old.keys():
            if sent and new[where, name].get("required"):
                yield f"{place}: {where} {name}: is required"

    def _content(self, place: str, before: Schema, after: Schema, *, sent: bool) -> Iterator[str]:
        new = after.get("content", {})
        for kind, said in before.get("content", {}).items():
            if kind not in new:
                yield f"{place}: {kind} is gone"
            else:
                yield from self._schema(
                    f"{place} {kind}", said.get("schema", {}), new[kind].get("schema", {}), sent=sent
                )

    def _schema(self, place: str, before: Any, after: Any, *, sent: bool) -> Iterator[str]:
        for said in (before, after):
            if isinstance(said, Mapping) and "$ref" in said:
                place = said["$ref"].rpartition("/")[2]
        met = (place, repr(before), repr(after), sent)
        if met in self._seen:
            return
        self._seen.add(met)
        old, new = self._old(before), self._new(after)
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if old != new:
                yield f"{place}: {old} is now {new}"
            return
        yield from self._values(place, old, new, sent=sent)
        yield from _bounds(place, old, new, sent=sent)
        yield from self._properties(place, old, new, sent=sent)
        for word in ("items", "additionalProperties", "not"):
            if word in old and word in new:
                yield from self._schema(f"{place}/{word}", old[word], new[word], sent=sent)
        for word in ("oneOf", "anyOf", "allOf"):
            yield from self._branches(f"{place}/{word}", old.get(word, []), new.get(word, []), sent=sent)

    @staticmethod
    def _values(place: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
        old_types, new_types = _types(old), _types(new)
        for kind in sorted(old_types - new_types) if sent else ():
            yield f"{place}: no {kind} any more"
        for kind in sorted(new_types - old_types) if not sent else ():
            yield f"{place}: may be {kind}"
        if "const" in old and old["const"] != new.get("const", old["const"]):
            yield f"{place}: {old['const']!r} is now {new['const']!r}"
        for value in old.get("enum", ()):
            if value not in new.get("enum", [value]):
                yield f"{place}: the value {value!r} is gone"
        if sent and "enum" in new and "enum" not in old:
            yield f"{place}: only some values are left"

    def _properties(self, place: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
        now = new.get("properties", {})
        for name, schema in old.get("properties", {}).items():
            if name not in now:
                yield f"{place}.{name}: is gone"
            else:
                yield from self._schema(f"{place}.{name}", schema, now[name], sent=sent)
        required, must = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(must - required) if sent else ():
            yield f"{place}.{name}: is required"
        for name in sorted(required - must) if not sent else ():
            yield f"{place}.{name}: may be absent"

    def _branches(self, place: str, old: list[Any], new: list[Any], *, sent: bool) -> Iterator[str]:
        """Branches are known by what they refer to, by their title or constant, or else by their place."""
        now = {_name(branch, number): branch for number, branch in enumerate(new)}
        for number, branch in enumerate(old):
            name = _name(branch, number)
            if name not in now:
                yield f"{place}: {name} is gone"
            else:
                yield from self._schema(f"{place}/{name}", branch, now[name], sent=sent)
        if sent and new and not old:
            yield f"{place}: is new"


def _bounds(place: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
    for words, narrower in ((_LOWER, 1), (_UPPER, -1)):
        for word in words:
            was, now = old.get(word), new.get(word)
            if was == now or not sent:
                continue
            if now is not None and (was is None or (now - was) * narrower > 0):
                yield f"{place}: {word} is {now}, was {'not there' if was is None else was}"
    for word in _OTHER:
        if sent and word in new and new[word] != old.get(word):
            yield f"{place}: {word} is another"


def _listed(of: tuple[Any, Any]) -> list[Any]:
    return [*of[0].get("parameters", ()), *of[1].get("parameters", ())]


def _types(schema: Schema) -> set[str]:
    said = schema.get("type", ())
    return {said} if isinstance(said, str) else set(said)


def _name(branch: Any, number: int) -> str:
    for word in ("$ref", "title", "const"):
        if isinstance(branch, Mapping) and word in branch:
            return str(branch[word]).rpartition("/")[2] if word == "$ref" else repr(branch[word])
    return f"branch {number}"


def _resolved(document: Mapping[str, Any], said: Any) -> Any:
    """What a reference refers to, with what is said beside it."""
    while isinstance(said, Mapping) and "$ref" in said:
        found: Any = document
        for part in said["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        beside = {word: each for word, each in said.items() if word != "$ref"}
        said = {**found, **beside} if isinstance(found, Mapping) else found
    return said
