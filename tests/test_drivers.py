"""The two drivers of calls in front of transports of the caller's: what they exchange, close, keep and wait for. No network.

Both drivers go through the same cases, so that what is awaited and what blocks do the same.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any, Final

import httpx
import pytest

from contract_tests.calls import outcome
from shortcodekit import (
    AsyncMessagesClient,
    AsyncOptInClient,
    Basic,
    CallReport,
    KeySecret,
    MessagesClient,
    OptInClient,
    RetryPolicy,
)
from shortcodekit.clients.transport import AsyncTransport, SyncTransport
from shortcodekit.errors import ApiProblem, InvalidRequest, ShortcodeKitError, TransportFailure, UnexpectedAnswer
from shortcodekit.exchange import LARGEST, TOO_LARGE, Call

from .bodies import Body

GOOD: Final = b'{"message_uuid":"an-id"}'
SMS: Final = {
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "15550100000"},
    "message": {"content": {"type": "text", "text": "Hi"}},
}
BASIC: Final = Basic("a-key-1234", "a-secret")


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives the answers that it was made with, one after another."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.closed = 0
        self._answers = list(answers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.close()


def _run(awaited: bool, transport: Transport, auth: httpx.Auth = BASIC, **options: Any) -> Any:
    """What comes of a message that is sent by a client of its own; also its report."""
    reports: list[CallReport] = []
    given: dict[str, Any] = {"transport": transport, "retries": 0, "on_call": reports.append, **options}

    async def main() -> Any:
        async with AsyncMessagesClient(auth, **given) as client:
            return await client.send(SMS)

    def blocking() -> Any:
        with MessagesClient(auth, **given) as client:
            return client.send(SMS)

    ended = outcome((lambda: asyncio.run(main())) if awaited else blocking)
    assert transport.closed == 1
    assert len(reports) == 1
    if isinstance(ended, ShortcodeKitError):
        assert ended.__cause__ is ended.__context__ is None
        assert ended.attempts == reports[0].attempts
    return ended


def _good(body: Body | None = None) -> httpx.Response:
    return httpx.Response(202, stream=body or Body(GOOD))


EACH_WAY: Final = (False, True)

# ---- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_read_to_its_end_and_closed_once() -> None:
    for awaited in EACH_WAY:
        body = Body(GOOD[:5], GOOD[5:])
        assert _run(awaited, Transport(_good(body))).message_uuid == "an-id"
        assert (body.taken, body.closed) == (2, 1)


def test_an_answer_that_is_too_large_is_read_no_further() -> None:
    for awaited in EACH_WAY:
        for sizes, taken in (((LARGEST, 1, 1), 2), ((LARGEST + 1, 1), 1)):
            body = Body(*(b"x" * size for size in sizes))
            error = _run(awaited, Transport(_good(body)))
            assert isinstance(error, UnexpectedAnswer)
            assert error.reason.startswith(TOO_LARGE)
            assert (body.taken, body.closed) == (taken, 1)


def test_an_answer_that_breaks_or_cannot_be_closed_is_a_failure_that_says_why() -> None:
    broken: list[tuple[Body, str]] = [
        (Body(GOOD, error=OSError("cut with a-secret")), "OSError: cut with [hidden]"),
        (Body(GOOD, closing=OSError("not closed, a-secret")), "OSError: not closed, [hidden]"),
        (Body(error=ValueError("first"), closing=OSError("last")), "OSError: last"),
    ]
    for awaited in EACH_WAY:
        for body, reason in broken:
            error = _run(awaited, Transport(_good(body)))
            assert isinstance(error, TransportFailure)
            assert (error.reason, error.may_have_been_sent) == (reason, True)


def test_what_a_transport_raises_is_told_without_secrets() -> None:
    for awaited in EACH_WAY:
        error = _run(awaited, Transport(RuntimeError("said a-secret")))
        assert isinstance(error, TransportFailure)
        assert (error.reason, error.may_have_been_sent) == ("RuntimeError: said [hidden]", True)
        refusal = _run(awaited, Transport(InvalidRequest("a rule", field="a")))
        assert isinstance(refusal, InvalidRequest)
        assert (refusal.rule, refusal.field, refusal.attempts) == ("a rule", "a", 0)


def test_what_was_refused_is_sent_again_after_a_wait() -> None:
    for awaited in EACH_WAY:
        transport = Transport(httpx.ConnectError("no"), httpx.Response(429), _good())
        assert _run(awaited, transport, retries=RetryPolicy(count=2, first=0)).message_uuid == "an-id"
        assert len(transport.requests) == 3
        assert len(set(map(id, transport.requests))) == 3


@pytest.mark.parametrize("awaited", EACH_WAY)
def test_it_is_asked_before_each_attempt_whether_it_may_be_made_and_awaited_in_a_thread(awaited: bool) -> None:
    asked: list[threading.Thread] = []

    def allowed() -> None:
        asked.append(threading.current_thread())
        if len(asked) == 3:
            raise InvalidRequest("enough")

    transport = Transport(httpx.ConnectError("no"), httpx.ConnectError("no"))
    call = Call(lambda: httpx.Request("GET", "https://peer.test"), lambda came: came.status, True, None, allowed)
    kind: Any = AsyncMessagesClient if awaited else MessagesClient
    client = kind(BASIC, transport=transport, retries=RetryPolicy(count=9, first=0))
    run: Callable[[Any], Any] = asyncio.run if awaited else lambda done: done
    error = outcome(lambda: run(client._run("ask", lambda: call)))
    assert isinstance(error, InvalidRequest)
    assert (error.rule, error.operation, error.attempts) == ("enough", "ask", 2)
    assert [each is threading.main_thread() for each in asked] == [not awaited] * 3


# ---- authentication of the caller's ----------------------------------------------------------------------------------


class Challenged(httpx.Auth):
    """Asks for a challenge first, and answers it; `end` is what it does with the last answer."""

    requires_response_body = False

    def __init__(self, end: Callable[[httpx.Response], object] = bool) -> None:
        self.seen: list[httpx.Response] = []
        self.ended = 0
        self._end = end

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        try:
            first = yield httpx.Request("GET", "https://peer.test/challenge")
            self.seen.append(first)
            request.headers["authorization"] = "answered"
            last = yield request
            self.seen.append(last)
            self._end(last)
        finally:
            self.ended += 1


def test_an_authentication_may_exchange_what_it_needs_first() -> None:
    for awaited in EACH_WAY:
        challenge, auth = Body(b"a", b"b"), Challenged()
        transport = Transport(httpx.Response(401, stream=challenge), _good())
        assert _run(awaited, transport, auth).message_uuid == "an-id"
        assert (challenge.taken, challenge.closed) == (2, 1)
        assert transport.requests[0].url == "https://peer.test/challenge"
        assert transport.requests[1].headers["authorization"] == "answered"
        assert [each.request for each in auth.seen] == transport.requests
        assert auth.ended == 1


def _fails(_: httpx.Response) -> None:
    raise RuntimeError("no good")


def _refuses(_: httpx.Response) -> None:
    raise InvalidRequest("no good")


def test_an_authentication_that_fails_closes_what_it_had() -> None:
    for awaited in EACH_WAY:
        for end, kind in ((_fails, TransportFailure), (_refuses, InvalidRequest)):
            body, auth = Body(GOOD), Challenged(end)
            error = _run(awaited, Transport(httpx.Response(401, stream=Body()), _good(body)), auth)
            assert type(error) is kind
            assert (body.taken, body.closed, auth.ended) == (0, 1, 1)
        auth = Challenged()
        error = _run(awaited, Transport(OSError("gone")), auth)
        assert isinstance(error, TransportFailure)
        assert auth.ended == 1


# ---- the client itself -----------------------------------------------------------------------------------------------

CLOSED: Final = "the client is closed; make another one"


def test_a_client_that_is_closed_says_so_and_closes_its_transport_once() -> None:
    transport = Transport()
    client = MessagesClient(BASIC, transport=transport)
    client.close()
    client.close()
    for do in (lambda: client.send(SMS), client.__enter__):
        with pytest.raises(InvalidRequest) as caught:
            do()
        assert caught.value.rule == CLOSED
        assert caught.value.attempts == 0
    assert (transport.closed, transport.requests) == (1, [])

    async def main() -> None:
        awaited = AsyncMessagesClient(BASIC, transport=transport)
        await awaited.aclose()  # nothing was opened
        with pytest.raises(InvalidRequest) as caught:
            await awaited.send(SMS)
        assert caught.value.rule == CLOSED
        with pytest.raises(InvalidRequest):
            await awaited.__aenter__()
        again = AsyncMessagesClient(BASIC, transport=transport)
        async with again:
            assert transport.closed == 1
        assert transport.closed == 2
        await again.aclose()

    asyncio.run(main())
    assert (transport.closed, transport.requests) == (2, [])


def test_an_event_loop_that_ends_closes_what_was_opened_in_it() -> None:
    transport = Transport(_good(), _good())
    client = AsyncMessagesClient(BASIC, transport=transport)
    for closed in (1, 2):
        assert asyncio.run(client.send(SMS)).message_uuid == "an-id"
        assert transport.closed == closed


def test_an_exchange_that_takes_longer_than_its_timeout_is_cut_where_it_is_awaited() -> None:
    class Silent(Transport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError(request)

    error = _run(True, Silent(), timeout=0.01)
    assert isinstance(error, TransportFailure)
    assert (error.reason, error.timed_out) == ("the time for the whole exchange is over", True)
    assert error.may_have_been_sent


def test_a_client_is_shown_with_its_address_and_its_credentials() -> None:
    for kind in (OptInClient, AsyncOptInClient):
        shown = repr(kind(KeySecret("a-key-1234", "a-secret"), base_url="https://peer.test/a"))
        assert shown == f"{kind.__name__}('https://peer.test/a', KeySecret('…1234'))"


def test_a_transport_goes_by_the_proxy_of_the_environment_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    clients = [kind(BASIC, base_url="https://peer.test") for kind in (MessagesClient, AsyncMessagesClient)]
    assert [type(each._made()) for each in clients] == [SyncTransport, AsyncTransport]
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert [type(each._made()) for each in clients] == [httpx.HTTPTransport, httpx.AsyncHTTPTransport]


def test_a_problem_is_told_by_both_drivers_alike() -> None:
    told = [_run(awaited, Transport(httpx.Response(422, json={"title": "no"}))) for awaited in EACH_WAY]
    assert [type(each) for each in told] == [ApiProblem, ApiProblem]
    assert [str(each) for each in told] == ["sendMessage: refused with HTTP 422: no; nothing was sent"] * 2
