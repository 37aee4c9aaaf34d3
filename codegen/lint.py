"""Judging the hand-written files: `python -m codegen.lint [SPEC …]`.

OpenAPI has no one authority, so two linters that share no code read each spec: redocly's command line, configured in
`tools/redocly.yaml`, and openapi-spec-validator. Neither finds every example that contradicts its schema, so a third
step validates them all with jsonschema-rs. The overlays are only parsed here; whether their targets still match is for
`python -m codegen --check` to say. Problems of every step are told with file, line and path.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple
from xml.parsers import expat

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing.exceptions import Unresolvable

from codegen.documents import SpecError, Step, load
from codegen.overlay import Overlay, OverlayError

ROOT = Path(__file__).parent.parent
REDOCLY = ROOT / "tools/node_modules/.bin/redocly"

# OpenAPI's mappings whose keys are names that the author chose, and mean nothing by themselves.
NAMES = frozenset(
    "$defs callbacks content dependentSchemas encoding headers links parameters pathItems paths "
    "patternProperties properties requestBodies responses schemas securitySchemes variables webhooks".split()
)
# Keys whose values belong to the service; whatever they look like, they are not OpenAPI.
DATA = frozenset("const default enum example examples value".split())


def main(arguments: list[str]) -> int:
    """Judge the named specs, or else all specs and overlays; 1 when there is a problem, 2 when redocly is missing."""
    os.chdir(ROOT)
    if not REDOCLY.exists():
        print("redocly is not installed here: run `make lint`, which installs it first", file=sys.stderr)
        return 2
    specs = [Path(argument) for argument in arguments] or sorted(Path("specs").glob("*.yaml"))
    overlays = [] if arguments else sorted(Path("overlays").rglob("*.yaml"))
    problems = 0
    with ThreadPoolExecutor() as pool:
        redocly = [pool.submit(_timed, redocly_problems, file) for file in specs]
        for file, answer in zip(specs, redocly, strict=True):
            invalid = _told(file, "openapi-spec-validator", *_timed(validator_problems, file))
            problems += invalid + _told(file, "redocly", *answer.result())
            if not invalid:  # in what is not OpenAPI, examples cannot be told from anything else
                problems += _told(file, "examples", *_timed(example_problems, file))
    for file in overlays:
        problems += _told(file, "overlay", *_timed(overlay_problems, file))
    if not specs:
        print("there is no specs/*.yaml to judge", file=sys.stderr)
    return 0 if specs and not problems else 1


def redocly_problems(file: Path) -> Iterator[str]:
    """What the redocly command line finds in `file`."""
    command = [str(REDOCLY), "lint", "--format=json", "--max-problems=1000", "--config=tools/redocly.yaml", str(file)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"  # node is in the virtualenv
    environment = os.environ | {"PATH": path, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    try:
        found = json.loads(run.stdout)["problems"]
    except (ValueError, KeyError, TypeError):
        yield f"{file}: redocly could not run: {shorten(run.stderr or run.stdout, 300)}"
        return
    for problem in found:
        at = problem["location"][0]
        line = at.get("start", {}).get("line", 1)
        yield f"{file}:{line} at {at.get('pointer', '#/')}: {problem['message']} ({problem['ruleId']})"


def validator_problems(file: Path) -> Iterator[str]:
    """What openapi-spec-validator finds in `file`."""
    document = load(file)
    try:
        for error in OpenAPIV31SpecValidator(document).iter_errors():
            steps = _whole_path(document, tuple(error.absolute_path), error.instance)
            yield str(SpecError(file, shorten(error.message.partition("\n")[0], 300), steps=steps))
    except Unresolvable as error:
        yield f"{file}: a $ref leads nowhere: {error.ref}"


def _whole_path(document: dict[str, Any], path: tuple[Step, ...], value: Any) -> tuple[Step, ...]:
    """`path` from the top of the document: inside of a schema, the validator counts from the schema."""
    if path and path[0] not in document:
        return next((steps for steps, node in _nodes(document) if steps[-len(path) :] == path and node == value), path)
    return path


def _nodes(node: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    yield steps, node
    for key, item in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _nodes(item, (*steps, key))


def example_problems(file: Path) -> Iterator[str]:
    """The examples in `file` that contradict the schema they illustrate."""
    document = load(file)
    components = {"components": document.get("components", {})}
    for steps, value, schema, media_type in _examples(document, (), document):
        if schema is None:
            yield str(SpecError(file, "an example without a schema to judge it by", steps=steps))
        elif media_type.partition(";")[0].endswith(("/xml", "+xml")):
            try:  # only whether it is XML: what it says is judged where XML is read, by the contract suite
                expat.ParserCreate().Parse(value, True)
            except (expat.ExpatError, TypeError) as error:
                yield str(SpecError(file, f"the example is not the text of an XML document: {error}", steps=steps))
        else:  # the components come along because the schema's references point at them
            validator = jsonschema_rs.Draft202012Validator({**schema, **components}, validate_formats=True)
            for contradiction in validator.iter_errors(value):
                reason = f"the example contradicts its schema: {shorten(contradiction.message, 300)}"
                yield str(SpecError(file, reason, steps=(*steps, *contradiction.instance_path)))


def overlay_problems(file: Path) -> Iterator[str]:
    """What keeps `file` from being an overlay."""
    Overlay.load(file)
    return iter(())


class _Example(NamedTuple):
    steps: tuple[Step, ...]
    value: Any
    schema: dict[str, Any] | None
    media_type: str = ""


def _examples(node: Any, steps: tuple[Step, ...], document: dict[str, Any]) -> Iterator[_Example]:
    """Every example at or below the OpenAPI or schema object `node`."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _examples(item, (*steps, index), document)
    if not isinstance(node, dict):
        return
    yield from _own_examples(node, steps, document)
    for key, value in node.items():
        if key in DATA or key.startswith("x-"):
            continue
        if key in NAMES and isinstance(value, dict):
            for name, item in value.items():
                yield from _examples(item, (*steps, key, name), document)
        else:
            yield from _examples(value, (*steps, key), document)


