"""What goes wrong on demand: for one number, for one operation, for the next few requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeVar

from attrs import evolve, frozen

from shortcode_clients.alerts.codes import ALERT_PART_STATUS, RECEIPT_ERROR_CODE
from shortcode_clients.messages.codes import MESSAGE_ERROR_CODE


class Due(Protocol):
    """Something that is due at a time."""

    @property
    def due(self) -> float:
        """When."""


D = TypeVar("D", bound=Due)


@frozen
class Fault:
    """One fault. What each member does is told in the control API's document, under `Fault`."""

    id: int = 0
    msisdn: str | None = None
    operation: str | None = None
    times: int | None = None
    latency: float = 0
    answer: str | None = None
    http_status: int | None = None
    retry_after: int | None = None
    status: str | None = None
    error_text: str | None = None
    receipt_status: str | None = None
    err_code: str | None = None
    error: int | None = None
    capitals: bool = False
    delay: float = 0
    copies: int = 1
    reordered: bool = False

    def concerns(self, operation: str | None, msisdn: str | None) -> bool:
        """Whether it is about this request."""
        return self.operation in {None, operation} and self.msisdn in {None, msisdn}


NONE: Final = Fault()

_MAGIC: Final = re.compile("1555(000|001)([0-9]{4})")
"""Numbers of the sandbox that always end the same way: 1555000CCCC is not reached, and CCCC is the error code that a receipt
or a status tells; alerts to 1555001SSSS are refused with the part status SSSS. Codes that are in no table mean nothing.
"""


def magic(msisdn: str, fault: Fault) -> Fault:
    """`fault` with what the number itself asks for, as far as the fault says nothing of it."""
    found = _MAGIC.fullmatch(msisdn)
    if found is None:
        return fault
    code = int(found[2])
    if found[1] == "001":
        if str(code) in ALERT_PART_STATUS and code and fault.status is None:
            return evolve(fault, status=str(code))
        return fault
    if str(code) in RECEIPT_ERROR_CODE and fault.err_code is None:
        fault = evolve(fault, err_code=str(code))
    if code in MESSAGE_ERROR_CODE and fault.error is None:
        fault = evolve(fault, error=code)
    return fault


def first(faults: Iterable[Fault], operation: str | None, msisdn: str | None) -> Fault:
    """The first fault that concerns a request, `NONE` when there is none."""
    return next((each for each in faults if each.concerns(operation, msisdn)), NONE)


def arranged(events: Sequence[D], fault: Fault) -> list[tuple[D, float]]:
    """`events` with the times at which they are sent: later, several times, or in reverse, as `fault` says."""
    times = [each.due + fault.delay for each in events]
    if fault.reordered:
        times.reverse()
    return [pair for pair in zip(events, times, strict=True) for _ in range(fault.copies)]
