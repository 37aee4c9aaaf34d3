"""Seeded clients: what users write to send alerts and messages and to read opt-outs; broken ones with one mistake each, and correct ones.

Written before the laws that judge clients, and without looking at them. `Client.make` gives what a user's code has in its hands:
an object with the four methods of `Calls`. What a correct one does is said there, and nowhere else; `witnesses` holds each client to it.
"""

from __future__ import annotations

from .answers import ANSWERS
from .answers_read import READING
from .base import Account, Calls, Client, ClientError, Part
from .correct import CORRECT
from .credentials import CREDENTIALS
from .messages import MESSAGES
from .opt_in import OPT_IN
from .requests import REQUESTS
from .transport import TRANSPORT

BROKEN = tuple(
    each
    for catalogue in (REQUESTS, CREDENTIALS, ANSWERS, READING, OPT_IN, MESSAGES, TRANSPORT)
    for each in catalogue.clients
)
"""Those with a mistake."""

__all__ = ["BROKEN", "CORRECT", "Account", "Calls", "Client", "ClientError", "Part"]
