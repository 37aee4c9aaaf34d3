"""Whose account the daily work is done with: credentials from the environment, else a keyring, else asked for.

A secret is never an option: what stands on a command line is seen by everyone on the machine (`ps`), and kept in a shell's
history. An empty variable counts as none. The keyring is that of the operating system, by the package `keyring`; without
the package, or where no keyring runs, it is passed over in silence.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from .output import Failure, keep_hidden, on_terminal

if TYPE_CHECKING:
    import httpx

    from shortcodekit.clients.drivers import SyncDriver
    from shortcodekit.errors import ShortcodeKitError

    _Type = click.ParamType[str]
else:
    _Type = click.ParamType  # before click 8.4 it takes no argument

F = TypeVar("F", bound=Callable[..., Any])

SERVICE: Final = "shortcodekit"
"""The name under which a keyring has them."""
BASE_URL: Final = "SHORTCODEKIT_BASE_URL"


@dataclass(frozen=True)
class Credential:
    """One credential: what it is called in options and in the keyring, and in words."""

    name: str
    words: str
    secret: bool = True

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return f"SHORTCODEKIT_{self.name.upper().replace('-', '_')}"


API_KEY: Final = Credential("api-key", "the account's key", secret=False)
API_SECRET: Final = Credential("api-secret", "the account's secret")
SIGNATURE_SECRET: Final = Credential("signature-secret", "the account's signature secret")
APPLICATION_ID: Final = Credential("application-id", "the application's id", secret=False)
PRIVATE_KEY_FILE: Final = Credential("private-key-file", "the file with the application's private key", secret=False)
CREDENTIALS: Final = (API_KEY, API_SECRET, SIGNATURE_SECRET, APPLICATION_ID, PRIVATE_KEY_FILE)


def keyring() -> Any | None:
    """The package `keyring`, where there is a keyring that it can open; else None."""
    try:
        import keyring as package  # noqa: PLC0415  # an extra, and slow to load
        from keyring.backends.fail import Keyring as NoKeyring  # noqa: PLC0415  # as above
    except ImportError:
        return None
    return None if isinstance(package.get_keyring(), NoKeyring) else package


def found(credential: Credential, given: str | None = None) -> tuple[str | None, str]:
    """A credential, and where it comes from: an option, the environment, or the keyring."""
    if given:
        return given, "the command line"
    value = os.environ.get(credential.variable)
    if value:
        if not _is_text(value):
            raise Failure(f"${credential.variable} is no text in UTF-8")
        return value, f"${credential.variable}"
    kept = keyring()
    if kept is not None:
        try:
            value = kept.get_password(SERVICE, credential.name)
        except Exception as error:  # noqa: BLE001  # each backend has errors of its own, which may hold what it read
            raise Failure(f"the keyring cannot be read: {type(error).__name__}") from None
    return value, "the keyring" if value else "nowhere"


def _is_text(value: str) -> bool:
    """Whether it could be sent: bytes of the environment that are no UTF-8 are half characters here."""
    return not any("\ud800" <= each <= "\udfff" for each in value)


def needed(credential: Credential, given: str | None = None, *, ask: bool = True) -> str:
    """A credential, asked for where a person sits at the terminal; `Failure` when there is none."""
    value, _ = found(credential, given)
    if value:
        return value
    if ask and on_terminal(sys.stdin) and on_terminal(sys.stderr):
        return str(click.prompt(credential.words, hide_input=credential.secret, err=True))
    raise _missing(f"${credential.variable}")


def _missing(variables: str) -> Failure:
    kept = "; or keep them in a keyring: shortcodekit credentials set" if keyring() is not None else ""
    return Failure(
        f"no credentials: set {variables} in the environment{kept}. To try things out, `shortcodekit sandbox` makes some up",
        type="MissingCredentials",
    )


# ---- what clients are made with ------------------------------------------------------------------------------------------


def rest_auth(given: dict[str, Any]) -> httpx.Auth:
    """What alerts and opt-outs are authenticated with: the secret, else a signature."""
    from shortcodekit.auth import KeySecret, Signed  # noqa: PLC0415  # loads httpx: only who sends pays

    kind = given.get("auth")
    secret = found(API_SECRET)[0] if kind != "signature" else None
    signature = found(SIGNATURE_SECRET)[0] if kind != "secret" and not secret else None
    if not secret and not signature:
        if not _asks():
            raise _missing(_wanted(kind))
        if kind == "signature":
            signature = needed(SIGNATURE_SECRET)
    key = needed(API_KEY, given.get("api_key"))
    if signature:
        return _made(Signed, key, signature, given["signature_method"])
    return _made(KeySecret, key, secret or needed(API_SECRET))


def _made(kind: Callable[..., httpx.Auth], name: str, secret: str | bytes, *more: str) -> httpx.Auth:
    from shortcodekit.errors import InvalidRequest  # noqa: PLC0415  # as above

    if isinstance(secret, str):  # a private key is never sent
        keep_hidden(secret)
    try:
        return kind(name, secret, *more)
    except InvalidRequest as error:
        raise failure(error) from None


def _wanted(kind: str | None) -> str:
    secrets = {
        "secret": f"${API_SECRET.variable}",
        "signature": f"${SIGNATURE_SECRET.variable}",
        None: f"${API_SECRET.variable} (or ${SIGNATURE_SECRET.variable})",
    }
    return f"${API_KEY.variable} and {secrets[kind]}"


def message_auth(given: dict[str, Any]) -> httpx.Auth:
    """What messages are authenticated with: a token of the application, else key and secret."""
    from shortcodekit.auth import Basic, Jwt  # noqa: PLC0415  # as above

    kind = given.get("auth")
    application = found(APPLICATION_ID, given.get("application_id"))[0] if kind != "secret" else None
    if application or kind == "token":
        application = application or needed(APPLICATION_ID)
        file = needed(PRIVATE_KEY_FILE, given.get("private_key_file"))
        try:
            return _made(Jwt, application, Path(file).read_bytes())
        except OSError as error:
            raise Failure(f"${PRIVATE_KEY_FILE.variable}: {file}: {error.strerror or 'cannot be read'}") from None
    secret = found(API_SECRET)[0]
    if not secret and not _asks():
        raise _missing(
            f"${API_KEY.variable} and ${API_SECRET.variable} (or ${APPLICATION_ID.variable} and ${PRIVATE_KEY_FILE.variable})"
        )
    return _made(Basic, needed(API_KEY, given.get("api_key")), secret or needed(API_SECRET))


def _asks() -> bool:
    return on_terminal(sys.stdin) and on_terminal(sys.stderr)


# ---- options ---------------------------------------------------------------------------------------------------------------


def account_options(function: F) -> F:
    """The options of every command that asks the service for something."""
    for option in (
        click.option(
            "--base-url",
            envvar=BASE_URL,
            show_envvar=True,
            metavar="URL",
            help="Where the service is: a sandbox's address, for example. By default the real service.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0.01, 600),
            default=30.0,
            show_default=True,
            metavar="SECONDS",
            help="For how long to wait for an answer.",
        ),
        click.option("--api-key", metavar="KEY", envvar=API_KEY.variable, show_envvar=True, help="The account's key."),
    ):
        function = option(function)
    return function


def rest_options(function: F) -> F:
    """How alerts and opt-outs are authenticated."""
    methods = click.option(
        "--signature-method",
        type=LazyMethods(),
        default="sha256",
        envvar="SHORTCODEKIT_SIGNATURE_METHOD",
        show_default=True,
        show_envvar=True,
        help="The method that the account is set to, where requests are signed.",
    )
    kind = click.option(
        "--auth",
        type=click.Choice(("secret", "signature")),
        help=f"By {API_SECRET.variable} or by {SIGNATURE_SECRET.variable}; by default the first that is there.",
    )
    return account_options(kind(methods(function)))


class LazyMethods(_Type):
    """A method of signing. They stand in the specs' package, which is loaded when one is given."""

    name = "method"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002  # as it is called
        """The word that stands for it in help."""
        return "METHOD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """One of the methods."""
        from shortcodekit.signing import METHODS  # noqa: PLC0415  # as above

        return str(click.Choice(METHODS).convert(value, param, ctx))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
        """The methods."""
        from shortcodekit.signing import METHODS  # noqa: PLC0415  # as above

        return click.Choice(METHODS).shell_complete(ctx, param, incomplete)


# ---- what goes wrong -------------------------------------------------------------------------------------------------------


def address(given: dict[str, Any]) -> str | None:
    """Where the service is; None for the real one.

    A file that lies in the current folder may be anyone's, of a repository that was just cloned for example. It does not
    decide to whom credentials go, unless they stay on this machine.
    """
    context = click.get_current_context()
    url = given["base_url"] or None
    from_file = context.get_parameter_source("base_url") is ParameterSource.DEFAULT_MAP
    if url and from_file and not context.find_root().params.get("config") and not _LOOPBACK.match(url):
        raise Failure(
            f"base-url in the file {context.find_root().obj}: credentials go there, and the file was only found in this"
            f" folder. Say --config, --base-url or ${BASE_URL} if it is right"
        )
    return url


_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?/?$")


def opened(make: Callable[..., SyncDriver], auth: httpx.Auth, given: dict[str, Any]) -> Any:
    """A client, made with the options."""
    from shortcodekit.errors import InvalidRequest  # noqa: PLC0415  # as above

    try:
        return make(auth, base_url=address(given), timeout=given["timeout"])
    except InvalidRequest as error:
        raise failure(error, {"base_url": "--base-url"}) from None


def failure(error: ShortcodeKitError, options: dict[str, str] | None = None) -> Failure:
    """What a person and a program are told of an error that kept the command from doing its work."""
    from shortcodekit.errors import AuthenticationFailed, InvalidRequest, TransportFailure  # noqa: PLC0415  # as above

    told: dict[str, Any] = {"type": type(error).__name__, "may_have_been_sent": error.may_have_been_sent}
    if isinstance(error, InvalidRequest):
        field = (options or {}).get(error.field, error.field)
        about = f" [{error.source}]" if error.source else ""
        return Failure(f"{field}: {error.rule}{about}" if field else f"{error.rule}{about}", field=error.field, **told)
    hint = ""
    if isinstance(error, AuthenticationFailed):
        hint = ". Are these the account's credentials, and do they belong to this address?"
    if isinstance(error, TransportFailure) and not error.may_have_been_sent:
        hint = ". Is this the address, and is something running there?"
    return Failure(f"{error.reason}; {_sent(error)}{hint}", **told)


def _sent(error: ShortcodeKitError) -> str:
    return "it may have been carried out" if error.may_have_been_sent else "nothing was carried out"
