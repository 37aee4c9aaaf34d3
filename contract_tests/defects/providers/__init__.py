"""Seeded providers: stand-ins for the service with one mistake each, and correct ones of different temper.

Written before the laws that judge providers, and without looking at them. Each is an ASGI application for an account, with its
state in memory: `each.make(account)`. Phones text through the sandbox's control API, which stands beside the service's paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

KINDS: Final[Mapping[str, Sequence[Provider]]] = {
    "alerts": ALERTS.providers, "writing": WRITING.providers, "requests": REQUESTS.providers, "credentials": CREDENTIALS.providers,
    "opt-in": OPT_IN.providers, "messages": MESSAGES.providers, "two-factor": TWO_FACTOR.providers,
}  # fmt: skip
"""Those with a mistake, by what it is about."""
BROKEN: Final[tuple[Provider, ...]] = tuple(each for several in KINDS.values() for each in several)
"""All of them."""
CORRECT: Final[tuple[Provider, ...]] = tuple(_CORRECT.providers)
"""Those without."""

__all__ = ["BROKEN", "CORRECT", "KINDS", "Provider"]
