"""`codegen.overlay` applies OpenAPI Overlays as the Overlay Specification 1.1.0 says.

The cases are those of the specification: the examples in its text (ids name their section), the sets that its
repository calls compliant, and the documents that its schema's tests accept and refuse (ids are their folder or file
names). Structure and expressions are theirs, so that they are the same cases; all words are ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codegen.documents import SpecError
from codegen.overlay import Overlay, OverlayError

NAME = "overlays/codegen/010-rename.yaml"


def overlay_document(*actions: Any, version: str = "1.1.0", **more: Any) -> dict[str, Any]:
    return {"overlay": version, "info": {"title": "Try things", "version": "1"}, "actions": list(actions), **more}


def overlay(*actions: dict[str, Any], version: str = "1.1.0") -> Overlay:
    return Overlay.parse(overlay_document(*actions, version=version), NAME)


def apply(document: dict[str, Any], *actions: dict[str, Any], version: str = "1.1.0") -> dict[str, Any]:
    return overlay(*actions, version=version).apply(document)


def containers(value: Any) -> Iterator[int]:
    """The identity of each node that can be changed."""
    if isinstance(value, dict | list):
        yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def assert_nothing_is_shared(result: Any, *given: Any) -> None:
    reached = list(containers(result))
    assert len(set(reached)) == len(reached), "a node stands in two places of the result"
    assert not {*reached} & {*containers(list(given))}, "the result holds a node of what was given"


def case(name: str, *, before: Any, actions: list[dict[str, Any]], after: Any, version: str = "1.1.0") -> Any:
    return pytest.param(before, actions, after, version, id=name)


def ok(*parameters: dict[str, Any]) -> dict[str, Any]:
    """An operation that answers 200."""
    operation: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    return {**operation, "parameters": list(parameters)} if parameters else operation


TOP = {"in": "query", "name": "top"}
SKIP = {"in": "query", "name": "skip"}
ID = {"in": "path", "name": "id", "required": True}
PAGED = {**ok(), "x-oai-traits": ["paged"]}

EXAMPLES = [
    case(
        "Structured Overlay Example",
        version="1.0.0",
        before={"info": {"title": "Zoo"}, "paths": {"/": {"get": ok()}, "/pets": {"get": ok(), "post": ok()}}},
        actions=[
            {
                "target": "$",
                "update": {
                    "info": {"x-overlay-applied": "outline"},
                    "paths": {
                        "/": {"summary": "Top", "get": {"summary": "Read the top", "x-rate-limit": 100}},
                        "/pets": {"get": {"summary": "Read the animals", "x-rate-limit": 100}},
                    },
                    "components": None,
                    "tags": None,
                },
            }
        ],
        after={
            "info": {"title": "Zoo", "x-overlay-applied": "outline"},
            "paths": {
                "/": {"summary": "Top", "get": {**ok(), "summary": "Read the top", "x-rate-limit": 100}},
                "/pets": {"get": {**ok(), "summary": "Read the animals", "x-rate-limit": 100}, "post": ok()},
            },
            "components": None,
            "tags": None,
        },
    ),
    case(
        "Targeted Overlay Example",
        before={
            "paths": {
                "/foo": {"get": {**ok(), "description": "one"}},
                "/bar": {"get": {"description": "two"}, "post": {**ok(), "description": "three"}},
            }
        },
        actions=[
            {"target": "$.paths['/foo'].get.description", "update": "first"},
            {"target": "$.paths['/bar'].get.description", "update": "second"},
            {"target": "$.paths['/bar']", "update": {"post": {"description": "third", "x-safe": False}}},
        ],
        after={
            "paths": {
                "/foo": {"get": {**ok(), "description": "first"}},
                "/bar": {"get": {"description": "second"}, "post": {**ok(), "description": "third", "x-safe": False}},
            }
        },
    ),
    case(
        "Wildcard Overlay Example",
        version="1.0.0",
        before={
            "paths": {
                "/a": {"get": {"parameters": [{"name": "filter", "in": "query", "schema": {}}, ID]}, "put": {}},
                "/b": {"get": {"parameters": [{"name": "filter", "in": "header"}]}},
                "/c": {"put": {}},
            }
        },
        actions=[
            {"target": "$.paths.*.get", "update": {"x-safe": True}},
            {
                "target": "$.paths.*.get.parameters[?@.name=='filter' && @.in=='query']",
                "update": {"schema": {"$ref": "#/components/schemas/filterSchema"}},
            },
        ],
        after={
            "paths": {
                "/a": {
                    "get": {
                        "parameters": [
                            {
                                "name": "filter",
                                "in": "query",
                                "schema": {"$ref": "#/components/schemas/filterSchema"},
                            },
                            ID,
                        ],
                        "x-safe": True,
                    },
                    "put": {},
                },
                "/b": {"get": {"parameters": [{"name": "filter", "in": "header"}], "x-safe": True}},
                "/c": {"put": {}},
            }
        },
    ),
    case(
        "Array Modification Examples: add",
        version="1.0.0",
        before={"paths": {"/a": {"get": {"parameters": [ID]}}, "/b": {"get": {"parameters": []}, "put": {}}}},
        actions=[{"target": "$.paths.*.get.parameters", "update": {"name": "newParam", "in": "query"}}],
        after={
            "paths": {
                "/a": {"get": {"parameters": [ID, {"name": "newParam", "in": "query"}]}},
                "/b": {"get": {"parameters": [{"name": "newParam", "in": "query"}]}, "put": {}},
            }
        },
    ),
    case(
        "Array Modification Examples: remove",
        version="1.0.0",
        before={"paths": {"/a": {"get": {"parameters": [{"name": "dummy"}, ID, {"name": "dummy", "in": "query"}]}}}},
        actions=[{"target": "$.paths.*.get.parameters[?@.name == 'dummy']", "remove": True}],
        after={"paths": {"/a": {"get": {"parameters": [ID]}}}},
    ),
    case(
        "Array Modification Examples: remove primitives",
        before={"paths": {"/a": {"get": {"tags": ["dummy", "a", "dummy"]}}, "/b": {"get": {"tags": ["dummy"]}}}},
        actions=[{"target": "$.paths.*.get.tags[?@ == 'dummy']", "remove": True}],
        after={"paths": {"/a": {"get": {"tags": ["a"]}}, "/b": {"get": {"tags": []}}}},
    ),
    case(
        "Traits Example",
        version="1.0.0",
        before={
            "paths": {
                "/items": {"get": PAGED},
                "/items/{id}/subitems": {"get": {**PAGED, "parameters": [ID]}},
                "/other": {"get": ok()},
            }
        },
        actions=[
            {
                "target": "$.paths[?(@.get['x-oai-traits'][?(@ == 'paged')])].get",
                "update": {"parameters": [TOP, SKIP]},
            }
        ],
        after={
            "paths": {
                "/items": {"get": {**PAGED, "parameters": [TOP, SKIP]}},
                "/items/{id}/subitems": {"get": {**PAGED, "parameters": [ID, TOP, SKIP]}},
                "/other": {"get": ok()},
            }
        },
    ),
    case(
        "Copy Example: simple",
        before={"paths": {"/items": {"get": ok()}, "/some-items": {"delete": ok()}}},
        actions=[{"target": '$.paths["/some-items"]', "copy": '$.paths["/items"]', "description": "Copy all of it."}],
        after={"paths": {"/items": {"get": ok()}, "/some-items": {"get": ok(), "delete": ok()}}},
    ),
    case(
        "Copy Example: ensure the target exists",
        before={"paths": {"/items": {"get": ok()}, "/some-items": {"delete": ok()}}},
        actions=[
            {"target": "$.paths", "update": {"/other-items": {}}},
            {"target": '$.paths["/other-items"]', "copy": '$.paths["/items"]'},
        ],
        after={
            "paths": {"/items": {"get": ok()}, "/other-items": {"get": ok()}, "/some-items": {"delete": ok()}},
        },
    ),
    case(
        "Copy Example: move",
        before={"paths": {"/items": {"get": ok()}, "/some-items": {"delete": ok()}}},
        actions=[
            {"target": "$.paths", "update": {"/new-items": {}}},
            {"target": '$.paths["/new-items"]', "copy": '$.paths["/items"]'},
            {"target": '$.paths["/items"]', "remove": True},
        ],
        after={"paths": {"/new-items": {"get": ok()}, "/some-items": {"delete": ok()}}},
    ),
]


def town(
    *,
    info: dict[str, Any] | None = None,
    buildings: dict[str, Any] | None = None,
    house: Any = "hut",
    name: bool = True,
) -> dict[str, Any]:
    """The document that several compliant sets begin with, and what may differ at their end."""
    schema = {"$ref": "#/components/schemas/Building"}
    place: dict[str, Any] = {"location_id": {"type": "integer", "example": 7}}
    if name:
        place["name"] = {"type": "string", "example": "Hill"}
    building: dict[str, Any] = {"type": "string"}
    if house is not None:
        building["example"] = house
    return {
        "openapi": "3.1.0",
        "info": {"title": "Town", "version": "1", **(info or {})},
        "servers": [{"url": "https://example.com"}],
        "paths": {
            "/buildings": {
                "get": {"summary": "List", "responses": {"200": {"schema": {"type": "array", "items": schema}}}}
                | (buildings or {})
            },
            "/buildings/{buildingId}": {"get": {"parameters": [ID], "responses": {"200": {"schema": schema}}}},
            "/locations": {
                "get": {
                    "responses": {
                        "200": {"schema": {"type": "array", "items": {"type": "object", "properties": place}}},
                    }
                }
            },
        },
        "components": {
            "schemas": {"Building": {"type": "object", "properties": {"building": building, "location_id": {}}}}
        },
    }


def codes(*statuses: str) -> dict[str, Any]:
    return {"responses": {status: {"description": f"Answer {status}"} for status in statuses}}


POST = {"foo": {"bar": "hi"}}
CRITERION = {"condition": "$statusCode == 200"}
BUDGET = {"condition": "$response.header.X-Response-Time < 1000"}

COMPLIANT_SETS = [
    case(
        "add-a-license",
        version="1.0.0",
        before=town(),
        actions=[{"target": "$.info", "update": {"license": {"name": "MIT", "url": "https://example.com/mit"}}}],
        after=town(info={"license": {"name": "MIT", "url": "https://example.com/mit"}}),
    ),
    case(
        "description-and-summary",
        version="1.0.0",
        before=town(),
        actions=[{"target": "$.paths['/buildings'].get", "update": {"description": "Lists them", "summary": "All"}}],
        after=town(buildings={"description": "Lists them", "summary": "All"}),
    ),
    case(
        "many-operations",
        version="1.0.0",
        before={
            "paths": {
                "/pets": {"get": {"summary": "List", "tags": ["pets"], **ok()}},
                "/pets/{petId}": {"get": {"summary": "One", "tags": ["pets"], **ok(ID)}},
            }
        },
        actions=[
            {"target": "$.paths['/pets'].get.summary", "remove": True},
            {"target": "$.paths.*.get", "update": {"tags": ["wild"]}},
            {
                "target": "$.paths['/pets'].get",
                "update": {"x-info": {"x-overlay-applied": "outline", "description": "New"}, "tags": ["over"]},
            },
            {"target": "$.paths.*", "update": {"post": POST}},
        ],
        after={
            "paths": {
                "/pets": {
                    "get": {
                        "tags": ["pets", "wild", "over"],
                        **ok(),
                        "x-info": {"x-overlay-applied": "outline", "description": "New"},
                    },
                    "post": POST,
                },
                "/pets/{petId}": {"get": {"summary": "One", "tags": ["pets", "wild"], **ok(ID)}, "post": POST},
            }
        },
    ),
    case(
        "remove-example",
        version="1.0.0",
        before=town(),
        actions=[{"target": "$.components.schemas.Building.properties['building'].example", "remove": True}],
        after=town(house=None),
    ),
    case(
        "remove-matching-responses",
        version="1.0.0",
        before={
            "paths": {
                "/foo": {"get": codes("200", "500")},
                "/bar": {"post": codes("201", "500", "default")},
                "/baa": {"post": codes("201", "500", "default")},
            }
        },
        actions=[
            {"target": "$.paths..responses['500']", "remove": True},
            {"target": "$.paths..responses['default']", "remove": True},
        ],
        after={
            "paths": {"/foo": {"get": codes("200")}, "/bar": {"post": codes("201")}, "/baa": {"post": codes("201")}}
        },
    ),
    case(
        "remove-property",
        version="1.0.0",
        before=town(),
        actions=[
            {
                "target": "$.paths['/locations'].get.responses['200']..properties[?(@.type == 'string')]",
                "remove": True,
            }
        ],
        after=town(name=False),
    ),
    case(
        "remove-server",
        version="1.0.0",
        before={"servers": [{"url": "//a", "description": "Dev"}, {"url": "//b", "description": "Live"}], "paths": {}},
        actions=[{"target": "$.servers[?( @.description == 'Dev' )]", "remove": True}],
        after={"servers": [{"url": "//b", "description": "Live"}], "paths": {}},
    ),
    case(
        "replace-servers-for-sandbox",
        before={"servers": [{"url": "//a"}, {"url": "//b"}], "paths": {"/a": {"get": ok()}}},
        actions=[
            {"target": "$.servers", "remove": True},
            {"target": "$", "update": {"servers": [{"url": "//local"}]}},
        ],
        after={"servers": [{"url": "//local"}], "paths": {"/a": {"get": ok()}}},
    ),
    case(
        "update-root",
        version="1.0.0",
        before=town(),
        actions=[{"target": "$", "update": {"info": {"x-overlaid": True}}}],
        after=town(info={"x-overlaid": True}),
    ),
    # The last two declare 1.2.0 in their repository, for a field that says what kind of document they change.
    case(
        "arazzo-sandbox-workflow",
        before={
            "sourceDescriptions": [{"name": "pets", "url": "//live"}, {"name": "other", "url": "//other"}],
            "workflows": [{"steps": [{"successCriteria": [CRITERION]}, {"successCriteria": [CRITERION]}]}],
        },
        actions=[
            {"target": "$.sourceDescriptions[?@.name == 'pets']", "update": {"url": "//local"}},
            {"target": "$.workflows[*].steps[*].successCriteria", "update": BUDGET},
        ],
        after={
            "sourceDescriptions": [{"name": "pets", "url": "//local"}, {"name": "other", "url": "//other"}],
            "workflows": [
                {"steps": [{"successCriteria": [CRITERION, BUDGET]}, {"successCriteria": [CRITERION, BUDGET]}]}
            ],
        },
    ),
    case(
        "asyncapi-remove-internal-channels",
        before={
            "servers": {"production": {"host": "inner:9092", "protocol": "kafka", "description": "Inner"}},
            "channels": {"signedUp": {"address": "a"}, "audited": {"address": "b", "x-internal": True}},
            "components": {"messages": {"SignedUp": {}, "UserAudited": {}}},
        },
        actions=[
            {"target": "$.servers.production", "update": {"host": "outer:9092", "description": "Outer"}},
            {"target": "$.channels[?@['x-internal'] == true]", "remove": True},
            {"target": "$.components.messages.UserAudited", "remove": True},
        ],
        after={
            "servers": {"production": {"host": "outer:9092", "protocol": "kafka", "description": "Outer"}},
            "channels": {"signedUp": {"address": "a"}},
            "components": {"messages": {"SignedUp": {}}},
        },
    ),
]


@pytest.mark.parametrize(("before", "actions", "after", "version"), EXAMPLES)
def test_each_example_of_the_specification_gives_its_result(
    before: Any, actions: list[dict[str, Any]], after: Any, version: str
) -> None:
    """Section "Examples" of 1.1.0; the ids are its headings."""
    assert apply(before, *actions, version=version) == after


@pytest.mark.parametrize(("before", "actions", "after", "version"), COMPLIANT_SETS)
def test_each_compliant_set_gives_its_output(
    before: Any, actions: list[dict[str, Any]], after: Any, version: str
) -> None:
    assert apply(before, *actions, version=version) == after


ACTION = {"target": "$", "update": {}}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(overlay_document(ACTION), id="minimal"),
        pytest.param(overlay_document({**ACTION, "description": "Nothing yet."}), id="actions-description"),
        pytest.param(overlay_document({**ACTION, "x-myActionsExtension": {}}), id="actions-extensions"),
        pytest.param(overlay_document(ACTION, info={"title": "", "version": "", "x-y": 1}), id="info-extensions"),
        pytest.param(overlay_document(ACTION) | {"x-y": [None]}, id="root-extensions"),
        pytest.param(
            overlay_document({"target": '$.paths["/bar"]', "copy": '$.paths["/foo"]'}), id="copy-path-item-example"
        ),
        pytest.param(overlay_document({"target": "$"}, version="1.0.0"), id="minimal of 1.0"),
        pytest.param(overlay_document(ACTION, extends="https://example.com/a.yaml"), id="Overlay Object: absolute URI"),
        pytest.param(overlay_document(ACTION, extends="./a.yaml"), id="Overlay Object: relative URI"),
        pytest.param(overlay_document(ACTION, info={"title": "", "version": "", "description": ""}), id="Info Object"),
        pytest.param(overlay_document(ACTION, version="1.1.27"), id="Versions: the patch does not matter"),
    ],
)
def test_each_document_that_the_schema_accepts_is_parsed(document: dict[str, Any]) -> None:
    Overlay.parse(document, NAME)


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def info(**fields: Any) -> dict[str, Any]:
    return overlay_document(ACTION, info={"title": "Try", "version": "1", **fields})


@pytest.mark.parametrize(
    ("document", "key", "number"),
    [
        pytest.param(overlay_document({"target": "$", "copy": 100}), "`copy`", 1, id="action-copy-invalid-type"),
        pytest.param(overlay_document({"target": "$", "remove": "so"}), "`remove`", 1, id="action-remove-invalid-type"),
        pytest.param(overlay_document({"target": 100}), "`target`", 1, id="action-target-invalid-type"),
        pytest.param(
            overlay_document({**ACTION, "description": 10}), "`description`", 1, id="actions-invalid-description"
        ),
        pytest.param(
            overlay_document({"target": "info.description", "update": "New"}),
            "`target`",
            1,
            id="actions-invalid-target",
        ),
        pytest.param(overlay_document() | {"actions": {}}, "`actions`", None, id="actions-invalid-type"),
        pytest.param(overlay_document(ACTION, 123), "a number; expected an object", 2, id="actions-item-invalid-type"),
        pytest.param(overlay_document(), "`actions`", None, id="actions-minimal"),
        pytest.param(without(overlay_document(), "actions"), "`actions`", None, id="actions-missing"),
        pytest.param(overlay_document({"update": {}}), "`target`", 1, id="actions-missing-target"),
        pytest.param(
            overlay_document({"target": "$.a", "update": "b"}, {"target": "$.a", "update": "b"}),
            "same as action 1",
            2,
            id="actions-not-unique",
        ),
        pytest.param(overlay_document(ACTION, extends={}), "`extends`", None, id="extends-invalid-type"),
        pytest.param(info(description=[]), "`info.description`", None, id="info-description-invalid-type"),
        pytest.param(overlay_document(ACTION, info="no"), "`info`", None, id="info-invalid-type"),
        pytest.param(overlay_document(ACTION, info={"version": "1"}), "`info.title`", None, id="info-missing-title"),
        pytest.param(overlay_document(ACTION, info={"title": "T"}), "`info.version`", None, id="info-missing-version"),
        pytest.param(info(title=1), "`info.title`", None, id="info-title-invalid-type"),
        pytest.param(info(version=1.0), "`info.version`", None, id="info-version-invalid-type"),
        pytest.param(overlay_document(ACTION) | {"overlay": 2}, "`overlay`", None, id="invalid-overlay-version"),
        pytest.param(["an", "object", "was", "wanted"], "expected an object", None, id="not-an-object"),
        pytest.param(
            overlay_document({"target": "$.a", "remove": True, "copy": "$.b"}),
            "`copy` and `remove`",
            1,
            id="not-remove-with-copy",
        ),
        pytest.param(
            overlay_document({"target": "$.a", "update": {}, "copy": "$.b"}),
            "`update` and `copy`",
            1,
            id="not-update-with-copy",
        ),
        pytest.param(
            overlay_document({"target": "$.a", "update": {}, "remove": True}),
            "`update` and `remove`",
            1,
            id="not-update-with-remove",
        ),
        pytest.param(overlay_document(ACTION, version="1.1"), "`overlay`", None, id="overlay-invalid-pattern"),
        pytest.param(overlay_document(ACTION, other=True), "`other`", None, id="root-invalid-property"),
        # Beyond the files of the specification's repository:
        pytest.param(overlay_document(ACTION, version="1.2.0"), "`overlay`", None, id="a later version"),
        pytest.param(overlay_document(ACTION, version="1.1.0\n"), "`overlay`", None, id="a version and more"),
        pytest.param(without(overlay_document(ACTION), "info"), "`info`", None, id="no info"),
        pytest.param(without(overlay_document(ACTION), "overlay"), "`overlay`", None, id="no version"),
        pytest.param(info(author="me"), "`info.author`", None, id="unknown field of info"),
        pytest.param(overlay_document({**ACTION, "updates": {}}), "`updates`", 1, id="unknown field of an action"),
        pytest.param(overlay_document({**ACTION, 5: {}}), "`5`", 1, id="a field name that is not text"),
        pytest.param(overlay_document({"target": "$"}), "no change", 1, id="no change"),
        pytest.param(
            overlay_document({"target": "$", "update": {}, "remove": False}),
            "`update` and `remove`",
            1,
            id="update with remove: false",
        ),
        pytest.param(overlay_document({"target": "$", "copy": "a"}), "`copy`", 1, id="copy is not JSONPath"),
        pytest.param(
            overlay_document({"target": "$.a", "copy": "$.b"}, version="1.0.0"), "`copy`", 1, id="copy under 1.0"
        ),
        pytest.param(
            info(description="Ours") | {"overlay": "1.0.1"}, "`info.description`", None, id="info.description under 1.0"
        ),
        pytest.param(overlay_document({"target": "$", "update": {1: 2}}), "`update`", 1, id="a key that is not text"),
        pytest.param(overlay_document({"target": "$", "update": {"a": {1}}}), "`update`", 1, id="a value not of JSON"),
        pytest.param(
            overlay_document({"target": "$", "update": [float("inf")]}), "`update`", 1, id="a number not of JSON"
        ),
    ],
)
def test_a_document_that_is_no_overlay_is_refused_with_the_name_of_the_field(
    document: Any, key: str, number: int | None
) -> None:
    with pytest.raises(OverlayError) as caught:
        Overlay.parse(document, NAME)
    assert key in caught.value.reason
    assert caught.value.overlay == NAME
    assert caught.value.action == number


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(OverlayError, match="`update` contains itself"):
        overlay({"target": "$.a", "update": loop})
    with pytest.raises(OverlayError, match="document to change contains itself"):
        apply({"a": loop}, {"target": "$.a", "remove": True})


def test_actions_that_differ_only_in_true_and_1_are_different() -> None:
    assert apply({"a": 0}, {"target": "$.a", "update": 1}, {"target": "$.a", "update": True})["a"] is True


@pytest.mark.parametrize(
    "expression",
    [
        "$.x-y",
        "$[?@.x-y == 1]",
        "$.a[?@ <> 1]",
        "$.a | $.b",
        "$.a & $.b",
        "$.~a",
        "$.a[?@ in [1]]",
        "$.a[?@ =~ /1/]",
        "$.a[?@ == 1 and @ == 1]",
        "$.a[?isinstance(@, 'int')]",
        "$[0]x",
        "$.",
        "$ ",
        " $",
        "@.a",
        "^.a",
        "",
        "$[1e3",
        "$[99999999999999999999]",
        "$[?@" * 3000,
    ],
    ids=lambda expression: repr(expression[:30]),
)
def test_what_is_not_rfc_9535_is_refused_as_a_target(expression: str) -> None:
    """Section "RFC9535 Compliance": extensions of a tool have no place in an overlay."""
    with pytest.raises(OverlayError, match="`target` is not RFC 9535 JSONPath") as caught:
        overlay({"target": expression, "remove": True})
    assert caught.value.target == expression


def test_names_outside_the_basic_plane_need_no_quotes() -> None:
    assert apply(
        {"🐘b🐘": 1, "é_1": 2, "c": 3}, {"target": "$.🐘b🐘", "remove": True}, {"target": "$.é_1", "remove": True}
    ) == {"c": 3}


def test_a_filter_tells_true_from_1_and_null_from_nothing() -> None:
    assert apply({"a": [True, 1, 1.0, "1"]}, {"target": "$.a[?@ == 1]", "remove": True}) == {"a": [True, "1"]}
    assert apply({"a": [{"b": None}, {}]}, {"target": "$.a[?@.b == null]", "remove": True}) == {"a": [{}]}


def test_a_slice_selects_items_of_arrays_only() -> None:
    assert apply({"a": "text", "b": [1, 2, 3]}, {"target": "$.*[1:]", "remove": True}) == {"a": "text", "b": [1]}
    assert apply({"a": [{"b": "x"}, {"b": [0]}]}, {"target": "$.a[?@.b[:]]", "remove": True}) == {"a": [{"b": "x"}]}


MERGES = [
    pytest.param({"a": 1}, {}, {"a": 1}, id="only in the target: stays"),
    pytest.param({}, {"a": {"b": [1]}}, {"a": {"b": [1]}}, id="only in the update: inserted"),
    pytest.param({"a": 1}, {"a": "b"}, {"a": "b"}, id="primitive over primitive: replaced"),
    pytest.param({"a": 1}, {"a": None}, {"a": None}, id="null over primitive: replaced"),
    pytest.param({"a": None}, {"a": 0}, {"a": 0}, id="primitive over null: replaced"),
    pytest.param({"a": [1]}, {"a": [1, [2]]}, {"a": [1, 1, [2]]}, id="array over array: concatenated"),
    pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}, id="object over object: merged"),
    pytest.param({"a": {}}, {"a": 1}, None, id="primitive over object: error"),
    pytest.param({"a": {}}, {"a": None}, None, id="null over object: error"),
    pytest.param({"a": {}}, {"a": []}, None, id="array over object: error"),
    pytest.param({"a": []}, {"a": 1}, None, id="primitive over array: error"),
    pytest.param({"a": []}, {"a": {}}, None, id="object over array: error"),
    pytest.param({"a": 1}, {"a": []}, None, id="array over primitive: error"),
    pytest.param({"a": None}, {"a": {}}, None, id="object over null: error"),
]


@pytest.mark.parametrize(("target", "update", "merged"), MERGES)
@pytest.mark.parametrize("change", ["update", "copy"])
def test_properties_are_merged_by_the_steps_of_the_action_object(
    target: Any, update: Any, merged: Any, change: str
) -> None:
    """Section "Action Object", the list of steps."""
    document = {"in": {"x~/": target}, "from": {"x~/": update}}
    action = (
        {"target": "$.in", "update": {"x~/": update}} if change == "update" else {"target": "$.in", "copy": "$.from"}
    )
    if merged is None:
        with pytest.raises(OverlayError, match=r"cannot merge .* at #/in/x~0~1/a; .* remove it in an action before"):
            apply(document, action)
    else:
        assert apply(document, action)["in"] == {"x~/": merged}


@pytest.mark.parametrize(
    ("target", "value", "after"),
    [
        pytest.param({}, {"b": 1}, {"b": 1}, id="object into object"),
        pytest.param({}, [], None, id="array into object"),
        pytest.param({}, 1, None, id="primitive into object"),
        pytest.param([0], [1, [2]], [0, 1, [2]], id="array onto array"),
        pytest.param([0], {"b": 1}, [0, {"b": 1}], id="object onto array"),
        pytest.param([0], "b", [0, "b"], id="text onto array"),
        pytest.param([0], None, [0, None], id="null onto array"),
        pytest.param("b", 2, 2, id="primitive for primitive"),
        pytest.param(None, "b", "b", id="primitive for null"),
        pytest.param(1, None, None, id="null for primitive"),
        pytest.param(1, {}, ..., id="object for primitive"),
        pytest.param(1, [], ..., id="array for primitive"),
    ],
)
@pytest.mark.parametrize("change", ["update", "copy"])
def test_the_target_decides_what_a_value_may_be(target: Any, value: Any, after: Any, change: str) -> None:
    """Section "Action Object", the fields `update` and `copy`: objects merge, arrays grow, primitives are replaced."""
    document = {"in": [target], "from": value}
    action = {"target": "$.in[0]", "update": value} if change == "update" else {"target": "$.in[0]", "copy": "$.from"}
    if after is ... or (after is None and value is not None):
        with pytest.raises(OverlayError, match=r"cannot change the .* at #/in/0"):
            apply(document, action)
    else:
        assert apply(document, action) == {"in": [after], "from": value}


@pytest.mark.parametrize("change", [{"update": {}}, {"copy": "$.a"}], ids=["update", "copy"])
@pytest.mark.parametrize("target", ["$['a','b']", "$['a','c']", "$['b','c']", "$.*"])
def test_targets_of_different_kinds_in_one_action_are_an_error(target: str, change: dict[str, Any]) -> None:
    """Section "Action Object": all objects, or all arrays, or all primitives."""
    with pytest.raises(OverlayError, match=r"different kinds: .* one action for each kind"):
        apply({"a": {}, "b": [], "c": 1}, {"target": target, **change})


def test_remove_takes_targets_of_different_kinds() -> None:
    assert apply({"a": {}, "b": [], "c": 1, "d": None}, {"target": "$['a','b','c']", "remove": True}) == {"d": None}


@pytest.mark.parametrize("change", [{"update": {}}, {"copy": "$.a"}, {"remove": True}, {"remove": False}], ids=str)
def test_an_action_that_selects_nothing_names_overlay_action_and_target(change: dict[str, Any]) -> None:
    with pytest.raises(OverlayError) as caught:
        apply(
            {"a": {}},
            {"target": "$.a", "update": {"b": 1}},
            {"target": "$.gone[*]", "description": "Widen\n the type.", **change},
        )
    error = caught.value
    assert (error.overlay, error.action, error.target) == (NAME, 2, "$.gone[*]")
    assert error.reason.startswith("selects nothing")
    assert str(error) == f"{NAME}: action 2 (Widen the type.), target $.gone[*]: {error.reason}"


@pytest.mark.parametrize(("source", "count"), [("$.gone", 0), ("$.a.*", 2)])
def test_a_copy_from_none_or_several_nodes_is_an_error(source: str, count: int) -> None:
    with pytest.raises(OverlayError, match=rf"action 1, target \$\.b: `copy: .+` selects {count} nodes"):
        apply({"a": [1, 2], "b": []}, {"target": "$.b", "copy": source})


def test_the_root_cannot_be_removed() -> None:
    with pytest.raises(OverlayError, match=r"target \$: the root of the document cannot be removed"):
        apply({"a": 1}, {"target": "$", "remove": True})


@pytest.mark.parametrize("document", [[], "{}", None, 1])
def test_only_an_object_can_be_changed(document: Any) -> None:
    with pytest.raises(OverlayError, match=f"^{NAME}: the document to change is .*; expected an object"):
        apply(document, {"target": "$", "update": {}})


def test_a_document_too_deep_for_a_descending_target_is_an_error() -> None:
    deep: Any = {"target": 1}
    for _ in range(70):
        deep = {"a": deep}
    grow = [{"target": "$.b" + ".a" * count, "copy": "$.a"} for count in (0, 70)]
    with pytest.raises(OverlayError, match=r"action 3, .*JSONPath gives up"):
        apply({"a": deep, "b": {}}, *grow, {"target": "$..target", "remove": True})


def test_what_is_removed_inside_something_removed_does_no_harm() -> None:
    document = {"x": {"x": [{"x": 1}]}, "y": [{"x": [2]}, {"z": {"x": 3}}]}
    assert apply(document, {"target": "$..x", "remove": True}) == {"y": [{}, {"z": {}}]}


def test_actions_see_the_result_of_those_before() -> None:
    """Section "Overlay Object": actions are applied in order."""
    replace: list[dict[str, Any]] = [{"target": "$.a", "remove": True}, {"target": "$", "update": {"a": ["new"]}}]
    assert apply({"a": {"old": 1}}, *replace, {"target": "$.a[0]", "update": "newer"}) == {"a": ["newer"]}


def test_a_node_selected_twice_is_changed_once() -> None:
    assert apply({"a": [1]}, {"target": "$['a','a']", "update": 2}) == {"a": [1, 2]}
    assert apply({"a": [1, 2, 3]}, {"target": "$.a[0,0,-3]", "remove": True}) == {"a": [2, 3]}


def test_a_copy_is_of_the_source_as_it_was_before_the_action() -> None:
    assert apply({"a": [1]}, {"target": "$.a", "copy": "$.a"}) == {"a": [1, 1]}
    assert apply({"a": [1], "b": [2]}, {"target": "$.*", "copy": "$.a"}) == {"a": [1, 1], "b": [2, 1]}
    assert apply({"a": {"b": {}}}, {"target": "$.a.b", "copy": "$.a"}) == {"a": {"b": {"b": {}}}}
    assert apply({"a": {"b": {}}}, {"target": "$..b", "copy": "$"}) == {"a": {"b": {"a": {"b": {}}}}}


def test_under_1_0_remove_wins_over_update() -> None:
    """Section "Action Object", `update` of 1.0.0; the schema's test `actions-update-with-remove`."""
    action = {"target": "$.a", "update": {"b": 1}}
    assert apply({"a": {}}, {**action, "remove": True}, version="1.0.0") == {}
    assert apply({"a": {}}, {**action, "remove": False}, version="1.0.0") == {"a": {"b": 1}}


