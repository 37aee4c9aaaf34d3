"""Lists who opted out, and subscribes them again. What the two clients have in common comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

import httpx
from attrs import Factory, define

from shortcode_clients import opt_in
from shortcode_clients.opt_in import security
from shortcode_clients.opt_in.api.opt_in import (
    query_opt_outs,
    query_opt_outs_by_query,
    resubscribe,
    resubscribe_by_query,
)
from shortcode_clients.opt_in.client import BASE_URL
from shortcode_clients.opt_in.models import OptInRecord, OptOutList, OptOutQuery, RestError, ResubscribeRequest
from shortcodekit.answers import Reader
from shortcodekit.errors import UnexpectedAnswer
from shortcodekit.exchange import Call

from .drivers import AsyncDriver, SyncDriver
from .requests import Operation, RestRequests, document_of
from .rest import RestClient
from .settings import Service

_SERVICE: Final = Service(BASE_URL, security)
_QUERY: Final = Operation(opt_in, query_opt_outs, query_opt_outs_by_query, OptOutQuery)
_MANAGE: Final = Operation(opt_in, resubscribe, resubscribe_by_query, ResubscribeRequest)


def _listing(requests: RestRequests, page: int, page_size: int) -> Call[OptOutList]:
    document = document_of(OptOutQuery(page_size=page_size, page=page), OptOutQuery, "a page")
    reader = Reader(RestError, requests.settings.secrets)
    return Call(
        requests.prepared(_QUERY, document),
        lambda came: reader.read(came, query_opt_outs.ANSWERS, OptOutList, repeatable=True),
        repeatable=True,
    )


def _resubscribing(requests: RestRequests, msisdn: str) -> Call[OptInRecord]:
    """Not repeatable: between two attempts the person may have opted out once more, and the second would undo it."""
    document = document_of(ResubscribeRequest(msisdn=msisdn), ResubscribeRequest, "a number")
    reader = Reader(RestError, requests.settings.secrets)
    return Call(
        requests.prepared(_MANAGE, document),
        lambda came: reader.read(came, resubscribe.ANSWERS, OptInRecord, repeatable=False),
        repeatable=False,
        recipient=str(msisdn),
    )


@define
class Pages:
    """Goes through pages of opt-outs: which one to ask for, and what of it is new. No I/O."""

    size: int
    number: int = 0
    """The page to ask for next."""
    finished: bool = False
    _seen: set[str] = Factory(set)
    _stale: int = 0

    def take(self, answer: OptOutList) -> list[OptInRecord]:
        """The records that were not on an earlier page. Raises `UnexpectedAnswer` when pages repeat for ever."""
        records = answer.opt_in_list
        new = []
        for record in records:
            if record.msisdn not in self._seen:
                self._seen.add(record.msisdn)
                new.append(record)
        self.number += 1
        self.finished = len(records) < int(self.size)  # asked for, and so a number, though perhaps written as text
        self._stale = 0 if new else self._stale + 1
        if self._stale >= _STALE and not self.finished:
            raise UnexpectedAnswer(
                f"page {self.number - 1} of {self.size} opt-outs is full, and like the one before it has no number that"
                " earlier pages had not: the service repeats its pages",
                http_status=200,
                content_type="",
                excerpt="",
                operation=query_opt_outs.OPERATION,
                attempts=1,
                may_have_been_sent=False,
            )
        return new


_STALE: Final = 2
"""So many full pages without a new number are no shift of the list, which moves by fewer numbers than a page has."""


class OptInClient(RestClient[httpx.BaseTransport], SyncDriver):
    """Lists opt-outs and subscribes numbers again. Parameters as of `AlertsClient`.

    Safe to share between threads. Use it as a context manager, or call `close`.
    """

    _service = _SERVICE

    def page(self, page: int = 0, page_size: int = 100) -> OptOutList:
        """One page of the numbers that opted out; `page` counts from 0. Raises a `ShortcodeKitError`.

        Source: "Alerts - Subscribing API Reference".
        """
        return self._run(query_opt_outs.OPERATION, lambda: _listing(self._requests, page, page_size))

    def opt_outs(self, page_size: int = 100) -> Iterator[OptInRecord]:
        """All numbers that opted out, each once; a page is asked for when the iteration comes to it.

        The service promises no total: a page that is shorter than `page_size` is the last one. When numbers join the list
        while it is read, some come twice on the wire, and once from here. When numbers leave it (they are subscribed
        again), others move to a page that was read already and are not seen: for a complete list, read it while nobody
        is subscribed again, or read it twice.

        Raises a `ShortcodeKitError`; `UnexpectedAnswer` also when the service repeats its pages for ever.
        Source: "Alerts - Subscribing API Reference".
        """
        pages = Pages(page_size)
        while not pages.finished:
            yield from pages.take(self.page(pages.number, page_size))

    def resubscribe(self, msisdn: str) -> OptInRecord:
        """Subscribes a number again, because its owner asked for it, and takes it off the opt-out list.

        `msisdn` is a number in E.164 form without `+`. Returns how the number stands now: `.opt_in` is true. It is repeated
        only when it certainly was not carried out. Raises a `ShortcodeKitError`.
        Source: "Alerts - Subscribing API Reference".
        """
        return self._run(resubscribe.OPERATION, lambda: _resubscribing(self._requests, msisdn))


class AsyncOptInClient(RestClient[httpx.AsyncBaseTransport], AsyncDriver):
    """Lists opt-outs and subscribes numbers again, awaited. Parameters as of `AsyncAlertsClient`.

    Safe to share between tasks. Use it as an asynchronous context manager, or call `aclose`.
    """

    _service = _SERVICE

    async def page(self, page: int = 0, page_size: int = 100) -> OptOutList:
        """One page of the numbers that opted out; see `OptInClient.page`."""
        return await self._run(query_opt_outs.OPERATION, lambda: _listing(self._requests, page, page_size))

    async def opt_outs(self, page_size: int = 100) -> AsyncIterator[OptInRecord]:
        """All numbers that opted out, each once, for `async for`; see `OptInClient.opt_outs`."""
        pages = Pages(page_size)
        while not pages.finished:
            for record in pages.take(await self.page(pages.number, page_size)):
                yield record

    async def resubscribe(self, msisdn: str) -> OptInRecord:
        """Subscribes a number again; see `OptInClient.resubscribe`."""
        return await self._run(resubscribe.OPERATION, lambda: _resubscribing(self._requests, msisdn))
