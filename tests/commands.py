"""Runs `shortcodekit` as its users do, and sees to it each time that no secret of the environment is shown."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import uuid
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen
from click.testing import CliRunner

from shortcodekit.cli.command import shortcodekit
from shortcodekit.sandbox import Sandbox
from tests.guides import LONGEST

SECRETS: Final = ("SHORTCODEKIT_API_SECRET", "SHORTCODEKIT_SIGNATURE_SECRET")
BASH: Final = shutil.which("bash")
COMMAND: Final = (sys.executable, "-m", "shortcodekit")


@frozen
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def environment(**said: str) -> dict[str, str]:
    """The environment of a command: nothing of the machine's own settings, and no keyring of its user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SHORTCODEKIT", "PYTEST"))}
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **said}


def account(sandbox: Sandbox, *, signed: bool = False) -> dict[str, str]:
    """The variables that lead to a sandbox."""
    made = sandbox.on_its_thread(lambda instance: instance.account)
    secret = (SECRETS[1], made.signature_secret) if signed else (SECRETS[0], made.api_secret)
    return {"SHORTCODEKIT_BASE_URL": sandbox.url, "SHORTCODEKIT_API_KEY": made.api_key, secret[0]: secret[1]}


def run(*words: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Ran:
    """Runs it in this process."""
    given = env or {}
    unset = dict.fromkeys((name for name in os.environ if name.startswith("SHORTCODEKIT")), None)
    told = CliRunner(env={**unset, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **given}).invoke(
        shortcodekit, words, input=stdin, prog_name="shortcodekit"
    )
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return shows_no_secret(Ran(told.exit_code, told.stdout, told.stderr), given)


def spawn(*words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: str | None = None) -> Ran:
    """Runs it as a process of its own."""
    done = subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        env=environment(**(env or {})),
        cwd=cwd,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    return shows_no_secret(Ran(done.returncode, done.stdout.decode(), done.stderr.decode()), env or {})


def shell(script: str, *, env: Mapping[str, str] | None = None) -> Ran:
    """Runs a script of bash, in which `shortcodekit` is the command."""
    given = env or {}
    done = subprocess.run(
        [str(BASH), "--norc", "-c", script],
        env=environment(**{**given, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    return shows_no_secret(Ran(done.returncode, done.stdout.decode(), done.stderr.decode()), given)


def on_terminal(words: Sequence[str], answers: Mapping[str, str], *, env: Mapping[str, str] | None = None) -> Ran:
    """Runs it on a terminal, where each of `answers` is typed once its question has come; what is shown is in `out`."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *words], stdin=slave, stdout=slave, stderr=slave, env=environment(**(env or {})), close_fds=True
    ) as process:
        os.close(slave)
        shown, left, ends = "", dict(answers), time.monotonic() + LONGEST
        decode = getincrementaldecoder("utf-8")("replace").decode  # a character may come in two pieces
        while time.monotonic() < ends:
            if not select.select([master], [], [], 1)[0]:
                continue
            chunk = _read(master)
            if not chunk:
                break
            shown += decode(chunk)
            for question in [each for each in left if each in shown]:
                os.write(master, f"{left.pop(question)}\n".encode())
        code = process.wait(LONGEST)
    os.close(master)
    assert not left, f"never asked: {left}, but showed {shown}"
    return shows_no_secret(Ran(code, shown.replace("\r\n", "\n"), ""), env or {})


def shown_on(master: int) -> str:
    """All that a terminal shows, until nobody writes to it any more."""
    shown = b""
    while chunk := _read(master):
        shown += chunk
    return shown.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the other end is closed
        return b""


def shows_no_secret(ran: Ran, env: Mapping[str, str]) -> Ran:
    """The same, once it was seen that it holds no secret of the environment."""
    for name in SECRETS:
        secret = env.get(name, "").strip()
        if len(secret) > 8:  # shorter ones are words that stand in any text
            assert secret not in ran.out + ran.err, f"${name} is shown"
    return ran


def new_secret() -> str:
    """A secret of this run."""
    return uuid.uuid4().hex


def plain(text: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


skip_without_bash = pytest.mark.skipif(BASH is None, reason="bash is missing")
