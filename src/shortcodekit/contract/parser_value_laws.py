"""The laws about what parsers give: each event of the specs comes out as the document that it tells, and nothing of it is lost.

The events are those that receivers have to take, and more where a value can come out wrongly and still be taken. Numbers of JSON
that become texts are written without an exponent, since no source says how one would be told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, zip_longest
from typing import Any, Final

from attrs import evolve

from . import events
from .choices import Choices
from .events import Case
from .laws import Broken, Law, Rng
from .parsing import Drawn, Makes, ParserBench, Told, apart, of_case, parser_law
from .recipes import Builder, ImpossibleError, UnluckyError, alike
from .specs import FORM, JSON, QUERY, WEBHOOKS
from .tables import Place, codes, is_text, put, to_come
from .targets import Call

_WEBHOOKS: Final = "Alerts - Sending API Reference: Delivery Receipt; Messages API v0.1: Webhooks"
_STATUSES: Final = "Alerts - Sending API Reference: Delivery Receipt; status values"
_KEEP: Final = (
    "choice: unknown statuses, codes, keys, channels and contents will come, and nothing of an event may be lost"
)
_ENCODING: Final = "Alerts - Sending API Reference: Encoding"
_LABELS: Final = "choice: content types are known to be wrong at times, and a body tells by itself what it is"


def _of(*several: events.Cases) -> Makes:
    """The requests of cases."""
    return partial(_made, several)


def _made(several: Sequence[events.Cases], drawn: Drawn) -> Iterator[Told]:
    for cases in several:
        yield from (of_case(drawn.way, each) for each in cases(drawn, drawn.rng) if _is_plain(each.document))


def _is_plain(value: Any) -> bool:
    """Whether no number in it is written with an exponent."""
    if isinstance(value, dict | list):
        return all(map(_is_plain, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or "e" not in repr(value)


def _valid(drawn: events.Judged, document: Mapping[str, Any]) -> bool:
    return drawn.way.api.validator(drawn.way.schema).is_valid(document)


# ---- values --------------------------------------------------------------------------------------------------------------


def _drawn_values(drawn: events.Judged, rng: Rng) -> Iterator[Case]:
    """Values that the spec allows at each place, one at a time."""
    for place in events.places_of(drawn):
        for value in _values_of(place, drawn, rng):
            yield from _at(drawn, rng, place, value)


def _values_of(place: Place, drawn: events.Judged, rng: Rng) -> Iterator[Any]:
    """Some values of a place; none where nothing is drawn."""
    with suppress(ImpossibleError, NotImplementedError):
        make = Builder(drawn.way.api, complete=False)(place.schema)
        for _ in range(max(2, drawn.examples // 10)):
            with suppress(UnluckyError):
                yield make(Choices(rng.bytes(120)))


def _telling_values(place: Place) -> list[Any]:
    """Texts that look like something else: numbers, and what other languages write for nothing, yes and no."""
    return [
        *("0", "00", "007", "0.02000000", "0.10", "-0.10", "+1", "1.0", "1e3", "1E3", "12345678901234567890.123456789", "1_000"),
        *("", " ", " a ", "TRUE", "False", "true", "null", "None", "NaN", "Infinity", "0x10", "yes", "[]", "{}", '"a"', "\uff11"),
        *("2020-01-01 12:00:00", "\\2020-01-01\\ 12:00:00", "2020-01-01+12:00:00", "2000-02-29 23:59:59", "0001-01-01 00:00:00"),
        *("2020-01-01T12:00:00.000Z", "2020-01-01T12:00:00Z", "2020-01-01T13:00:00+01:00", "2020-01-01T12:00:00.123456Z"),
        *("0001010000", "2001011200", "447700900000", "00447700900000"),
        *(["0" * 8, "1" * 15] if place.path else []),
    ]  # fmt: skip


def _at(drawn: events.Judged, rng: Rng, place: Place, value: Any) -> Iterator[Case]:
    document = put(events.base(drawn, rng, place.path), place.path, value)
    if _valid(drawn, document):
        yield Case(document, f"{'.'.join(place.path)} is {value!r}"[:80], place.path)


def _numbers(place: Place) -> list[Any]:
    """Numbers where texts are told, to the last digit."""
    return [
        0,
        1,
        12,
        10,
        0.5,
        0.1,
        0.02,
        0.0333,
        1.5,
        2.25,
        120.75,
        2**53 + 1,
        2**63 - 1,
        place.schema.get("maximum", 1),
    ]


# ---- what is not known yet -----------------------------------------------------------------------------------------------

_VALUES: Final[tuple[Any, ...]] = (
    *("text", "", " ", "0", "007", "1.0", "true", "null", "STATUS", "é😀", 0, -1, 7, 0.5, 1.25, 2**53 + 1, 2**64, True, False, None),
    *([], {}, [None], ["a", 1, {"b": [0.5, None]}], {"a": {"b": {"c": []}}}, {"": ""}, {"type": "text", "status": "x"}),
)  # fmt: skip
_NAMES: Final = ("to-come", "", "é", "a.b", "a[b]", "a[]", "a b", "a&b=c", "__class__", "0", "x" * 300)


def _unknown_keys(drawn: events.Judged, _: Rng) -> Iterator[Case]:
    """Keys that are not documented, such as documented ones written in another way, with values of all kinds."""
    known = {key for each in _branches(drawn) for key in each.get("properties", {})}
    names = [*_NAMES, *alike(dict.fromkeys(known))]
    names += [twin for key in sorted(known) for twin in (key.title(), key.replace("-", ""), f" {key}", f"{key}[]")]
    values = [each for each in _VALUES if not drawn.way.flat or isinstance(each, str)]
    pairs = [
        *((name, values[at % len(values)]) for at, name in enumerate(names)),
        *(("to-come", each) for each in values),
    ]
    for name, value in pairs:
        document = {**drawn.way.example, name: value}
        if name not in known and _valid(drawn, document):
            yield Case(document, f"the key {name[:40]!r}", (name,))


def _branches(drawn: events.Judged) -> list[Mapping[str, Any]]:
    schema = drawn.way.api.schemas[drawn.way.schema]
    return [drawn.way.api.resolve(each) for each in schema.get("oneOf", [schema])]


def _unknown_keys_inside(drawn: events.Judged, rng: Rng) -> Iterator[Case]:
    """The same in each object of an event, on each channel and with each kind of content."""
    whole = (
        drawn.way.drawn(rng.bytes, complete=True) if "oneOf" not in drawn.way.api.schemas[drawn.way.schema] else None
    )
    for each in (*([Case(whole)] if whole else []), *events.branches(drawn, rng)):
        for path, document in _with_key(each.document):
            if _valid(drawn, document):
                yield evolve(each, document=document, about=f"the key {'.'.join(path)}", path=path)


def _with_key(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            inside = (*path, key)
            yield (*inside, "to-come"), {**document, key: {**value, "to-come": {"a": [1, None, "x"]}}}
            yield from ((where, {**document, key: inner}) for where, inner in _with_key(value, inside))


def _to_come(place: Place) -> list[Any]:
    return [*to_come(place), "Held Back", "held_back", "HELD-BACK", ""] if codes(place) else []


# ---- the ways in which it comes ------------------------------------------------------------------------------------------


def _other_writing(drawn: Drawn) -> Iterator[Told]:
    """What other encoders write, and read as the same."""
    way, document = drawn.way, {**drawn.way.example, "to-come": "a+b & c=d 100% é/😀;\t\\ \"'"}
    right, whole = drawn.right(document), way.written(document)
    if not way.flat:
        raw = json.dumps(document, ensure_ascii=False)
        for about, text in (
            ("a byte order mark", f"\ufeff{raw}"),
            ("letters as they are", raw),
            ("each slash escaped", whole.replace("/", "\\/")),
            ("letters escaped", _TEXT.sub(_escaped, raw)),
            ("keys in reverse", json.dumps(dict(reversed(document.items())))),
            ("white space around it", f"\r\n\t {raw}\n\n"),
        ):
            yield Told(about, way.call(text), right)
        return
    for about, text, more in (
        ("keys in reverse", "&".join(reversed(whole.split("&"))), {}),
        ("spaces as %20", whole.replace("+", "%20"), {}),
        ("an empty pair at its end", f"{whole}&", {}),
        ("an empty value", f"{whole}&empty=", {"empty": ""}),
        ("a semicolon, which separates nothing", f"{whole}&a=b;c=d", {"a": "b;c=d"}),
        ("an equals sign in a value", f"{whole}&a=b=c==", {"a": "b=c=="}),
    ):
        yield Told(about, way.call(text), drawn.right({**document, **more}))


_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A text in JSON."""


