"""Laws of the models, over every component schema that becomes one: found by looking, not listed.

What a schema allows survives reading and writing, up to the normalisations that the schema declares. What it forbids is
refused with `InvalidDocument` or kept; nothing else is ever raised.
"""

from __future__ import annotations

import copy
import json
import pickle
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests import exercised
from contract_tests.apis import MODELS, Api, writes_or_refuses
from contract_tests.profiles import examples
from contract_tests.strategies import alternatives, documents, mutations
from shortcode_clients import UNSET, InvalidDocument
from shortcodekit.contract.normalising import normalise, places, same

EACH_MODEL = pytest.mark.parametrize(
    ("api", "name"), [pytest.param(api, name, id=f"{api.name}-{name}") for api, name in MODELS]
)


@EACH_MODEL
def test_what_the_schema_allows_survives_reading_and_writing(api: Api, name: str) -> None:
    @examples(40)
    @given(documents(api, name))
    def law(document: Any) -> None:
        before = copy.deepcopy(document)
        model = api.read(name, document)
        written = model.to_dict()
        assert same(written, normalise(api, name, document))
        assert document == before, "reading changed the document"
        assert api.read(name, written) == model
        again = api.read_json(name, model.to_json())
        assert again == model
        assert same(again.to_dict(), written)
        for met, _ in places(api, name, document):
            exercised.note(exercised.schema(api, met))

    law()


@EACH_MODEL
def test_nothing_is_written_that_was_not_set(api: Api, name: str) -> None:
    @examples(15)
    @given(documents(api, name))
    def law(document: Any) -> None:
        assert list(_keys(api.read(name, document).to_dict())) == list(_keys(document))

    law()


@EACH_MODEL
def test_models_are_equal_after_copying_and_pickling(api: Api, name: str) -> None:
    @examples(5)
    @given(documents(api, name))
    def law(document: Any) -> None:
        model = api.read(name, document)
        for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301  # our own
            assert twin == model
            assert same(twin.to_dict(), model.to_dict())
            assert all(
                getattr(twin, each.name) is UNSET
                for each in attrs.fields(type(model))
                if getattr(model, each.name) is UNSET
            )

    law()


@EACH_MODEL
def test_damaged_documents_are_refused_as_invalid_or_kept(api: Api, name: str) -> None:
    @examples(30)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        damaged = data.draw(mutations(data.draw(documents(api, name))))
        with suppress(InvalidDocument):
            writes_or_refuses(api.read(name, damaged))
        with suppress(InvalidDocument):
            assert repr(api.read_json(name, _json(damaged)))

    law()


@EACH_MODEL
def test_a_refused_document_is_one_that_the_schema_forbids(api: Api, name: str) -> None:
    @examples(25)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        damaged = data.draw(mutations(data.draw(documents(api, name))))
        try:
            api.read(name, damaged)
        except InvalidDocument:
            assert not _is_valid(api, name, damaged)

    law()


@EACH_MODEL
def test_bytes_that_are_no_document_are_refused_as_invalid(api: Api, name: str) -> None:
    @examples(15)
    @given(st.one_of(st.binary(max_size=60), st.text(max_size=60), st.sampled_from(_NOT_JSON)))
    def law(content: bytes | str) -> None:
        with suppress(InvalidDocument):
            writes_or_refuses(api.read_json(name, content))

    law()


# ---- unions ----------------------------------------------------------------------------------------------------------

UNIONS = [
    pytest.param(api, name, branch, id=f"{api.name}-{name}-{branch}")
    for api, name in MODELS
    for branch in alternatives(api, name)
]


@pytest.mark.parametrize(("api", "name", "branch"), UNIONS)
def test_a_union_reads_each_variant_as_its_own_class(api: Api, name: str, branch: str) -> None:
    expected = getattr(api.models, branch)

    @examples(20)
    @given(alternatives(api, name)[branch])
    def law(document: Any) -> None:
        assert type(api.read(name, document)) is expected
        others = [each["$ref"] for each in api.schemas[name]["oneOf"] if not each["$ref"].endswith(f"/{branch}")]
        assert not any(api.validator(each.rsplit("/", 1)[-1]).is_valid(document) for each in others)

    law()


