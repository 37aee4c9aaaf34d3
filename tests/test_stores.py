"""The laws that all replay stores keep, over real files, a real Redis and real processes; and what each store promises alone.

`Kind` is a store as often as it is opened on the same data, and how time passes for it: a clock where the store takes one; in Redis
all keys lose so much of the time that is left to them. Where time has to pass, nothing is expected to happen *before* it has, unless
it is long beside what a busy machine takes.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, frozen

from shortcodekit.webhooks import MemoryStore, SqliteStore, State, Store

from .copies import threads_that_change_often
from .redis_server import NEEDS_REDIS, RedisServer

LEASE: Final = 3.0
MARGIN: Final = 30.0
"""Seconds beyond the promised ones that a busy machine may take."""
CLAIMED, BUSY, DONE = State
ClosedAfter = Callable[[Any], Any]


@define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@frozen
class Kind:
    """A store, and how to pass time."""

    open: Callable[[], Any]
    pass_time: Callable[[float], None]


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("redis", marks=NEEDS_REDIS),
        pytest.param("redis-texts", marks=NEEDS_REDIS),
    ]
)
def kind(request: pytest.FixtureRequest, tmp_path: Path, closed_after: ClosedAfter) -> Kind:
    clock = Clock()
    if request.param == "memory":
        memory = MemoryStore(clock=clock)
        return Kind(lambda: memory, clock.forward)
    if request.param == "sqlite":
        return Kind(lambda: closed_after(SqliteStore(tmp_path / "events", clock=clock)), clock.forward)
    from redis import Redis

    from shortcodekit.webhooks.stores.redis import RedisStore

    url, prefix = request.getfixturevalue("redis").url, uuid.uuid4().hex
    client = Redis.from_url(url, decode_responses=True) if request.param == "redis-texts" else url

    def pass_time(seconds: float) -> None:
        with Redis.from_url(url) as server:
            for key in server.scan_iter(f"{prefix}*"):
                server.pexpire(key, server.pttl(key) - int(seconds * 1000))

    return Kind(lambda: closed_after(RedisStore(client, prefix=prefix)), pass_time)


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=NEEDS_REDIS)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where processes find a store that they share, see `SCRIPT`."""
    if request.param == "sqlite":
        return str(tmp_path / "events")
    return f"{request.getfixturevalue('redis').url}#{uuid.uuid4().hex}"


# ---- what all of them do ---------------------------------------------------------------------------------------------


def test_an_event_is_claimed_once_and_then_busy_until_it_is_done(kind: Kind) -> None:
    store, other = kind.open(), kind.open()
    assert store.claim("key", "first") is CLAIMED
    assert other.claim("key", "second") is BUSY
    assert store.claim("key", "third") is BUSY
    assert store.claim("another key", "first") is CLAIMED
    store.finish("key", "first", 60)
    assert other.claim("key", "second") is DONE
    assert store.claim("key", "first") is DONE
    assert other.claim("another key", "second") is BUSY


def test_a_claim_is_given_back_by_its_owner_and_by_nobody_else(kind: Kind) -> None:
    store = kind.open()
    store.release("key", "first", 60)
    assert store.claim("key", "first") is CLAIMED
    store.release("key", "second", 60)
    kind.open().release("key", "second", 60)
    assert store.claim("key", "second") is BUSY
    store.release("key", "first", 60)
    assert store.claim("key", "second") is CLAIMED
    store.release("key", "first", 60)
    assert store.claim("key", "first") is BUSY


def test_whoever_says_that_an_event_is_done_is_believed(kind: Kind) -> None:
    store = kind.open()
    assert store.claim("key", "first") is CLAIMED
    kind.open().finish("key", "second", 60)
    store.release("key", "first", 60)
    store.release("key", "second", 60)
    assert store.claim("key", "third") is DONE
    store.finish("nobody's", "first", 60)
    assert store.claim("nobody's", "second") is DONE


def test_an_event_is_remembered_for_its_seconds_and_then_is_as_new(kind: Kind) -> None:
    store, other = kind.open(), kind.open()
    for seconds in (10.0, 20.0, 60.0):
        store.claim(f"{seconds}", "first")
        store.finish(f"{seconds}", "first", 10.0)
        store.finish(f"{seconds}", "first", seconds)
    assert {other.claim(key, "second") for key in ("10.0", "20.0", "60.0")} == {DONE}
    kind.pass_time(10.5)
    assert [other.claim(key, "second") for key in ("10.0", "20.0", "60.0")] == [CLAIMED, DONE, DONE]
    kind.pass_time(10.5)
    assert [other.claim(key, "third") for key in ("20.0", "60.0")] == [CLAIMED, DONE]
    assert store.claim("10.0", "third") is BUSY
    store.finish("10.0", "second", 60)
    assert store.claim("10.0", "third") is DONE


