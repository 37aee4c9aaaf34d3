"""The parser that the guide about laws shows: what the laws say of its versions, by the guide's own test of it."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Final

import pytest

from shortcodekit.contract import Outcome, Report, check, reporting
from tests.guides import ran

SHOWN: Final = ("codes-to-come", "given-twice")
"""The laws whose counterexamples are shown."""


def report(guide: str, number: int) -> Report:
    """What becomes of the laws in the guide's test, with that version of parsing.py."""
    blocks = re.findall(r"^```python\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    parsing = ModuleType("parsing")
    version = [each for each in blocks if each.startswith("# parsing.py\n")][number]
    exec(version, vars(parsing))  # noqa: S102  # our own
    (code,) = (each for each in blocks if each.startswith("# test_parsing.py\n"))
    names: dict[str, object] = {"__name__": "test_parsing"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "parsing", parsing)
        exec(code, names)  # noqa: S102  # as above
    (mark,) = names["test_it_keeps"].pytestmark  # type: ignore[attr-defined]  # that of pytest
    ran("docs/contract.md", version, code)
    return check(mark.args[1])


def broken(guide: str, number: int) -> list[Outcome]:
    """The laws that a version breaks."""
    return report(guide, number).broken


def told(guide: str) -> str:
    """The counterexamples that are shown, as they are told now."""
    judged = report(guide, 0)
    judged.outcomes = [each for each in judged.outcomes if each.law.name in SHOWN]
    *laws, _ = reporting.summary(judged).split("\n\n")
    return "\n\n".join(laws) + "\n"
