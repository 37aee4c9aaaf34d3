"""`python -m codegen.lint` finds what is wrong in a spec, and names file, line and path."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from codegen import lint
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


EXAMPLES = """openapi: 3.1.0
info: {title: Examples, version: '1', x-own: {type: integer, example: not judged}}
paths:
  /a:
    parameters:
      - {name: n, in: query, schema: {type: integer}, example: p}
    get:
      responses:
        '200':
          description: All that an answer may be.
          content:
            application/json; charset=utf-8:
              schema: {$ref: '#/components/schemas/Count'}
              examples:
                right: {value: 1}
                wrong: {value: a}
                shared: {$ref: '#/components/examples/Shared'}
                elsewhere: {$ref: '#/components/examples/Nowhere'}
            application/xml: {schema: {type: object}, examples: {open: {value: <a>}, whole: {value: <a/>}, none: {value: 7}}}
            application/problem+xml; charset=utf-8: {schema: {type: object}, examples: {open: {value: <b>}}}
            text/plain: {examples: {any: {value: b}}}
components:
  examples:
    Shared: {value: c}
  schemas:
    Count: {type: integer, examples: [1, d]}
    Once: {type: integer, example: e}
    Moment: {type: string, format: date-time, example: f}
    Thing:
      type: object
      default: {type: integer, example: not judged}
      properties:
        example: {type: integer, example: g}
        default: {type: integer, example: h}
        x-name: {type: integer, example: i}
      allOf:
        - {properties: {inner: {type: integer, example: j}}}
      example: {inner: k}
    Many: {type: array, items: {$ref: '#/components/schemas/Count'}, example: [1, l]}
"""
ANSWER = "#/paths/~1a/get/responses/200/content"
CONTRADICTS = "the example contradicts its schema: "
NO_INTEGER = f'{CONTRADICTS}"%s" is not of type "integer"'


def test_each_example_is_judged_wherever_one_may_stand(tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    file.write_text(EXAMPLES, "utf-8")
    no_xml = "the example is not the text of an XML document: "
    plain = f"{ANSWER}/application~1json; charset=utf-8/examples"
    schemas = "#/components/schemas"
    expected = [
        (6, "#/paths/~1a/parameters/0/example", NO_INTEGER % "p"),
        (16, f"{plain}/wrong/value", NO_INTEGER % "a"),
        (24, "#/components/examples/Shared/value", NO_INTEGER % "c"),
        (19, f"{ANSWER}/application~1xml/examples/open/value", f"{no_xml}no element found: line 1, column 3"),
        (19, f"{ANSWER}/application~1xml/examples/none/value", f"{no_xml}"),
        (20, f"{ANSWER}/application~1problem+xml; charset=utf-8/examples/open/value", f"{no_xml}no element found"),
        (21, f"{ANSWER}/text~1plain/examples/any/value", "an example without a schema to judge it by"),
        (26, f"{schemas}/Count/examples/1", NO_INTEGER % "d"),
        (27, f"{schemas}/Once/example", NO_INTEGER % "e"),
        (28, f"{schemas}/Moment/example", f'{CONTRADICTS}"f" is not a "date-time"'),
        (38, f"{schemas}/Thing/example/inner", NO_INTEGER % "k"),
        (33, f"{schemas}/Thing/properties/example/example", NO_INTEGER % "g"),
        (34, f"{schemas}/Thing/properties/default/example", NO_INTEGER % "h"),
        (35, f"{schemas}/Thing/properties/x-name/example", NO_INTEGER % "i"),
        (37, f"{schemas}/Thing/allOf/0/properties/inner/example", NO_INTEGER % "j"),
        (39, f"{schemas}/Many/example/1", NO_INTEGER % "l"),
    ]
    found = problems(example_problems, file)
    told = [f"{file}:{line} at {pointer}: {reason}" for line, pointer, reason in expected]
    assert [each[: len(start)] for each, start in zip(found, told, strict=True)] == told


def test_what_the_validator_finds_in_a_schema_is_told_with_the_path_from_the_top(spec: Path) -> None:
    edit(spec, "type: [integer, string]", "type: [integer, sting]")
    edit(spec, "      operationId: sendAlert\n", "      operationId: 7\n")
    first, second = problems(validator_problems, spec)
    assert re.fullmatch(rf"{spec}:\d+ at #/paths/~1sc~1us~1alert~1{{format}}/post/operationId: 7 is not of .*", first)
    assert re.match(rf"{spec}:\d+ at #/components/schemas/TemplateIndex/type: \['integer', 'sting'\] is not", second)


def test_what_the_whole_document_lacks_is_told_without_a_path(spec: Path) -> None:
    edit(spec, "\npaths:\n", "\nx-paths:\n")
    edit(spec, "\nwebhooks:\n", "\nx-webhooks:\n")
    edit(spec, "\ncomponents:\n", "\nx-components:\n")
    (found,) = problems(validator_problems, spec)
    assert found.startswith(f"{spec}:1: ")


def test_a_reference_that_leads_nowhere_is_told(spec: Path) -> None:
    edit(spec, "schemas/UsNumber'}", "schemas/UsNumbr'}")
    assert problems(validator_problems, spec) == [f"{spec}: a $ref leads nowhere: /components/schemas/UsNumbr"]


# ---- the command -----------------------------------------------------------------------------------------------------

STANDS_IN: Final = """#!/bin/sh
echo "$@" >> asked
echo "$REDOCLY_TELEMETRY $REDOCLY_SUPPRESS_UPDATE_NOTICE $PATH" >> asked
cat answer
echo "what went wrong" >&2
exit 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one spec and one overlay, and a program in redocly's place that finds what stands in `answer`."""
    for file in ("specs/alerts.yaml", "overlays/receiver/10-alerts.yaml"):
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "answer").write_text('{"problems": []}', "utf-8")
    redocly = tmp_path / "redocly"
    redocly.write_text(STANDS_IN, "utf-8")
    redocly.chmod(0o700)
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    monkeypatch.setattr(lint, "REDOCLY", redocly)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verdicts(out: str) -> list[str]:
    """What the command says, without how long each step took."""
    return [" ".join(re.sub(r" +\d+\.\d\d s ", " ", line).split()) for line in out.splitlines()]


