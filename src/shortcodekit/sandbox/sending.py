"""Sending to one number from the short code: from parameters to the answer, the text on the phone, and the receipts that follow.

Source: Alerts - Sending API Reference; Two-factor Authentication API Reference, whose answers are those of alerts.
Alerts and two-factor messages share this; each says by itself what its request wants. Every request that reaches the account is
answered with HTTP 200; the part's status tells whether it was accepted. The order in which rules are looked at is not published.
x-choice: who asks, then what is missing, what is wrong, whether the recipient wants it, and whether it can be paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import frozen

from shortcode_clients import Unset
from shortcode_clients._runtime.invalid import InvalidDocument
from shortcode_clients._runtime.xml import Element, encode_xml
from shortcode_clients.alerts import codes
from shortcode_clients.alerts.models import AlertPart, AlertResponse, DeliveryReceipt
from shortcodekit import rules, templates
from shortcodekit.concealing import shown

from .credentials import Account, check_parameters
from .faults import Fault, magic
from .incoming import Parameters
from .outcomes import DELAY, RECEIPT, Event, Message, Outcome, World
from .settings import amount

NETWORK: Final = "310004"
"""The carrier of every phone, as MCCMNC."""
_XML: Final = Element("text")


@frozen
class Wanted:
    """What a valid request asks for."""

    api: str
    """Which of the APIs was asked."""
    to: str
    client_ref: str | Unset
    rendered: templates.Rendered | templates.Refused
    """Its text, or why there is none."""
    receipt: bool
    """Whether receipts are to follow."""


@frozen
class Kind:
    """One of the operations that send to one number."""

    check: Callable[[Any], rules.Violation | None]
    """The first rule that a document is against."""
    wanted: Callable[[Mapping[str, Any], World], Wanted]
    """What a valid document asks for; it may raise `InvalidDocument`."""


def send(kind: Kind, parameters: Parameters, account: Account, world: World, real_now: float) -> Outcome:
    """What comes of a request. `real_now` is the time by which signatures are judged."""
    if parameters.problem:
        return refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, parameters.problem)
    stranger = check_parameters(parameters, account, real_now)
    if stranger is not None:
        return refused(stranger.status, stranger.reason)
    violation = kind.check(parameters.said)
    if violation is not None:
        missing = violation.rule == "required"
        status = codes.ALERT_PART_STATUS_MISSING_PARAMETERS if missing else codes.ALERT_PART_STATUS_INVALID_PARAMETERS
        return refused(status, told(violation))
    try:
        return _accept(kind.wanted(parameters.said, world), world)
    except InvalidDocument as error:
        return refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, str(error))


def _accept(wanted: Wanted, world: World) -> Outcome:
    fault = magic(wanted.to, world.fault)
    if not _fits_xml(wanted.client_ref or ""):
        return refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, "client-ref has a character that XML cannot carry")
    rendered = wanted.rendered
    if isinstance(rendered, templates.Refused):
        return refused(rendered.status, rendered.reason, wanted)
    status, reason = _verdict(wanted.to, rendered, fault, world)
    if status != codes.ALERT_PART_STATUS_SUCCESS:
        return refused(status, reason, wanted)
    return _sent(wanted, rendered, fault, world)


def _verdict(to: str, rendered: templates.Rendered, fault: Fault, world: World) -> tuple[str, str]:
    if fault.status is not None:
        meaning = codes.ALERT_PART_STATUS.explain(fault.status).meaning
        return fault.status, fault.error_text or meaning
    if world.is_opted_out(world.settings.short_code, to):
        return codes.ALERT_PART_STATUS_NUMBER_BARRED, "to: this number has opted out of the campaign"
    if (too_long := rendered.too_long) is not None:
        return too_long.status, too_long.reason
    if len(rendered.split.parts) * world.settings.price > world.balance:
        return codes.ALERT_PART_STATUS_PARTNER_QUOTA_EXCEEDED, "the balance does not cover the message"
    return codes.ALERT_PART_STATUS_SUCCESS, ""


def _sent(wanted: Wanted, rendered: templates.Rendered, fault: Fault, world: World) -> Outcome:
    price, notes = world.settings.price, rendered.notes
    parts = []
    for number in range(1, len(rendered.split.parts) + 1):
        part = AlertPart(
            codes.ALERT_PART_STATUS_SUCCESS,
            world.ids.message_id(),
            wanted.to,
            wanted.client_ref,
            amount(world.balance - number * price),
            amount(price),
            NETWORK,
        )
        if notes and number == 1:
            part.error_text = "; ".join(notes)
        parts.append(part)
    more: dict[str, Any] = {"template": rendered.index, "parts": [each.to_dict() for each in parts]}
    if not _reaches(fault):
        more["reached"] = False
    if wanted.client_ref:
        more["client_ref"] = wanted.client_ref
    message = Message("outbound", wanted.api, "sms", wanted.to, world.settings.short_code, rendered.text, more)
    return Outcome(
        200,
        AlertResponse(str(len(parts)), parts),
        codes.ALERT_PART_STATUS_SUCCESS,
        "; ".join(notes) or None,
        message,
        tuple(_receipt(wanted, part, fault, world) for part in parts) if wanted.receipt else (),
        len(parts) * price,
    )


def _reaches(fault: Fault) -> bool:
    """Whether a message gets to the phone, as far as its receipt will tell."""
    if fault.receipt_status is not None:
        status = codes.RECEIPT_STATUS.explain(fault.receipt_status)
        return not status.final or status.value == codes.RECEIPT_STATUS_DELIVERED
    return fault.err_code in {None, codes.RECEIPT_ERROR_CODE_DELIVERED}


def _receipt(wanted: Wanted, part: AlertPart, fault: Fault, world: World) -> Event:
    """What the carrier will tell of a part. When it is sent is told in the attempt, not here."""
    code = fault.err_code if fault.err_code is not None else codes.RECEIPT_ERROR_CODE_DELIVERED
    arrived = code == codes.RECEIPT_ERROR_CODE_DELIVERED
    status = fault.receipt_status or (codes.RECEIPT_STATUS_DELIVERED if arrived else codes.RECEIPT_STATUS_FAILED)
    due = world.now + DELAY
    receipt = DeliveryReceipt(
        wanted.to,
        status.upper() if fault.capitals else status,
        to=world.settings.short_code,
        network_code=NETWORK,
        message_id=part.message_id,
        price=part.message_price,
        scts=datetime.fromtimestamp(due, UTC).strftime("%y%m%d%H%M"),
        err_code=code,
        client_ref=wanted.client_ref,
    )
    return Event(RECEIPT, receipt.to_dict(), due, receipt.status, code, str(part.message_id))


def refused(status: str, reason: str, wanted: Wanted | None = None) -> Outcome:
    """A refusal, which is one part with its status and a reason."""
    part = AlertPart(status, error_text=reason)
    if wanted is not None:
        part.to, part.client_ref = wanted.to, wanted.client_ref
    return Outcome(200, AlertResponse("1", [part]), status, reason)


def told(violation: rules.Violation) -> str:
    """A violation in words: where, which rule, and who says so."""
    place = ".".join(map(shown, violation.path)) or "the request"
    source = f" ({violation.source})" if violation.source else ""
    return f"{place}: {violation.rule}{source}"


def _fits_xml(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return True
    try:
        encode_xml({"text": text}, _XML)
    except InvalidDocument:
        return False
    return True
