"""What people say about messages to their number, and which of two statements counts. Values only, without I/O.

A statement has the time at which it was said, as well as that is known. A START counts when it was certainly said after every
STOP, and in all other cases the STOP counts: a person who wants messages can say so again, and one who does not must not have to.
So it does not matter in which order statements arrive, nor how often. How far from its time something may have been said depends
on where it comes from, but nothing was said after the list took note of it:

| source | its time | perhaps earlier by | perhaps later by |
|---|---|---|---|
| `inbound-message`, `message-status` | when the event occurred | | |
| `inbound-sms` | when the service pushed it, perhaps not for the first time | as long as it pushes, a day | |
| `delivery-receipt` | when the carrier's report arrived, to the minute | | a minute |
| `import` | the list's own date, which names no time zone | | 12 hours |
| `by-hand` | what the caller says | | |

What has no time at all was said when the list took note of it, or up to a day before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from attrs import evolve, frozen

from shortcode_clients import InvalidDocument
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcode_clients.messages.codes import CHANNEL_MMS, CHANNEL_SMS
from shortcode_clients.messages.models import InboundMessage, InboundText, MessageStatus
from shortcode_clients.opt_in.codes import CARRIER_KEYWORD
from shortcode_clients.opt_in.models import InboundSms, OptInRecord
from shortcode_clients.opt_in.webhooks import INBOUND_SMS
from shortcodekit.webhooks.advice import advice

from .numbers import e164

OnEvent = DeliveryReceipt | InboundSms | MessageStatus | InboundMessage


class Source(StrEnum):
    """Where a statement comes from."""

    IMPORT = "import"
    """The service's own list, which `OptInClient.opt_outs()` reads."""
    INBOUND_SMS = "inbound-sms"
    """A text to the short code."""
    INBOUND_MESSAGE = "inbound-message"
    """A message on a channel of the Messages API."""
    DELIVERY_RECEIPT = "delivery-receipt"
    """A carrier said of an alert that its recipient has opted out."""
    MESSAGE_STATUS = "message-status"
    """The service said so of a message."""
    BY_HAND = "by-hand"
    """A program of yours, or a colleague."""


@frozen
class Statement:
    """Someone wants no messages to a number any more, or wants them again."""

    number: str
    """In E.164 form without `+`."""
    wants_messages: bool
    at: datetime
    """When it was said, in UTC, as well as the source tells; when it was recorded, if that tells no time."""
    source: Source
    recorded: datetime
    """When the list took note of it, in UTC."""
    reference: str = ""
    """The message by which it was said: its `messageId` or `message_uuid`; of an imported one the service's date."""
    said: str = ""
    """The words, or the code and what it means; at most 160 characters."""
    addressed: str = ""
    """The number or short code that was written to."""
    earlier: timedelta = timedelta(0)
    """By how much before that time it may have been said."""
    later: timedelta = timedelta(0)
    """By how much after that time it may have been said."""
    counts: bool = True
    """Whether it counted when it was recorded; one that an earlier record made void is kept for the trail."""

    @property
    def earliest(self) -> datetime:
        """The first moment at which it may have been said. A time to come is a clock's mistake, and does not count."""
        return min(_moved(self.at, -self.earlier), self.recorded)

    @property
    def latest(self) -> datetime:
        """The last moment at which it may have been said."""
        return max(self.at, min(_moved(self.at, self.later), self.recorded))


def as_record(statement: Statement) -> dict[str, Any]:
    """A statement as lists keep it: by the names of its fields, times in ISO 8601, durations in seconds."""
    return {
        "number": statement.number,
        "wants_messages": statement.wants_messages,
        "at": statement.at.isoformat(),
        "source": statement.source.value,
        "recorded": statement.recorded.isoformat(),
        "reference": statement.reference,
        "said": statement.said,
        "addressed": statement.addressed,
        "earlier": statement.earlier.total_seconds(),
        "later": statement.later.total_seconds(),
        "counts": statement.counts,
    }


def _moved(at: datetime, by: timedelta) -> datetime:
    """A time that is moved, not beyond what the calendar has: a STOP of the year 1 is one as well."""
    try:
        return at + by
    except OverflowError:
        return at


def beats(new: Statement, standing: Statement | None) -> bool:
    """Whether `new` counts from now on, rather than what stood until now."""
    if standing is None:
        return True
    if new.wants_messages:
        return new.earliest > (standing.earliest if standing.wants_messages else standing.latest)
    return new.latest >= (standing.earliest if standing.wants_messages else standing.latest)


def is_known(new: Statement, standing: Statement | None, told: Iterable[Statement]) -> bool:
    """Whether `new` was recorded before, and has come again; `told` is what was said of the number so far."""
    if new.reference:
        same = (new.source, new.reference, new.wants_messages)
        return any((each.source, each.reference, each.wants_messages) == same for each in told)
    return new.source is Source.IMPORT and standing is not None and not standing.wants_messages


def judged(new: Statement, standing: Statement | None, told: Iterable[Statement]) -> Statement | None:
    """`new` as it is to be recorded; None when it has been."""
    return None if is_known(new, standing, told) else evolve(new, counts=beats(new, standing))


# ---- from what arrives -----------------------------------------------------------------------------------------------