def test_an_action_without_effect_changes_nothing() -> None:
    assert apply({"a": 1}, {"target": "$.a", "remove": False}) == {"a": 1}
    assert apply({"a": 1}, {"target": "$.a"}, version="1.0.0") == {"a": 1}


@pytest.mark.parametrize("change", ["update", "copy"])
@pytest.mark.parametrize(
    ("target", "value"),
    [
        pytest.param({}, {"x": {"y": []}}, id="inserted"),
        pytest.param({"x": {}}, {"x": {"y": []}}, id="merged"),
        pytest.param({"x": []}, {"x": [{"y": []}]}, id="concatenated below"),
        pytest.param([], [{"y": []}], id="concatenated"),
        pytest.param([], {"y": []}, id="appended"),
    ],
)
def test_several_targets_get_their_own_copy(target: Any, value: Any, change: str) -> None:
    document = {"to": [target, target], "from": value}
    changes = overlay({"target": "$.to.*", change: value if change == "update" else "$.from"})
    result = changes.apply(document)
    assert result["to"][0] == result["to"][1] != target
    assert_nothing_is_shared(result, document, changes.actions[0].value)


def test_what_happens_to_a_result_does_not_happen_to_the_next() -> None:
    change = overlay({"target": "$.l", "update": [{"a": []}]}, {"target": "$", "update": {"n": {"m": []}}})
    first = change.apply({"l": []})
    first["l"][0]["a"].append(1)
    first["n"]["m"].append(1)
    assert change.apply({"l": []}) == {"l": [{"a": []}], "n": {"m": []}}


