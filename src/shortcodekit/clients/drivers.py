"""What does the I/O of the clients: two drivers of `exchange.run`, one that blocks and one that awaits.

They stand on httpx's transports, requests and authentication, and leave out `httpx.Client`: its cookies, redirects and log
lines, which show URLs and what peers say, have no use here. Each makes its transport when it is first needed, so a client
can be made while a module is imported. The blocking one is shared by threads. The awaiting one is shared by tasks, and
keeps one transport for each event loop it is used in, because connections cannot move between loops.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from types import ModuleType, TracebackType
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast

import httpx

from shortcodekit.errors import InvalidRequest, ShortcodeKitError
from shortcodekit.exchange import LARGEST, Ask, Call, Failed, Received, failed, run
from shortcodekit.retrying import RetryPolicy

from .settings import RETRIES, TIMEOUT, Hook, Service, settings

T = TypeVar("T")
Transport = TypeVar("Transport", bound=httpx.BaseTransport | httpx.AsyncBaseTransport)

_CLOSED: Final = "the client is closed; make another one"


class Driver(Generic[Transport]):
    """What the two drivers are made with."""

    _service: ClassVar[Service]

    def __init__(
        self,
        auth: httpx.Auth,
        *,
        base_url: str | httpx.URL | None = None,
        timeout: float | httpx.Timeout = TIMEOUT,
        retries: int | RetryPolicy = RETRIES,
        transport: Transport | None = None,
        on_call: Hook | None = None,
    ) -> None:
        self._settings = settings(
            self._service, auth, base_url=base_url, timeout=timeout, retries=retries, on_call=on_call
        )
        self._transport = transport
        self._closed = False
        self._set_up()

    def _set_up(self) -> None:
        """Makes what a driver of this kind needs beside it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._settings.base_url)!r}, {self._settings.auth!r})"


