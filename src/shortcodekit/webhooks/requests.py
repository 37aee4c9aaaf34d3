"""A request of the service and the answer to it, as values: no framework, no sockets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import Factory, define, frozen

from shortcodekit.errors import InvalidRequest


@define
class Request:
    """A request as it arrived.

    Parameters: `method`, in capitals; `query`, the part of the URL after `?`, as it stands there; `headers`, a mapping or
    pairs of texts, in any case; `body`, the bytes that arrived. Its `repr` tells sizes only, because all of it is private.
    """

    method: str
    query: str = ""
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = Factory(dict)
    body: bytes = b""

    def __attrs_post_init__(self) -> None:
        if self.query.__class__ is not str or self.body.__class__ is not bytes:
            self._take_other_kinds()

    def _take_other_kinds(self) -> None:
        """Texts and bytes change places between frameworks; what is no UTF-8 stays as it is, and is refused when it is read."""
        query: Any = self.query
        body: Any = self.body
        if isinstance(query, bytes | bytearray | memoryview):
            query = bytes(query).decode("utf-8", "surrogateescape")
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        elif isinstance(body, bytearray | memoryview):
            body = bytes(body)
        self.query, self.body = query or "", body or b""
        if not isinstance(self.query, str) or not isinstance(self.body, bytes):
            raise InvalidRequest("a query of text, and a body of bytes", field="request")

    def header(self, name: str) -> list[str]:
        """The values of the header `name`, in order; `name` is in lower case. Values that are no text are left out."""
        if not isinstance(self.headers, Mapping | list | tuple):
            self.headers = list(self.headers)  # what can be gone through once only
        headers = self.headers
        pairs: Iterable[Any] = headers.items() if isinstance(headers, Mapping) else headers
        return [
            _text(value)
            for key, value in pairs
            if isinstance(value, str | bytes) and _text(key).lower().replace("_", "-") == name
        ]

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {len(self.query)} characters of query, {len(self.body)} bytes of body)"


def _text(value: Any) -> str:
    """Headers are Latin-1 where a server hands on their bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@frozen
class Response:
    """What to answer: the status, headers by name, and the body."""

    status: int
    headers: Mapping[str, str] = Factory(dict)
    body: bytes = b""


def says_json(request: Request) -> bool:
    """Whether the content type, which may be wrong, names JSON."""
    return any("json" in value.lower() or "javascript" in value.lower() for value in request.header("content-type"))


def looks_like_json(body: bytes) -> bool:
    """Whether `body` can only be JSON: in a form, the brackets would be percent-encoded."""
    if body[:1].isalnum():
        return False
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that tells a person what was expected."""
    body = json.dumps({"status": int(status), "detail": detail}).encode("ascii")
    return Response(int(status), {"Content-Type": "application/json", **(headers or {})}, body)
