"""Lists of opt-outs for tests: in a file of the test's own, or in the Redis that tests share, under keys of the test's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import Factory, define

from shortcodekit.migration import OptOutList, RedisOptOutList, SqliteOptOutList

from .redis_server import NEEDS_REDIS

KINDS: Final = ["sqlite", pytest.param("redis", marks=NEEDS_REDIS)]


@define
class Place:
    """Where a list is kept: the path of a file, or the URL of a Redis, `#` and a prefix."""

    address: str
    _opened: ExitStack = Factory(ExitStack)

    def open(self, **settings: Any) -> OptOutList:
        """The list, by a handle of its own, as another process would open it."""
        path, _, prefix = self.address.partition("#")
        opened: OptOutList = (
            RedisOptOutList(path, prefix=prefix, **settings) if prefix else SqliteOptOutList(path, **settings)
        )
        self._opened.callback(opened.close)
        return opened


@contextmanager
def place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place that is empty, as long as the context lasts."""
    address = str(folder / "opt-outs.db")
    if kind == "redis":
        address = f"{request.getfixturevalue('redis').url}#{{{uuid.uuid4().hex}}}:"
    opened = ExitStack()
    with opened:
        yield Place(address, opened)
