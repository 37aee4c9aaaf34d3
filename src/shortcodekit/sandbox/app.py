"""The sandbox as an ASGI application: the service's paths, and beside them the control API and the page.

The service's own paths answer whatever host a request names, since clients come through proxies; the page and the control API
do not. A connection that a fault breaks off needs the server's help: it finds the transport in the request's scope.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from .control import PREFIX, Control
from .incoming import LARGEST, Incoming
from .service import Answer, Service

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRANSPORT: Final = "shortcodekit.transport"
"""Where a server puts the connection's transport, among the scope's extensions."""
_log: Final = logging.getLogger(__name__)


class App:
    """The application."""

    def __init__(self, service: Service, control: Control) -> None:
        self._service = service
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/" or path.startswith(PREFIX):
            await self._answer_control(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            await _send(send, 413, _JSON, json.dumps({"status": 413, "detail": f"at most {LARGEST} bytes"}).encode())
            return
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        request = Incoming(scope["method"], path, scope["query_string"], headers, body)
        try:
            answer = self._service.answer(request)
        except Exception:
            _log.exception("a request to %s failed: a fault of the sandbox's own", path)
            raise
        self._control.changed()
        await _deliver(answer, scope, send)

    async def _answer_control(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reason = self._control.refusal(headers)
        if reason:
            await _send(send, 403, _JSON, json.dumps({"status": 403, "detail": reason}).encode())
            return
        await self._control.asgi(scope, receive, send)


async def _body(receive: Receive) -> bytes | None:
    """The body; None when it is too large, of which the rest is read and forgotten."""
    message = await receive()
    if not message.get("more_body"):
        return _bounded(message.get("body", b""))
    chunks, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        size += len(message.get("body", b""))
        if size <= LARGEST:
            chunks.append(message.get("body", b""))
    return b"".join(chunks) if size <= LARGEST else None


def _bounded(body: bytes) -> bytes | None:
    return body if len(body) <= LARGEST else None


async def _deliver(answer: Answer, scope: Scope, send: Send) -> None:
    """Sends an answer, or what a fault makes of it."""
    fault = answer.fault
    if fault.latency:
        await asyncio.sleep(fault.latency)
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in answer.headers]
    if fault.answer not in {"reset", "truncated"}:
        await _send(send, answer.status, headers, answer.body)
        return
    transport = (scope.get("extensions") or {}).get(TRANSPORT)
    if fault.answer == "truncated":
        whole = [*headers, (b"content-length", str(len(answer.body)).encode("ascii"))]
        await send({"type": "http.response.start", "status": answer.status, "headers": whole})
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        if transport is not None:
            transport.close()
        return
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:  # else the peer would see an orderly end
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    whole = [*headers, (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": status, "headers": whole})
    await send({"type": "http.response.body", "body": body})


_JSON: Final = [(b"content-type", b"application/json")]
