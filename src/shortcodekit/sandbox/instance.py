"""A sandbox put together and running in an event loop: the service, the delivery of its webhooks, and the server."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import sqlite3
import time
from collections.abc import Callable

from .app import App
from .clock import Clock
from .control import Control
from .credentials import Account
from .delivery import Delivery
from .server import Server, listening
from .service import Service
from .settings import Settings
from .storage import Store


class Instance:
    """A sandbox. It listens as soon as it is made, and answers between `start` and `stop`.

    Raises `SandboxError` when the port is taken, or the file is none of a sandbox.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        db: str | None = None,
        real: Callable[[], float] = time.time,
    ) -> None:
        self._listener = listening(host, port)
        try:
            self._store = Store(db, seed=settings.seed, balance=settings.balance)
        except BaseException:
            self._listener.close()
            raise
        self.account = _account(settings, self._store)
        clock = Clock(scale=settings.time_scale, begin=self._store.latest(), real=real)
        self.service = Service(settings, self.account, self._store, clock, real)
        self.delivery = Delivery(self.service)
        self.url = f"http://{_named(host)}:{self._listener.getsockname()[1]}"
        """Where it is."""
        self.control = Control(self.service, self.delivery, base_url=lambda: self.url, host=host)
        self._server = Server(App(self.service, self.control), self._listener)

    async def start(self) -> None:
        """Begins to answer, and to deliver."""
        await self._server.start()
        self._delivering = asyncio.get_running_loop().create_task(self.delivery.run())

    async def stop(self) -> None:
        """Ends; what is in its file stays there."""
        self.control.close()
        self._delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._delivering
        await self._server.stop()
        await self.delivery.aclose()
        with contextlib.suppress(sqlite3.Error):  # a full disk: then the next start is as after a kill
            self._store.keep("clock", repr(self.service.clock.now()))
        self._store.close()


def _account(settings: Settings, store: Store) -> Account:
    """The account: as it was set, else as the file knows it, else made up, and kept for the next start."""
    made = {
        "api_key": secrets.token_hex(4),
        "api_secret": secrets.token_hex(8),
        "signature_secret": secrets.token_hex(16),
    }
    known = {name: getattr(settings, name) or store.facts.get(name) or value for name, value in made.items()}
    for name, value in known.items():
        if store.facts.get(name) != value:
            store.keep(name, value)
    return Account(**known)


def _named(host: str) -> str:
    """A host as it stands in a URL, and as this machine reaches it."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            return "127.0.0.1" if address.version == 4 else "[::1]"
        return f"[{host}]" if address.version == 6 else host
    return host
