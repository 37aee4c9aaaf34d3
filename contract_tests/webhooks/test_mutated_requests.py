"""Laws about requests that somebody damaged, or made to do harm: each is read or refused, at once, and nothing is left behind.

50,000 of them, the same in each run; a million in the profile `deep`, drawn anew. Time is that of the processor in this thread, and
what took long is tried again before it counts, so that a busy machine is no failure.
"""

from __future__ import annotations

import gc
import json
import logging
import secrets
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, Final

import pytest

from contract_tests.arriving import EACH_WAY, PARAMETERS, WAYS, Way, each_of, ways
from contract_tests.mutated import Mutated, mutated, worst
from contract_tests.profiles import PROFILE
from shortcodekit.webhooks import (
    Answered,
    Event,
    JwtSecret,
    MalformedWebhook,
    MemoryStore,
    Receiver,
    Request,
    SigSecret,
    VerificationFailed,
    Verifier,
    advice,
    reading,
)

COUNT: Final = {"ci": 50_000, "deep": 1_000_000, "mutants": 1_000}[PROFILE]
PARTS: Final = 5
LONGEST: Final = 0.05
"""For how many seconds of the processor one request may keep it."""

each_part = pytest.mark.parametrize("part", range(PARTS))


def _seed(part: int) -> int:
    """What the requests of a part are drawn from; shown when a test fails, because it makes the same ones again."""
    return secrets.randbits(40) if PROFILE == "deep" else 100 * part


def _seconds(do: Callable[[], Any]) -> float:
    """For how long `do` keeps the processor; the least of several trials when the first one takes long."""
    least = _once(do)
    for _ in range(4):
        if least < LONGEST:
            break
        gc.collect()
        least = min(least, _once(do))
    return least


def _once(do: Callable[[], Any]) -> float:
    started = time.thread_time()
    do()
    return time.thread_time() - started


def _read(way: Way, request: Request) -> Any:
    """The model, or the one error that there may be."""
    try:
        return way.read(request)
    except MalformedWebhook as error:
        return error


# ---- reading ---------------------------------------------------------------------------------------------------------


