"""The guides in docs/ run as they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shortcodekit import AlertsClient, errors
from tests.guides import ROOT, lead_to, run_blocks
from tests.service import service

GUIDES = sorted((ROOT / "docs").glob("*.md"))


def test_the_guide_to_the_clients_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rsa_key: str
) -> None:
    with service() as known:
        known.opted_out = ["15559301529"]
        lead_to(known, monkeypatch)
        taken_for_granted: dict[str, Any] = {
            "application_id": "app-id",
            "private_key_pem": rsa_key,
            "service_address": known.address,
        }
        for _ in run_blocks("docs/clients.md", **taken_for_granted):
            pass
    assert capsys.readouterr().out == "sendAlert ok 1\n"
    paths = [asked.path for asked in known.asked]
    assert paths == [
        "/sc/us/alert/json",
        "/sc/us/alert/opt-in/query/json",
        "/sc/us/alert/opt-in/manage/json",
        "/v0.1/messages",
        "/sc/us/alert/json",
        "/sc/us/alert/json",
    ]
    assert known.asked[3].headers["authorization"].startswith("Bearer ")
    assert {"sig", "timestamp", "api_key"} < set(known.asked[4].parameters)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_their_links_lead_to_files_that_are_there(guide: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", guide.read_text("utf-8")):
        assert (guide.parent / link).is_file(), link


def test_the_guide_names_every_error_and_every_keyword() -> None:
    guide = (ROOT / "docs/clients.md").read_text("utf-8")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    family = [kind.__name__ for kind in kinds if issubclass(kind, errors.ShortcodeKitError)]
    assert len(family) == 8
    assert [name for name in family if f"`{name}`" not in guide] == []
    keywords = AlertsClient.__init__.__kwdefaults__
    assert keywords
    assert [name for name in keywords if f"| `{name}` |" not in guide] == []
