"""The receivers of the guides run as a user would run them: their files, under the servers of their frameworks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from redis import Redis

from shortcodekit.contract import check, receiver_laws
from tests.files import edit
from tests.guides import LONGEST, Program, lay_out, program, signed
from tests.redis_server import NEEDS_REDIS, RedisServer, redis_server

SECRET = f"secret-{uuid.uuid4()}"


def receipt() -> dict[str, str]:
    return {
        "msisdn": "16365553226",
        "to": "12345",
        "messageId": "0A0000000123ABCD",
        "status": "DELIVERED",
        "scts": "2001011200",
    }


def stop(message: str) -> dict[str, str]:
    return {"msisdn": "15559301529", "to": "12345", "messageId": message, "text": "STOP", "keyword": "STOP"}


@contextmanager
def served(folder: Path, *command: str, **environment: str) -> Iterator[tuple[Program, httpx.Client]]:
    """A server of the files in `folder`, and a client of it."""
    settings = {
        "SIGNATURE_SECRET": SECRET,
        "SIGNATURE_METHOD": "sha256",
        "EVENTS_FILE": str(folder / "events.db"),
        **environment,
    }
    with (
        program(folder, *command, **settings) as running,
        httpx.Client(base_url=running.address(), trust_env=False, timeout=30) as client,
    ):
        yield running, client


def effects(running: Program) -> list[str]:
    """What the handlers of the guides printed."""
    return [line for line in running.lines() if line.startswith(("16365553226 ", "15559301529 "))]


def receives(running: Program, client: httpx.Client) -> None:
    """Each event has its effect once; what is not signed, or not with this secret, has none."""
    forged = signed(receipt(), "another secret")
    assert client.get("/hooks/dlr", params=receipt()).status_code == 401
    assert client.get("/hooks/dlr", params=forged).status_code == 401
    assert client.post("/hooks/sms", data=stop("1")).status_code == 401
    assert client.post("/hooks/sms", data={**signed(stop("1"), SECRET), "msisdn": "15559301530"}).status_code == 401
    assert effects(running) == []

    taken = client.get("/hooks/dlr", params=signed(receipt(), SECRET))
    assert (taken.status_code, taken.content) == (200, b"")
    assert client.post("/hooks/sms", data=signed(stop("1"), SECRET)).status_code == 200
    once = ["16365553226 delivered", "15559301529 opted out"]
    assert effects(running) == once

    assert client.get("/hooks/dlr", params=signed(receipt(), SECRET)).status_code == 200
    assert client.post("/hooks/dlr", json=signed(receipt(), SECRET)).status_code == 200
    assert client.get("/hooks/sms", params=signed(stop("1"), SECRET)).status_code == 200
    assert client.get("/hooks/sms", params=forged).status_code == 401
    assert effects(running) == once

    malformed = client.get("/hooks/dlr", params=signed({"msisdn": "16365553226"}, SECRET))
    assert (malformed.status_code, malformed.json()["detail"]) == (
        400,
        "delivery-receipt: status: required, but missing",
    )
    assert client.put("/hooks/dlr", params=signed(receipt(), SECRET)).status_code == 405
    assert client.get("/hooks/elsewhere").status_code == 404
    too_large = signed({**stop("1"), "text": "x" * (256 * 1024)}, SECRET)
    assert client.post("/hooks/sms", data=too_large).status_code == 413
    assert effects(running) == once
    keeps_the_laws(client)


def keeps_the_laws(client: httpx.Client) -> None:
    """Receipts are received as the laws of receivers say, in the query and in the body."""
    laws = receiver_laws(
        str(client.base_url),
        event="delivery-receipt",
        path="/hooks/dlr",
        encodings=["query", "application/json"],
        signature_secret=SECRET,
        signature_method="sha256",
        examples=5,
        timeout=LONGEST,
    )
    try:
        report = check(laws)
    finally:
        laws[0].bench.target.close()
    assert report.holds, [law.told(each.broken) for law, each in zip(laws, report.outcomes, strict=True) if each.broken]
    assert not any(each.skipped for each in report.outcomes)


@pytest.mark.parametrize("framework", ["Starlette", "FastAPI"])
def test_a_receiver_is_mounted_in_starlette_and_fastapi(framework: str, tmp_path: Path) -> None:
    lay_out("docs/receivers-starlette.md", tmp_path, choose=f"import {framework}\n")
    with served(tmp_path, "uvicorn", "app:app", "--port", "0") as (running, client):
        receives(running, client)


def test_what_was_handled_is_known_after_a_restart(tmp_path: Path) -> None:
    lay_out("docs/receivers-starlette.md", tmp_path)
    for handled in (["15559301529 opted out"], []):
        with served(tmp_path, "uvicorn", "app:app", "--port", "0") as (running, client):
            assert client.post("/hooks/sms", data=signed(stop("1"), SECRET)).status_code == 200
            assert effects(running) == handled


@pytest.mark.parametrize("way", ["DispatcherMiddleware", "receiver.handle"])
def test_a_receiver_is_mounted_in_flask_or_answers_in_a_view(way: str, tmp_path: Path) -> None:
    lay_out("docs/receivers-flask.md", tmp_path, choose=way)
    with served(tmp_path, "flask", "run", "--port", "0") as (running, client):
        receives(running, client)


@pytest.mark.parametrize(
    ("command", "way"),
    [
        (("manage", "runserver", "--noreload", "127.0.0.1:0"), "receiver.handle("),
        (("uvicorn", "mysite.asgi:application", "--port", "0"), "receiver.handle_async("),
    ],
    ids=["wsgi", "asgi"],
)
def test_a_receiver_answers_in_a_view_of_django(command: tuple[str, ...], way: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", tmp_path], check=True)
    lay_out("docs/receivers-django.md", tmp_path, choose=way)
    with (tmp_path / "mysite/settings.py").open("a") as settings:
        settings.write('DATABASES["default"]["ATOMIC_REQUESTS"] = True\n')
    edit(
        tmp_path / "mysite/hooks.py",
        "    print(receipt.msisdn, receipt.status)\n",
        "    from django.db import connection\n"
        "    print(receipt.msisdn, 'lost' if connection.in_atomic_block else receipt.status)\n",
    )
    with served(tmp_path, *command) as (running, client):
        receives(running, client)


# ---- a queue ---------------------------------------------------------------------------------------------------------

WORKER = ("celery", "--app", "tasks", "worker", "--loglevel", "INFO", "--without-mingle")


def _places(server: RedisServer) -> dict[str, str]:
    return {"BROKER_URL": server.url, "REPLAY_URL": server.url.removesuffix("0") + "1"}


def _receiver(folder: Path, server: RedisServer) -> AbstractContextManager[tuple[Program, httpx.Client]]:
    return served(folder, "uvicorn", "hooks:app", "--port", "0", **_places(server))


def _worker(folder: Path, server: RedisServer, *processes: str) -> AbstractContextManager[Program]:
    return program(folder, *WORKER, *processes, **_places(server))


@NEEDS_REDIS
def test_a_worker_behind_a_queue_handles_each_event_once(tmp_path: Path) -> None:
    lay_out("docs/receivers-queues.md", tmp_path)
    with (
        redis_server() as server,
        _receiver(tmp_path, server) as (_, client),
        _worker(tmp_path, server, "--pool", "solo") as worker,
    ):
        assert client.post("/hooks/sms", data=stop("1")).status_code == 401
        assert client.post("/hooks/sms", data=signed(stop("1"), "another secret")).status_code == 401
        for _ in range(3):
            assert client.post("/hooks/sms", data=signed(stop("1"), SECRET)).status_code == 200
        worker.wait_for(r"Task tasks.handle\S+ succeeded in \S+ (True)")

        replay = Redis.from_url(_places(server)["REPLAY_URL"])
        marks = [key for key in replay.scan_iter() if b":worker:" not in key]
        assert replay.delete(*marks) == 1  # the receiver forgets, and puts the event into the queue again
        replay.close()
        assert client.get("/hooks/sms", params=signed(stop("1"), SECRET)).status_code == 200
        worker.wait_for(r"Task tasks.handle\S+ succeeded in \S+ (False)")

        assert client.post("/hooks/sms", data=signed(stop("2"), SECRET)).status_code == 200
        worker.wait_for(r"Task tasks.handle\S+ succeeded in \S+ (True)", 2)
        worker.wait_for(r"(15559301529 opted out)\n", 2)
        said = "\n".join(worker.lines())
        assert (said.count("opted out"), said.count(" received\n")) == (2, 3)

        server.kill()
        assert client.post("/hooks/sms", data=signed(stop("3"), SECRET)).status_code == 503


@NEEDS_REDIS
def test_a_worker_does_again_what_failed_and_what_was_killed(tmp_path: Path) -> None:
    lay_out("docs/receivers-queues.md", tmp_path)
    edit(tmp_path / "tasks.py", '["REPLAY_URL"])', '["REPLAY_URL"], lease=1)')
    edit(
        tmp_path / "tasks.py",
        "    if webhooks.advice(sms)",
        "    import os, pathlib, time\n"
        "    begun = pathlib.Path('begun')\n"
        "    times = len(begun.read_text()) if begun.exists() else 0\n"
        "    begun.write_text('.' * (times + 1))\n"
        "    if times == 0:\n"
        "        raise ConnectionError\n"
        "    if times == 1:\n"
        "        print(f'in the hand of {os.getpid()}')\n"
        "        time.sleep(600)\n"
        "    if webhooks.advice(sms)",
    )
    with (
        redis_server() as server,
        _receiver(tmp_path, server) as (_, client),
        _worker(tmp_path, server, "--concurrency", "1") as worker,
    ):
        assert client.post("/hooks/sms", data=signed(stop("1"), SECRET)).status_code == 200
        os.kill(int(worker.wait_for(r"in the hand of (\d+)\n")), signal.SIGKILL)
        worker.wait_for(r" (15559301529 opted out)\n")
        worker.wait_for(r"Task tasks.handle\S+ succeeded in \S+ (True)")


@NEEDS_REDIS
def test_the_service_is_told_to_come_again_when_the_queue_takes_nothing(tmp_path: Path) -> None:
    lay_out("docs/receivers-queues.md", tmp_path)
    with redis_server() as server:
        places = {**_places(server), "BROKER_URL": "redis://127.0.0.1:9/0"}
        with served(tmp_path, "uvicorn", "hooks:app", "--port", "0", **places) as (running, client):
            assert client.post("/hooks/sms", data=signed(stop("1"), SECRET)).status_code == 500
            running.wait_for("(the handler of /hooks/sms failed; the event will come again)")
