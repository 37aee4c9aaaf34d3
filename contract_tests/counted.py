"""How many contract cases a run has judged, and how fast: the line at the end of a run.

A case is a request, an event, an answer or a document that was judged: each call that a law made, each example that Hypothesis drew, and
a test that has neither is one. The time is what the tests of `contract_tests/` themselves took, shared by the workers of pytest-xdist;
what collects and sets up is left out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import define

from shortcodekit.contract import BoundLaw, Outcome

_PASSING: Final = re.compile(r"(\d+) passing(?: examples)?, ")


@define
class Count:
    """Cases, and the seconds that they took."""

    cases: int = 0
    seconds: float = 0.0
    workers: int = 0
    """How many have counted."""

    @contextmanager
    def test(self, item: Any) -> Iterator[None]:
        """Counts the cases of a test that is run within."""
        before, began = self.cases, time.perf_counter()
        yield
        self.seconds += time.perf_counter() - began
        drawn = _PASSING.findall(getattr(item, "hypothesis_statistics", ""))
        self.cases = max(self.cases + sum(map(int, drawn)), before + 1)

    def add(self, cases: int, seconds: float) -> None:
        """Adds what another process has counted."""
        self.cases, self.seconds, self.workers = self.cases + cases, self.seconds + seconds, self.workers + 1

    def told(self) -> str:
        """In words; empty when nothing was counted."""
        seconds = self.seconds / max(self.workers, 1)
        if not self.cases or not seconds:
            return ""
        rate = round(60 * self.cases / seconds)
        return f"{self.cases:,} contract cases in {seconds:.0f} s: {rate:,} in 60 s"


COUNT: Final = Count()
"""What this process has counted."""


def count_laws() -> None:
    """From now on counts the calls of laws, whoever judges by them."""
    judged = BoundLaw.judged

    def counting(law: BoundLaw) -> Outcome:
        outcome = judged(law)
        COUNT.cases += outcome.calls
        return outcome

    BoundLaw.judged = counting  # type: ignore[method-assign,assignment]  # the product need not know of it
