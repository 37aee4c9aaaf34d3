"""A receiver as an ASGI and as a WSGI application: reading a request from a server, and writing the answer.

A body is read up to the receiver's bound, and for as long as it allows. A request whose body breaks off is not handled, whatever
there is of it. The path that counts is the one the world sees, or the rest of it below where the application is mounted.
HEAD asks what a GET would give, and must change nothing: an event by HEAD is refused, as by any other wrong method.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .requests import Request, Response

if TYPE_CHECKING:
    from .receiver import Receiver

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _Refused(Exception):
    """The body cannot be read; `response` is the answer, None when nobody waits for one."""

    def __init__(self, status: int = 0, detail: str = "") -> None:
        self.status, self.detail = status, detail
        super().__init__(detail)


# ---- ASGI ------------------------------------------------------------------------------------------------------------


async def asgi(receiver: Receiver, scope: Scope, receive: Receive, send: Send) -> None:
    """Serves one connection of ASGI."""
    if scope["type"] == "lifespan":
        await _live(receiver, receive, send)
    elif scope["type"] == "http":
        response = await _respond(receiver, scope, receive)
        if response is not None:
            headers, body = _written(scope["method"], response)
            encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            await send({"type": "http.response.start", "status": response.status, "headers": encoded})
            await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    else:
        raise ValueError("an ASGI application for http; this is another protocol")


async def _respond(receiver: Receiver, scope: Scope, receive: Receive) -> Response | None:
    path, root = scope["path"], scope.get("root_path", "")
    below = path[len(root) :] if root and path.startswith(root) else f"{root}{path}"
    query = scope.get("query_string", b"").decode("utf-8", "surrogateescape")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    request = Request(scope["method"], query, headers)
    known = _known(receiver, path, below)
    try:
        if request.method not in _WITHOUT_BODY:
            _refuse_length(request.header("content-length"), receiver.max_bytes)
            async with asyncio.timeout(receiver.body_timeout):
                request.body = await _body(receive, receiver.max_bytes)
    except _Refused as refused:
        return receiver.refuse(known, refused.status, refused.detail) if refused.status else None
    except TimeoutError:
        return receiver.refuse(known, HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time")
    return await receiver.handle_async(known, request)


async def _body(receive: Receive, max_bytes: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _live(receiver: Receiver, receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        ends = message["type"] == "lifespan.shutdown"
        if ends:
            await receiver.aclose()
        await send({"type": f"{message['type']}.complete"})
        if ends:
            return


# ---- WSGI ------------------------------------------------------------------------------------------------------------


def wsgi(receiver: Receiver, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Serves one request of WSGI."""
    root, below = (_decoded(environ.get(name, "")) for name in ("SCRIPT_NAME", "PATH_INFO"))
    query = environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "surrogateescape")
    request = Request(environ["REQUEST_METHOD"], query, list(_headers(environ)))
    known = _known(receiver, root + below, below)
    try:
        if request.method not in _WITHOUT_BODY:
            request.body = _input(environ, receiver.max_bytes)
    except _Refused as refused:
        response = receiver.refuse(
            known, refused.status or HTTPStatus.BAD_REQUEST, refused.detail or "the body broke off"
        )
    else:
        response = receiver.handle(known, request)
    headers, body = _written(request.method, response)
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [body]


def _headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").lower(), value
    if environ.get("CONTENT_TYPE"):
        yield "content-type", environ["CONTENT_TYPE"]


def _input(environ: dict[str, Any], max_bytes: int) -> bytes:
    """The body. A server that takes chunks says that its input ends by itself; without that, only a length tells its end."""
    told = environ.get("CONTENT_LENGTH")
    length = _refuse_length([told] if told else [], max_bytes)
    ends = environ.get("wsgi.input_terminated", False)
    if length is None and not ends:
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "this server takes a body with a Content-Length only")
        return b""
    wanted = max_bytes + 1 if length is None else length
    chunks, size = [], 0
    try:
        while size < wanted:
            chunk = environ["wsgi.input"].read(wanted - size)
            if not chunk:
                break
            chunks.append(chunk)
            size += len(chunk)
    except (OSError, ValueError):
        raise _Refused from None
    if length is not None and size < length:
        raise _Refused
    if size > max_bytes:
        raise _too_large(max_bytes)
    return b"".join(chunks)


def _decoded(path: str) -> str:
    """Servers hand on the bytes of a path as Latin-1."""
    return path.encode("latin-1").decode("utf-8", "replace")


# ---- both ------------------------------------------------------------------------------------------------------------

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


def _known(receiver: Receiver, whole: str, below: str) -> str:
    """The path that something is registered at, if either is."""
    return whole if receiver.knows(whole) or not receiver.knows(below) else below


def _refuse_length(values: list[str], max_bytes: int) -> int | None:
    """The announced length of the body, None when there is none; what is too long need not be read."""
    if not values:
        return None
    if len(set(values)) != 1 or not (values[0].isascii() and values[0].isdigit()):
        raise _Refused(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
    if len(values[0]) > len(str(max_bytes)) + 1 or int(values[0]) > max_bytes:
        raise _too_large(max_bytes)
    return int(values[0])


def _too_large(max_bytes: int) -> _Refused:
    return _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"larger than {max_bytes} bytes")


def _written(method: str, response: Response) -> tuple[list[tuple[str, str]], bytes]:
    body = b"" if method == "HEAD" else response.body
    return [*response.headers.items(), ("Content-Length", str(len(body)))], body
