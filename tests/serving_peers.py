"""Who a receiver has to do with: the service that sends events, the servers it runs behind, and peers that write bytes.

Events are signed with the standard library and PyJWT, not with what verifies them; what is private in them is a canary. Servers
listen on ports of their own and hand all requests to the receiver that stands in `Server.receiver`. A `Peer` writes when
it is told to, and reads answers by their lengths, so that what follows an answer is seen.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from socketserver import ThreadingMixIn
from typing import Any, Final
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.validate import validator

import jwt
import uvicorn
from attrs import Factory, define, field, frozen
from werkzeug import serving

from contract_tests import loopback
from contract_tests.samples import Sample
from shortcodekit.webhooks import (
    Answered,
    JwtSecret,
    MemoryStore,
    Receiver,
    Request,
    Response,
    SigSecret,
    State,
    StoreUnavailable,
    Verifier,
)

from .canaries import canary

LONGEST: Final = 60.0
"""For how many seconds tests wait for what must happen, however busy the machine is."""

# ---- the service -----------------------------------------------------------------------------------------------------

NOW: Final = 1_900_000_000
"""The receivers' time."""
ENCODED: Final[Mapping[str, Callable[[Any], Request]]] = {
    "query": lambda document: Request("GET", urlencode(document)),
    "form": lambda document: Request("POST", body=urlencode(document).encode()),
    "json": lambda document: Request("POST", body=json.dumps(document).encode()),
}
EVENTS: Final = {
    **dict.fromkeys(("delivery-receipt", "inbound-sms"), tuple(ENCODED)),
    **dict.fromkeys(("message-status", "inbound-message"), ("json",)),
}
"""How each event travels. The parameters of the first two can be signed; the others carry tokens."""
QUERY: Final = "msisdn=16365553226&status=delivered&messageId=1"
PATH: Final = "/delivery-receipt"
SIGNED: Final = ("delivery-receipt", "inbound-sms")
CASES: Final = [(event, encoding) for event, encodings in EVENTS.items() for encoding in encodings]


def document(event: str) -> dict[str, Any]:
    """What an event says; its texts and numbers are canaries."""
    number, reference = str(10**10 + uuid.uuid4().int % 10**10), canary()
    ends = {"to": {"type": "sms", "number": number}, "from": {"type": "sms", "number": number}}
    sent = {"message_uuid": str(uuid.uuid4()), "timestamp": "2020-01-01T14:00:00.000Z", **ends}
    content = {"content": {"type": "text", "text": canary()}, "sms": {"num_messages": "1"}}
    receipt = {"msisdn": number, "to": "96167", "messageId": canary(), "err-code": "0", "client-ref": reference}
    documents: dict[str, dict[str, Any]] = {
        "delivery-receipt": {**receipt, "status": "delivered"},
        "inbound-sms": {"msisdn": number, "to": "96167", "messageId": canary(), "text": canary(), "keyword": canary()},
        "message-status": {**sent, "status": "delivered", "client_ref": reference},
        "inbound-message": {**sent, "message": content, "usage": {"currency": "EUR", "price": "0.0333"}},
    }
    return documents[event]


def leaves(said: Any) -> list[Any]:
    return [each for value in said.values() for each in leaves(value)] if isinstance(said, dict) else [said]


def broken(said: Any) -> list[Any]:
    """The document with each value in turn replaced by others that have it inside."""
    if not isinstance(said, dict):
        return [[said], {"x": said}, f"{said} {said}", {"type": said}]
    return [{**said, key: value} for key in said for value in broken(said[key])]


def arriving(sample: Sample) -> Request:
    """A sample as the service sends it."""
    if sample.encoding == "query":
        return Request("GET", sample.content.decode().removeprefix("?"))
    kind = "application/json" if sample.encoding == "json" else "application/x-www-form-urlencoded"
    return Request("POST", headers={"Content-Type": kind}, body=sample.content)


