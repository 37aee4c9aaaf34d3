"""A receiver as engineers write it by hand, correct, and in steps: each of the broken ones changes one step.

It knows nothing of the product but how a `Request` and a `Response` look. It refuses what cannot be an event, keeps what it does not
know, and verifies signatures and tokens with the standard library.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from shortcodekit.webhooks import Request, Response

from . import MESSAGE, MESSAGES, RECEIPT, STATUS

Document = dict[str, Any]
WINDOW: Final = 300


class Malformed(Exception):
    """What arrived is no such event."""


class Forged(Exception):
    """What arrived is not signed as it should be."""


class Plain:
    """Receives one kind of event; verifies when it has a secret."""

    blocks = False
    """Whether answering takes long enough to be done beside the event loop."""

    def __init__(self, event: str, secret: str | None) -> None:
        self.event, self.secret = event, secret
        self.rows: list[Document] = []

    def answer(self, request: Request) -> Response:
        """The answer to one request."""
        if request.method not in self.methods():
            return Response(405)
        try:
            document = self.read(request)
            if self.secret is not None:
                self.verify(request)
            self.take(document)
        except Malformed:
            return Response(400)
        except Forged:
            return Response(401)
        return self.done(document)

    def methods(self) -> tuple[str, ...]:
        return ("POST",) if self.event in MESSAGES else ("GET", "POST")

    def done(self, document: Document) -> Response:  # noqa: ARG002  # some answer one event differently from others
        return Response(200)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def read(self, request: Request) -> Document:
        if request.method == "GET":
            return dict(self.pairs(request.query))
        if self.is_json(request):
            return self.json(request.body)
        return self.form(request.body)

    def is_json(self, request: Request) -> bool:
        return self.event in MESSAGES or request.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")

    def json(self, body: bytes) -> Document:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed from None
        if not isinstance(document, dict):
            raise Malformed
        return document

    def form(self, body: bytes) -> Document:
        try:
            return dict(self.pairs(body.decode("utf-8")))
        except UnicodeDecodeError:
            raise Malformed from None

    def pairs(self, text: str) -> list[tuple[str, str]]:
        try:
            return parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise Malformed from None

    # ---- taking ------------------------------------------------------------------------------------------------------

    def take(self, document: Document) -> None:
        if self.event in MESSAGES:
            self.check_message(document)
        else:
            self.check_number(document)
        if self.event in (RECEIPT, STATUS) and not isinstance(document.get("status"), str):
            raise Malformed
        self.handle(document)
        self.rows.append(document)

    def check_number(self, document: Document) -> None:
        number = document.get("msisdn")
        if isinstance(number, float) and number.is_integer():
            number = int(number)  # which is how JSON may write an integer
        if isinstance(number, bool) or not isinstance(number, str | int) or not str(number).isdigit():
            raise Malformed

    def check_message(self, document: Document) -> None:
        texts = [document.get(key) for key in ("message_uuid", "timestamp")]
        places = [document.get("to"), document.get("from")]
        if self.event == MESSAGE:
            message = document.get("message")
            places.append(message.get("content") if isinstance(message, dict) else None)
        texts += [place.get("type") if isinstance(place, dict) else None for place in places]
        if not all(isinstance(each, str) for each in texts):
            raise Malformed

    def handle(self, document: Document) -> None:
        """What the application does with an event that has the form of one."""

    # ---- signatures of parameters ------------------------------------------------------------------------------------

    def verify(self, request: Request) -> None:
        if self.event in MESSAGES:
            self.verify_token(request)
        else:
            self.verify_signature(self.signed_pairs(request))

    def signed_pairs(self, request: Request) -> list[tuple[str, str]]:
        if request.method == "GET":
            return self.pairs(request.query)
        if self.is_json(request):
            return self.members(request.body)
        return self.pairs(request.body.decode("utf-8"))

    def members(self, body: bytes) -> list[tuple[str, str]]:
        found = json.loads(body, object_pairs_hook=list, parse_int=str, parse_float=str)
        if any(isinstance(value, list) for _, value in found):
            raise Forged
        return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found]

    def verify_signature(self, pairs: list[tuple[str, str]]) -> None:
        signatures = [value for name, value in pairs if name == "sig"]
        moments = [value for name, value in pairs if name == "timestamp"]
        if len(signatures) != 1 or len(moments) != 1 or any("&" in name or "=" in name for name, _ in pairs):
            raise Forged
        try:
            expected = self.signature(pairs)
        except UnicodeEncodeError:
            raise Forged from None
        if not self.same(signatures[0], expected):
            raise Forged
        self.check_moment(moments[0])

    def signature(self, pairs: Iterable[tuple[str, str]]) -> str:
        text = "".join(f"&{name}={self.escaped(value)}" for name, value in self.arranged(pairs) if name != "sig")
        return hashlib.md5((text + str(self.secret)).encode("utf-8")).hexdigest()  # noqa: S324  # the vendor's choice

    def arranged(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return sorted(pairs)

    def escaped(self, value: str) -> str:
        return value.replace("&", "_").replace("=", "_")

    def same(self, told: str, expected: str) -> bool:
        return hmac.compare_digest(told.lower().encode("utf-8", "replace"), expected.encode("ascii"))

    def check_moment(self, moment: str) -> None:
        if not (moment.isascii() and moment.isdigit() and len(moment) <= 12) or not self.is_recent(int(moment)):
            raise Forged

    def is_recent(self, seconds: float) -> bool:
        return abs(seconds) < 10**12 and abs(time.time() - seconds) <= WINDOW

    # ---- tokens ------------------------------------------------------------------------------------------------------

    def verify_token(self, request: Request) -> None:
        values = request.header("authorization")
        if len(values) != 1 or values[0][:7].lower() != "bearer ":
            raise Forged
        claims = self.claims(values[0][7:].strip())
        self.check_hash(claims, request.body)
        self.check_issuer(claims)
        self.check_made(claims)

    def claims(self, token: str) -> Document:
        parts = token.split(".")
        if len(parts) != 3:
            raise Forged
        self.check_token(self.decoded(parts[0]), parts)
        return self.decoded(parts[1])

    def decoded(self, part: str) -> Document:
        try:
            found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (ValueError, RecursionError):
            raise Forged from None
        if not isinstance(found, dict):
            raise Forged
        return found

    def check_token(self, header: Document, parts: list[str]) -> None:
        if header.get("alg") != "HS256" or not hmac.compare_digest(
            parts[2].encode("utf-8", "replace"), self.token_signature(parts)
        ):
            raise Forged

    def token_signature(self, parts: list[str]) -> bytes:
        covered = f"{parts[0]}.{parts[1]}".encode("utf-8", "replace")
        made = hmac.new(str(self.secret).encode(), covered, "sha256").digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=")

    def check_hash(self, claims: Document, body: bytes) -> None:
        if str(claims.get("payload_hash")).lower() != self.hashed(body):
            raise Forged

    def hashed(self, body: bytes) -> str:
        return hashlib.sha256(body).hexdigest()

    def check_issuer(self, claims: Document) -> None:
        if claims.get("iss") != "Vonage":
            raise Forged

    def check_made(self, claims: Document) -> None:
        made = claims.get("iat")
        if isinstance(made, bool) or not isinstance(made, int | float) or not self.is_recent(made):
            raise Forged
        now = time.time()
        ends, begins = claims.get("exp", now), claims.get("nbf", now)
        if not all(isinstance(each, int | float) for each in (ends, begins)):
            raise Forged
        if ends < now - WINDOW or begins > now + WINDOW:
            raise Forged


# ---- as applications -------------------------------------------------------------------------------------------------


class Wsgi:
    """A receiver as a WSGI application; what it raises is answered with 500, as servers do."""

    def __init__(self, receiver: Plain) -> None:
        self.receiver = receiver

    def __call__(self, environ: MutableMapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        try:
            response = self.receiver.answer(wsgi_request(environ))
        except Exception:  # noqa: BLE001  # what a server does
            response = Response(500)
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", list(response.headers.items()))
        return [response.body]


def wsgi_request(environ: MutableMapping[str, Any]) -> Request:
    """The request in a WSGI environment."""
    headers = [(name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")]
    headers.append(("Content-Type", environ.get("CONTENT_TYPE", "")))
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    query = environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "surrogateescape")
    return Request(environ["REQUEST_METHOD"], query, headers, body)


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Asgi:
    """A receiver as an ASGI application; what it raises is answered with 500, as servers do."""

    def __init__(self, receiver: Plain) -> None:
        self.receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await live(receive, send)
        request = await asgi_request(scope, receive)
        try:
            response = await self.respond(request)
        except Exception:  # noqa: BLE001  # what a server does
            response = Response(500)
        headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        return await send({"type": "http.response.body", "body": response.body})

    async def respond(self, request: Request) -> Response:
        if self.receiver.blocks:
            return await asyncio.to_thread(self.receiver.answer, request)
        return self.receiver.answer(request)


async def live(receive: Receive, send: Send) -> None:
    """Starts and ends an application that has nothing to start or end."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def asgi_request(scope: Scope, receive: Receive) -> Request:
    """The request of an ASGI connection, with all of its body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    query = scope.get("query_string", b"").decode("utf-8", "surrogateescape")
    return Request(scope["method"], query, headers, body)
