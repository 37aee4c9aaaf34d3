"""The guides in docs/ run as they are written."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs
import httpx
import jwt
import pytest

from shortcodekit import AlertsClient, errors, webhooks
from shortcodekit.webhooks import Request, delivering, reading
from shortcodekit.webhooks.receiver import COME_BACK
from shortcodekit.webhooks.stores import base, memory
from tests.guides import ROOT, blocks, lead_to, program, run_all, run_blocks, signed
from tests.service import service

GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


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
        "/sc/us/2fa/json",
        "/v0.1/messages",
        "/sc/us/alert/json",
        "/sc/us/alert/json",
    ]
    assert re.fullmatch("[0-9]{6}", known.asked[3].parameters["pin"])
    assert known.asked[4].headers["authorization"].startswith("Bearer ")
    assert {"sig", "timestamp", "api_key"} < set(known.asked[5].parameters)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_their_links_lead_to_files_and_headings_that_are_there(guide: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", guide.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link, heading in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", prose):
        target = guide.parent / link if link else guide
        assert target.is_file(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in [_anchor(each) for each in headings], (link, heading)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def test_the_guide_names_every_error_and_every_keyword() -> None:
    guide = (ROOT / "docs/clients.md").read_text("utf-8")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    family = [kind.__name__ for kind in kinds if issubclass(kind, errors.ShortcodeKitError)]
    assert len(family) == 8
    assert [name for name in family if f"`{name}`" not in guide] == []
    keywords = AlertsClient.__init__.__kwdefaults__
    assert keywords
    assert [name for name in keywords if f"| `{name}` |" not in guide] == []


# ---- webhooks --------------------------------------------------------------------------------------------------------

WEBHOOKS = "docs/webhooks.md"
DELIVERY = "docs/delivery.md"
NONE = "\N{EN DASH}"
OLD, OTHER = ("the secret of last year, 32 bytes or more", "another secret, which has 32 bytes or more")
STATUS = (
    b'{"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "timestamp": "2020-01-01T14:00:00Z", "status": "READ",'
    b' "to": {"type": "sms", "number": "16365553226"}, "from": {"type": "sms", "number": "12345"}}'
)
INBOUND = STATUS.replace(b'"status": "READ"', b'"message": {"content": {"type": "text", "text": "Hello"}}').replace(
    b'"sms"', b'"whatsapp"'
)
STOP = {"msisdn": "16365553226", "to": "12345", "messageId": "1", "text": "stop it"}


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A folder for the files that guides make, and the secret that they read from the environment."""
    secret = "the secret of this year, 32 bytes or more"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGNATURE_SECRET", secret)
    monkeypatch.setenv("OLD_SIGNATURE_SECRET", OLD)
    return secret


def _sealed(body: bytes, secret: str) -> Request:
    """An event with a token for its body."""
    claims = {"iat": time.time(), "iss": "Vonage", "payload_hash": hashlib.sha256(body).hexdigest()}
    return Request("POST", "", {"Authorization": f"Bearer {jwt.encode(claims, secret)}"}, body)


def _signed(parameters: dict[str, str], secret: str) -> Request:
    return Request("GET", urlencode(signed(parameters, secret)))


def test_the_guide_to_webhooks_runs(at_home: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"status_request": _sealed(STATUS, at_home), "signature_secret": at_home, "jobs": []}
    made = run_all(WEBHOOKS, **names)
    assert capsys.readouterr().out.splitlines() == [
        "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab read",
        "delivery-receipt handled 200",
    ]
    assert made["receiver"].handle("/hooks/sms", _signed(STOP, at_home)).status == 200
    assert made["receiver"].handle("/hooks/sms", _signed(STOP, at_home)).status == 200
    assert made["receiver"].handle("/hooks/sms", _signed(STOP, OLD)).status == 401
    assert capsys.readouterr().out == "16365553226 opted out\n"
    made["receiver"].replay.close()

    changing = made["changing"]
    changing.on("inbound-sms", "/hooks/sms")(lambda _: None)
    for secret, answer in ((at_home, 200), (OLD, 200), (OTHER, 401)):
        assert changing.handle("/hooks/sms", _signed(STOP, secret)).status == answer
    for secret, answer in ((at_home, 200), (OTHER, 401)):
        assert changing.handle("/hooks/messages", _sealed(INBOUND, secret)).status == answer
    (job,) = made["jobs"]
    assert webhooks.Event.from_json(job).model.message.content.text == "Hello"


def test_the_first_code_of_the_guide_to_webhooks_is_a_whole_application(at_home: str, tmp_path: Path) -> None:
    code = blocks(WEBHOOKS)[0]
    assert len(code.splitlines()) < 15
    (tmp_path / "hooks.py").write_text(code, "utf-8")
    (command,) = re.findall(r"^(uvicorn .*) --port 8000$", (ROOT / WEBHOOKS).read_text("utf-8"), re.MULTILINE)
    with program(tmp_path, *command.split(), "--port", "0") as running:
        for secret, answer in ((at_home, 200), (at_home, 200), (OTHER, 401)):
            url = f"{running.address()}/hooks/sms"
            assert httpx.get(url, params=signed(STOP, secret), trust_env=False, timeout=30).status_code == answer
        assert [line for line in running.lines() if "opted out" in line] == ["16365553226 opted out"]


