"""Delivering without a sandbox around it: what is kept and told of an attempt, and what a fault of the sandbox's own does to others."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.loopback import Answer, Recorder, recording
from contract_tests.sandbox.telling import NOW, Teller
from contract_tests.sandboxed import PHONE, hooks
from shortcodekit.contract.message_laws import examples
from shortcodekit.sandbox.delivery import Delivered, Delivery


@pytest.fixture
def teller(server: Recorder) -> Iterator[Teller]:
    made = Teller(**hooks(server.address), receipt_method="POST-JSON", sign_webhooks=True)
    yield made
    made.store.close()


def _delivered(teller: Teller, seconds: float = 1) -> list[Delivered]:
    """What is told while so many seconds pass."""
    told: list[Delivered] = []

    async def run() -> None:
        delivery = Delivery(teller.service)
        delivery.tell.append(told.append)
        try:
            await delivery.advance(seconds)
        finally:
            await delivery.aclose()

    asyncio.run(run())
    return told


def _states(teller: Teller) -> list[str]:
    return [event["state"] for message in teller.store.messages(limit=10) for event in message["events"]]


def test_what_is_kept_of_an_attempt_is_all_that_a_person_needs_and_no_token(server: Recorder, teller: Teller) -> None:
    server.answers = [Answer(503, "text/plain", b"caf\xc3\xa9 \xff" + b"x" * 3000), Answer(204)]
    teller.message({**examples()["whatsapp-text"], "client_ref": "é"})
    _delivered(teller, 0.3)
    (request,) = server.take()
    (kept,) = teller.store.attempts(limit=10)
    assert 0 < kept.pop("seconds") < 60
    authorization = dict(request.headers)["authorization"]
    assert authorization.startswith("Bearer ey")
    curl = kept.pop("curl")
    assert curl.startswith(f"curl '{server.address}/message-status' ")
    assert "Bearer" in curl
    assert authorization.removeprefix("Bearer ") not in curl
    assert kept == {
        "id": 1, "event": 1, "message": 1, "webhook": "message-status", "number": 1, "at": NOW + 0.2,
        "request": {
            "method": "POST",
            "url": f"{server.address}/message-status",
            "headers": {"content-type": "application/json", "authorization": "Bearer …"},
            "body": request.body.decode("ascii"),
        },
        "status": 503,
        "answer": "café \ufffd" + "x" * (2000 - 7),
        "error": None,
        "taken": False,
        "next_try": NOW + 5.2,
    }  # fmt: skip
    _delivered(teller, 10)
    told = [(each["event"], each["number"], each["status"], each["taken"]) for each in teller.store.attempts(limit=10)]
    assert told == [(1, 2, 204, True), (3, 1, 204, True), (2, 1, 204, True), (1, 1, 503, False)]
    assert [each["id"] for each in teller.store.attempts(limit=2, before=4)] == [3, 2]
    assert _states(teller) == ["taken"] * 3


def test_each_attempt_is_told_without_what_it_says(server: Recorder, teller: Teller) -> None:
    teller.service.settings.receipt_method = "GET"
    server.answers = [Answer(500), Answer(200)]
    teller.alert(status_report_req="1")
    url = f"{server.address}/delivery-receipt"
    assert _delivered(teller, 1) == [Delivered("delivery-receipt", "GET", url, 1, 500, None, taken=False, wait=5.0)]
    assert _delivered(teller, 5) == [Delivered("delivery-receipt", "GET", url, 2, 200, None, taken=True, wait=None)]
    first, second = server.take()
    assert b"&message-timestamp=2020-09-13+12%3A26%3A40&" in first.line
    assert b"&message-timestamp=2020-09-13+12%3A26%3A45&" in second.line
    assert dict(first.headers) == {
        "Host": server.address.removeprefix("http://"), "Accept-Encoding": dict(first.headers)["Accept-Encoding"],
        "Connection": "keep-alive", "user-agent": "shortcodekit-sandbox", "accept": "*/*",
    }  # fmt: skip


def test_events_go_to_their_receiver_and_by_no_proxy(
    server: Recorder, teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    teller.service.settings.receipt_url = f"{server.address}/a?b=c?d"
    teller.alert(status_report_req="1")
    (told,) = _delivered(teller)
    assert (told.url, told.status) == (f"{server.address}/a", 200)


def test_a_receiver_that_is_not_there_is_told_of_and_asked_again(teller: Teller) -> None:
    with recording() as gone:
        teller.service.settings.receipt_url = gone.address
    teller.alert(status_report_req="1")
    first, second = _delivered(teller, 6)
    assert (first.status, first.number, first.taken, first.wait) == (None, 1, False, 5.0)
    assert (second.status, second.number, second.taken, second.wait) == (None, 2, False, 10.0)
    assert first.error is not None
    assert first.error.startswith("ConnectError: ")
    assert [each["error"] for each in teller.store.attempts(limit=2)] == [first.error] * 2


def test_an_event_that_cannot_be_sent_is_given_up_logged_and_no_harm_to_others(
    server: Recorder, teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        teller.alert(status_report_req="1")
    teller.store._file.execute("UPDATE events SET document = 'no JSON' WHERE id = 1")  # as no sandbox does
    caplog.set_level(logging.ERROR)
    assert [each.taken for each in _delivered(teller)] == [True]
    assert len(server.take()) == 1
    assert _states(teller) == ["taken", "given-up"]
    (record,) = caplog.records
    assert record.getMessage() == "an event of delivery-receipt could not be sent, and is given up"
    assert record.exc_info is not None
    assert record.exc_info[0] is not None
    assert issubclass(record.exc_info[0], ValueError)
    assert _delivered(teller, 100) == []


def test_many_events_are_sent_side_by_side_and_each_once(server: Recorder, teller: Teller) -> None:
    teller.store.set_templates({0: "x"})
    for number in range(20):
        teller.alert(client_ref=str(number), status_report_req="1")
        teller.text(PHONE, str(number), to="14155550100")
    told = _delivered(teller)
    assert len(told) == len(server.take()) == 40
    assert {each.taken for each in told} == {True}
    assert teller.store.pending() == 0


def test_advancing_moves_the_clock_to_its_end_and_remembers_it(teller: Teller) -> None:
    _delivered(teller, 7.5)
    assert teller.service.clock.now() == NOW + 7.5
    assert float(teller.store.facts["clock"]) == NOW + 7.5
    assert teller.store.latest() == NOW + 7.5


def test_how_long_it_waits_goes_by_the_next_event_and_by_how_fast_time_passes(teller: Teller) -> None:
    async def waits() -> list[Any]:
        delivery = Delivery(teller.service)
        teller.service.wake(NOW)  # before it has looked for anything
        alone = delivery._wait(NOW), delivery._until  # what no sandbox tells
        teller.alert(status_report_req="1")
        soon = delivery._wait(NOW), delivery._until  # as above
        teller.service.clock.scale = 100
        quick = delivery._wait(NOW)  # as above
        await delivery.aclose()
        return [*alone, *soon, quick]

    alone, until, soon, due, quick = asyncio.run(waits())
    assert (alone, until) == (3600.0, math.inf)
    assert (round(soon, 6), round(due - NOW, 6)) == (0.2, 0.2)
    assert round(quick, 6) == 0.002
