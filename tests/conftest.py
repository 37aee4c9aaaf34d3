"""The profile of the property tests, which is that of the contract suite, and the fixtures that several modules need.

`--docs-coverage` fails a run of all tests that left a block of the documentation out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contract_tests import profiles
from tests import guides, opt_out_lists
from tests.redis_server import RedisServer, redis_server
from tests.service import Service, service

profiles.load()


@pytest.fixture(scope="session")
def rsa_key() -> str:
    """A private key in PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis that tests share: each takes keys of its own, and none ends it."""
    with redis_server() as server:
        yield server


@pytest.fixture(params=opt_out_lists.KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[opt_out_lists.Place]:
    """An empty place for a list of opt-outs, of each kind in turn."""
    with opt_out_lists.place(request.param, tmp_path, request) as empty:
        yield empty


@pytest.fixture
def known() -> Iterator[Service]:
    """The three APIs on loopback, where nobody has opted out."""
    with service() as running:
        yield running


@pytest.fixture
def closed_after() -> Iterator[Callable[[Any], Any]]:
    """Takes a replay store, and closes it after the test; what it has claimed by then is given up."""
    with ExitStack() as stack:

        def taken(store: Any) -> Any:
            stack.callback(store.close)
            stack.callback(_give_up, store._leases)
            return store

        yield taken


def _give_up(leases: Any) -> None:
    """Nothing is renewed any more, which would open the store again."""
    leases._held.clear()
    while leases._thread is not None and leases.seconds <= 3:  # what is renewed after long is not within a test
        time.sleep(0.01)


# ---- what of the documentation was run -------------------------------------------------------------------------------

_RAN = pytest.StashKey[set[str]]()
"""What the workers of pytest-xdist have run; `guides.RAN` is what this process has."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--docs-coverage", action="store_true", help="fail unless every block of the documentation was run"
    )


def pytest_configure(config: pytest.Config) -> None:
    nothing: set[str] = set()
    config.stash[_RAN] = nothing


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: pytest.Item) -> None:
    noted: set[str] = node.config.stash[_RAN]
    noted.update(getattr(node, "workeroutput", {}).get("ran", ()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):  # a worker of pytest-xdist: the controller collects
        session.config.workeroutput["ran"] = sorted(guides.RAN)  # type: ignore[attr-defined]  # xdist's
    elif exitstatus == pytest.ExitCode.OK and _fails(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--docs-coverage"):
        left = _left_out(config)
        for place in left:
            terminalreporter.write_line(f"NOT RUN: block {place}", red=True)
        terminalreporter.write_line(f"of the documentation's blocks, {len(left)} were not run", red=bool(left))


def _fails(config: pytest.Config) -> bool:
    """Where tests of guides were skipped, since there is no Redis, blocks may be left out."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ())
    excused = any("guide" in report.nodeid for report in skipped)
    return bool(config.getoption("--docs-coverage") and not excused and _left_out(config))


def _left_out(config: pytest.Config) -> list[str]:
    noted: set[str] = config.stash[_RAN] | guides.RAN
    every = [fence for page in guides.pages() for fence in guides.fences(page)]
    return [fence.place for fence in every if not fence.excuse and fence.place not in noted]
