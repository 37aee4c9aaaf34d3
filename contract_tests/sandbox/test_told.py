"""A sandbox says what it said when that was last looked at; `python -m contract_tests.sandbox.telling` writes it down anew."""

from __future__ import annotations

import json
from typing import Any, Final

from contract_tests.sandbox.telling import ACCOUNT, FILE, STORIES, Teller, told
from shortcodekit.rules import Violation
from shortcodekit.sandbox import messages, sending

TOLD: Final[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))


def test_every_story_is_written_down() -> None:
    assert list(TOLD) == list(STORIES)


def test_a_sandbox_says_and_keeps_what_it_did_when_that_was_last_looked_at() -> None:
    for name in STORIES:
        now = told(name)
        for number, (one, before) in enumerate(zip(now, TOLD[name], strict=False)):
            assert one == before, f"{name}, {number}"
        assert len(now) == len(TOLD[name]), name


def test_a_rule_is_told_with_its_place_and_source_however_odd_they_are() -> None:
    whole = Violation((), "an object", "", "")
    assert sending.told(whole) == "the request: an object"
    assert sending.told(Violation(("to", 0), "a text", "", "A page")) == "to.0: a text (A page)"
    teller = Teller()
    inside = Violation(("a" * 41, 0, "é"), "a text", "About it.", "A page")
    for violation, place in ((whole, "the body"), (inside, f"{'a' * 40}[0].?")):
        refused = messages.problem(400, "a reason", teller.service._world(), violation)
        assert refused.answer is not None
        (told_of,) = json.loads(refused.answer.to_json())["invalid_parameters"]
        assert told_of == {
            "name": place,
            "reason": violation.rule,
            "about": violation.about,
            "source": violation.source,
        }
    teller.store.close()


def test_nothing_that_is_told_has_a_secret_in_it() -> None:
    text = json.dumps(TOLD)
    assert ACCOUNT.api_secret not in text
    assert ACCOUNT.signature_secret not in text
