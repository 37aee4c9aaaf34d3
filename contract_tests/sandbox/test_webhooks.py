"""The sandbox's webhooks: how they travel, how they are signed, when they come again, and what is kept of each attempt."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from contract_tests.apis import Api
from contract_tests.loopback import Answer, Recorder
from contract_tests.peers import METHODS, parameters, signed_by_hand
from contract_tests.sandboxed import PHONE, STILL, alert, as_request, hooks, message, served, until
from shortcodekit.sandbox import Sandbox, delivery
from shortcodekit.webhooks import JwtSecret, Receiver, Request, SigSecret, delivery_receipt, inbound_sms, message_status

WAITS = [5, 10, 20, 40, 80, 160, 320, 640]
"""Seconds, and then 900 again and again: "Published elsewhere: retries of webhooks"."""
BODIES = {"GET": "", "POST": "application/x-www-form-urlencoded", "POST-JSON": "application/json"}


@pytest.fixture
def sandbox(hooked: Sandbox) -> Sandbox:
    return hooked


def came(server: Recorder) -> Request:
    """The one request that came, as receivers take it."""
    (recorded,) = server.take()
    return as_request(recorded)


# ---- how they travel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", BODIES)
def test_a_receipt_travels_as_the_account_asks_and_is_read(server: Recorder, sandbox: Sandbox, method: str) -> None:
    sandbox.configure(receipt_method=method)
    number = alert(sandbox, **{"client-ref": "é & 1"})
    sandbox.advance(seconds=1)
    (recorded,) = server.recorded
    request = came(server)
    assert recorded.line.startswith(f"{method.partition('-')[0]} /delivery-receipt".encode())
    assert {name.lower(): value for name, value in recorded.headers}.get("content-type", "") == BODIES[method]
    receipt = delivery_receipt(request)
    assert Api("alerts").validator("DeliveryReceipt").is_valid(receipt.to_dict())
    assert (receipt.msisdn, receipt.to, receipt.message_id) == (PHONE, "96167", number)
    assert (receipt.status, receipt.err_code, receipt.client_ref) == ("delivered", "0", "é & 1")
    assert (receipt.network_code, receipt.price) == ("310004", "0.02000000")
    now = datetime.fromtimestamp(sandbox.now, UTC)
    assert receipt.message_timestamp_utc
    assert receipt.scts_utc
    assert timedelta(0) <= now - receipt.message_timestamp_utc < timedelta(seconds=10)
    assert timedelta(0) <= now - receipt.scts_utc < timedelta(minutes=2)


def test_there_is_a_receipt_for_each_part_and_none_unless_it_is_asked_for(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.set_templates({0: "${text} ${server} ${link}"})
    alert(sandbox, text="x" * 400)
    alert(sandbox, text="x", **{"status-report-req": False})
    sandbox.advance(seconds=1)
    ids = [delivery_receipt(as_request(each)).message_id for each in server.take()]
    assert sorted(map(str, ids)) == sorted(each["message-id"] for each in sandbox.messages[1]["parts"])
    assert len(ids) == 3


@pytest.mark.parametrize("method", BODIES)
def test_an_inbound_text_travels_as_the_account_asks_and_is_read(
    server: Recorder, sandbox: Sandbox, method: str
) -> None:
    sandbox.configure(inbound_method=method)
    sent = sandbox.phone(PHONE).text("stop é & 😀+%")
    sandbox.advance(seconds=1)
    sms = inbound_sms(came(server))
    assert (sms.msisdn, sms.to, sms.message_id) == (PHONE, "96167", sent["message_id"])
    assert (sms.text, sms.type_, sms.keyword) == ("stop é & 😀+%", "unicode", "STOP")
    assert Api("opt_in").validator("InboundSms").is_valid(sms.to_dict())


def test_a_long_inbound_text_travels_in_parts_of_one_reference(server: Recorder, sandbox: Sandbox) -> None:
    text = "".join(chr(97 + number % 26) for number in range(400))
    sandbox.phone(PHONE).text(text)
    sandbox.advance(seconds=1)
    parts = [inbound_sms(as_request(each)) for each in server.take()]
    assert [(each.concat, str(each.concat_part), str(each.concat_total)) for each in parts] == [
        (True, str(number), "3") for number in (1, 2, 3)
    ]
    assert len({each.concat_ref for each in parts}) == 1
    assert "".join(str(each.text) for each in parts) == text


def test_a_query_of_the_receivers_own_stays_in_its_address(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.configure(
        receipt_url=f"{server.address}/hook?token=a%20b&x=", sign_webhooks=True, signature_method="sha256"
    )
    alert(sandbox)
    sandbox.advance(seconds=1)
    (recorded,) = server.take()
    assert recorded.line.startswith(b"GET /hook?token=a%20b&x=&msisdn=")
    pairs = parameters(recorded)
    assert dict(pairs)["sig"] == signed_by_hand(pairs, sandbox.signature_secret, "sha256")


# ---- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature", METHODS)
@pytest.mark.parametrize("method", BODIES)
def test_receivers_take_what_is_signed_by_any_method_and_nobody_elses(
    server: Recorder, sandbox: Sandbox, method: str, signature: str
) -> None:
    sandbox.configure(sign_webhooks=True, receipt_method=method, inbound_method=method, signature_method=signature)
    sandbox.advance(days=2)
    alert(sandbox, **{"client-ref": "a&b=c é"})
    sandbox.phone(PHONE).text("x&y=z é")
    sandbox.advance(seconds=1)
    for recorded in server.take():
        pairs = parameters(recorded)
        assert dict(pairs)["sig"].lower() == signed_by_hand(pairs, sandbox.signature_secret, signature)
        assert dict(pairs)["api-key"] == sandbox.api_key
        assert abs(int(dict(pairs)["timestamp"]) - time.time()) < 60, "by the real time"
        SigSecret(sandbox.signature_secret, signature).verify(as_request(recorded))
        with pytest.raises(Exception, match="signature"):
            SigSecret(f"{sandbox.signature_secret}x", signature).verify(as_request(recorded))


def test_a_receiver_takes_signed_events_of_all_kinds_and_handles_each_once() -> None:
    with Sandbox(sign_webhooks=True, time_scale=STILL) as sandbox:
        verify = [SigSecret(sandbox.signature_secret), JwtSecret(sandbox.signature_secret)]
        heard: list[Any] = []
        receiver = Receiver(verify=verify)
        for event in ("delivery-receipt", "inbound-sms", "message-status", "inbound-message"):
            receiver.on(event, f"/{event}")(heard.append)
        with served(receiver) as base:
            sandbox.configure(**hooks(base))
            sandbox.faults.add(copies=3)
            alert(sandbox)
            message(sandbox)
            sandbox.phone(PHONE).text("Hello")
            sandbox.phone(PHONE).send("whatsapp", text="Hello", to="14155550100")
            sandbox.advance(seconds=1)
        kinds = sorted(type(each).__name__ for each in heard)
        assert kinds == ["DeliveryReceipt", "InboundSms", "MessageStatus", "MessageStatus", "WhatsappInbound"]
        assert [each["status"] for each in sandbox.webhooks] == [200] * 15


def test_a_receiver_refuses_what_is_not_signed_and_it_comes_again() -> None:
    with Sandbox(time_scale=STILL) as sandbox:
        receiver = Receiver(verify=JwtSecret(sandbox.signature_secret))
        heard: list[Any] = []
        receiver.on("message-status", "/message-status")(heard.append)
        with served(receiver) as base:
            sandbox.configure(status_url=f"{base}/message-status")
            message(sandbox)
            sandbox.advance(seconds=1)
            assert [each["status"] for each in sandbox.webhooks] == [401, 401]
            sandbox.configure(sign_webhooks=True)
            sandbox.advance(seconds=10)
        assert sorted(each.status for each in heard) == ["delivered", "submitted"]


# ---- when they come again --------------------------------------------------------------------------------------------


def begin(sandbox: Sandbox, kind: str) -> None:
    """Something that leads to one event of a kind."""
    if kind == "receipt":
        alert(sandbox)
    elif kind == "inbound":
        sandbox.phone(PHONE).text("Hello")
    elif kind == "message":
        sandbox.phone(PHONE).send("whatsapp", text="Hello", to="14155550100")
    else:
        sandbox.faults.add(receipt_status="delivered", times=1)
        message(sandbox)


def moments(sandbox: Sandbox, event: int | None = None) -> list[datetime]:
    """When there were attempts, oldest first; of one event, or of all."""
    attempts = [each for each in sandbox.webhooks[::-1] if event in {None, each["event"]}]
    return [datetime.fromisoformat(each["at"]) for each in attempts]


@pytest.mark.parametrize(("kind", "hours"), [("receipt", 72), ("inbound", 24), ("status", 24), ("message", 24)])
def test_an_event_comes_again_on_schedule_until_its_time_is_over(
    server: Recorder, sandbox: Sandbox, kind: str, hours: int
) -> None:
    server.answers = [Answer(500)]
    begin(sandbox, kind)
    sandbox.advance(hours=hours - 1)
    event = sandbox.webhooks[0]["event"]
    at = moments(sandbox, event)
    gaps = [round((later - sooner).total_seconds()) for sooner, later in pairwise(at)]
    assert gaps == WAITS + [900] * (len(gaps) - len(WAITS))
    sandbox.advance(hours=2)
    ended = moments(sandbox, event)
    assert timedelta(hours=hours) - timedelta(seconds=900) < ended[-1] - ended[0] <= timedelta(hours=hours)
    assert sandbox.webhooks[0]["next_try"] is None
    assert {each["state"] for each in sandbox.messages[0]["events"]} == {"given-up"}
    server.take()
    sandbox.advance(hours=24)
    assert server.take() == []


@pytest.mark.parametrize(
    ("kind", "right"), [("receipt", {200}), ("inbound", {200}), ("status", {200, 204}), ("message", {200, 204})]
)
def test_only_the_answers_of_the_spec_are_right(server: Recorder, sandbox: Sandbox, kind: str, right: set[int]) -> None:
    for status in (200, 201, 202, 204, 301, 400, 404, 429, 500, 503):
        sandbox.reset()
        server.answers, server.recorded = [Answer(status)], []
        server.headers = {"location": f"{server.address}/elsewhere"}
        begin(sandbox, kind)
        sandbox.advance(seconds=3)
        assert {each["taken"] for each in sandbox.webhooks} == {status in right}, status
        assert {each["state"] for each in sandbox.messages[0]["events"]} == {"taken" if status in right else "pending"}
        assert b"elsewhere" not in b"".join(each.line for each in server.recorded), "no redirect is followed"


def test_an_event_that_is_refused_and_then_taken_is_not_sent_any_more(server: Recorder, sandbox: Sandbox) -> None:
    server.answers = [Answer(500), Answer(302), Answer(404), Answer(200)]
    alert(sandbox)
    sandbox.advance(hours=80)
    assert [each["status"] for each in sandbox.webhooks] == [200, 404, 302, 500]
    assert [each["number"] for each in sandbox.webhooks] == [4, 3, 2, 1]
    first, *again = [delivery_receipt(as_request(each)).to_dict() for each in server.take()]
    for each in again:
        assert {**each, "message-timestamp": ""} == {**first, "message-timestamp": ""}
        assert each["message-timestamp"] > first["message-timestamp"], "when the push began"
    assert sandbox.messages[0]["events"][0]["state"] == "taken"


def test_a_receiver_that_is_not_there_is_tried_again(server: Recorder) -> None:
    with Sandbox(receipt_url="http://127.0.0.1:1/hook", time_scale=STILL) as sandbox:
        alert(sandbox)
        sandbox.advance(seconds=1)
        (attempt,) = sandbox.webhooks
        assert (attempt["status"], attempt["taken"], bool(attempt["error"])) == (None, False, True)
        sandbox.configure(receipt_url=f"{server.address}/hook")
        sandbox.advance(seconds=5)
        assert [each["status"] for each in sandbox.webhooks] == [200, None]


def test_what_is_kept_of_an_attempt_tells_request_answer_and_next_try(server: Recorder, sandbox: Sandbox) -> None:
    server.answers = [Answer(503, "text/plain", b"come back later"), Answer(200)]
    sandbox.configure(receipt_method="POST-JSON")
    alert(sandbox)
    sandbox.advance(seconds=1)
    (attempt,), (recorded,) = sandbox.webhooks, server.take()
    assert attempt["request"]["method"] == "POST"
    assert attempt["request"]["url"] == f"{server.address}/delivery-receipt"
    assert attempt["request"]["body"].encode() == recorded.body
    assert (attempt["status"], attempt["answer"], attempt["error"]) == (503, "come back later", None)
    gap = datetime.fromisoformat(attempt["next_try"]) - datetime.fromisoformat(attempt["at"])
    assert abs(gap.total_seconds() - 5) < 0.01
    (event,) = sandbox.messages[0]["events"]
    assert (event["state"], event["attempts"], event["next_try"]) == ("pending", 1, attempt["next_try"])


@pytest.mark.parametrize("kind", ["receipt", "inbound", "status", "message"])
def test_events_without_an_address_are_not_sent_and_told_so(server: Recorder, sandbox: Sandbox, kind: str) -> None:
    sandbox.configure(**{f"{kind}_url": None})
    begin(sandbox, kind)
    sandbox.advance(hours=1)
    assert (server.take(), sandbox.webhooks) == ([], [])
    assert {each["state"] for each in sandbox.messages[0]["events"]} == {"no-url"}


# ---- order and time --------------------------------------------------------------------------------------------------


def test_statuses_come_in_their_order_and_each_at_its_time(server: Recorder, sandbox: Sandbox) -> None:
    uuids = [message(sandbox, "whatsapp") for _ in range(5)]
    sandbox.advance(seconds=2)
    told = [message_status(as_request(each)) for each in server.take()]
    for uuid in uuids:
        assert [each.status for each in told if each.message_uuid == uuid] == ["submitted", "delivered", "read"]
    assert len({each.timestamp for each in told if each.message_uuid == uuids[0]}) == 3


def test_a_receiver_that_is_slow_is_told_of_one_message_in_order_and_of_several_at_a_time(sandbox: Sandbox) -> None:
    begun: list[tuple[str, str]] = []
    ended: list[tuple[str, str]] = []
    at_once, another, late = 0, threading.Event(), time.monotonic() + 20

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        nonlocal at_once
        told = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        assert [each for each in begun if each[0] == told["message_uuid"] and each not in ended] == []
        begun.append((told["message_uuid"], told["status"]))
        at_once = max(at_once, len(begun) - len(ended))
        if at_once > 1:
            another.set()
        another.wait(max(late - time.monotonic(), 0.05))
        time.sleep(0.05)
        ended.append(begun[begun.index((told["message_uuid"], told["status"]))])
        start_response("200 OK", [])
        return []

    with served(slow) as base:
        sandbox.configure(status_url=base, time_scale=1000)
        uuids = [message(sandbox, "whatsapp") for _ in range(3)]
        until(lambda: len(ended) == 9)
        sandbox.advance()
    assert {each["status"] for each in sandbox.webhooks} == {200}
    assert at_once > 1
    for uuid in uuids:
        assert [status for each, status in begun if each == uuid] == ["submitted", "delivered", "read"]


def test_nothing_is_sent_before_its_time(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.faults.add(delay=60)
    alert(sandbox)
    sandbox.advance(seconds=59)
    assert server.take() == []
    sandbox.advance(seconds=2)
    assert len(server.take()) == 1


@pytest.mark.parametrize("scale", [1000, 0.001])
def test_time_passes_as_fast_as_it_is_set_to(server: Recorder, sandbox: Sandbox, scale: float) -> None:
    server.answers = [Answer(500)]
    sandbox.configure(time_scale=scale)
    sooner, began, soon = time.time(), sandbox.now, time.time()
    alert(sandbox)
    if scale > 1:
        until(lambda: len(server.recorded) >= 4)
    late, passed, later = time.time(), sandbox.now - began, time.time()
    rounding = 2e-6 * max(scale, 1)
    assert (late - soon) * scale - rounding <= passed <= (later - sooner) * scale + rounding
    if scale > 1:
        sandbox.advance()  # returns when the attempt was noted
        at = moments(sandbox)
        assert (at[3] - at[0]).total_seconds() >= 5 + 10 + 20
    else:
        assert server.recorded == []


def test_events_are_delivered_without_anybody_moving_the_clock(server: Recorder) -> None:
    with Sandbox(**hooks(server.address)) as sandbox:
        alert(sandbox)
        until(lambda: len(server.recorded) == 1)


def test_an_event_that_falls_due_while_it_is_seen_what_to_wait_for_is_not_missed(
    server: Recorder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = delivery.Delivery._begin

    def slowly(*how: Any) -> None:
        begin(*how)
        time.sleep(0.02)  # twenty seconds of the sandbox's, in which an event comes again

    monkeypatch.setattr(delivery.Delivery, "_begin", slowly)
    server.answers = [Answer(500)]
    sandbox.configure(time_scale=1000)
    alert(sandbox)
    until(lambda: len(server.recorded) >= 4)


def test_an_event_that_was_waited_for_comes_earlier_once_time_passes_faster(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.configure(time_scale=0.001)
    alert(sandbox)
    assert server.recorded == []
    sandbox.configure(time_scale=1000)
    until(lambda: len(server.recorded) == 1)


def test_an_event_that_is_due_earlier_does_not_wait_for_those_that_are_due_later(server: Recorder) -> None:
    with Sandbox(**hooks(server.address)) as sandbox:
        sandbox.faults.add(delay=3600, times=1)
        alert(sandbox)
        alert(sandbox)
        until(lambda: len(server.recorded) == 1)
