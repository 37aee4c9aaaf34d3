"""Laws of the generated calls, for every operation of every API: found by looking, not listed.

What a caller sets is sent, once, and nothing else is. Every answer that the spec allows is understood; any other one ends
in the documented error. Sync and async do the same, at a transport of ours and over real sockets.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Mapping
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests import exercised
from contract_tests.apis import component
from contract_tests.calls import CALLS, FUNCTIONS, Call, call_modules, connected, opened
from contract_tests.judge import FORM, Request, credentials, judge
from contract_tests.loopback import Answer, Recorder
from contract_tests.profiles import examples
from contract_tests.strategies import alternatives, documents
from contract_tests.written import as_answered, as_json, flat, for_xml
from shortcode_clients import InvalidDocument, UndocumentedAnswer
from shortcode_clients._runtime.client import read_answer
from shortcodekit.contract.choices import Choices
from shortcodekit.contract.normalising import normalise, same
from shortcodekit.contract.recipes import recipe

EACH_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda call: str(call.operation))
EACH_ANSWER = pytest.mark.parametrize(
    ("call", "status", "kind"),
    [
        pytest.param(call, status, kind, id=f"{call.operation} {status} {kind}")
        for call in CALLS
        for status, contents in call.operation.answers.items()
        for kind in contents
    ],
)
FEWER = examples(20)  # for laws with many parametrised cases
SEEDS = st.integers(0, 2**32 - 1).map(Random)


def test_every_operation_has_a_call_and_every_call_an_operation() -> None:
    found = {call.module.__name__ for call in CALLS}
    assert found == {name for call in CALLS for name in call_modules(call.operation)}
    for call in CALLS:
        assert all(callable(getattr(call.module, name)) for name in FUNCTIONS)


@EACH_CALL
def test_a_call_tells_its_operation_and_the_answers_that_the_spec_has(call: Call) -> None:
    assert call.operation.name == call.module.OPERATION
    assert set(call.module.ANSWERS) == set(call.operation.answers)
    for status, contents in call.operation.answers.items():
        assert (call.module.ANSWERS[status].xml is not None) == any("xml" in kind for kind in contents)


# ---- requests --------------------------------------------------------------------------------------------------------


def _sent(call: Call, path: Mapping[str, str], document: Any, requests: list[Request], base_path: str = "") -> None:
    """Asserts that both calls sent one valid request each, with what `document` says and nothing else."""
    assert len(requests) == 2
    expected = normalise(call.operation.api, call.schema, document)
    for request in requests:
        verdict = judge(call.operation.api, request, base_path=base_path)
        assert verdict.violations == []
        assert verdict.operation is call.operation
        assert verdict.path_parameters == path
        assert same(verdict.document, flat(expected) if verdict.encoding in {"query", FORM} else expected)
        assert not {"authorization", "cookie"} & request.headers.keys()


def _sendable(call: Call, document: Any) -> Any:
    """What of `document` can be sent: a query or a form carries scalars only."""
    as_parameters = call.operation.query is not None or FORM in call.operation.bodies
    return {key: document[key] for key in flat(document)} if as_parameters else document


@EACH_CALL
def test_a_call_sends_one_valid_request_with_exactly_what_was_set(call: Call) -> None:
    read = call.operation.api.readers[call.schema]
    with connected(call, base_url="https://peer.test/proxy") as (peer, client, runner):

        @given(documents(call.operation.api, call.schema), st.sampled_from(call.paths))
        def law(document: Any, path: dict[str, str]) -> None:
            document = _sendable(call, document)
            call.both(client, runner, path, read(document))
            _sent(call, path, document, peer.take(), "/proxy")

        law()


@EACH_CALL
def test_every_branch_of_a_message_can_be_sent(call: Call) -> None:
    api = call.operation.api
    with connected(call) as (peer, client, runner):
        for strategy in alternatives(api, call.schema).values():

            @FEWER
            @given(strategy)
            def law(document: Any) -> None:
                call.both(client, runner, call.paths[0], api.readers[call.schema](document))
                _sent(call, call.paths[0], document, peer.take())

            law()


@EACH_CALL
def test_every_combination_of_parameters_can_be_sent(call: Call) -> None:
    api = call.operation.api
    valid = api.validator(call.schema).is_valid
    with connected(call) as (peer, client, runner):

        @examples(2)
        @given(documents(api, call.schema, complete=True))
        def law(document: dict[str, Any]) -> None:
            subsets = itertools.chain.from_iterable(
                itertools.combinations(document, size) for size in range(len(document) + 1)
            )
            for path, keys in itertools.product(call.paths[:1], subsets):
                part = {key: document[key] for key in keys}
                if valid(part):
                    call.both(client, runner, path, api.readers[call.schema](part))
                    _sent(call, path, part, peer.take())

        law()


@pytest.mark.parametrize("call", [each for each in CALLS if each.operation.query], ids=lambda call: str(call.operation))
def test_a_query_that_may_be_left_out_is_not_there(call: Call) -> None:
    (parameter,) = [each for each in call.operation.parameters if each["in"] == "query"]
    with connected(call) as (peer, client, runner):
        outcomes = call.both(client, runner, call.paths[0])
        if parameter.get("required"):
            assert all(isinstance(each, TypeError) for each in outcomes)
        else:
            assert ["?" in request.url for request in peer.take()] == [False, False]


@EACH_CALL
def test_a_model_that_cannot_be_sent_is_refused_and_nothing_is_sent(call: Call) -> None:
    api = call.operation.api
    with connected(call) as (peer, client, runner):

        @examples(5)
        @given(documents(api, call.schema, complete=True))
        def law(document: Any) -> None:
            model = api.readers[call.schema](document)
            model.additional_properties = {"unknown": {1, 2}}
            assert all(isinstance(each, InvalidDocument) for each in call.both(client, runner, call.paths[0], model))
            assert peer.take() == []

        law()


@EACH_CALL
def test_what_a_call_sends_can_be_had_without_sending_it(call: Call) -> None:
    api = call.operation.api
    with connected(call) as (peer, client, runner):

        @FEWER
        @given(documents(api, call.schema), st.sampled_from(call.paths))
        def law(document: Any, path: dict[str, str]) -> None:
            model = api.readers[call.schema](_sendable(call, document))
            call.both(client, runner, path, model)
            arguments = call.module.request(*(path[name] for name in call.path_arguments), **{call.payload: model})
            client.get_httpx_client().request(**arguments)
            sent, _, built = peer.take()
            assert sent == built

        law()


# ---- answers ---------------------------------------------------------------------------------------------------------


def _any_document(call: Call) -> Any:
    document = recipe(call.operation.api, call.schema, complete=False)(Choices(bytes(range(1, 120))))
    return _sendable(call, document)


def _any_model(call: Call) -> Any:
    return call.operation.api.readers[call.schema](_any_document(call))


def _answered(call: Call, status: int, kind: str, document: Any, random: Random) -> tuple[Any, bytes]:
    """What of `document` an answer can carry, and the answer."""
    api, schema = call.operation.api, component(call.operation.answers[status][kind])
    if "xml" not in kind:
        return document, as_answered(document, call.operation, status, kind, random)
    carried = for_xml(api, api.schemas[schema], document)
    return carried, as_answered(normalise(api, schema, carried), call.operation, status, kind, random)


@EACH_ANSWER
def test_an_answer_that_the_spec_allows_is_understood(call: Call, status: int, kind: str) -> None:
    api, schema = call.operation.api, component(call.operation.answers[status][kind])
    model = _any_model(call)
    headers = st.sampled_from([kind, f"{kind}; charset=utf-8", f"{kind.upper()};charset=UTF-8", "text/html", None])
    with connected(call) as (peer, client, runner):
        peer.headers = {"x-told": "kept"}

        @FEWER
        @given(documents(api, schema), headers, SEEDS)
        def law(document: Any, header: str | None, random: Random) -> None:
            carried, body = _answered(call, status, kind, document, random)
            peer.answer = Answer(status, header, body)
            for detailed in call.both(client, runner, call.paths[0], model):
                assert detailed.parsed == api.readers[schema](carried), body
                assert detailed.headers["x-told"] == "kept"
                assert detailed == read_answer(status, detailed.headers, body, call.module.ANSWERS)
                assert (detailed.status_code, detailed.content, detailed.problem) == (status, body, None)
            for parsed in call.both(client, runner, call.paths[0], model, detailed=False):
                assert parsed == api.readers[schema](carried)

        law()
    exercised.note(exercised.answer(call.operation, status, kind))


def _undocumented(outcomes: list[Any], errors: list[Any]) -> None:
    assert [each.parsed for each in outcomes] == [None, None]
    assert [type(each) for each in errors] == [UndocumentedAnswer, UndocumentedAnswer]


@EACH_CALL
def test_an_undocumented_status_ends_in_the_documented_error(call: Call) -> None:
    model, document = _any_model(call), as_json({"message_uuid": "x", "message-count": "0", "messages": []})
    bodies = itertools.cycle(
        [b"", b"{}", document, b"<html><body>Bad gateway</body></html>", b"<error/>", b"\xff\xfe\x00"]
    )
    kinds = itertools.cycle([None, "text/html", "application/json", "application/xml", "application/problem+json"])
    with connected(call) as (peer, client, runner):
        peer.headers = {"location": "https://peer.test/elsewhere"}
        for status in range(100, 600):
            if status not in call.operation.answers:
                peer.answer = Answer(status, next(kinds), next(bodies))
                if status in {100, 204, 302, 307, 404, 500, 503, 520, 599}:
                    errors = call.both(client, runner, call.paths[0], model, detailed=False)
                    _undocumented(call.both(client, runner, call.paths[0], model), errors)
                    sent = 4
                else:
                    arguments = dict(zip(call.path_arguments.values(), call.paths[0].values(), strict=True))
                    detailed = call.module.sync_detailed(**arguments, client=client, **{call.payload: model})
                    assert detailed.parsed is None
                    assert detailed.problem is None
                    with pytest.raises(UndocumentedAnswer, match=f"HTTP {status} "):
                        detailed.answer()
                    sent = 1
                assert len(peer.take()) == sent, "redirects are not followed and nothing is repeated"


_DEEP = 100_000
BROKEN = {
    "empty": b"",
    "white space": b" \r\n\t",
    "a byte order mark": b"\xef\xbb\xbf",
    "a page": b"<!DOCTYPE html>\n<html><head><title>502</title></head><body><p>Bad gateway</body></html>",
    "text": b"OK",
    "null": b"null",
    "a number": b"401",
    "a text": b'"error"',
    "a list": b"[{}]",
    "NaN": b'{"status": NaN}',
    "a number too large": b'{"status": "0", "unknown": [1e400]}',
    "a number too long": b'{"error-code": ' + b"9" * 5000 + b"}",
    "deep lists": b"[" * _DEEP + b"]" * _DEEP,
    "deep objects": b'{"messages":' * _DEEP + b"1" + b"}" * _DEEP,
    "two documents": b"{}{}",
    "deep elements": b"<error>" * _DEEP + b"</error>" * _DEEP,
    "another root": b"<answer/>",
    "two roots": b"<error/><error/>",
    "text beside elements": b"<error>refused<error-code>401</error-code></error>",
    "an element twice": b"<error><error-code>401</error-code><error-code>402</error-code></error>",
    "an entity": b'<!DOCTYPE error [<!ENTITY a "aaaa">]><error><error-code>&a;</error-code></error>',
    "an unknown entity": b"<error><error-code>&a;</error-code></error>",
    "an encoding that lies": b'<?xml version="1.0" encoding="UTF-16"?><error><error-code>1</error-code>',
    "an unknown encoding": b'<?xml version="1.0" encoding="x-none"?><error>',
}


@EACH_CALL
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_an_answer_of_another_form_ends_in_the_documented_error(call: Call, body: bytes) -> None:
    model = _any_model(call)
    with connected(call) as (peer, client, runner):
        for status in call.operation.answers:
            peer.answer = Answer(status, "application/json", body)
            errors = call.both(client, runner, call.paths[0], model, detailed=False)
            outcomes = call.both(client, runner, call.paths[0], model)
            _undocumented(outcomes, errors)
            assert all(isinstance(each.problem, InvalidDocument) and each.content == body for each in outcomes)


@EACH_ANSWER
def test_a_damaged_answer_ends_in_the_documented_error(call: Call, status: int, kind: str) -> None:
    model, schema = _any_model(call), component(call.operation.answers[status][kind])
    with connected(call) as (peer, client, runner):

        @FEWER
        @given(documents(call.operation.api, schema), SEEDS, st.binary(max_size=20))
        def law(document: Any, random: Random, noise: bytes) -> None:
            _, body = _answered(call, status, kind, document, random)
            text, cut = body.decode().removeprefix("\ufeff").strip(), random.random()
            damaged = [
                text[: int(len(text) * cut)].encode(),
                text.encode("utf-16"),
                text.encode("ascii", "replace") + b"\xe9",
                text.encode() + b"<",
            ]
            for each in damaged:
                peer.answer = Answer(status, kind, each)
                errors = call.both(client, runner, call.paths[0], model, detailed=False)
                _undocumented(call.both(client, runner, call.paths[0], model), errors)
            place = int(len(body) * cut)
            for each in (noise, body[:place] + noise + body[place:], body[:place] + noise + body[place + len(noise) :]):
                peer.answer = Answer(status, kind, each)
                for outcome in call.both(client, runner, call.paths[0], model, detailed=False):
                    assert not isinstance(outcome, Exception) or type(outcome) is UndocumentedAnswer

        law()


# ---- real sockets ----------------------------------------------------------------------------------------------------


@EACH_ANSWER
def test_requests_and_answers_travel_over_real_sockets(call: Call, status: int, kind: str, server: Recorder) -> None:
    api, schema = call.operation.api, component(call.operation.answers[status][kind])
    with opened(call, server.address, httpx_args={"verify": False, "trust_env": False}) as (client, runner):

        @examples(2)
        @given(documents(api, call.schema), documents(api, schema), st.sampled_from(call.paths), SEEDS)
        def law(said: Any, document: Any, path: dict[str, str], random: Random) -> None:
            said = _sendable(call, said)
            carried, body = _answered(call, status, kind, document, random)
            server.answers = [Answer(status, kind, body)]
            outcomes = call.both(client, runner, path, api.readers[call.schema](said))
            assert [each.parsed for each in outcomes] == [api.readers[schema](carried)] * 2
            _sent(call, path, said, [each.request() for each in server.recorded])
            server.recorded.clear()

        law()


# ---- secrets ---------------------------------------------------------------------------------------------------------


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


@EACH_CALL
@pytest.mark.parametrize("way", ["parameter", "basic", "bearer", "header", "address"])
def test_no_secret_is_shown(call: Call, way: str) -> None:
    canary = secrets.token_hex(12)  # made here: Hypothesis draws what it finds written in tests
    document = _any_document(call)
    flat_model = call.operation.query is not None or FORM in call.operation.bodies
    if way == "parameter" and flat_model:
        document |= {"api_key": "key", "api_secret": canary}
    model = call.operation.api.readers[call.schema](document)
    auth = {"basic": ("key", canary), "bearer": _Bearer(canary)}.get(way)
    address = f"https://key:{canary}@peer.test" if way == "address" else "https://peer.test"
    with connected(call, base_url=address, auth=auth) as (peer, client, runner):
        if way == "header":
            client.get_httpx_client().headers["authorization"] = f"Bearer {canary}"
        peer.answer = Answer(503, "text/html", b"<html>")
        outcomes = call.both(client, runner, call.paths[0], model)
        errors = call.both(client, runner, call.paths[0], model, detailed=False)
        for each in (client, model, *outcomes, *errors, *(error.response for error in errors)):
            assert canary not in f"{each!r} {each}"
        if not flat_model and way in {"basic", "bearer"}:
            assert all(credentials(call.operation.api, request) == [] for request in peer.take())


def test_a_client_shows_where_it_leads() -> None:
    for call in CALLS:
        assert repr(call.operation.api.package.Client("https://peer.test/a?b=c#d")) == "Client('https://peer.test/a')"
    assert asyncio.iscoroutinefunction(CALLS[0].module.asyncio)
