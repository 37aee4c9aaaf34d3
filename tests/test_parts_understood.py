"""What the parts of an answer mean, and when pages of opt-outs end, without a network."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contract_tests.calls import outcome
from shortcode_clients.alerts.codes import ALERT_PART_STATUS
from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcode_clients.opt_in.models import OptInRecord, OptOutList
from shortcodekit import AlertsClient, TwoFactor, TwoFactorClient
from shortcodekit.clients.opt_in import Pages
from shortcodekit.concealing import HIDDEN
from shortcodekit.errors import (
    AlertRejected,
    AuthenticationFailed,
    ShortcodeKitError,
    Throttled,
    UnexpectedAnswer,
)
from tests.test_requests_made import TO, Sent

# ---- what parts mean -------------------------------------------------------------------------------------------------

KNOWN: Final = {code.name: value for value, code in ALERT_PART_STATUS.items()}
CREDENTIALS: Final = (KNOWN["invalid-credentials"], KNOWN["invalid-signature"])
THROTTLED: Final = KNOWN["throttled"]
INTERNAL: Final = KNOWN["internal-error"]
BARRED: Final = KNOWN["number-barred"]


def _ended(*statuses: str, kind: Any = AlertsClient, given: Any = None, said: str = "", **headers: Any) -> Any:
    """What becomes of an answer of such parts: the model, or the error."""
    parts = [{"status": each, **({"error-text": said} if said else {})} for each in statuses]
    sent = Sent({"message-count": str(len(parts)), "messages": parts}, **headers)
    with sent.client(kind) as client:
        ended = outcome(lambda: client.send(given or {"to": TO}))
    if isinstance(ended, Exception):
        assert isinstance(ended, ShortcodeKitError)
        assert ended.__cause__ is ended.__context__ is None
    return ended


def _parts(error: AuthenticationFailed | Throttled) -> list[AlertPart]:
    assert isinstance(error.answer, AlertResponse)
    return error.answer.messages


def _words(status: str) -> str:
    code = ALERT_PART_STATUS.explain(status)
    return f"refused with status {status}, {code.name}: {code.meaning.rstrip('.')}"


def test_parts_that_were_all_accepted_are_the_answer() -> None:
    for statuses in (("0",), ("0", "0")):
        assert [each.status for each in _ended(*statuses).messages] == list(statuses)


def test_an_answer_without_parts_may_have_lost_the_message() -> None:
    error = _ended()
    assert type(error) is UnexpectedAnswer
    assert error.reason.startswith("the answer has no part, so the message may be lost (HTTP 200, application/json")
    assert error.may_have_been_sent


def test_parts_that_refuse_the_credentials_are_told_as_that_unless_one_was_accepted() -> None:
    for status in CREDENTIALS:
        for statuses in ((status,), (BARRED, status), (status, THROTTLED)):
            error = _ended(*statuses, said="no such key")
            assert type(error) is AuthenticationFailed
            assert error.reason == f"{_words(status)} (no such key)"
            assert (error.http_status, [each.status for each in _parts(error)]) == (200, list(statuses))
        error = _ended("0", BARRED, status)
        assert type(error) is AlertRejected
        assert (error.status, error.may_have_been_sent) == (BARRED, True)


def test_only_parts_that_were_all_throttled_are_told_as_that() -> None:
    for statuses in ((THROTTLED,), (THROTTLED, THROTTLED)):
        error = _ended(*statuses, said="slow down", **{"Retry-After": "7"})
        assert type(error) is Throttled
        assert error.reason == f"{_words(THROTTLED)} (slow down)"
        assert (error.http_status, error.retry_after, len(_parts(error))) == (200, 7.0, len(statuses))
    for statuses in ((THROTTLED, BARRED), (THROTTLED, "0")):
        assert type(_ended(*statuses)) is AlertRejected


def test_a_refused_part_may_have_been_sent_when_nobody_says_that_it_was_not() -> None:
    for statuses, first, sent in [
        ((BARRED,), BARRED, False),
        ((BARRED, THROTTLED), BARRED, False),
        ((INTERNAL,), INTERNAL, True),
        ((BARRED, INTERNAL), BARRED, True),
        (("999", BARRED), "999", True),
        (("0", BARRED), BARRED, True),
    ]:
        error = _ended(*statuses, said="with a-secret")
        assert type(error) is AlertRejected
        assert (error.status, error.may_have_been_sent) == (first, sent)
        count = f"; 1 of {len(statuses)} parts were accepted" if "0" in statuses else ""
        assert error.reason == f"{_words(first)} (with {HIDDEN}){count}"
        assert error.response == AlertResponse.from_dict(error.response.to_dict())


def test_a_pin_is_not_shown_by_an_error_though_an_answer_repeats_it() -> None:
    for given in (TwoFactor(TO, "471142"), {"to": TO, "pin": 471142}):
        error = _ended(BARRED, kind=TwoFactorClient, given=given, said="not 471142")
        assert error.reason == f"{_words(BARRED)} (not {HIDDEN})"


# ---- pages -----------------------------------------------------------------------------------------------------------


def _page(*numbers: int) -> OptOutList:
    records = [OptInRecord(str(number), opt_in=False, opt_out=True) for number in numbers]
    return OptOutList(str(len(records)), records)


def _taken(pages: Pages, *numbers: int) -> list[int]:
    return [int(record.msisdn) for record in pages.take(_page(*numbers))]


def test_pages_are_gone_through_until_one_is_short_and_tell_each_number_once() -> None:
    pages = Pages(2)
    assert (pages.number, pages.finished) == (0, False)
    for page, (given, new) in enumerate([((1, 2), [1, 2]), ((2, 3), [3]), ((3, 2), []), ((4, 4), [4])], start=1):
        assert _taken(pages, *given) == new
        assert (pages.number, pages.finished) == (page, False)
    assert _taken(pages, 5) == [5]
    assert (pages.number, pages.finished) == (5, True)


def test_full_pages_without_a_new_number_are_an_error_the_second_time_in_a_row() -> None:
    pages = Pages(2)
    for given in ((1, 2), (1, 2), (3, 1), (2, 3)):
        _taken(pages, *given)
    with pytest.raises(UnexpectedAnswer) as caught:
        _taken(pages, 1, 2)
    assert str(caught.value) == (
        "queryOptOuts: page 4 of 2 opt-outs is full, and like the one before it has no number that earlier pages had not:"
        " the service repeats its pages (HTTP 200, no content type, no content); nothing was sent"
    )
    told = (caught.value.http_status, caught.value.content_type, caught.value.excerpt, caught.value.attempts)
    assert told == (200, "", "", 1)


def test_a_short_page_ends_the_list_though_it_has_nothing_new() -> None:
    pages = Pages(2)
    for given in ((1, 2), (1, 2), (1,)):
        _taken(pages, *given)
    assert pages.finished
