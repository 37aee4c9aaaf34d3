"""Whom laws are about, as something to send requests to: a URL, an ASGI or a WSGI application. Redirections are not followed.

Whatever happens, there is an answer: one without a status says in `error` what there was instead.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
import io
import ssl
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import httpcore
from attrs import Factory, evolve, frozen

from shortcodekit.errors import InvalidRequest

from .joining import Joining, trusting

AT_A_TIME: Final = 16


@frozen
class Call:
    """A request. `path` begins with a slash and is joined to the target's own; `query` is encoded."""

    method: str
    path: str = ""
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@frozen
class Came:
    """What came back: a status, or an `error` in its place."""

    status: int | None = None
    headers: Mapping[str, str] = Factory(dict)
    """By name in lower case."""
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""

    def __str__(self) -> str:
        if self.status is None:
            return self.error
        where = f" to {self.headers['location']}" if 300 <= self.status < 400 and "location" in self.headers else ""
        return f"HTTP {self.status}{where}"


class Target(Protocol):
    """Something to send requests to."""

    address: str
    """Where it is, as a URL for people to send to."""

    def send(self, call: Call) -> Came:
        """What comes back."""

    def send_all(self, calls: Sequence[Call]) -> Iterable[Came]:
        """The same for several at the same time. They are on their way at once, and each is waited for when it is asked for."""

    def close(self) -> None:
        """Ends what was opened."""


def target(
    of: Any, *, timeout: float, headers: Sequence[tuple[str, str]] = (), verify: ssl.SSLContext | bool = True
) -> Target:
    """The target that `of` is: a URL, or an ASGI or WSGI application. `InvalidRequest` when it is none."""
    reached: Target
    if isinstance(of, str):
        reached = _Url(of, timeout, headers, verify)
    elif not callable(of):
        raise InvalidRequest("a URL, an ASGI application or a WSGI application", field="the target")
    else:
        reached = _Asgi(of, timeout, headers) if _is_asgi(of) else _Wsgi(of, timeout, headers)
    _open.add(reached)
    return reached


def close_all() -> None:
    """Closes what was not closed: in pytest nobody knows which law is the last one, so it happens when pytest ends."""
    for reached in list(_open):
        reached.close()


_open: Final[weakref.WeakSet[Target]] = weakref.WeakSet()
atexit.register(close_all)


def _is_asgi(app: Any) -> bool:
    called = app if inspect.isfunction(app) or inspect.ismethod(app) else getattr(type(app), "__call__", app)  # noqa: B004
    if inspect.iscoroutinefunction(called):
        return True
    with suppress(TypeError, ValueError):
        needed = [
            each for each in inspect.signature(app).parameters.values() if each.default is inspect.Parameter.empty
        ]
        return len(needed) == 3
    return False


# ---- over HTTP -----------------------------------------------------------------------------------------------------------


class _Url:
    """A URL, asked over connections that are kept. A request whose kept connection was closed meanwhile is sent again."""

    def __init__(
        self, url: str, timeout: float, headers: Sequence[tuple[str, str]], verify: ssl.SSLContext | bool
    ) -> None:
        parts = None
        with suppress(ValueError):
            parts = urlsplit(url)
            _ = parts.port
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii():
            raise InvalidRequest("a URL such as http://127.0.0.1:8000/hooks/dlr", field="the URL")
        if parts.username is not None:
            raise InvalidRequest("a URL without a password; a header can carry it", field="the URL")
        self.address = url.partition("#")[0]
        self._scheme, self._host, self._port = parts.scheme.encode(), parts.hostname.encode(), parts.port
        self._path, self._query = parts.path, parts.query
        self._timeout = timeout
        self._headers = [(b"user-agent", b"shortcodekit-check"), *map(_encoded, headers)]
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
        self._connect = partial(
            httpcore.HTTPConnection,
            httpcore.Origin(self._scheme, self._host, parts.port or {"http": 80, "https": 443}[parts.scheme]),
            ssl_context=trusting(verify) if parts.scheme == "https" else None,
            network_backend=Joining(),
        )
        self._of_thread = threading.local()
        self._opened: list[httpcore.HTTPConnection] = []
        self._pool = ThreadPoolExecutor(AT_A_TIME)

    def send(self, call: Call) -> Came:
        began = time.perf_counter()
        try:
            answer = self._answer(call)
        except httpcore.TimeoutException:
            return Came(seconds=time.perf_counter() - began, error=f"no answer within {self._timeout:g} seconds")
        except _FAILURES as error:
            return Came(seconds=time.perf_counter() - began, error=f"{type(error).__name__}: {error}")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Came(answer.status, headers, answer.content, time.perf_counter() - began)

    def _answer(self, call: Call) -> httpcore.Response:
        query = "&".join(filter(None, (self._query, call.query)))
        path = self._path.rstrip("/") + call.path if call.path[:1] == "/" else self._path + call.path
        if call.path[:1] not in {"/", ""}:  # a request line as some clients write it
            path = path.removeprefix("/")
        target = f"{path or '/'}{'?' if query else ''}{query}".encode("ascii", "replace")
        url = httpcore.URL(scheme=self._scheme, host=self._host, port=self._port, target=target)
        headers = [*self._headers, *map(_encoded, call.headers)]

        def sent() -> httpcore.Response:
            return self._connection().request(
                call.method,
                url,
                headers=headers,
                content=call.body or (b"" if call.method == "POST" else None),
                extensions=self._extensions,
            )

        try:
            return sent()
        except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
            return sent()

    def _connection(self) -> httpcore.HTTPConnection:
        """This thread's own connection."""
        ours: httpcore.HTTPConnection | None = getattr(self._of_thread, "connection", None)
        if ours is None or not ours.is_available() or ours.has_expired():
            if ours is not None:
                ours.close()
                self._opened.remove(ours)
            ours = self._of_thread.connection = self._connect()
            self._opened.append(ours)
        return ours

    def send_all(self, calls: Sequence[Call]) -> Iterable[Came]:
        return self._pool.map(self.send, calls)

    def close(self) -> None:
        _open.discard(self)
        self._pool.shutdown()
        for connection in self._opened:
            connection.close()


