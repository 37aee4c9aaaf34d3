"""Sends a campaign's alerts by the Messages API. What the two clients have in common comes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from shortcode_clients import UNSET, messages
from shortcode_clients.alerts.codes import ALERT_PART_STATUS_MESSAGE_TOO_LONG, ALERT_PART_STATUS_SUCCESS
from shortcode_clients.alerts.models import AlertPart, AlertRequest, AlertResponse
from shortcode_clients.messages.api.messages import send_message
from shortcode_clients.messages.models import MessageAccepted, SmsAddress
from shortcodekit import outbound, templates
from shortcodekit.clients.alerts import Alert
from shortcodekit.clients.drivers import AsyncDriver, Driver, SyncDriver, Transport
from shortcodekit.clients.messages import SERVICE, sending
from shortcodekit.clients.sending import Custom
from shortcodekit.clients.settings import RETRIES, TIMEOUT, Hook
from shortcodekit.errors import AlertRejected, InvalidRequest, ShortcodeKitError
from shortcodekit.exchange import Call, Received
from shortcodekit.retrying import RetryPolicy
from shortcodekit.rules import checker

from .campaign import Campaign, read, refused
from .errors import OptOutListUnavailable
from .lists import OPTED_OUT, OptOutList

LONGEST: Final[int] = messages.openapi()["components"]["schemas"]["SmsText"]["properties"]["text"]["maxLength"]
"""How many characters the Messages API takes by SMS, which is fewer than alerts may have."""


class _Campaigning(Driver[Transport]):
    """What such a client is made with; it stands before its driver among the bases of a client."""

    _service = SERVICE

    def __init__(
        self,
        auth: httpx.Auth,
        *,
        campaign: Campaign,
        opt_outs: OptOutList,
        from_: str,
        base_url: str | httpx.URL | None = None,
        timeout: float | httpx.Timeout = TIMEOUT,
        retries: int | RetryPolicy = RETRIES,
        transport: Transport | None = None,
        on_call: Hook | None = None,
    ) -> None:
        super().__init__(
            auth, base_url=base_url, timeout=timeout, retries=retries, transport=transport, on_call=on_call
        )
        if not isinstance(campaign, Campaign):
            raise InvalidRequest("a Campaign", field="campaign")
        if not isinstance(opt_outs, OptOutList):
            raise InvalidRequest("a SqliteOptOutList or a RedisOptOutList", field="opt_outs")
        violation = checker(messages, SmsAddress.__name__)({"type": "sms", "number": from_})
        if violation is not None:
            raise InvalidRequest(violation.rule, field="from_", about=violation.about, source=violation.source)
        self._campaign: Campaign = campaign
        self._opt_outs: OptOutList = opt_outs
        self._from: str = from_

    def _sending(self, alert: Alert | Mapping[str, Any], custom: Custom | None) -> Call[AlertResponse]:
        request = read(alert, custom)
        rendered = self._campaign.rendered(request)
        too_long = rendered.too_long or _too_long(rendered)
        text = "" if too_long else rendered.text
        message = outbound.sms.text(text, to=request.to, from_=self._from, client_ref=request.client_ref or UNSET)
        call = sending(self._settings, message)
        return Call(
            call.prepare,
            _answer(request, rendered, call.understand),
            repeatable=False,
            recipient=request.to,
            allowed=lambda: self._allowed(request, too_long),
        )

    def _allowed(self, request: AlertRequest, too_long: templates.Refused | None) -> None:
        """Raises when the recipient wants no messages, or nobody can tell; asked before each attempt."""
        opted_out = None
        try:
            self._opt_outs.check(request.to)
        except AlertRejected as error:
            opted_out = templates.Refused(error.status, OPTED_OUT)
        except ShortcodeKitError:
            raise
        except Exception as error:  # noqa: BLE001  # of a list that is not ours: whatever it is, nobody can tell
            raise OptOutListUnavailable(type(error).__name__) from None
        refusal = opted_out or too_long
        if refusal is not None:
            raise refused(refusal, request)


def _too_long(rendered: templates.Rendered) -> templates.Refused | None:
    length = len(rendered.text)
    if length <= LONGEST:
        return None
    reason = f"the text has {length} characters; the Messages API takes {LONGEST} by SMS"
    return templates.Refused(ALERT_PART_STATUS_MESSAGE_TOO_LONG, reason)


def _answer(
    request: AlertRequest, rendered: templates.Rendered, understand: Callable[[Received], MessageAccepted]
) -> Callable[[Received], AlertResponse]:
    """From what came to an answer as of an alert: a part for each in which the text travels, all with the message's UUID."""

    def answer(came: Received) -> AlertResponse:
        accepted = understand(came)
        parts = [
            AlertPart(
                ALERT_PART_STATUS_SUCCESS,
                message_id=accepted.message_uuid,
                to=request.to,
                client_ref=request.client_ref,
            )
            for _ in rendered.split.parts
        ]
        if rendered.notes:
            parts[0].error_text = "; ".join(rendered.notes)
        return AlertResponse(str(len(parts)), parts)

    return answer


class CampaignClient(_Campaigning[httpx.BaseTransport], SyncDriver):
    """Sends a campaign's alerts by SMS through the Messages API, to nobody who opted out; in place of `AlertsClient`.

    Parameters:
    - `auth`: `Jwt` or `Basic`.
    - `campaign`: the templates, see `Campaign`.
    - `opt_outs`: who must not be written to, see `OptOutList`. It is asked before each attempt to send.
    - `from_`: your number, which messages come from: 10DLC, toll-free, or a short code of your own; in E.164 form without `+`.
    - `base_url`, `timeout`, `retries`, `transport`, `on_call`: as of `AlertsClient`.

    Raises `InvalidRequest` when one of them is not right. Safe to share between threads. Use it as a context manager, or call
    `close`; the list is yours to close.
    """

    def send(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends an alert to one number, as `AlertsClient.send` did.

        Returns an answer with a part for each in which the text travels, whose `message_id` is the `message_uuid` of the whole, for
        which `message-status` comes as a webhook. Price, balance and network are not told, and so absent.

        Raises a `ShortcodeKitError`. `AlertRejected`, made here before anything is sent, has status 7 when the recipient opted out,
        and 2, 3 or 12 for what `Campaign.render` refuses, 12 also for more than 1000 characters. `OptOutListUnavailable` when
        nobody can tell who opted out; nothing is sent then. `InvalidRequest`, `AuthenticationFailed`, `Throttled`,
        `UnexpectedAnswer` and `TransportFailure` are as before; what else the service refuses is an `ApiProblem`.
        Source: "Alerts - Sending API Reference; Messages API v0.1: Send a Message".
        """
        return self._run(send_message.OPERATION, lambda: self._sending(alert, custom))


class AsyncCampaignClient(_Campaigning[httpx.AsyncBaseTransport], AsyncDriver):
    """Sends a campaign's alerts, awaited. Parameters as of `CampaignClient`; `transport` is an `httpx.AsyncBaseTransport`.

    The list is asked in a thread. Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    async def send(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends an alert to one number; see `CampaignClient.send`."""
        return await self._run(send_message.OPERATION, lambda: self._sending(alert, custom))
