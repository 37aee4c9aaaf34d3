"""Events as requests, to the byte, without a server: what stands in the query, in a form, in JSON and in a token, and when they come again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qsl

import jwt
import pytest

from contract_tests.sandbox.test_webhooks import WAITS
from shortcodekit import signing
from shortcodekit.sandbox.credentials import Account
from shortcodekit.sandbox.outcomes import Ids, iso, wall
from shortcodekit.sandbox.outgoing import Attempt, attempt, next_try, url_of
from shortcodekit.sandbox.settings import Settings

NOW: Final = 1_600_000_000.9
REAL_NOW: Final = 1_700_000_000.9
ACCOUNT: Final = Account("abcd1234", "a-secret", "a-signature-secret-of-32-letters")
EVENT: Final = {"msisdn": "16365553226", "client-ref": "é & 1"}
TOLD: Final = {**EVENT, "message-timestamp": "2020-09-13 12:26:40"}
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
JSON: Final = {"content-type": "application/json"}
QUERY: Final = "msisdn=16365553226&client-ref=%C3%A9+%26+1&message-timestamp=2020-09-13+12%3A26%3A40"
OBJECT: Final = b'{"msisdn":"16365553226","client-ref":"\\u00e9 & 1","message-timestamp":"2020-09-13 12:26:40"}'
URL: Final = "http://127.0.0.1:8000/hooks?team=a%20b"
SHORT: Final = ("delivery-receipt", "inbound-sms")
MESSAGES: Final = ("message-status", "inbound-message")
HOURS: Final = {"delivery-receipt": 72, "inbound-sms": 24, "message-status": 24, "inbound-message": 24}
"""For how long an event comes again."""


def _made(webhook: str, url: str = URL, **told: Any) -> Attempt:
    settings = Settings(**told)
    return attempt(webhook, EVENT, url, settings, ACCOUNT, now=NOW, real_now=REAL_NOW, ids=Ids("a seed"))


def _by(webhook: str, method: str) -> dict[str, str]:
    """The setting for one of the two, and another one for the other."""
    ours, others = ("receipt_method", "inbound_method")[:: 1 if webhook == "delivery-receipt" else -1]
    return {ours: method, others: "POST" if method == "GET" else "GET"}


@pytest.mark.parametrize("webhook", SHORT)
def test_an_event_of_a_short_code_travels_in_the_query_as_a_form_or_as_json(webhook: str) -> None:
    assert _made(webhook, **_by(webhook, "GET")) == Attempt("GET", f"{URL}&{QUERY}")
    assert _made(webhook, "http://[::1]/", **_by(webhook, "GET")) == Attempt("GET", f"http://[::1]/?{QUERY}")
    assert _made(webhook, **_by(webhook, "POST")) == Attempt("POST", URL, FORM, QUERY.encode())
    assert _made(webhook, **_by(webhook, "POST-JSON")) == Attempt("POST", URL, JSON, OBJECT)


@pytest.mark.parametrize("webhook", SHORT)
@pytest.mark.parametrize("method", ["GET", "POST", "POST-JSON"])
def test_a_signature_covers_all_that_is_sent_and_what_the_receiver_reads_of_its_own_address(
    webhook: str, method: str
) -> None:
    for url, own in ((URL, [("team", "a b")]), ("http://127.0.0.1:8000/hooks", [])):
        for how in signing.METHODS:
            told = {**_by(webhook, method), "sign_webhooks": True, "signature_method": how}
            said = _said(_made(webhook, url, **told))
            in_url = own if method == "GET" else []
            assert said[: len(in_url)] == in_url
            *signed, (last, signature) = said
            document = dict(signed[len(in_url) :])
            nonce = document.pop("nonce")
            assert document == {**TOLD, "api-key": "abcd1234", "timestamp": "1700000000"}
            assert nonce == Ids("a seed").message_uuid()
            assert last == "sig"
            assert signature == signing.signature(signed, ACCOUNT.signature_secret, how)


def _said(made: Attempt) -> list[tuple[str, Any]]:
    if made.method == "GET":
        return parse_qsl(made.url.partition("?")[2], strict_parsing=True)
    if made.headers == FORM:
        return parse_qsl(made.body.decode("ascii"), strict_parsing=True)
    assert made.headers == JSON
    return list(json.loads(made.body).items())


@pytest.mark.parametrize("webhook", MESSAGES)
def test_an_event_of_the_messages_api_is_json_and_signed_by_a_token_over_its_bytes(webhook: str) -> None:
    body = b'{"msisdn":"16365553226","client-ref":"\\u00e9 & 1"}'
    assert _made(webhook) == Attempt("POST", URL, JSON, body)
    signed = _made(webhook, sign_webhooks=True)
    assert (signed.method, signed.url, signed.body) == ("POST", URL, body)
    assert {**signed.headers, "authorization": ""} == {**JSON, "authorization": ""}
    scheme, _, token = signed.headers["authorization"].partition(" ")
    assert scheme == "Bearer"
    head = token.partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"] == "HS256"
    claims = jwt.decode(token, ACCOUNT.signature_secret, ["HS256"], options={"verify_iat": False})
    assert claims == {
        "iat": 1_700_000_000,
        "jti": Ids("a seed").message_uuid(),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "abcd1234",
    }


def test_a_short_secret_signs_as_it_is_and_without_a_warning() -> None:
    account = Account("abcd1234", "a-secret", "short")
    settings = Settings(sign_webhooks=True)
    made = attempt("message-status", EVENT, URL, settings, account, now=NOW, real_now=REAL_NOW, ids=Ids("a seed"))
    head, claims, signature = made.headers["authorization"].removeprefix("Bearer ").split(".")
    expected = base64.urlsafe_b64encode(hmac.digest(b"short", f"{head}.{claims}".encode("ascii"), "sha256"))
    assert signature == expected.decode("ascii").rstrip("=")


def test_each_webhook_goes_where_it_is_set_to_and_nowhere_without() -> None:
    names = {"receipt_url": "delivery-receipt", "inbound_url": "inbound-sms", "status_url": "message-status",
             "message_url": "inbound-message"}  # fmt: skip
    for setting, webhook in names.items():
        assert url_of(webhook, Settings(**{setting: URL})) == URL  # type: ignore[arg-type]
        assert [url_of(each, Settings(**{setting: URL})) for each in names.values() if each != webhook] == [None] * 3  # type: ignore[arg-type]


def test_times_are_told_in_utc_wherever_the_sandbox_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert (wall(NOW), iso(NOW), iso(NOW, "seconds")) == (
            "2020-09-13 12:26:40",
            "2020-09-13T12:26:40.900Z",
            "2020-09-13T12:26:40Z",
        )
    finally:
        monkeypatch.undo()
        time.tzset()


# ---- when an event comes again ---------------------------------------------------------------------------------------


def _tries(webhook: str) -> Iterator[float]:
    """The seconds after the first attempt at which the others follow."""
    at = 0.0
    for number in count(1):
        after = next_try(webhook, number, NOW, NOW + at)
        if after is None:
            return
        yield after - NOW
        at = after - NOW


@pytest.mark.parametrize("webhook", HOURS)
def test_an_event_comes_again_as_published_until_its_time_is_over(webhook: str) -> None:
    tries = [round(each, 3) for each in _tries(webhook)]
    firsts = [sum(WAITS[: number + 1]) for number in range(len(WAITS))]
    assert tries[: len(WAITS)] == firsts
    rest = tries[len(WAITS) :]
    assert rest == [firsts[-1] + 900 * number for number in range(1, len(rest) + 1)]
    assert HOURS[webhook] * 3600 - 900 < tries[-1] <= HOURS[webhook] * 3600


@pytest.mark.parametrize("webhook", HOURS)
def test_the_last_try_may_come_when_the_time_ends_and_not_after_it(webhook: str) -> None:
    end = HOURS[webhook] * 3600
    assert next_try(webhook, 9, 0, end - 900) == end
    assert next_try(webhook, 9, 0, end - 899) is None
