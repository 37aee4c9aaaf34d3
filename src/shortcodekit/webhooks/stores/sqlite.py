"""A store for the processes of one machine: a file of SQLite.

One row an event: who has claimed it and until when, or nobody and for how long it is remembered. Each change is one
statement, which SQLite makes atomic across processes. The file is in WAL mode and is not synchronised at each change: a
process that dies loses nothing, a machine that does may lose the last moments, and forgetting only means handling again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Final

from shortcodekit.sqlite_files import SqliteFile
from shortcodekit.webhooks.errors import StoreUnavailable

from .base import LEASE, Leases, State

SWEEP: Final = 60.0
"""After how many seconds events that need not be remembered any more are deleted again."""


class SqliteStore:
    """Remembers events in the file `path`, which is made when it is not there, on a local disk: not on one of a network.

    `lease` is for how many seconds the claim of a process that died keeps others waiting; `clock` gives Unix seconds.
    """

    blocks = True

    def __init__(
        self, path: str | os.PathLike[str], *, lease: float = LEASE, clock: Callable[[], float] = time.time
    ) -> None:
        self._file = SqliteFile(path, (_TABLE, _INDEX), synchronous="NORMAL", unavailable=StoreUnavailable)
        self._clock = clock
        self._sweep_at = 0.0
        self._leases = Leases(lease, self._renew)

    def claim(self, key: str, owner: str) -> State:
        """See `Store`."""
        with self._file.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")  # waits for others, and the lease begins after that
            now = self._clock()
            changed = connection.execute(
                _CLAIM, {"key": key, "owner": owner, "now": now, "until": now + self._leases.seconds}
            )
            connection.execute("COMMIT")
            if changed.rowcount != 1:
                row = connection.execute("SELECT owner FROM events WHERE key = ?", (key,)).fetchone()
                return State.DONE if row == (None,) else State.BUSY
        self._leases.hold(key, owner)
        return State.CLAIMED

    def finish(self, key: str, owner: str, seconds: float) -> None:
        """See `Store`."""
        self._leases.drop(key, owner)
        with self._file.connected() as connection:
            now = self._clock()
            connection.execute("REPLACE INTO events VALUES (?, NULL, ?)", (key, now + seconds))
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP
                connection.execute("DELETE FROM events WHERE until <= ?", (now,))

    def release(self, key: str, owner: str, seconds: float) -> None:  # noqa: ARG002  # as the protocol has it
        """See `Store`."""
        self._leases.drop(key, owner)
        with self._file.connected() as connection:
            connection.execute("DELETE FROM events WHERE key = ? AND owner = ?", (key, owner))

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self._file.close()

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._file.path)!r})"

    def _renew(self, claims: Mapping[str, str]) -> None:
        with self._file.connected() as connection:
            until = self._clock() + self._leases.seconds
            rows = [(until, key, owner) for key, owner in claims.items()]
            connection.executemany("UPDATE events SET until = ? WHERE key = ? AND owner = ?", rows)


_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS events (key TEXT PRIMARY KEY, owner TEXT, until REAL NOT NULL) WITHOUT ROWID"
)
_INDEX: Final = "CREATE INDEX IF NOT EXISTS events_until ON events (until)"
_CLAIM: Final = """
INSERT INTO events VALUES (:key, :owner, :until)
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE until <= :now
"""
