"""Each fault of the sandbox does what the control API's document says, and clients make of it what it means."""

from __future__ import annotations

import json
import re
import time
from importlib.resources import files
from typing import Any

import httpx
import pytest

from contract_tests.apis import OPERATIONS as ALL
from contract_tests.apis import Api
from contract_tests.loopback import Recorder
from contract_tests.peers import MESSAGE, parameters
from contract_tests.sandboxed import (
    CUSTOM,
    PHONE,
    alert,
    as_request,
    by_json,
    control,
    credentials,
    get,
    hooks,
    message,
    raw,
    until,
)
from shortcodekit import AlertsClient, MessagesClient, OptInClient, RetryPolicy, TwoFactorClient
from shortcodekit.errors import (
    AlertRejected,
    ApiProblem,
    AuthenticationFailed,
    InvalidRequest,
    ShortcodeKitError,
    Throttled,
    TransportFailure,
    UnexpectedAnswer,
)
from shortcodekit.sandbox import Sandbox
from shortcodekit.sandbox.control_requests import openapi
from shortcodekit.webhooks import delivery_receipt, message_status

ALERT, QUERY, MANAGE = "/sc/us/alert/json", "/sc/us/alert/opt-in/query/json", "/sc/us/alert/opt-in/manage/json"
OPERATIONS = ("sendAlert", "sendTwoFactor", "queryOptOuts", "resubscribe", "sendMessage")
QUICK = RetryPolicy(count=2, first=0, longest=0)


def table(api: str, name: str) -> list[Any]:
    return [branch["const"] for branch in Api(api).schemas[name]["anyOf"] if "const" in branch]


@pytest.fixture
def sandbox(hooked: Sandbox) -> Sandbox:
    return hooked


def call(sandbox: Sandbox, operation: str, *, retries: Any = 0, **settings: Any) -> Any:
    """What a client's call of an operation gives."""
    told: Any = {"base_url": sandbox.url, "retries": retries, **settings}
    if operation == "sendMessage":
        with MessagesClient(sandbox.basic, **told) as client:
            return client.send(MESSAGE)
    if operation == "sendAlert":
        with AlertsClient(sandbox.auth, **told) as alerts:
            return alerts.send({"to": PHONE}, custom=CUSTOM)
    if operation == "sendTwoFactor":
        with TwoFactorClient(sandbox.auth, **told) as two_factor:
            return two_factor.send({"to": PHONE, "pin": "004711"})
    with OptInClient(sandbox.auth, **told) as opt_in:
        return opt_in.page() if operation == "queryOptOuts" else opt_in.resubscribe(PHONE)


def raised(sandbox: Sandbox, operation: str, **settings: Any) -> Any:
    """What it raises."""
    with pytest.raises(ShortcodeKitError) as caught:
        call(sandbox, operation, **settings)
    return caught.value


def test_faults_can_concern_every_operation_of_the_specs_and_the_page_offers_them() -> None:
    names = {each.name.removesuffix("ByQuery") for each in ALL}
    assert names == set(OPERATIONS)
    assert names == set(openapi()["components"]["schemas"]["Fault"]["properties"]["operation"]["enum"])
    script = files("shortcodekit.sandbox").joinpath("page/faults.js").read_text("utf-8")
    (offered,) = re.findall(r"^const OPERATIONS = (\[.*\]);$", script, re.MULTILINE)
    assert names == set(json.loads(offered))


# ---- faults of the connection ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_latency_is_waited_for_and_a_client_with_less_patience_gives_up(sandbox: Sandbox, operation: str) -> None:
    sandbox.faults.add(latency=0.2, times=1)
    began = time.monotonic()
    call(sandbox, operation)
    assert time.monotonic() - began >= 0.2
    sandbox.faults.add(latency=60)
    error = raised(sandbox, operation, timeout=0.5)
    assert isinstance(error, TransportFailure)
    assert error.timed_out
    assert error.may_have_been_sent == (operation != "queryOptOuts")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("answer", ["reset", "truncated"])
