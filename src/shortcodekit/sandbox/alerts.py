"""Sending an alert: from parameters to the answer, the text on the phone, and the receipts that follow.

Source: Alerts - Sending API Reference. Every request that reaches the account is answered with HTTP 200; the part's status
tells whether it was accepted. The order in which rules are looked at is not published. x-choice: who asks, then what is
missing, what is wrong, whether the recipient wants it, and whether it can be paid for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shortcode_clients import alerts
from shortcode_clients._runtime.invalid import InvalidDocument
from shortcode_clients._runtime.xml import Element, encode_xml
from shortcode_clients.alerts import codes
from shortcode_clients.alerts.models import AlertPart, AlertRequest, AlertResponse, DeliveryReceipt
from shortcodekit import rules, templates
from shortcodekit.concealing import shown

from .credentials import Account, check_parameters
from .faults import Fault, magic
from .incoming import Parameters
from .outcomes import DELAY, RECEIPT, Event, Message, Outcome, World
from .settings import amount

NETWORK: Final = "310004"
"""The carrier of every phone, as MCCMNC."""
_check: Final = rules.checker(alerts, "AlertRequest")
_XML: Final = Element("text")
_PROPERTIES: Final = alerts.openapi()["components"]["schemas"]["AlertRequest"]["properties"]


def send(parameters: Parameters, account: Account, world: World, real_now: float) -> Outcome:
    """What comes of a request to send an alert. `real_now` is the time by which signatures are judged."""
    if parameters.problem:
        return _refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, parameters.problem)
    refused = check_parameters(parameters, account, real_now)
    if refused is not None:
        return _refused(refused.status, refused.reason)
    violation = _check(parameters.said)
    if violation is not None:
        missing = violation.rule == "required"
        status = codes.ALERT_PART_STATUS_MISSING_PARAMETERS if missing else codes.ALERT_PART_STATUS_INVALID_PARAMETERS
        return _refused(status, told(violation))
    try:
        return _accept(AlertRequest.from_dict(parameters.said), world)
    except InvalidDocument as error:
        return _refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, str(error))


def _accept(request: AlertRequest, world: World) -> Outcome:
    fault = magic(request.to, world.fault)
    reference = request.client_ref or ""
    if not _fits_xml(reference):
        return _refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, "client-ref has a character that XML cannot carry")
    asked = request.template if isinstance(request.template, int) else templates.FIRST
    rendered = templates.render(
        world.templates, asked, request.additional_properties, unicode=request.type_ == "unicode"
    )
    if isinstance(rendered, templates.Refused):
        return _refused(rendered.status, rendered.reason, request)
    status, reason = _verdict(request.to, rendered, fault, world)
    if status != codes.ALERT_PART_STATUS_SUCCESS:
        return _refused(status, reason, request)
    return _sent(request, rendered, fault, world)


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


def _sent(request: AlertRequest, rendered: templates.Rendered, fault: Fault, world: World) -> Outcome:
    price, notes = world.settings.price, rendered.notes
    parts = []
    for number in range(1, len(rendered.split.parts) + 1):
        part = AlertPart(
            codes.ALERT_PART_STATUS_SUCCESS,
            world.ids.message_id(),
            request.to,
            request.client_ref,
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
    if request.client_ref:
        more["client_ref"] = request.client_ref
    message = Message("outbound", "alerts", "sms", request.to, world.settings.short_code, rendered.text, more)
    return Outcome(
        200,
        AlertResponse(str(len(parts)), parts),
        codes.ALERT_PART_STATUS_SUCCESS,
        "; ".join(notes) or None,
        message,
        tuple(_receipt(request, part, fault, world) for part in parts) if request.status_report_req is True else (),
        len(parts) * price,
    )


def _reaches(fault: Fault) -> bool:
    """Whether an alert gets to the phone, as far as its receipt will tell."""
    if fault.receipt_status is not None:
        status = codes.RECEIPT_STATUS.explain(fault.receipt_status)
        return not status.final or status.value == codes.RECEIPT_STATUS_DELIVERED
    return fault.err_code in {None, codes.RECEIPT_ERROR_CODE_DELIVERED}


def _receipt(request: AlertRequest, part: AlertPart, fault: Fault, world: World) -> Event:
    """What the carrier will tell of a part. When it is sent is told in the attempt, not here."""
    code = fault.err_code if fault.err_code is not None else codes.RECEIPT_ERROR_CODE_DELIVERED
    arrived = code == codes.RECEIPT_ERROR_CODE_DELIVERED
    status = fault.receipt_status or (codes.RECEIPT_STATUS_DELIVERED if arrived else codes.RECEIPT_STATUS_FAILED)
    due = world.now + DELAY
    receipt = DeliveryReceipt(
        request.to,
        status.upper() if fault.capitals else status,
        to=world.settings.short_code,
        network_code=NETWORK,
        message_id=part.message_id,
        price=part.message_price,
        scts=datetime.fromtimestamp(due, UTC).strftime("%y%m%d%H%M"),
        err_code=code,
        client_ref=request.client_ref,
    )
    return Event(RECEIPT, receipt.to_dict(), due, receipt.status, code, str(part.message_id))


def _refused(status: str, reason: str, request: AlertRequest | None = None) -> Outcome:
    part = AlertPart(status, error_text=reason)
    if request is not None:
        part.to, part.client_ref = request.to, request.client_ref
    return Outcome(200, AlertResponse("1", [part]), status, reason)


def told(violation: rules.Violation) -> str:
    """A violation in words: where, which rule, and who says so."""
    known: Mapping[str, Any] = _PROPERTIES
    place = ".".join(str(each) if each in known else shown(each) for each in violation.path) or "the request"
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
