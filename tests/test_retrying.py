"""When a request is repeated, and after how long. The steps of a call are driven by hand: no clock, no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcodekit import Basic, CallReport, KeySecret, MessagesClient, OptInClient, RetryPolicy, outbound
from shortcodekit.errors import (
    ApiProblem,
    InvalidRequest,
    ShortcodeKitError,
    Throttled,
    TransportFailure,
    UnexpectedAnswer,
)
from shortcodekit.exchange import Ask, Call, Failed, Received, run
from shortcodekit.retrying import retry_after

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECONDS = st.floats(0, 1000)


# ---- the policy ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 9), st.integers(1, 12), SECONDS, st.none() | SECONDS, st.floats(0, 1, exclude_max=True))
def test_no_wait_goes_beyond_the_count_or_the_total(
    count: int, attempts: int, elapsed: float, asked: float | None, drawn: float
) -> None:
    policy = RetryPolicy(count=count, total=60)
    wait = policy.wait(attempts, elapsed, asked, lambda: drawn)
    if wait is None:
        assert attempts > count or elapsed + max(policy.longest, asked or 0) > policy.total
    else:
        assert attempts <= count
        assert elapsed + wait <= policy.total
        assert wait >= (asked or 0)


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_the_longest_and_are_drawn_from_their_upper_half(attempts: int, drawn: float) -> None:
    policy = RetryPolicy(count=100, total=math.inf, first=0.5, longest=10)
    full = min(10, 0.5 * 2 ** (attempts - 1))
    wait = policy.wait(attempts, 0, None, lambda: drawn)
    assert wait is not None
    assert full / 2 <= wait <= full


def test_the_first_waits_are_these() -> None:
    policy = RetryPolicy(count=100, total=math.inf, first=0.5, longest=10)
    long, short = ([policy.wait(n, 0, None, draw) for n in range(1, 8)] for draw in (lambda: 1.0, lambda: 0.0))
    assert long == [0.5, 1, 2, 4, 8, 10, 10]
    assert short == [0.25, 0.5, 1, 2, 4, 5, 5]


def test_a_wait_may_fill_the_total_and_is_never_one_of_ages() -> None:
    assert RetryPolicy(total=60).wait(1, 20.0, 40.0, lambda: 0.5) == 40.0
    assert RetryPolicy(total=60).wait(1, 20.0, 40.5, lambda: 0.5) is None
    for asked in (1e12, math.inf):
        assert RetryPolicy(total=math.inf).wait(1, 0, asked, lambda: 0.5) is None


def test_clients_that_failed_together_do_not_return_together() -> None:
    draws = iter([0.0, 0.25, 0.5, 0.75])
    waits = {RetryPolicy(first=1).wait(1, 0, None, lambda: next(draws)) for _ in range(4)}
    assert len(waits) == 4


@pytest.mark.parametrize("wrong", [{"count": -1}, {"total": -1}, {"first": -0.1}, {"longest": -1}])
def test_a_policy_has_no_negative_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


# ---- Retry-After -----------------------------------------------------------------------------------------------------


def test_retry_after_is_read_as_a_number_or_a_date() -> None:
    for header, seconds in [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("9" * 12, 999_999_999_999.0),
        ("9" * 400, math.inf),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Sat, 21 Nov 2026 12:00:30", 30.0),  # without a zone it is UTC
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661\u0667", None),
        ("Sat, 99 Nov 2026 12:00:30 GMT", None),
    ]:
        assert retry_after(header, NOW) == seconds


@given(st.text())
def test_no_retry_after_escapes(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0


# ---- which requests --------------------------------------------------------------------------------------------------

REFUSED = Failed("ConnectError", may_have_arrived=False)
LOST = Failed("ReadTimeout", may_have_arrived=True, timed_out=True)


def _answer(status: int, **headers: str) -> Received:
    return Received(status, httpx.Headers(headers), b"")


def _understand(came: Received) -> str:
    told: dict[str, Any] = {"retry_after": retry_after(came.headers.get("retry-after"), NOW)}
    if came.status == 429:
        raise Throttled("slow down", http_status=429, answer=None, **told)
    if came.status != 200:
        unsent = came.status == 503 and told["retry_after"] is not None
        raise UnexpectedAnswer(
            "no", http_status=came.status, content_type="", excerpt="", may_have_been_sent=not unsent, **told
        )
    return "done"


class Driven:
    """A call whose requests come to what is written here; time is what was waited."""

    def __init__(
        self, *outcomes: Failed | Received, repeatable: bool = False, policy: RetryPolicy | None = None
    ) -> None:
        self.waits: list[float] = []
        self.requests: list[httpx.Request] = []
        self.reports: list[CallReport] = []
        self.result: str | ShortcodeKitError
        call = Call(lambda: httpx.Request("POST", "https://peer.test"), _understand, repeatable, "16365553226")
        clock: Callable[[], float] = lambda: sum(self.waits)  # noqa: E731
        steps = run(
            "sendAlert", lambda: call, policy or RetryPolicy(), self.reports.append, clock=clock, draw=lambda: 0.5
        )
        left = list(outcomes)
        try:
            step = next(steps)
            while True:
                if isinstance(step, httpx.Request):
                    self.requests.append(step)
                    step = steps.send(left.pop(0))
                else:
                    assert isinstance(step, float)
                    self.waits.append(step)
                    step = next(steps)
        except StopIteration as done:
            self.result = done.value
        except ShortcodeKitError as error:
            self.result = error
        assert not left, "fewer requests than outcomes"


def test_a_send_that_was_refused_is_repeated_and_each_attempt_is_made_afresh() -> None:
    driven = Driven(REFUSED, REFUSED, _answer(200))
    assert driven.result == "done"
    assert len(set(map(id, driven.requests))) == 3
    assert driven.reports[0].attempts == 3


@pytest.mark.parametrize("outcome", [LOST, _answer(500), _answer(502), _answer(503), _answer(302), _answer(404)])
def test_a_send_that_may_have_been_carried_out_is_not_repeated(outcome: Failed | Received) -> None:
    driven = Driven(outcome)
    assert isinstance(driven.result, ShortcodeKitError)
    assert driven.result.attempts == 1
    assert driven.waits == []


@pytest.mark.parametrize("outcome", [_answer(429), _answer(429, **{"retry-after": "3"})])
def test_a_throttled_send_is_repeated(outcome: Received) -> None:
    assert Driven(outcome, _answer(200)).result == "done"


def test_a_503_is_repeated_when_it_says_after_how_long() -> None:
    driven = Driven(_answer(503, **{"retry-after": "7"}), _answer(200))
    assert driven.result == "done"
    assert driven.waits == [7.0]


@pytest.mark.parametrize("outcome", [LOST, REFUSED, _answer(500), _answer(503), _answer(429)])
def test_a_query_is_repeated_after_failures(outcome: Failed | Received) -> None:
    assert Driven(outcome, outcome, _answer(200), repeatable=True).result == "done"


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("asked", [None, "0"])
def test_a_refusal_that_can_be_read_is_repeated_like_one_that_cannot(status: int, asked: str | None) -> None:
    headers = {"retry-after": asked} if asked else {}
    policy = RetryPolicy(count=2, first=0)
    asked_for = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked_for.append(request)
        return httpx.Response(status, headers=headers, json={"error-code": str(status), "title": "down"})

    transport = httpx.MockTransport(answer)
    opt_in = OptInClient(KeySecret("abcd1234", "api-secret"), transport=transport, retries=policy)
    with opt_in, pytest.raises(ApiProblem) as caught:
        opt_in.page()
    assert len(asked_for) == 3
    assert caught.value.may_have_been_sent is False
    asked_for.clear()
    message = outbound.sms.text("Hello", to="447700900000", from_="447700900001")
    messages = MessagesClient(Basic("abcd1234", "api-secret"), transport=transport, retries=policy)
    with messages, pytest.raises(ApiProblem) as caught:
        messages.send(message)
    certain = status == 503 and asked is not None
    assert (len(asked_for), caught.value.may_have_been_sent) == (3 if certain else 1, not certain)
    assert caught.value.retry_after == (0.0 if asked else None)


@pytest.mark.parametrize("outcome", [_answer(302), _answer(404), _answer(204)])
def test_a_query_is_not_repeated_after_an_answer_that_would_come_again(outcome: Received) -> None:
    assert isinstance(Driven(outcome, repeatable=True).result, UnexpectedAnswer)


def test_a_lost_query_was_never_sent_as_a_message() -> None:
    driven = Driven(LOST, LOST, LOST, repeatable=True)
    assert isinstance(driven.result, TransportFailure)
    assert driven.result.may_have_been_sent is False


def test_nothing_is_repeated_without_retries() -> None:
    assert isinstance(Driven(REFUSED, policy=RetryPolicy(count=0)).result, TransportFailure)


def test_the_last_error_is_raised_when_enough_was_tried() -> None:
    driven = Driven(REFUSED, _answer(429), REFUSED)
    assert isinstance(driven.result, TransportFailure)
    assert driven.result.attempts == 3
    assert str(driven.result) == "sendAlert: ConnectError; nothing was sent"


def test_a_wait_that_the_total_does_not_allow_is_not_begun_and_told() -> None:
    driven = Driven(_answer(429, **{"retry-after": "61"}))
    assert isinstance(driven.result, Throttled)
    assert driven.result.retry_after == 61.0
    assert driven.waits == []


def test_the_total_bounds_all_waits_together() -> None:
    driven = Driven(*[REFUSED] * 7, policy=RetryPolicy(count=1000, total=5, first=1, longest=1))
    assert isinstance(driven.result, TransportFailure)
    assert driven.waits == [0.75] * 6, "one more would begin an attempt after 5 seconds"


# ---- the steps themselves --------------------------------------------------------------------------------------------

Steps = Generator[httpx.Request | float | Ask, Received | Failed, str]


def _steps(
    reports: list[CallReport], *, recipient: str | None = None, allowed: Callable[[], None] | None = None
) -> Steps:
    call = Call(lambda: httpx.Request("POST", "https://peer.test"), _understand, False, recipient, allowed)
    seconds = iter(range(0, 100, 7))
    policy = RetryPolicy(count=9, total=math.inf)
    return run("sendAlert", lambda: call, policy, reports.append, clock=lambda: next(seconds), draw=lambda: 0.0)


def test_a_request_that_the_driver_refused_is_no_attempt() -> None:
    for attempts in [0, 1, 2]:
        reports: list[CallReport] = []
        steps = _steps(reports, recipient="16365553226")
        for _ in range(attempts):
            assert isinstance(next(steps), httpx.Request)
            assert isinstance(steps.send(REFUSED), float)
        next(steps)
        with pytest.raises(InvalidRequest) as caught:
            steps.throw(InvalidRequest("the client is closed"))
        assert (caught.value.operation, caught.value.attempts) == ("sendAlert", attempts)
        (report,) = reports
        assert report == CallReport("sendAlert", "…3226", "InvalidRequest", report.seconds, attempts, None, False)


def test_it_is_asked_before_each_attempt_whether_it_may_be_made() -> None:
    asked: list[str] = []

    def allowed() -> None:
        asked.append("once more")

    reports: list[CallReport] = []
    steps = _steps(reports, allowed=allowed)
    for _ in range(2):
        question = next(steps)
        assert isinstance(question, Ask)
        question.function()
        assert isinstance(next(steps), httpx.Request)
        assert isinstance(steps.send(REFUSED), float)
    assert len(asked) == 2
    assert isinstance(next(steps), Ask)
    with pytest.raises(Throttled):
        steps.throw(Throttled("by the caller", http_status=429, retry_after=None, answer=None))
    assert [(each.outcome, each.attempts, each.recipient) for each in reports] == [("Throttled", 2, None)]


def test_a_call_that_was_given_up_is_told_as_cancelled() -> None:
    for begun in [False, True]:
        reports: list[CallReport] = []
        steps = _steps(reports)
        next(steps)
        if begun:
            steps.send(REFUSED)
        steps.close()
        assert reports == [CallReport("sendAlert", None, "cancelled", 14.0 if begun else 7.0, 1, None, None)]


def test_a_report_has_the_last_status_and_the_time_of_the_whole_call() -> None:
    reports: list[CallReport] = []
    steps = _steps(reports)
    next(steps)
    steps.send(_answer(429))
    next(steps)
    with pytest.raises(UnexpectedAnswer):
        steps.send(_answer(502))
    assert reports == [CallReport("sendAlert", None, "UnexpectedAnswer", 14.0, 2, 502, True)]
