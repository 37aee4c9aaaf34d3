"""A plugin for pytest: which tests judge a mutant, and in which order.

mutmut hands pytest all tests that reach a mutant, in no order; a mutant of what everything rests on is reached by thousands. So
the fastest case of each test comes first, then the second fastest of each, until `SECONDS` are used up by what the cases took
without a mutant. How long that was stands in the file that mutmut keeps beside the tests, where pytest runs. All times are those
of the processor, since the machine may have other things to do; one that hangs is ended by them as well.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

SECONDS: Final = 2.0
"""What the tests of one mutant may take together. The fastest case of each test counts, but is always run."""
PATIENCE: Final = 3
"""How many times as long they may take with the mutant, and how many seconds more."""

_MEASURED: Final = Path("mutmut-stats.json")
_TOOK: Final = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Measures a test."""
    started = time.process_time()
    try:
        return (yield)
    finally:
        item.stash[_TOOK] = time.process_time() - started


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Tells mutmut what was measured."""
    if call.when == "call":
        call.duration = item.stash[_TOOK]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sorts tests by how long they take, and leaves those away for which there is no time."""
    judged = os.environ.get("MUTANT_UNDER_TEST", "")
    if (judged and "__mutmut_" not in judged) or not _MEASURED.exists():
        return  # mutmut is measuring, or lists the tests
    seconds: dict[str, float] = json.loads(_MEASURED.read_text("utf-8"))["duration_by_test"]
    cases: Counter[str] = Counter()
    ranked: list[tuple[int, float, pytest.Item]] = []
    for item in sorted(items, key=lambda item: seconds.get(item.nodeid, 0.0)):
        test = item.nodeid.partition("[")[0]
        ranked.append((cases[test], seconds.get(item.nodeid, 0.0), item))
        cases[test] += 1
    used = 0.0
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for case, cost, item in sorted(ranked, key=lambda each: each[:2]):
        if case and used + cost > SECONDS:
            left.append(item)
        else:
            kept.append(item)
            used += cost
    config.hook.pytest_deselected(items=left)
    items[:] = kept
    if judged:
        limit = int(time.process_time() + PATIENCE * (used + 1))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is there once tests are collected stays: pytest collects garbage ten times at its end."""
    gc.collect()
    gc.freeze()
