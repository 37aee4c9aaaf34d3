"""A stand-in for the service on a loopback port: it keeps the requests as they came, and answers as it is told.

What it is not told it answers as the service would. It judges nothing.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

from attrs import Factory, define, field, frozen

from contract_tests.loopback import listening

from .plain import FORM
from .ways import NAMES

Fate = Literal["whole", "cut", "reset", "silent"]
ENOUGH: Final = 60
"""After so many requests everything is refused, so that those end who ask without end."""
ACCEPTED: Final = {"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"}


class Unreadable(Exception):
    """A request that says nothing, or something twice."""


@frozen
class Asked:
    """A request as it came; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def wants_xml(self) -> bool:
        return self.path.endswith("/xml")

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def parameters(self) -> dict[str, str]:
        """What it says, as the service reads it; `Unreadable` when it cannot be read."""
        if self.method not in ("GET", "POST"):
            raise Unreadable(self.method)
        pairs = self._pairs(self.target.partition("?")[2].encode("ascii"))
        if self.body and self.method == "POST":
            pairs += self._said()
        elif self.body:
            raise Unreadable("a body of a GET")
        said = dict(pairs)
        if len(said) < len(pairs):
            raise Unreadable("said twice")
        return said

    def _said(self) -> list[tuple[str, str]]:
        if self.type == FORM:
            return self._pairs(self.body)
        if self.type != "application/json" or self.wants_xml:
            raise Unreadable(self.type)
        try:
            found = json.loads(self.body.decode("utf-8"), object_pairs_hook=list, parse_int=str, parse_float=str)
        except ValueError:
            raise Unreadable("no JSON in UTF-8") from None
        if not isinstance(found, list) or not all(isinstance(value, str | bool) for _, value in found):
            raise Unreadable("no parameters")
        return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found]

    def _pairs(self, text: bytes) -> list[tuple[str, str]]:
        try:
            return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise Unreadable("no UTF-8") from None


@frozen
class Answer:
    """What is answered: `said`, in the form that is asked for, or `body`, as it is."""

    said: Any = None
    status: int = 200
    body: bytes | None = None
    type: str | None = None
    headers: Mapping[str, str] = Factory(dict)
    fate: Fate = "whole"


Respond = Callable[[Asked], Answer]


@define
class Service:
    """The stand-in: `url`, what it was `asked`, and how it answers: `answers` in their order, then as `respond` says."""

    url: str
    released: threading.Event = field(factory=threading.Event)
    """Set when silent answers may end."""
    asked: list[Asked] = Factory(list)
    answers: list[Answer] = Factory(list)
    numbers: list[Any] = Factory(list)
    """Who has opted out."""
    respond: Respond = Factory(lambda self: self.usual, takes_self=True)

    def reset(self) -> None:
        self.released.set()
        self.released = threading.Event()
        self.asked, self.answers, self.numbers = [], [], []
        self.respond = self.usual

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if len(self.asked) > ENOUGH:
            return Answer({"error-code": "500"}, 500)
        if self.answers:
            return self.answers.pop(0)
        try:
            return self.respond(asked)
        except Unreadable:
            return Answer({"error-code": "400", "error-code-label": "unreadable"}, 400)

    def usual(self, asked: Asked) -> Answer:
        """What the service would answer to a request whose credentials are in order."""
        if "/v0.1/messages" in asked.path:
            return Answer(ACCEPTED, 202)
        said = asked.parameters
        if "/opt-in/query/" in asked.path:
            size, page = int(said.get("page-size", 100)), int(said.get("page", 0))
            return Answer(listing(self.numbers[page * size :][:size]))
        if "/opt-in/manage/" in asked.path:
            return Answer(record(said.get("msisdn", ""), opt_in="true", opt_out="false"))
        return Answer(sent(part(to=said.get("to", ""), **reference(said))))


# ---- documents -------------------------------------------------------------------------------------------------------


