"""Receivers as processes of their own, to be killed at any moment; and what a test needs to start, ask and judge them.

Run as a script this is a nursery: it has loaded everything, and forks a receiver for each line of JSON on its standard input, which
is then up within milliseconds, or kills one. Its receivers end when it does, and it ends with its input.

What happens is noted in one file, to which each process appends whole lines: `begin`, `end` (the effect, there for good) and
`remembered` by the receivers; `killing` and `answered` by the test, the former before it kills and the latter after it has got
the answer. So the order of lines tells what came before what, see `broken_laws`.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import Factory, asdict, define, field, frozen

PATH: Final = "/hooks/receipts"
ROOT: Final = Path(__file__).parent.parent


@frozen
class Settings:
    """How a receiver is to be."""

    store: str
    """`memory`, the path of a file, or the URL of a Redis with the prefix of the keys behind `#`."""
    notes: str
    """The file of what happened."""
    application: str = "wsgi"
    """`wsgi`: a server of threads and a plain handler; `asgi`: uvicorn and an async handler."""
    lease: float = 1.0
    handling: float = 0.0
    """How many seconds the handler takes at most; each event its own part of it."""
    dies: str = ""
    """Where the process kills itself: `after-claim`, `in-handler`, `before-finish`, `after-finish`."""


@define
class Notes:
    """The file of what happened."""

    path: str
    _file: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, what: str, event: str, process: int = 0) -> None:
        os.write(self._file, f"{what} {event} {process}\n".encode())

    def lines(self) -> list[tuple[str, str, int]]:
        lines = Path(self.path).read_text("ascii").splitlines()
        return [(what, event, int(process)) for what, event, process in map(str.split, lines)]

    def at_work(self) -> set[int]:
        """The processes that have begun something and not ended it."""
        begun: dict[tuple[str, int], int] = {}
        for what, event, process in self.lines():
            begun[event, process] = begun.get((event, process), 0) + {"begin": 1, "end": -1}.get(what, 0)
        return {process for (_, process), open_ in begun.items() if open_}

    def count(self, what: str, event: str) -> int:
        return sum(line[:2] == (what, event) for line in self.lines())


# ---- the test's side -------------------------------------------------------------------------------------------------


@frozen
class Worker:
    """A receiver that was started."""

    process: int
    port: int

    def ask(self, event: str, timeout: float = 30.0) -> int | None:
        """The status of the answer; None when nothing came back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", f"{PATH}?msisdn=15550100001&status=delivered&messageId={event}")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


