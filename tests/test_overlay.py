"""Laws of applying overlays: merging, targets, errors, and that nothing is shared or changed that was given."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codegen.documents import SpecError
from codegen.overlay import Overlay, OverlayError
from tests.overlays import NAME, apply, assert_nothing_is_shared, overlay, overlay_document

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
