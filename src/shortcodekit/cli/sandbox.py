"""`shortcodekit sandbox`: starts a sandbox, and tells what it is asked and what it delivers, a line each."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from shortcode_clients.alerts.codes import ALERT_PART_STATUS
from shortcodekit.clients.settings import is_loopback
from shortcodekit.errors import InvalidRequest
from shortcodekit.sandbox import SandboxError, Settings
from shortcodekit.sandbox.delivery import Delivered
from shortcodekit.sandbox.instance import Instance
from shortcodekit.sandbox.service import Asked
from shortcodekit.sandbox.settings import RECEIPT_METHODS
from shortcodekit.signing import METHODS

from .command import Failure

_EPILOG: Final = """Each option but --template can be set in the environment, --port as SHORTCODEKIT_SANDBOX_PORT, and all in a TOML
file: see `shortcodekit --help`.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4010, show_default=True, help="The port; 0 takes any free one."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen at. Others than loopback can be reached by everyone.",
)
@click.option("--db", metavar="FILE", help="Keeps the state in this file; by default it is gone at the end.")
@click.option("--api-key", metavar="KEY", help="The account's key; made up and shown by default.")
@click.option("--api-secret", metavar="SECRET", help="The account's secret; likewise.")
@click.option(
    "--signature-secret", metavar="SECRET", help="What requests may be signed with, and webhooks are; likewise."
)
@click.option(
    "--application",
    "application",
    metavar="ID=FILE",
    multiple=True,
    help="An application of the Messages API, and the file with its public key in PEM. Can be given again.",
)
@click.option("--receipt-url", metavar="URL", help="Where delivery receipts go.")
@click.option("--inbound-url", metavar="URL", help="Where texts to the short code go, STOPs among them.")
@click.option("--status-url", metavar="URL", help="Where message statuses of the Messages API go.")
@click.option("--message-url", metavar="URL", help="Where inbound messages of the Messages API go.")
@click.option(
    "--receipt-method",
    type=click.Choice(RECEIPT_METHODS, case_sensitive=False),
    default="GET",
    show_default=True,
    help="How receipts travel.",
)
@click.option(
    "--inbound-method",
    type=click.Choice(RECEIPT_METHODS, case_sensitive=False),
    default="POST-JSON",
    show_default=True,
    help="How texts to the short code travel.",
)
@click.option(
    "--sign-webhooks/--no-sign-webhooks",
    default=False,
    help="Signs webhooks: receipts and texts by sig, others by a token.",
)
@click.option(
    "--signature-method",
    type=click.Choice(METHODS),
    default="md5hash",
    show_default=True,
    help="How receipts and texts are signed. Requests may be signed by any method.",
)
@click.option(
    "--time-scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="N",
    help="Lets N seconds pass in one: 3600 makes an hour a second.",
)
@click.option(
    "--template",
    "template",
    metavar="N=TEXT",
    multiple=True,
    allow_from_autoenv=False,
    help="The campaign's template N, such as '0=${server} is down'. Can be given again.",
)
@click.option("--short-code", default="96167", show_default=True, help="The campaign's number.")
@click.option("--balance", default="100000", show_default=True, metavar="EUR", help="What the account begins with.")
@click.option(
    "--price", default="0.02", show_default=True, metavar="EUR", help="What a part of an alert, or a message, costs."
)
@click.option("--seed", metavar="TEXT", help="Makes the same ids in the same order each time.")
@click.option("--quiet", "-q", is_flag=True, help="Tells no requests.")
@click.pass_context
def sandbox(context: click.Context, /, **options: Any) -> None:
    """A stand-in for the service on your own machine: it shows the phones.

    It answers like the service, remembers who opted out, and calls webhooks. Nothing is sent to anyone. Open its address in
    a browser to see the phones; give the same address to a client as its `base_url`.

    \b
    Examples:
      shortcodekit sandbox
          at http://127.0.0.1:4010, with made-up credentials
      shortcodekit sandbox --api-key abcd1234 --api-secret secret --db sandbox.db
          an account of your own, and a state that outlives the process
      shortcodekit sandbox --receipt-url http://127.0.0.1:8000/dlr --inbound-url http://127.0.0.1:8000/sms
          calls your receiver with receipts, and with what phones text
      shortcodekit sandbox --sign-webhooks --status-url http://127.0.0.1:8000/status --time-scale 3600
          signed webhooks, and an hour of retries in a second
    """  # noqa: D301  # click wants the character
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        instance = _instance(options)
    except InvalidRequest as error:
        option = f"--{error.field.replace('_', '-')}: " if error.field in options else f"{error.field}: "
        raise Failure(f"{option}{error.rule}") from None
    except SandboxError as error:
        raise Failure(str(error)) from None
    asyncio.run(_run(instance, options, context.obj))


