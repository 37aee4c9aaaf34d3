"""The guide to the command line shows what the commands say: they run in bash, against a sandbox.

`python -m tests.test_command_line_guide` writes what they say into it.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Final

import click

from shortcodekit.cli.account import BASE_URL, CREDENTIALS
from shortcodekit.cli.command import COMMANDS, shortcodekit
from shortcodekit.sandbox import Sandbox
from tests.commands import account, shell, skip_without_bash
from tests.guides import ROOT, blocks, ran

GUIDE: Final = "docs/command-line.md"
ADDRESS: Final = "http://127.0.0.1:4010"
_BLOCK: Final = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
_END: Final = "@@@"


def _text() -> str:
    return (ROOT / GUIDE).read_text("utf-8")


@cache
def _as_it_is() -> str:
    """The guide with what the commands say now."""
    with Sandbox(api_key="abcd1234", seed="guide") as sandbox:
        for number in ("15559301529", "15559301530"):
            sandbox.phone(number).text("STOP")
        env = {**account(sandbox), "SHORTCODEKIT_SIGNATURE_SECRET": "secret"}
        return _BLOCK.sub(lambda block: _ran(block[0], env).replace(sandbox.url, ADDRESS), _text())


def _ran(block: str, env: dict[str, str]) -> str:
    """A block with what each of its commands says. They run in one shell, and so `$?` is that of the one before."""
    commands = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    script = "\n".join(f"{command} 2>&1\ncode=$?; echo; echo {_END}; (exit $code)" for command in commands)
    said = shell(script, env=env).out.split(f"\n{_END}\n")
    shown = [
        f"$ {command}\n{each}" if each else f"$ {command}\n" for command, each in zip(commands, said, strict=False)
    ]
    return "\n".join(each.rstrip("\n") + "\n" for each in shown)


def _without_ids(text: str) -> list[str]:
    """Lines, without what is another each time: ids and times."""
    text = re.sub(r"\b[0-9A-F]{16}\b", "ID", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID", text)
    return re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "TIME", text).splitlines()


@skip_without_bash
def test_the_guide_shows_what_the_commands_say() -> None:
    shown, said = _without_ids(_text()), _without_ids(_as_it_is())
    different = "\n".join(difflib.unified_diff(shown, said, "shown", "said", lineterm="", n=0))
    assert shown == said, f"`python -m tests.test_command_line_guide` writes it anew\n{different}"
    assert "Traceback" not in _text()
    ran(GUIDE, *blocks(GUIDE, "console"))


def test_the_guide_tells_of_every_command_and_every_variable() -> None:
    text = _text()
    for name in set(COMMANDS) - {"sandbox", "check"}:
        assert re.search(rf"`(shortcodekit )?{name}`", text), name
    for variable in (BASE_URL, *(each.variable for each in CREDENTIALS)):
        assert f"`{variable}`" in text


def test_the_options_that_the_guide_names_are_there() -> None:
    context = click.Context(shortcodekit)
    known = {"--help"}
    for name in set(COMMANDS) - {"check", "sandbox"}:
        command = shortcodekit.get_command(context, name)
        assert command is not None
        known |= {option for each in command.params for option in each.opts}
    of_others = {"--from", "--data-urlencode", "--config"}  # of channels, of curl, and of the command itself
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", _text())) - known == of_others


if __name__ == "__main__":
    (ROOT / GUIDE).write_text(_as_it_is(), "utf-8")
