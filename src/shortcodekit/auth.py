"""Authentication, as `httpx.Auth`: for the clients here, and for any httpx client that talks to these APIs.

The `rest.nexmo.com` APIs take credentials as parameters: `KeySecret` and `Signed` put them where the request's other
parameters are (its JSON object, its form, else its query) and leave those as they were written. The Messages API takes a
header: `Jwt` or `Basic`. Each request is signed when it is sent, so one that is repeated is signed afresh.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

import httpx

from shortcode_clients.alerts import security as parameters
from shortcode_clients.messages import security as headers

from . import signing
from .concealing import ConcealedURL, shortened
from .errors import InvalidRequest

_FORM: Final = "application/x-www-form-urlencoded"
_USUAL: Final = cast(int, headers.BEARER.usual_seconds)
_LONGEST: Final = cast(int, headers.BEARER.longest_seconds)


class ParameterAuth(httpx.Auth):
    """What `KeySecret` and `Signed` have in common: credentials that are parameters."""

    requires_request_body = True
    schemes: frozenset[str]
    """The security schemes of the specs that it serves."""

    def __init__(self, key: str, secret: str) -> None:
        self._key = _credential(key, parameters.API_KEY.carrier)
        self._secret = _credential(secret, "the secret")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shortened(self._key)!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self._secret, self._key)

    def credentials(self, others: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """The parameters to add to `others`; `InvalidRequest` when those hold credentials, or cannot be signed."""
        raise NotImplementedError

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Adds the credentials; `InvalidRequest` when the request has a body that holds no parameters."""
        yield _with_parameters(request, self.credentials)

    def _refuse_credentials(self, others: Iterable[tuple[str, Any]]) -> None:
        for name, _ in others:
            if name in _NAMES:
                raise InvalidRequest(
                    "the client's `auth` adds it; a request carries one set of credentials",
                    field=name,
                    source=parameters.API_SECRET.source,
                )


