"""Seeded providers: stand-ins for the service with one mistake each, and correct ones of different temperament.

Written before the laws that judge providers, and without looking at them. Each is an ASGI application for an account, with its
state in memory: `each.make(account)`. Phones text through the sandbox's control API, which stands beside the service's paths.
"""

from __future__ import annotations

from typing import Final

from .alerts import ALERTS
from .base import Provider
from .correct import CORRECT as _CORRECT
from .credentials import CREDENTIALS
from .messages import MESSAGES
from .opt_in import OPT_IN
from .requests import REQUESTS
from .two_factor import TWO_FACTOR
from .writing import WRITING

BROKEN: Final[tuple[Provider, ...]] = tuple(
    each
    for catalogue in (ALERTS, WRITING, REQUESTS, CREDENTIALS, OPT_IN, MESSAGES, TWO_FACTOR)
    for each in catalogue.providers
)
"""Those with a mistake."""
CORRECT: Final[tuple[Provider, ...]] = tuple(_CORRECT.providers)
"""Those without."""

__all__ = ["BROKEN", "CORRECT", "Provider"]
