"""What of the specs a run has exercised, and what it should have.

Laws call `note` with what they met: a component schema, a request of an operation or webhook in one encoding, an answer in
one encoding. `conftest` compares the notes of all workers with `everything()` when the whole suite has run.
"""

from __future__ import annotations

from .apis import APIS, OPERATIONS, SCHEMAS, WEBHOOKS, Api, Operation
from .members import ALL_BRANCHES, ALL_MEMBERS

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


def by_kind() -> dict[str, set[str]]:
    """All that the specs hold, by what it is."""
    kinds: dict[str, set[str]] = {
        "schemas": {schema(api, name) for api, name in SCHEMAS},
        "members of enumerations and tables": {
            each.item for each in ALL_MEMBERS if each.beyond is None and " is " in each.item
        },
        "bounds": {each.item for each in ALL_MEMBERS if " at m" in each.item},
        "branches of unions": {each.item for each in ALL_BRANCHES},
        "requests": set(),
        "answers": set(),
    }
    for operation in (*OPERATIONS, *WEBHOOKS):
        kinds["requests"] |= {request(operation, kind) for kind in operation.bodies}
        if operation.query:
            kinds["requests"].add(request(operation, "query"))
        for status, contents in operation.answers.items():
            kinds["answers"] |= {answer(operation, status, kind) for kind in contents or ("empty",)}
    assert all(kinds.values()), f"nothing found in {APIS}"
    return kinds


def everything() -> set[str]:
    """All that the specs hold."""
    return set().union(*by_kind().values())
