"""What pytest gets from this package: the fixture `sandbox`, how many examples the laws of `shortcodekit.contract` try, and shards.

It loads nothing until a test asks for it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zlib import crc32

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
    """Adds the options."""
    group = parser.getgroup("shortcodekit")
    group.addoption("--contract-examples", type=int, metavar="N", help="how many drawn examples each law tries")
    group.addoption(
        "--shard", type=_shard, metavar="K/N", help="run the K-th of N parts of the tests, each on its own machine"
    )


def _shard(said: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})", said)
    if found is None or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError("K/N, such as 1/4: the first of four parts")
    return int(found[1]), int(found[2])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the tests of other shards out. To which one a test belongs, its name decides, so all machines agree."""
    shard = config.getoption("--shard", None)
    if shard is None:
        return
    kept: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        (kept if crc32(item.nodeid.encode()) % shard[1] == shard[0] - 1 else others).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=others)


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, and hands the number of examples on to the laws."""
    examples = config.getoption("--contract-examples", None)
    if examples is not None:
        os.environ["SHORTCODEKIT_CONTRACT_EXAMPLES"] = str(examples)
    config.addinivalue_line("markers", "sandbox(**settings): what the fixture `sandbox` is started with")


def pytest_unconfigure() -> None:
    """Ends the applications whose laws were judged: their shutdown may need threads, which are gone when the process ends."""
    targets = sys.modules.get("shortcodekit.contract.targets")
    if targets is not None:
        targets.close_all()
