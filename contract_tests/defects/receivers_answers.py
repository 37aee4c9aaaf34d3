"""Receivers that understand each event and answer wrongly: another status, too late, not again, not in this order, not at once."""

from __future__ import annotations

import asyncio
import threading
import time

from shortcodekit.webhooks import Request, Response

from . import EVENTS, MESSAGES, PARAMETERS, RECEIPT, SMS, STATUS, App
from .plain import Asgi, Document, Plain
from .showing import FORM, QUERY, broken, by, register_app, taken, then, together

# ---- another status --------------------------------------------------------------------------------------------------


@broken(*EVENTS, shows=taken())
class Created(Plain):
    """Answers 201, because a row was created."""

    def done(self, document: Document) -> Response:  # noqa: ARG002
        return Response(201)


@broken(*EVENTS, shows=taken())
class Queued(Plain):
    """Answers 202, because the event was queued."""

    def done(self, document: Document) -> Response:  # noqa: ARG002
        return Response(202)


@broken(*PARAMETERS, shows=taken())
class NothingToSay(Plain):
    """Answers 204 to delivery receipts and inbound SMS, where only 200 ends an event."""

    def done(self, document: Document) -> Response:  # noqa: ARG002
        return Response(204)


@broken(*EVENTS, shows=taken())
class SentElsewhere(Plain):
    """Takes the event, and answers 303 as after a form in a browser."""

    def done(self, document: Document) -> Response:  # noqa: ARG002
        return Response(303, {"Location": "/thanks"})


@broken(*PARAMETERS, shows=then(taken(encoding=FORM), taken(encoding=QUERY)))
class RedirectsGet(Plain):
    """Answers 301 to GET, for an address that ends with a slash."""

    def answer(self, request: Request) -> Response:
        return Response(301, {"Location": "/hook/"}) if request.method == "GET" else super().answer(request)


@broken(
    RECEIPT, STATUS, shows=by({RECEIPT: then(taken(), taken({"status": "failed"})), STATUS: taken(name="opted-out")})
)
class PassesTheFailureOn(Plain):
    """Answers 422 when the event tells of a failure, as if the event had failed."""

    def done(self, document: Document) -> Response:
        failures = ("failed", "rejected", "expired", "undeliverable")
        return Response(422 if document["status"].lower() in failures else 200)


@broken(SMS, shows=then(taken({"text": "Yes", "keyword": "YES"}), taken()))
class ForbidsWhoOptedOut(Plain):
    """Answers 403 to a STOP, and to whatever the same number writes later."""

    def done(self, document: Document) -> Response:
        gone = {str(row["msisdn"]) for row in self.rows if str(row.get("keyword")).upper() == "STOP"}
        return Response(403 if str(document["msisdn"]) in gone else 200)


# ---- too late, too often ---------------------------------------------------------------------------------------------


@broken(
    RECEIPT, STATUS, shows=by({RECEIPT: then(taken(), taken({"status": "failed"})), STATUS: taken(name="opted-out")})
)
class SlowOnFailure(Plain):
    """Writes an e-mail before it answers when a message failed, which takes three seconds."""

    blocks = True

    def handle(self, document: Document) -> None:
        if document["status"].lower() in ("failed", "rejected"):
            time.sleep(3)


@broken(SMS, shows=then(taken({"text": "Yes", "keyword": "YES"}), taken({"text": "Help", "keyword": "HELP"})))
class SlowOnHelp(Plain):
    """Sends the answer to a HELP before it answers the request, which takes three seconds."""

    def handle(self, document: Document) -> None:
        if str(document.get("keyword")).upper() == "HELP":
            time.sleep(3)


