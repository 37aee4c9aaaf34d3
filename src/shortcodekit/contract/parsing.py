"""What laws about parsers work with: the parser, the event it is judged for, and what has to come out.

What has to come out is worked out from the spec alone: the document that was told, as it travels, after the normalisations that
the spec declares. No reader of `shortcode_clients` has a part in it.

A law runs in a thread of its own, so that a parser that never returns breaks the law and not the run: the thread is left behind. Python
has no way to end it. It goes on for as long as the parser does, or the process lives, and what keeps the interpreter to itself,
such as a regular expression that backtracks, keeps it from the run as well.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Protocol, TypeVar
from unittest import SkipTest

from attrs import define, evolve, field, frozen

from shortcodekit.webhooks import Request

from .events import Case, Document, request, smaller
from .judge import decoded
from .laws import Broken, Law, Rng, smallest
from .normalising import normalise, same
from .specs import FORM, JSON, QUERY
from .targets import Call, Came
from .ways import Way

T = TypeVar("T")

NOTHING: Final = object()
"""What stands where a key is missing."""


class Parse(Protocol):
    """A parser of one event. It gives the event's document, and raises nothing but errors of its own family.

    The document has the keys and the values of the spec, as `to_dict()` of the models gives them: objects are mappings, numbers and
    texts are what the spec makes of them. Of a parser that gives objects, `lambda request: as_document(parse(request.body))` is one.
    """

    def __call__(self, request: Request, /) -> Mapping[str, Any]:
        """The document of a request; `request.headers` is a dictionary whose names are in lower case."""


@frozen
class Told:
    """A request, and the document that has to come out of it."""

    about: str
    call: Call
    right: Any = NOTHING
    """`NOTHING` where no document has to."""
    case: Case | None = None
    """What the request was made from, where it can be made smaller."""
    has_to_be_given: bool = True
    """Whether it may not be refused."""


@frozen
class Drawn:
    """What the requests of a law are made from."""

    way: Way
    examples: int
    seed: str

    @property
    def rng(self) -> Rng:
        """Random choices, from the first one on."""
        return Rng(self.seed)

    def plain(self, document: Document) -> Call:
        """The request that tells `document`, written in the plainest way."""
        return self.way.call(self.way.written(document))

    def right(self, document: Document) -> Any:
        """What has to come out of a request that tells `document`."""
        return normalise(self.way.api, self.way.schema, self.way.arriving(document))


Makes = Callable[[Drawn], Iterator[Told]]


@lru_cache(256)
def _told_by_law(made: Makes, drawn: Drawn) -> tuple[Told, ...]:
    return tuple(made(drawn))


def of_case(way: Way, case: Case) -> Told:
    """The request of a case."""
    right = normalise(way.api, way.schema, way.arriving(case.document))
    return Told(case.about, request(way, case), right, case)


@frozen
class Outcome:
    """What became of one request: a document, a refusal, or something that must not be."""

    call: Call
    document: Any = NOTHING
    refusal: str = ""
    """The error of the parser's own family that was raised."""
    wrong: str = ""
    """What must not be, whatever the request was: another error, no document, too long."""

    @property
    def came(self) -> Came:
        """What came, in words."""
        return Came(error=self.wrong or self.refusal or "a document")


@frozen
class Difference:
    """The first place where what came out is not what has to."""

    path: tuple[str | int, ...]
    right: Any
    given: Any

    @property
    def where(self) -> str:
        """The path, in words."""
        return ".".join(map(str, self.path)) or "the document"


