"""Seeded clients: what users write to send alerts and messages and to read opt-outs; broken ones with one mistake each, and correct ones.

Written before the laws that judge clients, and without looking at them. `Client.make` gives what a user's code has in its hands:
an object with the four methods of `Calls`. What a correct one does is said there, and nowhere else; `witnesses` holds each client to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .answers import ANSWERS
from .answers_read import READING
from .base import Account, Calls, Client, ClientError, Part
from .correct import CORRECT
from .credentials import CREDENTIALS
from .messages import MESSAGES
from .opt_in import OPT_IN
from .requests import REQUESTS
from .transport import TRANSPORT

KINDS: Final[Mapping[str, Sequence[Client]]] = {
    "requests": REQUESTS.clients, "credentials": CREDENTIALS.clients, "answers": ANSWERS.clients, "reading": READING.clients,
    "opt-in": OPT_IN.clients, "messages": MESSAGES.clients, "transport": TRANSPORT.clients,
}  # fmt: skip
"""Those with a mistake, by what it is about."""
BROKEN: Final[tuple[Client, ...]] = tuple(each for several in KINDS.values() for each in several)
"""All of them."""

__all__ = ["BROKEN", "CORRECT", "KINDS", "Account", "Calls", "Client", "ClientError", "Part"]
