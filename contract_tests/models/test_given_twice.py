"""Laws of JSON in which an object has a key twice: it is refused wherever it stands and however it is written, and nothing else is.

One reader may take the first value and another the last, so such a document tells two people different things. The product
does not look at each key: it counts quotation marks in the bytes and in what it made of them, and looks closely only where
the two differ. So the texts here are written by hand, to defeat the counting: with escapes for letters and for quotation
marks, with values of all kinds that are dropped, with white space anywhere, at any depth, and with values that a model turns
into another kind. The judge is the standard library, which is shown each pair.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import MODELS, Api
from contract_tests.arriving import IN_JSON, Way, each_of, told
from contract_tests.calls import outcome
from contract_tests.profiles import examples
from contract_tests.strategies import documents
from shortcode_clients import InvalidDocument
from shortcodekit.contract.choices import Choices
from shortcodekit.contract.normalising import same
from shortcodekit.webhooks import MalformedWebhook

Pairs = list[tuple[str, Any]]


# ---- the judge -------------------------------------------------------------------------------------------------------


def _judged(text: str) -> tuple[Any, bool]:
    """What `text` says, and whether an object in it has a key twice; `ValueError` when it is no JSON, or cannot be written again."""
    found = []

    def look(pairs: Pairs) -> dict[str, Any]:
        found.append(len(dict(pairs)) != len(pairs))
        return dict(pairs)

    said = json.loads(text, object_pairs_hook=look, parse_constant=_refuse)
    json.dumps(said, allow_nan=False)  # where a number is too large, it was read as infinity
    return said, any(found)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


# ---- the writer ------------------------------------------------------------------------------------------------------


def _written(value: Any, choices: Choices) -> str:
    """`value` as JSON in a random style; a tuple of pairs is an object, in which a name may come twice."""
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple):
        members = (
            f"{_gap(choices)}{_text(key, choices)}{_gap(choices)}:{_gap(choices)}{_written(inner, choices)}"
            for key, inner in value
        )
        return "{" + f"{_gap(choices)},".join(members) + _gap(choices) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_gap(choices) + _written(inner, choices) for inner in value) + _gap(choices) + "]"
    return _text(value, choices) if isinstance(value, str) else json.dumps(value)


def _gap(choices: Choices) -> str:
    return str(choices.one(["", "", "", " ", "\n", "\t", "\r\n  "]))


def _text(text: str, choices: Choices) -> str:
    """A text between quotation marks; each character as it is or as one of its escapes."""
    style = choices.below(4)
    return '"' + "".join(_character(each, choices if style == 3 else Choices(bytes([style]))) for each in text) + '"'


def _character(character: str, choices: Choices) -> str:
    units = character.encode("utf-16-be")
    long = "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\b": "\\b"}.get(character)
    plain = [] if character in '"\\' or character < " " else [character]
    return str(choices.one([*plain, short or long, long, re.sub("[a-f]", lambda found: found.group().upper(), long)]))


KEYS: Final = (
    *("a", "b", "", '"', '""', "\\", "\\u0061", "é", "😀", "\x00", "/", "msisdn", "status", "to", "type", "price", "A"),
    *("message_uuid", "code", "concat", "concat-total", "usage", "error", "content", "text", "err-code", '":1,"'),
)


def _value(choices: Choices, depth: int) -> Any:
    """Any value; an object is a tuple of pairs."""
    kind = choices.below(9 if depth else 7)
    if kind == 7:
        return [_value(choices, depth - 1) for _ in range(choices.below(4))]
    if kind == 8:
        return tuple(_pairs(choices, depth - 1))
    simple: list[Any] = [0, "", None, True, '"', '\\"', 1.5, "é", -1e22, "x", '""""', 2**70, (), [], "\\", "a\nb", "{"]
    return choices.one(simple)


def _pairs(choices: Choices, depth: int) -> Pairs:
    few = [choices.one(KEYS) for _ in range(1 + choices.below(8))]
    return [(choices.one(few) if choices.below(3) == 2 else key, _value(choices, depth)) for key in few]


_BYTES: Final = st.binary(min_size=300, max_size=300)
_WORDS: Final = st.sampled_from(["x", "é"])  # without escapes, which are a reason to look closely


# ---- laws ------------------------------------------------------------------------------------------------------------


@each_of(IN_JSON)
def test_exactly_the_documents_that_have_a_key_twice_are_refused_for_that(way: Way) -> None:
    event = told(way.name)
    met = {True: 0, False: 0}

    @examples(180)
    @given(_BYTES)
    def law(data: bytes) -> None:
        choices = Choices(data)
        more = (pair for pair in _pairs(choices, 3) if pair[0] not in event)
        text = _written((*event.items(), ("unknown", _value(choices, 4)), *more), choices)
        document, twice = _judged(text)
        read = outcome(lambda: way.read(way.request(text)))
        if isinstance(read, MalformedWebhook) and "given twice" not in read.problem:
            assert read.problem.startswith(("expected", "required")), "a documented key has a value of another kind"
        else:
            met[twice] += 1
            assert isinstance(read, MalformedWebhook) == twice, text
            assert twice or same(read.raw, document)

    law()
    assert min(met.values()) > 20, met


@each_of(IN_JSON)
@pytest.mark.parametrize("first", ["1", "null", "true", '""', '"x"', '"\\""', "[]", "{}", '{"b": "c"}', '["d", "e"]'])
def test_a_key_given_twice_is_named_with_nothing_of_its_values(way: Way, first: str) -> None:
    event = json.dumps(told(way.name))
    spellings = ('"again"', '"\\u0061gain"', '"ag\\u0061\\u0069n"', '"\\u0061\\u0067\\u0061\\u0069\\u006E"')
    for one in spellings:
        for other in spellings:
            for last in ("1", '"y"', "null", "[1]"):
                for pair in (f"{one}:{first},{other}:{last}", f"{one} : {first} ,\r\n\t{other}\n:\n{last}"):
                    for text in (
                        f"{event[:-1]}, {pair}}}",
                        f"{{{pair}, {event[1:]}",
                        f'{event[:-1]},"x":[{{{pair}}}]}}',
                    ):
                        with pytest.raises(MalformedWebhook) as caught:
                            way.read(way.request(text))
                        assert (caught.value.field, caught.value.problem) == ("again", "given twice")


def _objects(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all objects in `document`."""
    if isinstance(document, dict):
        yield path
    if isinstance(document, dict | list):
        for key, inner in document.items() if isinstance(document, dict) else enumerate(document):
            yield from _objects(inner, (*path, key))


def _with_twin(document: Any, path: tuple[Any, ...], key: str, value: Any) -> Any:
    """`document`, whose object at `path` has `key` once more: before all others, so that this `value` is dropped."""
    if not path:
        return ((key, value), *document.items())
    inner = _with_twin(document[path[0]], path[1:], key, value)
    if isinstance(document, list):
        return [*document[: path[0]], inner, *document[path[0] + 1 :]]
    return {**document, path[0]: inner}


@pytest.mark.parametrize(("api", "name"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in MODELS])
def test_no_value_that_is_dropped_or_read_as_another_kind_makes_up_for_a_key_given_twice(api: Api, name: str) -> None:
    """A reader that counts a mark too many would let a key pass that leaves as many out: one without, and one with a text."""

    @examples(4)
    @given(documents(api, name, text=_WORDS), documents(api, name, text=_WORDS, complete=True), _BYTES)
    def law(drawn: Any, complete: Any, data: bytes) -> None:
        for document in (drawn, *_alone(api, name, complete)):
            for path in _objects(document):
                for key in _at(document, path):
                    for twin in (1, "text"):
                        _check_refused(api, name, _compact(_with_twin(document, path, key, twin)))
        choices = Choices(data)
        for document in (drawn, complete):
            found = [path for path in _objects(document) if _at(document, path)]
            if found:
                path = choices.one(found)
                key = choices.one(sorted(_at(document, path)))
                value = choices.one([1, None, True, "", "text", [], {}, {"a": 1}, {"a": "b"}, ["a"], '"'])
                _check_refused(api, name, _written(_with_twin(document, path, key, value), choices))

    law()


def _alone(api: Api, name: str, document: Any) -> Iterator[Any]:
    """`document`, and each of its keys beside those that have to be there, lest one makes up for another."""
    yield document
    required = api.schemas[name].get("required", ())
    for key in document if isinstance(document, dict) and "oneOf" not in api.schemas[name] else ():
        yield {other: value for other, value in document.items() if other in required or other == key}


def _check_refused(api: Api, name: str, text: str) -> None:
    for content in (text, f"\ufeff{text}".encode()):
        with suppress(InvalidDocument):
            pytest.fail(f"{content!r} is read as {api.read_json(name, content)}")


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _compact(value: Any) -> str:
    """As machines write it: the way that the product reads fastest."""
    if isinstance(value, dict | tuple):
        pairs = value.items() if isinstance(value, dict) else value
        return "{" + ",".join(f"{_plain(key)}:{_compact(inner)}" for key, inner in pairs) + "}"
    return f"[{','.join(map(_compact, value))}]" if isinstance(value, list) else _plain(value)


_plain: Final = json.JSONEncoder(ensure_ascii=False).encode


@pytest.mark.parametrize(("api", "name"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in MODELS])
def test_a_document_without_such_a_key_is_read_however_it_is_written(api: Api, name: str) -> None:
    @examples(6)
    @given(documents(api, name), _BYTES)
    def law(document: Any, data: bytes) -> None:
        expected = api.read(name, document)
        text = _written(document, Choices(data))
        assert api.read_json(name, text) == expected
        assert api.read_json(name, f"\ufeff{text}".encode()) == expected

    law()


# ---- the two readers of JSON are one ---------------------------------------------------------------------------------

CHANGES: Final[Mapping[str, Callable[[str, Choices], str]]] = {
    "cut": lambda text, choices: text[: choices.below(len(text) + 1)],
    "a character changed": lambda text, choices: _spliced(text, choices, 1),
    "a character added": lambda text, choices: _spliced(text, choices, 0),
    "a number changed": lambda text, choices: _renumbered(text, choices),
}
_SIGNS: Final = '{}[],:"\\0123456789.eE+-truefalsnNI \t\n\r\x00\x0b\x7f\ufeffé\u2028/u'
_NUMBERS: Final = (
    *("0", "-0", "-0.0", "00", "01", "-", "1.", ".1", "1e5", "1E+5", "1e-5", "1e400", "-1e400", "1e-400", "5e-324"),
    *("2.2250738585072011e-308", "0.1e1", "1_0", "0x10", "NaN", "Infinity", "9007199254740993", "9007199254740993.0"),
    *(str(2**63), str(2**64), str(-(2**63) - 1), "9" * 400, "9" * 4300, "9" * 4301, "1." + "0" * 400, "1e", "\uff11"),
)


def _spliced(text: str, choices: Choices, dropped: int) -> str:
    at = choices.below(len(text) + 1)
    return text[:at] + str(choices.one(_SIGNS)) + text[at + dropped :]


def _renumbered(text: str, choices: Choices) -> str:
    found = list(re.finditer(r"-?\d+(?:\.\d+)?|true|null", text))
    place = choices.one(found).span() if found else (len(text), len(text))
    return text[: place[0]] + str(choices.one(_NUMBERS)) + text[place[1] :]


@each_of(IN_JSON)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_json_and_what_it_says_is_what_the_standard_library_says(
    way: Way, change: Callable[[str, Choices], str]
) -> None:
    event = json.dumps(told(way.name))

    @examples(120)
    @given(_BYTES)
    def law(data: bytes) -> None:
        choices = Choices(data)
        unknown = change(_written(_value(choices, 3), choices), choices)
        text = f'{event[:-1]}, "n": -12.5, "unknown": {unknown}}}'
        expected = None
        with suppress(ValueError):
            document, twice = _judged(text)
            expected = None if twice else document
        read = None
        with suppress(MalformedWebhook):
            read = way.read(way.request(text)).raw
        assert repr(read) == repr(expected), text  # `repr` tells 1 from 1.0, and 0.0 from -0.0

    law()
