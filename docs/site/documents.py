"""Writes the pages about the documents of a spec: its objects with their fields and bounds, and its code tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from .specs import Path_, Schema, Spec, described, is_table, referred, stands_alone, witness

_FOLLOWS: Final = {
    "temporary": "may work later",
    "stop-writing": "do not write to the number again",
    "opted-out": "the recipient opted out",
    "opted-in": "the recipient opted in",
    "final": "the last status",
}
_TABLES: Final = (
    "Codes that are not in a table will come. They are kept, not refused. The last column says what follows from a code for "
    "whoever sends."
)
_READ_AS: Final = {
    "text": "read as text",
    "integer": "read as an integer",
    "lower": "read in lower case",
    "upper": "read in upper case",
    "boolean": "read as a boolean",
}


def documents_page(spec: Spec) -> str:
    """The page about all objects of a spec, and what they hold."""
    lines = [f"# {spec.title}: documents", "", "What requests, answers and webhooks hold, with every field."]
    lines += shared_choices(spec, "schemas")
    for name, schema, path in spec.components("schemas"):
        if stands_alone(schema) and not is_table(schema):
            lines += section(spec, name, schema, path)
    return "\n".join(lines) + "\n"


def codes_page(spec: Spec) -> str:
    """The page about all code tables of a spec."""
    lines = [f"# {spec.title}: code tables", "", _TABLES]
    for name, schema, path in spec.components("schemas"):
        if is_table(schema):
            lines += ["", f"({spec.anchor(name)})=", f"## {name}", "", schema.get("description", "")]
            lines += ["", f"On the wire: {', '.join(_words(spec, schema))}.", *_table(schema)]
            lines += [*witness(spec, schema, path, (*path, "anyOf")), *_of_codes(spec, schema, path)]
    return "\n".join(lines) + "\n"


def shared_choices(spec: Spec, kind: str) -> list[str]:
    """What was chosen about several components of a kind at once."""
    about = {"schemas": "documents", "responses": "answers", "examples": "samples"}[kind]
    return [
        line.replace("**Choice:**", f"**Choice** about several {about}:")
        for line in witness(spec, {}, ("components", kind))
    ]


def section(spec: Spec, name: str, schema: Schema, path: Path_) -> list[str]:
    """A schema with a heading of its own."""
    lines = ["", f"({spec.anchor(name)})=", f"## {name}", "", schema.get("description", "")]
    if "oneOf" in schema:
        told_by = schema.get("x-discriminator-path") or [schema.get("discriminator", {}).get("propertyName")]
        by = f", told apart by `{'.'.join(told_by)}`" if told_by != [None] else ""
        lines += ["", f"One of these{by}:", ""]
        lines += [f"- {phrase(spec, branch)}" for branch in schema["oneOf"]]
    lines += fields(spec, schema, path)
    lines += _conditions(schema)
    return lines + witness(spec, schema, path)


def fields(spec: Spec, schema: Schema, path: Path_) -> list[str]:
    """The properties of an object, one definition each."""
    lines: list[str] = []
    required = schema.get("required", ())
    for name, node in schema.get("properties", {}).items():
        told, at = spec.follow(node, (*path, "properties", name))
        told = {**told, "x-source": node.get("x-source") or _own_source(told, schema)}
        words = ["**required**"] if name in required else []
        lines += [
            "",
            f"`{name}`: {', '.join([*words, phrase(spec, node)])}",
            f": {described(spec, node)}".rstrip(),
        ]
        about = {key: told[key] for key in ("x-source", "x-choice") if told.get(key)}
        paths = {(*path, "properties", name)} | ({at} if not stands_alone(told) else set())
        lines += witness(spec, about, *sorted(paths, key=str), indent="  ")
    further = schema.get("additionalProperties")
    if isinstance(further, dict):
        told, at = spec.follow(further)
        lines += ["", f"any other name: {phrase(spec, further)}", f": {described(spec, further)}"]
        lines += witness(spec, told, at, indent="  ")
    return lines


def _own_source(told: Schema, schema: Schema) -> str | None:
    """A field's source, where it is not that of the object, which stands below it."""
    source: str | None = told.get("x-source")
    return source if source != schema.get("x-source") else None


def phrase(spec: Spec, node: Schema) -> str:
    """What a value is, in a line: its type, or a link to where it is told, and its bounds."""
    name = referred(node)
    told, _ = spec.follow(node)
    if name is not None and stands_alone(told):
        return spec.link(name)
    return ", ".join(_words(spec, told)) or "any value"


