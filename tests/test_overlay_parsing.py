"""What is an overlay, and what is not: the documents that the tests of the specification's schema accept and refuse.

The ids are their file names. Structure and expressions are theirs, so that they are the same cases; all words are ours.
"""

from __future__ import annotations

from typing import Any

import pytest

from codegen.overlay import Overlay, OverlayError
from tests.overlays import NAME, apply, overlay, overlay_document

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
        pytest.param(
            overlay_document(*({"target": "$.a", "update": [each]} for each in (1, True, "1", [1]))),
            id="actions that differ in a list",
        ),
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
        pytest.param(
            overlay_document(*2 * [{"target": "$.a", "update": {"b": [1, [2]]}}]),
            "same as action 1",
            2,
            id="actions with lists, not unique",
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


def test_what_the_library_says_of_an_expression_is_told() -> None:
    with pytest.raises(OverlayError, match=r"is not RFC 9535 JSONPath: unexpected end of query; begin with"):
        overlay({"target": "$[", "remove": True})
