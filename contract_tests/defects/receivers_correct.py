"""Correct receivers of different temper: all take every event that the specs allow, and differ where the specs leave room."""

from __future__ import annotations

import queue
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

import fastapi
import flask
from starlette import applications, requests, responses, routing

from contract_tests.arriving import JSON, way_to
from shortcodekit import webhooks
from shortcodekit.webhooks import JwtSecret, Receiver, Request, Response, SigSecret

from . import EVENTS, MESSAGES, App, Peer
from .plain import Asgi, Document, Malformed, Plain, Receive, Scope, Send, Wsgi, asgi_request, live, wsgi_request

# ---- ours ------------------------------------------------------------------------------------------------------------

HOOK: Final = "/hook"


async def _handled(event: object) -> None:
    """Nothing is left to do."""


def _ours(event: str, secret: str | None) -> Receiver:
    verify = None if secret is None else JwtSecret(secret) if event in MESSAGES else SigSecret(secret)
    receiver = Receiver(verify=verify)
    receiver.on(event, HOOK)(_handled)
    return receiver


def _ours_by_wsgi(event: str, secret: str | None) -> App:
    receiver = _ours(event, secret)
    return lambda environ, start: receiver.wsgi({**environ, "SCRIPT_NAME": "", "PATH_INFO": HOOK}, start)


def _ours_by_asgi(event: str, secret: str | None) -> App:
    receiver = _ours(event, secret)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receiver.asgi({**scope, "root_path": "", "path": HOOK}, receive, send)

    return application


def _behind_a_prefix(event: str, secret: str | None) -> App:
    receiver = _ours(event, secret)
    return lambda environ, start: receiver.wsgi({**environ, "SCRIPT_NAME": "/api/v2", "PATH_INFO": HOOK}, start)


# ---- by hand ---------------------------------------------------------------------------------------------------------


class NoContent(Plain):
    """204 where that is allowed."""

    def done(self, document: Document) -> Response:
        return Response(204) if self.event in MESSAGES else super().done(document)


class Wordy(Plain):
    """Says more than anybody asked for."""

    def done(self, document: Document) -> Response:
        body = b'{"error": null, "status": "failed to fail", "taken": ' + str(len(document)).encode() + b"}"
        headers = {"Content-Type": JSON, "Content-Length": str(len(body)), "Retry-After": "0", "X-Request-Id": "7"}
        return Response(200, {**headers, "Set-Cookie": "seen=1", "Location": "/events/7"}, body)


class Strict(Plain):
    """Asks the specs whether it is an event, and answers 422 when it is not."""

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        return Response(422) if response.status == 400 else response

    def handle(self, document: Document) -> None:
        way = way_to(self.event, JSON)
        try:
            valid = way.api.validator(way.schema).is_valid(document)
        except ValueError:  # of halves of characters
            valid = False
        if not valid:
            raise Malformed


class Exacting(Plain):
    """Keeps numbers, times and amounts as such, and refuses an event in which one is neither empty nor such."""

    kinds: ClassVar[dict[str, Callable[[str], object]]] = {
        "msisdn": lambda text: re.fullmatch("[1-9][0-9]{4,14}", text),
        "message_uuid": uuid.UUID,
        "price": lambda text: Decimal(text) >= 0,
        "scts": lambda text: _time(text, "%y%m%d%H%M"),
        "message-timestamp": lambda text: _time(text.replace("\\", "").replace("+", " "), "%Y-%m-%d %H:%M:%S"),
    }

    def handle(self, document: Document) -> None:
        usage = document.get("usage")
        for key, told in {**(usage if isinstance(usage, dict) else {}), **document}.items():
            text = str(int(told) if isinstance(told, float) and told.is_integer() else told)
            try:
                kept = key not in self.kinds or text == "" or self.kinds[key](text)
            except (ValueError, ArithmeticError):
                kept = False
            if not kept:
                raise Malformed
        if self.event in MESSAGES:
            try:
                datetime.fromisoformat(document["timestamp"])
            except ValueError:
                raise Malformed from None


def _time(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=UTC)


class HandsOn(Plain):
    """Puts an event into a queue that a thread empties, and answers at once."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.waiting: queue.SimpleQueue[Document] = queue.SimpleQueue()

    def handle(self, document: Document) -> None:
        self.waiting.put(document)
        threading.Thread(target=self.waiting.get, daemon=True).start()


class Remembers(Plain):
    """Keeps events in a database, each once."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.lock = threading.Lock()
        self.seen: set[str] = set()

    def handle(self, document: Document) -> None:
        with self.lock, sqlite3.connect(":memory:") as database:
            database.execute("CREATE TABLE events (document TEXT UNIQUE)")
            database.execute("INSERT OR IGNORE INTO events VALUES (?)", (ascii(document),))
            self.seen.add(ascii(document))
        database.close()


def _by_hand(event: str, secret: str | None) -> App:
    return Wsgi(Plain(event, secret))


def _by_hand_awaited(event: str, secret: str | None) -> App:
    return Asgi(Plain(event, secret))


def _of(kind: type[Plain], adapter: type[Wsgi | Asgi]) -> Callable[[str, str | None], App]:
    return lambda event, secret: adapter(kind(event, secret))


