"""A small stand-in for the three APIs on loopback: enough for what guides show, and for tests of paging and sharing.

It accepts every alert and message, keeps a list of opt-outs, and counts. What tests want otherwise they put into `answer`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import Factory, define

from contract_tests.loopback import listening
from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcode_clients.messages.models import MessageAccepted
from shortcode_clients.opt_in.models import OptInRecord, OptOutList


@define
class Asked:
    """A request as the service understands it."""

    path: str
    parameters: dict[str, Any]
    headers: dict[str, str]


@define
class Service:
    """Where it is, what it was asked, and what it knows."""

    address: str = ""
    asked: list[Asked] = Factory(list)
    opted_out: list[str] = Factory(list)
    answer: Callable[[Asked], tuple[int, Any] | None] = lambda _: None
    """A status and a model to answer with; None for the usual answer."""

    def usual(self, asked: Asked) -> tuple[int, Any]:
        """What the service answers when nothing is wrong."""
        said = asked.parameters
        if asked.path.startswith("/v0.1/messages"):
            return 202, MessageAccepted("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab")
        if "/opt-in/query/" in asked.path:
            size, page = int(said["page-size"]), int(said["page"])
            records = [_opted_out(number) for number in self.opted_out[page * size : (page + 1) * size]]
            return 200, OptOutList(str(len(records)), records)
        if "/opt-in/manage/" in asked.path:
            self.opted_out = [number for number in self.opted_out if number != said["msisdn"]]
            return 200, OptInRecord(said["msisdn"], opt_in=True, opt_out=False, opt_in_date="2020-01-02 12:00:00")
        return 200, AlertResponse("1", [AlertPart("0", message_id="0A0000000123ABCD", to=said["to"])])


def _opted_out(number: str) -> OptInRecord:
    return OptInRecord(number, opt_in=False, opt_out=True, opt_out_date="2020-01-01 12:00:00")


@contextmanager
def service() -> Iterator[Service]:
    """The service, as long as the context lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    with listening(server) as server.known.address:
        yield server.known


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    known: Service

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.known = Service()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that go away in the middle are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # head and body are written apart, and would wait for each other
    server: _Server

    def do_POST(self) -> None:  # the name that the library calls
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parameters = json.loads(body) if body.startswith("{") else dict(parse_qsl(body, keep_blank_values=True))
        asked = Asked(urlsplit(self.path).path, parameters, {k.lower(): v for k, v in self.headers.items()})
        known = self.server.known
        known.asked.append(asked)
        status, model = known.answer(asked) or known.usual(asked)
        as_xml = asked.path.endswith("/xml")
        content = model if isinstance(model, bytes) else model.to_xml() if as_xml else model.to_json()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml" if as_xml else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what was asked is kept."""
