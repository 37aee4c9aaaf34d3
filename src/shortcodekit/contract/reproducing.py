"""A request as a curl command that works when pasted. Secrets stand as `$VARIABLES`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from .targets import Call

LONGEST: Final = 4000
"""How many characters of a body are shown."""
_TELLING: Final = 8
"""How long a secret is at least for its text to be no word that stands in an answer by chance."""
_MARK: Final = re.compile("\x02([A-Z0-9_]+)\x03")


def curl(
    call: Call, address: str, *, secrets: dict[str, str] | None = None, headers: Sequence[tuple[str, str]] = ()
) -> str:
    """The command. `secrets` are texts that must not be shown, by the name of the variable that stands for each.

    With a variable `TOKEN` among them, tokens are not shown either; values of `headers` never are.
    """
    base, _, query = address.partition("?")
    query = "&".join(filter(None, (query, call.query)))
    url = f"{base.rstrip('/') if call.path else base}{call.path}{'?' if query else ''}{query}"
    words = ["curl", "-i", _quoted(url, secrets)]
    if call.method not in {"GET", "POST"} or (call.method == "POST" and not call.body):
        words += ["-X", _quoted(call.method, secrets)]
    hidden = [(name, f"\x02{re.sub('[^A-Z0-9]', '_', name.upper())}\x03") for name, _ in headers]
    for name, value in (*((name, _shown(name, value, secrets or {})) for name, value in call.headers), *hidden):
        if name.lower() not in {"accept", "host"}:
            words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};", secrets)]
    if call.body and not any(name.lower() == "content-type" for name, _ in call.headers):
        words += ["-H", "'content-type;'"]
    if call.body:
        words += ["--data-binary", _body(call.body, secrets)]
    return " ".join(words)


def _shown(name: str, value: str, secrets: dict[str, str]) -> str:
    """A header's value; a token is a credential of its own, made from a key that is not shown either."""
    is_token = name.lower() == "authorization" and value[:7].lower() == "bearer "
    return f"{value[:7]}\x02TOKEN\x03" if is_token and "TOKEN" in secrets else value


def _body(body: bytes, secrets: dict[str, str] | None) -> str:
    """A body as a word of a shell: as it is where it is text, else by printf."""
    shown = body if len(body) <= LONGEST else body[:LONGEST]
    try:
        text = shown.decode("utf-8") if shown is body else shown.decode("utf-8", "ignore")
    except UnicodeDecodeError:
        text = ""
    if (text and "\0" not in text and text.isprintable()) or (text and not re.search("[\x00-\x08\x0b-\x1f]", text)):
        return _quoted(text, secrets) + ("" if shown is body else f" # … {len(body)} bytes")
    octal = "".join(chr(each) if chr(each).isalnum() else f"\\{each:03o}" for each in shown)
    return f"\"$(printf '{octal}')\"" + ("" if shown is body else f" # … {len(body)} bytes")


def _quoted(text: str, secrets: dict[str, str] | None) -> str:
    known = {form: name for name, secret in (secrets or {}).items() if secret for form in forms(secret)}
    marks = "|".join([_MARK.pattern, *map(re.escape, sorted(known, key=len, reverse=True))])
    word, at = "'", 0
    for found in re.finditer(marks, text):
        name = found[1] or known[found[0]]
        word += text[at : found.start()].replace("'", "'\\''") + f"'\"{_variable(name)}\"'"
        at = found.end()
    return word + text[at:].replace("'", "'\\''") + "'"


def _variable(name: str) -> str:
    """What a shell puts in a variable's place; what begins with a dollar is an expression already."""
    return name if name.startswith("$") else f"${name}"


def shown(text: str, secrets: dict[str, str], headers: Sequence[tuple[str, str]] = ()) -> str:
    """A text of a peer's without our secrets, and without characters that a terminal would act on."""
    hidden = {**secrets, **{re.sub("[^A-Z0-9]", "_", name.upper()): value for name, value in headers}}
    known = {form: name for name, secret in hidden.items() if len(secret) >= _TELLING for form in forms(secret)}
    for form in sorted(known, key=len, reverse=True):
        text = text.replace(form, _variable(known[form]))
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def forms(secret: str) -> tuple[str, ...]:
    """How a secret stands in JSON, in forms and in URLs, the longest first."""
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    return tuple(sorted(forms, key=len, reverse=True))
