"""What all commands for daily work have in common: help, completion, colour, options from files, credentials, quick starts."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from shortcodekit.cli.command import COMMANDS, shortcodekit
from shortcodekit.sandbox import Sandbox
from tests.commands import (
    account,
    environment,
    new_secret,
    on_terminal,
    plain,
    run,
    shell,
    skip_without_bash,
    spawn,
)
from tests.guides import LONGEST

DAILY = sorted(set(COMMANDS) - {"check", "sandbox"})

# ---- help --------------------------------------------------------------------------------------------------------------------


def test_the_help_lists_every_command_and_the_exit_codes() -> None:
    shown = run("--help").out
    for name, (_, _, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", shown, re.MULTILINE)
    assert "1  done, and it came out badly" in shown


@pytest.mark.parametrize("name", DAILY)
def test_every_command_has_examples_that_parse_and_writes_json(name: str) -> None:
    context = click.Context(shortcodekit)
    command = shortcodekit.get_command(context, name)
    assert command is not None
    assert "--json" in {option for each in command.params for option in each.opts}
    shown = run(name, "--help").out
    lines = re.findall(rf"^ {{4}}.*?(shortcodekit {name}[^|>)\n]*)", shown, re.MULTILINE)
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["shortcodekit", name]
        found: click.Command = shortcodekit
        made = context
        for word in words[1:]:  # the commands in it are there, and its options are known to them
            below = found.get_command(made, word) if isinstance(found, click.Group) else None
            if below is None:
                break
            made, found = click.Context(below, parent=made), below
        options = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options, line


LOADED = "import sys; from shortcodekit.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"


def loaded(*words: str) -> set[str]:
    """The modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words", [["--help"], ["explain", "9"], ["explain", "--list"], ["completion", "zsh"], *([each, "--help"] for each in DAILY if each != "send")]
)  # fmt: skip
def test_what_needs_no_connection_loads_no_client(words: list[str]) -> None:
    modules = loaded(*words)
    assert not modules & {"httpx", "attrs", "msgspec", "jwt", "cryptography", "keyring", "starlette", "hypothesis"}


def test_an_alert_loads_no_models_of_messages() -> None:
    assert "shortcode_clients.messages.outbound" not in loaded("send", "--to", "16365553226", "--dry-run")


def test_a_missing_click_is_named_with_the_extra_that_brings_it() -> None:
    script = "import sys; sys.modules['click'] = None; from importlib import util; util.find_spec = lambda _: None\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}from shortcodekit.cli import main; main()"],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert (done.returncode, "pip install 'shortcodekit[cli]'" in done.stderr) == (2, True)


# ---- completion --------------------------------------------------------------------------------------------------------------


@skip_without_bash
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ex", {"explain"}),
        ("''", set(COMMANDS)),
        ("explain number-b", {"number-barred", "number-blocked-by-carrier"}),
        ("explain 124", {"1240", "1241"}),
        ("sign --method sha", {"sha1", "sha256", "sha512"}),
        ("opt-outs --format ''", {"table", "csv", "json"}),
        ("send w", {"whatsapp"}),
        ("send whatsapp a", {"audio"}),
        ("send sms text --fr", {"--from"}),
        ("credentials set api-", {"api-key", "api-secret"}),
        ("--ver", {"--version"}),
    ],
)
def test_bash_completes(words: str, wanted: set[str]) -> None:
    count = len(shlex.split(words))
    ran = shell(
        f'eval "$(shortcodekit completion bash)"; COMP_WORDS=(shortcodekit {words}); COMP_CWORD={count}\n'
        '_shortcodekit_completion shortcodekit; printf "%s\\n" "${COMPREPLY[@]}"; complete -p shortcodekit >&2'
    )
    assert set(ran.out.split()) == wanted, ran.err
    assert "_shortcodekit_completion shortcodekit" in ran.err


@pytest.mark.parametrize(("name", "begins"), [("zsh", "#compdef shortcodekit"), ("fish", "function _shortcodekit")])
def test_other_shells_get_a_script_of_theirs(name: str, begins: str) -> None:
    ran = run("completion", name)
    assert ran.out.startswith(begins)
    assert json.loads(run("completion", name, "--json").out) == {"shell": name, "script": ran.out[:-1]}
    assert run("completion", "cmd").code == 2


