"""What a client keeps to, whatever peers do: its memory, its time, and its connections."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import time
import tracemalloc
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx
import pytest
from attrs import evolve

from shortcodekit import CallReport
from shortcodekit.errors import ApiProblem, ShortcodeKitError, TransportFailure, UnexpectedAnswer
from shortcodekit.exchange import LARGEST

from . import faults
from .callers import ALERTS, MESSAGES, OPT_IN, Caller, both, one_ssl_context
from .faults import PATIENCE, Wire, answer, faulty, repeating, saying, zeros

EACH_CALLER: Final = pytest.mark.parametrize("caller", both(ALERTS, OPT_IN, MESSAGES), ids=str)
EACH_WAY: Final = pytest.mark.parametrize("caller", both(MESSAGES), ids=str)
SHORT: Final = 0.5
MEMORY: Final = 16 * LARGEST
"""What an answer may cost: what is read of it, a few copies, and what a text takes beyond its bytes."""


@pytest.fixture(scope="module", autouse=True)
def _shared() -> Iterator[None]:
    with one_ssl_context():
        yield


# ---- memory and time -------------------------------------------------------------------------------------------------


class OutOfTime(BaseException):
    """No `Exception`, so that nothing handles it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Cuts what takes more of the processor's time, wherever it computes; so it does not matter what else the machine does."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def in_memory(size: int) -> Iterator[None]:
    """Fails when more than `size` bytes were held at once."""
    tracemalloc.start()
    try:
        held, _ = tracemalloc.get_traced_memory()
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - held < size, f"{(peak - held) >> 20} MiB"


def _deflated(data: bytes) -> bytes:
    return zlib.compress(data)


_BOMB: Final = zeros(300)
_INNER: Final = zeros(200)
BOMBS: Final = {
    "gzip": (_BOMB, "gzip"),
    "deflate": (zeros(300, zlib.MAX_WBITS), "deflate"),
    "gzip in deflate": (_deflated(_INNER), "gzip, deflate"),
}


@EACH_WAY
@pytest.mark.parametrize("name", BOMBS)
def test_a_packed_answer_takes_no_more_memory_than_any_other(caller: Caller, name: str) -> None:
    packed, encoding = BOMBS[name]
    bomb = saying(answer("200 OK", packed, f"Content-Encoding: {encoding}"))
    with faulty(bomb) as server, in_memory(MEMORY), within(PATIENCE), pytest.raises(UnexpectedAnswer) as raised:
        caller.run(server.address, retries=0)
    assert raised.value.may_have_been_sent


@EACH_WAY
@pytest.mark.parametrize(
    ("head", "again"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536), id="zeros"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"<p>" * 20000, id="a page"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n", id="chunks"
        ),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"a":"', b"a" * 65536, id="JSON"),
    ],
)
def test_an_endless_answer_is_cut(caller: Caller, head: bytes, again: bytes) -> None:
    with faulty(repeating(head, again)) as server, within(PATIENCE):
        with pytest.raises(UnexpectedAnswer, match=f"more than {LARGEST} bytes"):
            caller.run(server.address, retries=0)
        assert server.received == 1


@EACH_WAY
@pytest.mark.parametrize(
    "pattern",
    [b"-eyJ", b"eyJ.", b"eyJa.", b"basic ", b"Bearer\t", b"&#x27;", b"\\u0000", b"%", b"a@"],
)
def test_what_an_answer_repeats_does_not_cost_time(caller: Caller, pattern: bytes) -> None:
    text = pattern * (LARGEST // 8 // len(pattern))
    problem = json.dumps({"title": "no", "detail": text.decode()}).encode()
    for content, error in ((text, UnexpectedAnswer), (problem, ApiProblem)):
        with faulty(saying(answer("422 -", content))) as server, within(PATIENCE / 4), pytest.raises(error):
            caller.run(server.address, retries=0)


# ---- connections -----------------------------------------------------------------------------------------------------


def connections_to(port: int) -> int:
    """How many sockets this process holds whose other end is `port`."""
    own = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            own.add(str(descriptor.readlink()))
        except FileNotFoundError:  # the one that lists them
            continue
    lines = [line.split() for line in Path("/proc/self/net/tcp").read_text("ascii").splitlines()[1:]]
    return sum(f"socket:[{each[9]}]" in own for each in lines if int(each[2].partition(":")[2], 16) == port)


async def left(port: int) -> tuple[int, int]:
    """The connections to `port` and the other tasks that stay; what is closed goes a turn of the loop later."""
    end = time.monotonic() + PATIENCE
    while True:
        found = connections_to(port), len(asyncio.all_tasks()) - 1
        if found == (0, 0) or time.monotonic() > end:
            return found
        await asyncio.sleep(0.01)


MANY: Final = 50


@pytest.mark.parametrize("caller", both(ALERTS, OPT_IN, MESSAGES)[1::2], ids=str)
def test_cancelled_calls_leave_neither_a_connection_nor_a_task(caller: Caller) -> None:
    reports: list[CallReport] = []

    async def cancelled(server: faults.FaultyServer) -> None:
        async with caller.client(server.address, on_call=reports.append) as client:
            calls = [asyncio.ensure_future(caller.call(client)) for _ in range(MANY)]
            await asyncio.to_thread(server.await_requests, MANY)
            assert connections_to(server.port) == MANY
            for call in calls:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(each) for each in outcomes} == {asyncio.CancelledError}
            assert await left(server.port) == (0, 0)
        assert await left(server.port) == (0, 0)
        assert server.received == MANY

    with faulty(faults.hang) as server:
        asyncio.run(cancelled(server))
    assert [(each.outcome, each.attempts) for each in reports] == [("cancelled", 1)] * MANY


