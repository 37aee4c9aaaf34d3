"""At least once, and no repeat after success: the steps by which one event is handled, as a generator without I/O.

An event is claimed in a store before its handler runs, and is remembered as done only after the handler has succeeded. So

- of two copies at the same time one runs the handler, and the other waits for what becomes of it;
- a handler that fails gives its claim back, and a process that dies loses it after a while: the next copy runs the handler;
- once done, the event is not handled again for as long as the service may send it.

`run` takes the steps and blocks, `run_async` awaits; a handler may be a plain function or a coroutine function for either.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor
from contextlib import suppress
from enum import Enum
from typing import Any, Final, cast

from attrs import define, frozen

from .errors import EventBusy
from .events import Event
from .stores import State, Store

LOG: Final = logging.getLogger("shortcodekit.webhooks")

PATIENCE: Final = 10.0
"""For how many seconds a copy waits for the one that is being handled."""
FIRST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.25


class Outcome(Enum):
    """What became of an event."""

    HANDLED = "handled"
    REPEATED = "repeated"
    """It was handled before."""
    BUSY = "busy"
    """Another copy was still being handled when patience ended."""
    FAILED = "failed"
    """The handler raised."""
    STORE_DOWN = "store-down"
    """The store could not be asked; the handler did not run."""


@frozen
class Result:
    """An outcome, and the error behind it if there is one."""

    outcome: Outcome
    error: Exception | None = None


# ---- steps -----------------------------------------------------------------------------------------------------------


@frozen
class Ask:
    """Ask the store."""

    function: Callable[[], Any]
    blocks: bool


@frozen
class Pause:
    """Wait, in seconds."""

    seconds: float


@frozen
class Handle:
    """Run the handler."""

    function: Callable[[Any], Any]
    argument: Any


Step = Ask | Pause | Handle
Steps = Generator[Step, Any, Result]


def deliver(
    handler: Callable[[Any], Any],
    argument: Any,
    *,
    key: str | None,
    store: Store,
    seconds: float,
    patience: float = PATIENCE,
) -> Steps:
    """The steps of handling an event with `key`, which is remembered for `seconds`; one without a key is always handled."""
    if key is None:
        return (yield from _handle(handler, argument))
    owner = uuid.uuid4().hex
    state, result = State.CLAIMED, _INTERRUPTED
    try:
        state = yield from _claim(key, owner, store, patience)
        if state is State.CLAIMED:
            result = yield from _handle(handler, argument)
            return result
        return Result(Outcome.REPEATED if state is State.DONE else Outcome.BUSY)
    except Exception as error:  # noqa: BLE001  # of the store: what the handler raises is in the result already
        state = State.BUSY
        return Result(Outcome.STORE_DOWN, error)
    finally:  # also when the handler was cancelled, or the program is told to end
        if state is State.CLAIMED:
            tell = store.finish if result.outcome is Outcome.HANDLED else store.release
            try:
                yield Ask(lambda: tell(key, owner, seconds), store.blocks)
            except Exception as error:  # noqa: BLE001  # as above
                # What was done stays done, and is answered so: an error would only bring the event back.
                LOG.error("the replay store cannot be told that an event was %s: %s", result.outcome.value, error)


def _claim(key: str, owner: str, store: Store, patience: float) -> Generator[Step, Any, State]:
    pause, waited = FIRST_PAUSE, 0.0
    while True:
        state: State = yield Ask(lambda: store.claim(key, owner), store.blocks)
        if state is not State.BUSY or waited >= patience:
            return state
        yield Pause(pause)
        waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)


def _handle(handler: Callable[[Any], Any], argument: Any) -> Steps:
    try:
        yield Handle(handler, argument)
    except Exception as error:  # noqa: BLE001  # whatever it is, the service has to send the event again
        return Result(Outcome.FAILED, error)
    return Result(Outcome.HANDLED)


_INTERRUPTED: Final = Result(Outcome.FAILED)


# ---- drivers ---------------------------------------------------------------------------------------------------------


def run(steps: Steps) -> Result:
    """Takes the steps one after the other in this thread."""

    def take(step: Step) -> Any:
        match step:
            case Ask(function):
                return function()
            case Pause(seconds):
                return time.sleep(seconds)
            case Handle(function, argument):
                result = function(argument)
                return _loop.run(result) if inspect.isawaitable(result) else result

    feed = _Feed(steps)
    while feed.step is not None:
        try:
            result = take(feed.step)
        except BaseException as error:  # noqa: BLE001  # the steps decide about it
            feed.throw(error)
        else:
            feed.send(result)
    return feed.result


async def run_async(steps: Steps, executor: Executor) -> Result:
    """Takes the steps in the running event loop; a store that blocks is asked in a thread of `executor`."""

    async def take(step: Step) -> Any:
        match step:
            case Ask(function, blocks):
                return await _asked(function, executor) if blocks else function()
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case Handle(function, argument):
                result = function(argument)
                return await _uncancelled(result) if inspect.isawaitable(result) else result

    feed = _Feed(steps)
    while feed.step is not None:
        try:
            result = await take(feed.step)
        except GeneratorExit as error:  # the loop is gone, and nothing can be awaited any more
            feed.throw(error)
            if isinstance(feed.step, Ask):
                feed.step.function()
            raise
        except BaseException as error:  # noqa: BLE001  # the steps decide about it
            feed.throw(error)
        else:
            feed.send(result)
    return feed.result


async def _asked(function: Callable[[], Any], executor: Executor) -> Any:
    """What the store says. Whoever is cancelled meanwhile waits for it: a claim must not be made behind one's back."""
    answer = asyncio.get_running_loop().run_in_executor(executor, function)
    try:
        return await asyncio.shield(answer)
    except asyncio.CancelledError:
        while not answer.done():
            with suppress(Exception, asyncio.CancelledError):
                await asyncio.shield(answer)
        raise


