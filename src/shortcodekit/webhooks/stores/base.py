"""What a replay store does, and how a claim is kept while its owner lives."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol

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

    A thread renews what is older than a third of the lease. When the process dies so does the thread, and the claims end.
    """

    def __init__(self, lease: float, renew: Callable[[Mapping[str, str]], None]) -> None:
        self.seconds = lease
        self._renew = renew
        self._held: dict[str, tuple[str, float]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def hold(self, key: str, owner: str) -> None:
        """Keeps the claim of `key` alive from now on."""
        if self._process != os.getpid():  # what is held is the parent's, and its lock may be held for ever
            self._held, self._changed, self._process = {}, threading.Condition(), os.getpid()
        with self._changed:
            self._held[key] = owner, time.monotonic() + self.seconds / 3
            if self._thread is None or not self._thread.is_alive():  # after a fork it is not
                self._thread = threading.Thread(target=self._keep, name="shortcodekit-webhooks-leases", daemon=True)
                self._thread.start()
            elif len(self._held) == 1:
                self._changed.notify()

    def drop(self, key: str, owner: str) -> None:
        """Does so no more."""
        with self._changed:
            if self._held.get(key, ("",))[0] == owner:
                del self._held[key]

    def _keep(self) -> None:
        while True:
            with self._changed:
                if not self._held:
                    self._changed.wait()
                now = time.monotonic()
                due = {key: owner for key, (owner, when) in self._held.items() if when <= now}
            if due:
                try:
                    self._renew(due)
                except StoreUnavailable as error:
                    LOG.warning("claims cannot be renewed: %s", error)
                with self._changed:
                    for key, owner in due.items():
                        if self._held.get(key, ("",))[0] == owner:
                            self._held[key] = owner, time.monotonic() + self.seconds / 3
            time.sleep(min(1.0, self.seconds / 10))
