"""Parsers that do not return: the law that they were judged by is broken, and the run goes on without them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final

import pytest

from shortcodekit.contract import BoundLaw, LawBroken, check, parser_laws
from shortcodekit.webhooks import MalformedWebhook, Request, delivery_receipt

LIMIT: Final = 1.0
"""Seconds; twice as many are waited for one that does not return. None that does takes so long, however busy the machine is."""


def laws(parse: Callable[[Request], Any], **options: Any) -> dict[str, BoundLaw]:
    """The laws of parsers by their names, in one encoding."""
    given = parser_laws(
        parse, event="delivery-receipt", encodings=["query"], error=MalformedWebhook, examples=3, **options
    )
    return {each.law.name: each for each in given}


class Waits:
    """Reads receipts, and waits behind one that `held` says something of until it is let go."""

    def __init__(self, held: Callable[[Request], bool]) -> None:
        self.held, self.let_go = held, threading.Event()
        self.asked: list[Request] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, request: Request) -> Any:
        self.asked.append(request)
        self.threads.append(threading.current_thread())
        if self.held(request):
            self.let_go.wait()
        return delivery_receipt(request).to_dict()


@pytest.fixture
def waits() -> Iterator[Callable[[Callable[[Request], bool]], Waits]]:
    made: list[Waits] = []

    def make(held: Callable[[Request], bool]) -> Waits:
        made.append(Waits(held))
        return made[-1]

    yield make
    for each in made:
        each.let_go.set()


def test_a_parser_that_does_not_return_breaks_the_law_by_the_request_it_is_at(waits: Callable[..., Waits]) -> None:
    parse = waits(lambda request: request.query == "&&==&=")
    law = laws(parse, timeout=LIMIT)["no-document"]
    with pytest.raises(LawBroken) as caught:
        law()
    assert "  came      it did not return within 2 s\n" in str(caught.value)
    assert ">>> parse(Request('GET', '&&==&=', " in str(caught.value)


def test_it_is_asked_nothing_more_and_the_other_laws_say_why(waits: Callable[..., Waits]) -> None:
    parse = waits(lambda request: "Held" in request.query)
    report = check(list(laws(parse, timeout=LIMIT).values()))
    words = [each.word for each in report.outcomes]
    first = words.index("broken")
    assert words == ["holds"] * first + ["broken"] + ["skipped"] * (len(words) - first - 1)
    assert {each.skipped for each in report.outcomes[first + 1 :]} == {
        "needs a parser that returned from every request before"
    }
    asked = len(parse.asked)
    parse.let_go.set()
    parse.threads[-1].join(60)
    assert not parse.threads[-1].is_alive()
    assert len(parse.asked) == asked, "the thread that was left behind ends when the parser does"


def test_several_at_the_same_time_may_hang_as_well(waits: Callable[..., Waits]) -> None:
    parse: Waits = waits(lambda _: parse.threads[-1] is not parse.threads[0])
    law = laws(parse, timeout=LIMIT)["each-alone"]
    with pytest.raises(LawBroken, match="it did not return within"):
        law()


def test_a_parser_sees_the_context_of_whoever_judges_it() -> None:
    known: ContextVar[str] = ContextVar("known")
    known.set("an application's context")

    def parse(request: Request) -> Any:
        known.get()
        return delivery_receipt(request).to_dict()

    laws(parse)["documented-events"]()


STUCK: Final = """
from shortcodekit.contract import check, parser_laws

def parse(request):
    while True:
        pass

laws = parser_laws(parse, event="delivery-receipt", encodings=["query"], error=ValueError, timeout=0.1)
print(check(laws).broken[0].broken.came.error)
"""


def test_the_process_ends_though_a_parser_never_does() -> None:
    ended = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "it did not return within 0.2 s\n", "")
