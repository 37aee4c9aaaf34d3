"""What the generated packages make of whole documents: JSON, forms, XML and answers, and what they say of broken ones.

The laws of the contract suite go through the models of the specs; here the tables are made up, so that each case is one.
"""

from __future__ import annotations

import asyncio
import enum
import json
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest

from shortcode_clients import InvalidDocument
from shortcode_clients._runtime import encodings, xml
from shortcode_clients._runtime.client import (
    Answer,
    BaseClient,
    Response,
    UndocumentedAnswer,
    read_answer,
    read_response,
)
from shortcode_clients._runtime.xml import Child, Element, Wrapper, decode_xml, encode_xml
from shortcode_clients.alerts.models import AlertRequest, RestError

DEPTH: Final = encodings.MAX_DEPTH


def _reason(do: Callable[..., Any], *given: Any) -> str:
    """What is said of a document that is refused."""
    with pytest.raises(InvalidDocument) as caught:
        do(*given)
    assert caught.value.__cause__ is None
    return str(caught.value)


# ---- JSON ------------------------------------------------------------------------------------------------------------

NO_JSON: Final[dict[bytes | str, str]] = {
    b"": "not JSON: Expecting value at line 1, column 1",
    b'{"a": 1,\n "b" 2}': "not JSON: Expecting ':' delimiter at line 2, column 6",
    b'{"a": "b': "not JSON: Unterminated string starting at line 1, column 7",
    b'{"a": NaN}': "not JSON: NaN is no JSON number",
    b"[-Infinity]": "not JSON: -Infinity is no JSON number",
    b'{"a": "\xff"}': "not UTF-8: byte 7 cannot be decoded",
    b"9" * 5000: "a number is too large or too long to be kept",
    b"[-1e999]": "a number is too large or too long to be kept",
    b"[" * 100_000: f"nested deeper than {DEPTH} levels",
    b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1): f"nested deeper than {DEPTH} levels",
    b'{"a":' * DEPTH + b"[]" + b"}" * DEPTH: f"nested deeper than {DEPTH} levels",
}


def test_what_is_no_json_is_refused_by_what_is_wrong_and_where() -> None:
    for content, reason in NO_JSON.items():
        assert _reason(encodings.decode_json, content) == reason
        assert _reason(encodings.read_json, lambda document: (document, -1), content) == reason


def _marks(document: Any) -> tuple[Any, int]:
    """A reader that counts the quotation marks of what it read."""
    return document, encodings.marks_of(document) if isinstance(document, dict | list) else 0


def test_json_is_read_as_bytes_or_text_with_a_mark_or_without_and_up_to_its_depth() -> None:
    deepest = "[" * DEPTH + "]" * DEPTH
    many = f"[{'[],' * DEPTH}1]"
    for text in ('{"a": ["b\\u0041", 1.5, null, {"é": "\\""}]}', "1e-308", '"a"', deepest, many, "1" + "0" * 30):
        expected = json.loads(text)
        for content in (text, text.encode(), f"\ufeff{text}", b"\xef\xbb\xbf" + text.encode()):
            assert encodings.decode_json(content) == expected
            assert encodings.read_json(_marks, content) == expected
            assert encodings.read_json(lambda document: (document, -1), content) == expected


def test_a_key_given_twice_is_named_where_a_request_is_read_and_counts_last_in_an_answer() -> None:
    for text, key in (
        ('{"a": 1, "b": 2, "b": 3, "a": 4}', "b"),
        ('{"a": {"c": "\\"", "c": 2}}', "c"),
        ('[{"a": 1}, {"a": 1, "a": 1}]', "a"),
        ('{"a": "b", "\\u0061": "c"}', "a"),
        ('{"a": 1, "a": "\\u0022\\u0022"}', "a"),  # as many marks as it would be written with
    ):
        assert _reason(encodings.read_json, _marks, text) == f"{key}: given twice"
        assert _reason(encodings.read_json, lambda document: (document, -1), text.encode()) == f"{key}: given twice"
        assert encodings.decode_json(text) == json.loads(text)


