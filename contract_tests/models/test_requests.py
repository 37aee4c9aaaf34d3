"""Requests and webhooks in every encoding of the specs: what is generated is valid, and models read what is valid."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate

from contract_tests import exercised
from contract_tests.apis import CALLING_BACK, OPERATIONS, WEBHOOKS, Api, Operation, component
from contract_tests.judge import FORM, Request, judge
from contract_tests.profiles import examples
from contract_tests.strategies import documents
from contract_tests.written import as_form, as_sent, flat
from shortcodekit.contract.normalising import normalise, same

FEWER = examples(20)


def _encodings(operations: tuple[Operation, ...]) -> pytest.MarkDecorator:
    found = [
        pytest.param(operation, kind, id=f"{operation} {kind}")
        for operation in operations
        for kind in (*operation.bodies, *(["query"] if operation.query else []))
    ]
    assert found
    return pytest.mark.parametrize(("operation", "kind"), found)


def _schema(operation: Operation, kind: str) -> str:
    schema = operation.query if kind == "query" else operation.bodies[kind]
    assert schema
    return component(schema)


def _request(operation: Operation, kind: str, document: Any, answer_format: str = "json") -> Request:
    path = f"/{operation.path}" if operation.webhook else operation.path.replace("{format}", answer_format)
    if kind == "query":
        query = as_form(document).decode("ascii")
        return Request(operation.method.upper(), f"{path}?{query}" if query else path)
    return Request(operation.method.upper(), path, {"content-type": kind}, as_sent(document, kind))


def _carried(operation: Operation, kind: str, document: Any) -> Any:
    """What arrives of `document`: a query or a form carries scalars, and those as texts."""
    if kind not in {"query", FORM}:
        return document
    return flat(normalise(operation.api, _schema(operation, kind), document))


@_encodings(OPERATIONS)
def test_a_document_of_the_spec_makes_a_valid_request_in_every_encoding(operation: Operation, kind: str) -> None:
    @FEWER
    @given(documents(operation.api, _schema(operation, kind)), st.sampled_from(["json", "xml"]))
    def law(document: Any, answer_format: str) -> None:
        as_parameters = kind in {"query", FORM}
        carried = _carried(operation, kind, document)
        verdict = judge(operation.api, _request(operation, kind, carried, answer_format if as_parameters else "json"))
        assert verdict.violations == []
        assert (verdict.operation, verdict.encoding) == (operation, kind)
        assert same(verdict.document, carried)

    law()


# ---- webhooks --------------------------------------------------------------------------------------------------------


def _read(api: Api, name: str, kind: str, content: bytes) -> Any:
    """The model of the content of a webhook, read as a user would."""
    return getattr(api.models, name).from_form(content) if kind in {"query", FORM} else api.read_json(name, content)


@_encodings(WEBHOOKS)
def test_an_event_is_read_in_every_encoding(operation: Operation, kind: str) -> None:
    api, name = operation.api, _schema(operation, kind)
    read = api.readers[name]
    known = api.schemas[name].get("properties", {})

    @given(documents(api, name))
    def law(document: Any) -> None:
        carried = _carried(operation, kind, document)
        request = _request(operation, kind, carried)
        verdict = judge(api, request, webhooks=True)
        assert verdict.violations == []
        assert (verdict.operation, verdict.encoding) == (operation, kind)
        content = request.url.partition("?")[2].encode() if kind == "query" else request.body
        model = _read(api, name, kind, content)
        assert model == read(carried)
        assert same(model.to_dict(), normalise(api, name, carried))
        written, direct = model.to_dict(), read(document).to_dict()
        assert same({key: written.get(key) for key in known}, {key: direct.get(key) for key in known})

    law()


@pytest.mark.parametrize("operation", WEBHOOKS, ids=str)
def test_the_receiver_spec_documents_the_answers_to_a_webhook(operation: Operation) -> None:
    receiver = operation.api.package.receiver()
    answers = receiver["paths"][f"/{operation.path}"][operation.method]["responses"]
    assert answers.keys() == {str(status) for status in operation.answers}
    assert answers == operation.document["responses"]
    for status, contents in operation.answers.items():
        assert contents == {}, "the service reads no content"
        exercised.note(exercised.answer(operation, status, "empty"))


@pytest.mark.parametrize("api", CALLING_BACK, ids=lambda api: api.name)
def test_the_receiver_spec_is_openapi_and_has_each_webhook_as_an_operation(api: Api) -> None:
    receiver = api.package.receiver()
    validate(receiver)
    operations: list[Any] = list(schemathesis.openapi.from_dict(receiver).get_all_operations())
    found = {(each.ok().method.lower(), each.ok().path.lstrip("/")) for each in operations}
    assert found == {(each.method, each.path) for each in WEBHOOKS if each.api == api}
    assert "webhooks" not in receiver
