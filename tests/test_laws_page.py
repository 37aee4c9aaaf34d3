"""The page of all laws is what `shortcodekit check --list` prints, as tables; `python -m tests.test_laws_page` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from shortcodekit.cli.check import LISTED
from shortcodekit.contract.laws import Law
from tests.guides import ROOT, shortcodekit_says, text_of, with_rows

PAGE: Final = "docs/laws.md"
_ROW: Final = re.compile(r"^\| `([^`]+)` \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)


def _rows(laws: Sequence[Law[Any]]) -> list[list[str]]:
    return [[f"`{each.name}`", each.sentence.replace("|", "\\|"), each.source, each.needs] for each in laws]


def _page_as_it_is() -> str:
    text = text_of(PAGE)
    for title, laws in LISTED.items():
        text = with_rows(text, ["law", "it says", "source", "needs"], _rows(laws), f"\n## {title}\n")
    return text


def test_the_page_has_every_law_that_there_is() -> None:
    assert text_of(PAGE) == _page_as_it_is(), "`python -m tests.test_laws_page` writes it anew"


def test_the_page_tells_what_the_command_lists() -> None:
    told = shortcodekit_says(["shortcodekit", "check", "--list"])
    assert told.returncode == 0
    shown = re.split(r"^## ", text_of(PAGE), flags=re.MULTILINE)
    for title in LISTED:
        (section,) = (each for each in shown if each.startswith(f"{title}\n"))
        listed = told.stdout.partition(f"{title}\n\n")[2].partition("\n\n")[0]
        rows = _ROW.findall(section)
        assert rows
        assert listed.splitlines() == [
            line
            for name, sentence, source, needs in rows
            for line in (name, f"    {sentence}", f"    {source}", f"    needs {needs}" if needs else "")
            if line
        ]


if __name__ == "__main__":
    (ROOT / PAGE).write_text(_page_as_it_is(), "utf-8")
