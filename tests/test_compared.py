"""What laws compare by, and what they show again: documents, calls in Python, signed events."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from shortcode_clients.messages.security import SIGNED_CALLBACK
from shortcodekit.contract.normalising import same
from shortcodekit.contract.parsing import Outcome, ParserBench, difference
from shortcodekit.contract.providing import Account, nearly
from shortcodekit.contract.targets import Call
from shortcodekit.contract.ways import Signer, ways_of

(WAY,) = ways_of("message-status")


def _nothing(_: Any) -> dict[str, object]:
    return {}


BENCH = ParserBench(_nothing, WAY, ValueError, 1, 0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "right"),
    [
        (1, 1.0, True), (True, True, True), (True, 1, False), (1, True, False), (0, False, False), ("1", 1, False),
        ([1, {"a": 2}], [1.0, {"a": 2}], True), ([1], [True], False), ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False), ([1], [1, 2], False), ([], {}, False), (None, False, False),
    ],
)  # fmt: skip
def test_documents_are_the_same_when_json_says_so(one: Any, other: Any, right: bool) -> None:
    assert same(one, other) is right
    assert (difference(one, other) is None) is right


@pytest.mark.parametrize(
    ("right", "given", "where", "shown"),
    [
        ({"a": 1, "b": [1, {"c": "x"}]}, {"a": 1, "b": [1, {"c": "y"}]}, "b.1.c", ("x", "y")),
        ([1, 2], [1, 3], "1", (2, 3)),
        ("a", "b", "the document", ("a", "b")),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}, "a", (1, 2)),
    ],
)
def test_the_first_difference_is_told_with_its_place(
    right: Any, given: Any, where: str, shown: tuple[Any, Any]
) -> None:
    found = difference(right, given)
    assert found is not None
    assert (found.where, (found.right, found.given)) == (where, shown)


def test_a_key_that_is_lacking_or_too_much_is_a_difference() -> None:
    for right, given in (({"a": 1}, {}), ({}, {"a": 1})):
        found = difference(right, given)
        assert found is not None
        assert found.where == "a"


def test_what_becomes_of_a_request_is_told_with_the_request() -> None:
    call = Call("POST", "", "", (("content-type", "application/json"),), b"{}")

    def raises(error: Exception) -> Any:
        def parse(_: Any) -> dict[str, object]:
            raise error

        return parse

    def outcome(parse: Any) -> Outcome:
        return ParserBench(parse, WAY, ValueError, 1, 0, 60.0).outcome(call)

    assert outcome(lambda _: {"a": [1, None]}) == Outcome(call, {"a": [1, None]})
    assert outcome(raises(ValueError("no"))) == Outcome(call, refusal="a refusal: ValueError: no")
    assert outcome(raises(KeyError("a"))) == Outcome(call, wrong="KeyError: 'a'")
    flaws = {
        "a document with a key that is no text": {"a": [{1: 2}]},
        "a document with nan in it, which is no number": {"a": {"b": float("nan")}},
        "a document with bytes in it, which is no JSON": {"a": ["x", b""]},
        "a document with tuple in it, which is no JSON": {"a": ()},
    }
    for told, document in flaws.items():
        assert outcome(lambda _, document=document: document) == Outcome(call, wrong=told)
    assert outcome(lambda _: ["x"]).wrong == "['x'], which is no document"
    assert outcome(lambda _: {}).came.error == "a document"
    hasty = ParserBench(lambda _: {}, WAY, ValueError, 1, 0, -1.0)
    assert re.fullmatch(r"an end after \d+\.\d s", hasty.outcome(call).wrong)
    assert (hasty.calls, hasty.overdue()) == (1, None)


def test_documents_differ_by_kinds_of_numbers_and_only_in_keys_that_are_given() -> None:
    assert BENCH.difference({"a": 1}, {"a": 1}) is None
    for given in ({"a": True}, {"a": 2}, {"a": 1, "b": 2}, {}):
        assert BENCH.difference({"a": 1}, given) is not None
    some = ParserBench(_nothing, WAY, ValueError, 1, 0, 1.0, frozenset({"a"}))
    assert some.difference({"a": 1, "b": 2}, {"a": 1, "c": 3}) is None
    assert some.difference({"a": 1}, {"a": 2}) is not None


def test_wrong_secrets_that_tell_the_right_one_are_known() -> None:
    assert nearly(Account("k", "abc", None)) == {}
    found = nearly(Account("k", "aB12", None))
    assert list(found.values()) == ["aB1", "Ab12", *(_in_base64(each) for each in ("k:aB12x", "nobody:aB12"))]
    assert list(nearly(Account("k", "1234", None)).values())[1] == ""


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def test_a_request_is_shown_as_a_line_of_python_that_is_cut_when_it_is_long() -> None:
    line = BENCH.reproduced(Call("POST", "", "a=b", (("Content-Type", "x/y"),), b"{}"))
    assert line == "parse(Request('POST', 'a=b', {'content-type': 'x/y'}, b'{}'))"
    whole = BENCH.reproduced(Call("GET", "", "q" * 800, (), b"b" * 800))
    assert whole == f"parse(Request('GET', '{'q' * 800}', {{}}, b'{'b' * 800}'))"
    cut = BENCH.reproduced(Call("GET", "", "q" * 801, (), b"b" * 801))
    assert cut == f"parse(Request('GET', '{'q' * 800}' + …, {{}}, b'{'b' * 800}' + …  # 801 bytes))"


def test_an_event_is_signed_as_the_service_signs_it() -> None:
    call = Signer("secret", "md5hash").with_token(Call("POST", "", "", (("content-type", "application/json"),), b"{}"))
    name, value = call.headers[-1]
    head, claims, mark = value.removeprefix(f"{SIGNED_CALLBACK.carrier} ").split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert name == "authorization"
    assert json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) == {
        "typ": "JWT",
        "alg": SIGNED_CALLBACK.algorithms[0],
    }
    assert {name: value for name, value in said.items() if name not in {"iat", "jti"}} == {
        "iss": SIGNED_CALLBACK.issuer,
        SIGNED_CALLBACK.body_hash_claim: hashlib.sha256(b"{}").hexdigest(),
        "api_key": "abcd1234",
        "application_id": "00000000-0000-0000-0000-000000000008",
    }
    assert {type(said[name]) for name in ("iat", "jti")} == {int, str}
    assert len(mark) == 43
