"""Sends PINs. What the two clients have in common comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from shortcode_clients import two_factor
from shortcode_clients.alerts.models import AlertResponse
from shortcode_clients.two_factor import security
from shortcode_clients.two_factor.api.two_factor import send_two_factor, send_two_factor_by_query
from shortcode_clients.two_factor.client import BASE_URL
from shortcode_clients.two_factor.models import TwoFactorRequest

from .drivers import AsyncDriver, SyncDriver
from .requests import Operation
from .rest import RestClient
from .sending import Custom, Sending
from .settings import Service

TwoFactor = TwoFactorRequest
"""A PIN for one number. Custom parameters, which fill the template's other places, are an argument of `send`."""

_SERVICE: Final = Service(BASE_URL, security)
_SEND: Final = Sending(
    Operation(two_factor, send_two_factor, send_two_factor_by_query, TwoFactorRequest), "a TwoFactor"
)


class TwoFactorClient(RestClient[httpx.BaseTransport], SyncDriver):
    """Sends PINs, waiting for each answer. Parameters as of `AlertsClient`.

    Safe to share between threads. Use it as a context manager, or call `close`.
    """

    _service = _SERVICE

    def send(self, message: TwoFactor | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends a PIN to one number.

        `message` is a `TwoFactor`, or a mapping with the API's own names. You make the PIN, and keep it to compare with what
        its owner types. `custom` fills the template's places `${name}` beside `${pin}`. Returns the answer, which is that
        of alerts; all its parts were accepted. A delivery receipt follows without being asked for.

        Raises a `ShortcodeKitError` as `AlertsClient.send` does; `AlertRejected` when a part was refused, `InvalidRequest`
        before anything is sent. No error has the PIN in it, not even where the answer repeats it; PINs shorter than four
        digits cannot be told from other digits.
        Source: "Two-factor Authentication API Reference".
        """
        return self._run(send_two_factor.OPERATION, lambda: _SEND.call(self._requests, message, custom))


class AsyncTwoFactorClient(RestClient[httpx.AsyncBaseTransport], AsyncDriver):
    """Sends PINs, awaited. Parameters as of `AsyncAlertsClient`.

    Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    _service = _SERVICE

    async def send(self, message: TwoFactor | Mapping[str, Any], *, custom: Custom | None = None) -> AlertResponse:
        """Sends a PIN to one number; see `TwoFactorClient.send`."""
        return await self._run(send_two_factor.OPERATION, lambda: _SEND.call(self._requests, message, custom))
