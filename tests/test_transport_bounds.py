"""What the transports of the clients put between a pool and its connections: the bound of a whole exchange, and which answer is stale.

A connection is a stand-in that notes what it is asked for, or a socket of this machine; the clock is the test's.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpcore
import httpx
import pytest

from shortcodekit.clients import transport as made

OVER: Final = "the time for the whole exchange is over"
STALE: Final = "^an answer that was there before its request was sent$"
CONTEXT: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Inner(httpcore.NetworkStream):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.asked.append(("read", max_bytes, timeout))
        return b"some"

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.asked.append(("write", buffer, timeout))

    def close(self) -> None:
        self.asked.append(("close",))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self.asked.append(("start_tls", ssl_context, server_hostname, timeout))
        return self

    def get_extra_info(self, info: str) -> Any:
        return f"info {info}"


class AsyncInner(httpcore.AsyncNetworkStream):
    """The same, awaited; a handshake may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.inner = Inner()
        self.error = error

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # as httpcore has it
        return self.inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as above
        self.inner.write(buffer, timeout)

    async def aclose(self) -> None:
        self.inner.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as above
    ) -> httpcore.AsyncNetworkStream:
        self.inner.start_tls(ssl_context, server_hostname, timeout)
        if self.error:
            raise self.error
        return self

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def test_a_wait_is_cut_to_what_is_left_of_the_exchange(clock: Clock) -> None:
    deadline = made._Deadline()
    assert [deadline.cut(timeout, httpcore.ReadTimeout) for timeout in (None, 3.0)] == [None, 3.0]
    deadline.begin(5.0)
    assert [deadline.cut(timeout, httpcore.ReadTimeout) for timeout in (None, 3.0, 10.0)] == [5.0, 3.0, 5.0]
    clock.now = 104.5
    assert [deadline.cut(timeout, httpcore.ReadTimeout) for timeout in (None, 3.0)] == [0.5, 0.5]
    for clock.now in (105.0, 200.0):
        for kind in (httpcore.ReadTimeout, httpcore.ConnectTimeout):
            with pytest.raises(kind, match=f"^{OVER}$"):
                deadline.cut(3.0, kind)
    deadline.begin(math.inf)
    assert [deadline.cut(timeout, httpcore.ReadTimeout) for timeout in (None, 3.0)] == [None, 3.0]


def test_a_deadline_is_that_of_its_thread(clock: Clock) -> None:
    deadline = made._Deadline()
    deadline.begin(5.0)
    found: list[float | None] = []
    thread = threading.Thread(target=lambda: found.append(deadline.cut(7.0, httpcore.ReadTimeout)))
    thread.start()
    thread.join()
    assert (found, deadline.cut(7.0, httpcore.ReadTimeout), clock.now) == ([7.0], 5.0, 100.0)


def test_each_wait_of_a_connection_is_cut_and_told_by_what_it_was_for(clock: Clock) -> None:
    deadline, inner = made._Deadline(), Inner()
    stream = made._Stream(inner, deadline)
    deadline.begin(5.0)
    assert not stream.was_read
    assert stream.read(7, 9.0) == b"some"
    assert stream.was_read
    stream.write(b"ab", 2.0)
    assert not stream.was_read
    stream.write(b"c")
    assert stream.read(8) == b"some"
    inside = stream.start_tls(CONTEXT, "peer.test", 9.0)
    assert type(inside) is made._Stream
    assert inside.read(1, 9.0) == b"some"
    stream.close()
    assert stream.get_extra_info("socket") == "info socket"
    assert inner.asked == [
        ("read", 7, 5.0),
        ("write", b"ab", 2.0),
        ("write", b"c", 5.0),
        ("read", 8, 5.0),
        ("start_tls", CONTEXT, "peer.test", 5.0),
        ("read", 1, 5.0),
        ("close",),
    ]
    clock.now = 106.0
    for kind, late in (
        (httpcore.ReadTimeout, lambda: stream.read(1, 9.0)),
        (httpcore.WriteTimeout, lambda: stream.write(b"a", 9.0)),
        (httpcore.ConnectTimeout, lambda: stream.start_tls(CONTEXT, "peer.test", 9.0)),
    ):
        with pytest.raises(kind, match=OVER):
            late()
    assert len(inner.asked) == 7


