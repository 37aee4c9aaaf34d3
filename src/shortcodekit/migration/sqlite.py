"""The opt-out list in a file of SQLite, for the processes of one machine.

A table for the trail, one for what stands, and one for when the list was complete; times are text, in UTC, so that the file can be
read by anyone who has to. Each change is a transaction, synchronised before it is answered: not even a machine that loses power
forgets a STOP whose event it has answered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from shortcodekit.errors import InvalidRequest
from shortcodekit.sqlite_files import SqliteFile

from .errors import OptOutListUnavailable
from .lists import OptOutList
from .numbers import e164
from .statements import Source, Statement, as_record, judged

PAGE: Final = 500
"""How many rows are read at once, so that no reader keeps the file for long."""


class SqliteOptOutList(OptOutList):
    """Keeps the list in the file `path`, which is made when it is not there, on a local disk: not on one of a network.

    `stop_words` opt out beside the carriers' keywords; `clock` gives Unix seconds. See `OptOutList` for the rest.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, stop_words: Iterable[str] = (), clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(stop_words=stop_words, clock=clock)
        if os.fspath(path) in {"", ":memory:"}:
            raise InvalidRequest("a file: what people said has to outlive this process", field="path")
        self._file = SqliteFile(path, _SCHEMA, synchronous="FULL", unavailable=OptOutListUnavailable)

    def __iter__(self) -> Iterator[Statement]:
        """See `OptOutList`; in the order of the numbers."""
        return self._paged(_OUT, {})

    def __len__(self) -> int:
        """See `OptOutList`."""
        with self._file.connected() as connection:
            count: int = connection.execute("SELECT count(*) FROM standing WHERE NOT wants_messages").fetchone()[0]
        return count

    def history(self, number: str | int | None = None) -> Iterator[Statement]:
        """See `OptOutList`."""
        return self._paged(_ALL, {}) if number is None else self._paged(_TOLD, {"number": e164(number)})

    def close(self) -> None:
        """See `OptOutList`."""
        self._file.close()

    def __repr__(self) -> str:
        return f"SqliteOptOutList({str(self._file.path)!r})"

    def _look(self, number: str) -> tuple[datetime | None, Statement | None]:
        with self._file.connected() as connection:
            connection.execute("BEGIN")  # what is read together is of one moment
            marked = connection.execute("SELECT max(at) FROM complete").fetchone()[0]
            row = connection.execute(_STANDING, {"number": number}).fetchone() if number else None
            connection.execute("COMMIT")
        return _time(marked) if marked else None, _statement(row) if row else None

    def _record(self, statements: list[Statement]) -> list[Statement]:
        recorded = []
        with self._file.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                row = connection.execute(_STANDING, {"number": statement.number}).fetchone()
                told = map(_statement, connection.execute(_SAME, as_record(statement))) if row else ()
                new = judged(statement, _statement(row) if row else None, told)
                if new is not None:
                    place = connection.execute(_ADD, as_record(new)).lastrowid
                    if new.counts:
                        standing = (new.number, new.wants_messages, place)
                        connection.execute("REPLACE INTO standing VALUES (?, ?, ?)", standing)
                    recorded.append(new)
            connection.execute("COMMIT")
        return recorded

    def _mark(self, at: datetime, by: str) -> None:
        with self._file.connected() as connection:
            connection.execute("INSERT INTO complete VALUES (?, ?)", (at.isoformat(), by))

    def _paged(self, query: str, names: dict[str, Any]) -> Iterator[Statement]:
        after: Any = ""
        while True:
            with self._file.connected() as connection:
                rows = connection.execute(query, {**names, "after": after, "page": PAGE}).fetchall()
            for row in rows:
                yield _statement(row)
            if len(rows) < PAGE:
                return
            after = rows[-1][-1]


def _statement(row: tuple[Any, ...]) -> Statement:
    try:
        number, wants, at, source, recorded, reference, said, addressed, earlier, later, counts = row[:11]
        return Statement(
            number,
            bool(wants),
            _time(at),
            Source(source),
            _time(recorded),
            reference=reference,
            said=said,
            addressed=addressed,
            earlier=timedelta(seconds=earlier),
            later=timedelta(seconds=later),
            counts=bool(counts),
        )
    except (ValueError, TypeError):
        raise OptOutListUnavailable("SQLite: the file holds a row that is none of a list") from None


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise OptOutListUnavailable("SQLite: the file holds a time that is none") from None


_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS statements (
        place INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, wants_messages INTEGER NOT NULL, at TEXT NOT NULL,
        source TEXT NOT NULL, recorded TEXT NOT NULL, reference TEXT NOT NULL, said TEXT NOT NULL, addressed TEXT NOT NULL,
        earlier REAL NOT NULL, later REAL NOT NULL, counts INTEGER NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS statements_number ON statements (number, reference)",
    """CREATE TABLE IF NOT EXISTS standing (
        number TEXT PRIMARY KEY, wants_messages INTEGER NOT NULL, place INTEGER NOT NULL REFERENCES statements (place)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS standing_out ON standing (number) WHERE NOT wants_messages",
    "CREATE TABLE IF NOT EXISTS complete (at TEXT NOT NULL, by TEXT NOT NULL)",
)
_COLUMNS: Final = "number, wants_messages, at, source, recorded, reference, said, addressed, earlier, later, counts"  # as `_statement` takes them
_OF_STANDING: Final = (
    "SELECT s.number, s.wants_messages, s.at, s.source, s.recorded, s.reference, s.said, s.addressed, s.earlier, s.later, s.counts, s.number"
    " FROM standing JOIN statements s USING (place)"
)
_STANDING: Final = f"{_OF_STANDING} WHERE standing.number = :number"
_OUT: Final = f"{_OF_STANDING} WHERE NOT standing.wants_messages AND standing.number > :after ORDER BY standing.number LIMIT :page"
_OF_TRAIL: Final = f"SELECT {_COLUMNS}, place FROM statements"  # noqa: S608  # of names that stand here
_SAME: Final = f"{_OF_TRAIL} WHERE number = :number AND reference = :reference"
_AFTER: Final = "place > CAST(:after AS INTEGER) ORDER BY place LIMIT :page"
_ALL: Final = f"{_OF_TRAIL} WHERE {_AFTER}"
_TOLD: Final = f"{_OF_TRAIL} WHERE number = :number AND {_AFTER}"
_ADD: Final = (
    f"INSERT INTO statements ({_COLUMNS}) VALUES (:number, :wants_messages, :at, :source, :recorded, :reference, :said,"  # noqa: S608
    " :addressed, :earlier, :later, :counts)"
)
