"""The laws of clients about the opt-out list and about the Messages API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from shortcode_clients.opt_in.models import OptInRecord, OptOutList, RestError
from shortcodekit import signing

from .calling import Calls, ClientBench, Reply
from .client_alert_laws import CALLS
from .client_calls import API, TO, UUID, answering, authorization_fits, credentials_fit, law, sent, tolerated
from .judge import Request, judge
from .laws import Law
from .message_laws import examples

_OPT_IN: Final = "Alerts - Subscribing API Reference"
_SEND: Final = "Messages API v0.1: Send a Message"


_PAGES: Final = 50
"""How many pages with nothing new a client may ask for. x-choice: no source says when one has to give up."""


def _record(number: Any, **more: Any) -> dict[str, Any]:
    return {"msisdn": number, "opt-in": "false", "opt-out": "true", "opt-out-date": "2020-01-01 12:00:00", **more}


def paging(numbers: list[Any]) -> Callable[[Request], Reply]:
    """Answers pages of a list, as they are asked for."""

    def reply(request: Request) -> Reply:
        document = judge(API["opt_in"], tolerated(request, "opt_in")).document or {}
        size, page = int(document.get("page-size", 100)), int(document.get("page", 0))
        records = [
            each if isinstance(each, dict) else _record(each) for each in numbers[page * size : (page + 1) * size]
        ]
        return answering({"opt-in-count": str(len(records)), "opt-in-list": records}, OptOutList)(request)

    return reply


def _opt_outs(bench: ClientBench) -> None:
    for count in (0, 1, 2, 99, 100, 101, 200, 250):
        numbers = [str(15559300000 + (number * 7919) % 99991) for number in range(count)]
        told = bench.ask(CALLS["opt_outs"], paging(numbers), f"{count} opt-outs")
        told.succeeded()
        told.expect(list(told.given) == numbers, f"all {count} numbers, each once, in order")
        for request in told.asked:
            violations = judge(API["opt_in"], tolerated(request, "opt_in")).violations
            told.expect(not violations, f"valid requests; {'; '.join(violations)[:200]}")
    odd = [
        _record(15559301529),
        _record("447700900000"),
        {"msisdn": "1555930", "opt-in": False, "opt-out": True},
        _record("15559301530", **{"to-come": 1}),
    ]
    told = bench.ask(
        CALLS["opt_outs"], paging(odd), "numbers as JSON numbers, flags as booleans, no date, a key to come"
    )
    told.succeeded()
    told.expect(list(told.given) == ["15559301529", "447700900000", "1555930", "15559301530"], "all numbers, as texts")


def _opt_outs_fail(bench: ClientBench) -> None:
    def second_fails(request: Request) -> Reply:
        document = judge(API["opt_in"], tolerated(request, "opt_in")).document or {}
        size = int(document.get("page-size", 100))
        if str(document.get("page", "0")) == "0":
            return paging([str(15559300000 + number) for number in range(size)])(request)
        return answering({"error-code": "401", "error-code-label": "authentication failed"}, RestError, 401)(request)

    told = bench.ask(CALLS["opt_outs"], second_fails, "the second page refused")
    told.failed("an error, and no list that is not whole")


def _endless(bench: ClientBench) -> None:
    """A list that never ends, and one that moves while it is read."""

    def always_full(request: Request) -> Reply:
        document = judge(API["opt_in"], tolerated(request, "opt_in")).document or {}
        size = int(document.get("page-size", 100))
        records = [_record(str(15559300000 + number)) for number in range(size)]
        return answering({"opt-in-count": str(size), "opt-in-list": records}, OptOutList)(request)

    told = bench.ask(CALLS["opt_outs"], always_full, "full pages of the same numbers, for ever")
    told.failed()
    told.expect(len(told.asked) <= _PAGES, f"an end after at most {_PAGES} pages with nothing new")
    numbers = [str(15559300000 + number) for number in range(230)]

    def moving(request: Request) -> Reply:
        document = judge(API["opt_in"], tolerated(request, "opt_in")).document or {}
        size, page = int(document.get("page-size", 100)), int(document.get("page", 0))
        begin = max(0, page * size - bool(page))  # someone opted out after the first page, and came to its front
        records = [_record(each) for each in numbers[begin : begin + size]]
        return answering({"opt-in-count": str(len(records)), "opt-in-list": records}, OptOutList)(request)

    told = bench.ask(CALLS["opt_outs"], moving, "a list that moves while it is read, so that a number comes again")
    told.succeeded()
    told.expect(list(told.given) == numbers, "each number once")


def _resubscribe(bench: ClientBench) -> None:
    for flag, expected in (("true", True), ("false", False), (True, True), (False, False)):
        record = {"msisdn": TO, "opt-in": flag, "opt-in-date": "2020-01-02 12:00:00", "opt-out": not expected}
        told = bench.ask(CALLS["resubscribe"], answering(record, OptInRecord), f"opt-in is {flag!r}")
        told.succeeded()
        told.expect(told.given is expected, f"{expected}, as the answer says")
        document = sent(told, "opt_in")
        told.expect(signing.value_text(document.get("msisdn")) == TO, "the number that was given")
        credentials_fit(bench, told, {name: signing.value_text(value) for name, value in document.items()})


def _sends(document: Any) -> Callable[[Calls], Any]:
    return lambda client: client.send_message(document)


def _messages(bench: ClientBench) -> None:
    taken, tokens = Reply(202, json.dumps({"message_uuid": UUID}).encode()), set[str]()
    whole = examples()
    plain = whole["documented"]
    documents = {
        **{f"the example {name}": document for name, document in whole.items()},
        "other scripts": {**plain, "message": {"content": {"type": "text", "text": "é😀Кто a&b+c"}}},
        "a reference of 40 characters": {**plain, "client_ref": "é" * 40},
        "a key to come": {**plain, "to-come": {"a": [1, None, True]}},
    }
    for about, document in documents.items():
        told = bench.ask(_sends(document), taken, about)
        told.succeeded()
        told.expect(told.given == UUID, "the message_uuid of the answer")
        told.expect(sent(told, "messages") == document, "the message as it was given")
        authorization_fits(bench, told)
        token = told.asked[0].headers["authorization"]
        told.expect(token not in tokens or token.startswith("Basic"), "a token of its own, with another jti")
        tokens.add(token)


def _messages_refused(bench: ClientBench) -> None:
    problem = json.dumps(
        {"type": "https://example.com/a", "title": "Invalid", "detail": "no", "instance": "1"}
    ).encode()
    for status in (400, 401, 402, 422, 429):
        for body, kind in (
            (problem, "application/problem+json"),
            (problem, "application/json"),
            (b"{}", "application/json"),
            (b"", None),
        ):
            told = bench.ask(CALLS["send_message"], Reply(status, body, kind), f"HTTP {status} as {kind}")
            told.failed("an error: the message was refused")
            told.expect(getattr(told.error, "status", str(status)) == str(status), "the HTTP status in the error")
            told.expect(
                getattr(told.error, "retryable", status == 429) is (status == 429),
                "an error that tells whether to try again",
            )
    for body in (b"{}", b'{"message_uuid": null}', b'{"message-uuid": "x"}', b"[]", b""):
        told = bench.ask(CALLS["send_message"], Reply(202, body), f"HTTP 202 and {body!r}")
        told.failed("an error: there is no message_uuid")
    told = bench.ask(
        CALLS["send_message"], Reply(202, json.dumps({"message_uuid": UUID, "to-come": 1}).encode()), "a key to come"
    )
    told.succeeded()


LAWS: Final[tuple[Law[ClientBench], ...]] = (
    law("clients/opt-outs", "All opt-outs are read, from all pages, each once.", f"{_OPT_IN}: Parameters", _opt_outs),
    law("clients/opt-outs-or-an-error", "A list that may not be whole is an error.", f"{_OPT_IN}: Parameters", _opt_outs_fail),
    law("clients/moving-lists", "A list that moves, or never ends, does no harm.", f"{_OPT_IN}: Parameters", _endless),
    law("clients/resubscribe", "Subscribing again tells what the answer says.", f"{_OPT_IN}: Format", _resubscribe),
    law("clients/messages", "A message is sent as it is, and its message_uuid is told.", _SEND, _messages),
    law("clients/refused-messages", "A refused message is an error, and so is a 202 without a message_uuid.", _SEND, _messages_refused),
)  # fmt: skip
