"""The sandbox keeps the laws of providers on its socket; with phones that text to it, and an application that is registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from cryptography.hazmat.primitives import serialization

from contract_tests.peers import pem, rsa_key
from shortcodekit.contract import PROVIDER_LAWS, BoundLaw, provider_laws
from shortcodekit.sandbox import Sandbox

KEY: Final = "abcd1234"
SECRET: Final = "api-secret-canary"
SIGNATURE: Final = "signature-secret-canary"
OF_OTHERS: Final = {"opt-in/opted-out"}
"""It wants a number of a real provider's; in a sandbox the laws opt out by themselves."""
EXAMPLES: Final = 30


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_key=KEY, api_secret=SECRET, signature_secret=SIGNATURE) as running:
        yield running


def laws(sandbox: Sandbox) -> list[BoundLaw]:
    """The laws, bound to a sandbox."""
    public = (
        rsa_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    sandbox.register("app-1", public.decode())
    return provider_laws(
        sandbox.url,
        api_key=KEY,
        api_secret=SECRET,
        signature_secret=SIGNATURE,
        text=lambda number, words: sandbox.phone(number).text(words),
        application=("app-1", pem(rsa_key()).decode()),
        examples=EXAMPLES,
    )


def test_the_sandbox_keeps_every_law(sandbox: Sandbox) -> None:
    bound = laws(sandbox)
    assert [each.law.name for each in bound] == [law.name for law in PROVIDER_LAWS]
    try:
        outcomes = [each.judged() for each in bound]
    finally:
        bound[0].bench.target.close()
    told = [each.told(one.broken) for each, one in zip(bound, outcomes, strict=True) if one.broken]
    assert told == []
    assert {one.name for one in outcomes if one.skipped} == OF_OTHERS
