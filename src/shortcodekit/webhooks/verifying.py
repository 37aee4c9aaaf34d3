"""Is an event from the service? Signatures of parameters, and tokens over bodies; without I/O, the time is an argument.

Delivery receipts and inbound SMS can carry the signature of the `rest.nexmo.com` APIs among their parameters. Events of the
Messages API can carry a token in the header `Authorization`, with a hash of the body. Whatever is not right is a
`VerificationFailed`, whose reason is for the receiver's own log: an answer must not tell how far a forgery came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol, cast

from shortcode_clients.alerts.security import SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.messages.security import SIGNED_CALLBACK
from shortcodekit import signing
from shortcodekit.errors import InvalidRequest

from .errors import VerificationFailed
from .requests import Request, looks_like_json

SIG_WINDOW: Final = cast(int, SIGNATURE.window_seconds)
JWT_WINDOW: Final = cast(int, SIGNED_CALLBACK.window_seconds)


class Verifier(Protocol):
    """What a `Receiver` verifies events with: `SigSecret` or `JwtSecret`."""

    def verify(self, request: Request, now: float | None = None) -> None:
        """Returns nothing, or raises `VerificationFailed`."""


class SigSecret(Verifier):
    """The account's signature secret, for events whose parameters are signed; `method` is the one the account is set to.

    Source: "Published elsewhere: signed webhooks".
    """

    def __init__(self, secret: str, method: str = "md5hash", *, tolerance: float = SIG_WINDOW) -> None:
        self._secret = _secret(secret)
        self._method = _method(method)
        self._tolerance = tolerance

    def verify(self, request: Request, now: float | None = None) -> None:
        """Returns nothing, or raises `VerificationFailed`."""
        verify_sig(request, self._secret, method=self._method, now=now, tolerance=self._tolerance)

    def __repr__(self) -> str:
        return f"SigSecret(…, method={self._method!r})"


class JwtSecret(Verifier):
    """The account's signature secret, for events that carry a token over their body.

    Source: "Published elsewhere: signed webhooks".
    """

    def __init__(self, secret: str, *, tolerance: float = JWT_WINDOW) -> None:
        self._secret = _secret(secret)
        self._tolerance = tolerance

    def verify(self, request: Request, now: float | None = None) -> None:
        """Returns nothing, or raises `VerificationFailed`."""
        verify_jwt(request, self._secret, now=now, tolerance=self._tolerance)

    def __repr__(self) -> str:
        return "JwtSecret(…)"


# ---- signatures of parameters ----------------------------------------------------------------------------------------


def verify_sig(
    request: Request,
    secret: str,
    *,
    method: str = "md5hash",
    now: float | datetime | None = None,
    tolerance: float = SIG_WINDOW,
) -> None:
    """Returns nothing when the parameters of `request` are signed with `secret`, and were so not long ago.

    Parameters: `method`, one of `shortcodekit.signing.METHODS`; `now`, Unix seconds or an aware time, by default the clock's;
    `tolerance`, by how many seconds the event's `timestamp` may differ from it. A parameter that is given twice counts twice.
    Raises `VerificationFailed`; `InvalidRequest` for an empty secret or an unknown method, since anyone could sign with
    the former. Source: "Published elsewhere: signing; signed webhooks".
    """
    _method(method)
    _secret(secret)
    parameters = _parameters(request)
    told = _only(SIGNATURE.carrier, parameters)
    moment = _only(SIGNATURE_TIMESTAMP.carrier, parameters)
    expected = ""
    with suppress(UnicodeEncodeError):  # which would hold the parameters
        expected = signing.signature(parameters, secret, method)
    if not expected:
        raise VerificationFailed("a parameter is no Unicode text")
    if not signing.matches(told, expected):
        raise VerificationFailed("the signature does not fit: another secret or method, or the parameters were changed")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= _DIGITS):
        raise VerificationFailed("the timestamp is no time in Unix seconds")
    _in_window(int(moment), now, tolerance)


def _parameters(request: Request) -> list[tuple[str, Any]]:
    """All parameters as they are signed: those of the query of a GET, those of the body else."""
    parameters: list[tuple[str, Any]] | None = None
    with suppress(ValueError):  # which would hold the document
        if request.method == "GET":
            parameters = [*signing.form_members(request.query)]
        elif looks_like_json(request.body):
            parameters = signing.json_members(request.body)
        else:
            parameters = [*signing.form_members(request.body)]
    if parameters is None:
        raise VerificationFailed("there are no parameters that can be read")
    for name, value in parameters:
        if "&" in name or "=" in name:  # in the text that is signed it could not be told from two parameters
            raise VerificationFailed("the name of a parameter has & or = in it")
        if isinstance(value, list | dict):
            raise VerificationFailed("a parameter is an object or a list, which no signature covers")
    return parameters


def _only(name: str, parameters: list[tuple[str, Any]]) -> str:
    values = [value for key, value in parameters if key == name]
    if len(values) != 1 or not isinstance(values[0], str):
        raise VerificationFailed(f"it has no {name}, or several" if len(values) != 1 else f"its {name} is no text")
    return values[0]


# ---- tokens ----------------------------------------------------------------------------------------------------------


def verify_jwt(
    request: Request, secret: str, *, now: float | datetime | None = None, tolerance: float = JWT_WINDOW
) -> None:
    """Returns nothing when `request` carries a token for its body, made with `secret` not long ago.

    Parameters: `now`, Unix seconds or an aware time, by default the clock's; `tolerance`, by how many seconds the token's `iat`
    may differ from it. The hash is compared with that of the bytes in `request.body`, so hand on what arrived. An
    event by GET is refused, because a token says nothing of a query.
    Raises `VerificationFailed`; `InvalidRequest` for an empty secret. Source: "Published elsewhere: signed webhooks".
    """
    _secret(secret)
    if request.method == "GET":
        raise VerificationFailed("it came by GET, and a token covers no query")
    claims = _claims(_token(request), secret)
    told = claims.get(_HASH)
    actual = hashlib.sha256(request.body).hexdigest()
    if not isinstance(told, str) or not signing.matches(told, actual):
        raise VerificationFailed("the token is for another body")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not hmac.compare_digest(issuer.encode(*_SAFE), _ISSUER.encode(*_SAFE)):
        raise VerificationFailed("the token's issuer is another one")
    seconds = _seconds(now)
    made: Any = claims.get("iat")
    ends: Any = claims.get("exp", seconds)
    begins: Any = claims.get("nbf", seconds)
    if not (_is_time(made) and _is_time(ends) and _is_time(begins)):
        raise VerificationFailed("the token does not tell in Unix seconds when it was made and how long it counts")
    _in_window(made, seconds, tolerance)
    if ends + tolerance < seconds or begins - tolerance > seconds:
        raise VerificationFailed("the token has expired, or does not count yet")


def _token(request: Request) -> str:
    values = request.header("authorization")
    if len(values) != 1:
        raise VerificationFailed("it has no header Authorization, or several")
    word, _, token = values[0].strip().partition(" ")
    if word.lower() != SIGNED_CALLBACK.carrier.lower():
        raise VerificationFailed(f"its header Authorization is not of the kind {SIGNED_CALLBACK.carrier}")
    return token.strip()


def _claims(token: str, secret: str) -> dict[str, Any]:
    """What the token claims, once its signature was found right."""
    from jwt import PyJWTError  # noqa: PLC0415  # costs more than all else here: only who verifies tokens pays

    claims = canonical = signature = None
    with suppress(PyJWTError, ValueError, TypeError, RecursionError):  # which would hold the token
        whole = _jws().decode_complete(token, secret, algorithms=list(SIGNED_CALLBACK.algorithms))
        _understood(whole["header"])
        claims = json.loads(whole["payload"])
        # The last character of the signature has bits without meaning; a token with others is not what was sent.
        signature = token.rpartition(".")[2]
        octets = base64.urlsafe_b64decode(signature + "==")  # as many as are ever needed; more do no harm
        canonical = base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
    if canonical is None:
        raise VerificationFailed("its token is none, or was made with another secret or algorithm")
    if canonical != signature or not isinstance(claims, dict):
        raise VerificationFailed("its token is written in another way than the service writes it")
    return claims


def _understood(header: dict[str, Any]) -> None:
    """`ValueError` for a header that has to be understood and is not, or is none; PyJWT 2.8 lets both pass."""
    if "crit" in header or not isinstance(header.get("kid", ""), str):
        raise ValueError


@cache
def _jws() -> Any:
    """PyJWT's verification of the one algorithm. It is silent about short secrets, which the service gives out."""
    from jwt import PyJWS  # noqa: PLC0415  # as above
    from jwt.algorithms import HMACAlgorithm  # noqa: PLC0415

    class Hmac(HMACAlgorithm):
        def check_key_length(self, key: object) -> None:
            """Nothing to say: the secret is the service's choice."""

    (algorithm,) = SIGNED_CALLBACK.algorithms
    jws = PyJWS(algorithms=[])
    jws.register_algorithm(algorithm, Hmac(HMACAlgorithm.SHA256))
    return jws