class KeySecret(ParameterAuth):
    """The account's key and secret, as the parameters `api_key` and `api_secret`.

    Source: "Alerts - Subscribing API Reference: Authentication information".
    """

    schemes = frozenset({parameters.API_KEY.name, parameters.API_SECRET.name})

    def credentials(self, others: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """The key and the secret."""
        self._refuse_credentials(others)
        return {parameters.API_KEY.carrier: self._key, parameters.API_SECRET.carrier: self._secret}


class Signed(ParameterAuth):
    """The account's key, a timestamp, and a signature of all parameters under the account's signature secret.

    `method` is one of `signing.METHODS`: `md5hash`, or the HMAC `md5`, `sha1`, `sha256`, `sha512`; it has to be the one
    that the account is set to. `clock` gives Unix seconds.
    Source: "Alerts - Subscribing API Reference: Authentication information; Published elsewhere: signing".
    """

    schemes = frozenset({parameters.API_KEY.name, parameters.SIGNATURE.name, parameters.SIGNATURE_TIMESTAMP.name})

    def __init__(
        self,
        key: str,
        signature_secret: str,
        method: str = "sha256",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(key, signature_secret)
        if method not in signing.METHODS:
            raise InvalidRequest(f"one of {', '.join(signing.METHODS)}", field="method", source=_SIGNING)
        self._method = method
        self._clock = clock

    def __repr__(self) -> str:
        return f"Signed({shortened(self._key)!r}, method={self._method!r})"

    def credentials(self, others: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """The key, the time and the signature."""
        others = list(others)
        self._refuse_credentials(others)
        added = {
            parameters.API_KEY.carrier: self._key,
            parameters.SIGNATURE_TIMESTAMP.carrier: str(int(self._clock())),
        }
        for name, value in others:
            if not isinstance(value, str | int | float):
                raise InvalidRequest("a signature covers texts, numbers and booleans", field=name, source=_SIGNING)
        try:
            sig = signing.signature([*others, *added.items()], self._secret, self._method)
        except UnicodeEncodeError:
            sig = ""
        if not sig:
            raise InvalidRequest("a parameter is not Unicode text: it holds half a surrogate pair", source=_SIGNING)
        return {**added, parameters.SIGNATURE.carrier: sig}


class Basic(httpx.Auth):
    """The account's key and secret in the header `Authorization`. Source: "Messages API v0.1: Authentication"."""

    schemes = frozenset({headers.BASIC.name})

    def __init__(self, key: str, secret: str) -> None:
        self._key = _credential(key, "the key")
        self._secret = _credential(secret, "the secret")
        if ":" in key:
            raise InvalidRequest("has no colon in it", field="the key", source=headers.BASIC.source)
        self._value = base64.b64encode(f"{key}:{secret}".encode()).decode("ascii")

    def __repr__(self) -> str:
        return f"Basic({shortened(self._key)!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self._value, self._secret, self._key)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sets the header; `InvalidRequest` when there is one already."""
        yield _with_header(request, headers.BASIC.carrier, self._value)


class Jwt(httpx.Auth):
    """A token of the application, signed with its private key; each request gets one of its own.

    Parameters: `application_id`; `private_key`, an RSA key in PEM; `expires_in`, for how many seconds a token is good, at
    most 24 hours; `clock`, which gives Unix seconds.
    Source: "Messages API v0.1: Authentication; Published elsewhere: claims".
    """

    schemes = frozenset({headers.BEARER.name})

    def __init__(
        self,
        application_id: str,
        private_key: str | bytes,
        *,
        expires_in: int = _USUAL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._application = _credential(application_id, "the application's id")
        if not isinstance(expires_in, int | float) or not 1 <= expires_in <= _LONGEST:
            raise InvalidRequest(f"from 1 to {_LONGEST} seconds", field="expires_in", source=headers.BEARER.source)
        self._expires_in = int(expires_in)
        self._clock = clock
        self._private_key = _rsa_key(private_key)

    def __repr__(self) -> str:
        return f"Jwt({self._application!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown; tokens differ, and are known by their form."""
        return ()

    def token(self) -> str:
        """A new token."""
        import jwt  # noqa: PLC0415  # costs more than all of httpx's other users' needs: only who signs pays

        now = int(self._clock())
        claims = {
            "application_id": self._application,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "exp": now + self._expires_in,
        }
        return jwt.encode(claims, self._private_key, algorithm=headers.BEARER.algorithms[0])

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sets the header to a new token; `InvalidRequest` when there is one already."""
        yield _with_header(request, headers.BEARER.carrier, self.token())


_NAMES: Final = frozenset(
    scheme.carrier
    for scheme in (parameters.API_KEY, parameters.API_SECRET, parameters.SIGNATURE, parameters.SIGNATURE_TIMESTAMP)
)
_SIGNING: Final = parameters.SIGNATURE.source


def _credential(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequest("a text that is not empty", field=field)
    if not value.isprintable():
        raise InvalidRequest("has only printable characters, no line break for example", field=field)
    return value


def _rsa_key(pem: str | bytes) -> Any:
    """The private key. Errors of the library are not chained: nobody promises that they show nothing of the key."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    key = None
    with contextlib.suppress(Exception):  # many kinds, and all mean the same
        key = load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise InvalidRequest(
            "an RSA private key in PEM, without a password", field="private_key", source=headers.BEARER.source
        )
    return key


# ---- where credentials go --------------------------------------------------------------------------------------------


def _with_header(request: httpx.Request, carrier: str, value: str) -> httpx.Request:
    if "authorization" in request.headers:
        raise InvalidRequest(
            "it is there already; a request carries one of Bearer and Basic",
            field="Authorization",
            source=headers.BASIC.source,
        )
    request.headers["Authorization"] = f"{carrier} {value}"
    return request


def _with_parameters(
    request: httpx.Request, credentials: Callable[[list[tuple[str, Any]]], Mapping[str, str]]
) -> httpx.Request:
    """A request with credentials added where its parameters stand; those keep the bytes they have."""
    content = request.content
    in_query = _pairs(request.url.query)
    if not content:
        added = urlencode(credentials(in_query)).encode("ascii")
        query = b"&".join(filter(None, (request.url.query, added)))
        request.url = ConcealedURL(request.url.copy_with(query=query))
        return request
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        added = urlencode(credentials([*in_query, *_pairs(content)])).encode("ascii")
        content = content + b"&" + added
    else:
        text, others = _json_object(content)
        added_json = json.dumps(credentials([*in_query, *others]))[1:-1]
        content = f"{{{added_json}{', ' if others else ''}{text.lstrip()[1:]}".encode()
    kept = [
        (name, value)
        for name, value in request.headers.raw
        if name.lower() not in (b"content-length", b"transfer-encoding")
    ]
    return httpx.Request(request.method, request.url, headers=kept, content=content, extensions=request.extensions)


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    if not _HALF_ESCAPED.search(encoded):
        with contextlib.suppress(ValueError):
            return parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict")
    raise InvalidRequest("the parameters are not percent-encoded UTF-8", source=parameters.API_KEY.source)


def _json_object(content: bytes) -> tuple[str, list[tuple[str, Any]]]:
    """The text of a JSON object and its members."""
    with contextlib.suppress(ValueError):
        members = signing.json_members(content)
        return content.decode("utf-8").removeprefix("\ufeff"), members
    raise InvalidRequest("the body is neither a form nor a JSON object", source=parameters.API_KEY.source)


_HALF_ESCAPED: Final = re.compile(b"%(?![0-9A-Fa-f]{2})")
