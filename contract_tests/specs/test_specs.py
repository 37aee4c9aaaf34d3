"""The specs keep their own rules: sources, code tables, equal copies of shared components, and what ships of them."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from contract_tests.apis import APIS, CALLING_BACK, OPERATIONS, WEBHOOKS, Api, Operation, snake
from shortcode_clients import Code

BRANCHES = [
    pytest.param(api, name, branch, id=f"{api.name}-{name}-{branch['const']}")
    for api in APIS
    for name, schema in api.schemas.items()
    for branch in schema.get("anyOf", ())
    if "const" in branch
]
TABLES = [
    pytest.param(api, name, schema, id=f"{api.name}-{name}")
    for api in APIS
    for name, schema in api.schemas.items()
    if any("const" in branch for branch in schema.get("anyOf", ()))
]


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_every_schema_names_its_source_or_is_marked_as_a_choice(api: Api) -> None:
    silent = [name for name, schema in api.schemas.items() if not {"x-source", "x-choice"} & set(schema)]
    assert silent == []


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_every_source_is_a_page_of_the_vendor_or_another_kind_of_witness(api: Api) -> None:
    for source in _values_of("x-source", api.document):
        assert source.startswith(_WITNESSES), source


@pytest.mark.parametrize("operation", [*OPERATIONS, *WEBHOOKS], ids=str)
def test_every_operation_names_its_source(operation: Operation) -> None:
    assert operation.document["x-source"]


@pytest.mark.parametrize("operation", WEBHOOKS, ids=str)
def test_every_webhook_says_for_how_long_it_is_sent_again(operation: Operation) -> None:
    assert operation.document["x-redelivery"]["hours"] > 0


@pytest.mark.parametrize("operation", WEBHOOKS, ids=str)
def test_every_webhook_says_how_its_events_are_told_apart_by_keys_that_they_have(operation: Operation) -> None:
    event = operation.document["x-event"]
    assert event["told-apart-by"]
    schemas = [*operation.bodies.values(), *([operation.query] if operation.query else [])]
    for key in (*event["told-apart-by"], *event["differs-by-attempt"]):
        for schema in schemas:
            branches = operation.api.resolve(schema).get("oneOf", [schema])
            assert all(key in operation.api.resolve(branch)["properties"] for branch in branches)


@pytest.mark.parametrize("operation", WEBHOOKS, ids=str)
def test_what_is_generated_of_a_webhook_is_what_its_spec_says(operation: Operation) -> None:
    webhook = operation.api.package.webhooks.WEBHOOKS[operation.path]
    told, event = operation.document["x-redelivery"], operation.document["x-event"]
    kinds = (*operation.bodies, *(["query"] if operation.query else []))
    assert webhook.encodings[operation.method.upper()] == kinds
    assert webhook.taken == tuple(operation.answers)
    assert webhook.seconds == told["hours"] * 3600
    assert webhook.waits == tuple(told.get("seconds", ()))
    assert webhook.then_every_seconds == told.get("then-every-seconds")
    assert webhook.told_apart_by == tuple(event["told-apart-by"])
    assert webhook.differs_by_attempt == tuple(event["differs-by-attempt"])


def test_components_of_one_name_are_equal_in_all_specs() -> None:
    for one, other in combinations(APIS, 2):
        for name in set(one.schemas) & set(other.schemas):
            assert one.schemas[name] == other.schemas[name], f"{name} differs between {one.name} and {other.name}"


@pytest.mark.parametrize(("api", "_", "branch"), BRANCHES)
def test_every_code_has_a_name_a_meaning_and_what_to_do(api: Api, _: str, branch: Mapping[str, Any]) -> None:
    assert branch["title"]
    assert branch["description"]
    facts = branch["x-code"]
    assert {"temporary", "stop-writing", "opted-out"} <= set(facts)
    assert not facts["opted-out"] or facts["stop-writing"], "who opted out is not written to again"
    assert not (facts["temporary"] and facts["stop-writing"]), "what is final for a number is not temporary"
    assert set(facts.get("temporary-when", [])) <= {status for table in _tables(api) for status in table}


@pytest.mark.parametrize(("api", "name", "schema"), TABLES)
def test_a_remedy_is_told_or_chosen_and_no_failure_of_its_table_is_without_one(
    api: Api, name: str, schema: Mapping[str, Any]
) -> None:
    branches = [each for each in schema["anyOf"] if "const" in each]
    for branch in branches:
        for how, remedy in branch.get("x-remedy", {}).items():
            assert how in {"told", "chosen"}, f"{name} of {api.name}"
            assert remedy.endswith("."), remedy
            assert not (facts := branch["x-code"])["opted-out"] or "off your lists" in remedy, facts
    if any("x-remedy" in branch for branch in branches):
        bare = [branch["title"] for branch in branches if "x-remedy" not in branch]
        assert set(bare) <= {"success", "delivered"}


@pytest.mark.parametrize(("api", "name", "branch"), BRANCHES)
def test_every_code_is_a_constant_and_a_row_of_the_generated_table(
    api: Api, name: str, branch: Mapping[str, Any]
) -> None:
    table = api.table(name)
    constant = f"{snake(name)}_{branch['title'].replace('-', '_')}".upper()
    assert getattr(api.codes, constant) == branch["const"]
    facts = branch["x-code"]
    assert (
        table[branch["const"]]
        == table.explain(branch["const"])
        == Code(
            branch["const"],
            branch["title"],
            " ".join(branch["description"].split()),
            temporary=facts["temporary"],
            temporary_when=tuple(facts.get("temporary-when", ())),
            stop_writing=facts["stop-writing"],
            opted_out=facts["opted-out"],
            opted_in=facts.get("opted-in", False),
            final=facts.get("final"),
        )
    )


@pytest.mark.parametrize(("api", "name", "branch"), BRANCHES)
def test_a_code_is_explained_in_any_case_where_case_carries_no_meaning(
    api: Api, name: str, branch: Mapping[str, Any]
) -> None:
    table = api.table(name)
    folds = api.schemas[name].get("x-normalise") in ("lower", "upper")
    swapped = str(branch["const"]).swapcase()
    if swapped != str(branch["const"]):
        assert table.explain(swapped).known == folds
        assert table.fold(swapped) == (branch["const"] if folds else swapped)


@pytest.mark.parametrize(("api", "name", "branch"), BRANCHES)
def test_a_code_is_temporary_beside_the_statuses_that_the_spec_names_or_beside_any(
    api: Api, name: str, branch: Mapping[str, Any]
) -> None:
    code = api.table(name)[branch["const"]]
    named = branch["x-code"].get("temporary-when", [])
    for status in ("failed", "rejected", "delivered", "to-come"):
        assert code.is_temporary(status) == (branch["x-code"]["temporary"] and (not named or status in named))


@pytest.mark.parametrize(("api", "name", "schema"), TABLES)
def test_every_code_table_is_open_and_explains_codes_to_come(api: Api, name: str, schema: Mapping[str, Any]) -> None:
    table = api.table(name)
    to_come = 987654 if isinstance(next(iter(table)), int) else "to-come"
    assert api.validator(name).is_valid(to_come)
    assert to_come not in table
    explained = table.explain(to_come)
    assert (explained.value, explained.known, explained.stop_writing, explained.opted_out) == (
        to_come,
        False,
        False,
        False,
    )
    assert len(table) == sum("const" in branch for branch in schema["anyOf"])


SCHEMES = [
    pytest.param(api, name, scheme, id=f"{api.name}-{name}")
    for api in APIS
    for name, scheme in api.document["components"]["securitySchemes"].items()
]


@pytest.mark.parametrize(("api", "name", "scheme"), SCHEMES)
def test_every_security_scheme_is_a_constant_that_says_what_the_spec_says(
    api: Api, name: str, scheme: Mapping[str, Any]
) -> None:
    made = getattr(api.security, snake(name).upper())
    assert made.name == name
    assert (made.description, made.source) == (_folded(scheme["description"]), scheme["x-source"])
    if scheme["type"] == "apiKey":
        assert (scheme["in"], made.kind, made.carrier) == ("query", "parameter", scheme["name"])
    else:
        assert (made.kind, made.carrier.lower()) == ("header", scheme["scheme"])
        assert made.carrier.istitle()
    facts = scheme.get("x-credential", {})
    assert made.algorithms == tuple(facts.get("algorithms", ()))
    assert (made.longest_seconds, made.usual_seconds) == (facts.get("longest-seconds"), facts.get("usual-seconds"))
    assert _folded(scheme["description"]) in _folded(inspect.getsource(api.security)).replace('"""', "")


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_the_security_schemes_and_their_alternatives_are_those_of_the_spec(api: Api) -> None:
    found = {each.name for each in vars(api.security).values() if isinstance(each, api.security.Scheme)}
    assert found == set(api.document["components"]["securitySchemes"])
    assert tuple(map(frozenset, api.document["security"])) == api.security.SECURITY


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_a_client_leads_to_the_production_service_unless_told_otherwise(api: Api) -> None:
    (url, *_) = (server["url"] for server in api.document["servers"])
    module = importlib.import_module(f"{api.package.__name__}.client")
    assert url == module.BASE_URL
    assert repr(module.Client()) == f"Client({url!r})"


