"""A store for one process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from .base import State

CAPACITY: Final = 100_000


class MemoryStore:
    """Remembers the last `capacity` events of this process, oldest out first. `clock` gives seconds that only grow.

    For receivers that run as one process, and for tests. Where there are several, each remembers its own only.
    """

    blocks = False

    def __init__(self, capacity: int = CAPACITY, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._claims: dict[str, str] = {}
        self._done: OrderedDict[str, float] = OrderedDict()

    def claim(self, key: str, owner: str) -> State:
        """See `Store`."""
        with self._lock:
            until = self._done.get(key)
            if until is not None:
                if until > self._clock():
                    return State.DONE
                del self._done[key]
            if key in self._claims:
                return State.BUSY
            self._claims[key] = owner
            return State.CLAIMED

    def finish(self, key: str, owner: str, seconds: float) -> None:  # noqa: ARG002  # as the protocol has it
        """See `Store`."""
        with self._lock:
            self._claims.pop(key, None)
            self._done[key] = self._clock() + seconds
            self._done.move_to_end(key)
            while len(self._done) > self._capacity:
                self._done.popitem(last=False)

    def release(self, key: str, owner: str, seconds: float) -> None:  # noqa: ARG002
        """See `Store`."""
        with self._lock:
            if self._claims.get(key) == owner:
                del self._claims[key]

    def __len__(self) -> int:
        """How many events it remembers."""
        return len(self._done)

    def __repr__(self) -> str:
        return f"MemoryStore({len(self)} of {self._capacity} events)"