def of_event(event: OnEvent, now: datetime, words: Collection[str] = ()) -> Statement | None:
    """What an event says, or None when it says nothing about wanting messages. `words` are further ones for STOP.

    A STOP counts on every channel that names a phone number, a START only where SMS come from (choice: who writes START in
    another place consents to messages there). A START to the short code counts only against a STOP of more than a day before,
    since it may have been pushed again and again and be older than that STOP; the vendor's own way back is your website anyway.
    Raises `InvalidRequest` when a STOP comes from what is no phone number.
    """
    found = advice(event)
    out = found.opted_out or any(_is_stop(text, words) for text in _texts(event))
    channel = getattr(getattr(event, "from_", None), "type_", None)
    back = found.opted_in and not out and (isinstance(event, InboundSms) or channel in _OF_SMS)
    if not (out or back):
        return None
    number, addressed, reference, at, source, earlier, later = _origin(event)
    if number is None:
        return None  # a person without a phone number, as on Messenger
    meant = [f"{code.value} {code.name}" for code in found.codes if code.opted_out or code.opted_in]
    return Statement(
        e164(number),
        back,
        at or now,
        source,
        now,
        reference=_short(reference),
        said=_short("; ".join([*_texts(event)] or meant)),
        addressed=_short(addressed),
        earlier=_PUSHED if at is None else earlier,
        later=later,
    )


def of_record(record: OptInRecord, now: datetime) -> Statement | None:
    """What a record of the service's list says: an opt-out, unless it says clearly that the number is subscribed.

    One without a date, or with one that cannot be, counts as said now.
    """
    if record.opt_in is True and record.opt_out is False:
        return None
    at = _time(lambda: record.opt_out_date_utc)
    reference = record.opt_out_date if at is not None and isinstance(record.opt_out_date, str) else ""
    return Statement(
        e164(record.msisdn), False, at or now, Source.IMPORT, now, reference=_short(reference), later=_NO_ZONE
    )


def _origin(event: OnEvent) -> tuple[Any, Any, Any, datetime | None, Source, timedelta, timedelta]:
    """Whose number, which of ours, by which message, when and how, and by how much earlier or later perhaps."""
    if isinstance(event, InboundSms):
        at = _time(lambda: event.message_timestamp_utc)
        return event.msisdn, event.to, event.message_id, at, Source.INBOUND_SMS, _PUSHED, _NONE
    if isinstance(event, DeliveryReceipt):
        at = _time(lambda: event.scts_utc)
        return event.msisdn, event.to, event.message_id, at, Source.DELIVERY_RECEIPT, _NONE, _A_MINUTE
    at = _time(lambda: event.timestamp_utc)
    person, ours, source = event.from_, event.to, Source.INBOUND_MESSAGE
    if isinstance(event, MessageStatus):
        person, ours, source = event.to, event.from_, Source.MESSAGE_STATUS
    return _text(person, "number"), _text(ours, "number", "id"), event.message_uuid, at, source, _NONE, _NONE


def _text(address: object, *names: str) -> str | None:
    """What the address is known by, of several names the first that it has."""
    return next((value for name in names if isinstance(value := getattr(address, name, None), str) and value), None)


def _texts(event: OnEvent) -> list[str]:
    """What the person wrote."""
    if isinstance(event, InboundSms):
        texts = [event.text if isinstance(event.text, str) and event.text else event.keyword]
    elif isinstance(event, DeliveryReceipt | MessageStatus):
        texts = []
    else:
        content = event.message.content
        texts = [content.text] if isinstance(content, InboundText) else []
    return [each for each in texts if isinstance(each, str) and each]


def letters(text: str) -> str:
    """The letters of a text in capitals, without what stands between them: `S. T O P!` is `STOP`."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text[:_SAID])).upper()


def _is_stop(text: str, words: Collection[str]) -> bool:
    """Whether a text is nothing but a word to opt out, however it is spaced and pointed, or begins with one of `words`."""
    whole = letters(text)
    first = letters((text.split(maxsplit=1) or [""])[0])
    known = CARRIER_KEYWORD.get(whole) or CARRIER_KEYWORD.get(first)
    return (known is not None and known.opted_out) or whole in words or first in words


def _time(read: Callable[[], datetime | None]) -> datetime | None:
    """A time of an event; None when it has none, or one that cannot be: a STOP is not to be lost for that."""
    try:
        return read()
    except (InvalidDocument, ValueError, OverflowError):
        return None


def _short(text: object) -> str:
    """At most 160 characters of a text, without halves of characters, which nothing can store."""
    return text[:_SAID].encode("utf-8", "replace").decode("utf-8").replace("\0", "?") if isinstance(text, str) else ""


def utc(moment: float) -> datetime:
    """A time in Unix seconds."""
    return datetime.fromtimestamp(moment, UTC)


_SAID: Final = 160
_OF_SMS: Final = frozenset({CHANNEL_SMS, CHANNEL_MMS})
_NONE: Final = timedelta(0)
_PUSHED: Final = timedelta(seconds=INBOUND_SMS.seconds)
_A_MINUTE: Final = timedelta(minutes=1)
_NO_ZONE: Final = timedelta(hours=12)
"""choice: the list's dates name no zone, and are read as UTC. In the west of the world that is up to 12 hours too early."""