def part(**said: Any) -> dict[str, Any]:
    """A part of an alert, accepted; underscores in names are hyphens, and `...` leaves a key out."""
    usual = {
        "message-id": "0C00000012345678",
        "status": "0",
        "to": "16365553226",
        "remaining-balance": "13.50",
        "message-price": "0.0333",
        "network": "310260",
    }
    said = {name.replace("_", "-"): value for name, value in said.items()}
    return {name: value for name, value in {**usual, **said}.items() if value is not ...}


def reference(said: Mapping[str, str]) -> dict[str, str]:
    return {"client-ref": said["client-ref"]} if "client-ref" in said else {}


def refused(status: Any, **said: Any) -> dict[str, Any]:
    """A part that was refused, with little more than its status."""
    return {"status": status, "error-text": "refused", **said}


def sent(*parts: Any, **more: Any) -> dict[str, Any]:
    """An answer to an alert."""
    return {"message-count": str(len(parts)), "messages": list(parts), **more}


def record(number: Any, *, opt_in: Any = "false", opt_out: Any = "true", **more: Any) -> dict[str, Any]:
    """A record of the opt-in list."""
    said = {"msisdn": number, "opt-in": opt_in, "opt-out": opt_out, "opt-out-date": "2020-01-01 12:00:00", **more}
    return {name: value for name, value in said.items() if value is not ...}


def listing(numbers: list[Any], **more: Any) -> dict[str, Any]:
    """A page of opt-outs: numbers, or records as they are."""
    records = [each if isinstance(each, dict) else record(each) for each in numbers]
    return {"opt-in-count": str(len(records)), "opt-in-list": records, **more}


def as_xml(document: Mapping[str, Any]) -> bytes:
    """An answer in XML, as the pages show it."""
    if "messages" in document:
        parts = "".join(f"<message>{_elements(each)}</message>" for each in document["messages"])
        inner = f'<messages count="{document.get("message-count", 0)}">{parts}</messages>'
        body = f"<mt-submission-response>{inner}</mt-submission-response>"
    elif "opt-in-list" in document:
        inner = "".join(_opt_in(each) for each in document["opt-in-list"])
        body = f'<opt-in-list opt-in-count="{document.get("opt-in-count", 0)}">{inner}</opt-in-list>'
    elif "opt-in" in document:
        body = _opt_in(document)
    else:
        body = f"<error>{_elements(document)}</error>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


_XML: Final = {name: element for element, name in NAMES.items()}


def _elements(said: Any) -> str:
    pairs = said.items() if isinstance(said, Mapping) else ()
    return "".join(f"<{_XML.get(key, key)}>{escape(_plain(value))}</{_XML.get(key, key)}>" for key, value in pairs)


def _opt_in(said: Mapping[str, Any]) -> str:
    return f"<opt-in {' '.join(f'{key}={quoteattr(_plain(value))}' for key, value in said.items())}/>"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# ---- the server ------------------------------------------------------------------------------------------------------


@contextmanager
def serving() -> Iterator[Service]:
    """A stand-in that answers as long as the context lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    with listening(server) as address:
        server.service = Service(address)
        try:
            yield server.service
        finally:
            server.service.released.set()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    service: Service

    def shutdown_request(self, request: Any) -> None:
        """Closes at once: what is said in parting would hide a reset."""
        self.close_request(request)


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):  # the client is gone
            while asked := self._read():
                if not self._write(asked, self.server.service.answer(asked)):
                    return

    def _read(self) -> Asked | None:
        line = self.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = {}
        while field := self.rfile.readline().decode("latin-1").strip():
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        return Asked(line[0], line[1], headers, self.rfile.read(int(headers.get("content-length", 0))))

    def _write(self, asked: Asked, answer: Answer) -> bool:
        if answer.fate == "silent":
            self.server.service.released.wait(20)
            return False
        if answer.fate == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        kind, body = answer.type, answer.body
        if body is None and asked.wants_xml:
            kind, body = kind or "text/xml", as_xml(answer.said)
        elif body is None:
            kind, body = kind or "application/json", json.dumps(answer.said).encode("ascii")
        fields = {"Content-Type": kind or "text/html", "Content-Length": str(len(body)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        whole = answer.fate == "whole"
        start = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{head}\r\n"
        self.wfile.write(start.encode("latin-1") + (body if whole else body[: len(body) // 2]))
        return whole
