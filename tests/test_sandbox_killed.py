"""A sandbox that is killed while two hundred send: what it has answered is in its file, once and whole, and is told in the end.

The process is the command's. Each alert has a reference of its own and is sent once, so what the file must hold is known: all
that was answered, as it was answered, and of the rest either everything or nothing. Webhooks are signed and told to a receiver
that is never killed and takes notes.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from attrs import Factory, define

from contract_tests.loopback import listening
from contract_tests.profiles import PROFILE
from shortcodekit.sandbox.settings import UNIT, amount, units

ROUNDS: Final = 50 if PROFILE == "deep" else 3
SENDERS: Final = 200
EACH: Final = 6
"""How many alerts each sends at most in a round."""
BALANCE: Final = 1000 * UNIT
PRICE: Final = UNIT // 50
FIRST: Final = 10
"""How many are answered before it may be killed."""
PATIENCE: Final = 60.0


@define
class Alert:
    """What is sent, and what came back: the parts, or None."""

    reference: str
    form: dict[str, str]
    parts: int
    receipts: bool
    answered: list[dict[str, str]] | None = None


@define
class Told:
    """What the receiver was told."""

    receipts: list[dict[str, str]] = Factory(list)

    def ids(self) -> set[str]:
        return {each["messageId"] for each in list(self.receipts)}


@contextmanager
def receiving(told: Told) -> Iterator[str]:
    """A receiver for receipts, and its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = PATIENCE

        def do_GET(self) -> None:
            told.receipts.append(dict(parse_qsl(urlsplit(self.path).query)))
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 100
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A sandbox that is killed breaks off its connections."""

    with listening(Server(("127.0.0.1", 0), Handler)) as address:
        yield f"{address}/dlr"


@define
class Life:
    """A process of the command, from its start until it is killed."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def get(self, path: str, **query: Any) -> Any:
        return httpx.get(f"{self.url}/_sandbox/{path}", params=query, timeout=PATIENCE).raise_for_status().json()

    def messages(self) -> list[dict[str, Any]]:
        """All messages, in order."""
        found: list[dict[str, Any]] = []
        while page := self.get("messages", limit=5000, before=found[-1]["id"] if found else 10**9):
            found += page
        return found[::-1]


@contextmanager
def living(file: Path, receipt_url: str) -> Iterator[Life]:
    """A sandbox on the file, which is killed at the end."""
    options = {
        "--port": "0", "--db": str(file), "--api-key": "k", "--api-secret": "s", "--signature-secret": "t",
        "--receipt-url": receipt_url, "--balance": amount(BALANCE), "--price": amount(PRICE),
    }  # fmt: skip
    command = [sys.executable, "-m", "shortcodekit", "sandbox", "--quiet", "--sign-webhooks"]
    command += [word for pair in options.items() for word in pair]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    life = Life(process, process.stdout.readline().removeprefix("sandbox ready at ").strip())
    try:
        yield life
    finally:
        life.kill()


def alerts_of(round_: int, each: int, chance: random.Random) -> Iterator[Alert]:
    """Alerts for one round, each of one to three parts."""
    for number in range(SENDERS * each):
        parts = chance.choice((1, 1, 2, 3))
        alert = Alert(f"{round_}-{number}", {}, parts, chance.random() < 0.3)
        alert.form = {
            "api_key": "k", "api_secret": "s", "to": f"1636555{chance.randrange(50):04}", "template": "2", "server": "a",
            "link": "x" * (1 if parts == 1 else 153 * parts - 60), "client-ref": alert.reference,
        } | ({"status-report-req": "1"} if alert.receipts else {})  # fmt: skip
        yield alert


