"""A conversation with a provider, in raw requests: nothing here uses the product, so that a witness stands on its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree  # what is read was written by our own providers

import jwt
from attrs import frozen
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from shortcodekit.sandbox.app import App
from shortcodekit.sandbox.credentials import Account

PHONE: Final = "16365553226"
ALERT: Final = "/sc/us/alert/json"
PINS: Final = "/sc/us/2fa/json"
QUERY: Final = "/sc/us/alert/opt-in/query/json"
MANAGE: Final = "/sc/us/alert/opt-in/manage/json"
MESSAGES: Final = "/v0.1/messages"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
APPLICATION: Final = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
OWN: Final = "own"
"""The name of the application's key."""
LONG: Final = "x" * 200
"""What makes the documented template an alert of two parts."""


def _made(name: str, length: int) -> str:
    """A credential, made at run time: Hypothesis draws what it finds written in tests."""
    return hashlib.sha256(name.encode()).hexdigest()[:length]


ACCOUNT: Final = Account(f"k{_made('key', 7)}", f"Aa{_made('secret', 14)}", _made("signature", 32))


@frozen
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["content-type"]

    @property
    def media(self) -> str:
        """The type without its parameters."""
        return self.type.partition(";")[0]

    @property
    def document(self) -> Any:
        """The JSON in it."""
        return json.loads(self.body)

    @property
    def root(self) -> ElementTree.Element:
        """The XML in it."""
        return ElementTree.fromstring(self.body)  # noqa: S314  # as above

    @property
    def leaks(self) -> bool:
        """Whether a secret of the account stands in it."""
        return ACCOUNT.api_secret.encode() in self.body or ACCOUNT.signature_secret.encode() in self.body

    @property
    def verdict(self) -> str:
        """What became of a message: HTTP 400 and 422 are both a refusal."""
        return {202: "accepted", 400: "refused", 422: "refused"}.get(self.status, f"HTTP {self.status}")