@each_part
def test_a_mutated_request_is_read_or_malformed_and_never_anything_else(part: int) -> None:
    outcomes: Counter[str] = Counter()
    kept: list[int] = []
    seed = _seed(part)
    for number, each in enumerate(mutated(seed, COUNT // PARTS)):
        started = time.thread_time()
        outcome = _read(each.way, each.request)
        seconds = time.thread_time() - started
        if isinstance(outcome, MalformedWebhook):
            assert outcome.webhook == each.way.name, (seed, number)
            assert outcome.http_status == _refusal(each), (seed, number)
            assert outcome.problem, (seed, number)
            outcomes[outcome.problem.partition(":")[0].rstrip("0123456789")] += 1
        else:
            assert isinstance(outcome.raw, dict), (seed, number)
            assert advice(outcome), (seed, number)
            outcomes["read"] += 1
        if seconds >= LONGEST:
            assert _seconds(partial(_read, each.way, each.request)) < LONGEST, (seed, number)
        if number % (COUNT // PARTS // 10) == 0:
            del outcome
            kept.append(_blocks())
    assert _grown(kept) < max(COUNT // PARTS // 50, 200), "a block of memory was kept for each few requests"
    assert outcomes["read"] > COUNT // PARTS // 10, outcomes
    assert len(outcomes) > 15, outcomes


def _refusal(each: Mutated) -> int:
    """The status of a refusal: what is too large is told so, if it comes by a method of this webhook at all."""
    content: str | bytes = each.request.query if each.request.method == "GET" else each.request.body
    known = each.request.method in reading.WEBHOOKS[each.way.name].encodings
    return 413 if known and len(content) > reading.MAX_BYTES else 400


def _grown(measured: list[int]) -> float:
    """By how much it grows from one time to the next. Caches are filled or emptied now and then; what is kept grows each time."""
    return median(after - before for before, after in pairwise(measured))


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


def test_reading_the_same_requests_again_keeps_no_memory() -> None:
    requests = list(mutated(7, 800))

    def traced() -> int:
        for each in requests:
            _read(each.way, each.request)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        passes = [traced() for _ in range(12)]  # the first ones fill the interpreter's own caches
    finally:
        tracemalloc.stop()
    assert _grown(passes[3:]) < 12 * len(requests), "more than twelve bytes were kept for each request"


# ---- a receiver ------------------------------------------------------------------------------------------------------


@each_part
def test_a_receiver_answers_every_mutated_request_with_what_became_of_it(
    part: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="shortcodekit.webhooks")
    told: list[Answered] = []
    handled: list[Any] = []
    receiver = Receiver(verify=None, replay=MemoryStore(100), on_answer=told.append)
    for name in reading.WEBHOOKS:
        receiver.on(name, f"/{name}")(handled.append)
        receiver.accept(name, f"/queue/{name}")(lambda event: handled.append(_through_a_queue(event)))
    statuses: Counter[int] = Counter()
    seed = _seed(part) + 1
    for number, each in enumerate(mutated(seed, COUNT // PARTS // 5)):
        if not isinstance(each.request.headers, Mapping):
            each.request.headers = list(each.request.headers)  # it is asked twice
        folder = ("", "/queue", "/elsewhere")[number % 9 % 5 % 3]
        response = receiver.handle(f"{folder}/{each.way.name}", each.request)
        statuses[response.status] += 1
        assert response.status == _expected(each, folder), (seed, number)
        assert (told[-1].status, told[-1].path) == (response.status, f"{folder}/{each.way.name}")
        assert response.status == 200 or json.loads(response.body)["status"] == response.status
        assert (told[-1].outcome == "handled") == bool(handled)
        assert response.status == 200 or not handled, (seed, number)
        told.clear()
        handled.clear()
    assert set(statuses) == {200, 400, 404, 405, 413}, statuses


def _through_a_queue(event: Event) -> Any:
    again = Event.from_json(event.to_json())
    assert again.model == event.model
    assert again.key == event.key
    return again.model


def _expected(each: Mutated, folder: str) -> int:
    if folder == "/elsewhere":
        return 404
    if each.request.method not in reading.WEBHOOKS[each.way.name].encodings:
        return 405
    if max(len(each.request.query), len(each.request.body)) > reading.MAX_BYTES:
        return 413  # before anything is verified, and whichever of the two counts
    outcome = _read(each.way, each.request)
    return outcome.http_status if isinstance(outcome, MalformedWebhook) else 200


# ---- verifying -------------------------------------------------------------------------------------------------------


def test_no_mutated_request_is_verified_or_raises_anything_else() -> None:
    verifiers: list[Verifier] = [SigSecret("a secret"), SigSecret("a secret", "sha512"), JwtSecret("a secret")]
    seed = _seed(0) + 2
    for number, each in enumerate(mutated(seed, COUNT // 10)):
        with pytest.raises(VerificationFailed):
            verifiers[number % 3].verify(each.request, 1_600_000_000)


# ---- the worst that fits ---------------------------------------------------------------------------------------------


@EACH_WAY
def test_the_worst_requests_that_fit_are_read_or_refused_at_once(way: Way) -> None:
    _check_worst(way, lambda request: _read(way, request))


@each_of(ways(*{way.name for way in PARAMETERS}))
def test_the_worst_requests_that_fit_are_found_unsigned_at_once(way: Way) -> None:
    """Whoever sends them needs no secret to make a receiver work."""

    def verify(request: Request) -> None:
        with pytest.raises(VerificationFailed):
            SigSecret("a secret").verify(request, 1_600_000_000)

    _check_worst(way, verify)


def _check_worst(way: Way, do: Callable[[Request], Any]) -> None:
    late = {}
    for name, request in worst(way, reading.MAX_BYTES):
        seconds = _seconds(partial(do, request))
        if seconds >= LONGEST:
            late[name] = f"{seconds:.3f} s"
    assert not late


def test_there_are_worst_requests_of_all_kinds_at_the_bound() -> None:
    for way in WAYS:
        sizes = [max(len(each.query), len(each.body)) for _, each in worst(way, reading.MAX_BYTES)]
        assert max(sizes) <= reading.MAX_BYTES
        assert sum(size > reading.MAX_BYTES - 100 for size in sizes) > 20
