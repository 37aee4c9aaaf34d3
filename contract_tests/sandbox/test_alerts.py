"""The sandbox takes alerts as the service does, in every form of a request, and answers as it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from contract_tests.sandboxed import (
    AS_JSON,
    CUSTOM,
    FILLED,
    PHONE,
    WAYS,
    by_form,
    by_get,
    by_json,
    credentials,
    get,
    raw,
    written,
)
from shortcodekit import AlertsClient, alerts
from shortcodekit.errors import AlertRejected, AuthenticationFailed
from shortcodekit.sandbox import Sandbox

JSON, XML = "/sc/us/alert/json", "/sc/us/alert/xml"
SAID = {"to": PHONE, **CUSTOM, "client-ref": "r 1"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


# ---- how requests travel ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_an_alert_arrives_in_every_form_that_a_request_has(sandbox: Sandbox, way: str) -> None:
    reply = raw(sandbox, WAYS[way](JSON, credentials(sandbox), SAID))
    assert (reply.status, reply.kind) == (200, "application/json")
    assert reply.document["message-count"] == "1"
    assert (reply.part["status"], reply.part["to"], reply.part["client-ref"]) == ("0", PHONE, "r 1")
    assert sandbox.phone(PHONE).texts == [FILLED]


@pytest.mark.parametrize("way", [way for way in WAYS if way not in AS_JSON])
def test_an_alert_is_answered_in_xml_where_xml_is_asked_for(sandbox: Sandbox, way: str) -> None:
    reply = raw(sandbox, WAYS[way](XML, credentials(sandbox), SAID))
    assert (reply.status, reply.kind) == (200, "application/xml")
    answer = alerts.models.AlertResponse.from_xml(reply.body)
    assert [(part.status, part.to, part.client_ref) for part in answer.messages] == [("0", PHONE, "r 1")]
    assert sandbox.phone(PHONE).texts == [FILLED]


@pytest.mark.parametrize("way", sorted(AS_JSON))
def test_the_xml_endpoint_takes_no_json(sandbox: Sandbox, way: str) -> None:
    reply = raw(sandbox, WAYS[way](XML, credentials(sandbox), SAID))
    assert (reply.status, reply.kind) == (200, "application/xml")
    (part,) = alerts.models.AlertResponse.from_xml(reply.body).messages
    assert part.status == "3"
    assert not sandbox.messages


def test_a_status_report_is_asked_for_in_every_documented_way(sandbox: Sandbox) -> None:
    for asked in ("1", "true", 1, True):
        raw(sandbox, by_json()(JSON, credentials(sandbox), {**SAID, "status-report-req": asked}))
        assert len(sandbox.messages[0]["events"]) == 1, asked
    for asked in ("0", "false", 0, False):
        raw(sandbox, by_json()(JSON, credentials(sandbox), {**SAID, "status-report-req": asked}))
        assert sandbox.messages[0]["events"] == [], asked


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("PUT /sc/us/alert/json", 405), ("DELETE /sc/us/alert/xml", 405), ("GET /sc/us/alert", 404), ("GET /sc", 404)],
)
def test_what_is_no_operation_is_refused_with_the_hosts_own_error(
    sandbox: Sandbox, request_line: str, status: int
) -> None:
    method, path = request_line.split()
    reply = raw(sandbox, written(method, path))
    assert reply.status == status
    assert str(status).encode() in reply.body
    assert ("allow" in reply.headers) == (status == 405)


def test_a_parameter_that_is_said_twice_is_refused_and_one_that_is_said_alike_is_not(sandbox: Sandbox) -> None:
    who = credentials(sandbox)
    twice = written("GET", by_get(JSON, who, SAID).decode().split()[1] + f"&to={PHONE}")
    assert raw(sandbox, twice).part["status"] == "3"
    body = by_form(JSON, who, SAID).partition(b"\r\n\r\n")[2]
    alike, other = (written("POST", f"{JSON}?to={number}", body) for number in (PHONE, "16365553227"))
    assert raw(sandbox, alike).part["status"] == "0"
    assert raw(sandbox, other).part["status"] == "3"


def test_a_body_that_is_too_large_is_refused_and_the_sandbox_goes_on(sandbox: Sandbox) -> None:
    assert raw(sandbox, by_form(JSON, credentials(sandbox), {**SAID, "server": "x" * 300_000})).status == 413
    assert get(sandbox, JSON, to=PHONE, **CUSTOM).part["status"] == "0"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b"{}", b"null", b'{"to": 1e400}', b'{"to": NaN}', b'{"a": ' * 5000, b"\xff\xfe", b"%zz=%", b"a=%ff", b"\0"],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
def test_nonsense_is_refused_in_words_and_never_an_error_of_the_sandbox(sandbox: Sandbox, body: bytes) -> None:
    for path in (JSON, XML):
        reply = raw(sandbox, written("POST", path, body, "Content-Type: application/json"))
        assert reply.status == 200
        answer = alerts.models.AlertResponse
        read = answer.from_json(reply.body) if path == JSON else answer.from_xml(reply.body)
        assert read.messages[0].status in {"2", "3"}
        assert read.messages[0].error_text


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 5000])
def test_a_number_that_could_not_be_written_again_is_refused(sandbox: Sandbox, number: str) -> None:
    who = json.dumps({**credentials(sandbox), **SAID})
    for body in (f'{who[:-1]}, "unknown": {number}}}', f'{who[:-1]}, "server": {number}}}'):
        part = raw(sandbox, written("POST", JSON, body.encode(), "Content-Type: application/json")).part
        assert part["status"] == "3"
        assert "a number is too large or too long to be kept" in part["error-text"]
    assert sandbox.phone(PHONE).texts == []


# ---- what is refused -------------------------------------------------------------------------------------------------

REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no recipient": ({"to": None}, "2", "to"),
    "a recipient with a plus": ({"to": f"+{PHONE}"}, "3", "to"),
    "a short recipient": ({"to": "1636555322"}, "3", "to"),
    "a recipient abroad": ({"to": "44163296096"}, "3", "to"),
    "two recipients": ({"to": f"{PHONE},{PHONE}"}, "3", "to"),
    "a template that there cannot be": ({"template": "6"}, "3", "template"),
    "a template that is no number": ({"template": "first"}, "3", "template"),
    "a long reference": ({"client-ref": "x" * 41}, "3", "client-ref"),
    "an unknown type": ({"type": "binary"}, "3", "type"),
    "an unknown report": ({"status-report-req": "2"}, "3", "status-report-req"),
    "an unfilled place": ({"server": None}, "2", "${server}"),
    "two unfilled places": ({"server": None, "link": None}, "2", "${link}"),
}


@pytest.mark.parametrize("rule", REFUSALS)
@pytest.mark.parametrize("path", [JSON, XML])
def test_a_broken_rule_is_answered_with_http_200_and_a_status_and_the_field(
    sandbox: Sandbox, rule: str, path: str
) -> None:
    changes, status, named = REFUSALS[rule]
    said = {name: value for name, value in {**SAID, **changes}.items() if value is not None}
    reply = raw(sandbox, by_form(path, credentials(sandbox), said))
    assert reply.status == 200
    model = alerts.models.AlertResponse
    (part,) = (model.from_json(reply.body) if path == JSON else model.from_xml(reply.body)).messages
    assert part.status == status
    assert named in str(part.error_text)
    assert not sandbox.messages
    assert sandbox.requests[0]["code"] == status
    assert named in sandbox.requests[0]["detail"]


def test_clients_raise_what_the_status_means(sandbox: Sandbox) -> None:
    with AlertsClient(sandbox.auth, base_url=sandbox.url, retries=0) as client:
        with pytest.raises(AlertRejected) as caught:
            client.send({"to": PHONE}, custom={"server": "host3"})
        assert (caught.value.status, caught.value.may_have_been_sent) == ("2", False)
        assert "${link}" in str(caught.value)
    wrong = type(sandbox.auth)(sandbox.api_key, f"{sandbox.api_secret}x")
    with AlertsClient(wrong, base_url=sandbox.url, retries=0) as client, pytest.raises(AuthenticationFailed):
        client.send({"to": PHONE}, custom=CUSTOM)


# ---- the balance -----------------------------------------------------------------------------------------------------


def test_the_balance_falls_by_the_price_of_each_part_until_it_is_spent() -> None:
    with Sandbox(balance="0.10", price="0.03") as sandbox, AlertsClient(sandbox.auth, base_url=sandbox.url) as client:
        sandbox.set_templates({0: "${text}"})
        left = Decimal("0.10")
        for count in (1, 2):
            parts = client.send({"to": PHONE}, custom={"text": "x" * (1 if count == 1 else 161)}).messages
            assert len(parts) == count
            for part in parts:
                left -= Decimal("0.03")
                assert Decimal(str(part.remaining_balance)) == left
                assert Decimal(str(part.message_price)) == Decimal("0.03")
        with pytest.raises(AlertRejected) as caught:
            client.send({"to": PHONE}, custom={"text": "x"})
        assert (caught.value.status, left) == ("9", Decimal("0.01"))
        assert len(sandbox.messages) == 2
        sandbox.reset()
        sandbox.set_templates({0: "${text}"})
        assert Decimal(str(client.send({"to": PHONE}, custom={"text": "x"}).messages[0].remaining_balance)) == Decimal(
            "0.07"
        )


def test_a_message_that_the_balance_covers_exactly_is_sent() -> None:
    with Sandbox(balance="0.06", price="0.03") as sandbox:
        sandbox.set_templates({0: "${text}"})
        assert get(sandbox, JSON, to=PHONE, text="x" * 200).document["messages"][1]["remaining-balance"] == "0.00000000"
        assert get(sandbox, JSON, to=PHONE, text="x").part["status"] == "9"


def test_refused_alerts_cost_nothing(sandbox: Sandbox) -> None:
    get(sandbox, JSON, to=PHONE)
    get(sandbox, JSON, to="15550010007", **CUSTOM)
    assert get(sandbox, JSON, to=PHONE, **CUSTOM).part["remaining-balance"] == "99999.98000000"


# ---- ids -------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_answers_in_the_same_order() -> None:
    def told(seed: str) -> list[Any]:
        with Sandbox(seed=seed, api_key="abcd1234") as sandbox:
            sandbox.set_templates({0: "${text}"})
            answers: list[Any] = [get(sandbox, JSON, to=PHONE, text="x" * n).document for n in (1, 200, 500)]
            answers.append(get(sandbox, JSON, to="1").document)
            sent = sandbox.phone(PHONE).text("Hello")
            return [*answers, sent["message_id"]]

    assert told("x") == told("x")
    assert told("x") != told("y")


def test_no_id_is_given_twice_even_after_a_reset(sandbox: Sandbox) -> None:
    ids = []
    for _ in range(3):
        ids += [get(sandbox, JSON, to=PHONE, **CUSTOM).part["message-id"] for _ in range(5)]
        sandbox.reset()
    assert len(set(ids)) == 15
    assert all(8 <= len(each) <= 16 for each in ids)
