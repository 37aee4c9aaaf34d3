"""`shortcodekit opt-outs` and `shortcodekit resubscribe`: who opted out, and back in on their own word.

The list is written as its pages come, so that it may be of any length, and never as if it were whole when it is not: an error
on the way ends it with exit code 2, and leaves a JSON array open.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from .account import failure, opened, rest_auth, rest_options
from .output import (
    REFUSED,
    Daily,
    Failure,
    Refused,
    json_option,
    note,
    on_terminal,
    printable,
    without_secrets,
    write_json,
)

if TYPE_CHECKING:
    from shortcode_clients.opt_in.models import OptInRecord

_DATES: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_EACH: Final = 100


@click.command("opt-outs", cls=Daily)
@click.option(
    "--format",
    "format_",
    type=click.Choice(("table", "csv", "json")),
    default="table",
    show_default=True,
    help="How to write them.",
)
@click.option("--json", "as_json", is_flag=True, allow_from_autoenv=False, help="The same as --format json.")
@click.option(
    "--page-size", type=int, default=100, show_default=True, metavar="N", help="How many to ask for at a time."
)
@click.option(
    "--since",
    type=click.DateTime(_DATES),
    metavar="DATE",
    help="Only those who opted out at this time (UTC) or later, and those whose time is not told.",
)
@rest_options
def opt_outs(**given: Any) -> None:
    """List the numbers that opted out of the campaign, each once, as a table, as CSV or as JSON.

    JSON has every key that the service sent. CSV has the documented ones, and the others together in a last column; a value
    that a spreadsheet would take for a formula gets an apostrophe before it.

    \b
    Examples:
      shortcodekit opt-outs
      shortcodekit opt-outs --format csv > opt-outs.csv
      shortcodekit opt-outs --since 2026-01-01 --json | jq -r '.[].msisdn'
    """  # noqa: D301  # click wants the character
    from shortcodekit import OptInClient, errors  # noqa: PLC0415  # loads httpx: not for --help

    form = "json" if given["as_json"] else given["format_"]
    since = given["since"].replace(tzinfo=UTC) if given["since"] else None
    write = _WRITERS[form]()
    auth = rest_auth(given)
    with opened(OptInClient, auth, given) as client:
        try:
            for record in _progress(client.opt_outs(given["page_size"])):
                moment = _moment(record) if since else None
                if since is None or moment is None or moment >= since:
                    write.record(record)
        except (errors.ApiProblem, errors.Throttled) as error:
            raise Refused(error.reason, type=type(error).__name__, may_have_been_sent=False) from None
        except errors.ShortcodeKitError as error:
            raise failure(error, {"page-size": "--page-size"}) from None
    write.end()


def _moment(record: OptInRecord) -> datetime | None:
    from shortcode_clients import InvalidDocument  # noqa: PLC0415  # loaded by the client anyway

    try:
        return record.opt_out_date_utc
    except InvalidDocument:  # a time in another form; the record is shown, since nobody knows
        return None


def _progress(records: Iterator[OptInRecord]) -> Iterator[OptInRecord]:
    """The records; how many there are so far is told where a person waits and does not see them come."""
    shown = on_terminal(sys.stderr) and not on_terminal(sys.stdout)
    number = 0
    for number in count():
        record = next(records, None)
        if record is None:
            break
        if shown and number % _EACH == 0:
            click.echo(f"\r{number} numbers …", nl=False, err=True)
        yield record
    if shown:
        click.echo(f"\r{number} numbers   ", err=True)


class _Table:
    """Columns whose widths do not depend on what is to come."""

    def __init__(self) -> None:
        self._count = 0

    def record(self, record: OptInRecord) -> None:
        if not self._count:
            click.secho(f"{'NUMBER':<16}  {'OPTED OUT':<20}  SUBSCRIBED", bold=True)
        self._count += 1
        dates = (record.opt_out_date, record.opt_in_date)
        out, back = (printable(each, 30) if isinstance(each, str) else "-" for each in dates)
        click.echo(f"{printable(record.msisdn, 30):<16}  {out:<20}  {back}")

    def end(self) -> None:
        if not self._count:
            note("no number to show")


class _Csv:
    """The documented columns, and one for all other keys."""

    def __init__(self) -> None:
        self._columns: list[str] = []

    def record(self, record: OptInRecord) -> None:
        self._begin()
        document = record.to_dict()
        cells = [_text(document.pop(name, "")) for name in self._columns]
        self._row([*cells, json.dumps(document) if document else ""])

    def end(self) -> None:
        self._begin()

    def _begin(self) -> None:
        if not self._columns:
            self._columns = _documented()
            self._row([*self._columns, "other"])

    @staticmethod
    def _row(cells: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow(
            [_harmless(without_secrets(each)) for each in cells]
        )  # ends with \r\n, and so quotes both
        click.echo(line.getvalue().removesuffix("\r\n"))


class _Json:
    """One array, an item a line."""

    def __init__(self) -> None:
        self._count = 0

    def record(self, record: OptInRecord) -> None:
        click.echo(("[\n" if not self._count else ",\n") + without_secrets(json.dumps(record.to_dict())), nl=False)
        self._count += 1

    def end(self) -> None:
        click.echo("\n]" if self._count else "[]")


_WRITERS: Final[dict[str, Callable[[], _Table | _Csv | _Json]]] = {"table": _Table, "csv": _Csv, "json": _Json}


def _documented() -> list[str]:
    """The keys of a record, as the spec lists them."""
    from shortcode_clients import opt_in  # noqa: PLC0415  # loaded by the client anyway

    return list(opt_in.openapi()["components"]["schemas"]["OptInRecord"]["properties"])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


# ---- back in -------------------------------------------------------------------------------------------------------------


class _Resubscribe(Daily):
    interrupted = "interrupted: the last number may be subscribed again"


@click.command(cls=_Resubscribe)
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@click.option("--yes", "-y", is_flag=True, allow_from_autoenv=False, help="Their owners asked for it; do not ask me.")
@rest_options
@json_option
@click.pass_context
def resubscribe(context: click.Context, /, numbers: tuple[str, ...], **given: Any) -> None:
    """Take numbers off the opt-out list, because their owners asked for it, for example on your website.

    Who opted out has said that they want no messages from you. To write to them again without their own word is against the
    rules of the carriers, and may be against the law; keep a proof of each request. Nobody else can give that word, and a STOP
    that comes later counts again.

    \b
    Examples:
      shortcodekit resubscribe 15559301529
      shortcodekit resubscribe 15559301529 15559301530 --yes --json
    """  # noqa: D301  # click wants the character
    from shortcodekit import OptInClient, errors  # noqa: PLC0415  # as above

    numbers = tuple(dict.fromkeys(numbers))
    auth = rest_auth(given)
    with opened(OptInClient, auth, given) as client:
        if context.get_parameter_source("yes") is not ParameterSource.COMMANDLINE:  # a file says it for ever
            _confirm(numbers)
        done: list[dict[str, Any]] = []
        try:
            for number in numbers:
                record = client.resubscribe(number)
                done.append(record.to_dict())
                if not given["as_json"]:
                    word = "subscribed again" if record.opt_in else "still not subscribed"
                    click.secho(f"{printable(record.msisdn, 30)}  {word}", fg="green" if record.opt_in else "red")
        except errors.ShortcodeKitError as error:
            raise _broken_off(error, numbers, done) from None
    if given["as_json"]:
        write_json(done)
    if not all(each.get("opt-in") in (True, "true") for each in done):
        context.exit(REFUSED)


def _confirm(numbers: tuple[str, ...]) -> None:
    if not on_terminal(sys.stdin):
        raise Failure("resubscribing wants a yes: say --yes when the owners of the numbers asked for it")
    who = (
        f"the owner of {printable(numbers[0], 30)}"
        if len(numbers) == 1
        else f"the owners of all {len(numbers)} numbers"
    )
    click.echo(
        "Who opted out has said that they want no messages from you. Only they can take that back; keep a proof of it.",
        err=True,
    )
    if not click.confirm(f"Did {who} ask to be subscribed again?", err=True):
        raise Failure("nothing was done")


def _broken_off(error: Any, numbers: tuple[str, ...], done: list[dict[str, Any]]) -> Failure:
    """A number was not subscribed; those before it were, and those after it were not tried."""
    from shortcodekit.errors import ApiProblem, Throttled  # noqa: PLC0415  # as above

    kind: Callable[..., Failure] = Refused if isinstance(error, ApiProblem | Throttled) else Failure
    plain = failure(error, {"msisdn": printable(numbers[len(done)], 30)})
    left = len(numbers) - len(done) - 1
    rest = f". {left} more numbers were not tried" if left else ""
    return kind(f"{plain.message}{rest}", **{**plain.told, "done": done, "failed": numbers[len(done)]})
