"""A store for the processes of one machine: a file of SQLite.

One row an event: who has claimed it and until when, or nobody and for how long it is remembered. Each change is one
statement, which SQLite makes atomic across processes. The file is in WAL mode and is not synchronised at each change: a
process that dies loses nothing, a machine that does may lose the last moments, and forgetting only means handling again.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shortcodekit.webhooks.errors import StoreUnavailable

from .base import LEASE, Leases, State

WAIT: Final = 5.0
"""For how many seconds to wait for another process that is writing."""
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
        self._path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._inherited: list[object] = []
        self._sweep_at = 0.0
        self._leases = Leases(lease, self._renew)

    def claim(self, key: str, owner: str) -> State:
        """See `Store`."""
        with self._connected() as connection:
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
        with self._connected() as connection:
            now = self._clock()
            connection.execute("REPLACE INTO events VALUES (?, NULL, ?)", (key, now + seconds))
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP
                connection.execute("DELETE FROM events WHERE until <= ?", (now,))

    def release(self, key: str, owner: str, seconds: float) -> None:  # noqa: ARG002  # as the protocol has it
        """See `Store`."""
        self._leases.drop(key, owner)
        with self._connected() as connection:
            connection.execute("DELETE FROM events WHERE key = ? AND owner = ?", (key, owner))

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    def _renew(self, claims: Mapping[str, str]) -> None:
        with self._connected() as connection:
            until = self._clock() + self._leases.seconds
            rows = [(until, key, owner) for key, owner in claims.items()]
            connection.executemany("UPDATE events SET until = ? WHERE key = ? AND owner = ?", rows)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        if self._process != os.getpid():
            self._after_fork()
        lock = self._lock
        if not lock.acquire(timeout=WAIT):
            raise StoreUnavailable("SQLite: other threads are waiting for the file")
        try:
            if self._connection is None:
                self._connection = self._open()
            yield self._connection
        except BaseException as error:  # an interruption, too, must not leave the file to this process
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
            if isinstance(error, sqlite3.Error):
                raise StoreUnavailable(f"SQLite: {error}") from None
            raise
        finally:
            lock.release()

    def _after_fork(self) -> None:
        """A connection must not cross a fork, nor be closed beyond it, nor can the lock be trusted there."""
        self._inherited.append(self._connection)
        self._connection, self._lock, self._process = None, threading.Lock(), os.getpid()

    def _open(self) -> sqlite3.Connection:
        """Opens the file. Of several processes that are the first at once, SQLite lets some fail instead of waiting."""
        ends = time.monotonic() + WAIT
        while True:
            try:
                return self._opened()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= ends:
                    raise
            time.sleep(0.01)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_TABLE)
            connection.execute(_INDEX)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS events (key TEXT PRIMARY KEY, owner TEXT, until REAL NOT NULL) WITHOUT ROWID"
)
_INDEX: Final = "CREATE INDEX IF NOT EXISTS events_until ON events (until)"
_CLAIM: Final = """
INSERT INTO events VALUES (:key, :owner, :until)
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE until <= :now
"""