def _instance(options: dict[str, Any]) -> Instance:
    names = (
        "api_key", "api_secret", "signature_secret", "receipt_url", "inbound_url", "status_url", "message_url",
        "receipt_method", "inbound_method", "sign_webhooks", "signature_method", "time_scale", "short_code", "seed",
    )  # fmt: skip
    settings = {name: options[name] for name in names}
    for name in ("balance", "price"):
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,8})?", str(options[name])):
            raise InvalidRequest("an amount such as 12.50", field=name)
        settings[name] = str(options[name])
    keys = [_application(each) for each in options["application"]]
    templates = dict(_template(each) for each in options["template"])
    instance = Instance(Settings(**settings), host=options["host"], port=options["port"], db=options["db"])
    for name, pem, file in keys:
        if not instance.service.register(name, pem):
            raise InvalidRequest(f"{file} holds no RSA public key in PEM", field="application")
    if templates:
        instance.control.set_templates(templates)
    return instance


def _application(said: str) -> tuple[str, str, str]:
    name, separator, file = said.partition("=")
    if not (name and separator and file):
        raise InvalidRequest("an id, `=` and the name of a file", field="application")
    try:
        return name, Path(file).read_text("ascii"), file
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror or 'cannot be read'}", field="application") from None
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} holds no RSA public key in PEM", field="application") from None


def _template(said: str) -> tuple[str, str]:
    number, separator, text = said.partition("=")
    if not separator or number not in {"0", "1", "2", "3", "4", "5"} or not text:
        raise InvalidRequest("a number from 0 to 5, `=` and a text", field="template")
    return number, text


# ---- running -------------------------------------------------------------------------------------------------------------


async def _run(instance: Instance, options: dict[str, Any], file: Path | None) -> None:
    """Runs until it is interrupted."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if not options["quiet"]:
        instance.service.tell.append(_tell_request)
        instance.delivery.tell.append(_tell_attempt)
    await instance.start()
    try:
        click.echo(f"sandbox ready at {instance.url}")
        for line in _facts(instance, options, file):
            click.echo(line)
        if not is_loopback(options["host"]):
            click.secho(
                f"warning: it listens at {options['host']}; whoever reaches this machine reads its messages and changes its state",
                fg="yellow", err=True,
            )  # fmt: skip
        await ended.wait()
    finally:
        await instance.stop()
    click.echo("sandbox stopped")


def _facts(instance: Instance, options: dict[str, Any], file: Path | None) -> list[str]:
    """What one has to know of it. Credentials are told only where they were made up: the others are known."""
    facts = {"page": f"{instance.url}/"}
    for name in ("api_key", "api_secret", "signature_secret"):
        if options[name] is None:
            facts[name.replace("_", " ")] = f"{getattr(instance.account, name)}  (made up)"
    facts["short code"] = instance.service.settings.short_code
    facts["state"] = f"in {options['db']}" if options["db"] else "in memory, gone at the end; --db FILE keeps it"
    for name, what in (("receipt", "receipts"), ("inbound", "texts"), ("status", "statuses"), ("message", "messages")):
        if options[f"{name}_url"]:
            facts[f"{what} to"] = options[f"{name}_url"]
    if file is not None:
        facts["options from"] = str(file)
    return [f"  {name:<16} {value}" for name, value in facts.items()]


def _tell_request(asked: Asked) -> None:
    refused = asked.status >= 400 or asked.status == 0 or asked.code not in {None, "0"}
    status = str(asked.status) if asked.status else "reset"
    if asked.code is not None:
        status += f" {asked.code} {ALERT_PART_STATUS.explain(asked.code).name}"
    words = [
        _time(),
        click.style(f"{_printable(asked.request.method):<4} {_printable(asked.request.path)}", bold=True),
        click.style(status, fg="red" if refused else "green"),
        asked.msisdn and _printable(asked.msisdn),
        asked.detail and click.style(_printable(asked.detail), fg="yellow"),
        click.style(f"{asked.seconds * 1000:.1f} ms", dim=True),
    ]
    click.echo("  ".join(filter(None, words)), err=True)


def _tell_attempt(delivered: Delivered) -> None:
    came = str(delivered.status) if delivered.status is not None else str(delivered.error)
    again = "" if delivered.taken else ", given up" if delivered.wait is None else f", again in {delivered.wait:g} s"
    words = [
        _time(),
        click.style(f"→ {delivered.method} {_printable(delivered.url)}", bold=True),
        click.style(f"{_printable(came)}{again}", fg="green" if delivered.taken else "red"),
        delivered.webhook,
        click.style(f"attempt {delivered.number}", dim=True),
    ]
    click.echo("  ".join(words), err=True)


def _time() -> str:
    return click.style(datetime.fromtimestamp(time.time(), UTC).strftime("%H:%M:%S"), dim=True)


def _printable(text: str) -> str:
    """Text of others, without what could move a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in text[:200])
