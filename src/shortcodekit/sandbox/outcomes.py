"""What an operation comes to: the answer, and what changes. Values only; whoever asked for them carries them out."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from attrs import Factory, define, frozen

from .faults import NONE, Fault
from .settings import Settings

RECEIPT: Final = "delivery-receipt"
INBOUND_SMS: Final = "inbound-sms"
STATUS: Final = "message-status"
INBOUND: Final = "inbound-message"

DELAY: Final = 0.2
"""Seconds after which something is known of a message, and then for each further step."""


class Writes(Protocol):
    """A generated model of an answer."""

    def to_json(self) -> bytes:
        """As JSON."""


@frozen
class Event:
    """Something that a webhook is to tell."""

    webhook: str
    document: dict[str, Any]
    due: float
    """When, by the sandbox's clock."""
    status: str = ""
    code: str | int | None = None
    message_id: str = ""


@frozen
class Message:
    """A message that reached a phone, or came from one."""

    direction: str
    api: str
    channel: str
    phone: str
    sender: str
    text: str
    more: Mapping[str, Any] = Factory(dict)
    """What else is told of it."""


@frozen
class Outcome:
    """What came of a request, or of a text."""

    status: int
    answer: Writes | None
    code: str | None = None
    """The status of the first part of an alert."""
    detail: str | None = None
    """What was wrong."""
    message: Message | None = None
    events: tuple[Event, ...] = ()
    spent: int = 0
    subscribe: tuple[str, str, bool] | None = None
    """A sender and a number that from now on does (True) or does not get its messages."""


@define
class Ids:
    """Ids that look like the service's. The same seed gives the same ones in the same order, and none twice."""

    seed: str
    used: int = 0

    def message_id(self) -> str:
        """16 characters, as the documented samples are."""
        return self._digest(8).hex().upper()

    def message_uuid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(bytes=self._digest(16), version=4))

    def number(self, below: int) -> int:
        """A number from 0 up to `below`."""
        return int.from_bytes(self._digest(8)) % below

    def _digest(self, size: int) -> bytes:
        self.used += 1
        return hashlib.blake2b(f"{self.seed}/{self.used}".encode(), digest_size=size).digest()


@frozen
class World:
    """What an operation goes by. The time, and what ids are made from, come in here."""

    settings: Settings
    now: float
    """By the sandbox's clock, in Unix seconds."""
    ids: Ids
    refusals: Ids
    """What the ids of refusals are made from; they are not kept, and those of messages do not depend on them."""
    balance: int
    templates: Mapping[int, str]
    is_opted_out: Callable[[str, str], bool]
    """Whether a number does not want messages of a sender."""
    fault: Fault = NONE


def wall(moment: float) -> str:
    """A time as the APIs of short codes write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: float, timespec: str = "milliseconds") -> str:
    """A time in ISO 8601."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
