"""The laws of receivers find each seeded mistake, and none where there is none.

The receivers were written before the laws and without them. Which law finds a mistake is not said here: any may.
"""

from __future__ import annotations

from typing import Final

import pytest

from contract_tests import seeded
from contract_tests.profiles import PROFILE

from . import Peer, judging
from .judging import ANSWERED, LIMIT, RecordProperty, Row, table
from .receivers import BROKEN
from .receivers_correct import CORRECT

OTHERS: Final = [each for each in CORRECT if not each.name.startswith(("ours-asgi", "ours-wsgi"))]
"""Ours are judged in `contract_tests/receivers/test_laws.py`."""
MATRIX: Final = seeded.Matrix("receivers", len(BROKEN), len(OTHERS))
SENDERS: Final = tuple(dict.fromkeys((peer.events[0], peer.signed) for peer in BROKEN))
"""The kinds of broken receivers: the first event that they take, and whether they verify."""


def events(peer: Peer) -> tuple[str, ...]:
    """Those of its events that it is judged for: when asked for depth, all."""
    return peer.events if PROFILE == "deep" else peer.events[:1]


def found(peer: Peer, event: str) -> Row:
    """What becomes of a broken receiver."""
    row = judging.row(peer, judging.receiver(peer, event, timeout=LIMIT), event)
    MATRIX.note_broken(peer.name, found=bool(row.found))
    return row


def _kind(kind: tuple[str, bool]) -> str:
    return f"{kind[0]}, verified" if kind[1] else kind[0]


@pytest.mark.parametrize("kind", SENDERS, ids=_kind)
def test_every_broken_receiver_is_found(kind: tuple[str, bool], record_property: RecordProperty) -> None:
    pairs = [(peer, event) for peer in BROKEN if (peer.events[0], peer.signed) == kind for event in events(peer)]
    rows = [found(peer, event) for peer, event in pairs]
    record_property("matrix", table(rows))
    assert table(rows) == f"found {len(pairs)} of {len(pairs)}"


def test_the_kinds_of_broken_receivers_are_all_of_them() -> None:
    assert sum((peer.events[0], peer.signed) in SENDERS for peer in BROKEN) == len(BROKEN) == 140
    assert len(CORRECT) == 24


@pytest.mark.parametrize("peer", OTHERS, ids=str)
def test_a_correct_receiver_keeps_every_law_for_each_of_its_events(peer: Peer) -> None:
    for event in peer.events:
        with judging.receiver(peer, event, timeout=ANSWERED) as laws:
            outcomes = [each.judged() for each in laws]
            told = judging.broken_laws(laws, outcomes)
            MATRIX.note_correct(peer.name, alarm=bool(told))
            assert told == [], f"{peer.name}: {peer.sentence}"
            skipped = {one.law.needs for one in outcomes if one.skipped}
            assert skipped == (set() if peer.signed else {"the signature secret"})


def test_a_receiver_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = (Row(peer.name, peer.sentence, law) for peer, law in zip(BROKEN, ("", "a law"), strict=False))
    assert table([missed, seen]) == f"found 1 of 2\n  missed  {missed.name}: {missed.sentence}"
