"""The sandbox's time: it can run fast, and be moved forward, never back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LAST: Final = 253_402_214_400.0
"""The last day of the year 9999, where calendars end."""


class Clock:
    """Gives Unix seconds. `real` is the clock it goes by, `begin` the earliest time it begins at."""

    def __init__(self, *, scale: float = 1, begin: float = 0, real: Callable[[], float] = time.time) -> None:
        self.real = real
        self._scale = scale
        self._since = real()
        self._then = max(self._since, begin)

    def now(self) -> float:
        """The time."""
        return min(LAST, self._then + max(0.0, self.real() - self._since) * self._scale)

    def move_to(self, moment: float) -> None:
        """Moves forward to `moment`; nothing when it is past."""
        self._then, self._since = min(LAST, max(self.now(), moment)), self.real()

    @property
    def scale(self) -> float:
        """How many seconds pass in one."""
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._then, self._since, self._scale = self.now(), self.real(), scale