def _escaped(text: re.Match[str]) -> str:
    """A text with each letter of ASCII as its code, which JSON allows for any character."""
    return re.sub(r"(\\.)|[A-Za-z]", lambda each: each[1] or f"\\u{ord(each[0]):04x}", text[0])


def _labels(drawn: Drawn) -> Iterator[Told]:
    """Each content type under which a body may come, a wrong one and none among them."""
    way, document = drawn.way, {**drawn.way.example, "to-come": "é😀"}
    kinds = {kind for each in WEBHOOKS for kind in each.bodies}
    for label in (
        *(
            "",
            "text/plain",
            "nonsense",
            "*/*",
            "multipart/form-data; boundary=x",
            "application/octet-stream",
            "text/html",
        ),
        *(
            each
            for kind in sorted(kinds)
            for each in (kind, kind.upper(), f"{kind}; charset=utf-8", f"{kind};charset=ISO-8859-1")
        ),
        *("application/problem+json", "text/javascript", f"{JSON}; charset=utf-16", f"{FORM}; charset=bogus"),
    ):
        about = f"Content-Type: {label or 'none'}"
        yield Told(about, way.call(way.written(document), content_type=label), drawn.right(document))


def _other_part(drawn: Drawn) -> Iterator[Told]:
    """A query in the address of a POST, and a body under a GET: both mean nothing."""
    way, document = drawn.way, drawn.way.example
    call, right = drawn.plain(document), drawn.right(document)
    least = {key: value for key, value in document.items() if isinstance(value, str)}
    forged = "&".join(f"{key}=forged" for key in least)
    if way.encoding == QUERY:
        for label in ((), (("content-type", FORM),), (("content-type", JSON),)):
            for body in (forged, "to-come=1", json.dumps(dict.fromkeys(least, "forged")), "{", "[]"):
                yield Told("a body under a GET", evolve(call, headers=label, body=body.encode()), right)
        return
    for query in ("tenant=7", "token=a%2Bb&status=forged", forged, "%ff&&==", "a=1&a=2"):
        yield Told("a query in the address of a POST", evolve(call, query=query), right)


