"""A sandbox as its users meet it: requests as bytes on a socket, in every form that real clients send, and its webhooks.

`WAYS` are the forms: each writes the bytes of one request, credentials included, without the product's clients.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from wsgiref.types import WSGIApplication

from attrs import frozen

from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import Receiver, Request

from . import loopback
from .judge import FORM
from .peers import signed_by_hand

PHONE: Final = "16365553226"
CUSTOM: Final[Mapping[str, str]] = {"server": "host3", "link": "https://example.com/host3/mon"}
"""What fills the documented template."""
FILLED: Final = "Your host3 is down, for more details check https://example.com/host3/mon"
JSON_TYPES: Final = (
    "application/json",
    "application/jsonrequest",
    "application/x-javascript",
    "text/json",
    "text/javascript",
    "text/x-javascript",
    "text/x-json",
)
"""The content types of the page "Alerts - Sending API Reference: Encoding"."""

STILL: Final = 0.001
"""The scale of a clock that stands nearly still unless it is moved: nothing becomes due while a busy machine keeps a test waiting."""

Parameters = Mapping[str, Any]
Way = Callable[[str, Parameters, Parameters], bytes]
"""Makes a request of a path, credentials and other parameters."""

# ---- requests on a socket --------------------------------------------------------------------------------------------


@frozen
class Reply:
    """An answer as it came; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON in it."""
        return json.loads(self.body)

    @property
    def part(self) -> dict[str, Any]:
        """The first part of an alert."""
        part: dict[str, Any] = self.document["messages"][0]
        return part

    @property
    def kind(self) -> str:
        return self.headers["content-type"]


def written(method: str, target: str, body: bytes = b"", *fields: str, host: str = "rest.nexmo.com") -> bytes:
    """A request as it travels; its host is the real service, as that of clients behind a proxy is."""
    told = [f"Host: {host}", *fields]
    if body or method == "POST":
        told.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{method} {target} HTTP/1.1", *told, "", ""]).encode("ascii") + body


def raw(sandbox: Sandbox, request: bytes) -> Reply:
    """The answer to a request; `ConnectionError` when none comes."""
    parts = urlsplit(sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), 60) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as file:
            line = file.readline()
            if not line:
                raise ConnectionError("no answer")
            fields = {}
            while field := file.readline().strip():
                name, _, value = field.decode("latin-1").partition(":")
                assert name.lower() not in fields, f"{name} is given twice"
                fields[name.lower()] = value.strip()
            length = int(fields.get("content-length", 0))
            body = file.read(length)
            if len(body) < length:
                raise ConnectionError("half an answer")
            return Reply(int(line.split()[1]), fields, body)


def get(sandbox: Sandbox, path: str, /, **parameters: Any) -> Reply:
    """A GET with the account's key and secret; underscores in names of parameters stand for hyphens, but in credentials."""
    return raw(sandbox, by_get(path, credentials(sandbox), named(parameters)))


def control(sandbox: Sandbox, method: str, path: str, document: Any = None, *fields: str) -> Reply:
    """A request to the control API, as a page of its own sends it."""
    host = urlsplit(sandbox.url).netloc
    body = b"" if document is None else json.dumps(document).encode()
    kind = [] if document is None else ["Content-Type: application/json"]
    return raw(sandbox, written(method, path, body, *kind, *fields, host=host))


def credentials(sandbox: Any) -> dict[str, str]:
    return {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}


def named(parameters: Parameters) -> dict[str, Any]:
    """`client_ref` is `client-ref`."""
    return {name.replace("_", "-") if name not in _KEPT else name: value for name, value in parameters.items()}


_KEPT: Final = {"api_key", "api_secret"}


# ---- the forms of a request ------------------------------------------------------------------------------------------


def form(parameters: Parameters) -> bytes:
    return urlencode(parameters).encode("ascii")


def by_get(path: str, who: Parameters, said: Parameters) -> bytes:
    return written("GET", f"{path}?{urlencode({**who, **said})}")


def by_form(path: str, who: Parameters, said: Parameters, *fields: str, host: str = "rest.nexmo.com") -> bytes:
    return written("POST", path, form({**who, **said}), f"Content-Type: {FORM}", *fields, host=host)


def by_json(kind: str = "application/json", mark: bytes = b"") -> Way:
    def way(path: str, who: Parameters, said: Parameters) -> bytes:
        return written("POST", path, mark + json.dumps({**who, **said}).encode(), f"Content-Type: {kind}")

    return way


def _numbers(path: str, who: Parameters, said: Parameters) -> bytes:
    numbers = {name: int(each) if each.isascii() and each.isdigit() else each for name, each in said.items()}
    return by_json()(path, who, numbers)


