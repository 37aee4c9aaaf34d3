"""What pytest gets from this package: the fixture `sandbox`.

It loads nothing until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shortcodekit.sandbox import Sandbox


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of the test's own, on a loopback port. `@pytest.mark.sandbox(receipt_url=…)` sets what `Sandbox` takes."""
    from shortcodekit.sandbox import Sandbox  # noqa: PLC0415  # only tests that use it pay

    marker = request.node.get_closest_marker("sandbox")
    with Sandbox(**(marker.kwargs if marker else {})) as running:
        yield running


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker."""
    config.addinivalue_line("markers", "sandbox(**settings): what the fixture `sandbox` is started with")
