"""Our receiver keeps the laws of receivers, for every event in every encoding: as ASGI and as WSGI, with and without verification.

Those of the guides are judged where they run under the servers of their frameworks, in `tests/test_receiver_guides.py`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from contract_tests.peers import METHODS
from shortcodekit.contract import RECEIVER_LAWS, BoundLaw, receiver_laws
from shortcodekit.contract.ways import names
from shortcodekit.webhooks import JwtSecret, MemoryStore, Receiver, SigSecret
from shortcodekit.webhooks.reading import WEBHOOKS

SECRET: Final = "a-signature-secret"
METHOD: Final = METHODS[-1]


async def _awaited(_: object) -> None:
    """A handler that has nothing to do."""


def _called(_: object) -> None:
    """The same, blocking."""


def laws(event: str, *, served: str, signed: bool) -> list[BoundLaw]:
    """The laws, bound to a receiver that is `served` as ASGI or as WSGI."""
    by_token = WEBHOOKS[event].from_form is None
    verify: Any = (JwtSecret(SECRET) if by_token else SigSecret(SECRET, METHOD)) if signed else None
    receiver = Receiver(verify=verify, replay=MemoryStore(10_000))
    receiver.on(event, "/hooks/events")(_awaited if served == "asgi" else _called)
    options: dict[str, Any] = {"signature_secret": SECRET, "signature_method": METHOD} if signed else {}
    bound = receiver_laws(getattr(receiver, served), event=event, path="/hooks/events", **options)
    return [law for law in bound if signed or not law.law.needs]


@pytest.mark.parametrize("event", names())
@pytest.mark.parametrize("signed", [False, True], ids=["unverified", "verified"])
@pytest.mark.parametrize("served", ["asgi", "wsgi"])
def test_our_receiver_keeps_every_law(event: str, served: str, signed: bool) -> None:
    bound = laws(event, served=served, signed=signed)
    try:
        for law in bound:
            law()
    finally:
        bound[0].bench.target.close()


def test_all_laws_are_judged() -> None:
    bound = laws("delivery-receipt", served="asgi", signed=True) + laws("inbound-message", served="wsgi", signed=True)
    assert {law.law.name for law in bound} == {law.name for law in RECEIVER_LAWS}