# ---- both ------------------------------------------------------------------------------------------------------------


def _in_window(moment: float, now: float | datetime | None, tolerance: float) -> None:
    if not abs(_seconds(now) - moment) <= tolerance:
        raise VerificationFailed(f"it was signed more than {tolerance:g} seconds ago, or in the future")


def _seconds(now: float | datetime | None) -> float:
    if now is None:
        return time.time()
    return now.timestamp() if isinstance(now, datetime) else now


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**_DIGITS


def _secret(secret: Any) -> str:
    if not isinstance(secret, str) or not secret or _is_half_a_character(secret):
        raise InvalidRequest(
            "a text that is not empty, and is Unicode", field="the signature secret", source=SIGNATURE.source
        )
    return secret


def _is_half_a_character(text: str) -> bool:
    try:
        return not text.encode("utf-8")
    except UnicodeEncodeError:
        return True


def _method(method: str) -> str:
    if method not in signing.METHODS:
        raise InvalidRequest(f"one of {', '.join(signing.METHODS)}", field="method", source=SIGNATURE.source)
    return method


_DIGITS: Final = 12
_ISSUER: Final = cast(str, SIGNED_CALLBACK.issuer)
_HASH: Final = cast(str, SIGNED_CALLBACK.body_hash_claim)
_SAFE: Final = ("utf-8", "replace")
