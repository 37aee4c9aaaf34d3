"""A Redis of a test's own: on a free port of this machine, without persistence, to be killed, restarted and paused.

The port is taken from below those that the system gives to connections, so that nobody takes it while the server is down. Which
server answers is known by its process. Where `redis-server` is not installed, `NEEDS_REDIS` skips the test and says why.
"""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from attrs import define

BINARY: Final = shutil.which("redis-server")
NEEDS_REDIS: Final = pytest.mark.skipif(BINARY is None, reason="redis-server is not installed on this machine")
PORTS: Final = range(20000, 32000)
PATIENCE: Final = 30.0
"""Seconds until a server that starts has to answer, however busy the machine is; and until one that is paused goes on."""


@define
class RedisServer:
    """Where it is, and its life."""

    folder: str
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it, at the port that it had, and empty; returns when it answers."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            port = self.port or random.SystemRandom().choice(PORTS)
            self._process = self._started(port)
            if self._begins(port, ends):
                self.port = port
                return
            self._end()
        raise AssertionError("redis-server does not start")

    def kill(self) -> None:
        """Ends it at once; what it knew is gone."""
        self._end()

    def restart(self) -> None:
        self.kill()
        self.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections and answers nothing, as long as the context lasts; not for ever, so that no test hangs."""
        process = self._process
        assert process is not None
        end = threading.Timer(PATIENCE, process.send_signal, [signal.SIGCONT])
        end.start()
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            end.cancel()
            process.send_signal(signal.SIGCONT)

    def answers(self, port: int = 0) -> bool:
        """Whether this very process answers now, at the port that it has or at the one that it is to have."""
        assert self._process is not None
        known_as = f"process_id:{self._process.pid}\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", port or self.port), 1) as connection:
                connection.sendall(b"INFO server\r\n")
                return known_as in connection.recv(65536)
        except OSError:
            return False

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        assert BINARY is not None
        options = {"port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder}
        command = [BINARY, *(word for name, value in options.items() for word in (f"--{name}", value))]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _begins(self, port: int, ends: float) -> bool:
        """Whether this very process comes to answer; a port that is someone else's makes it end."""
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < ends:
            if self.answers(port):
                return True
            time.sleep(0.005)
        return False

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server that answers, as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
