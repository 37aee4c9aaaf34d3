"""What pytest gets from this package: the fixture `sandbox`, and how many examples the laws of `shortcodekit.contract` try.

It loads nothing until a test asks for it.
"""

from __future__ import annotations

import os
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    group = parser.getgroup("shortcodekit")
    group.addoption("--contract-examples", type=int, metavar="N", help="how many drawn examples each law tries")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, and takes the option."""
    examples = config.getoption("--contract-examples", None)
    if examples is not None:
        os.environ["SHORTCODEKIT_CONTRACT_EXAMPLES"] = str(examples)
    config.addinivalue_line("markers", "sandbox(**settings): what the fixture `sandbox` is started with")
