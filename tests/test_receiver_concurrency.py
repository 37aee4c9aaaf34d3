"""One receiver between many threads and tasks: mixed events, signed and forged, good and bad, each as often as it comes.

Each event carries a text that is computed from its number, so that a model which is mixed up with another one is noticed. What has
to come of a request is known when it is made: the answer, and whether it is handled. The results are exact: each event is handled
once, however many copies of it come, by whichever thread or event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import pytest
from attrs import Factory, define, frozen

from shortcodekit.signing import signature
from shortcodekit.webhooks import Answered, Event, JwtSecret, Receiver, Request, SigSecret, Verifier

from .copies import STORES, opened, threads_that_change_often

SECRET: Final = "a-secret-of-nobody-that-is-long-enough"
NOW: Final = 1_900_000_000
EVENTS: Final = 40
"""Of each kind."""
COPIES: Final = 3
KINDS: Final = ("delivery-receipt", "inbound-sms", "message-status", "inbound-message")


@frozen
class Sent:
    """A request and what has to come of it."""

    path: str
    request: Request
    status: int


@define
class Inbox:
    """A receiver for all four kinds, two of them with plain handlers, and what was handled."""

    receiver: Receiver
    handled: list[tuple[str, str]] = Factory(list)
    """The path and the text of each event."""
    answered: Counter[tuple[str | None, str, int]] = Factory(Counter)
    lock: threading.Lock = Factory(threading.Lock)

    def __attrs_post_init__(self) -> None:
        self.receiver.on_answer = self.count
        for number, (kind, fails) in enumerate(itertools.product(KINDS, (False, True))):
            path = f"/{kind}{'/fails-once' if fails else ''}"
            self.receiver.on(kind, path)(self.handler(path, fails=fails, is_async=number % 4 >= 2))

    def count(self, answered: Answered) -> None:
        with self.lock:
            self.answered[answered.event, answered.outcome, answered.status] += 1

    def handler(self, path: str, *, fails: bool, is_async: bool) -> Any:
        failed: set[str] = set()

        def take(model: Any) -> None:
            text = _text(model)
            if fails and text not in failed:
                failed.add(text)
                raise LookupError("no such customer")
            self.handled.append((path, text))

        def handle(model: Any) -> None:
            time.sleep(0.001)
            take(model)

        async def handle_async(model: Any) -> None:
            await asyncio.sleep(0.001)
            take(model)

        return handle_async if is_async else handle


def _text(model: Any) -> str:
    """What identifies the event; all parts of it tell the same, unless they are mixed up."""
    if hasattr(model, "message_id"):
        parts = {model.message_id, model.client_ref if hasattr(model, "client_ref") else model.text, model.to}
    else:
        said = model.message.content.text if hasattr(model, "message") else model.client_ref
        parts = {model.message_uuid[-8:], said, model.to.number}
    (text,) = parts
    assert json.loads(json.dumps(model.raw)) == model.raw
    return str(text)


def _document(kind: str, text: str) -> dict[str, Any]:
    if kind == "delivery-receipt":
        return {"msisdn": "15550100001", "to": text, "status": "Delivered", "messageId": text, "client-ref": text}
    if kind == "inbound-sms":
        return {"msisdn": "15550100001", "to": text, "text": text, "messageId": text}
    document = {
        "message_uuid": f"aaaaaaaa-bbbb-4ccc-8ddd-0123{text}",
        "to": {"type": "whatsapp", "number": text},
        "from": {"type": "whatsapp", "number": "15550100001"},
        "timestamp": "2020-01-01T14:00:00.000Z",
    }
    if kind == "message-status":
        return {**document, "status": "read", "client_ref": text}
    return {**document, "message": {"content": {"type": "text", "text": text}}}


def _signed(document: dict[str, Any], attempt: int) -> dict[str, Any]:
    signed = {**document, "timestamp": str(NOW), "nonce": f"{attempt}"}
    return {**signed, "sig": signature(list(signed.items()), SECRET, "sha256")}


def _request(kind: str, text: str, attempt: int) -> Request:
    """An attempt at delivering an event, with a signature or a token of its own."""
    document = _document(kind, text)
    if kind in ("delivery-receipt", "inbound-sms"):
        signed = _signed(document, attempt)
        if attempt % 2:
            return Request("POST", "", {"Content-Type": "application/json"}, json.dumps(signed).encode())
        return Request("GET", urlencode(signed))
    body = json.dumps(document).encode()
    claims = {"iat": NOW, "jti": f"{attempt}", "iss": "Vonage", "payload_hash": hashlib.sha256(body).hexdigest()}
    return Request("POST", "", {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}, body)


def _forged(request: Request) -> Request:
    if request.method == "GET":
        return Request("GET", request.query.replace("Delivered", "Failed").replace("text=", "text=x"))
    return Request("POST", "", request.headers, request.body.replace(b"155501", b"155502"))


@cache
def _traffic() -> list[Sent]:
    """Copies of many events, forgeries, and what is no event."""
    traffic = []
    for kind, number, attempt in itertools.product(KINDS, range(EVENTS), range(COPIES)):
        request = _request(kind, f"{number:08X}", attempt)
        traffic.append(Sent(f"/{kind}", request, 200))
        if attempt == 0:
            traffic.append(Sent(f"/{kind}", _forged(request), 401))
        if attempt < 2 and number % 4 == 0:
            traffic.append(Sent(f"/{kind}/fails-once", request, 0))
    malformed = Request("GET", urlencode(_signed({"to": "96167"}, 0)))
    return traffic + [Sent("/nowhere", malformed, 404), Sent("/inbound-sms", malformed, 400)] * 5


async def _all(receiver: Receiver, part: list[Sent]) -> list[int]:
    answers = await asyncio.gather(*(receiver.handle_async(each.path, each.request) for each in part))
    return [answer.status for answer in answers]


def _one_by_one(receiver: Receiver, part: list[Sent]) -> list[int]:
    return [receiver.handle(each.path, each.request).status for each in part]


def _in_a_loop(receiver: Receiver, part: list[Sent]) -> list[int]:
    return asyncio.run(_all(receiver, part))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return opened(request.param, request, tmp_path)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Failures are meant to be, and their tracebacks take long to write."""
    with caplog.at_level("CRITICAL", logger="shortcodekit.webhooks"):
        yield