def test_completing_commands_loads_none_of_them() -> None:
    env = {"_SHORTCODEKIT_COMPLETE": "bash_complete", "COMP_WORDS": "shortcodekit ", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED.replace("main()\n", "sys.argv[0] = 'shortcodekit'; main()\n")],
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    assert "plain,explain" in done.stdout
    assert not set(done.stderr.split()) & {"httpx", "starlette", "hypothesis"}


# ---- terminals -----------------------------------------------------------------------------------------------------------------


def test_colour_is_for_terminals_and_not_for_those_who_do_not_want_it() -> None:
    assert "\x1b[" in on_terminal(["explain", "9"], {}).out
    assert "\x1b" not in on_terminal(["explain", "9"], {}, env={"NO_COLOR": "1"}).out
    assert plain(on_terminal(["explain", "9"], {}).out) == run("explain", "9").out == spawn("explain", "9").out


# ---- options from a file --------------------------------------------------------------------------------------------------------


def test_options_stand_in_a_file_in_the_table_of_their_command(tmp_path: Path) -> None:
    with Sandbox(api_secret=new_secret()) as sandbox:
        env = account(sandbox)
        sandbox.phone("16365553226").text("STOP")
        file = tmp_path / "shortcodekit.toml"
        file.write_text(f"[opt-outs]\nformat = 'csv'\nbase-url = '{env.pop('SHORTCODEKIT_BASE_URL')}'\n", "utf-8")
        ran = spawn("opt-outs", env=env, cwd=str(tmp_path))
        assert (ran.code, ran.lines[0]) == (0, "msisdn,opt-in,opt-in-date,opt-out,opt-out-date,other")
        ran = spawn("opt-outs", "--format", "json", env=env, cwd=str(tmp_path))
        assert ran.out.startswith("[")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[opt-outs]\nfromat = 'csv'", "opt-outs.fromat is not an option of the command opt-outs"),
        ("[optouts]\n", "optouts is not the table of a command"),
        ("[opt-outs", "not TOML"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "options.toml"
    file.write_text(text, "utf-8")
    ran = run("--config", str(file), "opt-outs", env={"SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": "s"})
    assert (ran.code, told in ran.err) == (2, True), ran.err


def test_a_file_that_was_only_found_does_not_decide_to_whom_credentials_go(tmp_path: Path) -> None:
    env = {"SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": new_secret()}
    file = tmp_path / "shortcodekit.toml"
    for url in ("https://rest.nexmo.example", "http://127.0.0.1.example", "http://localhost@evil.example"):
        file.write_text(f"[opt-outs]\nbase-url = '{url}'\n[send.sms.text]\nbase-url = '{url}'\n", "utf-8")
        for words in (["opt-outs"], ["send", "sms", "text", "x", "--to", "447700900000", "--from", "447700900001"]):
            ran = spawn(*words, env=env, cwd=str(tmp_path))
            assert (ran.code, ran.out) == (2, "")
            assert "the file was only found in this folder" in ran.err
    file.write_text("[opt-outs]\nbase-url = 'http://rest.nexmo.example'\n", "utf-8")
    ran = spawn("--config", str(file), "opt-outs", env=env, cwd=str(tmp_path))
    assert (ran.code, "https only" in ran.err) == (2, True), "one that was named does"


def test_a_table_of_a_command_that_is_not_run_is_not_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "options.toml"
    file.write_text("[sandbox]\nport = 4010\n", "utf-8")
    assert "starlette" not in loaded("--config", str(file), "explain", "9")


# ---- credentials -----------------------------------------------------------------------------------------------------------------

KEYRING = """
import json
import pathlib
from keyring.backend import KeyringBackend

FILE = pathlib.Path(__file__).with_name("kept.json")


class Keyring(KeyringBackend):
    priority = 1

    def _read(self):
        return json.loads(FILE.read_text()) if FILE.exists() else {}

    def get_password(self, service, username):
        return self._read().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        FILE.write_text(json.dumps(self._read() | {f"{service}/{username}": password}))

    def delete_password(self, service, username):
        kept = self._read()
        del kept[f"{service}/{username}"]
        FILE.write_text(json.dumps(kept))


class Locked(KeyringBackend):
    priority = 1

    def get_password(self, *_):
        raise RuntimeError("locked; the password is hunter2")

    set_password = delete_password = get_password
"""


@pytest.fixture
def keyring(tmp_path: Path) -> dict[str, str]:
    """The variables that lead to a keyring of the package `keyring`, in a file."""
    (tmp_path / "a_keyring.py").write_text(KEYRING, "utf-8")
    return {"PYTHON_KEYRING_BACKEND": "a_keyring.Keyring", "PYTHONPATH": str(tmp_path)}


def test_credentials_are_kept_in_a_keyring_and_used_from_there(keyring: dict[str, str], tmp_path: Path) -> None:
    secret = new_secret()
    with Sandbox(api_key="abcd1234", api_secret=secret) as sandbox:
        env = {**keyring, "SHORTCODEKIT_BASE_URL": sandbox.url}
        for name, value in (("api-key", "abcd1234"), ("api-secret", secret)):
            ran = spawn("credentials", "set", name, stdin=f"{value}\n".encode(), env=env)
            assert (ran.code, ran.out) == (0, f"{name}: kept in the keyring\n"), ran.err
        assert json.loads((tmp_path / "kept.json").read_text("utf-8"))["shortcodekit/api-secret"] == secret
        shown = spawn("credentials", env=env)
        assert (shown.code, secret in shown.out) == (0, False)
        assert shown.lines[2].split(maxsplit=1) == ["api-secret", "the keyring"]
        ran = spawn("opt-outs", "--json", env=env)
        assert (ran.code, ran.out) == (0, "[]\n"), ran.err
        ran = spawn("opt-outs", env={**env, "SHORTCODEKIT_API_SECRET": new_secret()})
        assert ran.code == 2, "what stands in the environment counts first"
        assert spawn("credentials", "forget", "api-secret", "--json", env=env).code == 0
        assert spawn("credentials", "forget", "api-secret", env=env).code == 2
        ran = spawn("opt-outs", env=env)
        assert (ran.code, "or keep them in a keyring: shortcodekit credentials set" in ran.err) == (2, True)


def test_a_secret_is_asked_for_without_being_shown(keyring: dict[str, str], tmp_path: Path) -> None:
    secret = new_secret()
    ran = on_terminal(["credentials", "set", "signature-secret"], {"signature secret: ": secret}, env=keyring)
    assert (ran.code, secret in ran.out) == (0, False), ran.out
    assert json.loads((tmp_path / "kept.json").read_text("utf-8")) == {"shortcodekit/signature-secret": secret}
    ran = spawn("sign", "a=1", "--quiet", env=keyring)
    assert (ran.code, len(ran.out.strip())) == (0, 32)


def test_a_keyring_that_is_locked_is_told_and_what_it_says_is_not(keyring: dict[str, str]) -> None:
    env = {**keyring, "PYTHON_KEYRING_BACKEND": "a_keyring.Locked"}
    for words in (["credentials"], ["credentials", "set", "api-key"], ["opt-outs"]):
        ran = spawn(*words, stdin=b"x\n", env=env)
        assert (ran.code, "RuntimeError" in ran.err, "hunter2" in ran.err) == (2, True, False), ran.err


def test_without_a_keyring_nothing_is_kept_and_the_extra_is_named() -> None:
    ran = run("credentials", "set", "api-key", stdin="x\n")
    assert (ran.code, "pip install 'shortcodekit[keyring]'" in ran.err) == (2, True)
    ran = run("credentials", "--json")
    assert (ran.code, set(json.loads(ran.out).values())) == (1, {None})
    ran = run("credentials", env={"SHORTCODEKIT_API_KEY": "abcd1234"})
    assert (ran.code, "abcd1234" in ran.out, "$SHORTCODEKIT_API_KEY" in ran.out) == (0, False, True)


def test_an_empty_secret_is_not_kept(keyring: dict[str, str]) -> None:
    ran = spawn("credentials", "set", "api-secret", stdin=b"\n", env=keyring)
    assert (ran.code, "nothing was given" in ran.err) == (2, True)


def test_an_interruption_ends_the_command_without_a_traceback() -> None:
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script += "import sys; sys.argv = ['shortcodekit', 'send', '--to', '16365553226']\n"
    script += "import shortcodekit.cli.send as module\n"
    script += "def interrupted(*_): raise KeyboardInterrupt\nmodule.opened = interrupted\n"
    script += "from shortcodekit.cli import main; main()"
    env = environment(SHORTCODEKIT_API_KEY="k", SHORTCODEKIT_API_SECRET="s")
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "interrupted: it may have been sent"
