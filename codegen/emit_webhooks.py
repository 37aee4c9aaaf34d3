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
        if model in components.unions:
            imports[f"from .models import {module_name(model)}"] = None
        names.append(constant(name))
        arguments = ", ".join(_arguments(name, operations, model, components, steps))
        lines += [f"{constant(name)}: Final[Webhook[{model}]] = Webhook({arguments})"]
        lines += [docstring(str(next(iter(operations.values())).get("description", name))), ""]
    return "\n".join(
        [
            docstring("The webhooks of this API: a constant for each, and all of them by name."),
            "from __future__ import annotations",
            "from collections.abc import Mapping",
            "from functools import partial",
            "from typing import Any, Final",
            "from .._runtime.encodings import read_json",
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
        if any(operation.get(key) != first.get(key) for operation in operations.values()):
            raise Unsupported(f"all methods of a webhook need the same {key}", steps)
    union = model in components.unions
    flat = not union and components.records[model].flat
    encodings = {method: _encodings(operation, steps) for method, operation in operations.items()}
    if JSON not in encodings.get("POST", ()):
        raise Unsupported("an event can come as JSON by POST, whatever else it can come as", steps)
    for kinds in encodings.values():
        if set(kinds) - ({JSON, FORM, "query"} if flat else {JSON}):
            raise Unsupported("an event is JSON; one with `x-encoding: flat` may be a form or a query as well", steps)
    again, event = (_object(first.get(key), (*steps, key)) for key in ("x-redelivery", "x-event"))
    yield repr(name)
    yield f"{encodings!r}"
    yield f"partial(read_json, {module_name(model) if union else model}._read)"
    yield f"{model}.from_form" if flat else "None"
    yield f"taken={_statuses(first.get('responses'), steps)!r}"
    yield f"seconds={3600 * _count(again.get('hours'), (*steps, 'x-redelivery', 'hours'))}"
    if "seconds" in again:
        waits = _list(again["seconds"], int, (*steps, "x-redelivery", "seconds"))
        then = _count(again.get("then-every-seconds"), (*steps, "x-redelivery", "then-every-seconds"))
        yield f"waits={waits!r}, then_every_seconds={then}"
    for key in ("told-apart-by", "differs-by-attempt"):
        yield f"{key.replace('-', '_')}={_list(event.get(key), str, (*steps, 'x-event', key))!r}"
    yield f"source={str(first.get('x-source', ''))!r}"


def _object(value: Any, steps: tuple[Step, ...]) -> Node:
    if not isinstance(value, Mapping):
        raise Unsupported("a webhook needs this, an object", steps)
    return value


def _list(value: Any, kind: type, steps: tuple[Step, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(type(each) is kind for each in value):
        raise Unsupported(f"expected a list of {'texts' if kind is str else 'whole numbers'}", steps)
    return tuple(value)


def _count(value: Any, steps: tuple[Step, ...]) -> int:
    if type(value) is not int or value <= 0:
        raise Unsupported("expected a whole number above 0", steps)
    return value


def _statuses(responses: Any, steps: tuple[Step, ...]) -> tuple[int, ...]:
    """The statuses that are documented: those by which the event counts as taken."""
    found = tuple(responses) if isinstance(responses, Mapping) else ()
    if not found or not all(str(status).isascii() and str(status).isdigit() for status in found):
        raise Unsupported("a webhook names the statuses of a right answer", (*steps, "responses"))
    return tuple(sorted(map(int, found)))


def _encodings(operation: Node, steps: tuple[Step, ...]) -> tuple[str, ...]:
    found = tuple(_content(operation))
    found += tuple("query" for each in operation.get("parameters", ()) if each.get("in") == "query")
    if not found:
        raise Unsupported("an event needs a body, or a parameter in the query", steps)
    return found


def _content(operation: Node) -> Node:
    content: Node = operation.get("requestBody", {}).get("content", {})
    return content


def _model(operations: Mapping[str, Node], components: Components, steps: tuple[Step, ...]) -> str:
    """The one component that all methods of the webhook carry."""
    names = {
        str(place.get("schema", {}).get("$ref", "")).rsplit("/", 1)[-1]
        for operation in operations.values()
        for place in (*_content(operation).values(), *operation.get("parameters", ()))
    }
    if len(names) != 1 or not names <= set(components.models):
        raise Unsupported("all methods of a webhook carry the same component", steps)
    (name,) = names
    return name