def test_a_connection_that_breaks_off_is_a_failure_of_transport_and_the_request_was_carried_out(
    sandbox: Sandbox, operation: str, answer: str
) -> None:
    sandbox.phone(PHONE).text("STOP") if operation == "resubscribe" else None
    sandbox.faults.add(answer=answer, times=1)
    error = raised(sandbox, operation)
    assert isinstance(error, TransportFailure)
    assert not error.timed_out
    assert error.may_have_been_sent == (operation != "queryOptOuts")
    assert len(sandbox.messages) == (0 if operation == "queryOptOuts" else 1)
    assert sandbox.opt_outs == []
    assert (sandbox.requests[0]["status"] == 0) == (answer == "reset")
    assert call(sandbox, operation) is not None, "once only"


def test_a_reset_and_a_truncated_answer_look_like_that_on_the_socket(sandbox: Sandbox) -> None:
    sandbox.faults.add(answer="reset", times=1)
    with pytest.raises(ConnectionResetError):
        get(sandbox, ALERT, to=PHONE, **CUSTOM)
    sandbox.faults.add(answer="truncated", times=1)
    with pytest.raises(ConnectionError, match="half an answer"):
        get(sandbox, ALERT, to=PHONE, **CUSTOM)


def test_a_query_is_repeated_after_a_broken_connection_and_what_may_have_been_sent_is_not(sandbox: Sandbox) -> None:
    sandbox.faults.add(answer="reset", times=2)
    assert call(sandbox, "queryOptOuts", retries=QUICK).opt_in_list == []
    sandbox.faults.add(answer="reset", times=1)
    assert isinstance(raised(sandbox, "sendAlert", retries=QUICK), TransportFailure)
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_page_in_html_is_an_unexpected_answer(sandbox: Sandbox, operation: str) -> None:
    sandbox.faults.add(answer="html")
    error = raised(sandbox, operation)
    assert isinstance(error, UnexpectedAnswer)
    assert error.content_type.startswith("text/html")
    assert len(sandbox.messages) == (0 if operation in {"queryOptOuts", "resubscribe"} else 1)


# ---- refusals as a whole ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("status", "kind"), [(400, ApiProblem), (401, AuthenticationFailed), (429, Throttled), (500, None), (503, None)]
)
def test_an_http_status_refuses_the_request_in_the_apis_own_words(
    sandbox: Sandbox, operation: str, status: int, kind: type[Exception] | None
) -> None:
    sandbox.faults.add(http_status=status, operation=operation)
    error = raised(sandbox, operation)
    assert error.http_status == status
    assert isinstance(error, kind or (UnexpectedAnswer, ApiProblem))
    assert not sandbox.messages, "it is not carried out"
    assert sandbox.requests[0]["fault"] == next(iter(sandbox.faults)).id


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_client_waits_as_long_as_it_is_asked_to_and_succeeds(sandbox: Sandbox, operation: str, status: int) -> None:
    sandbox.faults.add(http_status=status, retry_after=0, times=2)
    assert call(sandbox, operation, retries=QUICK)
    assert [each["status"] for each in sandbox.requests][1:] == [status, status]
    sandbox.faults.add(http_status=status, retry_after=3600, times=1)
    error = raised(sandbox, operation, retries=QUICK)
    assert error.retry_after == 3600


def test_the_header_retry_after_is_there_when_it_is_asked_for(sandbox: Sandbox) -> None:
    for asked, told in (({"retry_after": 7}, "7"), ({}, None)):
        sandbox.faults.add(http_status=429, times=1, **asked)
        reply = get(sandbox, ALERT, to=PHONE)
        assert (reply.status, reply.headers.get("retry-after")) == (429, told)
        assert reply.document["error-code"] == "429"


# ---- statuses of alerts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [each for each in table("alerts", "AlertPartStatus") if each != "0"] + ["999"])
def test_alerts_are_refused_with_the_status_that_is_asked_for(sandbox: Sandbox, status: str) -> None:
    sandbox.faults.add(status=status, error_text="as asked", times=1)
    error = raised(sandbox, "sendAlert")
    kinds: dict[str, type[Exception]] = {"1": Throttled, "4": AuthenticationFailed, "14": AuthenticationFailed}
    assert isinstance(error, kinds.get(status, AlertRejected))
    assert "as asked" in str(error)
    assert not sandbox.messages
    assert call(sandbox, "sendAlert")