def test_a_call_cancelled_while_it_connects_by_tls_leaves_no_connection() -> None:
    caller = evolve(MESSAGES, is_async=True)

    async def cancelled() -> tuple[int, int]:
        async with caller.client(server.address.replace("http:", "https:")) as client:
            call = asyncio.ensure_future(caller.call(client))
            await asyncio.to_thread(server.await_requests, 1)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            return await left(server.port)

    def hello(wire: Wire) -> None:
        server.count(wire.read_bytes())
        wire.hang()

    with faulty(hello) as server:
        found = asyncio.run(cancelled())
    gc.collect()
    assert found == (0, 0)


def _kept_alive(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def left_by_failure(caller: Caller, behaviour: faults.Behaviour) -> tuple[int, int]:
    """What a failed call leaves before the client is closed."""

    async def awaited(client: Any) -> tuple[int, int]:
        with pytest.raises(ShortcodeKitError):
            await caller.call(client)
        found = await left(server.port)
        await client.aclose()
        return found

    with faulty(behaviour) as server:
        client = caller.client(server.address, timeout=SHORT, retries=0)
        if caller.is_async:
            return asyncio.run(awaited(client))
        with client:
            with pytest.raises(ShortcodeKitError):
                caller.call(client)
            return connections_to(server.port), 0


@pytest.mark.parametrize(
    "behaviour",
    [faults.hang, faults.reset_after_request, repeating(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536))],
    ids=["out of time", "broken", "too large"],
)
@EACH_WAY
def test_failed_calls_leave_no_connection(caller: Caller, behaviour: faults.Behaviour) -> None:
    assert left_by_failure(caller, behaviour) == (0, 0)


class Failing(httpx.Auth):
    """Fails when it has seen the answer."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield request
        raise RuntimeError("said")


@EACH_WAY
def test_an_auth_of_the_callers_that_fails_leaves_no_busy_connection(caller: Caller) -> None:
    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(_kept_alive("401 Unauthorized", bytes(100_000)))
        wire.hang()

    assert left_by_failure(evolve(caller, auth=Failing()), behave) == (0, 0)


@EACH_CALLER
def test_a_connection_is_used_again(caller: Caller) -> None:
    def behave(wire: Wire) -> None:
        for _ in range(2):
            wire.read_request()
            wire.write(_kept_alive(*caller.good))

    with faulty(behave) as server:
        caller.repeat(caller.client(server.address, retries=0))
        assert (server.connections, server.received) == (1, 2)


@EACH_CALLER
def test_a_connection_that_was_closed_meanwhile_is_not(caller: Caller) -> None:
    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(_kept_alive(*caller.good))

    with faulty(behave) as server:
        client = caller.client(server.address, retries=0)
        caller.repeat(client, lambda: server.await_closed(1))
        assert (server.connections, server.received) == (2, 2)


@EACH_CALLER
def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(caller: Caller) -> None:
    def behave(wire: Wire) -> None:
        wire.read_request()
        wire.write(_kept_alive(*caller.good) * 2)
        wire.read_request()
        wire.reset()

    first: list[bool] = []
    with faulty(behave) as server, pytest.raises(TransportFailure):
        caller.repeat(caller.client(server.address, retries=0), lambda: first.append(True))
    assert first == [True], "it is the second call that fails"
