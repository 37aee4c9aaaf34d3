"""A file of SQLite that several threads, processes and forks of them write to: what the stores of this package stand on.

The file is in WAL mode. Each thread waits for the others of its process, and each process for the others, for `WAIT` seconds at
most. A connection does not cross a fork. Whatever SQLite says, the store's own error says it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

WAIT: Final = 5.0
"""For how many seconds to wait for another thread or process that is writing."""


class SqliteFile:
    """The file at `path`, which is made when it is not there, on a local disk: not on one of a network.

    `schema` are statements that make its tables unless they are there. `synchronous` is SQLite's: with NORMAL a process that dies
    loses nothing, and a machine that does may lose the last moments; with FULL neither loses anything. `unavailable` makes the
    error for a file that cannot be used, of a reason.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: Sequence[str],
        *,
        synchronous: Literal["NORMAL", "FULL"],
        unavailable: Callable[[str], Exception],
    ) -> None:
        self.path = Path(path)
        self._schema = schema
        self._synchronous = synchronous
        self._unavailable = unavailable
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._inherited: list[object] = []

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. What is not committed when the context is left by an error is undone."""
        if self._process != os.getpid():
            self._after_fork()
        lock = self._lock
        if not lock.acquire(timeout=WAIT):
            raise self._unavailable("SQLite: other threads are waiting for the file")
        try:
            if self._connection is None:
                self._connection = self._open()
            yield self._connection
        except BaseException as error:  # an interruption, too, must not leave the file to this process
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
            if isinstance(error, sqlite3.Error):
                # Where a file cannot be opened, its path is mostly why.
                where = "" if self._connection else f" ({self.path})"
                raise self._unavailable(f"SQLite: {error}{where}") from None
            raise
        finally:
            lock.release()

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

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
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            for statement in self._schema:
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