def sign(said: Mapping[str, str], secret: str, method: str = "md5hash", when: int = NOW) -> dict[str, str]:
    """Parameters with their signature."""
    signed = {**said, "timestamp": str(when)}
    concealed = {key: value.replace("&", "_").replace("=", "_") for key, value in signed.items()}
    text = "".join(f"&{key}={concealed[key]}" for key in sorted(concealed)).encode()
    if method == "md5hash":
        return {**signed, "sig": hashlib.md5(text + secret.encode(), usedforsecurity=False).hexdigest()}
    return {**signed, "sig": hmac.new(secret.encode(), text, method).hexdigest()}


def seal(request: Request, secret: str, **claims: Any) -> Request:
    """The request with a token for its body."""
    told = {"iat": NOW, "jti": "1", "iss": "Vonage", "payload_hash": hashlib.sha256(request.body).hexdigest(), **claims}
    token = jwt.encode(told, secret, "HS256")
    return Request(request.method, request.query, {"Authorization": f"Bearer {token}"}, request.body)


def authentic(event: str, encoding: str, secret: str, said: Any = None) -> Request:
    """An event that is signed in its usual way."""
    said = said or document(event)
    return ENCODED[encoding](sign(said, secret)) if event in SIGNED else seal(ENCODED[encoding](said), secret)


def verifier(event: str, secret: str) -> Verifier:
    return SigSecret(secret) if event in SIGNED else JwtSecret(secret)


class Down(MemoryStore):
    """A store of which one method fails."""

    def __init__(self, what: str) -> None:
        super().__init__()
        setattr(self, what, self.fail)

    def fail(self, *_: object) -> State:
        raise StoreUnavailable("it is down")


@define
class Inbox:
    """A receiver with all events at paths of their names, and what it handled and reported."""

    receiver: Receiver
    handled: list[Any] = Factory(list)
    answered: list[Answered] = Factory(list)

    def answer(self, event: str, request: Request, *, awaited: bool = False) -> Response:
        if awaited:
            return asyncio.run(self.receiver.handle_async(f"/{event}", request))
        return self.receiver.handle(f"/{event}", request)


def inbox(
    verify: Verifier | Iterable[Verifier] | None = None,
    *events: str,
    fails: BaseException | None = None,
    **options: Any,
) -> Inbox:
    """One for these events, or for all, whose handlers keep what they are given, or fail."""
    made = Inbox(Receiver(verify=verify, clock=lambda: float(NOW), **options))
    made.receiver.on_answer = made.answered.append

    def handler(model: Any) -> None:
        if fails:
            raise fails
        made.handled.append(model)

    for event in events or EVENTS:
        made.receiver.on(event, f"/{event}")(handler)
    return made


class Held:
    """A handler that waits until it is let go."""

    def __init__(self, receiver: Receiver, path: str = PATH, *, is_async: bool = False) -> None:
        self.begun, self.go, self.times, self.fails = threading.Event(), threading.Event(), 0, False
        receiver.on("delivery-receipt", path)(self.awaits if is_async else self.waits)

    def waits(self, _: object) -> None:
        self.times += 1
        self.begun.set()
        assert self.go.wait(LONGEST)
        if self.fails:
            raise LookupError

    async def awaits(self, model: object) -> None:
        await asyncio.to_thread(self.waits, model)


# ---- servers ---------------------------------------------------------------------------------------------------------


@define(eq=False)
class Server:
    """A running server: where it is, what it serves, and how many requests it has handed on."""

    name: str
    address: tuple[str, int] = ("", 0)
    receiver: Receiver = field(factory=lambda: Receiver(verify=None))
    validates: bool = False
    """Whether the standard library watches over the rules of WSGI."""
    complaints: list[str] = Factory(list)
    begun: int = 0
    ended: int = 0
    changed: threading.Condition = field(factory=threading.Condition)

    def serve(self, receiver: Receiver) -> None:
        """Serves `receiver` from now on, and counts anew."""
        self.receiver, self.begun, self.ended, self.complaints, self.validates = receiver, 0, 0, [], False

    def settled(self, count: int) -> None:
        """Waits until `count` requests were handed on, and none is being answered."""
        with self.changed:
            assert self.changed.wait_for(lambda: count <= self.begun == self.ended, LONGEST), (self.begun, self.ended)

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self.changed:
            self.begun += 1
        try:
            yield
        except BaseException:
            self.complaints.append(traceback.format_exc())
            raise
        finally:
            with self.changed:
                self.ended += 1
                self.changed.notify_all()

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        with self.counted():
            await self.receiver.asgi(scope, receive, send)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with self.counted():
            return (validator(self.receiver.wsgi) if self.validates else self.receiver.wsgi)(environ, start_response)

    def peer(self) -> Peer:
        return Peer(socket.create_connection(self.address, LONGEST))


