"""Connections to receivers and providers on which a request travels whole, and not its head and its body apart.

Nor do they make others wait: a server that writes the head of an answer and its body apart, as the development server of Django does,
holds the body back until it hears that the head arrived, of which Linux usually tells after 40 ms.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Final

import httpcore


def trusting(verify: ssl.SSLContext | bool) -> ssl.SSLContext:
    """What certificates are judged by."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    context = httpcore.default_ssl_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Joining(httpcore.NetworkBackend):
    """Connections that send what is written in one go: httpcore writes a request's head and its body apart."""

    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(self, *args: Any, **more: Any) -> httpcore.NetworkStream:
        """A connection over TCP."""
        return _Joined(self._sockets.connect_tcp(*args, **more))


class _Joined(httpcore.NetworkStream):
    """A connection. What was written is sent when an answer is read."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []
        self._socket: socket.socket = stream.get_extra_info("socket")

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._waiting:
            data, self._waiting = b"".join(self._waiting), []
            self._stream.write(data, timeout)
        if _AT_ONCE is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _AT_ONCE, 1)  # until the connection has been quiet
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  # waited for when it is sent
        if buffer:
            self._waiting.append(buffer)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **more: Any) -> httpcore.NetworkStream:
        return _Joined(self._stream.start_tls(*args, **more))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


_AT_ONCE: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
"""What makes Linux tell at once that something arrived."""