@define
class ParserBench:
    """A parser, and one encoding of one event that it is judged for."""

    parse: Parse
    way: Way
    error: type[Exception] | tuple[type[Exception], ...]
    """The family of errors by which it refuses."""
    examples: int
    seed: int
    limit: float
    """Seconds within which a request has to be parsed."""
    keys: frozenset[str] = frozenset()
    """The keys of documents that it gives; empty for all that there are."""
    calls: int = field(default=0, init=False)
    left_behind: bool = field(default=False, init=False)
    """Whether the parser did not return from a request; it is asked nothing more."""
    _asked: dict[int, tuple[Call, float]] = field(factory=dict, init=False)
    """The request that each thread is about, and since when."""

    # ---- requests --------------------------------------------------------------------------------------------------------

    def rng(self, law: str) -> Rng:
        """The random choices of one law."""
        return Rng(f"{self.seed}/{self.way}/{law}")

    def told(self, law: str, made: Makes) -> tuple[Told, ...]:
        """The requests of a law, the same for all parsers."""
        return _told_by_law(made, Drawn(self.way, self.examples, f"{self.seed}/{self.way}/{law}"))

    # ---- judging ---------------------------------------------------------------------------------------------------------

    def outcome(self, call: Call) -> Outcome:
        """What becomes of a request."""
        self.calls += 1
        thread, began = threading.get_ident(), time.perf_counter()
        self._asked[thread] = call, began
        try:
            given = self.parse(as_request(call))
        except self.error as error:
            ended = Outcome(call, refusal=f"a refusal: {type(error).__name__}: {str(error)[:_SHOWN]}")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is judged
            return Outcome(call, wrong=f"{type(error).__name__}: {str(error)[:_SHOWN]}")
        else:
            flaw = _flaw(given) if isinstance(given, Mapping) else f"{_shown(given)}, which is no document"
            ended = Outcome(call, wrong=flaw) if flaw else Outcome(call, given)
        finally:
            del self._asked[thread]
            if self.left_behind:
                raise SystemExit  # nobody waits for this thread any more
        seconds = time.perf_counter() - began
        return evolve(ended, wrong=f"an end after {seconds:.1f} s") if seconds > self.limit else ended

    def overdue(self) -> Call | None:
        """The request from which the parser has not returned for so long that it is left behind."""
        now = time.perf_counter()
        return next((call for call, began in list(self._asked.values()) if now - began > self.longest), None)

    @property
    def longest(self) -> float:
        """After how many seconds the parser is left behind: one that ends a little late is told how late it ends."""
        return 2 * self.limit

    def difference(self, right: Any, given: Any) -> Difference | None:
        """The first difference of what came out from what has to, as far as the parser gives documents whole."""
        if self.keys:
            right, given = ({key: each[key] for key in each if key in self.keys} for each in (right, given))
        return None if right == given and json.dumps(right) == json.dumps(given) else difference(right, given)

    def given_wrongly(self, told: Told) -> Broken | None:
        """None when the right document comes out of a request."""
        return self._compared(self.outcome(told.call), told)[0]

    def _compared(self, outcome: Outcome, told: Told) -> tuple[Broken | None, object]:
        """What is broken, and what tells it from other flaws."""
        if outcome.wrong or outcome.refusal:
            kind = (outcome.wrong or outcome.refusal).partition(":")[0]
            return Broken("the document", (told.call,), outcome.came, told.about), kind
        found = self.difference(told.right, outcome.document)
        if found is None:
            return None, None
        expected, came = (f"{found.where}: {_shown(each)}" for each in (found.right, found.given))
        return Broken(expected, (told.call,), Came(error=came), told.about), found.path

    def all_given(self, law: str, made: Makes) -> Broken | None:
        """None when the document of each request comes out, else the smallest that does not."""
        for told in self.told(law, made):
            broken, kind = self._compared(self.outcome(told.call), told)
            if broken is not None:
                return self._smallest(told.case, broken, kind) if told.case is not None else broken
        return None

    def _smallest(self, case: Case, found: Broken, kind: object) -> Broken:
        valid = self.way.api.validator(self.way.schema).is_valid

        def fails(document: Any) -> Broken | None:
            if not valid(document):
                return None
            told = of_case(self.way, evolve(case, document=document))
            broken, other = self._compared(self.outcome(told.call), told)
            return broken if other == kind else None

        return smallest(case.document, fails, found, smaller(self.way, case))

    def all_refused(self, law: str, made: Makes) -> Broken | None:
        """None when each request is refused."""
        for told in self.told(law, made):
            outcome = self.outcome(told.call)
            if outcome.wrong or not outcome.refusal:
                return Broken(f"a refusal, by {self.family}", (told.call,), outcome.came, told.about)
        return None

    def all_handled(self, law: str, made: Makes) -> Broken | None:
        """None when each request is refused or gives what it tells; where that is valid, it has to be given."""
        for told in self.told(law, made):
            outcome = self.outcome(told.call)
            if outcome.wrong:
                expected = f"a document, or a refusal by {self.family}"
                return Broken(expected, (told.call,), outcome.came, told.about)
            if told.right is not NOTHING and (told.has_to_be_given or not outcome.refusal):
                broken, _ = self._compared(outcome, told)
                if broken is not None:
                    return broken
        return None

    @property
    def family(self) -> str:
        """The errors by which it refuses, in words."""
        return " or ".join(each.__name__ for each in (self.error if isinstance(self.error, tuple) else (self.error,)))

    def reproduced(self, call: Call) -> str:
        """A request as a line of Python."""
        made = as_request(call)
        body = (
            repr(made.body) if len(made.body) <= _LONGEST else f"{made.body[:_LONGEST]!r} + …  # {len(made.body)} bytes"
        )
        query = repr(made.query) if len(made.query) <= _LONGEST else f"{made.query[:_LONGEST]!r} + …"
        return f"parse(Request({made.method!r}, {query}, {made.headers!r}, {body}))"


