"""Laws of the models that travel as queries, forms and XML, beside JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import MODELS, Api, writes_or_refuses
from contract_tests.profiles import examples
from contract_tests.strategies import documents
from shortcode_clients import InvalidDocument
from shortcode_clients._runtime.encodings import MAX_DEPTH
from shortcodekit.contract.normalising import normalise, same


def _classes(method: str) -> pytest.MarkDecorator:
    """Each model class that has `method`."""
    found = [
        pytest.param(api, name, getattr(api.models, name), id=f"{api.name}-{name}")
        for api, name in MODELS
        if hasattr(getattr(api.models, name), method)
    ]
    assert found
    return pytest.mark.parametrize(("api", "name", "model"), found)


@pytest.mark.parametrize(
    ("api", "name"),
    [
        pytest.param(api, name, id=f"{api.name}-{name}")
        for api, name in MODELS
        if "additionalProperties" not in api.schemas[name]  # there, no object may stand under an unknown key
    ],
)
def test_json_nested_beyond_the_bound_is_refused_and_up_to_it_is_kept(api: Api, name: str) -> None:
    @examples(1)
    @given(documents(api, name, complete=True))
    def law(document: dict[str, Any]) -> None:
        written = json.dumps(document)
        for opening, closing in (('{"a":', "}"), ("[", "]")):
            kept, refused = (opening * depth + "1" + closing * depth for depth in (MAX_DEPTH - 1, MAX_DEPTH))
            model = api.read_json(name, f'{written[:-1]}, "unknown": {kept}}}')
            assert model.additional_properties["unknown"] == json.loads(kept)
            with pytest.raises(InvalidDocument, match="nested deeper"):
                api.read_json(name, f'{written[:-1]}, "unknown": {refused}}}')

    law()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
def test_numbers_that_json_lacks_are_refused_where_numbers_become_text(value: float) -> None:
    judged = 0
    for api, name in MODELS:
        for key, schema in api.schemas[name].get("properties", {}).items():
            full = {**api.resolve(schema), **schema}
            if full.get("x-normalise") == "text" and name not in {"InboundMessage", "OutboundMessage"}:
                with pytest.raises(InvalidDocument) as refused:
                    api.read(name, {**_required(api, name), key: value})
                assert refused.value.path == (key,)
                judged += 1
    assert judged > 20


def _required(api: Api, name: str) -> dict[str, Any]:
    """The least document of a schema, drawn once."""
    found: list[dict[str, Any]] = []

    @examples(1)
    @given(documents(api, name, complete=True))
    def draw(document: dict[str, Any]) -> None:
        found.append(document)

    draw()
    return found[0]


@_classes("from_form")
def test_queries_and_forms_survive_reading_and_writing(api: Api, name: str, model: Any) -> None:
    @given(documents(api, name))
    def law(document: Any) -> None:
        try:
            read = model.from_dict(document)
            content = read.to_form()
        except InvalidDocument:  # a value under an unknown key that is neither text, number nor boolean
            assert any(isinstance(value, list | dict | type(None)) for value in document.values())
            return
        assert same(model.from_form(content).to_dict(), normalise(api, name, read.to_params()))
        assert model.from_form(b"?" + content) == model.from_form(content.decode())

    law()


@_classes("from_form")
def test_a_parameter_given_twice_is_refused_and_named(api: Api, name: str, model: Any) -> None:
    @examples(20)
    @given(documents(api, name, complete=True), st.data())
    def law(document: Mapping[str, Any], data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(document)))
        with pytest.raises(InvalidDocument, match="given twice") as refused:
            model.from_form(model.from_dict(document).to_form() + f"&{key}=x".encode())
        assert refused.value.path == (key,)

    law()


@_classes("from_xml")
def test_xml_survives_reading_and_writing(api: Api, name: str, model: Any) -> None:
    plain = st.text(
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
    )

    @given(documents(api, name, text=plain, complete=True))
    def law(document: Any) -> None:
        read = model.from_dict(document)
        again = model.from_xml(read.to_xml())
        assert same(again.to_dict(), normalise(api, name, read.to_dict()))

    law()


@_classes("from_xml")
def test_whatever_is_in_a_model_its_xml_is_read_again_or_refused(api: Api, name: str, model: Any) -> None:
    @given(documents(api, name))
    def law(document: Any) -> None:
        try:
            content = model.from_dict(document).to_xml()
        except InvalidDocument:
            return
        try:
            model.from_xml(content)
        except InvalidDocument as error:
            pytest.fail(f"{content!r} was written and is not read: {error}")

    law()


@_classes("from_xml")
def test_damaged_xml_is_refused_as_invalid_or_kept(api: Api, name: str, model: Any) -> None:
    @given(documents(api, name, complete=True, text=st.sampled_from(["x", "1"])), st.data())
    def law(document: Any, data: st.DataObject) -> None:
        content = model.from_dict(document).to_xml()
        at = data.draw(st.integers(0, len(content)))
        until = data.draw(st.integers(at, min(len(content), at + 40)))
        damaged = content[:at] + data.draw(st.sampled_from(_XML_SCRAPS) | st.binary(max_size=8)) + content[until:]
        with suppress(InvalidDocument):
            writes_or_refuses(model.from_xml(damaged))

    law()


@_classes("from_xml")
@pytest.mark.parametrize("content", [b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'])
def test_xml_with_a_document_type_is_refused(api: Api, name: str, model: Any, content: bytes) -> None:
    root = model.xml.name
    with pytest.raises(InvalidDocument, match="document type"):
        model.from_xml(content + f"<{root}>&e;</{root}>".encode())
    assert (api, name) in MODELS


@_classes("from_xml")
def test_xml_that_is_nested_too_deep_or_too_large_is_refused(api: Api, name: str, model: Any) -> None:
    root = model.xml.name
    with pytest.raises(InvalidDocument, match="deeper"):
        model.from_xml(f"<{root}>{'<a>' * 100_000}{'</a>' * 100_000}</{root}>")
    with pytest.raises(InvalidDocument, match="larger"):
        model.from_xml(f"<{root}>{' ' * 9_000_000}</{root}>")
    assert (api, name) in MODELS


_XML_SCRAPS = (
    b"",
    b"<a>",
    b"</a>",
    b"&",
    b"<![CDATA[x]]>",
    b"&#0;",
    b"<!-- -->",
    b"<?x y?>",
    b"\x00",
    b"\xff",
    b"<a b='c' b='d'/>",
)