def test_all_specs_and_overlays_are_judged_step_by_step(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main([]) == 0
    assert verdicts(capsys.readouterr().out) == [
        "specs/alerts.yaml openapi-spec-validator ok",
        "specs/alerts.yaml redocly ok",
        "specs/alerts.yaml examples ok",
        "overlays/receiver/10-alerts.yaml overlay ok",
    ]
    asked, surroundings = (project / "asked").read_text("utf-8").splitlines()
    assert asked == "lint --format=json --max-problems=1000 --config=tools/redocly.yaml specs/alerts.yaml"
    assert surroundings == f"off true {Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def test_a_spec_that_is_named_is_judged_without_the_overlays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "specs/other.yaml").write_text("a: [", "utf-8")
    assert lint.main(["specs/alerts.yaml"]) == 0
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 3
    assert "other" not in told
    assert "overlay " not in told


def test_what_redocly_finds_is_told_with_its_place_and_its_rule(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        {
            "message": "One.",
            "ruleId": "a",
            "location": [{"pointer": "#/info", "start": {"line": 7}}, {"pointer": "#/x"}],
        },
        {"message": "Two.", "ruleId": "b", "location": [{}]},
    ]
    (project / "answer").write_text(json.dumps({"problems": found}), "utf-8")
    assert lint.main([]) == 1
    assert verdicts(capsys.readouterr().out)[1:4] == [
        "specs/alerts.yaml redocly 2 problems",
        "specs/alerts.yaml:7 at #/info: One. (a)",
        "specs/alerts.yaml:1 at #/: Two. (b)",
    ]


@pytest.mark.parametrize("answer", ["", "{}", "[]"])
def test_a_redocly_that_answers_something_else_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    (project / "answer").write_text(answer, "utf-8")
    assert lint.main([]) == 1
    assert verdicts(capsys.readouterr().out)[1:3] == [
        "specs/alerts.yaml redocly 1 problem",
        "specs/alerts.yaml: redocly could not run: what went wrong",
    ]


def test_in_what_is_not_openapi_no_examples_are_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project / "specs/alerts.yaml", "      operationId: sendAlert\n", "      operationId: 7\n")
    edit(project / "overlays/receiver/10-alerts.yaml", "overlay: 1.1.0", "overlay: 3.1.0")
    assert lint.main([]) == 1
    told = capsys.readouterr().out
    assert re.search("openapi-spec-validator .* 1 problem\n", told)
    assert "examples" not in told
    assert re.search("overlay .* 1 problem\n    overlays/receiver/10-alerts.yaml: `overlay` is '3.1.0'", told)


def test_each_problem_counts(project: Path) -> None:
    edit(project / "specs/alerts.yaml", EXAMPLE, EXAMPLE.replace("16365553226", "+16365553226"))
    assert lint.main([]) == 1


def test_without_redocly_or_specs_nothing_is_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "specs/alerts.yaml").unlink()
    assert lint.main([]) == 1
    assert capsys.readouterr().err == "there is no specs/*.yaml to judge\n"
    (project / "redocly").unlink()
    assert lint.main([]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "redocly is not installed here: run `make lint`, which installs it first\n")