async def posted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, form: bytes) -> bytes:
    """What is answered to an alert; the least that HTTP asks for, since two hundred share a processor with the sandbox."""
    kind = b"content-type: application/x-www-form-urlencoded\r\n"
    writer.write(
        b"POST /sc/us/alert/json HTTP/1.1\r\nhost: a\r\n%bcontent-length: %d\r\n\r\n%b" % (kind, len(form), form)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    return await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


async def send_until_killed(life: Life, alerts: Iterator[Alert], each: int, killed_after: float) -> list[Alert]:
    """Lets all senders send until the sandbox is killed; the alerts that were sent."""
    sent: list[Alert] = []
    answered, began = count(1), asyncio.Event()
    host, port = life.url.removeprefix("http://").split(":")

    async def send() -> None:
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return
        for alert in islice(alerts, each):
            sent.append(alert)
            try:
                alert.answered = json.loads(await posted(reader, writer, urlencode(alert.form).encode()))["messages"]
            except (OSError, asyncio.IncompleteReadError):
                break  # it was killed; whether it had carried this one out is not known
            if next(answered) == FIRST:
                began.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def kill() -> None:
        async with asyncio.timeout(PATIENCE):
            await began.wait()
        await asyncio.sleep(killed_after)
        life.process.send_signal(signal.SIGKILL)

    await asyncio.gather(kill(), *(send() for _ in range(SENDERS)))
    return sent


def broken_laws(messages: list[dict[str, Any]], sent: dict[str, Alert], balance: str) -> list[str]:
    """What the file holds that was not sent so, or lacks of what was answered."""
    broken = []
    counts = Counter(each["client_ref"] for each in messages)
    broken += [f"{reference} is there {number} times" for reference, number in counts.items() if number != 1]
    ids = Counter(part["message-id"] for each in messages for part in each["parts"])
    broken += [f"the id {each} was given {number} times" for each, number in ids.items() if number != 1]
    kept = {each["client_ref"]: each for each in messages}
    broken += [
        f"{each} was answered and is lost" for each, alert in sent.items() if alert.answered and each not in kept
    ]
    left = BALANCE
    for message in messages:
        alert = sent[message["client_ref"]]
        if alert.answered is not None and alert.answered != message["parts"]:
            broken.append(f"{alert.reference} was answered otherwise than it is kept")
        if len(message["parts"]) != alert.parts or len(message["events"]) != alert.parts * alert.receipts:
            broken.append(f"{alert.reference} has {len(message['parts'])} parts and {len(message['events'])} events")
        for part in message["parts"]:
            left -= PRICE
            if units(part["remaining-balance"]) != left:
                broken.append(f"{alert.reference} left {part['remaining-balance']}, not {amount(left)}")
                left = units(part["remaining-balance"])
    return broken + ([] if units(balance) == left else [f"the balance is {balance}, the messages left {amount(left)}"])


def until_told(life: Life) -> None:
    """Waits until nothing is to be sent any more."""
    ends = time.monotonic() + PATIENCE
    while life.get("health")["pending_webhooks"]:
        assert time.monotonic() < ends, "not everything is told"
        time.sleep(0.02)


def test_what_a_killed_sandbox_has_answered_is_in_its_file_once_and_whole_and_is_told_after_the_next_start(
    tmp_path: Path,
) -> None:
    chance, told, sent = random.Random(0), Told(), dict[str, Alert]()  # noqa: S311  # nobody has to be kept from guessing it
    answered, pending = 0, 0
    with receiving(told) as receipt_url:
        for round_ in range(ROUNDS):
            with living(tmp_path / "db", receipt_url) as life:
                messages, health = life.messages(), life.get("health")
                assert broken_laws(messages, sent, health["balance"]) == []
                # While they send, or a little later, when all is answered and webhooks are on their way.
                each = EACH if round_ % 2 else 1
                killed_after = chance.random() * chance.choice((0.05, 0.2, 0.6)) + (0 if round_ % 2 else 0.3)
                alerts = asyncio.run(send_until_killed(life, alerts_of(round_, each, chance), each, killed_after))
            sent |= {each.reference: each for each in alerts}
            answered += sum(each.answered is not None for each in alerts)
            known = {part["message-id"] for each in alerts if each.receipts for part in each.answered or ()}
            pending += len(known - told.ids())
        with living(tmp_path / "db", receipt_url) as life:
            until_told(life)
            messages = life.messages()
            assert broken_laws(messages, sent, life.get("health")["balance"]) == []
    due = {part["message-id"] for each in messages if sent[each["client_ref"]].receipts for part in each["parts"]}
    assert told.ids() == due, "each receipt of what is kept was told, and no other"
    assert answered >= ROUNDS * FIRST, "some were answered before it was killed"
    assert pending > 0, "some receipts were still to be sent when it was killed"
    nonces: dict[str, set[str]] = {}
    for receipt in told.receipts:
        nonces.setdefault(receipt["nonce"], set()).add(receipt["messageId"])
    assert all(len(each) == 1 for each in nonces.values()), (
        "no nonce was given to two receipts, not by two lives either"
    )
    print(
        f"{ROUNDS} rounds: {len(sent)} sent, {answered} answered, {len(messages)} kept, {pending} receipts told later"
    )


def test_the_judge_of_these_tests_knows_a_broken_law() -> None:
    def kept(reference: str, *ids: str, left: int = 0, events: int = 0) -> dict[str, Any]:
        parts = [
            {"message-id": each, "remaining-balance": amount(BALANCE - PRICE * (left + 1 + n))}
            for n, each in enumerate(ids)
        ]
        return {"client_ref": reference, "parts": parts, "events": [{}] * events}

    one, two = kept("1", "A", events=1), kept("2", "B", "C", left=1)
    sent = {"1": Alert("1", {}, 1, True, one["parts"]), "2": Alert("2", {}, 2, False), "3": Alert("3", {}, 1, False)}
    left = amount(BALANCE - 3 * PRICE)
    assert broken_laws([one, two], sent, left) == []
    assert broken_laws([one], sent, amount(BALANCE - PRICE)) == []
    for wrong in (
        [two], [one, two, two], [one, kept("2", "B", left=1)], [one, kept("2", "A", "C", left=1)], [kept("1", "D", events=1), two],
        [kept("1", "A"), two], [one, kept("2", "B", "C", left=2)],
    ):  # fmt: skip
        assert broken_laws(wrong, sent, left), wrong
    assert broken_laws([one, two], sent, amount(BALANCE))
