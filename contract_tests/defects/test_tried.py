"""No law tries less of a peer than it did, and none asks for less."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pytest

from .telling import KINDS
from .trying import UNICODE, tried, written

WRITTEN: Final = written()
SUM: Final = re.compile(r"with the sum [0-9a-f]{8}\Z")
CASES: Final = [
    pytest.param(kind, law.name, id=f"{kind}-{law.name}") for kind, those in KINDS.items() for law in those.laws
]


def _without_sums(said: list[str]) -> list[str]:
    return [SUM.sub("", each) for each in said]


@pytest.mark.parametrize(("kind", "law"), CASES)
def test_a_law_tries_what_it_tried_when_that_was_last_looked_at(kind: str, law: str) -> None:
    found, expected = tried(kind, law), WRITTEN[kind][law]
    if unicodedata.unidata_version != UNICODE:
        found, expected = _without_sums(found), _without_sums(expected)
    assert found == expected, "where that is meant: python -m contract_tests.defects.trying"


def test_what_is_written_down_is_of_laws_that_there_are_and_each_tries_something() -> None:
    assert {kind: list(laws) for kind, laws in WRITTEN.items()} == {
        kind: [law.name for law in those.laws] for kind, those in KINDS.items()
    }
    assert all(said for laws in WRITTEN.values() for said in laws.values())
