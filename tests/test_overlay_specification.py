"""`codegen.overlay` applies OpenAPI Overlays as the Overlay Specification 1.1.0 says.

The cases are the examples in its text; ids name their section. Structure and expressions are theirs, so that they are the
same cases; all words are ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.overlays import ID, apply, case, ok

TOP = {"in": "query", "name": "top"}
SKIP = {"in": "query", "name": "skip"}
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


@pytest.mark.parametrize(("before", "actions", "after", "version"), EXAMPLES)
def test_each_example_of_the_specification_gives_its_result(
    before: Any, actions: list[dict[str, Any]], after: Any, version: str
) -> None:
    """Section "Examples" of 1.1.0; the ids are its headings."""
    assert apply(before, *actions, version=version) == after
