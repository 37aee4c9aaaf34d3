"""The sandbox shows no secret, whoever asks it what was said, and what it shows can be run again with the secrets put in.

Secrets are made at run time; searched for are pieces of them, in the forms that travel.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from contract_tests.loopback import Answer, Recorder
from contract_tests.peers import MESSAGE, METHODS
from contract_tests.sandboxed import (
    AS_JSON,
    CUSTOM,
    FILLED,
    PHONE,
    STILL,
    WAYS,
    by_form,
    by_get,
    by_json,
    control,
    credentials,
    hooks,
    raw,
    signed,
    written,
)
from shortcodekit import AlertsClient, MessagesClient, OptInClient
from shortcodekit.sandbox import Sandbox

JSON = "/sc/us/alert/json"
SHOWN = ("messages", "phones", "requests", "webhooks", "opt-outs", "settings", "faults", "applications", "health")
curl_is_there = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


@pytest.fixture
def sandbox(server: Recorder) -> Iterator[Sandbox]:
    """One whose secrets have characters that are written differently in queries, JSON and headers."""
    server.answers = [Answer(500, "text/plain", b"no")]
    made: dict[str, Any] = {name: f"{uuid.uuid4().hex}&=+%\"'/ ~" for name in ("api_secret", "signature_secret")}
    with Sandbox(**made, **hooks(server.address), time_scale=STILL) as running:
        yield running


def places(sandbox: Sandbox) -> str:
    """All that is shown."""
    shown = [control(sandbox, "GET", f"/_sandbox/{name}?limit=1000").body.decode() for name in SHOWN]
    return "\n".join([*shown, repr(sandbox), repr(sandbox.auth), repr(sandbox.requests), repr(sandbox.webhooks)])


def traces(secret: str) -> set[str]:
    """Pieces of a secret, plain, percent-encoded and inside of base64."""
    found = {secret[at : at + 12] for at in range(0, len(secret) - 11, 6)}
    found |= {quote(each, safe="") for each in found} | {json.dumps(each)[1:-1] for each in found}
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        found |= {packed[at : at + 12] for at in range(4, len(packed) - 16, 4)}
    return found


def test_the_search_finds_what_is_there() -> None:
    secret = uuid.uuid4().hex
    for text in (secret, f"x{secret[5:30]}", base64.b64encode(f"key:{secret}".encode()).decode(), quote(secret)):
        assert any(each in text for each in traces(secret))
    assert not any(each in uuid.uuid4().hex for each in traces(secret))


def requests(sandbox: Sandbox) -> Iterator[bytes]:
    """Requests with secrets at every place where clients have put them."""
    who, said = credentials(sandbox), {"to": PHONE, **CUSTOM}
    secret, known = sandbox.api_secret, base64.b64encode(f"{sandbox.api_key}:{sandbox.api_secret}".encode()).decode()
    for path in (
        JSON,
        JSON.replace("json", "xml"),
        "/sc/us/alert/opt-in/query/json",
        "/sc/us/alert/opt-in/manage/json",
    ):
        for way in WAYS.values():
            yield way(path, who, said)
            yield way(path, signed(sandbox, said), said)
    yield written(
        "GET", f"{JSON}?api_secret={quote(secret)}&api_secret={quote(secret[::-1])}&api_secret={quote(secret)}"
    )
    yield written("GET", f"{JSON}?api%5Fsecret={quote(secret)}&to=%zz")
    yield written("GET", f"{JSON}?to=%ff&api_secret={quote(secret)}")
    yield written("GET", f"/nowhere?api_secret={quote(secret)}")
    yield written("PUT", f"{JSON}?api_secret={quote(secret)}")
    for body in (
        json.dumps({"api_secret": [secret], "to": {"x": 1}}),
        json.dumps({"api_secret": secret, "x": "y" * 20_000}),
        json.dumps({"x": "y" * 20_000, "api_secret": secret}),
        json.dumps({"api_secret": secret})[:-1],
        json.dumps({"api_secret": secret}).replace("_", "\\u005f"),
        json.dumps([{"api_secret": secret}]),
        '{"api_secret": 1, "api_secret": ' + json.dumps(secret) + "}",
        f"x={'y' * 20_000}&api_secret={quote(secret)}",
    ):
        yield written("POST", JSON, body.encode(), "Content-Type: application/json")
        yield written("POST", "/v0.1/messages", body.encode(), f"Authorization: Basic {known}")
    for header in (
        f"Basic {known}",
        f"basic  {known}",
        f"Basic {known}x",
        known,
        secret,
        f"Bearer {secret}",
        f"Key={secret}",
    ):
        yield written("POST", "/v0.1/messages", json.dumps(MESSAGE).encode(), f"Authorization: {header}")
        yield by_form(JSON, who, said, f"Authorization: {header}")
    yield written("POST", f"/v0.1/messages?api_secret={quote(secret)}", b"{}", f"Authorization: Basic {known}")


def test_no_secret_is_shown_of_any_request(sandbox: Sandbox) -> None:
    secrets = traces(sandbox.api_secret) | traces(sandbox.signature_secret)
    for request in requests(sandbox):
        answer = raw(sandbox, request)
        assert not [each for each in secrets if each in answer.body.decode()]
        shown = json.dumps(sandbox.requests[0]) + control(sandbox, "GET", "/_sandbox/requests?limit=1").body.decode()
        assert not [each for each in secrets if each in shown], (request[:200], shown)
    assert not [each for each in secrets if each in places(sandbox)]


def test_no_secret_and_no_token_is_shown_of_clients_and_webhooks(server: Recorder, sandbox: Sandbox) -> None:
    secrets = traces(sandbox.api_secret) | traces(sandbox.signature_secret)
    auth = sandbox.jwt()
    for method in METHODS:
        sandbox.configure(sign_webhooks=True, signature_method=method)
        with AlertsClient(sandbox.signed(method), base_url=sandbox.url) as alerts:
            alerts.send({"to": PHONE, "status-report-req": True}, custom=CUSTOM)
    with MessagesClient(auth, base_url=sandbox.url) as messages, OptInClient(sandbox.auth, base_url=sandbox.url) as out:
        messages.send(MESSAGE)
        out.page()
    sandbox.phone(PHONE).text("STOP")
    sandbox.phone(PHONE).send("whatsapp", text="Hello", to="14155550100")
    sandbox.advance(minutes=1)
    shown = places(sandbox)
    assert not [each for each in secrets if each in shown]
    assert "BEGIN" not in shown, "no key"
    tokens = [
        dict(each.headers)["authorization"].split()[1]
        for each in server.recorded
        if each.line.startswith((b"POST /message-status", b"POST /inbound-message"))
    ]
    assert len(tokens) > 5
    assert not [each for each in tokens if each[-40:] in shown]
    assert "eyJ" not in shown


# ---- reproductions ---------------------------------------------------------------------------------------------------


def run(command: str, **variables: str) -> Any:
    """What a command that was copied into a shell prints."""
    assert command.startswith("curl ")
    shell = f"{command} --silent --show-error --max-time 60"
    done = subprocess.run(["/bin/sh", "-c", shell], env=variables, capture_output=True, check=True)  # as a user would
    return done.stdout


@curl_is_there
@pytest.mark.parametrize("way", WAYS)
def test_the_curl_command_of_a_request_repeats_it(sandbox: Sandbox, way: str) -> None:
    sandbox.faults.add(status="0")
    said = {"to": PHONE, **CUSTOM, "client-ref": 'it\'s "5" $API_SECRET `x` é'}
    raw(sandbox, WAYS[way](JSON, credentials(sandbox), said))
    command = sandbox.requests[0]["curl"]
    assert sandbox.phone(PHONE).texts == [FILLED]
    answer = json.loads(run(command, API_SECRET=_escaped(sandbox.api_secret, command), TOKEN="x"))
    assert (answer["messages"][0]["status"], answer["messages"][0]["client-ref"]) == ("0", said["client-ref"])
    assert sandbox.phone(PHONE).texts == [FILLED, FILLED]


def _escaped(secret: str, command: str) -> str:
    """The secret as its place in a query, a form or JSON asks for it."""
    return json.dumps(secret)[1:-1] if '"api_secret": "' in command else quote(secret, safe="")


@curl_is_there
@pytest.mark.parametrize("way", [way for way in WAYS if way not in AS_JSON])
def test_the_curl_command_of_a_signed_request_has_the_secret_in_place_of_the_signature(
    sandbox: Sandbox, way: str
) -> None:
    said = {"to": PHONE, **CUSTOM}
    assert raw(sandbox, WAYS[way](JSON, signed(sandbox, said), said)).part["status"] == "0"
    answer = json.loads(run(sandbox.requests[0]["curl"], API_SECRET=quote(sandbox.api_secret, safe="")))
    assert answer["messages"][0]["status"] == "0"


@curl_is_there
def test_the_curl_command_of_a_message_takes_the_token_from_the_environment(sandbox: Sandbox) -> None:
    known = base64.b64encode(f"{sandbox.api_key}:{sandbox.api_secret}".encode()).decode()
    for authorization, token in (
        (f"Basic {known}", known),
        (f"Bearer {sandbox.jwt().token()}", sandbox.jwt().token()),
    ):
        raw(
            sandbox,
            written("POST", "/v0.1/messages/?", json.dumps(MESSAGE).encode(), f"Authorization: {authorization}"),
        )
        assert "message_uuid" in json.loads(run(sandbox.requests[0]["curl"], TOKEN=token))


@curl_is_there
@pytest.mark.parametrize("method", ["GET", "POST", "POST-JSON"])
def test_the_curl_command_of_a_webhook_sends_the_same_again(server: Recorder, sandbox: Sandbox, method: str) -> None:
    sandbox.configure(receipt_method=method, sign_webhooks=True)
    reference = 'it\'s $HOME "é" `x`'
    raw(
        sandbox,
        by_json()(JSON, credentials(sandbox), {"to": PHONE, **CUSTOM, "status-report-req": 1, "client-ref": reference}),
    )
    sandbox.advance(seconds=1)
    (first,) = server.take()
    assert run(sandbox.webhooks[0]["curl"]) == b"no"
    (second,) = server.take()
    assert (second.line, second.body) == (first.line, first.body)
    kinds: list[Mapping[str, str]] = [{name.lower(): value for name, value in each.headers} for each in (first, second)]
    assert kinds[0].get("content-type") == kinds[1].get("content-type")


def test_what_was_said_is_shown_without_its_secrets(sandbox: Sandbox) -> None:
    raw(sandbox, by_get(JSON, credentials(sandbox), {"to": PHONE, "server": "a b"}))
    shown = sandbox.requests[0]["request"]
    assert dict(parse_qsl(shown)) == {
        "api_key": sandbox.api_key, "api_secret": "$API_SECRET", "to": PHONE, "server": "a b",
    }  # fmt: skip
    raw(sandbox, by_json()(JSON, credentials(sandbox), {"to": PHONE, "timestamp": int(time.time())}))
    shown = json.loads(sandbox.requests[0]["request"])
    assert shown == {"api_key": sandbox.api_key, "api_secret": "$API_SECRET", "to": PHONE}


@pytest.mark.parametrize("number", ["1e400", "-1.50E+2", "0.1000000000000000055511151231257827", "9" * 5000, "0"])
def test_numbers_are_shown_as_they_were_written(sandbox: Sandbox, number: str) -> None:
    body = f'{{"api_secret": {number}, "to": [{number}, "{number}"]}}'
    raw(sandbox, written("POST", JSON, body.encode(), "Content-Type: application/json"))
    assert sandbox.requests[0]["request"] == f'{{"api_secret": "$API_SECRET", "to": [{number}, "{number}"]}}'
