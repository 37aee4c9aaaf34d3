"""`shortcodekit check provider`, as it is met on the command line, with sandboxes and others that stand in for the service."""

from __future__ import annotations

import json
import re
import shlex
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import Result

from contract_tests.loopback import served
from shortcodekit.contract import PROVIDER_LAWS, judging
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import Request, Response

from .checking import Gate, check, failed, run_curl

SECRET: Final = "Api-canary-51"
SIGNATURE: Final = "signature-canary-52"
ACCOUNT: Final = ("--api-key", "abcd1234", "--api-secret", SECRET)
FEW: Final = ("--examples", "3")
SENDING: Final = [law.name for law in PROVIDER_LAWS if "--allow-sending" in law.needs]
ACCEPTED: Final = (
    b'{"message-count":"1","messages":[{"status":"0","message-id":"0123456789ABCDEF","to":"16365553226"}]}'
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_key="abcd1234", api_secret=SECRET, signature_secret=SIGNATURE) as running:
        yield running


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes loopback look like another machine."""
    monkeypatch.setattr(judging, "_is_loopback", lambda _: False)


def provider(url: str, *arguments: str) -> Result:
    return check("provider", url, *ACCOUNT, *arguments)


def words(told: str) -> dict[str, str]:
    """The verdict on each law."""
    found = re.findall(r"^(holds|broken|skipped) +(\S+)  ", told, re.MULTILINE)
    return {name: word for word, name in found}


def accepting(_: Request) -> Response:
    return Response(200, {"Content-Type": "application/json"}, ACCEPTED)


# ---- verdicts --------------------------------------------------------------------------------------------------------


def test_a_sandbox_keeps_every_law_and_only_what_needs_a_number_of_a_real_provider_is_skipped(sandbox: Sandbox) -> None:
    ended = provider(sandbox.url, *FEW, "--signature-secret", SIGNATURE)
    assert (ended.exit_code, ended.stderr) == (0, ""), ended.output
    assert words(ended.stdout) == {law.name: "holds" for law in PROVIDER_LAWS} | {"opt-in/opted-out": "skipped"}
    assert "not judged: needs a number that opted out (--opted-out)" in ended.stdout
    assert "canary" not in ended.output


def test_without_the_signature_secret_the_laws_about_signatures_are_skipped_and_that_is_said(sandbox: Sandbox) -> None:
    ended = provider(sandbox.url, *FEW, "--law", "alerts/forged-signatures", "--law", "alerts/made-up-signatures")
    assert words(ended.stdout) == {"alerts/forged-signatures": "skipped", "alerts/made-up-signatures": "holds"}
    assert "skipped  alerts/forged-signatures  needs the signature secret" in ended.stdout
    assert ended.stdout.endswith("No signature secret was given, so nothing is said about what is signed.\n")


def test_the_secret_can_come_from_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("provider", sandbox.url, "--api-key", "abcd1234", "--law", "opt-in/paging")
    assert check(*arguments).exit_code == 2
    monkeypatch.setenv("SHORTCODEKIT_CHECK_PROVIDER_API_SECRET", SECRET)
    ended = check(*arguments)
    assert (ended.exit_code, words(ended.stdout)) == (0, {"opt-in/paging": "holds"})


def test_a_wrong_secret_is_told_with_2(sandbox: Sandbox) -> None:
    told = failed(check("provider", sandbox.url, "--api-key", "abcd1234", "--api-secret", "wrong-canary"))
    assert told == "error: the provider refuses this key and secret, so nothing can be judged\n"


def test_a_provider_that_cannot_be_reached_is_told_with_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        told = failed(provider(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert told.startswith("error: the provider cannot be reached: ConnectError")
    assert "Is it running, and is this its address?" in told


# ---- counterexamples -------------------------------------------------------------------------------------------------


def test_the_command_shows_again_what_is_broken_with_the_secret_in_a_variable() -> None:
    answers: dict[bool, Response] = {
        True: accepting(Request("GET")),
        False: Response(418, {"Content-Type": "application/json"}, ACCEPTED),
    }
    with served(Gate(lambda each: answers[SECRET.encode() not in each.query.encode() + each.body])) as url:
        ended = provider(url, *FEW, "--law", "alerts/every-encoding")
        assert (ended.exit_code, words(ended.stdout)) == (1, {"alerts/every-encoding": "broken"})
        assert "canary" not in ended.output
        assert run_curl(ended.stdout, API_SECRET=SECRET).split()[1] == "418"


@pytest.mark.parametrize(("number", "why"), [("1e400", "a number is too large"), ("NaN", "NaN is no JSON")])
def test_an_answer_that_cannot_be_written_again_breaks_the_law(number: str, why: str) -> None:
    told = ACCEPTED.replace(b"{", f'{{"unknown":[{number}],'.encode(), 1)
    with served(Gate(lambda _: Response(200, {"Content-Type": "application/json"}, told))) as url:
        ended = provider(url, *FEW, "--law", "alerts/recipient")
    assert ended.exit_code == 1
    assert f"  expected  application/json that can be read: {why}\n" in ended.stdout


LEAKS: Final[dict[str, Callable[[Request], Response]]] = {
    "accepts everything": accepting,
    "accepts messages": lambda _: Response(202, {"Content-Type": "application/json"}, b'{"message_uuid":"x"}'),
    "crashes": lambda _: Response(500),
    "redirects": lambda each: Response(
        302, {"Location": f"https://example.com/?{each.query}&{each.body.decode('latin-1')}"}
    ),
    "says it back": lambda each: Response(
        200,
        {"Content-Type": "application/json"},
        json.dumps(
            {"messages": [{"to": SECRET, each.query: each.body.decode("latin-1"), SECRET: [SECRET] * 9}]}
        ).encode(),
    ),
}


@pytest.mark.parametrize("secret", [SECRET, "Api canary&52/é'\"$"], ids=["plain", "to be escaped"])
@pytest.mark.parametrize("kind", LEAKS)
def test_no_secret_is_told_whatever_the_provider_answers(kind: str, secret: str, tmp_path: Path) -> None:
    files = [tmp_path / f"laws.{each}" for each in ("xml", "json", "html")]
    outputs = [
        text for each, file in zip(("junit", "json", "html"), files, strict=True) for text in (f"--{each}", str(file))
    ]
    account = ("--api-key", "abcd1234", "--api-secret", secret, "--signature-secret", SIGNATURE)
    with served(Gate(LEAKS[kind])) as url:
        ended = check("provider", url, *account, *FEW, "--header", "X-Key: header-canary-53", *outputs)
    assert ended.exit_code == 1, ended.output
    fromstring(files[0].read_bytes())  # noqa: S314  # our own
    for text in (ended.output, *(file.read_text("utf-8") for file in files)):
        assert "canary" not in text.lower()
        assert "Q2FuYXJ5" not in text
        assert quote_plus(secret[4:-1]) not in text
        for mark in re.findall(r"Basic ([A-Za-z0-9+/=]+)", text):
            assert b"canary" not in _decoded(mark).lower()


def _decoded(mark: str) -> bytes:
    from base64 import b64decode

    return b64decode(mark + "=" * (-len(mark) % 4))


REFUSED: Final = ACCEPTED.replace(b'"status":"0"', b'"status":"4"')


@pytest.mark.parametrize("wrong", [f"{SECRET}x", f"x{SECRET}", SECRET[:-1], SECRET.swapcase()])
def test_the_command_makes_a_wrong_secret_from_the_right_one(wrong: str) -> None:
    def answers(request: Request) -> Response:
        taken = dict(parse_qsl(request.query)).get("api_secret") == wrong
        return Response(418 if taken else 200, {"Content-Type": "application/json"}, REFUSED)

    with served(Gate(answers)) as url:
        ended = provider(url, "--law", "alerts/credentials")
        assert (ended.exit_code, words(ended.stdout)) == (1, {"alerts/credentials": "broken"})
        assert run_curl(ended.stdout, API_SECRET=SECRET).split()[1] == "418"


def test_the_command_makes_wrong_basic_credentials_from_the_right_secret() -> None:
    gate = Gate(LEAKS["accepts messages"])
    with served(gate) as url:
        ended = provider(url, "--law", "messages/credentials")
        told = gate.kept[-1]
        run_curl(ended.stdout, API_SECRET=SECRET)
    assert gate.kept[-1].header("authorization") == told.header("authorization") != []


def test_where_nothing_answers_at_the_path_of_pins_their_laws_are_skipped_and_that_is_said() -> None:
    with served(Gate(lambda _: Response(404, {"Content-Type": "application/json"}, b"{}"))) as url:
        ended = provider(url, *FEW, "--law", "two-factor/every-encoding", "--law", "two-factor/credentials")
    assert words(ended.stdout) == {"two-factor/every-encoding": "skipped", "two-factor/credentials": "skipped"}
    assert "skipped  two-factor/credentials  needs an answer at /sc/us/2fa" in ended.stdout


# ---- elsewhere -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("elsewhere")
def test_a_provider_that_is_not_on_this_machine_is_sent_nothing_that_could_send_a_message() -> None:
    with Sandbox(api_key="abcd1234", api_secret=SECRET, signature_secret=SIGNATURE) as other:
        ended = provider(other.url, *FEW, "--signature-secret", SIGNATURE)
        assert ended.exit_code == 0, ended.output
        found = words(ended.stdout)
        assert {name for name in SENDING if found[name] != "skipped"} == set()
        assert sum(word == "holds" for word in found.values()) >= 10
        assert re.search(r"\d+ not judged: needs leave to send messages \(--allow-sending\)", ended.stdout)
        assert re.search(
            r"alerts/signatures +needs leave to send messages \(--allow-sending\)$", ended.stdout, re.MULTILINE
        )
        messages = other.messages
        assert [
            each for each in messages if any(part.get("status") in {"0", 0} for part in each.get("parts", [{}]))
        ] == []
        assert [each for each in messages if each.get("message_uuid")] == []


@pytest.mark.usefixtures("elsewhere")
def test_what_such_a_provider_is_sent_is_wrong_in_credentials_or_recipient_whatever_it_answers() -> None:
    gate = Gate(lambda _: Response(200, {"Content-Type": "application/json"}, b'{"messages":[],"message-count":"0"}'))
    with served(gate) as url:
        provider(url, *FEW, "--signature-secret", SIGNATURE)
    alerts = [said for each in gate.kept if (said := _said(each)) is not None]
    assert alerts
    valid = [each for each in alerts if each.get("api_secret") == SECRET and str(each.get("to", "")).isdigit()]
    assert [
        each for each in valid if len(str(each["to"])) > 5 and "sig" not in each and each.get("api_key") == "abcd1234"
    ] == []


def _said(request: Request) -> dict[str, Any] | None:
    """What a request says, but one of a message."""
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        return dict(parse_qsl(request.query) + parse_qsl(request.body.decode("latin-1")))
    return said if isinstance(said, dict) and "message" not in said else None


@pytest.mark.usefixtures("elsewhere")
def test_leave_to_send_needs_the_number_that_is_sent_to(sandbox: Sandbox) -> None:
    told = failed(provider(sandbox.url, "--allow-sending"))
    assert told == "error: to: the number that messages are sent to, when they are sent by a real provider\n"
    ended = provider(sandbox.url, "--allow-sending", "--to", "16365553226", "--law", "alerts/recipient")
    assert (ended.exit_code, words(ended.stdout)) == (0, {"alerts/recipient": "holds"})


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1", True), ("http://localhost", True), ("http://[::1]:80/base", True), ("http://127.9.9.9", True),
        ("https://rest.nexmo.com", False), ("http://localhost.example.com", False), ("http://127.0.0.1.example.com", False),
        ("http://0.0.0.0:1", False), ("http://192.0.2.2", False), ("http://127.0.0.1@example.com/", False),
    ],
)  # fmt: skip
def test_only_loopback_counts_as_this_machine(url: str, local: bool) -> None:
    assert judging._is_loopback(url) is local


def test_options_that_are_none_are_told(sandbox: Sandbox) -> None:
    assert "is not a law here" in failed(provider(sandbox.url, "--law", "documented-events"))
    assert "--custom: a name, `=` and a value" in failed(provider(sandbox.url, "--custom", "server"))
    assert "belong together" in failed(provider(sandbox.url, "--application-id", "app"))
    assert shlex.split(failed(provider("no-url")))[0] == "error:"
