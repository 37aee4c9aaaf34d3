"""The laws, bound to seeded peers: what the tests of the matrices and the benchmark judge them by.

For each kind of peer the laws stand in the order in which a mistake is found soonest; `shortcodekit check` judges in another one,
and by all. Phones text a provider through the sandbox's control API, and an application of the Messages API is registered there, so that
nothing is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, Final

import attrs
from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract_tests.peers import pem, rsa_key
from contract_tests.profiles import PROFILE
from shortcodekit.contract import (
    CLIENT_LAWS,
    PARSER_LAWS,
    RECEIVER_LAWS,
    BoundLaw,
    ClientAccount,
    Outcome,
    parser_laws,
    provider_laws,
    receiver_laws,
)
from shortcodekit.contract.calling import Calls, ClientBench, Reply, Told, listening
from shortcodekit.contract.event_laws import LAWS as TAKING
from shortcodekit.contract.judge import Request as Asked
from shortcodekit.contract.targets import Call, Target
from shortcodekit.sandbox.credentials import Account
from shortcodekit.webhooks import Request

from . import EVENTS, Peer
from .clients import Client, ClientError
from .clients.talk import account as made_up
from .parsers import ParseError, Parser
from .providers import Provider

RecordProperty = Callable[[str, object], None]
"""Adds to what JUnit tells of a test."""
Replies = Reply | Callable[[Asked], Reply]
"""What a client is answered."""
SECRET: Final = "a-signature-secret"
ACCOUNT: Final = Account("abcd1234", "api-secret-canary", "signature-secret-canary")
OPTED_OUT: Final = "12015550147"
"""The number that has opted out of a provider's campaign before anything is judged, where that is asked for."""
LIMIT: Final = 2.0
"""For how many seconds a broken receiver is waited for; the slow ones take three."""
ANSWERED: Final = 10.0
"""For how many seconds correct receivers and providers are waited for, and clients wait for what is answered: on a busy machine that
takes a while. No call of a client may last longer, however often it asks."""
SILENCE: Final = 1.5 if PROFILE == "mutants" else 0.4
"""For how many seconds a client that nobody answers is left waiting."""
_TAKING_FIRST: Final = [
    law.name for law in (*reversed(TAKING), *(each for each in RECEIVER_LAWS if each not in TAKING))
]
"""Laws about several events at a time are the quickest to find receivers that are slow."""
_PATIENT: Final = "clients/strange-answers"
"""The one law that leaves clients waiting; all the others together take a quarter of a second."""


@contextmanager
def receiver(peer: Peer, event: str, **options: Any) -> Iterator[list[BoundLaw]]:
    """The laws of receivers, bound to a new one of this kind."""
    secret = SECRET if peer.signed else None
    laws = receiver_laws(peer.make(event, secret), event=event, signature_secret=secret, **options)
    try:
        yield sorted(laws, key=lambda each: _TAKING_FIRST.index(each.law.name))
    finally:
        laws[0].bench.target.close()


@contextmanager
def provider(peer: Provider, kind: str = "", *, out: bool = False, **options: Any) -> Iterator[list[BoundLaw]]:
    """The laws of providers, bound to a new one with a phone and an application; those about `kind`, such as `opt-in`, come first.

    Where `out` is true, a number has opted out before.
    """

    def control(method: str, path: str, document: dict[str, str]) -> int | None:
        headers = (("content-type", "application/json"), ("host", "127.0.0.1"))
        return reached.send(Call(method, path, "", headers, json.dumps(document).encode())).status

    def text(number: str, words: str) -> None:
        assert control("POST", f"/_sandbox/phones/{number}/texts", {"text": words}) == 201

    private, public = _keys()
    laws = provider_laws(
        peer.make(ACCOUNT),
        api_key=ACCOUNT.api_key,
        api_secret=ACCOUNT.api_secret,
        signature_secret=ACCOUNT.signature_secret,
        text=text,
        application=("app-1", private),
        opted_out=OPTED_OUT if out else None,
        **options,
    )
    reached: Target = laws[0].bench.target
    try:
        assert control("PUT", "/_sandbox/applications/app-1", {"public_key": public}) == 200
        if out:
            text(OPTED_OUT, "STOP")
        yield sorted(laws, key=lambda each: not each.law.name.startswith(f"{kind}/"))
    finally:
        reached.close()