def test_quotation_marks_are_counted_in_what_is_not_deep() -> None:
    document = {"a": "b", "c": ["d", 1, {"e": None}], "f": {}}
    assert encodings.marks_of(document) == 12
    assert encodings.marks_of(["a", ["b"]]) == 4
    nested: Any = "a"
    for depth in range(1, 10):
        nested = [nested]
        assert encodings.marks_of(nested) == 2, depth
    assert encodings.marks_of([nested]) < -(10**9)


def test_json_is_written_in_ascii_without_blanks() -> None:
    assert encodings.encode_json({"a": [1, "é", None], "b": 1.5}) == b'{"a":[1,"\\u00e9",null],"b":1.5}'
    for value, said in ((float("nan"), "Out of range float"), ({1}, "set is not JSON"), ({(): 1}, "keys must be")):
        reason = _reason(encodings.encode_json, value)
        assert reason.startswith("cannot be written as JSON: ")
        assert said in reason


# ---- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_is_read_with_its_mark_and_without_and_each_name_once() -> None:
    for content in ("?a=1+2&b=&%C3%A9=%26", b"a=1+2&b=&%c3%a9=%26"):
        assert encodings.decode_form(content) == {"a": "1 2", "b": "", "é": "&"}
    assert encodings.decode_form("") == {}
    most = encodings.MAX_PARAMETERS
    assert len(encodings.decode_form("&".join(f"a{n}=" for n in range(most)))) == most
    assert _reason(encodings.decode_form, "a=&" * most) == f"more than {most} parameters"
    assert _reason(encodings.decode_form, "a=1&b=2&b=3&a=4") == "b: the parameter is given twice"
    for content in (b"a=%FF", b"\xff=1", "a=\ud800".encode("utf-8", "surrogatepass")):
        assert _reason(encodings.decode_form, content) == "parameters are not percent-encoded UTF-8"


class Colour(str, enum.Enum):  # noqa: UP042  # the older way, whose members `str` writes as `Colour.RED`
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


def test_a_parameter_is_the_text_of_a_scalar() -> None:
    values = {"a": "a", Colour.RED: "red", Level.HIGH: "3", 0.1: "0.1", Decimal("1.50"): "1.50", "é": "é", -7: "-7"}
    assert {value: encodings.parameter_text("key", value) for value in values} == values
    assert [encodings.parameter_text("key", value) for value in (True, False)] == ["true", "false"]
    half = "holds half of a surrogate pair and cannot be encoded"
    refused: dict[str, tuple[Any, str]] = {
        "list": ([], "a list"),
        "null": (None, "null"),
        "object": ({}, "an object"),
        "bytes": (b"", "a Python bytes"),
    }
    for value, kind in refused.values():
        reason = f"key: a parameter is text, a number or a boolean, not {kind}"
        assert _reason(encodings.parameter_text, "key", value) == reason
    assert _reason(encodings.parameter_text, "key", "\ud800") == f"key: {half}"
    assert _reason(encodings.parameter_text, "\ud800", "a").endswith(half)
    assert _reason(encodings.parameter_text, "key", 10**5000) == "a number too long to be written"


def test_a_model_travels_in_each_encoding() -> None:
    alert = AlertRequest.from_dict({"to": "16365553226", "client-ref": "é&"})
    assert alert.to_params() == {"to": "16365553226", "client-ref": "é&"}
    assert alert.to_form() == b"to=16365553226&client-ref=%C3%A9%26"
    assert AlertRequest.from_form(alert.to_form()) == AlertRequest.from_json(alert.to_json()) == alert
    with pytest.raises(AttributeError, match="'AlertRequest' object has no attribute 'nothing'"):
        alert.nothing  # type: ignore[attr-defined]  # noqa: B018  # asked for
    assert alert.additional_properties == {}
    assert alert.additional_properties is alert.additional_properties


# ---- XML -------------------------------------------------------------------------------------------------------------

ITEM: Final = Element("item", {"id": "item-id"}, {"said": Child("said-text")})
TABLE: Final = Element(
    "root",
    {"n": "count"},
    {
        "one": Child("first"),
        "part": Child("parts", ITEM, many=True),
        "sub": Child("inner", Element("sub", {"x": "x-key"})),
        "list": Wrapper("items", "item", ITEM, {"total": "item-count"}),
        "texts": Wrapper("words", "word"),
    },
)
DOCUMENT: Final[dict[str, Any]] = {
    "count": "2",
    "first": "a<b&\r\n",
    "parts": [{"item-id": "1", "said-text": "x"}, {"item-id": "2"}],
    "inner": {"x-key": 'a"b\n\t\rc'},
    "item-count": "1",
    "items": [{"item-id": "3", "said-text": ""}],
    "words": ["v", "w"],
    "more": "kept",
}
WRITTEN: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><root n="2"><one>a&lt;b&amp;&#13;\n</one>'
    '<part id="1"><said>x</said></part><part id="2"></part>'
)


