"""What a sandbox remembers, in SQLite: messages, opt-outs, events to be told, and each attempt to tell them.

One connection, used by one thread. What belongs together is written in one transaction and is in the file before anyone is
answered, so a process that is killed leaves no half message. A file belongs to one sandbox at a time; its journal is
not forced to the disk, so a machine that loses its power may lose the last moments, a process that dies does not.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from attrs import asdict, evolve

from .errors import SandboxError
from .faults import Fault
from .opt_in import Subscription
from .outcomes import Event, Ids, Message
from .samples import SAMPLES

APPLICATION: Final = 0x53434B54
"""What marks a file as a sandbox's."""
VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, direction TEXT NOT NULL, api TEXT NOT NULL, channel TEXT NOT NULL,
  phone TEXT NOT NULL, sender TEXT NOT NULL, text TEXT NOT NULL, more TEXT NOT NULL);
CREATE INDEX messages_of_a_phone ON messages (phone, id);
CREATE TABLE phones (phone TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX phones_by_use ON phones (last);
CREATE TABLE subscriptions (
  position INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, msisdn TEXT NOT NULL, opted_out REAL, opted_in REAL,
  UNIQUE (sender, msisdn));
CREATE INDEX opted_out ON subscriptions (sender, position) WHERE opted_out IS NOT NULL;
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message INTEGER NOT NULL, webhook TEXT NOT NULL, document TEXT NOT NULL,
  status TEXT NOT NULL, code TEXT, message_id TEXT NOT NULL, state TEXT NOT NULL, due REAL, first REAL,
  attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX events_by_time ON events (due, id) WHERE due IS NOT NULL;
CREATE INDEX events_of_a_message ON events (message);
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event INTEGER NOT NULL, message INTEGER NOT NULL, webhook TEXT NOT NULL,
  number INTEGER NOT NULL, at REAL NOT NULL, taken INTEGER NOT NULL, next_try REAL, more TEXT NOT NULL);
