"""Handling that is cut off: whatever interrupts it, a claim does not outlive it, and what was done is remembered.

A handler may be told to end the program, a task may be cancelled at any step, a request may be given up by who asked, a receiver
may be closed, and an event loop may end while something is on its way.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from shortcodekit.webhooks import MemoryStore, Receiver, SqliteStore, State, Store, StoreUnavailable
from shortcodekit.webhooks.delivering import Outcome, Result, deliver, run_async

from .copies import EACH_WAY, PATH, STORES, Way, opened, receipt, until

KEY: Final = "key"
ClosedAfter = Callable[[Any], Any]
CLAIMED, BUSY, DONE = State


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return opened(request.param, request, tmp_path)


def _outcome_of(function: Callable[[], object]) -> object:
    """What it returns, or the interruption that it raises; in a thread, so that one that hangs is noticed."""
    outcome: list[object] = []

    def call() -> None:
        try:
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  # it is what this is about
            outcome.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(120)
    assert outcome, "it hangs"
    return outcome[0]


# ---- from within -----------------------------------------------------------------------------------------------------


@EACH_WAY
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_a_handler_that_is_interrupted_gives_the_claim_back(way: Way, kind: type[BaseException], store: Any) -> None:
    calls: list[object] = []

    def work(model: object) -> None:
        calls.append(model)
        if len(calls) == 1:
            raise kind

    async def work_async(model: object) -> None:
        await asyncio.sleep(0)
        work(model)

    receiver = Receiver(verify=None, replay=store, patience=60.0)
    receiver.on("delivery-receipt", PATH)(work_async if way.is_async else work)
    outcome = _outcome_of(lambda: way.statuses(receiver, receipt()))
    if kind is asyncio.CancelledError and way.is_async:
        assert outcome == [500], "no task of who asked was cancelled"
    else:
        assert isinstance(outcome, kind)
    assert _outcome_of(lambda: way.statuses(receiver, receipt())) == [200]
    assert len(calls) == 2


# ---- from outside ----------------------------------------------------------------------------------------------------


class Held:
    """A handler that has begun and waits to be let go."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.ended = 0

    def __call__(self, _: Any) -> None:
        self.began.set()
        assert self.go.wait(30)
        self.ended += 1

    async def given_up(self, receiver: Receiver) -> None:
        """Asks, and goes away while the handler is at work."""
        asking = asyncio.create_task(receiver.handle_async(PATH, receipt()))
        await asyncio.to_thread(self.began.wait, 30)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


AWAITED: Final = pytest.mark.parametrize("way", [Way(True, False), Way(True, True)], ids=str)


@AWAITED
def test_a_request_that_is_given_up_is_handled_to_the_end_and_remembered(way: Way, store: Any) -> None:
    held = Held()
    receiver = way.receiver(held, store)

    async def main() -> int:
        await held.given_up(receiver)
        copy = asyncio.create_task(receiver.handle_async(PATH, receipt()))
        await asyncio.sleep(0.05)
        assert not copy.done()
        held.go.set()
        return (await copy).status

    assert asyncio.run(main()) == 200
    assert held.ended == 1


@AWAITED
def test_a_receiver_that_is_closed_meanwhile_remembers_what_is_handled_to_the_end(way: Way, store: Any) -> None:
    held = Held()
    receiver = way.receiver(held, store, patience=60.0)

    async def main() -> int:
        await held.given_up(receiver)
        receiver.close()
        held.go.set()
        return (await receiver.handle_async(PATH, receipt())).status

    assert asyncio.run(main()) == 200
    assert held.ended == 1


def test_a_plain_handler_is_at_work_beyond_the_end_of_the_event_loop_and_what_it_did_is_remembered(store: Any) -> None:
    held = Held()
    receiver = Way(True, False).receiver(held, store)
    asyncio.run(held.given_up(receiver))
    held.go.set()
    assert receiver.handle(PATH, receipt()).status == 200
    assert held.ended == 1


def test_an_async_handler_ends_with_the_event_loop_and_gives_the_claim_back(store: Any) -> None:
    receiver = Receiver(verify=None, replay=store, patience=60.0)
    calls, began = [], asyncio.Event()

    @receiver.on("delivery-receipt", PATH)
    async def handle(model: object) -> None:
        calls.append(model)
        began.set()
        if len(calls) == 1:
            await asyncio.sleep(60)

    async def main() -> None:
        asking = asyncio.create_task(receiver.handle_async(PATH, receipt()))
        await began.wait()
        asking.cancel()

    asyncio.run(main())
    assert receiver.handle(PATH, receipt()).status == 200
    assert len(calls) == 2


# ---- at each step ----------------------------------------------------------------------------------------------------


class Slow(SqliteStore):
    """A store of which one method takes its time; `asked` tells that it was called."""

    def __init__(self, path: Path, method: str) -> None:
        super().__init__(path)
        self.asked = threading.Event()
        slow = getattr(self, method)

        def wait(*arguments: Any) -> Any:
            self.asked.set()
            time.sleep(0.1)
            return slow(*arguments)

        setattr(self, method, wait)


async def _cancelled(store: Slow, handler: Callable[[Any], Awaitable[None]], pool: ThreadPoolExecutor) -> None:
    """Cancels a task that handles an event, once the store is asked what it is slow in."""
    task = asyncio.create_task(run_async(deliver(handler, None, key=KEY, store=store, seconds=60), pool))
    await asyncio.to_thread(store.asked.wait, 30)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _succeed(_: Any) -> None:
    await asyncio.sleep(0)


async def _fail(_: Any) -> None:
    raise LookupError("no such customer")


