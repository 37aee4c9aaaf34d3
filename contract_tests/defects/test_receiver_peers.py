"""Of the matrix itself: the correct receivers take what the specs show, and each broken one is broken."""

from __future__ import annotations

import asyncio
import inspect
import io
import itertools
import random
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest
from attrs import evolve

from contract_tests.apis import WEBHOOKS
from contract_tests.arriving import FORM, JSON, way_of, ways
from contract_tests.samples import ACCEPTED
from shortcodekit.webhooks import Request

from . import EVENTS, MESSAGES, App, Peer, Shown
from .plain import Asgi, Plain, Wsgi
from .receivers import BROKEN
from .receivers_correct import CORRECT
from .showing import SECRET, document_of, request_of, signed_request, with_token

SOON: Final = 1.5
"""For how many seconds an answer is waited for that is to be wrong: the slow receivers take three …"""
PATIENCE: Final = 60.0
"""… and for how many one is that is to be right, on a busy machine as well."""

# ---- how they are asked ----------------------------------------------------------------------------------------------


def statuses(app: App, requests: Sequence[Request], within: float) -> list[int]:
    """The statuses that are answered to requests that arrive at the same time; 0 where there is no answer in time."""
    if len(inspect.signature(app).parameters) == 3:
        return asyncio.run(_by_asgi(app, requests, within))
    return _by_wsgi(app, requests, within)


def _by_wsgi(app: App, requests: Sequence[Request], within: float) -> list[int]:
    found, started = [0] * len(requests), time.monotonic()

    def ask(place: int, request: Request) -> None:
        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            del headers, exc_info
            found[place] = int(status.split(" ", maxsplit=1)[0])

        answer = app(_environ(request), start_response)
        b"".join(answer)

    threads = [threading.Thread(target=ask, args=each, daemon=True) for each in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, started + within - time.monotonic()))
    return list(found)


def _environ(request: Request) -> dict[str, Any]:
    kind = "".join(request.header("content-type"))
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/webhooks/anything",
        "QUERY_STRING": request.query.encode("utf-8", "surrogateescape").decode("latin-1"),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        **{
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in _headers(request)
            if name != "content-type"
        },
    }


def _headers(request: Request) -> list[tuple[str, str]]:
    pairs = request.headers.items() if isinstance(request.headers, Mapping) else request.headers
    return [("host", "localhost"), *((name.lower(), value) for name, value in pairs)]


async def _by_asgi(app: App, requests: Sequence[Request], within: float) -> list[int]:
    return await asyncio.gather(*(_asked(app, request, within) for request in requests))


async def _asked(app: App, request: Request, within: float) -> int:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": "/webhooks/anything",
        "raw_path": b"/webhooks/anything",
        "root_path": "",
        "query_string": request.query.encode("utf-8", "surrogateescape"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in _headers(request)],
        "server": ("localhost", 80),
        "client": ("localhost", 50_000),
    }
    arriving = [{"type": "http.request", "body": request.body, "more_body": False}]
    found = [0]

    async def receive() -> dict[str, Any]:
        return arriving.pop() if arriving else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        found[0] = message.get("status", found[0])

    try:
        async with asyncio.timeout(within):
            await app(scope, receive, send)
    except TimeoutError:
        return 0
    return found[0]


def right(event: str, shown: Shown, status: int) -> bool:
    """Whether `status` is what has to be answered."""
    match shown.right:
        case "taken":
            return status == 200 or (status == 204 and event in MESSAGES)
        case "refused":
            return status >= 400
        case _:
            return 200 <= status < 500


def answers(app: App, event: str, shown: Sequence[Shown], within: float = PATIENCE) -> list[bool]:
    """Whether each step is answered rightly, and in time."""
    return [all(right(event, each, status) for status in statuses(app, each.requests, within)) for each in shown]


def cases(peers: Sequence[Peer]) -> list[Any]:
    """Each peer with each of its events."""
    return [pytest.param(peer, event, id=f"{peer}-{event}") for peer in peers for event in peer.events]


# ---- what is true of them --------------------------------------------------------------------------------------------


def test_there_are_enough_of_them_and_each_has_a_name_and_a_sentence_of_its_own() -> None:
    peers = [*BROKEN, *CORRECT]
    assert len(BROKEN) >= 30
    assert len(CORRECT) >= 8
    assert len({peer.name for peer in peers}) == len(peers)
    assert len({peer.sentence for peer in BROKEN}) == len(BROKEN)
    assert all(peer.sentence.endswith(".") and set(peer.events) <= set(EVENTS) and peer.events for peer in peers)
    assert {event for peer in BROKEN for event in peer.events} == set(EVENTS)


@pytest.mark.parametrize(("peer", "event"), cases(BROKEN))
def test_a_broken_receiver_answers_the_last_of_its_requests_wrongly_and_a_correct_one_none(
    peer: Peer, event: str
) -> None:
    assert peer.shows is not None
    shown = peer.shows(event)
    secret = SECRET if peer.signed else None
    app = peer.make(event, secret)
    assert answers(app, event, shown[:-1]) == [True] * (len(shown) - 1)
    assert answers(app, event, shown[-1:], SOON) == [False]
    adapter = Asgi if event in MESSAGES else Wsgi
    assert all(answers(adapter(Plain(event, secret)), event, shown))


