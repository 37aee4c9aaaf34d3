"""Each law finds by itself the mistakes that it is for, and says of them what it said when they were last looked at."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contract_tests.profiles import PROFILE

from .telling import KINDS, VARIES, Words, told, words

TOLD: Final = told()
CASES: Final = [
    pytest.param(kind, law, peer, said, id=f"{kind}-{law}-{peer}")
    for kind, laws in TOLD.items()
    for law, peers in laws.items()
    for peer, said in peers.items()
]
CORRECT: Final = [
    pytest.param(kind, law.name, peer, id=f"{kind}-{law.name}-{peer.name}")
    for kind, those in KINDS.items()
    for number, law in enumerate(those.laws)
    for peer in (*those.correct, *those.correct)[number % len(those.correct) :][:2]
]
"""Each law with some of the correct peers: all of them are judged in the matrices."""


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("kind", "law", "peer", "said"), CASES)
def test_a_law_finds_by_itself_what_is_wrong_and_says_the_same_as_before(
    kind: str, law: str, peer: str, said: Words
) -> None:
    (broken,) = (each for each in KINDS[kind].broken if each.name == peer)
    found = words(KINDS[kind], law, broken)
    assert found is not None, f"{peer} is not found any more: {broken.sentence}"
    assert tuple(VARIES if old == VARIES else new for old, new in zip(said, found, strict=True)) == said, (
        "where that is meant: python -m contract_tests.defects.telling"
    )


@pytest.mark.skipif(PROFILE != "mutants", reason="the matrices judge all of them")
@pytest.mark.parametrize(("kind", "law", "peer"), CORRECT)
def test_a_law_finds_nothing_at_a_correct_peer(kind: str, law: str, peer: Any) -> None:
    assert words(KINDS[kind], law, peer) is None, f"{peer.name} is accused: {peer.sentence}"


def test_every_law_finds_a_seeded_mistake() -> None:
    expected = {kind: {law.name for law in those.laws} for kind, those in KINDS.items()}
    assert {kind: {law for law, peers in laws.items() if peers} for kind, laws in TOLD.items()} == expected
