"""What type checkers tell people who receive webhooks: a right program passes `mypy --strict`, each mistake is reported.

One mistake stands on each line, so that none hides behind another.
"""

from __future__ import annotations

import re
from pathlib import Path

from .type_checking import mypy

RIGHT = """
import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from wsgiref.simple_server import make_server

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from shortcodekit import alerts, messages, opt_in
from shortcodekit.webhooks import (
    Advice,
    Answered,
    Event,
    EventBusy,
    JwtSecret,
    MalformedWebhook,
    MemoryStore,
    Receiver,
    Request,
    Response,
    SigSecret,
    SqliteStore,
    State,
    Store,
    VerificationFailed,
    Verifier,
    advice,
    delivery_receipt,
    handle_once,
    inbound_message,
    inbound_sms,
    message_status,
    verify_jwt,
    verify_sig,
)


def counted(answered: Answered) -> None:
    event: str | None = answered.event
    seconds: float = answered.seconds
    logging.info("%s %s %d %s", event, answered.outcome, answered.status, answered.reason)


receiver = Receiver(
    verify=[SigSecret("old"), SigSecret("new", method="sha256", tolerance=60.0), JwtSecret("new")],
    replay=SqliteStore("events.sqlite"),
    on_answer=counted,
    max_bytes=10_000,
)
Receiver(verify=SigSecret("secret"))
Receiver(verify=(JwtSecret("secret"),), replay=MemoryStore())
Receiver(verify=None)


@receiver.on("delivery-receipt", "/receipts")
def received(receipt: alerts.models.DeliveryReceipt) -> None:
    number: str = receipt.msisdn
    what: Advice = advice(receipt)
    if what.stop_writing or what.opted_out:
        print(number)


@receiver.on("inbound-sms", "/texts")
async def answered(text: opt_in.models.InboundSms) -> int:
    await asyncio.sleep(0)
    return len(advice(text).codes)


@receiver.on("message-status", "/statuses")
def changed(status: messages.models.MessageStatus) -> None:
    final: bool | None = advice(status).final


@receiver.accept("inbound-message", "/messages")
def queued(event: Event) -> None:
    text: str = event.to_json()
    again: Event = Event.from_json(text)
    key: str | None = again.key


count: int = asyncio.run(answered(inbound_sms(Request("GET", "msisdn=16365553226&to=96167"))))  # still a coroutine function
received(delivery_receipt(Request("GET", "msisdn=16365553226&status=delivered")))  # and this still a plain one


def by_hand(headers: Mapping[str, str], body: bytes) -> messages.models.MessageStatus | None:
    request = Request("POST", headers=headers, body=body)
    try:
        verify_jwt(request, "secret", now=datetime.now(timezone.utc))
        verify_sig(request, "secret", method="sha512", now=1.5)
        message: messages.models.InboundMessage = inbound_message(request, max_bytes=1000)
        print(message.from_, advice(message).opted_in)
        return message_status(request)
    except VerificationFailed as error:
        print(error.reason)
    except MalformedWebhook as error:
        status: int = error.http_status
        field: str = error.field
    return None


async def framework(path: str, pairs: list[tuple[str, str]]) -> Response:
    response: Response = receiver.handle(path, Request("GET", query="", headers=pairs))
    return await receiver.handle_async(path, Request("GET"))


def work(text: str, store: Store) -> bool:
    def handler(model: object) -> None: ...

    try:
        return handle_once(Event.from_json(text), handler, replay=store, seconds=60.0)
    except EventBusy:
        raise


class Own:
    blocks = False

    def claim(self, key: str, owner: str) -> State:
        return State.CLAIMED

    def finish(self, key: str, owner: str, seconds: float) -> None: ...

    def release(self, key: str, owner: str, seconds: float) -> None: ...

    def verify(self, request: Request, now: float | None = None) -> None: ...


Receiver(verify=[Own(), SigSecret("secret")], replay=Own())
make_server("127.0.0.1", 0, receiver.wsgi)
Starlette(routes=[Mount("/hooks", app=receiver.asgi)])
uvicorn.run(receiver.asgi)
receiver.close()
"""

WRONG = """
from shortcodekit import Alert, webhooks
from shortcodekit.webhooks import Answered, Event, JwtSecret, MemoryStore, Receiver, Request, SigSecret, advice
receiver, request = Receiver(verify=None), Request("GET")
Receiver()
Receiver(SigSecret("secret"))
Receiver(verify="secret")
Receiver(verify=["secret"])
Receiver(verify=None, replay="events.sqlite")
Receiver(verify=None, on_answer=print, max_bytes="1")
Receiver(verify=None, on_answer=lambda answered: answered.body)
SigSecret(b"secret")
SigSecret("secret", "sha256", 60.0)
JwtSecret("secret", method="sha256")
receiver.on("inbound-sms")
receiver.on("inbound-sms", "/x", print)
receiver.on("inbound-sms", path=b"/x")
receiver.on("inbound-sms", "/x")("handler")
receiver.on("inbound-sms", "/x")(lambda: None)
receiver.accept("inbound-sms", "/x")(lambda event, more: None)
receiver.on("inbound-sms", "/x")(len)([]).missing
receiver.handle("/x", "msisdn=16365553226")
receiver.handle(request, "/x")
receiver.handle_async("/x", request).status
Request()
Request("POST", body="text")
Request("GET", query=b"msisdn=16365553226")
Request("GET", headers={"Content-Type": 1})
webhooks.delivery_receipt("msisdn=16365553226")
webhooks.delivery_receipt(request, 1000)
webhooks.delivery_receipt(request).text
webhooks.inbound_sms(request).status
webhooks.message_status(request).msisdn
webhooks.inbound_message(request).text
webhooks.verify_sig(request)
webhooks.verify_sig(request, b"secret")
webhooks.verify_sig(request, "secret", now="2020-01-01")
webhooks.verify_jwt(request, "secret", method="sha256")
if webhooks.verify_jwt(request, "secret"): pass
advice(Alert(to="16365553226"))
advice(request)
advice(webhooks.inbound_sms(request)).unsubscribed
advice(webhooks.inbound_sms(request)).opted_out = False
webhooks.handle_once("{}", print, replay=MemoryStore())
webhooks.handle_once(Event("inbound-sms", "/x", request), print)
Event.from_json({}).model
Answered("inbound-sms", "/x", "200", "handled", 0.1)
"""


OF_ANOTHER_EVENT = """
from shortcodekit import opt_in
from shortcodekit.webhooks import Event, Receiver
receiver = Receiver(verify=None)
def texted(text: opt_in.models.InboundSms) -> None: ...
def queued(event: Event) -> None: ...
receiver.on("delivery-receipt", "/x")(texted)
receiver.on("inbound-sms", "/x")(queued)
receiver.accept("inbound-sms", "/x")(texted)
"""


def missed(program: str, first: int, folder: Path) -> list[str]:
    """The lines from the `first` one on of which nothing is reported; nothing may be said of those before."""
    lines = program.splitlines()
    reported = {int(found[1]) for line in mypy(program, folder) if (found := re.search(r"program.py:(\d+):", line))}
    assert min(reported, default=first) >= first
    return [line for number, line in enumerate(lines, 1) if number >= first and number not in reported]


def test_a_right_program_passes(tmp_path: Path) -> None:
    assert mypy(RIGHT, tmp_path) == []


def test_each_mistake_is_reported(tmp_path: Path) -> None:
    assert missed(WRONG, 5, tmp_path) == []


def test_a_handler_of_another_event_is_reported(tmp_path: Path) -> None:
    assert missed(OF_ANOTHER_EVENT, 7, tmp_path) == []
