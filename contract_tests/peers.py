"""The clients as a user calls them, sync and async beside each other, and what they are called with.

What a signature covers, and how it is computed, is written out here once more, with the standard library alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
from attrs import Factory, define, frozen
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import shortcodekit
from shortcodekit import Basic, KeySecret, Signed
from shortcodekit.errors import InvalidRequest

from .apis import OPERATIONS, Api, Operation, component
from .calls import Peer, outcome
from .judge import FORM
from .loopback import Answer, Recorded

ALERTS, OPT_IN, MESSAGES, TWO_FACTOR = Api("alerts"), Api("opt_in"), Api("messages"), Api("two_factor")

KEY: Final = f"key+{uuid.uuid4()}"  # made here: Hypothesis draws what it finds written in tests
SECRET: Final = f"&=%é {uuid.uuid4()}"
METHODS: Final = ("md5hash", "md5", "sha1", "sha256", "sha512")
PARAMETER_AUTHS: Final[Mapping[str, httpx.Auth]] = {
    "KeySecret": KeySecret(KEY, SECRET),
    **{method: Signed(KEY, SECRET, method) for method in METHODS},
}
BASIC: Final = Basic(KEY, SECRET)
CREDENTIALS: Final = frozenset({"api_key", "api_secret", "sig", "timestamp"})

# ---- the clients -----------------------------------------------------------------------------------------------------


@frozen
class Twins:
    """A client and its async twin, made alike."""

    blocking: Any
    awaiting: Any
    runner: asyncio.Runner

    def both(self, method: str, *arguments: Any, **keywords: Any) -> list[Any]:
        """What the method of each returns, or the exception that it raises."""
        return [
            outcome(lambda: getattr(self.blocking, method)(*arguments, **keywords)),
            outcome(lambda: self.runner.run(getattr(self.awaiting, method)(*arguments, **keywords))),
        ]


@define
class Clients:
    """Makes clients, each once, because making one takes longer than many calls; closes them all."""

    runner: asyncio.Runner
    made: dict[tuple[Any, ...], Twins] = Factory(dict)

    def __call__(self, name: str, auth: httpx.Auth, **settings: Any) -> Twins:
        """`name` is `Alerts`, `TwoFactor`, `OptIn` or `Messages`."""
        key = (name, auth, *sorted(settings.items()))
        if key not in self.made:
            blocking, awaiting = (getattr(shortcodekit, f"{prefix}{name}Client") for prefix in ("", "Async"))
            self.made[key] = Twins(blocking(auth, **settings), awaiting(auth, **settings), self.runner)
        return self.made[key]


@contextmanager
def clients() -> Iterator[Clients]:
    """What makes clients; they are closed when the context ends."""
    with asyncio.Runner() as runner:
        made = Clients(runner)
        try:
            yield made
        finally:
            for twins in made.made.values():
                twins.blocking.close()
                runner.run(twins.awaiting.aclose())


@frozen(eq=False)
class Way:
    """The method of a client that carries out an operation, and something to call it with."""

    operation: Operation
    client: str
    method: str
    arguments: tuple[Any, ...]

    @property
    def by_query(self) -> bool:
        """Whether the client has to be one with `encoding="query"`."""
        return self.operation.query is not None

    @property
    def auth(self) -> httpx.Auth:
        """One of the credentials that the client takes."""
        return BASIC if self.client == "Messages" else PARAMETER_AUTHS["KeySecret"]

    @property
    def success(self) -> int:
        """The HTTP status of a success."""
        return min(self.operation.answers)

    @property
    def in_parts(self) -> bool:
        """Whether the answer tells of each part that was sent, as that of alerts does."""
        return component(self.operation.answers[self.success]["application/json"]) == "AlertResponse"

    @property
    def sent(self) -> str:
        """The component that is sent."""
        return component(self.operation.query or next(iter(self.operation.bodies.values())))

    @property
    def read_by(self) -> Api:
        """The API whose models the client answers with: what is answered like an alert is read like one."""
        return ALERTS if self.in_parts else self.operation.api

    @property
    def good(self) -> Answer:
        """An answer of success."""
        return GOOD[
            {"Messages": "send message"}.get(self.client, "send alert") if self.method == "send" else self.method
        ]

    @property
    def is_query(self) -> bool:
        """Whether nothing is changed by it."""
        return self.method == "page"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the client."""
        return {"encoding": "query"} if self.by_query else {}

    def __str__(self) -> str:
        return self.operation.name


