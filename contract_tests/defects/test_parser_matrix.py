"""The laws of parsers find each seeded mistake, and none where there is none.

The parsers were written before the laws and without them. Which law finds a mistake is not said here: any may. A law is judged
for all events before the next one is, and the law about damage comes last, because it tries most; users have another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from contract_tests.profiles import PROFILE
from shortcodekit.contract import PARSER_LAWS, BoundLaw, Outcome, parser_laws
from shortcodekit.webhooks import Request

from . import EVENTS
from .parsers import BROKEN, CORRECT, ParseError, Parser

ORDER: Final = [law.name for law in PARSER_LAWS]
EXAMPLES: Final = {"ci": 15, "deep": 500}.get(PROFILE, 15)
"""How many events each law draws."""


def laws_of(parser: Parser) -> list[BoundLaw]:
    """The laws, bound to a parser for each event."""

    def bound(event: str) -> list[BoundLaw]:
        def parse(request: Request) -> dict[str, object]:
            return parser.parse(event, request.method, request.query, dict(request.headers), request.body)

        return parser_laws(parse, event=event, error=ParseError, examples=EXAMPLES)

    return [law for event in EVENTS for law in bound(event)]


def found(parser: Parser) -> Outcome | None:
    """The first law that is seen to be broken; those before it hold."""
    ordered = sorted(laws_of(parser), key=lambda each: ORDER.index(each.law.name))
    outcomes = (each.judged() for each in ordered)
    return next((each for each in outcomes if each.broken is not None), None)


def table(rows: Sequence[tuple[Parser, Outcome | None]]) -> str:
    """How many were found, and which were not, in words."""
    missed = [parser for parser, outcome in rows if outcome is None]
    lines = [f"found {len(rows) - len(missed)} of {len(rows)}"]
    return "\n".join([*lines, *(f"  missed  {each.name}: {each.sentence}" for each in missed)])


@pytest.mark.parametrize("part", range(4))
def test_every_broken_parser_is_found(part: int) -> None:
    rows = [(parser, found(parser)) for parser in BROKEN[part::4]]
    assert table(rows) == f"found {len(rows)} of {len(rows)}"


OTHERS: Final = [each for each in CORRECT if not each.name.startswith("our")]
"""Ours are judged in `contract_tests/webhooks/test_laws.py`."""


@pytest.mark.parametrize("parser", OTHERS, ids=str)
def test_a_correct_parser_keeps_every_law_for_each_event(parser: Parser) -> None:
    laws = laws_of(parser)
    outcomes = [each.judged() for each in laws]
    told = [law.told(each.broken) for law, each in zip(laws, outcomes, strict=True) if each.broken]
    assert told == [], f"{parser.name}: {parser.sentence}"
    tried = {each.law.name for each in outcomes if each.calls}
    assert tried == set(ORDER), "a law that tries nothing cannot be broken"


def test_a_parser_that_is_missed_is_named_with_what_is_wrong_with_it() -> None:
    missed, seen = BROKEN[:2]
    told = table([(missed, None), (seen, Outcome(PARSER_LAWS[0], "a law"))])
    assert told == f"found 1 of 2\n  missed  {missed.name}: {missed.sentence}"
