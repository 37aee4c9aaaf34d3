"""The life of a campaign in a sandbox: whatever is done in whatever order, each answer and each webhook is the one foretold.

A machine drives the clients of this package against a sandbox that keeps a file and is stopped and started again. `Model` is
all that one has to know to foretell it: who opted out, what is left of the balance, which faults are in force. Webhooks arrive
at a receiver that refuses each event as often as the event itself asks for; so every one has to come once more than that.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import Factory, define, frozen
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract_tests.profiles import PROFILE
from shortcode_clients.messages.codes import MESSAGE_ERROR_CODE_ILLEGAL_NUMBER
from shortcodekit import Alert, AlertsClient, MessagesClient, OptInClient, outbound, webhooks
from shortcodekit.errors import ShortcodeKitError
from shortcodekit.sandbox import Sandbox
from shortcodekit.sandbox.settings import UNIT, amount

NUMBERS: Final = tuple(f"1636555000{n}" for n in range(8))
SENDER: Final = "447700900001"
BALANCE: Final = 100 * UNIT // 50
PRICE: Final = UNIT // 50
OUT: Final = ("STOP", "stop", "  Stop! ", "sToPaLl", "unsubscribe now", "\tCANCEL", "end.", '"QUIT"')
IN: Final = ("START", "unstop please", " Start.")
NEITHER: Final = ("stopping", "please STOP", "help", "HELLO", "started", "ST OP", "нет stop")
REJECTED: Final = str(MESSAGE_ERROR_CODE_ILLEGAL_NUMBER)
READ_ON: Final = ("whatsapp", "messenger", "viber_service_msg")
numbers = st.sampled_from(NUMBERS)
refusals = st.sampled_from((0, 0, 0, 1, 2))
words = st.sampled_from(OUT) | st.sampled_from(IN) | st.sampled_from(NEITHER)


# ---- the receiver ----------------------------------------------------------------------------------------------------


class Hooks(ThreadingHTTPServer):
    """Notes each event that arrives, and refuses those whose reference or text says `r1` or `r2` so many times."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.came: Counter[tuple[str, ...]] = Counter()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def end(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A sandbox that is stopped breaks off its connections."""


READ: Final[dict[str, Callable[[webhooks.Request], Any]]] = {
    "receipt": webhooks.delivery_receipt,
    "sms": webhooks.inbound_sms,
    "status": webhooks.message_status,
    "message": webhooks.inbound_message,
}


class _Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 600  # a connection that is closed as it is used again is an attempt that nobody foretold
    server: Hooks

    def _take(self) -> None:
        parts = urlsplit(self.path)
        kind, headers = parts.path[1:], dict(self.headers.items())
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = READ[kind](webhooks.Request(method=self.command, query=parts.query, headers=headers, body=body))
        key = told_key(kind, told)
        self.server.came[key] += 1
        status = 200 if self.server.came[key] > refusals_of(key) else 503
        self.wfile.write(f"HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n".encode())

    do_GET = do_POST = _take  # noqa: N815  # as the library names them

    def log_message(self, *_: object) -> None:
        """Nothing."""


def told_key(kind: str, told: Any) -> tuple[str, ...]:
    """What an event tells, as the model foretells it."""
    raw = dict(told.raw)
    if kind == "receipt":
        return kind, raw["client-ref"], raw["messageId"], raw["msisdn"], raw["status"], raw["err-code"]
    if kind == "sms":
        return kind, raw["text"], raw["messageId"], raw["msisdn"], raw["keyword"]
    if kind == "status":
        return kind, raw["client_ref"], raw["message_uuid"], raw["status"], str(raw.get("error", {}).get("code", ""))
    return kind, raw["message"]["content"]["text"], raw["message_uuid"], raw["from"]["number"]


def refusals_of(key: tuple[str, ...]) -> int:
    found = re.search(r"\br([0-9])\b", key[1])
    return int(found[1]) if found else 0


