"""Providers that go wrong about alerts: what they accept, and what they answer."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from attrs import evolve

from shortcode_clients import UNSET
from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcodekit.sandbox import sending
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.outcomes import Outcome, World
from shortcodekit.sandbox.service import Answer
from shortcodekit.sandbox.settings import amount, units
from shortcodekit.signing import value_text

from .base import Bent, Case, Catalogue

ALERTS: Final = Catalogue()
_PHONE: Final = "16365553226"


def parts(outcome: Outcome) -> list[AlertPart]:
    """The parts of an alert's answer; none of any other."""
    return outcome.answer.messages if isinstance(outcome.answer, AlertResponse) else []


def accepted(outcome: Outcome) -> bool:
    return bool(parts(outcome)) and outcome.code == "0"


def rejected(outcome: Outcome, status: str = "") -> bool:
    """Whether it is a refused alert, by this status if one is given."""
    return bool(parts(outcome)) and outcome.code != "0" and status in {"", outcome.code}


def refusal(status: str, reason: str = "refused") -> Outcome:
    return sending.refused(status, reason)


# ---- what is accepted ------------------------------------------------------------------------------------------------


@ALERTS.said("reference-dropped", "The client-ref does not come back.")
def _(_: Case, said: dict[str, Any]) -> None:
    said.pop("client-ref", None)


@ALERTS.said("reference-of-39", "A client-ref is cut to 39 characters.")
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("client-ref"), str) and len(said["client-ref"]) == 40:
        said["client-ref"] = said["client-ref"][:39]


@ALERTS.said("reference-of-40-refused", "A client-ref of exactly 40 characters is refused.")
def _(_: Case, said: dict[str, Any]) -> None:
    if len(str(said.get("client-ref", ""))) == 40:
        said["client-ref"] += "x"


