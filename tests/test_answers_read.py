"""What an answer becomes, word by word: the reader of a client is given what came, and there is no network.

The laws of the contract suite hold for any answer; here stands what errors say, which people search for and act on.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import httpx
import pytest
from attrs import evolve, frozen

from shortcode_clients.alerts.api.alerts import send_alert
from shortcode_clients.alerts.models import AlertResponse, RestError
from shortcode_clients.messages.api.messages import send_message
from shortcode_clients.messages.models import MessageAccepted, Problem
from shortcodekit.answers import Reader
from shortcodekit.concealing import HIDDEN
from shortcodekit.errors import (
    ApiProblem,
    AuthenticationFailed,
    ShortcodeKitError,
    Throttled,
    TransportFailure,
    UnexpectedAnswer,
)
from shortcodekit.exchange import Failed, Received

SECRETS: Final = ("a-secret",)
LOW: Final = {"type": "https://x/low", "title": "Low balance", "detail": "for a-secret", "instance": "an-id"}
CUT: Final = Failed("ReadError", may_have_arrived=True)
LATE: Final = Failed("ReadTimeout", may_have_arrived=True, timed_out=True)


def _came(status: int, content: object = b"", cut: Failed | None = None, unreadable: str = "", **told: str) -> Received:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = httpx.Headers({name.replace("_", "-"): value for name, value in told.items()})
    return Received(status, headers, written, cut, unreadable)


def _of_alerts(came: Received, *, repeatable: bool = False) -> Any:
    return Reader(RestError, SECRETS).read(came, send_alert.ANSWERS, AlertResponse, repeatable=repeatable)


def _of_messages(came: Received, *, repeatable: bool = False) -> Any:
    return Reader(Problem, SECRETS).read(came, send_message.ANSWERS, MessageAccepted, repeatable=repeatable)


def _raised(came: Received, *, of_messages: bool = False, repeatable: bool = False) -> ShortcodeKitError:
    with pytest.raises(ShortcodeKitError) as caught:
        (_of_messages if of_messages else _of_alerts)(came, repeatable=repeatable)
    return caught.value


def test_the_model_of_a_good_answer_is_given_back() -> None:
    answer = {"message-count": "1", "messages": [{"status": "0"}]}
    assert _of_alerts(_came(200, answer)) == AlertResponse.from_dict(answer)
    assert _of_messages(_came(202, {"message_uuid": "an-id"})) == MessageAccepted.from_dict({"message_uuid": "an-id"})


# ---- refusals --------------------------------------------------------------------------------------------------------

DENIED: Final[dict[str, tuple[Received, bool, str]]] = {
    "in detail": (_came(401, {"title": "No", "detail": "the key\u2028a-secret"}), True, f"the key\u2028{HIDDEN}"),
    "in a title": (_came(401, {"title": "No such key", "detail": ""}), True, "No such key"),
    "by a label": (_came(401, {"error-code": "401", "error-code-label": "bad key"}), False, "bad key"),
    "by its code alone": (_came(401, {"error-code": "401"}), False, "no reason given"),
    "with a page": (_came(401, b"<p>a-secret\n is wrong</p>"), False, f"<p>{HIDDEN} is wrong</p>"),
    "with half a page": (_came(401, b"<p>it is a-sec", CUT), False, "<p>it is"),
    "with what cannot be read": (_came(401, b"it is a-sec", None, "packed"), False, "it is"),
    "with nothing": (_came(401), False, "no reason given"),
}


def test_refused_credentials_are_told_with_the_reason_or_what_came() -> None:
    for case in DENIED:
        came, of_messages, reason = DENIED[case]
        error = _raised(came, of_messages=of_messages)
        assert type(error) is AuthenticationFailed
        assert str(error) == f"the credentials were refused with HTTP 401: {reason}; nothing was sent"
        assert error.http_status == 401
        model: Any = Problem if of_messages else RestError
        assert error.answer == (model.from_json(came.content) if came.content.startswith(b"{") else None)


def test_refused_credentials_may_come_under_another_status() -> None:
    error = _raised(_came(420, {"error-code": "401", "error-code-label": "bad key"}))
    assert type(error) is AuthenticationFailed
    assert str(error) == "the credentials were refused with HTTP 420: bad key; nothing was sent"
    assert (error.http_status, error.answer) == (
        420,
        RestError.from_dict({"error-code": "401", "error-code-label": "bad key"}),
    )


def test_a_throttled_call_is_told_with_the_reason_and_the_wait() -> None:
    for content, reason in ((b"<p>", "too many requests"), ({"title": "slow a-secret"}, f"slow {HIDDEN}")):
        for asked, wait in (("7", 7.0), ("soon", None)):
            error = _raised(_came(429, content, retry_after=asked), of_messages=True)
            assert type(error) is Throttled
            assert str(error) == f"{reason}; nothing was sent"
            assert (error.http_status, error.retry_after) == (429, wait)
            assert error.answer == (Problem.from_dict(content) if isinstance(content, dict) else None)


def test_an_api_that_has_no_word_for_throttling_is_heard_all_the_same() -> None:
    error = _raised(_came(429, {"error-code": "429", "error-code-label": "slow a-secret"}))
    assert type(error) is Throttled
    assert str(error) == f"slow {HIDDEN}; nothing was sent"
    assert error.answer == RestError.from_dict({"error-code": "429", "error-code-label": "slow a-secret"})


@frozen
class Told:
    """What an `ApiProblem` says."""

    title: str | None
    detail: str | None = None
    type: str | None = None
    instance: str | None = None


REFUSED: Final[dict[str, tuple[object, bool, Told]]] = {
    "a problem": (LOW, True, Told("Low balance", f"for {HIDDEN}", "https://x/low", "an-id")),
    "a problem of one word": ({"title": "Low balance"}, True, Told("Low balance")),
    "a problem without words": ({"detail": "", "title": "no", "type": ""}, True, Told("no")),
    "a problem that goes on": ({"title": "a" * 301}, True, Told("a" * 300)),
    "a problem by its detail": ({"detail": "a-secret"}, True, Told(None, HIDDEN)),
    "an error": ({"error-code": "420", "error-code-label": "no a-secret"}, False, Told(f"no {HIDDEN}")),
    "an error by its code": ({"error-code": "420"}, False, Told(None)),
}


def test_a_refusal_is_told_in_its_own_words() -> None:
    for status in [200, 400, 422, 500, 503]:
        for case in REFUSED:
            content, of_messages, told = REFUSED[case]
            came = _came(status, content, retry_after="7")
            error = _raised(came, of_messages=of_messages)
            assert type(error) is ApiProblem
            assert Told(error.title, error.detail, error.type, error.instance) == told
            assert (error.http_status, error.retry_after) == (status, 7.0)
            model: Any = Problem if of_messages else RestError
            assert error.answer == model.from_json(came.content)
            assert error.may_have_been_sent == (status == 500)
            assert not _raised(came, of_messages=of_messages, repeatable=True).may_have_been_sent
            without = _raised(_came(status, content), of_messages=of_messages)
            assert without.may_have_been_sent == (status >= 500)


def test_a_refusal_in_xml_is_read_as_one_under_any_status() -> None:
    written = RestError.from_dict({"error-code": "420", "error-code-label": "no"}).to_xml()
    for status in (200, 418, 500):
        error = _raised(_came(status, written))
        assert type(error) is ApiProblem
        assert error.title == "no"


def test_a_wait_may_be_asked_for_as_a_time() -> None:
    error = _raised(_came(429, retry_after=format_datetime(datetime.now(UTC) + timedelta(hours=1))))
    assert isinstance(error, Throttled)
    assert error.retry_after is not None
    assert 3000 < error.retry_after <= 3600


# ---- what is no answer of the API ------------------------------------------------------------------------------------

PAGE: Final = _came(502, b"<p>Bad  gateway\n", content_type="text/html")
NO_JSON: Final = "not JSON: Expecting value at line 1, column 1"
UNEXPECTED: Final[dict[str, tuple[Received, str]]] = {
    "a page": (PAGE, "the API has no such status (HTTP 502, text/html: '<p>Bad gateway')"),
    "half a page": (evolve(PAGE, unreadable="it is packed"), "it is packed (HTTP 502, text/html: '<p>Bad')"),
    "a text beneath success": (_came(200, b"fine"), f"{NO_JSON} (HTTP 200, no content type: 'fine')"),
    "nothing": (_came(200, b" \n"), "the answer is empty (HTTP 200, no content type, no content)"),
    "nothing beneath an error": (_came(500), "the API has no such status (HTTP 500, no content type, no content)"),
    "an object of nothing": (_came(500, {}), "the API has no such status (HTTP 500, no content type: '{}')"),
    "a redirect": (_came(300), "a redirect, which is not followed (HTTP 300, no content type, no content)"),
    "the last redirect": (_came(399), "a redirect, which is not followed (HTTP 399, no content type, no content)"),
    "just below": (_came(299), "the API has no such status (HTTP 299, no content type, no content)"),
    "just above": (_came(400), "the API has no such status (HTTP 400, no content type, no content)"),
    "a type that goes on": (
        _came(500, content_type=f"a-secret{'a' * 200}"),
        f"the API has no such status (HTTP 500, {HIDDEN}{'a' * 92}, no content)",
    ),
}


def test_what_is_no_answer_of_the_api_is_told_with_what_it_is() -> None:
    for case in UNEXPECTED:
        came, said = UNEXPECTED[case]
        error = _raised(came)
        assert type(error) is UnexpectedAnswer
        assert str(error) == f"{said}; {'nothing was sent' if came.status == 400 else 'it may have been sent'}"
        assert (error.http_status, error.retry_after) == (came.status, None)
        assert error.content_type in said
        assert not _raised(came, repeatable=True).may_have_been_sent


def test_an_object_that_says_nothing_is_no_refusal() -> None:
    for of_messages in (False, True):
        assert type(_raised(_came(500, {"more": 1}), of_messages=of_messages)) is UnexpectedAnswer


def test_only_a_refusal_and_a_503_that_asks_for_a_wait_say_that_nothing_was_sent() -> None:
    for status in [399, 400, 499, 500, 502, 503, 504]:
        for wait in ("7", "soon"):
            error = _raised(_came(status, b"<p>", retry_after=wait))
            assert isinstance(error, UnexpectedAnswer)
            assert error.may_have_been_sent == (not 400 <= status < 500 and (status, wait) != (503, "7"))
            assert error.retry_after == (7.0 if wait == "7" else None)


def test_a_reason_is_searched_for_secrets_as_well() -> None:
    reader = Reader(RestError, SECRETS)
    error = reader.unexpected(PAGE, "it says a-secret", repeatable=False)
    assert error.reason == f"it says {HIDDEN} (HTTP 502, text/html: '<p>Bad gateway')"
    assert error.excerpt == "<p>Bad gateway"


def test_an_answer_that_was_cut_off_is_a_failure_unless_its_status_says_enough() -> None:
    for cut in [CUT, LATE]:
        for status in [200, 202, 399, 400, 499, 500]:
            for repeatable in (False, True):
                error = _raised(_came(status, {"message-count": "0", "messages": []}, cut), repeatable=repeatable)
                if 400 <= status < 500:
                    assert type(error) is UnexpectedAnswer
                    continue
                assert isinstance(error, TransportFailure)
                assert (error.reason, error.timed_out) == (cut.reason, cut.timed_out)
                assert error.may_have_been_sent is not repeatable
