"""Compares contestants side by side: how rounds are run, what a figure is, and the table of figures.

Times of one machine mean little on another, and other programs disturb them, so most figures are no times. Contestants
take turns within each round, a round gives the ratio of their times, and a figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from attrs import frozen


@frozen
class Figure:
    """What was measured, and what is asked of it."""

    name: str
    rounds: Sequence[float]
    """What each round gave; nothing for a title."""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def reached(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def demanded(self) -> str:
        """The bound in words; empty when nothing is asked."""
        bounds = (("at most", self.at_most), ("at least", self.at_least))
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)

    @property
    def holds(self) -> bool:
        """Whether the median is within the bound, if there is one."""
        above = self.at_most is None or self.reached <= self.at_most
        return above and (self.at_least is None or self.reached >= self.at_least)


def in_turns(rounds: int, times: int, *contestants: Callable[[], float]) -> list[tuple[float, ...]]:
    """For each round, the median of `times` times of each contestant, in the order in which they are given.

    Each has its times in one go, as it would in a program of its own; who begins changes from round to round.
    """
    results = []
    for number in range(rounds):
        medians = [0.0] * len(contestants)
        for turn in range(len(contestants)):
            place = (number + turn) % len(contestants)
            medians[place] = statistics.median(contestants[place]() for _ in range(times))
        results.append(tuple(medians))
    return results


def seconds(run: Callable[[], object], times: int = 1) -> float:
    """How long `times` runs take."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - start


def ratios(results: Sequence[tuple[float, ...]], one: int, other: int) -> list[float]:
    """How many times as long the contestant at `one` took as that at `other`, for each round."""
    return [times[one] / times[other] for times in results]


FIGURES: Final = "BENCHMARK_FIGURES"
"""Names a file to which figures are added, a line of JSON each."""


def tell(figures: Sequence[Figure]) -> None:
    """Prints the figures, or adds them to the file that is named for the table of all."""
    path = os.environ.get(FIGURES)
    if path is None:
        print(table(figures))
        return
    with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123  # no Path is needed else
        told = ([each.name, list(each.rounds), each.at_most, each.at_least] for each in figures)
        file.writelines(f"{json.dumps(each)}\n" for each in told)


HEADS: Final = ("figure", "reached", "middle half", "demanded", "holds")


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines with aligned columns. Half of the rounds gave what stands under `middle half`."""
    rows = [HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(chain([row[0].ljust(widths[0])], map(str.rjust, row[1:], widths[1:]))).rstrip() for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    if not figure.rounds:  # the title of a part
        return figure.name, "", "", "", ""
    spread = ""
    if len(figure.rounds) > 1:
        low, _, high = statistics.quantiles(figure.rounds, n=4)
        spread = f"{_short(low)} to {_short(high)}"
    verdict = ("yes" if figure.holds else "NO") if figure.demanded else ""
    return figure.name, _short(figure.reached), spread, figure.demanded, verdict


def _short(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3f}"
