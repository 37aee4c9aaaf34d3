"""`python -m codegen.lint` finds what is wrong in a spec, and names file, line and path."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegen.documents import SpecError
from codegen.lint import REDOCLY, example_problems, overlay_problems, redocly_problems, validator_problems
from codegen.overlay import OverlayError
from tests.files import edit

ROOT = Path(__file__).parent.parent
EXAMPLE = "        to: '16365553226'\n        server: host3\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "specs/alerts.yaml", tmp_path)
    return tmp_path / "alerts.yaml"


def problems(step: Callable[[Path], Iterator[str]], file: Path) -> list[str]:
    return list(step(file))


def told(step: Callable[[Path], Iterator[str]], file: Path) -> str:
    """The problems, or the error that the command tells in their place."""
    try:
        return "\n".join(step(file))
    except (SpecError, OverlayError) as error:
        return str(error)


def test_the_specs_and_overlays_have_no_problems() -> None:
    for spec in (ROOT / "specs").glob("*.yaml"):
        assert problems(validator_problems, spec) == problems(example_problems, spec) == []
    for overlay in (ROOT / "overlays").rglob("*.yaml"):
        assert problems(overlay_problems, overlay) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (EXAMPLE, EXAMPLE.replace("16365553226", "+16365553226")),
        (
            "        message-count: '1'\n        messages:\n          - status: '4'",
            "        messages:\n          - status: '4'",
        ),
        ("      value: <error><error-code>401</error-code>", "      value: <error><error-code>401"),
    ],
    ids=["a value", "a missing key", "XML"],
)
def test_an_example_that_contradicts_its_schema_is_found(spec: Path, old: str, new: str) -> None:
    edit(spec, old, new)
    found = problems(example_problems, spec)
    assert found
    assert all(re.match(rf"{re.escape(str(spec))}:\d+ at #/", problem) for problem in found)


def test_what_is_not_openapi_is_found_by_the_validator(spec: Path) -> None:
    edit(spec, "      operationId: sendAlert\n", "      operationId: 7\n")
    assert problems(validator_problems, spec)


@pytest.mark.skipif(not REDOCLY.exists(), reason="redocly is not installed: `make lint` installs it")
def test_what_breaks_a_rule_is_found_by_redocly(spec: Path) -> None:
    assert problems(redocly_problems, spec) == []
    edit(spec, "      operationId: sendAlert\n", "")
    (found,) = problems(redocly_problems, spec)
    assert "operation-operationId" in found
    assert f"{spec.name}:" in found


def test_an_overlay_that_is_none_is_found(tmp_path: Path) -> None:
    file = tmp_path / "10-wrong.yaml"
    file.write_text("overlay: 1.1.0\ninfo: {title: x, version: 1.0.0}\nactions: []\n", "utf-8")
    assert "actions" in told(overlay_problems, file)


def test_a_file_that_is_not_yaml_is_told_by_every_step(spec: Path) -> None:
    spec.write_text("a: [", "utf-8")
    for step in (validator_problems, example_problems):
        assert str(spec) in told(step, spec)