def _own_examples(node: dict[str, Any], steps: tuple[Step, ...], document: dict[str, Any]) -> Iterator[_Example]:
    """The examples of one object: beside `schema` they illustrate that, elsewhere the object is the schema."""
    named = node.get("examples")
    if isinstance(named, list):
        for index, value in enumerate(named):
            yield _Example((*steps, "examples", index), value, node)
    elif isinstance(named, dict) and steps != ("components",):
        media_type = str(steps[-1]) if "content" in steps[-2:] else ""
        for name, holder in named.items():
            at: tuple[Step, ...] = (*steps, "examples", name)
            found = holder
            if "$ref" in holder:
                at = tuple(holder["$ref"].removeprefix("#/").split("/"))
                found = document["components"].get("examples", {}).get(at[-1], {})
            if "value" in found:  # what leads nowhere is redocly's to report
                yield _Example((*at, "value"), found["value"], node.get("schema"), media_type)
    if "example" in node:
        yield _Example((*steps, "example"), node["example"], node.get("schema", node))


def _timed(find: Callable[[Path], Iterator[str]], file: Path) -> tuple[float, list[str]]:
    began = time.perf_counter()
    try:
        found = list(find(file))
    except (SpecError, OverlayError) as error:
        found = [str(error)]
    return time.perf_counter() - began, found


def _told(file: Path, step: str, seconds: float, found: list[str]) -> int:
    verdict = f"{len(found)} problem{'s' * (len(found) != 1)}" if found else "ok"
    print(f"{file!s:34} {step:23} {seconds:5.2f} s  {verdict}", flush=True)
    for problem in found:
        print(f"    {problem}", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