def test_a_connection_that_is_awaited_tells_what_was_read_and_passes_all_else_on() -> None:
    async def main() -> None:
        outer = AsyncInner()
        stream = made._AsyncStream(outer)
        assert not stream.was_read
        assert await stream.read(7, 9.0) == b"some"
        assert stream.was_read
        await stream.write(b"ab", 2.0)
        assert not stream.was_read
        inside = await stream.start_tls(CONTEXT, "peer.test", 3.0)
        assert type(inside) is made._AsyncStream
        assert await inside.read(1) == b"some"
        await stream.aclose()
        assert stream.get_extra_info("socket") == "info socket"
        assert outer.inner.asked == [
            ("read", 7, 9.0),
            ("write", b"ab", 2.0),
            ("start_tls", CONTEXT, "peer.test", 3.0),
            ("read", 1, None),
            ("close",),
        ]
        for error in (asyncio.CancelledError(), httpcore.ConnectError("no")):
            outer = AsyncInner(error)
            with pytest.raises(type(error)):
                await made._AsyncStream(outer).start_tls(CONTEXT, "peer.test", 3.0)
            assert outer.inner.asked[-1] == ("close",)

    asyncio.run(main())


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_connection_is_begun_within_the_exchange_and_is_of_this_kind(listening: int) -> None:
    deadline = made._Deadline()
    backend = made._Backend(deadline)
    option = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream = backend.connect_tcp("127.0.0.1", listening, 30.0, "127.0.0.1", [option])
    assert type(stream) is made._Stream
    own: socket.socket = stream.get_extra_info("socket")
    assert own.getpeername() == ("127.0.0.1", listening)
    assert own.getsockopt(*option[:2])
    stream.close()
    deadline.begin(-1.0)
    with pytest.raises(httpcore.ConnectTimeout, match=OVER):
        backend.connect_tcp("127.0.0.1", listening, 30.0)

    async def main() -> None:
        awaited = await made._AsyncBackend().connect_tcp("127.0.0.1", listening, 30.0, "127.0.0.1", [option])
        assert type(awaited) is made._AsyncStream
        assert awaited.get_extra_info("socket").getsockopt(*option[:2])
        await awaited.aclose()

    asyncio.run(main())


def test_a_request_goes_to_a_pool_as_it_is() -> None:
    request = httpx.Request(
        "PUT", "http://peer.test:81/a%20b?c=d", content=b"ab", headers={"x": "y"}, extensions={"timeout": {"read": 1}}
    )
    found = made._as_httpcore(request)
    assert (found.method, found.extensions) == (b"PUT", {"timeout": {"read": 1}})
    assert (found.url.scheme, found.url.host, found.url.port, found.url.target) == (
        b"http",
        b"peer.test",
        81,
        b"/a%20b?c=d",
    )
    assert (b"x", b"y") in found.headers
    assert found.headers == request.headers.raw
    assert found.stream is request.stream


def test_an_error_of_a_connection_is_httpxs_of_the_same_name() -> None:
    for name in ("ReadTimeout", "ConnectTimeout", "PoolTimeout", "WriteError", "ConnectError", "RemoteProtocolError"):
        found = made._as_httpx(getattr(httpcore, name)("said"))
        assert (type(found), str(found)) == (getattr(httpx, name), "said")
        assert isinstance(getattr(httpcore, name)(), made._ERRORS)

    class Other(httpcore.NetworkError):
        pass

    assert type(made._as_httpx(Other("said"))) is httpx.TransportError


class Chunks:
    """Breaks after the first."""

    closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"a"
        raise httpcore.ReadError("cut")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for each in self:
            yield each

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.close()


def test_a_body_that_breaks_raises_httpxs_error_and_is_closed_if_it_can_be() -> None:
    chunks = Chunks()
    body = made._Body(chunks)
    parts = iter(body)
    assert next(parts) == b"a"
    with pytest.raises(httpx.ReadError, match=r"^cut$"):
        next(parts)
    body.close()
    made._Body([b"a"]).close()

    async def main() -> None:
        them = aiter(awaited := made._AsyncBody(chunks))
        assert await anext(them) == b"a"
        with pytest.raises(httpx.ReadError, match=r"^cut$"):
            await anext(them)
        await awaited.aclose()

    asyncio.run(main())
    assert chunks.closed == 2


