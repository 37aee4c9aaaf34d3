"""Laws about the samples: the specs, the models and the documents of the wire agree with each other.

Each accepted document is decoded without the product, judged by the schema, and must go through the model in both
directions without loss. Each rejected one must fail at the place it is meant to fail at, and never crash a model. Together the
samples hold every property of the specs, and no key that the specs do not know unless `family.yaml` says so: a property that
is taken out of a spec is missed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import attrs
import pytest

from contract_tests import exercised
from contract_tests.apis import APIS, SCHEMAS, Api
from contract_tests.samples import (
    ACCEPTED,
    ENCODINGS,
    FAMILIES,
    REJECTED,
    Family,
    Sample,
    blame,
    complaints,
    decode,
    pointer,
)
from shortcode_clients import InvalidDocument
from shortcodekit.contract.normalising import Path, normalise, places, properties, same

KINDS = ("accepted", "rejected")
OBJECTS = tuple((api, name) for api, name in SCHEMAS if "properties" in api.schemas[name])
TABLES = tuple(
    (api, name, branch["const"])
    for api, name in SCHEMAS
    for branch in api.schemas[name].get("anyOf", ())
    if "const" in branch
)


def _id(value: object) -> str:
    return value.name if isinstance(value, Api | Family) else str(value)


each_accepted = pytest.mark.parametrize(("api", "sample"), ACCEPTED, ids=_id)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=_id)


# ---- accepted documents ----------------------------------------------------------------------------------------------


@each_accepted
def test_an_accepted_document_is_valid(api: Api, sample: Sample) -> None:
    document = sample.document(api)
    errors = list(api.validator(sample.family.schema).iter_errors(document))
    assert not errors, [(place, keyword) for place, keyword in complaints(errors)]
    for name, _ in places(api, sample.family.schema, document):
        exercised.note(exercised.schema(api, name))


@each_accepted
def test_a_model_keeps_an_accepted_document(api: Api, sample: Sample) -> None:
    document = sample.document(api)
    written = api.readers[sample.family.schema](document).to_dict()
    assert same(written, normalise(api, sample.family.schema, document))
    assert api.validator(sample.family.schema).is_valid(written), "valid as it came, but not as it is written again"


@each_accepted
def test_an_accepted_document_survives_bytes_to_model_to_bytes(api: Api, sample: Sample) -> None:
    schema = sample.family.schema
    model = _read(api, sample)
    content = _write(model, sample.encoding)
    assert _reader(api, schema, sample.encoding)(content) == model
    assert model == api.readers[schema](sample.document(api))
    sent, arrived = decode(api, schema, sample.encoding, content), sample.document(api)
    assert same(normalise(api, schema, sent), normalise(api, schema, arrived))


@each_accepted
def test_a_model_knows_every_key_but_those_that_the_family_names(api: Api, sample: Sample) -> None:
    unknown = {pointer(path) for path in _unknown_keys(_read(api, sample), sample.document(api))}
    assert unknown == sample.unknown


@pytest.mark.parametrize(("api", "sample"), [each for each in ACCEPTED if each[1].becomes], ids=_id)
def test_reading_changes_what_the_family_says_it_changes(api: Api, sample: Sample) -> None:
    written = _read(api, sample).to_dict()
    for place, value in sample.becomes.items():
        assert same(_at(written, _path(place)), value), place
        assert not same(_at(sample.document(api), _path(place)), value), f"{place} was like that already"


@each_accepted
def test_a_model_of_an_event_holds_the_document_as_it_arrived(api: Api, sample: Sample) -> None:
    model = _read(api, sample)
    assert same(getattr(model, "raw", sample.document(api)), sample.document(api))


@each_family
def test_documents_of_one_stem_tell_the_same_in_every_encoding(family: Family) -> None:
    for api in family.apis:
        told: dict[str, Sample] = {}
        for sample in family.listed("accepted"):
            twin = told.setdefault(sample.stem, sample)
            one, other = (normalise(api, family.schema, each.document(api)) for each in (sample, twin))
            assert same(one, other), f"{sample} and {twin}"


# ---- rejected documents ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "sample"), [each for each in REJECTED if "at" in each[1].facts], ids=_id)
def test_a_rejected_document_is_invalid_where_it_is_meant_to_be(api: Api, sample: Sample) -> None:
    errors = list(api.validator(sample.family.schema).iter_errors(sample.document(api)))
    place, keyword = sample.facts["at"], sample.facts["keyword"]
    found = sorted(set(complaints(errors)))
    assert (place, keyword) in found
    assert blame(errors, place), found


@pytest.mark.parametrize(("api", "sample"), [each for each in REJECTED if "at" in each[1].facts], ids=_id)
def test_a_model_refuses_an_invalid_document_or_keeps_all_of_it(api: Api, sample: Sample) -> None:
    try:
        model = _read(api, sample)
    except InvalidDocument:
        return
    assert same(model.to_dict(), normalise(api, sample.family.schema, sample.document(api)))


@pytest.mark.parametrize(("api", "sample"), [each for each in REJECTED if "unreadable" in each[1].facts], ids=_id)
def test_bytes_that_hold_no_document_are_refused_with_the_reason(api: Api, sample: Sample) -> None:
    with pytest.raises(InvalidDocument) as caught:
        _read(api, sample)
    assert sample.facts["unreadable"] in caught.value.reason


# ---- code tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "table", "code"), TABLES, ids=_id)
def test_each_code_of_a_table_goes_through_the_models_that_carry_it(api: Api, table: str, code: str | int) -> None:
    judged = 0
    for sample, path in _carriers(api)[table]:
        schema = sample.family.schema
        for spelling in _spellings(api.schemas[table], code):
            document = _with(sample.document(api), path, spelling)
            if not api.validator(schema).is_valid(document):
                continue  # the code means another branch of a union here, as a channel's name does
            written = api.readers[schema](document).to_dict()
            assert same(_at(written, path), code), f"{spelling!r} in {sample}"
            assert same(written, normalise(api, schema, document))
            judged += 1
    assert judged, f"no sample holds a {table}"


@cache
def _carriers(api: Api) -> Mapping[str, list[tuple[Sample, Path]]]:
    """For each table one place in each family that holds a code of it."""
    found: dict[str, dict[tuple[str, Path], tuple[Sample, Path]]] = {}
    for sample in (each for owner, each in ACCEPTED if owner is api):
        for name, path in places(api, sample.family.schema, sample.document(api)):
            found.setdefault(name, {}).setdefault((sample.family.name, path), (sample, path))
    return {name: list(each.values()) for name, each in found.items()}


def _spellings(table: Mapping[str, Any], code: str | int) -> Iterator[str | int]:
    yield code
    match table.get("x-normalise"):
        case "lower" | "upper":
            yield from {str(code).lower(), str(code).upper(), str(code).title()} - {code}
        case "text":
            yield int(code)
        case "integer":
            yield str(code)


# ---- the samples as a whole ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("api", "name"), OBJECTS, ids=_id)
def test_every_property_of_the_specs_is_in_an_accepted_sample(api: Api, name: str) -> None:
    missing = {f"{name}.{key}" for key in api.schemas[name]["properties"]} - _properties(api)
    assert not missing


@cache
def _properties(api: Api) -> set[str]:
    documents = ((each.family.schema, each.document(api)) for owner, each in ACCEPTED if owner is api)
    return {f"{name}.{key}" for schema, document in documents for name, key in properties(api, schema, document)}


@pytest.mark.parametrize("kind", KINDS)
@each_family
def test_each_family_has_five_documents_of_each_kind(family: Family, kind: str) -> None:
    assert len(family.listed(kind)) >= 5


@pytest.mark.parametrize("kind", KINDS)
@each_family
def test_a_family_lists_the_files_that_are_there(family: Family, kind: str) -> None:
    assert [each.name for each in family.files(kind)] == sorted(each.file for each in family.listed(kind))
    assert {each.encoding for each in family.listed(kind)} <= set(ENCODINGS)


@each_family
def test_a_family_says_of_each_sample_what_is_needed_and_no_more(family: Family) -> None:
    assert set(family.facts) == {"apis", "schema", "accepted", "rejected"}
    assert [api.name for api in family.apis] == sorted(family.facts["apis"])
    for sample in family.listed("accepted"):
        assert sample.facts.get("source"), sample
        assert set(sample.facts) <= {"source", "unknown", "becomes"}, sample
    for sample in family.listed("rejected"):
        assert set(sample.facts) - {"source"} in ({"at", "keyword"}, {"unreadable"}), sample


@each_family
def test_no_document_is_in_a_family_twice(family: Family) -> None:
    seen: dict[tuple[str, bytes], Sample] = {}
    for sample in (*family.listed("accepted"), *family.listed("rejected")):
        twin = seen.setdefault((sample.encoding, sample.content), sample)
        assert twin is sample, f"{sample} and {twin}"


@pytest.mark.parametrize("api", [api for api in APIS if "AnswerFormat" in api.schemas], ids=_id)
def test_each_answer_of_the_rest_host_is_there_in_every_form_it_can_take(api: Api) -> None:
    answers = [family for family in FAMILIES if api in family.apis and "xml" in api.schemas[family.schema]]
    assert answers
    for family in answers:
        forms = {each.encoding for each in family.listed("accepted")}
        assert forms == set(api.schemas["AnswerFormat"]["enum"]), family.name
        for form in forms:
            assert api.validator("AnswerFormat").is_valid(form)
    exercised.note(exercised.schema(api, "AnswerFormat"))


# ---- the product -----------------------------------------------------------------------------------------------------


def _reader(api: Api, schema: str, encoding: str) -> Callable[[bytes], Any]:
    """What reads bytes in this encoding: a class method, or a function beside `…_from_dict` for a union."""
    read: Any = api.readers[schema]
    if hasattr(read, "__self__"):
        reader: Callable[[bytes], Any] = getattr(read.__self__, f"from_{_codec(encoding)}")
    else:
        reader = getattr(api.package.models, f"{read.__name__.removesuffix('_dict')}_{_codec(encoding)}")
    return reader


def _codec(encoding: str) -> str:
    return "form" if encoding == "query" else encoding


def _read(api: Api, sample: Sample) -> Any:
    return _reader(api, sample.family.schema, sample.encoding)(sample.content)


def _write(model: Any, encoding: str) -> bytes:
    content = getattr(model, f"to_{_codec(encoding)}")()
    assert isinstance(content, bytes)
    return content


def _unknown_keys(value: Any, document: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of the keys that models keep in `additional_properties`, the models inside models included."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_keys(item, document[index], (*path, index))
    elif attrs.has(type(value)):
        rest = value.additional_properties
        yield from ((*path, key) for key in rest)
        keys = {_plain(key): key for key in document if key not in rest}
        for each in attrs.fields(type(value)):
            key = keys.get(_plain(each.name))
            if key is not None and each.name not in ("additional_properties", "raw"):
                yield from _unknown_keys(getattr(value, each.name), document[key], (*path, key))


def _plain(name: str) -> str:
    """What a key and the Python name of its attribute have in common."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


# ---- documents -------------------------------------------------------------------------------------------------------


def _path(place: str) -> Path:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]
    return tuple(int(step) if step.isdigit() else step for step in steps)


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def _with(document: Any, path: Path, value: Any) -> Any:
    """A copy of `document` with `value` at `path`."""
    changed = deepcopy(document)
    _at(changed, path[:-1])[path[-1]] = value
    return changed
