"""What must hold of a spec before anything is made of it, told with file, line and path.

The spec is checked as it stands in its file: against the OpenAPI 3.1 schema and JSON Schema's own, then that each `$ref`
leads somewhere, then that models can be made of its components.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from .components import Components
from .documents import SpecError, Step, follow
from .shapes import Unsupported


def check(document: Mapping[str, Any], file: Path) -> Components:
    """The components of the spec in `file`; `SpecError` at the first thing that is wrong."""
    _check_openapi(document, file)
    for steps, ref in _refs(document):
        try:
            node, passed = follow(ref, document), {ref}
            while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
                if node["$ref"] in passed:
                    raise SpecError(file, f"the reference {ref!r} leads in a circle", steps=steps)
                passed.add(node["$ref"])
                node = follow(node["$ref"], document)
        except LookupError:
            raise SpecError(file, f"the reference {ref!r} leads nowhere in this file", steps=steps) from None
        in_schema = steps[:2] == ("components", "schemas") or steps[-2:-1] == ("schema",)
        if in_schema and not re.fullmatch("#/components/schemas/[^/]+", ref):
            raise SpecError(file, f"the reference {ref!r} does not lead to a component schema", steps=steps)
    for steps in _inline_models(document):
        raise SpecError(file, "an object or a union must be a component of its own, used by $ref", steps=steps)
    for name, schema in document["components"]["schemas"].items():
        for error in _schema_validator().iter_errors(schema):
            steps = ("components", "schemas", name, *error.instance_path)
            raise SpecError(file, f"not JSON Schema: {_short(error.message)}", steps=steps)
    try:
        return Components(document)
    except Unsupported as error:
        raise SpecError(file, error.reason, steps=error.steps) from None


def _check_openapi(document: Mapping[str, Any], file: Path) -> None:
    errors = list(_openapi_validator().iter_errors(document))
    if errors:
        deepest = max(errors, key=lambda error: len(error.instance_path))
        raise SpecError(file, f"not OpenAPI 3.1: {_short(deepest.message)}", steps=deepest.instance_path)
    if "schemas" not in document.get("components", {}):
        raise SpecError(file, "has no components.schemas to make models of", steps=("components",))
    if not document.get("servers") or not document["info"].get("description") or "paths" not in document:
        raise SpecError(file, "needs servers, paths, and a description in info, which the package is made of", line=1)
    seen: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, Mapping) and "responses" in operation:
                steps = ("paths", path, method)
                for key in ("operationId", "summary", "x-source"):
                    if key not in operation:
                        raise SpecError(file, f"an operation needs {key}", steps=steps)
                if operation["operationId"] in seen:
                    raise SpecError(file, f"the operationId {operation['operationId']!r} is given twice", steps=steps)
                seen.add(operation["operationId"])


def _refs(node: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield (*steps, key), value
            elif key == "mapping" and isinstance(value, Mapping):
                yield from (((*steps, key, name), str(ref)) for name, ref in value.items())
            elif key not in ("value", "default", "const", "enum"):  # these hold data, not schemas
                yield from _refs(value, (*steps, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _refs(value, (*steps, index))


def _inline_models(node: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Where a parameter or a media type has a schema of its own that would need a model."""
    if isinstance(node, Mapping) and steps != ("components", "schemas"):
        for key, value in node.items():
            if key == "schema" and isinstance(value, Mapping) and _NEEDS_MODEL & value.keys():
                yield (*steps, key)
            elif key not in ("schema", "value", "example", "examples"):
                yield from _inline_models(value, (*steps, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _inline_models(value, (*steps, index))


_NEEDS_MODEL: Final = frozenset({"properties", "additionalProperties", "allOf", "anyOf", "oneOf"})


def _short(message: str) -> str:
    """The end of a validator's message tells the rule; its beginning may be a whole document."""
    return message if len(message) <= 160 else f"{message[:60]} … {message[-90:]}"


@cache
def _schema_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})


@cache
def _openapi_validator() -> jsonschema_rs.Validator:
    # The package is only asked for its copy of OpenAPI's schema: importing it takes longer than all checks together.
    package = find_spec("openapi_spec_validator")
    folders: Sequence[str] = (package and package.submodule_search_locations) or []
    file = Path(folders[0]) / "resources" / "schemas" / "v3.1" / "schema.json"
    return jsonschema_rs.validator_for(json.loads(file.read_text("utf-8")))
