"""What a `Request` takes: frameworks hand on texts and bytes in different ways, and bodies of any size."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from shortcodekit import webhooks
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import Receiver, Request, SigSecret


def test_what_is_too_large_is_not_even_verified() -> None:
    receiver = Receiver(verify=SigSecret(secrets.token_hex(8)), max_bytes=99)
    receiver.on("inbound-sms", "/x")(print)
    for request in (Request("POST", body=b"text=" + b"x" * 99), Request("GET", "text=" + "x" * 99)):
        assert receiver.handle("/x", request).status == 413


@pytest.mark.parametrize(
    "body", [b"{}", bytearray(b"{}"), memoryview(b"{}"), "{}"], ids=lambda body: type(body).__name__
)
def test_texts_and_bytes_may_change_places_in_a_request(body: Any) -> None:
    query: Any = b"msisdn=16365553226&status=\xff"
    assert Request("POST", body=body).body == b"{}"
    with pytest.raises(webhooks.MalformedWebhook, match="not UTF-8"):
        webhooks.delivery_receipt(Request("GET", query))
    assert webhooks.delivery_receipt(Request("GET", query[:-1] + b"READ")).status == "READ"
    wrong_ones: list[Any] = [{"query": 1}, {"body": 1}, {"body": ["a"]}]
    for wrong in wrong_ones:
        with pytest.raises(InvalidRequest, match="request: a query of text, and a body of bytes") as caught:
            Request("POST", **wrong)
        assert caught.value.field == "request"


def test_nothing_is_an_empty_query_and_an_empty_body() -> None:
    nothing: Any = None
    for made in (Request("GET", nothing, {}, nothing), Request("GET", nothing), Request("GET", "", {}, nothing)):
        assert (made.query, made.body) == ("", b"")


def test_half_a_character_in_a_body_of_text_is_refused_when_it_is_read() -> None:
    body: Any = '{"msisdn": "\ud800"}'
    request = Request("POST", body=body)
    with pytest.raises(webhooks.MalformedWebhook):
        webhooks.inbound_sms(request)


def test_a_verifier_that_fails_by_itself_brings_the_event_back(caplog: pytest.LogCaptureFixture) -> None:
    class Own:
        def verify(self, request: Request, now: float | None = None) -> None:
            raise KeyError(request, now)

    outcomes: list[tuple[str, str]] = []
    receiver = Receiver(verify=Own(), on_answer=lambda answered: outcomes.append((answered.outcome, answered.reason)))
    receiver.on("inbound-sms", "/x")(print)
    assert receiver.handle("/x", Request("GET", "msisdn=16365553226&messageId=1")).status == 500
    assert outcomes == [("failed", "KeyError")]
    assert "verifying what came to /x failed; the event will come again\nTraceback" in caplog.text


def test_a_class_is_no_secret_and_nothing_is_no_handler() -> None:
    with pytest.raises(InvalidRequest, match="verify"):
        Receiver(verify=SigSecret)  # type: ignore[arg-type]
    nothing: Any = None
    with pytest.raises(InvalidRequest, match="handler: a function;"):
        Receiver(verify=None).on("inbound-sms", "/x")(nothing)


def _problem(request: Request) -> str:
    with pytest.raises(webhooks.MalformedWebhook) as caught:
        webhooks.inbound_sms(request)
    return caught.value.problem


@pytest.mark.parametrize("label", ["application/json", "Application/JSON; x", "text/javascript", "text/JavaScript"])
def test_a_body_that_is_neither_form_nor_json_is_told_what_is_wrong_with_what_its_label_says(label: str) -> None:
    as_json = _problem(Request("POST", "", {"content-type": label}, b'"text"'))
    as_form = _problem(Request("POST", "", {"content-type": "application/x-www-form-urlencoded"}, b'"text"'))
    assert as_json == "expected an object, got text" != as_form


@pytest.mark.parametrize("half", [0xD800, 0xDC80, 0xDFFF], ids=hex)
def test_any_half_of_a_character_in_a_query_is_no_utf_8_and_other_letters_are(half: int) -> None:
    query = "msisdn=15550100001&to=96167&messageId=1&text=\ud7ff\ue000é🛑"
    assert webhooks.inbound_sms(Request("GET", query)).text == "\ud7ff\ue000é🛑"
    assert _problem(Request("GET", f"{query}{chr(half)}")) == "the query is not UTF-8"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("a" * 120, "a" * 120),
        ("a" * 121, "a field with a name of 121 characters"),
        ("a\u2028b", "a field with a name of 3 characters"),
    ],
    ids=["long", "too long", "not printable"],
)
def test_the_name_of_a_field_is_told_where_it_fits_on_a_line(name: str, field: str) -> None:
    body = f'{{"msisdn": "15550100001", "to": "96167", "messageId": "1", "{name}": 1, "{name}": 2}}'.encode()
    with pytest.raises(webhooks.MalformedWebhook) as caught:
        webhooks.inbound_sms(Request("POST", "", {}, body))
    assert (caught.value.field, caught.value.may_have_been_sent) == (field, False)
    assert str(caught.value) == f"inbound-sms: {field}: {caught.value.problem}"


def test_a_header_is_found_under_the_names_that_frameworks_give_it() -> None:
    for name in ("X-Request-Id", "x-request-id", "X_REQUEST_ID", "x_request_id"):
        assert Request("GET", "", {name: "7"}).header("x-request-id") == ["7"]
    assert Request("GET", "", {"XRequestId": "7"}).header("x-request-id") == []


def test_readers_refuse_what_is_larger_than_they_are_told_and_what_travels_by_another_method() -> None:
    for request in (Request("POST", "", {}, b"a" * 100), Request("GET", "a" * 100)):
        with pytest.raises(webhooks.MalformedWebhook) as caught:
            webhooks.inbound_sms(request, max_bytes=99)
        assert (str(caught.value), caught.value.http_status) == ("inbound-sms: larger than 99 bytes", 413)
    assert _problem(Request("PUT", "", {}, b"{}")) == "it travels by GET or POST, not by another method"
    with pytest.raises(webhooks.MalformedWebhook, match="it travels by POST, not by another method"):
        webhooks.message_status(Request("GET", "a=1"))


def test_a_list_is_no_event() -> None:
    assert _problem(Request("POST", "", {}, b'[{"msisdn": "1"}]')) == "expected an object, got a list"