def test_what_happens_to_the_parsed_document_does_not_happen_to_the_overlay() -> None:
    document = overlay_document({"target": "$", "update": {"a": []}})
    change = Overlay.parse(document, NAME)
    document["actions"][0]["update"]["a"].append(1)
    assert change.apply({}) == {"a": []}


def test_nodes_that_yaml_aliases_made_one_are_changed_one_by_one() -> None:
    shared = {"x": 1}
    assert apply({"a": shared, "b": shared}, {"target": "$.a", "update": {"x": 2}}) == {"a": {"x": 2}, "b": {"x": 1}}


def test_an_overlay_is_loaded_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "010-no.yaml"
    text = "overlay: 1.1.0\ninfo: {title: Say no, version: '1', description: Why}\nextends: ../a.yaml\nactions:\n"
    file.write_text(text + "- {target: $.a, update: no}\n", "utf-8")
    loaded = Overlay.load(file)
    assert (loaded.name, loaded.overlay, loaded.title) == (str(file), "1.1.0", "Say no")
    assert (loaded.version, loaded.description, loaded.extends) == ("1", "Why", "../a.yaml")
    assert loaded.apply({"a": "yes"}) == {"a": "no"}

    file.write_text(text + "- {target: $.a}\n", "utf-8")
    with pytest.raises(OverlayError) as refused:
        Overlay.load(file)
    assert str(refused.value).startswith(f"{file}: action 1, target $.a: has no change")

    file.write_text("overlay: [", "utf-8")
    with pytest.raises(SpecError):
        Overlay.load(file)


