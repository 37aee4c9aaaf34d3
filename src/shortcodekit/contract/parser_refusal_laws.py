"""The laws about what parsers refuse: what is no event ends in an error of the parser's own family, and in nothing else.

What breaks a finer rule of the spec than these laws name, such as the length of a text, may be refused or given; but what is given
is what came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import evolve

from .laws import Law, Rng
from .parsing import NOTHING, Drawn, Makes, ParserBench, Told, parser_law, told_by
from .recipes import UnluckyError
from .refusal_laws import malformed
from .specs import FORM, METHODS, QUERY
from .targets import Call

_NO_JSON: Final = (
    *("{", "}", "[", ",", "nul", "{}}", "{} {}", "// no\n{}", "{/**/}", "{'a': 1}", "{a: 1}", '{"a": 1,}', '{"a" 1}', '{"a": }'),
    *('{"a": 01}', '{"a": +1}', '{"a": .5}', '{"a": 1.}', '{"a": 0x1}', '{"a": "\t"}', '{"a": "\\x41"}', '{"a": "\\u12"}', '{"a": True}'),
)  # fmt: skip
"""What is nearly JSON. Each stands in place of an event, and those that are objects stand in one."""
_NO_UTF_8: Final = (b"\xff", b"\xc3", b"\xc3(", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe9")
_CONSTANTS: Final = ("NaN", "Infinity", "-Infinity")


# ---- what is no document -------------------------------------------------------------------------------------------------


def _no_document(drawn: Drawn) -> Iterator[Told]:
    yield from (Told(about, drawn.way.call(content)) for about, content in _contents(drawn))


def _contents(drawn: Drawn) -> Iterator[tuple[str, bytes]]:
    way = drawn.way
    whole = way.written(way.example).encode()
    yield from (
        ("nothing", b""),
        ("white space", b" \r\n"),
        ("HTML", b"<html><body>502</body></html>"),
        ("XML", b"<status>1</status>"),
    )
    yield from (("octets", bytes(range(128, 256))), ("NULs", bytes(64)))
    if way.encoding != QUERY:
        yield from (
            (f"JSON that is no object: {each}", each.encode())
            for each in ("[]", "null", "true", "12", '"text"', "[{}]")
        )
        yield "an event in a list", b"[" + json.dumps(way.example).encode() + b"]"
        yield "an event in a text", json.dumps(json.dumps(way.example)).encode()
    if way.flat:
        yield "only signs", b"&&==&="
        for octets in _NO_UTF_8:
            escaped = "".join(f"%{each:02X}" for each in octets).encode()
            for form in (escaped, octets) if way.encoding != QUERY else (escaped,):
                for beside in (b"to-come=%b", b"%b=1", b"client-ref=%b"):
                    yield f"no UTF-8: {octets!r}", whole + b"&" + beside % form
        return
    yield from ((f"no JSON: {each}", each.encode()) for each in _NO_JSON)
    inside = whole.rstrip()[:-1]
    yield from ((f"no JSON: {each[1:-1]}", inside + b", " + each[1:].encode()) for each in _NO_JSON if each[:2] == '{"')
    yield from (
        (f"JSON that breaks off after {end} bytes", whole[:end])
        for end in range(1, len(whole), max(1, len(whole) // 12))
    )
    yield "an event and more", whole + b" x"
    yield "two events", whole + whole
    if way.signed_by_token:  # other events may come as a form
        yield "a form", b"&".join(f"{key}=1".encode() for key in way.example)
    for octets in _NO_UTF_8:
        for beside in (b'"to-come": "%b"', b'"%b": 1', b'"to-come": [{"%b": 1}]'):
            yield f"no UTF-8: {octets!r}", inside + b", " + beside % octets + b"}"
    for charset in ("utf-16", "utf-32", "utf-16-le", "latin-1"):
        yield charset, json.dumps({**way.example, "to-come": "é"}, ensure_ascii=False).encode(charset)


def _numbers(drawn: Drawn) -> Iterator[Told]:
    """Numbers that JSON lacks, known keys and unknown ones."""
    inside = drawn.way.written(drawn.way.example).rstrip()[:-1]
    for value in _CONSTANTS:
        for beside in (f'"to-come": {value}', f'"to-come": [{{"a": {value}}}]', f'"to-come": {{"a": [1, {value}]}}'):
            yield Told(f"{value} in the document", drawn.way.call(f"{inside}, {beside}}}"))
        for key in drawn.way.example:
            yield Told(f"{key} is {value}", drawn.way.call(_instead(drawn.way.example, key, value)))


def _instead(document: Mapping[str, Any], key: str, written: str) -> str:
    """JSON of `document` with another value, which is written already."""
    marked = json.dumps({**document, key: "\x00"})
    return marked.replace(json.dumps("\x00"), written)


def _twice(drawn: Drawn) -> Iterator[Told]:
    """A key twice in one object, or a parameter twice."""
    way = drawn.way
    whole = way.written(way.example)
    if way.flat:
        for key, value in {**way.arriving(way.example), "to-come": "1"}.items():
            event = whole if key in way.example else f"{whole}&{key}={value}"
            for name, other in ((key, "other"), (key, ""), ("".join(f"%{ord(each):02x}" for each in key), "other")):
                yield Told(f"{key} twice", way.call(f"{event}&{name}={other}"))
                yield Told(f"{key} twice", way.call(f"{name}={other}&{event}"))
            yield Told(f"{key} twice with one value", way.call(f"{event}&{way.written({key: value})}"))
        return
    inside = whole.rstrip()[1:-1]
    for key, value in way.example.items():
        for name in (key, f"\\u{ord(key[0]):04x}{key[1:]}"):
            for other in ('"other"', json.dumps(value), "null", "{}"):
                yield Told(f"{key} twice", way.call(f'{{{inside}, "{name}": {other}}}'))
                yield Told(f"{key} twice", way.call(f'{{"{name}": {other}, {inside}}}'))
        if isinstance(value, dict):
            for first, second in value.items():
                twin = f"{{{json.dumps(value)[1:-1]}, {json.dumps(first)}: {json.dumps(second)}}}"
                yield Told(f"{key}.{first} twice", way.call(_instead(way.example, key, twin)))
    for twins in (
        '{"a": 1, "a": 2}',
        '[{"a": 1, "a": 1}]',
        '{"a": {"b": "", "b": ""}}',
        '{"": 1, "": 2}',
        '{"a": 1, "\\u0061": 1}',
    ):
        yield Told("an unknown key twice", way.call(f'{{{inside}, "to-come": {twins}}}'))
    yield Told("an unknown key twice", way.call(f'{{"to-come": 1, {inside}, "to-come": 1}}'))
    for twins in (
        r'{"a": 1, "a": 2, "b": "\u0022\u0022"}',
        r'{"a": "", "a": 2, "b": "\u0022\u0022\u0022\u0022"}',
    ):  # as many marks as without
        yield Told("an unknown key twice", way.call(f'{{{inside}, "to-come": {twins}}}'))


# ---- what lacks what every event has -------------------------------------------------------------------------------------


def _branches(drawn: Drawn) -> list[Mapping[str, Any]]:
    api, schema = drawn.way.api, drawn.way.api.schemas[drawn.way.schema]
    return [api.resolve(each) for each in schema.get("oneOf", [schema])]


def _required(drawn: Drawn) -> list[str]:
    """The keys that every event of this kind has, whatever else it is."""
    return sorted(set.intersection(*(set(each["required"]) for each in _branches(drawn))))


def _lacking(drawn: Drawn) -> Iterator[Told]:
    for event in _events(drawn):
        for key in _required(drawn):
            left = {name: value for name, value in event.items() if name != key}
            yield Told(f"without {key}", drawn.plain(left))
            yield Told(
                f"{key} under another name", drawn.plain({**left, f"{key}-": event[key], key.upper(): event[key]})
            )
    yield Told("without any key", drawn.plain({}))
    yield Told("unknown keys only", drawn.plain({"to-come": "1"}))


def _events(drawn: Drawn) -> Iterator[Mapping[str, Any]]:
    """The documented event, and some drawn ones."""
    yield drawn.way.example
    rng = drawn.rng
    for _ in range(6):
        try:
            yield drawn.way.drawn(rng.bytes)
        except UnluckyError:
            continue


_KINDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "null": (None,),
    "boolean": (True, False),
    "array": ([], ["x"]),
    "object": ({}, {"a": "x"}),
    "string": ("", "x"),
    "integer": (0, 7),
    "number": (1.5,),
}


def _wrong_kinds(drawn: Drawn) -> Iterator[Told]:
    """A value of a kind that no event has there."""
    for key in _required(drawn):
        kinds = {kind for each in _branches(drawn) for kind in _kinds(drawn, each["properties"][key])}
        kinds |= {"integer"} if "number" in kinds else set()
        value = drawn.way.example[key]
        wrong = [each for kind, values in _KINDS.items() if kind not in kinds for each in values]
        for other in (*wrong, [value], *([] if "object" in kinds else [{key: value}])):
            yield Told(f"{key} is {json.dumps(other)}", drawn.plain({**drawn.way.example, key: other}))


def _kinds(drawn: Drawn, schema: Mapping[str, Any]) -> set[str]:
    """The types that a schema lets through."""
    found = schema.get("type", "object" if "properties" in schema else ())
    kinds = {found} if isinstance(found, str) else set(found)
    if "$ref" in schema:
        kinds |= _kinds(drawn, drawn.way.api.resolve({"$ref": schema["$ref"]}))
    for each in (*schema.get("oneOf", ()), *schema.get("allOf", ())):
        kinds |= _kinds(drawn, each)
    return kinds


# ---- how it does not come ------------------------------------------------------------------------------------------------


def _methods(drawn: Drawn) -> Iterator[Told]:
    """The same by a method by which the event does not travel."""
    way = drawn.way
    parameters = "&".join(f"{key}={value}" for key, value in way.example.items() if isinstance(value, str))
    for method in sorted({each.upper() for each in METHODS} - set(way.webhook.encodings)):
        for label, body in (
            (way.encoding if way.encoding != QUERY else FORM, way.written(way.example).encode()),
            ("", b""),
        ):
            headers = (("content-type", label),) if label else ()
            yield Told(f"by {method}", Call(method, "", parameters, headers, body))
    if way.encoding == QUERY:
        call = drawn.plain(way.example)
        yield Told("a POST that says all in its query", evolve(call, method="POST"))
    else:
        call = drawn.plain(way.example)
        yield Told("a POST that says all in its query", evolve(call, query=way.written(way.example), body=b""))
    if way.encoding != QUERY and "GET" in way.webhook.encodings:
        yield Told("a GET that says all in its body", evolve(drawn.plain(way.example), method="GET"))


# ---- what is damaged -----------------------------------------------------------------------------------------------------


def _damaged(drawn: Drawn) -> Iterator[Told]:
    """What is malformed in any way: damaged by chance, or by values that do not fit."""
    way, rng = drawn.way, drawn.rng
    made = [*malformed(way, rng), *_by_chance(drawn, rng), *_too_much(drawn)]
    valid = way.api.validator(way.schema).is_valid
    for about, call in made:
        document = told_by(way, call)
        try:
            right = NOTHING if document is NOTHING else drawn.right(document)
        except ValueError:  # an integer of more digits than Python reads
            right = NOTHING
        yield Told(about, call, right, has_to_be_given=document is not NOTHING and valid(document))


def _by_chance(drawn: Drawn, rng: Rng) -> Iterator[tuple[str, Call]]:
    odd = (
        b"\x00",
        b"\xff",
        b"%",
        b"&",
        b"=",
        b'"',
        b"{",
        b"}",
        b"[",
        b",",
        b":",
        b"\\",
        b"+",
        b" ",
        b"\xc3",
        b"0",
        b"-",
        b"e9",
    )
    contents = [drawn.way.written(each).encode("utf-8", "replace") for each in _events(drawn)]
    for _ in range(4 * drawn.examples):
        content = rng.one(contents)
        at, size = rng.below(len(content)), 1 + rng.below(6)
        kind = rng.below(4)
        if kind == 0:
            content = content[:at] + rng.one(odd) + content[at + size - 1 :]
        elif kind == 1:
            content = content[:at] + content[at + size :]
        elif kind == 2:
            content = content[:at] + bytes([content[at] ^ 1 << rng.below(8)]) + content[at + 1 :]
        else:
            other = rng.one(contents)
            content = content[:at] + other[rng.below(len(other)) :]
        yield "damaged by chance", drawn.way.call(content)


def _too_much(drawn: Drawn) -> Iterator[tuple[str, Call]]:
    """Values that are too large for some: numbers, texts, depths; in known keys and unknown ones.

    A number beyond those of a double is not among them: no source says what becomes of one.
    """
    way = drawn.way
    known = dict.fromkeys(key for each in _branches(drawn) for key in each.get("properties", {}))
    if way.flat:
        for key in (*known, "to-come"):
            for value in (
                "9" * 5000,
                "1e400",
                "-",
                "\u0663",
                "NaN",
                "Infinity",
                "1" * 400 + ".5",
                "\ud7ff",
                "\x00",
                "-9" * 40,
            ):
                yield f"{key} is {value[:20]!r}", drawn.plain({**way.example, key: value})
        return
    for key in (*known, "to-come"):
        for value in (
            "9" * 5000,
            "1e-400",
            "0." + "1" * 3000,
            '"\\ud800"',
            '"\\udc00x"',
            '"\\u0000"',
            "-0",
            "-0.0",
            "1E5",
        ):
            yield f"{key} is {value[:20]}", way.call(_instead(way.example, key, value))
    for value in ("[" * 30_000 + "]" * 30_000, '{"a":' * 3000 + "1" + "}" * 3000, "[" * 20_000):
        for key in ("status", "to", "to-come"):
            yield f"{key} is nested deep", way.call(_instead(way.example, key, value))
    for path, kinds in _inner(way.example):
        for value in kinds:
            yield f"{'.'.join(path)} is {value[:20]}", way.call(_instead_inside(way.example, path, value))


def _inner(
    document: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for key, value in document.items():
        if path:
            yield (
                (*path, key),
                ("null", "[]", "{}", '""', "1", "1.5", "true", '["x"]', '{"type": null}', '{"type": []}', "9" * 5000),
            )
        if isinstance(value, dict):
            yield from _inner(value, (*path, key))


def _instead_inside(document: Mapping[str, Any], path: tuple[str, ...], written: str) -> str:
    head, *rest = path
    inner = _instead_inside(document[head], tuple(rest), written) if rest else written
    return _instead(document, head, inner)


# ---- laws ----------------------------------------------------------------------------------------------------------------


def _refused(name: str, sentence: str, source: str, *makes: Makes, **more: Any) -> Law[ParserBench]:
    def made(drawn: Drawn) -> Iterator[Told]:
        for each in makes:
            yield from each(drawn)

    return parser_law(name, sentence, source, lambda bench: bench.all_refused(name, made), **more)


def _in_json(bench: ParserBench) -> bool:
    return not bench.way.flat


LAWS: Final[tuple[Law[ParserBench], ...]] = (
    _refused("no-document", "What is neither JSON nor a form in UTF-8, or no object, is refused.",
             "Alerts - Sending API Reference: Encoding; choice: RFC 8259", _no_document),
    _refused("numbers-that-json-lacks", "NaN and infinity are refused wherever they stand.", "choice: RFC 8259, section 6", _numbers,
             applies=_in_json),
    _refused("given-twice", "A key or a parameter that is given twice is refused, since two readers may take two values.",
             "choice: RFC 8259, section 4", _twice),
    _refused("required-keys", "What lacks a key that every event has is refused.",
             "Alerts - Sending API Reference: Delivery Receipt; Messages API v0.1: Webhooks", _lacking),
    _refused("kinds-of-values", "A value of a kind that no event has is refused, where every event has one.",
             "Alerts - Sending API Reference: Delivery Receipt; Messages API v0.1: Webhooks", _wrong_kinds, applies=_in_json),
    _refused("methods", "A method by which the event does not travel is refused.",
             "Alerts - Sending API Reference: Format; Messages API v0.1: Webhooks", _methods),
    parser_law("malformed-is-refused-or-given", "What is malformed in any other way is refused, or comes out as it came; no other error is raised.",
               "choice: a parser that falls over one request loses it", lambda bench: bench.all_handled("damaged", _damaged)),
)  # fmt: skip