@pytest.mark.parametrize("status", [each for each in table("alerts", "AlertPartStatus") if each != "0"])
def test_a_number_that_ends_in_a_status_is_refused_with_it(sandbox: Sandbox, status: str) -> None:
    part = get(sandbox, ALERT, to=f"1555001{int(status):04}", **CUSTOM).part
    assert part["status"] == status
    assert part["error-text"]
    assert get(sandbox, ALERT, to=f"1555002{int(status):04}", **CUSTOM).part["status"] == "0"


def test_status_0_accepts_in_spite_of_an_opt_out_and_of_the_balance(sandbox: Sandbox) -> None:
    sandbox.phone(PHONE).text("STOP")
    assert get(sandbox, ALERT, to=PHONE, **CUSTOM).part["status"] == "7"
    sandbox.faults.add(status="0", times=1)
    assert get(sandbox, ALERT, to=PHONE, **CUSTOM).part["status"] == "0"
    assert get(sandbox, ALERT, to=PHONE, **CUSTOM).part["status"] == "7"


def test_a_throttled_client_tries_again(sandbox: Sandbox) -> None:
    sandbox.faults.add(status="1", times=2)
    assert call(sandbox, "sendAlert", retries=QUICK).messages[0].status == "0"
    assert [each["code"] for each in sandbox.requests] == ["0", "1", "1"]


# ---- what webhooks tell ----------------------------------------------------------------------------------------------


def heard(server: Recorder, sandbox: Sandbox, read: Any = delivery_receipt, seconds: float = 5) -> list[Any]:
    sandbox.advance(seconds=seconds)
    return [read(as_request(each)) for each in server.take()]


@pytest.mark.parametrize("code", table("alerts", "ReceiptErrorCode"))
def test_receipts_tell_the_err_code_of_a_fault_or_of_the_number(server: Recorder, sandbox: Sandbox, code: str) -> None:
    sandbox.faults.add(err_code=code, times=1)
    alert(sandbox)
    alert(sandbox, to=f"1555000{int(code):04}")
    receipts = heard(server, sandbox)
    assert [each.err_code for each in receipts] == [code, code]
    assert {each.status for each in receipts} == {"delivered" if code == "0" else "failed"}


@pytest.mark.parametrize("status", [*table("alerts", "ReceiptStatus"), "to-come"])
def test_receipts_tell_the_status_that_is_asked_for_in_capitals_if_wanted(
    server: Recorder, sandbox: Sandbox, status: str
) -> None:
    sandbox.faults.add(receipt_status=status, times=1)
    sandbox.faults.add(receipt_status=status, capitals=True, times=1)
    alert(sandbox)
    alert(sandbox)
    sandbox.advance(seconds=1)
    assert {dict(parameters(each))["status"] for each in server.recorded} == {status, status.upper()}
    told = {each.status for each in heard(server, sandbox)}
    assert told == ({status} if status != "to-come" else {status, status.upper()}), "case carries no meaning"


