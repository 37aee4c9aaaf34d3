"""Sending a message by the Messages API v0.1: validation that teaches, and the statuses that follow.

Source: Messages API v0.1: Send a Message; Message Status callback. The rules are those of the spec; a refusal says which
field, which rule, and where that rule is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve

from shortcode_clients import UNSET, InvalidDocument, Unset, messages
from shortcode_clients.messages import codes
from shortcode_clients.messages.models import Address, MessageAccepted, MessageError, MessageStatus, Problem, Usage
from shortcodekit import rules

from .credentials import Account, check_headers
from .faults import Fault, magic
from .incoming import Incoming, document
from .outcomes import DELAY, STATUS, Event, Message, Outcome, World, iso
from .settings import amount

_check: Final = rules.checker(messages, "OutboundMessage")
_SCHEMAS: Final = messages.openapi()["components"]["schemas"]
_READ_ON: Final[frozenset[str]] = frozenset(
    next(each for each in _SCHEMAS["MessageStatusCode"]["anyOf"] if each.get("const") == "read")["x-channels"]
)
"""The channels that tell when a message was read."""
PHONE_NETWORK: Final = frozenset({"sms", "mms"})
"""The channels on which keywords count. x-choice: on the others a STOP is a word like any other."""
_OPTED_OUT: Final = codes.MESSAGE_ERROR_CODE_ILLEGAL_NUMBER
TITLES: Final = {
    400: "Invalid parameters",
    401: "Unauthorized",
    402: "Quota exceeded",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    422: "Unprocessable",
    429: "Throttled",
}


def send(
    request: Incoming, account: Account, applications: Mapping[str, Any], world: World, real_now: float
) -> Outcome:
    """What comes of a request to send a message. `real_now` is the time by which tokens are judged."""
    reason = check_headers(request, account, applications, real_now)
    if reason:
        return problem(401, reason, world)
    try:
        said = document(request.body)
    except InvalidDocument as error:
        return problem(400, str(error), world)
    violation = _check(said)
    if violation is not None:
        return problem(400, _told(violation), world, violation)
    if world.settings.price > world.balance:
        return problem(402, "the balance does not cover the message", world)
    return _accept(said, world)


def recipient(body: bytes) -> str | None:
    """Whom a message is for, if that can be told."""
    try:
        said = document(body)
        found = said["to"].get("number", said["to"].get("id"))
    except (InvalidDocument, LookupError, TypeError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _accept(said: dict[str, Any], world: World) -> Outcome:
    to, sender = (said[end].get("number", said[end].get("id")) for end in ("to", "from"))
    channel, content = said["to"]["type"], said["message"]["content"]
    fault = magic(to, world.fault)
    if fault.error is None and channel in PHONE_NETWORK and world.is_opted_out(sender, to):
        fault = evolve(fault, error=_OPTED_OUT)
    accepted = MessageAccepted(world.ids.message_uuid())
    ended = codes.MESSAGE_STATUS_CODE.explain(fault.receipt_status or codes.MESSAGE_STATUS_CODE_DELIVERED)
    reached = fault.error is None and (not ended.final or ended.value == codes.MESSAGE_STATUS_CODE_READ)
    more: dict[str, Any] = {"message_uuid": accepted.message_uuid, "content": content}
    if not reached:
        more["reached"] = False
    if said.get("client_ref"):
        more["client_ref"] = said["client_ref"]
    return Outcome(
        202,
        accepted,
        message=Message("outbound", "messages", channel, to, sender, _text(content), more),
        events=_statuses(said, accepted.message_uuid, fault, world),
        spent=world.settings.price,
    )


def _statuses(said: Mapping[str, Any], uuid: str, fault: Fault, world: World) -> tuple[Event, ...]:
    """Submitted, delivered, and read where the channel has it; or how it ended instead."""
    steps = [codes.MESSAGE_STATUS_CODE_SUBMITTED]
    if fault.error is not None:
        out = codes.MESSAGE_ERROR_CODE.explain(fault.error).opted_out
        ended = codes.MESSAGE_STATUS_CODE_REJECTED if out else codes.MESSAGE_STATUS_CODE_UNDELIVERABLE
        steps.append(fault.receipt_status or ended)
    elif fault.receipt_status is not None:
        steps.append(fault.receipt_status)
    else:
        steps.append(codes.MESSAGE_STATUS_CODE_DELIVERED)
        if said["to"]["type"] in _READ_ON:
            steps.append(codes.MESSAGE_STATUS_CODE_READ)
    ends = Address.from_dict(said["to"]), Address.from_dict(said["from"])
    ref = said.get("client_ref", UNSET)
    return tuple(
        _status(uuid, ends, ref, step, world.now + DELAY * (1 + number), fault=fault, world=world)
        for number, step in enumerate(steps)
    )


def _status(
    uuid: str, ends: tuple[Address, Address], ref: str | Unset, step: str, due: float, *, fault: Fault, world: World
) -> Event:
    status = MessageStatus(
        uuid,
        *ends,
        iso(due),
        step.upper() if fault.capitals else step,
        client_ref=ref,
    )
    code = None
    if fault.error is not None and step != codes.MESSAGE_STATUS_CODE_SUBMITTED:
        code = fault.error
        status.error = MessageError(code, codes.MESSAGE_ERROR_CODE.explain(code).meaning)
    if step == codes.MESSAGE_STATUS_CODE_DELIVERED:
        status.usage = Usage("EUR", amount(world.settings.price))
    return Event(STATUS, status.to_dict(), due, status.status, code)


def _text(content: Mapping[str, Any]) -> str:
    """What a phone shows as text: the text itself, or the caption of what it shows."""
    inner = content.get(content["type"])
    if isinstance(inner, str):
        return inner
    caption = inner.get("caption") if isinstance(inner, dict) else None
    return caption if isinstance(caption, str) else ""


def problem(status: int, reason: str, world: World, violation: rules.Violation | None = None) -> Outcome:
    """A refusal as problem JSON."""
    title = TITLES.get(status, "Refused")
    answer = Problem(
        f"urn:shortcodekit:problem:{title.lower().replace(' ', '-')}", title, reason, world.refusals.message_uuid()
    )
    if violation is not None:
        answer.additional_properties = {
            "invalid_parameters": [
                {
                    "name": _place(violation),
                    "reason": violation.rule,
                    "about": violation.about,
                    "source": violation.source,
                }
            ]
        }
    return Outcome(status, answer, detail=reason)


def _told(violation: rules.Violation) -> str:
    source = f" ({violation.source})" if violation.source else ""
    return f"{_place(violation)}: {violation.rule}{source}"


def _place(violation: rules.Violation) -> str:
    """Where it is. Keys of a message's free objects are the sender's own, and no secrets; long ones are cut."""
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:40]}" for step in violation.path)
    return where.removeprefix(".").encode("ascii", "replace").decode("ascii") or "the body"
