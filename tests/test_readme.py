"""What the README shows works as it is written, and the other guides tell of everything that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import shortcodekit
from contract_tests.defects import clients, parsers, providers, receivers, receivers_correct
from shortcode_clients.alerts.models import AlertPart, AlertResponse, RestError
from shortcodekit.contract import CLIENT_LAWS, PARSER_LAWS, PROVIDER_LAWS, RECEIVER_LAWS
from tests.guides import ROOT, blocks, lead_to, program, ran, run_blocks, signed
from tests.service import Service, service

README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with service() as running:
        running.opted_out = ["15559301529", "15559301530"]
        lead_to(running, monkeypatch)
        yield running


def test_its_code_runs_as_written_against_a_server_on_loopback(
    known: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in run_blocks("README.md"):
        pass
    assert capsys.readouterr().out.splitlines() == [
        "0A0000000123ABCD",
        "15559301529 opted out at 2020-01-01 12:00:00+00:00",
        "15559301530 opted out at 2020-01-01 12:00:00+00:00",
        "True",
        "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    ]
    assert known.asked[0].path == "/sc/us/alert/json"
    assert known.asked[0].parameters["server"] == "host3"


REFUSED = (200, AlertResponse("1", [AlertPart("7")]))


@pytest.mark.parametrize(
    ("answer", "told"),
    [(REFUSED, "take the number off the list"), ((200, AlertResponse("1", [AlertPart("9")])), "The account's credit")],
    ids=["opted out", "no credit"],
)
def test_its_first_code_tells_what_was_refused(
    known: Service, answer: tuple[int, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known.answer = lambda _: answer
    assert list(run_blocks("README.md", only=("import Alert, AlertsClient",)))
    assert capsys.readouterr().out.startswith(told)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (REFUSED, "refused: 7 The recipient opted out or is blocked; nothing is sent"),
        ((200, AlertResponse("1", [AlertPart("5")])), "refused: 5 The service failed"),
        ((401, RestError("401", "authentication failed")), "check key and secret: the credentials were refused"),
        ((200, AlertResponse("1", [AlertPart("14")])), "check key and secret: refused with status 14"),
        ((429, RestError("429")), "too fast, wait a little"),
        ((403, RestError("403", "account barred")), "refused: 403 account barred None"),
        ((502, b"<html>Bad Gateway</html>"), "not the API: 502 application/json <html>Bad Gateway</html>"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_guide_to_errors_tells_it_tells_of_each_of_them(
    known: Service, answer: tuple[int, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known.answer = lambda _: answer
    _tell("16365553226")
    assert capsys.readouterr().out.startswith(told)


def _tell(number: str) -> None:
    """Sends as the guide to errors does, with the credentials of the README."""
    names: dict[str, Any] = {}
    for code in blocks("docs/errors.md"):
        if "def " in code:
            exec(compile(code, "docs/errors.md", "exec"), names)  # noqa: S102  # our own guide
    policy = shortcodekit.RetryPolicy(first=0.001)
    with shortcodekit.AlertsClient(shortcodekit.KeySecret("abcd1234", "api-secret"), retries=policy) as alerts:
        names["tell"](alerts, shortcodekit.Alert(to=number))


def test_the_guide_to_errors_tells_of_a_service_that_is_not_there_and_of_a_number_that_is_none(
    known: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known.address = "http://127.0.0.1:9"
    lead_to(known, monkeypatch)
    _tell("16365553226")
    assert capsys.readouterr().out.startswith("not sent: ConnectError")
    _tell("+16365553226")
    assert capsys.readouterr().out.startswith("not sent: to ")


def test_its_receiver_takes_each_event_once_and_no_forged_one(tmp_path: Path) -> None:
    (code,) = (code for code in blocks("README.md") if "Receiver(" in code)
    assert len(code.splitlines()) < 15
    (tmp_path / "hooks.py").write_text(code, "utf-8")
    (command,) = re.findall(r"`(uvicorn .*?)`", README)
    receipt = {"msisdn": "16365553226", "messageId": "0A0000000123ABCD", "status": "DELIVERED", "err-code": "0"}
    stop = {
        "msisdn": "15559301529",
        "to": "12345",
        "messageId": "0B0000000123ABCD",
        "text": "Stop.",
        "keyword": "STOP.",
    }
    with (
        program(tmp_path, *command.split(), "--port", "0") as running,
        httpx.Client(base_url=running.address(), trust_env=False, timeout=30) as service,
    ):
        for _ in range(2):
            assert service.get("/hooks/dlr", params=signed(receipt, "signature-secret")).status_code == 200
            assert service.post("/hooks/sms", data=signed(stop, "signature-secret")).status_code == 200
        for parameters in (stop, signed(stop, "another secret")):
            forged = service.post("/hooks/sms", data={**parameters, "msisdn": "15559301530"})
            assert forged.status_code == 401
        told = [line for line in running.lines() if line.startswith("1")]
    assert told == ["16365553226 delivered", "15559301529 opted out"]
    ran("README.md", code)


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("generate", "test"):
        assert f"\nmake {target} " in README
        assert f"\n{target}: " in makefile


def test_each_row_of_its_table_leads_to_a_guide() -> None:
    (table,) = re.findall(r"^\| \| \| guide \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    rows = table.splitlines()
    assert len(rows) > 8
    assert [row for row in rows if not re.search(r"\| \[[^]]+\]\(docs/[a-z-]+\.md(#[a-z-]+)?\) \|$", row)] == []


def test_its_first_code_is_short_and_the_readme_too() -> None:
    assert len(blocks("README.md")[0].splitlines()) <= 12
    assert len(README.splitlines()) <= 160


def test_every_extension_that_the_specs_use_is_explained_in_their_readme() -> None:
    explained = (ROOT / "specs/README.md").read_text("utf-8")
    used = {
        key
        for spec in (ROOT / "specs").glob("*.yaml")
        for key in re.findall(r"(?<![\w/-])x-[a-z-]+(?=:)", spec.read_text("utf-8"))
    }
    assert used
    assert {key for key in used if f"`{key}" not in explained and f".{key}`" not in explained} == set()


def test_what_shortcodekit_exports_is_there() -> None:
    for name in shortcodekit.__all__:
        assert getattr(shortcodekit, name) is not None


def test_it_counts_the_laws_and_the_peers_that_there_are() -> None:
    laws = [len(each) for each in (RECEIVER_LAWS, PROVIDER_LAWS, CLIENT_LAWS, PARSER_LAWS)]
    broken = sum(len(each) for each in (receivers.BROKEN, providers.BROKEN, clients.BROKEN, parsers.BROKEN))
    correct = sum(len(each.CORRECT) for each in (receivers_correct, providers, clients, parsers))
    about = "{} about receivers, {} about providers, {} about clients and {} about parsers".format(*laws)
    assert about in README
    assert f"they find {broken} seeded mistakes, and pass {correct} correct peers" in README
