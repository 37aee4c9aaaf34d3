"""The sandbox's control API: it keeps to its own document, and answers nobody that a page elsewhere could speak for."""

from __future__ import annotations

import importlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from contract_tests.profiles import examples
from contract_tests.sandboxed import CUSTOM, PHONE, Reply, control, get, named, raw, until, written
from shortcodekit.sandbox import Sandbox
from shortcodekit.sandbox.control_requests import openapi

ALERT = "/sc/us/alert/json"
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
MODES: Final = {"right": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}
OPERATIONS: Final = {
    item[method]["operationId"]: (path, method.upper()) for path, item in openapi()["paths"].items() for method in item
}
JUDGED_FURTHER: Final = {"text", "setApplication", "setSettings"}
"""Operations that may refuse what their schemas let through: content that a channel lacks, no key, no address."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for changes waits for the blink of an eye."""
    monkeypatch.setattr(importlib.import_module("shortcodekit.sandbox.control"), "WAIT", 0.002)


def document() -> Any:
    """Its OpenAPI document, as it is used by `schemathesis`."""
    config = {"max-redirects": 0, "generation": {"allow-x00": True}}
    return schemathesis.openapi.from_dict(openapi(), config=schemathesis.Config.from_dict(config))


# ---- its own document ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_answers_as_its_document_says(sandbox: Sandbox, operation: str, mode: str) -> None:
    path, method = OPERATIONS[operation]
    asked = document()[path][method]
    if mode == "wrong" and not (asked.body or asked.query or asked.path_parameters):
        return  # nothing in it can be wrong
    came: Counter[int] = Counter()
    sandbox.phone(PHONE).text("STOP")
    get(sandbox, ALERT, to=PHONE)

    @settings(examples(12), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(asked.as_strategy(generation_mode=MODES[mode]))
    def law(case: Any) -> None:
        response = case.call(base_url=sandbox.url)
        case.validate_response(response, checks=CHECKS)
        came[response.status_code] += 1
        if mode == "right" and operation not in JUDGED_FURTHER:
            assert response.status_code < 300, response.content
        sandbox.configure(**dict.fromkeys(("receipt_url", "inbound_url", "status_url", "message_url")), time_scale=1)

    law()
    assert came


def test_its_document_is_told_and_is_a_valid_one(sandbox: Sandbox) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    told = control(sandbox, "GET", "/_sandbox/openapi.json").document
    assert told == openapi()
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_what_it_shows_after_a_busy_day_is_valid_under_its_document(sandbox: Sandbox) -> None:
    components = openapi()["components"]
    sandbox.configure(receipt_url="http://127.0.0.1:1/", status_url="http://127.0.0.1:1/")
    sandbox.faults.add(latency=0, times=5, msisdn=PHONE)
    for said in ({"to": PHONE, **CUSTOM, "status-report-req": "1", "client-ref": "x"}, {"to": PHONE}, {}):
        get(sandbox, ALERT, **named(said))
    sandbox.phone(PHONE).text("STOP")
    sandbox.phone(PHONE).send("whatsapp", {"type": "image", "image": {"url": "https://example.com/a.jpg"}})
    raw(sandbox, written("GET", "/nowhere"))
    sandbox.advance(minutes=1)
    shown = {
        "messages": "Message",
        "phones": "Phone",
        "requests": "Asked",
        "webhooks": "Attempt",
        "opt-outs": "OptOut",
        "faults": "KeptFault",
    }
    for name, schema in shown.items():
        found = control(sandbox, "GET", f"/_sandbox/{name}").document
        assert found, name
        validator = jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{schema}", "components": components}, validate_formats=True
        )
        for each in found:
            validator.validate(each)
            assert set(each) <= set(components["schemas"][schema]["properties"]) | set(
                components["schemas"]["Fault"]["properties"] if schema == "KeptFault" else ()
            ), "nothing that is not told of"


# ---- looking and doing -----------------------------------------------------------------------------------------------


