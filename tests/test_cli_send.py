"""`shortcodekit send` against a sandbox: what is sent, what is told of it, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from shortcode_clients.messages import outbound
from shortcodekit.cli import channels
from shortcodekit.cli.send import send
from shortcodekit.sandbox import Sandbox
from tests.commands import account, new_secret, run, shell, skip_without_bash
from tests.faults import refusing
from tests.service import service

CUSTOM = ("--custom", "server=host3", "--custom", "link=https://example.com/host3")
NUMBERS = ("--to", "447700900000", "--from", "447700900001")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_secret=new_secret(), signature_secret=new_secret()) as running:
        yield running


@pytest.fixture
def env(sandbox: Sandbox) -> dict[str, str]:
    sandbox.reset()
    return account(sandbox)


# ---- alerts ------------------------------------------------------------------------------------------------------------------


def test_an_alert_reaches_the_phone_and_its_part_is_told_in_words(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    ran = run("send", "--to", "16365553226", *CUSTOM, "--client-ref", "incident-42", "--receipt", env=env)
    assert (ran.code, ran.err) == (0, "")
    head, part = (line.split() for line in ran.lines)
    (message,) = sandbox.messages
    (sent,) = message["parts"]
    assert head == ["PART", "STATUS", "MESSAGE", "ID", "PRICE", "BALANCE", "NETWORK"]
    assert part[:4] == ["1", "0", "success", sent["message-id"]]
    assert float(part[5]) == 100_000 - float(part[4])
    assert sandbox.phone("16365553226").texts == [
        "Your host3 is down, for more details check https://example.com/host3"
    ]
    assert "client-ref=incident-42" in sandbox.requests[0]["request"]
    assert "status-report-req=1" in sandbox.requests[0]["request"]


def test_json_is_the_answer_as_it_came(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    ran = run("send", "--to", "16365553226", *CUSTOM, "--json", env=env)
    (part,) = json.loads(ran.out)["messages"]
    assert (ran.code, part["status"], part["message-id"]) == (0, "0", sandbox.messages[0]["parts"][0]["message-id"])


def test_a_signed_alert_is_accepted_too(sandbox: Sandbox) -> None:
    ran = run("send", "--to", "16365553226", *CUSTOM, "--signature-method", "sha512", env=account(sandbox, signed=True))
    assert ran.code == 0


def test_a_refused_alert_exits_with_1_and_says_what_to_do(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    sandbox.phone("16365553226").text("STOP")
    ran = run("send", "--to", "16365553226", *CUSTOM, env=env)
    assert ran.code == 1
    assert ran.lines[1].split()[:3] == ["1", "7", "number-barred"]
    assert ran.lines[-4:] == [
        "7  The recipient opted out or is blocked; nothing is sent to this number.",
        "  told   to: this number has opted out of the campaign",
        "  retry  no",
        "  do     Take the number off your lists. Only its owner can come back, and `resubscribe` is for that.",
    ]
    ran = run("send", "--to", "16365553226", *CUSTOM, "--json", env=env)
    assert (ran.code, json.loads(ran.out)["messages"][0]["status"]) == (1, "7")


@pytest.mark.parametrize("status", ["2", "5", "33", "77"])
def test_whatever_the_status_is_it_is_told(sandbox: Sandbox, env: Mapping[str, str], status: str) -> None:
    sandbox.faults.add(status=status, times=1)
    ran = run("send", "--to", "16365553226", *CUSTOM, env=env)
    assert ran.code == 1
    assert ran.lines[1].split()[:2] == ["1", status]
    assert ("not-documented" in ran.out) == (status == "77")
    assert ("  do " in ran.out) == (status != "77")


def test_an_account_that_is_throttled_is_refused_with_1(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    sandbox.faults.add(status="1")
    ran = run("send", "--to", "16365553226", *CUSTOM, "--json", env=env)
    assert (ran.code, json.loads(ran.out)["error"]["type"]) == (1, "Throttled")
    sandbox.faults.clear()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "163"], "error: to: of the form ^1[0-9]{10}$ [Alerts - Sending API Reference"),
        (["--to", "16365553226", "--template", "9"], "error: template: "),
        (["--to", "16365553226", "--custom", "server"], "error: --custom: a name, `=` and a value"),
        (["--to", "16365553226", "--custom", "a=1", "--custom", "a=2"], "error: --custom: a is given twice"),
        (["--to", "16365553226", "--custom", "to=2"], "error: to: a custom parameter cannot be named like a documented"),
        (["--to", "16365553226", "--client-ref", "x" * 41], "error: client-ref: at most 40 characters"),
        (["--to", "16365553226", "--base-url", "http://example.com"], "error: --base-url: https only"),
        (["--to", "16365553226", "--base-url", "nonsense"], "error: --base-url: an address such as"),
        (["--to", "16365553226", "--auth", "signature"], "error: no credentials: set $SHORTCODEKIT_API_KEY and $SHORTCODEKIT_SIGNATURE_SECRET"),
        (["--to", "16365553226", "--signature-method", "rot13"], "'rot13' is not one of"),
        ([], "an alert needs --to"),
        (["--to", "16365553226", "sms", "text", "Hello", *NUMBERS], "--to stands behind the channel and the content"),
        (["pigeon"], "No such command 'pigeon'"),
    ],
)  # fmt: skip
def test_wrong_use_exits_with_2_and_sends_nothing(
    sandbox: Sandbox, env: Mapping[str, str], words: list[str], told: str
) -> None:
    ran = run("send", *words, env=env)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert sandbox.messages == []


def test_wrong_credentials_exit_with_2(env: Mapping[str, str]) -> None:
    ran = run("send", "--to", "16365553226", *CUSTOM, env={**env, "SHORTCODEKIT_API_SECRET": new_secret()})
    assert (ran.code, ran.out) == (2, "")
    assert "refused with status 4, invalid-credentials" in ran.err


def test_a_service_that_is_not_there_exits_with_2_and_says_that_nothing_was_sent(env: Mapping[str, str]) -> None:
    with refusing() as address:
        ran = run("send", "--to", "16365553226", "--json", env={**env, "SHORTCODEKIT_BASE_URL": address})
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["type"], error["may_have_been_sent"]) == (2, "TransportFailure", False)
    assert "is something running there?" in ran.err


@pytest.mark.parametrize("answer", ["reset", "truncated", "html"])
def test_an_answer_that_is_none_exits_with_2_and_says_that_it_may_have_been_sent(
    sandbox: Sandbox, env: Mapping[str, str], answer: str
) -> None:
    sandbox.faults.add(answer=answer, times=1)
    ran = run("send", "--to", "16365553226", *CUSTOM, env=env)
    assert (ran.code, ran.out) == (2, "")
    assert "it may have been carried out" in ran.err


def test_what_the_service_says_of_an_accepted_part_is_shown(env: Mapping[str, str]) -> None:
    ran = run("send", "--to", "16365553226", "--custom", "server=漢", "--custom", "link=x", env=env)
    assert ran.code == 0
    assert ran.lines[-1].startswith("The service says: 1 characters became `?`")


def test_an_answer_of_several_parts_tells_each_and_exits_with_1_when_one_was_refused() -> None:
    parts = [{"status": "0", "message-id": "A"}, {"status": "9", "error-text": "credit\x1b[2J"}]
    with service() as running:
        running.answer = lambda _: (200, json.dumps({"message-count": "2", "messages": parts}).encode())
        env = {"SHORTCODEKIT_BASE_URL": running.address, "SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": "s"}
        ran = run("send", "--to", "16365553226", env=env)
    assert ran.code == 1
    assert [line.split()[:3] for line in ran.lines[1:3]] == [
        ["1", "0", "success"],
        ["2", "9", "partner-quota-exceeded"],
    ]
    assert "  told   credit?[2J" in ran.lines, "what a peer says does not act on a terminal"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_peer_that_sends_the_secret_back_does_not_make_it_shown(status: int, as_json: bool) -> None:
    secret = f'{new_secret()}"/{new_secret()}'
    told = {"status": "6", "error-text": f"you sent {secret}", "message-id": secret, secret: "x"}
    body = {"messages": [told], "error-code": secret, "error-code-label": secret, "title": secret, "opt-in-list": [
        {"msisdn": secret, "opt-in": "false", "opt-out": "true", "opt-out-date": secret, "x": secret}]}  # fmt: skip
    body |= {"message-count": "1", "opt-in-count": "1", "message_uuid": secret}
    with service() as running:
        running.answer = lambda _: (status, json.dumps(body).encode())
        env = {"SHORTCODEKIT_BASE_URL": running.address, "SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": secret}
        for words in (
            ["send", "--to", "16365553226"],
            ["send", "sms", "text", "x", *NUMBERS],
            ["opt-outs"],
            ["opt-outs", "--format", "csv"],
            ["resubscribe", "16365553226", "--yes"],
        ):
            ran = run(*words, *(["--json"] if as_json and "csv" not in words else []), env=env)
            shown = ran.out + ran.err
            for half in secret.split('"/'):
                assert half not in shown, words


# ---- credentials ---------------------------------------------------------------------------------------------------------------


def test_missing_credentials_are_named_in_one_line() -> None:
    for words, named in (
        (("send", "--to", "16365553226"), "$SHORTCODEKIT_API_KEY and $SHORTCODEKIT_API_SECRET"),
        (
            ("send", "sms", "text", "x", *NUMBERS),
            "(or $SHORTCODEKIT_APPLICATION_ID and $SHORTCODEKIT_PRIVATE_KEY_FILE)",
        ),
        (("opt-outs",), "(or $SHORTCODEKIT_SIGNATURE_SECRET)"),
        (("sign", "a=1"), "$SHORTCODEKIT_SIGNATURE_SECRET"),
        (("verify", "a=1"), "$SHORTCODEKIT_SIGNATURE_SECRET"),
    ):
        ran = run(*words, env={"SHORTCODEKIT_API_SECRET": ""})
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert named in ran.err


def test_no_command_takes_a_secret_as_an_option() -> None:
    from shortcodekit.cli.credentials import credentials
    from shortcodekit.cli.opt_outs import opt_outs, resubscribe
    from shortcodekit.cli.signatures import sign, verify

    below = [each for name in channels.names() for each in channels.channel(name).commands.values()]
    for command in (send, opt_outs, resubscribe, sign, verify, credentials, *credentials.commands.values(), *below):
        options = {name for each in command.params for name in each.opts}
        assert not {each for each in options if "secret" in each or "token" in each}, command.name


# ---- messages ------------------------------------------------------------------------------------------------------------------


def test_every_builder_of_the_spec_is_a_command_with_its_help() -> None:
    built = {
        (channel, name)
        for channel in outbound.__all__
        for name, made in vars(getattr(outbound, channel)).items()
        if getattr(made, "__module__", "") == f"shortcode_clients.messages.outbound.{channel}"
    }
    commands = {(channel, name) for channel in channels.names() for name in channels.channel(channel).commands}
    assert commands == built
    for channel, name in sorted(commands):
        shown = CliRunner().invoke(send, [channel, name, "--help"])
        assert shown.exit_code == 0
        for option in channels.channel(channel).commands[name].params:
            assert option.opts[0].lstrip("-") in shown.output.lower()


def test_a_message_is_accepted_and_reaches_the_phone(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    ran = run("send", "sms", "text", "Hello", *NUMBERS, env=env)
    assert (ran.code, ran.out) == (0, f"accepted  {sandbox.messages[0]['message_uuid']}\n")
    assert sandbox.phone("447700900000").texts == ["Hello"]


def test_options_of_a_channel_travel(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    words = ("template", "parcel_desk:underway", "--locale", "en-GB", "--parameters", "Ada", "--parameters", "10:30")
    ran = run("send", "whatsapp", *words, *NUMBERS, "--client-ref", "parcel-81", "--json", env=env)
    assert json.loads(ran.out)["message_uuid"] == sandbox.messages[0]["message_uuid"]
    ran = run(
        "send",
        "viber",
        "custom",
        '{"kind": "survey"}',
        "--to",
        "447700900000",
        "--from",
        "4096",
        "--ttl",
        "60",
        env=env,
    )
    assert ran.code == 0, ran.err
    asked = json.loads(sandbox.requests[0]["request"])
    assert asked["message"]["content"] == {"type": "custom", "custom": {"kind": "survey"}}
    assert asked["message"]["viber_service_msg"] == {"ttl": 60}


def test_a_message_is_sent_with_a_token_of_the_application_where_one_is_set(
    sandbox: Sandbox, env: Mapping[str, str], rsa_key: str, tmp_path: Path
) -> None:
    key = load_pem_private_key(rsa_key.encode(), None).public_key()
    public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    sandbox.register("app-1", public)
    file = tmp_path / "private.pem"
    file.write_text(rsa_key, "ascii")
    app = {**env, "SHORTCODEKIT_APPLICATION_ID": "app-1", "SHORTCODEKIT_PRIVATE_KEY_FILE": str(file)}
    app.pop("SHORTCODEKIT_API_SECRET")
    assert run("send", "sms", "text", "Hello", *NUMBERS, env=app).code == 0
    told = run("send", "sms", "text", "Hello", *NUMBERS, env={**app, "SHORTCODEKIT_PRIVATE_KEY_FILE": f"{file}.not"})
    assert (told.code, "No such file" in told.err) == (2, True)
    file.write_text("no key", "ascii")
    told = run("send", "sms", "text", "Hello", *NUMBERS, env=app)
    assert (told.code, "RSA" in told.err, "no key" in told.err) == (2, True, False)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["sms", "text", "x" * 1001, *NUMBERS], 2, "message.content.text: at most 1000 characters"),
        (["sms", "text", "x", "--to", "447700900000"], 2, "Missing option '--from'"),
        (["viber", "custom", "[1]", *NUMBERS], 2, "custom: a JSON object"),
        (["viber", "custom", "{" * 100_000, *NUMBERS], 2, "custom: a JSON object"),
        (["viber", "text", "x", *NUMBERS, "--ttl", "soon"], 2, "'soon' is not a valid integer"),
        (["sms"], 2, "text"),
    ],
)
def test_wrong_messages_are_not_sent(
    sandbox: Sandbox, env: Mapping[str, str], words: list[str], code: int, told: str
) -> None:
    ran = run("send", *words, env=env)
    assert (ran.code, told in ran.err + ran.out) == (code, True), ran.err
    assert sandbox.messages == []


def test_a_message_that_the_service_refuses_exits_with_1(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    sandbox.faults.add(operation="sendMessage", http_status=422, times=1)
    ran = run("send", "sms", "text", "Hello", *NUMBERS, "--json", env=env)
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["type"], error["may_have_been_sent"]) == (1, "ApiProblem", False)


# ---- dry runs ------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_sends_nothing_and_needs_no_credentials(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    for words in (["--to", "16365553226", *CUSTOM], ["sms", "text", "Hello", *NUMBERS]):
        for given in (env, {"SHORTCODEKIT_BASE_URL": sandbox.url}):
            ran = run("send", *words, "--dry-run", env=given)
            assert ran.code == 0
            assert "$SHORTCODEKIT_API_KEY" in ran.out
    assert sandbox.messages == []
    assert run("send", "--to", "163", "--dry-run").code == 2, "it is judged by the same rules"
    shown = json.loads(run("send", "--to", "16365553226", "--dry-run", "--json").out)
    assert (shown["method"], shown["body"]) == ("POST", {"to": "16365553226"})
    assert shown["url"].startswith("https://rest.nexmo.com/")


ODD = 'it\'s & 50% "up" = C:\\new $HOME `id` é 漢\ttab\nline'


@skip_without_bash
@pytest.mark.usefixtures("env")
@pytest.mark.parametrize("kind", ["secret", "signature", "message", "token"])
def test_what_a_dry_run_shows_works_when_it_is_pasted(
    sandbox: Sandbox, kind: str, rsa_key: str, tmp_path: Path
) -> None:
    given = dict(account(sandbox, signed=kind == "signature"))
    if kind == "token":
        key = load_pem_private_key(rsa_key.encode(), None).public_key()
        sandbox.register("app-1", key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
        (tmp_path / "private.pem").write_text(rsa_key, "ascii")
        given |= {
            "SHORTCODEKIT_APPLICATION_ID": "app-1",
            "SHORTCODEKIT_PRIVATE_KEY_FILE": str(tmp_path / "private.pem"),
        }
    sandbox.set_templates({0: "${a b}"})
    alert = ["--to", "16365553226", "--unicode", "--custom", f"a b={ODD}"]
    words = alert if kind in {"secret", "signature"} else ["sms", "text", ODD, *NUMBERS]
    shown = run("send", *words, "--dry-run", env=given)
    pasted = shell(shown.out, env=given)
    assert pasted.code == 0, pasted.err
    number = "16365553226" if kind in {"secret", "signature"} else "447700900000"
    assert sandbox.phone(number).texts == [ODD], pasted.out
