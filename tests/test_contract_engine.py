"""How laws are judged: over HTTP and in process alike, with small counterexamples, and the same again each time."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from contract_tests.defects.plain import Asgi, Document, Plain, Wsgi
from contract_tests.loopback import served
from shortcodekit.contract import RECEIVER_LAWS, BoundLaw, LawBroken, Report, check, provider_laws, receiver_laws
from shortcodekit.contract.targets import Call, Came, target
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import Request, Response

from .checking import RECEIPT, Gate, awaited, right
from .copies import until
from .guides import LONGEST

STATUS: Final = "message-status"


class FailsOn(Plain):
    """Cannot take an event for which `fails` is true."""

    def __init__(self, event: str, fails: Callable[[Document], bool]) -> None:
        super().__init__(event, None)
        self.fails = fails

    def answer(self, request: Request) -> Response:
        try:
            return super().answer(request)
        except ZeroDivisionError:
            return Response(507)

    def handle(self, document: Document) -> None:
        if self.fails(document):
            raise ZeroDivisionError


@contextmanager
def bound(of: Any, event: str = RECEIPT, **options: Any) -> Iterator[dict[str, BoundLaw]]:
    """The laws of a receiver, by name; by default in one encoding."""
    encodings = options.pop("encodings", ["query"] if event == RECEIPT else [])
    laws = receiver_laws(of, event=event, encodings=encodings, **{"examples": 10, **options})
    try:
        yield {law.law.name: law for law in laws}
    finally:
        laws[0].bench.target.close()


def verdicts(report: Report) -> list[tuple[str, str, str]]:
    """What became of each law, and what came back where it is broken."""
    return [
        (each.name, each.word, f"{each.broken.about}: {each.broken.came}" if each.broken else each.skipped)
        for each in report.outcomes
    ]


# ---- one verdict -----------------------------------------------------------------------------------------------------


def _odd(document: Document) -> bool:
    return (
        len(str(document.get("client-ref", ""))) > 50
        or document["status"].lower() == "buffered"
        or "to-come" in document
    )


@pytest.mark.parametrize("event", [RECEIPT, STATUS])
def test_a_url_an_asgi_and_a_wsgi_application_get_the_same_verdicts(event: str) -> None:
    def made() -> Plain:
        return FailsOn(event, _odd)

    found = []
    with served(Wsgi(made())) as url, awaited(Asgi(made())) as other:
        for of in (Asgi(made()), Wsgi(made()), url, other):
            laws = receiver_laws(of, event=event, examples=10)
            found.append(verdicts(check(laws)))
            laws[0].bench.target.close()
    assert found[0] == found[1] == found[2] == found[3]
    assert {word for _, word, _ in found[0]} == {"holds", "broken", "skipped"}
    assert any("HTTP 507" in told for _, _, told in found[0])


def test_an_application_gets_the_path_and_the_headers_that_a_server_would_hand_on() -> None:
    gate = Gate()
    with bound(gate, path="/hooks/dlr", headers=[("X-Key", "1")]) as laws:
        laws["documented-events"]()
        assert laws["documented-events"].bench.target.address == "http://127.0.0.1:8000/hooks/dlr"
    assert all(each.header("x-key") == ["1"] for each in gate.kept)


def test_what_is_no_receiver_is_told() -> None:
    for of, field in (
        ("127.0.0.1:80", "the URL"),
        ("http://[::1", "the URL"),
        ("http://me:secret@127.0.0.1", "the URL"),
        (12, "the target"),
    ):
        with pytest.raises(InvalidRequest) as raised:
            receiver_laws(of, event=RECEIPT)
        assert raised.value.field == field
    for options, field in (
        ({"event": "none"}, "event"),
        ({"event": RECEIPT, "encodings": ["xml"]}, "encodings"),
        ({"event": RECEIPT, "signature_method": "md4"}, "signature_method"),
    ):
        with pytest.raises(InvalidRequest) as raised:
            receiver_laws(right(), **options)
        assert raised.value.field == field


# ---- counterexamples -------------------------------------------------------------------------------------------------


def _document(broken: Any) -> dict[str, str]:
    return dict(parse_qsl(broken.calls[-1].query, keep_blank_values=True))


def test_a_counterexample_keeps_what_is_special_and_drops_the_rest() -> None:
    with bound(Wsgi(FailsOn(RECEIPT, lambda said: said["status"] == "buffered"))) as laws:
        broken = laws["documented-codes"].judged().broken
    assert broken is not None
    assert broken.about == "status is 'buffered'"
    document = _document(broken)
    assert document["status"] == "buffered"
    assert document.keys() <= {"msisdn", "status", "messageId"}


def test_a_text_is_cut_to_what_still_fails() -> None:
    with bound(
        Wsgi(FailsOn("inbound-sms", lambda said: len(said.get("text", "")) > 20)), "inbound-sms", encodings=["query"]
    ) as laws:
        broken = laws["valid-events"].judged().broken or laws["texts"].judged().broken
    assert broken is not None
    assert 20 < len(_document(broken)["text"]) <= 4096


def test_a_drawn_event_is_made_as_small_as_it_still_fails() -> None:
    with bound(Asgi(FailsOn(STATUS, lambda said: "usage" in said)), STATUS) as laws:
        broken = laws["valid-events"].judged().broken
    assert broken is not None
    told = json.loads(broken.calls[-1].body)
    assert told["usage"] == {}
    assert told.keys() == {"message_uuid", "to", "from", "timestamp", "status", "usage"}


def test_a_counterexample_that_fails_in_another_way_is_no_smaller_one() -> None:
    """Without price this one answers 418, which is another fault than the one that was found."""
    gate = Gate(lambda each: None if "price" in each.query else Response(418))
    gate.inner = Wsgi(FailsOn(RECEIPT, lambda said: "scts" in said))
    with bound(gate, seed=1) as laws:
        example = laws["documented-codes"].bench.way.example
        broken = laws["documented-codes"].judged().broken
    assert {"price", "scts"} <= example.keys()
    assert broken is not None
    assert broken.came.status == 507
    assert {"price", "scts"} <= _document(broken).keys()


def test_what_a_law_raises_tells_the_law_its_source_and_a_command() -> None:
    with bound(Wsgi(FailsOn(RECEIPT, lambda said: said["status"] == "buffered"))) as laws:
        law = laws["documented-codes"]
        with pytest.raises(LawBroken) as raised:
            law()
        laws["documented-events"]()
    told = str(raised.value).splitlines()
    assert told[0] == f"delivery-receipt/query/documented-codes: {law.law.sentence}"
    assert [line.split()[0] for line in told[1:]] == ["source", "request", "expected", "came", "$"]
    assert told[4] == "  came      HTTP 507"
    assert told[5].startswith("  $ curl -i 'http://127.0.0.1:8000?")
    assert raised.value.broken.came.status == 507
    assert isinstance(raised.value, AssertionError)


# ---- the same again --------------------------------------------------------------------------------------------------


def _sent(*names: str, seed: int = 0) -> dict[str, list[Call]]:
    """What each of these laws sends when they are judged in this order."""
    sent: dict[str, list[Call]] = {}
    with bound(right(), seed=seed) as laws:
        reached = laws["valid-events"].bench.target
        send, calls = reached.send, []

        def kept(call: Call) -> Came:
            calls.append(call)
            came: Came = send(call)
            return came

        reached.send = kept
        for name in names:
            calls.clear()
            laws[name]()
            sent[name] = list(calls)
    return sent


def test_what_a_law_tries_does_not_depend_on_the_laws_before_it() -> None:
    names = [law.name for law in RECEIVER_LAWS if not law.needs and law.name != "at-the-same-time"]
    with bound(right()) as laws:
        names = [name for name in names if name in laws]
    every = _sent(*names)
    backwards = _sent(*reversed(names))
    assert every == backwards
    assert _sent("valid-events") == {"valid-events": every["valid-events"]}
    assert _sent("valid-events", seed=1) != _sent("valid-events")


# ---- receivers that do not answer ------------------------------------------------------------------------------------


def _raises(*_: Any) -> Any:
    raise LookupError("a fault of the application's own")


async def _raises_late(*_: Any) -> None:
    raise LookupError("a fault of the application's own")


async def _hangs_awaited(*_: Any) -> None:
    await asyncio.sleep(LONGEST)


def _hangs(*_: Any) -> Any:
    time.sleep(1)
    return []


async def _says_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Ends without an answer."""