def _encoded(header: tuple[str, str]) -> tuple[bytes, bytes]:
    return header[0].encode("latin-1", "replace"), header[1].encode("latin-1", "replace")


_FAILURES: Final = (
    httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError, OSError, TypeError,
)  # fmt: skip


# ---- in this process -----------------------------------------------------------------------------------------------------


class _Asgi:
    """An ASGI application, in an event loop of its own; its lifespan is begun first, where it has one."""

    address = "http://127.0.0.1:8000"

    def __init__(self, app: Any, timeout: float, headers: Sequence[tuple[str, str]]) -> None:
        self._app, self._timeout, self._headers = app, timeout, headers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._ended = asyncio.Event()
        self._run(self._begin())

    def send(self, call: Call) -> Came:
        came: Came = self._run(self._answer(call))
        return came

    def send_all(self, calls: Sequence[Call]) -> list[Came]:
        async def answers() -> list[Came]:
            return await asyncio.gather(*map(self._answer, calls))

        came: list[Came] = self._run(answers())
        return came

    def close(self) -> None:
        if self._loop.is_closed():
            return
        _open.discard(self)
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _begin(self) -> None:
        began = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not began.is_set():
                return {"type": "lifespan.startup"}
            await self._ended.wait()
            return {"type": "lifespan.shutdown"}

        async def send(_: Any) -> None:
            began.set()

        async def run() -> None:
            with suppress(BaseException):  # many applications have no lifespan
                await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
            began.set()

        self._living = asyncio.get_running_loop().create_task(run())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await began.wait()

    async def _end(self) -> None:
        self._ended.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._living

    async def _answer(self, call: Call) -> Came:
        began = time.perf_counter()
        waiting = [{"type": "http.request", "body": call.body, "more_body": False}]
        status, headers, body = None, {}, b""

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.sleep(self._timeout)
            return {"type": "http.disconnect"}

        async def send(event: Mapping[str, Any]) -> None:
            nonlocal status, headers, body
            if event["type"] == "http.response.start":
                status = int(event["status"])
                headers = {_latin(name).lower(): _latin(value) for name, value in event.get("headers", ())}
            elif event["type"] == "http.response.body":
                body += event.get("body", b"")

        error = ""
        try:
            async with asyncio.timeout(self._timeout):
                await self._app(_scope(call, self._headers), receive, send)
        except TimeoutError:
            error = f"no answer within {self._timeout:g} seconds"
        except Exception as raised:  # noqa: BLE001  # a server would answer 500
            error = f"the application raised {type(raised).__name__}"
            return Came(500, {}, error.encode(), time.perf_counter() - began)
        if status is None or error:
            return Came(seconds=time.perf_counter() - began, error=error or "the application gave no answer")
        return Came(status, headers, body, time.perf_counter() - began)


def _scope(call: Call, more: Sequence[tuple[str, str]]) -> dict[str, Any]:
    headers = [*([] if _names_host(call) else [("host", "127.0.0.1:8000")]), *_framed(call), *more]
    path = call.path or "/"
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": call.method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode("ascii", "replace"), "root_path": "",
        "query_string": call.query.encode("ascii", "replace"), "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000), "state": {}, "extensions": {},
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers],
    }  # fmt: skip


def _names_host(call: Call) -> bool:
    return any(name.lower() == "host" for name, _ in call.headers)


def _framed(call: Call) -> list[tuple[str, str]]:
    size = [("content-length", str(len(call.body)))] if call.body or call.method == "POST" else []
    return [*call.headers, *size]


def _latin(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


class _Wsgi:
    """A WSGI application, called in threads."""

    address = "http://127.0.0.1:8000"

    def __init__(self, app: Callable[..., Any], timeout: float, headers: Sequence[tuple[str, str]]) -> None:
        self._app, self._timeout, self._headers = app, timeout, headers
        self._pool = ThreadPoolExecutor(AT_A_TIME)

    def send(self, call: Call) -> Came:
        return self._timed(self._pool.submit(self._answer, call))

    def send_all(self, calls: Sequence[Call]) -> list[Came]:
        return [self._timed(each) for each in [self._pool.submit(self._answer, call) for call in calls]]

    def close(self) -> None:
        _open.discard(self)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, answer: Any) -> Came:
        try:
            came: Came = answer.result(self._timeout)
        except TimeoutError:
            return Came(seconds=self._timeout, error=f"no answer within {self._timeout:g} seconds")
        return came

    def _answer(self, call: Call) -> Came:
        began, told = time.perf_counter(), Came()

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
            nonlocal told
            told = Came(int(status.split(" ", 1)[0]), {name.lower(): value for name, value in headers})
            return written.append

        written: list[bytes] = []
        try:
            answer = self._app(_environ(call, self._headers), start)
            try:
                written.extend(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        except Exception as raised:  # noqa: BLE001  # a server would answer 500
            body = f"the application raised {type(raised).__name__}".encode()
            return Came(500, {}, body, time.perf_counter() - began)
        return evolve(told, body=b"".join(written), seconds=time.perf_counter() - began)


def _environ(call: Call, more: Sequence[tuple[str, str]]) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method, "SCRIPT_NAME": "", "QUERY_STRING": call.query,
        "PATH_INFO": unquote(call.path or "/", encoding="latin-1"), "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(call.body), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in (*_framed(call), *more):
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ
