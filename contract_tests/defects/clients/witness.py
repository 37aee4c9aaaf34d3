"""What a witness is: see `witnesses`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from .base import Trait
from .service import Answer
from .talk import Talk

Look = Callable[[Talk], Any]


@frozen
class Witness:
    """What is looked at, and what is seen."""

    look: Look
    right: Any
    wrong: Any
    of: Trait | None = None


PAGE: Final = Answer(body=b"<html><head><title>502</title></head><body>Bad gateway</body></html>", type="text/html")
DENIED: Final = Answer({"error-code": "401", "error-code-label": "authentication failed"}, 401)


def message_of(wrong: Any, *answers: Answer, right: Any = "refused") -> Witness:
    return Witness(lambda t: t.message(*answers).value, right, wrong)