@pytest.mark.parametrize(
    ("app", "came"),
    [
        (_raises, "HTTP 500"), (_raises_late, "HTTP 500"), (_hangs, "no answer within 0.2 seconds"),
        (_hangs_awaited, "no answer within 0.2 seconds"), (_says_nothing, "the application gave no answer"),
    ],
)  # fmt: skip
def test_an_application_that_raises_hangs_or_says_nothing_breaks_the_law_and_not_the_run(app: Any, came: str) -> None:
    with bound(app, timeout=0.2 if app in (_hangs, _hangs_awaited) else LONGEST) as laws:
        outcome = laws["documented-events"].judged()
    assert outcome.broken is not None
    assert str(outcome.broken.came) == came
    assert outcome.seconds < LONGEST / 2


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (b"", "Error: "), (b"nonsense\r\n\r\n", "RemoteProtocolError: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "RemoteProtocolError: "),
    ],
    ids=["closes the connection", "answers no HTTP", "closes it within the answer"],
)  # fmt: skip
def test_a_server_that_breaks_off_breaks_the_law_and_not_the_run(answer: bytes, came: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with bound(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=LONGEST) as laws:
            report = check(list(laws.values()))
        server.shutdown(socket.SHUT_RDWR)
        thread.join(LONGEST)
    first = report.outcomes[0]
    assert first.broken is not None
    assert came in str(first.broken.came)
    assert {each.skipped for each in report.outcomes[1:]} == {"not before documented-events holds"}


def test_a_redirection_is_no_answer_and_is_not_followed() -> None:
    gate = Gate(lambda _: Response(302, {"Location": "/elsewhere"}))
    with served(gate) as url, bound(url) as laws:
        broken = laws["documented-events"].judged().broken
    assert broken is not None
    assert str(broken.came) == "HTTP 302 to /elsewhere"


def test_a_target_ends_what_it_opened() -> None:
    before = threading.active_count()
    for of in (Asgi(Plain(STATUS, None)), right()):
        reached = target(of, timeout=LONGEST)
        reached.send(Call("GET"))
        reached.close()
    until(lambda: threading.active_count() <= before)


# ---- in pytest -------------------------------------------------------------------------------------------------------

TESTS: Final = """
import pytest
from shortcodekit.contract import receiver_laws

SENT = []

{app}

@pytest.mark.parametrize("law", receiver_laws(app, event="{event}", path="/hooks/dlr"), ids=str)
def test_it_keeps(law):
    law()
    if law.law.name == "valid-events":
        assert law.bench.calls - len(SENT) >= 0
        print("tried", law.judged().calls)
"""
WSGI: Final = """
def app(environ, start_response):
    good = "to-come" not in environ["QUERY_STRING"]
    start_response("200 OK" if good else "500 No", [])
    return [b""]
"""
ASGI: Final = """
import asyncio, pathlib

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.shutdown":
                await asyncio.to_thread(pathlib.Path("ended").write_text, "in order")
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b""})
"""


def in_pytest(folder: Path, app: str, event: str, *options: str) -> tuple[int, str]:
    (folder / "test_laws.py").write_text(TESTS.replace("{app}", app).replace("{event}", event), "utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SHORTCODEKIT_"))
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-v", "-rA", "--tb=short", *options],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