def _settles(store: Store, state: State) -> bool:
    """Whether this is what the store knows of the event in the end."""
    until(lambda: store.claim(KEY, "another") in (CLAIMED, DONE))
    return store.claim(KEY, "another") is (DONE if state is DONE else BUSY)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("method", ["claim", "finish", "release"])
def test_a_task_that_is_cancelled_while_the_store_is_asked_leaves_no_claim_and_forgets_nothing(
    method: str, threads: int, tmp_path: Path, closed_after: ClosedAfter
) -> None:
    store = closed_after(Slow(tmp_path / "events", method))
    with ThreadPoolExecutor(threads) as pool:
        asyncio.run(_cancelled(store, _fail if method == "release" else _succeed, pool))
    assert _settles(store, DONE if method == "finish" else CLAIMED)


class Waiting(MemoryStore):
    """A store that answers a claim when it is let, or fails then."""

    blocks = True

    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.fails, self.asked, self.go, self.thread = fails, threading.Event(), threading.Event(), ""

    def claim(self, key: str, owner: str) -> State:
        self.thread = threading.current_thread().name
        self.asked.set()
        assert self.go.wait(30)
        if self.fails:
            raise StoreUnavailable("it is gone")
        return super().claim(key, owner)


@pytest.mark.parametrize("fails", [False, True], ids=["answers", "fails"])
def test_a_task_that_is_cancelled_twice_while_the_store_is_asked_ends_cancelled_and_waits_for_the_store(
    fails: bool,
) -> None:
    store = Waiting(fails=fails)

    async def main() -> None:
        with ThreadPoolExecutor(4, thread_name_prefix="asks") as pool:
            steps = deliver(pytest.fail, None, key=KEY, store=store, seconds=60)
            task = asyncio.create_task(run_async(steps, pool))
            await asyncio.to_thread(store.asked.wait, 30)
            for _ in range(2):
                task.cancel()
                for _ in range(5):
                    await asyncio.sleep(0)
            assert not task.done()
            store.go.set()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert store.thread.startswith("asks")
    store.fails = False
    assert store.claim(KEY, "another") is CLAIMED


def test_coroutines_that_are_called_where_there_is_no_event_loop_share_one_thread() -> None:
    threads: list[threading.Thread] = []

    async def note(_: object) -> None:
        threads.append(threading.current_thread())

    receiver = Receiver(verify=None)
    receiver.on("delivery-receipt", PATH)(note)
    for number in range(3):
        assert receiver.handle(PATH, receipt(str(number))).status == 200
    assert len(threads) == 3
    assert {each.name for each in threads} == {"shortcodekit-webhooks-loop"}
    assert len({each.ident for each in threads}) == 1
    assert threads[0].daemon, "a program that ends does not wait for it"


def test_a_store_that_blocks_is_asked_in_threads_of_its_own() -> None:
    store = Waiting(fails=False)
    store.go.set()
    receiver = Receiver(verify=None, replay=store)
    receiver.on("delivery-receipt", PATH)(_succeed)

    async def main() -> int:
        return (await receiver.handle_async(PATH, receipt())).status

    assert asyncio.run(main()) == 200
    assert store.thread.startswith("shortcodekit-webhooks-stores")


def test_a_plain_handler_may_be_run_by_the_awaiting_driver() -> None:
    async def main() -> Result:
        with ThreadPoolExecutor(1) as pool:
            return await run_async(deliver(str, None, key=KEY, store=MemoryStore(), seconds=60), pool)

    assert asyncio.run(main()) == Result(Outcome.HANDLED)


def test_a_task_that_is_cancelled_while_all_threads_are_busy_remembers_what_was_done(
    tmp_path: Path, closed_after: ClosedAfter
) -> None:
    store, busy, go = closed_after(SqliteStore(tmp_path / "events")), threading.Event(), threading.Event()

    async def main(pool: ThreadPoolExecutor) -> None:
        async def occupy(_: Any) -> None:
            pool.submit(go.wait, 30)
            busy.set()

        task = asyncio.create_task(run_async(deliver(occupy, None, key=KEY, store=store, seconds=60), pool))
        await asyncio.to_thread(busy.wait, 30)
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        go.set()
        with suppress(asyncio.CancelledError):
            await task

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(main(pool))
    assert _settles(store, DONE)


def test_a_task_that_is_cancelled_while_it_waits_leaves_the_claim_to_the_other() -> None:
    store = MemoryStore()
    store.claim(KEY, "the other")

    async def main() -> None:
        steps = deliver(_succeed, None, key=KEY, store=store, seconds=60, patience=60)
        task = asyncio.create_task(run_async(steps, ThreadPoolExecutor(1)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert store.claim(KEY, "another") is BUSY
    store.release(KEY, "the other", 60)
    assert store.claim(KEY, "another") is CLAIMED


class _Forever:
    def __await__(self) -> Generator[None, None, None]:
        yield


@pytest.mark.parametrize("blocks", [False, True])
def test_a_coroutine_that_is_thrown_away_gives_the_claim_back_without_an_event_loop(
    blocks: bool, tmp_path: Path, closed_after: ClosedAfter
) -> None:
    store: Store = closed_after(SqliteStore(tmp_path / "events")) if blocks else MemoryStore()

    async def handle(_: Any) -> None:
        await _Forever()

    steps = deliver(handle, None, key=KEY, store=store, seconds=60)
    handling: Coroutine[Any, Any, Any] = run_async(steps, ThreadPoolExecutor(1))

    async def main() -> None:
        """Takes the steps until the handler waits."""
        waiting = handling.send(None)
        while waiting is not None:
            waiting._asyncio_future_blocking = False
            await waiting
            waiting = handling.send(None)

    asyncio.run(main())
    assert store.claim(KEY, "another") is BUSY
    handling.close()
    assert store.claim(KEY, "another") is CLAIMED
