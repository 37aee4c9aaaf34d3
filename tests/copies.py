"""Several copies of an event at once: the ways of asking a receiver, the stores it may have, and what a store was asked.

A receiver is asked by threads or by tasks, its handler is a plain function or a coroutine function: `WAYS` are the four. A test
writes one plain function, which may block; as a coroutine function it is awaited in a thread.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from attrs import Factory, define, field, frozen

from contract_tests import sandboxed
from shortcodekit.webhooks import MemoryStore, Receiver, Request, Response, SqliteStore, State, Store

from .redis_server import NEEDS_REDIS

PATH: Final = "/hooks/receipts"
STORES: Final = ["memory", "sqlite", pytest.param("redis", marks=NEEDS_REDIS)]


def receipt(message_id: str | None = "02000000E68951D8", **changes: str) -> Request:
    """A delivery receipt; `_` in the names of `changes` stands for `-`."""
    document = {"msisdn": "15550100001", "to": "96167", "status": "delivered"}
    document |= {} if message_id is None else {"messageId": message_id}
    return Request("GET", urlencode(document | {name.replace("_", "-"): value for name, value in changes.items()}))


def opened(kind: str, request: pytest.FixtureRequest, folder: Path) -> Any:
    """A new store of one of the `STORES`, which is closed after the test."""
    if kind == "memory":
        return MemoryStore()
    closed_after = request.getfixturevalue("closed_after")
    if kind == "redis":
        from shortcodekit.webhooks.stores.redis import RedisStore

        return closed_after(RedisStore(request.getfixturevalue("redis").url, prefix=uuid.uuid4().hex))
    return closed_after(SqliteStore(folder / "events"))


@define
class Watched:
    """A store and what it was asked."""

    store: Store
    waiting: set[str] = Factory(set)
    """Who was told that the event is being handled."""
    finished: int = 0
    released: int = 0
    blocks: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.blocks = self.store.blocks

    def claim(self, key: str, owner: str) -> State:
        state = self.store.claim(key, owner)
        if state is State.BUSY:
            self.waiting.add(owner)
        return state

    def finish(self, key: str, owner: str, seconds: float) -> None:
        self.finished += 1
        self.store.finish(key, owner, seconds)

    def release(self, key: str, owner: str, seconds: float) -> None:
        self.released += 1
        self.store.release(key, owner, seconds)


@frozen
class Way:
    """How a receiver is asked, and of what kind its handler is."""

    awaited: bool
    is_async: bool

    def receiver(self, work: Callable[[Any], Any], store: Store, **options: Any) -> Receiver:
        """A receiver of receipts that do not have to be signed."""
        receiver = Receiver(verify=None, replay=store, **options)
        receiver.on("delivery-receipt", PATH)(self.handler(work))
        return receiver

    def handler(self, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def handle(model: Any) -> Any:
            return await asyncio.to_thread(work, model)

        return handle if self.is_async else work

    def ask(self, receiver: Receiver, *requests: Request, path: str = PATH) -> list[Response]:
        """The answers to `requests`, which arrive at once."""
        if self.awaited:
            return asyncio.run(_gathered(receiver, requests, path))
        with ThreadPoolExecutor(len(requests)) as threads:
            return list(threads.map(receiver.handle, itertools.repeat(path), requests))

    def statuses(self, receiver: Receiver, *requests: Request) -> list[int]:
        return [response.status for response in self.ask(receiver, *requests)]

    def __str__(self) -> str:
        return f"{'awaited' if self.awaited else 'blocking'}-{'async' if self.is_async else 'plain'}"


async def _gathered(receiver: Receiver, requests: tuple[Request, ...], path: str) -> list[Response]:
    return await asyncio.gather(*(receiver.handle_async(path, each) for each in requests))


WAYS: Final = [Way(awaited, is_async) for awaited in (False, True) for is_async in (False, True)]
EACH_WAY: Final = pytest.mark.parametrize("way", WAYS, ids=str)


until: Final = partial(sandboxed.until, seconds=30.0)
"""Waits until something holds that has to."""


@contextmanager
def threads_that_change_often() -> Iterator[None]:
    """The interpreter lets threads take turns as often as it can, so that a race has many chances."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
