"""Writes the page about the operations and webhooks of a spec: what is sent, what is answered, with the samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from .documents import fields, phrase, section, shared_choices
from .specs import Path_, Schema, Spec, referred, stands_alone, witness

_METHODS: Final = ("get", "put", "post", "patch", "delete")
_FORM: Final = "application/x-www-form-urlencoded"


def operations_page(spec: Spec) -> str:
    """The page about the operations of a service, its webhooks, and how to say who asks."""
    info = spec.document["info"]
    lines = [f"# {spec.title}", "", info["description"], ""]
    lines += [f"- `{server['url']}`: {server['description']}" for server in spec.document.get("servers", ())]
    lines += ["", f"The service's documents: [{spec.title}: documents]({spec.name}-documents.md). Its codes: "]
    lines[-1] += f"[{spec.title}: code tables]({spec.name}-codes.md)."
    lines += shared_choices(spec, "responses") + shared_choices(spec, "examples")
    lines += [line for path, item in spec.document.get("paths", {}).items() for line in _operations(spec, path, item)]
    for name, item in spec.document.get("webhooks", {}).items():
        lines += ["", f"({spec.anchor('webhook ' + name)})=", f"## Webhook `{name}`"]
        for method, operation in _methods(item):
            lines += _operation(
                spec, ("webhooks", name, method), f"### {method.upper()}: {operation['summary']}", operation
            )
    return "\n".join(lines + _credentials(spec)) + "\n"


def whole_page(spec: Spec, title: str) -> str:
    """A document on one page: its operations, then its schemas."""
    lines = [f"# {title}", "", spec.document["info"]["description"]]
    lines += [line for path, item in spec.document["paths"].items() for line in _operations(spec, path, item)]
    for name, schema, path in spec.components("schemas"):
        if stands_alone(schema):
            lines += section(spec, name, schema, path)
    return "\n".join(lines) + "\n"


def _methods(item: Schema) -> Iterator[tuple[str, Schema]]:
    yield from ((method, item[method]) for method in _METHODS if method in item)


def _operations(spec: Spec, path: str, item: Schema) -> Iterator[str]:
    for method, operation in _methods(item):
        yield from ["", f"({spec.anchor('operation ' + operation['operationId'])})="]
        together = {**operation, "parameters": [*item.get("parameters", ()), *operation.get("parameters", ())]}
        yield from _operation(spec, ("paths", path, method), f"## {operation['summary']}", together)


def _operation(spec: Spec, path: Path_, heading: str, operation: Schema) -> list[str]:
    lines = ["", heading, ""]
    if path[0] == "paths":
        lines += [f"`{str(path[2]).upper()} {path[1]}` · operation `{operation['operationId']}`", ""]
    lines += [operation.get("description", ""), *witness(spec, operation, path)]
    for parameter in operation.get("parameters", ()):
        lines += _parameter(spec, parameter, path)
    if "requestBody" in operation:
        lines += [
            "",
            "**Body**",
            "",
            *_contents(spec, operation["requestBody"]["content"], (*path, "requestBody", "content")),
        ]
    lines += _delivery(spec, operation, path)
    lines += ["", "**Answers**"]
    for status, node in operation["responses"].items():
        answer, at = spec.follow(node, (*path, "responses", status))
        lines += ["", f"`{status}`", f": {answer['description']}"]
        lines += witness(spec, answer, at, (*at, "content"), indent="  ")
        told = _contents(spec, answer.get("content", {}), (*at, "content"))
        lines += [f"  {line}".rstrip() for line in ["", *told]]
    tolerated = operation.get("x-tolerates", ())
    if tolerated:
        lines += ["", "**Real clients also send**", ""]
        lines += [f"- {each['what']} ({each['x-source']})" for each in tolerated]
    return lines


def _parameter(spec: Spec, node: Schema, path: Path_) -> list[str]:
    parameter, at = spec.follow(node)
    name = referred(parameter["schema"])
    schema, _ = spec.follow(parameter["schema"])
    if name is not None and "properties" in schema:  # a document whose fields travel one by one
        lines = [
            "",
            f"**Parameters** in the {parameter['in']}: the fields of {spec.link(name)}. {parameter['description']}",
        ]
        return lines + _samples(spec, parameter.get("examples", {}), f"?{_FORM}", path)
    needed = "**required**, " if parameter.get("required") else ""
    description = " ".join(dict.fromkeys(filter(None, (parameter.get("description"), schema.get("description")))))
    lines = ["", f"`{parameter['name']}` in the {parameter['in']}: {needed}{phrase(spec, parameter['schema'])}"]
    return [*lines, f": {description}", *witness(spec, parameter, at, indent="  ")]


def _contents(spec: Spec, contents: Mapping[str, Any], path: Path_) -> list[str]:
    """What a body holds, by its types; types with the same content are told of together."""
    kinds: dict[str, list[str]] = {}
    for kind, media in contents.items():
        kinds.setdefault(json.dumps(media["schema"]), []).append(kind)
    lines: list[str] = []
    for types in kinds.values():
        media = contents[types[0]]
        told = [f"{phrase(spec, media['schema'])} as {', '.join(f'`{kind}`' for kind in types)}"]
        if not referred(media["schema"]) and media["schema"].get("properties"):
            told += fields(spec, media["schema"], ())
        lines += ["", *told]
    shown: list[Any] = []
    for kind, media in contents.items():
        for name, example in media.get("examples", {}).items():
            if example not in shown:
                shown.append(example)
                lines += _samples(spec, {name: example}, kind, path)
    return lines


def _samples(spec: Spec, examples: Mapping[str, Any], kind: str, path: Path_) -> list[str]:
    lines: list[str] = []
    for name, node in examples.items():
        example, at = spec.follow(node, path)
        language, text = _written(example["value"], kind)
        lines += ["", f"<details><summary>Sample: {_escaped(example.get('summary', name))}</summary>", ""]
        lines += [f"```{language}", *text.rstrip().splitlines(), "```", *witness(spec, example, at), "", "</details>"]
    return lines


def _written(value: Any, kind: str) -> tuple[str, str]:
    """A sample as it travels, and the language to colour it by."""
    if isinstance(value, str):
        return "xml", value
    if kind.endswith(_FORM):
        return "text", ("?" if kind[0] == "?" else "") + urlencode(value)
    return "json", json.dumps(value, ensure_ascii=False, indent=2)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _delivery(spec: Spec, operation: Schema, path: Path_) -> list[str]:
    """When a webhook comes again, and how it is known again."""
    lines: list[str] = []
    if "x-redelivery" in operation:
        told = operation["x-redelivery"]
        when = f"for {told['hours']} hours"
        if "seconds" in told:
            waits = ", ".join(map(str, told["seconds"]))
            when += f": after {waits} seconds, then every {told['then-every-seconds']} seconds"
        lines += ["", f"**Comes again** {when}.", *witness(spec, told, (*path, "x-redelivery"))]
    if "x-event" in operation:
        told = operation["x-event"]
        by, but = (", ".join(f"`{key}`" for key in told[name]) for name in ("told-apart-by", "differs-by-attempt"))
        lines += ["", f"**Known again** by {by}" + (f"; {but} differ by attempt." if but else ".")]
        lines += witness(spec, told, (*path, "x-event"))
    return lines


def _credentials(spec: Spec) -> list[str]:
    schemes = list(spec.components("securitySchemes"))
    if not schemes:
        return []
    lines = ["", f"({spec.anchor('credentials')})=", "## Credentials"]
    ways = [
        " with ".join(f"`{name}`" for name in way) or "none in the query" for way in spec.document.get("security", ())
    ]
    lines += ["", f"A request carries one of: {'; '.join(ways)}."]
    for name, scheme, path in schemes:
        where = (
            f"`{scheme['name']}` in the {scheme['in']}"
            if "in" in scheme
            else f"`Authorization: {scheme['scheme'].title()} …`"
        )
        lines += ["", f"`{name}`: {where}", f": {scheme['description']}"]
        for key, value in scheme.get("x-credential", {}).items():
            told = ", ".join(value) if isinstance(value, list) else value
            lines += ["", f"  {key.replace('-', ' ')}: `{told}`"]
        lines += witness(spec, scheme, path, indent="  ")
    return lines
