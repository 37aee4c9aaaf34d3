"""Processes that are killed while they write to a list of opt-outs: what was answered is there, and an import is done by doing it again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import pytest

from contract_tests.profiles import PROFILE
from shortcode_clients.opt_in.models import InboundSms
from shortcodekit.migration import OptOutListUnavailable
from shortcodekit.migration.lists import BATCH

from .opt_out_lists import Place
from .service import Asked, Service

ROUNDS: Final = 100 if PROFILE == "deep" else 3
PATIENCE: Final = 60.0

SCRIPT: Final = """
import signal, sys
from shortcode_clients.opt_in.models import InboundSms
from shortcodekit import KeySecret, OptInClient

signal.alarm(120)  # whatever happens, nothing of it stays behind
path, _, prefix = sys.argv[1].partition("#")
if prefix:
    from shortcodekit.migration import RedisOptOutList
    opt_outs = RedisOptOutList(path, prefix=prefix)
else:
    from shortcodekit.migration import SqliteOptOutList
    opt_outs = SqliteOptOutList(path)
"""
IMPORT: Final = """
with OptInClient(KeySecret("k", "secret"), base_url=sys.argv[2]) as client:
    print("begun", flush=True)
    opt_outs.import_from(client, page_size=100)
"""
LISTEN: Final = """
print("begun", flush=True)
for line in sys.stdin:
    opt_outs.honour(InboundSms(line.strip(), text="STOP", message_id=line.strip()))
    print(line.strip(), flush=True)
"""


@pytest.fixture
def known(known: Service) -> Service:
    known.opted_out = [f"1555{number:07}" for number in range(2 * BATCH + 250)]
    return known


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs `code`, once it has begun; it is killed when the context ends."""
    command = [sys.executable, "-c", SCRIPT + code, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "begun\n"
            yield running
        finally:
            running.kill()


def test_an_import_that_is_killed_has_lost_nothing_and_another_one_completes_it(kept: Place, known: Service) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def waits(asked: Asked) -> tuple[int, Any] | None:
        if asked.parameters["page"] == "11":
            reached.set()
            go_on.wait(PATIENCE)
        return None

    known.answer = waits
    opt_outs = kept.open()
    with process(IMPORT, kept.address, known.address) as running:
        assert reached.wait(PATIENCE)
        stop = opt_outs.honour(InboundSms("15550000001", text="STOP", message_id="1"))
        running.send_signal(signal.SIGKILL)
        assert running.wait(PATIENCE) == -signal.SIGKILL
    go_on.set()
    known.answer = lambda _: None
    assert len(opt_outs) == 2 * BATCH, "what was written was written whole"
    with pytest.raises(OptOutListUnavailable, match="not complete"):
        opt_outs.check(known.opted_out[0])
    with process(IMPORT, kept.address, known.address) as running:
        assert running.wait(PATIENCE) == 0
    assert opt_outs.complete is not None
    assert {each.number for each in opt_outs} == set(known.opted_out)
    assert len(list(opt_outs.history())) == len(known.opted_out) + 1, "nothing is recorded twice"
    assert stop in list(opt_outs.history("15550000001"))


def _told_when_asked(known: Service, often: int, enough: threading.Event, _: Asked) -> None:
    if len(known.asked) >= often:
        enough.set()


def test_an_import_that_is_killed_at_any_moment_is_completed_in_the_end(kept: Place, known: Service) -> None:
    chance = random.Random(ROUNDS)  # noqa: S311  # nobody has to be kept from guessing it
    opt_outs, sizes = kept.open(), [0]
    for _ in range(ROUNDS):
        begun, until = len(known.asked), chance.randint(1, 13)
        enough = threading.Event()
        known.answer = partial(_told_when_asked, known, begun + until, enough)
        with process(IMPORT, kept.address, known.address) as running:
            assert enough.wait(PATIENCE)
            running.kill()
            running.wait(PATIENCE)
        listed = {each.number for each in opt_outs}
        assert listed <= set(known.opted_out)
        assert len(listed) % BATCH in {0, len(known.opted_out) % BATCH}, "each piece is there whole or not at all"
        assert len(list(opt_outs.history())) == len(listed)
        sizes.append(len(listed))
    assert sizes == sorted(sizes)
    known.answer = lambda _: None
    with process(IMPORT, kept.address, known.address) as running:
        assert running.wait(PATIENCE) == 0
    assert {each.number for each in opt_outs} == set(known.opted_out)
    assert known.opted_out[0] in opt_outs


def test_a_stop_that_was_answered_is_there_whatever_dies(kept: Place) -> None:
    chance = random.Random(ROUNDS)  # noqa: S311  # as above
    answered: list[str] = []
    for attempt in range(ROUNDS):
        with process(LISTEN, kept.address) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            stops = [f"1636{attempt:03}{number:04}" for number in range(chance.randint(5, 60))]
            running.stdin.write("".join(f"{each}\n" for each in stops))
            running.stdin.flush()
            for _ in range(chance.randint(1, len(stops))):
                answered.append(running.stdout.readline().strip())
            running.kill()
            answered += running.stdout.read().split()
    opt_outs = kept.open()
    opt_outs.declare_complete(by="this test")
    assert all(each in opt_outs for each in answered)
    assert len(answered) >= ROUNDS
    assert all(len(list(opt_outs.history(each))) == 1 for each in answered)
