"""A TCP server on 127.0.0.1 that misbehaves as it is told, and counts the whole requests that it was sent.

A behaviour is a function of one connection, a `Wire`; `faulty(behaviour)` runs it for each connection, in a thread of its own,
and cuts all of them when it ends. It goes by bytes and sockets alone, because no HTTP library would write what is needed here:
lengths that lie, bodies that never end, resets. What waits, waits for the peer or for the end of the test.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

PACE: Final = 0.1
"""Seconds between two bytes of a peer that drips; a header of a hundred bytes takes far longer than any timeout here."""
PATIENCE: Final = 20.0
"""Seconds after which a test that waits for the server has failed, and after which the server waits for nobody."""

ENDLESS: Final = 1 << 27
"""Bytes of a body without end: far more than a client may read, and fewer than would break the machine if it does."""

_LENGTH: Final = re.compile(rb"(?im)^content-length: *(\d+)\r$")


class PeerGone(Exception):
    """The peer closed the connection, the server ended, or either took too long."""


class Wire:
    """A connection, as a behaviour sees it."""

    def __init__(self, connection: socket.socket, server: FaultyServer) -> None:
        self._socket = connection
        self._socket.settimeout(PATIENCE)
        self._server = server
        self._end = time.monotonic() + PATIENCE

    def read_request(self) -> bytes:
        """A whole request, head and body, which is counted."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some()
        head, _, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        while len(body) < (int(length[1]) if length else 0):
            body += self._some()
        request = head + b"\r\n\r\n" + body
        self._server.count(request)
        return request

    def read_bytes(self) -> bytes:
        """The first bytes, whatever they are; nothing is counted."""
        return self._some()

    def await_bytes(self) -> None:
        """Until something has come, which is left unread."""
        if not self._socket.recv(1, socket.MSG_PEEK):
            raise PeerGone

    def write(self, data: bytes) -> None:
        """Sends all of it."""
        if time.monotonic() > self._end:
            raise PeerGone
        self._socket.sendall(data)

    def drip(self, data: bytes, pace: float = PACE) -> None:
        """Sends one byte after another, `pace` seconds apart."""
        for index in range(len(data)):
            self.write(data[index : index + 1])
            if self._server.ending.wait(pace):
                raise PeerGone

    def hang(self) -> None:
        """Until the peer goes away, or the server ends."""
        while self._socket.recv(65536):
            pass
        raise PeerGone

    def await_end(self) -> None:
        """Until the server ends, without reading a byte."""
        self._server.ending.wait(PATIENCE)

    def reset(self) -> None:
        """Ends the connection with a reset instead of an end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        raise PeerGone

    def _some(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise PeerGone
        return data


Behaviour = Callable[[Wire], None]


class FaultyServer:
    """The server: where it is, and what reached it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        """Every whole request, in the order of arrival."""
        self.connections = 0
        self.closed = 0
        self.ending = threading.Event()
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def received(self) -> int:
        """How many whole requests arrived."""
        return len(self.requests)

    def count(self, request: bytes) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def await_requests(self, number: int) -> None:
        """Until so many whole requests have arrived."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.received >= number, PATIENCE), (
                f"{self.received} of {number} came"
            )

    def await_closed(self, number: int) -> None:
        """Until so many connections were ended by the server's side."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.closed >= number, PATIENCE), f"{self.closed} of {number} ended"

    def start(self) -> None:
        self._threads[0].start()

    def end(self) -> None:
        self.ending.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._threads[0].join(PATIENCE)
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes whoever reads or writes
        for thread in self._threads[1:]:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads), "a behaviour does not end"
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.add(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, PeerGone):
            self.behaviour(Wire(connection, self))
            connection.shutdown(socket.SHUT_WR)
        self._open.discard(connection)
        with self._changed:
            self.closed += 1
            self._changed.notify_all()


@contextmanager
def faulty(behaviour: Behaviour) -> Iterator[FaultyServer]:
    """A server that behaves so on each connection, as long as the context lasts."""
    server = FaultyServer(behaviour)
    server.start()
    try:
        yield server
    finally:
        server.end()


@contextmanager
def refusing() -> Iterator[str]:
    """The address of a port that nobody else gets, and where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def unanswering() -> Iterator[str]:
    """The address of a port where connecting never ends: its queue is full, and nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            for each in waiting:
                each.close()


# ---- behaviours ------------------------------------------------------------------------------------------------------


def answer(status: str, body: bytes = b"", *headers: str, length: int | str | None = None) -> bytes:
    """An answer that closes the connection; `status` is what follows the version, `length` what its length is said to be."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {said}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def saying(data: bytes) -> Behaviour:
    """Reads the request, sends `data`, and closes."""

    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(data)

    return behave


def hang(wire: Wire) -> None:
    """Reads the request and never answers."""
    wire.read_request()
    wire.hang()


def hang_at_once(wire: Wire) -> None:
    """Never reads and never answers."""
    wire.await_end()


def close_at_once(_: Wire) -> None:
    """Closes as soon as there is a connection."""


def close_after_request(wire: Wire) -> None:
    """Reads the request and closes."""
    wire.read_request()


def reset_unread(wire: Wire) -> None:
    """Resets while the request is there and unread. Earlier, a connecting peer may or may not see it as a refusal."""
    wire.await_bytes()
    wire.reset()


def reset_after_request(wire: Wire) -> None:
    """Reads the request and resets."""
    wire.read_request()
    wire.reset()


def resetting_after(data: bytes) -> Behaviour:
    """Reads the request, sends `data`, and resets."""

    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(data)
        wire.reset()

    return behave


def dripping(at_once: bytes, slowly: bytes, pace: float = PACE) -> Behaviour:
    """Reads the request, sends the first part at once and the second byte by byte."""

    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(at_once)
        wire.drip(slowly, pace)

    return behave


def repeating(once: bytes, again: bytes) -> Behaviour:
    """Reads the request, sends the first part, and then the second one for as long as anybody could read."""

    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(once)
        for _ in range(ENDLESS // len(again)):
            wire.write(again)

    return behave


def echo(wire: Wire) -> None:
    """Sends back the bytes that it got."""
    wire.write(wire.read_request())


def no_tls(wire: Wire) -> None:
    """What a server without TLS says to one who begins with it."""
    wire.read_bytes()
    wire.write(answer("400 Bad Request"))


def zeros(megabytes: int, wbits: int = zlib.MAX_WBITS | 16) -> bytes:
    """So many megabytes of zeros, compressed to a thousandth; without the trailer, which is never come to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # after a full flush it can be repeated
    return head + block * megabytes