CREATE TABLE templates (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE faults (id INTEGER PRIMARY KEY AUTOINCREMENT, fault TEXT NOT NULL);
CREATE TABLE applications (id TEXT PRIMARY KEY, public_key TEXT NOT NULL) WITHOUT ROWID;
"""


class Store:
    """A sandbox's memory: in a file, or gone with the process. `SandboxError` when the file cannot be one."""

    def __init__(self, path: str | None = None, *, seed: str | None = None, balance: int = 0) -> None:
        self.revision = 0
        """Grows with every change."""
        self._first_balance = balance
        self._file = _opened(path)
        try:
            if self._file.execute("PRAGMA user_version").fetchone()[0] == 0:
                self._create(seed or secrets.token_hex(8))
            self._load()
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            self._file.close()
            raise SandboxError(f"{path}: not a file of a sandbox, or a damaged one ({error})") from None

    def close(self) -> None:
        """Closes the file; what it holds stays."""
        self._file.close()

    def _create(self, seed: str) -> None:
        with self.writing():
            for statement in filter(str.strip, _TABLES.split(";")):
                self._file.execute(statement)
            self._file.execute(f"PRAGMA user_version = {VERSION}")
            self._file.execute(f"PRAGMA application_id = {APPLICATION}")
            self._set("seed", seed)
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._set("balance", str(self._first_balance))
        self._file.executemany("INSERT INTO templates VALUES (?, ?)", SAMPLES.items())

    def _load(self) -> None:
        """What is asked for again and again, and so is kept beside the file as well."""
        facts = dict(self._file.execute("SELECT name, value FROM facts"))
        self.ids = Ids(facts["seed"], int(facts.get("ids", 0)))
        self.balance = int(facts["balance"])
        self.facts = facts
        self.templates: dict[int, str] = dict(self._file.execute("SELECT number, text FROM templates ORDER BY number"))
        self.faults = [
            Fault(id=id_, **json.loads(said))
            for id_, said in self._file.execute("SELECT id, fault FROM faults ORDER BY id")
        ]
        self.applications: dict[str, str] = dict(
            self._file.execute("SELECT id, public_key FROM applications ORDER BY id")
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written within, or nothing of it."""
        self._file.execute("BEGIN")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
            with suppress(sqlite3.Error):
                self._load()
            raise
        self.revision += 1

    def _set(self, name: str, value: str) -> None:
        self._file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def keep(self, name: str, value: str) -> None:
        """Remembers a fact under its name."""
        with self.writing():
            self._set(name, value)
        self.facts[name] = value

    def reset(self) -> None:
        """Forgets everything but the account, the applications and which ids were given."""
        with self.writing():
            for table in ("messages", "phones", "subscriptions", "events", "attempts", "templates", "faults"):
                self._file.execute(f"DELETE FROM {table}")  # noqa: S608  # names from above
            self._begin_anew()
        self._load()

    # ---- messages and phones ---------------------------------------------------------------------------------------------

    def add(self, message: Message, events: Sequence[tuple[Event, float]], at: float, spent: int) -> int:
        """Adds a message and the events that tell of it, each with the time it is due. Within `writing`."""
        run = self._file.execute
        last = run(
            "INSERT INTO messages (at, direction, api, channel, phone, sender, text, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                at, message.direction, message.api, message.channel, message.phone, message.sender,
                _plain(message.text), _json(message.more),
            ),
        ).lastrowid  # fmt: skip
        last = last or 0
        run("INSERT OR REPLACE INTO phones VALUES (?, ?)", (message.phone, last))
        for event, due in events:
            run(
                "INSERT INTO events (message, webhook, document, status, code, message_id, state, due) "
                "VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)",
                (last, event.webhook, _json(event.document), event.status, _json(event.code), event.message_id, due),
            )
        self.balance -= spent
        told = (str(self.balance), str(self.ids.used))
        run("INSERT OR REPLACE INTO facts VALUES ('balance', ?), ('ids', ?)", told)
        return last

    def messages(self, *, limit: int, before: int | None = None, phone: str | None = None) -> list[dict[str, Any]]:
        """Messages, newest first, as the control API tells them but for their times."""
        whose = "" if phone is None else "phone = :phone AND "
        found = self._file.execute(
            f"SELECT * FROM messages WHERE {whose}id < coalesce(:before, 9e18) ORDER BY id DESC LIMIT :limit",  # noqa: S608  # from above
            {"before": before, "phone": phone, "limit": limit},
        )
        return [self._message(row) for row in found]

    def message(self, number: int) -> dict[str, Any]:
        """One message."""
        return self._message(self._file.execute("SELECT * FROM messages WHERE id = ?", (number,)).fetchone())

    def _message(self, row: tuple[Any, ...]) -> dict[str, Any]:
        number, at, direction, api, channel, phone, sender, text, more = row
        events = self._file.execute(
            "SELECT webhook, status, code, message_id, state, due, attempts FROM events WHERE message = ? ORDER BY id",
            (number,),
        )
        told = []
        for webhook, status, code, message_id, state, due, attempts in events:
            event = {"webhook": webhook, "state": state, "attempts": attempts, "next_try": due}
            optional = {"status": status, "code": json.loads(code), "message_id": message_id}
            told.append(event | {key: value for key, value in optional.items() if value not in ("", None)})
        known = {"id": number, "at": at, "direction": direction, "api": api, "channel": channel, "msisdn": phone}
        return {**known, "sender": sender, "text": text, **json.loads(more), "events": told}

    def phones(self, limit: int) -> list[tuple[str, int]]:
        """Phones and their last messages, the last used first."""
        return self._file.execute("SELECT phone, last FROM phones ORDER BY last DESC LIMIT ?", (limit,)).fetchall()

    def last_sender(self, channel: str) -> str | None:
        """Who wrote last on a channel."""
        found = self._file.execute(
            "SELECT sender FROM messages WHERE channel = ? AND api = 'messages' ORDER BY id DESC LIMIT 1", (channel,)
        ).fetchone()
        return found[0] if found else None

    # ---- who wants messages ----------------------------------------------------------------------------------------------

    def subscribe(self, sender: str, msisdn: str, *, wanted: bool, at: float) -> None:
        """Notes that a number does, or does not, want a sender's messages; asking again changes nothing. Within `writing`."""
        known = self.subscription(sender, msisdn)
        if known is not None and (known.opted_out is None) == wanted:
            return
        # A number that opts out again joins the end of the list: its row is made anew.
        self._file.execute("DELETE FROM subscriptions WHERE sender = ? AND msisdn = ?", (sender, msisdn))
        since = at if wanted else known.opted_in if known else None
        self._file.execute(
            "INSERT INTO subscriptions (sender, msisdn, opted_out, opted_in) VALUES (?, ?, ?, ?)",
            (sender, msisdn, None if wanted else at, since),
        )

    def subscription(self, sender: str, msisdn: str) -> Subscription | None:
        """How a number stands to a sender; None when it never said anything."""
        found = self._file.execute(
            "SELECT msisdn, position, opted_out, opted_in FROM subscriptions WHERE sender = ? AND msisdn = ?",
            (sender, msisdn),
        ).fetchone()
        return Subscription(*found) if found else None

    def is_opted_out(self, sender: str, msisdn: str) -> bool:
        """Whether a number does not want a sender's messages."""
        found = self._file.execute(
            "SELECT opted_out FROM subscriptions WHERE sender = ? AND msisdn = ?", (sender, msisdn)
        ).fetchone()
        return found is not None and found[0] is not None

    def opt_outs(self, sender: str, *, size: int, behind: int = 0, skip: int = 0) -> list[Subscription]:
        """Opt-outs in the order in which they came, behind a position."""
        found = self._file.execute(
            "SELECT msisdn, position, opted_out, opted_in FROM subscriptions "
            "WHERE sender = ? AND opted_out IS NOT NULL AND position > ? ORDER BY position LIMIT ? OFFSET ?",
            (sender, behind, size, skip),
        )
        return [Subscription(*row) for row in found]

    # ---- events ----------------------------------------------------------------------------------------------------------

    def due(self, until: float, limit: int) -> list[tuple[int, int, str, str, float, float | None, int]]:
        """Events that are due: id, message, webhook, document as JSON, when it was due, when it was first tried, attempts so far."""
        return self._file.execute(
            "SELECT id, message, webhook, document, due, first, attempts FROM events WHERE due <= ? ORDER BY due, id LIMIT ?",
            (until, limit),
        ).fetchall()

    def next_due(self, after: float = 0) -> float | None:
        """When the next event is due, of those that are due later than `after`."""
        found = self._file.execute("SELECT due FROM events WHERE due > ? ORDER BY due LIMIT 1", (after,)).fetchone()
        return found[0] if found else None

    def latest(self) -> float:
        """The latest time that anything here happened at, by the sandbox's clock."""
        found = self._file.execute(
            "SELECT max(coalesce((SELECT at FROM messages ORDER BY id DESC LIMIT 1), 0), "
            "coalesce((SELECT at FROM attempts ORDER BY id DESC LIMIT 1), 0))"
        ).fetchone()
        return max(float(found[0]), float(self.facts.get("clock", 0)))

    def pending(self) -> int:
        """How many events are still to be sent."""
        count: int = self._file.execute("SELECT count(*) FROM events WHERE due IS NOT NULL").fetchone()[0]
        return count

    def attempted(
        self, event: int, *, message: int, webhook: str, number: int, at: float, state: str, next_try: float | None,
        more: dict[str, Any],
    ) -> None:  # fmt: skip
        """Notes an attempt, and what becomes of the event."""
        with self.writing():
            kept = self._file.execute(
                "UPDATE events SET state = ?, due = ?, attempts = ?, first = coalesce(first, ?) WHERE id = ?",
                (state, next_try, number, at, event),
            ).rowcount
            if kept:  # else everything was forgotten meanwhile
                self._file.execute(
                    "INSERT INTO attempts (event, message, webhook, number, at, taken, next_try, more) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (event, message, webhook, number, at, state == "taken", next_try, _json(more)),
                )

    def settle(self, events: Sequence[int], state: str) -> None:
        """Notes that events are not sent any more."""
        with self.writing():
            self._file.executemany(
                "UPDATE events SET state = ?, due = NULL WHERE id = ?", [(state, event) for event in events]
            )

    def attempts(self, *, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """Attempts, newest first, as the control API tells them but for their times."""
        found = self._file.execute(
            "SELECT id, event, message, webhook, number, at, taken, next_try, more FROM attempts "
            "WHERE id < coalesce(?, 9e18) ORDER BY id DESC LIMIT ?",
            (before, limit),
        )
        names = ("id", "event", "message", "webhook", "number", "at")
        return [
            dict(zip(names, row, strict=False)) | json.loads(row[8]) | {"taken": bool(row[6]), "next_try": row[7]}
            for row in found
        ]

    # ---- templates, faults, applications ---------------------------------------------------------------------------------

    def set_templates(self, said: dict[int, str | None]) -> None:
        """Sets templates, or removes those that are None."""
        with self.writing():
            for number, text in said.items():
                self._file.execute("DELETE FROM templates WHERE number = ?", (number,))
                if text is not None:
                    self._file.execute("INSERT INTO templates VALUES (?, ?)", (number, text))
        self._load()

    def add_fault(self, fault: Fault) -> Fault:
        """Puts a fault in force, behind those that are."""
        with self.writing():
            number = self._file.execute("INSERT INTO faults (fault) VALUES (?)", (_fault(fault),)).lastrowid
        kept = evolve(fault, id=number or 0)
        self.faults.append(kept)
        return kept

    def delete_faults(self, number: int | None = None) -> None:
        """Ends one fault, or all."""
        with self.writing():
            self._file.execute("DELETE FROM faults WHERE id = coalesce(?, id)", (number,))
        self.faults = [each for each in self.faults if number not in {None, each.id}]

    def use(self, fault: Fault) -> None:
        """Counts that a fault concerned a request; one that was for so many only ends then."""
        if fault.times is None:
            return
        if fault.times <= 1:
            self.delete_faults(fault.id)
            return
        left = evolve(fault, times=fault.times - 1)
        with self.writing():
            self._file.execute("UPDATE faults SET fault = ? WHERE id = ?", (_fault(left), fault.id))
        self.faults = [left if each.id == fault.id else each for each in self.faults]

    def set_application(self, name: str, public_key: str) -> None:
        """Registers an application."""
        with self.writing():
            self._file.execute("INSERT OR REPLACE INTO applications VALUES (?, ?)", (name, public_key))
        self.applications[name] = public_key


def _opened(path: str | None) -> sqlite3.Connection:
    """A connection to the file, which is this process's until it ends."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise SandboxError(f"{path}: there is no folder for it")
    file = None
    try:
        file = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0.2)
        file.execute("PRAGMA locking_mode = EXCLUSIVE")
        mark, version = (file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        tables = file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and mark != APPLICATION:
            raise SandboxError(f"{path}: a database, but not of a sandbox")
        if tables and version != VERSION:
            raise SandboxError(f"{path}: of version {version} of the sandbox's files; this one knows version {VERSION}")
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute("BEGIN IMMEDIATE")  # takes the lock now, so that a second sandbox learns it at its start
        file.execute("COMMIT")
    except sqlite3.Error as error:
        if file is not None:
            file.close()
        busy = "locked" in str(error)
        reason = "another sandbox, or another program, is using it" if busy else str(error)
        raise SandboxError(f"{path}: {reason}") from None
    except SandboxError:
        if file is not None:
            file.close()
        raise
    return file


def _fault(fault: Fault) -> str:
    return _json({key: value for key, value in asdict(fault).items() if key != "id"})


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


def _plain(text: str) -> str:
    """Text that a file can hold; halves of characters never get past validation, and are no reason to fail here."""
    return text.encode("utf-8", "replace").decode("utf-8")
