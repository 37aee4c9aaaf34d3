"""`codegen.overlay` applies the sets that the repository of the Overlay Specification calls compliant.

Structure and expressions are theirs, so that they are the same cases; all words are ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.overlays import ID, apply, case, ok


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


@pytest.mark.parametrize(("before", "actions", "after", "version"), COMPLIANT_SETS)
def test_each_compliant_set_gives_its_output(
    before: Any, actions: list[dict[str, Any]], after: Any, version: str
) -> None:
    assert apply(before, *actions, version=version) == after