KEYWORDS: Final = frozenset("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT START UNSTOP HELP".split())

# ---- the model -------------------------------------------------------------------------------------------------------


@define
class Fault:
    said: dict[str, Any]
    times: int
    msisdn: str | None


@define
class Model:
    """What is so, after all that was done."""

    opted_out: list[str] = Factory(list)
    no_messages: set[str] = Factory(set)
    """Who wants none from the account's number."""
    left: int = BALANCE
    faults: list[Fault] = Factory(list)
    texts: Counter[str] = Factory(Counter)
    events: Counter[tuple[str, ...]] = Factory(Counter)
    loose: Counter[tuple[str, ...]] = Factory(Counter)
    """Events that were perhaps on their way when it was stopped, and how often it was: so many times more they may come."""
    settled: set[tuple[str, ...]] = Factory(set)
    """Events that were told for good, and that the sandbox had time to note: they never come again."""

    def want(self, msisdn: str, *, wanted: bool) -> None:
        if wanted and msisdn in self.opted_out:
            self.opted_out.remove(msisdn)
        if not wanted and msisdn not in self.opted_out:
            self.opted_out.append(msisdn)

    def fault(self, msisdn: str) -> dict[str, Any]:
        """The fault that an alert meets, which is used by that."""
        for each in self.faults:
            if each.msisdn in {None, msisdn}:
                each.times -= 1
                self.faults = [other for other in self.faults if other.times]
                return each.said
        return {}

    def refusal(self, msisdn: str, parts: int, fault: dict[str, Any]) -> str | None:
        """With which status an alert is refused; None when it is not."""
        if "http_status" in fault or "status" in fault:
            return str(fault.get("http_status") or fault["status"])
        if msisdn in self.opted_out:
            return "7"
        return "9" if parts * PRICE > self.left else None

    def expect(self, *key: str) -> None:
        self.events[key] += 1 + refusals_of(key)


@frozen
class Walk:
    """What going through the opt-outs page by page gave, and what was done between the pages."""

    seen: list[str]
    always: set[str]
    ever: set[str]


def refusal_in(error: ShortcodeKitError) -> str | None:
    """The status of the only part, or of HTTP."""
    answer: Any = getattr(error, "response", None) or getattr(error, "answer", None)
    parts = getattr(answer, "messages", None)
    if parts:
        assert len(parts) == 1
        return str(parts[0].status)
    return str(getattr(error, "http_status", "none"))


def keyword(text: str) -> str:
    first = text.split(maxsplit=1)[0].upper()
    bare = first.strip("!.\"' ")
    return bare if bare in KEYWORDS else first


# ---- the machine -----------------------------------------------------------------------------------------------------