async def _uncancelled(awaitable: Awaitable[Any]) -> Any:
    """What the handler returns. One that raises `CancelledError` by itself has failed like any other."""
    try:
        return await awaitable
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
    raise RuntimeError("the handler raised CancelledError, and nobody had cancelled it")


@define
class _Feed:
    """The steps, one at a time, until there is a result."""

    steps: Steps
    step: Step | None = None
    result: Result = _INTERRUPTED

    def __attrs_post_init__(self) -> None:
        self.send(None)

    def send(self, result: Any) -> None:
        try:
            self.step = self.steps.send(result)
        except StopIteration as end:
            self.step, self.result = None, end.value

    def throw(self, error: BaseException) -> None:
        try:
            self.step = self.steps.throw(error)
        except StopIteration as end:
            self.step, self.result = None, end.value


class _Loop:
    """An event loop in a thread of its own, for coroutines that are called where there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, awaitable: Awaitable[Any]) -> Any:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # after a fork it is not
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="shortcodekit-webhooks-loop", daemon=True
                )
                self._thread.start()
            loop = cast(asyncio.AbstractEventLoop, self._loop)
        future = asyncio.run_coroutine_threadsafe(_ended(awaitable), loop)
        try:
            result, error = future.result()
        except BaseException:
            future.cancel()
            raise
        if error is not None:
            raise error
        return result


async def _ended(awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """What came of it. What would end the loop, and leave its caller waiting, is the caller's."""
    try:
        return await awaitable, None
    except (KeyboardInterrupt, SystemExit) as error:
        return None, error


_loop: Final = _Loop()


# ---- for workers -----------------------------------------------------------------------------------------------------


def handle_once(
    event: Event,
    handler: Callable[[Any], Any],
    *,
    replay: Store,
    patience: float = PATIENCE,
    seconds: float | None = None,
) -> bool:
    """Runs `handler(event.model)` unless it has succeeded for this event before; for workers behind a queue.

    A queue hands a job out again when a worker dies, and a receiver may put an event there twice. `replay` is the store that
    all workers share; `seconds`, how long the event is remembered, is by default as long as the service sends it again.
    `patience` is for how many seconds to wait for another worker that handles the same event.

    Returns whether the handler ran. Raises what the handler raised, `EventBusy` when another worker did not end in time, and
    `StoreUnavailable`: in each of these cases let the queue hand out the job again.
    """
    key = event.key and f"worker:{event.key}"
    keep = event.webhook.seconds if seconds is None else seconds
    result = run(deliver(handler, event.model, key=key, store=replay, seconds=keep, patience=patience))
    if result.error is not None:
        raise result.error
    if result.outcome is Outcome.BUSY:
        raise EventBusy("another worker is handling this event")
    return result.outcome is Outcome.HANDLED
