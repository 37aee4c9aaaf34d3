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
OUT: Final = "12015550147"
"""A number that has opted out."""
EXAMPLES: Final = 30


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_key=KEY, api_secret=SECRET, signature_secret=SIGNATURE) as running:
        yield running


def laws(sandbox: Sandbox, *, texting: bool = True) -> list[BoundLaw]:
    """The laws, bound to a sandbox out of which a number has opted."""
    public = (
        rsa_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    sandbox.register("app-1", public.decode())
    sandbox.phone(OUT).text("STOP")
    return provider_laws(
        sandbox.url,
        api_key=KEY,
        api_secret=SECRET,
        signature_secret=SIGNATURE,
        text=(lambda number, words: sandbox.phone(number).text(words)) if texting else None,
        opted_out=OUT,
        application=("app-1", pem(rsa_key()).decode()),
        examples=EXAMPLES,
        timeout=60,  # what is judged is what is answered; a busy machine takes its time
    )


def judged(bound: list[BoundLaw]) -> set[str]:
    """Judges them; returns the names of those that were skipped."""
    try:
        outcomes = [each.judged() for each in bound]
    finally:
        bound[0].bench.target.close()
    assert [each.told(one.broken) for each, one in zip(bound, outcomes, strict=True) if one.broken] == []
    return {one.name for one in outcomes if one.skipped}


def test_the_sandbox_keeps_every_law(sandbox: Sandbox) -> None:
    bound = laws(sandbox)
    assert [each.law.name for each in bound] == [law.name for law in PROVIDER_LAWS]
    assert judged(bound) == set()


def test_where_nobody_can_text_one_number_that_opted_out_is_enough_for_the_laws_about_it(sandbox: Sandbox) -> None:
    skipped = judged(laws(sandbox, texting=False))
    assert skipped == {"two-factor/stop", "opt-in/stop", "opt-in/and-back", "opt-in/other-words"}