@ALERTS.said("reference-of-41-accepted", "A client-ref of more than 40 characters is accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("client-ref"), str):
        said["client-ref"] = said["client-ref"][:40]


@ALERTS.said("reference-in-bytes", "The 40 characters of a client-ref are counted as bytes.")
def _(_: Case, said: dict[str, Any]) -> None:
    if len(str(said.get("client-ref", "")).encode()) > 40:
        said["client-ref"] = "x" * 41


@ALERTS.said("template-6-accepted", "There is a seventh template.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("template")) == "6":
        said["template"] = "5"


@ALERTS.said("template-5-refused", "The last template is refused, as if indices ended before it.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("template")) == "5":
        said["template"] = "6"


@ALERTS.said("template-1-refused", "Template 1 does not fall back to template 0.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("template")) == "1":
        said["template"] = "6"


@ALERTS.said("template-by-name-accepted", "A template that is no number is taken for the first one.")
def _(_: Case, said: dict[str, Any]) -> None:
    if not value_text(said.get("template", "0")).isdigit():
        said["template"] = "0"


@ALERTS.said("two-recipients-accepted", "Several recipients, joined by commas, are accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("to"), str):
        said["to"] = said["to"].partition(",")[0]


@ALERTS.said("recipient-missing-accepted", "An alert without a recipient is accepted.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_alert:
        said.setdefault("to", _PHONE)


@ALERTS.said("plus-accepted", "A recipient with a leading plus sign is accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("to"), str):
        said["to"] = said["to"].removeprefix("+")


@ALERTS.said("abroad-accepted", "A recipient outside of the US is accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("to", "")).startswith("44"):
        said["to"] = _PHONE


@ALERTS.said("type-unknown-accepted", "Any type is accepted, and taken for text.")
def _(_: Case, said: dict[str, Any]) -> None:
    if said.get("type") != "unicode":
        said.pop("type", None)


@ALERTS.said("type-unicode-refused", "The type unicode is refused.")
def _(_: Case, said: dict[str, Any]) -> None:
    if said.get("type") == "unicode":
        said["type"] = "none"


@ALERTS.said("report-by-true-refused", "A status-report-req of true is refused; only 1 and 0 are known.")
def _(_: Case, said: dict[str, Any]) -> None:
    if said.get("status-report-req") in ("true", "false") or isinstance(said.get("status-report-req"), bool):
        said["status-report-req"] = "none"


@ALERTS.decided("custom-parameters-refused", "Parameters that the page does not name are refused.")
def _(case: Case, outcome: Outcome) -> Outcome:
    known = {"api_key", "api_secret", "sig", "timestamp", "to", "status-report-req", "client-ref", "template", "type"}
    unknown = case.said.keys() - known
    return refusal("3", "an unknown parameter") if accepted(outcome) and unknown else outcome


@ALERTS.world("opted-out-accepted", "An alert to a number that opted out is accepted.")
def _(_: Bent, world: World) -> World:
    return evolve(world, is_opted_out=lambda _sender, _msisdn: False)


@ALERTS.decided(
    "opted-out-invalid", "An alert to a number that opted out is refused with status 3, so nobody learns why."
)
def _(_: Case, outcome: Outcome) -> Outcome:
    return refusal("3") if rejected(outcome, "7") else outcome


@ALERTS.decided("missing-is-invalid", "A missing recipient is refused with status 3.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return refusal("3") if rejected(outcome, "2") and "to" not in case.said else outcome


# ---- what is answered ------------------------------------------------------------------------------------------------


@ALERTS.decided("count-of-one", "The message-count is 1, however many parts there are.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if isinstance(outcome.answer, AlertResponse):
        outcome.answer.message_count = "1"
    return outcome


@ALERTS.decided("count-from-zero", "The message-count is one too small.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if isinstance(outcome.answer, AlertResponse):
        outcome.answer.message_count = str(len(outcome.answer.messages) - 1)
    return outcome


@ALERTS.decided("parts-unlisted", "Only the first part is listed, though the message-count tells of more.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if isinstance(outcome.answer, AlertResponse):
        outcome.answer.messages = outcome.answer.messages[:1]
    return outcome


@ALERTS.decided("identifier-too-long", "The message-id has 20 characters.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        if each.message_id is not UNSET:
            each.message_id = f"{each.message_id}0000"
    return outcome


@ALERTS.decided("identifier-too-short", "The message-id is a counter of few digits.")
def _(case: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        if each.message_id is not UNSET:
            each.message_id = str(case.service.store.ids.used)
    return outcome


@ALERTS.decided("identifier-repeated", "Every alert has the same message-id.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for number, each in enumerate(parts(outcome)):
        if each.message_id is not UNSET:
            each.message_id = f"0A0000000000000{number:X}"
    return outcome


@ALERTS.decided("identifier-of-all-parts", "The parts of one alert share a message-id.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        each.message_id = parts(outcome)[0].message_id
    return outcome


@ALERTS.decided("balance-stays", "The remaining-balance does not fall.")
def _(case: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome) if accepted(outcome) else []:
        each.remaining_balance = amount(case.service.settings.balance)
    return outcome


@ALERTS.decided("balance-grows", "The remaining-balance grows by what is spent.")
def _(case: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome) if accepted(outcome) else []:
        each.remaining_balance = amount(2 * case.service.settings.balance - units(each.remaining_balance))
    return outcome


@ALERTS.decided("balance-of-first-part", "A further part is not taken off the balance.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        each.remaining_balance = parts(outcome)[0].remaining_balance
    return evolve(outcome, spent=outcome.spent // (len(parts(outcome)) or 1))


@ALERTS.decided("price-of-all-parts", "The message-price of each part is that of the whole alert.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome) if accepted(outcome) else []:
        each.message_price = amount(outcome.spent)
    return outcome


@ALERTS.decided("refused-part-paid", "A refused alert is paid for.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if rejected(outcome):
        case.service.store.balance -= case.service.settings.price
    return outcome


@ALERTS.decided("recipient-with-plus", "The recipient comes back with a plus sign that nobody sent.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        if each.to is not UNSET:
            each.to = f"+{each.to}"
    return outcome


@ALERTS.decided("success-in-words", "The status of an accepted part is a word.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome) if accepted(outcome) else []:
        each.status = "success"
    return outcome


@ALERTS.decided("refusal-in-words-alone", "A refused part says status 0, and only its error-text tells the refusal.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome):
        each.status = "0"
    return outcome


@ALERTS.decided("secret-told", "The error-text of a refusal repeats the request, the secret included.")
def _(case: Case, outcome: Outcome) -> Outcome:
    for each in parts(outcome) if rejected(outcome) else []:
        each.error_text = f"{each.error_text}; request: {urlencode(case.said)}"
    return outcome


@ALERTS.decided("refusal-by-http", "A refused alert is answered with HTTP 400.")
def _(_: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, status=400) if rejected(outcome) else outcome


@ALERTS.decided(
    "credentials-by-http", "An alert with wrong credentials is answered with HTTP 401, at which clients raise."
)
def _(_: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, status=401) if rejected(outcome, "4") or rejected(outcome, "14") else outcome


@ALERTS.decided("opted-out-by-http", "An alert to a number that opted out is answered with HTTP 403.")
def _(_: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, status=403) if rejected(outcome, "7") else outcome


@ALERTS.answered("accepted-by-201", "An accepted alert is answered with HTTP 201.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if request.path.endswith(("/alert/json", "/alert/xml")) and answer.status == 200:
        answer.status = 201
    return answer