class Campaign(RuleBasedStateMachine):
    """Everything that one can do with a campaign."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.hooks, self.model, self.count = Hooks(), Model(), 0
        hooks = {"receipt_url": "receipt", "inbound_url": "sms", "status_url": "status", "message_url": "message"}
        base = f"http://127.0.0.1:{self.hooks.server_address[1]}"
        urls: dict[str, Any] = {name: f"{base}/{hook}" for name, hook in hooks.items()}
        db = str(Path(self.folder.name, "db"))
        self.sandbox = Sandbox(db=db, balance=amount(BALANCE), price=amount(PRICE), api_key="key", **urls)
        self._start()

    def _start(self) -> None:
        self.sandbox.start()
        url = self.sandbox.url
        self.alerts = AlertsClient(self.sandbox.auth, base_url=url, retries=0)
        self.opt_in = OptInClient(self.sandbox.auth, base_url=url, format="xml", retries=0)
        self.messages = MessagesClient(self.sandbox.basic, base_url=url, retries=0)

    def _stop(self) -> None:
        for client in (self.alerts, self.opt_in, self.messages):
            client.close()
        self.sandbox.stop()

    def teardown(self) -> None:
        if hasattr(self, "hooks"):
            try:
                self.advance(30)  # in the end everything is told
            finally:
                self._stop()
                self.hooks.end()
                self.folder.cleanup()

    def _reference(self, refused: int) -> str:
        self.count += 1
        return f"{self.count} r{refused}"

    @rule(
        to=numbers, receipt=st.sampled_from((True, True, False)), parts=st.sampled_from((1, 1, 2, 3)), refused=refusals
    )
    def send(self, to: str, receipt: bool, parts: int, refused: int) -> None:
        reference = self._reference(refused)
        fault = self.model.fault(to)
        foretold = self.model.refusal(to, parts, fault)
        alert = Alert(to=to, template=2, client_ref=reference, status_report_req=receipt)
        link = "x" * (1 if parts == 1 else 153 * parts - 60)
        refused_with = None
        try:
            answer = self.alerts.send(alert, custom={"server": "a", "link": link})
        except ShortcodeKitError as error:
            refused_with = refusal_in(error)
        assert refused_with == foretold
        if foretold is not None:
            return
        assert len(answer.messages) == parts
        status = "delivered" if fault.get("err_code", "0") == "0" else "failed"
        self.model.texts[to] += status == "delivered"
        for part in answer.messages:
            self.model.left -= PRICE
            assert (part.status, part.to, part.client_ref) == ("0", to, reference)
            assert part.remaining_balance == amount(self.model.left)
            if receipt:
                shown = status.upper() if "capitals" in fault else status
                self.model.expect("receipt", reference, str(part.message_id), to, shown, fault.get("err_code", "0"))

    @rule(phone=numbers, said=words, refused=refusals)
    def text(self, phone: str, said: str, refused: int) -> None:
        sent = self.sandbox.phone(phone).text(f"{said} r{refused}")
        if said in OUT or said in IN:
            self.model.want(phone, wanted=said in IN)
        assert sent["keyword"] == keyword(said)
        self.model.expect("sms", f"{said} r{refused}", sent["message_id"], phone, keyword(said))

    @rule(phone=numbers, said=words, refused=refusals)
    def text_to_the_account(self, phone: str, said: str, refused: int) -> None:
        sent = self.sandbox.phone(phone).text(f"{said} r{refused}", to=SENDER)
        if said in OUT:
            self.model.no_messages.add(phone)
        if said in IN:
            self.model.no_messages.discard(phone)
        self.model.expect("message", f"{said} r{refused}", sent["message_uuid"], phone)

    @rule(msisdn=numbers)
    def resubscribe(self, msisdn: str) -> None:
        record = self.opt_in.resubscribe(msisdn)
        assert (record.msisdn, record.opt_in, record.opt_out) == (msisdn, True, False)
        self.model.want(msisdn, wanted=True)

    @precondition(lambda self: self.model.left >= PRICE)
    @rule(to=numbers, channel=st.sampled_from(("sms", "whatsapp", "messenger", "viber_service_msg")), refused=refusals)
    def send_message(self, to: str, channel: str, refused: int) -> None:
        made: Any = getattr(outbound, channel.partition("_")[0])
        reference = self._reference(refused)
        uuid = self.messages.send(made.text("a", to=to, from_=SENDER, client_ref=reference)).message_uuid
        self.model.left -= PRICE
        self.model.expect("status", reference, uuid, "submitted", "")
        if channel == "sms" and to in self.model.no_messages:
            self.model.expect("status", reference, uuid, "rejected", REJECTED)
            return
        self.model.texts[to] += 1
        for status in ("delivered", "read")[: 2 if channel in READ_ON else 1]:
            self.model.expect("status", reference, uuid, status, "")

    @rule(
        said=st.sampled_from(({"status": "5"}, {"status": "1"}, {"http_status": 503}, {"err_code": "1"}, {"err_code": "9", "capitals": True}, {"capitals": True})),
        times=st.integers(1, 2),
        msisdn=st.sampled_from((None, None, None, *NUMBERS[:2])),
    )  # fmt: skip
    def add_fault(self, said: dict[str, Any], times: int, msisdn: str | None) -> None:
        whom = {"msisdn": msisdn} if msisdn else {}
        self.sandbox.faults.add(**said, **whom, times=times, operation="sendAlert")
        self.model.faults.append(Fault(said, times, msisdn))

    @rule()
    def clear_faults(self) -> None:
        self.sandbox.faults.clear()
        self.model.faults.clear()

    # ---- the list --------------------------------------------------------------------------------------------------------

    @rule(those=st.lists(numbers, min_size=4, unique=True))
    def several_opt_out(self, those: list[str]) -> None:
        for each in those:
            self.text(each, "STOP", 0)

    @rule(size=st.integers(1, 4))
    def pages_are_a_partition(self, size: int) -> None:
        assert self._walk(size, iter(())).seen == self.model.opted_out
        assert [each.msisdn for each in self.opt_in.opt_outs(page_size=size)] == self.model.opted_out

    @rule(
        size=st.integers(1, 3),
        changes=st.lists(st.lists(st.tuples(numbers, st.booleans()), min_size=1, max_size=3), min_size=1, max_size=6),
    )
    def pages_miss_nobody_though_the_list_changes(self, size: int, changes: list[list[tuple[str, bool]]]) -> None:
        self.several_opt_out(list(NUMBERS[2:]))
        walk = self._walk(size, iter(changes))
        counts = Counter(walk.seen)
        assert all(counts[each] == 1 for each in walk.always)
        assert set(counts) <= walk.ever

    def _walk(self, size: int, changes: Iterator[list[tuple[str, bool]]]) -> Walk:
        walk = Walk([], set(self.model.opted_out), set(self.model.opted_out))
        for number in range(100):
            page = self.opt_in.page(number, page_size=size).opt_in_list
            assert len(page) <= size
            walk.seen.extend(each.msisdn for each in page)
            if len(page) < size:
                return walk
            for msisdn, wanted in next(changes, ()):
                if wanted and self.model.opted_out:  # the first of the list, which moves up all others
                    self.resubscribe(self.model.opted_out[0])
                elif not wanted:
                    self.text(msisdn, "STOP", 0)
                walk.always.intersection_update(self.model.opted_out)
                walk.ever.update(self.model.opted_out)
        raise AssertionError("the pages have no end")

    # ---- time ------------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((30, 3600, 4 * 86400)))
    def advance(self, seconds: int) -> None:
        before = self.sandbox.now
        self.sandbox.advance(seconds=seconds)
        assert self.sandbox.now >= before + seconds
        exact = {key: count for key, count in self.hooks.came.items() if key not in self.model.loose}
        assert exact == {key: count for key, count in self.model.events.items() if key not in self.model.loose}
        for key in self.model.loose:
            assert 0 <= self.hooks.came[key] - self.model.events[key] <= self.model.loose[key], key
            self.model.events[key] = self.hooks.came[key]
        self.model.loose.clear()
        self.model.settled = {key for key, count in self.model.events.items() if self.hooks.came[key] == count}
        assert all(len(self.sandbox.phone(each).texts) == self.model.texts[each] for each in NUMBERS)

    @rule()
    def restart(self) -> None:
        now = self.sandbox.now
        self._stop()
        self.model.loose.update(self.model.events.keys() - self.model.settled)
        self._start()
        assert self.sandbox.now >= now - 1

    @invariant()
    def what_is_told_is_so(self) -> None:
        assert self.sandbox.opt_outs == self.model.opted_out
        assert self.sandbox.on_its_thread(lambda each: each.service.store.balance) == self.model.left
        assert len(self.sandbox.faults) == len(self.model.faults)
        assert [each.times for each in self.sandbox.faults] == [each.times for each in self.model.faults]


TestACampaignGoesAsItIsForetold = Campaign.TestCase
TestACampaignGoesAsItIsForetold.settings = settings(
    max_examples={"ci": 20, "deep": 1500, "mutants": 4}[PROFILE], stateful_step_count=40
)
