"""One call of a client, from the first request to the model or the error, without I/O.

`run` is a generator: it yields each request to send, each number of seconds to wait and each question to someone else
(`Ask`), is sent what came of the request, and returns the model. A driver that blocks and one that awaits both run it, so
that attempts, waits, errors, logging and the hook are the same in both. What came of a request is a value (`Received` or
`Failed`), never an exception: an error that leaves a client has no chain, because the errors of httpx hold requests, and
requests hold secrets.
"""

from __future__ import annotations

import logging
import random
import time
import zlib
from collections.abc import Callable, Generator
from typing import Final, Generic, TypeVar

import httpx
from attrs import define, frozen

from .concealing import conceal, shortened
from .errors import ApiProblem, InvalidRequest, ShortcodeKitError, Throttled, TransportFailure, UnexpectedAnswer
from .retrying import RetryPolicy

T = TypeVar("T")

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of an answer that are read at most. The documented ones have a few hundred; a page of opt-outs may have many."""
TOO_LARGE: Final = f"more than {LARGEST} bytes, which is more than is read"

_LOG: Final = logging.getLogger("shortcodekit")


@frozen
class Failed:
    """No whole answer came."""

    reason: str
    may_have_arrived: bool
    """Whether the peer may have the whole request."""
    timed_out: bool = False


@frozen
class Received:
    """An answer: whole, or with what cut it short."""

    status: int
    headers: httpx.Headers
    content: bytes
    cut: Failed | None = None
    unreadable: str = ""
    """Why the content could not be taken, other than that the connection failed."""

    @classmethod
    def of(cls, response: httpx.Response, content: bytes, cut: Failed | None) -> Received:
        """What came of a response with this content; read until it was too large, whole, or `cut`."""
        unreadable = TOO_LARGE if len(content) > LARGEST else ""
        encoding = response.headers.get("content-encoding", "")
        if encoding.strip().lower() in _PACKED and not unreadable and not cut:
            content, unreadable = _unpacked(content)
        return cls(response.status_code, response.headers, content, cut, unreadable)


@frozen
class Ask:
    """Ask, before an attempt, whether it may be made; a driver that awaits does so in a thread."""

    function: Callable[[], None]
    """Returns if it may; raises one of our errors if not. It may do I/O."""


Step = httpx.Request | float | Ask


@frozen
class CallReport:
    """What became of a call, for metrics and traces; the log line tells the same. It holds no secret and no text."""

    operation: str
    """The operation of the spec, such as `sendAlert`."""
    recipient: str | None
    """The last four digits of the number; None where a call has none."""
    outcome: str
    """`ok`, the name of the error's class, or `cancelled`."""
    seconds: float
    """From the call to its end, waits included."""
    attempts: int
    """How many requests were made."""
    http_status: int | None
    """Of the last answer; None when none came."""
    may_have_been_sent: bool | None
    """As in the error; None when the call succeeded, and when it was cancelled, which tells nothing."""


@frozen
class Call(Generic[T]):
    """What a client wants done."""

    prepare: Callable[[], httpx.Request]
    """Makes the request; called for each attempt, so that each is signed afresh. May raise `InvalidRequest`."""
    understand: Callable[[Received], T]
    """The model, or one of our errors."""
    repeatable: bool
    """Whether carrying it out twice is the same as once: a query."""
    recipient: str | None = None
    allowed: Callable[[], None] | None = None
    """Asked before each attempt, see `Ask`."""


@define
class _Progress:
    attempts: int = 0
    http_status: int | None = None


