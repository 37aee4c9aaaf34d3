"""The events that whoever takes webhooks has to take: drawn from the specs, and told one by one where chance would not do.

What they are for is told by whose laws go through them: those of receivers by the answer, those of parsers by the document that
comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Protocol

from attrs import frozen

from .choices import TELLING, Choices
from .laws import Rng, shortened, without
from .recipes import ImpossibleError, UnluckyError
from .specs import QUERY
from .tables import Place, codes, is_text, places, put, twins
from .targets import Call
from .ways import Signer, Way

_LONG: Final = 4096
"""How long the longest documented text is, in characters."""
_LONGEST_QUERY: Final = 8000
"""How many octets every server takes in a query."""


Document = Mapping[str, Any]


class Judged(Protocol):
    """What is judged for one encoding of an event."""

    @property
    def way(self) -> Way:
        """The event and the encoding."""

    @property
    def examples(self) -> int:
        """How many drawn events are tried."""


@frozen
class Case:
    """A document that has to be taken, and what is special about it."""

    document: Document
    about: str = ""
    path: tuple[str, ...] = ()
    """Where what is special stands; empty for the document as a whole."""
    style: Choices | None = None
    """How it is written; None for the plainest way."""
    content_type: str | None = None


Cases = Callable[[Judged, Rng], Iterator[Case]]


def places_of(bench: Judged) -> list[Place]:
    """The properties of the event's documents that it can have in this encoding."""
    unique: dict[Any, Place] = {}
    for place in places(bench.way.api, bench.way.schema):
        if place.path[-1] not in {"sig", "timestamp", "nonce"} or len(place.path) > 1:
            unique.setdefault(place.path, place)
    return list(unique.values())


def base(bench: Judged, rng: Rng, path: tuple[str, ...]) -> dict[str, Any]:
    """A documented event into which a value can be put at `path`."""
    document = bench.way.told_apart(dict(bench.way.example), rng.bytes)
    return dict(document) if len(path) == 1 or path[0] in document else {**document, path[0]: {}}


def _with(bench: Judged, rng: Rng, place: Place, value: Any) -> Case | None:
    """The documented event with `value` at a place; None where that is not valid, or does not travel."""
    document = put(base(bench, rng, place.path), place.path, value)
    if not bench.way.api.validator(bench.way.schema).is_valid(document):
        return None
    if bench.way.encoding == QUERY and len(bench.way.written(document)) > _LONGEST_QUERY:
        return None
    name = ".".join(place.path)
    return Case(document, f"{name} is {value!r}" if len(str(value)) < 60 else f"a long {name}", place.path)


def each(values: Callable[[Place], list[Any]], *, chosen: Callable[[Place], bool] = lambda _: True) -> Cases:
    """The documented event with each of `values` at each chosen place."""
    return partial(_each, values, chosen)


def _each(
    values: Callable[[Place], list[Any]], chosen: Callable[[Place], bool], bench: Judged, rng: Rng
) -> Iterator[Case]:
    for place in filter(chosen, places_of(bench)):
        for value in values(place):
            case = _with(bench, rng, place, value)
            if case is not None:
                yield case


# ---- documents that have to be taken -------------------------------------------------------------------------------------


def documented(bench: Judged, rng: Rng) -> Iterator[Case]:
    """The spec's examples."""
    for name, _, _, value in bench.way.operation.examples():
        if isinstance(value, dict):
            yield Case(bench.way.told_apart(value, rng.bytes), f"the spec's example {name!r}")


def valid(bench: Judged, rng: Rng) -> Iterator[Case]:
    """Events drawn from the spec."""
    for number in range(bench.examples):
        try:
            yield Case(bench.way.drawn(rng.bytes, complete=number % 5 == 4), "drawn from the spec")
        except UnluckyError:
            continue


def branches(bench: Judged, rng: Rng) -> Iterator[Case]:
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


