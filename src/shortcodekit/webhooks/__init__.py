"""Webhooks: parse, verify, and handle each event at least once and not again after it has succeeded.

`delivery_receipt`, `inbound_sms`, `message_status` and `inbound_message` make a model of a `Request`; `verify_sig` and
`verify_jwt` tell whether it is from the service; `advice` tells what follows from an event. `Receiver` does all of it behind a
path of your web framework. None of them but the receiver's stores does I/O.
"""

from .advice import Advice, advice
from .delivering import handle_once
from .errors import EventBusy, MalformedWebhook, StoreUnavailable, VerificationFailed, WebhookError
from .events import Event
from .reading import delivery_receipt, inbound_message, inbound_sms, message_status
from .receiver import Answered, Receiver
from .requests import Request, Response
from .stores import MemoryStore, SqliteStore, State, Store
from .verifying import JwtSecret, SigSecret, Verifier, verify_jwt, verify_sig

__all__ = [
    "Advice",
    "Answered",
    "Event",
    "EventBusy",
    "JwtSecret",
    "MalformedWebhook",
    "MemoryStore",
    "Receiver",
    "RedisStore",
    "Request",
    "Response",
    "SigSecret",
    "SqliteStore",
    "State",
    "Store",
    "StoreUnavailable",
    "VerificationFailed",
    "Verifier",
    "WebhookError",
    "advice",
    "delivery_receipt",
    "handle_once",
    "inbound_message",
    "inbound_sms",
    "message_status",
    "verify_jwt",
    "verify_sig",
]


def __getattr__(name: str) -> object:
    """`RedisStore` is loaded when it is named: it needs the extra `shortcodekit[redis]`."""
    if name == "RedisStore":
        from .stores.redis import RedisStore  # noqa: PLC0415  # as above

        return RedisStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