class Talk:
    """Talks to one provider of `ACCOUNT`'s."""

    def __init__(self, app: App, runner: asyncio.Runner) -> None:
        self._app = app
        self._runner = runner
        self._registered = False

    def send(
        self, method: str, path: str, *, query: str | bytes = b"", body: bytes = b"", **headers: str | list[str]
    ) -> Reply:
        """One request. Underscores in names of headers stand for hyphens; a list is a header given several times."""
        fields = {"host": "127.0.0.1", "content_length": str(len(body)), **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode() if isinstance(query, str) else query,
            "root_path": "",
            "headers": [
                (name.replace("_", "-").encode(), each.encode())
                for name, value in fields.items()
                for each in ([value] if isinstance(value, str) else value)
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def take(message: Any) -> None:
            sent.append(message)

        self._runner.run(self._app(scope, receive, take))
        told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:]))

    # ---- parameters ------------------------------------------------------------------------------------------------------

    def said(self, **said: Any) -> dict[str, Any]:
        """The account's key and secret and other parameters; what is None is left out."""
        known: dict[str, Any] = {"api_key": ACCOUNT.api_key, "api_secret": ACCOUNT.api_secret}
        known |= {name if name in _KEPT else name.replace("_", "-"): value for name, value in said.items()}
        return {name: value for name, value in known.items() if value is not None}

    def alerting(self, **said: Any) -> dict[str, Any]:
        """The parameters of an alert."""
        return self.said(**{"to": PHONE, "server": "host3", "link": "https://example.com/mon", **said})

    def signed(
        self,
        said: Mapping[str, Any],
        *,
        method: str = "sha256",
        late: int = 0,
        timestamp: Any = None,
    ) -> dict[str, Any]:
        """Parameters with a signature in place of the secret."""
        told: dict[str, Any] = {name: value for name, value in said.items() if name != "api_secret"}
        if timestamp != "":
            told["timestamp"] = timestamp or str(int(time.time()) - late)
        return {**told, "sig": signature(told, method)}

    # ---- alerts ----------------------------------------------------------------------------------------------------------

    def alert(self, form: str = "json", **said: Any) -> Reply:
        """An alert by GET."""
        return self.send("GET", f"/sc/us/alert/{form}", query=urlencode(self.alerting(**said)))

    def part(self, **said: Any) -> dict[str, Any]:
        """The first part of its answer."""
        part: dict[str, Any] = self.alert(**said).document["messages"][0]
        return part

    def status(self, **said: Any) -> str:
        """The status of that."""
        return status(self.alert(**said))

    def xml(self, **said: Any) -> ElementTree.Element:
        """Its answer as XML."""
        return self.alert("xml", **said).root

    def posted(self, body: Any, kind: str | None = JSON, *, query: Mapping[str, Any] | None = None, path: str = ALERT, **headers: str) -> str:  # fmt: skip
        """The status of an alert by POST: a mapping is sent as JSON, or as the form that `kind` asks for."""
        if isinstance(body, Mapping):
            body = urlencode(body).encode() if kind == FORM else json.dumps(body).encode()
        typed = {} if kind is None else {"content_type": kind}
        return status(self.send("POST", path, query=urlencode(query or {}), body=body, **typed, **headers))

    def by_signature(self, *, change: Any = str, alert: Mapping[str, Any] | None = None, **how: Any) -> str:
        """The status of a signed alert; `change` is made to the signature."""
        said = self.signed(self.alerting(**(alert or {})), **how)
        return status(self.send("GET", ALERT, query=urlencode({**said, "sig": change(said["sig"])})))

    # ---- PINs ------------------------------------------------------------------------------------------------------------

    def pin(self, form: str = "json", **said: Any) -> Reply:
        """A PIN by GET, with what fills the documented template beside it."""
        told = self.alerting(**{"pin": "4711", **said})
        return self.send("GET", PINS.replace("json", form), query=urlencode(told))

    def pin_part(self, **said: Any) -> dict[str, Any]:
        """The first part of its answer."""
        part: dict[str, Any] = self.pin(**said).document["messages"][0]
        return part

    def pin_status(self, **said: Any) -> str:
        """The status of that."""
        return status(self.pin(**said))

    # ---- opt-in ----------------------------------------------------------------------------------------------------------

    def text(self, text: str = "STOP", phone: str = PHONE) -> None:
        """A phone texts to the short code."""
        body = json.dumps({"text": text}).encode()
        reply = self.send("POST", f"/_sandbox/phones/{phone}/texts", body=body, content_type=JSON)
        assert reply.status == 201, reply

    def stops(self, count: int) -> None:
        """So many phones opt out."""
        for number in range(count):
            self.text(phone=str(16365550000 + number))

    def query(self, form: str = "json", **said: Any) -> Reply:
        """A page of the list."""
        return self.send("GET", QUERY.replace("json", form), query=urlencode(self.said(**said)))

    def listed(self, page: int | None = None, size: int | None = None) -> list[str]:
        """The numbers on a page."""
        return [str(each["msisdn"]) for each in self.query(page=page, page_size=size).document["opt-in-list"]]

    def manage(self, **said: Any) -> Reply:
        """Subscribing a number again."""
        return self.send("GET", MANAGE, query=urlencode(self.said(**{"msisdn": PHONE, **said})))

    # ---- messages --------------------------------------------------------------------------------------------------------

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{ACCOUNT.api_key}:{ACCOUNT.api_secret}".encode()).decode()

    def message(self, document: Any, *, path: str = MESSAGES, authorization: str | list[str] | None = None) -> Reply:
        """A message; `authorization` is Basic unless it is given, and an empty list for none."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        who = self.basic if authorization is None else authorization
        return self.send("POST", path, body=body, content_type=JSON, authorization=who)

    def bearer(self, *, key: RSAPrivateKey | None = None, **claims: Any) -> str:
        """A token of an application that is registered here; a claim that is None is left out."""
        if not self._registered:
            pem = (
                signing_key(OWN)
                .public_key()
                .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            )
            body = json.dumps({"public_key": pem.decode()}).encode()
            reply = self.send("PUT", f"/_sandbox/applications/{APPLICATION}", body=body, content_type=JSON)
            assert reply.status == 200, reply
            self._registered = True
        now = int(time.time())
        told = {"application_id": APPLICATION, "iat": now, "exp": now + 900, "jti": str(now), **claims}
        told = {name: value for name, value in told.items() if value is not None}
        return "Bearer " + jwt.encode(told, key or signing_key(OWN), algorithm="RS256")

    def reset(self) -> None:
        """The provider forgets what was said."""
        assert self.send("POST", "/_sandbox/reset").status == 204


_KEPT: Final = {"api_key", "api_secret"}


def status(reply: Reply) -> str:
    """The status of an alert's first part, or of HTTP when that is not 200."""
    return str(reply.document["messages"][0]["status"]) if reply.status == 200 else f"HTTP {reply.status}"


def signature(said: Mapping[str, Any], method: str = "sha256") -> str:
    """By the vendor's description."""
    pairs = [(name, each if isinstance(each, str) else json.dumps(each)) for name, each in said.items()]
    text = "".join(f"&{name}={each.replace('&', '_').replace('=', '_')}" for name, each in sorted(pairs)).encode()
    secret = ACCOUNT.signature_secret.encode()
    if method == "md5hash":
        return hashlib.md5(text + secret, usedforsecurity=False).hexdigest()
    return hmac.new(secret, text, method).hexdigest()


@cache
def signing_key(_: str, /) -> RSAPrivateKey:
    """A key for tokens; another name is another key."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def paid(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the balance fell by the price of the latter part; true when they are not told."""
    if "remaining-balance" not in before or "remaining-balance" not in after:
        return True
    fell = Decimal(str(before["remaining-balance"])) - Decimal(str(after["remaining-balance"]))
    return fell == Decimal(str(after["message-price"]))