EXAMPLES = [
    pytest.param(operation, encoding, schema, value, id=f"{operation}-{encoding}-{name}")
    for operation in (*OPERATIONS, *WEBHOOKS)
    for name, encoding, schema, value in operation.examples()
]


@pytest.mark.parametrize(("operation", "encoding", "schema", "value"), EXAMPLES)
def test_every_example_is_valid_and_read_by_the_model(
    operation: Operation, encoding: str, schema: str, value: Any
) -> None:
    api = operation.api
    if "xml" in encoding:
        read = getattr(api.models, schema).from_xml(value)
        assert getattr(api.models, schema).from_xml(read.to_xml()) == read
    else:
        assert api.validator(schema).is_valid(value)
        read = api.read(schema, value)
    assert api.validator(schema).is_valid(read.to_dict())


@pytest.mark.parametrize("operation", [*OPERATIONS, *WEBHOOKS], ids=str)
def test_every_request_and_answer_has_an_example(operation: Operation) -> None:
    shown = {encoding for _, encoding, _, _ in operation.examples()}
    expected = {
        *operation.bodies,
        *(["query"] if operation.query else []),
        *(k for a in operation.answers.values() for k in a),
    }
    assert shown == expected


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_descriptions_reach_the_docstrings(api: Api) -> None:
    models = api.models
    for name, schema in api.schemas.items():
        model = getattr(models, name, None)
        if isinstance(model, type):
            source = _folded(inspect.getsource(model))
            assert _folded(schema["description"]) in source
            for key, value in schema["properties"].items():
                described = {**api.resolve(value), **value}["description"]
                assert _folded(described) in source, f"{name}.{key}"


