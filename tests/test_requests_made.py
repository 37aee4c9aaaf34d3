"""From what a caller gives to a request, and from an answer's parts to what they mean, without a network.

What a client is given stands here once more as the words of its errors, the places that they name, and the bytes that travel.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import pytest

from shortcode_clients import InvalidDocument, alerts
from shortcode_clients.opt_in.models import OptInRecord
from shortcodekit import (
    Alert,
    AlertsClient,
    AsyncAlertsClient,
    AsyncMessagesClient,
    AsyncOptInClient,
    AsyncTwoFactorClient,
    Basic,
    KeySecret,
    MessagesClient,
    OptInClient,
    RetryPolicy,
    TwoFactor,
    TwoFactorClient,
    outbound,
)
from shortcodekit.clients import alerts as alerts_client
from shortcodekit.clients.requests import dotted, of_models
from shortcodekit.errors import (
    InvalidRequest,
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


Call = Callable[[Any], Any]
PAGE: Final = {"opt-in-count": "0", "opt-in-list": []}
RECORD: Final = {"msisdn": TO, "opt-in": "true", "opt-out": "false"}
SMS: Final = outbound.sms.text("Hi", to="447700900000", from_="15550100000")
PIN: Final = TwoFactor(TO, "4711")
CALLS: Final[list[tuple[Any, Any, Call, Mapping[str, Any], int, str]]] = [
    (AlertsClient, AsyncAlertsClient, lambda client: client.send(Alert(to=TO)), GOOD, 200, "sendAlert"),
    (TwoFactorClient, AsyncTwoFactorClient, lambda client: client.send(PIN), GOOD, 200, "sendTwoFactor"),
    (OptInClient, AsyncOptInClient, lambda client: client.page(2, 5), PAGE, 200, "queryOptOuts"),
    (OptInClient, AsyncOptInClient, lambda client: client.resubscribe(TO), RECORD, 200, "resubscribe"),
    (
        MessagesClient,
        AsyncMessagesClient,
        lambda client: client.send(SMS),
        {"message_uuid": "an-id"},
        202,
        "sendMessage",
    ),
]
ASKED: Final[dict[str, tuple[str, str | None, dict[str, str]]]] = {
    "sendAlert": ("https://rest.nexmo.com/sc/us/alert/json", "…3226", {"to": TO}),
    "sendTwoFactor": ("https://rest.nexmo.com/sc/us/2fa/json", "…3226", {"to": TO, "pin": "4711"}),
    "queryOptOuts": ("https://rest.nexmo.com/sc/us/alert/opt-in/query/json", None, {"page": "2", "page-size": "5"}),
    "resubscribe": ("https://rest.nexmo.com/sc/us/alert/opt-in/manage/json", "…3226", {"msisdn": TO}),
    "sendMessage": ("https://api.nexmo.com/v0.1/messages", "…0000", {}),
}


def _called(kind: Any, sent: Sent, call: Call) -> Any:
    """What a call of a client of this kind gives, which blocks or is awaited."""
    client = sent.client(kind, BASIC if "Messages" in kind.__name__ else AUTH)
    if not kind.__name__.startswith("Async"):
        with client:
            return call(client)

    async def main() -> Any:
        async with client:
            return await call(client)

    return asyncio.run(main())


def test_each_operation_goes_to_its_place_and_is_told_by_its_name() -> None:
    for blocking, awaited, call, answer, status, operation in CALLS:
        place, recipient, parameters = ASKED[operation]
        for kind in (blocking, awaited):
            sent = Sent(answer, status)
            assert _called(kind, sent, call) == type(_called(kind, Sent(answer, status), call)).from_dict(answer)
            (request,), (report,) = sent.requests, sent.reports
            assert (request.method, str(request.url)) == ("POST", place)
            assert report == CallReport(operation, recipient, "ok", report.seconds, 1, status, None)
            if parameters:
                assert dict(parse_qsl(request.read().decode())) == {**parameters, **LOGIN}
            else:
                assert json.loads(request.read()) == SMS.to_dict()
                assert request.headers["authorization"].startswith("Basic ")


def test_only_a_query_is_repeated_after_a_failure_of_the_service() -> None:
    for blocking, awaited, call, answer, _, operation in CALLS:
        for kind in (blocking, awaited):
            sent = Sent(answer, 502)
            client = partial(sent.client, retries=RetryPolicy(count=1, first=0))
            sent.client = client  # type: ignore[method-assign]  # with one repetition
            with pytest.raises(UnexpectedAnswer) as caught:
                _called(kind, sent, call)
            is_query = operation == "queryOptOuts"
            assert len(sent.requests) == (2 if is_query else 1)
            assert caught.value.may_have_been_sent is not is_query


def test_opt_outs_are_asked_for_by_pages_of_a_hundred() -> None:
    async def listed(client: Any) -> list[OptInRecord]:
        return [record async for record in client.opt_outs()]

    usual = {"page": "0", "page-size": "100", **LOGIN}
    for kind, calls in (
        (OptInClient, (lambda client: client.page(), lambda client: list(client.opt_outs()))),
        (AsyncOptInClient, (lambda client: client.page(), listed)),
    ):
        for call in calls:
            sent = Sent(PAGE)
            assert not getattr(_called(kind, sent, call), "opt_in_list", [])
            (request,) = sent.requests
            assert dict(parse_qsl(request.read().decode())) == usual


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
    wrong: tuple[Any, ...] = ("447700900000", type(sms.to))  # a text, and a class in place of its instance
    for sms.to in wrong:
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