def run(
    operation: str,
    begin: Callable[[], Call[T]],
    policy: RetryPolicy,
    on_call: Callable[[CallReport], None] | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    draw: Callable[[], float] = random.random,
) -> Generator[Step, Received | Failed, T]:
    """The steps of a call; raises what `begin` and the call's functions raise, with the operation and the attempts in it."""
    start = clock()
    progress = _Progress()
    outcome, sent = "cancelled", None
    recipient = None
    try:
        call = begin()
        recipient = call.recipient
        result = yield from _attempts(call, policy, progress, lambda: clock() - start, draw)
        outcome = "ok"
        return result
    except ShortcodeKitError as error:
        error.operation, error.attempts = operation, progress.attempts
        outcome, sent = type(error).__name__, error.may_have_been_sent
        raise
    finally:
        if on_call or _LOG.isEnabledFor(logging.INFO):
            number = shortened(recipient) if recipient else None
            seconds = clock() - start
            _tell(
                CallReport(operation, number, outcome, seconds, progress.attempts, progress.http_status, sent), on_call
            )


def _attempts(
    call: Call[T], policy: RetryPolicy, progress: _Progress, elapsed: Callable[[], float], draw: Callable[[], float]
) -> Generator[Step, Received | Failed, T]:
    while True:
        if call.allowed is not None:
            yield Ask(call.allowed)
        request = call.prepare()
        progress.attempts += 1
        try:
            came = yield request
        except InvalidRequest:  # thrown in by the driver: the authentication refused, or the client is closed
            progress.attempts -= 1
            raise
        try:
            if isinstance(came, Failed):
                progress.http_status = None
                raise transport_failure(came, repeatable=call.repeatable)
            progress.http_status = came.status
            return call.understand(came)
        except ShortcodeKitError as error:
            if not _may_repeat(error, repeatable=call.repeatable):
                raise
            asked = getattr(error, "retry_after", None)
            wait = policy.wait(progress.attempts, elapsed(), asked, draw)
            if wait is None:
                raise
        yield wait


def transport_failure(failed: Failed, *, repeatable: bool) -> TransportFailure:
    """The error for a request that got no whole answer."""
    return TransportFailure(
        failed.reason, timed_out=failed.timed_out, may_have_been_sent=failed.may_have_arrived and not repeatable
    )


def _may_repeat(error: ShortcodeKitError, *, repeatable: bool) -> bool:
    """Whether to send again: what certainly was not carried out, or what may be carried out twice."""
    match error:
        case TransportFailure():
            return repeatable or not error.may_have_been_sent
        case Throttled():
            return True
        case UnexpectedAnswer() | ApiProblem():
            if error.http_status == 503 and error.retry_after is not None:
                return True
            return repeatable and error.http_status >= 500
    return False


def _tell(report: CallReport, on_call: Callable[[CallReport], None] | None) -> None:
    level = logging.INFO if report.outcome == "ok" else logging.WARNING
    _LOG.log(
        level,
        "%s%s: %s, HTTP %s, %d attempt%s, %.3f s",
        report.operation,
        f" to {report.recipient}" if report.recipient else "",
        report.outcome,
        report.http_status or "-",
        report.attempts,
        "" if report.attempts == 1 else "s",
        report.seconds,
    )
    if on_call:
        try:
            on_call(report)
        except Exception as error:  # noqa: BLE001  # a metric that fails must not make a sent message look unsent
            _LOG.error("the hook on_call failed with %s", type(error).__name__)


# ---- from httpx ------------------------------------------------------------------------------------------------------

_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def failed(error: Exception, secrets: tuple[str, ...]) -> Failed:
    """What an exception of a transport means. Its text is kept, without what peers or requests put into it."""
    said = " ".join(conceal(_text(error), secrets).split())[:_LONGEST]
    name = type(error).__name__
    return Failed(
        f"{name}: {said}" if said else name,
        may_have_arrived=not isinstance(error, _NOT_SENT),
        timed_out=isinstance(error, httpx.TimeoutException | TimeoutError),
    )


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # what cannot even say what it is
        return ""


def _unpacked(content: bytes) -> tuple[bytes, str]:
    """What was packed although nobody asked for it, and why it cannot be had; never more than `LARGEST` bytes."""
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        whole = unpacking.decompress(content, LARGEST)
    except zlib.error:
        return b"", "the content encoding cannot be undone"
    if unpacking.unconsumed_tail:
        return b"", TOO_LARGE
    return (whole, "") if unpacking.eof else (b"", "the content encoding cannot be undone")


_LONGEST: Final = 200
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
