"""Transports of httpx that keep promises which httpx's own do not; see each class.

They stand on httpcore's public parts: the connection pools, and the network backends that pools are given. Those wrap each
connection, which shows when it is read and written.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from functools import cache
from ssl import SSLContext
from typing import Any, Final, cast

import httpcore
import httpx

from .settings import TOTAL

_POOL: Final[dict[str, Any]] = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}
"""As httpx has it. A connection that was idle for longer may be closed by the peer at the moment it is used again."""


@cache
def _trusted() -> SSLContext:
    """Whom all clients of the process trust. Reading the certificates takes longer than all else about making a client."""
    return httpx.create_ssl_context()


class SyncTransport(httpx.BaseTransport):
    """As `httpx.HTTPTransport` without a proxy; an exchange is bounded, and no answer is older than its request.

    httpx bounds each read by itself, so a peer that sends one byte a second is never too slow. Here every wait for the
    network is cut to what is left of the time in the request's extension `TOTAL`.

    A peer that answers a request twice leaves the second answer in a buffer, where the next request would find it. An
    answer that is there before anything was read for it is refused, and its connection closed.
    """

    def __init__(self) -> None:
        self._deadline = _Deadline()
        backend = _Backend(self._deadline)
        self._pool = httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=backend, **_POOL)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request, and gives the response with its body still to be read, in this thread."""
        self._deadline.begin(request.extensions.get(TOTAL, math.inf))
        try:
            answer = self._pool.handle_request(_as_httpcore(request))
        except _ERRORS as error:
            raise _as_httpx(error) from error
        if _is_stale(answer):
            answer.extensions["network_stream"].close()
            answer.close()
            raise httpx.RemoteProtocolError(_STALE)
        body = _Body(cast(Iterable[bytes], answer.stream))  # of a blocking pool
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """As `httpx.AsyncHTTPTransport` without a proxy; no answer is older than its request, and none of it is left open.

    What is said of `SyncTransport` holds, but for the bound, which the caller sets around the call. A handshake that is
    cancelled closes its connection.
    """

    def __init__(self) -> None:
        self._pool = httpcore.AsyncConnectionPool(ssl_context=_trusted(), network_backend=_AsyncBackend(), **_POOL)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request, and gives the response with its body still to be read."""
        try:
            answer = await self._pool.handle_async_request(_as_httpcore(request))
        except _ERRORS as error:
            raise _as_httpx(error) from error
        if _is_stale(answer):
            await answer.extensions["network_stream"].aclose()
            await answer.aclose()
            raise httpx.RemoteProtocolError(_STALE)
        body = _AsyncBody(cast(AsyncIterable[bytes], answer.stream))  # of a pool that is awaited
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pool.aclose()


_STALE: Final = "an answer that was there before its request was sent"


def _is_stale(answer: httpcore.Response) -> bool:
    """Whether nothing was read after the request was written: the answer was in a buffer by then."""
    stream = answer.extensions.get("network_stream")
    return isinstance(stream, _Stream | _AsyncStream) and not stream.was_read


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


# ---- blocking --------------------------------------------------------------------------------------------------------


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
        self.was_read = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.was_read = True
        return self._inner.read(max_bytes, self._deadline.cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.was_read = False
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


# ---- awaiting --------------------------------------------------------------------------------------------------------


class _AsyncBackend(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await super().connect_tcp(host, port, timeout, local_address, socket_options))


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self.was_read = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.was_read = True
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.was_read = False
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:  # httpcore closes it for an `Exception` only, and being cancelled is none
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except _ERRORS as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()


# ---- errors ----------------------------------------------------------------------------------------------------------


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
