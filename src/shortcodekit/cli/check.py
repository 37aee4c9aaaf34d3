"""`shortcodekit check`: judges receivers, providers and clients by the laws of what the service does."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
import httpx

from shortcodekit.auth import Jwt
from shortcodekit.contract import reporting
from shortcodekit.contract.judging import (
    CLIENT_LAWS,
    PARSER_LAWS,
    PROVIDER_LAWS,
    RECEIVER_LAWS,
    REQUEST_LAWS,
    BoundLaw,
    fit,
    provider_laws,
    receiver_laws,
    refuses_account,
)
from shortcodekit.contract.laws import Law
from shortcodekit.contract.message_laws import new_key_pair
from shortcodekit.contract.targets import Call
from shortcodekit.contract.ways import names, ways_of
from shortcodekit.errors import InvalidRequest
from shortcodekit.signing import METHODS

from .check_client import client
from .command import Failure
from .verdicts import common, judge

LISTED: Final[Mapping[str, Sequence[Law[Any]]]] = {
    "Receivers": RECEIVER_LAWS,
    "Parsers": PARSER_LAWS,
    "Providers": PROVIDER_LAWS,
    "Clients": CLIENT_LAWS,
    "Requests of a client that makes its calls by itself": REQUEST_LAWS,
}


class _Listing(click.Group):
    """`check --list` lists laws, and needs no command."""

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.params.pop("list_laws", False):
            for title, laws in LISTED.items():
                click.echo(f"{title}\n\n{reporting.listing(laws, click.style)}\n")
            return None
        return super().invoke(ctx)


@click.group("check", cls=_Listing, invoke_without_command=True)
@click.option("--list", "list_laws", is_flag=True, help="List the laws with their sources, and end.")
@click.pass_context
def command(context: click.Context, /, **_: Any) -> None:
    """Judge your own code by what the service does.

    The exit code is 0 when every law holds, 1 when one is broken, and 2 when nothing could be judged.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


command.add_command(client)


@command.command("receiver")
@click.argument("url")
@click.option("--event", required=True, type=click.Choice(names()), help="The webhook that the URL takes.")
@click.option(
    "--encoding",
    "encodings",
    multiple=True,
    metavar="KIND",
    help="Only events in this encoding: query, or a content type. Can be given again; by default, those that the receiver takes.",
)
@click.option(
    "--signature-secret",
    metavar="SECRET",
    help="The secret that events are signed with. Without it nothing is said about forged ones.",
)
@click.option(
    "--signature-method",
    type=click.Choice(METHODS),
    default="md5hash",
    show_default=True,
    help="How receipts and texts are signed.",
)
@common
def receiver(**options: Any) -> None:
    """Judge a receiver of webhooks, at the URL where it takes them.

    It is sent events as the service sends them, some hundred for each encoding, and others that the service would never send.
    Point it at a copy of your receiver: handlers run.

    \b
    Examples:
      shortcodekit check receiver http://127.0.0.1:8000/hooks/dlr --event delivery-receipt
      shortcodekit check receiver http://127.0.0.1:8000/hooks/status --event message-status --signature-secret "$SECRET"
      shortcodekit check receiver https://staging.example.com/sms --event inbound-sms --header "X-Key: $KEY" --junit laws.xml
    """  # noqa: D301  # click wants the character
    try:
        laws = receiver_laws(
            options["url"],
            event=options["event"],
            encodings=options["encodings"],
            signature_secret=options["signature_secret"],
            signature_method=options["signature_method"],
            examples=options["examples"],
            seed=options["seed"],
            timeout=options["timeout"],
            headers=[_header(each) for each in options["headers"]],
            verify=_trusted(options["cacert"]),
        )
    except InvalidRequest as error:
        raise Failure(f"{error.field}: {error.rule}") from None
    click.get_current_context().call_on_close(laws[0].bench.target.close)
    judge(_fitting(laws, options), f"{options['event']} at {_place(options['url'])}", options, _unsigned(options))


@command.command("provider")
@click.argument("url")
@click.option("--api-key", required=True, metavar="KEY", help="The account's key.")
@click.option(
    "--api-secret",
    required=True,
    metavar="SECRET",
    help="The account's secret; better in the environment, as SHORTCODEKIT_CHECK_PROVIDER_API_SECRET.",
)
@click.option(
    "--signature-secret", metavar="SECRET", help="What requests are signed with. Without it signatures are not judged."
)
@click.option(
    "--allow-sending",
    is_flag=True,
    help="Judge also by sending messages, to a provider that is not on this machine. They may cost money.",
)
@click.option("--to", metavar="NUMBER", help="The number that messages are sent to.")
@click.option("--opted-out", metavar="NUMBER", help="A number that opted out, where the provider does not let us text.")
@click.option(
    "--application-id",
    metavar="ID",
    help="An application of the Messages API, for tokens; a sandbox gets one by itself.",
)
@click.option("--private-key", metavar="FILE", help="Its private key in PEM.")
@click.option(
    "--custom",
    multiple=True,
    metavar="NAME=VALUE",
    help="What fills a place of its template 0; by default server and link.",
)
@common
def provider(**options: Any) -> None:
    """Judge a provider: a stand-in for the service, at its base URL, or the service itself.

    Where it is not on this machine, only laws that cannot send a message are judged, unless they are allowed to.

    \b
    Examples:
      shortcodekit check provider http://127.0.0.1:4010 --api-key abcd1234 --api-secret "$SECRET"
      shortcodekit check provider https://stand-in.example.com --api-key abcd1234 --api-secret "$SECRET" --allow-sending --to 16365553226
    """  # noqa: D301  # click wants the character
    headers, sandbox = [_header(each) for each in options["headers"]], _sandbox(options["url"])
    try:
        laws = provider_laws(
            options["url"],
            api_key=options["api_key"],
            api_secret=options["api_secret"],
            signature_secret=options["signature_secret"],
            to=options["to"],
            allow_sending=True if options["allow_sending"] else None,
            custom=dict(_custom(each) for each in options["custom"]) or None,
            opted_out=options["opted_out"],
            text=_phones(sandbox) if sandbox else None,
            application=_application(options, sandbox),
            examples=options["examples"],
            seed=options["seed"],
            timeout=options["timeout"],
            headers=headers,
            verify=_trusted(options["cacert"]),
        )
    except InvalidRequest as error:
        raise Failure(f"{error.field}: {error.rule}") from None
    click.get_current_context().call_on_close(laws[0].bench.target.close)
    reached = laws[0].bench.target.send(Call("GET", "/sc/us/alert/json"))
    if reached.status is None:
        raise Failure(f"the provider cannot be reached: {reached.error}{_hint(reached.error, options)}")
    if refuses_account(laws):
        raise Failure("the provider refuses this key and secret, so nothing can be judged")
    judge(laws, f"the provider at {_place(options['url'])}", options, _unsigned(options))


