"""The list of who opted out: what can be asked of it and told to it, whatever keeps it.

It fails closed. A list that cannot be read, or that was never complete, has no answer, and who asks before sending does not send.
So a file that was deleted, or a Redis that lost its memory, is no empty list. All that is told is kept in a trail, beside who
stands where now; `statements` says what counts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from attrs import frozen

from shortcode_clients.alerts.codes import ALERT_PART_STATUS, ALERT_PART_STATUS_NUMBER_BARRED
from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcode_clients.opt_in.models import OptInRecord
from shortcodekit.clients.opt_in import AsyncOptInClient, OptInClient
from shortcodekit.concealing import shortened
from shortcodekit.errors import AlertRejected, InvalidRequest

from .errors import OptOutListUnavailable
from .numbers import e164
from .statements import OnEvent, Source, Statement, letters, of_event, of_record, utc

LOG: Final = logging.getLogger("shortcodekit.migration")
BATCH: Final = 500
"""How many records of an import are written at once."""
PASSES: Final = 5
"""How often an import reads the service's list at most: again as long as it finds news, since pages shift as people resubscribe."""
OPTED_OUT: Final = "the recipient has opted out, says the opt-out list"


@frozen
class Import:
    """What an import came to."""

    read: int
    """Records, those that were read again included."""
    added: int
    """Opt-outs that the list did not know of."""
    passes: int
    """How often the service's list was read."""


class OptOutList(ABC):
    """Who opted out: `SqliteOptOutList` in a file, `RedisOptOutList` for several machines. One list is for one campaign.

    Numbers are taken as they are written anywhere, see `e164`. Safe to share between threads, and the file between processes.
    Everything raises `OptOutListUnavailable` when the list cannot be asked or told, and `InvalidRequest` for what is no number.
    """

    def __init__(self, *, stop_words: Iterable[str] = (), clock: Callable[[], float] = time.time) -> None:
        if isinstance(stop_words, str) or not all(isinstance(word, str) for word in stop_words):
            raise InvalidRequest("words, such as ['REVOKE', 'OPT OUT']", field="stop_words")
        self._words = frozenset(letters(word) for word in stop_words) - {""}
        self._clock = clock

    # ---- asking ----------------------------------------------------------------------------------------------------------

    def check(self, number: str | int) -> None:
        """Returns when messages may be sent to `number`, as far as the list knows at this moment.

        Raises `AlertRejected` with the status of a barred number when its owner opted out, and `OptOutListUnavailable` also
        when the list is not `complete`.
        """
        if number in self:
            code = ALERT_PART_STATUS.explain(ALERT_PART_STATUS_NUMBER_BARRED)
            part = AlertPart(code.value, to=e164(number), error_text=OPTED_OUT)
            raise AlertRejected(AlertResponse("1", [part]), code, said=OPTED_OUT, may_have_been_sent=False)

    def __contains__(self, number: object) -> bool:
        """Whether the owner of `number` opted out. An incomplete list is `OptOutListUnavailable`: it does not know."""
        complete, standing = self._look(e164(number))
        if complete is None:
            raise OptOutListUnavailable(
                "it is not complete: import the service's list by `import_from`, or say by `declare_complete` that there is none"
            )
        return standing is not None and not standing.wants_messages

    def standing(self, number: str | int) -> Statement | None:
        """What counts of all that was said about `number`; None when nothing was."""
        return self._look(e164(number))[1]

    @property
    def complete(self) -> datetime | None:
        """When the last import ended, or the list was declared complete, in UTC; None when neither happened."""
        return self._look("")[0]

    @abstractmethod
    def __iter__(self) -> Iterator[Statement]:
        """The standing statement of each number that opted out; of one that joins or leaves meanwhile perhaps not."""

    @abstractmethod
    def __len__(self) -> int:
        """How many numbers opted out."""

    def __bool__(self) -> bool:
        """True: a list that nobody is on is a list."""
        return True

    @abstractmethod
    def history(self, number: str | int | None = None) -> Iterator[Statement]:
        """The trail: all that was said about `number`, or about all numbers, in the order in which it was recorded.

        Of all numbers, `RedisOptOutList` tells one after the other.
        """

    # ---- telling ---------------------------------------------------------------------------------------------------------

    def honour(self, event: OnEvent) -> Statement | None:
        """Does what an event says. A handler for a receiver, for events of all four kinds, of the short code and of your number.

        STOP and the other keywords of the carriers opt out, in any case, and with whatever spaces and points; so do `stop_words`,
        and a status or receipt that says so. START and UNSTOP opt in again. Returns what was recorded; None when the event says
        nothing of the kind, or has come before. When it raises, the receiver has the service send the event again.
        """
        statement = of_event(event, utc(self._clock()), self._words)
        return None if statement is None else self._told(statement)

    def opt_out(self, number: str | int, *, by: str, at: datetime | None = None) -> Statement:
        """Takes note that the owner of `number` wants no messages: told by mail, by telephone, by a refused alert.

        `by` says for the trail who or what told so, `at` when (aware); now by default.
        """
        return self._by_hand(number, by, at, wants_messages=False)

    def opt_in(self, number: str | int, *, by: str, at: datetime | None = None) -> Statement:
        """Takes note that the owner of `number` wants messages again, and has said so, for example on your website.

        As `opt_out`. Its `counts` is false when a STOP stands that is later than `at`.
        """
        return self._by_hand(number, by, at, wants_messages=True)

    def declare_complete(self, *, by: str) -> None:
        """Says that there is no list to import, or that it came here in another way; `by` says who says so."""
        self._mark(utc(self._clock()), _reason(by))

    def import_from(self, client: OptInClient, *, page_size: int = 100) -> Import:
        """Imports the service's list, and makes this one complete.

        Can be repeated: what is known is not recorded again, and who said something later is left as they said. It is written
        piece by piece, so that one that was interrupted has lost nothing, and is done by doing it again. Raises what the client
        raises as well; the list is then as complete as it was before.
        """
        reading = _Reading(self)
        while reading.goes_on():
            try:
                for record in client.opt_outs(page_size):
                    if reading.takes(record):
                        reading.write()
            finally:
                reading.write()
        return reading.end()

    async def import_from_async(self, client: AsyncOptInClient, *, page_size: int = 100) -> Import:
        """The same, awaited; what is written is written in a thread."""
        reading = _Reading(self)
        while reading.goes_on():
            try:
                async for record in client.opt_outs(page_size):
                    if reading.takes(record):
                        await asyncio.to_thread(reading.write)
            finally:
                await asyncio.to_thread(reading.write)
        return await asyncio.to_thread(reading.end)

    def _by_hand(self, number: str | int, by: str, at: datetime | None, *, wants_messages: bool) -> Statement:
        now = utc(self._clock())
        if at is not None and (not isinstance(at, datetime) or at.tzinfo is None):
            raise InvalidRequest("a datetime with a time zone", field="at")
        statement = Statement(e164(number), wants_messages, at or now, Source.BY_HAND, now, said=_reason(by))
        told = self._told(statement)
        assert told is not None  # noqa: S101  # without a reference nothing is known already
        return told

    def _told(self, statement: Statement) -> Statement | None:
        recorded = self._record([statement])
        for each in recorded:
            LOG.info(
                "%s %s (%s)%s",
                shortened(each.number),
                "opted in" if each.wants_messages else "opted out",
                each.source.value,
                "" if each.counts else ", which does not count beside what stands",
            )
        return recorded[0] if recorded else None

    # ---- what keeps it ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def _look(self, number: str) -> tuple[datetime | None, Statement | None]:
        """Since when the list is complete, and what stands for `number`, read together."""

    @abstractmethod
    def _record(self, statements: list[Statement]) -> list[Statement]:
        """Records what is not known yet, all of it or nothing, and returns that as it was recorded."""

    @abstractmethod
    def _mark(self, at: datetime, by: str) -> None:
        """Remembers that the list is complete."""

    @abstractmethod
    def close(self) -> None:
        """Closes the file or the connections; the next use opens them again."""


