"""The seeded clients are what they say: each broken one has a witness, and the correct ones show all witnesses rightly.

Nothing here looks at the laws that judge clients; the witnesses stand in front of a service of their own, and the correct ones in
front of the sandbox as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract_tests.peers import rsa_key
from shortcodekit.sandbox import Sandbox

from .clients import BROKEN, CORRECT, Account, Client
from .clients.service import Service, serving
from .clients.talk import MESSAGE, PHONE, Talk, account
from .clients.witnesses import COUNT, WITNESSES


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Service]:
    with serving() as elsewhere:
        yield elsewhere


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def _named(client: Client) -> str:
    return client.name


def test_names_are_unique_and_sentences_say_what_is_wrong() -> None:
    clients = (*BROKEN, *CORRECT)
    assert len({each.name for each in clients}) == len(clients)
    assert len({each.sentence for each in clients}) == len(clients)
    assert all(each.sentence.endswith(".") for each in clients)
    assert len(BROKEN) >= 26
    assert len(CORRECT) >= 10


def test_every_broken_client_has_a_witness_and_no_witness_is_left_over() -> None:
    assert WITNESSES.keys() == {each.name for each in BROKEN}
    assert len(WITNESSES) == COUNT


@pytest.mark.parametrize("client", BROKEN, ids=_named)
def test_a_broken_client_shows_its_witness_wrongly(client: Client, service: Service, elsewhere: Service) -> None:
    witness = WITNESSES[client.name]
    with Talk(client, service, elsewhere) as talk:
        seen = witness.look(talk)
    assert witness.of is None or witness.of in client.traits
    assert seen == witness.wrong, client.sentence
    assert seen != witness.right


@pytest.mark.parametrize("client", CORRECT, ids=_named)
def test_a_correct_client_shows_every_witness_rightly(client: Client, service: Service, elsewhere: Service) -> None:
    wrong: dict[str, Any] = {}
    with Talk(client, service, elsewhere) as talk:
        for name, witness in WITNESSES.items():
            if witness.of is None or witness.of in client.traits:
                seen = witness.look(talk)
                if seen != witness.right or type(seen) is not type(witness.right):
                    wrong[name] = seen
                talk.reset()
    assert not wrong


@pytest.mark.parametrize("client", CORRECT, ids=_named)
def test_a_correct_client_talks_as_its_traits_say(client: Client, service: Service, elsewhere: Service) -> None:
    with Talk(client, service, elsewhere) as talk:
        talk.alert(client_ref="a & b")
        assert talk.parameters is not None
        shown = {
            "xml" if talk.last.wants_xml else "json",
            "signed" if "sig" in talk.parameters else "secret",
            "by-body" if talk.last.body else "by-query",
        }
        talk.message()
        shown.add("token" if talk.last.headers["authorization"].startswith("Bearer") else "basic")
    assert client.traits == shown
    assert bool(client.signs) == ("signed" in shown)


@pytest.mark.parametrize("client", CORRECT, ids=_named)
def test_a_correct_client_lives_with_the_sandbox(client: Client, sandbox: Sandbox) -> None:
    sandbox.reset()
    with closing(client.make(sandbox.url, _account_of(sandbox))) as calls:
        custom = {"server": "host3", "link": "https://example.com/?a=1&b=ü"}
        (part,) = calls.send_alert(PHONE, custom, client_ref="order 42")
        assert (part.status, part.to, part.client_ref) == ("0", PHONE, "order 42")
        assert sandbox.phone(PHONE).texts[-1].endswith(custom["link"])
        sandbox.phone(PHONE).text("STOP")
        assert calls.opt_outs() == [PHONE]
        assert calls.resubscribe(PHONE) is True
        assert calls.opt_outs() == []
        assert calls.send_message(MESSAGE)


def _account_of(sandbox: Sandbox) -> Account:
    made = account()
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    sandbox.register(made.application_id, public)
    return evolve(
        made, api_key=sandbox.api_key, api_secret=sandbox.api_secret, signature_secret=sandbox.signature_secret
    )