def _sandbox(url: str) -> httpx.Client | None:
    """The control API, where the provider is a sandbox."""
    base = url.rstrip("/")
    try:
        known = httpx.get(f"{base}/_sandbox/health", timeout=2, trust_env=False).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    if not isinstance(known, dict) or known.get("status") != "ok":
        return None
    client = httpx.Client(base_url=f"{base}/_sandbox", trust_env=False, timeout=10)
    click.get_current_context().call_on_close(client.close)
    return client


def _phones(sandbox: httpx.Client) -> Callable[[str, str], object]:
    """A way to text from a phone."""
    return lambda number, words: sandbox.post(f"/phones/{number}/texts", json={"text": words}).raise_for_status()


def _application(options: dict[str, Any], sandbox: httpx.Client | None) -> tuple[str, str] | None:
    """The application whose tokens are tried: as it was given, else one that a sandbox is told of."""
    if options["application_id"] or options["private_key"]:
        if not (options["application_id"] and options["private_key"]):
            raise Failure("--application-id and --private-key belong together")
        try:
            key = Path(options["private_key"]).read_text("ascii")
            Jwt(options["application_id"], key)
        except (OSError, UnicodeDecodeError, InvalidRequest):
            raise Failure(f"--private-key: {options['private_key']} holds no RSA private key in PEM") from None
        return options["application_id"], key
    if sandbox is None:
        return None
    name, (private, public) = "shortcodekit-check", new_key_pair()
    told = sandbox.put(f"/applications/{name}", json={"public_key": public})
    return (name, private) if told.is_success else None


def _unsigned(options: dict[str, Any]) -> str:
    if options["signature_secret"]:
        return ""
    return "No signature secret was given, so nothing is said about what is signed."


def _place(url: str) -> str:
    """A URL without what may be secret in it."""
    return url.partition("?")[0]


def _custom(said: str) -> tuple[str, str]:
    name, separator, value = said.partition("=")
    if not separator or not name:
        raise Failure("--custom: a name, `=` and a value")
    return name, value


def _fitting(laws: list[BoundLaw], options: dict[str, Any]) -> list[BoundLaw]:
    """The laws of those encodings that the receiver takes at all; where it takes none, nothing can be judged."""
    unfit = list(fit(laws))
    benches = {str(each.bench.way) for each in laws}
    if len(unfit) == len(benches) and all(each.refused for each in unfit):
        reasons = "\n".join(f"  {each.way}: {each.came}" for each in unfit)
        hint = _hint(" ".join(each.came for each in unfit), options)
        reached = any(each.came.startswith("HTTP") for each in unfit)
        what = "does not take the documented event" if reached else "cannot be reached"
        raise Failure(f"the receiver {what}, so nothing can be judged:\n{reasons}{hint}")
    if options["encodings"]:
        return laws  # they were asked for, so they are broken, and not left out
    # Where some encoding is taken, the others are not meant; where none is, those that it does not know are left out.
    left = unfit if len(unfit) < len(benches) else [each for each in unfit if each.refused]
    for each in left:
        told = f"not judged: {each.way}: {each.came} (--encoding names what your receiver is meant to take)"
        click.secho(told, fg="yellow", err=True)
    return [each for each in laws if str(each.bench.way) not in {each.way for each in left}]


def _hint(told: str, options: dict[str, Any]) -> str:
    if "HTTP 401" in told or "HTTP 403" in told:
        return (
            "\nIt refuses what is not signed: --signature-secret gives it signed events, --header a header that it wants."
            if not options["signature_secret"]
            else "\nIs this the secret that it verifies by, and is --signature-method its method?"
        )
    if "ConnectError" in told:
        return "\nIs it running, and is this its address? --cacert names certificates for https."
    if "HTTP 404" in told or "HTTP 405" in told:
        kinds = ", ".join(way.encoding for way in ways_of(options["event"]))
        return f"\nIs this the path where it takes {options['event']}? It was sent as {kinds}."
    return ""


def _header(said: str) -> tuple[str, str]:
    name, separator, value = said.partition(":")
    if not separator or not name.strip().isascii() or not name.strip() or not value.isprintable():
        raise Failure("--header: a name, a colon and a value")
    return name.strip(), value.strip()


def _trusted(file: str | None) -> ssl.SSLContext | bool:
    if file is None:
        return True
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError):
        raise Failure(f"--cacert: {file} holds no certificates in PEM") from None
