"""mutmut, with tests that are collected once: `python -m mutation.runner run`, in the copy that `staging` makes.

mutmut forks a process for each mutant, in which it starts pytest, to which it hands all tests that reach the mutant, in no order.
Starting pytest takes ten times as long as the test that kills the mutant, and a mutant of what everything rests on is reached by
thousands. So here pytest has collected before mutmut forks; and the fastest case of each test comes first, with all that take next to
nothing, then the second fastest of each, until `SECONDS` are used up by what the cases took without a mutant.
`SHORTCODEKIT_MUTANTS_SECONDS` sets them.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import mutmut.__main__
import mutmut.workers.isolation
import pytest
from _pytest.config import _prepareconfig  # pytest has no public way to collect without running
from mutmut.configuration import config
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd

from mutation.sampling import sampled

SECONDS: Final = float(os.environ.get("SHORTCODEKIT_MUTANTS_SECONDS", "2"))
"""For how long the tests of one mutant may keep the processor."""
FIRST: Final = frozenset(os.environ.get("SHORTCODEKIT_MUTANTS_FIRST", "").split())
"""The files whose tests run before all others, whatever they take."""
CHEAP: Final = 0.001
"""Of how many seconds a case takes next to nothing."""
PATIENCE: Final = 5
"""How many times as long one test may take with the mutant, and how many seconds more."""
SAMPLE: Final = os.environ.get("SHORTCODEKIT_MUTANTS_SAMPLE")
"""How many mutants of each module are judged, in digits; all of them when it is None."""
IDLE: Final = 60
"""For how many seconds one test may take by the clock: the machine may be busy with other things."""

_CACHED: Final = type(cache(abs))
_FOLDER: Final = "mutants"
_MEASURED: Final = Path("mutmut-stats.json")


class Collected(PytestRunner):
    """Runs tests of a session that has collected them all."""

    def __init__(self) -> None:
        super().__init__()
        self._session: pytest.Session | None = None
        self._items: dict[str, pytest.Item] = {}
        self._seconds: dict[str, float] = {}
        self._caches: list[Any] = []

    def warm_up(self) -> None:
        """Collects."""
        settings = config()
        args = ["--rootdir=.", "--tb=native", "--capture=no", "-x", "-q", *settings.pytest_add_cli_args]
        with change_cwd(_FOLDER):
            told = _prepareconfig([*args, *settings.pytest_add_cli_args_test_selection])
            self._session = pytest.Session.from_config(told)
            told.pluginmanager.register(self)
            told._do_configure()  # noqa: SLF001  # as above
            told.hook.pytest_sessionstart(session=self._session)
            told.hook.pytest_collection(session=self._session)
            self._items = {item.nodeid: item for item in self._session.items}
            self._seconds = json.loads(_MEASURED.read_text("utf-8"))["duration_by_test"]
        gc.collect()
        self._caches = [each for each in gc.get_objects() if isinstance(each, _CACHED)]
        gc.freeze()  # what is there stays, and need not be gone through by each child

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """1 when one of them fails; without names, of those of all for which there is time."""
        if self._session is None:
            self.warm_up()
        session = self._session
        assert session is not None  # noqa: S101  # for mypy
        for each in self._caches if mutant_name else ():
            if str(each.__module__).partition(".")[0] == str(mutant_name).partition(".")[0]:
                each.cache_clear()  # collecting may have filled it, without the mutant
        named = set(tests)
        session.items = self._chosen([self._items[each] for each in self._items if each in named or not named])
        with change_cwd(_FOLDER), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = temporary
            try:
                session.config.hook.pytest_runtestloop(session=session)
            except (session.Failed, session.Interrupted):
                return 1
        return int(session.testsfailed > 0)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Lets the system end this process when the next test takes too long; called by pytest."""
        limit = int(time.process_time() + PATIENCE * (1 + self._seconds.get(nodeid, 0.0)))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        signal.alarm(IDLE)

    def _chosen(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests for which there is time, the most telling first."""
        cases: Counter[str] = Counter()
        ranked: list[tuple[int, float, int, pytest.Item]] = []
        for cost, place, item in sorted(
            ((self._cost(item), place, item) for place, item in enumerate(items)), key=lambda each: each[:2]
        ):
            test = item.nodeid.partition("[")[0]
            first = item.nodeid.partition("::")[0] in FIRST
            ranked.append((-1 if first else cases[test], cost, place, item))
            cases[test] += cost > CHEAP
        used = 0.0
        kept: list[tuple[bool, str, int, pytest.Item]] = []
        for case, cost, place, item in sorted(ranked, key=lambda each: each[:3]):
            if used + cost <= SECONDS or not kept:
                kept.append((case > 0, item.nodeid.partition("::")[0], place, item))
                used += cost
        # Of one file together, in the order of pytest: what tests share is made once for all of them, and then again.
        # The file that takes least comes first: it may kill the mutant before another one has begun.
        taken: defaultdict[str, float] = defaultdict(float)
        for _, file, _, item in kept:
            taken[file] += self._cost(item)
        return [item for *_, item in sorted(kept, key=lambda each: (each[0], taken[each[1]], *each[1:3]))]

    def _cost(self, item: pytest.Item) -> float:
        return self._seconds.get(item.nodeid, 0.0)


_collect_mutants: Final = mutmut.__main__.collect_source_file_mutation_data


def _collect_sample(**names: Any) -> Any:
    """The mutants that mutmut is to judge, without those that are not in the sample."""
    found, files = _collect_mutants(**names)
    chosen = sampled((name for _, name, _ in found), int(SAMPLE) if SAMPLE else None)
    return [each for each in found if each[1] in chosen], files


if __name__ == "__main__":
    # mutmut has no settings for these
    mutmut.workers.isolation.PytestRunner = Collected  # type: ignore[attr-defined]
    mutmut.__main__.collect_source_file_mutation_data = _collect_sample
    mutmut.__main__.cli()
