"""`shortcodekit sign` and `shortcodekit verify`: what is signed, and why a signature does not match."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from .account import API_SECRET, SIGNATURE_SECRET, LazyMethods, found, needed
from .output import REFUSED, Daily, Failure, json_option, keep_hidden, on_terminal, printable, write_json

if TYPE_CHECKING:
    from shortcodekit.webhooks import Request

    from .diagnosing import Verdict

_METHOD: Final = click.option(
    "--method",
    type=LazyMethods(),
    default="md5hash",
    envvar="SHORTCODEKIT_SIGNATURE_METHOD",
    show_default=True,
    show_envvar=True,
    help="The method that the account is set to.",
)
_LONGEST: Final = 10_000


def _read(source: str) -> bytes:
    """What was pasted: the text itself, a file that stands behind @, or standard input."""
    if source == "-":
        if on_terminal(sys.stdin):
            click.echo("reading standard input; end it with Ctrl-D", err=True)
        return sys.stdin.buffer.read(_LARGEST)
    if source.startswith("@"):
        try:
            with Path(source[1:]).open("rb") as file:
                return file.read(_LARGEST)
        except (OSError, ValueError) as error:
            raise Failure(f"{source[1:]}: {getattr(error, 'strerror', None) or 'cannot be read'}") from None
    return source.encode("utf-8", "surrogateescape")


_LARGEST: Final = 8 * 1024 * 1024 + 1


# ---- sign ------------------------------------------------------------------------------------------------------------------


@click.command(cls=Daily)
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE...|QUERY|JSON|@FILE|-]")
@_METHOD
@click.option(
    "--no-timestamp", is_flag=True, help="Sign as they are; by default the time now is added where none is given."
)
@click.option("--quiet", "-q", is_flag=True, help="Write the signature alone.")
@json_option
def sign(parameters: tuple[str, ...], *, method: str, no_timestamp: bool, quiet: bool, as_json: bool) -> None:
    """Make the signature of parameters, with SHORTCODEKIT_SIGNATURE_SECRET, and show the text that is signed.

    Several parameters NAME=VALUE are taken as they are, and nothing in them is decoded. One argument with & in it, one that
    begins with ? or {, a file, and standard input are taken as a query or as JSON.

    \b
    Examples:
      shortcodekit sign to=16365553226 "server=host 3"
      shortcodekit sign 'a=1&b=2&timestamp=1461605396' --method sha256
      echo '{"to": "16365553226"}' | shortcodekit sign --json
    """  # noqa: D301  # click wants the character
    from shortcodekit import signing  # noqa: PLC0415  # loads httpx: not for --help

    from .diagnosing import how, masked_text  # noqa: PLC0415  # as above

    pairs = _pairs(parameters)
    secret = needed(SIGNATURE_SECRET)
    keep_hidden(secret)
    names = [name for name, _ in pairs]
    if _names().SIGNATURE_TIMESTAMP.carrier not in names and not no_timestamp:
        pairs.append((_names().SIGNATURE_TIMESTAMP.carrier, str(int(time.time()))))
    pairs = [each for each in pairs if each[0] != _names().SIGNATURE.carrier]
    if unfit := [name for name, value in pairs if isinstance(value, list | dict)]:
        raise Failure(f"{printable(unfit[0], 40)}: a signature covers texts, numbers and booleans")
    try:
        sig = signing.signature(pairs, secret, method)
    except UnicodeEncodeError:
        raise Failure("a parameter is no Unicode text") from None
    if quiet:
        click.echo(sig)
        return
    text = masked_text(pairs, method, (secret,))
    shown = [(name, signing.value_text(value)) for name, value in pairs if name != _names().API_SECRET.carrier]
    query = urlencode([*shown, (_names().SIGNATURE.carrier, sig)])
    if as_json:
        write_json({"method": method, "signed": text, "sig": sig, "query": query})
        return
    _line("signed", text)
    _line("method", f"{method}, {how(method)}")
    _line("sig", sig)
    _line("query", query)
    if _names().API_SECRET.carrier in names:
        click.secho("warning: a request with a signature must not carry the secret as well", fg="yellow", err=True)


def _names() -> Any:
    """The names of the parameters that credentials travel in, as the spec has them."""
    from shortcode_clients.alerts import security  # noqa: PLC0415  # as above

    return security


def _pairs(said: tuple[str, ...]) -> list[tuple[str, Any]]:
    from shortcodekit import signing  # noqa: PLC0415  # as above

    from .received import Unreadable, received  # noqa: PLC0415  # as above

    if not said and on_terminal(sys.stdin):
        raise click.UsageError(
            "give parameters, such as to=16365553226; - reads standard input", click.get_current_context()
        )
    if len(said) > 1 or (said and not _DOCUMENT.match(said[0])):
        pairs = [each.partition("=") for each in said]
        if not all(separator and name for name, separator, _ in pairs):
            raise Failure("a parameter is a name, `=` and a value")
        return [(name, value) for name, _, value in pairs]
    try:
        request = received(_read(said[0] if said else "-"))
        return [*(signing.json_members(request.body) if request.body[:1] == b"{" else _form(request))]
    except Unreadable as error:
        raise Failure(str(error)) from None
    except ValueError:
        raise Failure("these are no parameters in UTF-8: a query (a=1&b=2) or a JSON object was expected") from None


def _form(request: Any) -> list[tuple[str, str]]:
    from shortcodekit import signing  # noqa: PLC0415  # as above

    return signing.form_members(request.query if request.method == "GET" else request.body)


_DOCUMENT: Final = re.compile(r"-$|@|\?|\s*\{|(?i:https?://)|[^=&]+=[^&]*&")


# ---- verify ----------------------------------------------------------------------------------------------------------------


@click.command(cls=Daily)
@click.argument("source", default="-", metavar="[URL|QUERY|JSON|@FILE|-]")
@_METHOD
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header that came with a body. Can be given again.",
)
@click.option("--now", type=int, metavar="SECONDS", help="Judge it as it was then, in Unix seconds.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="By how many seconds its time may differ.",
)
@json_option
@click.pass_context
def verify(
    context: click.Context,
    /,
    source: str,
    *,
    method: str,
    headers: tuple[str, ...],
    now: int | None,
    tolerance: float,
    as_json: bool,
) -> None:
    """Say whether a request is signed with SHORTCODEKIT_SIGNATURE_SECRET, and if it does not match, why.

    Paste what arrived: a URL, a query, a form, a JSON object, or a whole HTTP request with its headers. One with a header
    `Authorization: Bearer …` is judged by its token, as webhooks of the Messages API are; any other by its parameter sig.
    What arrived has to be as it was, neither decoded nor written anew.

    Exits with 0 when it matches, 1 when it does not, and 2 when there is nothing to judge.

    \b
    Examples:
      shortcodekit verify 'a=1&b=2&timestamp=1461605396&sig=…' --now 1461605396
      shortcodekit verify @request.txt --method sha256
      shortcodekit verify @body.json --header "Authorization: Bearer $TOKEN"
    """  # noqa: D301  # click wants the character
    from .diagnosing import Asked, signature_verdict  # noqa: PLC0415  # as above
    from .received import Unreadable, received  # noqa: PLC0415  # as above

    try:
        request = received(_read(source), [_header(each) for each in headers])
    except Unreadable as error:
        raise Failure(str(error)) from None
    secret, api_secret = needed(SIGNATURE_SECRET), found(API_SECRET)[0]
    for each in filter(None, (secret, api_secret)):
        keep_hidden(each)
    others = {"the API secret": api_secret} if api_secret else {}
    asked = Asked(request, secret, method, time.time() if now is None else now, tolerance, others)
    if _has_token(request):
        from .diagnosing_tokens import token_verdict  # noqa: PLC0415  # as above

        verdict = token_verdict(asked)
    else:
        verdict = signature_verdict(asked)
    if as_json:
        document = {"kind": verdict.kind, "matches": verdict.matches, "reason": verdict.reason or None}
        write_json({**document, "causes": verdict.causes, "notes": verdict.notes, **_keys(verdict.facts)})
    else:
        _tell(verdict)
    if not verdict.matches:
        context.exit(REFUSED)


def _has_token(request: Request) -> bool:
    """Whether it is the kind of request that carries a token, and no signature."""
    words = [value.strip().partition(" ")[0].lower() for value in request.header("authorization")]
    if "bearer" not in words:
        return False
    from .diagnosing import members  # noqa: PLC0415  # as above

    return all(name != _names().SIGNATURE.carrier for name, _ in members(request) or ())


def _keys(facts: dict[str, Any]) -> dict[str, Any]:
    return {name.replace(" ", "_"): value for name, value in facts.items()}


def _header(said: str) -> tuple[str, str]:
    name, colon, value = said.partition(":")
    if not colon or not name.strip():
        raise Failure("--header: a name, a colon and a value")
    return name.strip(), value.strip()


def _tell(verdict: Verdict) -> None:
    from .diagnosing import how  # noqa: PLC0415  # as above

    word = "matches" if verdict.matches else "does not match"
    click.secho(f"the {verdict.kind} {word}", fg="green" if verdict.matches else "red", bold=True)
    facts = {name: str(value) for name, value in verdict.facts.items() if value is not None}
    if "method" in facts:
        facts["method"] += f", {how(facts['method'])}"
    lines = [*(("why", each) for each in verdict.causes), *(("note", each) for each in verdict.notes), *facts.items()]
    width = max(len(word) for word, _ in lines)
    for word, said in lines:
        _line(word, said, width)


def _line(word: str, said: str, width: int = 6) -> None:
    click.echo(f"{click.style(f'{word:<{width}}', dim=True)}  {printable(said, _LONGEST)}")
