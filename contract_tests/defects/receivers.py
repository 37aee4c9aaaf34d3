"""All broken receivers, by name. Each module below registers its own."""

from __future__ import annotations

from typing import Final

from . import (
    Peer,
    receivers_answers,
    receivers_malformed,
    receivers_messages,
    receivers_parameters,
    receivers_requests,
    receivers_signed,
    receivers_tokens,
)
from .showing import BROKEN as _REGISTERED

MODULES: Final = (
    receivers_parameters,
    receivers_messages,
    receivers_requests,
    receivers_malformed,
    receivers_answers,
    receivers_signed,
    receivers_tokens,
)
BROKEN: Final[tuple[Peer, ...]] = tuple(sorted(_REGISTERED, key=lambda peer: peer.name))
