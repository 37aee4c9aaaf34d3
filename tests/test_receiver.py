"""What a receiver answers, to whom, and what it lets be read: requests as values, without a server.

Good events are the accepted samples of the contract suite, so that each one a spec knows arrives here; answers are judged by what
the specs document. Secrets and people's words are canaries, new in each run, and are searched for in all that is written
down. What servers make of it stands in `tests/test_serving.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from attrs import asdict

from contract_tests.apis import APIS
from contract_tests.samples import FAMILIES, Family
from shortcodekit import webhooks
from shortcodekit.webhooks import Event, JwtSecret, MemoryStore, Receiver, Request, Response, SigSecret

from . import serving_peers as peers
from .canaries import canary, found, shown_by
from .serving_peers import CASES, ENCODED, EVENTS, NOW, SIGNED, Inbox, authentic, document, inbox, verifier

READERS: Final = {event: getattr(webhooks, event.replace("-", "_")) for event in EVENTS}
DOCUMENTED: Final = {
    event: {method.upper(): {int(status) for status in said["responses"]} for method, said in methods.items()}
    for api in APIS
    for event, methods in api.document.get("webhooks", {}).items()
}
"""By which methods an event comes, and the answers to it, as the specs have them."""
FAMILY: Final[Mapping[str, Family]] = {each.name: each for each in FAMILIES if each.name in EVENTS}
BOTH: Final[list[webhooks.Verifier]] = [SigSecret("a-secret"), JwtSecret("a-secret")]
SET_UPS: Final[list[dict[str, Any]]] = [
    {},
    {"max_bytes": 9},
    {"fails": LookupError("-")},
    {"replay": peers.Down("claim")},
    {"replay": peers.Down("finish"), "patience": 0.0},
]
EACH_EVENT: Final = pytest.mark.parametrize("event", EVENTS)
EACH_CASE: Final = pytest.mark.parametrize(("event", "encoding"), CASES)
EACH_WAY: Final = pytest.mark.parametrize("awaited", [False, True], ids=["handle", "handle_async"])


# ---- paths and methods -----------------------------------------------------------------------------------------------


@EACH_WAY
def test_a_path_where_nothing_is_registered_is_not_found(awaited: bool) -> None:
    made = inbox()
    for path in ("", "inbound-sms/", "/inbound-sms", "Inbound-sms", "inbound-sms/x", "inbound-sm", "inbound-sms "):
        answer = made.answer(path, Request("GET", "msisdn=16365553226&to=1&text=x"), awaited=awaited)
        assert answer.status == 404, path
        assert json.loads(answer.body) == {"status": 404, "detail": "no webhook is received here"}
    assert made.receiver.handle("inbound-sms", Request("GET", "msisdn=16365553226&to=1&text=x")).status == 404
    assert not made.handled


@EACH_WAY
@EACH_EVENT
def test_a_method_by_which_an_event_does_not_come_is_not_allowed(event: str, awaited: bool) -> None:
    made, sample = inbox(), FAMILY[event].listed("accepted")[0]
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "Post", ""):
        if method not in DOCUMENTED[event]:
            answer = made.answer(event, Request(method, sample.content.decode(), body=sample.content), awaited=awaited)
            assert (answer.status, answer.headers["Allow"]) == (405, ", ".join(DOCUMENTED[event])), method
            assert all(each in json.loads(answer.body)["detail"] for each in DOCUMENTED[event])
    assert not made.handled
    assert DOCUMENTED[event].keys() == ({"GET", "POST"} if event in SIGNED else {"POST"})


# ---- events ----------------------------------------------------------------------------------------------------------


@EACH_WAY
@pytest.mark.parametrize("kind", ["plain", "async", "an async call", "an awaitable"])
@EACH_EVENT
def test_every_good_event_reaches_every_kind_of_handler_and_its_answer_is_documented(
    event: str, kind: str, awaited: bool
) -> None:
    made = inbox(None, *(EVENTS.keys() - {event}))

    async def later(model: Any) -> None:
        await asyncio.sleep(0)
        made.handled.append(model)

    class Calls:
        async def __call__(self, model: Any) -> None:
            await later(model)

    handlers: dict[str, Any] = {"plain": made.handled.append, "async": later, "an async call": Calls()}
    samples = FAMILY[event].listed("accepted")
    for sample in samples:
        made.receiver.on(event, f"/{sample.file}")(handlers.get(kind, lambda model: later(model)))
        request, expected = peers.arriving(sample), READERS[event](peers.arriving(sample))
        answer = made.answer(sample.file, request, awaited=awaited)
        assert answer.status in DOCUMENTED[event][request.method], sample
        assert (type(made.handled[-1]), made.handled[-1]) == (type(expected), expected), sample
        assert (made.answered[-1].event, made.answered[-1].outcome) == (event, "handled")
    assert len(made.handled) == len(samples)
    assert {each.encoding for each in samples} == set(EVENTS[event])


def test_a_handler_is_given_what_the_event_says() -> None:
    made = inbox()
    made.answer("delivery-receipt", Request("GET", "msisdn=16365553226&status=FAILED&client-ref=caf%C3%A9+7"))
    (receipt,) = made.handled
    assert (receipt.msisdn, receipt.status, receipt.client_ref) == ("16365553226", "failed", "café 7")


@EACH_WAY
@EACH_CASE
def test_an_event_is_put_into_a_queue_once_and_comes_out_the_same(event: str, encoding: str, awaited: bool) -> None:
    made, queue, secret = inbox(None, "inbound-sms"), list[str](), canary()
    made.receiver = Receiver(verify=verifier(event, secret), clock=lambda: NOW)
    made.receiver.accept(event, f"/{event}")(lambda accepted: queue.append(accepted.to_json()))
    request = authentic(event, encoding, secret)
    assert [made.answer(event, request, awaited=awaited).status for _ in range(2)] == [200, 200]
    (text,) = queue
    assert Event.from_json(text).model == READERS[event](request)
    assert not found([secret, *str(request.header("authorization")).split(".")[1:]], {"queue": text})


# ---- verifying -------------------------------------------------------------------------------------------------------


def refused_alike(made: Inbox, event: str, bad: Mapping[str, Request], awaited: bool) -> bool:
    """Whether all are answered by the same refusal, and none is handled."""
    answers = {what: made.answer(event, request, awaited=awaited) for what, request in bad.items()}
    assert {what: each.status for what, each in answers.items()} == dict.fromkeys(bad, 401)
    ((body, _),) = {(each.body, str(each.headers)) for each in answers.values()}
    detail = json.loads(body)["detail"]
    return not made.handled and detail == "this event is not signed as this receiver expects it"


@EACH_WAY
@pytest.mark.parametrize("method", ["md5hash", "md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("event", SIGNED)
def test_signed_events_are_handled_and_others_are_all_refused_alike(
    event: str, encoding: str, method: str, awaited: bool
) -> None:
    secret, said, encoded = canary(), document(event), ENCODED[encoding]
    made, good = inbox(SigSecret(secret, method), event), peers.sign(said, secret, method)
    bad = {
        "unsigned": encoded(said),
        "another secret": encoded(peers.sign(said, canary(), method)),
        "another method": encoded(peers.sign(said, secret, "sha256" if method == "md5hash" else "md5hash")),
        "changed": encoded({**good, "to": "96168"}),
        "added to": encoded({**good, "more": "1"}),
        "old": encoded(peers.sign(said, secret, method, NOW - 301)),
        "of the future": encoded(peers.sign(said, secret, method, NOW + 301)),
        "no event, unsigned": encoded({"status": "read"}),
        "nothing": Request("POST"),
        "no text": Request("POST", body=b"\xff"),
    }
    assert refused_alike(made, event, bad, awaited)
    assert made.answer(event, encoded(peers.sign(said, secret, method, NOW - 299)), awaited=awaited).status == 200
    assert made.handled[0].msisdn == said["msisdn"]


@EACH_WAY
@EACH_EVENT
def test_events_with_a_token_are_handled_and_others_are_all_refused_alike(event: str, awaited: bool) -> None:
    secret, request = canary(), ENCODED["json"](document(event))
    made, sealed = inbox(JwtSecret(secret), event), peers.seal(request, secret)
    (token,) = sealed.header("authorization")
    bad = {
        "no token": request,
        "another secret": peers.seal(request, canary()),
        "another body": Request("POST", headers=sealed.headers, body=request.body + b" "),
        "old": peers.seal(request, secret, iat=NOW - 301),
        "of the future": peers.seal(request, secret, iat=NOW + 301),
        "another issuer": peers.seal(request, secret, iss="Nobody"),
        "two tokens": Request("POST", headers=[("Authorization", token)] * 2, body=request.body),
        "no bearer": Request("POST", headers={"Authorization": token.replace("Bearer", "Basic")}, body=request.body),
        "no signature": Request("POST", headers={"Authorization": token.rpartition(".")[0] + "."}, body=request.body),
        "no event, and no token": Request("POST", body=b"{"),
    }
    assert refused_alike(made, event, bad, awaited)
    assert made.answer(event, sealed, awaited=awaited).status == 200
    assert len(made.handled) == 1


def test_why_an_event_is_not_verified_is_told_to_the_owner_alone() -> None:
    made = inbox(BOTH)
    body = made.answer("inbound-sms", Request("GET", "msisdn=1&sig=2")).body
    assert body == made.answer("message-status", Request("POST", body=b"{}")).body
    for each, word in zip(made.answered, ("timestamp", "Authorization"), strict=True):
        assert (each.outcome, word in each.reason, word in body.decode()) == ("not-verified", True, False)


@EACH_CASE
def test_while_a_secret_is_changed_events_signed_with_either_one_are_handled(event: str, encoding: str) -> None:
    old, new = canary(), canary()
    made = inbox([verifier(event, old), verifier(event, new)], event)
    assert [made.answer(event, authentic(event, encoding, each)).status for each in (old, new)] == [200, 200]
    assert made.answer(event, authentic(event, encoding, canary())).status == 401
    assert len(made.handled) == 2


@pytest.mark.parametrize("step", [1, -1])
def test_one_receiver_verifies_both_kinds_of_events_each_in_its_own_way(step: int) -> None:
    secret = canary()
    made = inbox((SigSecret(secret), JwtSecret(secret))[::step])
    assert {made.answer(event, authentic(event, encoding, secret)).status for event, encoding in CASES} == {200}
    sealed = peers.seal(ENCODED["json"](document("inbound-sms")), secret)
    assert [made.answer(event, sealed).status for event in SIGNED] == [401, 401]
    assert len(made.handled) == len(CASES)


# ---- refusals and failures -------------------------------------------------------------------------------------------


def answers(event: str, request: Request, **options: Any) -> tuple[list[Response], Inbox]:
    """The answers of a new receiver to a request that comes twice, once in each way."""
    made = inbox(None, event, **options)
    return [made.answer(event, request, awaited=awaited) for awaited in (False, True)], made


@EACH_CASE
def test_a_request_that_is_no_such_event_is_told_which_field_is_wrong(event: str, encoding: str) -> None:
    field, bad = "msisdn" if event in SIGNED else "to", document(event)
    del bad[field]
    said, made = answers(event, ENCODED[encoding](bad))
    for answer in said:
        told = json.loads(answer.body)
        assert (answer.status, told["status"], answer.headers) == (400, 400, {"Content-Type": "application/json"})
        assert told["detail"].startswith(f"{event}: {field}: ")
    assert [(each.outcome, f": {field}: " in each.reason) for each in made.answered] == [("malformed", True)] * 2


def test_a_receiver_may_take_more_than_is_usual() -> None:
    long = {**document("inbound-sms"), "text": "a" * 100_000}
    assert inbox().answer("inbound-sms", ENCODED["json"](long)).status == 413
    made = inbox(max_bytes=200_000)
    assert made.answer("inbound-sms", ENCODED["json"](long)).status == 200
    assert made.handled[0].text == long["text"]


@EACH_CASE
def test_a_request_may_be_as_large_as_is_allowed_and_a_larger_one_is_told_so(event: str, encoding: str) -> None:
    good = ENCODED[encoding](document(event))
    size = len(good.body or good.query)
    assert [each.status for each in answers(event, good, max_bytes=size)[0]] == [200, 200]
    refused, made = answers(event, good, max_bytes=size - 1)
    told = [(each.status, f" {size - 1} bytes" in json.loads(each.body)["detail"]) for each in refused]
    assert told == [(413, True)] * 2
    assert not made.handled


@EACH_CASE
def test_an_event_that_was_not_handled_is_asked_for_again_and_is_handled_then(event: str, encoding: str) -> None:
    request = ENCODED[encoding](document(event))
    failed, made = answers(event, request, fails=LookupError("-"))
    assert [each.status for each in failed] == [500, 500]
    assert {(each.outcome, each.reason) for each in made.answered} == {("failed", "LookupError")}
    down, made = answers(event, request, replay=peers.Down("claim"))
    assert [(each.status, each.headers["Retry-After"].isdigit()) for each in down] == [(503, True)] * 2
    assert {(each.outcome, each.reason) for each in made.answered} == {("store-down", "it is down")}
    assert not made.handled
    made.receiver.replay = MemoryStore()
    assert made.answer(event, request).status == 200
    assert len(made.handled) == 1


@EACH_CASE
def test_what_was_handled_is_taken_though_the_store_cannot_be_told(event: str, encoding: str) -> None:
    said, made = answers(event, ENCODED[encoding](document(event)), **SET_UPS[-1])
    assert [(each.status, "Retry-After" in each.headers) for each in said] == [(200, False), (503, True)]
    assert ([each.outcome for each in made.answered], len(made.handled)) == (["handled", "busy"], 1)


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_each_request_is_one_line_and_one_report(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    made = inbox()
    for event in ("delivery-receipt", "inbound-sms", "nothing", "message-status"):
        made.answer(event, Request("GET", "msisdn=16365553226&status=read"))
    status = document("message-status")
    made.answer("message-status", ENCODED["json"](status))
    lines = [(each.levelname, re.sub(r"\d+\.\d{3} s", "- s", each.getMessage())) for each in caplog.records]
    assert lines == [
        ("INFO", "delivery-receipt …3226: handled, HTTP 200, - s"),
        ("INFO", "inbound-sms …3226: handled, HTTP 200, - s"),
        ("WARNING", "request: no-such-path, HTTP 404, - s"),
        ("WARNING", "message-status: no-such-method, HTTP 405, - s"),
        ("INFO", f"message-status …{status['message_uuid'][-4:]}: handled, HTTP 200, - s"),
    ]
    reports = [(each.event, each.path, each.status) for each in made.answered]
    assert reports[0] == ("delivery-receipt", "/delivery-receipt", 200)
    assert reports[2:-1] == [(None, "/nothing", 404), ("message-status", "/message-status", 405)]
    assert all(0 <= each.seconds < 60 for each in made.answered)


def test_no_event_can_write_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    made = inbox()
    for event in EVENTS:
        key = "msisdn" if event in SIGNED else "message_uuid"
        for end in ("\n\x1b[2", "x\ry", "\u2028abc", "a\u202eb"):
            made.answer(event, ENCODED["json"]({**document(event), key: f"aaaaaaaa{end}"}))
            made.answer(event, ENCODED["json"]({**document(event), f"aaaa{end}": 1, "to": {f"aaaa{end}": 1}}))
    assert len(caplog.records) == 32
    assert not [each.getMessage() for each in caplog.records if not each.getMessage().isprintable()]


def test_a_report_that_fails_changes_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    made = inbox()
    made.receiver.on_answer = dict[webhooks.Answered, None]().__getitem__
    statuses = [made.answer("inbound-sms", Request("GET", query)).status for query in ("msisdn=16365553226", "", "")]
    assert statuses == [200, 400, 400]
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == ["on_answer failed"] * 3


@EACH_CASE
def test_neither_secrets_nor_what_was_written_can_be_read_anywhere(
    event: str, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret, said = canary(), document(event)
    good = authentic(event, encoding, secret, said)
    forged, whole = authentic(event, encoding, canary(), said), len(good.query or good.body)
    cut = [Request(good.method, good.query[:at], good.headers, good.body[:at]) for at in range(0, whole, 17)]
    wrong = [ENCODED[encoding](each) for each in peers.broken(said)]
    requests = [good, good, forged, *cut, *wrong, Request("PUT", good.query, good.headers, good.body)]
    shown: dict[str, str] = {}
    for number, options in enumerate(SET_UPS):
        for verify in ([verifier(event, secret)], None):
            made = inbox(verify, event, **options)
            for at, request in enumerate(requests):
                answer, arrived = made.answer(event, request, awaited=at < 3), Event(event, "/x", request)
                shown[f"answer {number} {verify} {at}"] = (
                    f"{answer!r} {made.answered[-1]!r} {asdict(made.answered[-1])}"
                )
                shown[f"repr {number} {verify} {at}"] = f"{made.receiver!r} {verify!r} {request!r} {arrived!r}"
    shown |= {f"line {at}": f"{each.getMessage()} {each.args!r}" for at, each in enumerate(caplog.records)}
    marks = [peers.sign(said, secret)["sig"]] if event in SIGNED else good.header("authorization")[0].split(".")[1:]
    assert {each.status for each in made.answered} == {200, 400, 405, 503}
    assert not found([secret, *marks, *peers.leaves(said)], shown)


@EACH_CASE
def test_no_error_holds_what_was_written_nor_does_one_that_it_is_chained_to(event: str, encoding: str) -> None:
    said, secret, shown = document(event), canary(), dict[str, str]()
    good = authentic(event, encoding, secret, said)
    cut = [Request(good.method, good.query[:at], good.headers, good.body[:at]) for at in range(0, 200, 7)]
    for at, request in enumerate([*cut, *(ENCODED[encoding](each) for each in peers.broken(said))]):
        for ask in (READERS[event], SigSecret(secret).verify, JwtSecret(secret).verify):
            try:
                ask(request)
            except (webhooks.MalformedWebhook, webhooks.VerificationFailed) as error:
                shown |= {f"{ask} {at} {where}": text for where, text in shown_by(error).items()}
    assert len(shown) > 100
    assert not found([secret, *peers.leaves(said)], shown)
