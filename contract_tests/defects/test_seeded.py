"""The table at the end of a run tells what became of the seeded peers, whichever worker judged them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from contract_tests import exercised, seeded

MATRIX: Final = seeded.Matrix("receivers", 140, 23)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What is noted in a test, and forgotten with it."""
    noted: set[str] = set()
    monkeypatch.setattr(exercised, "NOTES", noted)
    return noted


def cells(line: str) -> list[str]:
    """The cells of a row."""
    return [each.strip() for each in line.split("  ") if each.strip()]


def test_each_peer_counts_once_however_often_it_is_judged(notes: set[str]) -> None:
    for _ in range(2):
        MATRIX.note_broken("one", found=True)
        MATRIX.note_correct("plain", alarm=False)
    MATRIX.note_broken("another", found=True)
    (heads, _), (line, right) = seeded.summary(notes)
    assert cells(heads) == list(seeded.HEADS)
    assert (cells(line), right) == (["receivers", "2 of 140", "2", "1 of 23", "0"], True)


def test_one_that_is_missed_for_one_event_is_missed(notes: set[str]) -> None:
    MATRIX.note_broken("one", found=True)
    MATRIX.note_broken("one", found=False)
    line, right = seeded.summary(notes)[1]
    assert (cells(line), right) == (["receivers", "1 of 140", "0", "0 of 23", "0"], False)


def test_a_false_alarm_is_told(notes: set[str]) -> None:
    MATRIX.note_correct("plain", alarm=True)
    MATRIX.note_correct("plain", alarm=False)
    line, right = seeded.summary(notes)[1]
    assert (cells(line), right) == (["receivers", "0 of 140", "0", "1 of 23", "1"], False)


def test_each_kind_has_a_row(notes: set[str]) -> None:
    seeded.Matrix("clients", 194, 24).note_broken("any", found=True)
    MATRIX.note_broken("any", found=True)
    assert [cells(line)[0] for line, _ in seeded.summary(notes)] == ["seeded", "clients", "receivers"]


def test_nothing_is_told_of_a_run_that_judged_none(notes: set[str]) -> None:
    exercised.note("alerts schema AlertRequest")
    assert seeded.summary(notes) == []


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_tells_it_with_workers_and_without(workers: str) -> None:
    judging_one = "contract_tests/defects/test_client_matrix.py::test_a_correct_client_keeps_every_law"
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        workers,
        f"{judging_one}[by-hand]",
        f"{judging_one}[patient]",
    ]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [cells(line) for line in done.stdout.splitlines() if line.startswith("clients ")]
    assert rows == [["clients", "0 of 194", "0", "2 of 25", "0"]]