@pytest.mark.parametrize("threads", [2, 32])
@pytest.mark.parametrize(
    "drivers",
    [[_one_by_one] * 8, [_in_a_loop], [_one_by_one, _in_a_loop] * 3],
    ids=["threads", "one event loop", "threads and event loops"],
)
def test_each_event_is_handled_once_whoever_asks_and_every_answer_is_right(
    drivers: list[Any], threads: int, store: Any
) -> None:
    chance = random.Random(threads)  # noqa: S311  # nobody has to be kept from guessing it
    verify: list[Verifier] = [SigSecret(SECRET, "sha256"), JwtSecret(SECRET)]
    inbox = Inbox(Receiver(verify=verify, replay=store, threads=threads, patience=60, clock=lambda: NOW))
    traffic = list(_traffic())
    chance.shuffle(traffic)
    parts = [traffic[number :: len(drivers)] for number in range(len(drivers))]
    with threads_that_change_often(), ThreadPoolExecutor(len(drivers)) as running:
        told = list(running.map(lambda driver, part: driver(inbox.receiver, part), drivers, parts))
    statuses = list(zip(itertools.chain(*parts), itertools.chain(*told), strict=True))
    assert [(sent.path, sent.status, status) for sent, status in statuses if sent.status not in (0, status)] == []
    usual = [(f"/{kind}", f"{number:08X}") for kind in KINDS for number in range(EVENTS)]
    again = [(f"/{kind}/fails-once", f"{number:08X}") for kind in KINDS for number in range(0, EVENTS, 4)]
    assert sorted(inbox.handled) == sorted(usual + again)
    failing = Counter(status for sent, status in statuses if sent.status == 0)
    assert failing == {500: len(again), 200: len(again)}
    outcomes = Counter(outcome for _, outcome, _ in inbox.answered.elements())
    assert outcomes == {
        "handled": len(usual) + len(again),
        "repeated": len(usual) * (COPIES - 1),
        "failed": len(again),
        "not-verified": len(usual),
        "malformed": 5,
        "no-such-path": 5,
    }
    inbox.receiver.close()


def test_an_event_that_many_threads_look_at_first_is_the_same_to_all_of_them() -> None:
    for number in range(50):
        request = Request("GET", urlencode(_document("inbound-sms", f"{number:08X}")))
        event, together = Event("inbound-sms", "/events", request), threading.Barrier(8)

        def look(_: int, event: Event = event, together: threading.Barrier = together) -> tuple[str, str | None]:
            together.wait(30)
            return _text(event.model), event.key

        with ThreadPoolExecutor(8) as threads:
            seen = set(threads.map(look, range(8)))
        assert seen == {(f"{number:08X}", Event("inbound-sms", "/events", request).key)}
