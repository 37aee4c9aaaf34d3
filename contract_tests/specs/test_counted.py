"""What a run tells of its cases: those of laws and of Hypothesis are counted, and shared by the workers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.statistics import collector, describe_statistics

from contract_tests.counted import COUNT, Count
from shortcodekit.contract import parser_laws


def test_each_call_of_a_law_is_a_case() -> None:
    def parse(_: Any) -> Any:
        raise ValueError

    law = parser_laws(parse, event="delivery-receipt", error=ValueError)[0]
    before = COUNT.cases
    outcome = law.judged()
    assert outcome.calls > 0
    assert COUNT.cases == before + outcome.calls


def test_each_example_that_hypothesis_draws_is_a_case() -> None:
    @settings(max_examples=7, database=None)
    @given(st.integers(0, 1000))
    def drawing(_: int) -> None:
        pass

    item, count = SimpleNamespace(), Count()
    with (
        count.test(item),
        collector.with_value(lambda said: setattr(item, "hypothesis_statistics", describe_statistics(said))),  # type: ignore[arg-type]
    ):
        drawing()
    assert count.cases == 7


def test_a_test_without_either_is_one_case() -> None:
    count = Count()
    for _ in range(2):
        with count.test(SimpleNamespace()):
            pass
    assert count.cases == 2


def test_the_time_is_shared_by_the_workers() -> None:
    count = Count()
    assert count.told() == ""
    count.add(30_000, 60.0)
    count.add(10_000, 60.0)
    assert count.told() == "40,000 contract cases in 60 s: 40,000 in 60 s"
