"""Peers that are judged by laws which did not see them: the broken ones have to be found, the correct ones to pass.

Receivers stand in the modules `receivers…`, on `plain`; parsers in `parsers…`; clients and providers in folders of their own. The laws are
bound to all of them in `judging`. What follows here is what a receiver of these is.

`receivers.BROKEN` are receivers with one mistake each, of the kinds that engineers make; `receivers_correct.CORRECT` take all
that the specs allow, each in its own temper. Both were written before the laws. Whatever a law says of them, that each of the
broken ones is broken is proven here without it: `Peer.shows` are requests, the last of which is answered wrongly.

Those that verify signatures take parameters signed with `md5hash` for delivery receipts and inbound SMS, and tokens for the
events of the Messages API, each within five minutes of the clock. All answer at any path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from attrs import frozen

from shortcodekit.webhooks import Request

App = Callable[..., Any]
"""A WSGI application, which is called with two arguments, or an ASGI application, with three."""

RECEIPT: Final = "delivery-receipt"
SMS: Final = "inbound-sms"
STATUS: Final = "message-status"
MESSAGE: Final = "inbound-message"
PARAMETERS: Final = (RECEIPT, SMS)
MESSAGES: Final = (STATUS, MESSAGE)
EVENTS: Final = (*PARAMETERS, *MESSAGES)

Right = Literal["taken", "refused", "answered"]
"""Taken in time, with a status that ends the event; refused, with an error that brings a real one back; or no crash."""


@frozen
class Shown:
    """Requests that arrive at the same time, most often one, and how each of them has to be answered."""

    requests: tuple[Request, ...]
    right: Right = "taken"


Shows = Callable[[str], Sequence[Shown]]
"""What to send for an event, one after the other; signed as of now."""


@frozen(eq=False)
class Peer:
    """One receiver."""

    name: str
    sentence: str
    """What is wrong, or what the temper of a correct one is; in the present tense."""
    events: tuple[str, ...]
    """The webhooks it concerns."""
    signed: bool
    """Whether it verifies, and so is judged with a signature secret."""
    make: Callable[[str, str | None], App]
    """A new application for an event, and the signature secret or None."""
    shows: Shows | None = None
    """Of a broken one: what it answers wrongly. Everything but the last is answered rightly."""

    def __str__(self) -> str:
        return self.name
