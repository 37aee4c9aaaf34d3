"""A receiver as an application that is called directly: what no server does at will, and what frameworks hand on."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from shortcodekit.webhooks import Event, Receiver, Request

from .serving_peers import LONGEST, PATH, QUERY, Held, ask, call, inbox

FORM: Final = QUERY.encode()
TARGET: Final = f"{PATH}?{QUERY}"
EACH_KIND: Final = pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])


def test_it_is_told_when_a_server_starts_and_ends_and_declines_other_protocols() -> None:
    made = inbox()
    for _ in range(2):
        sent = ask(made.receiver, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}, type="lifespan")
        assert [each["type"] for each in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert ask(made.receiver)[0]["status"] == 200
    assert ask(made.receiver, type="websocket") == [{"type": "websocket.close", "code": 1000}]
    with pytest.raises(ValueError, match=r"^an ASGI application for http; this is another protocol$"):
        ask(made.receiver, type="telnet")


def test_what_servers_may_leave_out_of_a_request_is_empty() -> None:
    receiver, events = Receiver(verify=None), list[Event]()
    receiver.accept("delivery-receipt", PATH)(events.append)
    message, sent = {"type": "http.request", "body": FORM}, list[Any]()

    async def receive() -> dict[str, Any]:
        return message

    async def send(answer: Any) -> None:
        sent.append(answer)

    async def main() -> None:
        await receiver.asgi({"type": "http", "method": "POST", "path": PATH}, receive, send)

    asyncio.run(main())
    told = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(FORM) + 1), "wsgi.input": io.BytesIO(FORM + b"2")}
    assert (sent[0]["status"], call(receiver, **told)) == (200, 200)
    assert [each.request for each in events] == [Request("POST", "", [], FORM), Request("POST", "", [], FORM + b"2")]


def test_the_variables_of_a_wsgi_server_are_headers_again() -> None:
    receiver, events = Receiver(verify=None), list[Event]()
    receiver.accept("delivery-receipt", PATH)(events.append)
    variables = {"HTTP_X_REQUEST_ID": "7", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "0", "SERVER_NAME": "x"}
    assert call(receiver, QUERY_STRING=QUERY, **variables) == 200
    assert events[0].request.headers == [("x-request-id", "7"), ("content-type", "text/plain")]


def test_an_answer_has_names_in_lower_case_and_to_head_no_body() -> None:
    made = inbox()
    for method in ("GET", "HEAD"):
        start, body = ask(made.receiver, method=method, path="/nothing")
        headers = dict(start["headers"])
        assert start["status"] == 404
        assert headers[b"content-type"] == b"application/json"
        assert headers[b"content-length"] == str(len(body["body"])).encode()
        assert bool(body["body"]) == (method == "GET")


def test_the_bytes_of_a_query_that_are_no_utf_8_are_refused_when_they_are_read() -> None:
    made = inbox()
    assert ask(made.receiver, query_string=FORM + b"&client-ref=\xff")[0]["status"] == 400
    assert made.answered[0].reason == "delivery-receipt: the query is not UTF-8"


def test_what_is_larger_in_all_than_is_allowed_is_refused_however_small_its_pieces_are() -> None:
    made = inbox(max_bytes=99)
    piece = {"type": "http.request", "body": b"a" * 60, "more_body": True}
    assert ask(made.receiver, piece, piece, piece, method="POST")[0]["status"] == 413


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


def test_of_two_paths_that_may_be_meant_the_one_that_the_world_sees_is() -> None:
    receiver, seen = Receiver(verify=None), list[str]()
    receiver.on("delivery-receipt", "/hooks/x")(lambda _: seen.append("whole"))
    receiver.on("delivery-receipt", "/x")(lambda _: seen.append("below"))
    assert ask(receiver, root_path="/hooks", path="/hooks/x")[0]["status"] == 200
    assert call(receiver, SCRIPT_NAME="/hooks", PATH_INFO="/x", QUERY_STRING=f"{QUERY}2") == 200
    assert seen == ["whole", "whole"]


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

    made, too_few = inbox(max_bytes=99), {"CONTENT_LENGTH": str(len(FORM) + 1)}
    for told in (too_few, {**too_few, "wsgi.input_terminated": True}, {}):
        assert call(made.receiver, REQUEST_METHOD="POST", **{"wsgi.input": Input(FORM)}, **told) == 400
    assert not made.handled
    for length in (str(len(FORM)), f"0{len(FORM)}"):
        told = {"CONTENT_LENGTH": length, "QUERY_STRING": "", "CONTENT_TYPE": ""}
        assert call(made.receiver, REQUEST_METHOD="POST", **{"wsgi.input": Input(FORM)}, **told) == 200
    assert [each.to_form() for each in made.handled] == [FORM]


def test_no_more_is_read_than_was_announced() -> None:
    class Connection(io.BytesIO):
        """Where a read waits for what does not come."""

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 < size <= len(FORM) - self.tell()
            return super().read(min(9, size))

    made, told = inbox(), {"CONTENT_LENGTH": str(len(FORM))}
    assert call(made.receiver, REQUEST_METHOD="POST", **{"wsgi.input": Connection(FORM)}, **told) == 200


def test_a_request_without_a_length_has_no_body_and_is_told_so() -> None:
    made = inbox()
    assert call(made.receiver, REQUEST_METHOD="POST") == 400
    assert made.receiver.handle(PATH, Request("POST")).status == 400
    assert made.answered[0].reason == made.answered[1].reason


REFUSED: Final[dict[str, Callable[[Receiver], object]]] = {
    "413 by ASGI": lambda to: ask(to, method="POST", headers=[(b"content-length", b"100")]),
    "413 by ASGI, not announced": lambda to: ask(to, {"type": "http.request", "body": b"a" * 100}, method="POST"),
    "400 by ASGI": lambda to: ask(to, method="POST", headers=[(b"content-length", each) for each in (b"1", b"2")]),
    "408 by ASGI": lambda to: ask(to, method="POST"),
    "413 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", CONTENT_LENGTH="9" * 5000),
    "411 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", HTTP_TRANSFER_ENCODING="chunked"),
    "400 by WSGI": lambda to: call(to, REQUEST_METHOD="POST", CONTENT_LENGTH="5"),
}


REASONS: Final = {
    "413 by ASGI": "larger than 99 bytes",
    "400 by ASGI": "Content-Length is no number",
    "408 by ASGI": "the body did not arrive in time",
    "413 by WSGI": "larger than 99 bytes",
    "411 by WSGI": "this server takes a body with a Content-Length only",
    "400 by WSGI": "the body broke off",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_body_that_is_refused_is_one_line_and_one_report_too(what: str, caplog: pytest.LogCaptureFixture) -> None:
    made = inbox(max_bytes=99, body_timeout=0.0)
    REFUSED[what](made.receiver)
    (told,) = made.answered
    assert (told.status, told.event, told.path) == (int(what[:3]), "delivery-receipt", PATH)
    assert (told.outcome, told.seconds) == ("malformed", 0.0)
    (line,) = [each.getMessage() for each in caplog.records if f"HTTP {what[:3]}" in each.getMessage()]
    assert line == f"delivery-receipt: malformed, HTTP {told.status}, 0.000 s: {told.reason}"
    assert told.reason == REASONS[what[: len("400 by WSGI")]]


def test_a_body_that_is_refused_where_nothing_is_registered_is_of_no_event() -> None:
    made = inbox(max_bytes=99)
    assert call(made.receiver, REQUEST_METHOD="POST", PATH_INFO="/nothing", CONTENT_LENGTH="100") == 413
    (told,) = made.answered
    assert (told.event, told.path, told.outcome) == (None, "/nothing", "malformed")


def test_what_a_request_knows_by_its_context_its_handler_knows() -> None:
    known, receiver, seen = ContextVar[str]("known"), Receiver(verify=None), list[str]()
    receiver.on("delivery-receipt", PATH)(lambda _: seen.append(known.get()))
    known.set("it")
    ask(receiver)
    assert call(receiver, QUERY_STRING=f"{QUERY}2") == 200
    assert seen == ["it", "it"]


def test_a_server_that_ends_cancels_async_handlers_which_give_their_events_back() -> None:
    receiver = Receiver(verify=None, patience=0.0)
    begun, started = list[object](), asyncio.Event()

    @receiver.on("delivery-receipt", PATH)
    async def handler(receipt: object) -> None:
        begun.append(receipt)
        started.set()
        if len(begun) == 1:
            await asyncio.sleep(3600)

    async def go() -> int:
        first = asyncio.create_task(receiver.handle_async(PATH, Request("GET", QUERY)))
        await started.wait()
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await receiver.asgi({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        await asyncio.wait([first])
        return (await receiver.handle_async(PATH, Request("GET", QUERY))).status

    assert asyncio.run(go()) == 200
    assert len(begun) == 2


def test_an_object_whose_call_is_awaited_runs_in_the_event_loop_of_the_server() -> None:
    class Handler:
        async def __call__(self, _: object) -> None:
            loops.append(asyncio.get_running_loop())

    loops = list[asyncio.AbstractEventLoop]()
    receiver = Receiver(verify=None)
    receiver.on("delivery-receipt", PATH)(Handler())

    async def main() -> None:
        assert (await receiver.handle_async(PATH, Request("GET", QUERY))).status == 200
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(main())


def test_a_server_that_ends_does_not_wait_for_ever_for_a_handler_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortcodekit.webhooks.receiver.LAST_MOMENTS", 0.01)
    receiver = Receiver(verify=None)
    started, go = asyncio.Event(), asyncio.Event()

    @receiver.on("delivery-receipt", PATH)
    async def handler(_: object) -> None:
        started.set()
        while not go.is_set():
            with suppress(asyncio.CancelledError):
                await go.wait()

    async def main() -> int:
        first = asyncio.create_task(receiver.handle_async(PATH, Request("GET", QUERY)))
        await started.wait()
        async with asyncio.timeout(LONGEST):
            await receiver.aclose()
        go.set()
        return (await first).status

    assert asyncio.run(main()) == 200


def test_the_threads_of_a_receiver_that_is_closed_end_once_they_have_nothing_to_do() -> None:
    receiver, threads = Receiver(verify=None), list[threading.Thread]()
    begun, go = threading.Event(), threading.Event()

    @receiver.on("delivery-receipt", PATH)
    def handler(_: object) -> None:
        threads.append(threading.current_thread())
        begun.set()
        assert go.wait(LONGEST)

    async def main() -> int:
        asked = asyncio.create_task(receiver.handle_async(PATH, Request("GET", QUERY)))
        await asyncio.to_thread(begun.wait, LONGEST)
        receiver.close()
        go.set()
        return (await asked).status

    assert asyncio.run(main()) == 200
    threads[0].join(LONGEST)
    assert not threads[0].is_alive()
    assert threads[0].name.startswith("shortcodekit-webhooks-handlers")


def test_plain_handlers_run_in_threads_that_stay() -> None:
    receiver, threads = Receiver(verify=None, threads=1), list[threading.Thread]()
    receiver.on("delivery-receipt", PATH)(lambda _: threads.append(threading.current_thread()))

    async def main() -> None:
        for number in range(3):
            assert (await receiver.handle_async(PATH, Request("GET", f"{QUERY}{number}"))).status == 200

    asyncio.run(main())
    assert threads == [threads[0]] * 3


def test_there_are_as_many_threads_for_handlers_as_are_asked_for_and_eight_for_stores() -> None:
    receiver = Receiver(verify=None, threads=3)
    pools: list[Any] = [receiver._pool("handlers"), receiver._pool("stores")]
    assert [each._max_workers for each in pools] == [3, 8]


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
    assert f"the handler of {PATH} failed; the event will come again\nTraceback" in caplog.text


def test_a_handler_that_is_cancelled_from_within_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(_: object) -> None:
        raise asyncio.CancelledError

    receiver = Receiver(verify=None)
    receiver.on("delivery-receipt", PATH)(handler)
    assert call(receiver, QUERY_STRING=QUERY) == 500
    assert ask(receiver)[0]["status"] == 500
    assert "RuntimeError: the handler raised CancelledError, and nobody had cancelled it\n" in caplog.text
