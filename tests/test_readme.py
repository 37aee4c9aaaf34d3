"""What the README shows works as it is written, and the other guides tell of everything that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shortcodekit
from contract_tests.apis import Api
from contract_tests.judge import judge
from contract_tests.loopback import Answer, loopback
from shortcode_clients import alerts
from shortcode_clients.alerts.models import AlertPart, AlertResponse

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", CODE, ids=lambda code: code.splitlines()[0])
def test_its_code_runs_as_written_against_a_server_on_loopback(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback() as server:
        part = AlertPart(status="0", message_id="0A0000000123ABCD")
        server.answer = Answer(200, "application/xml", AlertResponse("1", [part]).to_xml())
        monkeypatch.setattr(alerts.Client.__init__, "__defaults__", (server.address,))
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102  # our own README
        request = server.take()
    assert judge(Api("alerts"), request.request()).violations == []
    assert request.line == b"POST /sc/us/alert/xml HTTP/1.1"
    assert b"server=host3" in request.body
    assert capsys.readouterr().out.splitlines() == [
        "16365553226 sent STOP, reported at 2020-01-01 12:00:00+00:00",
        "0A0000000123ABCD The part was accepted for delivery.",
    ]


def test_it_shows_code() -> None:
    assert len(CODE) == 1


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("generate", "test"):
        assert f"\nmake {target} " in README
        assert f"\n{target}: " in makefile


def test_its_links_lead_to_files_that_are_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link


def test_every_extension_that_the_specs_use_is_explained_in_their_readme() -> None:
    explained = (ROOT / "specs/README.md").read_text("utf-8")
    used = {
        key
        for spec in (ROOT / "specs").glob("*.yaml")
        for key in re.findall(r"(?<![\w/-])x-[a-z-]+(?=:)", spec.read_text("utf-8"))
    }
    assert used
    assert {key for key in used if f"`{key}" not in explained and f".{key}`" not in explained} == set()


def test_the_layout_that_contributing_shows_is_that_of_the_tree() -> None:
    shown = set(re.findall(r"^\| `([a-z_]+)/` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE))
    folders = {each.name for each in ROOT.iterdir() if each.is_dir() and each.name[0] != "."}
    assert shown | {"src", "requirements"} == folders - {"dist"}


def test_what_shortcodekit_exports_is_there() -> None:
    for name in shortcodekit.__all__:
        assert getattr(shortcodekit, name) is not None
