"""At least once, and no repeat after success: the steps, taken by hand and by both drivers, over each store.

Taken by hand the steps need neither threads nor time. Over real stores copies come at once, by threads and by tasks, to plain and
to async handlers, and in two processes. The first handler waits until all other copies have been told that it is at work, so
that no copy comes late by accident.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define

from shortcodekit.webhooks import MemoryStore, Receiver, SqliteStore, State, Store
from shortcodekit.webhooks.delivering import Ask, Handle, Outcome, Pause, Result, Step, Steps, deliver

from .copies import EACH_WAY, STORES, Watched, Way, opened, receipt, until
from .crash_worker import Notes, Nursery, Settings, nursery
from .redis_server import NEEDS_REDIS, redis_server

COPIES: Final = 6
ClosedAfter = Callable[[Any], Any]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Watched:
    return Watched(opened(request.param, request, tmp_path))


@define
class Work:
    """A handler that counts its calls, and does in each what is told of it."""

    first: Callable[[], object] = bool
    then: Callable[[], object] = bool
    calls: int = 0

    def __call__(self, _: Any) -> None:
        self.calls += 1
        (self.first if self.calls == 1 else self.then)()


# ---- by hand ---------------------------------------------------------------------------------------------------------


def _steps(store: Store, **options: Any) -> Steps:
    return deliver(print, "the event", **{"key": "key", "store": store, "seconds": 60, **options})


def _end(steps: Steps, answer: Any = None, error: Exception | None = None) -> Result:
    """The result of steps of which this was the last answer."""
    with pytest.raises(StopIteration) as ended:
        steps.throw(error) if error else steps.send(answer)
    assert isinstance(ended.value.value, Result)
    return ended.value.value


def _asks(step: Step) -> Any:
    """What the store says."""
    assert isinstance(step, Ask)
    assert step.blocks is False
    return step.function()


def test_an_event_is_claimed_then_handled_then_remembered() -> None:
    store = MemoryStore()
    steps = _steps(store)
    claimed = _asks(next(steps))
    assert claimed is State.CLAIMED
    assert store.claim("key", "another") is State.BUSY
    assert steps.send(claimed) == Handle(print, "the event")
    assert len(store) == 0
    told = _asks(steps.send("what the handler returns"))
    assert store.claim("key", "another") is State.DONE
    assert _end(steps, told) == Result(Outcome.HANDLED)


def test_a_handler_that_fails_gives_the_claim_back() -> None:
    store, error = MemoryStore(), LookupError("no such customer")
    steps = _steps(store)
    steps.send(_asks(next(steps)))
    told = _asks(steps.throw(error))
    assert store.claim("key", "another") is State.CLAIMED
    assert _end(steps, told) == Result(Outcome.FAILED, error)


def test_an_event_that_is_done_is_not_handled() -> None:
    store = MemoryStore()
    store.finish("key", "another", 60)
    steps = _steps(store)
    assert _end(steps, _asks(next(steps))) == Result(Outcome.REPEATED)


def test_a_copy_waits_longer_and_longer_but_no_longer_than_its_patience() -> None:
    store = Watched(MemoryStore())
    store.claim("key", "another")
    steps = _steps(store, patience=2.0)
    pauses: list[float] = []
    step = next(steps)
    while sum(pauses) < 2.0:
        step = steps.send(_asks(step))
        assert isinstance(step, Pause)
        pauses.append(step.seconds)
        step = steps.send(None)
    assert _end(steps, _asks(step)) == Result(Outcome.BUSY)
    assert pauses == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, *[0.25] * 7]
    assert store.released == 0
    assert store.claim("key", "a third") is State.BUSY, "the other one has it still"


def test_a_copy_without_patience_does_not_wait() -> None:
    store = Watched(MemoryStore())
    store.claim("key", "another")
    steps = _steps(store, patience=0.0)
    assert _end(steps, _asks(next(steps))) == Result(Outcome.BUSY)


@pytest.mark.parametrize(
    ("tell", "then"), [("finish", Result(Outcome.REPEATED)), ("release", Handle(print, "the event"))]
)
def test_a_copy_that_waits_sees_what_becomes_of_the_first(tell: str, then: Result | Handle) -> None:
    store = MemoryStore()
    store.claim("key", "another")
    steps = _steps(store)
    pause = steps.send(_asks(next(steps)))
    assert isinstance(pause, Pause)
    getattr(store, tell)("key", "another", 60)
    answer = _asks(steps.send(None))
    if isinstance(then, Result):
        assert _end(steps, answer) == then
    else:
        assert steps.send(answer) == then
        assert _end(steps, _asks(steps.send(None))) == Result(Outcome.HANDLED)


def test_of_an_event_without_a_key_the_store_is_not_asked() -> None:
    store = MemoryStore()
    steps = _steps(store, key=None)
    assert next(steps) == Handle(print, "the event")
    assert _end(steps) == Result(Outcome.HANDLED)
    steps, error = _steps(store, key=None), LookupError()
    next(steps)
    assert _end(steps, error=error) == Result(Outcome.FAILED, error)
    assert len(store) == 0


# ---- by both drivers, over each store --------------------------------------------------------------------------------


def _fail() -> None:
    raise LookupError("no such customer")


@EACH_WAY
def test_an_event_is_handled_until_it_has_succeeded_and_not_again(way: Way, store: Watched) -> None:
    work = Work(first=_fail)
    receiver = way.receiver(work, store)
    assert [way.statuses(receiver, receipt())[0] for _ in range(4)] == [500, 200, 200, 200]
    assert (work.calls, store.finished, store.released) == (2, 1, 1)
    assert way.statuses(receiver, receipt("0B")) == [200]
    assert work.calls == 3


@EACH_WAY
def test_copies_that_come_at_once_are_handled_once_and_all_taken(way: Way, store: Watched) -> None:
    work = Work(first=lambda: until(lambda: len(store.waiting) == COPIES - 1))
    assert way.statuses(way.receiver(work, store), *[receipt()] * COPIES) == [200] * COPIES
    assert (work.calls, store.finished, store.released) == (1, 1, 0)


@EACH_WAY
def test_when_the_first_copy_fails_one_of_those_that_wait_is_handled(way: Way, store: Watched) -> None:
    def fail_when_all_wait() -> None:
        until(lambda: len(store.waiting) == COPIES - 1)
        _fail()

    work = Work(first=fail_when_all_wait)
    assert sorted(way.statuses(way.receiver(work, store), *[receipt()] * COPIES)) == [200] * (COPIES - 1) + [500]
    assert (work.calls, store.finished, store.released) == (2, 1, 1)


@EACH_WAY
def test_a_copy_that_has_waited_long_enough_is_asked_for_again(way: Way, store: Watched) -> None:
    began, go = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        assert go.wait(30)

    work = Work(first=hold)
    receiver = way.receiver(work, store, patience=0.05)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(way.statuses, receiver, receipt())
        try:
            assert began.wait(30)
            (busy,) = way.ask(receiver, receipt())
        finally:
            go.set()
        assert first.result(30) == [200]
    assert (busy.status, int(busy.headers["Retry-After"]) > 0) == (503, True)
    assert way.statuses(receiver, receipt()) == [200]
    assert work.calls == 1


def test_plain_handlers_that_take_long_do_not_keep_events_from_async_ones(store: Watched) -> None:
    began, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        began.set()
        assert go.wait(30)

    async def handle(_: object) -> None:
        await asyncio.sleep(0)

    async def main() -> list[int]:
        receiver = Receiver(verify=None, replay=store, threads=1)
        receiver.on("delivery-receipt", "/plain")(hold)
        receiver.on("delivery-receipt", "/async")(handle)
        held = asyncio.create_task(receiver.handle_async("/plain", receipt()))
        await asyncio.to_thread(began.wait, 30)
        answers = [await asyncio.wait_for(receiver.handle_async("/async", receipt()), 30) for _ in range(2)]
        go.set()
        return [answer.status for answer in [*answers, await held]]

    assert asyncio.run(main()) == [200] * 3


@EACH_WAY
def test_a_store_that_is_down_lets_nothing_be_handled_until_it_is_back(
    way: Way, tmp_path: Path, closed_after: ClosedAfter
) -> None:
    work = Work()
    receiver = way.receiver(work, closed_after(SqliteStore(tmp_path / "missing" / "events")))
    for down in way.ask(receiver, *[receipt()] * 3):
        assert (down.status, int(down.headers["Retry-After"]) > 0) == (503, True)
    assert work.calls == 0
    (tmp_path / "missing").mkdir()
    assert way.statuses(receiver, *[receipt()] * 3) == [200] * 3
    assert work.calls == 1


def _logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]


@EACH_WAY
def test_what_was_handled_is_taken_though_the_file_is_locked_meanwhile(
    way: Way,
    tmp_path: Path,
    closed_after: ClosedAfter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", 0.05)
    other = sqlite3.connect(tmp_path / "events", isolation_level=None, check_same_thread=False)
    work = Work(first=lambda: other.execute("BEGIN IMMEDIATE"))
    receiver = way.receiver(work, closed_after(SqliteStore(tmp_path / "events", lease=0.3)))
    try:
        assert way.statuses(receiver, receipt()) == [200]
    finally:
        other.close()
    assert _logged(caplog) == ["the replay store cannot be told that an event was handled: SQLite: database is locked"]
    assert work.calls == 1


@NEEDS_REDIS
@EACH_WAY
def test_what_was_handled_is_taken_though_redis_has_died_meanwhile(
    way: Way, closed_after: ClosedAfter, caplog: pytest.LogCaptureFixture
) -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    with redis_server() as server:
        work = Work(first=server.kill)
        receiver = way.receiver(work, closed_after(RedisStore(server.url)))
        assert way.statuses(receiver, receipt()) == [200]
        assert _logged(caplog) == ["the replay store cannot be told that an event was handled: Redis: ConnectionError"]
        assert way.statuses(receiver, receipt("0B")) == [503]
        server.start()
        assert way.statuses(receiver, receipt("0B")) == [200]
    assert work.calls == 2


class Strange(MemoryStore):
    """A store of a user's own that breaks its promise."""

    def __init__(self, method: str, blocks: bool) -> None:
        super().__init__()
        setattr(self, method, self._breaks)
        self.blocks = blocks

    def _breaks(self, *_: Any) -> Any:
        raise ZeroDivisionError("no promise")


