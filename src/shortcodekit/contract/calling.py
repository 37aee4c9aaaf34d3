"""What laws about clients work with: a server that stands in for the service, and the client that is made to call it.

A client is judged by what arrives at a socket and by what it makes of answers, so it may be written in any way. What it can do is
said by `Calls`; a few lines bring any client into that form.
"""

from __future__ import annotations

import socketserver
import struct
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Protocol
from unittest import SkipTest

from attrs import Factory, define, field, frozen

from .judge import Request
from .laws import Broken, Rng
from .message_laws import new_key_pair
from .providing import Found
from .reproducing import tells
from .targets import Call, Came


class Calls(Protocol):
    """What a client can do. Each call blocks, and raises nothing but errors of the client's own family.

    What it cannot do at all raises `NotImplementedError`, and is not judged. One that keeps connections has a method `close` as well, which is called when it is not needed any more.
    """

    def send_alert(
        self,
        to: str,
        custom: Mapping[str, str],
        *,
        client_ref: str | None = None,
        status_report: bool = False,
        template: int | None = None,
        unicode: bool = False,
    ) -> Sequence[Any]:
        """The parts of an alert that was accepted as a whole; each has a `message_id`. An error when one was refused."""

    def opt_outs(self) -> Sequence[str]:
        """All numbers that opted out, in order, each once; it asks for pages by itself."""

    def resubscribe(self, number: str) -> bool:
        """Whether the number is subscribed now, as the answer says."""

    def send_message(self, document: Mapping[str, Any]) -> str:
        """The `message_uuid` of a message that was taken."""


@frozen
class ClientAccount:
    """Whose credentials the client uses."""

    api_key: str
    api_secret: str = field(repr=False)
    signature_secret: str = field(repr=False)
    application_id: str
    private_key: str = field(repr=False)
    timeout: float = 1.0
    """For how many seconds the client may be kept waiting; it has to give up then."""


def made_up_account(seed: int = 0, timeout: float = 1.0) -> ClientAccount:
    """An account of nobody, the same for the same seed but for its key; its secret has characters that are easily written wrongly."""
    rng = Rng(f"{seed}/account")
    secret, signing, application = f"s+/&=%{rng.bytes(6).hex()}", rng.bytes(16).hex(), uuid.UUID(bytes=rng.bytes(16))
    return ClientAccount("abcd1234", secret, signing, str(application), new_key_pair()[0], timeout)


@frozen
class Reply:
    """What the server answers. `how`: `whole`, `cut` (half of what was promised), `reset`, or `never`."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "application/json"
    how: str = "whole"
    headers: tuple[tuple[str, str], ...] = ()


@define
class Peer:
    """The server: what it was asked, and what it answers."""

    url: str
    asked: list[Request] = Factory(list)
    reply: Callable[[Request], Reply] = lambda _: Reply(500)
    ended: threading.Event = Factory(threading.Event)

    @property
    def address(self) -> str:
        """Where its requests can be sent again, when it is gone: to a sandbox at its usual port."""
        return "http://127.0.0.1:4010"

    def close(self) -> None:
        """Nothing: it ends with its context."""

    def take(self) -> list[Request]:
        """The requests since the last call."""
        taken, self.asked = self.asked, []
        return taken


@define
class ClientBench:
    """A client and the server that it is made to call."""

    make: Callable[[str, ClientAccount], Calls]
    error: type[Exception]
    """The base of the client's errors."""
    account: ClientAccount
    seed: int
    examples: int
    peer: Peer
    elsewhere: Peer
    """A server that nobody has to call."""
    calls: int = 0
    patience: float | None = None
    """For how many seconds a call may last; by default some times the account's timeout."""

    @property
    def target(self) -> Peer:
        """What the client called."""
        return self.peer

    def rng(self, law: str) -> Rng:
        """The random choices of one law."""
        return Rng(f"{self.seed}/{law}")

    def ask(self, call: Callable[[Calls], Any], reply: Reply | Callable[[Request], Reply], about: str) -> Told:
        """What comes of a call that is answered by `reply`."""
        self.peer.reply = reply if callable(reply) else lambda _: reply
        self.peer.take()
        self.elsewhere.take()
        self.calls += 1
        came: list[Any] = []
        raised: list[BaseException] = []
        made: list[Any] = []

        def run() -> None:
            client: Any = None
            try:
                client = self.make(self.peer.url, self.account)
                made.append(client)
                came.append(call(client))
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is judged
                raised.append(error)
            finally:
                if hasattr(client, "close"):
                    client.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self.patience or 10 * self.account.timeout + 5)
        line = getattr(made[0], "line", "") if made else ""
        told = Told(self, about, self.peer.take(), came[0] if came else None, raised[0] if raised else None, str(line))
        if told.lacks:
            return told
        told.expect(not thread.is_alive(), "an end of the call, some time after the account's timeout")
        told.expect(not self.elsewhere.take(), "no request to another host")
        if told.error is not None:
            family = "an answer to the call" if told.line else f"an error of its own family ({self.error.__name__})"
            told.expect(isinstance(told.error, self.error), family)
            told.expect(not self._tells_secret(told.error), "no secret in an error")
        return told

    def _tells_secret(self, error: BaseException | None) -> bool:
        told = ""
        while error is not None:
            told += f"{error} {error!r}"
            error = error.__cause__ or error.__context__
        hidden = (self.account.api_secret, self.account.signature_secret)
        return any(tells(told, secret) for secret in hidden)


