"""What tests of `shortcodekit check` share: the command, receivers on loopback that keep what they are sent, and a shell."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from attrs import Factory, define
from click.testing import CliRunner, Result

from contract_tests.defects.plain import Plain, Wsgi, wsgi_request
from contract_tests.loopback import served
from shortcodekit.cli.command import shortcodekit
from shortcodekit.webhooks import Request, Response

SECRET: Final = "signature-canary-41"
RECEIPT: Final = "delivery-receipt"
App = Callable[..., Any]
QUICK: Final = ("--encoding", "query", "--examples", "3")


def check(*arguments: str) -> Result:
    """What the command says and how it ends."""
    return CliRunner().invoke(shortcodekit, ["check", *arguments])


@contextmanager
def awaited(app: App) -> Iterator[str]:
    """The address of a server with an ASGI application in it, on a socket that uvicorn opens itself, which then answers without delay."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off"))
    thread, until = threading.Thread(target=server.run, daemon=True), time.monotonic() + 20
    thread.start()
    try:
        while not server.started and time.monotonic() < until:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def receiver(app: App, *arguments: str, event: str = RECEIPT, path: str = "/hook") -> Result:
    """The verdict on an application, served on loopback."""
    with served(app) as base:
        return check("receiver", f"{base}{path}", "--event", event, *arguments)


def right(event: str = RECEIPT, secret: str | None = None) -> App:
    return Wsgi(Plain(event, secret))


@define
class Gate:
    """An application in front of another: it keeps requests, and answers those itself for which `answers` has an answer."""

    answers: Callable[[Request], Response | None] = lambda _: None
    inner: App = Factory(right)
    kept: list[Request] = Factory(list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = wsgi_request(environ)
        self.kept.append(request)
        answer = self.answers(request)
        if answer is None:
            environ["wsgi.input"] = _Again(request.body)
            return self.inner(environ, start_response)
        start_response(f"{answer.status} Told", list(answer.headers.items()))
        return [answer.body]


class _Again:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, _: int = -1) -> bytes:
        return self.content


def refusing(word: bytes, response: Response) -> Gate:
    """One that answers every event that has a word in it with `response`."""
    return Gate(lambda each: response if word in each.query.encode() + each.body.lower() else None)


def run_curl(told: str, **variables: str) -> str:
    """The first line that comes back when the only curl command in `told` is pasted into a shell."""
    (command,) = re.findall(r"^  \$ (curl .*)$", told, re.MULTILINE)
    ran = subprocess.run(
        ["/bin/bash", "-uc", command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return ran.stdout.splitlines()[0]


def failed(ended: Result) -> str:
    """What is told when nothing could be judged."""
    assert (ended.exit_code, ended.stdout) == (2, ""), ended.output
    return ended.stderr