def as_request(call: Call) -> Request:
    """A request as a parser is given it."""
    return Request(call.method, call.query, {name.lower(): value for name, value in call.headers}, call.body)


# ---- laws ----------------------------------------------------------------------------------------------------------------


def parser_law(
    name: str, sentence: str, source: str, check: Callable[[ParserBench], Broken | None], **more: Any
) -> Law[ParserBench]:
    """A law about parsers, which ends even where a parser does not return."""

    def ending(bench: ParserBench) -> Broken | None:
        if bench.left_behind:
            raise SkipTest("needs a parser that returned from every request before")
        found = apart(lambda: check(bench))
        while not wait([found], bench.longest / 2).done:
            call = bench.overdue()
            if call is not None:
                bench.left_behind = True
                came = Came(error=f"it did not return within {bench.longest:g} s")
                return Broken(f"a document, or a refusal by {bench.family}", (call,), came)
        return found.result()

    return Law(name, sentence, source, ending, **more)


def apart(work: Callable[[], T]) -> Future[T]:
    """What `work` will give, from a thread that nothing waits for when the process ends."""
    future: Future[T] = Future()
    context = copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001  # raised where somebody asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


# ---- documents -----------------------------------------------------------------------------------------------------------


def difference(right: Any, given: Any, path: tuple[str | int, ...] = ()) -> Difference | None:
    """The first difference of two documents; numbers are equal as JSON's are, so 1 is 1.0, and true is neither."""
    if isinstance(right, Mapping) and isinstance(given, Mapping):
        for key in (*right, *(each for each in given if each not in right)):
            found = difference(right.get(key, NOTHING), given.get(key, NOTHING), (*path, key))
            if found is not None:
                return found
        return None
    if isinstance(right, list) and isinstance(given, list) and len(right) == len(given):
        each = (difference(*pair, (*path, at)) for at, pair in enumerate(zip(right, given, strict=True)))
        return next(filter(None, each), None)
    return None if same(right, given) else Difference(path, right, given)


def _shown(value: Any) -> str:
    """A value in words."""
    if value is NOTHING:
        return "nothing"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(shown)} characters)"


def _flaw(given: Any) -> str:
    """What in a document is no JSON, in words; empty for nothing."""
    stack: list[Any] = [given]
    while stack:
        each = stack.pop()
        if each.__class__ is str:
            continue
        if isinstance(each, Mapping):
            if not all(isinstance(key, str) for key in each):
                return "a document with a key that is no text"
            stack += each.values()
        elif isinstance(each, list):
            stack += each
        elif isinstance(each, float) and not math.isfinite(each):
            return f"a document with {each} in it, which is no number"
        elif not isinstance(each, str | int | float | None):
            return f"a document with {type(each).__name__} in it, which is no JSON"
    return ""


def told_by(way: Way, call: Call) -> Any:
    """The document that a request tells as its content stands; `NOTHING` where it tells none, or not as the service writes it."""
    content = call.query.encode("utf-8", "surrogateescape") if way.encoding == QUERY else call.body
    in_json = way.encoding == JSON if way.signed_by_token else content.lstrip()[:1] in (b"{", b"[")
    try:
        document = decoded(content, JSON if in_json and way.encoding != QUERY else FORM)
        json.dumps(document, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except (RecursionError, UnicodeEncodeError):
        return NOTHING
    return document if isinstance(document, dict) and not _is_deep(document) and not _flaw(document) else NOTHING


def _is_deep(document: Any) -> bool:
    """Whether it is nested deeper than `_DEEPEST`; not by recursion, whose bound differs with the version of Python."""
    level = [document]
    for _ in range(_DEEPEST):
        below = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = list(chain.from_iterable(below))
    return bool(level)


_LONGEST: Final = 800
_DEEPEST: Final = 500
"""How many levels a document may have for a parser to be asked for it as it stands: none of the service's has ten."""
_SHOWN: Final = 120
