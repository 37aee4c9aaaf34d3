"""An event that arrived: to be handled here, or to be handed to a queue and handled elsewhere.

By its key an event is known again when the service sends it once more. What tells two events apart is told by the spec
(`x-event`): the same webhook at the same path, saying the same, but for the keys that belong to one attempt at delivering it.
An event without anything to tell it by has no key: two texts "STOP" of one person may be two events, and none may be lost.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final, Self

from attrs import define, field
from msgspec import MsgspecError
from msgspec.json import Encoder

from shortcode_clients import Webhook
from shortcodekit.errors import InvalidRequest

from .reading import WEBHOOKS, read
from .requests import Request

_ANY_SIZE: Final = 1 << 40  # after a queue: the receiver has bounded it


@define
class Event:
    """One event, verified and read. `to_json()` is for a queue; `from_json()` makes the same event of it again."""

    name: str
    """Which webhook it is of, such as `delivery-receipt`."""
    path: str
    """Where it arrived."""
    request: Request = field(repr=False)
    """As it arrived; after a queue, without the headers that authenticated it."""
    _model: Any = field(default=None, init=False, repr=False, eq=False)

    @property
    def model(self) -> Any:
        """The generated model; `MalformedWebhook` when the request is none, which a receiver has ruled out."""
        if self._model is None:
            self.read(_ANY_SIZE)
        return self._model

    def read(self, max_bytes: int) -> Any:
        """The model, of a request that is not larger than `max_bytes`."""
        self._model = read(self.webhook, self.request, max_bytes)
        return self._model

    @property
    def webhook(self) -> Webhook[Any]:
        """What the spec says of this kind of event."""
        return WEBHOOKS[self.name]

    @property
    def key(self) -> str | None:
        """The same for each attempt of the service to deliver this event; None when nothing tells it from others."""
        webhook, document = self.webhook, self.model.to_dict()
        if any(document.get(key) for key in webhook.told_apart_by):
            for key in webhook.differs_by_attempt:
                document.pop(key, None)
        elif not any(document.get(key) for key in webhook.differs_by_attempt):
            return None
        try:
            told = _sorted([self.path, document])
        except (MsgspecError, ValueError, OverflowError):  # half a character, a number of many digits
            told = json.dumps([self.path, document], sort_keys=True, default=str).encode("ascii")
        return f"{self.name}:{hashlib.sha256(told).hexdigest()}"

    def to_json(self) -> str:
        """The event as text, for a queue. It holds what the person wrote and their number, and no secret."""
        request = self.request
        kept = {
            "name": self.name,
            "path": self.path,
            "method": request.method,
            "query": request.query,
            "content-type": request.header("content-type"),
            "body": base64.b64encode(request.body).decode("ascii"),
        }
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The event of `to_json()`; `InvalidRequest` when `text` is none."""
        try:
            kept = json.loads(text)
            headers = [("content-type", str(each)) for each in kept["content-type"]]
            body = base64.b64decode(kept["body"], validate=True)
            request = Request(str(kept["method"]), str(kept["query"]), headers, body)
            if kept["name"] in WEBHOOKS:
                return cls(kept["name"], str(kept["path"]), request)
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
        raise InvalidRequest("the text of an event, as `to_json()` writes it", field="text")


_sorted: Final = Encoder(order="sorted").encode
