"""What a replay store does, and how a claim is kept while its owner lives."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol
from weakref import ref

from shortcodekit.webhooks.errors import StoreUnavailable

LOG: Final = logging.getLogger("shortcodekit.webhooks")

LEASE: Final = 30.0
"""For how many seconds a claim outlives a process that died."""


class State(Enum):
    """What a store knows of an event."""

    CLAIMED = "claimed"
    """Nobody had it: it is yours to handle."""
    BUSY = "busy"
    """It is being handled."""
    DONE = "done"
    """It was handled."""


class Store(Protocol):
    """Remembers events by their keys. Safe to share between threads; all methods raise `StoreUnavailable` and nothing else.

    `owner` is a text that differs for each claim.
    """

    blocks: bool
    """Whether it does I/O, so that an event loop asks it in a thread."""

    def claim(self, key: str, owner: str) -> State:
        """Claims the event unless someone has it or it is done; atomically, across all that share the store."""

    def finish(self, key: str, owner: str, seconds: float) -> None:
        """Remembers that the event was handled, for `seconds`; whoever has claimed it by now."""

    def release(self, key: str, owner: str, seconds: float) -> None:
        """Gives the claim back, if it is still `owner`'s; `seconds` does not matter."""


class Leases:
    """The claims of this process, renewed while it lives: a handler may take longer than a claim lasts by itself.

    A thread renews what is older than a third of the lease, and ends when nothing is held. When the process dies so does the
    thread, and the claims end.
    """

    def __init__(self, lease: float, renew: Callable[[Mapping[str, str]], None]) -> None:
        self.seconds = lease
        self._renew = renew
        self._begin()

    def _begin(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def hold(self, key: str, owner: str) -> None:
        """Keeps the claim of `key` alive from now on."""
        if self._process != os.getpid():  # what is held is the parent's, and its lock may be held for ever
            self._begin()
        with self._lock:
            self._held[key] = owner, time.monotonic() + self.seconds / 3
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_keep, args=(ref(self),), name="shortcodekit-webhooks-leases", daemon=True
                )
                self._thread.start()

    def drop(self, key: str, owner: str) -> None:
        """Does so no more."""
        if self._process != os.getpid():
            return
        with self._lock:
            if self._held.get(key, ("",))[0] == owner:
                del self._held[key]

    @property
    def pause(self) -> float:
        """For how many seconds to wait before looking again."""
        return min(1.0, self.seconds / 10)

    def renew(self) -> bool:
        """Renews what is due; False when nothing is held, and the thread is to end."""
        with self._lock:
            if not self._held:
                self._thread = None
                return False
            now = time.monotonic()
            due = {key: owner for key, (owner, when) in self._held.items() if when <= now}
        if due:
            try:
                self._renew(due)
            except StoreUnavailable as error:
                LOG.warning("claims cannot be renewed: %s", error)
            with self._lock:
                for key, owner in due.items():
                    if self._held.get(key, ("",))[0] == owner:
                        self._held[key] = owner, now + self.seconds / 3
        return True


def _keep(leases: ref[Leases]) -> None:
    """Renews until nothing is held, or the store is gone with which its claims were made."""
    while (here := leases()) is not None:
        pause = here.pause
        del here
        time.sleep(pause)
        here = leases()
        if here is None or not here.renew():
            return
        del here
