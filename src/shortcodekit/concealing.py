"""Keeps secrets and people's numbers out of everything that is read later: logs, errors, and httpx's own log lines.

Peers may send back what they were sent, so their words are searched for the client's secrets before an error shows them, in
each form in which pages, JSON, URLs and programs write a text.
"""

from __future__ import annotations

import base64
import html
import re
from functools import lru_cache
from typing import Any, Final

import httpx

HIDDEN: Final = "[hidden]"
EXCERPT: Final = 160
"""How many characters of an unexpected answer an error shows."""


class ConcealedURL(httpx.URL):
    """A URL whose text hides the query. What travels is the whole; httpx logs the text."""

    def __str__(self) -> str:
        return f"{self.copy_with(query=None, userinfo=b'')}?{HIDDEN}"

    def __repr__(self) -> str:
        return f"ConcealedURL({str(self)!r})"


def shortened(number: object) -> str:
    """A number that tells two recipients in a log apart, and nobody whose it is: its last four digits."""
    text = "".join(each if each.isprintable() else "?" for each in str(number))
    return f"…{text[-4:]}" if len(text) > 4 else "…"


def shown(name: Any) -> str:
    """A name that a sender chose, fit for an answer: it is short, and has nothing in it that XML cannot carry."""
    text = "".join(each if each.isprintable() else "?" for each in str(name)[:41])
    return text if len(text) <= 40 else f"{text[:39]}…"


def conceal(text: str, secrets: tuple[str, ...]) -> str:
    """`text` without `secrets`, in whatever form it has them, and without anything that looks like a token."""
    return _pattern(secrets).sub(HIDDEN, text)


def excerpt(content: bytes, secrets: tuple[str, ...], *, whole: bool = True) -> str:
    """The beginning of an answer on one line, for a person to recognise what sent it.

    When the answer is not `whole`, its last word may be half a secret, and is left out.
    """
    text = content[:_WINDOW].decode("utf-8", "replace").replace("\0", "")
    readable = "".join(each if each.isprintable() else " " for each in conceal(text, secrets))
    words = readable.split()
    if len(content) > _WINDOW or not whole:
        del words[-1:]
    line = conceal(" ".join(words), secrets)
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


_WINDOW: Final = 16 * 1024
_SHORTEST: Final = 4  # what is shorter is no secret, and stands in any text
_AUTHORIZATION: Final = r"(?i:(?<![\w-])(?:bearer|basic)[ ]+[\w.~+/=-]{8,})|(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"


@lru_cache(maxsize=64)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    """Finds `secrets`, the longest first, and tokens."""
    forms = []
    for secret in sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True):
        encoded = base64.b64encode(secret.encode("utf-8", "replace")).decode("ascii").rstrip("=")
        forms += ["".join(map(_written, secret)), re.sub("[+/]", "[+/_-]", encoded).replace("[+/_-]", r"[+/_\-]")]
    return re.compile("|".join([*forms, _AUTHORIZATION]))


def _written(character: str) -> str:
    """A pattern for the ways in which programs write a character."""
    if character.isascii() and character.isalnum():
        return character
    octets = character.encode("utf-8", "replace")
    units = character.encode("utf-16-be", "replace")
    number = ord(character)
    escaped = [
        re.escape(html.escape(character)),
        rf"\\{re.escape(character)}",
        "".join(f"%{octet:02x}" for octet in octets),
        "".join(rf"\\x{octet:02x}" for octet in octets),
        "".join(rf"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)),
        f"&#0*{number};",
        f"&#x0*{number:x};",
        *([r"\+"] if character == " " else []),
    ]
    return f"(?:{re.escape(character)}|(?i:{'|'.join(escaped)}))"
