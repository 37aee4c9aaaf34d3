"""Delivers events: when they are due, again until a right answer, for as long as the specs say.

Everything is in the store, so a sandbox that was killed goes on where it was; an attempt that was on its way then is made
again. Events about one message are sent one after the other, in their order; those of different messages side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import httpx
from attrs import define, frozen

from shortcodekit import __name__ as package

from . import reproduce
from .outcomes import Ids
from .outgoing import WEBHOOKS, Attempt, attempt, next_try, url_of
from .service import Service

TIMEOUT: Final = 5.0
"""Seconds that a receiver has to answer. x-choice: no source says."""
AT_A_TIME: Final = 50
_log: Final = logging.getLogger(__name__)
_SHOWN: Final = 2000
"""How many bytes of an answer are kept."""


@define
class _Due:
    id: int
    message: int
    webhook: str
    document: str
    due: float
    first: float | None
    attempts: int


@frozen
class Delivered:
    """An attempt that was made, to be told."""

    webhook: str
    method: str
    url: str
    """Without its query, which holds the event."""
    number: int
    status: int | None
    error: str | None
    taken: bool
    wait: float | None
    """After how many seconds of the sandbox's time it is made again."""


class Delivery:
    """Delivers the events of a service, within one event loop."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._messages: set[int] = set()
        self._nonces = Ids(
            secrets.token_hex(16)
        )  # of this process alone: one that was killed has not noted which it gave
        self._woken = asyncio.Event()
        self._until = math.inf
        self.tell: list[Callable[[Delivered], object]] = []
        """Called with each attempt that was made."""
        self._advancing = asyncio.Lock()
        service.wake = self._wake

    async def run(self) -> None:
        """Delivers until it is cancelled."""
        while True:
            self._woken.clear()
            now = self._service.clock.now()  # one moment for both: what falls due between two would be missed
            self._begin(now)
            with contextlib.suppress(
                TimeoutError
            ):  # not `wait_for`, which before Python 3.12 may miss that it is cancelled
                async with asyncio.timeout(self._wait(now)):
                    await self._woken.wait()

    async def aclose(self) -> None:
        """Breaks off what is on its way; the next start sends it again."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    async def advance(self, seconds: float) -> None:
        """Moves the clock forward, delivering each event on the way at its time; returns when all were answered."""
        clock, store = self._service.clock, self._service.store
        async with self._advancing:
            target = clock.now() + seconds
            while True:
                self._begin(clock.now())
                if self._running:
                    await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                    continue
                due = store.next_due()
                if due is None or due > target:
                    break
                clock.move_to(due)
            clock.move_to(target)
            store.keep("clock", repr(clock.now()))
            self._woken.set()  # what was waited for may be behind us

    def _wake(self, due: float) -> None:
        """Hears of an event that is due then, by the sandbox's clock: it matters when nothing else was expected so early."""
        if due < self._until:
            self._until = due
            self._woken.set()

    def _wait(self, now: float) -> float:
        """Seconds until an event is due that was not at `now`; those that were and are not begun wait for others."""
        clock = self._service.clock
        due = self._service.store.next_due(after=now)
        self._until = math.inf if due is None else due
        return 3600.0 if due is None else min(3600.0, max(0.001, (due - clock.now()) / clock.scale))

    def _begin(self, now: float) -> None:
        """Begins to deliver what is due at `now`, as far as there is room."""
        if len(self._running) >= AT_A_TIME:
            return
        service, nowhere = self._service, list[int]()
        for row in service.store.due(now, 4 * AT_A_TIME):
            due = _Due(*row)
            if len(self._running) >= AT_A_TIME:
                break
            if due.id in self._running or due.message in self._messages:
                continue
            if url_of(due.webhook, service.settings) is None:
                nowhere.append(due.id)
                continue
            self._messages.add(due.message)
            task = asyncio.get_running_loop().create_task(self._deliver(due))
            self._running[due.id] = task
            task.add_done_callback(partial(self._done, due))
        if nowhere:
            service.store.settle(nowhere, "no-url")

    def _done(self, due: _Due, task: asyncio.Task[None]) -> None:
        del self._running[due.id]
        self._messages.discard(due.message)
        if not task.cancelled() and task.exception() is not None:
            # A fault of the sandbox's own. Sent again, the event would meet it again, and at once.
            _log.error("an event of %s could not be sent, and is given up", due.webhook, exc_info=task.exception())
            self._service.store.settle([due.id], "given-up")
        self._woken.set()

    async def _deliver(self, due: _Due) -> None:
        """Makes one attempt, and notes what came of it."""
        service = self._service
        at, number = service.clock.now(), due.attempts + 1
        url = url_of(due.webhook, service.settings) or ""
        made = attempt(
            due.webhook, json.loads(due.document), url, service.settings, service.account, now=at, real_now=service.clock.real(),
            ids=self._nonces,
        )  # fmt: skip
        began = time.perf_counter()
        status, answer, error = await self._send(made)
        taken = status in WEBHOOKS[due.webhook].taken
        again = None if taken else next_try(due.webhook, number, due.first if due.first is not None else at, at)
        state = "taken" if taken else "given-up" if again is None else "pending"
        service.store.attempted(
            due.id,
            message=due.message,
            webhook=due.webhook,
            number=number,
            at=at,
            state=state,
            next_try=again,
            more={
                "request": _shown(made),
                "status": status,
                "answer": answer,
                "error": error,
                "seconds": round(time.perf_counter() - began, 6),
                "curl": reproduce.webhook_curl(made.method, made.url, made.headers.items(), made.body),
            },
        )
        wait = None if again is None else again - at
        for tell in self.tell:
            tell(Delivered(due.webhook, made.method, made.url.partition("?")[0], number, status, error, taken, wait))

    async def _send(self, made: Attempt) -> tuple[int | None, str, str | None]:
        """The status of the answer, its beginning, and why there was none."""
        try:
            async with asyncio.timeout(TIMEOUT):
                client = self._client(made.url)
                async with client.stream(
                    made.method, made.url, headers=made.headers, content=made.body or None
                ) as answer:
                    content = b""
                    async for chunk in answer.aiter_raw():
                        content += chunk
                        if len(content) >= _SHOWN:
                            break
                    return answer.status_code, content[:_SHOWN].decode("utf-8", "replace"), None
        except TimeoutError:
            return None, "", f"no answer within {TIMEOUT:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            return None, "", f"{type(error).__name__}: {error}"

    def _client(self, url: str) -> httpx.AsyncClient:
        """A client for the scheme of `url`; the certificates that https needs take long to load."""
        scheme = url.partition(":")[0].lower()
        if scheme not in self._clients:
            self._clients[scheme] = httpx.AsyncClient(
                verify=scheme == "https",
                trust_env=False,
                timeout=TIMEOUT,
                limits=httpx.Limits(max_connections=2 * AT_A_TIME, max_keepalive_connections=AT_A_TIME),
                headers={"user-agent": f"{package}-sandbox", "accept": "*/*"},
            )
        return self._clients[scheme]


def _shown(made: Attempt) -> dict[str, Any]:
    """The request as it is kept; a token is not shown."""
    headers = {
        name: f"{value.partition(' ')[0]} …" if name == "authorization" else value
        for name, value in made.headers.items()
    }
    return {"method": made.method, "url": made.url, "headers": headers, "body": made.body.decode("utf-8", "replace")}
