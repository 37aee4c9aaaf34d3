"""Providers that go wrong about two-factor messages alone: in alerts, which are answered alike, they make no mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from shortcode_clients import UNSET
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.outcomes import Outcome, World
from shortcodekit.sandbox.service import Answer
from shortcodekit.signing import value_text

from .alerts import accepted, parts, refusal, rejected
from .base import Bend, Bent, Case, Catalogue, Said, edited, is_xml, refused, route_of, typed

TWO_FACTOR: Final = Catalogue()
_OPERATION: Final = "sendTwoFactor"


def _pins(change: Said) -> Said:
    """The change, to what is said of PINs."""
    return lambda case, said: change(case, said) if case.route.operation == _OPERATION else None


def _decided(change: Callable[[Case, Outcome], Outcome]) -> Callable[[Case, Outcome], Outcome]:
    """The change, to what comes of them."""
    return lambda case, outcome: change(case, outcome) if case.route.operation == _OPERATION else outcome


def _is_pin(request: Incoming) -> bool:
    route = route_of(request)
    return route is not None and route.operation == _OPERATION


# ---- what is accepted ------------------------------------------------------------------------------------------------


@TWO_FACTOR.said("pin-missing-accepted", "A request without a PIN is accepted.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    said.setdefault("pin", "0")


@TWO_FACTOR.said("pin-in-words-accepted", "A PIN that is no number is accepted.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    pin = said.get("pin")
    if isinstance(pin, str) and pin and not pin.isdigit():
        said["pin"] = "0"


@TWO_FACTOR.said("pin-with-zeros-refused", "A PIN that begins with a zero is refused.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("pin", "")).startswith("0"):
        said["pin"] = "none"


@TWO_FACTOR.said("pin-of-10-refused", "A PIN of more than eight digits is refused.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    if len(value_text(said.get("pin", ""))) > 8:
        said["pin"] = "none"


@TWO_FACTOR.said("pin-as-number-refused", "A PIN that is a JSON number is refused.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("pin"), int):
        said["pin"] = "none"


@TWO_FACTOR.said("pin-for-anybody", "A PIN is sent with any secret.")
@_pins
def _(case: Case, said: dict[str, Any]) -> None:
    if "api_secret" in said:
        said["api_secret"] = case.service.account.api_secret


@TWO_FACTOR.said("pin-recipient-abroad-accepted", "A PIN for a recipient outside of the US is accepted.")
@_pins
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("to", "")).startswith("44"):
        said["to"] = "16365553226"


@TWO_FACTOR.decided("pin-alone", "Parameters beside the documented ones are refused.")
@_decided
def _(case: Case, outcome: Outcome) -> Outcome:
    known = {"api_key", "api_secret", "sig", "timestamp", "to", "pin", "client-ref"}
    return refusal("3", "unknown") if accepted(outcome) and case.said.keys() - known else outcome


def _noted(case: Case, _: dict[str, Any]) -> None:
    case.service.memory["pin"] = case.route.operation == _OPERATION


def _deaf(service: Bent, world: World) -> World:
    return evolve(world, is_opted_out=lambda _sender, _msisdn: False) if service.memory.get("pin") else world


TWO_FACTOR.add("pin-in-spite-of-stop", "A PIN is sent to a number that texted STOP.", Bend(said=_noted, world=_deaf))

# ---- what is answered ------------------------------------------------------------------------------------------------


@TWO_FACTOR.decided("pin-reference-dropped", "The client-ref does not come back beside a PIN.")
@_decided
def _(_: Case, outcome: Outcome) -> Outcome:
    for part in parts(outcome):
        part.client_ref = UNSET
    return outcome


@TWO_FACTOR.decided("pin-id-always-the-same", "Each PIN has the same message-id.")
@_decided
def _(_: Case, outcome: Outcome) -> Outcome:
    for part in parts(outcome) if accepted(outcome) else []:
        part.message_id = "0000000000000001"
    return outcome


@TWO_FACTOR.decided("pin-missing-is-invalid", "A missing PIN is told by status 3.")
@_decided
def _(case: Case, outcome: Outcome) -> Outcome:
    return refusal("3") if rejected(outcome, "2") and "pin" not in case.said else outcome


@TWO_FACTOR.answered("pin-refused-by-400", "A PIN that cannot be sent is refused with HTTP 400.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    broken = _is_pin(request) and answer.status == 200 and b'"status":"3"' in answer.body
    return refused(400, "the request is invalid") if broken else answer


@TWO_FACTOR.answered("pin-without-parts", "The answer to a PIN has no list of parts.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return edited(answer, lambda document: document.get("messages", [document])[0]) if _is_pin(request) else answer


@TWO_FACTOR.answered("pin-xml-as-text", "The XML that answers a PIN comes as text/xml.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return typed(answer, "text/xml") if _is_pin(request) and is_xml(answer) else answer
