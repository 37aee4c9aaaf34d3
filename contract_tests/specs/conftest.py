"""What laws about the rules of the specs share."""

from __future__ import annotations

import pytest

from shortcodekit.rules import checker


@pytest.fixture(autouse=True)
def _compiled_here() -> None:
    """Each test compiles what it judges by: what another one compiled would hide what compiling does wrong."""
    checker.cache_clear()