@frozen
class Told:
    """What came of a call: the requests that were made, and what was returned or raised."""

    bench: ClientBench
    about: str
    asked: list[Request]
    given: Any
    error: BaseException | None
    line: str = ""
    """What the client was asked to do, where it is a command."""
    came: str = ""
    """What came, where nothing was returned or raised."""

    @property
    def lacks(self) -> bool:
        """Whether the client cannot do this at all."""
        return isinstance(self.error, NotImplementedError)

    def expect(self, holds: bool, expected: str) -> None:  # reads like an assertion
        """Ends the law unless `holds`; a client that cannot do this is not judged by it."""
        if self.lacks:
            raise SkipTest(f"the client cannot do this: {str(self.error) or self.about}")
        if not holds:
            calls = tuple(_call(each) for each in self.asked)
            raise Found(Broken(expected, calls, Came(error=self._came()), self.about, self.line))

    def _came(self) -> str:
        if self.error is None:
            return self.came or f"it returned {str(self.given)[:80]!r}"
        return str(getattr(self.error, "told", f"it raised {type(self.error).__name__}"))

    def failed(self, expected: str = "an error of its own family") -> None:
        """Ends the law unless an error was raised."""
        self.expect(self.error is not None, expected)

    def succeeded(self) -> None:
        """Ends the law when an error was raised."""
        self.expect(self.error is None, "no error")


def _call(request: Request) -> Call:
    path, _, query = request.url.partition("?")
    kept = tuple((name, value) for name, value in request.headers.items() if name in {"content-type", "authorization"})
    return Call(request.method, path, query, kept, request.body)


# ---- the server ----------------------------------------------------------------------------------------------------------


@contextmanager
def listening() -> Iterator[Peer]:
    """A server on loopback, as long as the context lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.peer = Peer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.peer
    finally:
        server.peer.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    peer: Peer

    def shutdown_request(self, request: Any) -> None:
        """Closes at once: an orderly end before a reset would be seen as one."""
        self.close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that break off are what laws are about."""


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30
    server: _Server

    def handle(self) -> None:
        while (request := self._read()) is not None:
            self.server.peer.asked.append(request)
            if not self._write(self.server.peer.reply(request)):
                return

    def _read(self) -> Request | None:
        line = self.rfile.readline(1 << 20)
        if not line.strip():
            return None
        method, target, *_ = [*line.decode("latin-1").split(" "), "", ""]
        headers: dict[str, str] = {}
        while (field_ := self.rfile.readline(1 << 20)) not in {b"\r\n", b"\n", b""}:
            name, _, value = field_.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        with suppress(ValueError):
            return Request(method, target, headers, self.rfile.read(int(headers.get("content-length", 0) or 0)))
        return None

    def _write(self, reply: Reply) -> bool:
        if reply.how == "never":
            self.server.peer.ended.wait(20)
            return False
        if reply.how == "reset":
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            return False
        fields = [*reply.headers, ("Content-Length", str(len(reply.body)))]
        if reply.content_type is not None:
            fields.append(("Content-Type", reply.content_type))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        body = reply.body if reply.how == "whole" else reply.body[: len(reply.body) // 2]
        self.wfile.write(f"HTTP/1.1 {reply.status} -\r\n{head}\r\n".encode("latin-1") + body)
        return reply.how == "whole"
