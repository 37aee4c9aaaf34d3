"""Nothing but the errors of this package leaves a client, whatever a transport or a hook of the caller's does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from shortcodekit import CallReport
from shortcodekit.errors import InvalidRequest, ShortcodeKitError, TransportFailure, UnexpectedAnswer

from .bodies import Body
from .callers import ALERTS, MESSAGES, OPT_IN, Caller, both, one_ssl_context
from .faults import answer, faulty, saying

EACH_CALLER: Final = pytest.mark.parametrize("caller", both(ALERTS, OPT_IN, MESSAGES), ids=str)
EACH_WAY: Final = pytest.mark.parametrize("caller", both(MESSAGES), ids=str)


@pytest.fixture(scope="module", autouse=True)
def _shared() -> Iterator[None]:
    with one_ssl_context():
        yield


class Unspeakable(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


RAISED: Final[list[Exception]] = [
    *(kind("said") for kind in (RuntimeError, OSError, ValueError, KeyError, AssertionError, StopIteration)),
    *(kind("said") for kind in (StopAsyncIteration, TimeoutError, RecursionError, MemoryError, UnicodeError)),
    *(httpx.InvalidURL("said"), httpx.CookieConflict("said"), httpx.StreamClosed(), httpx.TooManyRedirects("said")),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "said"),
    ExceptionGroup("said", [ValueError("inner")]),
]


def failure(caller: Caller, handler: Callable[[httpx.Request], Any]) -> ShortcodeKitError:
    """The error that leaves a client with a transport that does so; anything else fails the test."""
    with pytest.raises(ShortcodeKitError) as raised:
        caller.run("https://api.example", transport=httpx.MockTransport(handler), retries=0)
    error = raised.value
    assert error.__cause__ is error.__context__ is None
    assert error.attempts == 1
    assert error.may_have_been_sent is not caller.is_query
    return error


def _named(error: Exception) -> str:
    return type(error).__name__


@pytest.mark.parametrize(
    "raised",
    [*RAISED, Unspeakable()],
    ids=_named,
)
@pytest.mark.parametrize("caller", both(OPT_IN, MESSAGES), ids=str)
def test_whatever_a_transport_raises_is_a_transport_failure(caller: Caller, raised: Exception) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise raised

    error = failure(caller, handler)
    assert isinstance(error, TransportFailure)
    assert error.timed_out is isinstance(raised, TimeoutError)
    assert type(raised).__name__ in error.reason


@pytest.mark.parametrize(
    ("raised", "may_have_been_sent", "timed_out"),
    [
        (httpx.ConnectError, False, False),
        (httpx.ConnectTimeout, False, True),
        (httpx.PoolTimeout, False, True),
        (httpx.ProxyError, False, False),
        (httpx.UnsupportedProtocol, False, False),
        (httpx.WriteError, True, False),
        (httpx.WriteTimeout, True, True),
        (httpx.ReadError, True, False),
        (httpx.ReadTimeout, True, True),
        (httpx.CloseError, True, False),
        (httpx.RemoteProtocolError, True, False),
        (httpx.DecodingError, True, False),
    ],
)
@EACH_WAY
def test_only_what_fails_before_the_first_byte_was_not_sent(
    caller: Caller, raised: type[httpx.RequestError], may_have_been_sent: bool, timed_out: bool
) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise raised("said")

    with pytest.raises(TransportFailure) as caught:
        caller.run("https://api.example", transport=httpx.MockTransport(handler), retries=0)
    assert (caught.value.may_have_been_sent, caught.value.timed_out) == (may_have_been_sent, timed_out)


ODD: Final[dict[str, Callable[[httpx.Request], Any]]] = {
    "nothing": lambda _: None,
    "a text": lambda _: "200 OK",
    "content of texts": lambda _: httpx.Response(200, stream=Body("text")),
    "content that fails": lambda _: httpx.Response(200, stream=Body(b"{", error=OSError("said"))),
    "content that cannot be closed": lambda _: httpx.Response(200, stream=Body(b"{}", closing=OSError("said"))),
    "a closed answer": lambda _: httpx.Response(200, stream=httpx.ByteStream(b"{}"), extensions={"http_version": 1}),
    "a wrong encoding": lambda _: httpx.Response(200, stream=Body(b"{}"), headers={"Content-Encoding": "gzip"}),
    "bytes in headers": lambda _: httpx.Response(200, headers=[(b"content-type", b"\xff\xfe\0"), (b"x", b"\xff")]),
    "headers that say everything twice": lambda _: httpx.Response(
        200, headers=[(name, value) for name in ("content-type", "retry-after", "date") for value in ("1", "2")]
    ),
    "a long content type": lambda _: httpx.Response(200, headers={"Content-Type": "x" * 100_000}),
    "cookies": lambda _: httpx.Response(200, headers={"Set-Cookie": "=; expires=rubbish; domain=\xff; max-age=x"}),
    "a redirect to rubbish": lambda _: httpx.Response(302, headers={"Location": "http://\xff:99999999999/"}),
    "no status": lambda _: httpx.Response(0),
    "a status below all": lambda _: httpx.Response(-1),
    "a status beyond all": lambda _: httpx.Response(10**6),
}


@pytest.mark.parametrize("name", ODD)
@EACH_CALLER
def test_whatever_a_transport_answers_ends_in_an_error_of_this_package(caller: Caller, name: str) -> None:
    assert isinstance(failure(caller, ODD[name]), UnexpectedAnswer | TransportFailure)


@EACH_WAY
def test_content_that_neither_can_be_read_nor_closed_is_a_transport_failure(caller: Caller) -> None:
    stream = Body(error=ValueError("said"), closing=OSError("said"))
    assert isinstance(failure(caller, lambda _: httpx.Response(200, stream=stream)), TransportFailure)


@EACH_WAY
def test_what_stops_the_program_stops_a_call(caller: Caller) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise SystemExit

    reports: list[CallReport] = []
    with pytest.raises(SystemExit):
        caller.run("https://api.example", transport=httpx.MockTransport(handler), on_call=reports.append)
    assert [report.outcome for report in reports] == ["cancelled"]


@pytest.mark.parametrize("raised", [*RAISED, InvalidRequest("a rule")], ids=_named)
@EACH_WAY
def test_a_hook_that_fails_changes_no_outcome(caller: Caller, raised: Exception) -> None:
    reports: list[CallReport] = []

    def hook(report: CallReport) -> None:
        reports.append(report)
        raise raised

    with faulty(saying(answer(*caller.good))) as server:
        caller.run(server.address, on_call=hook)
    with faulty(saying(answer("502 Bad Gateway"))) as server, pytest.raises(UnexpectedAnswer):
        caller.run(server.address, on_call=hook)
    assert [report.outcome for report in reports] == ["ok", "UnexpectedAnswer"]
