"""The laws of providers find each seeded mistake, and none where there is none.

The providers were written before the laws and without them, each for a kind of mistake: in alerts, in how answers are written,
in how requests are read, in credentials, in opting out, in messages, in PINs. Which law finds it is not said here: any may.
"""

from __future__ import annotations

from typing import Final

import pytest

from contract_tests import seeded
from contract_tests.profiles import PROFILE

from . import judging
from .judging import ANSWERED, RecordProperty, Row, table
from .providers import BROKEN, CORRECT, KINDS, Provider

OTHERS: Final = [each for each in CORRECT if each.name != "sandbox"]
"""The sandbox as it is is judged in `contract_tests/sandbox/test_laws.py`."""
MATRIX: Final = seeded.Matrix("providers", len(BROKEN), len(OTHERS))
EXAMPLES: Final = 200 if PROFILE == "deep" else 20


def found(provider: Provider, kind: str) -> Row:
    """What becomes of a broken provider; the laws about this kind of request are judged first, because that is quick."""
    row = judging.row(provider, judging.provider(provider, kind, examples=EXAMPLES))
    MATRIX.note_broken(provider.name, found=bool(row.found))
    return row


@pytest.mark.parametrize("kind", KINDS)
def test_every_broken_provider_is_found(kind: str, record_property: RecordProperty) -> None:
    rows = [found(provider, kind) for provider in KINDS[kind]]
    record_property("matrix", table(rows))
    assert table(rows) == f"found {len(rows)} of {len(rows)}"


def test_the_seeded_providers_are_as_many_as_is_told() -> None:
    assert (len(BROKEN), len(CORRECT)) == (222, 17)


@pytest.mark.parametrize("provider", OTHERS, ids=lambda provider: provider.name)
def test_a_correct_provider_keeps_every_law(provider: Provider) -> None:
    with judging.provider(provider, examples=EXAMPLES, timeout=ANSWERED) as laws:
        outcomes = [each.judged() for each in laws]
        told = judging.broken_laws(laws, outcomes)
        MATRIX.note_correct(provider.name, alarm=bool(told))
        assert told == [], f"{provider.name}: {provider.sentence}"
        assert {one.name for one in outcomes if one.skipped} == {"opt-in/opted-out"}, "that one is judged below"


@pytest.mark.parametrize("provider", OTHERS, ids=lambda provider: provider.name)
def test_a_correct_provider_keeps_the_laws_about_a_number_that_opted_out_before(provider: Provider) -> None:
    for texting in (True, False):
        with judging.provider(provider, out=True, examples=EXAMPLES, timeout=ANSWERED) as laws:
            bench = laws[0].bench
            bench.text = bench.text if texting else None
            outcomes = [each.judged() for each in laws if each.law.name.startswith("opt-in/")]
            assert [each.name for each in outcomes if each.broken] == [], provider.sentence
            assert not any(each.skipped for each in outcomes if each.name in {"opt-in/opted-out", "opt-in/resubscribe"})


def test_a_provider_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = (Row(peer.name, peer.sentence, law) for peer, law in zip(BROKEN, ("", "a law"), strict=False))
    assert table([missed, seen]) == f"found 1 of 2\n  missed  {missed.name}: {missed.sentence}"
