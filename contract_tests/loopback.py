"""Real HTTP servers on 127.0.0.1: one that records what it is sent and answers what it is told, and one for applications.

The first keeps connections open, because the laws about clients send thousands of requests, and has an answer for each attempt.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from attrs import Factory, define, frozen

from .judge import Request

QUEUE: Final = 128
"""How many may wait to be let in: many laws ask at the same time, and who is not let in tries again after a second, or breaks off."""


@frozen
class Answer:
    """What to answer. Without a content type the answer has none, and no body."""

    status: int
    content_type: str | None = None
    body: bytes = b""


@frozen
class Recorded:
    """A request as its bytes arrived."""

    line: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def request(self) -> Request:
        """The same in parts, for the judge."""
        method, target, version = self.line.decode("ascii").split(" ")
        assert version == "HTTP/1.1"
        names = [name.lower() for name, _ in self.headers]
        assert len(set(names)) == len(names), "a header is given twice"
        return Request(method, target, {name.lower(): value for name, value in self.headers}, self.body)


@define
class Recorder:
    """The server: where it is, its answers in order (the last one is repeated), and what it was sent."""

    address: str
    answers: list[Answer] = Factory(lambda: [Answer(500)])
    headers: dict[str, str] = Factory(dict)
    """Headers of all answers, beside their content type."""
    recorded: list[Recorded] = Factory(list)

    def take(self) -> list[Recorded]:
        """The requests since the last call."""
        taken, self.recorded = self.recorded, []
        return taken

    def answer(self) -> bytes:
        """The next answer as it travels."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        fields = {**self.headers, "content-length": str(len(answer.body))}
        if answer.content_type:
            fields["content-type"] = answer.content_type
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {answer.status} -\r\n{head}\r\n".encode("ascii") + answer.body


@contextmanager
def listening(server: socketserver.TCPServer) -> Iterator[str]:
    """The address of any server on 127.0.0.1, which runs as long as the context does."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---- a server that records -------------------------------------------------------------------------------------------


@contextmanager
def recording() -> Iterator[Recorder]:
    """A server that runs as long as the context does."""
    server = _Server(("127.0.0.1", 0), _Handler)
    with listening(server) as address:
        server.recorder = Recorder(address)
        yield server.recorder


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = QUEUE
    block_on_close = False
    recorder: Recorder


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Takes bodies by their length alone: one that is longer than it says is taken for a request, and recorded."""
        with suppress(OSError):  # the client is gone
            while line := self.rfile.readline():
                fields = []
                while field := self.rfile.readline().strip():
                    name, _, value = field.decode("latin-1").partition(":")
                    fields.append((name, value.strip()))
                length = {name.lower(): value for name, value in fields}.get("content-length", "0")
                body = self.rfile.read(int(length))
                self.server.recorder.recorded.append(Recorded(line.rstrip(b"\r\n"), tuple(fields), body))
                self.wfile.write(self.server.recorder.answer())


# ---- a server for applications ---------------------------------------------------------------------------------------


class ApplicationServer(socketserver.ThreadingMixIn, WSGIServer):
    """The standard library's, for several requests at the same time."""

    daemon_threads = True
    request_queue_size = QUEUE


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(app: Any, kind: type[WSGIServer] = ApplicationServer) -> Iterator[str]:
    """The address of a server with a WSGI application in it."""
    server = kind(("127.0.0.1", 0), _Silent)
    server.set_app(app)
    with listening(server) as address:
        yield address
