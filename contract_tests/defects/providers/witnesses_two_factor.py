"""For each provider that is broken about PINs a few raw requests whose answer gives it away; see `witnesses`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .talk import JSON, PINS, Talk
from .witnesses import Witness, after


def _as_json(pin: Any) -> Any:
    return lambda talk: talk.posted({**talk.alerting(), "pin": pin}, JSON, path=PINS)


def _two_ids(talk: Talk) -> bool:
    return bool(talk.pin_part()["message-id"] != talk.pin_part()["message-id"])


def _accepted(status: str) -> bool:
    return status == "0"


WITNESSES: Final[Mapping[str, Witness]] = {
    "pin-missing-accepted": Witness(lambda t: _accepted(t.pin_status(pin=None)), False, True),
    "pin-in-words-accepted": Witness(lambda t: _accepted(t.pin_status(pin="12a4")), False, True),
    "pin-with-zeros-refused": Witness(lambda t: t.pin_status(pin="004711"), "0", "3"),
    "pin-of-10-refused": Witness(lambda t: t.pin_status(pin="1234567890"), "0", "3"),
    "pin-as-number-refused": Witness(_as_json(4711), "0", "3"),
    "pin-for-anybody": Witness(lambda t: _accepted(t.pin_status(api_secret="wrong")), False, True),
    "pin-recipient-abroad-accepted": Witness(lambda t: t.pin_status(to="441632960960"), "3", "0"),
    "pin-alone": Witness(lambda t: t.pin_status(), "0", "3"),
    "pin-in-spite-of-stop": Witness(after(lambda t: t.text(), lambda t: t.pin_status()), "7", "0"),
    "pin-reference-dropped": Witness(lambda t: t.pin_part(client_ref="ab").get("client-ref"), "ab", None),
    "pin-id-always-the-same": Witness(_two_ids, True, False),
    "pin-missing-is-invalid": Witness(lambda t: t.pin_status(pin=None), "2", "3"),
    "pin-refused-by-400": Witness(lambda t: t.pin_status(pin="none"), "3", "HTTP 400"),
    "pin-without-parts": Witness(lambda t: "messages" in t.pin().document, True, False),
    "pin-xml-as-text": Witness(lambda t: t.pin("xml").media, "application/xml", "text/xml"),
}
