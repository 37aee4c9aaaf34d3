"""The HTTP side of the generated calls: a client that holds httpx's clients, and the reading of answers.

A call builds its request from models, sends it once, and reads the answer by its status: nothing is retried, no default
is put on the wire, and redirects are not followed. Authentication is an `httpx.Auth`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import httpx
from attrs import frozen

from .encodings import decode_json
from .invalid import InvalidDocument
from .xml import Element, decode_xml

T = TypeVar("T")

DEFAULT_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
"""Seconds: 10 to connect, 30 for each read or write. The service itself documents no bound."""


class UndocumentedAnswer(Exception):
    """An answer that the spec does not have: an unknown status, or content of another form.

    Raised by `sync` and `asyncio`; their `_detailed` twins return the answer with `parsed` unset instead. Whether the
    request was carried out is not known. The message holds status, content type and the reason, not the content.
    """

    def __init__(self, response: Response[Any]) -> None:
        self.response = response
        kind = response.headers.get("content-type", "no content type")
        reason = response.problem or "the spec has no such status"
        super().__init__(f"HTTP {response.status_code} ({kind}, {len(response.content)} bytes): {reason}")


@frozen
class Response(Generic[T]):
    """An answer: as it arrived, and as the spec reads it."""

    status_code: int
    headers: httpx.Headers
    content: bytes
    parsed: T | None
    """The model for this status; None when the spec has no such status or `content` is not of its form."""
    problem: InvalidDocument | None = None
    """Why `content` could not be read, when the spec has the status."""

    def answer(self) -> T:
        """`parsed`, or `UndocumentedAnswer` when there is none."""
        if self.parsed is None:
            raise UndocumentedAnswer(self)
        return self.parsed


@frozen
class Answer:
    """What the spec says of one status: how to read its document, and the document's XML table if it has one."""

    read: Callable[[Any], Any]
    xml: Element | None = None


def read_response(response: httpx.Response, answers: Mapping[int, Answer]) -> Response[Any]:
    """The answer as the spec reads it, see `read_answer`."""
    return read_answer(response.status_code, response.headers, response.content, answers)


def read_answer(
    status_code: int, headers: httpx.Headers, content: bytes, answers: Mapping[int, Answer]
) -> Response[Any]:
    """The answer as the spec reads it, of what arrived in any way. Nothing is raised: `problem` says what is wrong.

    The document's first character, not the content type, tells XML from JSON.
    """
    parsed = problem = None
    answer = answers.get(status_code)
    if answer:
        try:
            if answer.xml and content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
                parsed = answer.read(decode_xml(content.removeprefix(b"\xef\xbb\xbf"), answer.xml))
            else:
                parsed = answer.read(decode_json(content))
        except InvalidDocument as error:
            problem = error
    return Response(status_code, headers, content, parsed, problem)


class BaseClient:
    """Holds an `httpx.Client` and an `httpx.AsyncClient`, each made when first used.

    Parameters: `base_url`, where the service is; `auth`, an `httpx.Auth` or what httpx makes one of; `timeout` in seconds
    or as `httpx.Timeout`; `httpx_args`, further arguments for both httpx clients, such as `headers`. As a context manager it
    closes the client in use. Its `repr` shows the address without its user part, and nothing else.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | tuple[str, str] | None = None,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        httpx_args: Mapping[str, Any] | None = None,
    ) -> None:
        self._args: dict[str, Any] = {"base_url": base_url, "auth": auth, "timeout": timeout, **(httpx_args or {})}
        self._sync: httpx.Client | None = None
        self._async: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        url = httpx.URL(self._args["base_url"]).copy_with(userinfo=b"", query=None, fragment=None)
        return f"{type(self).__name__}({str(url)!r})"

    def get_httpx_client(self) -> httpx.Client:
        """The `httpx.Client` that the `sync` calls use."""
        if self._sync is None:
            self._sync = httpx.Client(**self._args)
        return self._sync

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """The `httpx.AsyncClient` that the `asyncio` calls use."""
        if self._async is None:
            self._async = httpx.AsyncClient(**self._args)
        return self._async

    def __enter__(self) -> Self:
        self.get_httpx_client()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.get_httpx_client().close()

    async def __aenter__(self) -> Self:
        self.get_async_httpx_client()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.get_async_httpx_client().aclose()
