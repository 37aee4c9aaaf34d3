"""How a counterexample is made small."""

from __future__ import annotations

from shortcodekit.contract.laws import Broken, smallest, without
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
