"""The laws of receivers find each seeded mistake, and none where there is none.

The receivers were written before the laws and without them. Which law finds a mistake is not said here: any may. Laws about
several events at a time come first, because they are the quickest to find those that are slow; `shortcodekit check` judges in
another order, and by all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest

from contract_tests.profiles import PROFILE
from shortcodekit.contract import RECEIVER_LAWS, BoundLaw, Outcome, receiver_laws
from shortcodekit.contract.event_laws import LAWS as TAKING

from . import Peer
from .receivers import BROKEN
from .receivers_correct import CORRECT

SECRET: Final = "a-signature-secret"
RecordProperty = Callable[[str, object], None]
"""Adds to what JUnit tells of a test."""
LIMIT: Final = 2.0
"""For how many seconds a broken one is waited for; the slow ones take three."""
ORDER: Final = [law.name for law in (*reversed(TAKING), *(each for each in RECEIVER_LAWS if each not in TAKING))]
SENDERS: Final = tuple(dict.fromkeys((peer.events[0], peer.signed) for peer in BROKEN))
"""The kinds of broken receivers: the first event that they take, and whether they verify."""


@contextmanager
def judged(peer: Peer, event: str, **options: Any) -> Iterator[list[BoundLaw]]:
    """The laws, bound to a new receiver of this kind."""
    secret = SECRET if peer.signed else None
    laws = receiver_laws(peer.make(event, secret), event=event, signature_secret=secret, **options)
    try:
        yield laws
    finally:
        laws[0].bench.target.close()


def found(peer: Peer, event: str) -> Outcome | None:
    """The first law that is seen to be broken; those before it hold."""
    with judged(peer, event, timeout=LIMIT) as laws:
        ordered = sorted(laws, key=lambda each: ORDER.index(each.law.name))
        outcomes = (each.judged() for each in ordered)
        return next((each for each in outcomes if each.broken is not None), None)


def table(rows: Sequence[tuple[Peer, str, Outcome | None]]) -> str:
    """How many were found, and which were not, in words."""
    missed = [(peer, event) for peer, event, outcome in rows if outcome is None]
    lines = [f"found {len(rows) - len(missed)} of {len(rows)}"]
    lines += [f"  missed  {peer.name} ({event}): {peer.sentence}" for peer, event in missed]
    return "\n".join(lines)


def events(peer: Peer) -> tuple[str, ...]:
    """Those of its events that it is judged for: when asked for depth, all."""
    return peer.events if PROFILE == "deep" else peer.events[:1]


def _kind(kind: tuple[str, bool]) -> str:
    return f"{kind[0]}, verified" if kind[1] else kind[0]


@pytest.mark.parametrize("kind", SENDERS, ids=_kind)
def test_every_broken_receiver_is_found(
    kind: tuple[str, bool],
    record_property: RecordProperty,
) -> None:
    pairs = [(peer, event) for peer in BROKEN if (peer.events[0], peer.signed) == kind for event in events(peer)]
    rows = [(peer, event, found(peer, event)) for peer, event in pairs]
    record_property("matrix", table(rows))
    assert table(rows) == f"found {len(pairs)} of {len(pairs)}"


def test_the_kinds_of_broken_receivers_are_all_of_them() -> None:
    assert sum((peer.events[0], peer.signed) in SENDERS for peer in BROKEN) == len(BROKEN) == 140
    assert len(CORRECT) == 23


OTHERS: Final = [each for each in CORRECT if not each.name.startswith(("ours-asgi", "ours-wsgi"))]
"""Ours are judged in `contract_tests/receivers/test_laws.py`."""


@pytest.mark.parametrize("peer", OTHERS, ids=str)
def test_a_correct_receiver_keeps_every_law_for_each_of_its_events(peer: Peer) -> None:
    for event in peer.events:
        with judged(peer, event) as laws:
            outcomes = [each.judged() for each in laws]
            told = [each.told(one.broken) for each, one in zip(laws, outcomes, strict=True) if one.broken]
            assert told == [], f"{peer.name}: {peer.sentence}"
            skipped = {one.law.needs for one in outcomes if one.skipped}
            assert skipped == (set() if peer.signed else {"the signature secret"})


def test_a_receiver_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = BROKEN[:2]
    told = table([(missed, missed.events[0], None), (seen, seen.events[0], Outcome(RECEIVER_LAWS[0], "a law"))])
    assert told == f"found 1 of 2\n  missed  {missed.name} ({missed.events[0]}): {missed.sentence}"
