"""Events as requests to a receiver: in the query, as a form or as JSON, and signed; without I/O.

A signature and a token carry the real time, because the receiver compares it with its own clock. When an event is pushed
(`message-timestamp`) is told by the sandbox's. Source: the webhooks of the specs; "Published elsewhere: signed webhooks".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from attrs import Factory, frozen

from shortcode_clients.alerts.security import SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.alerts.webhooks import DELIVERY_RECEIPT
from shortcode_clients.messages.security import SIGNED_CALLBACK
from shortcode_clients.messages.webhooks import INBOUND_MESSAGE, MESSAGE_STATUS
from shortcode_clients.opt_in.webhooks import INBOUND_SMS
from shortcodekit import signing

from .credentials import Account
from .outcomes import Ids, wall
from .settings import Settings

WEBHOOKS: Final = {each.name: each for each in (DELIVERY_RECEIPT, INBOUND_SMS, MESSAGE_STATUS, INBOUND_MESSAGE)}
_FORM: Final = "application/x-www-form-urlencoded"
_LONG_ENOUGH: Final = 32
"""How many bytes of a secret PyJWT takes without a warning, which a program may make an error. HMAC fills up a short one with zeros itself."""


@frozen
class Attempt:
    """A request to a receiver."""

    method: str
    url: str
    headers: Mapping[str, str] = Factory(dict)
    body: bytes = b""


def url_of(webhook: str, settings: Settings) -> str | None:
    """Where events of a webhook go; None for nowhere."""
    return {
        DELIVERY_RECEIPT.name: settings.receipt_url,
        INBOUND_SMS.name: settings.inbound_url,
        MESSAGE_STATUS.name: settings.status_url,
        INBOUND_MESSAGE.name: settings.message_url,
    }[webhook]


def attempt(
    webhook: str, document: Mapping[str, Any], url: str, settings: Settings, account: Account, *, now: float,
    real_now: float, ids: Ids,
) -> Attempt:  # fmt: skip
    """The request that tells an event. `now` is the sandbox's time, `real_now` that of the world."""
    if WEBHOOKS[webhook].from_form is None:
        return _by_token(document, url, account if settings.sign_webhooks else None, real_now, ids)
    said = {**document, "message-timestamp": wall(now)}
    method = settings.receipt_method if webhook == DELIVERY_RECEIPT.name else settings.inbound_method
    parts = urlsplit(url)
    if settings.sign_webhooks:
        said |= {
            "api-key": account.api_key,
            SIGNATURE_TIMESTAMP.carrier: str(int(real_now)),
            "nonce": ids.message_uuid(),
        }
        in_url = signing.form_members(parts.query) if method == "GET" and parts.query else []
        pairs = [*in_url, *said.items()]
        said[SIGNATURE.carrier] = signing.signature(pairs, account.signature_secret, settings.signature_method)
    if method == "GET":
        query = "&".join(filter(None, (parts.query, urlencode(said))))
        return Attempt("GET", urlunsplit(parts._replace(query=query)))
    if method == "POST":
        return Attempt("POST", url, {"content-type": _FORM}, urlencode(said).encode("ascii"))
    return Attempt("POST", url, {"content-type": "application/json"}, _json(said))


def _by_token(document: Mapping[str, Any], url: str, account: Account | None, real_now: float, ids: Ids) -> Attempt:
    body = _json(document)
    headers = {"content-type": "application/json"}
    if account is not None:
        import jwt  # noqa: PLC0415  # slow to import, and only signed events need it

        claims: dict[str, Any] = {
            "iat": int(real_now),
            "jti": ids.message_uuid(),
            "iss": SIGNED_CALLBACK.issuer,
            SIGNED_CALLBACK.body_hash_claim or "": hashlib.sha256(body).hexdigest(),
            "api_key": account.api_key,
        }
        key = account.signature_secret.encode("ascii").ljust(_LONG_ENOUGH, b"\0")
        token = jwt.encode(claims, key, algorithm=SIGNED_CALLBACK.algorithms[0])
        headers["authorization"] = f"{SIGNED_CALLBACK.carrier} {token}"
    return Attempt("POST", url, headers, body)


def next_try(webhook: str, number: int, first: float, at: float) -> float | None:
    """When an event is sent again after its attempt `number`, made at `at`; None when its time is over.

    x-choice: no source says when receipts and inbound SMS come again, only for how long; they follow the schedule that is
    published for the Messages API.
    """
    known = WEBHOOKS[webhook]
    schedule = known if known.waits or known.then_every_seconds else MESSAGE_STATUS
    wait = schedule.waits[number - 1] if number <= len(schedule.waits) else schedule.then_every_seconds
    if wait is None or at + wait > first + known.seconds:
        return None
    return at + wait


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")
