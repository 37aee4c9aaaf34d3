"""The sandbox keeps to the specs, whatever it is sent: Schemathesis draws right and wrong requests for every operation.

Refusals of alerts are HTTP 200, so what has to be answered is worked out from what was really sent: `judge` says whether
the spec allows it, and the campaign's templates say the rest. Credentials are added on the way, as parameters of the query
beside the others, or as a header.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contract_tests import exercised
from contract_tests.apis import OPERATIONS, Api, Operation, component
from contract_tests.judge import Request, judge
from contract_tests.profiles import examples
from shortcodekit.contract.normalising import normalise
from shortcodekit.sandbox import Sandbox

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TEMPLATES: Final[dict[int, str | None]] = {
    **dict.fromkeys(range(6)),
    0: "Hello",
    3: "${0} ${to_come} ${server}",
    4: "x" * 3000,
}
FORMS: Final = ("json", "xml")
MODES: Final = {"right": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}
_CREDENTIALS: Final = ("api_key", "api_secret", "sig", "timestamp")
_CONFIG: Final = {
    "generation": {"with-security-parameters": False},
    "checks": {"ignored_auth": {"enabled": False}},
    "max-redirects": 0,
}
"""Else a redirect to a page that answers 200 would pass."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        made.set_templates(TEMPLATES)
        yield made


@cache
def spec(api: Api) -> Any:
    """The spec, its requests without credentials, since those are added on the way."""
    raw = copy.deepcopy(dict(api.document))
    for name in {component(each.query) for each in api.operations() if each.query}:
        for key in _CREDENTIALS:
            raw["components"]["schemas"][name]["properties"].pop(key, None)
    raw.pop("webhooks", None)
    return schemathesis.openapi.from_dict(raw, config=schemathesis.Config.from_dict(_CONFIG))


class Credentials:
    """Adds the account's to a request, as `requests` lets one."""

    def __init__(self, sandbox: Sandbox, api: Api) -> None:
        self.sandbox, self.in_header = sandbox, api.name == "messages"

    def __call__(self, request: Any) -> Any:
        who = {"api_key": self.sandbox.api_key, "api_secret": self.sandbox.api_secret}
        if self.in_header:
            import requests

            return requests.auth.HTTPBasicAuth(*who.values())(request)
        parts = urlsplit(request.url)
        request.url = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(who))))))
        return request


def sent(request: Any) -> Request:
    """What was sent, but for the credentials."""
    parts = urlsplit(request.url)
    query = re.sub("(^|&)api_key=[^&]*&api_secret=[^&]*$", "", parts.query)
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    headers = {str(name).lower(): _text(value) for name, value in request.headers.items()}
    headers.pop("authorization", None)
    target = urlunsplit(("", "", parts.path, query, ""))
    return Request(request.method, target, headers, body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


# ---- what has to be answered -----------------------------------------------------------------------------------------


def expected_of_part(api: Api, document: Mapping[str, Any]) -> str:
    """The part status of an alert, or of a two-factor message, that the spec allows."""
    if re.search("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", str(document.get("client-ref", ""))):
        return "3"  # XML could not carry it back
    index = int(document.get("template", 0)) if api.name == "alerts" else None
    text = "${pin}" if index is None else TEMPLATES[0 if index == 1 else index]
    if text is None:
        return "3"
    names = set(re.findall(r"\$\{([^}]+)\}", text))
    custom = {key: value for key, value in document.items() if key in names}
    if names - custom.keys():
        return "2"
    filled = re.sub(r"\$\{([^}]+)\}", lambda found: str(custom[found[1]]), text)
    return "12" if len(filled) > 3200 else "0"


def form_of(api: Api, request: Request) -> str:
    """The form of the answer; any other word where there is no operation."""
    return "json" if api.name == "messages" else urlsplit(request.url).path.rstrip("/").rpartition("/")[2]


def pin(case: Any) -> None:
    """Leads most requests whose path was spoilt to an operation nevertheless, so that the rest of them is judged."""
    asked = str(case.path_parameters.get("format", "json"))
    if asked not in FORMS and len(asked) % 4:
        case.path_parameters["format"] = FORMS[len(asked) % 2]


def tolerated(operation: Operation, request: Request) -> bool:
    """Whether it is a form under a type of JSON, as real clients send it: it may be taken, whatever it says."""
    kind = request.headers.get("content-type", "")
    forms = len(operation.bodies) > 1 and "json" in kind.partition(";")[0].replace("javascript", "json")
    return forms and request.body.strip()[:1] not in {b"{", b"["}


def hold(api: Api, operation: Operation, request: Request, response: Any) -> str:
    """Holds an answer to what the request says; what it came to."""
    form, verdict = form_of(api, request), judge(api, request)
    if form not in FORMS:
        assert response.status_code == 404
        return "elsewhere"
    (kind,) = response.headers["content-type"]
    assert kind == f"application/{form}", "the last segment of the path chooses the form"
    document = answered(operation, response, form)
    if tolerated(operation, request):
        return "tolerated"
    if request.body.strip() == b"null":
        verdict.violations.append("null is no object")
    if component(operation.answers[min(operation.answers)][f"application/{form}"]) == "AlertResponse":
        status = document["messages"][0]["status"]
        if verdict.violations:
            assert status in {"2", "3"}, (status, verdict.violations)
            assert document["messages"][0]["error-text"]
        else:
            assert status == expected_of_part(api, verdict.document), (status, verdict.document)
        return str(status)
    if verdict.violations:
        assert response.status_code == 400, (response.status_code, verdict.violations)
    else:
        assert response.status_code in {200, 202}, (response.status_code, verdict.document)
        if operation.name.startswith("resubscribe"):
            assert document["msisdn"] == normalise(api, "ResubscribeRequest", verdict.document)["msisdn"]
    return str(response.status_code)


def answered(operation: Operation, response: Any, form: str) -> Any:
    """The answer's document, valid under its schema, and read by its model."""
    schema = component(operation.answers[response.status_code][f"application/{form}"])
    model = getattr(operation.api.models, schema)
    document = model.from_xml(response.content).to_dict() if form == "xml" else json.loads(response.content)
    assert operation.api.validator(schema).is_valid(document), (schema, document)
    assert model.from_dict(document).to_dict() == document
    exercised.note(exercised.answer(operation, response.status_code, f"application/{form}"))
    return document


# ---- one operation, right and wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_answers_as_its_spec_says(sandbox: Sandbox, operation: Operation, mode: str) -> None:
    api, came = operation.api, Counter[str]()
    drawn = spec(api)[operation.path][operation.method.upper()].as_strategy(generation_mode=MODES[mode])
    who = Credentials(sandbox, api)

    @settings(examples(40), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(drawn)
    def law(case: Any) -> None:
        pin(case)
        response = case.call(base_url=sandbox.url, auth=who)
        request = sent(response.request)
        if form_of(api, request) in FORMS:
            case.validate_response(response, checks=CHECKS)
        came[hold(api, operation, request, response)] += 1

    law()
    assert ({"0", "200", "202"} if mode == "right" else {"2", "3", "400"}) & came.keys(), (
        "the draws were what they should be"
    )
    sandbox.reset()
    sandbox.set_templates(TEMPLATES)
