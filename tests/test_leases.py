"""How claims are kept while their process lives: by one thread for each store, which is there while there is something to keep.

What becomes of claims when the process dies, and beyond a fork, stands in `tests/test_stores.py`.
"""

from __future__ import annotations

import gc
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from shortcodekit.webhooks import SqliteStore, State, StoreUnavailable
from shortcodekit.webhooks.stores.base import Leases

from .copies import until
from .redis_server import NEEDS_REDIS

LEASE: Final = 3.0
"""So long that a busy machine does not keep the thread from renewing in time."""
CLAIMED, BUSY, DONE = State
ClosedAfter = Callable[[Any], Any]


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=NEEDS_REDIS)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Opens a store, each time on the same data."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "events", lease=LEASE)
    from shortcodekit.webhooks.stores.redis import RedisStore

    url, prefix = request.getfixturevalue("redis").url, uuid.uuid4().hex
    return lambda: RedisStore(url, prefix=prefix, lease=LEASE)


def test_stores_that_come_and_go_leave_no_threads_behind(opened: Callable[[], Any], closed_after: ClosedAfter) -> None:
    before = set(threading.enumerate())
    for number in range(5):
        store = opened()
        store.claim(f"{number}", "owner")
        store.finish(f"{number}", "owner", 60)
        store.close()
    store = opened()
    store.claim("claimed", "owner")
    store.close()
    del store  # with its claim
    gc.collect()
    until(lambda: not set(threading.enumerate()) - before)
    other = closed_after(opened())
    until(lambda: other.claim("claimed", "another") is CLAIMED)


def test_a_store_that_had_nothing_to_keep_for_a_while_keeps_what_it_claims_then(
    opened: Callable[[], Any], closed_after: ClosedAfter
) -> None:
    before = set(threading.enumerate())
    store, other = closed_after(opened()), closed_after(opened())
    for key in ("first", "second"):
        assert store.claim(key, "owner") is CLAIMED
        ends = time.monotonic() + 1.2 * LEASE
        while key == "second" and time.monotonic() < ends:
            assert other.claim(key, "another") is BUSY
            time.sleep(0.05)
        store.finish(key, "owner", 60)
        until(lambda: not set(threading.enumerate()) - before)


def test_claims_are_renewed_again_after_the_store_was_down() -> None:
    renewed: list[dict[str, str]] = []

    def renew(claims: Any) -> None:
        renewed.append(dict(claims))
        if len(renewed) == 1:
            raise StoreUnavailable("down")

    leases = Leases(0.3, renew)
    leases.hold("key", "owner")
    leases.hold("another", "owner")
    leases.drop("another", "owner")
    leases.drop("key", "somebody else")
    dropped = len(renewed) + 1  # one more may have been on its way
    until(lambda: len(renewed) >= dropped + 2)
    leases.drop("key", "owner")
    assert {tuple(each.items()) for each in renewed[dropped:]} == {(("key", "owner"),)}
