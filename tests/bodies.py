"""Bodies of answers for transports of a caller's own, such as no server sends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that may fail, or hold what is no content; it tells how much of it was taken, and how often it was closed."""

    def __init__(self, *chunks: Any, error: Exception | None = None, closing: Exception | None = None) -> None:
        self.taken, self.closed = 0, 0
        self._chunks, self._error, self._closing = chunks, error, closing

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk
        if self._error:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[Any]:
        for each in self:
            yield each

    def close(self) -> None:
        self.closed += 1
        if self._closing:
            raise self._closing

    async def aclose(self) -> None:
        self.close()
