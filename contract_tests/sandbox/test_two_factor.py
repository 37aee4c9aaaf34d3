"""The sandbox takes PINs as it takes alerts, brings them to the phone, and sends them to nobody who texted STOP."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contract_tests.apis import Api
from contract_tests.loopback import Recorder
from contract_tests.sandboxed import AS_JSON, PHONE, WAYS, as_request, by_form, control, credentials, get, raw
from shortcodekit import OptInClient, TwoFactor, TwoFactorClient, two_factor
from shortcodekit.errors import AlertRejected, AuthenticationFailed
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import delivery_receipt

JSON, XML = "/sc/us/2fa/json", "/sc/us/2fa/xml"
PIN: Final = "004711"
SAID: Final = {"to": PHONE, "pin": PIN, "client-ref": "login 1"}
TEXT: Final = str(Api("two_factor").schemas["TwoFactorRequest"]["x-sample"]).replace("${pin}", PIN)
AnswerModel: Final = two_factor.models.AlertResponse


@pytest.fixture
def sandbox(hooked: Sandbox) -> Sandbox:
    return hooked


def ask(sandbox: Sandbox, **said: Any) -> dict[str, Any]:
    """The part that answers a PIN, with what is said beside the number and the PIN."""
    return get(sandbox, JSON, **{"to": PHONE, "pin": PIN, **said}).part


# ---- how requests travel ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_pin_arrives_in_every_form_that_a_request_has(sandbox: Sandbox, way: str) -> None:
    said = {**SAID, "pin": "4711"} if way == "numbers in JSON" else SAID  # numbers have no zeros at their beginning
    reply = raw(sandbox, WAYS[way](JSON, credentials(sandbox), said))
    assert (reply.status, reply.kind) == (200, "application/json")
    assert reply.document["message-count"] == "1"
    assert (reply.part["status"], reply.part["to"], reply.part["client-ref"]) == ("0", PHONE, "login 1")
    assert sandbox.phone(PHONE).texts == [TEXT.replace(PIN, said["pin"])]
    assert (sandbox.messages[0]["api"], sandbox.messages[0]["client_ref"]) == ("two_factor", "login 1")


@pytest.mark.parametrize("way", [way for way in WAYS if way not in AS_JSON])
def test_a_pin_is_answered_in_xml_where_xml_is_asked_for(sandbox: Sandbox, way: str) -> None:
    reply = raw(sandbox, WAYS[way](XML, credentials(sandbox), SAID))
    assert (reply.status, reply.kind) == (200, "application/xml")
    assert [(each.status, each.client_ref) for each in AnswerModel.from_xml(reply.body).messages] == [("0", "login 1")]
    assert sandbox.phone(PHONE).texts == [TEXT]


@pytest.mark.parametrize("way", sorted(AS_JSON))
def test_the_xml_endpoint_takes_no_json(sandbox: Sandbox, way: str) -> None:
    reply = raw(sandbox, WAYS[way](XML, credentials(sandbox), SAID))
    assert [each.status for each in AnswerModel.from_xml(reply.body).messages] == ["3"]
    assert not sandbox.messages


@pytest.mark.parametrize("settings", [{}, {"format": "xml"}, {"encoding": "json"}, {"encoding": "query"}])
@pytest.mark.parametrize("method", ["key and secret", "md5hash", "md5", "sha1", "sha256", "sha512"])
def test_clients_bring_a_pin_to_the_phone(sandbox: Sandbox, settings: Any, method: str) -> None:
    auth = sandbox.auth if method == "key and secret" else sandbox.signed(method)
    with TwoFactorClient(auth, base_url=sandbox.url, **settings) as client:
        sent = client.send(TwoFactor(PHONE, PIN))
    assert sent.messages[0].message_id
    assert sandbox.phone(PHONE).texts == [TEXT]


# ---- what is refused -------------------------------------------------------------------------------------------------

REFUSALS: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "no recipient": ({"to": None}, "2", "to"),
    "no PIN": ({"pin": None}, "2", "pin"),
    "an empty PIN": ({"pin": ""}, "3", "pin"),
    "a PIN with a letter": ({"pin": "12a4"}, "3", "pin"),
    "a PIN of 13 digits": ({"pin": "1" * 13}, "3", "pin"),
    "a recipient abroad": ({"to": "441632960960"}, "3", "to"),
    "a long reference": ({"client-ref": "x" * 41}, "3", "client-ref"),
}


@pytest.mark.parametrize("rule", REFUSALS)
@pytest.mark.parametrize("path", [JSON, XML])
def test_a_broken_rule_is_answered_with_http_200_and_a_status_and_the_field(
    sandbox: Sandbox, rule: str, path: str
) -> None:
    changes, status, named = REFUSALS[rule]
    said = {name: value for name, value in {**SAID, **changes}.items() if value is not None}
    reply = raw(sandbox, by_form(path, credentials(sandbox), said))
    read = AnswerModel.from_json if path == JSON else AnswerModel.from_xml
    (part,) = read(reply.body).messages
    assert (reply.status, part.status) == (200, status)
    assert str(part.error_text).startswith(f"{named}: ")
    assert not sandbox.messages


def test_clients_raise_what_was_refused(sandbox: Sandbox) -> None:
    wrong = type(sandbox.auth)(sandbox.api_key, f"{sandbox.api_secret}x")
    with TwoFactorClient(wrong, base_url=sandbox.url) as client, pytest.raises(AuthenticationFailed):
        client.send(TwoFactor(PHONE, PIN))
    with TwoFactorClient(sandbox.auth, base_url=sandbox.url, retries=0) as client:
        for number, status in (("15550010007", "7"), ("15550010005", "5")):
            with pytest.raises(AlertRejected) as caught:
                client.send(TwoFactor(number, PIN))
            assert (caught.value.status, caught.value.operation) == (status, "sendTwoFactor")


def test_faults_concern_pins_alone_or_alerts_alone(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="sendTwoFactor", status="9", error_text="as asked")
    assert ask(sandbox) == {"status": "9", "error-text": "as asked", "to": PHONE}
    assert get(sandbox, "/sc/us/alert/json", to=PHONE, server="a", link="b").part["status"] == "0"
    sandbox.faults.clear()
    sandbox.faults.add(operation="sendAlert", status="9")
    assert ask(sandbox)["status"] == "0"


# ---- templates -------------------------------------------------------------------------------------------------------


def test_the_two_factor_template_of_the_campaign_is_sent_once_it_is_added(sandbox: Sandbox) -> None:
    sandbox.set_templates({1: "${company-name}: ${pin} is your code"})
    part = ask(sandbox)
    assert (part["status"], "${company-name}" in part["error-text"]) == ("2", True)
    reply = raw(sandbox, by_form(JSON, credentials(sandbox), {**SAID, "company-name": "Köln GmbH"}))
    assert reply.part["status"] == "0"
    assert sandbox.phone(PHONE).texts == [f"Köln GmbH: {PIN} is your code"]
    assert sandbox.messages[0]["template"] == 1
    sandbox.set_templates({1: None})
    ask(sandbox)
    assert sandbox.phone(PHONE).texts[-1] == TEXT


def test_what_alerts_are_told_beside_is_a_custom_parameter_here(sandbox: Sandbox) -> None:
    part = ask(sandbox, template="9", type="binary", status_report_req="maybe")
    assert part["status"] == "0"
    for name in ("template", "type", "status-report-req"):
        assert name in part["error-text"]


def test_a_text_that_plain_sms_lacks_goes_in_unicode_by_itself(sandbox: Sandbox) -> None:
    sandbox.set_templates({1: "Код: ${pin}"})
    assert "error-text" not in ask(sandbox)
    assert sandbox.phone(PHONE).texts == [f"Код: {PIN}"]


# ---- STOP, and receipts ----------------------------------------------------------------------------------------------


def test_who_texted_stop_gets_no_pin_until_they_are_subscribed_again(sandbox: Sandbox) -> None:
    sandbox.phone(PHONE).text("STOP")
    for _ in range(2):
        assert ask(sandbox)["status"] == "7"
    assert PIN not in str(sandbox.phone(PHONE).texts)
    with OptInClient(sandbox.auth, base_url=sandbox.url) as client:
        client.resubscribe(PHONE)
    assert ask(sandbox)["status"] == "0"
    assert sandbox.phone(PHONE).texts[-1] == TEXT


def test_a_receipt_follows_unasked_and_has_the_reference(sandbox: Sandbox, server: Recorder) -> None:
    part = ask(sandbox, client_ref="login 1")
    sandbox.advance(seconds=1)
    (recorded,) = server.take()
    receipt = delivery_receipt(as_request(recorded))
    assert (receipt.msisdn, receipt.status, receipt.client_ref) == (PHONE, "delivered", "login 1")
    assert receipt.message_id == part["message-id"]
    assert PIN.encode() not in recorded.line


def test_a_pin_costs_what_an_alert_costs(sandbox: Sandbox) -> None:
    first, second = (ask(sandbox)["remaining-balance"] for _ in range(2))
    assert float(first) - float(second) == pytest.approx(float(ask(sandbox)["message-price"]))


def test_what_was_asked_is_told_to_people(sandbox: Sandbox) -> None:
    ask(sandbox)
    (asked,) = control(sandbox, "GET", "/_sandbox/requests").document
    assert (asked["operation"], asked["msisdn"], asked["code"]) == ("sendTwoFactor", PHONE, "0")
    assert sandbox.api_secret not in str(asked)
