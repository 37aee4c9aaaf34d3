"""What would be sent, as a curl command that works when pasted: credentials stand in it as `$VARIABLES`, never as they are.

The request is made by the client that would send it, and so is judged by the same rules; it stops at the transport. No
credentials are needed for that.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import click
import httpx

from shortcode_clients.alerts import security
from shortcodekit import signing
from shortcodekit.errors import InvalidRequest, ShortcodeKitError

from .account import (
    API_KEY,
    API_SECRET,
    APPLICATION_ID,
    PRIVATE_KEY_FILE,
    SIGNATURE_SECRET,
    address,
    failure,
    found,
)
from .output import note, write_json

_BEFORE_BEARER: Final = (
    'TOKEN=$(python3 -c \'import os, shortcodekit; print(shortcodekit.Jwt(os.environ["{id}"], '
    'open(os.environ["{file}"]).read()).token())\')'
)


class _Recorder(httpx.BaseTransport):
    """Keeps the request, and lets nothing through."""

    request: httpx.Request | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        raise httpx.ConnectError("a dry run")


def dry_run(client: Callable[..., Any], send: Callable[[Any], Any], given: dict[str, Any]) -> None:
    """Tells the request that `send` makes of `client`, a class of client."""
    recorder = _Recorder()
    try:
        with client(httpx.Auth(), base_url=address(given), transport=recorder, retries=0) as made:
            with suppress(ShortcodeKitError):
                send(made)
                raise AssertionError("the recorder lets nothing through")
            if recorder.request is None:
                send(made)
    except InvalidRequest as error:
        raise failure(error, {"base_url": "--base-url"}) from None
    request = recorder.request
    assert request is not None  # noqa: S101  # else it was an InvalidRequest
    lines, curl = _command(request, given)
    command = "\n".join([*lines, curl])
    if given["as_json"]:
        write_json({"method": request.method, "url": _address(request), "body": _body(request), "curl": command})
    else:
        click.echo(command)
        note("Nothing was sent. The variables are those of the environment that this command reads.")


def _address(request: httpx.Request) -> str:
    return str(httpx.URL(request.url))


def _is_form(request: httpx.Request) -> bool:
    return "json" not in request.headers.get("content-type", "")


def _body(request: httpx.Request) -> Any:
    return dict(signing.form_members(request.content)) if _is_form(request) else json.loads(request.content)


def _command(request: httpx.Request, given: dict[str, Any]) -> tuple[list[str], str]:
    """What has to run before, and the command."""
    words = [f"curl {quoted(_address(request))}"]
    if _is_form(request):
        before, credentials = _rest_credentials(request, given)
        words += [f"--data-urlencode {quoted(f'{_encoded(name)}={value}')}" for name, value in _body(request).items()]
        words += [f"--data-urlencode {each}" for each in credentials]
    else:
        before, credentials = _header(given)
        words += ["-H 'Content-Type: application/json'", *credentials]
        words.append(f"--data-raw {quoted(json.dumps(_body(request)))}")
    return before, " \\\n  ".join(words)


def _rest_credentials(request: httpx.Request, given: dict[str, Any]) -> tuple[list[str], list[str]]:
    key = f'"{security.API_KEY.carrier}=${API_KEY.variable}"'
    kind = given["auth"]
    if kind == "secret" or (kind is None and (found(API_SECRET)[0] or not found(SIGNATURE_SECRET)[0])):
        return [], [key, f'"{security.API_SECRET.carrier}=${API_SECRET.variable}"']
    moment = f'"{security.SIGNATURE_TIMESTAMP.carrier}=$TIMESTAMP"'
    signed = [*(quoted(f"{name}={value}") for name, value in _body(request).items()), key, moment]
    sign = f"SIG=$(shortcodekit sign --method {given['signature_method']} --quiet {' '.join(signed)})"
    return ["TIMESTAMP=$(date +%s)", sign], [key, moment, f'"{security.SIGNATURE.carrier}=$SIG"']


def _header(given: dict[str, Any]) -> tuple[list[str], list[str]]:
    application = found(APPLICATION_ID, given.get("application_id"))[0]
    if given["auth"] == "token" or (given["auth"] is None and application):
        token = _BEFORE_BEARER.replace("{id}", APPLICATION_ID.variable).replace("{file}", PRIVATE_KEY_FILE.variable)
        return [token], ['-H "Authorization: Bearer $TOKEN"']
    return [], [f'-u "${API_KEY.variable}:${API_SECRET.variable}"']


def _encoded(name: str) -> str:
    """A name as curl takes it: it encodes what stands after the `=` alone."""
    return str(httpx.QueryParams({name: ""})).removesuffix("=")


def quoted(text: str) -> str:
    """A word of a shell's command."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_characters(text)) + "'"


def _characters(text: str) -> Iterator[str]:
    for each in text:
        if each in "'\\":
            yield f"\\{each}"
        elif each.isprintable():
            yield each
        else:
            yield re.sub("..", r"\\x\g<0>", each.encode("utf-8", "replace").hex())
