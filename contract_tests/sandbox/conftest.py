"""Sandboxes: one for the tests of one module, emptied before each of them, and one of a test's own whose webhooks are recorded.

A module whose tests need another one makes its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_tests.loopback import Answer, Recorder, recording
from contract_tests.sandboxed import STILL, hooks
from shortcodekit.sandbox import Sandbox, delivery


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Receivers have a minute to answer: on a busy machine they may need it, and an event that is given up comes once more."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(delivery, "TIMEOUT", 60.0)
        yield


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


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server of the test's own: what another test's sandbox had on its way when it was stopped does not arrive here."""
    with recording() as recorder:
        recorder.answers = [Answer(200)]
        yield recorder


@pytest.fixture
def hooked(server: Recorder) -> Iterator[Sandbox]:
    """A sandbox whose webhooks all go to `server`, and whose clock is moved by the test alone."""
    with Sandbox(**hooks(server.address), time_scale=STILL) as made:
        yield made
