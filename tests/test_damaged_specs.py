"""Whatever is wrong in a spec, it is told as an error that names the file, never as a traceback."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from codegen.documents import SpecError, load
from codegen.generate import build
from codegen.overlay import OverlayError
from contract_tests.profiles import examples

ROOT = Path(__file__).parent.parent


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


@frozen(slots=False)
class Spec:
    """A spec, and the places where it is damaged."""

    name: str

    @cached_property
    def document(self) -> dict[str, Any]:
        return load(ROOT / f"specs/{self.name}.yaml")

    @cached_property
    def paths(self) -> st.SearchStrategy[tuple[Any, ...]]:
        """Anywhere, and as often: near the top, in what says how to be let in, in webhooks, and in what has builders."""
        found = [path for path in nodes(self.document) if path[:2] != ("components", "examples")]
        high = [path for path in found if len(path) <= 4]
        let_in = [path for path in found if "security" in path[0] or "securitySchemes" in path]
        built = [path for path in found if len(path) > 3 and path[2] in self._built]
        events = [path for path in found if path[0] == "webhooks" and len(path) <= 6]
        return st.one_of(*(st.sampled_from(each) for each in (high, found, let_in, built, events) if each))

    @property
    def _built(self) -> set[str]:
        """The components that builders make."""
        schemas = self.document["components"]["schemas"]
        names, pending = set(), [name for name, schema in schemas.items() if "x-builders" in schema]
        while pending:
            names.add(name := pending.pop())
            refs = [path for path in nodes(schemas[name]) if path[-1] == "$ref"]
            pending += {at(schemas[name], path).rpartition("/")[2] for path in refs} - names
        return names

    @cached_property
    def values(self) -> st.SearchStrategy[Any]:
        simple: st.SearchStrategy[Any] = st.sampled_from([None, True, 7, "", 'a "word" \\', [], {}, [{}]])
        return simple | self.paths.map(lambda path: at(self.document, path))

    def __str__(self) -> str:
        return self.name


SPECS = (Spec("opt-in"), Spec("messages-v0.1"))


@pytest.fixture(scope="module", params=SPECS, ids=str)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Spec, Path]:
    spec, folder = request.param, tmp_path_factory.mktemp("project")
    (folder / "specs").mkdir()
    for purpose in ("codegen", "receiver"):
        (folder / "overlays" / purpose).mkdir(parents=True)
        for file in (ROOT / "overlays" / purpose).glob(f"*-{spec}*.yaml"):
            shutil.copy(file, folder / "overlays" / purpose)
    return spec, folder


@examples(60)
@given(st.data())
def test_a_damaged_spec_generates_or_is_refused_with_its_name(project: tuple[Spec, Path], data: st.DataObject) -> None:
    spec, folder = project
    path, value = data.draw(spec.paths), data.draw(spec.values)
    change = data.draw(st.sampled_from(["replace", "delete", "rename"]))
    document = copy.deepcopy(spec.document)
    parent = at(document, path[:-1])
    if change == "replace" or (change == "rename" and isinstance(parent, list)):
        parent[path[-1]] = copy.deepcopy(value)
    elif change == "delete":
        del parent[path[-1]]
    else:
        parent["x y-1'\"\\"] = parent.pop(path[-1])
    (folder / f"specs/{spec}.yaml").write_text(json.dumps(document), "utf-8")
    target = folder / "generated"
    shutil.rmtree(target, ignore_errors=True)
    try:
        build(folder, target, lambda _: None)
    except (SpecError, OverlayError) as error:
        assert str(spec) in str(error)  # noqa: PT017  # it may also be a spec like any other
