"""Requests as curl commands: run in a shell, each sends again what was sent, and none shows a secret, however it is escaped."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes

import pytest

from contract_tests.loopback import Answer, Recorded, Recorder, recording
from shortcodekit.contract.reproducing import LONGEST, curl, shown, tells
from shortcodekit.contract.targets import Call

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

SECRETS: Final = ("plain-canary-51", "a&b+c d%\"'-52", "back\\slash/$HOME`id`53", "größe=€#?54", "%2B+ %25-55")
FORM: Final = ("content-type", "application/x-www-form-urlencoded")
JSON: Final = ("content-type", "application/json")


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recording() as running:
        running.answers = [Answer(200)]
        yield running


def again(server: Recorder, call: Call, secret: str, **more: str) -> Recorded:
    """What arrives when the command for a request is run by a shell, in which the secrets are set."""
    secrets = {"API_SECRET": secret, **more}
    command = curl(call, server.address, secrets=secrets)
    for hidden in secrets.values():
        assert not tells(command, hidden), command
        assert hidden not in command
        assert quote(hidden, safe="") not in command
    ran = subprocess.run(
        ["/bin/bash", "-uc", command],
        env={**os.environ, **secrets},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stderr!r}"
    (arrived,) = server.take()
    return arrived


def members(text: str | bytes) -> list[tuple[str, str]]:
    told = text if isinstance(text, str) else text.decode("ascii")
    return sorted(parse_qsl(told, keep_blank_values=True, strict_parsing=True))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("escaped", [quote_plus, lambda text: quote(text, safe="/").replace("%2B", "%2b")])
def test_a_query_and_a_form_with_a_secret_are_sent_again(
    server: Recorder, secret: str, escaped: Callable[[str], str]
) -> None:
    said = f"api_key=a&api_secret={escaped(secret)}&text=b%26c+d&empty="
    for method in ("GET", "POST"):
        arrived = again(server, Call(method, "/sc/us/alert/json", said), secret).request()
        assert arrived.method == method
        assert members(arrived.url.partition("?")[2]) == members(said)
        assert arrived.body == b""
    arrived = again(server, Call("POST", "/sc/us/alert/json", "", [FORM], said.encode()), secret).request()
    assert members(arrived.body) == members(said)
    assert arrived.headers["content-type"] == FORM[1]
    arrived = again(server, Call("POST", "/sc/us/alert/json", said, [FORM], b"x=1"), secret).request()
    assert members(arrived.url.partition("?")[2]) == members(said)
    assert arrived.body == b"x=1"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("as_ascii", [True, False])
def test_json_with_a_secret_is_sent_again(server: Recorder, secret: str, as_ascii: bool) -> None:
    said = {"api_secret": secret, "text": 'it\'s "a" \\ b'}
    body = json.dumps(said, ensure_ascii=as_ascii).encode()
    arrived = again(server, Call("POST", "/a", "", [JSON], body), secret).request()
    assert json.loads(arrived.body) == said


@pytest.mark.parametrize("secret", SECRETS)
def test_bytes_that_are_no_text_are_sent_again_and_hide_a_secret_among_them(server: Recorder, secret: str) -> None:
    body = b"\xff\x00%d\n" + secret.encode() + b"\x01&b=" + quote(secret, safe="").encode() + b"\n\n"
    arrived = again(server, Call("POST", "/a", "", [JSON], body), secret)
    assert secret.encode() in arrived.body
    assert unquote_to_bytes(arrived.body) == unquote_to_bytes(body)


def test_curl_escapes_a_secret_where_it_is_a_parameter() -> None:
    for call in (Call("GET", "/a", "api_secret=a%26b"), Call("POST", "/a", "", [FORM], b"api_secret=a%26b")):
        assert '--data-urlencode api_secret="$API_SECRET"' in curl(
            call, "http://127.0.0.1", secrets={"API_SECRET": "a&b"}
        )


def test_bytes_that_are_no_text_name_the_secret_and_do_not_spell_it() -> None:
    command = curl(
        Call("POST", "/a", "", [JSON], b"\xff-canary-"), "http://127.0.0.1", secrets={"API_SECRET": "-canary-"}
    )
    assert "$API_SECRET" in command
    assert "canary" not in command


def test_a_parameter_with_an_odd_name_is_left_where_it_is() -> None:
    for name in ("a@b", "a[b]", ""):
        command = curl(Call("GET", "/a", f"{name}=a%26b&c=a%26b"), "http://127.0.0.1", secrets={"API_SECRET": "a&b"})
        assert command.count("--data-urlencode") == 1
        assert '--data-urlencode c="$API_SECRET"' in command


def test_a_header_with_basic_is_sent_again(server: Recorder) -> None:
    basic = base64.b64encode(f"abcd1234:{SECRETS[1]}".encode()).decode("ascii")
    call = Call("POST", "/v0.1/messages", "", [JSON, ("authorization", f"Basic {basic}")], b"{}")
    assert dict(again(server, call, SECRETS[1], BASIC=basic).request().headers)["authorization"] == f"Basic {basic}"


def test_a_body_that_begins_with_an_at_sign_names_no_file(server: Recorder) -> None:
    assert again(server, Call("POST", "/a", "", [JSON], b"@/etc/hostname"), SECRETS[0]).body == b"@/etc/hostname"


def test_what_is_cut_off_a_long_body_is_no_part_of_a_secret() -> None:
    body = b"x" * (LONGEST - 6) + b"secret-canary-56" + b"y" * 10
    command = curl(Call("POST", "/a", "", [JSON], body), "http://127.0.0.1", secrets={"API_SECRET": "secret-canary-56"})
    assert "xxx" in command
    assert "secret" not in command


@pytest.mark.parametrize("secrets", [None, {}, {"API_SECRET": ""}])
def test_a_long_body_is_cut_where_there_is_no_secret_too(secrets: dict[str, str] | None) -> None:
    body = b"x" * LONGEST
    for more, told in ((b"", f"'{'x' * LONGEST}'"), (b"yz", f"'{'x' * LONGEST}' # … {LONGEST + 2} bytes")):
        assert curl(Call("POST", "/a", "", [JSON], body + more), "http://127.0.0.1", secrets=secrets).endswith(
            f"--data-raw {told}"
        )


@pytest.mark.parametrize(
    ("body", "shown_as"),
    [
        (b"two\nlines\tand a tab", "--data-raw 'two\nlines\tand a tab'"),
        (b"a bell \x07", r"""--data-binary @<(printf 'a\040bell\040\007')"""),
        (b"nothing \x00", r"""--data-binary @<(printf 'nothing\040\000')"""),
        ("no space \u00a0".encode(), "--data-raw 'no space \u00a0'"),
        (b"\xff", r"""--data-binary @<(printf '\377')"""),
    ],
)
def test_what_a_shell_would_lose_is_written_by_printf(body: bytes, shown_as: str, server: Recorder) -> None:
    call = Call("POST", "/a", "", [JSON], body)
    assert curl(call, "http://127.0.0.1").endswith(shown_as)
    assert again(server, call, SECRETS[0]).body == body


def test_headers_that_curl_sends_by_itself_are_left_out() -> None:
    headers = [("Accept", "*/*"), ("HOST", "a"), ("X-Accept", "b"), ("X-Empty", "")]
    command = curl(Call("GET", "/a", "", headers), "http://127.0.0.1")
    assert command == "curl -i 'http://127.0.0.1/a' -H 'X-Accept: b' -H 'X-Empty;'"


def test_a_header_of_the_users_own_is_told_by_the_name_of_a_variable() -> None:
    own = [("x-api-key", "a-long-header")]
    assert curl(Call("GET", "/a"), "http://127.0.0.1", headers=own).endswith("-H 'x-api-key: '\"$X_API_KEY\"''")
    assert shown("<a-long-header>", {}, own) == "<$X_API_KEY>"


def test_a_secret_that_a_client_wrote_wrongly_is_hidden_and_stays_as_wrong_as_it_was(server: Recorder) -> None:
    """Without escapes: a plus sign is a blank for whoever reads the form."""
    arrived = again(server, Call("POST", "/a", "", [FORM], b"api_secret=s+/=%57&b=c"), "s+/=%57")
    assert arrived.body == b"api_secret=s+/=%57&b=c"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_text_of_a_peer_is_shown_without_the_secret_in_any_form(secret: str) -> None:
    upper = "".join(f"%{each:02X}" for each in secret.encode())
    for form in (secret, upper, upper.lower(), quote_plus(secret), json.dumps(secret)[1:-1]):
        assert shown(f"<{form}>", {"API_SECRET": secret}) == "<$API_SECRET>"
        assert tells(f"<{form}>", secret)
    assert not tells(f"<{secret[:-1]}>", secret)
