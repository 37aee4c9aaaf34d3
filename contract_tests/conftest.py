"""Profiles of the property tests, and the check that a whole run left nothing of the specs out.

The profile is chosen by the environment variable SHORTCODEKIT_PROFILE: `ci` (the default) draws the same examples every
time, `deep` draws many more, at random, and keeps those that failed.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from . import exercised

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]  # big schemas take long to draw from; the laws bound the run
settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=_SLOW
)
settings.register_profile(
    "deep",
    database=DirectoryBasedExampleDatabase(".cache/hypothesis"),
    deadline=None,
    max_examples=3000,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.load_profile(os.environ.get("SHORTCODEKIT_PROFILE", "ci"))


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
def pytest_testnodedown(node: pytest.Item, error: object) -> None:
    node.config.stash[_NOTES].update(getattr(node, "workeroutput", {}).get("exercised", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--spec-coverage"):
        return
    everything, noted = exercised.everything(), config.stash[_NOTES] | exercised.NOTES
    for item in sorted(everything - noted):
        terminalreporter.write_line(f"NOT EXERCISED: {item}", red=True)
    terminalreporter.write_line(f"of the specs, {len(everything & noted)} of {len(everything)} places were exercised")


_NOTES = pytest.StashKey[set[str]]()
