"""The client that sends a campaign by the Messages API: to nobody who opted out, what it puts on the wire, and how it fails."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from shortcodekit import UNSET, Alert, Basic, CallReport, KeySecret, RetryPolicy, errors
from shortcodekit.migration import (
    AsyncCampaignClient,
    Campaign,
    CampaignClient,
    OptOutListUnavailable,
    SqliteOptOutList,
)

PHONE: Final = "16365553226"
OTHER: Final = "15559301529"
OURS: Final = "18335550100"
SECRET: Final = f"secret-{uuid.uuid4()}"
AUTH: Final = Basic("abcd1234", SECRET)
CAMPAIGN: Final = Campaign({0: "Your ${server} is down", 2: "Ж"})
UUID: Final = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
ACCEPTED: Final = (202, {"message_uuid": UUID})

Answer = Callable[[httpx.Request], tuple[int, dict[str, Any]]]


@pytest.fixture
def opt_outs(tmp_path: Path) -> Iterator[SqliteOptOutList]:
    with closing(SqliteOptOutList(tmp_path / "opt-outs.db")) as opened:
        opened.declare_complete(by="these tests")
        yield opened


class Wire(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """What is sent, and what comes back."""

    def __init__(self, *answers: tuple[int, dict[str, Any]] | Exception) -> None:
        self.answers = list(answers or [ACCEPTED])
        self.sent: list[httpx.Request] = []
        self.before: Callable[[], object] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        self.before()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, document = answer
        headers = {"Content-Type": "application/json", "Retry-After": "0"}
        return httpx.Response(status, json=document, headers=headers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    @property
    def documents(self) -> list[Any]:
        return [json.loads(each.content) for each in self.sent]


def client(opt_outs: SqliteOptOutList, wire: Wire, **more: Any) -> CampaignClient:
    return CampaignClient(AUTH, campaign=CAMPAIGN, opt_outs=opt_outs, from_=OURS, transport=wire, **more)


def awaited(opt_outs: SqliteOptOutList, wire: Wire, alert: Any, **more: Any) -> Any:
    async def main() -> Any:
        async with AsyncCampaignClient(
            AUTH, campaign=CAMPAIGN, opt_outs=opt_outs, from_=OURS, transport=wire, **more
        ) as alerts:
            return await alerts.send(alert, custom={"server": "host3"})

    return asyncio.run(main())


def blocking(opt_outs: SqliteOptOutList, wire: Wire, alert: Any, **more: Any) -> Any:
    with client(opt_outs, wire, **more) as alerts:
        return alerts.send(alert, custom={"server": "host3"})


BOTH: Final = pytest.mark.parametrize("send", [blocking, awaited])


# ---- who opted out ---------------------------------------------------------------------------------------------------


@BOTH
def test_nothing_is_sent_to_who_opted_out(opt_outs: SqliteOptOutList, send: Any) -> None:
    opt_outs.opt_out(f"+{PHONE}", by="a letter")
    wire = Wire()
    with pytest.raises(errors.AlertRejected) as caught:
        send(opt_outs, wire, Alert(to=PHONE, client_ref="incident-42"))
    error = caught.value
    assert (error.status, error.name, error.code.opted_out) == ("7", "number-barred", True)
    assert (error.may_have_been_sent, error.retryable, error.attempts) == (False, False, 0)
    assert (error.parts[0].to, error.parts[0].client_ref) == (PHONE, "incident-42")
    assert wire.sent == []
    send(opt_outs, wire, Alert(to=OTHER))
    assert [each["to"]["number"] for each in wire.documents] == [OTHER]


@BOTH
def test_a_stop_that_comes_between_two_attempts_is_honoured(opt_outs: SqliteOptOutList, send: Any) -> None:
    wire = Wire((429, {"title": "Throttled"}), ACCEPTED)
    wire.before = lambda: opt_outs.opt_out(PHONE, by="STOP, meanwhile")
    with pytest.raises(errors.AlertRejected) as caught:
        send(opt_outs, wire, Alert(to=PHONE), retries=3)
    error = caught.value
    assert (error.status, error.attempts, error.may_have_been_sent, len(wire.sent)) == ("7", 1, False, 1)


def test_the_refusal_for_who_opted_out_comes_before_that_of_a_text_that_is_too_long(opt_outs: SqliteOptOutList) -> None:
    with client(opt_outs, Wire()) as alerts:
        for status in ("12", "7"):
            with pytest.raises(errors.AlertRejected) as caught:
                alerts.send(Alert(to=PHONE), custom={"server": "x" * 1000})
            assert caught.value.status == status
            opt_outs.opt_out(PHONE, by="a letter")


@BOTH
def test_a_list_that_fails_in_a_way_of_its_own_keeps_everything_back(
    opt_outs: SqliteOptOutList, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(opt_outs, "check", fails)
    wire = Wire()
    with pytest.raises(OptOutListUnavailable, match="ZeroDivisionError") as caught:
        send(opt_outs, wire, Alert(to=PHONE))
    assert (wire.sent, SECRET in str(caught.value)) == ([], False)


def test_the_list_is_asked_beside_the_event_loop(opt_outs: SqliteOptOutList, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[threading.Thread] = []
    monkeypatch.setattr(opt_outs, "check", lambda _: asked.append(threading.current_thread()))
    awaited(opt_outs, Wire(), Alert(to=PHONE))
    blocking(opt_outs, Wire(), Alert(to=PHONE))
    assert [each is threading.main_thread() for each in asked] == [False, True]


# ---- on the wire -----------------------------------------------------------------------------------------------------


@BOTH
def test_an_alert_becomes_a_text_by_sms_and_nothing_more(opt_outs: SqliteOptOutList, send: Any) -> None:
    wire = Wire()
    alert = Alert(to=PHONE, client_ref="incident-42", status_report_req=True, type_="unicode", template=0)
    alert.api_secret = SECRET
    sent = send(opt_outs, wire, alert)
    assert wire.documents == [
        {
            "to": {"type": "sms", "number": PHONE},
            "from": {"type": "sms", "number": OURS},
            "message": {"content": {"type": "text", "text": "Your host3 is down"}},
            "client_ref": "incident-42",
        }
    ]
    assert (sent.message_count, len(sent.messages)) == ("1", 1)
    part = sent.messages[0]
    assert (part.status, part.message_id, part.to, part.client_ref) == ("0", UUID, PHONE, "incident-42")
    assert (part.message_price, part.remaining_balance, part.network, part.error_text) == (UNSET,) * 4
    assert (part.message_price_decimal, part.remaining_balance_decimal) == (None, None)


def test_an_empty_reference_is_none(opt_outs: SqliteOptOutList) -> None:
    wire = Wire()
    blocking(opt_outs, wire, Alert(to=PHONE, client_ref=""))
    blocking(opt_outs, wire, {"to": PHONE, "client-ref": "r", "template": "2"})
    assert ["client_ref" in each for each in wire.documents] == [False, True]


def test_what_the_sender_may_not_have_meant_is_said_in_the_first_part(opt_outs: SqliteOptOutList) -> None:
    part = blocking(opt_outs, Wire(), Alert(to=PHONE, template=2)).messages[0]
    assert part.error_text == "template 2 has no place for server; 1 characters became `?`: type=unicode sends them"


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("answer", "kind", "sent"),
    [
        ((401, {"title": "Unauthorized"}), errors.AuthenticationFailed, False),
        ((402, {"title": "Quota exceeded"}), errors.ApiProblem, False),
        ((422, {"title": "Unprocessable"}), errors.ApiProblem, False),
        ((429, {"title": "Throttled"}), errors.Throttled, False),
        ((500, {"title": "Broken"}), errors.ApiProblem, True),
        ((200, {"surprise": 1}), errors.UnexpectedAnswer, True),
        (httpx.ConnectError("refused"), errors.TransportFailure, False),
        (httpx.ReadTimeout("slow"), errors.TransportFailure, True),
    ],
)
def test_errors_are_of_the_same_family_and_tell_whether_it_may_have_been_sent(
    *, opt_outs: SqliteOptOutList, send: Any, answer: Any, kind: type[errors.ShortcodeKitError], sent: bool
) -> None:
    with pytest.raises(kind) as caught:
        send(opt_outs, Wire(answer), Alert(to=PHONE), retries=RetryPolicy(count=1, first=0.001, longest=0.001))
    assert caught.value.may_have_been_sent is sent
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"campaign": {0: "Zero"}}, "campaign"),
        ({"opt_outs": {PHONE}}, "opt_outs"),
        ({"opt_outs": None}, "opt_outs"),
        ({"from_": "+18335550100"}, "from_"),
        ({"from_": ""}, "from_"),
        ({"from_": None}, "from_"),
        ({"auth": KeySecret("k", "s")}, "auth"),
        ({"base_url": "http://example.com"}, "base_url"),
    ],
)
def test_what_a_client_cannot_be_made_with_is_refused(
    opt_outs: SqliteOptOutList, wrong: dict[str, Any], field: str
) -> None:
    for kind in (CampaignClient, AsyncCampaignClient):
        made: dict[str, Any] = {"auth": AUTH, "campaign": CAMPAIGN, "opt_outs": opt_outs, "from_": OURS, **wrong}
        with pytest.raises(errors.InvalidRequest) as caught:
            kind(made.pop("auth"), **made)
        assert caught.value.field == field


def test_a_closed_client_sends_nothing(opt_outs: SqliteOptOutList) -> None:
    wire = Wire()
    alerts = client(opt_outs, wire)
    alerts.close()
    with pytest.raises(errors.InvalidRequest, match="closed"):
        alerts.send(Alert(to=PHONE), custom={"server": "host3"})
    assert wire.sent == []


@BOTH
def test_each_call_is_told_of_once_without_texts_secrets_and_whole_numbers(
    opt_outs: SqliteOptOutList, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reports: list[CallReport] = []
    with caplog.at_level(logging.DEBUG):
        send(opt_outs, Wire(), Alert(to=PHONE), on_call=reports.append)
        opt_outs.opt_out(PHONE, by="a letter")
        with pytest.raises(errors.AlertRejected):
            send(opt_outs, Wire(), Alert(to=PHONE), on_call=reports.append)
    assert [(each.operation, each.recipient, each.outcome, each.attempts) for each in reports] == [
        ("sendMessage", "…3226", "ok", 1),
        ("sendMessage", "…3226", "AlertRejected", 0),
    ]
    assert "…3226 opted out (by-hand)" in caplog.text
    for hidden in (PHONE, SECRET, "host3", "a letter"):
        assert hidden not in caplog.text