def keys_to_come(bench: Judged, rng: Rng) -> Iterator[Case]:
    """Keys that are not documented, of each kind of value."""
    values: list[Any] = ["text", "", "1", 1, True, None, {"a": 1}, ["a"]]
    for name in ("to-come", "ok", "messageTimestamp", "client_ref", "network", "direction", "x"):
        document = base(bench, rng, ("x",))
        if name not in document:
            yield Case(
                {**document, name: rng.one(values[:3]) if bench.way.flat else rng.one(values)}, f"the key {name}"
            )
    for key, value in bench.way.example.items():
        if isinstance(value, dict):
            document = base(bench, rng, ("x",))
            yield Case({**document, key: {**value, "to-come": "text"}}, f"the key {key}.to-come", (key, "to-come"))


def absent(bench: Judged, rng: Rng) -> Iterator[Case]:
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


def turned(place: Place) -> list[str]:
    """The documented codes in other case, where case carries no meaning."""
    return [twin for code in codes(place) for twin in twins(code, place)]


_TEXTS: Final = [each for each in TELLING if each.isprintable() or each in "\n\t"]


def texts(place: Place) -> list[str]:
    """Texts that programs stumble over, and long ones."""
    longest = place.schema.get("maxLength", _LONG)
    found = [each[:longest] for each in _TEXTS]
    long = [text[:longest] for text in ("x" * _LONG, "é" * _LONG, "x" * 1600, "é" * 200, "😀" * 70, "long text " * 160)]
    return [*found, *dict.fromkeys(long)]


def numbers(place: Place) -> list[Any]:
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
        least = place.schema.get("minimum", 0)
        found += dict.fromkeys(each for each in ("12", "0.02000000", "0", str(least)) if float(each) >= least)
    return found


def styles(bench: Judged, rng: Rng) -> Iterator[Case]:
    """Ways of writing the same: white space and escapes in JSON, percent-encoding in parameters."""
    text = {"client-ref": "a+b & c=d 100% é😀", "text": "a+b & c=d 100% é😀", "client_ref": "a+b & c=d 100% é😀"}
    known = bench.way.api.schemas[bench.way.schema].get("properties", {})
    for first in range(4):
        for second in range(6):
            document = base(bench, rng, ("x",)) | {key: value for key, value in text.items() if key in known}
            yield Case(
                document, "written in another way", style=Choices(bytes([first, second % 2, second % 3, second % 4]))
            )


def content_types(bench: Judged, rng: Rng) -> Iterator[Case]:
    """Ways of naming the content type."""
    kind = bench.way.encoding
    for label in (f"{kind}; charset=utf-8", f"{kind};charset=UTF-8", f'{kind}; charset="utf-8"', kind.title()):
        yield Case(base(bench, rng, ("x",)), f"Content-Type: {label}", content_type=label)


def request(way: Way, case: Case, signer: Signer | None = None) -> Call:
    """The request of a case, signed when there is a signer."""
    call = way.event(case.document, signer, case.style)
    if case.content_type is None:
        return call
    others = tuple(each for each in call.headers if each[0] != "content-type")
    return Call(call.method, call.path, call.query, (("content-type", case.content_type), *others), call.body)


def smaller(way: Way, case: Case) -> Callable[[Document], Iterator[Any]]:
    """What makes smaller documents of one: what is special about a case, and what every event has, stays."""
    texts = {each.path for each in places(way.api, way.schema) if is_text(each)}
    kept = frozenset({*_required(way), *((each,) for each in way.webhook.told_apart_by), *filter(None, [case.path])})

    def made(document: Document) -> Iterator[Any]:
        yield from without(document, kept)
        for key, value in way.example.items():
            if (key,) != case.path and document.get(key, value) != value and not isinstance(value, dict):
                yield {**document, key: value}
        yield from (each for path, each in shortened(document) if path in texts)

    return made


def _required(way: Way) -> Iterator[tuple[str, ...]]:
    schema = way.api.schemas[way.schema]
    for branch in schema.get("oneOf", [schema]):
        yield from ((key,) for key in way.api.resolve(branch).get("required", ()))
