"""A receiver behind servers: what peers may do to a connection, and what servers and frameworks hand on.

Servers and connections are real where the law is about bytes; what no server does at will is done by calling the applications
directly. An event is handled when all of its request came, and only then; whatever a peer does, the server is given an
answer that it can send, and no exception.
"""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from shortcodekit.webhooks import JwtSecret, Receiver, Request, SigSecret

from . import serving_peers as peers
from .callers import one_ssl_context
from .canaries import canary
from .serving_peers import LONGEST, PATH, QUERY, Held, Server, ask, call, in_chunks, inbox, written

FORM: Final = QUERY.encode()
TARGET: Final = f"{PATH}?{QUERY}"
CHUNKED: Final = "Transfer-Encoding: chunked"
EACH_KIND: Final = pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])


@pytest.fixture(scope="module", params=["uvicorn", "wsgiref", "werkzeug"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    with one_ssl_context(), peers.running(request.param) as server:
        yield server


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("running", names, indirect=True)


@pytest.fixture
def server(running: Server, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    """A server, which must not see an exception."""
    yield running
    running.settled(0)
    errors = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert (running.complaints, errors) == ([], [])


def serving(server: Server, *arguments: Any, **options: Any) -> peers.Inbox:
    made = inbox(*arguments, **options)
    server.serve(made.receiver)
    return made


def said(server: Server, request: bytes, method: str = "GET") -> peers.Answer:
    with server.peer() as peer:
        peer.write(request)
        return peer.answer(method)


# ---- every server ----------------------------------------------------------------------------------------------------


def test_each_event_is_verified_and_handled_behind_each_server(server: Server) -> None:
    secret = canary()
    made = serving(server, [SigSecret(secret), JwtSecret(secret)])
    with httpx.Client(base_url="http://{}:{}".format(*server.address), trust_env=False) as client:
        for event, encoding in peers.CASES:
            for used, expected in ((secret, 200), (canary(), 401)):
                sent, to = peers.authentic(event, encoding, used), f"/{event}?"
                answer = client.request(sent.method, to + sent.query, headers=dict(sent.headers), content=sent.body)
                assert answer.status_code == expected
    assert len(made.handled) == len(peers.CASES)


ANSWERS: Final[dict[str, tuple[int, bytes]]] = {
    "a query": (200, written("GET", TARGET)),
    "a form": (200, written("POST", PATH, FORM)),
    "a byte at a time": (200, written("POST", PATH, FORM)),
    "as much as is allowed": (200, written("POST", PATH, FORM.ljust(99, b"0"))),
    "more than is allowed": (413, written("POST", PATH, FORM.ljust(100, b"0"))),
    "more, announced": (413, written("POST", PATH, b"", "Content-Length: 100")),
    "much more, announced": (413, written("POST", PATH, b"", f"Content-Length: 1{'0' * 15}")),
    "chunks": (200, written("POST", PATH, in_chunks(FORM, 7), CHUNKED)),
    "chunks of one byte": (200, written("POST", PATH, in_chunks(FORM, 1), CHUNKED)),
    "more in chunks that do not end": (413, written("POST", PATH, in_chunks(b"a" * 100, 10)[:-5], CHUNKED)),
    "nothing": (400, written("POST", PATH)),
    "another path": (404, written("POST", "/", FORM)),
    "headers in odd case": (200, written("POST", PATH, FORM, f"cONTENT-lENGTH: {len(FORM)}")),
    "a method of HTTP/1.0": (200, written("GET", TARGET, version="1.0").replace(b"Host: localhost\r\n", b"")),
    "a body by HTTP/1.0": (200, written("POST", PATH, FORM, "Connection: keep-alive", version="1.0")),
    **{method: (405, written(method, TARGET, b"", "Connection: close")) for method in ("HEAD", "OPTIONS", "DELETE")},
    "PUT": (405, written("PUT", PATH, FORM)),
    **{
        f"{length} for a length": (400, written("POST", PATH, FORM, f"Content-Length: {length}"))
        for length in ("-5", "+5", "1_0", "0x5", "5 5", "5;", "five")
    },
}
DETAILS: Final = {404: b"no webhook", 405: b"GET, POST", 411: b"Content-Length", 413: b"99 bytes"}


@pytest.mark.parametrize("what", ANSWERS)
def test_each_request_gets_its_answer_from_each_server(server: Server, what: str) -> None:
    made, (status, request) = serving(server, max_bytes=99), ANSWERS[what]
    if server.name == "wsgiref" and CHUNKED.encode() in request:
        status = 411  # it takes none
    with server.peer() as peer:
        pieces = [bytes([each]) for each in request] if what == "a byte at a time" else [request]
        peer.write(*pieces, pause=0.0005)
        answer = peer.answer(what)
        assert answer.status == status
        assert answer.headers.get("allow") == ("GET, POST" if status == 405 else None)
        assert what == "HEAD" or DETAILS.get(status, b"") in answer.body
        assert b"close" not in request or peer.ended()
    assert len(made.handled) == (status == 200)


@only("wsgiref")
@pytest.mark.parametrize("what", [what for what in ANSWERS if "for a length" not in what])
def test_answers_are_what_the_rules_of_wsgi_demand(server: Server, what: str) -> None:
    serving(server, max_bytes=99)
    server.validates = True
    assert said(server, ANSWERS[what][1], what).status < 500


@pytest.mark.parametrize("half", [False, True], ids=["closed", "half-closed"])
@pytest.mark.parametrize("encoded", [False, True], ids=["length", "chunks"])
def test_what_breaks_off_is_not_handled(server: Server, encoded: bool, half: bool) -> None:
    made = serving(server)
    whole = written("POST", PATH, in_chunks(FORM, 9), CHUNKED) if encoded else written("POST", PATH, FORM)
    for count, lost in enumerate((5, 7, len(FORM) - 1), 1):  # some servers do without the end of the last chunk
        with server.peer() as peer:
            peer.write(whole[:-lost])
            if half:
                peer.socket.shutdown(socket.SHUT_WR)
                assert server.name == "uvicorn" or peer.answer().status in {400, 411}
        server.settled(count)
    assert not made.handled


@EACH_KIND
def test_an_event_whose_peer_leaves_while_it_is_handled_is_not_handled_again(server: Server, is_async: bool) -> None:
    receiver = Receiver(verify=None)
    held = Held(receiver, is_async=is_async)
    server.serve(receiver)
    with server.peer() as peer:
        peer.write(written("GET", TARGET))
        assert held.begun.wait(LONGEST)
    held.go.set()
    assert said(server, written("GET", TARGET)).status == 200
    assert held.times == 1


def test_a_second_token_is_one_too_many_and_names_of_headers_have_no_case(server: Server) -> None:
    secret = canary()
    made = serving(server, JwtSecret(secret), "delivery-receipt")
    (token,) = peers.seal(Request("POST", body=FORM), secret).header("authorization")
    for names, status in ((["aUTHORIZATION"], 200), (["Authorization"] * 2, 401), (["X-Authorization"], 401)):
        assert said(server, written("POST", PATH, FORM, *(f"{name}: {token}" for name in names))).status == status
    assert len(made.handled) == 1


def test_paths_and_queries_mean_what_their_bytes_mean_in_utf_8(server: Server) -> None:
    made = serving(server)
    made.receiver.on("delivery-receipt", "/Café au/lait ☕")(made.handled.append)
    targets = {
        f"/Caf%C3%A9%20au/lait%20%E2%98%95?{QUERY}&client-ref=%E2%98%95+caf%c3%a9": 200,
        f"/Caf%c3%a9%20au%2Flait%20%e2%98%95?{QUERY}2": 200,
        f"/Caf%E9%20au/lait%20%E2%98%95?{QUERY}3": 404,
        f"{TARGET}&client-ref=%FF": 400,
        f"{PATH}?{QUERY}%26&%3D=%C3": 400,
        f"{PATH}?": 400,
        f"{TARGET}&client-ref=é": 200,
        f"{TARGET}&client-ref=\udcff": 400,
    }
    for target, status in targets.items():
        if target.isascii() or server.name == "wsgiref":  # others refuse it, or make something else of it
            assert said(server, written("GET", target)).status == status, target
    assert made.handled[0].client_ref == "☕ café"
    assert server.name != "wsgiref" or made.handled[-1].client_ref == "é"


@only("uvicorn", "wsgiref")
@EACH_KIND
def test_two_hundred_requests_at_a_time_are_answered_and_no_event_handled_twice(server: Server, is_async: bool) -> None:
    receiver, handled = Receiver(verify=None, threads=8), list[str]()

    async def awaits(receipt: Any) -> None:
        await asyncio.sleep(0.01)
        handled.append(receipt.message_id)

    def plain(receipt: Any) -> None:
        time.sleep(0.01)
        handled.append(receipt.message_id)

    receiver.on("delivery-receipt", PATH)(awaits if is_async else plain)
    server.serve(receiver)
    requests = [written("GET", f"{TARGET}{number % 100:03}") for number in range(200)]
    with ThreadPoolExecutor(200) as pool:
        assert {answer.status for answer in pool.map(lambda each: said(server, each), requests)} == {200}
    assert sorted(handled) == [f"1{number:03}" for number in range(100)]


# ---- uvicorn ---------------------------------------------------------------------------------------------------------


def test_the_asgi_application_is_one_for_uvicorn_from_its_start_to_its_end() -> None:
    receiver, threads = Receiver(verify=None), list[threading.Thread]()
    receiver.on("delivery-receipt", PATH)(lambda _: threads.append(threading.current_thread()))
    with peers.listening(receiver.asgi, lifespan="on") as address:
        assert said(Server("uvicorn", address), written("GET", TARGET)).status == 200
    threads[0].join(LONGEST)
    assert [each.is_alive() for each in threads] == [False]


@only("uvicorn")
def test_a_body_that_stops_or_takes_too_long_is_refused_in_time(server: Server) -> None:
    made, request = serving(server, body_timeout=0.2), written("POST", PATH, FORM)
    slow = [bytes([each]) for each in request[-10:-1]]
    for count, pieces in enumerate(([request[:-1]], [request[:-10], *slow]), 1):
        with server.peer() as peer:
            peer.write(*pieces, pause=0.03)
            answer = peer.answer()
            assert (answer.status, b"in time" in answer.body) == (408, True)
        server.settled(count)
    assert not made.handled


@only("uvicorn")
def test_requests_that_are_sent_without_waiting_are_answered_in_their_order(server: Server) -> None:
    made = serving(server, max_bytes=99)
    head = written("HEAD", TARGET), written("GET", TARGET, FORM), written("GET", f"{TARGET}2")
    order = {"a form": 200, "PUT": 405, "chunks": 200, "more than is allowed": 413, "another path": 404, "nothing": 400}
    with server.peer() as peer:
        peer.write(head[0] + b"".join(ANSWERS[what][1] for what in order) + head[1] + head[2])
        assert peer.answer("HEAD").status == 405
        assert [peer.answer().status for _ in range(8)] == [*order.values(), 200, 200]
    assert [each.message_id for each in made.handled] == ["1", "12"]


@only("uvicorn")
def test_a_peer_that_asks_before_it_sends_is_told_when_to(server: Server) -> None:
    serving(server, max_bytes=99)
    for length, statuses in ((len(FORM), (100, 200)), (100, (413,))):
        with server.peer() as peer:
            peer.write(written("POST", PATH, b"", "Expect: 100-continue", f"Content-Length: {length}"))
            for status in statuses:
                assert peer.answer().status == status
                peer.write(FORM)


@only("uvicorn")
def test_a_plain_handler_that_blocks_keeps_nobody_waiting(server: Server) -> None:
    receiver = Receiver(verify=None, threads=2)
    blocked, plain, awaited = (Held(receiver, path, is_async=path == "/async") for path in ("/x", "/plain", "/async"))
    plain.go.set()
    awaited.go.set()
    server.serve(receiver)
    with server.peer() as first, server.peer() as second:
        first.write(written("GET", f"/x?{QUERY}"))
        assert blocked.begun.wait(LONGEST)
        for path, status in {"/plain": 200, "/async": 200, "/other": 404}.items():
            second.write(written("GET", f"{path}?{QUERY}"))
            assert second.answer().status == status
        blocked.go.set()
        assert first.answer().status == 200


# ---- applications called directly ------------------------------------------------------------------------------------


def test_it_is_told_when_a_server_starts_and_ends_and_declines_other_protocols() -> None:
    made = inbox()
    for _ in range(2):
        sent = ask(made.receiver, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}, type="lifespan")
        assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert ask(made.receiver)[0]["status"] == 200
    assert ask(made.receiver, type="websocket") == [{"type": "websocket.close", "code": 1000}]
    with pytest.raises(ValueError, match="http"):
        ask(made.receiver, type="telnet")


@pytest.mark.parametrize("known", ["/x", "/hooks/x", "/a/b/x"])
@pytest.mark.parametrize("root", ["", "/hooks", "/a/b"])
@pytest.mark.parametrize("path", ["/x", "/y", "x", "/x/", "/hooks/x"])
def test_a_path_counts_as_the_world_sees_it_or_as_it_is_below_the_prefix(known: str, root: str, path: str) -> None:
    made = inbox(None, "inbound-sms")
    made.receiver.on("delivery-receipt", known)(made.handled.append)
    expected = 200 if known in (path, root + path) else 404
    assert ask(made.receiver, root_path=root, path=root + path)[0]["status"] == expected
    assert call(made.receiver, SCRIPT_NAME=root, PATH_INFO=path, QUERY_STRING=QUERY) == expected
    if not root or not path.startswith(root):  # else it cannot be told which of the two ways is meant
        assert ask(made.receiver, root_path=root, path=path)[0]["status"] == expected


def test_frameworks_mount_it_below_a_prefix() -> None:
    made = inbox()
    mounted = Starlette(routes=[Mount("/a", Starlette(routes=[Mount("/hooks", app=made.receiver.asgi)]))])

    async def fetch() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://host") as client:
            return (await client.get(f"/a/hooks{TARGET}")).status_code

    assert asyncio.run(fetch()) == 200
    dispatcher = DispatcherMiddleware(lambda *_: [], {"/a/hooks": made.receiver.wsgi})
    assert Client(dispatcher).post(f"/a/hooks{PATH}", data=FORM + b"2").status_code == 200
    assert len(made.handled) == 2


def test_messages_of_a_body_may_be_empty_and_one_that_ends_with_a_disconnect_is_not_answered() -> None:
    made, more = inbox(), {"type": "http.request", "more_body": True}
    sent = ask(made.receiver, more, {**more, "body": FORM}, more, {"type": "http.request"}, method="POST")
    assert [each.get("status") for each in sent] == [200, None]
    for begun in ([], [{**more, "body": FORM}], [more, {**more, "body": FORM}]):
        assert ask(made.receiver, *begun, {"type": "http.disconnect"}, method="POST") == []
    assert len(made.handled) == 1


@pytest.mark.parametrize("raised", [OSError("reset"), TimeoutError(), ValueError("no chunk"), None])
def test_an_input_that_fails_or_ends_early_is_refused_and_one_in_pieces_is_read(raised: Exception | None) -> None:
    class Input(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(min(9, size or 9))
            if raised and not piece:
                raise raised
            return piece

    made, too_few = inbox(), {"CONTENT_LENGTH": str(len(FORM) + 1)}
    for told in (too_few, {**too_few, "wsgi.input_terminated": True}, {}):
        assert call(made.receiver, REQUEST_METHOD="POST", **{"wsgi.input": Input(FORM)}, **told) == 400
    assert not made.handled
    told = {"CONTENT_LENGTH": str(len(FORM)), "QUERY_STRING": "", "CONTENT_TYPE": ""}
    assert call(made.receiver, REQUEST_METHOD="POST", **{"wsgi.input": Input(FORM)}, **told) == 200


REFUSED: Final[dict[str, Callable[[Receiver], object]]] = {
    "413 by ASGI": lambda to: ask(to, method="POST", headers=[(b"content-length", b"100")]),
    "413 by ASGI, not announced": lambda to: ask(to, {"type": "http.request", "body": b"a" * 100}, method="POST"),
    "400 by ASGI": lambda to: ask(to, method="POST", headers=[(b"content-length", each) for each in (b"1", b"2")]),
    "408 by ASGI": lambda to: ask(to, method="POST"),
    "413 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", CONTENT_LENGTH="9" * 5000),
    "411 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", HTTP_TRANSFER_ENCODING="chunked"),
    "400 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", CONTENT_LENGTH="5"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_body_that_is_refused_is_one_line_and_one_report_too(what: str, caplog: pytest.LogCaptureFixture) -> None:
    made = inbox(max_bytes=99, body_timeout=0.0)
    REFUSED[what](made.receiver)
    assert [each.status for each in made.answered] == [int(what[:3])]
    assert len([each for each in caplog.records if f"HTTP {what[:3]}" in each.getMessage()]) == 1


def test_what_a_request_knows_by_its_context_its_handler_knows() -> None:
    known, receiver, seen = ContextVar[str]("known"), Receiver(verify=None), list[str]()
    receiver.on("delivery-receipt", PATH)(lambda _: seen.append(known.get()))
    known.set("it")
    ask(receiver)
    assert call(receiver, QUERY_STRING=f"{QUERY}2") == 200
    assert seen == ["it", "it"]


@EACH_KIND
def test_a_failure_that_nobody_waits_for_is_told_of_too(is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(verify=None)
    held = Held(receiver, is_async=is_async)
    held.fails = True

    async def go() -> None:
        first = asyncio.create_task(receiver.handle_async(PATH, Request("GET", QUERY)))
        await asyncio.to_thread(held.begun.wait, LONGEST)
        first.cancel()
        held.go.set()
        await asyncio.wait([first, *receiver._running])

    asyncio.run(go())
    assert f"the handler of {PATH} failed" in caplog.text


def test_a_handler_that_is_cancelled_from_within_has_failed() -> None:
    async def handler(_: object) -> None:
        raise asyncio.CancelledError

    receiver = Receiver(verify=None)
    receiver.on("delivery-receipt", PATH)(handler)
    assert call(receiver, QUERY_STRING=QUERY) == 500
    assert ask(receiver)[0]["status"] == 500
