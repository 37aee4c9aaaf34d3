"""Laws of answers that are none: whatever comes, it becomes a model or one of our errors, and never a false success.

Volume goes through a transport of ours, with any status that HTTP has; a smaller sample travels over real sockets. Whether a
damaged document still tells of success is read here with the standard library.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import component
from contract_tests.loopback import Answer, Recorder
from contract_tests.peers import WAYS, Answered, Clients, Way, alike
from contract_tests.profiles import examples
from contract_tests.strategies import documents, mutations
from contract_tests.written import as_answered, as_xml, for_xml
from shortcodekit.errors import AuthenticationFailed, ShortcodeKitError, Throttled, UnexpectedAnswer

STATUSES: Final = st.sampled_from([200, 200, 202, 400, 401, 402, 422, 429, 500, 503]) | st.integers(100, 599)
SEEDS: Final = st.integers(0, 2**32 - 1).map(Random)
EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=str)
EACH_BODY_WAY = pytest.mark.parametrize(
    "way", [way for way in WAYS if not way.by_query], ids=str
)  # answers are the same


@pytest.fixture(scope="module")
def answered(make: Clients) -> Answered:
    return Answered(make)


def _one_of_ours(way: Way, status: int, ended: Any) -> bool:
    """Asserts that a call ended as it may; whether with a model."""
    if isinstance(ended, Exception):
        assert isinstance(ended, ShortcodeKitError), repr(ended)
        assert ended.operation == way.operation.name.removesuffix("ByQuery")
        assert not (way.is_query and ended.may_have_been_sent)
        assert len(str(ended)) < 1000
        assert isinstance(ended, AuthenticationFailed) or status != 401
        assert isinstance(ended, Throttled) or status != 429
        return False
    contents = way.operation.answers[way.success]
    (schema,) = {component(each) for each in contents.values()}
    assert type(ended) is getattr(way.read_by.models, schema)
    assert status == way.success
    return True


def _schemas(way: Way) -> list[str]:
    return sorted({component(each) for contents in way.operation.answers.values() for each in contents.values()})


def _written(document: Any) -> bytes:
    """JSON, or something like it where `document` has no JSON form."""
    try:
        return json.dumps(document, default=str, skipkeys=True).encode("ascii")
    except RecursionError:
        return b'{"messages":[' * 3000


@EACH_WAY
def test_a_damaged_json_answer_is_ours_and_no_false_success(answered: Answered, way: Way) -> None:
    drawn = st.one_of([documents(way.operation.api, schema) for schema in _schemas(way)])

    @examples(80)
    @given(drawn.flatmap(mutations), STATUSES, st.sampled_from(["application/json", "text/html", None]))
    def law(document: Any, status: int, kind: str | None) -> None:
        body = _written(document)
        if _one_of_ours(way, status, answered(way, Answer(status, kind, body))) and way.in_parts:
            parts = json.loads(body)["messages"]
            assert parts
            assert {str(part["status"]) for part in parts} <= {"0", "0.0", "-0.0"}

    law()


def _damaged(root: ET.Element, random: Random) -> None:
    """Drops, doubles, renames or changes elements and attributes."""
    for _ in range(random.randint(1, 3)):
        parent = random.choice(list(root.iter()))
        children = list(parent)
        match random.randrange(6):
            case 0 if children:
                parent.remove(random.choice(children))
            case 1 if children:
                parent.append(random.choice(children))
            case 2:
                parent.tag = random.choice(["status", "message", "messages", "error", "x"])
            case 3 if parent.attrib:
                del parent.attrib[random.choice(list(parent.attrib))]
            case 4:
                parent.text = random.choice(["", "0", "7", " 0", "x" * 1000, None])
            case _:
                ET.SubElement(parent, random.choice(["status", "message", "x"])).text = random.choice(["0", "7"])


@pytest.mark.parametrize("way", [way for way in WAYS if way.client != "Messages"], ids=str)
def test_a_damaged_xml_answer_is_ours_and_no_false_success(answered: Answered, way: Way) -> None:
    api = way.operation.api
    drawn = st.one_of([st.tuples(st.just(schema), documents(api, schema)) for schema in _schemas(way)])

    @examples(80)
    @given(drawn, STATUSES, SEEDS)
    def law(said: tuple[str, Any], status: int, random: Random) -> None:
        schema, document = said
        written = as_xml(api, schema, for_xml(api, api.schemas[schema], document), random)
        root = ET.fromstring(written.decode("utf-8-sig").strip())  # noqa: S314  # our own
        _damaged(root, random)
        body = ET.tostring(root)
        if _one_of_ours(way, status, answered(way, Answer(status, "application/xml", body), form="xml")):
            parts = root.findall("messages/message")
            assert parts or not way.in_parts
            assert [[each.text for each in part.findall("status")] for part in parts] == [["0"]] * len(parts)

    law()


_NOISE: Final = st.binary(max_size=30) | st.sampled_from(
    [b"<", b"{", b"]", b"<!DOCTYPE a>", b"&#0;", b"\xff\xfe", b"0" * 99]
)


@EACH_WAY
def test_bytes_that_are_torn_and_patched_are_ours(answered: Answered, way: Way) -> None:
    contents = [
        (status, kind, component(schema))
        for status, contents in way.operation.answers.items()
        for kind, schema in contents.items()
    ]
    drawn = st.sampled_from(contents).flatmap(
        lambda each: st.tuples(st.just(each), documents(way.operation.api, each[2]))
    )

    @examples(40)
    @given(drawn, STATUSES, _NOISE, SEEDS)
    def law(said: tuple[tuple[int, str, str], Any], status: int, noise: bytes, random: Random) -> None:
        (written_for, kind, schema), document = said
        if "xml" in kind:
            document = for_xml(way.operation.api, way.operation.api.schemas[schema], document)
        body = as_answered(document, way.operation, written_for, kind, random)
        at = random.randint(0, len(body))
        for torn in (noise, body[:at] + noise + body[at:], body[:at] + noise + body[at + len(noise) :]):
            for under in (status, written_for):
                _one_of_ours(way, under, answered(way, Answer(under, kind, torn)))

    law()


@EACH_BODY_WAY
def test_an_answer_cut_at_any_length_is_an_error(answered: Answered, way: Way) -> None:
    judged = 0
    for status, contents in way.operation.answers.items():
        for _, kind, schema, example in way.operation.examples():
            if {"$ref": f"#/components/schemas/{schema}"} != contents.get(kind):
                continue
            judged += 1
            whole = (example if "xml" in kind else json.dumps(example)).strip().encode()
            assert not isinstance(answered(way, Answer(status, kind, whole)), UnexpectedAnswer)
            succeeds = status == way.success
            for length in range(0, len(whole), 1 if succeeds else 23):
                error = answered(way, Answer(status, kind, whole[:length]))
                assert not _one_of_ours(way, status, error)
                assert isinstance(error, UnexpectedAnswer | AuthenticationFailed | Throttled)
                assert error.may_have_been_sent == (succeeds and not way.is_query)
    assert judged >= 3


BODIES: Final = (
    b"",
    b"<!DOCTYPE html>\n<html><head><title>502</title></head><body><p>Bad gateway</body></html>",
    b'"Bad gateway"',
    b"[]",
    b"null",
    b"OK",
    b"\xff\xfe\x00",
    b"<error/>",
    b"[" * 3000,
    b"<a>" * 1000,
    b"0" * 4500,
)


@EACH_BODY_WAY
def test_what_is_no_answer_of_the_api_is_told_with_its_status_and_beginning(answered: Answered, way: Way) -> None:
    for status in range(100, 600):
        bodies = BODIES if status in {*way.operation.answers, 301, 404, 503} else BODIES[status % 11 :: 11]
        for body in bodies:
            error = answered(way, Answer(status, "text/html", body), location="https://peer.test/elsewhere")
            assert not _one_of_ours(way, status, error)
            assert error.http_status == status
            if status not in {401, 429}:
                assert isinstance(error, UnexpectedAnswer), (status, body, error)
                assert error.content_type == "text/html"
                assert len(error.excerpt) <= 160
                assert bool(error.excerpt) == bool(body)
                assert error.may_have_been_sent == (not way.is_query and not 400 <= status < 500)


@pytest.mark.parametrize("text", ["eyJab-", "eyJ.", "Basic ", "bearer a"])
def test_what_looks_like_tokens_without_end_holds_nobody_up(answered: Answered, text: str) -> None:
    start = time.thread_time()
    answered(WAYS[0], Answer(502, "text/html", text.encode() * (120_000 // len(text))))
    assert time.thread_time() - start < 5, "tens of milliseconds are enough"


# ---- real sockets ----------------------------------------------------------------------------------------------------


@EACH_WAY
def test_over_real_sockets_whatever_comes_is_ours_too(server: Recorder, make: Clients, way: Way) -> None:
    drawn = st.one_of([documents(way.operation.api, schema) for schema in _schemas(way)])
    bodies = drawn.flatmap(mutations).map(_written) | _NOISE
    statuses = st.sampled_from(sorted(way.operation.answers)) | st.integers(200, 599)

    @examples(15)
    @given(
        bodies, statuses.filter(lambda status: status not in {204, 304}), st.sampled_from(["gzip", "deflate", "br", ""])
    )
    def law(body: bytes, status: int, encoding: str) -> None:
        server.answers = [Answer(status, "application/json", body)]
        server.headers = {"content-encoding": encoding} if encoding else {}
        twins = make(way.client, way.auth, base_url=server.address, retries=0, **way.settings)
        one, other = twins.both(way.method, *way.arguments)
        assert alike(one, other)
        _one_of_ours(way, status, one)
        assert len(server.take()) == 2

    law()


@EACH_WAY
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_cannot_be_unpacked_is_unexpected_and_may_have_been_sent(
    server: Recorder, make: Clients, way: Way, encoding: str
) -> None:
    twins = make(way.client, way.auth, base_url=server.address, retries=0, **way.settings)
    server.headers = {"content-encoding": encoding}
    for status in (way.success, 401):
        server.answers = [Answer(status, "application/json", b"no archive at all")]
        for error in twins.both(way.method, *way.arguments):
            assert type(error) is (AuthenticationFailed if status == 401 else UnexpectedAnswer)
            assert error.http_status == status
            assert error.may_have_been_sent == (status != 401 and not way.is_query)
    server.take()
