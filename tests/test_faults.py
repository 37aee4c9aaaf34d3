"""What a client makes of peers that misbehave: which error, whether the message may have been sent, how often, how long.

Each fault is met by a send with credentials among its parameters, by a query, and by a send with credentials in a header,
blocking and awaited; all of them over real sockets. `FAULTS` is the table of what has to come of it. Whether a message may
have been sent is judged by what is true on the wire: once its bytes have left, only a peer that says so has not taken it.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import httpx
import pytest
from attrs import evolve, frozen

from shortcodekit import CallReport, RetryPolicy
from shortcodekit.errors import (
    AuthenticationFailed,
    ShortcodeKitError,
    Throttled,
    TransportFailure,
    UnexpectedAnswer,
)

from . import faults
from .callers import ALERTS, MESSAGES, OPT_IN, Caller, both, one_ssl_context
from .faults import PACE, Behaviour, FaultyServer, answer, dripping, faulty, refusing, saying, unanswering

PATIENT: Final = 30.0
"""The timeout where no time is to run out, however busy the machine is."""
SHORT: Final = 1.0
"""The timeout where it is; even on a busy machine a request leaves within it. What drips lasts many times as long."""
CONNECTING: Final = httpx.Timeout(PATIENT, connect=SHORT)
MARGIN: Final = 8.0
"""Seconds beyond the promised ones that a busy machine may take; far from what a broken bound would."""
QUICKLY: Final = RetryPolicy(count=2, first=0.01)

CALLERS: Final = both(ALERTS, OPT_IN, MESSAGES)
EACH_CALLER: Final = pytest.mark.parametrize("caller", CALLERS, ids=str)


# ---- what has to come of it ------------------------------------------------------------------------------------------


@frozen
class Outcome:
    """What came of a call."""

    error: type[ShortcodeKitError] | None
    may_have_been_sent: bool | None
    attempts: int
    timed_out: bool
    received: int
    """How many whole requests reached the peer."""


@frozen
class Expected:
    """What has to come of a fault, with two repetitions allowed."""

    error: type[ShortcodeKitError] | None
    may_have_been_sent: bool
    """For a send; a query sends nothing."""
    sends: int = 1
    """How often a send is attempted."""
    queries: int = 1
    """How often a query is."""
    timed_out: bool = False
    read: int = 1
    """How many whole requests the peer reads of one attempt."""

    def of(self, caller: Caller) -> Outcome:
        attempts = self.queries if caller.is_query else self.sends
        sent = self.may_have_been_sent and not caller.is_query
        return Outcome(self.error, sent if self.error else None, attempts, self.timed_out, self.read * attempts)


UNDERSTOOD: Final = Expected(None, may_have_been_sent=True)
UNREACHED: Final = Expected(TransportFailure, may_have_been_sent=False, sends=3, queries=3, read=0)
CUT: Final = Expected(TransportFailure, may_have_been_sent=True, queries=3)
CUT_UNREAD: Final = evolve(CUT, read=0)
LATE: Final = evolve(CUT, timed_out=True)
STRANGE: Final = Expected(UnexpectedAnswer, may_have_been_sent=True)
SERVER_ERROR: Final = evolve(STRANGE, queries=3)
REFUSED: Final = Expected(UnexpectedAnswer, may_have_been_sent=False)
COME_BACK: Final = evolve(REFUSED, sends=3, queries=3)
THROTTLED: Final = Expected(Throttled, may_have_been_sent=False, sends=3, queries=3)
THROTTLED_LONG: Final = evolve(THROTTLED, sends=1, queries=1)
DENIED: Final = Expected(AuthenticationFailed, may_have_been_sent=False)

Fault = Callable[[str, bytes], Behaviour]
"""A behaviour, made of the status and the body of the good answer."""


def always(behaviour: Behaviour) -> Fault:
    return lambda _status, _body: behaviour


def says(status: str, *headers: str, body: bytes = b"", length: str | None = None) -> Fault:
    return always(saying(answer(status, body, *headers, length=length)))


def good(*headers: str, length: Callable[[int], str] = str, change: Callable[[bytes], bytes] = bytes) -> Fault:
    """The good answer, with further headers, with a length of its own, or with its body changed."""

    def fault(status: str, body: bytes) -> Behaviour:
        changed = change(body)
        return saying(answer(status, changed, *headers, length=length(len(changed))))

    return fault


YESTERDAY, TOMORROW = (format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True) for days in (-1, 1))
"""Further off than the longest run of all tests takes."""
HTML: Final = b"<!doctype html><title>Bad gateway</title>"
HEAD: Final = b"HTTP/1.1 200 OK\r\n"
JSON: Final = "Content-Type: application/json"
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

FAULTS: Final[dict[str, tuple[Fault, Expected]]] = {
    # the connection
    "closed at once": (always(faults.close_at_once), CUT_UNREAD),
    "closed after the request": (always(faults.close_after_request), CUT),
    "reset, the request unread": (always(faults.reset_unread), CUT_UNREAD),
    "reset after the request": (always(faults.reset_after_request), CUT),
    "reset in the head": (always(faults.resetting_after(HEAD)), CUT),
    "reset in the body": (lambda status, body: faults.resetting_after(answer(status, body, length=99)), CUT),
    # time
    "hangs unread": (always(faults.hang_at_once), evolve(LATE, read=0)),
    "hangs after the request": (always(faults.hang), LATE),
    "drips its head": (lambda status, body: dripping(b"", answer(status, body)), LATE),
    "drips its body": (lambda status, _: dripping(answer(status, length=500), bytes(500)), LATE),
    "continues for ever": (always(faults.repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n")), LATE),
    # lengths
    "length too long": (good(length=lambda length: str(length + 1)), CUT),
    "length too short": (good(length=lambda length: str(length - 1)), STRANGE),
    "length in words": (good(length=lambda _: "many"), CUT),
    "length negative": (good(length=lambda _: "-1"), CUT),
    "two lengths": (good("Content-Length: 3"), CUT),
    "no body, as after HEAD": (says("200 OK", JSON, length="80"), CUT),
    "chunks cut short": (always(saying(CHUNKED + b'10\r\n{"mess')), CUT),
    "chunk size no number": (always(saying(CHUNKED + b"zz\r\n")), CUT),
    # what is no HTTP
    "another protocol": (always(saying(b"SSH-2.0-OpenSSH_9.6\r\n")), CUT),
    "an echo": (always(faults.echo), CUT),
    "an enormous header": (says("200 OK", f"X-Filler: {'x' * 1_000_000}"), CUT),
    "enormously many headers": (says("200 OK", *(f"X-{n}: x" for n in range(50_000))), CUT),
    # bodies
    "JSON cut short": (good(JSON, change=lambda body: body[:-2]), STRANGE),
    "UTF-16": (good(JSON, change=lambda body: body.decode().encode("utf-16")), STRANGE),
    "Latin-1": (good(JSON, change=lambda body: body.replace(b"{", '{"é":1,'.encode("latin-1"), 1)), STRANGE),
    "deeply nested": (good(JSON, change=lambda _: b"[" * 100_000), STRANGE),
    "an endless number": (good(JSON, change=lambda _: b'{"a":' + b"9" * 100_000 + b"}"), STRANGE),
    "nothing": (good(JSON, change=lambda _: b""), STRANGE),
    "a page with HTTP 200": (good("Content-Type: text/html", change=lambda _: HTML), STRANGE),
    "gzip, though nobody asked": (good(JSON, "Content-Encoding: gzip", change=gzip.compress), UNDERSTOOD),
    "gzip cut short": (good("Content-Encoding: gzip", change=lambda body: gzip.compress(body)[:-9]), STRANGE),
    "gzip in name only": (good(JSON, "Content-Encoding: gzip"), STRANGE),
    "an unknown encoding": (good(JSON, "Content-Encoding: rubbish"), UNDERSTOOD),
    "another charset": (good("Content-Type: application/json; charset=rubbish"), UNDERSTOOD),
    # statuses
    "100 with rubbish, then the answer": (
        lambda status, body: saying(b"HTTP/1.1 100 Go on\r\nRubbish: \xff\r\n\r\n" + answer(status, body)),
        UNDERSTOOD,
    ),
    "101": (says("101 Switching Protocols", "Upgrade: rubbish"), CUT),
    "204": (always(saying(b"HTTP/1.1 204 No Content\r\n\r\n")), STRANGE),
    "301 to http": (says("301 Moved", "Location: http://localhost/"), STRANGE),
    "304": (always(saying(b"HTTP/1.1 304 Not Modified\r\n\r\n")), STRANGE),
    "a redirect to rubbish": (says("302 Found", "Location: http://[::rubbish"), STRANGE),
    "a redirect to nowhere": (says("302 Found"), STRANGE),
    "401 with a page": (says("401 Unauthorized", "Content-Type: text/html", body=HTML), DENIED),
    "401 with nothing": (says("401 Unauthorized"), DENIED),
    "401 cut short": (says("401 Unauthorized", length="80"), DENIED),
    "403 with a page": (says("403 Forbidden", "Content-Type: text/html", body=HTML), REFUSED),
    "404 with nothing": (says("404 Not Found"), REFUSED),
    "429": (says("429 Too Many Requests"), THROTTLED),
    "429, after no time": (says("429 Too Many Requests", "Retry-After: 0", body=HTML), THROTTLED),
    "429, after rubbish": (says("429 Too Many Requests", "Retry-After: soon"), THROTTLED),
    "429, after an hour": (says("429 Too Many Requests", "Retry-After: 3600"), THROTTLED_LONG),
    "429, at a time": (says("429 Too Many Requests", f"Retry-After: {TOMORROW}"), THROTTLED_LONG),
    "500 with nothing": (says("500 Internal Server Error"), SERVER_ERROR),
    "502 with a page": (says("502 Bad Gateway", "Content-Type: text/html", body=HTML), SERVER_ERROR),
    "503": (says("503 Unavailable"), SERVER_ERROR),
    "503, after no time": (says("503 Unavailable", "Retry-After: 0", body=HTML), COME_BACK),
    "503, at a time gone by": (says("503 Unavailable", f"Retry-After: {YESTERDAY}"), COME_BACK),
    "503, at a time": (says("503 Unavailable", f"Retry-After: {TOMORROW}"), REFUSED),
    "503, after ages": (says("503 Unavailable", f"Retry-After: {'9' * 400}"), REFUSED),
    "503, after rubbish": (says("503 Unavailable", "Retry-After: -5; \xff"), SERVER_ERROR),
    "520": (says("520 Unknown", body=HTML), SERVER_ERROR),
    "999": (says("999 Strange"), SERVER_ERROR),
}


# ---- the laws --------------------------------------------------------------------------------------------------------


def outcome(
    caller: Caller, server: FaultyServer | None, address: str, *, seconds: float = 0.0, **options: Any
) -> Outcome:
    """What comes of a call, which has to come in so many seconds for each attempt, and in one report."""
    reports: list[CallReport] = []
    options = {"timeout": seconds or PATIENT, "retries": QUICKLY, "on_call": reports.append, **options}
    begun, raised = time.monotonic(), None
    try:
        caller.run(address, **options)
    except ShortcodeKitError as error:
        raised = error
    took = time.monotonic() - begun
    (report,) = reports
    assert took < seconds * report.attempts + MARGIN, f"{caller} took {took} s"
    received = server.received if server else 0
    if raised is None:
        assert report.outcome == "ok"
        return Outcome(None, None, report.attempts, timed_out=False, received=received)
    assert (type(raised).__name__, raised.attempts, raised.may_have_been_sent) == (
        report.outcome,
        report.attempts,
        report.may_have_been_sent,
    )
    assert raised.operation == report.operation
    assert raised.__cause__ is raised.__context__ is None
    late = isinstance(raised, TransportFailure) and raised.timed_out
    return Outcome(type(raised), raised.may_have_been_sent, report.attempts, late, received)


def met_by_all(expected: Expected, met: Callable[[Caller], Outcome]) -> None:
    """All callers meet the fault at the same time, because some faults last."""
    with ThreadPoolExecutor(len(CALLERS)) as pool:
        outcomes = dict(zip(map(str, CALLERS), pool.map(met, CALLERS), strict=True))
    assert outcomes == {str(caller): expected.of(caller) for caller in CALLERS}


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> Iterator[None]:
    """What the first call loads, it loads within its timeout; here that is not to be what takes the time."""
    with one_ssl_context(), refusing() as address:
        for caller in CALLERS:
            with pytest.raises(TransportFailure):
                caller.run(address, retries=0)
        yield


@pytest.mark.parametrize("name", FAULTS)
def test_what_comes_of_each_fault_stands_in_the_table(name: str) -> None:
    fault, expected = FAULTS[name]

    def met(caller: Caller) -> Outcome:
        with faulty(fault(*caller.good)) as server:
            came = outcome(caller, server, server.address, seconds=SHORT if expected.timed_out else 0)
            server.await_requests(expected.of(caller).received)  # a client does not wait for the peer to read
        return evolve(came, received=server.received)

    met_by_all(expected, met)


def test_where_nobody_listens_nothing_was_sent_and_it_is_tried_again() -> None:
    with refusing() as address:
        met_by_all(UNREACHED, lambda caller: outcome(caller, None, address))


def test_where_nobody_accepts_nothing_was_sent_and_it_is_tried_again() -> None:
    with unanswering() as address:
        met_by_all(
            evolve(UNREACHED, timed_out=True),
            lambda caller: outcome(caller, None, address, seconds=SHORT, timeout=CONNECTING),
        )


def test_a_peer_without_tls_was_sent_nothing() -> None:
    def met(caller: Caller) -> Outcome:
        with faulty(faults.no_tls) as server:
            return outcome(caller, server, server.address.replace("http:", "https:"))

    met_by_all(UNREACHED, met)


def test_a_peer_that_never_answers_in_tls_was_sent_nothing() -> None:
    def met(caller: Caller) -> Outcome:
        with faulty(faults.hang_at_once) as server:
            return outcome(caller, server, server.address.replace("http:", "https:"), seconds=SHORT, timeout=CONNECTING)

    met_by_all(evolve(UNREACHED, timed_out=True), met)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_anywhere(status: int) -> None:
    with faulty(saying(answer("200 OK"))) as elsewhere:

        def met(caller: Caller) -> Outcome:
            location = f"Location: {elsewhere.address.replace('127.0.0.1', 'localhost')}/"
            with faulty(saying(answer(f"{status} Redirect", b"", location))) as server:
                return outcome(caller, server, server.address)

        met_by_all(STRANGE, met)
        assert elsewhere.connections == 0


@pytest.mark.parametrize("caller", both(ALERTS, MESSAGES), ids=str)
def test_without_repetitions_each_request_is_sent_once(caller: Caller) -> None:
    for status in ("429 Too Many Requests", "503 Unavailable"):
        with faulty(saying(answer(status, b"", "Retry-After: 0"))) as server:
            assert outcome(caller, server, server.address, retries=0).received == 1


@contextmanager
def after(number: int, first: Behaviour, then: Behaviour) -> Iterator[FaultyServer]:
    """A server whose first `number` connections behave so, and the others otherwise."""
    with faulty(lambda wire: (first if server.connections <= number else then)(wire)) as server:
        yield server


@EACH_CALLER
def test_a_call_that_is_repeated_succeeds_once_the_fault_is_gone(caller: Caller) -> None:
    unavailable = saying(answer("503 Unavailable", b"", "Retry-After: 0"))
    status, body = caller.good
    with after(2, unavailable, saying(answer(status, body))) as server:
        assert outcome(caller, server, server.address) == Outcome(None, None, 3, timed_out=False, received=3)


def test_a_drip_lasts_longer_than_any_promised_time() -> None:
    """Otherwise the table would say nothing about bounds."""
    shortest = min(len(answer(*caller.good)) for caller in CALLERS) * PACE
    assert shortest > SHORT * 5
