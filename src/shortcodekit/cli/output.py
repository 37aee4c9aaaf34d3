"""What the commands for daily work have in common at their edge: how they write, how they end, and what they exit with.

Standard output holds the result alone: lines for a person, or with `--json` one JSON document. Everything else (errors,
progress, what to do next) goes to standard error. What peers say is never written to a terminal as it came, since it could
move its cursor.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

REFUSED: Final = 1
"""The exit code for what was done and came out badly: a refusal, a signature that does not fit, an unknown code."""
FAILED: Final = 2
"""The exit code for what could not be done: wrong use, no or wrong credentials, nothing reached."""
_INTERRUPTED: Final = 130
_NOBODY_READS: Final = 141  # what a shell makes of SIGPIPE


class Failure(click.ClickException):
    """The command could not do what it was asked for. One line for a person; the exit code is 2.

    `told` is the same for a program, where one asked for JSON.
    """

    exit_code = FAILED

    def __init__(self, message: str, **told: Any) -> None:
        super().__init__(message)
        self.told = told

    def show(self, file: Any = None) -> None:  # noqa: ARG002  # as it is called
        """Tells it on standard error."""
        click.secho(f"error: {self.message}", fg="red", err=True)


class Refused(Failure):
    """It was asked for, and refused. The exit code is 1."""

    exit_code = REFUSED


class Daily(click.Command):
    """A command that ends well when it is interrupted, and when nobody reads on (`| head`)."""

    interrupted = "interrupted"

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        return ended_well(ctx, lambda: super(Daily, self).invoke(ctx), self.interrupted)


class DailyGroup(click.Group):
    """The same for a command with others below it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        return ended_well(ctx, lambda: super(DailyGroup, self).invoke(ctx), Daily.interrupted)


def ended_well(ctx: click.Context, run: Callable[[], Any], interrupted: str) -> Any:
    """What `run` gives; the exit codes are those of a shell where it was interrupted, or where nobody read on."""
    try:
        try:
            return run()
        except Failure as failure:
            if ctx.params.get("as_json"):
                write_json({"error": {"message": failure.message, **failure.told}})
            raise
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError):  # what Python still has to write at its end goes nowhere, in silence
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ctx.exit(_NOBODY_READS)
    except KeyboardInterrupt:
        click.secho(f"\n{interrupted}", fg="red", err=True)
        ctx.exit(_INTERRUPTED)


def json_option(function: F) -> F:
    """`--json`, which every command has."""
    return click.option(
        "--json", "as_json", is_flag=True, allow_from_autoenv=False, help="Write one JSON document, for programs."
    )(function)


def keep_hidden(secret: str) -> None:
    """From now on this command shows it nowhere, whoever says it: peers may send back what they were sent."""
    context = click.get_current_context(silent=True)
    if context is not None and len(secret) >= _TELLING:
        context.meta.setdefault(_HIDDEN, []).append(secret)


def without_secrets(text: str) -> str:
    """A text of a peer's, without the secrets that this command sent."""
    context = click.get_current_context(silent=True)
    secrets = tuple(context.meta.get(_HIDDEN, ())) if context is not None else ()
    if not secrets:
        return text
    from shortcodekit.concealing import conceal  # noqa: PLC0415  # loads httpx, as whoever sends a secret has

    return conceal(text, secrets)


_HIDDEN: Final = "shortcodekit.secrets"
_TELLING: Final = 8
"""How long a secret is at least for its text to be no number or word that stands in data by chance."""


def write_json(document: Any) -> None:
    """One JSON document, readable and on one line an item; texts as they came, as JSON writes them."""
    click.echo(without_secrets(json.dumps(document, indent=2, ensure_ascii=True)))


def printable(text: object, longest: int = 200) -> str:
    """Text of others, without what could act on a terminal, and without our secrets."""
    shown = "".join(each if each.isprintable() else "?" for each in without_secrets(str(text)))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they have to be."""
    lines = [list(head), *([printable(each) for each in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for number, line in enumerate(lines):
        text = "  ".join(each.ljust(width) for each, width in zip(line, widths, strict=True)).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)


def note(text: str) -> None:
    """Something that is not the result, for a person."""
    click.secho(text, dim=True, err=True)


def on_terminal(stream: Any) -> bool:
    """Whether a person sits at it."""
    with suppress(ValueError, AttributeError):  # closed, or none
        return bool(stream.isatty())
    return False
