"""From what a caller gives to a request, and from an answer's parts to what they mean, without a network.

What a client is given stands here once more as the words of its errors, the places that they name, and the bytes that travel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import pytest

from contract_tests.calls import outcome
from shortcode_clients import InvalidDocument, alerts
from shortcode_clients.alerts.codes import ALERT_PART_STATUS
from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcode_clients.opt_in.models import OptInRecord, OptOutList
from shortcodekit import (
    Alert,
    AlertsClient,
    Basic,
    KeySecret,
    MessagesClient,
    OptInClient,
    TwoFactor,
    TwoFactorClient,
    outbound,
)
from shortcodekit.clients import alerts as alerts_client
from shortcodekit.clients.opt_in import Pages
from shortcodekit.clients.requests import dotted, of_models
from shortcodekit.concealing import HIDDEN
from shortcodekit.errors import (
    AlertRejected,
    AuthenticationFailed,
    InvalidRequest,
    ShortcodeKitError,
    Throttled,
    UnexpectedAnswer,
)
from shortcodekit.exchange import CallReport

AUTH: Final = KeySecret("a-key-1234", "a-secret")
BASIC: Final = Basic("a-key-1234", "a-secret")
TO: Final = "16365553226"
GOOD: Final = {"message-count": "1", "messages": [{"status": "0"}]}
SENDING: Final = "Alerts - Sending API Reference"
LOGIN: Final = {"api_key": "a-key-1234", "api_secret": "a-secret"}


class Sent(httpx.MockTransport):
    """Answers alike, and keeps the requests."""

    def __init__(self, answer: Mapping[str, Any] = GOOD, status: int = 200, **headers: str) -> None:
        self.requests: list[httpx.Request] = []
        self.reports: list[CallReport] = []
        self._told: dict[str, Any] = {"json": answer, "headers": headers}
        self._status = status
        super().__init__(self._answered)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, **self._told)

    def client(self, kind: Any, auth: httpx.Auth = AUTH, **options: Any) -> Any:
        given = {"transport": self, "retries": 0, "on_call": self.reports.append, **options}
        return kind(auth, **given)


def _refused(kind: Any, *given: Any, auth: httpx.Auth = AUTH, **options: Any) -> InvalidRequest:
    sent = Sent()
    with sent.client(kind, auth) as client, pytest.raises(InvalidRequest) as caught:
        client.send(*given, **options)
    assert sent.requests == []
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


# ---- what travels ----------------------------------------------------------------------------------------------------


def test_a_request_travels_in_the_encoding_and_asks_for_the_format_of_its_client() -> None:
    for form in ["json", "xml"]:
        parameters = {"to": TO, "template": "1", "server": "a&b", **LOGIN}
        for encoding in ("form", "query", "json"):
            if (encoding, form) == ("json", "xml"):
                continue
            sent = Sent()
            with sent.client(AlertsClient, encoding=encoding, format=form) as client:
                client.send(Alert(to=TO, template=1), custom={"server": "a&b"})
            (request,) = sent.requests
            url, body = request.url, request.read().decode()
            assert (url.scheme, url.host, url.path) == ("https", "rest.nexmo.com", f"/sc/us/alert/{form}")
            assert request.method == ("GET" if encoding == "query" else "POST")
            if encoding == "query":
                assert (dict(parse_qsl(url.query.decode())), body) == (parameters, "")
                assert "content-type" not in request.headers
            elif encoding == "form":
                assert (url.query, dict(parse_qsl(body))) == (b"", parameters)
                assert request.headers["content-type"] == "application/x-www-form-urlencoded"
            else:
                assert (url.query, json.loads(body)) == (b"", {**parameters, "template": 1})
                assert request.headers["content-type"] == "application/json"
            assert sent.reports == [CallReport("sendAlert", "…3226", "ok", sent.reports[0].seconds, 1, 200, None)]


def test_each_operation_goes_to_its_place() -> None:
    page = {"opt-in-count": "0", "opt-in-list": []}
    record = {"msisdn": TO, "opt-in": "true", "opt-out": "false"}
    accepted = {"message_uuid": "an-id"}
    sms = outbound.sms.text("Hi", to="447700900000", from_="15550100000")
    places: list[tuple[Any, Any, Mapping[str, Any], int, str, str, str | None]] = [
        (
            TwoFactorClient,
            lambda client: client.send(TwoFactor(TO, "4711")),
            GOOD,
            200,
            "sendTwoFactor",
            "2fa",
            "…3226",
        ),
        (OptInClient, lambda client: client.page(2, 5), page, 200, "queryOptOuts", "opt-in/query", None),
        (OptInClient, lambda client: client.resubscribe(TO), record, 200, "resubscribe", "opt-in/manage", "…3226"),
        (MessagesClient, lambda client: client.send(sms), accepted, 202, "sendMessage", "v0.1/messages", "…0000"),
    ]
    for kind, call, answer, status, operation, place, recipient in places:
        sent = Sent(answer, status)
        with sent.client(kind, BASIC if kind is MessagesClient else AUTH) as client:
            assert call(client).to_dict() == {**answer, **({"opt-in": "true"} if "msisdn" in answer else {})}
        (request,) = sent.requests
        assert place in str(request.url)
        (report,) = sent.reports
        assert report == CallReport(operation, recipient, "ok", report.seconds, 1, status, None)
        if operation == "queryOptOuts":
            assert dict(parse_qsl(request.read().decode())) == {"page": "2", "page-size": "5", **LOGIN}
        if operation == "resubscribe":
            assert dict(parse_qsl(request.read().decode())) == {"msisdn": TO, **LOGIN}


def test_a_mapping_and_a_model_are_not_changed_by_sending_them() -> None:
    model, mapping = Alert(to=TO), {"to": TO}
    for given in (model, mapping, MappingProxyType(mapping)):
        with Sent().client(AlertsClient) as client:
            client.send(given, custom={"server": "host3"})
    assert (model, mapping) == (Alert(to=TO), {"to": TO})


# ---- what is refused -------------------------------------------------------------------------------------------------

SETTINGS: Final[dict[str, tuple[dict[str, Any], str, str, str]]] = {
    "an unknown format": ({"format": "yaml"}, "format", "one of json, xml", ""),
    "an unknown encoding": ({"encoding": "xml"}, "encoding", "one of form, json, query", ""),
    "a JSON body and an XML answer": (
        {"encoding": "json", "format": "xml"},
        "encoding",
        "a JSON body is taken by the json endpoint only; choose the form",
        f"{SENDING}: Encoding",
    ),
}


def test_a_format_or_an_encoding_that_there_is_not_is_refused() -> None:
    for case in SETTINGS:
        options, *told = SETTINGS[case]
        with pytest.raises(InvalidRequest) as caught:
            Sent().client(AlertsClient, **options)
        assert [caught.value.field, caught.value.rule, caught.value.source] == told


WRONG: Final[list[tuple[Any, Any, str]]] = [
    (AlertsClient, 5, "an Alert, got a Python int"),
    (AlertsClient, TwoFactor(TO, "4711"), "an Alert, got a Python TwoFactorRequest"),
    (AlertsClient, None, "an Alert, got a Python NoneType"),
    (TwoFactorClient, "a text", "a TwoFactor, got a Python str"),
    (TwoFactorClient, Alert(to=TO), "a TwoFactor, got a Python AlertRequest"),
    (MessagesClient, [1], "a message of `outbound`, or an outbound model, got a Python list"),
    (MessagesClient, Alert(to=TO), "a message of `outbound`, or an outbound model, got a Python AlertRequest"),
]


def test_what_is_no_message_is_refused_by_the_name_of_its_type() -> None:
    for kind, given, rule in WRONG:
        error = _refused(kind, given, auth=BASIC if kind is MessagesClient else AUTH)
        assert (error.field, error.rule, error.source) == ("", rule, "")


def test_a_model_that_holds_what_cannot_be_written_is_refused() -> None:
    sms = outbound.sms.text("Hi", to="447700900000", from_="15550100000")
    sms.to = "447700900000"  # type: ignore[assignment]  # wrong, and refused
    error = _refused(MessagesClient, sms, auth=BASIC)
    assert error.rule == "a message of `outbound`, or an outbound model, one of its attributes is of the wrong kind"
    alert = Alert(to=TO)
    alert.additional_properties = {"to": "x"}
    error = _refused(AlertsClient, alert)
    assert (error.field, error.rule) == ("to", "a documented key belongs in the model's own attribute")


def test_an_error_of_the_models_becomes_one_of_ours_with_its_place_and_without_a_chain() -> None:
    def invalid() -> None:
        raise InvalidDocument("expected text", ("a", 0, "b"))

    with pytest.raises(InvalidRequest) as caught:
        of_models(invalid)
    assert (caught.value.field, caught.value.rule) == ("a[0].b", "expected text")
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert [dotted(path) for path in ((), ("a",), (1, "a"), ("a", "b", 2))] == ["", "a", "[1].a", "a.b[2]"]


AGAINST: Final[dict[str, tuple[Any, Any, str, str]]] = {
    "a rule of the spec": (Alert(to=f"+{TO}"), None, "to", "of the form ^1[0-9]{10}$"),
    "no mapping": (Alert(to=TO), [("a", "b")], "custom", "a mapping of names to values"),
    "a documented name": (
        Alert(to=TO),
        {"template": 1},
        "template",
        "a custom parameter cannot be named like a documented one",
    ),
    "a name given twice": ({"to": TO, "a": 1}, {"a": 2}, "a", "a custom parameter is given twice"),
    "a list": (Alert(to=TO), {"a": []}, "a", "text or a number or a boolean, got a list"),
}


def test_what_an_alert_must_not_have_is_told_with_its_place() -> None:
    for case in AGAINST:
        alert, custom, field, rule = AGAINST[case]
        error = _refused(AlertsClient, alert, custom=custom)
        assert (error.field, error.rule, error.operation) == (field, rule, "sendAlert")
        schema = alerts.openapi()["components"]["schemas"]["AlertRequest"]
        if case == "a documented name":
            assert error.source == schema["x-source"]
        if case == "a rule of the spec":
            assert error.about.startswith("The recipient: one US number")
            assert error.source


def test_custom_parameters_are_put_beside_those_of_a_document() -> None:
    document: dict[str, Any] = {"to": TO}
    alerts_client.add_custom(document, {"a": 1, "b": "x"})
    assert document == {"to": TO, "a": 1, "b": "x"}


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
