"""The laws of providers find each seeded mistake, and none where there is none.

The providers were written before the laws and without them, each for a kind of mistake: in alerts, in how answers are written,
in how requests are read, in credentials, in opting out, in messages, in PINs. Which law finds it is not said here: any may. Phones text
through the sandbox's control API, and an application of the Messages API is registered there, so that nothing is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from contract_tests.profiles import PROFILE
from shortcodekit.contract import PROVIDER_LAWS, BoundLaw, Outcome, provider_laws
from shortcodekit.contract.targets import Call, Target
from shortcodekit.sandbox.credentials import Account

from .providers import BROKEN, CORRECT, Provider
from .providers.alerts import ALERTS
from .providers.credentials import CREDENTIALS
from .providers.messages import MESSAGES
from .providers.opt_in import OPT_IN
from .providers.requests import REQUESTS
from .providers.two_factor import TWO_FACTOR
from .providers.writing import WRITING

ACCOUNT: Final = Account("abcd1234", "api-secret-canary", "signature-secret-canary")
CATALOGUES: Final = {
    "alerts": ALERTS, "writing": WRITING, "requests": REQUESTS, "credentials": CREDENTIALS, "opt-in": OPT_IN, "messages": MESSAGES,
    "two-factor": TWO_FACTOR,
}  # fmt: skip
EXAMPLES: Final = 200 if PROFILE == "deep" else 20
_HEADERS: Final = (("content-type", "application/json"), ("host", "127.0.0.1"))
RecordProperty = Callable[[str, object], None]
"""Adds to what JUnit tells of a test."""
Keys = tuple[str, str]
"""A private key and its public one, in PEM."""


@pytest.fixture(scope="module")
def keys() -> Keys:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@contextmanager
def judged(provider: Provider, keys: Keys, **options: Any) -> Iterator[list[BoundLaw]]:
    """The laws, bound to a new provider of this kind, with a phone and an application."""

    def control(method: str, path: str, document: dict[str, str]) -> int | None:
        return reached.send(Call(method, path, "", _HEADERS, json.dumps(document).encode())).status

    def text(number: str, words: str) -> None:
        assert control("POST", f"/_sandbox/phones/{number}/texts", {"text": words}) == 201

    laws = provider_laws(
        provider.make(ACCOUNT),
        api_key=ACCOUNT.api_key,
        api_secret=ACCOUNT.api_secret,
        signature_secret=ACCOUNT.signature_secret,
        text=text,
        application=("app-1", keys[0]),
        examples=EXAMPLES,
        **options,
    )
    reached: Target = laws[0].bench.target
    try:
        assert control("PUT", "/_sandbox/applications/app-1", {"public_key": keys[1]}) == 200
        yield laws
    finally:
        reached.close()


def found(provider: Provider, keys: Keys, kind: str) -> Outcome | None:
    """The first law that is broken; those about this kind of request are judged first, because that is quick."""
    with judged(provider, keys) as laws:
        ordered = sorted(laws, key=lambda each: not each.law.name.startswith(f"{kind}/"))
        return next((each for each in (law.judged() for law in ordered) if each.broken is not None), None)


def table(rows: Sequence[tuple[Provider, Outcome | None]]) -> str:
    """How many were found, and which were not, in words."""
    missed = [provider for provider, outcome in rows if outcome is None]
    lines = [f"found {len(rows) - len(missed)} of {len(rows)}"]
    return "\n".join([*lines, *(f"  missed  {provider.name}: {provider.sentence}" for provider in missed)])


@pytest.mark.parametrize("kind", CATALOGUES)
def test_every_broken_provider_is_found(kind: str, keys: Keys, record_property: RecordProperty) -> None:
    providers = CATALOGUES[kind].providers
    rows = [(provider, found(provider, keys, kind)) for provider in providers]
    record_property("matrix", table(rows))
    assert table(rows) == f"found {len(providers)} of {len(providers)}"


def test_the_catalogues_hold_all_broken_providers() -> None:
    held = [provider.name for each in CATALOGUES.values() for provider in each.providers]
    assert sorted(held) == sorted(provider.name for provider in BROKEN)
    assert (len(BROKEN), len(CORRECT)) == (221, 17)


OTHERS: Final = [each for each in CORRECT if each.name != "sandbox"]
"""The sandbox as it is is judged in `contract_tests/sandbox/test_laws.py`."""


@pytest.mark.parametrize("provider", OTHERS, ids=lambda provider: provider.name)
def test_a_correct_provider_keeps_every_law(provider: Provider, keys: Keys) -> None:
    with judged(provider, keys) as laws:
        outcomes = [each.judged() for each in laws]
        told = [each.told(one.broken) for each, one in zip(laws, outcomes, strict=True) if one.broken]
        assert told == [], f"{provider.name}: {provider.sentence}"
        assert {one.name for one in outcomes if one.skipped} <= {"opt-in/opted-out"}, (
            "that one wants a number of a real provider"
        )


def test_a_provider_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = BROKEN[:2]
    told = table([(missed, None), (seen, Outcome(PROVIDER_LAWS[0], "a law"))])
    assert told == f"found 1 of 2\n  missed  {missed.name}: {missed.sentence}"
