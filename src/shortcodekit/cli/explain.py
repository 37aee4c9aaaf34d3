"""`shortcodekit explain`: what a code means, whether to send again, and what to do. It reads the specs and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import click
from click.shell_completion import CompletionItem

from .code_tables import Entry, as_document, entries, find, nearest
from .output import REFUSED, Daily, json_option, printable, table, write_json


def _codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001  # click's
    values = {str(each.value): each.name for each in entries()} | {each.name: each.meaning for each in entries()}
    return [CompletionItem(value, help=words) for value, words in values.items() if value.startswith(incomplete)]


@click.command(cls=Daily)
@click.argument("codes", nargs=-1, metavar="CODE...", shell_complete=_codes)
@click.option("--list", "list_codes", is_flag=True, allow_from_autoenv=False, help="List all codes of all tables.")
@json_option
@click.pass_context
def explain(context: click.Context, /, codes: tuple[str, ...], *, list_codes: bool, as_json: bool) -> None:
    """Say what a code means: the status of an alert's part, a receipt's status or err-code, an error of the Messages API.

    A code may stand in several tables; each is told, with the field that holds it. Names do as well as numbers. Exits with
    1 when a code is in no table.

    \b
    Examples:
      shortcodekit explain 9
      shortcodekit explain 1240 number-barred
      shortcodekit explain --list --json
    """  # noqa: D301  # click wants the character
    if list_codes:
        _list(as_json=as_json)
        return
    if not codes:
        raise click.UsageError("give a code, such as 9, 1240 or expired; --list lists them", context)
    known = {said: find(said) if said.strip() else [] for said in codes}
    if as_json:
        write_json([_document(said, entries) for said, entries in known.items()])
    else:
        for number, (said, found) in enumerate(known.items()):
            if number:
                click.echo()
            click.echo("\n".join(_told(found) if found else _unknown(said)))
    if not all(known.values()):
        context.exit(REFUSED)


def _document(said: str, found: list[Entry]) -> dict[str, object]:
    document: dict[str, object] = {
        "asked": said,
        "known": bool(found),
        "meanings": [as_document(each) for each in found],
    }
    return document if found else {**document, "nearest": [each.value for each in nearest(said)]}


def _told(found: Iterable[Entry]) -> Iterator[str]:
    for number, entry in enumerate(found):
        if number:
            yield ""
        yield click.style(f"{entry.value}  {entry.name}", bold=True) + f"  {', '.join(entry.fields)}"
        yield f"  {entry.meaning}"
        yield from (f"  {word:<10} {said}" for word, said in _facts(entry))


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.final is not None:
        yield "final", "yes, nothing follows for this message" if entry.final else "no, another status may follow"
    if entry.remedy or entry.temporary:
        yield "retry", entry.retry
    if entry.opted_out:
        yield "opted out", "yes: do not write to this number again, unless its owner opts in"
    elif entry.stop_writing:
        yield "number", "do not write to it again"
    if entry.opted_in:
        yield "opted in", "yes"
    if entry.remedy:
        yield "do", entry.remedy
    if entry.channels:
        yield "channels", ", ".join(entry.channels)
    advice = "; what to do is our advice" if entry.remedy_chosen else ""
    yield "source", f"{entry.source}{advice}"


def _unknown(said: str) -> Iterator[str]:
    yield click.style(f"{printable(said, 40)}  in no table", bold=True)
    yield "  No code of the vendor's tables as this version knows them. Clients and webhooks keep such codes as they came."
    near = nearest(said) if said.strip() else []
    if near:
        yield f"  {'near it':<10} {', '.join(f'{each.value} ({each.name})' for each in near)}"


def _list(*, as_json: bool) -> None:
    if as_json:
        write_json([as_document(each) for each in entries()])
        return
    for number, (name, group) in enumerate(groupby(entries(), key=lambda each: each.table)):
        rows = list(group)
        if number:
            click.echo()
        click.secho(f"{name}  {', '.join(rows[0].fields)}", bold=True)
        click.echo(f"  {rows[0].about}")
        table(("  CODE", "NAME", "RETRY", "MEANING"), [(f"  {e.value}", e.name, e.retry, e.meaning) for e in rows])
