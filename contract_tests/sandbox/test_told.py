"""A sandbox says what it said when that was last looked at; `python -m contract_tests.sandbox.telling` writes it down anew."""

from __future__ import annotations

import json
from typing import Any, Final

from contract_tests.sandbox.telling import ACCOUNT, FILE, STORIES, told

TOLD: Final[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))


def test_every_story_is_written_down() -> None:
    assert list(TOLD) == list(STORIES)


def test_a_sandbox_says_and_keeps_what_it_did_when_that_was_last_looked_at() -> None:
    for name in STORIES:
        now = told(name)
        for number, (one, before) in enumerate(zip(now, TOLD[name], strict=False)):
            assert one == before, f"{name}, {number}"
        assert len(now) == len(TOLD[name]), name


def test_nothing_that_is_told_has_a_secret_in_it() -> None:
    text = json.dumps(TOLD)
    assert ACCOUNT.api_secret not in text
    assert ACCOUNT.signature_secret not in text
