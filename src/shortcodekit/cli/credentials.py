"""`shortcodekit credentials`: which credentials there are, and a keyring to keep them in."""

from __future__ import annotations

import sys
from typing import Any

import click

from .account import CREDENTIALS, SERVICE, Credential, found, keyring
from .output import REFUSED, Daily, DailyGroup, Failure, json_option, on_terminal, table, write_json


def _named(name: str) -> Credential:
    return next(each for each in CREDENTIALS if each.name == name)


_NAME = click.argument("name", type=click.Choice([each.name for each in CREDENTIALS]))


@click.group(cls=DailyGroup, invoke_without_command=True)
@json_option
@click.pass_context
def credentials(context: click.Context, *, as_json: bool) -> None:
    """Show where each credential comes from, never what it is. Exits with 1 when there is none.

    They come from the environment, else from the operating system's keyring (`pip install 'shortcodekit[keyring]'`), else a
    person at a terminal is asked. No command takes a secret as an argument.

    \b
    Variables:
      SHORTCODEKIT_API_KEY            the account's key
      SHORTCODEKIT_API_SECRET         its secret
      SHORTCODEKIT_SIGNATURE_SECRET   what requests and webhooks are signed with
      SHORTCODEKIT_APPLICATION_ID     an application of the Messages API
      SHORTCODEKIT_PRIVATE_KEY_FILE   the file with its private key, in PEM
    \b
    Examples:
      shortcodekit credentials
      shortcodekit credentials set api-secret
    """  # noqa: D301  # click wants the character
    if context.invoked_subcommand is not None:
        return
    rows = [(each, found(each)[1]) for each in CREDENTIALS]
    if as_json:
        write_json({each.name: None if place == "nowhere" else place for each, place in rows})
    else:
        table(("CREDENTIAL", "COMES FROM"), [(each.name, place) for each, place in rows])
    if all(place == "nowhere" for _, place in rows):
        context.exit(REFUSED)


@credentials.command("set", cls=Daily)
@_NAME
@json_option
def set_(name: str, *, as_json: bool) -> None:
    """Keep a credential in the keyring. It is asked for, without being shown, or read as a line of standard input.

    \b
    Examples:
      shortcodekit credentials set api-key
      pass show sms/api-secret | shortcodekit credentials set api-secret
    """  # noqa: D301  # as above
    kept, credential = _keyring(), _named(name)
    if on_terminal(sys.stdin):
        value = str(click.prompt(credential.words, hide_input=credential.secret, err=True))
    else:
        value = sys.stdin.readline().rstrip("\r\n")
    if not value.strip():
        raise Failure(f"{name}: nothing was given")
    _ask(lambda: kept.set_password(SERVICE, credential.name, value))
    _tell(credential, "kept in the keyring", as_json=as_json)


@credentials.command("forget", cls=Daily)
@_NAME
@json_option
def forget(name: str, *, as_json: bool) -> None:
    """Take a credential out of the keyring."""
    kept, credential = _keyring(), _named(name)
    if _ask(lambda: kept.get_password(SERVICE, credential.name)) is None:
        raise Failure(f"{name} is not in the keyring")
    _ask(lambda: kept.delete_password(SERVICE, credential.name))
    _tell(credential, "forgotten", as_json=as_json)


def _tell(credential: Credential, what: str, *, as_json: bool) -> None:
    if as_json:
        write_json({"credential": credential.name, "done": what})
    else:
        click.echo(f"{credential.name}: {what}")


def _keyring() -> Any:
    kept = keyring()
    if kept is None:
        raise Failure(
            "there is no keyring: pip install 'shortcodekit[keyring]', and a keyring service of the operating system"
        )
    return kept


def _ask(ask: Any) -> Any:
    """What the keyring gives. Its errors may hold what it was given, and are told by their names."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  # each backend has errors of its own
        raise Failure(f"the keyring refused: {type(error).__name__}") from None
