"""The laws of parsers find each seeded mistake, and none where there is none.

The parsers were written before the laws and without them. Which law finds a mistake is not said here: any may.
"""

from __future__ import annotations

from typing import Final

import pytest

from contract_tests import seeded
from contract_tests.profiles import PROFILE
from shortcodekit.contract import PARSER_LAWS

from . import judging
from .judging import Row, table
from .parsers import BROKEN, CORRECT, Parser

EXAMPLES: Final = {"ci": 15, "deep": 500}.get(PROFILE, 15)
"""How many events each law draws."""
OTHERS: Final = [each for each in CORRECT if not each.name.startswith("our")]
"""Ours are judged in `contract_tests/webhooks/test_laws.py`."""
MATRIX: Final = seeded.Matrix("parsers", len(BROKEN), len(OTHERS))


def found(parser: Parser) -> Row:
    """What becomes of a broken parser."""
    row = judging.row(parser, judging.parser(parser, examples=EXAMPLES))
    MATRIX.note_broken(parser.name, found=bool(row.found))
    return row


@pytest.mark.parametrize("part", range(4))
def test_every_broken_parser_is_found(part: int) -> None:
    rows = [found(parser) for parser in BROKEN[part::4]]
    assert table(rows) == f"found {len(rows)} of {len(rows)}"


@pytest.mark.parametrize("parser", OTHERS, ids=str)
def test_a_correct_parser_keeps_every_law_for_each_event(parser: Parser) -> None:
    with judging.parser(parser, examples=EXAMPLES) as laws:
        outcomes = [each.judged() for each in laws]
    told = judging.broken_laws(laws, outcomes)
    MATRIX.note_correct(parser.name, alarm=bool(told))
    assert told == [], f"{parser.name}: {parser.sentence}"
    tried = {each.law.name for each in outcomes if each.calls}
    assert tried == {law.name for law in PARSER_LAWS}, "a law that tries nothing cannot be broken"


def test_a_parser_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = (Row(peer.name, peer.sentence, law) for peer, law in zip(BROKEN, ("", "a law"), strict=False))
    assert table([missed, seen]) == f"found 1 of 2\n  missed  {missed.name}: {missed.sentence}"