def test_the_control_api_and_the_object_in_the_process_tell_the_same(sandbox: Sandbox) -> None:
    get(sandbox, ALERT, to=PHONE, **CUSTOM)
    control(sandbox, "POST", f"/_sandbox/phones/{PHONE}/texts", {"text": "STOP"})
    for path, told in (("messages", sandbox.messages), ("requests", sandbox.requests), ("webhooks", sandbox.webhooks)):
        assert control(sandbox, "GET", f"/_sandbox/{path}").document == told
    assert [each["msisdn"] for each in control(sandbox, "GET", "/_sandbox/opt-outs").document] == sandbox.opt_outs
    assert sandbox.phone(PHONE).messages == sandbox.messages
    assert sandbox.opt_outs == [PHONE]


def test_messages_are_listed_newest_first_and_by_pages(sandbox: Sandbox) -> None:
    for number in range(7):
        sandbox.phone(PHONE if number % 2 else "1").text(str(number))
    first = control(sandbox, "GET", "/_sandbox/messages?limit=3").document
    then = control(sandbox, "GET", f"/_sandbox/messages?limit=10&before={first[-1]['id']}").document
    assert [each["text"] for each in [*first, *then]] == list("6543210")
    of_one = control(sandbox, "GET", f"/_sandbox/messages?msisdn={PHONE}").document
    assert [each["text"] for each in of_one] == list("531")
    phones = control(sandbox, "GET", "/_sandbox/phones").document
    assert [(each["msisdn"], each["last"]["text"]) for each in phones] == [("1", "6"), (PHONE, "5")]


def test_who_waits_for_changes_is_told_as_soon_as_there_is_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("shortcodekit.sandbox.control"), "WAIT", 600)
    revision = control(sandbox, "GET", "/_sandbox/health").document["revision"]
    came: list[Reply] = []
    waiting = threading.Thread(
        target=lambda: came.append(control(sandbox, "GET", f"/_sandbox/changes?after={revision}"))
    )
    waiting.start()
    until(lambda: sandbox.on_its_thread(lambda each: bool(each.control._waiting)) or came != [])
    assert came == [], "it waits"
    get(sandbox, ALERT, to=PHONE)
    waiting.join(60)
    assert came[0].document["revision"] > revision


def test_a_reset_forgets_all_but_settings_applications_and_the_time(sandbox: Sandbox) -> None:
    sandbox.configure(receipt_url="http://127.0.0.1:1/", receipt_method="POST")
    sandbox.jwt()
    get(sandbox, ALERT, to=PHONE, **CUSTOM, status_report_req="1")
    sandbox.phone(PHONE).text("STOP")
    sandbox.set_templates({0: "x", 1: "y"})
    sandbox.advance(days=1)
    sandbox.faults.add(latency=1)
    assert sandbox.webhooks
    before = datetime.fromisoformat(control(sandbox, "GET", "/_sandbox/health").document["now"])
    assert control(sandbox, "POST", "/_sandbox/reset").status == 204
    assert (sandbox.messages, sandbox.webhooks, sandbox.requests, sandbox.opt_outs) == ([], [], [], [])
    assert len(sandbox.faults) == 0
    assert 1 not in sandbox.templates
    assert control(sandbox, "GET", "/_sandbox/phones").document == []
    health = control(sandbox, "GET", "/_sandbox/health").document
    assert (health["balance"], health["pending_webhooks"]) == ("100000.00000000", 0)
    assert datetime.fromisoformat(health["now"]) >= before
    assert control(sandbox, "GET", "/_sandbox/settings").document["receipt_method"] == "POST"
    assert len(control(sandbox, "GET", "/_sandbox/applications").document) == 1
    assert get(sandbox, ALERT, to=PHONE, **CUSTOM).part["status"] == "0"


def test_the_clock_goes_forward_by_what_is_asked_and_never_back(sandbox: Sandbox) -> None:
    before = sandbox.now
    told = control(sandbox, "POST", "/_sandbox/clock", {"advance": 3600}).document["now"]
    assert 3600 <= datetime.fromisoformat(told).timestamp() - before + 0.001 < 3630
    wrong: Any
    for wrong in ({"advance": -1}, {"advance": "1"}, {"advance": True}, {}, [], {"advance": 1e9}, {"advance": None}):
        assert control(sandbox, "POST", "/_sandbox/clock", wrong).status == 400
    assert sandbox.now >= before + 3600