@broken(*EVENTS, shows=then(*[taken({"something-new": str(number)}) for number in range(21)]))
class LimitsTheRate(Plain):
    """Answers 429 after twenty events in a minute, as it does to its users."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.moments: list[float] = []

    def answer(self, request: Request) -> Response:
        now = time.monotonic()
        self.moments = [*(each for each in self.moments if now - each < 60), now]
        return Response(429) if len(self.moments) > 20 else super().answer(request)


# ---- again, in another order -----------------------------------------------------------------------------------------


@broken(*EVENTS, shows=then(taken(), taken()))
class RefusesWhatCameBefore(Plain):
    """Answers 409 to an event that it has already taken."""

    def done(self, document: Document) -> Response:
        return Response(409 if document in self.rows[:-1] else 200)


@broken(*EVENTS, shows=then(taken(), taken()))
class UniqueConstraint(Plain):
    """Inserts each event under the message's identifier, and fails with 500 when the row is there."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.keys: set[str] = set()

    def handle(self, document: Document) -> None:
        key = document.get("message_uuid", document.get("messageId"))
        if key is not None and key in self.keys:
            raise ValueError("UNIQUE constraint failed")
        self.keys.add(str(key))


@broken(
    RECEIPT,
    STATUS,
    shows=by(
        {
            RECEIPT: then(taken({"status": "buffered"}), taken({"status": "buffered"}), taken({"status": "delivered"})),
            STATUS: then(taken({"status": "submitted"}), taken({"status": "submitted"}), taken()),
        }
    ),
)
class OneStepPerMessage(Plain):
    """Takes the same event again, and answers 409 to the next step of a message that it knows."""

    def done(self, document: Document) -> Response:
        key = "message_uuid" if self.event == STATUS else "messageId"
        first = next(row for row in self.rows if row.get(key) == document.get(key))
        return Response(200 if first["status"] == document["status"] else 409)


@broken(
    RECEIPT,
    STATUS,
    shows=by(
        {
            RECEIPT: then(taken({"status": "delivered"}), taken({"status": "accepted"})),
            STATUS: then(taken({"status": "delivered"}), taken({"status": "submitted"})),
        }
    ),
)
class OnlyForward(Plain):
    """Answers 409 when an earlier step of a message comes after a later one."""

    def done(self, document: Document) -> Response:
        key = "message_uuid" if self.event == STATUS else "messageId"
        earlier = [row["status"].lower() for row in self.rows if row.get(key) == document.get(key)]
        final = "delivered" in earlier or "read" in earlier
        return Response(409 if final and document["status"].lower() in ("submitted", "accepted", "buffered") else 200)


@broken(STATUS, shows=then(taken({"status": "submitted"}), taken(), taken(name="read")))
class WaitsForSubmitted(Plain):
    """Answers 404 to a step of a message whose `submitted` has not come yet."""

    def done(self, document: Document) -> Response:
        known = {row["message_uuid"] for row in self.rows if row["status"].lower() == "submitted"}
        return Response(200 if document["message_uuid"] in known else 404)


@broken(RECEIPT, STATUS, shows=taken())
class UnknownMessage(Plain):
    """Answers 404 to events of messages that are not in its table, before the sending has been written there."""

    def done(self, document: Document) -> Response:  # noqa: ARG002
        return Response(404)


# ---- at the same time ------------------------------------------------------------------------------------------------


@broken(*PARAMETERS, shows=then(taken(), together(3)))
class OneConnection(Plain):
    """Shares one connection between threads, and fails with 500 when two events come at the same time."""

    busy = False

    def handle(self, document: Document) -> None:  # noqa: ARG002
        if self.busy:
            raise ValueError("cannot start a transaction within a transaction")
        self.busy = True
        time.sleep(0.2)
        self.busy = False


@broken(*PARAMETERS, shows=then(taken(), together(3)))
class OneAtATime(Plain):
    """Takes a lock without waiting for it, and answers 503 to an event that comes meanwhile."""

    def __init__(self, event: str, secret: str | None) -> None:
        super().__init__(event, secret)
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        if not self.lock.acquire(blocking=False):
            return Response(503)
        try:
            time.sleep(0.2)
            return super().answer(request)
        finally:
            self.lock.release()


class SharedBetweenTasks(Asgi):
    """Keeps the current event in an attribute while it awaits, and fails with 500 when another has replaced it."""

    current: Request | None = None

    async def respond(self, request: Request) -> Response:
        self.current = request
        await asyncio.sleep(0.01)
        if self.current is not request:
            raise ValueError("another event's transaction")
        return await super().respond(request)


def _shared(event: str, secret: str | None) -> App:
    return SharedBetweenTasks(Plain(event, secret))


register_app(SharedBetweenTasks, _shared, *MESSAGES, shows=then(taken(), together(3)))