@define
class Nursery:
    """The process that starts receivers."""

    _process: subprocess.Popen[str]
    _lock: threading.Lock = Factory(threading.Lock)

    def start(self, settings: Settings) -> Worker:
        return Worker(**self._tell(asdict(settings)))

    def kill(self, worker: Worker) -> None:
        """Kills a receiver, unless it has killed itself, and returns when it has ended."""
        self._tell({"kill": worker.process})

    def _tell(self, line: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, as long as the context lasts; receivers that are left end with it."""
    command = [sys.executable, "-m", "tests.crash_worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Nursery(process)


def broken_laws(lines: list[tuple[str, str, int]], events: list[str]) -> list[str]:
    """What the notes tell against the receivers: each event's effect is there, and nothing was handled again without need."""
    broken = [f"{event} was never handled" for event in events if not any(line[:2] == ("end", event) for line in lines)]
    killed: set[int] = set()
    handled_by: dict[str, int] = {}
    over: dict[str, str] = {}
    for what, event, process in lines:
        if what == "killing":
            killed.add(process)
        elif what in ("remembered", "answered"):
            over.setdefault(event, what)
        elif what == "begin":
            if event in over:
                broken.append(f"{event} was handled again after it was {over[event]}")
            elif event in handled_by and handled_by[event] not in killed:
                broken.append(f"{event} was handled by {process}, and {handled_by[event]} had it and was alive")
            handled_by[event] = process
    return broken


# ---- the receiver's side ---------------------------------------------------------------------------------------------


def opened(address: str, lease: float) -> Any:
    """The store at `address`, see `Settings`."""
    from shortcodekit.webhooks import MemoryStore, SqliteStore

    url, _, prefix = address.partition("#")
    if prefix:
        from shortcodekit.webhooks.stores.redis import RedisStore

        return RedisStore(url, prefix=prefix, lease=lease)
    return MemoryStore() if address == "memory" else SqliteStore(address, lease=lease)


@define
class Watched:
    """A store that notes what it remembers, and kills the process where that is asked for."""

    settings: Settings
    notes: Notes
    names: dict[str | None, str] = Factory(dict)
    """The events by their keys."""
    store: Any = field(init=False)
    blocks: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.store = opened(self.settings.store, self.settings.lease)
        self.blocks = self.store.blocks

    def dies(self, point: str) -> None:
        if self.settings.dies == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def claim(self, key: str, owner: str) -> Any:
        state = self.store.claim(key, owner)
        if state.value == "claimed":
            self.dies("after-claim")
        return state

    def finish(self, key: str, owner: str, seconds: float) -> None:
        self.dies("before-finish")
        self.store.finish(key, owner, seconds)
        self.notes.add("remembered", self.names[key], os.getpid())
        self.dies("after-finish")

    def release(self, key: str, owner: str, seconds: float) -> None:
        self.store.release(key, owner, seconds)


def receiver_of(settings: Settings) -> Any:
    """A receiver whose handler's effect is a line in the notes."""
    from shortcodekit.webhooks import Event, Receiver

    notes = Notes(settings.notes)
    store = Watched(settings, notes)
    receiver = Receiver(verify=None, replay=store)

    def begin(event: Event) -> tuple[str, float]:
        name = str(event.model.message_id)
        store.names[event.key] = name
        notes.add("begin", name, os.getpid())
        store.dies("in-handler")
        return name, settings.handling * (zlib.crc32(name.encode()) % 100) / 100

    def handle(event: Event) -> None:
        name, seconds = begin(event)
        time.sleep(seconds)
        notes.add("end", name, os.getpid())

    async def handle_async(event: Event) -> None:
        import asyncio

        name, seconds = begin(event)
        await asyncio.sleep(seconds)
        notes.add("end", name, os.getpid())

    receiver.accept("delivery-receipt", PATH)(handle_async if settings.application == "asgi" else handle)
    return receiver


def serve(settings: Settings, listening: socket.socket) -> None:
    """Serves until the process is killed."""
    receiver = receiver_of(settings)
    if settings.application == "asgi":
        import uvicorn

        uvicorn.Server(uvicorn.Config(receiver.asgi, interface="asgi3", log_level="critical")).run(sockets=[listening])
        return
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the library names it
            """Nothing: what happens is in the notes."""

    server = Server(listening.getsockname(), Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = listening.getsockname()
    server.setup_environ()
    server.set_app(receiver.wsgi)
    server.serve_forever()


def main() -> None:
    import wsgiref.simple_server  # noqa: F401  # as above

    import redis  # noqa: F401  # loaded here, once
    import uvicorn  # noqa: F401  # as above

    import shortcodekit.webhooks  # noqa: F401  # as above

    life = os.pipe()
    for text in sys.stdin:
        line = json.loads(text)
        if "kill" in line:
            os.kill(line["kill"], signal.SIGKILL)  # it cannot be another one: nobody has waited for it
            os.waitpid(line["kill"], 0)
            print(json.dumps(line), flush=True)
        else:
            print(json.dumps(born(Settings(**line), life)), flush=True)


def born(settings: Settings, life: tuple[int, int]) -> dict[str, int]:
    """Forks a receiver, which ends when nobody holds the writing end of `life` any more."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        process = os.fork()
        if process:
            return {"process": process, "port": listening.getsockname()[1]}
        os.close(life[1])
        threading.Thread(target=lambda: (os.read(life[0], 1), os._exit(0)), daemon=True).start()
        try:
            serve(settings, listening)
        finally:
            os._exit(1)


if __name__ == "__main__":
    main()
