"""Sends alerts. What `AlertsClient` and `AsyncAlertsClient` have in common comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from shortcode_clients import alerts
from shortcode_clients.alerts import codes, security
from shortcode_clients.alerts.api.alerts import send_alert, send_alert_by_query
from shortcode_clients.alerts.client import BASE_URL
from shortcode_clients.alerts.models import AlertRequest, AlertResponse, RestError
from shortcodekit.answers import Reader, wait_asked
from shortcodekit.errors import AlertRejected, AuthenticationFailed, InvalidRequest, Throttled, refusal
from shortcodekit.exchange import Call, Received

from .drivers import AsyncDriver, SyncDriver
from .requests import Operation, RestRequests, document_of
from .rest import RestClient
from .settings import Service

Alert = AlertRequest
"""An alert for one number. Custom parameters, which fill the template's places, are an argument of `send`."""

Custom = Mapping[str, str | int | float | bool]

_SERVICE: Final = Service(BASE_URL, security)
_SEND: Final = Operation(alerts, send_alert, send_alert_by_query, AlertRequest)
_CREDENTIALS: Final = frozenset(
    {codes.ALERT_PART_STATUS_INVALID_CREDENTIALS, codes.ALERT_PART_STATUS_INVALID_SIGNATURE}
)
_UNCLEAR: Final = frozenset({codes.ALERT_PART_STATUS_INTERNAL_ERROR})
"""Statuses beside which a part may have been sent nevertheless, as it may with those that nobody has documented."""


def _sending(requests: RestRequests, alert: Alert | Mapping[str, Any], custom: Custom | None) -> Call[AlertResponse]:
    document = document_of(alert, AlertRequest, "an Alert")
    if custom is not None:
        add_custom(document, custom)
    reader = Reader(RestError, requests.settings.secrets)
    return Call(
        requests.prepared(_SEND, document),
        lambda came: _understood(came, reader),
        repeatable=False,
        recipient=str(document["to"]),
    )


def add_custom(document: dict[str, Any], custom: Custom) -> None:
    """Puts custom parameters beside the documented ones; `InvalidRequest` for one that cannot stand there."""
    if not isinstance(custom, Mapping):
        raise InvalidRequest("a mapping of names to values", field="custom")
    schema: Mapping[str, Any] = alerts.openapi()["components"]["schemas"][AlertRequest.__name__]
    for name, value in custom.items():
        if name in schema["properties"]:
            rule = "a custom parameter cannot be named like a documented one"
            raise InvalidRequest(rule, field=name, source=schema["x-source"])
        if name in document:
            raise InvalidRequest("a custom parameter is given twice", field=name)
        document[name] = value


def _understood(came: Received, reader: Reader) -> AlertResponse:
    """The answer when every part was accepted, else the error that its parts tell of."""
    response = reader.read(came, send_alert.ANSWERS, AlertResponse, repeatable=False)
    if not response.messages:
        raise reader.unexpected(came, "the answer has no part, so the alert may be lost", repeatable=False)
    refused = [part for part in response.messages if part.status != codes.ALERT_PART_STATUS_SUCCESS]
    if not refused:
        return response
    some_sent = len(refused) < len(response.messages)
    part = next((each for each in refused if each.status in _CREDENTIALS and not some_sent), refused[0])
    code, said = codes.ALERT_PART_STATUS.explain(part.status), reader.said(part.error_text)
    if part.status in _CREDENTIALS and not some_sent:
        raise AuthenticationFailed(refusal(code, said), http_status=came.status, answer=response)
    if all(part.status == codes.ALERT_PART_STATUS_THROTTLED for part in response.messages):
        raise Throttled(refusal(code, said), http_status=came.status, retry_after=wait_asked(came), answer=response)
    unclear = any(each.status not in codes.ALERT_PART_STATUS or each.status in _UNCLEAR for each in refused)
    raise AlertRejected(response, code, said=said, may_have_been_sent=some_sent or unclear)


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
        return self._run(send_alert.OPERATION, lambda: _sending(self._requests, alert, custom))


class AsyncAlertsClient(RestClient[httpx.AsyncBaseTransport], AsyncDriver):
    """Sends alerts, awaited. Parameters as of `AlertsClient`; `transport` is an `httpx.AsyncBaseTransport`.

    Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    _service = _SERVICE

    async def send(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends an alert to one number; see `AlertsClient.send`."""
        return await self._run(send_alert.OPERATION, lambda: _sending(self._requests, alert, custom))