class _Reading:
    """An import under way: the records that are not written yet, and the count of all."""

    def __init__(self, opt_outs: OptOutList) -> None:
        self._list = opt_outs
        self._waiting: list[Statement] = []
        self._read = self._added = self._passes = 0
        self._news = True

    def goes_on(self) -> bool:
        """Whether to read the list (again)."""
        again, self._news = self._news and self._passes < PASSES, False
        self._passes += again
        return again

    def takes(self, record: OptInRecord) -> bool:
        """Takes a record; whether there are enough to be written."""
        self._read += 1
        statement = of_record(record, utc(self._list._clock()))  # noqa: SLF001  # a part of it
        if statement is not None:
            self._waiting.append(statement)
        return len(self._waiting) >= BATCH

    def write(self) -> None:
        """Writes what waits."""
        waiting, self._waiting = self._waiting, []
        added = len(self._list._record(waiting)) if waiting else 0  # noqa: SLF001  # as above
        self._added += added
        self._news = self._news or added > 0

    def end(self) -> Import:
        """Marks the list as complete."""
        result = Import(self._read, self._added, self._passes)
        said = f"import of {result.read} records in {result.passes} passes, of which {result.added} were new"
        self._list._mark(utc(self._list._clock()), said)  # noqa: SLF001  # as above
        LOG.info("the opt-out list is complete: %s", said)
        return result


def _reason(by: object) -> str:
    if not isinstance(by, str) or not by.strip():
        raise InvalidRequest("who or what says so, in a few words", field="by")
    return by[:500].encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
