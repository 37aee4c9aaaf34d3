"""Correct providers of different temper: each keeps everything in the specs, and none is like the sandbox.

What decides is what sources say, not what the sandbox does: `specs/` names what is required, what type a value may have, and
which answers there are. Where they are silent, a provider may do as it likes, and some of these do.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Final

from attrs import evolve

from shortcode_clients import UNSET
from shortcode_clients.alerts.models import RestError
from shortcode_clients.messages.models import Problem
from shortcodekit.sandbox import messages, sending
from shortcodekit.sandbox.app import App, Receive, Scope, Send
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.outcomes import Outcome, World
from shortcodekit.sandbox.samples import SAMPLES
from shortcodekit.sandbox.service import TO_ONE, Answer
from shortcodekit.sandbox.settings import UNIT

from .alerts import parts, refusal, rejected
from .base import Bend, Bent, Case, Catalogue, edited, is_json, is_message, is_xml, typed
from .opt_in import paged, records

CORRECT: Final = Catalogue()

CORRECT.add("sandbox", "The product's own sandbox.", Bend())

# ---- how it writes ---------------------------------------------------------------------------------------------------

_COUNTS: Final = {"message-count", "opt-in-count", "status", "to", "msisdn", "error-code", "network"}
_AMOUNTS: Final = {"remaining-balance", "message-price"}
_FLAGS: Final = {"opt-in", "opt-out"}


@CORRECT.answered("numbers", "Counts, codes, numbers and amounts are JSON numbers, and flags JSON booleans.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return answer if is_message(request) else edited(answer, _numbers)


def _numbers(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _numbers(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if key in _COUNTS:
        return int(value)
    return float(value) if key in _AMOUNTS else value == "true" if key in _FLAGS else value


@CORRECT.answered("talkative", "Answers have keys that no page names: camel-case twins, ok, and more elements in XML.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = answer.body.replace(b"</message>", b"<accountRef>x</accountRef><note a='1'/></message>")
        answer.body = re.sub(rb"<opt-in ", b"<opt-in source='phone' ", answer.body)
        answer.body = answer.body.replace(b"</error>", b"<help>none</help></error>")
    return edited(answer, _with_twins)


def _with_twins(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_twins(each) for each in value]
    if not isinstance(value, dict):
        return value
    said = {key: _with_twins(each) for key, each in value.items()}
    twins = {re.sub("-(.)", lambda found: found[1].upper(), key): each for key, each in said.items() if "-" in key}
    return {"ok": True, **twins, **said, "unknown-to-all": {"nested": [None, 1.5, ""]}}


@CORRECT.answered("printed", "JSON and XML are laid out for people, keys and attributes the other way round.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_json(answer):
        answer.body = json.dumps(_reversed(json.loads(answer.body)), indent=4).encode() + b"\n"
    if is_xml(answer):
        body = re.sub(rb"\A<\?xml.*?\?>\s*", b"", answer.body)
        body = re.sub(rb"<(opt-in)((?: [^>/]*)?)(/?)>", _turned, body)
        body = re.sub("[^\x00-\x7f]", lambda found: f"&#{ord(found[0])};", body.decode()).encode()
        answer.body = b"<?xml version='1.0' encoding='utf-8'?>\n<!-- made by hand -->\n" + body.replace(
            b"><", b">\n  <"
        )
    return answer


def _reversed(value: Any) -> Any:
    if isinstance(value, list):
        return [_reversed(each) for each in value]
    return {key: _reversed(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def _turned(found: re.Match[bytes]) -> bytes:
    attributes = re.findall(rb"""([a-z-]+)=["']([^"']*)["']""", found[2])
    told = b"".join(b"\n    %s = '%s'" % each for each in reversed(attributes))
    return b"<%s%s %s>" % (found[1], told, found[3])


@CORRECT.decided(
    "sparse", "Answers have what is required, the identifiers and what the request gave, and nothing else."
)
def _(_: Case, outcome: Outcome) -> Outcome:
    for part in parts(outcome):
        part.remaining_balance = part.message_price = part.network = UNSET
        if part.status == "0":
            part.error_text = UNSET
    for record in records(outcome):
        record.opt_in_date = record.opt_out_date = UNSET
    if isinstance(outcome.answer, RestError):
        outcome.answer.error_code_label = UNSET
    if isinstance(outcome.answer, Problem):
        return evolve(outcome, answer=Problem(title=outcome.answer.title))
    return outcome


@CORRECT.decided("terse-refusals", "A refused part says its status and a word.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if rejected(outcome):
        return refusal(str(outcome.code))
    return outcome


@CORRECT.decided("wordy-refusals", "A refused part has all the keys of an accepted one, its price being nothing.")
def _(case: Case, outcome: Outcome) -> Outcome:
    for part in parts(outcome) if rejected(outcome) else []:
        part.message_id = case.service.store.ids.message_id()
        part.remaining_balance, part.message_price = f"{case.service.store.balance / UNIT:.2f}", "0"
        part.network = "US-FIXED"
        part.error_text = "Non White-listed Destination & \N{EN DASH} <rejected>; see https://example.com/?a=1&b=2"
    return outcome


@CORRECT.answered("problems", "Refusals of the Messages API are sent as application/problem+json.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    refused = is_message(request) and answer.status >= 400
    return typed(answer, "application/problem+json") if refused else answer


@CORRECT.decided("unprocessable", "A message that is JSON and breaks a rule is refused with HTTP 422.")
def _(case: Case, outcome: Outcome) -> Outcome:
    answer: Any = outcome.answer
    broken = case.is_message and outcome.status == 400 and answer.additional_properties
    return messages.problem(422, str(outcome.detail), case.service._world()) if broken else outcome


@CORRECT.decided("fixed-line", "The network is a word, and identifiers have 8 to 16 characters, in either case.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for part in parts(outcome):
        if isinstance(part.message_id, str):
            length = 8 + int(part.message_id, 16) % 9
            part.message_id = part.message_id.lower()[-length:] if length % 2 else part.message_id[-length:]
            part.network = "US-FIXED"
    return outcome


@CORRECT.answered("behind-a-proxy", "Answers pass a proxy: more header fields, in another order, and a charset on XML.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        typed(answer, "application/xml; charset=utf-8")
    answer.headers = [("server", "proxy"), ("x-request-id", "1"), ("vary", "accept"), *answer.headers, ("age", "0")]
    return answer


# ---- how it decides --------------------------------------------------------------------------------------------------


@CORRECT.decided("other-order", "What is missing or wrong among parameters is told before who asks.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if not ((case.is_alert and rejected(outcome, "4")) or rejected(outcome, "14")):
        return outcome
    violation = TO_ONE[case.route.operation].check(case.said)
    if violation is None:
        return outcome
    return refusal("2" if violation.rule == "required" else "3", sending.told(violation))


@CORRECT.decided("newest-first", "The opt-out list begins with who opted out last.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return paged(case, outcome, lambda found, size, page: found[::-1][page * size :][:size])


def _left_empty(case: Case, said: dict[str, Any]) -> None:
    if case.is_alert:
        said.setdefault("server", "")
        said.setdefault("link", "")


def _free(_: Bent, world: World) -> World:
    return evolve(world, settings=evolve(world.settings, price=0))


CORRECT.add(
    "free-and-unfilled",
    "Alerts cost nothing, and places that no parameter fills are left empty.",
    Bend(said=_left_empty, world=_free),
)
CORRECT.add(
    "two-factor",
    "The campaign has a two-factor template, so template 1 is one of its own.",
    Bend(set_up=lambda service: service.store.set_templates({1: str(SAMPLES[2])})),
)

# ---- how it sends ----------------------------------------------------------------------------------------------------


class _Slow(App):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.005)
        await super().__call__(scope, receive, send)


class _Closing(App):
    """Sends an answer in pieces, without its length, and says that the connection ends with it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_pieces(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if each[0] != b"content-length"]
                await send({**message, "headers": [*kept, (b"connection", b"close")]})
                return
            body = message.get("body", b"")
            for begin in range(0, len(body), 7):
                await send({"type": message["type"], "body": body[begin : begin + 7], "more_body": True})
            await send({"type": message["type"], "body": b"", "more_body": False})

        await super().__call__(scope, receive, in_pieces)


CORRECT.add("slow", "Answers take their time.", Bend(), _Slow)
CORRECT.add("closing", "Answers come in pieces, without a length, and end the connection.", Bend(), _Closing)
