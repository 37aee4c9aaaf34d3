"""Sends alerts. What the two clients have in common comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from shortcode_clients import alerts
from shortcode_clients.alerts import security
from shortcode_clients.alerts.api.alerts import send_alert, send_alert_by_query
from shortcode_clients.alerts.client import BASE_URL
from shortcode_clients.alerts.models import AlertRequest, AlertResponse

from .drivers import AsyncDriver, SyncDriver
from .requests import Operation
from .rest import RestClient
from .sending import Custom, Sending
from .settings import Service

Alert = AlertRequest
"""An alert for one number. Custom parameters, which fill the template's places, are an argument of `send`."""

_SERVICE: Final = Service(BASE_URL, security)
_SEND: Final = Sending(Operation(alerts, send_alert, send_alert_by_query, AlertRequest), "an Alert")


def add_custom(document: dict[str, Any], custom: Custom) -> None:
    """Puts custom parameters beside the documented ones; `InvalidRequest` for one that cannot stand there."""
    _SEND.add_custom(document, custom)


class AlertsClient(RestClient[httpx.BaseTransport], SyncDriver):
    """Sends alerts, waiting for each answer.

    Parameters:
    - `auth`: `KeySecret` or `Signed`.
    - `base_url`: where the service is; https, or a loopback address.
    - `format`: the form of the answer on the wire, `json` or `xml`; models and errors are the same.
    - `encoding`: how parameters travel: `form` (a POST), `json` (a POST), or `query` (a GET, which puts the credentials into
      the URL, where proxies keep them).
    - `timeout`: seconds for one attempt, from connecting to the last byte of the answer; as `httpx.Timeout`, each phase
      apart.
    - `retries`: how often to repeat what certainly was not carried out, or a `RetryPolicy`; 0 is never.
    - `transport`: an `httpx.BaseTransport` in place of the network.
    - `on_call`: called once for each call with a `CallReport`, for metrics and traces.

    Raises `InvalidRequest` when one of them is not right. Safe to share between threads. Use it as a context manager, or
    call `close`.
    """

    _service = _SERVICE

    def send(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends an alert to one number.

        `alert` is an `Alert`, or a mapping with the API's own names. `custom` fills the template's places `${name}`.
        Returns the answer, all parts of which were accepted. That is no delivery: ask for a delivery receipt with
        `status_report_req=True`.

        Raises a `ShortcodeKitError`: `InvalidRequest` before anything is sent, `AlertRejected` when a part was refused,
        `AuthenticationFailed`, `Throttled`, `ApiProblem`, `UnexpectedAnswer`, or `TransportFailure`.
        Source: "Alerts - Sending API Reference".
        """
        return self._run(send_alert.OPERATION, lambda: _SEND.call(self._requests, alert, custom))


class AsyncAlertsClient(RestClient[httpx.AsyncBaseTransport], AsyncDriver):
    """Sends alerts, awaited. Parameters as of `AlertsClient`; `transport` is an `httpx.AsyncBaseTransport`.

    Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    _service = _SERVICE

    async def send(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends an alert to one number; see `AlertsClient.send`."""
        return await self._run(send_alert.OPERATION, lambda: _SEND.call(self._requests, alert, custom))
