"""`python -m mutation [part…]`: judges mutants, those of the last run that survived included, and says what is not killed.

The exit code is 1 when a mutant survives that is not listed, or one is listed that does not survive any more. What was judged
already is kept in `.cache/mutants/`; without it everything is judged again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from mutation.parts import Part, parts
from mutation.results import Listed, Mutant, listed, mutants
from mutation.sampling import sampled
from mutation.staging import folder_of, stage

CHILDREN: Final = os.environ.get("SHORTCODEKIT_MUTANTS_CHILDREN", str(os.cpu_count() or 1))
"""How many mutants are judged at the same time."""


def main() -> int:
    """Runs the command; returns its exit code."""
    known = parts()
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(known)}; all of them without")
    parser.add_argument("--told", action="store_true", help="tell of the last run, and judge nothing")
    given = parser.parse_args()
    chosen = given.part or list(known)
    for name in chosen:
        if name not in known:
            parser.error(f"there is no part {name!r}; there are {', '.join(known)}")
    rows: list[str] = []
    faults = 0
    for name in chosen:
        folder = folder_of(known[name]) if given.told else stage(known[name])
        if not given.told:
            _run(known[name], folder)
        told, found = _report(known[name], folder)
        rows += told
        faults += found
    print(
        "\n| module | mutants | that do the same | killed | by time | untold | score |\n|---|---|---|---|---|---|---|"
    )
    print("\n".join(rows))
    return 1 if faults else 0


def _run(part: Part, folder: Path) -> None:
    """Lets mutmut judge what it has not judged yet; where there is no terminal, a file takes what mutmut says of its progress."""
    command = [sys.executable, "-m", "mutation.runner", "run", "--max-children", CHILDREN]
    surroundings = {**os.environ, "SHORTCODEKIT_PROFILE": "mutants", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    surroundings["SHORTCODEKIT_MUTANTS_FIRST"] = " ".join(part.first)
    if part.sample is not None:
        surroundings["SHORTCODEKIT_MUTANTS_SAMPLE"] = str(part.sample)
    log = folder.with_suffix(".log")
    with ExitStack() as stack:
        out = None if sys.stdout.isatty() else stack.enter_context(log.open("wb"))
        ran = subprocess.run(command, cwd=folder, env=surroundings, check=False, stdout=out, stderr=subprocess.STDOUT)
    if ran.returncode:
        raise SystemExit(f"mutmut ended with {ran.returncode}" + (f": see {log}" if out else ""))


def _report(part: Part, folder: Path) -> tuple[list[str], int]:
    """The rows of this part for the table, and how many mutants are not as they should be."""
    reasons = listed(part)
    by_module: dict[str, list[Mutant]] = defaultdict(list)
    of: Counter[str] = Counter()
    every = mutants(folder)
    chosen = sampled((each.name for each in every), part.sample)
    for mutant in every:
        of[mutant.module] += 1
        if mutant.name in chosen:
            by_module[mutant.module].append(mutant)
        else:
            reasons.met.add((mutant.place, mutant.after))  # nothing is known of those that are not in the sample
    rows: list[str] = []
    faults = 0
    for module, found in sorted(by_module.items()):
        told = Counter(_kind(each, reasons) for each in found)
        same, killed, judged = told["same"], told["killed"] + told["timeout"], len(found) - told["unknown"]
        score = f"{100 * killed / (judged - same):.1f} %" if judged > same else ""
        if told["unknown"]:
            score += f" of {judged}"
        number = len(found) if len(found) == of[module] else f"{len(found)} of {of[module]}"
        cells = (f"`{module}`", number, same, killed, told["timeout"], told["untold"], score)
        rows.append(f"| {' | '.join(map(str, cells))} |")
        faults += told[""] + told["unknown"]
        for each in found:
            if not _kind(each, reasons):
                print(f"SURVIVED {each.name}\n  {each.place}\n  - {each.before}\n  + {each.after}")
    for place, after in reasons.left():
        faults += 1
        print(f"LISTED, BUT DOES NOT SURVIVE: {place}\n  + {after}")
    return rows, faults


def _kind(mutant: Mutant, reasons: Listed) -> str:
    """What became of a mutant, or what is said of one that survived; empty when nothing is."""
    return reasons.kind(mutant) if mutant.outcome == "survived" else mutant.outcome


if __name__ == "__main__":
    sys.exit(main())
