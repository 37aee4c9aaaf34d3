"""What a law is, what it finds, and how a counterexample is made small."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

from attrs import Factory, define, field, frozen

from .targets import Call, Came

B = TypeVar("B")

TRIES: Final = 200
"""How many requests may be spent on making a counterexample small …"""
PATIENCE: Final = 5.0
"""… and how many seconds on those that took `SLOW` or longer: a receiver that answers late is slow to ask. Quick ones do not count, so
that what is found does not depend on how busy the machine is."""
SLOW: Final = 0.15
DEEP: Final = 12_000
"""How many levels are too many for a parser that recurses: Python 3.11 reads 950 of them, Python 3.13 10,000."""


@frozen
class Broken:
    """A counterexample: the requests that show it, what was expected, and what came back to the last of them."""

    expected: str
    calls: tuple[Call, ...]
    came: Came
    about: str = ""
    """What is special about the request."""
    line: str = ""
    """The call that a command was asked to make, as it got it."""


@frozen
class Need(Generic[B]):
    """Something that has to be given for a law to be judged, such as the signature secret."""

    words: str
    given: Callable[[B], bool] = field(repr=False)


@frozen
class Law(Generic[B]):
    """One law. `check` gives the smallest counterexample that it finds, or None."""

    name: str
    sentence: str
    source: str
    """Who says so: the vendor's page and section, as the specs cite them."""
    check: Callable[[B], Broken | None] = field(repr=False)
    applies: Callable[[B], bool] = field(default=lambda _: True, repr=False)
    wants: tuple[Need[B], ...] = ()

    @property
    def needs(self) -> str:
        """What has to be given for this law to be judged; empty for nothing."""
        return " and ".join(need.words for need in self.wants)

    def lacks(self, bench: B) -> str:
        """What of it is not given."""
        return " and ".join(need.words for need in self.wants if not need.given(bench))


class LawBroken(AssertionError):
    """A law does not hold. `broken` is the counterexample; the message shows it as a curl command."""

    def __init__(self, message: str, broken: Broken) -> None:
        super().__init__(message)
        self.broken = broken


@define
class Rng:
    """Random choices of one law: the same for the same seed, whichever other laws run."""

    seed: str
    _random: random.Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # to be the same each time

    def bytes(self, count: int) -> bytes:
        """Random bytes."""
        return self._random.randbytes(count)

    def one(self, items: Sequence[Any]) -> Any:
        """One of `items`."""
        return items[self._random.randrange(len(items))]

    def below(self, bound: int) -> int:
        """A number from 0 up to `bound`."""
        return self._random.randrange(bound)


Fails = Callable[[Any], Broken | None]


def smallest(document: Any, fails: Fails, found: Broken, smaller: Callable[[Any], Iterator[Any]]) -> Broken:
    """The counterexample for a document that fails in the same way and has nothing in it that `smaller` can take away.

    `found` is the counterexample for `document` itself; one that ends in another status is about something else.
    """
    best, tries, changed, waited = found, 0, True, 0.0
    while changed and tries < TRIES:
        changed = False
        for candidate in smaller(document):
            tries += 1
            began = time.monotonic()
            broken = fails(candidate) if tries <= TRIES and waited < PATIENCE else None
            took = time.monotonic() - began
            waited += took if took >= SLOW else 0
            if broken is not None and broken.came.status == found.came.status:
                document, best, changed = candidate, broken, True
                break
    return best


def without(document: Any, kept: frozenset[tuple[str, ...]], path: tuple[str, ...] = ()) -> Iterator[Any]:
    """`document` without one of its keys, those of inner objects included; paths in `kept`, and what they lead through, stay."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        here = (*path, key)
        if not any(each[: len(here)] == here for each in kept):
            yield {name: each for name, each in document.items() if name != key}
        for inner in without(value, kept, here):
            yield {**document, key: inner}


def shortened(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """`document` with one of its texts halved, and where that text stands."""
    if isinstance(document, dict):
        for key, value in document.items():
            for where, inner in shortened(value, (*path, key)):
                yield where, {**document, key: inner}
    elif isinstance(document, str) and len(document) > 1:
        half = len(document) // 2
        yield from ((path, each) for each in (document[:half], document[half:], document[1:], document[:-1]))


@define
class Outcome:
    """What became of one law."""

    law: Law[Any]
    name: str
    """The law, and what it was judged for."""
    broken: Broken | None = None
    skipped: str = ""
    """Why it was not judged; empty where it was."""
    calls: int = 0
    seconds: float = 0.0
    notes: list[str] = Factory(list)

    @property
    def word(self) -> str:
        """`holds`, `broken` or `skipped`."""
        return "skipped" if self.skipped else "broken" if self.broken else "holds"
