"""Garbage sent to a sandbox: whatever arrives, the answer is a document of the API, and nothing of it stays in memory.

Requests that are right, one for each operation of the service and of the control API, are spoiled: values, names, encodings,
headers, paths, and then bytes. Most go straight into the application; a slice goes through a socket, some of it as no HTTP.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import socket
import traceback
import tracemalloc
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from contract_tests.profiles import PROFILE
from shortcodekit.sandbox import Sandbox, Settings
from shortcodekit.sandbox.instance import Instance
from shortcodekit.sandbox.service import KEPT_REQUESTS

from .garbage import KEY, SECRET, Garbage, Spoiler, as_http

ROUNDS, REQUESTS, BY_SOCKET = (20, 5_000, 1_000) if PROFILE == "deep" else (2, 2_500, 150)
RESET: Final = 1_000
"""After how many requests a sandbox forgets all, so that what is in use then can be compared."""
MEBIBYTE: Final = 1 << 20

# ---- what is answered ------------------------------------------------------------------------------------------------


def wrong(status: int, content_type: str, body: bytes, *, asked_for: set[int | None], head: bool = False) -> str:
    """What an answer has that it may not have; empty when nothing."""
    if not 200 <= status < 500 and status not in asked_for:
        return f"the status is {status}"
    if status == 204 or head:
        return ""
    kind = content_type.partition(";")[0]
    try:
        if kind == "application/json":
            json.loads(body.decode("utf-8"), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        elif kind == "application/xml":
            ElementTree.fromstring(body)  # noqa: S314  # the sandbox's own
        elif kind not in {"text/html", "text/css", "text/javascript"} or not body:
            return f"an answer of the type {content_type!r}"
    except (ValueError, ElementTree.ParseError) as error:
        return f"not {kind}: {error}"
    return ""


async def answered(app: Any, garbage: Garbage) -> tuple[int, str, bytes] | None:
    """The status, content type and body with which the application answers; None when a fault kept it from that."""
    chunks, start = [], {}
    halves = [garbage.body[: len(garbage.body) // 2], garbage.body[len(garbage.body) // 2 :]]
    arriving = iter([{"type": "http.request", "body": half, "more_body": not n} for n, half in enumerate(halves)])

    async def receive() -> dict[str, Any]:  # as the interface wants it
        return next(arriving, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:  # as above
        start.update(message if message["type"] == "http.response.start" else {})
        chunks.append(message.get("body", b""))

    path = unquote(garbage.path, errors="replace").encode("utf-8", "replace").decode("utf-8")
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in garbage.headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": garbage.method, "scheme": "http", "path": path,
        "raw_path": b"", "root_path": "", "query_string": garbage.raw_query, "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    if not start:
        return None
    kinds = [value.decode("ascii") for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"], "".join(kinds), b"".join(chunks)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits: not for latency that a fault asks for, and not for changes."""
    monkeypatch.setattr("shortcodekit.sandbox.control.WAIT", 0)
    monkeypatch.setattr("shortcodekit.sandbox.app.asyncio", SimpleNamespace(sleep=lambda _: asyncio.sleep(0)))


def shown(garbage: Garbage) -> str:
    """The request, to be read where one failed."""
    return f"{garbage.method} {garbage.path[:200]!r} ?{garbage.raw_query[:300]!r} {garbage.headers!r:.600} {garbage.body[:600]!r}"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whatever_arrives_is_answered_with_a_document_and_nothing_of_it_stays_in_memory(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoiler, problems, in_use = Spoiler(f"garbage {seed}"), [], list[int]()

    async def send_all() -> None:
        instance = Instance(Settings(api_key=KEY, api_secret=SECRET, seed="s"), db=str(tmp_path / "db"))
        peer = httpx.MockTransport(
            lambda each: httpx.Response(200 if "a" in str(each.url) else 500, stream=httpx.ByteStream(b"a"))
        )
        instance.delivery._clients = {each: httpx.AsyncClient(transport=peer) for each in ("http", "https")}
        await instance.start()
        app, service = instance._server._config.app, instance.service
        for number in range(REQUESTS):
            if number % 40 == 0:
                service.store.delete_faults()
            if number % RESET == 0:
                service.reset()
                gc.collect()
                in_use.append(tracemalloc.get_traced_memory()[0])
            garbage = spoiler.garbage()
            in_force = {each.http_status for each in service.store.faults}
            breaking = {each.answer for each in service.store.faults} & {"reset", "truncated"}
            try:
                async with asyncio.timeout(20):
                    came = await answered(app, garbage)
                reason = "" if breaking else "no answer"
                if came is not None and not breaking:
                    reason = wrong(*came, asked_for=in_force, head=garbage.method == "HEAD")
            except Exception as error:  # noqa: BLE001  # none may come
                reason = f"{error!r:.200} in {traceback.extract_tb(error.__traceback__)[-1]}"
            if reason:
                problems.append(f"{reason}: {shown(garbage)}")
            assert len(service.asked) <= KEPT_REQUESTS
        await instance.stop()

    tracemalloc.start()
    try:
        with caplog.at_level(logging.ERROR):
            asyncio.run(send_all())
    finally:
        tracemalloc.stop()
    assert not problems, f"{len(problems)} of {REQUESTS}, such as " + "\n".join(problems[:5])
    assert not caplog.records, [str(each.exc_info or each.getMessage())[:300] for each in caplog.records[:5]]
    assert len(in_use) > 2
    assert in_use[-1] - in_use[1] < (len(in_use) - 2) * MEBIBYTE / 2, f"bytes in use, from reset to reset: {in_use}"


# ---- by sockets ------------------------------------------------------------------------------------------------------


def exchanged(url: str, sent: bytes) -> bytes:
    """What comes back, until the connection ends."""
    parts, received = urlsplit(url), b""
    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as connection,
        suppress(ConnectionError),
    ):
        connection.sendall(sent)
        with suppress(OSError):  # the answer, or the end, was quicker
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(1 << 16):
            received += chunk
    return received


@pytest.mark.usefixtures("impatient")
def test_whatever_arrives_by_a_socket_is_answered_with_a_document_and_the_next_request_as_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoiler = Spoiler("by sockets")
    with caplog.at_level(logging.ERROR), Sandbox(api_key=KEY, api_secret=SECRET) as sandbox:
        for number in range(BY_SOCKET):
            garbage = spoiler.garbage()
            if "settings" in garbage.path or "clock" in garbage.path:
                continue  # neither does it deliver anywhere, nor long
            in_force = {each.http_status for each in sandbox.faults}
            sent = as_http(garbage, spoiler.chance)
            head, _, body = exchanged(sandbox.url, sent).partition(b"\r\n\r\n")
            sandbox.faults.clear() if number % 5 == 0 else None
            if not head:
                continue  # what was cut off is not answered
            status = int(head[9:12])
            kind = (re.search(rb"\r\ncontent-type: *([^\r\n]*)", head, re.IGNORECASE) or [b"", b""])[1].decode()
            if status == 400 and kind.startswith("text/plain"):
                continue  # no HTTP: the application never saw it
            whole = b"content-length: %d" % len(body) in head.lower()
            reason = wrong(status, kind, body, asked_for=in_force, head=not whole or garbage.method == "HEAD")
            assert not reason, f"{reason}: {sent[:600]!r}"
        sandbox.faults.clear()
        assert httpx.get(f"{sandbox.url}/_sandbox/health", timeout=30).json()["status"] == "ok"
        assert len(sandbox.requests) <= KEPT_REQUESTS
    gc.collect()
    assert not caplog.records, [each.getMessage()[:300] for each in caplog.records[:5]]