MESSAGE: Final[Mapping[str, Any]] = {
    "to": {"type": "sms", "number": "15550100123"},
    "from": {"type": "sms", "number": "96167"},
    "message": {"content": {"type": "text", "text": "Hello"}},
}
ALERT: Final = {"to": "16365553226"}
PIN: Final = {"to": "16365553226", "pin": "004711"}
GOOD: Final[Mapping[str, Answer]] = {
    "send alert": Answer(200, "application/json", b'{"message-count": "1", "messages": [{"status": "0"}]}'),
    "page": Answer(200, "application/json", b'{"opt-in-count": "0", "opt-in-list": []}'),
    "resubscribe": Answer(200, "application/json", b'{"msisdn": "15559301529", "opt-in": "true", "opt-out": "false"}'),
    "send message": Answer(202, "application/json", b'{"message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}'),
}
"""An answer of success to each method."""
_METHODS: Final[Mapping[str, tuple[str, str, tuple[Any, ...]]]] = {
    "sendAlert": ("Alerts", "send", (ALERT,)),
    "queryOptOuts": ("OptIn", "page", (0, 100)),
    "resubscribe": ("OptIn", "resubscribe", ("15559301529",)),
    "sendMessage": ("Messages", "send", (MESSAGE,)),
    "sendTwoFactor": ("TwoFactor", "send", (PIN,)),
}
_NAMES: Final = {each: each.name.removesuffix("ByQuery") for each in OPERATIONS}
WAYS: Final = tuple(Way(each, *_METHODS[name]) for each, name in _NAMES.items() if name in _METHODS)
TO_ONE: Final = tuple(way for way in WAYS if way.in_parts and not way.by_query)
"""Those that send to one number, with custom parameters beside what is documented."""
WITHOUT: Final = sorted({name for name in _NAMES.values() if name not in _METHODS})
"""Operations that no client carries out as yet; a test names them, and all others run nevertheless."""


@define
class Answered:
    """The clients in front of a transport that gives one answer, for laws about many answers."""

    make: Clients
    peer: Peer = Factory(Peer)
    transport: httpx.MockTransport = Factory(lambda self: httpx.MockTransport(self.peer), takes_self=True)

    def __call__(self, way: Way, answer: Answer, *, form: str = "json", **headers: str) -> Any:
        """What both clients make of an answer when they ask for the form `form`: a model, or the exception."""
        self.peer.answer, self.peer.headers = answer, headers
        settings = {**way.settings, "transport": self.transport, "retries": 0}
        if way.client != "Messages":
            settings["format"] = form
        one, other = self.make(way.client, way.auth, **settings).both(way.method, *way.arguments)
        assert alike(one, other), (one, other)
        assert len(self.peer.take()) == 2, "no redirect is followed and nothing is repeated"
        return one


def alike(one: Any, other: Any) -> bool:
    """Whether two outcomes are the same: equal models, or errors that say and hold the same."""
    if isinstance(one, Exception):
        return type(one) is type(other) and str(one) == str(other) and vars(one) == vars(other)
    return bool(one == other)


# ---- what was sent ---------------------------------------------------------------------------------------------------


def parameters(recorded: Recorded) -> list[tuple[str, str]]:
    """The parameters of a request, those of its query first, with the texts that a signature covers."""
    target = recorded.line.decode("ascii").split(" ")[1]
    kind = {name.lower(): value for name, value in recorded.headers}.get("content-type", "")
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True, errors="strict")
    if kind.lower().startswith(FORM):
        return pairs + parse_qsl(recorded.body.decode("ascii"), keep_blank_values=True, errors="strict")
    return pairs + members(recorded.body) if recorded.body else pairs


def members(content: bytes) -> list[tuple[str, str]]:
    """The members of a JSON object; numbers and booleans are the text that stands there."""
    found = json.loads(content, object_pairs_hook=list, parse_int=str, parse_float=str)
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found]


def signed_by_hand(pairs: Iterable[tuple[str, str]], secret: str, method: str) -> str:
    """The signature that the vendor describes."""
    text = ""
    for name, value in sorted(pairs):
        if name != "sig":
            text += "&" + name + "=" + value.replace("&", "_").replace("=", "_")
    if method == "md5hash":
        return hashlib.md5((text + secret).encode("utf-8")).hexdigest()  # noqa: S324  # the vendor's choice
    hashes = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
    return hmac.new(secret.encode("utf-8"), text.encode("utf-8"), hashes[method]).hexdigest()


@cache
def rsa_key() -> RSAPrivateKey:
    """An application's key, made once: that takes long."""
    return generate_private_key(65537, 2048)


def pem(key: Any) -> bytes:
    """A private key as applications store it."""
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written


def refused(outcomes: Iterable[Any]) -> list[InvalidRequest]:
    """The outcomes, each of which has to be an `InvalidRequest` that says why."""
    errors = list(outcomes)
    for error in errors:
        assert type(error) is InvalidRequest, repr(error)
        assert error.rule
        assert error.may_have_been_sent is False
        assert error.attempts == 0
    return errors
