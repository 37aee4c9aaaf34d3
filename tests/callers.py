"""The calls that tests make of the clients: a send, a query and a send with a header, each blocking and awaited."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
from attrs import Factory, evolve, frozen

from shortcodekit import (
    Alert,
    AlertsClient,
    AsyncAlertsClient,
    AsyncMessagesClient,
    AsyncOptInClient,
    Basic,
    KeySecret,
    MessagesClient,
    OptInClient,
    outbound,
)

NUMBER: Final = "16365553226"
LOGIN: Final = ("abcd1234", "a-secret-of-nobody")


@frozen
class Caller:
    """A call of one client."""

    name: str
    blocking: Callable[..., Any]
    awaited: Callable[..., Any]
    auth: httpx.Auth
    call: Callable[[Any], Any]
    """Makes the call, or its coroutine."""
    good: tuple[str, bytes]
    """Status and body of an answer that is understood."""
    is_query: bool = False
    is_async: bool = False
    options: Mapping[str, Any] = Factory(dict)

    def client(self, address: str, **options: Any) -> Any:
        """A new client for `address`."""
        kind = self.awaited if self.is_async else self.blocking
        return kind(self.auth, base_url=address, **{**self.options, **options})

    def run(self, address: str, **options: Any) -> Any:
        """Makes the call with a client of its own."""
        return self.repeat(self.client(address, **options), times=1)

    def repeat(self, client: Any, between: Callable[[], object] = bool, times: int = 2) -> Any:
        """Makes the call with `client` several times, does what is to be done in between, and closes the client."""
        if self.is_async:
            return asyncio.run(self._awaited(client, between, times))
        with client:
            for _ in range(1, times):
                self.call(client)
                between()
            return self.call(client)

    async def _awaited(self, client: Any, between: Callable[[], object], times: int) -> Any:
        async with client:
            for _ in range(1, times):
                await self.call(client)
                between()
            return await self.call(client)

    def __str__(self) -> str:
        return f"{'async ' if self.is_async else ''}{self.name}"


ALERTS: Final = Caller(
    "alerts.send",
    AlertsClient,
    AsyncAlertsClient,
    KeySecret(*LOGIN),
    call=lambda client: client.send(Alert(to=NUMBER, template=1)),
    good=("200 OK", b'{"message-count":"1","messages":[{"status":"0","message-id":"0A","to":"16365553226"}]}'),
)
OPT_IN: Final = Caller(
    "opt_in.page",
    OptInClient,
    AsyncOptInClient,
    KeySecret(*LOGIN),
    call=lambda client: client.page(),
    good=("200 OK", b'{"opt-in-count":"0","opt-in-list":[]}'),
    is_query=True,
)
MESSAGES: Final = Caller(
    "messages.send",
    MessagesClient,
    AsyncMessagesClient,
    Basic(*LOGIN),
    call=lambda client: client.send(outbound.sms.text("Hi", to=NUMBER, from_="15550100000")),
    good=("202 Accepted", b'{"message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}'),
)


def both(*callers: Caller) -> list[Caller]:
    """Each caller, blocking and awaited."""
    return [evolve(each, is_async=is_async) for each in callers for is_async in (False, True)]


def falls_short(what: str) -> pytest.MarkDecorator:
    """Marks what the product does not keep yet; the mark goes when it does."""
    return pytest.mark.xfail(strict=True, reason=what)


@contextmanager
def one_ssl_context() -> Iterator[None]:
    """All clients share what httpx otherwise makes anew for each of them, which takes longer than any call here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield
