"""What a call tells: one log line and one report, the same facts in both, and nothing that is private."""

from __future__ import annotations

import logging
import re

import pytest

from shortcode_clients.alerts.models import AlertPart, AlertResponse, RestError
from shortcodekit import Alert, AlertsClient, CallReport, KeySecret, MessagesClient, OptInClient, RetryPolicy, outbound
from shortcodekit.auth import Basic
from shortcodekit.errors import AlertRejected, InvalidRequest, ShortcodeKitError, TransportFailure
from tests.service import Service

AUTH = KeySecret("abcd1234", "api-secret")


@pytest.fixture
def known(known: Service, caplog: pytest.LogCaptureFixture) -> Service:
    caplog.set_level(logging.INFO, logger="shortcodekit")
    return known


def _lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(each.levelname, each.getMessage()) for each in caplog.records if each.name == "shortcodekit"]


def test_a_call_that_succeeds_is_one_line(known: Service, caplog: pytest.LogCaptureFixture) -> None:
    reports: list[CallReport] = []
    with AlertsClient(AUTH, base_url=known.address, on_call=reports.append) as alerts:
        alerts.send(Alert(to="16365553226", client_ref="incident-42"), custom={"server": "host3"})
    ((level, line),) = _lines(caplog)
    assert level == "INFO"
    (report,) = reports
    assert line == f"sendAlert to …3226: ok, HTTP 200, 1 attempt, {report.seconds:.3f} s"
    assert (report.operation, report.recipient, report.outcome) == ("sendAlert", "…3226", "ok")
    assert (report.attempts, report.http_status, report.may_have_been_sent) == (1, 200, None)
    assert 0 < report.seconds < 30


def test_a_call_that_fails_is_one_line_however_often_it_was_tried(
    known: Service, caplog: pytest.LogCaptureFixture
) -> None:
    reports: list[CallReport] = []
    known.answer = lambda _: (429, RestError("429"))
    policy = RetryPolicy(count=3, first=0.001)
    with OptInClient(AUTH, base_url=known.address, retries=policy, on_call=reports.append) as opt_in:
        with pytest.raises(ShortcodeKitError):
            opt_in.page()
        known.answer = lambda _: None
        opt_in.resubscribe("15559301529")
    (failed, succeeded) = _lines(caplog)
    assert failed[0] == "WARNING"
    assert re.fullmatch(r"queryOptOuts: Throttled, HTTP 429, 4 attempts, \d+\.\d{3} s", failed[1])
    assert re.fullmatch(r"resubscribe to …1529: ok, HTTP 200, 1 attempt, \d+\.\d{3} s", succeeded[1])
    assert [report.outcome for report in reports] == ["Throttled", "ok"]
    assert [report.recipient for report in reports] == [None, "…1529"]


def test_a_refused_part_and_a_request_that_was_never_sent_are_told_too(
    known: Service, caplog: pytest.LogCaptureFixture
) -> None:
    known.answer = lambda _: (200, AlertResponse("1", [AlertPart("7")]))
    with AlertsClient(AUTH, base_url=known.address) as alerts:
        with pytest.raises(AlertRejected):
            alerts.send(Alert(to="16365553226"))
        with pytest.raises(InvalidRequest):
            alerts.send(Alert(to="+16365553226"))
    told = [line.rpartition(", ")[0] for _, line in _lines(caplog)]
    assert told == [
        "sendAlert to …3226: AlertRejected, HTTP 200, 1 attempt",
        "sendAlert: InvalidRequest, HTTP -, 0 attempts",
    ]


def test_neither_texts_nor_whole_numbers_nor_secrets_are_logged(
    known: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    message = outbound.sms.text("a private text", to="447700900000", from_="447700900001")
    with MessagesClient(Basic("abcd1234", "api-secret"), base_url=known.address) as messages:
        messages.send(message)
    with AlertsClient(AUTH, base_url=known.address, encoding="form") as alerts:
        alerts.send(Alert(to="16365553226"), custom={"text": "a private text"})
    assert len(_lines(caplog)) == 2
    assert any(each.name.startswith("httpcore") for each in caplog.records), "others log at this level, too"
    for private in ("private", "447700900000", "447700900001", "16365553226", "api-secret", "abcd1234"):
        assert private not in caplog.text


def test_a_hook_that_fails_does_not_make_a_sent_message_look_unsent(
    known: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: CallReport) -> None:
        raise KeyError("metric")

    with AlertsClient(AUTH, base_url=known.address, on_call=broken) as alerts:
        assert alerts.send(Alert(to="16365553226")).messages
    assert _lines(caplog)[-1] == ("ERROR", "the hook on_call failed with KeyError")


def test_nothing_is_written_where_nobody_asked_for_it(known: Service, capfd: pytest.CaptureFixture[str]) -> None:
    with AlertsClient(AUTH, base_url=known.address) as alerts:
        alerts.send(Alert(to="16365553226"))
    with AlertsClient(AUTH, base_url="http://127.0.0.1:9", retries=0) as alerts, pytest.raises(TransportFailure):
        alerts.send(Alert(to="16365553226"))
    assert capfd.readouterr() == ("", "")