def test_what_the_guide_to_delivery_counts_it_counts_once_though_the_receiver_forgets(at_home: str) -> None:
    with closing(sqlite3.connect("app.db")) as database, database:
        database.execute("CREATE TABLE handled (event TEXT UNIQUE)")
        database.execute("CREATE TABLE votes (word TEXT, count INTEGER)")
        database.execute("INSERT INTO votes VALUES ('stop it', 0)")
    for _ in range(2):  # each time with a new MemoryStore
        made = run_all(DELIVERY)
        assert made["receiver"].handle("/hooks/sms", _signed(STOP, at_home)).status == 200
    assert _rows("SELECT count FROM votes") == [(1,)]
    for _ in range(2):
        made["vote"](webhooks.Event("inbound-sms", "/hooks/sms", Request("GET", "msisdn=16365553226&text=stop it")))
    assert _rows("SELECT count FROM votes") == [(3,)]


def test_of_receipts_that_overtake_each_other_the_guide_to_delivery_keeps_the_newest(at_home: str) -> None:
    with closing(sqlite3.connect("app.db")) as database, database:
        database.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, status TEXT, final INTEGER, at TEXT)")
    receiver = run_all(DELIVERY)["receiver"]
    for status, at, kept in (
        ("buffered", "2001011201", "buffered"),
        ("accepted", "2001011200", "buffered"),
        ("delivered", "2001011201", "delivered"),
        ("buffered", "2001011205", "delivered"),
    ):
        receipt = {"msisdn": "16365553226", "messageId": "1", "status": status, "scts": at}
        assert receiver.handle("/hooks/dlr", _signed(receipt, at_home)).status == 200
        assert _rows("SELECT status FROM messages") == [(kept,)]


def _rows(query: str) -> list[Any]:
    with closing(sqlite3.connect("app.db")) as database:
        return database.execute(query).fetchall()


def test_the_guide_to_delivery_quotes_what_the_log_says_when_clock_or_secret_are_wrong(at_home: str) -> None:
    guide = (ROOT / DELIVERY).read_text("utf-8")
    secrets: list[webhooks.Verifier] = [webhooks.SigSecret(at_home, "sha256"), webhooks.JwtSecret(at_home)]
    said: list[str] = []
    for clock, secret in ((lambda: time.time() - 360, at_home), (time.time, OTHER)):
        receiving = webhooks.Receiver(verify=secrets, clock=clock, on_answer=lambda told: said.append(told.reason))
        receiving.on("inbound-sms", "/sms")(print)
        receiving.on("message-status", "/status")(print)
        assert receiving.handle("/sms", _signed(STOP, secret)).status == 401
        assert receiving.handle("/status", _sealed(STATUS, secret)).status == 401
    quotes = [quote for row in guide.splitlines() if row[:1] == "|" for quote in re.findall('"([^"]+)"', row)]
    assert len(said) == 4
    assert [reason for reason in said if not any(quote in reason for quote in quotes)] == []


def test_the_guide_to_webhooks_names_everything_that_is_there() -> None:
    guide = (ROOT / WEBHOOKS).read_text("utf-8")
    assert [name for name in webhooks.__all__ if not re.search(rf"\b{name}\b", guide)] == []
    rows = re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)
    assert [name for name in _settings(webhooks.Receiver) if name not in rows] == []
    assert [field.name for field in attrs.fields(webhooks.Advice) if field.name not in rows] == []
    for function in (webhooks.verify_sig, webhooks.verify_jwt):
        assert function.__kwdefaults__
        assert [name for name in function.__kwdefaults__ if name not in rows] == []
    told = [*(field.name for field in attrs.fields(webhooks.Answered)), *(each.value for each in delivering.Outcome)]
    assert [name for name in told if f"`{name}`" not in guide] == []


def _settings(kind: Any) -> Iterator[str]:
    return (field.name for field in attrs.fields(kind) if field.init)


def test_the_guides_tell_the_defaults_as_they_are() -> None:
    guide = (ROOT / WEBHOOKS).read_text("utf-8")
    for field in attrs.fields(webhooks.Receiver):
        if field.init and isinstance(field.default, int | float):
            assert f"| `{field.name}` | `{field.default}` |" in guide
    assert f"`max_bytes` ({reading.MAX_BYTES})" in guide
    assert f"`MemoryStore(capacity={memory.CAPACITY})`" in guide
    assert f"`lease` (`{base.LEASE}`)" in guide
    assert f"Retry-After: {COME_BACK}`" in guide
    for function in (webhooks.verify_sig, webhooks.verify_jwt):
        assert (function.__kwdefaults__ or {})["tolerance"] == 300
    assert "| `tolerance` | both | `300` |" in guide

    guide = (ROOT / DELIVERY).read_text("utf-8")
    assert f"`patience` ({delivering.PATIENCE:g} seconds)" in guide
    assert f"a **lease** of {base.LEASE:g} seconds" in guide
    assert f"the last {memory.CAPACITY:,} events" in guide


def test_the_guide_to_delivery_tells_what_the_specs_say_of_each_event() -> None:
    guide = (ROOT / DELIVERY).read_text("utf-8")
    for webhook in reading.WEBHOOKS.values():
        told, differs = (", ".join(f"`{key}`" for key in keys) or NONE for keys in _keys(webhook))
        assert f"| `{webhook.name}` | {webhook.seconds // 3600} hours | {told} | {differs} |" in guide
        if webhook.waits:
            *waits, last = webhook.waits
            waiting = (
                f"{', '.join(map(str, waits))} and {last} seconds, then every {webhook.then_every_seconds} seconds"
            )
            assert waiting in guide


def _keys(webhook: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return webhook.told_apart_by, webhook.differs_by_attempt