def test_capitals_are_in_statuses_of_messages_too(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.faults.add(capitals=True)
    message(sandbox, "whatsapp")
    sandbox.advance(seconds=5)
    told = [json.loads(each.body)["status"] for each in server.take()]
    assert told == ["SUBMITTED", "DELIVERED", "READ"]


@pytest.mark.parametrize(("error", "status"), [(1300, "undeliverable"), (1240, "rejected"), (98765, "undeliverable")])
def test_statuses_of_messages_tell_the_error_that_is_asked_for(
    server: Recorder, sandbox: Sandbox, error: int, status: str
) -> None:
    sandbox.faults.add(error=error, times=1)
    sandbox.faults.add(error=error, receipt_status="expired", times=1)
    for ended in (status, "expired"):
        message(sandbox)
        told = heard(server, sandbox, message_status)
        assert [each.status for each in told] == ["submitted", ended]
        assert told[1].error.code == error


def test_webhooks_come_later_several_times_and_in_reverse(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.faults.add(delay=30, copies=2, reordered=True, operation="sendMessage")
    message(sandbox, "whatsapp")
    assert heard(server, sandbox, message_status, seconds=29) == []
    told = [each.status for each in heard(server, sandbox, message_status)]
    assert told == ["read", "read", "delivered", "delivered", "submitted", "submitted"]


def test_a_fault_concerns_what_a_phone_sends_too(server: Recorder, sandbox: Sandbox) -> None:
    sandbox.faults.add(msisdn=PHONE, copies=3)
    sandbox.phone(PHONE).text("Hello")
    sandbox.phone("16365553227").text("Hello")
    sandbox.advance(seconds=1)
    assert len(server.take()) == 4


# ---- whom and how often ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concerned", OPERATIONS)
def test_a_fault_of_one_operation_leaves_the_others_alone(sandbox: Sandbox, concerned: str) -> None:
    sandbox.faults.add(operation=concerned, http_status=418)
    for operation in OPERATIONS:
        if operation == concerned:
            assert raised(sandbox, operation).http_status == 418
        else:
            assert call(sandbox, operation)


def test_a_fault_of_one_number_leaves_the_others_alone(sandbox: Sandbox) -> None:
    sandbox.faults.add(msisdn=PHONE, http_status=418)
    assert get(sandbox, ALERT, to=PHONE).status == 418
    assert get(sandbox, MANAGE, msisdn=PHONE).status == 418
    assert raw(sandbox, by_json()(ALERT, credentials(sandbox), {"to": int(PHONE)})).status == 418, (
        "also when it is a JSON integer"
    )
    for reply in (get(sandbox, ALERT, to="16365553227"), get(sandbox, MANAGE, msisdn="1"), get(sandbox, QUERY)):
        assert reply.status == 200
    sandbox.faults.clear()
    sandbox.faults.add(msisdn=MESSAGE["to"]["number"], http_status=418)
    assert raised(sandbox, "sendMessage").http_status == 418
    assert call(sandbox, "sendAlert")


def test_a_fault_ends_after_its_times_or_when_it_is_deleted(sandbox: Sandbox) -> None:
    first = sandbox.faults.add(http_status=418, times=3)
    second = sandbox.faults.add(http_status=451)
    assert [get(sandbox, QUERY).status for _ in range(2)] == [418, 418]
    assert [(each["id"], each["times"]) for each in control(sandbox, "GET", "/_sandbox/faults").document] == [
        (first, 1),
        (second, None),
    ]
    assert [get(sandbox, QUERY).status for _ in range(3)] == [418, 451, 451]
    assert [each.id for each in sandbox.faults] == [second]
    assert control(sandbox, "DELETE", f"/_sandbox/faults?id={second}").status == 204
    assert get(sandbox, QUERY).status == 200


def test_what_a_fault_does_not_concern_is_not_counted(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="sendAlert", http_status=418, times=1)
    for _ in range(3):
        assert get(sandbox, QUERY).status == 200
    assert get(sandbox, ALERT, to=PHONE).status == 418


@pytest.mark.parametrize(
    "said",
    [{"http_status": 200}, {"latency": -1}, {"times": 0}, {"answer": "x"}, {"copies": 11}, {"unknown": 1}, {"operation": "x"}, {"error": "1"}],
    ids=str,
)  # fmt: skip
def test_a_fault_that_is_none_is_refused_by_the_name_of_its_member(sandbox: Sandbox, said: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sandbox.faults.add(**said)
    assert next(iter(said)) in str(caught.value)
    reply = httpx.post(f"{sandbox.url}/_sandbox/faults", json=said)
    assert reply.status_code == 400
    assert next(iter(said)) in reply.json()["detail"]
    assert len(sandbox.faults) == 0


def test_it_goes_on_when_the_clock_has_passed_what_it_waited_for(server: Recorder) -> None:
    with Sandbox(**{**hooks(server.address), "status_url": None}) as sandbox:
        sandbox.faults.add(delay=3600, times=1)
        message(sandbox, "sms")
        sandbox.advance(hours=2)
        alert(sandbox)
        until(lambda: len(server.recorded) == 1)
