"""`shortcodekit send`: an alert by itself, and below it a message on each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .account import failure, opened, rest_auth, rest_options
from .code_tables import Entry, of_table
from .output import REFUSED, DailyGroup, Failure, Refused, ended_well, json_option, printable, table, write_json

if TYPE_CHECKING:
    from shortcode_clients.alerts.models import AlertPart


class _Send(DailyGroup):
    """Sends an alert, or finds the command of a channel: those are made of the spec when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as it is called
        from .channels import names  # noqa: PLC0415  # loads the models of all channels

        return names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from .channels import channel  # noqa: PLC0415  # as above

        return channel(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        return ended_well(ctx, lambda: click.Group.invoke(self, ctx), "interrupted: it may have been sent")


@click.group(cls=_Send, invoke_without_command=True, subcommand_metavar="[CHANNEL CONTENT ...]")
@click.option("--to", metavar="NUMBER", help="The recipient: one US number with its country code, without +.")
@click.option("--template", type=int, metavar="N", help="Which of the campaign's templates; by default the first, 0.")
@click.option(
    "--custom",
    multiple=True,
    metavar="NAME=VALUE",
    allow_from_autoenv=False,
    help="Fills the template's place ${NAME}. Can be given again.",
)
@click.option("--client-ref", metavar="TEXT", help="A reference of your own, which comes back in the receipt.")
@click.option("--receipt", is_flag=True, help="Ask for a delivery receipt.")
@click.option("--unicode", "unicode_", is_flag=True, help="The text has characters outside the plain SMS alphabet.")
@click.option(
    "--dry-run", is_flag=True, allow_from_autoenv=False, help="Show the request as a curl command; send nothing."
)
@rest_options
@json_option
@click.pass_context
def send(context: click.Context, /, **given: Any) -> None:
    """Send an alert to one number; or, with the name of a channel, a message by the Messages API.

    The real service sends paid SMS. To try it out, run `shortcodekit sandbox` in another terminal, and put the address and
    the credentials that it prints into the environment: SHORTCODEKIT_BASE_URL=http://127.0.0.1:4010.

    Exits with 0 when every part was accepted, 1 when one was refused, and 2 when nothing was asked or no answer came.

    \b
    Examples:
      shortcodekit send --to 16365553226 --custom server=host3 --custom link=https://example.com/host3
      shortcodekit send --to 16365553226 --template 2 --client-ref incident-42 --receipt --json
      shortcodekit send --to 16365553226 --custom server=host3 --dry-run
      shortcodekit send sms text "Hello" --to 447700900000 --from 447700900001
    """  # noqa: D301  # click wants the character
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    if given["to"] is None:
        raise click.UsageError("an alert needs --to; a message the name of its channel, see --help", context)
    _alert(context, given)


def _refuse_options(context: click.Context) -> None:
    """What stands before a channel is about alerts, and would be lost."""
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if source is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} stands behind the channel and the content", context)


def _custom(said: tuple[str, ...]) -> dict[str, str]:
    custom: dict[str, str] = {}
    for each in said:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise Failure("--custom: a name, `=` and a value")
        if name in custom:
            raise Failure(f"--custom: {name} is given twice")
        custom[name] = value
    return custom


def _alert(context: click.Context, given: dict[str, Any]) -> None:
    from shortcodekit import UNSET, Alert, AlertsClient, errors  # noqa: PLC0415  # loads httpx: not for --help

    alert = Alert(
        to=given["to"],
        template=UNSET if given["template"] is None else given["template"],
        client_ref=given["client_ref"] or UNSET,
        status_report_req=True if given["receipt"] else UNSET,
        type_="unicode" if given["unicode_"] else UNSET,
    )
    custom = _custom(given["custom"])
    if given["dry_run"]:
        from .dry_run import dry_run  # noqa: PLC0415  # as above

        dry_run(AlertsClient, lambda client: client.send(alert, custom=custom), given)
        return
    with opened(AlertsClient, rest_auth(given), given) as client:
        try:
            answer = client.send(alert, custom=custom)
        except errors.AlertRejected as error:
            answer = error.response
        except errors.Throttled as error:
            told: dict[str, Any] = {"answer": error.answer.to_dict()} if error.answer else {}
            raise Refused(error.reason, type="Throttled", may_have_been_sent=False, **told) from None
        except errors.ApiProblem as error:
            told = {"type": "ApiProblem", "may_have_been_sent": error.may_have_been_sent}
            raise Refused(error.reason, answer=error.answer.to_dict(), **told) from None
        except errors.ShortcodeKitError as error:
            raise failure(error) from None
    if given["as_json"]:
        write_json(answer.to_dict())
    else:
        _tell(answer.messages)
    if _refused(answer.messages):
        context.exit(REFUSED)


def _refused(parts: Sequence[AlertPart]) -> list[AlertPart]:
    """The first refused part of each status."""
    from shortcode_clients.alerts.codes import ALERT_PART_STATUS_SUCCESS  # noqa: PLC0415  # as above

    return list({part.status: part for part in reversed(parts) if part.status != ALERT_PART_STATUS_SUCCESS}.values())


def _row(part: AlertPart) -> Entry | None:
    return of_table("AlertPartStatus", part.status)


def _tell(parts: Sequence[AlertPart]) -> None:
    rows = []
    for number, part in enumerate(parts, 1):
        row = _row(part)
        status = f"{part.status} {row.name if row else 'not-documented'}"
        told = (part.message_id, part.message_price, part.remaining_balance, part.network)
        rows.append((str(number), status, *(each if isinstance(each, str) and each else "-" for each in told)))
    table(("PART", "STATUS", "MESSAGE ID", "PRICE", "BALANCE", "NETWORK"), rows)
    refused = _refused(parts)
    for part in parts:
        if part.error_text and all(part.status != each.status for each in refused):
            click.secho(f"\nThe service says: {printable(part.error_text)}", fg="yellow")
    for part in refused:
        row = _row(part)
        click.echo()
        click.secho(f"{printable(part.status, 40)}  {row.meaning if row else 'In no table of the vendor.'}", fg="red")
        if part.error_text and part.error_text != (row and row.meaning):
            click.echo(f"  {'told':<6} {printable(part.error_text)}")
        if row:
            click.echo(f"  {'retry':<6} {row.retry}")
            click.echo(f"  {'do':<6} {row.remedy}")
