"""Writes the Python source of the calls: one module for each operation, sync and async.

A call takes path parameters, then by keyword the client and one model: the body, or all parameters of the query. The
answers of the operation become a table by status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from openapi_python_client.strings import PythonIdentifier

from .components import Components
from .documents import Step, follow
from .emit_models import constant, docstring, import_line, reader_of
from .shapes import Choice, Model, Shape, Unsupported

Operation = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_WRITERS = {
    "application/x-www-form-urlencoded": ("to_form", '{"Content-Type": "application/x-www-form-urlencoded"}'),
    "application/json": ("to_json", '{"Content-Type": "application/json"}'),
}

_TAKEN = frozenset({"client", "quote", "read_response", "request", "response", "sync_detailed", "asyncio_detailed"})
"""Names that the functions of a generated call use themselves."""


@frozen
class Payload:
    """The one model a call sends: as the query, or as a body of one content type."""

    name: str
    model: str
    required: bool
    description: str
    content_type: str | None

    @property
    def declared(self) -> str:
        return f"{self.name}: {self.model}" if self.required else f"{self.name}: {self.model} | Unset = UNSET"


def operations(document: Mapping[str, Any]) -> dict[str, tuple[str, str, Operation]]:
    """Each operation's method, path and description, by the Python name of its `operationId`."""
    found: dict[str, tuple[str, str, Operation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}
                found[str(PythonIdentifier(operation["operationId"], prefix="field_"))] = (method, path, operation)
    return found


def call(name: str, document: Mapping[str, Any], components: Components) -> str:
    """The module of the operation `name`."""
    method, path, operation = operations(document)[name]
    steps: tuple[Step, ...] = ("paths", path, method)
    in_path = _path_parameters(operation, document, components, steps)
    payload = _payload(operation, document, components, steps)
    answers = _answers(operation, document, components, steps)
    _refuse_taken_names([*(python for python, _, _ in in_path.values()), *([payload.name] if payload else [])], steps)
    result = " | ".join(dict.fromkeys(model for model, _ in answers.values()))
    signature = "".join(f"{python}: {kind}, " for python, kind, _ in in_path.values())
    after = f", {payload.declared}" if payload else ""
    arguments = [*(python for python, _, _ in in_path.values())]
    sent = ", ".join([*arguments, *([f"{payload.name}={payload.name}"] if payload else [])])
    passed = ", ".join([*arguments, "client=client", *([f"{payload.name}={payload.name}"] if payload else [])])
    url = re.sub(r"\{([^}]+)\}", lambda match: f"{{quote({in_path[match[1]][0]}, safe='')}}", path)
    models = sorted({model for model, _ in answers.values()} | ({payload.model} if payload else set()))
    about = _about(operation, in_path, payload)
    own = f"*, {payload.declared}" if payload else ""
    return f"""{docstring(f"{method.upper()} {path}: {operation['summary']}.")}
from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import quote

from ... import xml_tables
from ...client import Client
from ...._runtime.client import Answer, Response, read_response
from ...._runtime.unset import UNSET, Unset
{chr(10).join(import_line(model, components, package="...models.") for model in models)}

OPERATION: Final = {operation["operationId"]!r}
{docstring("The operation's name in the spec.")}

ANSWERS: Final = {{
{_table(answers, components)}
}}
{docstring("What the spec says of each status: how its document is read.")}


def request({signature}{own}) -> dict[str, Any]:
    {docstring("What to send: arguments for `httpx.Client.request`.", indent=4)}
    return {{
        "method": {method.upper()!r},
        "url": {"f" if in_path else ""}"{url}",
        {_sent(payload)}
    }}


def sync_detailed({signature}*, client: Client{after}) -> Response[{result}]:
    {about(detailed=True)}
    response = client.get_httpx_client().request(**request({sent}))
    return read_response(response, ANSWERS)


def sync({signature}*, client: Client{after}) -> {result}:
    {about(detailed=False)}
    return sync_detailed({passed}).answer()


async def asyncio_detailed({signature}*, client: Client{after}) -> Response[{result}]:
    {about(detailed=True)}
    response = await client.get_async_httpx_client().request(**request({sent}))
    return read_response(response, ANSWERS)


async def asyncio({signature}*, client: Client{after}) -> {result}:
    {about(detailed=False)}
    return (await asyncio_detailed({passed})).answer()
"""


def _refuse_taken_names(arguments: list[str], steps: tuple[Step, ...]) -> None:
    for name in arguments:
        if name in _TAKEN or arguments.count(name) > 1:
            raise Unsupported(f"the Python name {name!r} is taken", steps)


def _resolve(item: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """`item`, or what its `$ref` leads to."""
    return _resolve(follow(item["$ref"], document), document) if "$ref" in item else item


def _shape(place: Mapping[str, Any], components: Components, steps: tuple[Step, ...]) -> Shape:
    """The shape of a parameter or a media type."""
    if not isinstance(place.get("schema"), Mapping):
        raise Unsupported("a parameter and a media type need a schema", steps)
    return components.shape(place["schema"], steps)


def _path_parameters(
    operation: Operation, document: Mapping[str, Any], components: Components, steps: tuple[Step, ...]
) -> dict[str, tuple[str, str, str]]:
    found = {}
    for parameter in (_resolve(each, document) for each in operation["parameters"]):
        if parameter["in"] == "path":
            shape = _shape(parameter, components, steps)
            if not isinstance(shape, Choice):
                raise Unsupported("a path parameter needs a closed list of texts", steps)
            kind = f"Literal[{', '.join(map(repr, shape.values))}]"
            python = str(PythonIdentifier(parameter["name"], prefix="field_"))
            found[parameter["name"]] = (python, kind, parameter.get("description", ""))
    return found


def _payload(
    operation: Operation, document: Mapping[str, Any], components: Components, steps: tuple[Step, ...]
) -> Payload | None:
    queries = [each for each in (_resolve(p, document) for p in operation["parameters"]) if each["in"] != "path"]
    body = _resolve(operation["requestBody"], document) if "requestBody" in operation else None
    if body is not None and not queries and len(body["content"]) == 1:
        ((content_type, media),) = body["content"].items()
        shape = _shape(media, components, steps)
        if isinstance(shape, Model) and content_type in _WRITERS and body.get("required"):
            return Payload("body", shape.name, True, body.get("description", ""), content_type)
    elif body is None and len(queries) == 1:
        (query,) = queries
        shape = _shape(query, components, steps)
        exploded = query["in"] == "query" and query.get("style") == "form" and query.get("explode") is True
        if isinstance(shape, Model) and exploded:
            name = str(PythonIdentifier(query["name"], prefix="field_"))
            return Payload(name, shape.name, query.get("required", False), query.get("description", ""), None)
    elif body is None and not queries:
        return None
    raise Unsupported("a call sends one model: as an exploded query, or as one required body of JSON or a form", steps)


def _answers(
    operation: Operation, document: Mapping[str, Any], components: Components, steps: tuple[Step, ...]
) -> dict[int, tuple[str, bool]]:
    found = {}
    for status, response in operation["responses"].items():
        here = (*steps, "responses", status)
        content = _resolve(response, document).get("content", {})
        shapes = {_shape(media, components, here) for media in content.values()}
        if not re.fullmatch("[1-5][0-9][0-9]", status) or len(shapes) != 1:
            raise Unsupported("an answer needs a status of three digits, and one schema for all content types", here)
        (shape,) = shapes
        if not isinstance(shape, Model):
            raise Unsupported("an answer must be a component of its own", here)
        found[int(status)] = (shape.name, any("xml" in kind for kind in content))
    return found


def _table(answers: Mapping[int, tuple[str, bool]], components: Components) -> str:
    lines = []
    for status, (model, as_xml) in answers.items():
        table = f", xml_tables.{constant(model)}" if as_xml else ""
        lines.append(f"    {status}: Answer({reader_of(model, components)}{table}),")
    return "\n".join(lines)


def _sent(payload: Payload | None) -> str:
    if payload is None:
        return ""
    if payload.content_type is None:
        written = f"{payload.name}.to_params()"
        return f'"params": {written if payload.required else f"{written} if {payload.name} else {{}}"},'
    method, headers = _WRITERS[payload.content_type]
    return f'"content": {payload.name}.{method}(), "headers": {headers},'


def _about(operation: Operation, in_path: Mapping[str, tuple[str, str, str]], payload: Payload | None) -> Any:
    """What makes the docstring of a call, detailed or not."""
    sent = [f"    {python}: {text}" for python, _, text in in_path.values()]
    sent.append("    client: Where to send it.")
    if payload:
        sent.append(f"    {payload.name}: {payload.description or f'What to send, a `{payload.model}`.'}")

    def about(*, detailed: bool) -> str:
        outcome = (
            ["Returns the answer with all that arrived; `parsed` is None when the spec has no such answer."]
            if detailed
            else ["Returns the model of the answer, whatever its status."]
        )
        raised = [] if detailed else ["    UndocumentedAnswer: The spec has no such answer."]
        return docstring(
            f"{operation['summary']}.",
            " ".join(operation.get("description", "").split()),
            "Args:",
            *sent,
            *outcome,
            "Raises:",
            "    InvalidDocument: The model cannot be written in the encoding of the request; nothing was sent.",
            *raised,
            "    httpx.RequestError: No answer came, or one whose bytes cannot be unpacked.",
            f"Source: {operation['x-source']}",
            indent=4,
        )

    return about
