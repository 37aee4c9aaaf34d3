"""What laws about receivers work with: the receiver, the event it is judged for, and how its answers are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import define, evolve

from .events import Case, Document, request, smaller
from .laws import Broken, Rng, smallest
from .targets import Call, Came, Target
from .ways import Signer, Way


@define
class Bench:
    """A receiver, and one encoding of one event that it is judged for."""

    target: Target
    way: Way
    signer: Signer | None
    examples: int
    seed: int
    limit: float
    """Seconds within which an event has to be answered."""
    calls: int = 0

    def rng(self, law: str) -> Rng:
        """The random choices of one law."""
        return Rng(f"{self.seed}/{self.way}/{law}")

    # ---- sending ---------------------------------------------------------------------------------------------------------

    def send(self, call: Call) -> Came:
        """What comes back."""
        self.calls += 1
        return self.target.send(call)

    def send_all(self, calls: list[Call]) -> list[Came]:
        """The same at the same time."""
        self.calls += len(calls)
        return list(self.target.send_all(calls))

    def event(self, case: Case) -> Call:
        """The request of a case, signed when there is a secret."""
        return request(self.way, case, self.signer)

    def good(self, rng: Rng) -> Case:
        """The documented event with an id of its own: what every receiver takes."""
        return Case(self.way.told_apart(dict(self.way.example), rng.bytes), "the documented event")

    # ---- judging ---------------------------------------------------------------------------------------------------------

    def taken(self, came: Came) -> bool:
        """Whether an answer tells the service that the event was taken, in time."""
        return came.status in self.way.webhook.taken and came.seconds <= self.limit

    @property
    def right(self) -> str:
        """The answers that tell so, in words."""
        statuses = " or ".join(map(str, self.way.webhook.taken))
        return f"HTTP {statuses} within {self.limit:g} s"

    def late(self, came: Came) -> Came:
        """An answer that came too late, told as such."""
        if came.status is not None and came.seconds > self.limit:
            return Came(None, {}, came.body, came.seconds, f"HTTP {came.status}, but after {came.seconds:.1f} s")
        return came

    def refused_or_taken(self, case: Case, rng: Rng) -> Broken | None:
        """None when a case is taken, else the smallest document like it that is not."""
        broken = self._try(case)
        if broken is None:
            return None
        valid = self.way.api.validator(self.way.schema).is_valid

        def fails(document: Any) -> Broken | None:
            if not valid(document):
                return None
            broken = self._try(evolve(case, document=self.way.told_apart(document, rng.bytes)))
            return broken if broken is None or self._only_there(case, document, rng) else None

        return smallest(case.document, fails, broken, smaller(self.way, case))

    def _only_there(self, case: Case, document: Document, rng: Rng) -> bool:
        """Whether it is what is special about a case that is not taken: the same with the documented value there is."""
        if len(case.path) != 1 or case.path[0] not in self.way.example:
            return True
        plain = {**document, case.path[0]: self.way.example[case.path[0]]}
        return self._try(Case(self.way.told_apart(plain, rng.bytes))) is None

    def _try(self, case: Case) -> Broken | None:
        call = self.event(case)
        came = self.send(call)
        if self.taken(came):
            return None
        return Broken(self.right, (call,), self.late(came), case.about)

    def all_taken(self, law: str, cases: Callable[[Bench, Rng], Iterator[Case]]) -> Broken | None:
        """None when all cases are taken, else the smallest that is not."""
        rng = self.rng(law)
        for case in cases(self, rng):
            broken = self.refused_or_taken(case, rng)
            if broken is not None:
                return broken
        return None

    def alive(self, law: str) -> Broken | None:
        """None when the documented event is taken."""
        return self._try(self.good(self.rng(f"{law}/alive")))


WITHIN: Final = 5.0
"""Seconds that a receiver has by default. x-choice: no source says how long the service waits."""
