"""What the guide to the sandbox shows works as it is written, and the demo tells its story."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from shortcodekit.sandbox import Sandbox, Settings
from shortcodekit.sandbox.control_requests import openapi
from shortcodekit.sandbox.faults import Fault
from shortcodekit.sandbox.outgoing import WEBHOOKS
from tests.guides import LONGEST, ROOT, blocks, run_blocks
from tests.guides import ran as note

GUIDE = (ROOT / "docs/sandbox.md").read_text("utf-8")


def test_its_test_passes_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (code,) = (each for each in blocks("docs/sandbox.md") if "def test_" in each)
    (tmp_path / "test_alerts.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr
    note("docs/sandbox.md", code)


def test_its_other_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in run_blocks("docs/sandbox.md", only=("Sandbox(",)):
        pass
    assert capsys.readouterr().out.splitlines() == ["103 attempts, then None", "3"]


def test_it_names_every_path_of_the_control_api_and_every_member_of_a_fault() -> None:
    for path in openapi()["paths"]:
        last = path.removeprefix("/_sandbox/").split("/")[0]
        assert f"/{last}" in GUIDE, path
    members = {each.name for each in attrs.fields(Fault)} - {"id", "reordered"}
    assert members <= set(re.findall(r"[a-z_]+", GUIDE))
    assert set(openapi()["components"]["schemas"]["Fault"]["properties"]) == members | {"reordered"}


def test_the_document_of_the_control_api_names_the_webhooks_and_settings_that_there_are() -> None:
    event = openapi()["components"]["schemas"]["Event"]["properties"]["webhook"]["description"]
    assert set(re.findall("`([a-z-]+)`", event)) == set(WEBHOOKS)
    settings = {each.name for each in attrs.fields(Settings)}
    assert set(openapi()["components"]["schemas"]["Settings"]["properties"]) <= settings


def test_the_methods_that_it_lists_are_there() -> None:
    (table,) = re.findall(r"\| `sandbox\.url`.*?\n\n", GUIDE, re.DOTALL)
    for name in re.findall(r"`(?:sandbox)?\.([a-z_]+)", table):
        assert any(hasattr(kind, name) for kind in (Sandbox, *_held())), name


def _held() -> list[type]:
    from shortcodekit.sandbox import Faults, Phone

    return [Faults, Phone]


def test_the_demo_tells_the_story_and_ends_well() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "shortcodekit.sandbox.demo"],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout, "colour is for terminals"
    told = [line.strip() for line in ran.stdout.splitlines()]
    expected = [
        "client     alert accepted: message",
        "phone    < Your host3 is down",
        "receiver   delivery receipt: delivered",
        "phone    > Stop",
        "receiver   inbound SMS from 16365553226: 'Stop', keyword STOP",
        "client     opted out: 16365553226",
        "client     number-barred",
        "client     subscribed again: 16365553226",
        "phone    < Your host3 is down",
        "receiver   delivery receipt: delivered",
    ]
    at = -1
    for line in expected:
        at = next(number for number in range(at + 1, len(told)) if told[number].startswith(line))
