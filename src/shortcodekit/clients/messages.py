"""Sends messages on the channels of the Messages API v0.1. What the two clients have in common comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from shortcode_clients import messages
from shortcode_clients.messages import security
from shortcode_clients.messages.api.messages import send_message
from shortcode_clients.messages.client import BASE_URL
from shortcode_clients.messages.models import MessageAccepted, OutboundMessage, Problem, outbound_message_from_dict
from shortcodekit.answers import Reader
from shortcodekit.exchange import Call

from .drivers import AsyncDriver, SyncDriver
from .requests import document_of, of_models, refuse_invalid
from .settings import Service, Settings

SERVICE: Final = Service(BASE_URL, security)
_KINDS: Final = get_args(OutboundMessage)


def sending(made: Settings, message: OutboundMessage | Mapping[str, Any]) -> Call[MessageAccepted]:
    """The call that sends `message`."""
    document = document_of(message, _KINDS, "a message of `outbound`, or an outbound model")
    refuse_invalid(messages, "OutboundMessage", document)
    arguments = of_models(lambda: send_message.request(body=outbound_message_from_dict(document)))
    reader = Reader(Problem, made.secrets)
    return Call(
        lambda: made.request(**arguments),
        lambda came: reader.read(came, send_message.ANSWERS, MessageAccepted, repeatable=False),
        repeatable=False,
        recipient=_recipient(document),
    )


def _recipient(document: Mapping[str, Any]) -> str:
    """The recipient's number or id: what the address holds beside its type."""
    return next(str(value) for key, value in document["to"].items() if key != "type")


class MessagesClient(SyncDriver):
    """Sends messages by SMS, MMS, WhatsApp, Viber and Messenger, waiting for each answer.

    Parameters: `auth` is `Jwt` or `Basic`; the others are as of `AlertsClient`.

    Safe to share between threads. Use it as a context manager, or call `close`.
    """

    _service = SERVICE

    def send(self, message: OutboundMessage | Mapping[str, Any]) -> MessageAccepted:
        """Sends a message to one recipient.

        `message` comes from `outbound.<channel>.<content>(…)`, or is any outbound model, or a mapping with the API's own
        names. Returns what the service calls it, `message_uuid`: the message was taken, and the webhook `message-status`
        tells what becomes of it.

        Raises a `ShortcodeKitError`: `InvalidRequest` before anything is sent, `ApiProblem` when the service refused it,
        `AuthenticationFailed`, `Throttled`, `UnexpectedAnswer`, or `TransportFailure`.
        Source: "Messages API v0.1: Send a Message".
        """
        return self._run(send_message.OPERATION, lambda: sending(self._settings, message))


class AsyncMessagesClient(AsyncDriver):
    """Sends messages, awaited. Parameters as of `MessagesClient`; `transport` is an `httpx.AsyncBaseTransport`.

    Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    _service = SERVICE

    async def send(self, message: OutboundMessage | Mapping[str, Any]) -> MessageAccepted:
        """Sends a message to one recipient; see `MessagesClient.send`."""
        return await self._run(send_message.OPERATION, lambda: sending(self._settings, message))