def test_an_answer_is_stale_when_nothing_was_read_for_it() -> None:
    for stream in (made._Stream(Inner(), made._Deadline()), made._AsyncStream(AsyncInner())):
        answer = httpcore.Response(200, extensions={"network_stream": stream})
        assert made._is_stale(answer)
        stream.was_read = True
        assert not made._is_stale(answer)
    assert not made._is_stale(httpcore.Response(200, extensions={"network_stream": Inner()}))
    assert not made._is_stale(httpcore.Response(200))


class Pool:
    """Gives one answer, and counts what is closed."""

    def __init__(self, answer: httpcore.Response | Exception) -> None:
        self.answer = answer
        self.asked: list[httpcore.Request] = []
        self.closed = 0

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.close()


class Content(httpx.ByteStream):
    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


REQUEST: Final = httpx.Request("GET", "https://peer.test/a", extensions={"shortcodekit.total": 5.0})


def _through(pool: Pool) -> tuple[httpx.Response, made._Deadline]:
    transport = made.SyncTransport()
    transport._pool = pool  # type: ignore[assignment]  # a stand-in
    response = transport.handle_request(REQUEST)
    response.read()
    transport.close()
    return response, transport._deadline


def _through_awaited(pool: Pool) -> tuple[httpx.Response, None]:
    async def main() -> httpx.Response:
        transport = made.AsyncTransport()
        transport._pool = pool  # type: ignore[assignment]  # a stand-in
        response = await transport.handle_async_request(REQUEST)
        await response.aread()
        await transport.aclose()
        return response

    return asyncio.run(main()), None


def test_an_answer_of_a_pool_is_given_with_all_that_it_has(clock: Clock) -> None:
    for through, stream in (
        (_through, made._Stream(Inner(), made._Deadline())),
        (_through_awaited, made._AsyncStream(AsyncInner())),
    ):
        stream.was_read = True
        told = {"network_stream": stream, "more": 1}
        content = Content(b"ab")
        pool = Pool(httpcore.Response(201, headers=[(b"X", b"y")], content=content, extensions=told))
        response, deadline = through(pool)
        assert (response.status_code, response.headers["x"], response.content) == (201, "y", b"ab")
        assert response.extensions == told
        assert (content.closed, pool.closed) == (1, 1)
        assert [(asked.method, asked.url.target) for asked in pool.asked] == [(b"GET", b"/a")]
        assert deadline is None or deadline.at == clock.now + 5.0


def test_a_stale_answer_is_refused_and_its_connection_closed() -> None:
    inner, awaited = Inner(), AsyncInner()
    for through, stream in (
        (_through, made._Stream(inner, made._Deadline())),
        (_through_awaited, made._AsyncStream(awaited)),
    ):
        content = Content(b"ab")
        with pytest.raises(httpx.RemoteProtocolError, match=STALE):
            through(Pool(httpcore.Response(200, content=content, extensions={"network_stream": stream})))
        assert content.closed == 1
    assert inner.asked == awaited.inner.asked == [("close",)]


def test_an_error_of_a_pool_becomes_httpxs() -> None:
    for through in (_through, _through_awaited):
        with pytest.raises(httpx.ConnectTimeout, match=r"^late$") as caught:
            through(Pool(httpcore.ConnectTimeout("late")))
        assert isinstance(caught.value.__cause__, httpcore.ConnectTimeout)
        with pytest.raises(KeyError):
            through(Pool(KeyError()))


def test_all_transports_trust_the_same_and_keep_connections_as_httpx_does() -> None:
    usual = httpx.HTTPTransport()
    for transport in (made.SyncTransport(), made.AsyncTransport()):
        pool: Any = transport._pool
        assert pool._ssl_context is made._trusted()
        for name in ("_max_connections", "_max_keepalive_connections", "_keepalive_expiry"):
            assert getattr(pool, name) == getattr(usual._pool, name) is not None
