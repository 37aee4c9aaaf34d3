"""A sandbox for the tests of one module, emptied before each of them. A module whose tests need another one makes its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shortcodekit.sandbox import Sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A sandbox with whatever the last test has left in it."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The same, emptied."""
    running.reset()
    return running