def test_xml_is_written_as_its_table_says_and_read_again() -> None:
    written = encode_xml(DOCUMENT, TABLE).decode()
    assert written.startswith(WRITTEN)
    assert '<list total="1"><item id="3"><said></said></item></list>' in written
    assert "<texts><word>v</word><word>w</word></texts><more>kept</more></root>" in written
    assert """<sub x='a"b&#10;&#9;&#13;c'></sub>""" in written
    assert decode_xml(written, TABLE) == decode_xml(f"\n {written} \n".encode(), TABLE) == DOCUMENT


def test_what_the_table_does_not_know_is_kept() -> None:
    read = decode_xml('<root new="1"><a/><b>x</b><b>y</b><b><c>z</c></b><d e="f"/></root>', TABLE)
    assert read == {"new": "1", "a": "", "b": ["x", "y", {"c": "z"}], "d": {"e": "f"}, "parts": []}
    written = encode_xml({"a": "", "b": ["x", 1, True], "c": {"d": [1.5]}}, TABLE).decode()
    assert written.endswith("<root><a></a><b>x</b><b>1</b><b>true</b><c><d>1.5</d></c></root>")
    flat = Element("flat", {"a": "key"})
    assert (
        encode_xml({"key": False, "more": "m", "deep": ["x"]}, flat)
        .decode()
        .endswith('<flat a="false" more="m"><deep>x</deep></flat>')
    )
    assert encode_xml({}, TABLE).decode().endswith("<root></root>")
    assert encode_xml({"item-count": "0"}, TABLE).decode().endswith('<list total="0"></list></root>')


def _nested(depth: int) -> str:
    return f"<root>{'<a>' * (depth - 1)}{'</a>' * (depth - 1)}</root>"


UNREAD: Final[dict[str, str]] = {
    "<other/>": "expected the element root, got another one",
    "<root>text</root>": "text beside the elements of root",
    "<root><list>text</list></root>": "text beside the elements of list",
    "<root><list><x/></list></root>": "expected only item elements inside list",
    "<root><one>a</one><one>b</one></root>": "first: given twice",
    '<root n="1" count="2"/>': "count: given twice",
    "<root><one><x/></one></root>": "one: expected text only",
    '<root><one a="1"/></root>': "one: expected text only",
    "<!DOCTYPE root><root/>": "has a document type, which is never read",
    "<root>\n<a></root>": "not well-formed XML: mismatched tag at line 2",
    "": "not well-formed XML: no element found at line 1",
    _nested(xml.MAX_DEPTH + 1): f"nested deeper than {xml.MAX_DEPTH} elements",
    f"<root>{' ' * xml.MAX_BYTES}</root>": f"larger than {xml.MAX_BYTES} bytes",
}


def test_xml_that_is_broken_or_of_another_form_is_refused_by_what_is_wrong() -> None:
    for content, reason in UNREAD.items():
        assert _reason(decode_xml, content, TABLE) == reason
    assert decode_xml('<?xml version="1.0" encoding="none"?><root new="é"/>', TABLE) == {"new": "é", "parts": []}
    assert _reason(decode_xml, "<root>\ud800</root>", TABLE).startswith("not well-formed XML")
    depth: Any = decode_xml(_nested(xml.MAX_DEPTH), TABLE)
    for _ in range(xml.MAX_DEPTH - 2):
        depth = depth["a"]
    assert depth == {"a": ""}
    assert decode_xml(f"<root>{' ' * (xml.MAX_BYTES - 13)}</root>", TABLE) == {"parts": []}


UNWRITTEN: Final[list[tuple[dict[str, Any], str]]] = [
    ({"first": None}, "one: only texts, numbers, lists and objects can be written as XML"),
    ({"first": "\x00"}, "one: holds a character that XML cannot carry"),
    ({"count": "\ud800"}, "n: holds a character that XML cannot carry"),
    ({"a b": "x"}, "a b: the key is no name in XML"),
    ({"-a": {}}, "-a: the key is no name in XML"),
    ({"one": "x"}, "one: the key cannot be told from another one in XML"),
    ({"n": "x"}, "n: the key cannot be told from another one in XML"),
]


