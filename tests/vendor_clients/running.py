"""The vendor's clients, each running in its own environment, and called from here."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from tests.vendor_clients.environments import HERE, node_with_clients, python_with
from tests.vendor_clients.forwarder import Forwarder

PYTHON: Final = {
    "python-nexmo-1": "nexmo-1-vonage-3",
    "python-nexmo-2": "nexmo-2-vonage-4",
    "python-vonage-3": "nexmo-1-vonage-3",
    "python-vonage-4": "nexmo-2-vonage-4",
}
"""Clients, and the requirements of the environment that each is installed in."""
LONGEST: Final = 60.0
"""Seconds that a call may take, on a machine however busy."""

ALERT: Final = frozenset({"alert"})
OPT_IN: Final = frozenset({"opt_outs", "resubscribe"})
SIGNED: Final = frozenset({"signed_alert"})
BASIC: Final = frozenset({"message_with_key_and_secret"})
TOKEN: Final = frozenset({"message"})
CAN: Final[Mapping[str, frozenset[str]]] = {
    "python-nexmo-1": ALERT | OPT_IN,
    "python-nexmo-2": ALERT | OPT_IN | SIGNED,
    "python-vonage-3": ALERT | OPT_IN | SIGNED | BASIC | TOKEN,
    "python-vonage-4": ALERT | OPT_IN | SIGNED | BASIC | TOKEN,
    "node-easynexmo": ALERT,
    "node-nexmo-1": ALERT,
    "node-nexmo-2-beta": ALERT | OPT_IN | BASIC | TOKEN,
    "node-nexmo-2-beta-signing": SIGNED | TOKEN,
    "node-nexmo-2": ALERT | OPT_IN | SIGNED | BASIC,
    "node-vonage-2-beta": ALERT | OPT_IN | SIGNED | BASIC | TOKEN,
    "node-vonage-2": ALERT | OPT_IN | SIGNED | BASIC,
}
"""What each client can be asked for. It says so itself when it starts, and is believed only if it says this."""


@define
class Answer:
    """What a client returned, or what it raised or called back as an error."""

    returned: Any = None
    raised: Any = None
    said: str = ""


@define
class Client:
    """A client that runs."""

    name: str
    forwarder: Forwarder
    _process: subprocess.Popen[str] = field(repr=False)

    def call(self, name: str, argument: Mapping[str, Any]) -> Answer:
        """What the client makes of a call."""
        return Answer(**self._answer([name, argument]))

    def sends(self, name: str, argument: Mapping[str, Any]) -> bytes:
        """The bytes that a call sends."""
        self.forwarder.taken()
        self.call(name, argument)
        return self.forwarder.taken()

    def _answer(self, said: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{json.dumps(said)}\n")
            self._process.stdin.flush()
        end = threading.Timer(LONGEST, self._process.kill)  # some never call back when an answer breaks off
        end.start()
        line = self._process.stdout.readline()
        end.cancel()
        assert line, f"{self.name} has ended, or did not answer; its errors stand above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running(name: str, given: Mapping[str, str], forwarder: Forwarder) -> Iterator[Client]:
    """The client of this name, as long as the context lasts; the test is skipped where it cannot be installed."""
    language, _, short = name.partition("-")
    if language == "python":
        command, folder = [str(python_with(PYTHON[name])), str(HERE / "python_calls.py")], HERE
    else:
        node, folder = node_with_clients()
        command = [str(node), str(HERE / "node_calls.js")]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_surroundings(forwarder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        client = Client(name, forwarder, process)
        try:
            calls = client._answer({**given, "client": short, "port": forwarder.port})["returned"]
            assert set(calls) == CAN[name]
            yield client
        finally:
            process.kill()
            with suppress(BrokenPipeError):  # it may have ended before it was told all
                process.communicate()


def _surroundings(forwarder: Forwarder) -> dict[str, str]:
    """Environment variables: whatever host a client wants, it gets to the forwarder, and trusts its certificate."""
    proxy, certificate = f"http://127.0.0.1:{forwarder.port}", str(Path(forwarder.certificate).absolute())
    return {
        "PATH": os.environ["PATH"],
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": "http://127.0.0.1:9",  # no client that says http asks for a host elsewhere
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": certificate,
        "NODE_EXTRA_CA_CERTS": certificate,
        "NODE_USE_ENV_PROXY": "1",
        "NODE_NO_WARNINGS": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