def _lenient(event: str, secret: str | None) -> App:
    """Takes everything, whatever it is."""
    del event, secret

    def application(environ: MutableMapping[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        del environ
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b""
        yield b"OK"

    return application


def _in_pieces(event: str, secret: str | None) -> App:
    """Sends a body in pieces, and closes the connection."""
    receiver = Plain(event, secret)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await live(receive, send)
        status = receiver.answer(await asgi_request(scope, receive)).status
        await send({"type": "http.response.start", "status": status, "headers": [(b"connection", b"close")]})
        for piece in (b"thank ", b"you"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        return await send({"type": "http.response.body"})

    return application


# ---- in frameworks ---------------------------------------------------------------------------------------------------


def _flask(event: str, secret: str | None) -> App:
    application, receiver = flask.Flask(__name__), Plain(event, secret)

    def view(path: str = "") -> tuple[str, int]:
        del path
        return "", receiver.answer(wsgi_request({**flask.request.environ, "wsgi.input": flask.request.stream})).status

    for number, rule in enumerate(("/", "/<path:path>")):
        application.add_url_rule(rule, f"hook-{number}", view, methods=["GET", "POST"])
    return application


def _flask_by_its_own_means(event: str, secret: str | None) -> App:
    """Reads with what Flask offers, and asks for what every event has."""
    del secret
    application = flask.Flask(__name__)

    def view(path: str = "") -> tuple[str, int]:
        del path
        request = flask.request
        try:
            found: Any = request.get_json(silent=True) if request.is_json else {**request.args, **request.form}
        except (RecursionError, UnicodeDecodeError):  # which Flask is not silent about
            found = None
        key = "message_uuid" if event in MESSAGES else "msisdn"
        return ("", 200) if isinstance(found, dict) and found.get(key) is not None else ("not an event", 400)

    for number, rule in enumerate(("/", "/<path:path>")):
        application.add_url_rule(rule, f"hook-{number}", view, methods=["GET", "POST"])
    return application


def _starlette(event: str, secret: str | None) -> App:
    receiver = Plain(event, secret)

    async def view(request: requests.Request) -> responses.Response:
        arrived = Request(request.method, request.scope["query_string"], request.headers.items(), await request.body())
        return responses.PlainTextResponse("thank you", receiver.answer(arrived).status)

    return applications.Starlette(routes=[routing.Route("/{path:path}", view, methods=["GET", "POST"])])


def _fastapi_with_our_models(event: str, secret: str | None) -> App:
    """Reads with our functions in a view of FastAPI."""
    del secret
    application = fastapi.FastAPI(openapi_url=None)
    read = getattr(webhooks, event.replace("-", "_"))

    async def view(request: fastapi.Request) -> fastapi.Response:
        arrived = Request(request.method, request.scope["query_string"], request.headers.items(), await request.body())
        try:
            read(arrived)
        except webhooks.MalformedWebhook as error:
            return fastapi.Response(str(error), error.http_status)
        return fastapi.Response(status_code=200)

    application.add_api_route("/{path:path}", view, methods=["GET", "POST"])
    return application


def _peer(
    name: str,
    sentence: str,
    make: Callable[[str, str | None], App],
    *,
    signed: bool = False,
    events: tuple[str, ...] = EVENTS,
) -> Peer:
    return Peer(name, sentence, events, signed, make)


CORRECT: Final[tuple[Peer, ...]] = (
    _peer("ours-wsgi", "Is our receiver as a WSGI application.", _ours_by_wsgi),
    _peer("ours-asgi", "Is our receiver as an ASGI application.", _ours_by_asgi),
    _peer("ours-wsgi-signed", "Is our receiver by WSGI, and verifies.", _ours_by_wsgi, signed=True),
    _peer("ours-asgi-signed", "Is our receiver by ASGI, and verifies.", _ours_by_asgi, signed=True),
    _peer("behind-a-prefix", "Is our receiver, mounted below a prefix.", _behind_a_prefix),
    _peer("by-hand", "Is written by hand by WSGI.", _by_hand),
    _peer("by-hand-awaited", "Is written by hand by ASGI.", _by_hand_awaited),
    _peer("by-hand-signed", "Is written by hand, and verifies by hand.", _by_hand, signed=True),
    _peer("by-hand-awaited-signed", "The same by ASGI.", _by_hand_awaited, signed=True),
    _peer("lenient", "Answers 200 to everything, with a body.", _lenient),
    _peer("strict", "Answers 422 to whatever the specs do not allow.", _of(Strict, Wsgi)),
    _peer("strict-signed", "Does the same, and verifies.", _of(Strict, Asgi), signed=True),
    _peer("exacting", "Keeps numbers, times and amounts as such.", _of(Exacting, Wsgi)),
    _peer("no-content", "Answers 204 to events of the Messages API.", _of(NoContent, Asgi), events=MESSAGES),
    _peer("wordy", "Answers with a body that speaks of errors, and with headers.", _of(Wordy, Wsgi)),
    _peer("hands-on", "Hands the work to a thread, and answers at once.", _of(HandsOn, Wsgi)),
    _peer("remembers", "Keeps each event once, behind a lock.", _of(Remembers, Wsgi)),
    _peer("closes-the-connection", "Answers in pieces, and closes the connection.", _in_pieces),
    _peer("flask", "Answers in a view of Flask, and reads by hand.", _flask),
    _peer("flask-signed", "Does the same, and verifies by hand.", _flask, signed=True),
    _peer("flask-by-its-own-means", "Reads with what Flask offers.", _flask_by_its_own_means),
    _peer("starlette", "Answers in a view of Starlette.", _starlette),
    _peer("starlette-signed", "Does the same, and verifies by hand.", _starlette, signed=True),
    _peer("fastapi-with-our-models", "Reads with our functions in a view of FastAPI.", _fastapi_with_our_models),
)