WAYS: Final[Mapping[str, Way]] = {
    "GET": by_get,
    "GET with a content type": lambda path, who, said: written(
        "GET", f"{path}?{urlencode({**who, **said})}", b"", "Content-Type: application/json"
    ),
    "form": by_form,
    "form under application/json": lambda path, who, said: written(
        "POST", path, form({**who, **said}), "Content-Type: application/json"
    ),
    "form without a content type": lambda path, who, said: written("POST", path, form({**who, **said})),
    "form with a charset": lambda path, who, said: written(
        "POST", path, form({**who, **said}), f"Content-Type: {FORM}; charset=UTF-8"
    ),
    "empty POST": lambda path, who, said: written("POST", f"{path}?{urlencode({**who, **said})}"),
    "empty POST with a content type": lambda path, who, said: written(
        "POST", f"{path}?{urlencode({**who, **said})}", b"", "Content-Type: application/json"
    ),
    "credentials in the query": lambda path, who, said: written(
        "POST", f"{path}?{urlencode(who)}", form(said), f"Content-Type: {FORM}"
    ),
    "doubled slash": lambda path, who, said: by_get(f"/{path}", who, said),
    "doubled slash within": lambda path, who, said: by_form(path.replace("/us/", "/us//"), who, said),
    "no leading slash": lambda path, who, said: by_form(path[1:], who, said),
    "no leading slash in a GET": lambda path, who, said: by_get(path[1:], who, said),
    "whole URL": lambda path, who, said: by_form(f"https://rest.nexmo.com{path}", who, said),
    "whole URL in a GET": lambda path, who, said: by_get(f"http://127.0.0.1:1{path}", who, said),
    "trailing slash": lambda path, who, said: by_form(f"{path}/", who, said),
    "leftover Authorization": lambda path, who, said: by_form(path, who, said, "Authorization: Bearer a.b.c"),
    "another host": lambda path, who, said: by_form(path, who, said, host="attacker.example:99"),
    **{kind: by_json(kind) for kind in JSON_TYPES},
    "JSON with a charset": by_json("application/json; charset=utf-8"),
    "JSON under a form's type": by_json(FORM),
    "JSON with a mark": by_json(mark=b"\xef\xbb\xbf"),
    "numbers in JSON": _numbers,
}
"""Every form that a server has to cope with, by name."""
AS_JSON: Final = frozenset(name for name in WAYS if name in JSON_TYPES or "JSON" in name)
"""Those that the endpoint for XML refuses."""


# ---- requests that most tests make -----------------------------------------------------------------------------------


def alert(sandbox: Sandbox, **said: Any) -> str:
    """Sends an alert that asks for a receipt; the id of its first part."""
    body = {"to": PHONE, **CUSTOM, "status-report-req": True, **said}
    reply = raw(sandbox, by_json()("/sc/us/alert/json", credentials(sandbox), body))
    assert reply.part["status"] == "0", reply.body
    return str(reply.part["message-id"])


def message(sandbox: Sandbox, channel: str = "sms") -> str:
    """Sends a message; its uuid."""
    said = {
        "to": {"type": channel, "number": "15550100123"},
        "from": {"type": channel, "number": "14155550100"},
        "message": {"content": {"type": "text", "text": "Hello"}},
    }
    known = base64.b64encode(f"{sandbox.api_key}:{sandbox.api_secret}".encode()).decode()
    reply = raw(sandbox, written("POST", "/v0.1/messages", json.dumps(said).encode(), f"Authorization: Basic {known}"))
    return str(reply.document["message_uuid"])


def signed(
    sandbox: Any, said: dict[str, Any], method: str = "md5hash", *, age: float = 0, secret: str | None = None
) -> dict[str, Any]:
    """Credentials that sign `said`, as the vendor describes it."""
    who = {"api_key": sandbox.api_key, "timestamp": str(int(time.time() - age))}
    pairs = [(name, str(value)) for name, value in {**who, **said}.items()]
    return {**who, "sig": signed_by_hand(pairs, secret or sandbox.signature_secret, method)}


# ---- what happens in time --------------------------------------------------------------------------------------------


def until(happened: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits for something to happen, for so many seconds at most."""
    late = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < late, f"it did not happen within {seconds:g} seconds"
        time.sleep(0.002)


# ---- webhooks --------------------------------------------------------------------------------------------------------


def served(receiver: Receiver | WSGIApplication) -> AbstractContextManager[str]:
    """The address of a server with `receiver`, or another application, in it."""
    return loopback.served(receiver.wsgi if isinstance(receiver, Receiver) else receiver)


def as_request(recorded: loopback.Recorded) -> Request:
    """What a webhook's server recorded, as receivers take it."""
    method, target, _ = recorded.line.decode().split(" ")
    return Request(method, target.partition("?")[2], dict(recorded.headers), recorded.body)


def hooks(base: str) -> dict[str, Any]:
    """Settings that lead every webhook to a path of its name below `base`."""
    return {
        "receipt_url": f"{base}/delivery-receipt",
        "inbound_url": f"{base}/inbound-sms",
        "status_url": f"{base}/message-status",
        "message_url": f"{base}/inbound-message",
    }
