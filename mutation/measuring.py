"""A plugin for pytest: tests take what they take of the processor, since the machine may have other things to do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import pytest

_TOOK: Final = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Measures a test."""
    started = time.process_time()
    try:
        return (yield)
    finally:
        item.stash[_TOOK] = time.process_time() - started


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Tells mutmut what was measured."""
    if call.when == "call":
        call.duration = item.stash[_TOOK]
