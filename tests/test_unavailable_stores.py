"""Replay stores that cannot be asked: whatever is wrong with file or server, it is `StoreUnavailable`, and it ends when that does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from shortcodekit.webhooks import Receiver, Request, SqliteStore, State, Store, StoreUnavailable

from .copies import until
from .redis_server import NEEDS_REDIS, RedisServer, redis_server

CLAIMED, BUSY, DONE = State
ClosedAfter = Callable[[Any], Any]
TIMEOUT: Final = 1.0
"""Seconds that are waited for a Redis that hangs."""
PATIENT: Final = 30.0
"""Those that are waited for one that does not, however busy the machine is."""
MARGIN: Final = 8.0
"""Seconds beyond the promised ones that a busy machine may take."""


def _is_down(store: Store) -> None:
    """Whatever one asks, it is unavailable and nothing else."""
    for ask in (
        lambda: store.claim("key", "owner"),
        lambda: store.finish("key", "owner", 60),
        lambda: store.release("key", "owner", 60),
    ):
        with pytest.raises(StoreUnavailable):
            ask()


def test_a_file_that_cannot_be_opened_is_unavailable_until_it_can(tmp_path: Path, closed_after: ClosedAfter) -> None:
    path = tmp_path / "missing" / "events"
    store = closed_after(SqliteStore(path))
    _is_down(store)
    path.parent.mkdir()
    path.mkdir()
    _is_down(store)
    path.rmdir()
    path.write_bytes(b"This is no database, and larger than its head. " * 200)
    _is_down(store)
    path.unlink()
    assert store.claim("key", "owner") is CLAIMED


def test_why_a_file_cannot_be_opened_is_told_with_its_path_and_logged_by_a_receiver(
    tmp_path: Path, closed_after: ClosedAfter, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever forgot to make the folder finds it in the log."""
    path = tmp_path / "missing" / "events.db"
    receiver = Receiver(verify=None, replay=closed_after(SqliteStore(path)))
    receiver.on("delivery-receipt", "/hooks/dlr")(lambda _: None)
    receipt = Request("GET", "msisdn=16365553226&status=delivered&messageId=1")
    assert receiver.handle("/hooks/dlr", receipt).status == 503
    (line,) = (record.getMessage() for record in caplog.records)
    assert "store-down" in line
    assert line.endswith(f": SQLite: unable to open database file ({path})")


@contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Someone else writes to the file and does not come to an end, as long as the context lasts."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_file_that_another_process_keeps_locked_is_unavailable_meanwhile(
    tmp_path: Path, closed_after: ClosedAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", 0.05)
    store, new = closed_after(SqliteStore(tmp_path / "events")), closed_after(SqliteStore(tmp_path / "events"))
    store.finish("done", "owner", 60)
    with _locked(tmp_path / "events"):
        _is_down(store)
        _is_down(new)
    assert [each.claim("done", "owner") for each in (store, new)] == [DONE, DONE]
    assert [each.claim("key", "owner") for each in (store, new)] == [CLAIMED, BUSY]


