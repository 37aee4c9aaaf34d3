"""What of the specs a run has exercised, and what it should have.

Laws call `note` with what they met: a component schema, a request of an operation or webhook in one encoding, an answer in
one encoding. `conftest` compares the notes of all workers with `everything()` when the whole suite has run.
"""

from __future__ import annotations

from .apis import APIS, OPERATIONS, SCHEMAS, WEBHOOKS, Api, Operation

NOTES: set[str] = set()


def note(item: str) -> None:
    """Notes that `item`, named by one of the functions below, was exercised."""
    NOTES.add(item)


def schema(api: Api, name: str) -> str:
    """A component schema: a document of it was judged and read."""
    return f"{api.name} schema {name}"


def request(operation: Operation, encoding: str) -> str:
    """A request to the service or by a webhook; `encoding` is a content type, or `query`."""
    return f"{operation} <- {encoding}"


def answer(operation: Operation, status: int, content_type: str) -> str:
    """An answer with this status and content type; an answer without content has the content type `empty`."""
    return f"{operation} -> {status} {content_type}"


def everything() -> set[str]:
    """All that the specs hold."""
    items = {schema(api, name) for api, name in SCHEMAS}
    for operation in (*OPERATIONS, *WEBHOOKS):
        items |= {request(operation, kind) for kind in operation.bodies}
        if operation.query:
            items.add(request(operation, "query"))
        for status, contents in operation.answers.items():
            items |= {answer(operation, status, kind) for kind in contents or ("empty",)}
    assert items, f"nothing found in {APIS}"
    return items