@pytest.mark.parametrize(("api", "name", "branch"), UNIONS)
def test_a_wrong_field_in_the_right_variant_is_reported_as_that(api: Api, name: str, branch: str) -> None:
    @examples(20)
    @given(alternatives(api, name)[branch], st.data())
    def law(document: Any, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(api.schemas[branch]["required"])))
        told = _discriminator(api, name)
        if key == told[0]:
            return
        with pytest.raises(InvalidDocument) as lacking:
            api.read(name, {other: value for other, value in document.items() if other != key})
        assert lacking.value.path == (key,)
        with pytest.raises(InvalidDocument) as wrong:
            api.read(name, {**document, key: 17.5})
        assert wrong.value.path[0] == key

    law()


def test_an_unknown_variant_of_a_closed_union_is_refused_with_the_known_ones() -> None:
    for api, name in MODELS:
        schema = api.schemas[name]
        if "oneOf" in schema and len(_mapping(api, name)) == len(schema["oneOf"]):
            document: Any = "to-come"
            for key in reversed(_discriminator(api, name)):
                document = {key: document}
            with pytest.raises(InvalidDocument) as refused:
                api.read(name, document)
            assert refused.value.path == _discriminator(api, name)
            assert all(value in refused.value.reason for value in _mapping(api, name))


# ---- what is kept, and what is hidden --------------------------------------------------------------------------------


@EACH_MODEL
def test_unknown_keys_are_kept_and_written_again(api: Api, name: str) -> None:
    @examples(5)
    @given(documents(api, name, complete=True), st.text("xyz", min_size=12, max_size=12), st.integers(0, 9))
    def law(document: Mapping[str, Any], key: str, value: int) -> None:
        model = api.read(name, {**document, key: value})
        assert model.additional_properties == {key: value}
        assert model.to_dict()[key] == value

    law()


def test_what_a_webhook_sent_is_kept_as_it_arrived() -> None:
    kept = 0
    for api, name in MODELS:
        model = getattr(api.models, name)
        if isinstance(model, type) and "raw" in attrs.fields_dict(model):
            kept += 1
            _check_raw(api, name)
    assert kept >= 9


def test_a_secret_never_shows_in_the_repr_of_a_model() -> None:
    hidden = 0
    for api, name in MODELS:
        for key, schema in api.schemas[name].get("properties", {}).items():
            if {**api.resolve(schema), **schema}.get("format") == "password":
                canary = secrets.token_hex(8)
                required = dict.fromkeys(api.schemas[name].get("required", ()), "15550000000")
                assert canary not in repr(api.read(name, {**required, key: canary}))
                hidden += 1
    assert hidden >= 3


def _check_raw(api: Api, name: str) -> None:
    @examples(10)
    @given(documents(api, name))
    def law(document: Any) -> None:
        assert api.read(name, document).raw == document

    law()


def _json(document: Any) -> str:
    """The document as JSON, even a wrong one, as far as it can be written down at all."""
    try:
        return json.dumps(document)
    except (TypeError, ValueError, RecursionError):
        return repr(type(document))


def _is_valid(api: Api, name: str, document: Any) -> bool:
    try:
        return bool(api.validator(name).is_valid(document))
    except (ValueError, TypeError):  # what JSON has no word for, such as half a surrogate pair
        return False


def _keys(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(document, Mapping):
        for key in sorted(document):
            yield (*path, key)
            yield from _keys(document[key], (*path, key))
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from _keys(item, (*path, index))


def _discriminator(api: Api, name: str) -> tuple[str, ...]:
    schema = api.schemas[name]
    return tuple(schema.get("x-discriminator-path") or [schema["discriminator"]["propertyName"]])


def _mapping(api: Api, name: str) -> list[str]:
    found = []
    for branch in api.schemas[name]["oneOf"]:
        schema = api.resolve(branch)
        for key in _discriminator(api, name):
            schema = api.resolve(schema.get("properties", {}).get(key, {}))
        found += [schema["const"]] if "const" in schema else []
    return found


_NOT_JSON = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"NaN",
    b'{"a": NaN}',
    b'{"a": 1e400}',
    b'{"a": [-1e400]}',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b"1" * 5000,
    b'{"a":' * 50_000,
)
