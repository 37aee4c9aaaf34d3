"""What each law tries of a correct peer, and what it asks of the answers: `tried.json`. `python -m contract_tests.defects.trying` writes it.

A law that tries less than it did, or asks for less, still finds most of the seeded mistakes, and accuses nobody. So it is written down:
in words, and as a sum over what was sent where that is the same in each run.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from attrs import Factory, define, evolve, frozen

from shortcodekit.contract import BoundLaw, calling, parsing, providing, refusal_laws
from shortcodekit.contract.receiving import Bench
from shortcodekit.contract.targets import Call, Came, Target

from . import judging
from .telling import KINDS

FILE: Final = Path(__file__).with_name("tried.json")
EXAMPLES: Final = 5
UNICODE: Final = "14.0.0"
"""That of Python 3.11, with which the file is written: texts are drawn from the characters that there are."""
PEERS: Final = {
    "parsers": (("by-hand", ""),),
    "receivers": tuple(
        (f"by-hand{'-awaited' if event[0] == 'm' else ''}{signed}", event)
        for event in ("inbound-sms", "message-status", "inbound-message")
        for signed in ("", "-signed")
    ),
    "providers": (("sandbox", ""),),
    "clients": (("by-hand", ""), ("laconic", "")),
}
"""Those that are judged, and the events for which receivers are."""
_VARYING: Final = re.compile(
    r"(?<=\bsig)\W{1,5}[0-9A-Fa-f]{8,}|[0-9A-Fa-f-]{16,}|\b[12][0-9]{9}\b|\b20\d\d-\d\d-\d\d([T+ ]|%20)\d\d(:|%3A)\d\d(:|%3A)\d\d"
)
"""What is not the same in each run: identifiers, times and signatures."""
_TOKEN: Final = re.compile(r"\bey[\w-]+\.ey[\w-]+\.[\w-]*")
"""A signed token, which is another one each time."""
_ONE_BY_ONE: Final = ("genuine-events", "forged-events", "stale-events")
"""Laws of receivers whose requests have names only when they are answered wrongly."""


@define
class Tried:
    """What was tried so far."""

    words: dict[str, None] = Factory(dict)
    count: int = 0
    total: int = 0

    def note(self, *words: str) -> None:
        """Notes words, once."""
        said = ": ".join(filter(None, words))
        if said:
            self.words.setdefault(said)

    def add(self, content: object) -> None:
        """Adds to the sum."""
        self.count += 1
        self.total = zlib.crc32(repr(content).encode("utf-8", "backslashreplace"), self.total)

    def told(self) -> list[str]:
        """All of it."""
        return [*self.words, *([f"{self.count} with the sum {self.total:08x}"] if self.count else [])]


def tried(kind: str, law: str) -> list[str]:
    """What a law of this kind tries."""
    found = Tried()
    for name, event in PEERS[kind]:
        (peer,) = (each for each in KINDS[kind].correct if each.name == name)
        with _bound(kind, peer, event, law) as laws:
            for each in laws:
                if each.law.name == law and not each.law.lacks(each.bench):
                    _HOW[kind](each, found)
    return found.told()


@contextmanager
def _bound(kind: str, peer: Any, event: str, law: str) -> Iterator[list[BoundLaw]]:
    if kind == "receivers":
        with judging.receiver(peer, event, examples=EXAMPLES) as laws:
            yield laws
    elif kind == "parsers":
        with judging.parser(peer, examples=EXAMPLES) as laws:
            yield laws
    elif kind == "providers":
        with judging.provider(peer, out=law == "opt-in/opted-out", examples=EXAMPLES) as laws:
            yield laws
    else:
        with judging.client(peer, examples=EXAMPLES) as laws:
            yield laws


def _sent(call: Call) -> tuple[object, ...]:
    return (call.method, call.path, call.query, tuple(call.headers), call.body)


def _of_parser(law: BoundLaw, found: Tried) -> None:
    told = parsing.ParserBench.told

    def noted(bench: parsing.ParserBench, name: str, made: Any) -> tuple[parsing.Told, ...]:
        every = told(bench, name, made)
        for each in every:
            right = None if each.right is parsing.NOTHING else each.right
            found.add((each.about, _sent(each.call), right, each.has_to_be_given))
        return every

    with patch.object(parsing.ParserBench, "told", noted):
        assert law.judged().broken is None


def _of_receiver(law: BoundLaw, found: Tried) -> None:
    if law.law.name in _ONE_BY_ONE:
        _one_by_one(law, found)
        return
    attempt, send, send_all, malformed = Bench._try, Bench.send, Bench.send_all, refusal_laws.malformed

    def noted(bench: Bench, case: Any) -> Any:
        found.add(case.about)
        return attempt(bench, case)

    def added(bench: Bench, call: Call) -> Came:
        found.add(_sent(call))
        return send(bench, call)

    def added_all(bench: Bench, calls: list[Call]) -> list[Came]:
        found.add([_sent(call) for call in calls])
        return send_all(bench, calls)

    def named(way: Any, rng: Any) -> Iterator[Any]:
        for about, call in malformed(way, rng):
            found.add(about)
            yield about, call

    with ExitStack() as stack:
        stack.enter_context(patch.object(Bench, "_try", noted))
        stack.enter_context(patch.object(refusal_laws, "malformed", named))
        if law.bench.signer is None:
            stack.enter_context(patch.object(Bench, "send", added))
            stack.enter_context(patch.object(Bench, "send_all", added_all))
        assert law.judged().broken is None


def _one_by_one(law: BoundLaw, found: Tried) -> None:
    """Answers the first request wrongly, then the second alone, and so on until the law has no more."""
    send, place, at = Bench.send, 0, 0
    wrong = 200 if law.law.name in {"forged-events", "stale-events"} else 500

    def sent(bench: Bench, call: Call) -> Came:
        nonlocal at
        at += 1
        if at != place:
            return send(bench, call)
        found.add(_steady(call))
        return evolve(send(bench, call), status=wrong)

    with patch.object(Bench, "send", sent):
        while True:
            place, at = place + 1, 0
            broken = law.judged().broken
            if at < place:
                assert broken is None
                return
            if broken is not None:  # the first of them may be a good one, which is answered in this way anyhow
                found.note(broken.about, broken.expected)


def _steady(call: Call) -> str:
    """A request, without what is not the same in each run."""
    headers = sorted((name, _TOKEN.sub("varies", value)) for name, value in call.headers)
    return _VARYING.sub("varies", repr((call.method, call.path, call.query, headers, call.body)))


@frozen
class _Noting:
    """A target that notes what it is sent."""

    inner: Target
    found: Tried

    @property
    def address(self) -> str:
        return self.inner.address

    def send(self, call: Call) -> Came:
        self._add(call)
        return self.inner.send(call)

    def send_all(self, calls: Sequence[Call]) -> Iterable[Came]:
        for call in calls:
            self._add(call)
        return self.inner.send_all(calls)

    def close(self) -> None:
        self.inner.close()

    def _add(self, call: Call) -> None:
        self.found.add(_steady(call))


def _of_provider(law: BoundLaw, found: Tried) -> None:
    expect = providing.Answer.expect

    def noted(answer: providing.Answer, holds: bool, expected: str, about: str = "") -> None:
        found.note(expected)
        found.add(_VARYING.sub("varies", f"{about}: {expected}"))
        expect(answer, holds, expected, about)

    target = law.bench.target
    law.bench.target = _Noting(target, found)
    try:
        with patch.object(providing.Answer, "expect", noted):
            assert law.judged().broken is None
    finally:
        law.bench.target = target
    found.note(f"{law.bench.calls} requests")


def _of_client(law: BoundLaw, found: Tried) -> None:
    expect, ask = calling.Told.expect, calling.ClientBench.ask

    def noted(told: calling.Told, holds: bool, expected: str) -> None:
        found.note(expected)
        found.add(f"{told.about}: {expected}")
        expect(told, holds, expected)

    def asked(bench: Any, call: Any, reply: Any, about: str) -> calling.Told:
        def replied(request: Any) -> Any:
            given = reply(request) if callable(reply) else reply
            found.add((given.status, given.body, given.content_type, given.how, [name for name, _ in given.headers]))
            return given

        return ask(bench, call, replied, about)

    with patch.object(calling.Told, "expect", noted), patch.object(calling.ClientBench, "ask", asked):
        assert law.judged().broken is None


_HOW: Final[dict[str, Callable[[BoundLaw, Tried], None]]] = {
    "parsers": _of_parser,
    "receivers": _of_receiver,
    "providers": _of_provider,
    "clients": _of_client,
}


def written() -> dict[str, dict[str, list[str]]]:
    """What is written down, by kind and law."""
    found: dict[str, dict[str, list[str]]] = json.loads(FILE.read_text("utf-8"))
    return found


def main() -> None:
    """Writes the file."""
    if unicodedata.unidata_version != UNICODE:
        raise SystemExit("the file is written with Python 3.11")
    every = {kind: {law.name: tried(kind, law.name) for law in those.laws} for kind, those in KINDS.items()}
    FILE.write_text(json.dumps(every, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
