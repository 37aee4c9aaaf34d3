"""Providers that go wrong about the Messages API: what they accept, whom, and what they answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import jwt
from attrs import evolve

from shortcode_clients.alerts.models import RestError
from shortcode_clients.messages.models import MessageAccepted
from shortcodekit.sandbox import messages
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.outcomes import Outcome
from shortcodekit.sandbox.service import Answer

from .base import PAGE, Bend, Bent, Case, Catalogue, edited, failed, is_message, typed

MESSAGES: Final = Catalogue()
Document = dict[str, Any]


def lenient(name: str, sentence: str, change: Callable[[Document], object]) -> None:
    """A provider that accepts what it would refuse, if only `change` had been made to it."""

    def decided(case: Case, outcome: Outcome) -> Outcome:
        if not case.is_message or outcome.status != 400:
            return outcome
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            document = json.loads(case.request.body)
            change(document)
            return case.again(evolve(case.request, body=json.dumps(document).encode()))
        return outcome

    MESSAGES.add(name, sentence, Bend(decided=decided))


def strict(name: str, sentence: str, refused: Callable[[Document], object]) -> None:
    """A provider that refuses some of what it has to accept."""

    def decided(case: Case, outcome: Outcome) -> Outcome:
        if case.is_message and outcome.status == 202 and refused(json.loads(case.request.body)):
            return messages.problem(400, "not allowed", case.service._world())
        return outcome

    MESSAGES.add(name, sentence, Bend(decided=decided))


def _text(document: Document) -> str:
    text = document["message"]["content"].get("text")
    return text if isinstance(text, str) else ""


def _kind(document: Document) -> tuple[str, str]:
    return document["to"]["type"], document["message"]["content"]["type"]


def _ttl(document: Document) -> Any:
    return document["message"].get("viber_service_msg", {}).get("ttl")


def _shortened(document: Document) -> None:
    document["message"]["content"]["text"] = _text(document)[:1000]


def _some_text(document: Document) -> None:
    document["message"]["content"]["text"] = document["message"]["content"]["text"] or "x"


def _longer_ttl(document: Document) -> None:
    document["message"]["viber_service_msg"]["ttl"] = max(30, _ttl(document))


def _shorter_ttl(document: Document) -> None:
    document["message"]["viber_service_msg"]["ttl"] = min(259200, _ttl(document))


def _without_plus(document: Document) -> None:
    document["to"]["number"] = document["to"]["number"].removeprefix("+")


def _without_zeros(document: Document) -> None:
    document["to"]["number"] = document["to"]["number"].removeprefix("00")


def _shorter_reference(document: Document) -> None:
    document["client_ref"] = document["client_ref"][:40]


def _text_for_content(document: Document) -> None:
    if _kind(document) == ("sms", "image"):
        document["message"]["content"] = {"type": "text", "text": "x"}


def _sms_for_others(document: Document) -> None:
    if document["to"]["type"] == document["from"]["type"] == "telegram":
        document["to"]["type"] = document["from"]["type"] = "sms"


def _named_in_full(document: Document) -> None:
    template = document["message"]["content"]["template"]
    template["name"] = f"x:{template['name']}"


lenient("text-of-1001-accepted", "A text of more than 1000 characters is accepted.", _shortened)
lenient("empty-text-accepted", "An empty text is accepted by WhatsApp.", _some_text)
lenient("ttl-of-29-accepted", "A ttl below 30 seconds is accepted.", _longer_ttl)
lenient("ttl-of-259201-accepted", "A ttl of more than three days is accepted.", _shorter_ttl)
lenient(
    "locale-missing-accepted",
    "A WhatsApp template without a locale is accepted.",
    lambda document: document["message"].setdefault("whatsapp", {}).setdefault("locale", "en"),
)
lenient("template-name-bare-accepted", "A WhatsApp template without its namespace is accepted.", _named_in_full)
lenient(
    "tag-missing-accepted",
    "A Messenger message_tag without a tag is accepted.",
    lambda document: document["message"]["messenger"].setdefault("tag", "x"),
)
lenient("number-with-plus-sent-to", "A number with a plus sign is accepted.", _without_plus)
lenient("number-with-zeros-sent-to", "A number that begins with 00 is accepted.", _without_zeros)
lenient("client-ref-of-41-accepted", "A client_ref of 41 characters is accepted.", _shorter_reference)
lenient(
    "channels-mixed-accepted",
    "A message from one channel to another is accepted.",
    lambda document: document["from"].update(type=document["to"]["type"]),
)
lenient("image-by-sms-accepted", "An image by SMS is accepted.", _text_for_content)
lenient("channel-unknown-accepted", "A channel that does not exist is accepted.", _sms_for_others)
lenient(
    "sender-missing-accepted",
    "A message without a sender is accepted.",
    lambda document: document.setdefault("from", document["to"]),
)
strict(
    "text-of-1000-refused",
    "A text of exactly 1000 characters is refused.",
    lambda document: len(_text(document)) == 1000,
)
strict(
    "text-in-bytes",
    "The 1000 characters of a text are counted as bytes.",
    lambda document: len(_text(document).encode()) > 1000 >= len(_text(document)),
)
strict("ttl-of-30-refused", "A ttl of 30 seconds is refused.", lambda document: _ttl(document) == 30)
strict("ttl-of-259200-refused", "A ttl of three days is refused.", lambda document: _ttl(document) == 259200)
strict(
    "client-ref-of-40-refused",
    "A client_ref of 40 characters is refused.",
    lambda document: len(document.get("client_ref", "")) == 40,
)
strict("viber-refused", "Viber is refused.", lambda document: document["to"]["type"] == "viber_service_msg")
strict("mms-refused", "MMS is refused.", lambda document: document["to"]["type"] == "mms")
strict("file-refused", "A file by WhatsApp is refused.", lambda document: _kind(document) == ("whatsapp", "file"))
strict("custom-refused", "Custom content is refused.", lambda document: _kind(document)[1] == "custom")
strict(
    "short-code-refused",
    "A sender that is a short code is refused.",
    lambda document: len(document["from"].get("number", "123456")) < 6,
)
strict(
    "extra-keys-refused",
    "Keys that the page does not name are refused.",
    lambda document: document.keys() - {"to", "from", "message", "client_ref"},
)

# ---- who asks --------------------------------------------------------------------------------------------------------


def _allowed(name: str, sentence: str, when: Callable[[Case, Outcome, str], bool]) -> None:
    """A provider that takes a request whose credentials it should refuse."""

    def decided(case: Case, outcome: Outcome) -> Outcome:
        given = " ".join(case.request.header("authorization"))
        if not case.is_message or outcome.status != 401 or not when(case, outcome, given):
            return outcome
        pair = f"{case.service.account.api_key}:{case.service.account.api_secret}".encode()
        right = ("authorization", f"Basic {base64.b64encode(pair).decode()}")
        headers = tuple(each for each in case.request.headers if each[0] != "authorization")
        return case.again(evolve(case.request, headers=(*headers, right)))

    MESSAGES.add(name, sentence, Bend(decided=decided))


_allowed(
    "any-basic",
    "Any key and secret are accepted.",
    lambda case, _, given: given.startswith("Basic ") and len(case.request.header("authorization")) == 1,
)
_allowed("no-authorization", "Nobody has to say who asks.", lambda _, __, given: not given)
_allowed(
    "both-schemes",
    "Basic and Bearer are accepted together.",
    lambda case, _, __: len(case.request.header("authorization")) > 1,
)
_allowed(
    "expired-token", "A token that has expired is accepted.", lambda _, outcome, __: "expired" in (outcome.detail or "")
)
_allowed(
    "forged-token",
    "A token's signature is not verified.",
    lambda _, outcome, __: "not signed" in (outcome.detail or ""),
)
_allowed(
    "unsigned-token",
    "A token is accepted that says that it is not signed.",
    lambda _, __, given: given.startswith("Bearer ") and given.count(".") == 2 and given.endswith("."),
)
_allowed(
    "token-of-25-hours",
    "A token may last longer than a day.",
    lambda _, outcome, __: "lasts longer" in (outcome.detail or ""),
)


@MESSAGES.decided("endless-token-refused", "A token without exp is refused, though old libraries make no other.")
def _(case: Case, outcome: Outcome) -> Outcome:
    token = "".join(case.request.header("authorization")).removeprefix("Bearer ")
    if case.is_message and outcome.status == 202 and token.count(".") == 2:
        claims = jwt.decode(token, options={"verify_signature": False})
        if "exp" not in claims:
            return messages.problem(401, "the token has no exp", case.service._world())
    return outcome


@MESSAGES.decided("credentials-by-403", "Wrong credentials of a message are answered with HTTP 403.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, status=403) if case.is_message and outcome.status == 401 else outcome


# ---- answers ---------------------------------------------------------------------------------------------------------


def _answered(name: str, sentence: str, status: int, change: Callable[[Bent, Answer], Answer]) -> None:
    """A provider that changes its answers of one HTTP status."""

    def answered(service: Bent, request: Incoming, answer: Answer) -> Answer:
        return change(service, answer) if is_message(request) and answer.status == status else answer

    MESSAGES.add(name, sentence, Bend(answered=answered))


def _page(answer: Answer) -> Answer:
    answer.body = PAGE
    return typed(answer, "text/html")


def _said(answer: Answer, document: Any) -> Answer:
    return edited(answer, lambda _: document)


_answered(
    "accepted-by-200",
    "An accepted message is answered with HTTP 200.",
    202,
    lambda _, answer: evolve(answer, status=200),
)
_answered(
    "uuid-missing",
    "The answer to an accepted message has no message_uuid.",
    202,
    lambda _, answer: _said(answer, {}),
)
_answered(
    "uuid-in-camel-case",
    "The message_uuid is called messageUuid.",
    202,
    lambda _, answer: edited(answer, lambda said: {"messageUuid": said["message_uuid"]}),
)
_answered(
    "uuid-is-a-number",
    "The message_uuid is no UUID.",
    202,
    lambda service, answer: _said(answer, {"message_uuid": f"{service.store.ids.used:016X}"}),
)
_answered(
    "uuid-repeated",
    "Every message has the same message_uuid.",
    202,
    lambda _, answer: _said(answer, {"message_uuid": f"{1:08x}-0000-4000-8000-{1:012x}"}),
)
_answered(
    "accepted-as-page",
    "The answer to an accepted message is sent as text/html.",
    202,
    lambda _, answer: typed(answer, "text/html"),
)
_answered("problem-as-page", "Refusals are pages for people.", 400, lambda _, answer: _page(answer))
_answered("problem-as-200", "Refusals are answered with HTTP 200.", 400, lambda _, answer: evolve(answer, status=200))
_answered("problem-as-500", "Refusals are answered with HTTP 500.", 400, lambda _, answer: evolve(answer, status=500))
_answered(
    "problem-as-text",
    "The JSON of a refusal is a text, and no object.",
    400,
    lambda _, answer: edited(answer, lambda said: said["detail"]),
)
_answered(
    "problem-with-object",
    "The detail of a refusal is an object, and no text.",
    400,
    lambda _, answer: edited(answer, lambda said: {**said, "detail": {"reason": said["detail"]}}),
)
_answered(
    "problem-of-other-host",
    "Refusals look like those of the alerts' host.",
    400,
    lambda _, answer: evolve(answer, body=RestError("400", "refused").to_json()),
)
_answered(
    "problem-with-secret",
    "A refusal repeats the account's secret.",
    400,
    lambda service, answer: edited(answer, lambda said: {**said, "account": service.account.api_secret}),
)


@MESSAGES.decided("problem-as-202", "A message that breaks a rule is answered with 202, as if it could still be sent.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if case.is_message and outcome.status == 400:
        return Outcome(202, MessageAccepted(case.service.store.ids.message_uuid()))
    return outcome


@MESSAGES.asked("trailing-slash-missing", "The path with a trailing slash, which the page shows, is not found.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return failed_at(404) if request.path == "/v0.1/messages/" else request


@MESSAGES.asked("no-trailing-slash-missing", "The path without a trailing slash is not found.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return failed_at(404) if request.path == "/v0.1/messages" else request


@MESSAGES.asked("types-are-an-error", "A recipient that is no object makes the provider fall over.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    with suppress(ValueError):
        document = json.loads(request.body) if is_message(request) else None
        if isinstance(document, dict) and not isinstance(document.get("to", {}), dict):
            return failed()
    return request


@MESSAGES.asked("no-json-is-an-error", "A body that is no JSON makes the provider fall over.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    if is_message(request):
        try:
            json.loads(request.body)
        except ValueError:
            return failed()
    return request


def failed_at(status: int) -> Answer:
    """A page about something that is not there."""
    return evolve(failed(), status=status)
