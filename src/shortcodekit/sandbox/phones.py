"""A phone sends something: what the service makes of it, and which webhook tells of it.

A text to the campaign's short code calls the webhook for inbound SMS, and its first word may be a keyword that carriers
require: it opts the number out, or in again, before anyone is told. Everything else reaches the Messages API.
Source: Campaign Subscription Management: Unsubscribe to your campaign; Published elsewhere: inbound SMS, carriers'
requirements for US short codes, channels of the Messages API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from shortcode_clients import InvalidDocument, messages
from shortcode_clients.messages.models import inbound_message_from_dict
from shortcode_clients.opt_in import codes
from shortcode_clients.opt_in.models import InboundSms
from shortcodekit import texts
from shortcodekit.errors import InvalidRequest

from .messages import PHONE_NETWORK
from .outcomes import INBOUND, INBOUND_SMS, Event, Message, Outcome, World, iso
from .settings import amount

_SCHEMAS: Final = messages.openapi()["components"]["schemas"]


def keyword(text: str) -> str:
    """The first word of a text in capitals. x-choice: punctuation around it does not count, so `Stop!` is a STOP."""
    first = (text.split(maxsplit=1) or [""])[0].upper()
    bare = re.sub(r"\A\W+|\W+\Z", "", first)
    return bare if bare in codes.CARRIER_KEYWORD else first


def text(phone: str, words: str, world: World) -> Outcome:
    """What comes of a text to the campaign's short code."""
    if not re.fullmatch("[0-9]{1,15}", phone):
        raise InvalidRequest("a number of at most 15 digits, without +", field="msisdn")
    short_code = world.settings.short_code
    word = keyword(words)
    known = codes.CARRIER_KEYWORD.get(word)
    subscribe = None
    if known is not None and (known.opted_out or known.opted_in):
        subscribe = (short_code, phone, known.opted_in)
    unicode = not texts.is_plain(words)
    parts = texts.split(words, unicode=unicode).parts
    reference = str(world.ids.number(256)) if len(parts) > 1 else ""
    events = []
    for number, part in enumerate(parts, 1):
        sms = InboundSms(
            phone,
            to=short_code,
            message_id=world.ids.message_id(),
            text=part,
            type_=codes.INBOUND_SMS_TYPE_UNICODE if unicode else codes.INBOUND_SMS_TYPE_TEXT,
            keyword=word,
        )
        if len(parts) > 1:
            sms.concat, sms.concat_ref, sms.concat_total, sms.concat_part = True, reference, len(parts), number
        events.append(Event(INBOUND_SMS, sms.to_dict(), world.now, message_id=str(sms.message_id)))
    more = {"message_id": events[0].message_id, "keyword": word}
    message = Message("inbound", "alerts", "sms", phone, short_code, words, more)
    return Outcome(201, None, message=message, events=tuple(events), subscribe=subscribe)


def message(channel: str, phone: str, to: str, content: Mapping[str, Any], world: World) -> Outcome:
    """What comes of content that someone sends to one of the account's senders of the Messages API."""
    schema = _variant(channel)
    if content.get("type") in _foreign(schema):
        raise InvalidRequest(f"a kind of content that {channel} has", field="content.type")
    uuid = world.ids.message_uuid()
    said: dict[str, Any] = {
        "message_uuid": uuid,
        "timestamp": iso(world.now),
        "to": {"type": channel, _address(schema, "to"): to},
        "from": {"type": channel, _address(schema, "from"): phone},
        "message": {"content": dict(content)},
    }
    words = content.get("text") if content.get("type") == "text" else None
    subscribe = None
    if "usage" in schema["required"]:
        parts = texts.split(str(words or ""), unicode=not texts.is_plain(str(words or ""))).parts
        said["message"][channel] = {"num_messages": str(len(parts))}
        said["usage"] = {"currency": "EUR", "price": amount(world.settings.price)}
    if channel in PHONE_NETWORK and isinstance(words, str):
        known = codes.CARRIER_KEYWORD.get(keyword(words))
        if known is not None and (known.opted_out or known.opted_in):
            subscribe = (to, phone, known.opted_in)
    try:
        inbound = inbound_message_from_dict(said)
    except InvalidDocument as error:
        raise InvalidRequest(error.reason, field=".".join(map(str, error.path)) or "content") from None
    event = Event(INBOUND, inbound.to_dict(), world.now)
    shown = words if isinstance(words, str) else ""
    more = {"message_uuid": uuid, "content": dict(content)}
    sent = Message("inbound", "messages", channel, phone, to, shown, more)
    return Outcome(201, None, message=sent, events=(event,), subscribe=subscribe)


def _variant(channel: str) -> dict[str, Any]:
    """The schema of an inbound message on `channel`."""
    for each in _SCHEMAS["InboundMessage"]["oneOf"]:
        schema: dict[str, Any] = _resolved(each)
        if _resolved(schema["properties"]["from"])["properties"]["type"].get("const") == channel:
            return schema
    raise InvalidRequest("a channel of the Messages API", field="channel")


def _address(schema: Mapping[str, Any], end: str) -> str:
    """Under which key an end of a message names itself."""
    return "number" if "number" in _resolved(schema["properties"][end])["required"] else "id"


def _foreign(schema: Mapping[str, Any]) -> set[str]:
    """The known kinds of content that a channel does not have."""
    found: set[str] = set()
    message = schema["properties"]["message"]
    for place in (message, _resolved(message)):
        kind = place.get("properties", {}).get("content", {}).get("properties", {}).get("type", {})
        found.update(kind.get("not", {}).get("enum", ()))
    return found


def _resolved(schema: Mapping[str, Any]) -> Any:
    return _SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
