"""Laws of how the clients understand answers: those of the spec become the model or the error that they mean.

What a document means is worked out here from the spec and its code tables. JSON and XML of one answer are understood alike,
and so is the right document in the wrong wrapping. Sync and async do the same.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import component
from contract_tests.loopback import Answer, Recorder
from contract_tests.peers import ALERTS, GOOD, WAYS, Answered, Clients, Way, alike
from contract_tests.profiles import examples
from contract_tests.samples import ACCEPTED, Sample
from contract_tests.strategies import documents
from contract_tests.written import as_answered, as_json, as_xml, for_xml
from shortcode_clients import UNSET
from shortcodekit.contract.normalising import normalise
from shortcodekit.errors import (
    AlertRejected,
    ApiProblem,
    AuthenticationFailed,
    ShortcodeKitError,
    Throttled,
    UnexpectedAnswer,
)

STATUSES: Final = ALERTS.table("AlertPartStatus")
SUCCESS: Final = (200, 202)
SEEDS: Final = st.integers(0, 2**32 - 1).map(Random)
ALERT_WAYS: Final = tuple(way for way in WAYS if way.in_parts)
PLAIN: Final = Random(0)  # noqa: S311  # how an XML document is spread over lines is no secret
EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=str)
EACH_ANSWER = pytest.mark.parametrize(
    ("way", "status", "kind"),
    [
        pytest.param(way, status, kind, id=f"{way} {status} {kind}")
        for way in WAYS
        for status, contents in way.operation.answers.items()
        for kind in contents
    ],
)


@pytest.fixture(scope="module")
def answered(make: Clients) -> Answered:
    return Answered(make)


# ---- what answers mean -----------------------------------------------------------------------------------------------


def _meaning(status: int, model: Any) -> type[ShortcodeKitError] | None:
    """The error that an answer means; None for a success."""
    if status == 401 or getattr(model, "error_code", None) == "401":
        return AuthenticationFailed
    if status == 429:
        return Throttled
    if status not in SUCCESS:
        return ApiProblem
    if not hasattr(model, "messages"):
        return None
    statuses = {part.status for part in model.messages}
    if not statuses:
        return UnexpectedAnswer
    if statuses == {"0"}:
        return None
    if "0" not in statuses and statuses & {"4", "14"}:
        return AuthenticationFailed
    return Throttled if statuses == {"1"} else AlertRejected


def _understood(outcome: Any, way: Way, status: int, model: Any) -> None:
    """Asserts that an answer, which says what `model` does, was understood."""
    kind: Any = _meaning(status, model)
    if kind is None:
        assert type(outcome) is type(model)
        assert outcome == model
        return
    assert type(outcome) is kind, (outcome, model)
    assert outcome.operation == way.operation.name.removesuffix("ByQuery")
    assert outcome.attempts == 1
    if kind is AlertRejected:
        _rejected(outcome, model)
    elif kind is UnexpectedAnswer:
        assert outcome.may_have_been_sent
    else:
        assert (outcome.http_status, outcome.answer, outcome.may_have_been_sent) == (status, model, False)
    if kind is ApiProblem:
        label = "error_code_label" if hasattr(model, "error_code_label") else "title"
        said = [getattr(model, name, UNSET) for name in (label, "detail", "type_", "instance")]
        told = [outcome.title, outcome.detail, outcome.type, outcome.instance]
        assert told == [text[:300] if text is not UNSET and text else None for text in said]


def _rejected(error: AlertRejected, model: Any) -> None:
    accepted = [part for part in model.messages if part.status == "0"]
    refused = [part for part in model.messages if part.status != "0"]
    assert error.response == model
    assert error.parts == model.messages
    assert (error.accepted, error.rejected) == (accepted, refused)
    code = STATUSES.explain(refused[0].status)
    assert error.code == code
    assert (error.status, error.name, error.meaning) == (code.value, code.name, code.meaning)
    assert error.retryable == all(STATUSES.explain(part.status).temporary for part in model.messages)
    assert error.code.known == (error.status in STATUSES)
    if accepted:
        assert error.may_have_been_sent
    elif all(part.status in STATUSES and part.status != "5" for part in refused):
        assert not error.may_have_been_sent
    assert error.meaning.rstrip(".") in str(error)


@EACH_ANSWER
def test_an_answer_that_the_spec_allows_is_understood(answered: Answered, way: Way, status: int, kind: str) -> None:
    api, schema = way.operation.api, component(way.operation.answers[status][kind])
    headers = st.sampled_from([kind, f"{kind}; charset=utf-8", f"{kind.upper()};charset=UTF-8"])

    @examples(10)
    @given(documents(api, schema), headers, SEEDS)
    def law(document: Any, header: str, random: Random) -> None:
        if "xml" in kind:
            document = normalise(api, schema, for_xml(api, api.schemas[schema], document))
        body = as_answered(document, way.operation, status, kind, random)
        form = "xml" if "xml" in kind else "json"
        outcome = answered(way, Answer(status, header, body), form=form)
        _understood(outcome, way, status, way.read_by.read(schema, document))

    law()


@pytest.mark.parametrize(
    ("way", "status"),
    [
        pytest.param(way, status, id=f"{way} {status}")
        for way in WAYS
        for status, contents in way.operation.answers.items()
        if {"application/json", "application/xml"} <= contents.keys()
    ],
)
def test_json_and_xml_of_one_answer_are_understood_alike_whatever_was_asked_for(
    answered: Answered, way: Way, status: int
) -> None:
    api, schema = way.operation.api, component(way.operation.answers[status]["application/json"])

    @examples(10)
    @given(documents(api, schema), SEEDS)
    def law(document: Any, random: Random) -> None:
        carried = normalise(api, schema, for_xml(api, api.schemas[schema], document))
        one, *others = [
            answered(way, Answer(status, kind, body), form=form)
            for kind, body in (
                ("application/json", as_json(carried)),
                ("application/xml", as_xml(api, schema, carried, random)),
            )
            for form in ("json", "xml")
        ]
        if isinstance(one, UnexpectedAnswer):  # an answer without parts; the error shows what came
            assert [(type(each), each.may_have_been_sent) for each in others] == [(UnexpectedAnswer, True)] * 3
        else:
            assert all(alike(one, each) for each in others)

    law()


def _alert_answer(*statuses: str) -> dict[str, Any]:
    return {"message-count": str(len(statuses)), "messages": [{"status": status} for status in statuses]}


@pytest.mark.parametrize("status", [*STATUSES, "13", "999", "later", "", " 0", "00", "0.0", "-0", "+0", "０"])  # noqa: RUF001
def test_each_status_of_a_part_means_what_the_table_says(answered: Answered, status: str) -> None:
    document = _alert_answer(status)
    document["messages"][0]["error-text"] = "in the service's own words"
    for way in ALERT_WAYS:
        for body in (as_json(document), as_xml(ALERTS, "AlertResponse", document, PLAIN)):
            outcome = answered(way, Answer(200, None, body))
            _understood(outcome, way, 200, ALERTS.read("AlertResponse", document))
            if status == "0":
                continue
            assert STATUSES.explain(status).meaning.rstrip(".") in str(outcome)
            assert "(in the service's own words)" in str(outcome)
            assert isinstance(outcome, AuthenticationFailed) == (status in {"4", "14"})
            assert isinstance(outcome, Throttled) == (status == "1")
            if status not in STATUSES:
                assert (outcome.status, outcome.retryable, outcome.code.known) == (status, False, False)


def test_of_several_parts_it_is_told_which_were_accepted(answered: Answered) -> None:
    codes = st.sampled_from(["0", "0", "1", "4", "5", "7", "9", "14", "999"])

    @examples(60)
    @given(st.lists(codes, min_size=2, max_size=4), SEEDS)
    def law(statuses: list[str], random: Random) -> None:
        document = _alert_answer(*statuses)
        for body in (as_json(document), as_xml(ALERTS, "AlertResponse", document, random)):
            outcome = answered(ALERT_WAYS[0], Answer(200, None, body))
            _understood(outcome, ALERT_WAYS[0], 200, ALERTS.read("AlertResponse", document))
            if "0" in statuses and set(statuses) != {"0"}:
                assert isinstance(outcome, AlertRejected)
                assert outcome.may_have_been_sent
                assert not outcome.retryable
                assert f"{statuses.count('0')} of {len(statuses)} parts were accepted" in str(outcome)

    law()


PROBLEM: Final = {
    "type": "https://peer.test/low",
    "title": "Low balance",
    "detail": "No credit left",
    "instance": "an-id",
}


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 422, 500, 503])
def test_a_problem_is_told_in_its_own_words_whether_its_status_is_documented_or_not(
    answered: Answered, status: int
) -> None:
    (way,) = (way for way in WAYS if way.client == "Messages")
    for kind in ("application/problem+json", "application/json", "text/html", None):
        error = answered(way, Answer(status, kind, as_json(PROBLEM)))
        assert type(error) is ApiProblem
        assert error.http_status == status
        assert (error.type, error.title, error.detail, error.instance) == tuple(PROBLEM.values())
        assert "Low balance: No credit left" in str(error)
        assert error.may_have_been_sent == (status >= 500)


# ---- tolerance -------------------------------------------------------------------------------------------------------

REST_WAYS: Final = tuple(way for way in WAYS if way.client != "Messages")
_DENIED: Final = {"error-code": "401", "error-code-label": "authentication failed"}


@pytest.mark.parametrize("way", REST_WAYS, ids=str)
@pytest.mark.parametrize("status", [401, 200, 400, 403])
def test_the_host_s_refusal_of_a_key_is_one_under_any_status(answered: Answered, way: Way, status: int) -> None:
    for body in (
        as_json(_DENIED),
        as_json({**_DENIED, "error-code": 401}),
        as_xml(way.operation.api, "RestError", _DENIED, PLAIN),
    ):
        error = answered(way, Answer(status, "application/json", body))
        assert type(error) is AuthenticationFailed
        assert (error.http_status, error.may_have_been_sent) == (status, False)
        assert error.answer == way.read_by.read("RestError", _DENIED)
        assert "authentication failed" in str(error)


_PART: Final = '"status": "0", "message-id": "0D00000068264896", "to": "16365553226", "network": "310260"'
_WHOLE: Final = f'{{"message-count": "1", "messages": [{{{_PART}}}]}}'
TOLERATED: Final[dict[str, str]] = {
    "as documented": _WHOLE,
    "numbers for texts": _WHOLE.replace('"0"', "0")
    .replace('"1"', "1")
    .replace('"16365553226"', "16365553226")
    .replace('"310260"', "310260"),
    "whole numbers with a point": _WHOLE.replace('"0"', "0.0").replace('"1"', "1e0"),
    "keys twice": f'{{"message-count": "1", "message-count": "1", "messages": [{{{_PART}, {_PART}}}]}}',
    "a byte order mark": f"\ufeff{_WHOLE}",
    "white space": f"\r\n\t {_WHOLE}\n\n",
    "escapes": _WHOLE.replace("status", "\\u0073tatus").replace("0D", "\\u0030D"),
}


@pytest.mark.parametrize("text", TOLERATED.values(), ids=TOLERATED)
def test_an_answer_may_be_written_in_other_ways(answered: Answered, text: str) -> None:
    for way in ALERT_WAYS:
        outcome = answered(way, Answer(200, "application/json", text.encode()))
        assert outcome == ALERTS.read("AlertResponse", json.loads(_WHOLE)), outcome


def test_keys_that_are_not_documented_are_kept_and_change_nothing(answered: Answered) -> None:
    twins = '"messageId": "another", "ok": false, "Status": "7", "error_text": "none", "nested": {"status": ["7"]}'
    text = f'{{"message-count": "1", "messageCount": 9, "messages": [{{{_PART}, {twins}}}], "status": "7", "error-code": "401"}}'
    outcome = answered(ALERT_WAYS[0], Answer(200, "application/json", text.encode()))
    assert outcome.messages[0].message_id == "0D00000068264896"
    assert outcome.messages[0].additional_properties["messageId"] == "another"
    assert outcome.additional_properties == {"messageCount": 9, "status": "7", "error-code": "401"}


def test_a_part_may_hold_its_status_alone(answered: Answered) -> None:
    (part,) = answered(ALERT_WAYS[0], GOOD["send alert"]).messages
    assert (part.status, part.message_id, part.error_text) == ("0", UNSET, UNSET)


WRONG_KINDS: Final = ("text/html", "text/plain; charset=iso-8859-1", "application/octet-stream", "nonsense", "", None)


@EACH_ANSWER
def test_the_right_document_is_understood_under_any_content_type(
    answered: Answered, way: Way, status: int, kind: str
) -> None:
    api, schema = way.operation.api, component(way.operation.answers[status][kind])

    @examples(2)
    @given(documents(api, schema, complete=True), SEEDS)
    def law(document: Any, random: Random) -> None:
        if "xml" in kind:
            document = normalise(api, schema, for_xml(api, api.schemas[schema], document))
        body = as_answered(document, way.operation, status, kind, random)
        for marked in (body, b"\xef\xbb\xbf" + body.removeprefix(b"\xef\xbb\xbf")):
            for wrong in (*WRONG_KINDS, "application/xml", "application/json"):
                outcome = answered(way, Answer(status, wrong, marked))
                _understood(outcome, way, status, way.read_by.read(schema, document))

    law()


@EACH_WAY
def test_an_empty_answer_is_unexpected_unless_its_status_says_enough(answered: Answered, way: Way) -> None:
    for kind in ("application/json", None):
        for body in (b"", b" \r\n", b"\xef\xbb\xbf"):
            assert type(answered(way, Answer(401, kind, body))) is AuthenticationFailed
            assert type(answered(way, Answer(429, kind, body))) is Throttled
            for status in (200, 202, 204, 301, 400, 404, 500):
                error = answered(way, Answer(status, kind, body))
                assert type(error) is UnexpectedAnswer
                assert error.http_status == status
                assert error.may_have_been_sent == (not way.is_query and not 400 <= status < 500)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
    ids=["gzip", "deflate", "identity"],
)
@EACH_WAY
def test_a_packed_answer_is_understood_though_none_was_asked_for(
    server: Recorder, make: Clients, way: Way, encoding: str, pack: Any
) -> None:
    good = way.good
    twins = make(way.client, way.auth, base_url=server.address, retries=0, **way.settings)
    server.headers = {"content-encoding": encoding}
    server.answers = [Answer(good.status, good.content_type, pack(good.body))]
    expected = twins.both(way.method, *way.arguments)
    server.headers = {}
    server.answers = [good]
    assert expected == twins.both(way.method, *way.arguments)
    assert not any(isinstance(each, Exception) for each in expected), expected
    assert {dict(each.headers)["Accept-Encoding"] for each in server.take()} == {"identity"}


# ---- samples ---------------------------------------------------------------------------------------------------------


def _of_samples() -> Iterator[Any]:
    for api, sample in ACCEPTED:
        for way in WAYS:
            for status, contents in way.operation.answers.items():
                schemas = {component(schema) for kind, schema in contents.items() if sample.encoding in kind}
                if way.operation.api == api and sample.family.schema in schemas:
                    yield pytest.param(way, status, sample, id=f"{way} {status} {sample}")


@pytest.mark.parametrize(("way", "status", "sample"), list(_of_samples()))
def test_every_sample_of_an_answer_is_understood(answered: Answered, way: Way, status: int, sample: Sample) -> None:
    model = way.read_by.read(sample.family.schema, sample.document(way.operation.api))
    _understood(answered(way, Answer(status, None, sample.content)), way, status, model)