# Properties

primitives = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
names = st.sampled_from("abc") | st.text(max_size=3)
json_values = st.recursive(
    primitives, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
documents = st.dictionaries(names, json_values, max_size=4)
targets = st.sampled_from(
    ["$", "$.*", "$..*", "$.a", "$.b", "$.a.b", "$..a", "$.a[0]", "$.a[*]", "$.*[1:]", "$[?@ == 1]", "$..[?@.a]"]
)
actions = st.one_of(
    st.fixed_dictionaries({"target": targets, "update": json_values}),
    st.fixed_dictionaries({"target": targets, "copy": targets}),
    st.fixed_dictionaries({"target": targets, "remove": st.just(True)}),
)


@given(documents, st.lists(actions, min_size=1, max_size=3))
def test_law_apply_changes_and_shares_nothing_it_was_given(
    document: dict[str, Any], changes: list[dict[str, Any]]
) -> None:
    change = overlay(*({**action, "description": str(number)} for number, action in enumerate(changes)))
    given_values = [action.value for action in change.actions if action.change == "update"]
    before = json.dumps([document, given_values])
    try:
        result = change.apply(document)
    except OverlayError:
        result = {}
    assert json.dumps([document, given_values]) == before
    assert_nothing_is_shared(result, document, given_values, changes)


@given(documents, actions)
def test_law_applying_twice_from_the_start_gives_the_same(document: dict[str, Any], action: dict[str, Any]) -> None:
    def outcome() -> str:
        try:
            return json.dumps(change.apply(document))
        except OverlayError as error:
            return str(error)

    change = overlay(action)
    assert outcome() == outcome()


@given(st.lists(st.booleans() | st.integers(0, 3) | st.sampled_from(["0", "1"])), st.integers(0, 3))
def test_law_removing_by_a_filter_keeps_what_the_filter_does_not_select(items: list[Any], unwanted: int) -> None:
    kept = [item for item in items if isinstance(item, bool) or item != unwanted]
    assume(len(kept) < len(items))
    result = apply({"l": items}, {"target": f"$.l[?@ == {unwanted}]", "remove": True})
    assert json.dumps(result) == json.dumps({"l": kept})


@given(st.integers(1, 12), st.data())
def test_law_removing_by_indexes_removes_these_items(length: int, data: st.DataObject) -> None:
    indexes = data.draw(st.lists(st.integers(-length, length - 1), min_size=1))
    gone = {index % length for index in indexes}
    result = apply({"l": list(range(length))}, {"target": f"$.l[{','.join(map(str, indexes))}]", "remove": True})
    assert result == {"l": [item for item in range(length) if item not in gone]}


@given(documents, documents)
def test_law_merging_keeps_the_other_keys_and_inserts_the_new(target: dict[str, Any], update: dict[str, Any]) -> None:
    both = target.keys() & update.keys()
    target = {key: value for key, value in target.items() if key not in both}
    assert apply(target, {"target": "$", "update": update}) == {**target, **update}


fragments = st.sampled_from([*"$.@?*[]()<>=!&|,:-'\"1ab^~#_ \\", "..", "==", "match(", "length(", "1e3", "true", "🐘"])
expressions = st.text() | st.lists(fragments, max_size=8).map(lambda parts: "$" + "".join(parts)) | targets
anything = st.recursive(
    primitives | st.floats() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def mostly(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """An object in which each field may be missing, and some hold anything at all."""
    shaped = st.fixed_dictionaries({}, optional={key: value | anything for key, value in fields.items()})
    return shaped | st.tuples(shaped, st.dictionaries(names, anything, max_size=1)).map(lambda pair: pair[0] | pair[1])


action_like = mostly(
    {
        "target": expressions,
        "description": st.text(),
        "update": json_values,
        "copy": expressions,
        "remove": st.booleans(),
    }
)
overlay_like = mostly(
    {
        "overlay": st.sampled_from(["1.0.0", "1.1.0", "1.1.1"]),
        "info": st.just({"title": "T", "version": "1"}),
        "extends": st.text(),
        "actions": st.lists(action_like, min_size=1, max_size=3),
    }
)


@given(anything | overlay_like | st.lists(action_like, max_size=3).map(lambda given: overlay_document(*given)))
def test_law_parse_raises_nothing_but_overlay_errors(document: Any) -> None:
    try:
        parsed = Overlay.parse(document, NAME)
    except OverlayError:
        return
    assert len(parsed.actions) == len(document["actions"])


@given(expressions, documents)
def test_law_apply_raises_nothing_but_overlay_errors(expression: str, document: dict[str, Any]) -> None:
    for change in ({"target": expression, "remove": True}, {"target": "$", "copy": expression}):
        with suppress(OverlayError):
            apply(document, change)
