"""An httpx transport that keeps one promise more than httpx's own: no exchange takes longer than its whole time.

httpx bounds each read by itself, so a peer that sends one byte a second is never too slow. Async calls are bounded from
outside; a blocking call cannot be, so here every wait for the network is cut to what is left of the time. It stands on
httpcore's public parts: the connection pool, and the network backend that the pool is given.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from ssl import SSLContext
from typing import Any, Final, cast

import httpcore
import httpx

from .settings import TOTAL


class BoundedTransport(httpx.BaseTransport):
    """As `httpx.HTTPTransport` without a proxy, and bounded by the request's extension `TOTAL`."""

    def __init__(self) -> None:
        self._deadline = _Deadline()
        limits = httpx.Limits()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(self._deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request, and gives the response with its body still to be read, in this thread."""
        self._deadline.begin(request.extensions.get(TOTAL, math.inf))
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(asked)
        except _ERRORS as error:
            raise _as_httpx(error) from error
        body = _Body(cast(Iterable[bytes], answer.stream))  # of a blocking pool
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()


class _Deadline(threading.local):
    """When the exchange of this thread has to be over."""

    at = math.inf

    def begin(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def cut(self, timeout: float | None, late: type[Exception]) -> float | None:
        if self.at == math.inf:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the time for the whole exchange is over")
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except _ERRORS as error:
            raise _as_httpx(error) from error

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


_ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


def _as_httpx(error: Exception) -> httpx.TransportError:
    """The error of the same name that httpx has."""
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__, httpx.TransportError)
    return kind(str(error))
