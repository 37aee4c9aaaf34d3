"""The table of what the laws and plain schemathesis find counts what was said of each peer, and is fair to schemathesis."""

from __future__ import annotations

import pytest

from benchmarks import defects, plain_schemathesis
from benchmarks.defects import Judged
from benchmarks.plain_schemathesis import Found
from contract_tests.defects.receivers import BROKEN
from contract_tests.defects.receivers_correct import CORRECT

NOTHING = Found("", "")


def judged(kind: str, *, broken: bool, laws: str = "", found: Found | None = NOTHING) -> Judged:
    return Judged(kind, "peer", "It is wrong.", broken, laws, found)


def rows(told: list[Judged]) -> list[list[str]]:
    return [line.split() for line in defects.table(told).splitlines()[2:]]


def test_a_row_counts_broken_peers_by_what_was_found_and_correct_ones_by_false_alarms() -> None:
    told = [
        judged("receivers", broken=True, laws="a law", found=Found("ServerError", "ServerError")),
        judged("receivers", broken=True, laws="a law"),
        judged("receivers", broken=True),
        judged("receivers", broken=False, found=Found("UndefinedStatusCode", "")),
        judged("receivers", broken=False, laws="a law"),
        judged("clients", broken=True, laws="a law", found=None),
    ]
    assert rows(told) == [
        ["receivers", "3", "2", "1", "2", "1", "1"],
        ["clients", "1", "1", "-", "0", "0", "-"],
    ]


def test_what_fails_for_the_base_as_well_finds_nothing() -> None:
    told = [judged("providers", broken=True, laws="a law", found=Found("AcceptedNegativeData", ""))]
    assert rows(told) == [["providers", "1", "1", "0", "0", "0", "0"]]
    assert "missed by schemathesis:\n  peer: It is wrong." in defects.by_name(told)


def test_what_the_laws_miss_and_cry_wolf_at_is_named() -> None:
    told = defects.notes(
        [judged("clients", broken=True, found=None), judged("clients", broken=False, laws="a law", found=None)]
    )
    assert "Missed by the laws: peer: It is wrong." in told
    assert "A false alarm of the laws: peer: a law" in told


@pytest.mark.parametrize(
    ("name", "fails", "unlike_base"),
    [("crashes-on-a-list", True, "ServerError"), ("status-by-case", True, ""), ("starlette", True, "")],
)
def test_schemathesis_finds_a_crash_misses_what_no_check_of_its_own_is_about_and_fails_at_a_correct_receiver(
    name: str, fails: bool, unlike_base: str
) -> None:
    peer = next(each for each in (*BROKEN, *CORRECT) if each.name == name)
    found = plain_schemathesis.receiver(peer)
    assert (bool(found.fails), found.unlike_base) == (fails, unlike_base)


def test_the_peers_that_a_run_judges_are_every_nth_of_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    found = defects.judged_all(["clients"], every=100)
    assert sorted(each.is_broken for each in found) == [False, True, True]
    assert all(bool(each.laws) == each.is_broken for each in found)
    assert capsys.readouterr().err.rstrip().endswith("3 of 3")
