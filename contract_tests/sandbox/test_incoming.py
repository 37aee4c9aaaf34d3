"""What a request says, however it was put into it: in parts, without a server."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contract_tests.sandboxed import JSON_TYPES
from shortcodekit.sandbox.incoming import Incoming, Parameters, normal_path, parameters, says_json, text_or_none

PATHS: Final = {
    "/sc/us/alert/json": "/sc/us/alert/json",
    "/sc/us/alert/json/": "/sc/us/alert/json",
    "sc/us/alert/json": "/sc/us/alert/json",
    "//sc//us/alert///json//": "/sc/us/alert/json",
    "https://rest.nexmo.com/sc/us/alert/json": "/sc/us/alert/json",
    "HTTP+x.y-1://rest.nexmo.com:443//sc/us/alert/json": "/sc/us/alert/json",
    "https://rest.nexmo.com": "/",
    "/at/https://rest.nexmo.com/": "/at/https:/rest.nexmo.com",
    "1http://rest.nexmo.com/": "/1http:/rest.nexmo.com",
    "": "/",
    "/": "/",
    "//": "/",
}


@pytest.mark.parametrize("sent", PATHS)
def test_a_path_is_read_without_what_clients_and_proxies_make_of_it(sent: str) -> None:
    assert normal_path(sent) == PATHS[sent]


def test_headers_of_one_name_stand_in_the_order_in_which_they_came() -> None:
    request = Incoming("GET", "/", headers=(("b", "1"), ("a", "2"), ("b", "3")))
    assert request.header("b") == ["1", "3"]
    assert request.header("c") == []


# ---- parameters ------------------------------------------------------------------------------------------------------

FORM: Final = (("content-type", "application/x-www-form-urlencoded"),)


def _asked(
    query: bytes = b"",
    body: bytes = b"",
    method: str = "POST",
    *,
    takes_json: bool = True,
    headers: tuple[tuple[str, str], ...] = FORM,
) -> Parameters:
    return parameters(Incoming(method, "/", query, headers, body), takes_json=takes_json)


def test_parameters_stand_in_the_query_in_the_body_or_in_both() -> None:
    both = _asked(b"a=1&b=%C3%A9", b"b=%C3%A9&c=3+4")
    assert (both.said, both.problem, both.json) == ({"a": "1", "b": "é", "c": "3 4"}, "", False)
    assert both.as_signed == [("a", "1"), ("b", "é"), ("b", "é"), ("c", "3 4")]
    in_json = _asked(b"a=1", b' {"b": 1.50, "c": "x"}')
    assert (in_json.said["a"], in_json.said["c"], in_json.problem, in_json.json) == ("1", "x", "", True)
    assert [(name, str(value)) for name, value in in_json.as_signed] == [("a", "1"), ("b", "1.50"), ("c", "x")]


def test_a_body_counts_in_a_post_only() -> None:
    got = _asked(b"a=1", b'{"a": "2"}', "GET")
    assert (got.said, got.problem, got.body, got.json) == ({"a": "1"}, "", b"", False)


PROBLEMS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "JSON where none is taken": (
        {"body": b"{}", "takes_json": False},
        "a body in JSON is taken by the json endpoint only",
    ),
    "neither, and said to be JSON": (
        {"body": b"hello", "headers": (("content-type", "text/json; charset=utf-8"),)},
        "the body is said to be JSON, and is neither an object nor a form",
    ),
    "a list": ({"body": b"[1]"}, "the body is JSON, but no object"),
    "two values": ({"query": b"a=1", "body": b"a=2"}, "a stands in the query and differs in the body"),
    "two values, one of them in JSON": (
        {"query": b"a=1", "body": b'{"a": "2"}'},
        "a stands in the query and differs in the body",
    ),
    "a name twice": (
        {"body": b"b=1&a=1&a=1"},
        "a is given more than once; one request has one recipient, and one value for a name",
    ),
    "a name twice in the query": (
        {"query": b"a=1&a=2", "body": b"b=1"},
        "a is given more than once; one request has one recipient, and one value for a name",
    ),
    "not percent-encoded": ({"query": b"a=%C3"}, "the parameters are not percent-encoded UTF-8, or too many"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_cannot_be_read_is_told(case: str) -> None:
    asked, problem = PROBLEMS[case]
    assert _asked(**asked).problem == problem


def test_json_with_a_key_twice_is_told_with_the_key() -> None:
    found = _asked(body=b'{"to": "1", "to": "2"}')
    assert found.said == {}
    assert "to" in found.problem


def test_a_form_that_says_it_is_json_is_read_as_a_form() -> None:
    for kind in JSON_TYPES:
        found = _asked(body=b"a=1", headers=(("content-type", kind),))
        assert (found.said, found.problem, found.json) == ({"a": "1"}, "", False)


def test_a_body_without_a_sign_of_either_is_an_empty_parameter() -> None:
    found = _asked(body=b"hello")
    assert (found.said, found.problem) == ({"hello": ""}, "")


# ---- what is said to be JSON -----------------------------------------------------------------------------------------


def _says(*kinds: str) -> bool:
    return says_json(Incoming("POST", "/", headers=tuple(("content-type", kind) for kind in kinds)))


def test_json_is_said_by_every_documented_type_in_any_case_and_with_parameters() -> None:
    for kind in JSON_TYPES:
        assert _says(kind)
        assert _says(kind.upper())
        assert _says(f" {kind} ; charset=utf-8")
        assert _says("text/plain", kind)


def test_json_is_said_by_nothing_else() -> None:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "text/plain; of=json", "text/plain;javascript"):
        assert not _says(kind)
    assert not _says()
    assert not says_json(Incoming("POST", "/", headers=(("accept", "application/json"),)))


def test_a_text_is_a_text_or_a_whole_number() -> None:
    said = {"text": "a", "empty": "", "number": 7, "flag": True, "part": 1.5, "list": [], "none": None}
    wanted = {"text": "a", "empty": "", "number": "7"}
    assert {name: text_or_none(said, name) for name in [*said, "absent"]} == {
        name: wanted.get(name) for name in [*said, "absent"]
    }
