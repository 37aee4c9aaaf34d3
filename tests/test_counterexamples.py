"""How a counterexample is made small."""

from __future__ import annotations

from math import ceil

import pytest

from shortcodekit.contract.laws import PATIENCE, SLOW, TRIES, Broken, shortened, smallest, without
from shortcodekit.contract.targets import Call, Came


def _found(document: dict[str, int], tried: list[dict[str, int]]) -> Broken | None:
    """Fails with 507 while there is an `a`; without it, where there is a `c`, with 418, which is another fault."""
    tried.append(document)
    if not document.keys() & {"a", "c"}:
        return None
    return Broken("", (Call("GET", query="".join(document)),), Came(507 if "a" in document else 418))


def test_the_smallest_document_is_found_by_one_that_fails_in_the_same_way_however_many_fail_in_another() -> None:
    whole, tried = dict.fromkeys("abcd", 1), list[dict[str, int]]()
    found = _found(whole, [])
    assert found is not None
    best = smallest(whole, lambda each: _found(each, tried), found, lambda each: without(each, frozenset()))
    assert best.calls[0].query == "a"
    assert best.came.status == 507
    wanted = ["bcd", "acd", "cd", "ad", "d", "a", ""]
    assert ["".join(each) for each in tried] == wanted, "each time from what failed, until nothing can be taken away"


def _stubborn(_: object) -> Broken:
    """Fails in the same way, whatever is taken away."""
    return Broken("", (), Came(500))


def test_no_more_requests_are_spent_than_allowed() -> None:
    tried = []

    def fails(document: str) -> None:
        tried.append(document)

    smallest("", fails, _stubborn(""), lambda _: map(str, range(2 * TRIES)))
    assert tried == [str(each) for each in range(TRIES)], "and none of those is spared"


@pytest.mark.parametrize(
    ("took", "allowed"),
    [(PATIENCE / 4, 4), (PATIENCE, 1), (SLOW * 1.01, ceil(PATIENCE / SLOW / 1.01)), (SLOW / 2, TRIES)],
)
def test_slow_answers_use_up_the_patience_and_quick_ones_do_not(
    took: float, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], list[str]()
    monkeypatch.setattr("shortcodekit.contract.laws.time.monotonic", lambda: now[0])

    def fails(document: str) -> Broken:
        now[0] += took
        asked.append(document)
        return _stubborn(document)

    smallest("", fails, _stubborn(""), lambda document: iter([f"{document}x"]))
    assert len(asked) == allowed


def test_a_quick_answer_does_not_give_patience_back(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([PATIENCE, 0.0, 0.0])
    now, asked = [0.0], list[str]()
    monkeypatch.setattr("shortcodekit.contract.laws.time.monotonic", lambda: now[0])

    def fails(document: str) -> Broken:
        now[0] += next(took)
        asked.append(document)
        return _stubborn(document)

    smallest("", fails, _stubborn(""), lambda document: iter([f"{document}x"]))
    assert asked == ["x"]


def test_a_document_loses_each_key_that_need_not_stay() -> None:
    whole = {"to": {"type": "sms", "number": "1"}, "text": "a", "ids": {"uuid": "b"}}
    kept = frozenset({("to", "type"), ("ids",)})
    assert list(without(whole, kept)) == [
        {"to": {"type": "sms"}, "text": "a", "ids": {"uuid": "b"}},
        {"to": {"type": "sms", "number": "1"}, "ids": {"uuid": "b"}},
        {"to": {"type": "sms", "number": "1"}, "text": "a", "ids": {}},
    ], "what is kept stays, and what leads to it"
    assert list(without("text", frozenset())) == []


def test_each_text_is_cut_in_half_and_at_both_ends() -> None:
    assert list(shortened({"a": {"b": "12345"}, "c": "x", "d": 3})) == [
        (("a", "b"), {"a": {"b": each}, "c": "x", "d": 3}) for each in ("12", "345", "2345", "1234")
    ]
