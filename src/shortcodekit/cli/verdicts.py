"""What the commands of `shortcodekit check` have in common: options, the run with its live progress, and where verdicts are written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from shortcodekit.contract import reporting
from shortcodekit.contract.judging import EXAMPLES, BoundLaw, Report, check
from shortcodekit.contract.laws import Outcome
from shortcodekit.contract.receiving import WITHIN

from .command import Failure

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Any], Any]

_WRITTEN: Final[tuple[Option, ...]] = (
    click.option("--junit", metavar="FILE", help="Write the verdicts as JUnit, one case for each law."),
    click.option("--json", "json_", metavar="FILE", help="Write them as JSON; - is standard output."),
    click.option("--html", "html_", metavar="FILE", help="Write them as a page that needs nothing else."),
)
_CHOSEN: Final[tuple[Option, ...]] = (
    click.option("--seed", type=int, default=0, show_default=True, help="The same seed tries the same."),
    click.option("--law", "only", multiple=True, metavar="NAME", help="Judge only this law. Can be given again."),
    click.option("--quiet", "-q", is_flag=True, help="Tell only what is broken."),
)
_EXAMPLES: Final = click.option(
    "--examples",
    type=click.IntRange(1, 1_000_000),
    default=EXAMPLES,
    show_default=True,
    help="How many drawn events a law tries.",
)
_REACHED: Final[tuple[Option, ...]] = (
    click.option("--cacert", metavar="FILE", help="Certificates to trust, in PEM, for https with a private authority."),
    click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="A header for every request. Can be given again.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.01, 600),
        default=WITHIN,
        show_default=True,
        metavar="SECONDS",
        help="Within how many seconds it has to answer.",
    ),
)


def _with(options: Sequence[Option]) -> Callable[[F], F]:
    def decorated(function: F) -> F:
        for option in options:
            function = option(function)
        return function

    return decorated


told = _with((*_WRITTEN, *_CHOSEN))
"""The options that all commands have: what to judge, and where to tell it."""
common = _with((*_WRITTEN, _EXAMPLES, *_CHOSEN, *_REACHED))
"""Those and the options of commands that send requests: how to reach what is judged, and how much to try."""


def judge(laws: list[BoundLaw], name: str, options: dict[str, Any], note: str = "") -> NoReturn:
    """Judges, tells, writes, and ends the process; `note` is told at the end of a report that is not quiet."""
    if options["only"]:
        unknown = set(options["only"]) - {each.law.name for each in laws}
        if unknown:
            raise Failure(f"{min(unknown)} is not a law here; `shortcodekit check --list` lists them")
        laws = [each for each in laws if each.law.name in options["only"]]
    to_stdout = options["json_"] == "-"
    report = check(laws, _teller(len(laws), quiet=options["quiet"] or to_stdout))
    if to_stdout:
        sys.stdout.write(reporting.as_json(report, name).decode("ascii") + "\n")
    else:
        click.echo(("" if options["quiet"] else "\n") + reporting.summary(report, click.style))
        if note and not options["quiet"]:
            click.echo(note)
    _write(report, name, options)
    sys.exit(0 if report.holds else 1)


def _teller(count: int, *, quiet: bool) -> Callable[[Outcome], None]:
    done = 0
    terminal = sys.stdout.isatty()

    def tell(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        if not quiet:
            click.echo(reporting.line(outcome, click.style))
        if terminal and not quiet and done < count:
            click.echo(click.style(f"{done} of {count} laws", dim=True) + "\r", nl=False)

    return tell


def _write(report: Report, name: str, options: dict[str, Any]) -> None:
    writers = {"junit": reporting.junit, "json_": reporting.as_json, "html_": reporting.page}
    for option, write in writers.items():
        if options[option] and options[option] != "-":
            try:
                Path(options[option]).write_bytes(write(report, name))
            except OSError as error:
                raise Failure(f"{options[option]}: {error.strerror or 'cannot be written'}") from None
