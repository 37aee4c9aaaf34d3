"""Why the token of a webhook of the Messages API does not match: its signature, its hash of the body, its times. No I/O."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, cast

from shortcode_clients.messages.security import BEARER, SIGNED_CALLBACK
from shortcodekit import signing
from shortcodekit.concealing import conceal
from shortcodekit.webhooks import VerificationFailed, verify_jwt
from shortcodekit.webhooks.requests import Request

from .diagnosing import Asked, Verdict, age, secrets_tried

_HASH: Final = cast(str, SIGNED_CALLBACK.body_hash_claim)


def token_verdict(asked: Asked) -> Verdict:
    """The verdict on a request that carries a token over its body."""
    request, reason = asked.request, ""
    try:
        verify_jwt(request, asked.secret, now=asked.now, tolerance=asked.tolerance)
    except VerificationFailed as error:
        reason = error.reason
    verdict = Verdict("token", not reason, reason)
    token = _token(request)
    read = _read(token) if token else None
    if read is not None:
        header, claims = read
        told, others = claims.get(_HASH), {name: claims[name] for name in claims if name != _HASH}
        verdict.facts = {
            "algorithm": conceal(str(header.get("alg")), asked.hidden),
            "claims": conceal(json.dumps(others), asked.hidden),
            f"{_HASH} told": None if told is None else conceal(str(told), asked.hidden),
            f"{_HASH} actual": hashlib.sha256(request.body).hexdigest(),
            "body bytes": len(request.body),
        }
    if not verdict.matches:
        verdict.causes = list(_causes(asked, token, read)) or [_ODD]
    return verdict


_ODD: Final = "It is written in another way than the service writes tokens: bits without meaning at its end are set."


def _token(request: Request) -> str:
    values = request.header("authorization")
    word, _, token = values[0].strip().partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if word.lower() == SIGNED_CALLBACK.carrier.lower() else ""


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and claims, which anyone can read; None where it is no token."""
    with suppress(ValueError, RecursionError):
        header, claims = (json.loads(_decoded(part)) for part in token.split(".")[:2])
        if isinstance(header, dict) and isinstance(claims, dict) and token.count(".") == 2:
            return header, claims
    return None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _causes(asked: Asked, token: str, read: tuple[dict[str, Any], dict[str, Any]] | None) -> Iterator[str]:
    if asked.request.method == "GET":
        yield "It came by GET, and a token covers a body alone. Paste the whole request, or the body with --header."
        return
    if not token:
        yield f"There is no header `Authorization: {SIGNED_CALLBACK.carrier} …`, or several."
        return
    if read is None:
        yield "What stands in the header is no token: three parts with dots between, of which two are JSON in Base64."
        return
    header, claims = read
    algorithm = header.get("alg")
    if algorithm not in SIGNED_CALLBACK.algorithms:
        meant = ", ".join(SIGNED_CALLBACK.algorithms)
        yield f"It is signed by {json.dumps(algorithm)[:40]}, and webhooks are by {meant}."
        if algorithm in BEARER.algorithms:
            yield "That is how requests to the service are signed: this is a token to send with, and not a webhook's."
    elif not _fits(token, asked.secret):
        tried = secrets_tried(asked.secret, asked.others)
        mistakes = [words for words, secret in tried if words and _fits(token, secret)]
        yield (mistakes or ["It was made with another secret, or was changed; a signature cannot tell which."])[0]
    yield from _body(asked.request.body, claims.get(_HASH))
    if claims.get("iss") != SIGNED_CALLBACK.issuer:
        yield f"Its claim iss is not {SIGNED_CALLBACK.issuer}."
    yield from _times(claims, asked)


def _fits(token: str, secret: str) -> bool:
    signed, _, signature = token.rpartition(".")
    made = hmac.digest(secret.encode("utf-8", "replace"), signed.encode("utf-8", "replace"), "sha256")
    with suppress(ValueError):
        return hmac.compare_digest(made, _decoded(signature))
    return False


def _body(body: bytes, told: Any) -> Iterator[str]:
    if not isinstance(told, str):
        yield f"It has no claim {_HASH}, so it is for no body in particular."
        return
    if signing.matches(told, hashlib.sha256(body).hexdigest()):
        return
    for words, other in _bodies(body):
        if signing.matches(told, hashlib.sha256(other).hexdigest()):
            yield f"The body is not what arrived: {words}"
            return
    yield "The body is not the one that the token was made for: it was changed or cut, or belongs to another request."


def _bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Bodies that may have arrived, with what happened to them."""
    yield "a line end was added to it.", body.removesuffix(b"\n").removesuffix(b"\r")
    yield "white space around it was added.", body.strip()
    yield "a line end was taken off it.", body + b"\n"
    yield "a line end was taken off it.", body + b"\r\n"
    yield "its line ends were \\n.", body.replace(b"\r\n", b"\n")
    yield "its line ends were \\r\\n.", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "a byte order mark was put before it.", body.removeprefix(b"\xef\xbb\xbf")
    with suppress(ValueError, RecursionError):
        document = json.loads(body)
        for ascii_only in (True, False):
            for sort in (False, True):
                for separators in ((",", ":"), (", ", ": ")):
                    text = json.dumps(document, separators=separators, ensure_ascii=ascii_only, sort_keys=sort)
                    yield "it was read as JSON and written anew. Hash the bytes.", text.encode("utf-8", "replace")


def _times(claims: Mapping[str, Any], asked: Asked) -> Iterator[str]:
    now, tolerance = asked.now, asked.tolerance
    made, ends, begins = (claims.get(name) for name in ("iat", "exp", "nbf"))
    if made is None or not _is_time(made):
        yield "Its claim iat, the time at which it was made, is missing or no number."
    elif abs(now - made) > tolerance:
        yield age(made, now, tolerance)
    if ends is not None and (not _is_time(ends) or ends + tolerance < now):
        yield "It has expired: its claim exp is past, or no number."
    if begins is not None and (not _is_time(begins) or begins - tolerance > now):
        yield "It does not count yet: its claim nbf is in the future, or no number."


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST


_LATEST: Final = 10**12
