"""What a person pastes when a signature does not match, as a request: a URL, a query, a form, a JSON object, a whole HTTP request.

No I/O. Bytes are kept as they are, since a hash covers them; nothing is mended in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from shortcodekit.webhooks.requests import Request, looks_like_json

LARGEST: Final = 8 * 1024 * 1024
"""Bytes that are read at most."""


class Unreadable(ValueError):
    """It is none of these. The message says what was expected, and nothing of what it was."""


def received(said: bytes, headers: Sequence[tuple[str, str]] = ()) -> Request:
    """The request. `headers` come to those that stand in it; with some, it is a body that was posted.

    Raises `Unreadable`.
    """
    if len(said) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes")
    if _REQUEST_LINE.match(said):
        request = _http(said)
        return Request(request.method, request.query, [*request.headers, *headers], request.body)
    if headers:
        return Request("POST", "", [*headers], said)
    text = said.strip()
    if looks_like_json(text):
        return Request("POST", "", [("content-type", "application/json")], text)
    if not text or b"\n" in text or b"=" not in text:
        raise Unreadable("a URL, a query or form (a=1&b=2), a JSON object, or a whole HTTP request was expected")
    if re.match(rb"(?i)https?://", text):
        text = text.partition(b"?")[2].partition(b"#")[0]
    return Request("GET", text.removeprefix(b"?").decode("utf-8", "surrogateescape"))


def _http(said: bytes) -> Request:
    found = re.search(rb"\r?\n\r?\n", said)
    head, body = (said[: found.start()], said[found.end() :]) if found else (said.rstrip(), b"")
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    method, target, _ = first.split(" ", 2)
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Unreadable("the HTTP request has a line among its headers that is none")
        headers.append((name.strip(), value.strip()))
    told = {name.lower(): value for name, value in headers}
    if "chunked" in told.get("transfer-encoding", "").lower():
        raise Unreadable("the body is in chunks; paste it as your server handed it on, with the header Content-Length")
    if told.get("content-encoding", "identity").lower() != "identity":
        raise Unreadable("the body is compressed; paste it as it is before that")
    length = told.get("content-length", "")
    if length.isascii() and length.isdigit() and len(length) < _DIGITS:
        if len(body) < int(length):
            raise Unreadable(f"the body has {len(body)} bytes, and Content-Length says {length}: some were lost")
        body = body[: int(length)]  # what follows came with the pasting
    return Request(method, target.partition("?")[2].partition("#")[0], headers, body)


_REQUEST_LINE: Final = re.compile(rb"[A-Z]{3,7} \S+ HTTP/[0-9.]+\r?(\n|$)")
_DIGITS: Final = 10
