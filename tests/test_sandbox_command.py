"""`shortcodekit sandbox`, as it is met on the command line."""

from __future__ import annotations

import os
import pty
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shortcodekit import Alert, AlertsClient, KeySecret
from tests.guides import LONGEST, Program, program

CUSTOM = {"server": "host3", "link": "https://example.com"}


@contextmanager
def started(folder: Path, *options: str, **environment: str) -> Iterator[tuple[Program, str]]:
    """The command, once it says that it is ready, and where it is."""
    with program(folder, "shortcodekit", "sandbox", "--port", "0", *options, **environment) as running:
        yield running, running.wait_for(r"sandbox ready at (http://127\.0\.0\.1:\d+)\n")


def failed(folder: Path, *arguments: str, **environment: str) -> str:
    """The one line of a command that cannot do what it should, with the exit code 2 and nothing else said."""
    ran = subprocess.run(
        [sys.executable, "-m", "shortcodekit", *arguments],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=LONGEST,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    return ran.stderr.strip()


def _asked(url: str) -> Any:
    """What the control API answers."""
    return httpx.get(url, timeout=LONGEST).raise_for_status().json()


def _alert(url: str, auth: KeySecret, to: str = "16365553226") -> str:
    with AlertsClient(auth, base_url=url) as alerts:
        return str(alerts.send(Alert(to=to), custom=CUSTOM).messages[0].message_id)


def test_it_tells_where_it_is_and_the_credentials_it_made_up_and_each_request_without_secrets(tmp_path: Path) -> None:
    with started(tmp_path) as (running, url):
        secret = running.wait_for(r"  api secret +(\S+)  \(made up\)")
        running.wait_for(r"signature secret +\S+  \(made up\)")
        key = running.wait_for(r"  api key +(\S+)  \(made up\)")
        _alert(url, KeySecret(key, secret))
        line = running.wait_for(r"\n(\S+  POST /sc/us/alert/json  .*)\n")
        assert re.fullmatch(r"\d\d:\d\d:\d\d  POST /sc/us/alert/json  200 0 success  16365553226  [0-9.]+ ms", line)
        with pytest.raises(Exception, match="credentials"):
            _alert(url, KeySecret(key, f"{secret}x"))
        line = running.wait_for(r"\n(.*200 4 .*)\n")
        assert "invalid-credentials" in line
        assert secret not in "\n".join(running.lines()[8:])
        assert "\x1b" not in "\n".join(running.lines()), "colour is for terminals"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_an_interruption_ends_it_cleanly_even_while_the_page_waits_for_changes(
    number: signal.Signals, tmp_path: Path
) -> None:
    with started(tmp_path) as (running, url), socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as page:
        page.sendall(b"GET /_sandbox/changes?after=999 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        _asked(f"{url}/_sandbox/health")
        running.process.send_signal(number)
        assert running.process.wait(LONGEST) == 0
        assert running.lines()[-1] == "sandbox stopped"


def test_options_come_from_the_command_line_else_the_environment_else_a_file(tmp_path: Path) -> None:
    (tmp_path / "shortcodekit.toml").write_text(
        '[sandbox]\nshort-code = "11111"\napi_key = "from-file"\napi-secret = "file-secret"\nbalance = 5\n', "utf-8"
    )
    environment = {"SHORTCODEKIT_SANDBOX_SHORT_CODE": "22222", "SHORTCODEKIT_SANDBOX_API_KEY": "from-environment"}
    with started(tmp_path, "--api-key", "from-line", **environment) as (running, url):
        told = _asked(f"{url}/_sandbox/settings")
        assert (told["short_code"], told["api_key"]) == ("22222", "from-line")
        assert _asked(f"{url}/_sandbox/health")["balance"] == "5.00000000"
        assert running.wait_for("options from +(.*)\n") == "shortcodekit.toml"
        assert not re.search("file-secret", "\n".join(running.lines())), "only what is made up has to be told"
        _alert(url, KeySecret("from-line", "file-secret"))


def test_on_a_terminal_requests_are_told_in_colour(tmp_path: Path) -> None:
    reading, terminal = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "shortcodekit",
        "sandbox",
        "--port",
        "0",
        "--api-key",
        "key",
        "--api-secret",
        "secret-x",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=terminal, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().rpartition(" ")[2].strip()
            _alert(url, KeySecret("key", "secret-x"))
            told = ""
            while "\n" not in told:
                told += os.read(reading, 4096).decode()
        finally:
            process.terminate()
    os.close(terminal)
    os.close(reading)
    assert "\x1b[32m200 0 success\x1b[0m" in told
    assert "16365553226" in told
    assert "secret-x" not in told


def test_a_file_keeps_the_state_and_the_made_up_account(tmp_path: Path) -> None:
    with started(tmp_path, "--db", "state.db") as (running, url):
        key, secret = (running.wait_for(rf"  api {each} +(\S+)") for each in ("key", "secret"))
        sent = _alert(url, KeySecret(key, secret))
    with started(tmp_path, "--db", "state.db") as (_, url):
        assert [each["message_id"] for each in _parts(url)] == [sent]
        assert _alert(url, KeySecret(key, secret)) != sent


def _parts(url: str) -> list[dict[str, str]]:
    messages = _asked(f"{url}/_sandbox/messages")
    return [{"message_id": part["message-id"]} for each in messages for part in each["parts"]]


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = failed(tmp_path, "sandbox", "--port", port)
    assert told == f"error: port {port} is in use; choose another `--port`, or 0 for any that is free"


def test_a_file_that_is_none_of_its_own_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database", "utf-8")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE a (b)")
    for name, reason in [
        ("notes.txt", "file is not a database"),
        ("other.db", "a database, but not of a sandbox"),
        ("missing/state.db", "there is no folder for it"),
        (".", "unable to open database file"),
    ]:
        before = (tmp_path / name).read_bytes() if (tmp_path / name).is_file() else b""
        assert failed(tmp_path, "sandbox", "--port", "0", "--db", name) == f"error: {name}: {reason}"
        assert before == ((tmp_path / name).read_bytes() if (tmp_path / name).is_file() else b"")


def test_a_file_that_another_sandbox_uses_is_told(tmp_path: Path) -> None:
    with started(tmp_path, "--db", "state.db"):
        told = failed(tmp_path, "sandbox", "--port", "0", "--db", "state.db")
    assert told == "error: state.db: another sandbox, or another program, is using it"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--receipt-url", "hooks/dlr"), "error: --receipt-url: an address such as"),
        (("--status-url", "http://user:secret@127.0.0.1/"), "error: --status-url: an address such as"),
        (("--application", "id=missing.pem"), "error: --application: missing.pem: No such file or directory"),
        (("--application", "id"), "error: --application: an id, `=` and the name of a file"),
        (("--template", "6=text"), "error: --template: a number from 0 to 5"),
        (("--balance", "much"), "error: --balance: an amount such as 12.50"),
        (("--time-scale", "0"), "error: --time-scale: a number above 0"),
        (("--api-key", ""), "error: --api-key: a printable ASCII text"),
        (("--short-code", "x"), "error: --short-code: from 3 to 15 digits"),
        (("--host", "host.invalid"), "error: cannot listen at host.invalid:0: "),
    ],
    ids=lambda value: value[0].removeprefix("--") if isinstance(value, tuple) else "",
)
def test_an_option_that_is_wrong_is_told_in_one_line_without_its_value(
    options: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    told = failed(tmp_path, "sandbox", "--port", "0", *options)
    assert told.startswith(reason)
    assert "\n" not in told
    assert "secret@" not in told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[sandbox]\nprot = 1\n", "options.toml: sandbox.prot is not an option of the command sandbox"),
        ("[sandbx]\n", "options.toml: sandbx is not the table of a command"),
        ("port = 1\n", "options.toml: port is not the table of a command"),
        ("[sandbox\n", "options.toml: not TOML: "),
        (None, "options.toml: No such file or directory"),
    ],
    ids=["option", "table", "no-table", "syntax", "missing"],
)
def test_a_file_of_options_that_is_wrong_is_told_in_one_line(content: str | None, reason: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "options.toml").write_text(content, "utf-8")
    told = failed(tmp_path, "--config", "options.toml", "sandbox")
    assert told.startswith(f"error: {reason}")
    assert "\n" not in told


def test_listening_elsewhere_than_on_loopback_is_warned_of(tmp_path: Path) -> None:
    with started(tmp_path, "--host", "0.0.0.0") as (running, url):  # noqa: S104  # that is what is warned of
        running.wait_for("warning: it listens at 0.0.0.0; whoever reaches this machine ")
        assert _asked(f"{url}/_sandbox/health")["status"] == "ok"


def test_it_is_ready_within_two_seconds_of_a_processor_and_help_shows_typical_uses(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "shortcodekit", "sandbox", "--help"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.index("Examples:") < ran.stdout.index("Options:")
    examples = re.findall(r"^ +shortcodekit sandbox( .*)?$", ran.stdout, re.MULTILINE)
    for options in examples[1:]:
        for option in re.findall(r"--[a-z-]+", options):
            assert re.search(rf"^  {option}\b", ran.stdout, re.MULTILINE), option
    before = _processor_time()
    with started(tmp_path):
        pass
    assert _processor_time() - before < 2, "from its start to its end"


def _processor_time() -> float:
    """Seconds that the processes took which this one has started and which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
