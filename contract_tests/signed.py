"""Events as the service signs them, made without the product: parameters with a signature, and tokens over a body.

Signatures are those of `peers.signed_by_hand`. Tokens are put together from base64 and hmac, so that each part can be wrong by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shortcodekit.webhooks import Request

from .arriving import PARAMETERS, Way, told, ways, with_header
from .peers import SECRET, members, signed_by_hand

NOW: Final = 1_461_605_396
WINDOW: Final = 300
SIGNABLE: Final = ways(*(way.name for way in PARAMETERS))
"""The ways of those webhooks whose parameters can be signed."""

REASONS: Final = re.compile(
    "|".join(
        (
            "a parameter is no Unicode text",
            "the signature does not fit: another secret or method, or the parameters were changed",
            "the timestamp is no time in Unix seconds",
            "there are no parameters that can be read",
            "the name of a parameter has & or = in it",
            "a parameter is an object or a list, which no signature covers",
            "it has no (sig|timestamp), or several",
            "its (sig|timestamp) is no text",
            "it came by GET, and a token covers no query",
            "the token is for another body",
            "the token's issuer is another one",
            "the token does not tell in Unix seconds when it was made and how long it counts",
            "the token has expired, or does not count yet",
            "it has no header Authorization, or several",
            "its header Authorization is not of the kind Bearer",
            "its token is none, or was made with another secret or algorithm",
            "its token is written in another way than the service writes it",
            "it was signed more than \\d+ seconds ago, or in the future",
        )
    )
)
"""All that the owner's log says of an event that is not verified: fixed words, so that nothing of an event gets into them."""

# ---- parameters ------------------------------------------------------------------------------------------------------


def with_signature(
    way: Way, secret: str = SECRET, now: int = NOW, *, method: str = "md5hash", **changes: Any
) -> Request:
    """The documented event with signed parameters; its timestamp and nonce are those of one attempt."""
    document = {**told(way.name, **changes), "timestamp": str(now), "nonce": f"n{now}"}
    pairs = members(json.dumps(document).encode())
    return way.request(way.written({**document, "sig": signed_by_hand(pairs, secret, method)}))


# ---- tokens ----------------------------------------------------------------------------------------------------------


def with_token(way: Way, secret: str = SECRET, now: int = NOW, **changes: Any) -> Request:
    """The documented event with a token for its body."""
    request = way.request(way.written(told(way.name, **changes)))
    made = token_of({**claims_of(request.body), "iat": now, "jti": f"n{now}"}, secret)
    return with_header(request, "Authorization", f"Bearer {made}")


def claims_of(body: bytes, **changes: Any) -> dict[str, Any]:
    """The claims that the service makes; a change to `...` leaves one out."""
    made: Mapping[str, Any] = {
        "iat": NOW,
        "jti": str(uuid.UUID(int=7)),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "abcd1234",
        "application_id": str(uuid.UUID(int=8)),
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def token_of(
    claims: Any, secret: str = SECRET, *, header: Any = None, digest: str = "sha256", signature: bytes | None = None
) -> str:
    """A token. Header and claims are JSON, or bytes that stand where it should; `digest` is the hash of the HMAC."""
    head = {"typ": "JWT", "alg": "HS256"} if header is None else header
    parts = (
        part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode() for part in (head, claims)
    )
    covered = ".".join(_segment(part) for part in parts)
    made = hmac.new(secret.encode(), covered.encode(), digest).digest() if signature is None else signature
    return f"{covered}.{_segment(made)}"


def _segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


# ---- changes ---------------------------------------------------------------------------------------------------------


def bits(content: bytes) -> Iterator[bytes]:
    """`content` with each of its bits changed once."""
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def near(secret: str) -> list[str]:
    """Texts that differ from `secret` in one bit."""
    return [text for text in (changed.decode("utf-8", "ignore") for changed in bits(secret.encode())) if text != secret]
