"""`codegen.overlay` applies OpenAPI Overlays as the Overlay Specification 1.1.0 says.

The cases are those of the specification: the examples in its text (ids name their section) and the sets that its
repository calls compliant. Structure and expressions are theirs, so that they are the same cases; all words are ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.overlays import apply


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
