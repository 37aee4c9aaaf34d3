"""Whatever is wrong in a spec, it is told as an error that names the file, never as a traceback."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.documents import SpecError, load
from codegen.generate import build
from codegen.overlay import OverlayError
from contract_tests.profiles import examples

ROOT = Path(__file__).parent.parent
SPEC = load(ROOT / "specs/opt-in.yaml")


def nodes(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield from nodes(value, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


NODES = [path for path in nodes(SPEC) if path[:2] != ("components", "examples")]
HIGH = [path for path in NODES if len(path) <= 4]
PATHS = st.sampled_from(HIGH) | st.sampled_from(NODES)
VALUES: st.SearchStrategy[Any] = st.sampled_from([None, True, 7, "", 'a "word" \\', [], {}, [{}]]) | PATHS.map(
    lambda path: at(SPEC, path)
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "specs").mkdir()
    for purpose in ("codegen", "receiver"):
        (project / "overlays" / purpose).mkdir(parents=True)
        for file in (ROOT / "overlays" / purpose).glob("*-opt-in*.yaml"):
            shutil.copy(file, project / "overlays" / purpose)
    return project


@examples(60)
@given(path=PATHS, change=st.sampled_from(["replace", "delete", "rename"]), value=VALUES)
def test_a_damaged_spec_generates_or_is_refused_with_its_name(
    project: Path, path: tuple[Any, ...], change: str, value: Any
) -> None:
    document = copy.deepcopy(SPEC)
    parent = at(document, path[:-1])
    if change == "replace" or (change == "rename" and isinstance(parent, list)):
        parent[path[-1]] = copy.deepcopy(value)
    elif change == "delete":
        del parent[path[-1]]
    else:
        parent["x y-1'\"\\"] = parent.pop(path[-1])
    (project / "specs/opt-in.yaml").write_text(json.dumps(document), "utf-8")
    target = project / "generated"
    shutil.rmtree(target, ignore_errors=True)
    try:
        build(project, target, lambda _: None)
    except (SpecError, OverlayError) as error:
        assert "opt-in" in str(error)  # noqa: PT017  # it may also be a spec like any other
