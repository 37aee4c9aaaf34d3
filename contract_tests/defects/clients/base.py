"""What a seeded client is, what it is made with, and what a correct one does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar

from attrs import Factory, define, field, frozen

K = TypeVar("K", bound=type[Any])

Trait = Literal["json", "xml", "secret", "signed", "basic", "token", "by-body", "by-query"]


@frozen
class Account:
    """Whose credentials are used, and for how long an answer is waited for."""

    api_key: str
    api_secret: str = field(repr=False)
    signature_secret: str = field(repr=False)
    """What those sign with that sign."""
    application_id: str
    private_key: str = field(repr=False)
    """The application's RSA key in PEM, for tokens."""
    timeout: float = 10.0
    """For how many seconds the peer may be silent; then a call ends in a `ClientError`."""


class ClientError(Exception):
    """All that goes wrong with a call, and nothing else ever leaves a client.

    Neither its text nor its `repr` holds a secret of the account.
    """

    def __init__(
        self, reason: str, *, status: str = "", retryable: bool = False, accepted: Sequence[Part] = ()
    ) -> None:
        super().__init__(reason)
        self.status = status
        """What the service said: for a refused alert the status of the first part that was refused, such as `7`; where the
        request as a whole was refused its HTTP status, such as `401`. Of no account where something else than the service
        answered. Empty when nothing was sent, or no whole answer came."""
        self.retryable = retryable
        """Whether the same call may be made again and may then succeed. True when all parts were refused with status 1, and for
        HTTP 429. False for other 4xx, for a refusal with 2, 3, 4, 6, 7, 9, 14, 32 or 101, when some parts were accepted, and when an
        alert or a message may have been sent, as after a connection that broke or an answer that cannot be read. Whatever is not
        said here is left to the client."""
        self.accepted = tuple(accepted)
        """The parts that are on their way although others were refused."""


@frozen
class Part:
    """One part of an alert that was accepted. Texts, also where the answer has numbers; None where it has nothing."""

    status: str
    message_id: str | None = None
    to: str | None = None
    client_ref: str | None = None
    balance: str | None = None
    price: str | None = None
    network: str | None = None


class Calls(Protocol):
    """What a client can do. All methods block, and end within a few times the account's `timeout`.

    No call follows a redirect, sends a secret anywhere but to its own base URL, or repeats an alert, a message or a
    resubscription that may have been carried out. What certainly was not carried out (throttling) may be repeated a few times, with
    waits, and so may a query. An answer is taken by what it says: numbers for texts, unknown keys, absent optional keys,
    unknown statuses and a charset after its content type are all in order.
    """

    def send_alert(
        self,
        to: str,
        custom: Mapping[str, str],
        *,
        client_ref: str | None = None,
        status_report: bool = False,  # as a user would write it
        template: int | None = None,
        unicode: bool = False,
    ) -> list[Part]:
        """Sends an alert, and returns its parts, all of which were accepted, in the order of the answer.

        `custom` are the template's parameters; each travels under its own name with its own value, to the last character. What
        is None or False is not sent, or is sent as what it means by default. Raises `ClientError` without sending anything for a
        number or a `client_ref` (more than 40 characters) that is against the rules, a template beyond 0…5, and a custom parameter named
        like a documented one; a `+` before a number may be taken away instead, but is never sent. Raises `ClientError`
        when a part was refused or the answer has no part.
        """
        ...

    def opt_outs(self) -> list[str]:
        """All numbers that opted out, as texts, each once, in the order in which they come.

        Asks for pages until one is shorter than what was asked for. Raises `ClientError` instead of a list that may not be
        whole, and when full pages without anything new come for ever.
        """
        ...

    def resubscribe(self, number: str) -> bool:
        """Subscribes a number again; returns what the answer says: whether it is subscribed now."""
        ...

    def send_message(self, document: Mapping[str, Any]) -> str:
        """Sends a message of the Messages API, as JSON and as it is, and returns the answer's `message_uuid`.

        Raises `ClientError` for any other answer than 202 with that; it may also refuse a document that is against the rules.
        """
        ...

    def close(self) -> None:
        """Gives back what it keeps open, such as connections; called once, when the client is not used any more."""
        ...


Make = Callable[[str, Account], Calls]


@frozen(eq=False)
class Client:
    """One client."""

    name: str
    sentence: str
    """What is wrong, or what the temper of a correct one is; in the present tense."""
    make: Make = field(repr=False)
    """A new one for the service at a base URL (that of both hosts), without a slash at its end, and an account."""
    traits: frozenset[Trait]
    """How it talks: with answers in JSON or XML, with the secret or signed, with Basic or a token, in bodies or in queries."""
    signs: str = ""
    """The method of its signatures, which is what the account has to be set to; empty for those that do not sign."""

    def __str__(self) -> str:
        return self.name


@define
class Catalogue:
    """Clients with mistakes, in the order in which they are written down."""

    clients: list[Client] = Factory(list)

    def broken(self, kind: K) -> K:
        """Registers a class: its name is the client's, its docstring the sentence."""
        self.clients.append(client_of(kind))
        return kind


_BIG: Final = re.compile("(?<!^)(?=[A-Z])")


def client_of(kind: Any, name: str = "", sentence: str = "") -> Client:
    """The client that a class with `traits` and `signs` is; called as the class's docstring and name unless they are given."""
    name = name or _BIG.sub("-", kind.__name__).lower()
    return Client(name, sentence or " ".join(str(kind.__doc__).split()), kind, frozenset(kind.traits), kind.signs)
