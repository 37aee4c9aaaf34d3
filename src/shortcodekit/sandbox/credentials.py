"""Who asks? The account's key and secret, signatures of parameters, and tokens of applications.

Signatures and tokens are compared with the real time, whatever time it is in the sandbox: clients sign by their own clocks.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

from attrs import field, frozen

from shortcode_clients.alerts import codes, security
from shortcode_clients.messages.security import BASIC, BEARER
from shortcodekit import signing

from .incoming import Incoming, Parameters

WINDOW: Final = cast(int, security.SIGNATURE.window_seconds)
LONGEST: Final = cast(int, BEARER.longest_seconds)
SKEW: Final = 60
"""By how many seconds a client's clock may run ahead. x-choice: no source says."""


@frozen
class Account:
    """Whom the sandbox takes requests from."""

    api_key: str
    api_secret: str = field(repr=False)
    signature_secret: str = field(repr=False)


@frozen
class Refused:
    """Why a request is not from the account: a part status, and words."""

    status: str
    reason: str


def check_parameters(parameters: Parameters, account: Account, now: float) -> Refused | None:
    """What is wrong with the credentials among parameters, in the order in which the service finds it; else None."""
    said = parameters.said
    key, secret = said.get(security.API_KEY.carrier), said.get(security.API_SECRET.carrier)
    signed = security.SIGNATURE.carrier in said
    if key is None:
        return Refused(codes.ALERT_PART_STATUS_MISSING_PARAMETERS, "api_key is missing")
    if secret is not None and signed:
        return Refused(codes.ALERT_PART_STATUS_SIGNATURE_AND_SECRET, "both api_secret and sig are given; give one")
    if secret is None and not signed:
        return Refused(codes.ALERT_PART_STATUS_MISSING_PARAMETERS, "api_secret or sig is missing")
    if not _same(key, account.api_key) or not (signed or _same(secret, account.api_secret)):
        return Refused(codes.ALERT_PART_STATUS_INVALID_CREDENTIALS, "the api_key or the api_secret is wrong")
    reason = _check_signature(parameters, account.signature_secret, now) if signed else ""
    return Refused(codes.ALERT_PART_STATUS_INVALID_SIGNATURE, reason) if reason else None


def _check_signature(parameters: Parameters, secret: str, now: float) -> str:
    told = parameters.said[security.SIGNATURE.carrier]
    moment = parameters.said.get(security.SIGNATURE_TIMESTAMP.carrier)
    pairs = None
    with suppress(ValueError):
        pairs = parameters.as_signed
    if pairs is None or not isinstance(told, str):
        return "the parameters cannot be signed as they stand"
    text = signing.value_text(moment) if isinstance(moment, int) else moment
    if not isinstance(text, str) or not (text.isascii() and text.isdigit() and len(text) <= 12):
        return "timestamp is missing, or no time in Unix seconds"
    fits = False
    with suppress(ValueError):
        for method in signing.METHODS:
            fits |= signing.matches(told, signing.signature(pairs, secret, method))
    if not fits:
        return "the signature does not fit the parameters, by none of the methods"
    if abs(now - int(text)) > WINDOW:
        return f"the timestamp is more than {WINDOW} seconds away from the time here"
    return ""


def check_headers(request: Incoming, account: Account, applications: Mapping[str, Any], now: float) -> str:
    """What is wrong with the header Authorization; empty when nothing is."""
    values = request.header("authorization")
    if len(values) != 1:
        return (
            "the header Authorization is missing" if not values else "one of Basic and Bearer is to be given, not both"
        )
    if security.API_SECRET.carrier.encode() + b"=" in request.query:
        return "credentials stand both in the query and in the header Authorization"
    word, _, credential = values[0].strip().partition(" ")
    if "," in credential:
        return "one of Basic and Bearer is to be given, not both"
    if word.lower() == BASIC.carrier.lower():
        expected = f"{account.api_key}:{account.api_secret}"
        return "" if _same(_decoded(credential.strip()), expected) else "the key or the secret is wrong"
    if word.lower() == BEARER.carrier.lower():
        return _check_token(credential.strip(), applications, now)
    return f"the header Authorization is neither {BASIC.carrier} nor {BEARER.carrier}"


def _check_token(token: str, applications: Mapping[str, Any], now: float) -> str:
    claims = _claims(token, verified_by=None)
    application = claims.get("application_id") if claims is not None else None
    if claims is None or not isinstance(application, str):
        return "the token is none, or has no claim application_id"
    if application not in applications:
        return "the token's application is not registered here: PUT /_sandbox/applications/{id} registers it"
    if _claims(token, verified_by=applications[application]) is None:
        return f"the token was not signed by {BEARER.algorithms[0]} with the private key of its application"
    made: Any = claims.get("iat")
    ends: Any = claims.get("exp")
    if not _is_time(made) or not (ends is None or _is_time(ends)):
        return "the token's claims iat and exp are not times in Unix seconds"
    if made > now + SKEW:
        return "the token was made in the future"
    if ends is not None and ends <= now:
        return "the token has expired"
    if (ends if ends is not None else now) - made > LONGEST:
        return f"the token lasts longer than {LONGEST} seconds"
    return "" if claims.get("jti") else "the token has no claim jti"


def _claims(token: str, *, verified_by: Any) -> dict[str, Any] | None:
    import jwt  # noqa: PLC0415  # slow to import, and only tokens need it

    with suppress(jwt.PyJWTError, ValueError, TypeError, RecursionError):
        options: Any = {"verify_signature": verified_by is not None} | dict.fromkeys(
            ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
        )
        return dict(jwt.decode(token, verified_by, algorithms=list(BEARER.algorithms), options=options))
    return None


def public_key(pem: Any) -> Any:
    """The RSA public key in PEM; None when it is none."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    with suppress(Exception):  # of many kinds, and all mean the same
        key = load_pem_public_key(pem.encode("ascii"))
        if isinstance(key, RSAPublicKey):
            return key
    return None


def _decoded(credential: str) -> str | None:
    with suppress(ValueError):
        return base64.b64decode(credential + "=" * (-len(credential) % 4), validate=True).decode("utf-8")
    return None


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**12


def _same(one: Any, other: str) -> bool:
    """Compares as long for near misses as for others."""
    return isinstance(one, str) and hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8"))
