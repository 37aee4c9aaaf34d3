"""How many of the seeded peers a run has judged, found and cried wolf at: the table at the end of a run.

Tests note what became of each peer beside what they have exercised of the specs (`exercised.note`), so that the notes of all workers come
together in one place. A peer that is judged for several events was found when it was found for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from . import exercised

_WORD: Final = "seeded"
HEADS: Final = ("seeded", "judged", "found", "correct", "false alarms")


@frozen
class Matrix:
    """The seeded peers of one kind."""

    kind: str
    """In the plural, one word: `receivers`."""
    broken: int
    """How many broken ones there are …"""
    correct: int
    """… and how many correct ones."""

    def note_broken(self, name: str, *, found: bool) -> None:
        """Notes that a broken one was judged."""
        self._note("found" if found else "missed", name)

    def note_correct(self, name: str, *, alarm: bool) -> None:
        """Notes that a correct one was judged; `alarm` says whether a law was told to be broken."""
        self._note("alarm" if alarm else "passed", name)

    def _note(self, word: str, name: str) -> None:
        exercised.note(f"{_WORD} {self.kind} {self.broken} {self.correct} {word} {name}")


def summary(notes: Iterable[str]) -> list[tuple[str, bool]]:
    """The table's lines, and whether each is as it should be; none when no seeded peer was judged."""
    kinds: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for note in notes:
        if note.startswith(f"{_WORD} "):
            _, kind, broken, correct, word, name = note.split(" ", 5)
            kinds.setdefault((kind, broken, correct), {}).setdefault(word, set()).add(name)
    rows = [_row(kind, words) for kind, words in sorted(kinds.items())]
    lines = _aligned([HEADS, *(cells for cells, _ in rows)]) if rows else []
    return list(zip(lines, (True, *(right for _, right in rows)), strict=False))


def _row(kind: tuple[str, str, str], words: dict[str, set[str]]) -> tuple[tuple[str, ...], bool]:
    name, broken, correct = kind
    missed, alarms = words.get("missed", set()), words.get("alarm", set())
    judged, passed = words.get("found", set()) | missed, words.get("passed", set()) | alarms
    cells = (
        name, f"{len(judged)} of {broken}", str(len(judged - missed)), f"{len(passed)} of {correct}", str(len(alarms)),
    )  # fmt: skip
    return cells, not missed and not alarms


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows]