def test_a_claim_that_had_to_wait_for_the_file_lasts_as_long_as_any_other(
    tmp_path: Path, closed_after: ClosedAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", PATIENT)
    now = 1000.0
    one, other = (closed_after(SqliteStore(tmp_path / "events", clock=lambda: now)) for _ in range(2))
    assert (one.claim("first", "one"), other.claim("first", "other")) == (CLAIMED, BUSY)
    with _locked(tmp_path / "events") as writing:

        def let_go() -> None:
            nonlocal now
            now += 100  # more than a lease
            writing.execute("COMMIT")

        over = threading.Timer(0.3, let_go)
        over.start()
        assert one.claim("key", "one") is CLAIMED
        over.join()
    assert other.claim("key", "other") is BUSY


def test_threads_do_not_wait_for_a_locked_file_one_after_the_other(
    tmp_path: Path, closed_after: ClosedAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", 1.0)
    store = closed_after(SqliteStore(tmp_path / "events"))
    store.finish("done", "owner", 60)

    def ask(number: int) -> float:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.claim(f"{number}", f"{number}")
        return time.monotonic() - began

    with _locked(tmp_path / "events"), ThreadPoolExecutor(16) as threads:
        assert max(threads.map(ask, range(16))) < 16 * 1.0 / 2


def test_an_interruption_while_the_file_is_written_leaves_it_to_others_at_once(
    tmp_path: Path, closed_after: ClosedAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", 0.05)
    told: list[float] = []

    def clock() -> float:
        told.append(time.time())
        if len(told) == 1:
            raise KeyboardInterrupt  # as it may come at any moment
        return told[-1]

    store, other = (
        closed_after(SqliteStore(tmp_path / "events", clock=clock)),
        closed_after(SqliteStore(tmp_path / "events")),
    )
    with pytest.raises(KeyboardInterrupt):
        store.claim("key", "owner")
    assert other.claim("key", "other") is CLAIMED
    assert store.claim("key", "owner") is BUSY
    assert store.claim("another", "owner") is CLAIMED


def test_a_file_that_may_only_be_read_is_unavailable() -> None:
    code = """
import os, sys
from shortcodekit.webhooks import SqliteStore, StoreUnavailable
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)  # nothing is forbidden to root
store = SqliteStore(sys.argv[1])
for ask in (lambda: store.claim("new", "owner"), lambda: store.finish("new", "owner", 60)):
    try:
        print(ask())
    except StoreUnavailable as error:
        print(str(error).partition(":")[0])
"""
    with tempfile.TemporaryDirectory() as folder:  # one that others may enter
        path = Path(folder) / "events"
        store = SqliteStore(path)
        store.finish("done", "owner", 60)
        store.close()
        path.chmod(0o444)
        path.parent.chmod(0o555)
        assert _printed(code, path) == ["SQLite"] * 2
        path.parent.chmod(0o755)


def _printed(code: str, *arguments: str | Path) -> list[str]:
    """The lines that a process prints which runs `code`."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


# ---- Redis -----------------------------------------------------------------------------------------------------------


def _client(url: str, timeout: float = PATIENT, **options: Any) -> Any:
    from redis import Redis

    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, **options)


@NEEDS_REDIS
def test_redis_is_unavailable_while_it_is_down_and_serves_again_after(closed_after: ClosedAfter) -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    with redis_server() as server:
        stores = [closed_after(RedisStore(server.url)), closed_after(RedisStore(_client(server.url)))]
        for number, store in enumerate(stores):
            assert store.claim(f"{number}", "owner") is CLAIMED
        server.kill()
        for store in stores:
            _is_down(store)
        server.start()
        for number, store in enumerate(stores):
            assert store.claim(f"{number}", "another") is CLAIMED, "it has forgotten all"
            store.finish(f"{number}", "another", 60)
        server.restart()
        assert [store.claim("new", f"{number}") for number, store in enumerate(stores)] == [CLAIMED, BUSY]


@NEEDS_REDIS
def test_redis_is_unavailable_while_it_hangs_and_nobody_waits_longer_than_the_timeout(
    closed_after: ClosedAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    monkeypatch.setattr("shortcodekit.webhooks.stores.redis.TIMEOUT", TIMEOUT)
    with redis_server() as server:
        for store in (
            closed_after(RedisStore(server.url, lease=1)),
            closed_after(RedisStore(_client(server.url, TIMEOUT), prefix="other:", lease=1)),
        ):
            store.claim("done", "owner")
            store.finish("done", "owner", 60)
            with server.paused():
                began = time.monotonic()
                _is_down(store)
                assert time.monotonic() - began < 3 * TIMEOUT + MARGIN
            until(server.answers)
            assert store.claim("done", "owner") is DONE
            ends = time.monotonic() + 1 + MARGIN
            store.finish("another", "owner", 60)
            while (state := store.claim("claimed while it hung", "owner")) is not CLAIMED:
                assert state is BUSY
                assert time.monotonic() < ends


@NEEDS_REDIS
def test_a_claim_whose_answer_was_lost_is_known_as_ones_own_when_the_client_asks_again(
    closed_after: ClosedAfter,
) -> None:
    import redis.backoff
    import redis.retry

    from shortcodekit.webhooks.stores.redis import RedisStore

    asks_again = threading.Event()

    class AtOnce(redis.backoff.NoBackoff):
        def compute(self, failures: int) -> float:
            asks_again.set()
            return super().compute(failures)

    with redis_server() as server:
        store = closed_after(RedisStore(_client(server.url, TIMEOUT, retry=redis.retry.Retry(AtOnce(), 20))))
        store.finish("connected", "owner", 60)
        with ThreadPoolExecutor(1) as thread:
            with server.paused():
                claim = thread.submit(store.claim, "key", "owner")
                assert asks_again.wait(PATIENT)
            assert claim.result(60) is CLAIMED
        assert store.claim("key", "another") is BUSY


@NEEDS_REDIS
def test_a_key_that_someone_else_uses_makes_redis_unavailable_for_this_event(
    redis: RedisServer, closed_after: ClosedAfter
) -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    client, prefix = _client(redis.url), uuid.uuid4().hex
    store: Store = closed_after(RedisStore(client, prefix=prefix))
    client.rpush(f"{prefix}key", "a list")
    for ask in (lambda: store.claim("key", "owner"), lambda: store.release("key", "owner", 60)):
        with pytest.raises(StoreUnavailable):
            ask()
    assert store.claim("another", "owner") is CLAIMED
    store.finish("key", "owner", 60)
    assert store.claim("key", "owner") is DONE


def test_neither_the_text_of_a_redis_store_nor_its_errors_hold_the_password() -> None:
    from shortcodekit.webhooks.stores.redis import RedisStore

    store = RedisStore("redis://someone:canary-7f3a@127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable) as caught:
        store.claim("key", "owner")
    assert "canary" not in f"{store!r} {caught.value!r} {caught.value}"


def test_a_missing_extra_is_named_when_its_store_is_and_not_before() -> None:
    code = """
import sys
sys.modules["redis"] = None
from shortcodekit import webhooks
for source in (webhooks, webhooks.stores):
    try:
        source.RedisStore
    except ModuleNotFoundError as error:
        print(error)
"""
    assert _printed(code) == ["RedisStore needs the package redis: install shortcodekit[redis]"] * 2
