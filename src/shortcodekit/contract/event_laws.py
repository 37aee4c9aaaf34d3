"""The laws of receivers: what the service may send, and how it has to be answered.

Each is judged for each encoding of an event. Most are a list of documents that have to be taken; those documents come from the
specs, so a code, a channel or a key that is added there is judged from then on.
"""

from __future__ import annotations

from typing import Any, Final

from . import events
from .events import Case
from .laws import Broken, Law
from .receiving import Bench
from .specs import JSON, QUERY
from .tables import codes, is_text, to_come

_WEBHOOKS: Final = "Alerts - Sending API Reference: Delivery Receipt; Messages API v0.1: Webhooks"
_STATUSES: Final = "Alerts - Sending API Reference: Delivery Receipt; status values"
_KEEP: Final = "choice: unknown statuses, codes, keys, channels and contents will come, and no event may be lost"

# ---- several events ------------------------------------------------------------------------------------------------------


def _again(bench: Bench) -> Broken | None:
    rng = bench.rng("again")
    for count in (2, 3):
        case = bench.good(rng)
        calls = [bench.event(case) for _ in range(count)]  # signed anew each time, as attempts are
        for call in calls:
            came = bench.send(call)
            if not bench.taken(came):
                return Broken(bench.right, tuple(calls), bench.late(came), "the same event again")
    return None


def _in_any_order(bench: Bench) -> Broken | None:
    """Statuses of one message from the last to the first."""
    rng = bench.rng("order")
    table = next((each for each in events.places_of(bench) if each.path == ("status",)), None)
    statuses = codes(table) if table else [None, None, None]
    told = bench.good(rng).document
    calls = []
    for status in reversed(statuses):
        calls.append(bench.event(Case(told if status is None else {**told, "status": status})))
        came = bench.send(calls[-1])
        if not bench.taken(came):
            return Broken(bench.right, tuple(calls), bench.late(came), "events about one message, the last one first")
    return None


def _at_once(bench: Bench) -> Broken | None:
    rng = bench.rng("once")
    for _ in range(3):
        same = bench.good(rng)
        calls = [bench.event(same if number % 2 else bench.good(rng)) for number in range(12)]
        for call, came in zip(calls, bench.send_all(calls), strict=True):
            if not bench.taken(came):
                return Broken(bench.right, (call,), bench.late(came), "12 events at the same time, 6 of them the same")
    return None


def _taken_law(name: str, sentence: str, source: str, cases: events.Cases, **more: Any) -> Law[Bench]:
    return Law(name, sentence, source, lambda bench: bench.all_taken(name, cases), **more)


def _has_union(bench: Bench) -> bool:
    return "oneOf" in bench.way.api.schemas[bench.way.schema]


LAWS: Final[tuple[Law[Bench], ...]] = (
    _taken_law("documented-events", "The documented samples are taken, with the faults that they have.", _WEBHOOKS, events.documented),
    _taken_law("valid-events", "Every event that the spec allows is taken.", _WEBHOOKS, events.valid),
    _taken_law("status-in-any-case", "The case of a code carries no meaning.", _STATUSES,
               events.each(events.turned)),
    _taken_law("documented-codes", "Every documented code is taken, whatever it means.", _STATUSES, events.each(codes)),
    _taken_law("codes-to-come", "A code that is in no table is taken.", _KEEP, events.each(to_come, chosen=lambda place: bool(codes(place)))),
    _taken_law("channels-and-contents", "Every channel with every kind of content is taken, those to come included.",
               "Messages API v0.1: Inbound Message webhook; Published elsewhere: channels of the Messages API", events.branches,
               applies=_has_union),
    _taken_law("keys-to-come", "A key that is not documented does no harm.", _KEEP, events.keys_to_come),
    _taken_law("optional-keys-absent", "An event without its optional keys is taken.", _WEBHOOKS, events.absent),
    _taken_law("texts", "Texts in any script and of any length are taken, with +, %, & and = in them.",
               "Alerts - Sending API Reference: Encoding", events.each(events.texts, chosen=is_text)),
    _taken_law("numbers-and-texts", "A number is taken as a number and as text where the spec knows both.",
               "Observed: a JSON number", events.each(events.numbers), applies=lambda bench: bench.way.encoding == JSON),
    _taken_law("ways-of-writing", "White space, escapes and percent-encoding do not matter.",
               "Alerts - Sending API Reference: Encoding", events.styles),
    _taken_law("content-type", "A content type with a charset, and in any case, is taken.",
               "choice: RFC 9110, section 8.3.1", events.content_types, applies=lambda bench: bench.way.encoding != QUERY),
    Law("the-same-again", "An event that comes again is taken again.", _WEBHOOKS, _again),
    Law("any-order", "Events about one message are taken in any order.", "choice: deliveries can overtake each other", _in_any_order),
    Law("at-the-same-time", "Events that come at the same time are all taken.", "choice: deliveries can coincide", _at_once),
)  # fmt: skip
