"""What a sandbox costs beside a bare application, and what 100,000 messages in its file cost it.

The bare application is a Starlette route that reads the same form and answers a constant of the same size, served by uvicorn with
the same parser of HTTP. Both are in processes of their own, and asked by the same loop, which writes requests and counts answers and
so is not what is measured. A figure is a ratio as everywhere here, but for the two times that one waits for a start.

`python -m benchmarks.sandbox`; for one part: `--only sending`.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qsl, urlencode

from benchmarks.rounds import Figure, in_turns, ratios, tell

ROOT: Final = Path(__file__).parent.parent
PATH: Final = "/sc/us/alert/json"
KEY: Final = "abcd1234"
SECRET: Final = "api-secret"  # noqa: S105  # of nobody
CONNECTIONS: Final = 16
SENDS: Final = 300
"""Alerts in a round."""
ROUNDS: Final = 25
STORED: Final = 100_000
PHONES: Final = 500


def main() -> None:
    """Measures, and prints the table; or serves, as the processes that are measured do."""
    arguments = argparse.ArgumentParser(description="What a sandbox costs.")
    arguments.add_argument("--only", choices=("starting", "sending", "full"), help="one part of the table")
    arguments.add_argument("--serve", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve))
        return
    parts: dict[str, Callable[[Path], list[Figure]]] = {"starting": starting, "sending": sending, "full": full}
    with tempfile.TemporaryDirectory() as folder:
        chosen = [part for name, part in parts.items() if given.only in {None, name}]
        tell([figure for part in chosen for figure in part(Path(folder))])


# ---- what is measured ------------------------------------------------------------------------------------------------


def starting(folder: Path) -> list[Figure]:
    """What one waits for until a sandbox answers."""
    from shortcodekit.sandbox import Sandbox  # noqa: PLC0415  # the servers' processes do without

    def command() -> float:
        words = [sys.executable, "-m", "shortcodekit", "sandbox", "--port", "0", "--db", str(folder / "started")]
        start = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout  # noqa: S101  # asked for in the line above
            assert process.stdout.readline().startswith("sandbox ready")  # noqa: S101  # else there is no figure
            passed = time.perf_counter() - start
            process.terminate()
            process.stdout.read()
        return passed

    def inside() -> float:
        sandbox = Sandbox()
        start = time.perf_counter()
        sandbox.start()
        passed = time.perf_counter() - start
        sandbox.stop()
        return passed

    times = in_turns(7, 1, command, inside)
    return [
        Figure("seconds until the command is ready", [each[0] for each in times], at_most=2),
        Figure("seconds until a Sandbox in a test is", [each[1] for each in times], at_most=0.05),
    ]


def sending(folder: Path) -> list[Figure]:
    """Alerts by POST over connections that are kept. A rate is as many times higher as the time is shorter."""
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        ports = [stack.enter_context(served(what)) for what in ("bare", "memory", f"file:{folder / 'sending'}")]
        sent = [partial(_run, runner, port) for port in ports]
        in_turns(2, 1, *sent)
        times = in_turns(ROUNDS, 1, *sent)
    return [
        Figure("rate of alerts, in memory, beside a bare route", ratios(times, 0, 1), at_least=0.6),
        Figure("  the same with a file", ratios(times, 0, 2), at_least=0.3),
        Figure("  alerts per second: bare", [SENDS / each[0] for each in times]),
        Figure("  alerts per second: in memory", [SENDS / each[1] for each in times]),
        Figure("  alerts per second: with a file", [SENDS / each[2] for each in times]),
    ]


def full(folder: Path) -> list[Figure]:
    """The same sandbox with little and with much in its file: sending, and what the page asks for first."""
    figures = []
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        ports = [stack.enter_context(served(what)) for what in (f"file:{folder / 'few'}", f"full:{folder / 'many'}")]
        sent = [partial(_run, runner, port) for port in ports]
        in_turns(3, 1, *sent)
        times = in_turns(ROUNDS, 1, *sent)
        figures.append(Figure(f"one alert, {STORED:,} messages stored", ratios(times, 1, 0), at_most=1.3))
        for path in ("/", "/_sandbox/phones", "/_sandbox/messages", "/_sandbox/requests"):
            timed = [partial(_run, runner, port, path) for port in ports]
            in_turns(1, 1, *timed)
            figures.append(Figure(f"  GET {path}", ratios(in_turns(ROUNDS, 1, *timed), 1, 0), at_most=1.3))
    return figures


# ---- asking ----------------------------------------------------------------------------------------------------------

_numbers: Final = count()


def _run(runner: asyncio.Runner, port: int, path: str | None = None) -> float:
    return runner.run(posting(port) if path is None else asking(port, path))


async def posting(port: int) -> float:
    """How long a round of alerts takes."""
    return await _timed(port, (_alert(next(_numbers)) for _ in range(SENDS)), CONNECTIONS)


async def asking(port: int, path: str) -> float:
    """How long it takes to be given `path` a few times."""
    return await _timed(port, (b"GET %b HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" % path.encode() for _ in range(5)), 1)


async def _timed(port: int, requests: Iterator[bytes], connections: int) -> float:
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(partial(_Asking, requests), "127.0.0.1", port) for _ in range(connections)]
    start = time.perf_counter()
    for _, asking in opened:
        asking.next()
    await asyncio.gather(*(asking.over for _, asking in opened))
    passed = time.perf_counter() - start
    for transport, _ in opened:
        transport.close()
    return passed


def _alert(number: int) -> bytes:
    form = urlencode(
        {
            "api_key": KEY,
            "api_secret": SECRET,
            "to": f"1636555{number % PHONES:04}",
            "template": "2",
            "client-ref": f"incident-{number}",
            "server": "host3",
            "link": "https://example.com/host3/mon",
        }
    ).encode()
    head = b"POST %b HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n"
    return head % (PATH.encode(), len(form)) + form


class _Asking(asyncio.Protocol):
    """Writes a request as soon as the one before is answered."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._arrived = b""
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where requests go."""
        self._transport = cast(asyncio.Transport, transport)

    def next(self) -> None:
        """Writes the next request, if there is one."""
        request = next(self._requests, None)
        if request is None:
            self.over.set_result(None)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Looks whether the answer is whole."""
        self._arrived += data
        head, end, body = self._arrived.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if end and len(body) == int(length):
            if not head.startswith(b"HTTP/1.1 200") or b'"error-text"' in body[:300]:
                self.over.set_exception(RuntimeError(f"not the answer that was to be measured: {body[:300]!r}"))
                return
            self._arrived = b""
            self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends: nothing more will come."""
        if not self.over.done():
            self.over.set_exception(exc or ConnectionResetError())


# ---- serving ---------------------------------------------------------------------------------------------------------


@contextmanager
def served(what: str) -> Iterator[int]:
    """A server in a process of its own, and its port."""
    command = [sys.executable, "-m", "benchmarks.sandbox", "--serve", what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout  # noqa: S101  # asked for in the line above
        yield int(process.stdout.readline())
        process.communicate()


async def serve(what: str) -> None:
    """Prints the port, and serves until the input ends."""
    import uvicorn  # noqa: PLC0415  # slow to import, and not of the loop that asks

    from shortcodekit.sandbox import Settings  # noqa: PLC0415  # as above
    from shortcodekit.sandbox.instance import Instance  # noqa: PLC0415
    from shortcodekit.sandbox.server import listening  # noqa: PLC0415

    kind, _, file = what.partition(":")
    if kind == "bare":
        listener = listening("127.0.0.1", 0)
        settings = {"http": "h11", "lifespan": "off", "log_level": "critical", "access_log": False}
        server = uvicorn.Server(uvicorn.Config(bare(), **settings))  # type: ignore[arg-type]  # they are those it has
        serving = asyncio.get_running_loop().create_task(server.serve([listener]))
        print(listener.getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving
        return
    instance = Instance(Settings(api_key=KEY, api_secret=SECRET), db=file or None)
    if kind == "full":
        fill(instance)
    await instance.start()
    print(instance.url.rpartition(":")[2], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def bare() -> Callable[..., object]:
    """The least that reads an alert and answers it."""
    from starlette.applications import Starlette  # noqa: PLC0415  # as above
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    from benchmarks.server import BODY  # noqa: PLC0415

    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        return Response(BODY if form["to"] else b"", media_type="application/json")

    return Starlette(routes=[Route(PATH, answer, methods=["POST"])])


def fill(instance: object) -> None:
    """Puts messages into a sandbox, each with a receipt that was taken, without asking for them one by one."""
    from shortcodekit.sandbox.instance import Instance  # noqa: PLC0415  # as above
    from shortcodekit.sandbox.outcomes import Event, Message  # noqa: PLC0415

    assert isinstance(instance, Instance)  # noqa: S101  # what else
    store = instance.service.store
    with store.writing():
        for number in range(STORED):
            phone, part = f"1636{number % 50_000:07}", {"status": "0", "message-id": f"{number:016X}", "to": "x" * 11}
            more = {"template": 2, "parts": [part], "client_ref": f"incident-{number}"}
            message = Message("outbound", "alerts", "sms", phone, "96167", "host3 is up again", more)
            event = Event(
                "delivery-receipt", {"msisdn": phone, "status": "delivered"}, 0, "delivered", "0", part["message-id"]
            )
            store.add(message, [(event, 0.0)], time.time(), 1)
        store._file.execute("UPDATE events SET state = 'taken', due = NULL, attempts = 1")  # noqa: SLF001  # made up here


if __name__ == "__main__":
    main()
