"""Which mutants are judged where a part has too many: of each module as many, spread over its functions, and the same in each run.

A mutant's place in the choice rests on its name alone, so to edit a function changes the choice within this function, and little elsewhere.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable


def sampled(names: Iterable[str], most: int | None) -> set[str]:
    """Of each module at most `most` mutants, by mutmut's names; all of them when it is None."""
    by_function: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_function[name.partition("__mutmut_")[0]].append(name)
    by_module: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
    for function, mutants in by_function.items():
        for place, (drawn, name) in enumerate(sorted((_drawn(name), name) for name in mutants)):
            # Halfway through its share of the function, so that functions of any size give the same part of theirs.
            by_module[function.rpartition(".")[0]].append(((place + 0.5) / len(mutants), drawn, name))
    return {name for ranked in by_module.values() for *_, name in sorted(ranked)[:most]}


def _drawn(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8")).hexdigest()