def test_keys_are_told_apart_to_the_last_character(kind: Kind) -> None:
    store = kind.open()
    keys = ["", "a", "A", "a ", "ä", "a\u0308", "\U0001f600", "a\0b", "a\0c", "*", "x" * 5000, "x" * 5001]
    assert [store.claim(key, "first") for key in keys] == [CLAIMED] * len(keys)
    for key in keys[::2]:
        store.finish(key, "first", 60)
    assert [store.claim(key, "second") for key in keys] == [DONE, BUSY] * (len(keys) // 2)


def test_of_many_threads_that_claim_an_event_at_once_one_gets_it(kind: Kind) -> None:
    store: Store = kind.open()
    together = threading.Barrier(8)

    def claim_all(thread: int) -> list[State]:
        states = []
        for key in range(40):
            together.wait(30)
            states.append(store.claim(f"{key}", f"{thread}"))
        return states

    with threads_that_change_often(), ThreadPoolExecutor(8) as threads:
        by_key = list(zip(*threads.map(claim_all, range(8)), strict=True))
    assert {tuple(sorted(state.value for state in states)) for states in by_key} == {("busy",) * 7 + ("claimed",)}


# ---- several processes -----------------------------------------------------------------------------------------------

SCRIPT: Final = """
import json, os, signal, sys, time
from shortcodekit import webhooks

signal.alarm(60)  # whatever happens, nothing of it stays behind
os.register_at_fork(after_in_child=lambda: signal.alarm(60))

def opened():
    address, _, prefix = sys.argv[1].partition("#")
    if prefix:
        return webhooks.RedisStore(address, prefix=prefix, lease=float(sys.argv[2]))
    return webhooks.SqliteStore(address, lease=float(sys.argv[2]))

def tell(value):
    os.write(1, (json.dumps(value) + chr(10)).encode())

store = opened()
"""


def _opened(address: str, lease: float = LEASE) -> Any:
    path, _, prefix = address.partition("#")
    if prefix:
        from shortcodekit.webhooks.stores.redis import RedisStore

        return RedisStore(path, prefix=prefix, lease=lease)
    return SqliteStore(path, lease=lease)


def _run(code: str, address: str) -> list[Any]:
    """What a process tells that runs `code` and the like."""
    command = [sys.executable, "-c", SCRIPT + code, address, str(LEASE)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_claim_lasts_while_its_process_lives_and_ends_after_the_lease_when_it_dies(
    address: str, closed_after: ClosedAfter
) -> None:
    code = 'store.claim("key", "the process"); tell("claimed"); signal.pause()'
    command = [sys.executable, "-c", SCRIPT + code, address, str(LEASE)]
    store = closed_after(_opened(address))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            ends = time.monotonic() + 1.2 * LEASE
            while time.monotonic() < ends:
                assert store.claim("key", "a copy") is BUSY
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
    assert store.claim("key", "a copy") is BUSY, "nobody can know at once"
    ends = time.monotonic() + LEASE + MARGIN
    while store.claim("key", "a copy") is BUSY:
        assert time.monotonic() < ends
        time.sleep(0.02)
    store.finish("key", "a copy", 60)
    assert store.claim("key", "a third") is DONE


def test_of_several_processes_that_claim_an_event_at_once_one_gets_it(address: str) -> None:
    code = """
waiting, go = os.pipe()
for child in range(4):
    if os.fork() == 0:
        os.close(go)
        os.read(waiting, 1)
        tell([key for key in range(100) if store.claim(str(key), str(child)) is webhooks.State.CLAIMED])
        os._exit(0)
os.close(go)
sys.exit(sum(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)))
"""
    got = _run(code, address)
    assert len(got) == 4
    assert sorted(key for keys in got for key in keys) == list(range(100))


def test_processes_that_make_a_file_at_once_all_get_to_it(tmp_path: Path) -> None:
    code = """
for number in range(25):
    store = webhooks.SqliteStore(f"{sys.argv[1]}{number}")
    waiting, go = os.pipe()
    for child in range(4):
        if os.fork() == 0:
            os.close(go)
            os.read(waiting, 1)
            tell(store.claim(str(child), "owner").value)
            os._exit(0)
    os.close(go)
    os.close(waiting)
    [os.wait() for _ in range(4)]
"""
    assert _run(code, str(tmp_path / "events")) == ["claimed"] * 100


def test_a_store_works_on_both_sides_of_a_fork(address: str) -> None:
    code = """
(claimed, claims), (asked, asks) = os.pipe(), os.pipe()
tell(store.claim("parent's", "parent").value)
if os.fork() == 0:
    os.close(asks)
    tell(store.claim("parent's", "child").value)
    tell(store.claim("child's", "child").value)
    os.write(claims, b"!")
    os.read(asked, 1)
    store.finish("child's", "child", 60)
    os._exit(0)
os.read(claimed, 1)
time.sleep(1.2 * float(sys.argv[2]))
tell(store.claim("child's", "parent").value)
os.close(asks)
status = os.waitstatus_to_exitcode(os.wait()[1])
tell([store.claim("child's", "parent").value, opened().claim("parent's", "another").value])
store.release("parent's", "parent", 60)
tell(opened().claim("parent's", "another").value)
sys.exit(status)
"""
    assert _run(code, address) == ["claimed", "busy", "claimed", "busy", ["done", "busy"], "claimed"]


def test_a_file_works_beyond_a_fork_at_a_moment_when_a_thread_is_asking_for_it(tmp_path: Path) -> None:
    code = """
tell(store.claim("parent's", "parent").value)
held = store._file._lock, store._leases._lock  # as by a thread that is not there beyond the fork
[each.acquire() for each in held]
if os.fork() == 0:
    tell(store.claim("child's", "child").value)
    store.finish("child's", "child", 60)
    os._exit(0)
[each.release() for each in held]
status = os.waitstatus_to_exitcode(os.wait()[1])
tell(store.claim("child's", "parent").value)
sys.exit(status)
"""
    assert _run(code, str(tmp_path / "events")) == ["claimed", "claimed", "done"]


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_memory_is_bounded_and_the_oldest_event_goes_first() -> None:
    store = MemoryStore(capacity=3)
    for key in ("a", "b", "c", "a", "d"):
        store.finish(key, "owner", 60)
    assert len(store) == 3
    assert [store.claim(key, "owner") for key in "acd"] == [DONE] * 3
    assert store.claim("b", "owner") is CLAIMED
    for number in range(1000):
        store.finish(f"{number}", "owner", 60)
    assert len(store) == 3
    assert repr(store) == "MemoryStore(3 of 3 events)"


def test_memory_never_gives_up_a_claim_for_the_sake_of_its_bound() -> None:
    store = MemoryStore(capacity=2)
    assert {store.claim(f"claimed {key}", "owner") for key in range(50)} == {CLAIMED}
    for key in range(50):
        store.finish(f"done {key}", "owner", 60)
    assert {store.claim(f"claimed {key}", "another") for key in range(50)} == {BUSY}


def test_memory_gives_each_claim_to_one_thread_however_they_take_turns() -> None:
    store = MemoryStore()

    def claim_all(thread: int) -> list[int]:
        return [key for key in range(30_000) if store.claim(f"{key}", f"{thread}") is CLAIMED]

    with threads_that_change_often(), ThreadPoolExecutor(8) as threads:
        got = [key for keys in threads.map(claim_all, range(8)) for key in keys]
    assert len(got) == len(set(got)) == 30_000


# ---- a file ----------------------------------------------------------------------------------------------------------


def test_events_that_need_not_be_remembered_leave_the_file(tmp_path: Path, closed_after: ClosedAfter) -> None:
    clock = Clock()
    store = closed_after(SqliteStore(tmp_path / "events", clock=clock))
    store.claim("of a process that died", "owner")
    store._leases.drop("of a process that died", "owner")
    for key in range(50):
        store.finish(f"{key}", "owner", 10)
    clock.forward(50)
    store.claim("claimed", "owner")
    clock.forward(20)
    store.finish("new", "owner", 10)
    with closing(sqlite3.connect(tmp_path / "events")) as file:
        assert file.execute("SELECT key FROM events ORDER BY key").fetchall() == [("claimed",), ("new",)]


def test_a_file_remembers_beyond_closing(tmp_path: Path, closed_after: ClosedAfter) -> None:
    store = closed_after(SqliteStore(tmp_path / "events"))
    store.finish("key", "owner", 60)
    store.close()
    store.close()
    assert closed_after(SqliteStore(tmp_path / "events")).claim("key", "owner") is DONE
    assert store.claim("key", "owner") is DONE, "the next use opens it again"


# ---- Redis -----------------------------------------------------------------------------------------------------------


@NEEDS_REDIS
def test_redis_lets_all_keys_expire_by_itself(redis: RedisServer, closed_after: ClosedAfter) -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    prefix = uuid.uuid4().hex
    store = closed_after(RedisStore(redis.url, prefix=prefix, lease=30))
    store.claim("claimed", "owner")
    store.finish("done", "owner", 86400)
    assert 20_000 < store._client.pttl(f"{prefix}claimed") <= 30_000
    assert 86_390_000 < store._client.pttl(f"{prefix}done") <= 86_400_000
