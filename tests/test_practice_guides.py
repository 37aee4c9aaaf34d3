"""The guides to authentication, errors, opting out, several machines and the parts run as they are written."""

from __future__ import annotations

import importlib
import re
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shortcodekit import AlertsClient, OptInClient, opt_in, webhooks
from shortcodekit.sandbox import Sandbox
from tests.guides import ROOT, fences, lay_out, program, ran, run_all, signed
from tests.redis_server import NEEDS_REDIS, RedisServer

OPT_OUT = "docs/opt-out.md"
MACHINES = "docs/several-machines.md"
PHONE = "16365553226"
SECRET = "a made-up signature secret, 32 bytes"
WHERE = {"server": "host3", "link": "https://example.com/host3/mon"}


@pytest.mark.parametrize(
    ("guide", "printed"),
    [
        ("docs/authentication.md", ["Signed('…1234', method='sha256')"]),
        ("docs/errors.md", ["0", "{'ok': 1, 'AlertRejected': 1}"]),
        ("docs/architecture.md", ["illegal-number True", "['/delivery-receipt']"]),
    ],
)
def test_its_code_runs_and_prints_what_it_shows(
    guide: str, printed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API_KEY", "abcd1234")
    monkeypatch.setenv("SIGNATURE_SECRET", "signature-secret")
    run_all(guide)
    shown = [fence.code for fence in fences(guide) if fence.language == "text" and not fence.excuse]
    text = (ROOT / guide).read_text("utf-8")
    assert all(re.search(rf"^ *print\(.*\)  # {re.escape(line)}(:|$)", text, re.MULTILINE) for line in printed)
    said = capsys.readouterr().out.splitlines()
    assert sorted(said) == sorted([*printed, *(line for code in shown for line in code.splitlines())])
    for code in shown:
        assert code in "".join(f"{line}\n" for line in said), "in this order"
    ran(guide, *shown)


def test_the_fact_that_the_guide_to_the_parts_follows_stands_in_the_spec_as_it_shows_it() -> None:
    (spec,) = (fence.code for fence in fences("docs/architecture.md") if fence.language == "yaml")
    assert spec in (ROOT / "specs/alerts.yaml").read_text("utf-8")
    ran("docs/architecture.md", spec)


# ---- opting out ------------------------------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The files of the guide to opting out, imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SIGNATURE_SECRET", SECRET)
    lay_out(OPT_OUT, tmp_path)
    names = ["consent", "hooks", "alerting", "reconcile", "website"]
    assert {f"{name}.py" for name in names} == {file.name for file in tmp_path.glob("*.py")}
    made = {name: importlib.import_module(name) for name in names}
    yield made
    made["hooks"].receiver.replay.close()
    for name in names:
        del sys.modules[name]


@pytest.fixture
def campaign() -> Iterator[tuple[Sandbox, AlertsClient, OptInClient]]:
    """A campaign on a sandbox, and what it sends and manages opt-outs by."""
    with (
        Sandbox() as sandbox,
        AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts,
        OptInClient(sandbox.auth, base_url=sandbox.url) as opt_in,
    ):
        yield sandbox, alerts, opt_in


def _events(parts: dict[str, ModuleType], path: str, parameters: dict[str, str]) -> int:
    """How the receiver of the guide answers an event."""
    sent = signed(parameters, SECRET)
    return int(parts["hooks"].receiver.handle(path, webhooks.Request("GET", urlencode(sent))).status)


def test_whoever_opted_out_in_any_way_is_not_written_to(
    parts: dict[str, ModuleType],
    campaign: tuple[Sandbox, AlertsClient, OptInClient],
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox, alerts, opt_in = campaign
    send, may = parts["alerting"].send, parts["consent"].may_write_to
    assert send(alerts, PHONE, WHERE) == "sent"
    assert (
        _events(parts, "/hooks/sms", {"msisdn": PHONE, "to": "96167", "messageId": "1", "text": "please no more"})
        == 200
    )
    assert f"to be read by a person: {PHONE} please no more" in capsys.readouterr().out
    assert may(PHONE)
    assert _events(parts, "/hooks/sms", {"msisdn": PHONE, "to": "96167", "messageId": "2", "text": "Stop."}) == 200
    assert not may(PHONE)
    assert send(alerts, PHONE, WHERE) == "opted out"
    assert len(sandbox.phone(PHONE).texts) == 1, "the service was not even asked"

    by_receipt = {"msisdn": "15550000009", "messageId": "3", "status": "failed", "err-code": "9"}
    assert _events(parts, "/hooks/dlr", by_receipt) == 200
    assert not may("15550000009")
    assert send(alerts, "15550010007", WHERE) == "opted out"
    assert not may("15550010007")

    sandbox.phone("15559301529").text("STOP")
    assert parts["reconcile"].reconcile(opt_in) == ["15559301529"]
    assert parts["reconcile"].reconcile(opt_in) == []
    assert not may("15559301529")
    parts["website"].asked_for_alerts_again(opt_in, "15559301529")
    assert may("15559301529")
    assert send(alerts, "15559301529", WHERE) == "sent"


def test_a_status_of_the_messages_api_opts_out_too(parts: dict[str, ModuleType]) -> None:
    body = (
        b'{"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "timestamp": "2020-01-01T14:00:00Z",'
        b' "status": "rejected", "to": {"type": "sms", "number": "16365553226"},'
        b' "from": {"type": "sms", "number": "12345"}, "error": {"code": 1240, "reason": "Illegal Number"}}'
    )
    status = webhooks.message_status(webhooks.Request("POST", "", {}, body))
    parts["hooks"].moved(status)
    assert not parts["consent"].may_write_to(PHONE)


def test_the_first_opt_out_keeps_its_time_and_a_later_one_begins_anew(parts: dict[str, ModuleType]) -> None:
    consent = parts["consent"]

    def told_by() -> list[Any]:
        with closing(sqlite3.connect(consent.FILE)) as database:
            return database.execute("SELECT told_by, lifted IS NULL FROM opt_outs").fetchall()

    consent.opt_out(PHONE, "SMS: STOP")
    consent.opt_out(PHONE, "status 7")
    assert told_by() == [("SMS: STOP", 1)]
    consent.lift(PHONE)
    assert told_by() == [("SMS: STOP", 0)]
    consent.opt_out(PHONE, "by phone")
    assert told_by() == [("by phone", 1)]


def test_the_guide_to_opting_out_says_no_more_of_keywords_than_the_table_does() -> None:
    keywords = {word for word in opt_in.codes.CARRIER_KEYWORD if opt_in.codes.CARRIER_KEYWORD.explain(word).opted_out}
    of_the_rule = {"STOP", "QUIT", "END", "REVOKE", "CANCEL", "UNSUBSCRIBE"}
    assert of_the_rule - keywords == {"REVOKE"}
    for text in ("revoke", "opt out"):
        asked = webhooks.inbound_sms(webhooks.Request("GET", f"msisdn={PHONE}&to=1&text={text.replace(' ', '+')}"))
        assert not webhooks.advice(asked).opted_out, "the guide says that a person has to read it"


# ---- several machines ------------------------------------------------------------------------------------------------


@NEEDS_REDIS
def test_two_receivers_that_share_a_redis_handle_an_event_once(tmp_path: Path, redis: RedisServer) -> None:
    lay_out(MACHINES, tmp_path)
    secret = f"secret-{uuid.uuid4()}"
    (typed,) = (fence.code for fence in fences(MACHINES) if fence.language == "sh")
    command = re.sub(r"--host \S+ --port \S+", "--port 0", typed.splitlines()[-1]).split()
    settings = {"SIGNATURE_SECRET": secret, "REPLAY_URL": redis.url}
    receipt = {"msisdn": PHONE, "messageId": str(uuid.uuid4()), "status": "delivered"}
    with program(tmp_path, *command, **settings) as one, program(tmp_path, *command, **settings) as other:
        for machine in (one, other, one):
            url = f"{machine.address()}/hooks/dlr"
            assert httpx.get(url, params=signed(receipt, secret), trust_env=False, timeout=30).status_code == 200
        handled = [
            line for machine in (one, other) for line in machine.lines() if line.startswith(f"{PHONE} delivered")
        ]
    assert len(handled) == 1
