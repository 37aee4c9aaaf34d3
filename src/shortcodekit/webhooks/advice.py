"""What an engineer asks of an event: is this the end, may sending again help, must I stop writing to this number.

The answers come from the code tables of the specs. Of an inbound text the first word counts, as it does for the carriers,
whether the service names it as `keyword` or not; case and punctuation around it carry no meaning (our choice: a person
who writes "Stop." means it).
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from shortcode_clients import Code
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcode_clients.messages.models import InboundMessage, InboundText, MessageStatus
from shortcode_clients.opt_in.codes import CARRIER_KEYWORD
from shortcode_clients.opt_in.models import InboundSms


@frozen
class Advice:
    """What follows from an event."""

    opted_out: bool = False
    """The person said so, by a keyword or through the carrier: a legal matter. Take the number off your lists."""
    opted_in: bool = False
    """The person wants messages again."""
    stop_writing: bool = False
    """Do not write to this number again: its owner opted out, or it does not exist."""
    temporary: bool = False
    """The message did not arrive, and sending the same again later may work."""
    final: bool | None = None
    """Nothing follows for this message; None for what someone wrote, and beside a status that is not documented."""
    codes: tuple[Code[str] | Code[int], ...] = ()
    """The rows of the code tables that say so."""


def advice(event: DeliveryReceipt | InboundSms | MessageStatus | InboundMessage) -> Advice:
    """What follows from `event`, a model of any of the four kinds. Source: the code tables of the specs."""
    if isinstance(event, DeliveryReceipt):
        return _of_codes(event.status_meaning, event.err_code_meaning)
    if isinstance(event, MessageStatus):
        return _of_codes(event.status_meaning, event.error.code_meaning if event.error else None)
    if isinstance(event, InboundSms):
        return _of_words(*(_first_word(each) for each in (event.keyword, event.text)))
    content = event.message.content
    return _of_words(_first_word(content.text)) if isinstance(content, InboundText) else Advice()


def _of_codes(status: Code[str], error: Code[str] | Code[int] | None) -> Advice:
    codes = (status, error) if error else (status,)
    stop = any(code.stop_writing for code in codes)
    temporary = status.temporary or bool(error and error.is_temporary(status.value))
    return Advice(
        opted_out=any(code.opted_out for code in codes),
        stop_writing=stop,
        temporary=temporary and not stop,
        final=status.final,
        codes=codes,
    )


def _of_words(*words: str) -> Advice:
    """Of several words that count, one that opts out wins."""
    codes = tuple(CARRIER_KEYWORD.explain(word) for word in words if word)
    opted_out = any(code.opted_out for code in codes)
    return Advice(
        opted_out=opted_out,
        opted_in=not opted_out and any(code.opted_in for code in codes),
        stop_writing=any(code.stop_writing for code in codes),
        codes=codes,
    )


def _first_word(text: object) -> str:
    found = _WORD.search(text) if isinstance(text, str) else None
    return found.group() if found else ""


_WORD: Final = re.compile(r"[^\W_]+")
