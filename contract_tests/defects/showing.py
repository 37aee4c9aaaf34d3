"""What shows that a receiver is broken: events as the service sends them, signed by hand as of now, and forged ones.

A change to a document is a value by its key; `...` leaves the key out.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from contract_tests.apis import WEBHOOKS
from contract_tests.arriving import FORM, JSON, QUERY, documented, way_to, with_header
from contract_tests.peers import SECRET, members, signed_by_hand
from contract_tests.signed import claims_of, token_of
from shortcodekit.webhooks import Request

from . import MESSAGES, Peer, Right, Shown, Shows
from .plain import Asgi, Plain, Wsgi

__all__ = ["FORM", "JSON", "QUERY", "SECRET"]

BROKEN: Final[list[Peer]] = []


def broken(*events: str, shows: Shows, signed: bool = False) -> Callable[[type[Plain]], type[Plain]]:
    """Registers a receiver: its name is that of the class, its sentence the docstring; Messages events come by ASGI."""

    def register(kind: type[Plain]) -> type[Plain]:
        def make(event: str, secret: str | None) -> Wsgi | Asgi:
            return (Asgi if event in MESSAGES else Wsgi)(kind(event, secret))

        register_app(kind, make, *events, shows=shows, signed=signed)
        return kind

    return register


def register_app(
    named: type, make: Callable[[str, str | None], Any], *events: str, shows: Shows, signed: bool = False
) -> None:
    """Registers a receiver that is an application of its own; name and sentence are those of the class `named`."""
    name = re.sub("(?<!^)(?=[A-Z])", "-", named.__name__).lower()
    BROKEN.append(Peer(name, " ".join(str(named.__doc__).split()), events, signed, make, shows))


# ---- requests --------------------------------------------------------------------------------------------------------


def example(event: str, name: str) -> Mapping[str, Any]:
    """An example of the specs by its name; the one that has most when it is empty."""
    if not name:
        return documented(event)
    found: list[Mapping[str, Any]] = [
        value
        for operation in WEBHOOKS
        if operation.path == event
        for known, _, _, value in operation.examples()
        if known == name
    ]
    return found[0]


def document_of(event: str, changes: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """An example with changes."""
    return {key: value for key, value in {**example(event, name), **changes}.items() if value is not ...}


def request_of(event: str, document: Mapping[str, Any], encoding: str = JSON, label: str = "") -> Request:
    """The request that carries a document; `label` is another content type."""
    way = way_to(event, encoding)
    return way.request(way.written(document), *([label] if label else []))


def signed_request(
    event: str,
    document: Mapping[str, Any],
    encoding: str = JSON,
    *,
    secret: str = SECRET,
    late: int = 0,
    case: Callable[[str], str] = str,
) -> Request:
    """The same, its parameters signed `late` seconds ago; `case` changes the signature."""
    full = {**document, "timestamp": str(int(time.time()) - late), "nonce": "n1"}
    sig = case(signed_by_hand(members(json.dumps(full).encode()), secret, "md5hash"))
    return request_of(event, {**full, "sig": sig}, encoding)


def with_token(request: Request, *, secret: str = SECRET, header: Any = None, **claims: Any) -> Request:
    """`request` with a token for its body, some claims changed."""
    made = claims_of(request.body, **{"iat": int(time.time()), **claims})
    token = token_of(made, secret, header=header, signature=b"" if header else None)
    return with_header(request, "Authorization", f"Bearer {token}")


# ---- what shows a defect ---------------------------------------------------------------------------------------------


def taken(changes: Mapping[str, Any] | None = None, *, encoding: str = JSON, name: str = "", label: str = "") -> Shows:
    """One event that has to be taken."""
    return lambda event: [
        Shown((request_of(event, document_of(event, changes or {}, name), encoding, label),)),
    ]


def signed(
    changes: Mapping[str, Any] | None = None, *, encoding: str = JSON, right: Right = "taken", **how: Any
) -> Shows:
    """One event with signed parameters."""
    return lambda event: [Shown((signed_request(event, document_of(event, changes or {}), encoding, **how),), right)]


def token(changes: Mapping[str, Any] | None = None, *, right: Right = "refused", **how: Any) -> Shows:
    """One event with a token."""
    return lambda event: [Shown((with_token(request_of(event, document_of(event, changes or {})), **how),), right)]


def genuine(event: str) -> Sequence[Shown]:
    """A signed event of either kind."""
    return (token(right="taken") if event in MESSAGES else signed())(event)


def refused(encoding: str = JSON, **changes: Any) -> Shows:
    """One event without a signature that fits, which has to be refused."""
    return lambda event: [Shown((request_of(event, document_of(event, changes), encoding),), "refused")]


def answered(body: bytes, *, label: str = JSON) -> Shows:
    """One request that is no event, which has to be answered somehow."""
    return lambda _: [Shown((Request("POST", "", [("Content-Type", label)], body),), "answered")]


def then(*several: Shows) -> Shows:
    """One after the other."""
    return lambda event: [each for shows in several for each in shows(event)]


def by(shows: Mapping[str, Shows]) -> Shows:
    """What stands under the event's name."""
    return lambda event: shows[event](event)


def together(count: int) -> Shows:
    """Several events, each of another message, at the same time."""
    key = {True: "message_uuid", False: "messageId"}

    def shows(event: str) -> list[Shown]:
        identifiers = [f"aaaaaaaa-bbbb-4ccc-8ddd-{number:012}" for number in range(count)]
        return [
            Shown(tuple(request_of(event, document_of(event, {key[event in MESSAGES]: each})) for each in identifiers))
        ]

    return shows
