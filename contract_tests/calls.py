"""The generated calls, found by looking: each operation's module, called as a user would, sync and async.

The peer behind the calls is a transport that captures requests as they would travel, and answers what it is told.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from typing import Any, Final

import httpx
from attrs import Factory, define, frozen

from .apis import OPERATIONS, Operation, component
from .judge import Request
from .loopback import Answer

FUNCTIONS: Final = ("sync", "sync_detailed", "asyncio", "asyncio_detailed")


@frozen(slots=False, eq=False)
class Call:
    """The generated module of one operation."""

    operation: Operation

    @cached_property
    def module(self) -> ModuleType:
        (name,) = [
            name
            for name in call_modules(self.operation)
            if _plain(name.rpartition(".")[2]) == _plain(self.operation.name)
        ]
        return importlib.import_module(name)

    @cached_property
    def path_arguments(self) -> Mapping[str, str]:
        """The name of each path parameter's argument."""
        parameters = [each["name"] for each in self.operation.parameters if each["in"] == "path"]
        return {name: next(each for each in self._arguments if _plain(each) == _plain(name)) for name in parameters}

    @cached_property
    def payload(self) -> str:
        """The name of the argument that takes the model."""
        (name,) = self._arguments - {"client", *self.path_arguments.values()}
        return name

    @property
    def schema(self) -> str:
        """The component that the call sends."""
        operation = self.operation
        return component(operation.query or next(iter(operation.bodies.values())))

    @property
    def paths(self) -> list[dict[str, str]]:
        """Every combination of path parameters, which are all enumerated."""
        parameters = [each for each in self.operation.parameters if each["in"] == "path"]
        choices = [
            [(each["name"], value) for value in self.operation.api.resolve(each["schema"])["enum"]]
            for each in parameters
        ]
        return [dict(each) for each in itertools.product(*choices)]

    @property
    def _arguments(self) -> set[str]:
        return set(inspect.signature(self.module.sync).parameters)

    def both(
        self, client: Any, runner: asyncio.Runner, path: Mapping[str, str], model: Any = None, *, detailed: bool = True
    ) -> list[Any]:
        """What the sync and the async call return, or the exception that they raise."""
        end = "_detailed" if detailed else ""
        positional = [path[name] for name in self.path_arguments]
        keywords = {"client": client} | ({} if model is None else {self.payload: model})
        return [
            outcome(lambda: getattr(self.module, f"sync{end}")(*positional, **keywords)),
            outcome(lambda: runner.run(getattr(self.module, f"asyncio{end}")(*positional, **keywords))),
        ]


def call_modules(operation: Operation) -> list[str]:
    """All call modules of the operation's package."""
    package = importlib.import_module(f"{operation.api.package.__name__}.api")
    return [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.") if not each.ispkg]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def outcome(call: Callable[[], Any]) -> Any:
    """What `call` returns, or the exception that it raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # laws say which are right
        return error


CALLS: Final = tuple(Call(operation) for operation in OPERATIONS)


# ---- the peer --------------------------------------------------------------------------------------------------------


@define
class Peer:
    """Captures requests at the transport, and answers."""

    answer: Answer = Factory(lambda: Answer(500))
    headers: dict[str, str] = Factory(dict)
    captured: list[Request] = Factory(list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        names = [name.lower() for name, _ in request.headers.raw]
        assert len(set(names)) == len(names), "a header is given twice"
        target = request.url.raw_path.decode("ascii")
        self.captured.append(Request(request.method, target, dict(request.headers), request.content))
        kind = {"content-type": self.answer.content_type} if self.answer.content_type else {}
        return httpx.Response(self.answer.status, headers={**self.headers, **kind}, content=self.answer.body)

    def take(self) -> list[Request]:
        """The requests since the last call."""
        taken, self.captured = self.captured, []
        return taken


@contextmanager
def connected(
    call: Call, *, base_url: str = "https://peer.test", **client: Any
) -> Iterator[tuple[Peer, Any, asyncio.Runner]]:
    """A client of the call's package whose transport is a `Peer`, and what runs its async calls."""
    peer = Peer()
    with opened(call, base_url, httpx_args={"transport": httpx.MockTransport(peer)}, **client) as (made, runner):
        yield peer, made, runner


@contextmanager
def opened(call: Call, base_url: str, **client: Any) -> Iterator[tuple[Any, asyncio.Runner]]:
    """A client of the call's package for a peer at `base_url`, closed afterwards."""
    made = call.operation.api.package.Client(base_url, **client)
    with asyncio.Runner() as runner, made:
        runner.run(made.__aenter__())
        try:
            yield made, runner
        finally:
            runner.run(made.__aexit__(None, None, None))
