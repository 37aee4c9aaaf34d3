"""Plain schemathesis on seeded peers: the shipped spec, its default checks and phases, and nothing of ours but what is said here.

It draws its requests once for each spec, against the correct peer that the broken ones are made from (the base), because drawing is what
takes the time: about 16 s a provider, of more than two hundred. All peers are sent the same requests in the same order, and schemathesis' own
checks judge the answers. It is treated well:

- It goes on after a failure, so that a false alarm hides nothing.
- It is given the credentials of the account, and the time within which an answer has to come.
- A request that is answered differently with wrong credentials or none (its check `ignored_auth`) is compared as well.

Schemathesis fails on correct peers, too. So a mistake counts as found only where a check fails that does not fail for the base's answer to
the same request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import schemathesis
from attrs import frozen
from requests.structures import CaseInsensitiveDict
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.checks import ignored_auth

from contract_tests.apis import APIS, OPERATIONS, WEBHOOKS, Api
from contract_tests.defects import MESSAGES, Peer
from contract_tests.defects.judging import ACCOUNT, LIMIT, SECRET
from contract_tests.defects.plain import Asgi, Plain, Wsgi
from contract_tests.defects.providers import Provider
from contract_tests.defects.providers.base import Bend, provider
from shortcodekit.contract.targets import Call, Came, Target, target

SEED: Final = 1
EXAMPLES: Final = 100
"""How many examples its fuzzing phase draws for an operation; that is its default."""
_CREDENTIALS: Final[Mapping[str, Mapping[str, Any]]] = {
    "apiKey": {"api_key": ACCOUNT.api_key},
    "apiSecret": {"api_key": ACCOUNT.api_secret},
    "basic": {"username": ACCOUNT.api_key, "password": ACCOUNT.api_secret},
}
"""By the names that the specs have for them."""


@frozen
class Found:
    """What schemathesis says of a peer."""

    fails: str
    """A check that fails; empty when none does."""
    unlike_base: str
    """A check that fails where it does not for the base."""


def receiver(peer: Peer) -> Found:
    """What it says of a receiver, for the first of its events."""
    event = peer.events[0]
    secret = SECRET if peer.signed else None
    return _judged(
        [_drawn_for_receivers(event, secret)], lambda: peer.make(event, secret), lambda: _base(event, secret)
    )


def a_provider(peer: Provider) -> Found:
    """What it says of a provider, for all specs."""
    drawn = [_drawn_for_providers(api) for api in APIS if any(each.api is api for each in OPERATIONS)]
    return _judged(drawn, lambda: peer.make(ACCOUNT), lambda: provider(peer.name, "", Bend()).make(ACCOUNT))


def _base(event: str, secret: str | None) -> Any:
    return (Asgi if event in MESSAGES else Wsgi)(Plain(event, secret))


# ---- drawing -------------------------------------------------------------------------------------------------------------


@frozen
class Drawn:
    """One request of schemathesis', and those by which it asks whether credentials matter."""

    case: Any
    url: str
    call: Call
    probes: Sequence[Call]


@cache
def _drawn_for_receivers(event: str, secret: str | None) -> Sequence[Drawn]:
    api = next(each.api for each in WEBHOOKS if each.path == event)
    document = dict(api.package.receiver())
    document["paths"] = {path: item for path, item in document["paths"].items() if path == f"/{event}"}
    return tuple(_drawn(document, {}, _base(event, secret)))


@cache
def _drawn_for_providers(api: Api) -> Sequence[Drawn]:
    known = api.document["components"]["securitySchemes"]
    credentials = {name: each for name, each in _CREDENTIALS.items() if name in known}
    return tuple(_drawn(dict(api.document), credentials, provider("base", "", Bend()).make(ACCOUNT)))


def _drawn(document: dict[str, Any], credentials: Mapping[str, Any], base: Any) -> Iterator[Drawn]:
    settings = {
        "seed": SEED,
        "continue-on-failure": True,
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "checks": {"max_response_time": LIMIT},
        **({"auth": {"openapi": credentials}} if credentials else {}),
    }
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(settings))
    schema.app = base
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            yield from _of_scenario(event.recorder)


def _of_scenario(recorder: Any) -> Iterator[Drawn]:
    for name, interaction in recorder.interactions.items():
        node = recorder.cases[name]
        if node.parent_id is None:
            probes = [each for each, other in recorder.cases.items() if other.parent_id == name]
            sent = [_call(recorder.interactions[each].request) for each in probes if each in recorder.interactions]
            yield Drawn(node.value, interaction.request.uri, _call(interaction.request), sent)


_FRAMING: Final = {"host", "content-length", "connection", "accept-encoding"}


def _call(request: Any) -> Call:
    parts = urlsplit(request.uri)
    headers = [
        (name, value) for name, values in request.headers.items() for value in values if name.lower() not in _FRAMING
    ]
    return Call(request.method, parts.path, parts.query, headers, request.body or b"")


# ---- judging -------------------------------------------------------------------------------------------------------------


def _judged(drawn: Sequence[Sequence[Drawn]], make: Any, make_base: Any) -> Found:
    fails = ""
    with closing(target(make(), timeout=LIMIT)) as peer, closing(target(make_base(), timeout=LIMIT)) as base:
        for each in (each for several in drawn for each in several):
            came, right = _sent(peer, each.call), _sent(base, each.call)
            if not fails:
                fails = next(iter(sorted(_failures(each, came))), "")
            more = _failures(each, came) - _failures(each, right) if _differ(came, right) else set()
            more |= _ignores_credentials(each, came, peer) - _ignores_credentials(each, right, base)
            if more:
                return Found(fails or min(more), min(more))
    return Found(fails, "")


def _sent(peer: Target, call: Call) -> Came:
    """What comes back; of a late answer, that to a second try, for the machine may have been busy."""
    came = peer.send(call)
    return peer.send(call) if came.status is None or came.seconds > LIMIT else came


def _differ(one: Came, other: Came) -> bool:
    late = one.seconds > LIMIT or other.seconds > LIMIT
    return late or (one.status, one.headers, one.body) != (other.status, other.headers, other.body)


def _failures(drawn: Drawn, came: Came) -> set[str]:
    """The checks that fail; `ignored_auth` is judged below."""
    if came.status is None:
        return {"no answer"}
    request = requests.PreparedRequest()
    request.method, request.url, request.body = drawn.call.method, drawn.url, drawn.call.body
    request.headers = CaseInsensitiveDict(drawn.call.headers)
    headers = {name: [value] for name, value in came.headers.items()}
    response = Response(came.status, headers, came.body, request, came.seconds, verify=True)
    try:
        drawn.case.validate_response(response, excluded_checks=_ELSEWHERE)
    except BaseExceptionGroup as group:
        return {type(each).__name__ for each in group.exceptions}
    return set()


_ELSEWHERE: Final = [ignored_auth]


def _ignores_credentials(drawn: Drawn, came: Came, peer: Target) -> set[str]:
    taken = came.status is not None and 200 <= came.status < 300
    said = [peer.send(each).status for each in drawn.probes] if taken else []
    return {"IgnoredAuth"} if any(each is not None and 200 <= each < 300 for each in said) else set()
