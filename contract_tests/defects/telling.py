"""What each law says of seeded mistakes: `told.json`, a few peers for each law. `python -m contract_tests.defects.telling` writes it.

The matrices ask whether any law finds a mistake: a law that has gone blind hides behind the others there. Here one law judges a
peer that no other has judged before, and what it says is written down, because whoever mends the peer goes by that.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from shortcodekit.contract import CLIENT_LAWS, PARSER_LAWS, PROVIDER_LAWS, RECEIVER_LAWS, BoundLaw

from . import clients, judging, parsers, providers, receivers, receivers_correct

FILE: Final = Path(__file__).with_name("told.json")
FEW: Final = 4
"""How many peers there are for a law at least, if it finds that many …"""
MOST: Final = 12
"""… and at most, where there is one for each thing that it expects."""
EXAMPLES: Final = 15
SOON: Final = 1.5
"""How many seconds one of them may take to be found."""
VARIES: Final = "…"
"""Stands for what is not the same in each run."""

Words = tuple[str, str, str]
"""What is special about the request that was answered wrongly, what was expected, and what came."""
Told = dict[str, dict[str, Words]]
"""By law and by peer."""


@frozen
class Kind:
    """One kind of peer, and how the laws are bound to one of it."""

    laws: Sequence[Any]
    broken: Sequence[Any]
    correct: Sequence[Any]
    bound: Callable[[Any, str], AbstractContextManager[list[BoundLaw]]]
    """Binds them to a peer, for one of them or, without a name, for all."""


KINDS: Final = {
    "parsers": Kind(
        PARSER_LAWS, parsers.BROKEN, parsers.CORRECT, lambda peer, _: judging.parser(peer, examples=EXAMPLES)
    ),
    "receivers": Kind(
        RECEIVER_LAWS,
        receivers.BROKEN,
        receivers_correct.CORRECT,
        lambda peer, _: judging.receiver(peer, peer.events[0], timeout=judging.LIMIT, examples=EXAMPLES),
    ),
    "providers": Kind(
        PROVIDER_LAWS,
        providers.BROKEN,
        providers.CORRECT,
        lambda peer, law: judging.provider(peer, out=law == "opt-in/opted-out", examples=EXAMPLES),
    ),
    "clients": Kind(
        CLIENT_LAWS, clients.BROKEN, clients.CORRECT, lambda peer, _: judging.client(peer, examples=EXAMPLES)
    ),
}


def words(kind: Kind, law: str, peer: Any) -> Words | None:
    """What the law says of a new peer; None when it holds."""
    with kind.bound(peer, law) as laws:
        for each in laws:
            if each.law.name == law and (broken := each.judged().broken) is not None:
                about, expected, came = map(each.shown, (broken.about, broken.expected, broken.came))
                return _same(about), _same(expected), _same(came)
    return None


_MOMENTARY: Final = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4})[T ]\d\d:\d\d:\d\d|\b[0-9A-F]{16,}\b|[0-9A-Za-z+/]{40,}="
)
"""Times, identifiers, and a signature in Base64."""


def _same(said: str) -> str:
    """What is said, without what is of the moment."""
    return _MOMENTARY.sub(VARIES, said)


def told() -> dict[str, Told]:
    """What is written down, by kind."""
    written = json.loads(FILE.read_text("utf-8"))
    return {
        kind: {law: {peer: (said[0], said[1], said[2]) for peer, said in peers.items()} for law, peers in laws.items()}
        for kind, laws in written.items()
    }


# ---- writing it ------------------------------------------------------------------------------------------------------


def _searched(kind: Kind) -> Iterator[tuple[str, dict[str, Words]]]:
    """Each law with peers that it finds: those that are found by it first, and others as long as they are few."""
    by_law: dict[str, list[Any]] = {law.name: [] for law in kind.laws}
    for peer in kind.broken:
        with kind.bound(peer, "") as laws:
            broken = judging.first_broken(laws)
        if broken is not None:
            by_law[broken.law.name].append(peer)
    for law, first in by_law.items():
        kept: dict[str, Words] = {}
        for peer in (*first, *(each for each in kind.broken if each not in first)):
            if len(kept) == MOST or (len(kept) >= FEW and peer not in first):
                break
            said = _steady(kind, law, peer)
            if said and (len(kept) < FEW or said[1] not in {expected for _, expected, _ in kept.values()}):
                kept[peer.name] = said
        yield law, kept


def _steady(kind: Kind, law: str, peer: Any) -> Words | None:
    """What is said each time, if that is soon."""
    began = time.monotonic()
    once = words(kind, law, peer)
    again = words(kind, law, peer) if once is not None and time.monotonic() - began < SOON else None
    if once is None or again is None:
        return None
    about, expected, came = (one if one == other else VARIES for one, other in zip(once, again, strict=True))
    return about, expected, came


def main() -> None:
    """Writes the file."""
    written: dict[str, Told] = {}
    for name, kind in KINDS.items():
        for law, said in _searched(kind):
            print(f"{name} {law} {len(said)}", flush=True)
            written.setdefault(name, {})[law] = said
    FILE.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
