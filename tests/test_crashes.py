"""Receivers that are killed while they work: no event is lost, and none is handled again once it was remembered.

The test acts as the service: it sends each event until it is answered with 200, waiting longer from attempt to attempt as the
service does, some of them twice at once, and some once more after the answer. Meanwhile receivers that share a store are killed
and replaced. `tests/crash_worker.py` has the receivers, the notes that they take, and the laws by which the notes are judged.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from attrs import Factory, define

from contract_tests.profiles import PROFILE
from shortcode_clients.messages.webhooks import MESSAGE_STATUS

from .crash_worker import Notes, Nursery, Settings, Worker, broken_laws, nursery
from .redis_server import NEEDS_REDIS

ROUNDS: Final = 200 if PROFILE == "deep" else 2
RECEIVERS: Final = 3
EVENTS: Final = 80
KILLS: Final = 12
PACE: Final = 0.01
"""One second of the service, here in seconds."""
LEASE: Final = 3.0
"""So long that no receiver which lives is kept from renewing in time, however busy the machine is."""
MARGIN: Final = 30.0
"""Seconds beyond the promised ones that a busy machine may take."""

SHARED: Final = ["sqlite", pytest.param("redis", marks=NEEDS_REDIS)]
APPLICATIONS: Final = {"sqlite": "wsgi", "redis": "asgi"}


@pytest.fixture(scope="module")
def receivers() -> Iterator[Nursery]:
    with nursery() as running:
        yield running


@pytest.fixture(params=SHARED)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return _settings(request, tmp_path, request.param, APPLICATIONS[request.param])


def _settings(request: pytest.FixtureRequest, folder: Path, store: str, application: str) -> Settings:
    """Receivers with a store of their own."""
    address = str(folder / "events")
    if store == "redis":
        address = f"{request.getfixturevalue('redis').url}#{uuid.uuid4().hex}"
    return Settings(address, str(folder / "notes"), application, lease=LEASE)


# ---- killed at any moment --------------------------------------------------------------------------------------------


@define
class Service:
    """Sends events to whichever receiver is there, and takes notes of the answers."""

    notes: Notes
    workers: list[Worker] = Factory(list)

    def at_work(self, until: threading.Event) -> int:
        """The place of a receiver that is handling an event, as soon as there is one."""
        while not until.wait(0.002):
            at_work = self.notes.at_work()
            for place, worker in enumerate(self.workers):
                if worker.process in at_work:
                    return place
        return 0

    def deliver(self, event: str, chance: random.Random) -> None:
        """Sends the event until it is taken."""
        ends = time.monotonic() + 10 * LEASE + MARGIN
        for attempt in count():
            if chance.choice(self.workers).ask(event) in MESSAGE_STATUS.taken:
                self.notes.add("answered", event)
                return
            assert time.monotonic() < ends, f"{event} is not taken"
            time.sleep(PACE * MESSAGE_STATUS.waits[min(attempt, 5)])


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_event_is_lost_and_none_handled_again_but_for_a_handling_that_was_killed(
    seed: int, settings: Settings, receivers: Nursery
) -> None:
    chance = random.Random(seed)  # noqa: S311  # nobody has to be kept from guessing it
    settings = Settings(settings.store, settings.notes, settings.application, LEASE, handling=0.05)
    notes = Notes(settings.notes)
    service = Service(notes, [receivers.start(settings) for _ in range(RECEIVERS)])
    events = [f"{seed:04X}{number:04X}" for number in range(EVENTS)]
    sent = events + chance.sample(events, EVENTS // 2)
    chance.shuffle(sent)
    over = threading.Event()

    def kill() -> None:
        for number in range(KILLS):
            if over.wait(chance.uniform(0.01, 0.12)):
                return
            place = chance.randrange(RECEIVERS)
            if number % 2:  # one that is at work for certain
                place = service.at_work(until=over)
            notes.add("killing", "-", service.workers[place].process)
            receivers.kill(service.workers[place])
            over.wait(chance.choice((0.0, 0.05)))
            service.workers[place] = receivers.start(settings)

    with ThreadPoolExecutor(13) as threads:
        killing = threads.submit(kill)
        chances = [random.Random(chance.random()) for _ in sent]  # noqa: S311  # as above
        try:
            list(threads.map(service.deliver, sent, chances))
        finally:
            over.set()
            killing.result()
    service.deliver(chance.choice(events), chance)
    for worker in service.workers:
        receivers.kill(worker)
    lines = notes.lines()
    assert broken_laws(lines, events) == []
    assert sum(line[0] == "begin" for line in lines) > EVENTS, "some handlings were interrupted"


# ---- killed at a certain point ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "handled", "effects"),
    [("after-claim", 1, 1), ("in-handler", 2, 1), ("before-finish", 2, 2), ("after-finish", 1, 1)],
)
def test_an_event_is_handled_again_exactly_when_it_was_not_remembered_yet(
    point: str, handled: int, effects: int, settings: Settings, receivers: Nursery
) -> None:
    settings = Settings(settings.store, settings.notes, settings.application, lease=0.5)
    notes = Notes(settings.notes)
    dying = receivers.start(Settings(settings.store, settings.notes, settings.application, lease=0.5, dies=point))
    notes.add("killing", "-", dying.process)
    assert dying.ask("0A01") is None, "it has died and not answered"
    worker = receivers.start(settings)
    assert [worker.ask("0A01"), worker.ask("0A02"), worker.ask("0A01")] == [200] * 3
    assert (notes.count("begin", "0A01"), notes.count("end", "0A01")) == (handled, effects)
    assert broken_laws(notes.lines(), ["0A01", "0A02"]) == []


def test_a_receiver_that_remembers_in_memory_handles_again_what_comes_again_after_it_has_died(
    tmp_path: Path, receivers: Nursery
) -> None:
    settings = Settings("memory", str(tmp_path / "notes"))
    notes = Notes(settings.notes)
    first = receivers.start(settings)
    assert [first.ask("0A01"), first.ask("0A01")] == [200] * 2
    assert notes.count("end", "0A01") == 1
    receivers.kill(first)
    assert first.ask("0A01") is None
    second = receivers.start(settings)
    assert [second.ask("0A01"), second.ask("0A01")] == [200] * 2
    assert notes.count("end", "0A01") == 2


# ---- the laws --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "broken"),
    [
        ("begin a 1, end a 1, remembered a 1, answered a 0, begin b 1, end b 1", 0),
        ("begin a 1, killing - 1, begin a 2, end a 2, begin b 2, end b 2", 0),
        ("begin a 1, end a 1, killing - 1, begin a 2, end a 2, begin b 2, end b 2", 0),
        ("begin a 1, end a 1, begin b 2, killing - 2", 1),
        ("begin a 1, begin a 2, end a 1, end a 2, end b 2", 1),
        ("begin a 1, end a 1, killing - 2, begin a 2, end a 2, end b 2", 1),
        ("begin a 1, end a 1, remembered a 1, killing - 1, begin a 2, end a 2, end b 2", 1),
        ("begin a 1, end a 1, answered a 0, killing - 1, begin a 2, end a 2, end b 2", 1),
    ],
)
def test_the_judge_of_these_tests_knows_a_broken_law(told: str, broken: int) -> None:
    lines = [(what, event, int(process)) for what, event, process in map(str.split, told.split(","))]
    assert len(broken_laws(lines, ["a", "b"])) == broken