@cache
def _keys() -> tuple[str, str]:
    """An application's private key and its public one, in PEM."""
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem(rsa_key()).decode(), public.decode()


@contextmanager
def client(peer: Client, *, examples: int = 20) -> Iterator[list[BoundLaw]]:
    """The laws of clients, bound to one that calls a server which lives as long as the context."""
    made = made_up()
    account = ClientAccount(
        made.api_key, made.api_secret, made.signature_secret, made.application_id, made.private_key, timeout=SILENCE
    )

    def make(url: str, of: ClientAccount) -> Any:
        return peer.make(url, attrs.evolve(made, timeout=of.timeout))

    with listening() as called, listening() as elsewhere:
        bench = _Bench(make, ClientError, account, 0, examples, called, elsewhere, patience=ANSWERED)
        yield [BoundLaw(law, bench) for law in sorted(CLIENT_LAWS, key=lambda each: each.name == _PATIENT)]


class _Bench(ClientBench):
    def ask(self, call: Callable[[Calls], Any], reply: Replies, about: str) -> Told:
        self.account = waiting_for(reply, self.account)
        return super().ask(call, reply, about)


def waiting_for(reply: Replies, account: ClientAccount) -> ClientAccount:
    """The account of a client that gives up soon where it is left waiting, and nowhere else."""
    silent = isinstance(reply, Reply) and reply.how == "never"
    return attrs.evolve(account, timeout=SILENCE if silent else ANSWERED)


@contextmanager
def parser(peer: Parser, **options: Any) -> Iterator[list[BoundLaw]]:
    """The laws of parsers, bound to one for each event. The law about damage comes last, because it tries most."""

    def bound(event: str) -> list[BoundLaw]:
        def parse(request: Request) -> dict[str, object]:
            return peer.parse(event, request.method, request.query, dict(request.headers), request.body)

        return parser_laws(parse, event=event, error=ParseError, **options)

    order = [law.name for law in PARSER_LAWS]
    yield sorted((law for event in EVENTS for law in bound(event)), key=lambda each: order.index(each.law.name))


def first_broken(laws: Sequence[BoundLaw]) -> Outcome | None:
    """The first law that is seen to be broken; those before it hold."""
    return next((each for each in (law.judged() for law in laws) if each.broken is not None), None)


# ---- what was found ------------------------------------------------------------------------------------------------------


@frozen
class Row:
    """A seeded peer, and what became of it."""

    name: str
    sentence: str
    """What is wrong with it."""
    found: str
    """The law that it breaks; empty when it was missed."""


def row(peer: Any, bound: AbstractContextManager[list[BoundLaw]], about: str = "") -> Row:
    """What becomes of a peer, a `Peer`, `Provider`, `Client` or `Parser`; `about` says for what it was judged."""
    with bound as laws:
        broken = first_broken(laws)
    return Row(f"{peer.name} ({about})" if about else peer.name, peer.sentence, broken.name if broken else "")


def table(rows: Sequence[Row]) -> str:
    """How many were found, and which were not, in words."""
    missed = [each for each in rows if not each.found]
    lines = [f"found {len(rows) - len(missed)} of {len(rows)}"]
    return "\n".join([*lines, *(f"  missed  {each.name}: {each.sentence}" for each in missed)])


def broken_laws(laws: Sequence[BoundLaw], outcomes: Sequence[Outcome]) -> list[str]:
    """What is told of those that are broken."""
    return [law.told(each.broken) for law, each in zip(laws, outcomes, strict=True) if each.broken]
