"""The command and where its options come from: the command line, else the environment, else a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import click

FILE: Final = "shortcodekit.toml"


class Failure(click.ClickException):
    """The command could not do what it was asked for. One line for a person; the exit code is 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:  # noqa: ARG002  # as it is called
        """Tells it on standard error."""
        click.secho(f"error: {self.message}", fg="red", err=True)


class _Commands(click.Group):
    """Loads a command when it is asked for: each needs packages that the others do without."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as above
        return ["check", "sandbox"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        command: click.Command | None = None
        try:
            if cmd_name == "sandbox":
                from .sandbox import sandbox as command  # noqa: PLC0415  # as above
            if cmd_name == "check":
                from .check import command  # noqa: PLC0415  # as above
        except ImportError as error:
            raise Failure(str(error)) from None
        return command


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
    """US short-code alerts, opt-outs and Messages API v0.1: a sandbox of the service, and laws that judge your receivers.

    Options can be set in the environment, as SHORTCODEKIT_SANDBOX_PORT=4010, and in a TOML file. What stands on the command
    line counts first, then the environment, then the file.
    """
    file = config or Path(FILE)
    if config is not None or file.is_file():
        context.default_map = _options(file)
        context.obj = file


def _options(file: Path) -> dict[str, Any]:
    """The options in a file, by command. What it does not know is an error: a typing mistake would do nothing."""
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"{file}: {error.strerror or 'cannot be read'}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file}: not TOML: {error}") from None
    return _of(shortcodekit, said, file, "")


def _of(command: click.Command, said: dict[str, Any], file: Path, path: str) -> dict[str, Any]:
    """The options of a command, and those of the commands below it in tables of their own."""
    options: dict[str, Any] = {}
    known = {str(each.name) for each in command.params}
    for key, value in said.items():
        below = command.get_command(click.Context(command), key) if isinstance(command, click.Group) else None
        name = key.replace("-", "_")
        if below is not None and isinstance(value, dict):
            options[key] = _of(below, value, file, f"{path}{key}.")
        elif command is not shortcodekit and name in known:
            options[name] = value
        elif command is shortcodekit:
            raise Failure(f"{file}: {key} is not the table of a command")
        else:
            raise Failure(f"{file}: {path}{key} is not an option of the command {path.rstrip('.').replace('.', ' ')}")
    return options
