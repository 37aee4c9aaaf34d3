"""The laws of receivers: what the service may send, and how it has to be answered.

Each is judged for each encoding of an event. Most are a list of documents that have to be taken; those documents come from the
specs, so a code, a channel or a key that is added there is judged from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from .choices import TELLING, Choices
from .laws import Broken, Law, Rng
from .receiving import Bench, Case
from .recipes import ImpossibleError, UnluckyError
from .specs import JSON, QUERY
from .tables import Place, codes, is_text, places, put, to_come, twins

Cases = Callable[[Bench, Rng], Iterator[Case]]
_WEBHOOKS: Final = "Alerts - Sending API Reference: Delivery Receipt; Messages API v0.1: Webhooks"
_STATUSES: Final = "Alerts - Sending API Reference: Delivery Receipt; status values"
_KEEP: Final = "choice: unknown statuses, codes, keys, channels and contents will come, and no event may be lost"
_LONG: Final = 4096
"""How long the longest documented text is, in characters."""
_LONGEST_QUERY: Final = 8000
"""How many octets every server takes in a query."""


def _places(bench: Bench) -> list[Place]:
    """The properties of the event's documents that it can have in this encoding."""
    unique: dict[Any, Place] = {}
    for place in places(bench.way.api, bench.way.schema):
        if place.path[-1] not in {"sig", "timestamp", "nonce"} or len(place.path) > 1:
            unique.setdefault(place.path, place)
    return list(unique.values())


def _base(bench: Bench, rng: Rng, path: tuple[str, ...]) -> dict[str, Any]:
    """A documented event into which a value can be put at `path`."""
    document = bench.way.told_apart(dict(bench.way.example), rng.bytes)
    return dict(document) if len(path) == 1 or path[0] in document else {**document, path[0]: {}}


def _with(bench: Bench, rng: Rng, place: Place, value: Any) -> Case | None:
    """The documented event with `value` at a place; None where that is not valid, or does not travel."""
    document = put(_base(bench, rng, place.path), place.path, value)
    if not bench.way.api.validator(bench.way.schema).is_valid(document):
        return None
    if bench.way.encoding == QUERY and len(bench.way.written(document)) > _LONGEST_QUERY:
        return None
    name = ".".join(place.path)
    return Case(document, f"{name} is {value!r}" if len(str(value)) < 60 else f"a long {name}", place.path)


def _each(values: Callable[[Place], list[Any]], *, chosen: Callable[[Place], bool] = lambda _: True) -> Cases:
    """The documented event with each of `values` at each chosen place."""

    def cases(bench: Bench, rng: Rng) -> Iterator[Case]:
        for place in filter(chosen, _places(bench)):
            for value in values(place):
                case = _with(bench, rng, place, value)
                if case is not None:
                    yield case

    return cases


# ---- documents that have to be taken -------------------------------------------------------------------------------------


def _documented(bench: Bench, rng: Rng) -> Iterator[Case]:
    for name, _, _, value in bench.way.operation.examples():
        if isinstance(value, dict):
            yield Case(bench.way.told_apart(value, rng.bytes), f"the spec's example {name!r}")


def _valid(bench: Bench, rng: Rng) -> Iterator[Case]:
    for number in range(bench.examples):
        try:
            yield Case(bench.way.drawn(rng.bytes, complete=number % 5 == 4), "drawn from the spec")
        except UnluckyError:
            continue


def _branches(bench: Bench, rng: Rng) -> Iterator[Case]:
    """Each channel with each kind of content; those to come included."""
    api, schema = bench.way.api, bench.way.api.schemas[bench.way.schema]
    content = api.schemas.get("InboundContent", {})
    for branch in schema.get("oneOf", ()):
        for kind in content.get("oneOf", ()):
            inner = {"properties": {"message": {"properties": {"content": kind}}}}
            try:
                document = bench.way.drawn(rng.bytes, complete=True, schema={"allOf": [branch, inner]})
            except (ImpossibleError, UnluckyError, NotImplementedError):
                continue
            if api.validator(bench.way.schema).is_valid(document):
                names = [each["$ref"].rpartition("/")[2] for each in (branch, kind)]
                yield Case(document, f"{names[0]} with {names[1]}")


def _keys_to_come(bench: Bench, rng: Rng) -> Iterator[Case]:
    values: list[Any] = ["text", "", "1", 1, True, None, {"a": 1}, ["a"]]
    for name in ("to-come", "ok", "messageTimestamp", "client_ref", "network", "direction", "x"):
        document = _base(bench, rng, ("x",))
        if name not in document:
            yield Case(
                {**document, name: rng.one(values[:3]) if bench.way.flat else rng.one(values)}, f"the key {name}"
            )
    for key, value in bench.way.example.items():
        if isinstance(value, dict):
            document = _base(bench, rng, ("x",))
            yield Case({**document, key: {**value, "to-come": "text"}}, f"the key {key}.to-come", (key, "to-come"))


