"""Clients in a program: made at import time, shared by threads and tasks, closed, and given up half-way."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from shortcodekit import Alert, AlertsClient, AsyncAlertsClient, AsyncOptInClient, CallReport, KeySecret, OptInClient
from shortcodekit.errors import InvalidRequest, TransportFailure
from tests.faults import refusing
from tests.service import Asked, Service

AUTH = KeySecret("abcd1234", "api-secret")


def _references(known: Service) -> list[str]:
    return sorted(asked.parameters["client-ref"] for asked in known.asked)


def test_one_client_serves_many_threads(known: Service) -> None:
    with AlertsClient(AUTH, base_url=known.address) as alerts, ThreadPoolExecutor(16) as threads:

        def send(index: int) -> str:
            sent = alerts.send(Alert(to="16365553226", client_ref=f"{index:04}"))
            return str(sent.messages[0].message_id)

        assert set(threads.map(send, range(200))) == {"0A0000000123ABCD"}
    assert _references(known) == [f"{index:04}" for index in range(200)]


def test_threads_that_come_first_at_once_make_one_transport(known: Service) -> None:
    made: list[httpx.BaseTransport] = []
    alerts = AlertsClient(AUTH, base_url=known.address)
    make = alerts._made
    alerts._made = lambda: made.append(make()) or made[-1]  # type: ignore[method-assign, func-returns-value]
    together = threading.Barrier(8)

    def send(_: int) -> None:
        together.wait(30)
        alerts.send(Alert(to="16365553226"))

    with alerts, ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(8)))
    assert len(made) == 1


def test_one_client_serves_many_tasks(known: Service) -> None:
    async def main() -> None:
        async with AsyncAlertsClient(AUTH, base_url=known.address) as alerts:
            alert = [Alert(to="16365553226", client_ref=f"{index:04}") for index in range(200)]
            await asyncio.gather(*map(alerts.send, alert))

    asyncio.run(main())
    assert _references(known) == [f"{index:04}" for index in range(200)]


def test_a_client_made_at_import_time_serves_one_event_loop_after_another(known: Service) -> None:
    alerts = AsyncAlertsClient(AUTH, base_url=known.address)
    for _ in range(3):
        asyncio.run(alerts.send(Alert(to="16365553226")))
        gc.collect()  # what the old loop left would complain here
    assert len(known.asked) == 3


def test_event_loops_in_threads_share_a_client(known: Service) -> None:
    alerts = AsyncAlertsClient(AUTH, base_url=known.address)

    async def several() -> None:
        for _ in range(5):
            await alerts.send(Alert(to="16365553226"))
        await alerts.aclose()

    def run(_: int) -> str:
        try:
            asyncio.run(several())
        except InvalidRequest as error:  # another loop closed it first, which ends it for all
            return error.rule
        return "done"

    with ThreadPoolExecutor(4) as threads:
        outcomes = set(threads.map(run, range(4)))
    assert {"done"} <= outcomes <= {"done", "the client is closed; make another one"}


def test_a_closed_client_says_so_and_sends_nothing(known: Service) -> None:
    reports: list[CallReport] = []
    with AlertsClient(AUTH, base_url=known.address, on_call=reports.append) as alerts:
        alerts.send(Alert(to="16365553226"))
    with pytest.raises(InvalidRequest, match="the client is closed") as caught:
        alerts.send(Alert(to="16365553226"))
    assert (caught.value.operation, caught.value.attempts) == ("sendAlert", 0)
    assert [report.outcome for report in reports] == ["ok", "InvalidRequest"]
    opt_in = OptInClient(AUTH, base_url=known.address)
    opt_in.close()
    opt_in.close()
    with pytest.raises(InvalidRequest, match="the client is closed"):
        opt_in.page()

    async def closed() -> None:
        client = AsyncOptInClient(AUTH, base_url=known.address)
        await client.page()
        await client.aclose()
        await client.aclose()
        await client.page()

    with pytest.raises(InvalidRequest, match="the client is closed"):
        asyncio.run(closed())
    assert len(known.asked) == 2


def test_a_client_that_is_not_used_connects_to_nothing() -> None:
    with refusing() as address, AlertsClient(AUTH, base_url=address) as alerts:
        assert repr(alerts) == f"AlertsClient('{address}', KeySecret('…1234'))"


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files where the system lists them")
def test_cancelled_calls_leave_neither_connections_nor_tasks(known: Service) -> None:
    released, all_wait = threading.Event(), threading.Event()

    def hang(_: Asked) -> None:
        if len(known.asked) == 30:
            all_wait.set()
        released.wait(60)

    known.answer = hang

    async def main() -> tuple[int, int]:
        before = _open_files()
        async with AsyncAlertsClient(AUTH, base_url=known.address) as alerts:
            calls = [asyncio.create_task(alerts.send(Alert(to="16365553226"))) for _ in range(30)]
            assert await asyncio.to_thread(all_wait.wait, 60)
            for call in calls:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
            left = len(asyncio.all_tasks()) - 1
            still_open = _open_files() - before
            known.answer = lambda _: None
            await alerts.send(Alert(to="16365553226"))  # the client is as good as new
        return left, still_open

    try:
        left, still_open = asyncio.run(main())
    finally:
        released.set()
    assert left == 0
    assert still_open <= 30, "the server in this process keeps its own ends until it notices"


def test_a_cancelled_call_is_told_of_once() -> None:
    reports: list[CallReport] = []

    async def main() -> None:
        alerts = AsyncAlertsClient(AUTH, base_url="http://127.0.0.1:9", on_call=reports.append)
        call = asyncio.create_task(alerts.send(Alert(to="16365553226")))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    asyncio.run(main())
    assert [report.outcome for report in reports] == ["cancelled"]


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(known: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with AlertsClient(AUTH, base_url=known.address, retries=0) as alerts:
        alerts.send(Alert(to="16365553226"))
    asyncio.run(AsyncAlertsClient(AUTH, base_url=known.address, retries=0).send(Alert(to="16365553226")))
    assert len(known.asked) == 2


def test_a_proxy_of_the_environment_is_asked_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with refusing() as proxy:
        for name in ("https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        for address in ("https://rest.nexmo.com", "https://service.invalid"):
            with AlertsClient(AUTH, base_url=address, retries=0) as alerts, pytest.raises(TransportFailure) as caught:
                alerts.send(Alert(to="16365553226"))
            assert "Connection refused" in caught.value.reason, "by the proxy: nobody listens there"
            assert caught.value.may_have_been_sent is False


def test_a_generated_package_loads_its_modules_when_they_are_named() -> None:
    code = """
import sys
from shortcodekit import messages
assert "shortcode_clients.messages.models" not in sys.modules
print(messages.models.SmsText("Hello").text, messages.codes.MESSAGE_ERROR_CODE, messages.outbound.sms.__name__)
assert not hasattr(messages, "nothing")
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith(" codes> shortcode_clients.messages.outbound.sms\n")


def test_importing_does_no_work() -> None:
    code = """
import sys, socket, threading
before = threading.active_count()
import shortcodekit
assert "httpx" not in sys.modules and "attrs" not in sys.modules
from shortcodekit import AlertsClient, AsyncAlertsClient, Basic, KeySecret, MessagesClient, OptInClient
alerts, other = AlertsClient(KeySecret("a", "b")), AsyncAlertsClient(KeySecret("a", "b"))
messages = MessagesClient(Basic("a", "b"))
assert threading.active_count() == before
assert "httpcore" not in sys.modules and "jwt" not in sys.modules and "cryptography" not in sys.modules
print(alerts, other, messages)
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert ran.returncode == 0, ran.stderr
    assert "KeySecret('…')" in ran.stdout
