"""Laws of reading webhooks: each valid event, in each encoding that its spec allows and under any content type, is read.

Events are drawn from the specs, encoded by `arriving` without the product, and read by the four public functions. What comes out
is what the spec says, and what arrived is kept beside it. What is refused, and how, stands in `test_webhook_refusals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests import exercised
from contract_tests.apis import WEBHOOKS
from contract_tests.arriving import BODIES, EACH_WAY, FORM, JSON, QUERY, WAYS, Way, each_of, told, way_of, way_to, ways
from contract_tests.profiles import examples
from contract_tests.samples import ACCEPTED, REJECTED, Sample
from contract_tests.strategies import documents
from shortcode_clients.alerts.codes import RECEIPT_STATUS
from shortcode_clients.messages.codes import MESSAGE_STATUS_CODE
from shortcode_clients.messages.models import UnknownAddress, UnknownContent, UnknownInbound
from shortcode_clients.opt_in.codes import CARRIER_KEYWORD
from shortcodekit import webhooks
from shortcodekit.contract.choices import Choices
from shortcodekit.contract.normalising import same
from shortcodekit.webhooks import MalformedWebhook, Request, reading

STYLES: Final = st.binary(min_size=6, max_size=6)


# ---- events of the specs ---------------------------------------------------------------------------------------------


def test_there_is_one_function_for_each_webhook_of_the_specs_and_it_takes_what_the_spec_allows() -> None:
    assert set(reading.WEBHOOKS) == {operation.path for operation in WEBHOOKS}
    for name, webhook in reading.WEBHOOKS.items():
        assert callable(getattr(webhooks, name.replace("-", "_")))
        allowed = [way.encoding for way in WAYS if way.name == name]
        told = [encoding for encodings in webhook.encodings.values() for encoding in encodings]
        assert sorted(told) == sorted(allowed)
        assert (webhook.from_form is not None) == (FORM in allowed)
        assert ("GET" in webhook.encodings) == (QUERY in allowed)


@EACH_WAY
def test_a_valid_event_is_read_written_again_and_kept_as_it_arrived(way: Way) -> None:
    @examples(60)
    @given(documents(way.api, way.schema), STYLES)
    def law(document: Any, style: bytes) -> None:
        content = way.written(document, Choices(style))
        request = way.request(content)
        model = way.read(request)
        assert same(model.to_dict(), way.expected(document))
        assert same(model.raw, way.arriving(document))
        assert way.read(request) == model, "reading twice gives two models"
        exercised.note(exercised.request(way.operation, way.encoding))

    law()


@EACH_WAY
def test_a_text_of_any_characters_arrives_as_it_was_written(way: Way) -> None:
    key = "text" if way.name == "inbound-sms" else "client_ref" if way.encoding == JSON else "unknown"

    @examples(60)
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), STYLES)
    def law(text: str, style: bytes) -> None:
        document = {**told(way.name), key: text}
        assert way.read(way.request(way.written(document, Choices(style)))).to_dict()[key] == text

    law()


# ---- content types ---------------------------------------------------------------------------------------------------

LABELS: Final = (
    *(None, "", "text/plain", "nonsense", "*/*", "multipart/form-data; boundary=x", "application/octet-stream"),
    *(JSON, f"{JSON}; charset=utf-8", "APPLICATION/JSON;CHARSET=UTF-16", "text/javascript", "application/problem+json"),
    *(FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=ISO-8859-1", FORM.upper()),
)


@each_of(BODIES)
@pytest.mark.parametrize("label", LABELS)
def test_a_wrong_content_type_changes_nothing(way: Way, label: str | None) -> None:
    @examples(6)
    @given(documents(way.api, way.schema), STYLES)
    def law(document: Any, style: bytes) -> None:
        content = way.written(document, Choices(style))
        assert way.read(way.request(content, label)) == way.read(way.request(content))

    law()


HEADERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "a mapping": lambda label: {"Content-Type": label},
    "lower case": lambda label: [("content-type", label)],
    "capitals": lambda label: [("CONTENT-TYPE", label), ("X-OTHER", "")],
    "names of WSGI": lambda label: {"CONTENT_TYPE": label, "wsgi.errors": None},
    "bytes": lambda label: [(b"Content-Type", label.encode()), (b"\xff", b"\xff")],
    "two of them": lambda label: [("Content-Type", "text/plain"), ("Content-Type", label)],
    "values that are no text": lambda label: {"Content-Type": label, "X-Numbers": [1, 2], "X": 7, "Y": None},
    "an iterator": lambda label: iter([("Content-Type", label)]),
    "none": lambda _: (),
}


@each_of(BODIES)
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_headers_may_come_in_any_form_that_servers_give_them(way: Way, headers: Callable[[str], Any]) -> None:
    document = told(way.name)
    request = Request("POST", "", headers(way.encoding), way.written(document).encode())
    assert same(way.read(request).raw, way.arriving(document))


# ---- samples ---------------------------------------------------------------------------------------------------------


def _samples(kind: Iterable[tuple[Any, Sample]]) -> pytest.MarkDecorator:
    found = [pytest.param(found, sample, id=str(sample)) for _, sample in kind if (found := way_of(sample)) is not None]
    assert {found.values[0].name for found in found} == set(reading.WEBHOOKS)  # type: ignore[union-attr]  # a `Way`
    return pytest.mark.parametrize(("way", "sample"), found)


@_samples(ACCEPTED)
def test_each_accepted_sample_is_read_from_the_bytes_that_travel(way: Way, sample: Sample) -> None:
    document = sample.document(way.api)
    model = way.read(way.request(sample.content))
    assert same(model.to_dict(), way.expected(document))
    assert same(model.raw, document)
    for label in (None, "text/plain") if way in BODIES else ():
        assert way.read(way.request(sample.content, label)) == model


@_samples(REJECTED)
def test_each_rejected_sample_is_malformed_at_its_place_or_kept_whole(way: Way, sample: Sample) -> None:
    """What a receiver needs no knowledge of, such as the length of a number, is no reason to lose an event."""
    request = way.request(sample.content)
    if "unreadable" not in sample.facts and sample.facts["keyword"] not in ("required", "type"):
        with suppress(MalformedWebhook):
            assert same(way.read(request).to_dict(), way.expected(sample.document(way.api)))
        return
    if sample.facts.get("unreadable") == "not JSON" and _is_a_form(sample):
        assert way.read(request) == way.read(way.request(sample.content, FORM)), "a form under a wrong label"
        return
    with pytest.raises(MalformedWebhook) as caught:
        way.read(request)
    assert (caught.value.webhook, caught.value.http_status) == (way.name, 400)
    assert sample.facts.get("unreadable", "") in caught.value.problem
    assert caught.value.field.startswith(sample.facts.get("at", "").removeprefix("/").replace("/", "."))
    if sample.facts.get("keyword") == "required":
        assert caught.value.problem == "required, but missing"


def _is_a_form(sample: Sample) -> bool:
    """Whether the bytes are a form whatever the sample is called."""
    return sample.content.startswith(b"msisdn=")


# ---- what carries no meaning, and what is worked out -----------------------------------------------------------------


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.title, str.swapcase])
@pytest.mark.parametrize(
    ("name", "key", "code"),
    [
        *(("delivery-receipt", "status", code) for code in RECEIPT_STATUS),
        *(("message-status", "status", code) for code in MESSAGE_STATUS_CODE),
        *(("inbound-sms", "keyword", code) for code in CARRIER_KEYWORD),
    ],
)
def test_the_case_of_a_status_or_keyword_carries_no_meaning(
    name: str, key: str, code: str, spelling: Callable[[str], str]
) -> None:
    for found in ways(name):
        model = found.event(**{key: spelling(code)})
        assert getattr(model, key) == code
        assert model.raw[key] == spelling(code)
        assert getattr(model, f"{key}_meaning").known


NOON: Final = datetime(2020, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2020-01-01 12:00:00", "\\2020-01-01\\ 12:00:00", "2020-01-01+12:00:00"])
def test_the_time_of_a_push_is_aware_and_in_utc(text: str) -> None:
    for found in ways("delivery-receipt", "inbound-sms"):
        model = found.event(message_timestamp=text)
        assert model.message_timestamp_utc == NOON
        assert model.message_timestamp_utc.tzinfo is UTC
        assert model.message_timestamp == text


def test_the_receipt_that_the_vendor_documents_is_read_with_its_stray_backslashes() -> None:
    query = "msisdn=447700900000&to=447700900001&network-code=52099&messageId=02000000E68951D8&price=0.02000000"
    query += "&status=delivered&scts=1208121359&err-code=0&message-timestamp=\\2020-01-01\\+12%3A00%3A00"
    receipt = webhooks.delivery_receipt(Request("GET", query))
    assert receipt.message_timestamp_utc == NOON
    assert receipt.scts_utc == datetime(2012, 8, 12, 13, 59, tzinfo=UTC)
    assert (receipt.price, receipt.price_decimal) == ("0.02000000", Decimal("0.02000000"))
    assert receipt.raw["message-timestamp"] == "\\2020-01-01\\ 12:00:00"


@pytest.mark.parametrize("text", ["2020-01-01T12:00:00.000Z", "2020-01-01T13:00:00+01:00", "2020-01-01T04:30:00-07:30"])
def test_the_time_of_a_messages_event_is_aware_and_in_utc(text: str) -> None:
    for found in (way_to("message-status"), way_to("inbound-message")):
        model = found.event(timestamp=text)
        assert model.timestamp_utc == NOON
        assert model.timestamp_utc.tzinfo is UTC
        assert model.timestamp == text


@pytest.mark.parametrize("text", ["0.0333", "0", "-0.10", "12345678901234567890.123456789"])
def test_a_price_is_a_decimal_beside_the_text_that_arrived(text: str) -> None:
    for found in WAYS:
        price = {"price": text} if found.flat or found.name == "delivery-receipt" else {"usage": {"price": text}}
        model = found.event(**price)
        if found.name != "inbound-sms":
            holder = getattr(model, "usage", model)
            assert (holder.price, str(holder.price_decimal)) == (text, text)


# ---- what is not known yet -------------------------------------------------------------------------------------------


def test_a_receipt_keeps_statuses_codes_and_keys_to_come() -> None:
    for found in ways("delivery-receipt"):
        receipt = found.event(status="Evaporated", err_code="4711", carrier="x", messageid="y")
        assert (receipt.status, receipt.status_meaning.known) == ("Evaporated", False)
        assert (receipt.err_code, receipt.err_code_meaning.known) == ("4711", False)
        assert receipt.additional_properties == {"carrier": "x", "messageid": "y"}


def test_a_text_keeps_types_keywords_and_keys_to_come() -> None:
    for found in ways("inbound-sms"):
        sms = found.event(type="video", keyword="Basta", price="1")
        assert (sms.type_, sms.type__meaning.known) == ("video", False)
        assert (sms.keyword, sms.keyword_meaning.known) == ("Basta", False)
        assert sms.additional_properties == {"price": "1"}


def test_a_message_status_keeps_statuses_codes_channels_currencies_and_keys_to_come() -> None:
    found = way_to("message-status")
    end = {"type": "telepathy", "number": "1", "aura": {"deep": [None]}}
    usage, error = {"currency": "XDR", "price": "1"}, {"code": 99999, "reason": "r", "more": True}
    document = told(found.name, status="Pondered", to=end, from_=end, usage=usage, error=error, extra=[1, {"a": None}])
    status = found.read(found.request(found.written(document)))
    assert (status.status, status.status_meaning.known) == ("Pondered", False)
    assert (status.error.code, status.error.code_meaning.known) == (99999, False)
    assert (status.usage.currency, status.usage.currency_meaning.known) == ("XDR", False)
    assert status.to.type_ == "telepathy"
    assert status.to.additional_properties == {"aura": {"deep": [None]}}
    assert same(status.to_dict(), document)


def test_an_inbound_message_keeps_channels_contents_and_keys_to_come() -> None:
    found = way_to("inbound-message")
    content = {"type": "hologram", "hologram": {"url": "https://example.com", "depth": [3.5, {"a": None}]}}
    known = told(found.name, message={"content": content, "mood": 1}, extra=True)
    message = found.read(found.request(found.written(known)))
    assert isinstance(message.message.content, UnknownContent)
    assert message.message.content.additional_properties == {"hologram": content["hologram"]}
    assert same(message.to_dict(), known)
    end = {"type": "telepathy", "id": "x", "aura": 7}
    unknown = told(found.name, to=end, from_=end, message={"content": content})
    other = found.read(found.request(found.written(unknown)))
    assert isinstance(other, UnknownInbound)
    assert isinstance(other.from_, UnknownAddress)
    assert same(other.to_dict(), unknown)