def _absent(bench: Bench, rng: Rng) -> Iterator[Case]:
    """Only what is required; and all but one of the optional keys."""
    valid = bench.way.api.validator(bench.way.schema).is_valid
    whole = dict(bench.way.drawn(rng.bytes, complete=True))
    schema = bench.way.api.schemas[bench.way.schema]
    required = schema.get("required") or [
        key for key in whole if not valid({k: v for k, v in whole.items() if k != key})
    ]
    least = {key: value for key, value in {**whole, **bench.way.example}.items() if key in required}
    if valid(least):
        yield Case(bench.way.told_apart(least, rng.bytes), "required keys only")
    example = {**whole, **bench.way.example}
    for key in example:
        document = {name: value for name, value in example.items() if name != key}
        if key not in required and valid(document):
            yield Case(bench.way.told_apart(document, rng.bytes), f"without {key}")
    for key, value in example.items():
        for inner in value if isinstance(value, dict) else ():
            document = {**example, key: {name: each for name, each in value.items() if name != inner}}
            if valid(document):
                yield Case(bench.way.told_apart(document, rng.bytes), f"without {key}.{inner}")


def _turned(place: Place) -> list[str]:
    return [twin for code in codes(place) for twin in twins(code, place)]


_TEXTS: Final = [each for each in TELLING if each.isprintable() or each in "\n\t"]


def _texts(place: Place) -> list[str]:
    longest = place.schema.get("maxLength", _LONG)
    found = [each[:longest] for each in _TEXTS]
    long = [text[:longest] for text in ("x" * _LONG, "é" * _LONG, "x" * 1600, "é" * 200, "😀" * 70, "long text " * 160)]
    return [*found, *dict.fromkeys(long)]


def _numbers(place: Place) -> list[Any]:
    """Numbers where texts are documented, as far as the spec takes both."""
    kinds = place.schema.get("type", [])
    if isinstance(kinds, str):
        return []
    found: list[Any] = []
    if "integer" in kinds:
        found += [place.schema.get("minimum", 0), place.schema.get("maximum", 441632960960), 12]
    if "number" in kinds:
        found += [0, 0.02, 1.5]
    if "string" in kinds:
        found += ["12", "0.02000000", "0"]
    return found


def _styles(bench: Bench, rng: Rng) -> Iterator[Case]:
    """Ways of writing the same: white space and escapes in JSON, percent-encoding in parameters."""
    text = {"client-ref": "a+b & c=d 100% é😀", "text": "a+b & c=d 100% é😀", "client_ref": "a+b & c=d 100% é😀"}
    known = bench.way.api.schemas[bench.way.schema].get("properties", {})
    for first in range(4):
        for second in range(6):
            document = _base(bench, rng, ("x",)) | {key: value for key, value in text.items() if key in known}
            yield Case(
                document, "written in another way", style=Choices(bytes([first, second % 2, second % 3, second % 4]))
            )


def _content_types(bench: Bench, rng: Rng) -> Iterator[Case]:
    kind = bench.way.encoding
    for label in (f"{kind}; charset=utf-8", f"{kind};charset=UTF-8", f'{kind}; charset="utf-8"', kind.title()):
        yield Case(bench.good(rng).document, f"Content-Type: {label}", content_type=label)


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
    table = next((each for each in _places(bench) if each.path == ("status",)), None)
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


def _taken_law(name: str, sentence: str, source: str, cases: Cases, **more: Any) -> Law[Bench]:
    return Law(name, sentence, source, lambda bench: bench.all_taken(name, cases), **more)


def _has_union(bench: Bench) -> bool:
    return "oneOf" in bench.way.api.schemas[bench.way.schema]


LAWS: Final[tuple[Law[Bench], ...]] = (
    _taken_law("documented-events", "The documented samples are taken, with the faults that they have.", _WEBHOOKS, _documented),
    _taken_law("valid-events", "Every event that the spec allows is taken.", _WEBHOOKS, _valid),
    _taken_law("status-in-any-case", "The case of a code carries no meaning.", _STATUSES,
               _each(_turned)),
    _taken_law("documented-codes", "Every documented code is taken, whatever it means.", _STATUSES, _each(codes)),
    _taken_law("codes-to-come", "A code that is in no table is taken.", _KEEP, _each(to_come, chosen=lambda place: bool(codes(place)))),
    _taken_law("channels-and-contents", "Every channel with every kind of content is taken, those to come included.",
               "Messages API v0.1: Inbound Message webhook; Published elsewhere: channels of the Messages API", _branches,
               applies=_has_union),
    _taken_law("keys-to-come", "A key that is not documented does no harm.", _KEEP, _keys_to_come),
    _taken_law("optional-keys-absent", "An event without its optional keys is taken.", _WEBHOOKS, _absent),
    _taken_law("texts", "Texts in any script and of any length are taken, with +, %, & and = in them.",
               "Alerts - Sending API Reference: Encoding", _each(_texts, chosen=is_text)),
    _taken_law("numbers-and-texts", "A number is taken as a number and as text where the spec knows both.",
               "Observed: a JSON number", _each(_numbers), applies=lambda bench: bench.way.encoding == JSON),
    _taken_law("ways-of-writing", "White space, escapes and percent-encoding do not matter.",
               "Alerts - Sending API Reference: Encoding", _styles),
    _taken_law("content-type", "A content type with a charset, and in any case, is taken.",
               "choice: RFC 9110, section 8.3.1", _content_types, applies=lambda bench: bench.way.encoding != QUERY),
    Law("the-same-again", "An event that comes again is taken again.", _WEBHOOKS, _again),
    Law("any-order", "Events about one message are taken in any order.", "choice: deliveries can overtake each other", _in_any_order),
    Law("at-the-same-time", "Events that come at the same time are all taken.", "choice: deliveries can coincide", _at_once),
)  # fmt: skip
