"""From a request to a model: one function for each kind of event, without I/O.

How an event may travel is told by the spec: in the query of a GET, in a form or as JSON in the body of a POST. Which of the
latter two a body is, its first character tells; the content type is a hint at most, since it is known to be wrong at times.
What arrived is kept in the model's `raw`, and what is not known yet is kept in the model as well. All that goes wrong
is a `MalformedWebhook`.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from shortcode_clients import InvalidDocument, Webhook
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcode_clients.alerts.webhooks import DELIVERY_RECEIPT
from shortcode_clients.messages.models import InboundMessage, MessageStatus
from shortcode_clients.messages.webhooks import INBOUND_MESSAGE, MESSAGE_STATUS
from shortcode_clients.opt_in.models import InboundSms
from shortcode_clients.opt_in.webhooks import INBOUND_SMS

from .errors import TOO_LARGE, MalformedWebhook
from .requests import Request, looks_like_json, says_json

M = TypeVar("M")

MAX_BYTES: Final = 64 * 1024
"""How large a query or a body may be. The longest text that any channel takes, 4096 characters, fits in every encoding."""

WEBHOOKS: Final = {each.name: each for each in (DELIVERY_RECEIPT, INBOUND_SMS, MESSAGE_STATUS, INBOUND_MESSAGE)}
"""What the specs say of each webhook, by its name."""


def delivery_receipt(request: Request, *, max_bytes: int = MAX_BYTES) -> DeliveryReceipt:
    """What became of an alert: by GET in the query, by POST as a form or as JSON.

    `max_bytes` bounds query and body. Raises `MalformedWebhook`, which tells the field and what was expected there.
    Source: "Alerts - Sending API Reference: Delivery Receipt".
    """
    return read(DELIVERY_RECEIPT, request, max_bytes)


def inbound_sms(request: Request, *, max_bytes: int = MAX_BYTES) -> InboundSms:
    """A text to the short code, a STOP among them: by GET in the query, by POST as a form or as JSON.

    `max_bytes` bounds query and body. Raises `MalformedWebhook`, which tells the field and what was expected there.
    Source: "Campaign Subscription Management: Unsubscribe to your campaign; Published elsewhere: inbound SMS".
    """
    return read(INBOUND_SMS, request, max_bytes)


def message_status(request: Request, *, max_bytes: int = MAX_BYTES) -> MessageStatus:
    """A step of a message of the Messages API: by POST as JSON.

    `max_bytes` bounds the body. Raises `MalformedWebhook`, which tells the field and what was expected there.
    Source: "Messages API v0.1: Message Status callback".
    """
    return read(MESSAGE_STATUS, request, max_bytes)


def inbound_message(request: Request, *, max_bytes: int = MAX_BYTES) -> InboundMessage:
    """What someone wrote on any channel of the Messages API: by POST as JSON.

    Which class comes back, `from.type` tells. `max_bytes` bounds the body. Raises `MalformedWebhook`, which tells the field
    and what was expected there. Source: "Messages API v0.1: Inbound Message webhook".
    """
    return read(INBOUND_MESSAGE, request, max_bytes)


def read(webhook: Webhook[M], request: Request, max_bytes: int = MAX_BYTES) -> M:
    """The model of `request` as an event of `webhook`, see the functions above."""
    try:
        if request.method == "POST":
            body = request.body
            if len(body) > max_bytes:
                raise _too_large(webhook, max_bytes)
            if webhook.from_form is None or body[:1] == b"{":
                return webhook.from_json(body)
            return _from_body(webhook, request)
        if request.method == "GET" and webhook.from_form is not None and "GET" in webhook.encodings:
            if len(request.query) > max_bytes:
                raise _too_large(webhook, max_bytes)
            return webhook.from_form(_in_utf_8(request.query))
    except InvalidDocument as error:
        malformed = _malformed(webhook, error)
    else:
        methods = " or ".join(webhook.encodings)
        malformed = MalformedWebhook(f"it travels by {methods}, not by another method", webhook=webhook.name)
    try:
        raise malformed
    finally:
        del malformed  # else its traceback would hold what holds it


def refuse_size(webhook: Webhook[Any], request: Request, max_bytes: int) -> None:
    """Raises `MalformedWebhook` for what is too large to be verified or read."""
    if len(request.body) > max_bytes or len(request.query) > max_bytes:
        raise _too_large(webhook, max_bytes)


def _from_body(webhook: Webhook[M], request: Request) -> M:
    """Of a body that may be JSON or a form."""
    if looks_like_json(request.body):
        return webhook.from_json(request.body)
    try:
        return webhook.from_form(request.body)  # type: ignore[misc]  # the caller has made sure
    except InvalidDocument:
        if not says_json(request):
            raise
    return webhook.from_json(request.body)  # its error tells what is wrong with the JSON


def _in_utf_8(query: Any) -> Any:
    """A query as a server may hand it on; bytes that are no UTF-8 come as halves of surrogate pairs."""
    if isinstance(query, str) and not query.isascii() and any("\ud800" <= each <= "\udfff" for each in query):
        raise InvalidDocument("the query is not UTF-8")
    return query


def _malformed(webhook: Webhook[Any], error: InvalidDocument) -> MalformedWebhook:
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.path).removeprefix(".")
    shown = (
        field if len(field) <= _LONGEST and field.isprintable() else f"a field with a name of {len(field)} characters"
    )
    return MalformedWebhook(error.reason, webhook=webhook.name, field=shown)


def _too_large(webhook: Webhook[Any], max_bytes: int) -> MalformedWebhook:
    return MalformedWebhook(f"larger than {max_bytes} bytes", webhook=webhook.name, http_status=TOO_LARGE)


_LONGEST: Final = 120  # characters of the names of fields: what came under an unknown name may be anything
