"""Laws of refusing: what is no such event is a `MalformedWebhook`, which tells where and why, and shows nothing that arrived.

Each refusal is made from an event whose every text is a canary, drawn anew in each run. The place is the path of the field, in
the words of the spec; the status is 413 for what is too large and 400 for all else.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.arriving import (
    BODIES,
    EACH_WAY,
    FORM,
    IN_JSON,
    JSON,
    PARAMETERS,
    QUERY,
    WAYS,
    Way,
    each_of,
    told,
    way_to,
    ways,
)
from contract_tests.profiles import examples
from shortcode_clients import MAX_PARAMETERS
from shortcode_clients._runtime.encodings import MAX_DEPTH
from shortcodekit.errors import ShortcodeKitError
from shortcodekit.webhooks import MalformedWebhook, Request, reading

CANARY: Final = uuid.uuid4().hex  # made here: Hypothesis draws what it finds written in tests


def _event(way: Way) -> dict[str, Any]:
    """The documented event, each of whose texts is a canary where nothing is read from it."""
    return {key: _canaried(value) for key, value in told(way.name).items()}


def _canaried(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner if key == "type" else _canaried(inner) for key, inner in value.items()}
    return f"é{CANARY}" if isinstance(value, str) else value


def _refusal(
    way: Way, request: Request, *, field: str = "", status: int = 400, max_bytes: int = reading.MAX_BYTES
) -> str:
    """The reason for which `request` is refused, after what else the error tells was judged."""
    with pytest.raises(MalformedWebhook) as caught:
        way.read(request, max_bytes=max_bytes)
    error = caught.value
    assert isinstance(error, ShortcodeKitError)
    assert isinstance(error, ValueError)
    assert (error.webhook, error.field, error.http_status) == (way.name, field, status)
    assert str(error) == f"{way.name}: {field}: {error.problem}" if field else f"{way.name}: {error.problem}"
    led_to: BaseException | None = error
    while led_to is not None:
        assert CANARY not in f"{led_to} {led_to!r} {led_to.args} {vars(led_to)} {getattr(led_to, 'doc', '')}"
        led_to = led_to.__cause__ or led_to.__context__
    return error.problem


def _json(way: Way, text: str | bytes, *, field: str = "", label: str | None = JSON) -> str:
    return _refusal(way, way.request(text, label), field=field)


def test_the_event_that_refusals_are_made_from_is_read() -> None:
    for way in WAYS:
        model = way.read(way.request(way.written(_event(way))))
        assert CANARY in json.dumps(model.to_dict())


# ---- what is no JSON -------------------------------------------------------------------------------------------------


@each_of(IN_JSON)
def test_json_that_breaks_off_is_refused_wherever_it_does(way: Way) -> None:
    text = json.dumps(_event(way))
    for end in range(1, len(text)):
        problem = _json(way, text[:end])
        assert problem.startswith("not JSON: ")
        assert " at at " not in problem


@each_of(IN_JSON)
@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\ufeff", "{", "}", "[", "]", ",", "nul", "{}}", "{},", "{} {}", "// no\n{}", "{/**/}", "{'a': 1}", "{a: 1}"),
        *('{"a": 1,}', '{"a" 1}', '{"a": }', '{"a": 01}', '{"a": +1}', '{"a": .5}', '{"a": 1.}', '{"a": 0x1}', '{"a": "\t"}'),
        *('{"a": "\\x41"}', '{"a": "\\u12"}', '{"a": True}', '{"a": undefined}', '{"a": 1e}', '{"a": "\x00"}', "\x00{}"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_as_that(way: Way, text: str) -> None:
    assert _json(way, text).startswith("not JSON: ")


@each_of(IN_JSON)
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_refused_wherever_they_stand(way: Way, value: str) -> None:
    event = json.dumps(_event(way))
    for beside in (f'"unknown": {value}', f'"unknown": [{{"a": {value}}}]', f'"price": {value}', f'"usage": {value}'):
        assert _json(way, f"{event[:-1]}, {beside}}}").startswith(f"not JSON: {value}")


@each_of(IN_JSON)
@pytest.mark.parametrize("value", ["1e400", "-1e400", "1.7976931348623159e308", "9" * 400 + ".0", "9" * 4301])
def test_numbers_that_could_not_be_written_again_are_refused_wherever_they_stand(way: Way, value: str) -> None:
    event = json.dumps(_event(way))
    for beside in (f'"unknown": {value}', f'"unknown": [{{"a": {value}}}]', f'"price": {value}', f'"usage": {value}'):
        assert _json(way, f"{event[:-1]}, {beside}}}") == "a number is too large or too long to be kept"


@each_of(IN_JSON)
@pytest.mark.parametrize("value", ["1.7976931348623157e308", "1e-400", "-0.0", "9" * 4300])
def test_numbers_up_to_the_bounds_are_kept(way: Way, value: str) -> None:
    read = way.read(way.request(f'{json.dumps(_event(way))[:-1]}, "unknown": [{value}]}}'))
    assert json.loads(read.to_json())["unknown"] == [json.loads(value)]


@each_of(IN_JSON)
@pytest.mark.parametrize("value", ["null", "true", "1", "1.5", '"text"', "[]", "[{}]"])
def test_json_that_is_no_object_is_refused(way: Way, value: str) -> None:
    assert _json(way, value).startswith("expected an object, got ")


@each_of(IN_JSON)
@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037", "utf-7"])
def test_json_in_another_charset_is_refused_even_when_its_label_says_so(way: Way, charset: str) -> None:
    content = json.dumps(_event(way), ensure_ascii=False).encode(charset)
    for label in (JSON, f"{JSON}; charset={charset}"):
        if charset == "utf-7":  # ASCII by its bytes, so it reads as something else, and as no other text
            assert way.read(way.request(content, label)).raw != _event(way)
        else:
            assert _json(way, content, label=label).startswith(("not UTF-8: byte", "not JSON: "))


@each_of(IN_JSON)
@pytest.mark.parametrize("octets", [b"\xff", b"\xc3", b"\xc3(", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_octets_that_are_no_utf_8_are_refused_in_values_and_in_keys(way: Way, octets: bytes) -> None:
    event = json.dumps(_event(way)).encode()[:-1]
    for beside in (b'"unknown": "%b"', b'"%b": 1', b'"to": "%b"', b'"unknown": [{"%b": 1}]'):
        assert _json(way, event + b", " + beside % octets + b"}").startswith("not UTF-8: byte")


@each_of(IN_JSON)
def test_json_nested_beyond_the_bound_is_refused_and_up_to_it_is_read(way: Way) -> None:
    event = json.dumps(_event(way))[:-1]
    for opening, closing in (('{"a":', "}"), ("[", "]"), ('[{"a":', "}]")):
        size = len(opening.replace('"a":', ""))
        kept, refused = (opening * (depth // size) + "1" + closing * (depth // size) for depth in (MAX_DEPTH - 1, 66))
        assert way.read(way.request(f'{event}, "unknown": {kept}}}')).raw["unknown"] == json.loads(kept)
        assert _json(way, f'{event}, "unknown": {refused}}}') == f"nested deeper than {MAX_DEPTH} levels"
        for depth in (1000, 50_000 // len(opening + closing)):
            closed = f'{event}, "unknown": {opening * depth}1{closing * depth}}}'
            assert _json(way, closed) == f"nested deeper than {MAX_DEPTH} levels"
        unclosed = f'{event}, "unknown": {opening * (50_000 // len(opening))}'
        assert _json(way, unclosed) == f"nested deeper than {MAX_DEPTH} levels"


# ---- what is no form -------------------------------------------------------------------------------------------------


@each_of(PARAMETERS)
def test_a_parameter_given_twice_is_refused_and_named(way: Way) -> None:
    event = way.written(_event(way))
    for key in (*_event(way), "unknown", "", "é"):
        twin = way.written({key: CANARY})
        twice = f"{event}&{twin}" if key in _event(way) else f"{event}&{twin}&{twin}"
        assert _refusal(way, way.request(twice), field=key) == "the parameter is given twice"
        escaped = "&".join(f"{''.join(f'%{octet:02x}' for octet in key.encode())}={value}" for value in ("", CANARY))
        assert _refusal(way, way.request(f"{escaped}&{event}"), field=key) == "the parameter is given twice"


@each_of(PARAMETERS)
def test_there_may_be_as_many_parameters_as_the_bound_and_no_more(way: Way) -> None:
    event = way.written(_event(way))
    more = MAX_PARAMETERS - len(_event(way))
    assert way.read(way.request(event + "".join(f"&{number}={CANARY}" for number in range(more))))
    for count in (more + 1, 10_000):
        request = way.request(event + "".join(f"&{number}={CANARY}" for number in range(count)))
        assert _refusal(way, request, max_bytes=2**20) == f"more than {MAX_PARAMETERS} parameters"
    assert _refusal(way, way.request("&" * reading.MAX_BYTES)) == f"more than {MAX_PARAMETERS} parameters"


@each_of(PARAMETERS)
@pytest.mark.parametrize("octets", [b"\xff", b"\xc3", b"\xc3(", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_parameters_that_are_no_utf_8_are_refused_plain_and_percent_encoded(way: Way, octets: bytes) -> None:
    event = way.written(_event(way)).encode()
    for written in (octets, "".join(f"%{octet:02X}" for octet in octets).encode()):
        for beside in (b"unknown=%b", b"%b=1", b"a%%20%b=", b"%b"):
            problem = _refusal(way, way.request(event + b"&" + beside % written))
            assert problem in ("parameters are not percent-encoded UTF-8", "the query is not UTF-8")


@each_of(PARAMETERS)
@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "latin-1", "cp037"])
def test_a_form_in_another_charset_is_refused(way: Way, charset: str) -> None:
    text = "&".join(f"{key}={value}" for key, value in _event(way).items())
    request = way.request(text.encode(charset), f"{FORM}; charset={charset}")
    assert _refusal(way, request) in ("parameters are not percent-encoded UTF-8", "the query is not UTF-8")


# ---- size and method -------------------------------------------------------------------------------------------------


@EACH_WAY
def test_what_is_larger_than_the_bound_is_refused_with_413_and_what_is_not_is_read(way: Way) -> None:
    for bound in (reading.MAX_BYTES, 4096, 2**19):
        content, ending = way.written({**_event(way), "unknown": ""}).encode(), b""
        if way.encoding == JSON:
            content, ending = content[:-2], b'"}'
        fitting = content + b"x" * (bound - len(content) - len(ending)) + ending
        larger = content + b"x" * (bound - len(content) - len(ending) + 1) + ending
        assert way.read(way.request(fitting), max_bytes=bound).raw["unknown"][-1] == "x"
        for content in (larger, CANARY.encode() + larger[len(CANARY) :]):
            request = way.request(content)
            assert _refusal(way, request, status=413, max_bytes=bound) == f"larger than {bound} bytes"
        if bound == reading.MAX_BYTES:
            assert way.read(way.request(fitting))
            with pytest.raises(MalformedWebhook, match="larger"):
                way.read(way.request(larger))


METHODS: Final = (
    "GET",
    "POST",
    "PUT",
    "HEAD",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "get",
    "Post",
    "",
    " POST",
    "POST\r\n",
    "П",
)


@EACH_WAY
def test_another_method_is_refused_with_those_that_there_are(way: Way) -> None:
    allowed = {"GET" if each.encoding == QUERY else "POST" for each in ways(way.name)}
    sent = way.request(way.written(_event(way)))
    assert way.read(sent)
    for method in METHODS:
        if method not in allowed:
            request = Request(method, sent.query or f"a={CANARY}", sent.headers, sent.body or CANARY.encode())
            problem = _refusal(way, request)
            assert problem.startswith("it travels by ")
            assert all(each in problem for each in allowed)


# ---- fields ----------------------------------------------------------------------------------------------------------


def _required(way: Way) -> list[str]:
    schema = way.api.schemas[way.schema]
    branches = [way.api.resolve(branch) for branch in schema.get("oneOf", [schema])]
    return sorted(set.intersection(*(set(branch["required"]) for branch in branches)))


@EACH_WAY
def test_a_required_field_that_is_missing_is_named(way: Way) -> None:
    assert _required(way)
    for key in _required(way):
        less = {other: value for other, value in _event(way).items() if other != key}
        assert _refusal(way, way.request(way.written(less)), field=key) == "required, but missing"


@each_of(IN_JSON)
def test_a_field_of_another_kind_is_named_with_what_was_expected(way: Way) -> None:
    for key, value in _event(way).items():
        for wrong in (None, [CANARY], True, {"a": CANARY}):
            if isinstance(wrong, dict) != isinstance(value, dict):
                field = key
                problem = _refusal(way, way.request(json.dumps({**_event(way), key: wrong})), field=field)
                assert problem.startswith("expected "), problem
                assert ", got " in problem


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("message-status", "to.type", 1),
        ("message-status", "to.number", 15550100123),
        ("message-status", "from.id", None),
        ("message-status", "error.code", f"a{CANARY}"),
        ("message-status", "usage.price", {"a": CANARY}),
        ("inbound-message", "from.number", [CANARY]),
        ("inbound-message", "message.content", CANARY),
        ("inbound-message", "message.content.text", 0),
        ("inbound-message", "usage.currency", 1.5),
        ("inbound-sms", "concat", CANARY),
        ("inbound-sms", "concat-total", CANARY),
        ("inbound-sms", "concat-part", "9" * 31),
        ("delivery-receipt", "err-code", math.pi),
    ],
    ids=lambda value: value if isinstance(value, str) and CANARY not in value else "",  # the same for all workers
)
def test_a_field_deep_inside_is_named_with_the_way_to_it(name: str, path: str, value: Any) -> None:
    way = way_to(name)
    assert _json(way, json.dumps(_with(_event(way), path.split("."), value)), field=path).startswith("expected ")


def _with(document: Mapping[str, Any], path: list[str], value: Any) -> Any:
    inner = document.get(path[0], {})
    return {**document, path[0]: value if len(path) == 1 else _with(inner, path[1:], value)}


@each_of(BODIES)
def test_the_names_of_fields_that_arrived_are_shown_only_when_they_are_short_and_printable(way: Way) -> None:
    @examples(30)
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
    def law(key: str) -> None:
        if way.encoding == JSON:
            written = json.dumps(key)
            request = way.request(f'{{"unknown": {{{written}: "{CANARY}", {written}: 2}}}}')
        else:
            request = way.request(f"{way.written({key: CANARY})}&{way.written({key: ''})}")
        with pytest.raises(MalformedWebhook) as caught:
            way.read(request)
        assert CANARY not in str(caught.value)
        assert len(caught.value.field) <= 120
        assert str(caught.value).isprintable()

    law()