@pytest.mark.parametrize("api", CALLING_BACK, ids=lambda api: api.name)
def test_the_receiver_spec_has_the_webhooks_as_its_paths_and_nothing_else_of_the_service(api: Api) -> None:
    receiver = api.package.receiver()
    assert set(receiver["paths"]) == {f"/{name}" for name in api.document["webhooks"]}
    assert {f"/{name}": item for name, item in api.document["webhooks"].items()} == receiver["paths"]
    assert not {"webhooks", "servers", "security"} & set(receiver)
    assert receiver["components"] == api.document["components"]


@pytest.mark.parametrize("api", [api for api in APIS if api not in CALLING_BACK], ids=lambda api: api.name)
def test_an_api_without_webhooks_has_no_receiver_spec(api: Api) -> None:
    assert not hasattr(api.package, "receiver")
    assert not hasattr(api.package, "webhooks")


_README = (Path(__file__).parents[2] / "specs/README.md").read_text("utf-8")
_PAGES = re.findall(r"^\| (.+?) \| `/.+` \|$", _README, re.MULTILINE)
_WITNESSES = tuple(f"{each}: " for each in (*_PAGES, "Published elsewhere", "Observed"))


def test_the_pages_of_the_vendor_stand_in_the_readme_of_the_specs_and_each_is_used() -> None:
    assert len(_PAGES) > 3
    told = [source for api in APIS for source in _values_of("x-source", api.document)]
    for page in _PAGES:
        assert any(f"{page}: " in source for source in told), page


def _values_of(key: str, node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from _values_of(key, value)
    elif isinstance(node, list):
        for value in node:
            yield from _values_of(key, value)


def _tables(api: Api) -> Iterator[list[Any]]:
    for schema in api.schemas.values():
        yield [branch["const"] for branch in schema.get("anyOf", ()) if "const" in branch]


def _folded(text: str) -> str:
    return " ".join(text.replace("\\\\", "\\").split())
