"""What is special about two-factor messages: the answer of alerts, and a PIN that nobody but its owner is to read."""

from __future__ import annotations

import logging
import pickle
import random
from typing import Any, Final

import pytest

from contract_tests.loopback import Answer, Recorder
from contract_tests.peers import PARAMETER_AUTHS, TWO_FACTOR, WITHOUT, Clients, refused
from shortcode_clients.alerts.api.alerts import send_alert
from shortcode_clients.two_factor.api.two_factor import send_two_factor
from shortcodekit import TwoFactor, TwoFactorClient
from shortcodekit.errors import AlertRejected, ShortcodeKitError

TO: Final = "16365553226"
AUTH: Final = PARAMETER_AUTHS["KeySecret"]


@pytest.fixture
def pin() -> str:
    """Made here: what is written in a test may turn up anywhere."""
    return str(random.SystemRandom().randrange(10**9, 10**10))


def test_every_operation_has_a_client() -> None:
    assert WITHOUT == [], "add them to `_METHODS` in contract_tests/peers.py"


def test_what_is_answered_to_a_pin_is_what_is_answered_to_an_alert() -> None:
    assert send_two_factor.ANSWERS.keys() == send_alert.ANSWERS.keys()
    for status, answer in send_two_factor.ANSWERS.items():
        alike = send_alert.ANSWERS[status]
        assert answer.read.__self__.__name__ == alike.read.__self__.__name__  # type: ignore[attr-defined]  # they are bound


@pytest.mark.parametrize(
    "given", [TwoFactor(TO, "004711"), {"to": TO, "pin": "004711"}, {"to": int(TO), "pin": "004711"}]
)
def test_zeros_at_the_beginning_of_a_pin_arrive(server: Recorder, make: Clients, given: Any) -> None:
    server.answers = [Answer(200, "application/json", b'{"message-count": "1", "messages": [{"status": "0"}]}')]
    for encoding in ("form", "json", "query"):
        make("TwoFactor", AUTH, base_url=server.address, encoding=encoding).both("send", given)
    sent = server.take()
    assert len(sent) == 6
    for each in sent:
        assert b"004711" in each.line + each.body


@pytest.mark.parametrize(
    ("field", "given", "custom"),
    [
        ("pin", {"to": TO}, {}),
        ("pin", TwoFactor(TO, ""), {}),
        ("pin", TwoFactor(TO, "12a4"), {}),
        ("pin", TwoFactor(TO, "1234567890123"), {}),
        ("pin", TwoFactor(TO, "١٢٣٤"), {}),
        ("pin", {"to": TO}, {"pin": "1234"}),
        ("to", TwoFactor("447700900000", "1234"), {}),
        ("client-ref", TwoFactor(TO, "1234", client_ref="x" * 41), {}),
        ("company", TwoFactor(TO, "1234"), {"company": ["Acme"]}),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_what_a_message_breaks_is_named_with_its_place_and_source(
    server: Recorder, make: Clients, field: str, given: Any, custom: Any
) -> None:
    for error in refused(make("TwoFactor", AUTH, base_url=server.address).both("send", given, custom=custom)):
        assert error.field == field
        assert error.source
        assert str(error).startswith(f"sendTwoFactor: {field}: ")
    assert server.take() == []


def test_the_class_of_what_is_sent_is_named_where_something_else_is_given(make: Clients, server: Recorder) -> None:
    for error in refused(make("TwoFactor", AUTH, base_url=server.address).both("send", "a text")):
        assert "a TwoFactor" in str(error)


def test_no_repr_shows_the_pin(pin: str) -> None:
    message = TwoFactor(TO, pin)
    assert pin not in repr(message)
    assert pin not in repr(TWO_FACTOR.read("TwoFactorRequest", message.to_dict()))


ANSWERS: Final = {
    "a refused part": (
        200,
        '{{"message-count": "1", "messages": [{{"status": "3", "error-text": "pin {0} is too long"}}]}}',
    ),
    "a status to come": (200, '{{"message-count": "1", "messages": [{{"status": "990", "error-text": "{0}"}}]}}'),
    "wrong credentials": (200, '{{"message-count": "1", "messages": [{{"status": "4", "error-text": "{0}"}}]}}'),
    "a slower pace": (200, '{{"message-count": "1", "messages": [{{"status": "1", "error-text": "{0}"}}]}}'),
    "the host's error": (401, '{{"error-code": "401", "error-code-label": "no {0}"}}'),
    "a page": (502, "<html>to={1}&pin={0}</html>"),
    "no part": (200, '{{"message-count": "0", "messages": [], "pin": "{0}"}}'),
}


@pytest.mark.parametrize(("status", "body"), ANSWERS.values(), ids=ANSWERS)
def test_the_pin_is_in_no_error_and_no_log_line_though_an_answer_repeats_it(
    server: Recorder, pin: str, status: int, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers = [Answer(status, "application/json", body.format(pin, TO).encode())]
    caplog.set_level(logging.DEBUG)
    for encoding in ("form", "json", "query"):
        settings: Any = {"base_url": server.address, "encoding": encoding, "retries": 0}
        with TwoFactorClient(AUTH, **settings) as client, pytest.raises(ShortcodeKitError) as caught:
            client.send(TwoFactor(TO, pin))
        assert pin not in f"{caught.value}{caught.value!r}"
        assert pin not in caplog.text
        assert server.take()


def test_a_refused_part_is_the_error_that_alerts_have_and_can_be_pickled(server: Recorder) -> None:
    server.answers = [Answer(200, "application/json", b'{"message-count": "1", "messages": [{"status": "7"}]}')]
    with TwoFactorClient(AUTH, base_url=server.address) as client, pytest.raises(AlertRejected) as caught:
        client.send(TwoFactor(TO, "1234"))
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):  # noqa: S301  # our own
        assert (error.status, error.name, error.retryable) == ("7", "number-barred", False)
        assert error.code.opted_out
        assert (error.operation, error.may_have_been_sent) == ("sendTwoFactor", False)
