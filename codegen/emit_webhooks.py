"""Writes the Python source of a spec's webhooks: a constant for each, with what `Webhook` says of one.

The methods of a webhook are ways in which the same event travels, so they have one model, and agree on all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .components import Components
from .documents import Step
from .emit_calls import METHODS
from .emit_models import constant, docstring, import_line, module_name
from .shapes import Unsupported

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

Node = Mapping[str, Any]


def webhooks(document: Node, components: Components) -> str:
    """`webhooks.py`: a constant for each webhook, and all of them by name."""
    imports: dict[str, None] = {}
    lines = []
    names = []
    for name, item in document.get("webhooks", {}).items():
        steps: tuple[Step, ...] = ("webhooks", name)
        operations = {method.upper(): item[method] for method in METHODS if method in item}
        if not operations:
            raise Unsupported("a webhook needs a method", steps)
        model = _model(operations, components, steps)
        imports[import_line(model, components, package=".models.")] = None
        names.append(constant(name))
        arguments = ", ".join(_arguments(name, operations, model, components, steps))
        lines += [f"{constant(name)}: Final[Webhook[{model}]] = Webhook({arguments})"]
        lines += [docstring(str(next(iter(operations.values())).get("description", name))), ""]
    return "\n".join(
        [
            docstring("The webhooks of this API: a constant for each, and all of them by name."),
            "from __future__ import annotations",
            "from collections.abc import Mapping",
            "from typing import Any, Final",
            "from .._runtime.webhooks import Webhook",
            *imports,
            "",
            *lines,
            f"WEBHOOKS: Final[Mapping[str, Webhook[Any]]] = {{each.name: each for each in ({', '.join(names)},)}}",
            docstring("Each by its name."),
            "",
        ]
    )


def _arguments(
    name: str, operations: Mapping[str, Node], model: str, components: Components, steps: tuple[Step, ...]
) -> Iterator[str]:
    first = next(iter(operations.values()))
    for key in ("x-redelivery", "x-event", "responses"):
        if any(operation.get(key) != first.get(key) for operation in operations.values()) or key not in first:
            raise Unsupported(f"all methods of a webhook need the same {key}", steps)
    union = model in components.unions
    flat = not union and components.records[model].flat
    encodings = {method: _encodings(operation, steps) for method, operation in operations.items()}
    for kinds in encodings.values():
        if set(kinds) - ({JSON, FORM, "query"} if flat else {JSON}):
            raise Unsupported("an event is JSON; one with `x-encoding: flat` may be a form or a query as well", steps)
    again, event = first["x-redelivery"], first["x-event"]
    for key in ("told-apart-by", "differs-by-attempt"):
        if not isinstance(event.get(key), list):
            raise Unsupported(f"needs {key}, a list of keys", (*steps, "x-event"))
    yield repr(name)
    yield f"{encodings!r}"
    yield f"{module_name(model)}_from_json" if union else f"{model}.from_json"
    yield f"{model}.from_form" if flat else "None"
    yield f"taken={tuple(sorted(map(int, first['responses'])))!r}"
    yield f"seconds={3600 * again['hours']}"
    if "seconds" in again:
        yield f"waits={tuple(again['seconds'])!r}, then_every_seconds={again['then-every-seconds']!r}"
    yield f"told_apart_by={tuple(event['told-apart-by'])!r}"
    yield f"differs_by_attempt={tuple(event['differs-by-attempt'])!r}"
    yield f"source={first['x-source']!r}"


def _encodings(operation: Node, steps: tuple[Step, ...]) -> tuple[str, ...]:
    found = tuple(operation.get("requestBody", {}).get("content", {}))
    found += tuple("query" for each in operation.get("parameters", ()) if each.get("in") == "query")
    if not found:
        raise Unsupported("an event needs a body, or a parameter in the query", steps)
    return found


def _model(operations: Mapping[str, Node], components: Components, steps: tuple[Step, ...]) -> str:
    """The one component that all methods of the webhook carry."""
    schemas = [
        place.get("schema", {})
        for operation in operations.values()
        for place in (*operation.get("requestBody", {}).get("content", {}).values(), *operation.get("parameters", ()))
    ]
    names = {str(schema.get("$ref", "")).rsplit("/", 1)[-1] for schema in schemas}
    if len(names) != 1 or not names <= set(components.models):
        raise Unsupported("all methods of a webhook carry the same component", steps)
    (name,) = names
    return name
