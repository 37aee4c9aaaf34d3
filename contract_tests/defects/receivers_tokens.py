"""Receivers that verify tokens over a body wrongly: they take forged events, or refuse genuine ones."""

from __future__ import annotations

import json
import time

from shortcodekit.webhooks import Request

from . import MESSAGES, Right, Shown, Shows
from .plain import Document, Forged, Plain
from .showing import JSON, broken, document_of, genuine, refused, request_of, then, token, with_token


@broken(*MESSAGES, signed=True, shows=then(refused(), token(secret="another")))
class TokenNotVerified(Plain):
    """Reads the claims of a token and compares the hash, but not the token's signature."""

    def check_token(self, header: Document, parts: list[str]) -> None:
        """Nothing."""


@broken(*MESSAGES, signed=True, shows=then(token(secret="another"), token(header={"alg": "none"})))
class AlgorithmNone(Plain):
    """Goes by the algorithm that the token names, and takes one with `none` and no signature."""

    def check_token(self, header: Document, parts: list[str]) -> None:
        if header.get("alg") != "none":
            super().check_token(header, parts)


@broken(*MESSAGES, signed=True, shows=then(token(iss="Vonage", right="taken"), token(iss="Example")))
class AnyIssuer(Plain):
    """Takes a token of any issuer."""

    def check_issuer(self, claims: Document) -> None:
        """Nothing."""


@broken(*MESSAGES, signed=True, shows=then(token(iss="Example"), token(iss="Vonage's friend")))
class IssuerBegins(Plain):
    """Looks whether the issuer begins with `Vonage`."""

    def check_issuer(self, claims: Document) -> None:
        if not str(claims.get("iss")).startswith("Vonage"):
            raise Forged


def other_body(event: str) -> list[Shown]:
    """An event with the token of another one."""
    request = with_token(request_of(event, document_of(event, {})))
    body = request.body.replace(b"44770090", b"44770091")
    return [Shown((Request("POST", "", request.headers, body),), "refused")]


@broken(*MESSAGES, signed=True, shows=then(token(secret="another"), other_body))
class BodyNotCompared(Plain):
    """Verifies the token and not the hash of the body in it, so that any body passes with a token that was seen."""

    def check_hash(self, claims: Document, body: bytes) -> None:
        """Nothing."""


@broken(*MESSAGES, signed=True, shows=then(token(payload_hash="0" * 64), token(payload_hash=...)))
class HashWhenThere(Plain):
    """Compares the hash of the body when the token has one, and takes a token without it for any body."""

    def check_hash(self, claims: Document, body: bytes) -> None:
        if "payload_hash" in claims:
            super().check_hash(claims, body)


def spaced(indent: int | None) -> Shows:
    """An event whose JSON is written in another way."""

    def shows(event: str) -> list[Shown]:
        body = json.dumps(document_of(event, {}), indent=indent).encode()
        return [Shown((with_token(Request("POST", "", [("Content-Type", JSON)], body)),))]

    return shows


@broken(*MESSAGES, signed=True, shows=then(spaced(None), spaced(2)))
class HashOfJsonWrittenAnew(Plain):
    """Hashes the parsed JSON written anew instead of the bytes that arrived, and refuses other spaces."""

    def hashed(self, body: bytes) -> str:
        return super().hashed(json.dumps(json.loads(body)).encode())


def accents(event: str) -> list[Shown]:
    """A signed event with UTF-8 in its JSON."""
    document = document_of(event, {"client_ref": "Grüße"})
    body = json.dumps(document, ensure_ascii=False).encode()
    return [Shown((with_token(Request("POST", "", [("Content-Type", JSON)], body)),))]


@broken(*MESSAGES, signed=True, shows=then(genuine, accents))
class HashOfTextInLatin1(Plain):
    """Hashes the decoded body in Latin-1, and refuses JSON with an umlaut."""

    def hashed(self, body: bytes) -> str:
        return super().hashed(body.decode("utf-8").encode("latin-1", "replace"))


def made(seconds: int, right: Right = "refused") -> Shows:
    """An event with a token made so many seconds ago."""
    return lambda event: token(iat=int(time.time()) - seconds, right=right)(event)


@broken(*MESSAGES, signed=True, shows=then(made(60, "taken"), made(3600)))
class TokenMadeLongAgo(Plain):
    """Does not look at when a token was made, and takes one of an hour ago."""

    def check_made(self, claims: Document) -> None:
        """Nothing."""


@broken(*MESSAGES, signed=True, shows=then(made(3600), token(iat=...)))
class TokenWithoutTime(Plain):
    """Compares the time of a token when it has one, and takes a token without."""

    def check_made(self, claims: Document) -> None:
        if "iat" in claims:
            super().check_made(claims)


@broken(*MESSAGES, signed=True, shows=then(token(exp=4_000_000_000, right="taken"), token(right="taken")))
class ExpiryRequired(Plain):
    """Asks for the claim `exp`, which the service does not send, and refuses its tokens."""

    def check_made(self, claims: Document) -> None:
        super().check_made(claims)
        if "exp" not in claims:
            raise Forged


@broken(*MESSAGES, signed=True, shows=then(token(right="taken"), token(application_id=..., right="taken")))
class ApplicationRequired(Plain):
    """Asks for the claim `application_id`, and refuses the token of an event that belongs to no application."""

    def check_issuer(self, claims: Document) -> None:
        super().check_issuer(claims)
        if "application_id" not in claims:
            raise Forged
