"""The profile of the property tests, and the check that a whole run left nothing of the specs out."""

from __future__ import annotations

import pytest

from . import exercised, profiles

profiles.load()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--spec-coverage", action="store_true", help="fail unless all of the specs was exercised")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the controller, or a run without workers
        notes: set[str] = set()
        config.stash[_NOTES] = notes


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["exercised"] = sorted(exercised.NOTES)  # type: ignore[attr-defined]  # xdist's
        return
    if not session.config.getoption("--spec-coverage"):
        return
    missing = exercised.everything() - session.config.stash[_NOTES] - exercised.NOTES
    if missing and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: pytest.Item) -> None:
    node.config.stash[_NOTES].update(getattr(node, "workeroutput", {}).get("exercised", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--spec-coverage"):
        return
    everything, noted = exercised.everything(), config.stash[_NOTES] | exercised.NOTES
    for item in sorted(everything - noted):
        terminalreporter.write_line(f"NOT EXERCISED: {item}", red=True)
    terminalreporter.write_line(f"of the specs, {len(everything & noted)} of {len(everything)} places were exercised")


_NOTES = pytest.StashKey[set[str]]()
