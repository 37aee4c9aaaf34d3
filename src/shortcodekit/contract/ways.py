"""Webhooks as they travel: each event in each encoding that its spec allows, written and signed as the service does it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any, Final
from urllib.parse import quote, quote_from_bytes, quote_plus

from attrs import evolve, frozen

from shortcode_clients.alerts.security import SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.messages.security import SIGNED_CALLBACK
from shortcodekit import signing

from .choices import Choices, Plausible
from .recipes import Builder, UnluckyError, recipe
from .specs import JSON, QUERY, WEBHOOKS, Api, Operation, component
from .targets import Call

_TRIES: Final = 20


@frozen(slots=False)
class Travelling:
    """One webhook in one encoding: `query`, or a content type."""

    operation: Operation
    encoding: str

    @property
    def name(self) -> str:
        """The name of the webhook, such as `delivery-receipt`."""
        return self.operation.path

    @property
    def api(self) -> Api:
        """Whose webhook it is."""
        return self.operation.api

    @property
    def schema(self) -> str:
        """The component that its documents are of."""
        return component(self.operation.query or self.operation.bodies[self.encoding])

    @property
    def flat(self) -> bool:
        """Whether its documents travel as parameters, whose values are texts."""
        return self.encoding != JSON

    def arriving(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """`document` as it arrives: where it travels as parameters, all values are texts, and there are no others."""
        if not self.flat:
            return document
        known = self.api.schemas[self.schema]["properties"]
        return {
            key: value if isinstance(value, str) else _plain(value) if key in known else json.dumps(value)
            for key, value in document.items()
            if not isinstance(value, list | dict | None)
        }


@frozen(slots=False)
class Way(Travelling):
    """The same with what it takes to send it as the service does."""

    @cached_property
    def webhook(self) -> Any:
        """What the generated package knows of it."""
        return importlib.import_module(f"{self.api.package.__name__}.webhooks").WEBHOOKS[self.name]

    @property
    def signed_by_token(self) -> bool:
        """Whether its events are signed by a token over the body, and not by a parameter."""
        return self.webhook.from_form is None

    @property
    def source(self) -> str:
        """The page of the vendor that tells of it."""
        return str(self.operation.document["x-source"])

    def drawn(
        self, take: Callable[[int], bytes], *, complete: bool = False, schema: Mapping[str, Any] | None = None
    ) -> Any:
        """A valid document made of random bytes, with an id of its own."""
        if schema is None:
            make = recipe(self.api, self.schema, complete=complete, plausible=True)
        else:
            make = Builder(self.api, complete=complete, plausible=True)(schema)
        for _ in range(_TRIES):
            try:
                return self.told_apart(make(Plausible(take(160))), take)
            except UnluckyError:
                continue
        raise UnluckyError

    def told_apart(self, document: Any, take: Callable[[int], bytes]) -> Any:
        """`document` with another id, so that it is no event that was sent before."""
        for key in self.webhook.told_apart_by:
            if key in document:
                fresh = str(uuid.UUID(bytes=take(16)))  # of any version, as the documented one is
                known = str(document[key])
                fresh = fresh.upper() if known.upper() == known or "uuid" not in key else fresh
                document = {**document, key: fresh if "uuid" in key else fresh[:8] + fresh[-8:]}
        return document

    @cached_property
    def example(self) -> Mapping[str, Any]:
        """The documented event, the one that has most keys."""
        found = [value for _, kind, _, value in self.operation.examples() if isinstance(value, dict)]
        example: Mapping[str, Any] = max(found, key=len)
        return example

    def written(self, document: Mapping[str, Any], style: Choices | None = None) -> str:
        """`document` in this encoding; `style` chooses among the ways in which senders write it."""
        style = style or Choices(b"")
        if not self.flat:
            indent, ascii_only = style.one([None, 2, 0, "\t"]), bool(style.below(2))
            separators = style.one([None, (",", ":"), (" , ", " :\r\n")])
            before = style.one(["", "\n", " ", "\r\n\t"])
            return str(before) + json.dumps(document, indent=indent, ensure_ascii=ascii_only, separators=separators)
        escape = style.one([quote_plus, _quoted, every_character, lower_escapes])
        return "&".join(f"{escape(key)}={escape(value)}" for key, value in self.arriving(document).items())

    def call(self, content: str | bytes, *, content_type: str | None = None) -> Call:
        """The request that carries `content`, which is encoded already."""
        body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        if self.encoding == QUERY:
            return Call("GET", "", quote_from_bytes(body, safe=_IN_QUERIES), (("accept", "*/*"),))
        kind = self.encoding if content_type is None else content_type
        return Call("POST", "", "", (("content-type", kind),) if kind else (), body)

    def event(self, document: Mapping[str, Any], signer: Signer | None = None, style: Choices | None = None) -> Call:
        """The request that tells `document`, signed when there is a `signer`."""
        if signer is None:
            return self.call(self.written(document, style))
        if self.signed_by_token:
            return signer.with_token(self.call(self.written(document, style)))
        return self.call(self.written(signer.with_signature(self, document), style))

    def __str__(self) -> str:
        return f"{self.name}/{self.encoding.rpartition('/')[2].removeprefix('x-www-').removesuffix('-urlencoded')}"


@frozen
class Signer:
    """Signs events as the service does."""

    secret: str
    method: str = "md5hash"
    now: Callable[[], float] = time.time

    def with_signature(self, way: Way, document: Mapping[str, Any], **changes: str) -> dict[str, Any]:
        """`document` with a time, a nonce and a signature among its parameters."""
        said = {
            key: value for key, value in document.items()
            if key not in _SIGNING and not isinstance(value, list | dict | None)  # which no signature covers
        }  # fmt: skip
        told = dict(way.arriving(said))
        told |= {SIGNATURE_TIMESTAMP.carrier: str(int(self.now())), "nonce": str(uuid.uuid4())} | changes
        if not way.flat:
            pairs = signing.json_members(json.dumps(told).encode("utf-8"))
            return {**told, SIGNATURE.carrier: signing.signature(pairs, self.secret, self.method)}
        return {**told, SIGNATURE.carrier: signing.signature(told, self.secret, self.method)}

    def with_token(self, call: Call, *, header: Any = None, digest: str = "sha256", **changes: Any) -> Call:
        """`call` with a token for its body; a change to `...` leaves a claim out."""
        claims: dict[str, Any] = {
            "iat": int(self.now()),
            "jti": str(uuid.uuid4()),
            "iss": SIGNED_CALLBACK.issuer,
            str(SIGNED_CALLBACK.body_hash_claim): hashlib.sha256(call.body).hexdigest(),
            "api_key": "abcd1234",
            "application_id": str(uuid.UUID(int=8)),
            **changes,
        }
        head = {"typ": "JWT", "alg": SIGNED_CALLBACK.algorithms[0]} if header is None else header
        kept = {name: value for name, value in claims.items() if value is not ...}
        covered = ".".join(_segment(json.dumps(each, separators=(",", ":")).encode()) for each in (head, kept))
        mark = hmac.new(self.secret.encode(), covered.encode(), digest).digest() if digest else b""
        token = f"{SIGNED_CALLBACK.carrier} {covered}.{_segment(mark)}"
        return evolve(call, headers=(*call.headers, ("authorization", token)))


def ways_of(name: str) -> tuple[Way, ...]:
    """The ways of a webhook."""
    return tuple(way for way in WAYS if way.name == name)


def reordered(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """The same in reverse."""
    return dict(reversed(list(pairs.items())))


def _segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _plain(value: float) -> str:
    """A number or a boolean as a sender writes it in a parameter; the integer 2.0 as `2`."""
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def every_character(text: str) -> str:
    """Percent-encoded, each character of it."""
    return "".join(f"%{octet:02X}" for octet in text.encode("utf-8"))


def lower_escapes(text: str) -> str:
    """Percent-encoded, in small letters."""
    return re.sub("%..", lambda found: found.group().lower(), quote(text, safe=""))


@cache
def names() -> tuple[str, ...]:
    """The webhooks that there are."""
    return tuple(dict.fromkeys(way.name for way in WAYS))


_IN_QUERIES: Final = "!$&'()*+,-./:;=?@_~%|[]{}^`\\"
"""What stands in a query as it is: all that a client can send, so that other octets are escaped and escapes are left alone."""
_SIGNING: Final = frozenset({SIGNATURE.carrier, SIGNATURE_TIMESTAMP.carrier, "nonce"})
WAYS: Final = tuple(
    Way(operation, encoding)
    for operation in WEBHOOKS
    for encoding in (*([QUERY] if operation.query else []), *operation.bodies)
)
