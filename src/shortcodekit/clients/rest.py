"""What the clients of the `rest.nexmo.com` APIs have in common: answers in two formats, parameters in three encodings."""

from __future__ import annotations

import httpx

from shortcodekit.retrying import RetryPolicy

from .drivers import Driver, Transport
from .requests import AnswerFormat, Encoding, rest_requests
from .settings import RETRIES, TIMEOUT, Hook


class RestClient(Driver[Transport]):
    """What such a client is made with; it stands before its driver among the bases of a client."""

    def __init__(
        self,
        auth: httpx.Auth,
        *,
        base_url: str | httpx.URL | None = None,
        format: AnswerFormat = "json",  # noqa: A002  # the API's own word
        encoding: Encoding = "form",
        timeout: float | httpx.Timeout = TIMEOUT,
        retries: int | RetryPolicy = RETRIES,
        transport: Transport | None = None,
        on_call: Hook | None = None,
    ) -> None:
        super().__init__(
            auth, base_url=base_url, timeout=timeout, retries=retries, transport=transport, on_call=on_call
        )
        self._requests = rest_requests(self._settings, format, encoding)
