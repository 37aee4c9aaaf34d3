"""A receiver behind servers: what peers may do to a connection, and what servers and frameworks hand on.

Servers and connections are real. An event is handled when all of its request came, and only then; whatever a peer does, the server is given an
answer that it can send, and no exception.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from shortcodekit.webhooks import JwtSecret, Receiver, Request, SigSecret

from . import serving_peers as peers
from .callers import one_ssl_context
from .canaries import canary
from .serving_peers import LONGEST, PATH, QUERY, Held, Server, in_chunks, inbox, written

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
    with httpx.Client(base_url="http://{}:{}".format(*server.address), trust_env=False, timeout=LONGEST) as client:
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
    receiver, handled = Receiver(verify=None, threads=8, patience=LONGEST), list[str]()

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
    made, request = serving(server, body_timeout=0.2), written("POST", PATH, FORM.ljust(99, b"0"))
    for count, slow in enumerate((b"", request[-99:]), 1):  # the latter would take three seconds
        with server.peer() as peer:
            peer.write(request[:-99] if slow else request[:-1])
            for byte in slow:
                if select.select([peer.socket], [], [], 0.03)[0]:
                    break
                peer.write(bytes([byte]))
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