def test_what_has_no_place_in_xml_is_refused_by_its_key() -> None:
    for document, reason in UNWRITTEN:
        assert _reason(encode_xml, document, TABLE) == reason
    ring: dict[str, Any] = {}
    ring["a"] = ring
    assert _reason(encode_xml, ring, TABLE) == "nested too deep"


# ---- answers ---------------------------------------------------------------------------------------------------------

ANSWERS: Final = {401: Answer(RestError.from_dict, RestError.xml), 500: Answer(RestError.from_dict)}
ERROR: Final = RestError.from_dict({"error-code": "401"})


def test_an_answer_is_read_by_its_status_and_its_first_character() -> None:
    headers = httpx.Headers({"content-type": "text/html"})
    marks = (b"", b"\xef\xbb\xbf", b" \n", b"\xef\xbb\xbf \n")
    for content in (ERROR.to_json(), ERROR.to_xml().partition(b"?>")[2], ERROR.to_xml()):
        for mark in marks:
            found = read_answer(401, headers, mark + content, ANSWERS)
            assert (found.status_code, found.headers, found.content) == (401, headers, mark + content)
            assert (found.parsed, found.problem) == (ERROR, None)
            assert found.answer() == ERROR
    plain = read_answer(500, headers, ERROR.to_xml(), ANSWERS)
    assert (plain.parsed, str(plain.problem)) == (None, "not JSON: Expecting value at line 1, column 1")
    again = read_response(httpx.Response(401, headers=headers, content=ERROR.to_json()), ANSWERS)
    assert (again.status_code, again.parsed, again.content) == (401, ERROR, ERROR.to_json())
    assert again.headers["content-type"] == "text/html"


def test_an_answer_that_the_spec_does_not_have_is_told_without_its_content() -> None:
    for headers, kind in (({}, "no content type"), ({"Content-Type": "text/html"}, "text/html")):
        for status, said in (
            (404, "the spec has no such status"),
            (401, "not JSON: Expecting value at line 1, column 1"),
        ):
            answer: Response[Any] = read_answer(status, httpx.Headers(headers), b"private", ANSWERS)
            assert (answer.parsed, answer.problem is None) == (None, status == 404)
            with pytest.raises(UndocumentedAnswer) as caught:
                answer.answer()
            assert str(caught.value) == f"HTTP {status} ({kind}, 7 bytes): {said}"
            assert caught.value.response is answer


def test_a_client_makes_one_of_httpxs_with_what_it_was_given_and_keeps_it() -> None:
    auth = httpx.BasicAuth("a", "b")
    client = BaseClient("https://a:b@peer.test/c?d#e", auth=auth, timeout=7, httpx_args={"headers": {"x": "y"}})
    assert repr(client) == "BaseClient('https://peer.test/c')"
    with client as entered:
        blocking = client.get_httpx_client()
        assert entered is client
        assert client.get_httpx_client() is blocking
        assert (blocking.timeout, blocking.headers["x"], blocking.auth) == (httpx.Timeout(7), "y", auth)
        assert blocking.base_url.host == "peer.test"
        assert not blocking.is_closed
    assert blocking.is_closed
    usual = BaseClient("https://peer.test")
    assert usual.get_httpx_client().timeout == httpx.Timeout(30.0, connect=10.0)
    usual.get_httpx_client().close()


async def _awaited() -> SimpleNamespace:
    client = BaseClient("https://peer.test", timeout=None, httpx_args={"headers": {"x": "y"}})
    async with client as entered:
        awaiting = client.get_async_httpx_client()
        same = entered is client and client.get_async_httpx_client() is awaiting
        told = (awaiting.timeout, awaiting.headers["x"], awaiting.is_closed)
    return SimpleNamespace(same=same, told=told, closed=awaiting.is_closed)


def test_a_client_makes_an_awaited_one_as_well() -> None:
    found = asyncio.run(_awaited())
    assert found == SimpleNamespace(same=True, told=(httpx.Timeout(None), "y", False), closed=True)
