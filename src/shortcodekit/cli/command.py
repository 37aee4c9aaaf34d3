"""The command and where its options come from: the command line, else the environment, else a TOML file.

A command's module is loaded when it is run, and not to list it: each needs packages that the others do without, and nobody
waits for them to read a help text.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from .output import Failure

__all__ = ["COMMANDS", "FILE", "Failure", "shortcodekit"]

FILE: Final = "shortcodekit.toml"

COMMANDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "check": ("check", "command", "Judge your own code by what the service does."),
    "completion": ("completion", "completion", "Print what makes a shell complete this command."),
    "credentials": ("credentials", "credentials", "Show where credentials come from, and keep them in a keyring."),
    "explain": ("explain", "explain", "Say what a code means, and what to do."),
    "opt-outs": ("opt_outs", "opt_outs", "List the numbers that opted out."),
    "resubscribe": ("opt_outs", "resubscribe", "Subscribe numbers again, because their owners asked for it."),
    "sandbox": ("sandbox", "sandbox", "A stand-in for the service on your own machine."),
    "send": ("send", "send", "Send an alert, or a message on any channel."),
    "sign": ("signatures", "sign", "Make a signature, and show the text that is signed."),
    "verify": ("signatures", "verify", "Say why a signature does not match."),
}
"""For each command its module here, its name there, and the line that lists it."""


class _Commands(click.Group):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as it is called
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        try:
            found = getattr(import_module(f".{module}", __package__), name)
        except ImportError as error:
            raise Failure(str(error)) from None
        assert isinstance(found, click.Command)  # noqa: S101  # a table of ours
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=line) for name, (_, _, line) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=_Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "SHORTCODEKIT",
        "max_content_width": 100,
    },
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    show_envvar=True,
    help=f"A TOML file with options, in a table for each command; by default {FILE}, where there is one.",
)
@click.version_option(package_name="shortcodekit", message="%(package)s %(version)s")
@click.pass_context
def shortcodekit(context: click.Context, config: Path | None) -> None:
    """US short-code alerts, opt-outs and Messages API v0.1: the daily work, a sandbox of the service, and laws that judge
    your own code.

    Options can be set in the environment, as SHORTCODEKIT_SANDBOX_PORT=4010, and in a TOML file. What stands on the command
    line counts first, then the environment, then the file. Secrets come from the environment or a keyring: see
    `shortcodekit credentials --help`.

    \b
    Exit codes:
      0  done: accepted, matching, known
      1  done, and it came out badly: refused, not matching, unknown
      2  not done: wrong use, missing or wrong credentials, nothing reached
    """  # noqa: D205, D301  # one paragraph for --help; click wants the character
    if os.environ.get("NO_COLOR"):
        context.color = False
    file = config or Path(FILE)
    if config is not None or file.is_file():
        context.default_map = _options(file, context.invoked_subcommand)
        context.obj = file


def _options(file: Path, invoked: str | None) -> dict[str, Any]:
    """The options in a file, by command. What it does not know is an error: a typing mistake would do nothing.

    Only the table of the command that is run is looked into: another's may need packages that are not installed.
    """
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"{file}: {error.strerror or 'cannot be read'}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: not TOML: {error}") from None
    for key, value in said.items():
        if key not in COMMANDS or not isinstance(value, dict):
            raise Failure(f"{file}: {key} is not the table of a command")
    if invoked is None or invoked not in said:
        return {}
    command = shortcodekit.get_command(click.Context(shortcodekit), invoked)
    return {invoked: _of(command, said[invoked], file, f"{invoked}.")} if command else {}


def _of(command: click.Command, said: dict[str, Any], file: Path, path: str) -> dict[str, Any]:
    """The options of a command, and those of the commands below it in tables of their own."""
    options: dict[str, Any] = {}
    known = {str(each.name): str(each.name) for each in command.params}
    for each in command.params:  # an option may have another name in Python than on the command line
        known |= {flag.lstrip("-").replace("-", "_"): str(each.name) for flag in each.opts}
    for key, value in said.items():
        below = command.get_command(click.Context(command), key) if isinstance(command, click.Group) else None
        name = key.replace("-", "_")
        if below is not None and isinstance(value, dict):
            options[key] = _of(below, value, file, f"{path}{key}.")
        elif name in known:
            options[known[name]] = value
        else:
            raise Failure(f"{file}: {path}{key} is not an option of the command {path.rstrip('.').replace('.', ' ')}")
    return options
