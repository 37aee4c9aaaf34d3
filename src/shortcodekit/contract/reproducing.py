"""A request as a curl command that works when pasted. Secrets stand as `$VARIABLES`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final
from urllib.parse import unquote_plus

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

    A variable has the secret as it is: where it has to be escaped, as a parameter that is percent-encoded, the command does so.
    With a variable `TOKEN` among them, tokens are not shown either; values of `headers` never are.
    """
    known = secrets or {}
    base, _, query = address.partition("?")
    query = "&".join(filter(None, (query, call.query)))
    query, encoded = _apart(query, known) if not call.body else (query, [])
    url = f"{base.rstrip('/') if call.path else base}{call.path}{'?' if query else ''}{query}"
    words = ["curl", "-i", *(["-G"] if encoded else []), _quoted(url, known), *encoded]
    if call.method not in {"GET", "POST"} or (call.method == "POST" and not call.body):
        words += ["-X", _quoted(call.method, known)]
    hidden = [(name, f"\x02{re.sub('[^A-Z0-9]', '_', name.upper())}\x03") for name, _ in headers]
    for name, value in (*((name, _shown(name, value, known)) for name, value in call.headers), *hidden):
        if name.lower() not in {"accept", "host"}:
            words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};", known)]
    if call.body and not any(name.lower() == "content-type" for name, _ in call.headers):
        words += ["-H", "'content-type;'"]
    return " ".join([*words, *(_body(call.body, known) if call.body else [])])


def _shown(name: str, value: str, secrets: dict[str, str]) -> str:
    """A header's value; a token is a credential of its own, made from a key that is not shown either."""
    is_token = name.lower() == "authorization" and value[:7].lower() == "bearer "
    return f"{value[:7]}\x02TOKEN\x03" if is_token and "TOKEN" in secrets else value


def _body(body: bytes, secrets: dict[str, str]) -> list[str]:
    """A body as words of a shell: as it is where it is text, else by printf. Where it is a form, curl escapes its secrets."""
    shown = body if len(body) <= LONGEST else _cut(body, secrets)
    more = [] if shown is body else [f"# … {len(body)} bytes"]
    try:
        text = shown.decode("utf-8") if shown is body else shown.decode("utf-8", "ignore")
    except UnicodeDecodeError:
        text = ""
    if (text and "\0" not in text and text.isprintable()) or (text and not re.search("[\x00-\x08\x0b-\x1f]", text)):
        rest, encoded = _apart(text, secrets)
        return [*([_RAW, _quoted(rest, secrets)] if rest else []), *encoded, *more]
    told, writers, at, content = _sought(secrets), list[str](), 0, shown.decode("latin-1")
    for found in told.finditer(content) if told else ():
        writers += [*_octal(content[at : found.start()]), f'printf %s "{_expression(found[0], secrets)}"']
        at = found.end()
    return ["--data-binary", f"@<({'; '.join([*writers, *_octal(content[at:])])})", *more]


def _cut(body: bytes, secrets: dict[str, str]) -> bytes:
    """The beginning of a body, and no part of a secret at its end."""
    sought = _sought(secrets)
    for found in sought.finditer(body.decode("latin-1")) if sought else ():
        if found.start() < LONGEST < found.end():
            return body[: found.start()]
    return body[:LONGEST]


_RAW: Final = "--data-raw"
"""Data with nothing special in it; after `--data-binary` an @ at the beginning names a file."""


def _octal(content: str) -> list[str]:
    """What writes bytes, any of which may be no text."""
    written = "".join(each if each.isascii() and each.isalnum() else f"\\{ord(each):03o}" for each in content)
    return [f"printf '{written}'"] if written else []


def _apart(text: str, secrets: dict[str, str]) -> tuple[str, list[str]]:
    """A form or query without the parameters whose value is an escaped secret, and these as options that make curl escape it."""
    known, kept, encoded = _sought(secrets), list[str](), list[str]()
    for member in text.split("&") if known else ():
        name, _, value = member.partition("=")
        found = known.fullmatch(value) if known and re.fullmatch("[A-Za-z0-9_-]+", name) else None
        of = found and _secret(value, secrets)
        if found and of and value != secrets[of] and unquote_plus(value) == secrets[of]:
            encoded += ["--data-urlencode", f'{name}="{_variable(of)}"']
        else:
            kept.append(member)
    return ("&".join(kept), encoded) if encoded else (text, [])


def _sought(secrets: dict[str, str]) -> re.Pattern[str] | None:
    """What finds each secret, however it is escaped, and each mark that stands for one."""
    marks = [_any_form(each) for each in sorted(filter(None, secrets.values()), key=len, reverse=True)]
    return re.compile("|".join(marks)) if marks else None


def _any_form(secret: str) -> str:
    """A pattern of a secret in which any character may be escaped, as URLs, forms or JSON do."""
    return "".join(map(_any_form_of, secret))


@cache
def _any_form_of(character: str) -> str:
    told = character.encode("utf-8", "replace")
    percent = "".join(f"%(?i:{each:02x})" for each in told)
    units = character.encode("utf-16-be", "replace")
    escaped = "".join(rf"\\u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    others = [re.escape(character), percent, escaped, re.escape(told.decode("latin-1"))]
    if character in '"\\/':
        others.append(re.escape(f"\\{character}"))
    if character == " ":
        others.append(re.escape("+"))
    return f"(?:{'|'.join(sorted(set(others), key=len, reverse=True))})"


def _secret(found: str, secrets: dict[str, str]) -> str:
    """The name of the secret that was found in some form."""
    return next(name for name, secret in secrets.items() if secret and re.fullmatch(_any_form(secret), found))


def _expression(found: str, secrets: dict[str, str]) -> str:
    """What a shell puts in the place of a secret that was found, escaped as it was."""
    name = _secret(found, secrets)
    secret, variable = secrets[name], _variable(name)
    if found == secret:
        return variable
    if "%" in found and unquote_plus(found) == secret:
        return f"$(printf %s \"{variable}\" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g')"
    if "\\" in found:
        return f'$(printf %s "{variable}" | sed \'s/[\\\\"]/\\\\&/g\')'
    return variable


def _quoted(text: str, secrets: dict[str, str]) -> str:
    sought = _sought(secrets)
    word, at = "'", 0
    for found in re.finditer(f"{_MARK.pattern}{'|' + sought.pattern if sought else ''}", text):
        expression = _variable(found[1]) if found[1] else _expression(found[0], secrets)
        word += text[at : found.start()].replace("'", "'\\''") + f"'\"{expression}\"'"
        at = found.end()
    return word + text[at:].replace("'", "'\\''") + "'"


def _variable(name: str) -> str:
    """What a shell puts in a variable's place; what begins with a dollar is an expression already."""
    return name if name.startswith("$") else f"${name}"


def shown(text: str, secrets: dict[str, str], headers: Sequence[tuple[str, str]] = ()) -> str:
    """A text of a peer's without our secrets, and without characters that a terminal would act on."""
    hidden = {**secrets, **{re.sub("[^A-Z0-9]", "_", name.upper()): value for name, value in headers}}
    telling = {name: secret for name, secret in hidden.items() if len(secret) >= _TELLING}
    sought = _sought(telling)
    if sought:
        text = sought.sub(lambda found: _variable(_secret(found[0], telling)), text)
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def tells(text: str, secret: str) -> bool:
    """Whether a text tells a secret, however it is escaped."""
    return bool(secret) and re.search(_any_form(secret), text) is not None