@EACH_WAY
@pytest.mark.parametrize("blocks", [False, True], ids=["at once", "in a thread"])
@pytest.mark.parametrize(
    ("method", "succeeds", "status"), [("claim", True, 503), ("finish", True, 200), ("release", False, 500)]
)
def test_a_store_that_raises_what_it_should_not_is_down_all_the_same(
    way: Way, method: str, succeeds: bool, status: int, blocks: bool
) -> None:
    work = Work(first=bool if succeeds else _fail)
    assert way.statuses(way.receiver(work, Strange(method, blocks)), receipt()) == [status]
    assert work.calls == (method != "claim")


# ---- by several processes --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def processes() -> Iterator[Nursery]:
    with nursery() as running:
        yield running


@pytest.mark.parametrize("application", ["wsgi", "asgi"])
@pytest.mark.parametrize("kind", STORES[1:])
def test_copies_that_come_at_once_to_several_processes_are_handled_once_and_all_taken(
    kind: str, application: str, processes: Nursery, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = f"{request.getfixturevalue('redis').url}#{uuid.uuid4().hex}" if kind == "redis" else f"{tmp_path}/events"
    settings = Settings(address, f"{tmp_path}/notes", application, lease=30.0, handling=0.2)
    workers = [processes.start(settings) for _ in range(2)]
    events = [f"0A{number:02}" for number in range(10)]
    asked = [(worker, event) for event in events for worker in workers * 2]
    with ThreadPoolExecutor(len(asked)) as threads:
        statuses = list(threads.map(lambda each: each[0].ask(each[1]), asked))
    notes = Notes(settings.notes)
    assert statuses == [200] * len(asked)
    assert {event: (notes.count("begin", event), notes.count("end", event)) for event in events} == dict.fromkeys(
        events, (1, 1)
    )
    assert {process for what, _, process in notes.lines() if what == "begin"} <= {each.process for each in workers}
    for worker in workers:
        processes.kill(worker)