@contextmanager
def listening(app: Any, **options: Any) -> Iterator[tuple[str, int]]:
    """An ASGI application under uvicorn, in a thread."""
    config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1, **options)
    server, started = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0), backlog=512)

    def run() -> None:
        with suppress(SystemExit):
            asyncio.run(server.serve([started]))

    thread, until = threading.Thread(target=run, daemon=True), time.monotonic() + LONGEST
    thread.start()
    try:
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        assert server.started
        yield started.getsockname()
    finally:
        server.should_exit = True
        thread.join(LONGEST)
        started.close()
        assert not thread.is_alive()


class _Quiet:
    timeout = LONGEST

    def log_message(self, *_: object) -> None:
        """Nothing."""

    log = log_message


class _Wsgiref(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 512


@contextmanager
def running(name: str) -> Iterator[Server]:
    """The server of that name. Of those for WSGI, only werkzeug's takes chunks."""
    server = Server(name)
    if name == "uvicorn":
        with listening(server.asgi, interface="asgi3", lifespan="off") as server.address:
            yield server
        return
    listens: Any
    if name == "wsgiref":
        listens = _Wsgiref(("127.0.0.1", 0), type("Handler", (_Quiet, WSGIRequestHandler), {}))
        listens.set_app(server.wsgi)
    else:
        handler = type("Handler", (_Quiet, serving.WSGIRequestHandler), {})
        listens = serving.ThreadedWSGIServer("127.0.0.1", 0, server.wsgi, handler)
    server.address = listens.server_address
    with loopback.listening(listens):
        yield server


def ask(receiver: Receiver, *messages: dict[str, Any], **scope: Any) -> list[dict[str, Any]]:
    """What the ASGI application sends when it is called directly; after the messages, the peer is silent."""
    sent: list[Any] = []
    came = iter(messages)

    async def receive() -> Any:
        return next(came, None) or await asyncio.sleep(LONGEST, {})

    async def send(message: Any) -> None:
        sent.append(message)

    async def asked() -> None:
        usual = {"type": "http", "method": "GET", "path": PATH, "query_string": QUERY.encode(), "headers": []}
        await receiver.asgi({**usual, **scope}, receive, send)

    asyncio.run(asked())
    return sent


def call(receiver: Receiver, **environ: Any) -> int:
    """The status of the WSGI application's answer, when it is told what servers must tell and no more."""
    statuses: list[str] = []
    usual = {"REQUEST_METHOD": "GET", "PATH_INFO": PATH, "wsgi.input": io.BytesIO()}
    receiver.wsgi({**usual, **environ}, lambda status, _: statuses.append(status))
    return int("".join(statuses)[:3])


# ---- peers -----------------------------------------------------------------------------------------------------------


@frozen
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """One end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self._file = connection, connection.makefile("rb")

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def write(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            self.socket.sendall(piece)
            time.sleep(pause)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer; to HEAD there is no body, whatever length it tells."""
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._file.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            assert headers.setdefault(name.lower(), value.strip()) == value.strip()
        length = 0 if method == "HEAD" or status < 200 else int(headers.get("content-length", -1))
        body = self._file.read(length)
        assert length in (-1, len(body))
        return Answer(status, headers, body)

    def ended(self) -> bool:
        """Whether the other side closes without another byte."""
        return self._file.read(1) == b""


def written(method: str, target: str, body: bytes = b"", *fields: str, version: str = "1.1") -> bytes:
    """A request as it travels; a body has its length, unless a field says another one or speaks of chunks."""
    told = [*fields, "Host: localhost"]
    if body and not any(each.lower().startswith(("content-length", "transfer-encoding")) for each in fields):
        told.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{method} {target} HTTP/{version}", *told, "", ""]).encode("utf-8", "surrogateescape") + body


def in_chunks(body: bytes, size: int) -> bytes:
    """`body` as chunks."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
