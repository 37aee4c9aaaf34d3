"""The profile of the property tests, what laws about clients share, and what is told of a run: how many cases it had, what of the specs was left out, and what became of the seeded peers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import counted, exercised, profiles, seeded
from .loopback import Answer, Recorder, recording
from .peers import Clients, clients

profiles.load()
counted.count_laws()


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    """A server that records what clients send, and keeps its connections open."""
    with recording() as recorder:
        recorder.answers = [Answer(200)]
        yield recorder


@pytest.fixture
def server(recorder: Recorder) -> Recorder:
    """The same, without the past."""
    recorder.recorded, recorder.headers = [], {}
    return recorder


@pytest.fixture(scope="module")
def make() -> Iterator[Clients]:
    """What makes clients, blocking and awaited beside each other, and closes them."""
    with clients() as made:
        yield made


_NOTES = pytest.StashKey[set[str]]()
"""What the workers of pytest-xdist have exercised; `exercised.NOTES` is what this process has."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--spec-coverage", action="store_true", help="fail unless all of the specs was exercised")


def pytest_configure(config: pytest.Config) -> None:
    notes: set[str] = set()
    config.stash[_NOTES] = notes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with counted.COUNT.test(item):
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: pytest.Item) -> None:
    noted: set[str] = node.config.stash[_NOTES]
    told = getattr(node, "workeroutput", {})
    noted.update(told.get("exercised", ()))
    counted.COUNT.add(*told.get("counted", (0, 0.0)))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):  # a worker of pytest-xdist: the controller collects
        output: dict[str, object] = session.config.workeroutput  # type: ignore[attr-defined]  # xdist's
        output |= {"exercised": sorted(exercised.NOTES), "counted": (counted.COUNT.cases, counted.COUNT.seconds)}
    elif session.config.getoption("--spec-coverage") and exitstatus == pytest.ExitCode.OK and _missing(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if told := counted.COUNT.told():
        terminalreporter.write_line(told)
    for line, right in seeded.summary(_noted(config)):
        terminalreporter.write_line(line, red=not right)
    if config.getoption("--spec-coverage"):
        missing = _missing(config)
        for item in missing:
            terminalreporter.write_line(f"NOT EXERCISED: {item}", red=True)
        for kind, items in exercised.by_kind().items():
            met = len(items) - len(items.intersection(missing))
            terminalreporter.write_line(
                f"of the specs' {kind}, {met} of {len(items)} were exercised", red=met < len(items)
            )


def _missing(config: pytest.Config) -> list[str]:
    return sorted(exercised.everything() - _noted(config))


def _noted(config: pytest.Config) -> set[str]:
    noted: set[str] = config.stash[_NOTES]
    return noted | exercised.NOTES
