"""Which events are the same, and what becomes of them behind a queue.

The service sends an event again as it was, but for what belongs to one attempt: the time of the push, and the signature with its
time and nonce. Everything else tells two events apart, for to handle one twice costs less than to lose one. An event that names
neither a message nor a time may be any; it is handled as often as it comes. A queue carries events as text, without secrets.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.profiles import examples
from contract_tests.samples import FAMILIES
from shortcode_clients.opt_in.webhooks import INBOUND_SMS
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import (
    Event,
    EventBusy,
    MalformedWebhook,
    MemoryStore,
    Receiver,
    Request,
    SqliteStore,
    State,
    StoreUnavailable,
    handle_once,
)

from .copies import EACH_WAY, STORES, Way, opened

RECEIPT: Final = {
    "msisdn": "15550100001",
    "to": "96167",
    "messageId": "02000000E68951D8",
    "status": "delivered",
    "err-code": "0",
    "message-timestamp": "2020-01-01 12:00:00",
}
SMS: Final = {
    "msisdn": "15550100001",
    "to": "96167",
    "messageId": "02000000E68951D8",
    "text": "Stop it",
    "keyword": "STOP",
}
ADDRESS: Final = {"type": "sms", "number": "15550100001"}
STATUS: Final = {
    "message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    "to": ADDRESS,
    "from": {**ADDRESS, "number": "96167"},
    "timestamp": "2020-01-01T14:00:00.000Z",
    "status": "delivered",
}
INBOUND: Final = {**STATUS, "message": {"content": {"type": "text", "text": "Stop"}, "sms": {"num_messages": "1"}}}
DOCUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "delivery-receipt": RECEIPT,
    "inbound-sms": SMS,
    "message-status": STATUS,
    "inbound-message": {**INBOUND, "usage": {"currency": "EUR", "price": "0.0333"}},
}


def _as_json(document: Mapping[str, Any]) -> Request:
    return Request("POST", "", {"Content-Type": "application/json"}, json.dumps(document).encode())


def _as_query(document: Mapping[str, str]) -> Request:
    return Request("GET", urlencode(document))


def _as_form(document: Mapping[str, str]) -> Request:
    return Request("POST", "", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(document).encode())


def _handled(name: str, *requests: Request, paths: tuple[str, ...] = ("/events",)) -> int:
    """How many of the requests, each at each path, are handled; all of them are taken."""
    handled: list[object] = []
    receiver = Receiver(verify=None)
    for path in paths:
        receiver.on(name, path)(handled.append)
    assert {receiver.handle(path, request).status for request in requests for path in paths} == {200}
    return len(handled)


# ---- the same --------------------------------------------------------------------------------------------------------

ATTEMPT: Final = [
    {"message-timestamp": "2020-01-01 13:00:00"},
    {"timestamp": "1577880000", "nonce": "a1b2", "sig": "0" * 32},
    {"sig": "ABCD"},
]


@pytest.mark.parametrize("change", [*ATTEMPT, {"status": "DELIVERED"}, {"status": "Delivered", "nonce": "x"}], ids=str)
def test_a_receipt_that_differs_in_what_belongs_to_the_attempt_is_a_repeat(change: Mapping[str, str]) -> None:
    assert _handled("delivery-receipt", _as_query(RECEIPT), _as_query({**RECEIPT, **change}), _as_query(RECEIPT)) == 1


@pytest.mark.parametrize("change", [*ATTEMPT, {"keyword": "Stop"}], ids=str)
def test_a_text_that_differs_in_what_belongs_to_the_attempt_is_a_repeat(change: Mapping[str, str]) -> None:
    assert _handled("inbound-sms", _as_query(SMS), _as_query({**SMS, **change}), _as_query(SMS)) == 1


def test_an_event_is_the_same_however_it_travels() -> None:
    straight = {**RECEIPT, "new": "1", "newer": "2"}
    turned = dict(reversed(straight.items()))
    ways = [_as_query(straight), _as_query(turned), _as_form(turned), _as_json(straight), _as_json(turned)]
    assert _handled("delivery-receipt", *ways) == 1


@pytest.mark.parametrize("name", ["message-status", "inbound-message"])
def test_an_event_is_the_same_with_another_token(name: str) -> None:
    first, second = (_as_json(DOCUMENTS[name]) for _ in range(2))
    second.headers = {"Authorization": "Bearer another.token.each"}
    second.body = json.dumps(dict(reversed(list(DOCUMENTS[name].items()))), indent=1).encode()
    assert _handled(name, first, second) == 1


# ---- another one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("delivery-receipt", {"status": "failed"}),
        ("delivery-receipt", {"status": "not yet known"}),
        ("delivery-receipt", {"err-code": "1"}),
        ("delivery-receipt", {"messageId": "02000000E68951D9"}),
        ("delivery-receipt", {"msisdn": "15550100002"}),
        ("delivery-receipt", {"client-ref": "incident-42"}),
        ("delivery-receipt", {"new-key": ""}),
        ("inbound-sms", {"text": "Stop it "}),
        ("inbound-sms", {"keyword": "START"}),
        ("inbound-sms", {"concat": "true", "concat-part": "2"}),
        ("message-status", {"status": "read"}),
        ("message-status", {"timestamp": "2020-01-01T14:00:00.001Z"}),
        ("message-status", {"error": {"code": 1300, "reason": ""}}),
        ("message-status", {"to": {**ADDRESS, "new": None}}),
        ("message-status", {"client_ref": "\ud800"}),
        ("message-status", {"new": 10**300}),
        ("inbound-message", {"message": {"content": {"type": "text", "text": "stop"}, "sms": {"num_messages": "1"}}}),
        ("inbound-message", {"direction": "inbound"}),
    ],
    ids=str,
)
def test_an_event_that_says_anything_else_is_another_one(name: str, change: Mapping[str, Any]) -> None:
    requests = [_as_json({**DOCUMENTS[name], **each}) for each in ({}, change)]
    assert _handled(name, *requests, *requests) == 2


def test_an_event_at_another_path_is_another_one() -> None:
    assert _handled("inbound-sms", _as_query(SMS), _as_query(SMS), paths=("/a", "/b")) == 2


def test_events_of_two_kinds_that_say_the_same_are_two() -> None:
    request = _as_query({**RECEIPT, **SMS})
    assert Event("inbound-sms", "/events", request).key != Event("delivery-receipt", "/events", request).key


@pytest.mark.parametrize("name", ["delivery-receipt", "inbound-sms"])
def test_an_event_that_nothing_tells_from_others_is_handled_as_often_as_it_comes(name: str) -> None:
    nameless = {key: value for key, value in DOCUMENTS[name].items() if key not in ("messageId", "message-timestamp")}
    blank = {**nameless, "messageId": "", "message-timestamp": ""}
    timed = {**nameless, "message-timestamp": "2020-01-01 12:00:00"}
    assert _handled(name, *[_as_query(nameless)] * 3) == 3
    assert _handled(name, *[_as_query(blank)] * 3) == 3
    assert _handled(name, *[_as_query(timed)] * 3) == 1
    assert _handled(name, _as_query(timed), _as_query({**timed, "message-timestamp": "2020-01-01 12:00:01"})) == 2


@st.composite
def _texts(draw: st.DrawFn) -> dict[str, str]:
    """Documents of few values, so that two of them are often alike."""
    keys = ("messageId", "text", "new", *INBOUND_SMS.differs_by_attempt)
    document = {key: draw(st.sampled_from([None, "", "1", "2"])) for key in keys}
    return {"msisdn": "1", "to": "2", **{key: value for key, value in document.items() if value is not None}}


def _identity(document: Mapping[str, str]) -> object:
    if document.get("messageId"):
        return {key: value for key, value in document.items() if key not in INBOUND_SMS.differs_by_attempt}
    return document if any(document.get(key) for key in INBOUND_SMS.differs_by_attempt) else None


@examples(400)
@given(_texts(), _texts())
def test_two_texts_have_one_key_exactly_when_they_are_one_event(one: dict[str, str], other: dict[str, str]) -> None:
    keys = [Event("inbound-sms", "/events", _as_query(each)).key for each in (one, other)]
    assert [key is None for key in keys] == [_identity(each) is None for each in (one, other)]
    assert None in keys or (keys[0] == keys[1]) == (_identity(one) == _identity(other))


# ---- behind a queue --------------------------------------------------------------------------------------------------

QUEUED: Final = Event("inbound-sms", "/events", _as_query(SMS))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return opened(request.param, request, tmp_path)


@EACH_WAY
def test_an_event_is_put_into_a_queue_once_and_handled_by_one_worker_once(way: Way, store: Any) -> None:
    queue: list[str] = []
    handled: list[object] = []

    def put(event: Event) -> None:
        if not handled:
            handled.append(None)
            raise ConnectionError("the queue is down")
        queue.append(event.to_json())

    receiver = Receiver(verify=None, replay=store)
    receiver.accept("inbound-sms", "/events")(way.handler(put))
    statuses = [way.ask(receiver, _as_query(SMS), path="/events")[0].status for _ in range(3)]
    assert (statuses, len(queue), handled.pop()) == ([500, 200, 200], 1, None)
    ran = [handle_once(Event.from_json(job), way.handler(handled.append), replay=store) for job in queue * 3]
    assert ran == [True, False, False], "receivers and workers may share a store"
    assert handled == [QUEUED.model]


def test_of_workers_that_are_given_an_event_at_once_one_handles_it(store: Any) -> None:
    together = threading.Barrier(6)
    handled: list[object] = []

    def work(_: int) -> bool:
        together.wait(30)
        return handle_once(QUEUED, handled.append, replay=store)

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(work, range(6))) == [False] * 5 + [True]
    assert len(handled) == 1


def test_a_worker_raises_what_the_handler_raised_and_the_event_can_be_handled_again(store: Any) -> None:
    error = LookupError("no such customer")

    def fail(_: object) -> None:
        raise error

    async def fail_later(_: object) -> None:
        await asyncio.sleep(0)
        raise error

    for handler in (fail, fail_later):
        with pytest.raises(LookupError) as caught:
            handle_once(QUEUED, handler, replay=store)
        assert caught.value is error
    assert handle_once(QUEUED, str, replay=store) is True
    assert handle_once(QUEUED, fail, replay=store) is False


def test_a_worker_is_told_that_another_one_is_at_it_when_its_patience_ends(store: Any) -> None:
    def work(_: object) -> None:
        with pytest.raises(EventBusy, match=r"^another worker"):
            handle_once(QUEUED, pytest.fail, replay=store, patience=0.02)

    assert handle_once(QUEUED, work, replay=store) is True
    assert handle_once(QUEUED, pytest.fail, replay=store) is False


def test_a_worker_without_patience_asks_once() -> None:
    class Counting(MemoryStore):
        asked = 0

        def claim(self, key: str, owner: str) -> State:
            self.asked += 1
            return super().claim(key, owner)

    store = Counting()
    MemoryStore.claim(store, f"worker:{QUEUED.key}", "another")
    with pytest.raises(EventBusy):
        handle_once(QUEUED, pytest.fail, replay=store, patience=0.0)
    assert store.asked == 1


def test_a_worker_without_a_store_handles_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        handle_once(QUEUED, pytest.fail, replay=SqliteStore(tmp_path / "missing" / "events"))


@pytest.mark.parametrize(("options", "seconds"), [({}, 86400.0), ({"seconds": 60}, 60.0)], ids=["default", "told"])
def test_a_worker_remembers_an_event_while_it_may_come_again_or_as_long_as_it_is_told(
    options: dict[str, float], seconds: float
) -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    assert handle_once(QUEUED, str, replay=store, **options) is True
    now = seconds - 1
    assert handle_once(QUEUED, str, replay=store, **options) is False
    now = seconds + 1
    assert handle_once(QUEUED, str, replay=store, **options) is True


def test_a_worker_may_run_in_an_event_loop_of_its_own(store: Any) -> None:
    async def handle(_: object) -> None:
        await asyncio.sleep(0)

    async def main() -> list[bool]:
        return [handle_once(QUEUED, handle, replay=store) for _ in range(2)]

    assert asyncio.run(main()) == [True, False]


# ---- as text ---------------------------------------------------------------------------------------------------------

SAMPLES: Final = [
    pytest.param(family.name, file, id=f"{family.name}/{file.name}")
    for family in FAMILIES
    if family.name in DOCUMENTS
    for file in family.files("accepted")
]


@pytest.mark.parametrize(("name", "file"), SAMPLES)
def test_an_event_is_the_same_after_it_was_text(name: str, file: Path) -> None:
    body, token = file.read_bytes(), "Bearer canary.of-a.token"
    query = body.decode() if file.suffix == ".query" else ""
    headers = {"Authorization": token, "Content-Type": "text/plain; charset=utf-8"}
    event = Event(name, "/évents", Request("GET" if query else "POST", query, headers, b"" if query else body))
    text = event.to_json()
    assert "canary" not in text
    assert base64.b64decode(json.loads(text)["body"]) == event.request.body
    for form in (text, text.encode()):
        again = Event.from_json(form)
        assert (again.name, again.path, again.model, again.key) == (event.name, event.path, event.model, event.key)
        assert again.model.raw == event.model.raw
        assert again.request.header("content-type") == ["text/plain; charset=utf-8"]
        assert again.request.header("authorization") == []
        assert again.to_json() == text


_LEFT_OUT: Final = object()


def _changed(**changes: Any) -> str:
    kept = {**json.loads(QUEUED.to_json()), **changes}
    return json.dumps({name: value for name, value in kept.items() if value is not _LEFT_OUT})


WRONG: Final[dict[str, list[Any]]] = {
    "name": [None, "", "sms", [], {}, 7],
    "body": [None, "a", "é", "=", "ab\n", 7, [], {}],
    "content-type": [None, 7, True],
}
GARBAGE: Final[list[Any]] = [
    *("", "{", "[]", "null", "7", '"text"', "{}", "[" * 5000, "9" * 5000, "NaN", b"\xff\xfe", "\ud800", None, 7, ["a"]),
    *(_changed(**{name: value}) for name, values in WRONG.items() for value in values),
    *(_changed(**{name: _LEFT_OUT}) for name in json.loads(QUEUED.to_json())),
]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: repr(text)[:40])
def test_a_text_that_is_no_event_is_refused(text: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Event.from_json(text)
    assert (caught.value.field, caught.value.rule) == ("text", "the text of an event, as `to_json()` writes it")


@pytest.mark.parametrize("changes", [{"query": ""}, {"method": 7}, {"query": 7}, {"method": "POST"}], ids=str)
def test_a_text_of_an_event_that_is_none_of_its_kind_is_malformed_and_nothing_else(changes: dict[str, Any]) -> None:
    event = Event.from_json(_changed(**changes))
    for look in (lambda: event.model, lambda: event.key, lambda: handle_once(event, str, replay=MemoryStore())):
        with pytest.raises(MalformedWebhook):
            look()