@pytest.mark.parametrize(
    ("said", "named_field"),
    [
        ({"receipt_url": "ftp://example.com"}, "receipt_url"),
        ({"inbound_url": "http://user:word@example.com"}, "inbound_url"),
        ({"status_url": 5}, "status_url"),
        ({"receipt_method": "PUT"}, "receipt_method"),
        ({"sign_webhooks": "yes"}, "sign_webhooks"),
        ({"signature_method": "md4"}, "signature_method"),
        ({"time_scale": 0}, "time_scale"),
        ({"api_secret": "x"}, "a setting"),
        ({"short_code": "1"}, "a setting"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_refused_by_its_name_and_nothing_is_changed(
    sandbox: Sandbox, said: dict[str, Any], named_field: str
) -> None:
    before = control(sandbox, "GET", "/_sandbox/settings").document
    reply = control(sandbox, "PATCH", "/_sandbox/settings", {"inbound_method": "GET", **said})
    assert reply.status == 400
    assert reply.document["detail"].startswith(named_field)
    assert control(sandbox, "GET", "/_sandbox/settings").document == before


# ---- whom it answers -------------------------------------------------------------------------------------------------

HOSTS = {
    **dict.fromkeys(["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:80", "192.168.1.7:8000", "10.0.0.1"], 200),
    **dict.fromkeys(
        ["attacker.example", "rest.nexmo.com", "localhost.attacker.example", "127.0.0.1.attacker.example:80"], 403
    ),
    **dict.fromkeys(["", "[", "127.0.0.1@attacker.example", "attacker.example#127.0.0.1", "a:b:c"], 403),
}
FOREIGN = [
    ("Origin: http://attacker.example",),
    ("Origin: null",),
    ("Origin: http://127.0.0.1:1",),
    ("Origin: http://localhost",),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
    ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Origin: http://attacker.example"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_only_addresses_and_localhost_lead_to_the_control_api_and_the_page(sandbox: Sandbox, host: str) -> None:
    for path in ("/_sandbox/settings", "/"):
        assert raw(sandbox, written("GET", path, host=host)).status == HOSTS[host]
    reply = raw(sandbox, written("GET", f"{ALERT}?to={PHONE}", host=host))
    assert reply.part["status"] == "2", "the service's own paths are answered under any host"


@pytest.mark.parametrize("fields", FOREIGN, ids=str)
def test_pages_of_another_origin_are_not_answered(sandbox: Sandbox, fields: tuple[str, ...]) -> None:
    sandbox.phone(PHONE).text("Hello")
    for method, path, said in (
        ("GET", "/_sandbox/messages", None),
        ("POST", "/_sandbox/reset", None),
        ("DELETE", "/_sandbox/faults", None),
        ("POST", "/_sandbox/faults", {"latency": 1}),
        ("PATCH", "/_sandbox/settings", {"sign_webhooks": True}),
    ):
        reply = control(sandbox, method, path, said, *fields)
        assert (reply.status, b"Hello" in reply.body) == (403, False)
        assert "access-control-allow-origin" not in reply.headers
    assert len(sandbox.messages) == 1
    assert len(sandbox.faults) == 0


def test_its_own_page_is_answered_and_can_be_framed_by_nobody(sandbox: Sandbox) -> None:
    own = ("Sec-Fetch-Site: same-origin", f"Origin: {sandbox.url}")
    reply = control(sandbox, "POST", "/_sandbox/faults", {"latency": 0}, *own)
    assert reply.status == 201
    for path in ("/", "/_sandbox/messages"):
        reply = control(sandbox, "GET", path)
        assert reply.status == 200
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_bodies_that_a_foreign_page_could_send_unasked_are_refused(sandbox: Sandbox, kind: str) -> None:
    body, host = json.dumps({"latency": 1}).encode(), urlsplit(sandbox.url).netloc
    fields = [f"Content-Type: {kind}"] if kind else []
    assert raw(sandbox, written("POST", "/_sandbox/faults", body, *fields, host=host)).status == 400
    assert len(sandbox.faults) == 0


@pytest.mark.parametrize(
    "path", ["/_sandbox/", "/_sandbox/nothing", "/_sandbox/../control.py", "/_sandbox/%2e%2e/x", "/_sandbox/phones/1/"]
)
def test_there_is_nothing_at_other_paths(sandbox: Sandbox, path: str) -> None:
    reply = control(sandbox, "GET", path)
    assert reply.status == 404
    assert control(sandbox, "PUT", "/_sandbox/messages").status == 405