def _words(spec: Spec, told: Schema) -> Iterator[str]:
    kinds = told.get("type", [])
    named = {"array": "a list", "object": "an object", "null": "null"}
    kind = " or ".join(named.get(each, each) for each in ([kinds] if isinstance(kinds, str) else kinds))
    if "items" in told:
        kind += f" of {phrase(spec, told['items'])}"
        if "$ref" not in told["items"] and "description" in told["items"]:
            kind += f" ({told['items']['description']})"
    if "oneOf" in told:
        kind = " or ".join(phrase(spec, each) for each in told["oneOf"])
    yield from [kind] if kind else []
    if "const" in told:
        yield f"always {_code(told['const'])}"
    if "enum" in told:
        yield "one of " + " ".join(dict.fromkeys(map(_code, told["enum"])))
    yield from _bounds(told)
    if "x-time" in told:
        yield f"a time in UTC, `{told['x-time']}`"
    elif told.get("format"):
        yield str(told["format"])
    if "x-normalise" in told:
        yield _READ_AS[told["x-normalise"]]
    if "x-file-types" in told:
        yield "files of the types " + ", ".join(told["x-file-types"])
    if "default" in told:
        yield f"by default {_code(told['default'])}"
    if "x-sample" in told:
        yield f"such as {_code(told['x-sample'])}"


def _bounds(told: Schema) -> Iterator[str]:
    for least, most, unit in (
        ("minLength", "maxLength", " characters"),
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " entries"),
    ):
        low, high = told.get(least), told.get(most)
        if low is not None and high is not None:
            yield f"{low} to {high}{unit}" if low != high else f"{low}{unit}"
        elif low is not None:
            yield f"at least {low}{unit}" if low != 1 or not unit else "not empty"
        elif high is not None:
            yield f"at most {high}{unit}"
    if "pattern" in told:
        yield f"matches {_code(told['pattern'])}"
    if "not" in told and "enum" in told["not"]:
        yield "none of " + " ".join(map(_code, told["not"]["enum"]))


def _code(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value)
    return f"``{shown}``" if "`" in shown else f"`{shown}`"


def _conditions(schema: Schema) -> list[str]:
    """What `if` and `then` demand."""
    if "if" not in schema:
        return []
    when = " and ".join(f"`{field}` is {_code(value)}" for field, value in _constants(schema["if"], ""))
    needed = " and ".join(f"`{field}`" for field in _needed(schema["then"], ""))
    return ["", f"When {when}, {needed} is required."]


def _constants(schema: Schema, before: str) -> Iterator[tuple[str, Any]]:
    for name, node in schema.get("properties", {}).items():
        if "const" in node:
            yield f"{before}{name}", node["const"]
        yield from _constants(node, f"{before}{name}.")


def _needed(schema: Schema, before: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        further = list(_needed(schema.get("properties", {}).get(name, {}), f"{before}{name}."))
        yield from further or [f"{before}{name}"]


# ---- code tables -----------------------------------------------------------------------------------------------------


def _table(schema: Schema) -> list[str]:
    lines = ["", "| code | name | meaning | what follows |", "|---|---|---|---|"]
    for branch in schema["anyOf"]:
        if "const" in branch:
            cells = (_code(branch["const"]), branch["title"], branch["description"], ", ".join(_follows(branch)))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def _follows(branch: Schema) -> Iterator[str]:
    told = branch.get("x-code", {})
    for key, value in told.items():
        if value is True:
            beside = told.get(f"{key}-when")
            yield _FOLLOWS.get(key, key) + (" beside " + ", ".join(map(_code, beside)) if beside else "")
    if "x-channels" in branch:
        yield "on " + ", ".join(map(_code, branch["x-channels"])) + " only"


def _of_codes(spec: Spec, schema: Schema, path: Path_) -> list[str]:
    """What single codes have of their own: a source, a choice."""
    lines: list[str] = []
    for index, branch in enumerate(schema["anyOf"]):
        own = witness(spec, branch, (*path, "anyOf", index))
        lines += [
            line.replace("**Choice:**", f"**Choice,** {_code(branch['const'])}:") for line in own if "const" in branch
        ]
    sources: dict[str, list[str]] = {}
    for branch in schema["anyOf"]:
        if "x-source" in branch and "const" in branch:
            sources.setdefault(branch["x-source"], []).append(_code(branch["const"]))
    lines = [line for line in lines if not line.startswith(("{.source}", "Source:"))]
    for source, codes in sources.items():
        lines += ["", "{.source}", f"Source of {', '.join(codes)}: {source}"]
    return lines