class SyncDriver(Driver[httpx.BaseTransport]):
    """Blocks. Safe to share between threads; a context manager that closes its connections."""

    def _set_up(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections; calls after it are an `InvalidRequest`."""
        with self._lock:
            was_closed, self._closed = self._closed, True
            if self._transport and not was_closed:
                self._transport.close()

    def _run(self, operation: str, begin: Callable[[], Call[T]]) -> T:
        steps = run(operation, begin, self._settings.policy, self._settings.on_call)
        try:
            step = next(steps)
            while True:
                if isinstance(step, httpx.Request):
                    try:
                        came = self._send(step)
                    except InvalidRequest as error:  # of the authentication, or because the client is closed
                        steps.throw(error)
                    step = steps.send(came)
                    continue
                if isinstance(step, Ask):
                    try:
                        step.function()
                    except ShortcodeKitError as error:
                        steps.throw(error)
                else:
                    time.sleep(step)
                step = next(steps)
        except StopIteration as done:
            result: T = done.value
        finally:
            steps.close()
        return result

    def _opened(self) -> httpx.BaseTransport:
        transport = self._transport
        if transport is None or self._closed:
            with self._lock:
                if self._closed:
                    raise InvalidRequest(_CLOSED)
                transport = self._transport = self._transport or self._made()
        return transport

    def _made(self) -> httpx.BaseTransport:
        from .transport import SyncTransport  # noqa: PLC0415  # httpx also loads httpcore this late

        proxy = self._settings.proxy
        return httpx.HTTPTransport(proxy=proxy) if proxy else SyncTransport()

    def _send(self, request: httpx.Request) -> Received | Failed:
        transport, secrets = self._opened(), self._settings.secrets
        try:
            response = self._answered(request, transport)
        except InvalidRequest:
            raise
        except Exception as error:  # noqa: BLE001  # a transport may raise anything, and only ours may leave
            return failed(error, secrets)
        content, cut = bytearray(), None
        try:
            for chunk in cast(Iterable[bytes], response.stream):
                content += chunk
                if len(content) > LARGEST:
                    break
        except Exception as error:  # noqa: BLE001  # as above
            cut = failed(error, secrets)
        finally:
            cut = _closed(response, secrets) or cut
        return Received.of(response, bytes(content), cut)

    def _answered(self, request: httpx.Request, transport: httpx.BaseTransport) -> httpx.Response:
        """The head of the answer, after whatever exchanges the authentication needs."""
        if self._settings.httpx_auth is None:
            return transport.handle_request(request)
        flow = self._settings.httpx_auth.sync_auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = transport.handle_request(request)
                response.request = request
                try:
                    request = flow.send(response)
                    response.read()
                except StopIteration:
                    return response
                except BaseException:
                    response.close()
                    raise
        finally:
            flow.close()


def _closed(response: httpx.Response, secrets: tuple[str, ...]) -> Failed | None:
    try:
        response.close()
    except Exception as error:  # noqa: BLE001  # as above
        return failed(error, secrets)
    return None


# ---- awaiting --------------------------------------------------------------------------------------------------------


def _asyncio() -> ModuleType:
    """The module, loaded when it is needed: it is a fifth of what importing httpx costs, and blocking calls go without."""
    import asyncio  # noqa: PLC0415

    return asyncio


class _Opened:
    """A transport that is closed with its event loop: loops close the asynchronous generators begun in them."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport = transport
        self._until_closed = self._hold()

    async def _hold(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.transport.aclose()

    async def begin(self) -> None:
        await anext(self._until_closed)

    async def aclose(self) -> None:
        await self._until_closed.aclose()


class AsyncDriver(Driver[httpx.AsyncBaseTransport]):
    """Awaits. Safe to share between tasks; an asynchronous context manager that closes its connections."""

    def _set_up(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[Any, _Opened] = weakref.WeakKeyDictionary()

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections of this event loop, as its end does; calls after it are an `InvalidRequest`."""
        self._closed = True
        opened = self._by_loop.pop(_asyncio().get_running_loop(), None)
        if opened:
            await opened.aclose()

    async def _run(self, operation: str, begin: Callable[[], Call[T]]) -> T:
        steps = run(operation, begin, self._settings.policy, self._settings.on_call)
        try:
            step = next(steps)
            while True:
                if isinstance(step, httpx.Request):
                    try:
                        came = await self._send(step)
                    except InvalidRequest as error:  # of the authentication, or because the client is closed
                        steps.throw(error)
                    step = steps.send(came)
                    continue
                if isinstance(step, Ask):
                    try:
                        await _asyncio().to_thread(step.function)
                    except ShortcodeKitError as error:
                        steps.throw(error)
                else:
                    await _asyncio().sleep(step)
                step = next(steps)
        except StopIteration as done:
            result: T = done.value
        finally:
            steps.close()
        return result

    async def _opened(self) -> httpx.AsyncBaseTransport:
        if self._closed:
            raise InvalidRequest(_CLOSED)
        loop = _asyncio().get_running_loop()
        opened = self._by_loop.get(loop)
        if opened is None:
            opened = self._by_loop[loop] = _Opened(self._transport or self._made())
            await opened.begin()
        return opened.transport

    def _made(self) -> httpx.AsyncBaseTransport:
        from .transport import AsyncTransport  # noqa: PLC0415  # as above

        proxy = self._settings.proxy
        return httpx.AsyncHTTPTransport(proxy=proxy) if proxy else AsyncTransport()

    async def _send(self, request: httpx.Request) -> Received | Failed:
        try:
            async with _asyncio().timeout(self._settings.total):
                return await self._exchange(request)
        except TimeoutError:
            return Failed("the time for the whole exchange is over", may_have_arrived=True, timed_out=True)

    async def _exchange(self, request: httpx.Request) -> Received | Failed:
        transport, secrets = await self._opened(), self._settings.secrets
        try:
            response = await self._answered(request, transport)
        except InvalidRequest:
            raise
        except Exception as error:  # noqa: BLE001  # a transport may raise anything, and only ours may leave
            return failed(error, secrets)
        content, cut = bytearray(), None
        try:
            async for chunk in cast(AsyncIterable[bytes], response.stream):
                content += chunk
                if len(content) > LARGEST:
                    break
        except Exception as error:  # noqa: BLE001  # as above
            cut = failed(error, secrets)
        finally:
            cut = await _aclosed(response, secrets) or cut
        return Received.of(response, bytes(content), cut)

    async def _answered(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        """The head of the answer, after whatever exchanges the authentication needs."""
        if self._settings.httpx_auth is None:
            return await transport.handle_async_request(request)
        flow = self._settings.httpx_auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            while True:
                response = await transport.handle_async_request(request)
                response.request = request
                try:
                    request = await flow.asend(response)
                    await response.aread()
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
        finally:
            await flow.aclose()


async def _aclosed(response: httpx.Response, secrets: tuple[str, ...]) -> Failed | None:
    try:
        await response.aclose()
    except Exception as error:  # noqa: BLE001  # as above
        return failed(error, secrets)
    return None
