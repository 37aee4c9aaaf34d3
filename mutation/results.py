"""What became of mutants, and which survivors are listed with a reason.

A mutant is known by the function that it stands in and by the lines that it changes, not by mutmut's number, which moves when
the function is edited. `listed/<part>.toml` gives reasons, each with the mutants that it is one for: by name, or, where the
reason holds in all functions, by a pattern for `before => after`, or, where it holds for whatever is changed in a function, by that.
A reason says that a mutant does the same as the code does (`same`), which no test can tell, or that no test is meant to tell it
(`untold`). The former are not counted in a score.
"""

from __future__ import annotations

import difflib
import json
import re
import signal
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mutation.parts import ROOT, Part
from mutation.staging import MUTANTS, SURVIVED

_KILLED: Final = frozenset({1, 3})
_TIMEOUTS: Final = frozenset({-signal.SIGXCPU, -signal.SIGALRM})


@dataclass(frozen=True)
class Mutant:
    """One change, and what became of it: `killed`, `timeout`, `survived`, or `unknown` when it was not judged."""

    module: str
    function: str
    before: str
    after: str
    outcome: str
    name: str
    """How mutmut calls it."""

    @property
    def place(self) -> str:
        return f"{self.module}.{self.function}"


@dataclass
class Listed:
    """The survivors that are known, each with a reason."""

    patterns: list[tuple[str, re.Pattern[str]]] = field(default_factory=list)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    """Those of `named` that did survive."""

    def kind(self, mutant: Mutant) -> str:
        """`same` or `untold`, as the reason for this survivor says; empty when there is none."""
        key = (mutant.place, mutant.after)
        if key in self.named:
            self.met.add(key)
            return self.named[key]
        if mutant.place in self.functions:
            return self.functions[mutant.place]
        text = f"{mutant.before} => {mutant.after}"
        return next((kind for kind, pattern in self.patterns if pattern.fullmatch(text)), "")

    def left(self) -> list[tuple[str, str]]:
        """Functions and changed lines of those that are listed, and did not survive."""
        return [key for key in self.named if key not in self.met]


def listed(part: Part) -> Listed:
    """The reasons that hold for all parts, and those for this one."""
    found = Listed()
    for file in (ROOT / "mutation/listed/everywhere.toml", ROOT / f"mutation/listed/{part.name}.toml"):
        if not file.is_file():
            continue
        for kind, reasons in tomllib.loads(file.read_text("utf-8")).items():
            for reason in reasons:
                if kind not in {"same", "untold"} or not reason["why"].strip():
                    raise ValueError(f"{file.name}: each entry is `same` or `untold`, and says why")
                found.patterns += [(kind, re.compile(each, re.DOTALL)) for each in reason.get("patterns", ())]
                found.functions |= dict.fromkeys(reason.get("functions", ()), kind)
                for place, changes in reason.get("mutants", {}).items():
                    found.named |= {(place, change): kind for change in changes}
    return found


def mutants(folder: Path) -> list[Mutant]:
    """All mutants of a part, as they were left by the last run."""
    found: list[Mutant] = []
    for meta in sorted((folder / MUTANTS).rglob("*.meta")):
        results: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        sources = _sources(meta.with_suffix(""), meta.with_suffix(".spans"))
        found += [_mutant(name, code, sources) for name, code in results.items()]
    return found


def _sources(file: Path, spans: Path) -> dict[str, list[str]]:
    """The lines of each function that mutmut wrote, by its name."""
    lines = file.read_text("utf-8").splitlines()
    places: dict[str, Any] = json.loads(spans.read_text("utf-8"))["spans"]
    return {name: lines[start - 1 : end] for name, (start, end) in places.items()}


def _mutant(name: str, code: int | None, sources: dict[str, list[str]]) -> Mutant:
    module, _, mangled = name.rpartition(".")
    original = mangled.partition("__mutmut_")[0]
    before, after = _changed(original, sources[f"{original}__mutmut_orig"], sources[mangled])
    function = original.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return Mutant(module, function, before, after, _outcome(code), name)


def _changed(original: str, old: list[str], new: list[str]) -> tuple[str, str]:
    """The lines that a mutant changes, before and after, as one text each."""
    renamed = [re.sub(rf"\b{re.escape(original)}__mutmut_\w+", "f", line) for line in new]
    were = [re.sub(rf"\b{re.escape(original)}__mutmut_\w+", "f", line) for line in old]
    difference = [line for line in difflib.ndiff(were, renamed) if line[0] in "+-"]
    before = " / ".join(line[2:].strip() for line in difference if line[0] == "-")
    after = " / ".join(line[2:].strip() for line in difference if line[0] == "+")
    return before, after


def _outcome(code: int | None) -> str:
    if code in _KILLED:
        return "killed"
    if code in _TIMEOUTS:
        return "timeout"
    return "survived" if code in SURVIVED else "unknown"
