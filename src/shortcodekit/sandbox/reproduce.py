"""A request as a curl command that works when pasted, and as text, without the secrets in it.

Secrets stand as `$API_SECRET` and `$TOKEN`. A signature would be too old by the time it is pasted, so a signed request is
told with the secret in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

from shortcode_clients.alerts.security import API_SECRET, SIGNATURE, SIGNATURE_TIMESTAMP
from shortcodekit import signing
from shortcodekit.webhooks.requests import looks_like_json

from .incoming import Incoming, normal_path

_SECRET: Final = "\x02API_SECRET\x03"  # noqa: S105  # stands where one was
_TOKEN: Final = "\x02TOKEN\x03"  # noqa: S105  # as above
_NUMBER: Final = re.compile(r'"\\u0004([-+.0-9Ee]+)\\u0005"')
_LONGEST_WORD: Final = 10
_SIGNED: Final = frozenset({SIGNATURE.carrier, SIGNATURE_TIMESTAMP.carrier})


def curl(request: Incoming, base_url: str) -> str:
    """The command. `base_url` is where the sandbox is."""
    path = quote(request.path if request.path.startswith("/") else normal_path(request.path))
    query = _masked_form(request.query)
    words = ["curl", _quoted(f"{base_url}{path}{'?' if query else ''}{query}")]
    if request.method not in {"GET", "POST"} or (request.method == "POST" and not request.body):
        words += ["-X", _quoted(request.method)]
    for name in ("content-type", "authorization"):
        for value in request.header(name):
            shown = f"{_scheme(value)}{_TOKEN}" if name == "authorization" else value
            words += ["-H", _quoted(f"{name}: {shown}")]
    if request.body:
        words += ["--data-raw", _quoted(_masked_body(request.body))]
    return " ".join(words)


def shown(request: Incoming) -> str:
    """What was said: the query and the body, secrets as `$VARIABLES`."""
    said = "\n".join(filter(None, (_masked_form(request.query), _masked_body(request.body) if request.body else "")))
    return said.replace(_SECRET, "$API_SECRET").replace(_TOKEN, "$TOKEN")


def webhook_curl(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """The command that repeats an attempt of a webhook."""
    words = ["curl", _quoted(url)]
    for name, value in headers:
        if name in {"content-type", "authorization"}:
            words += [
                "-H",
                _quoted(
                    f"{name}: {value.partition(' ')[0]} {_TOKEN}" if name == "authorization" else f"{name}: {value}"
                ),
            ]
    if method == "POST":
        words += ["--data-raw", _quoted(body.decode("utf-8", "replace"))]
    return " ".join(words)


def _masked_form(content: bytes) -> str:
    """The parameters without secrets; what cannot be read is not shown, since it may hold one."""
    if not content:
        return ""
    try:
        pairs = signing.form_members(content)
    except ValueError:
        return "unreadable"
    signed = any(name in _SIGNED for name, _ in pairs)
    kept = [(name, value) for name, value in pairs if name not in _SIGNED | {API_SECRET.carrier}]
    text = urlencode(kept)
    if signed or len(kept) < len(pairs):
        text += f"{'&' if text else ''}{quote_plus(API_SECRET.carrier)}={_SECRET}"
    return text


def _masked_body(content: bytes) -> str:
    if not looks_like_json(content):
        return _masked_form(content)
    try:
        said: Any = json.loads(content, object_pairs_hook=_masked_pairs, parse_int=_digits, parse_float=_digits)
    except (ValueError, RecursionError):
        return "unreadable"
    if isinstance(said, dict) and not said.keys().isdisjoint(_SIGNED | {API_SECRET.carrier}):
        said = {name: value for name, value in said.items() if name not in _SIGNED} | {API_SECRET.carrier: "\0"}
    return _NUMBER.sub(r"\1", json.dumps(said)).replace('"\\u0000"', f'"{_SECRET}"')


def _digits(written: str) -> str:
    """A number, marked for `_NUMBER`, to stand there again as it was written: Python would make infinity of 1e400."""
    return f"\x04{written}\x05"


def _masked_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, at whatever depth, whose secret is none any more."""
    return {name: "\0" if name == API_SECRET.carrier else value for name, value in pairs}


def _scheme(value: str) -> str:
    """The word before a credential; a header may be the credential alone."""
    word, space, _ = value.strip().partition(" ")
    return f"{word} " if space and word.isalpha() and len(word) <= _LONGEST_WORD else ""


def _quoted(text: str) -> str:
    """A word of a shell's command; what stands for a secret becomes its variable."""
    word = "'" + text.replace("'", "'\\''") + "'"
    for mark in (_SECRET, _TOKEN):
        word = word.replace(mark, f"'\"${mark[1:-1]}\"'")
    return word
