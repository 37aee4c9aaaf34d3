"""Receivers that fail for what is no event, or do not get over it: they crash, do not answer, or take no event after it."""

from __future__ import annotations

import asyncio
import json
import threading
from urllib.parse import parse_qsl

from shortcodekit.webhooks import Request, Response

from . import EVENTS, MESSAGES, PARAMETERS, App
from .plain import Asgi, Document, Malformed, Plain, Receive, Scope, Send, asgi_request, live
from .showing import FORM, answered, broken, register_app, taken, then


@broken(*EVENTS, shows=then(taken(), answered(b'{"msisdn": "447700900000", "sta')))
class CrashesOnHalfADocument(Plain):
    """Fails with 500 when JSON is cut short."""

    def json(self, body: bytes) -> Document:
        document = json.loads(body)
        if not isinstance(document, dict):
            raise Malformed
        return document


@broken(*EVENTS, shows=then(answered(b"{"), answered(b"[1, 2]")))
class CrashesOnAList(Plain):
    """Takes all JSON for an object, and fails with 500 for a list."""

    def json(self, body: bytes) -> Document:
        try:
            document: Document = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed from None
        return document


@broken(*EVENTS, shows=then(answered(b"{"), answered(b'{"a":' * 100_000)))
class CrashesOnDepth(Plain):
    """Catches what is wrong with JSON but not its depth, and fails with 500 when it is nested too deep."""

    def json(self, body: bytes) -> Document:
        try:
            document = json.loads(body)
        except ValueError:
            raise Malformed from None
        if not isinstance(document, dict):
            raise Malformed
        return document


@broken(*PARAMETERS, shows=then(answered(b"msisdn", label=FORM), answered(b"msisdn=1&text=%FF", label=FORM)))
class CrashesOnOtherCharsets(Plain):
    """Fails with 500 for a form that is not in UTF-8."""

    def form(self, body: bytes) -> Document:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))


@broken(*EVENTS, shows=then(taken(), answered(b"{}")))
class CrashesOnNothing(Plain):
    """Reads the keys that every event has without looking, and fails with 500 when they are absent."""

    def take(self, document: Document) -> None:
        for key in ("message_uuid", "to", "from") if self.event in MESSAGES else ("msisdn",):
            str(document[key])
        super().take(document)


@broken(
    *MESSAGES, shows=then(taken(), answered(b'{"message_uuid": "1", "timestamp": "now", "to": null, "from": null}'))
)
class CrashesOnNull(Plain):
    """Takes `from` for an object, and fails with 500 when it is null."""

    def check_message(self, document: Document) -> None:
        document.get("from", {}).get("type")
        super().check_message(document)


class NeverAnswers:
    """Returns without an answer when a body is not what it expects."""

    def __init__(self, receiver: Plain) -> None:
        self.receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await live(receive, send)
        response = self.receiver.answer(await asgi_request(scope, receive))
        if response.status == 400:
            return None
        await send({"type": "http.response.start", "status": response.status, "headers": []})
        return await send({"type": "http.response.body", "body": b""})


def _never(event: str, secret: str | None) -> App:
    return NeverAnswers(Plain(event, secret))


register_app(NeverAnswers, _never, *EVENTS, shows=then(taken(), answered(b"{")))


class WaitsForMore(Asgi):
    """Waits for the rest of a body that is not what it expects, until the other side has gone."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if response.status == 400:
            await asyncio.sleep(3)
        return response


def _waits(event: str, secret: str | None) -> App:
    return WaitsForMore(Plain(event, secret))


register_app(WaitsForMore, _waits, *MESSAGES, shows=then(taken(), answered(b"{")))


@broken(*EVENTS, shows=then(taken(), answered(b"{"), taken()))
class BreakerStaysOpen(Plain):
    """Stops taking events after the first that is malformed, and answers 503 from then on."""

    open = False

    def answer(self, request: Request) -> Response:
        if self.open:
            return Response(503)
        response = super().answer(request)
        self.open = response.status == 400
        return response


@broken(*EVENTS, shows=then(taken(), answered(b"{"), taken()))
class LockIsNotReleased(Plain):
    """Keeps the lock when what arrived is malformed, and every later event fails for want of it."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.lock = threading.Lock()

    def read(self, request: Request) -> Document:
        if not self.lock.acquire(timeout=0.05):
            raise TimeoutError
        document = super().read(request)
        self.lock.release()
        return document


@broken(*EVENTS, shows=then(taken({"something-new": "1"}), answered(b"\x00\xff"), taken()))
class TransactionIsAborted(Plain):
    """Does not roll back what a malformed request began, and the next event fails with 500; then it goes on."""

    aborted = False

    def answer(self, request: Request) -> Response:
        if self.aborted:
            self.aborted = False
            raise ValueError("current transaction is aborted")
        response = super().answer(request)
        self.aborted = response.status == 400
        return response
