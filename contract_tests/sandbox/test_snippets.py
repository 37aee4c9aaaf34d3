"""The requests that the vendor's own snippets send get the documented answers: `snippets/` has their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.apis import Api
from contract_tests.sandboxed import FILLED, PHONE, Reply, raw
from shortcodekit.sandbox import Sandbox

FOLDER = Path(__file__).with_name("snippets")
CASES = sorted(each.name for each in FOLDER.iterdir() if each.is_dir())
NUMBER = "441632960960"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_key="API_KEY", api_secret="API_SECRET") as made:
        yield made


def answer(sandbox: Sandbox, case: str) -> Reply:
    return raw(sandbox, (FOLDER / case / "request.http").read_bytes())


def test_each_language_of_the_pages_is_there_for_both_operations() -> None:
    assert {
        f"{language}-{what}" for language in ("node", "php", "python", "ruby") for what in ("query", "manage")
    } <= set(CASES)


@pytest.mark.parametrize("case", [case for case in CASES if case.endswith("-query")])
def test_a_snippet_that_asks_for_the_list_gets_the_documented_one(sandbox: Sandbox, case: str) -> None:
    reply = answer(sandbox, case)
    assert (reply.status, reply.kind) == (200, "application/json")
    assert reply.document == {"opt-in-count": "0", "opt-in-list": []}
    for number in ("15558937009", "15554908975"):
        sandbox.phone(number).text("STOP")
    listed = answer(sandbox, case).document
    assert Api("opt_in").validator("OptOutList").is_valid(listed)
    assert listed["opt-in-count"] == "2"
    for record, number in zip(listed["opt-in-list"], ("15558937009", "15554908975"), strict=True):
        date = record.pop("opt-out-date")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date)
        assert record == {"msisdn": number, "opt-in": "false", "opt-out": "true"}


@pytest.mark.parametrize("case", [case for case in CASES if case.endswith("-manage")])
def test_a_snippet_that_subscribes_a_number_gets_the_documented_record(sandbox: Sandbox, case: str) -> None:
    sandbox.phone(NUMBER).text("STOP")
    reply = answer(sandbox, case)
    assert (reply.status, reply.kind) == (200, "application/json")
    record = reply.document
    assert Api("opt_in").validator("OptInRecord").is_valid(record)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", record.pop("opt-in-date"))
    assert record == {"msisdn": NUMBER, "opt-in": "true", "opt-out": "false"}
    assert sandbox.opt_outs == []


def test_the_addresses_of_the_sending_page_send_its_template(sandbox: Sandbox) -> None:
    reply = answer(sandbox, "browser-alert")
    assert (reply.status, reply.kind) == (200, "application/json")
    (part,) = reply.document["messages"]
    assert set(part) == {"status", "message-id", "to", "remaining-balance", "message-price", "network"}
    assert (part["status"], part["to"]) == ("0", PHONE)
    assert sandbox.phone(PHONE).texts == [FILLED]
    assert answer(sandbox, "browser-alert-without-parameters").part["status"] == "2", "the template has places"
    sandbox.set_templates({0: "Hello"})
    assert answer(sandbox, "browser-alert-without-parameters").part["status"] == "0"


def test_the_sample_message_is_accepted(sandbox: Sandbox) -> None:
    reply = answer(sandbox, "message")
    assert (reply.status, reply.kind) == (202, "application/json")
    assert set(reply.document) == {"message_uuid"}
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", reply.document["message_uuid"])
    (shown,) = sandbox.messages
    assert (shown["text"], shown["client_ref"], shown["msisdn"]) == (
        "Hello From Vonage!",
        "client-ref2",
        "447700900000",
    )