def test_in_pytest_each_law_is_a_test_of_its_own_with_a_name_that_can_be_read(tmp_path: Path) -> None:
    code, told = in_pytest(tmp_path, WSGI, RECEIPT, "--contract-examples", "5")
    assert code == 1
    ids = set(re.findall(r"^test_laws\.py::test_it_keeps\[(\S+)\] (\w+)", told, re.MULTILINE))
    assert ("delivery-receipt/query/documented-events", "PASSED") in ids
    assert ("delivery-receipt/query/keys-to-come", "FAILED") in ids
    assert ("delivery-receipt/json/valid-events", "PASSED") in ids
    assert re.search(
        r"^E +shortcodekit\.contract\.laws\.LawBroken: delivery-receipt/query/keys-to-come: ", told, re.MULTILINE
    )
    assert re.search(r"^E +\$ curl -i 'http://127\.0\.0\.1:8000/hooks/dlr\?", told, re.MULTILINE)
    assert set(re.findall(r"^tried (\d+)$", told, re.MULTILINE)) == {"5"}


def test_an_asgi_application_can_be_judged_in_pytest_where_warnings_are_errors(tmp_path: Path) -> None:
    code, told = in_pytest(tmp_path, ASGI, STATUS, "-k", "not malformed")
    assert code == 0, told
    assert set(re.findall(r"^tried (\d+)$", told, re.MULTILINE)) == {"50"}
    assert "Task was destroyed" not in told
    assert "Warning" not in told
    assert (tmp_path / "ended").read_text("utf-8") == "in order", "its lifespan is ended, while it can use threads"


def test_the_laws_of_providers_have_readable_names_too() -> None:
    laws = provider_laws(Gate(), api_key="abcd1234", api_secret="secret", examples=1)
    assert [str(law) for law in laws] == [law.law.name for law in laws]
    assert all(re.fullmatch(r"(alerts|two-factor|opt-in|messages)/[a-z-]+", str(law)) for law in laws)
    laws[0].bench.target.close()