# ---- several requests ----------------------------------------------------------------------------------------------------


def _several(drawn: Drawn) -> Iterator[Told]:
    """Events from the fullest to the shortest and back, refused ones between them."""
    own = [evolve(each, case=None, about="one of several events") for each in _of(events.valid)(drawn)][:10]
    least = [evolve(each, case=None, about="one of several events") for each in _of(events.absent)(drawn)][:1]
    for each in own:
        yield from (each, *least, each)


def _each_alone(bench: ParserBench) -> Broken | None:
    several = bench.told("alone", _several)
    nothing = Call("POST", "", "", (("content-type", JSON),), b"{")
    for number, told in enumerate(several):
        if number % 5 == 4:
            bench.outcome(nothing)
        _spoil(bench.outcome(told.call).document)
        broken = bench.given_wrongly(evolve(told, about="an event again, after its first document was changed"))
        if broken is not None:
            return broken

    def given_wrongly(share: Sequence[Told]) -> list[Broken | None]:
        return [bench.given_wrongly(evolve(each, about="one of several at the same time")) for each in share]

    shares = [apart(partial(given_wrongly, several[first::4])) for first in range(4)]
    found = chain.from_iterable(zip_longest(*(each.result() for each in shares)))
    return next(filter(None, found), None)


def _spoil(document: Any) -> None:
    """Changes all of a document that can be changed."""
    for each in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        _spoil(each)
    if isinstance(document, dict | list):
        document.clear()


# ---- laws ----------------------------------------------------------------------------------------------------------------


def _given(name: str, sentence: str, source: str, *makes: Makes, **more: Any) -> Law[ParserBench]:
    def made(drawn: Drawn) -> Iterator[Told]:
        for each in makes:
            yield from each(drawn)

    return parser_law(name, sentence, source, lambda bench: bench.all_given(name, made), **more)


def _has_union(bench: ParserBench) -> bool:
    return "oneOf" in bench.way.api.schemas[bench.way.schema]


def _is_whole(bench: ParserBench) -> bool:
    return not bench.keys


def _in_json(bench: ParserBench) -> bool:
    return not bench.way.flat


LAWS: Final[tuple[Law[ParserBench], ...]] = (
    _given("documented-events", "The documented samples come out as they are, with the faults that they have.", _WEBHOOKS,
           _of(events.documented)),
    _given("valid-events", "Every event that the spec allows comes out whole.", _WEBHOOKS, _of(events.valid)),
    _given("codes-in-any-case", "A code in other case comes out as the documented one.", _STATUSES, _of(events.each(events.turned))),
    _given("documented-codes", "Every documented code comes out as it is.", _STATUSES, _of(events.each(codes))),
    _given("codes-to-come", "A code that is in no table comes out as it came.", _KEEP, _of(events.each(_to_come))),
    _given("channels-and-contents", "Every channel with every kind of content comes out whole, those to come included.",
           "Messages API v0.1: Inbound Message webhook; Published elsewhere: channels of the Messages API", _of(events.branches),
           applies=_has_union),
    _given("keys-to-come", "A key that is not documented comes out with its value, in each object.", _KEEP,
           _of(events.keys_to_come, _unknown_keys, _unknown_keys_inside), applies=_is_whole),
    _given("optional-keys-absent", "A key that did not come does not come out.", _WEBHOOKS, _of(events.absent)),
    _given("texts", "Texts in any script and of any length come out as they are, with +, %, & and = in them.", _ENCODING,
           _of(events.each(events.texts, chosen=is_text))),
    _given("values", "Amounts, times, leading zeros and empty values come out to the last character.",
           "Alerts - Sending API Reference: Delivery Receipt: Keys and Values", _of(events.each(_telling_values), _drawn_values)),
    _given("numbers-for-texts", "A number comes out as its text where the spec says so, and back.", "Observed: a JSON number",
           _of(events.each(events.numbers), events.each(_numbers)), applies=_in_json),
    _given("ways-of-writing", "White space, escapes, percent-encoding and order do not matter.", _ENCODING,
           _of(events.styles), _other_writing),
    _given("content-type", "The content type of a body changes nothing, even a wrong one or none.", _LABELS, _labels,
           applies=lambda bench: bench.way.encoding != QUERY),
    _given("query-or-body", "A GET says all in its query and a POST in its body; the other part means nothing.",
           "choice: a query in the address of a webhook is the receiver's own", _other_part),
    parser_law("each-alone", "What comes out depends on the request alone, not on others before it or at the same time.",
               "choice: deliveries can coincide", _each_alone),
)  # fmt: skip
