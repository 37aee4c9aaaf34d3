"""A real HTTP server on 127.0.0.1 that records what it is sent and answers what it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import Factory, define, frozen

from .judge import Request


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
class Loopback:
    """The server: where it is, what it answers next, and what it was sent."""

    address: str
    answer: Answer = Factory(lambda: Answer(500))
    recorded: list[Recorded] = Factory(list)

    def take(self) -> Recorded:
        """The one request since the last call."""
        (only,) = self.recorded
        self.recorded.clear()
        return only


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A server that runs as long as the context does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.loopback = Loopback(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]  # ours
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.loopback  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _handle(self) -> None:
        owner: Loopback = self.server.loopback  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        owner.recorded.append(Recorded(self.requestline.encode("latin-1"), tuple(self.headers.items()), body))
        answer = owner.answer
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what was asked is recorded."""
