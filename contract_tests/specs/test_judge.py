"""The instruments are right: the judge of requests finds what is wrong, and what the strategies draw is valid.

A law is worth what its instruments are; these are held to a list of known defects and to the validators.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contract_tests.apis import APIS, OPERATIONS, SCHEMAS, WEBHOOKS, Api, Operation, component
from contract_tests.judge import FORM, Request, credentials, judge
from contract_tests.profiles import examples
from contract_tests.strategies import alternatives, documents, mutations
from contract_tests.written import as_form, as_sent
from shortcodekit.contract.choices import Choices
from shortcodekit.contract.recipes import recipe

ALERTS, OPT_IN, MESSAGES = (next(api for api in APIS if api.name == name) for name in ("alerts", "opt_in", "messages"))
ALERT = "/sc/us/alert/json"
LIST = "/sc/us/alert/opt-in/query/json"
SEND = "/v0.1/messages"
TO = {"to": "16365553226"}
SMS = {
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "447700900001"},
    "message": {"content": {"type": "text", "text": "Hello"}},
}


def form(path: str, said: Mapping[str, Any] | bytes, method: str = "POST", kind: str = FORM) -> Request:
    return Request(method, path, {"content-type": kind}, said if isinstance(said, bytes) else urlencode(said).encode())


def as_json(path: str, said: Any, kind: str = "application/json") -> Request:
    return Request("POST", path, {"content-type": kind}, said if isinstance(said, bytes) else json.dumps(said).encode())


def query(path: str, said: Mapping[str, Any] | str, **rest: Any) -> Request:
    return Request("GET", f"{path}?{said if isinstance(said, str) else urlencode(said)}", **rest)


DEFECTS = {
    "another method": (ALERTS, form(ALERT, TO, "PUT"), "the method PUT is not one of GET, POST"),
    "a method in lower case": (ALERTS, form(ALERT, TO, "post"), "the method post is not one of"),
    "a GET of what is only posted": (MESSAGES, Request("GET", SEND), "the method GET is not one of POST"),
    "another path": (ALERTS, form("/sc/us/alerts/json", TO), "no operation has the path"),
    "a trailing slash": (MESSAGES, as_json(f"{SEND}/", SMS), "no operation has the path"),
    "a doubled slash": (ALERTS, form(f"/{ALERT}", TO), "no operation has the path"),
    "the path of another API": (ALERTS, form(LIST, {}), "no operation has the path"),
    "an unknown format": (ALERTS, form("/sc/us/alert/yaml", TO), "the path parameter format"),
    "an empty format": (ALERTS, form("/sc/us/alert/", TO), "the path parameter format"),
    "a format in upper case": (ALERTS, query("/sc/us/alert/JSON", TO), "the path parameter format"),
    "no recipient in a form": (ALERTS, form(ALERT, {"template": "1"}), '"to" is a required property'),
    "no recipient in JSON": (ALERTS, as_json(ALERT, {}), '"to" is a required property'),
    "no recipient in a query": (ALERTS, query(ALERT, {"template": "1"}), '"to" is a required property'),
    "no query": (ALERTS, Request("GET", ALERT), '"to" is a required property'),
    "a plus before the number": (ALERTS, form(ALERT, {"to": "+16365553226"}), "the body['to']"),
    "a number of another country": (ALERTS, query(ALERT, {"to": "447700900000"}), "the query['to']"),
    "a line break after the number": (ALERTS, form(ALERT, {"to": "16365553226\n"}), "the body['to']"),
    "a reference of 41 characters": (ALERTS, form(ALERT, {**TO, "client-ref": "é" * 41}), "the body['client-ref']"),
    "a seventh template": (ALERTS, as_json(ALERT, {**TO, "template": 6}), "the body['template']"),
    "a seventh template, as text": (ALERTS, query(ALERT, {**TO, "template": "6"}), "the query['template']"),
    "a Python boolean": (ALERTS, form(ALERT, {**TO, "status-report-req": True}), "the body['status-report-req']"),
    "an unknown type": (ALERTS, form(ALERT, {**TO, "type": "wappush"}), "the body['type']"),
    "an object as custom parameter": (ALERTS, as_json(ALERT, {**TO, "server": {"a": 1}}), "the body['server']"),
    "null as custom parameter": (ALERTS, as_json(ALERT, {**TO, "server": None}), "the body['server']"),
    "a parameter twice in a form": (ALERTS, form(ALERT, b"to=16365553226&a=1&a=1"), "'a' more than once"),
    "a parameter twice in a query": (ALERTS, query(ALERT, "to=16365553226&to=16365553226"), "'to' more than once"),
    "a key twice in JSON": (ALERTS, as_json(ALERT, b'{"to": 16365553226, "to": 16365553226}'), "more than once"),
    "a parameter without a value": (ALERTS, form(ALERT, b"to=16365553226&a"), "is not made of parameters"),
    "an ampersand too many": (ALERTS, form(ALERT, b"to=16365553226&&a=1"), "is not made of parameters"),
    "a bare percent sign": (ALERTS, form(ALERT, b"to=16365553226&a=100%"), "is not percent-encoded"),
    "a space in a form": (ALERTS, form(ALERT, b"to=16365553226&a=b c"), "is not percent-encoded"),
    "Latin-1 under percent signs": (ALERTS, form(ALERT, b"to=16365553226&a=%E9"), "is not made of parameters"),
    "UTF-8 without percent signs": (ALERTS, form(ALERT, "to=16365553226&a=é".encode()), "is not percent-encoded"),
    "Latin-1 in JSON": (ALERTS, as_json(ALERT, '{"to": "16365553226", "a": "é"}'.encode("latin-1")), "is not UTF-8"),
    "NaN in JSON": (ALERTS, as_json(ALERT, b'{"to": 16365553226, "a": NaN}'), "NaN is no JSON"),
    "a number too large": (ALERTS, as_json(ALERT, b'{"to": 16365553226, "a": 1e400}'), "a number is too large"),
    "JSON cut off": (ALERTS, as_json(ALERT, b'{"to": 16365553226'), "the body is not JSON"),
    "JSON on the xml path": (ALERTS, as_json("/sc/us/alert/xml", TO), "taken by the json endpoint only"),
    "JSON under the form's type": (ALERTS, as_json(ALERT, TO, FORM), "is not"),
    "a form under JSON's type": (ALERTS, form(ALERT, TO, kind="application/json"), "the body is not JSON"),
    "an undocumented content type": (ALERTS, form(ALERT, TO, kind="text/plain"), "text/plain is not one of"),
    "a form where only JSON is taken": (MESSAGES, form(SEND, {}), "is not one of the operation's"),
    "problem JSON as a request": (MESSAGES, as_json(SEND, SMS, "application/problem+json"), "is not one of"),
    "no content type": (ALERTS, Request("POST", ALERT, {}, as_form(TO)), "the content type is missing"),
    "another charset": (ALERTS, form(ALERT, TO, kind=f"{FORM}; charset=latin-1"), "says that it is not in UTF-8"),
    "no body": (ALERTS, Request("POST", ALERT), "the body is missing"),
    "an empty form": (ALERTS, form(ALERT, {}), '"to" is a required property'),
    "a body beside a GET": (ALERTS, query(ALERT, TO, body=as_form(TO)), "has no body, the request has one"),
    "a content type on a GET": (
        ALERTS,
        query(ALERT, TO, headers={"content-type": "application/json"}),
        "the request has a content type and no body",
    ),
    "parameters in both query and body": (ALERTS, form(f"{ALERT}?a=1", TO), "has no query, the request has one"),
    "a page before the first": (OPT_IN, query(LIST, {"page": "-1"}), "the query['page']"),
    "a page of no records": (OPT_IN, form(LIST, {"page-size": "0"}), "the body['page-size']"),
    "no number to subscribe": (OPT_IN, form("/sc/us/alert/opt-in/manage/json", {}), '"msisdn" is a required'),
    "channels that differ": (
        MESSAGES,
        as_json(SEND, {**SMS, "to": {"type": "mms", "number": "447700900000"}}),
        "listed in the 'oneOf'",
    ),
    "no content": (MESSAGES, as_json(SEND, {**SMS, "message": {}}), "listed in the 'oneOf'"),
    "a list as message": (MESSAGES, as_json(SEND, [SMS]), "listed in the 'oneOf'"),
}


@pytest.mark.parametrize(("api", "request_", "sentence"), DEFECTS.values(), ids=DEFECTS)
def test_the_judge_finds(api: Api, request_: Request, sentence: str) -> None:
    found = judge(api, request_).violations
    assert any(f" {sentence}" in f" {each}" for each in found), found


def test_a_body_that_is_not_utf_8_is_nothing_else() -> None:
    assert judge(ALERTS, as_json(ALERT, b"\xff")).violations == ["the body is not UTF-8"]


@pytest.mark.parametrize(
    ("api", "said", "headers", "sentence"),
    [
        pytest.param(ALERTS, {"api_key": "k"}, {}, "are api_key, and have to be", id="a key alone"),
        pytest.param(ALERTS, {"api_secret": "s"}, {}, "are api_secret,", id="a secret alone"),
        pytest.param(ALERTS, {"api_key": "k", "sig": "a" * 32}, {}, "api_key and sig,", id="a signature without time"),
        pytest.param(
            ALERTS,
            {"api_key": "k", "api_secret": "s", "sig": "a" * 32, "timestamp": "1"},
            {},
            "api_key and api_secret and sig and timestamp, and",
            id="a signature beside the secret",
        ),
        pytest.param(ALERTS, {"api_key": "k", "api_secret": "s"}, {"authorization": "Basic eA=="}, "Basic", id="both"),
        pytest.param(MESSAGES, {}, {}, "are nothing, and have to be Bearer header, or Basic header", id="nothing"),
        pytest.param(MESSAGES, {}, {"authorization": "Digest x"}, "are Digest header", id="another scheme"),
    ],
)
def test_the_judge_finds_wrong_credentials(
    api: Api, said: Mapping[str, str], headers: Mapping[str, str], sentence: str
) -> None:
    request = form(ALERT, {**TO, **said}) if api is ALERTS else as_json(SEND, SMS)
    found = credentials(api, Request(request.method, request.url, {**request.headers, **headers}, request.body))
    assert any(sentence in each for each in found), found


def test_the_judge_passes_each_way_to_authenticate() -> None:
    secret = form(ALERT, {**TO, "api_key": "k", "api_secret": "s"})
    signed = form(ALERT, {**TO, "api_key": "k", "sig": "A" * 32, "timestamp": "1461605396"})
    assert [credentials(ALERTS, each) for each in (secret, signed, form(ALERT, TO))] == [[], [], []]
    for header in ("Bearer a.b.c", "Basic a2V5OnNlY3JldA=="):
        sent = as_json(SEND, SMS)
        assert credentials(MESSAGES, Request("POST", SEND, {**sent.headers, "authorization": header}, sent.body)) == []


def test_an_operation_may_ask_for_other_credentials_than_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    (send,) = (each for each in OPERATIONS if each.api is MESSAGES)
    monkeypatch.setitem(send.document, "security", [{}])
    assert credentials(MESSAGES, as_json(SEND, SMS)) == []


def _documented() -> list[Any]:
    """Every example of a request in the specs, in every content type."""
    found = []
    for operation in (*OPERATIONS, *WEBHOOKS):
        media = operation.api.resolve(operation.document.get("requestBody", {})).get("content", {})
        examples = {kind: each.get("examples", {}) for kind, each in media.items()}
        examples |= {each["in"]: each["examples"] for each in operation.parameters if "examples" in each}
        found += [
            pytest.param(operation, kind, operation.api.resolve(example)["value"], id=f"{operation} {kind} {name}")
            for kind, each in examples.items()
            for name, example in each.items()
        ]
    return found


@pytest.mark.parametrize(("operation", "kind", "example"), _documented())
def test_the_judge_passes_the_documented_request(operation: Operation, kind: str, example: Any) -> None:
    path = f"/{operation.path}" if operation.webhook else operation.path.replace("{format}", "json")
    if kind == "query":
        said = example if isinstance(example, str) else as_form(example).decode("ascii")
        request = Request(operation.method.upper(), f"{path}?{said.lstrip('?')}")
    else:
        request = Request(operation.method.upper(), path, {"content-type": kind}, as_sent(example, kind))
    verdict = judge(operation.api, request, webhooks=operation.webhook)
    assert (verdict.violations, verdict.operation, verdict.encoding) == ([], operation, kind)


def test_the_judge_minds_the_path_of_the_servers_address() -> None:
    assert judge(ALERTS, form(f"/proxy{ALERT}", TO), base_path="/proxy/").violations == []
    assert judge(ALERTS, form(ALERT, TO), base_path="/proxy").violations == ["no operation has the path " + ALERT]


# ---- what the strategies draw ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "name"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in SCHEMAS])
def test_what_is_drawn_for_a_schema_is_valid(api: Api, name: str) -> None:
    validator = api.validator(name)

    @examples(30)
    @given(documents(api, name), documents(api, name, text=st.just("Ω"), complete=True))
    def law(document: Any, complete: Any) -> None:
        validator.validate(document)
        validator.validate(complete)

    law()


def _tables() -> list[Any]:
    return [
        pytest.param(api, name, [each["const"] for each in schema["anyOf"] if "const" in each], id=f"{api.name}-{name}")
        for api in APIS
        for name, schema in api.schemas.items()
        if "anyOf" in schema
    ]


@pytest.mark.parametrize(("api", "name", "codes"), _tables())
def test_every_code_of_a_table_is_drawn_and_codes_to_come_too(api: Api, name: str, codes: list[Any]) -> None:
    make, random = recipe(api, name, complete=False), Random(1)  # noqa: S311  # no secret
    drawn = [make(Choices(random.randbytes(20))) for _ in range(3000)]
    assert {(code, type(code)) for code in codes} <= {(each, type(each)) for each in drawn}
    known = {str(code).lower() for code in codes}
    assert any(str(each).lower() not in known for each in drawn)
    if api.schemas[name].get("x-normalise") in {"lower", "upper"}:
        assert any(each not in codes and each.lower() in known for each in drawn)


def _unions() -> list[Any]:
    return [
        pytest.param(api, name, id=f"{api.name}-{name}")
        for api in APIS
        for name, schema in api.schemas.items()
        if "oneOf" in schema
    ]


@pytest.mark.parametrize(("api", "name"), _unions())
def test_every_branch_of_a_union_is_drawn(api: Api, name: str) -> None:
    branches = {component(each): api.validator(component(each)) for each in api.schemas[name]["oneOf"]}
    assert branches.keys() == alternatives(api, name).keys()
    drawn = _sample(documents(api, name), 300)
    hits = {branch: sum(map(validator.is_valid, drawn)) for branch, validator in branches.items()}
    assert min(hits.values()) > len(drawn) / len(branches) / 4, hits
    for branch, strategy in alternatives(api, name).items():
        assert all(map(branches[branch].is_valid, _sample(strategy, 5)))


def test_documents_under_a_rule_meet_it_often_enough() -> None:
    """A template by WhatsApp needs a locale; both with and without a template are drawn."""
    drawn = _sample(documents(MESSAGES, "WhatsappOutboundBody"), 100)
    templates = sum(each["content"]["type"] == "template" for each in drawn)
    assert 20 < templates < 80


@given(st.data())
def test_a_mutation_leaves_the_document_itself_whole(data: st.DataObject) -> None:
    document = data.draw(documents(MESSAGES, "InboundMessage"))
    before = json.dumps(document)
    data.draw(mutations(document))
    assert json.dumps(document) == before


def test_mutations_are_mostly_invalid() -> None:
    drawn = _sample(documents(MESSAGES, "InboundMessage").flatmap(mutations), 200)
    assert sum(map(_judged(MESSAGES, "InboundMessage"), drawn)) < 140


def _judged(api: Api, name: str) -> Any:
    validator = api.validator(name)

    def is_valid(document: Any) -> bool:
        try:
            return bool(validator.is_valid(document))
        except ValueError:  # what is no JSON at all
            return False

    return is_valid


def _sample(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    drawn: list[Any] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, derandomize=True)
    @given(strategy)
    def draw(document: Any) -> None:
        drawn.append(document)

    draw()
    return drawn