@pytest.mark.parametrize(("peer", "event"), cases(CORRECT))
def test_a_correct_receiver_takes_each_example_of_the_specs_in_each_encoding(peer: Peer, event: str) -> None:
    app = peer.make(event, SECRET if peer.signed else None)
    sent = [
        _signed(event, document, way.encoding) if peer.signed else request_of(event, document, way.encoding)
        for way in ways(event)
        for operation in WEBHOOKS
        if operation.path == event
        for _, _, _, document in operation.examples()
    ]
    assert len(sent) >= 5
    assert answers(app, event, [Shown((request,)) for request in sent]) == [True] * len(sent)
    assert answers(app, event, [Shown(tuple(sent))]) == [True], "and again, all at the same time"


@pytest.mark.parametrize(("peer", "event"), cases([peer for peer in CORRECT if not peer.signed]))
def test_a_correct_receiver_takes_each_sample_that_is_accepted(peer: Peer, event: str) -> None:
    app = peer.make(event, None)
    found = {str(sample): way for _, sample in ACCEPTED if (way := way_of(sample)) is not None and way.name == event}
    assert found
    for _, sample in ACCEPTED:
        if str(sample) in found:
            request = found[str(sample)].request(sample.content.removeprefix(b"?"))
            assert answers(app, event, [Shown((request,))]) == [True], str(sample)


@pytest.mark.parametrize(("peer", "event"), cases([peer for peer in CORRECT if peer.signed]))
def test_a_correct_receiver_that_verifies_refuses_all_that_a_broken_one_takes(peer: Peer, event: str) -> None:
    app = peer.make(event, SECRET)
    shown = [
        (each.name, step)
        for each in BROKEN
        if each.signed and event in each.events and each.shows is not None
        for step in each.shows(event)
    ]
    assert len(shown) > 10
    assert [name for name, step in shown if not answers(app, event, [step])[0]] == []


@pytest.mark.parametrize(("peer", "event"), cases([peer for peer in CORRECT if not peer.signed]))
def test_a_correct_receiver_takes_all_that_a_broken_one_loses(peer: Peer, event: str) -> None:
    app = peer.make(event, None)
    shown = [
        (each.name, step)
        for each in BROKEN
        if not each.signed and event in each.events and each.shows is not None
        for step in each.shows(event)
    ]
    assert [name for name, step in shown if not answers(app, event, [step])[0]] == []


@pytest.mark.parametrize(("peer", "event"), cases(CORRECT))
def test_a_correct_receiver_answers_whatever_arrives_and_takes_the_next_event(peer: Peer, event: str) -> None:
    secret = SECRET if peer.signed else None
    app, chance = peer.make(event, secret), random.Random(7)  # noqa: S311  # the same in each run
    document = document_of(event, {})
    sent = [
        Request(method, query, [("Content-Type", label)], body)
        for method, query, label, body in itertools.chain(
            itertools.product(["POST"], [""], [JSON, FORM], HOSTILE),
            itertools.product(
                ["GET", "HEAD", "PUT"], ["", "msisdn", "=&=", "%", "%FF=%FF", "msisdn=1&msisdn=2"], [FORM], [b""]
            ),
        )
    ]
    for way in ways(event):
        whole = _signed(event, document, way.encoding) if peer.signed else request_of(event, document, way.encoding)
        for _ in range(20):
            sent.append(
                evolve(
                    whole,
                    query=changed(whole.query.encode(), chance).decode("utf-8", "surrogateescape"),
                    body=changed(whole.body, chance),
                )
            )
    assert [request for request in sent if not answers(app, event, [Shown((request,), "answered")])[0]] == []
    last = _signed(event, document, JSON) if peer.signed else request_of(event, document)
    assert answers(app, event, [Shown((last,))]) == [True]


HOSTILE: Final = (
    *(
        b"",
        b"{",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b'"',
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        b"%",
        b"%FF=1",
        b"&&&",
        b"=",
        b"NaN",
    ),
    *(b'{"msisdn":' + value + b',"status":"delivered"}' for value in (b"null", b"[]", b"{}", b"true", b"-1", b"1e999")),
    *(b'{"msisdn":"\\ud800","status":' + value + b"}" for value in (b"0", b'"\\udc00"', b"NaN", b"9" * 5000)),
    *(
        b'{"message_uuid":"a","timestamp":"b","to":' + value + b',"from":{},"message":1}'
        for value in (b"1", b"{}", b"[]")
    ),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"a=1&" * 20_000,
)


def changed(content: bytes, chance: random.Random) -> bytes:
    """`content` with one of its bytes another one, or cut short."""
    if not content:
        return content
    place = chance.randrange(len(content))
    return content[:place] + (b"" if chance.random() < 0.2 else bytes([chance.randrange(256)]) + content[place + 1 :])


def _signed(event: str, document: Mapping[str, Any], encoding: str) -> Request:
    if event in MESSAGES:
        return with_token(request_of(event, document, JSON))
    return signed_request(event, document, encoding)
