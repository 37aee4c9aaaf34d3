"""Serves a sandbox on a socket, in the event loop of whoever calls, with uvicorn."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .app import TRANSPORT
from .errors import SandboxError

LONGEST_HEAD: Final = 256 * 1024
"""Bytes of a request's head: alerts can be sent in the query, percent-encoded."""
PATIENCE: Final = 2
"""Seconds for which requests that are being answered are waited for at the end."""
_log: Final = logging.getLogger(__name__)


class _Joined:
    """A transport that writes at once what is written in one go: uvicorn writes an answer's head and its body apart."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._waiting: list[bytes] = []
        self._soon = asyncio.get_running_loop().call_soon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Writes `data` together with what follows it in this turn of the event loop."""
        if not self._waiting:
            self._soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Closes when all is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting:
            data, self._waiting = b"".join(self._waiting), []
            if not self._transport.is_closing():
                self._transport.write(data)


class _Protocol(H11Protocol):
    """HTTP/1.1 by h11, which takes request lines as real clients write them; applications see the transport."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: Any = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {**(scope.get("extensions") or {}), TRANSPORT: self.transport}
            await app(scope, receive, send)

        self.app = with_transport

    def connection_made(self, transport: Any) -> None:
        """Takes a connection."""
        super().connection_made(_Joined(transport))  # type: ignore[arg-type]  # it is one in all that counts


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; `SandboxError` says why there is none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise SandboxError(f"port {port} is in use; choose another `--port`, or 0 for any that is free") from None
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SandboxError(f"cannot listen at {host}:{port}: {reason}") from None
    return listener


class Server:
    """An application, served on a socket."""

    def __init__(self, app: Any, listener: socket.socket) -> None:
        self._config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            loop="none",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            h11_max_incomplete_event_size=LONGEST_HEAD,
        )
        self._listener = listener
        self._state = ServerState()

    async def start(self) -> None:
        """Begins to accept requests."""
        loop = asyncio.get_running_loop()
        self._config.load()
        self._server = await loop.create_server(
            lambda: _Protocol(config=self._config, server_state=self._state, app_state={}, _loop=loop),
            sock=self._listener,
            backlog=2048,
        )
        self._ticking = loop.create_task(self._tick())

    async def stop(self) -> None:
        """Accepts no more, and ends when what was begun is answered, or after a while."""
        self._ticking.cancel()
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while self._state.connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.005)
        for connection in list(self._state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.sleep(0)

    async def _tick(self) -> None:
        """The header Date, once a second."""
        from email.utils import formatdate  # noqa: PLC0415  # needed here alone

        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode("ascii"))]
            await asyncio.sleep(1)
