"""From `specs/` and `overlays/` to the package in `generated/`.

For each spec: check it, apply the overlays, let openapi-python-client parse a slim copy (it chooses names and writes the
files), and fill its templates with the code of the emitters. The slim copy has every model as a bare object, because the
emitters read the full schemas themselves: openapi-python-client's own reading loses unions, code tables and XML.

The package is always built whole in a temporary place. The command (`__main__`) then swaps it in by two renames, so an error
or an interruption leaves `generated/` as it was; with `--check` it compares instead.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

from . import emit_builders, emit_calls, emit_models, emit_security, emit_tables, emit_webhooks
from .check import check
from .components import Components
from .documents import SpecError, load
from .overlay import Overlay, OverlayError
from .shapes import Unsupported

TEMPLATES: Final = Path(__file__).parent / "templates"
RUNTIME: Final = Path(__file__).parent / "runtime"


@frozen
class Api:
    """One spec on its way: the file, the package's name, the document, and the document without what does not generate."""

    spec: Path
    name: str
    document: dict[str, Any]
    slimmed: dict[str, Any]
    receiver: dict[str, Any]
    """The document as a receiver of the webhooks sees it; of no use where there are none."""
    components: Components

    @property
    def has_webhooks(self) -> bool:
        """Whether the service calls back."""
        return bool(self.document.get("webhooks"))


@frozen
class Report:
    """What became of one spec."""

    name: str
    spec: Path
    seconds: float
    models: int
    operations: int


def build(root: Path, target: Path, tell: Callable[[Report], None]) -> None:
    """Builds the package `shortcode_clients` of the project at `root` as the new folder `target`.

    `tell` is called when a spec is done. Raises `SpecError` or `codegen.overlay.OverlayError` when an input is wrong.
    """
    specs = sorted((root / "specs").glob("*.yaml"))
    if not specs:
        raise SpecError(root / "specs", "there is no spec here", line=1)
    overlays = {purpose: _overlays(root / "overlays" / purpose, specs) for purpose in ("codegen", "receiver")}
    target.mkdir(parents=True)
    _write_shared(target, specs)
    for spec in specs:
        start = time.perf_counter()
        api = _read(spec, overlays)
        _build_api(api, target / api.name)
        tell(
            Report(
                api.name,
                spec,
                time.perf_counter() - start,
                len(api.components.models),
                len(emit_calls.operations(api.slimmed)),
            )
        )
    _format(target)
    _add_headers(target, specs)


def _read(spec: Path, overlays: Mapping[str, list[Overlay]]) -> Api:
    """The checked spec, its overlays applied."""
    document = load(spec)
    components = check(document, spec)
    slimmed, receiver = (_overlaid(document, spec, overlays[purpose]) for purpose in ("codegen", "receiver"))
    return Api(spec, package_name(spec), document, slimmed, receiver, components)


def package_name(spec: Path) -> str:
    """The Python package of a spec: its file's name without a version."""
    return re.sub(r"-v[0-9.]+$", "", spec.name.removesuffix(".yaml")).replace("-", "_")


def _overlays(folder: Path, specs: list[Path]) -> list[Overlay]:
    """The overlays in `folder`, in the order of their names."""
    overlays = [Overlay.load(file) for file in sorted(folder.glob("*.yaml"))]
    for overlay in overlays:
        if overlay.extends and not any(_fits(overlay, spec) for spec in specs):
            raise OverlayError(
                overlay.name, f"`extends: {overlay.extends}` names none of the specs, so it would do nothing"
            )
    return overlays


def _overlaid(document: dict[str, Any], spec: Path, overlays: list[Overlay]) -> dict[str, Any]:
    for overlay in overlays:
        if _fits(overlay, spec):
            document = overlay.apply(document)
    return document


def _fits(overlay: Overlay, spec: Path) -> bool:
    """Whether the overlay is for this spec; one that names none is for all."""
    return overlay.extends is None or (Path(overlay.name).parent / overlay.extends).resolve() == spec.resolve()


# ---- one API ---------------------------------------------------------------------------------------------------------


def _build_api(api: Api, target: Path) -> None:
    config = Config.from_sources(
        ConfigFile(post_hooks=[], literal_enums=True, package_name_override=api.name),
        MetaType.NONE,
        document_source=api.spec,
        file_encoding="utf-8",
        overwrite=True,
        output_path=target,
    )
    parsed = GeneratorData.from_dict(_slim(api), config=config)
    if isinstance(parsed, GeneratorError):
        raise _refusal(api, parsed)
    _refuse_errors(api, parsed.errors)
    project = Project(openapi=parsed, config=config, custom_template_path=TEMPLATES)
    emitters = _Emitters(api)
    project.env.globals.update(emit=emitters)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells where it writes, which is a temporary place
            errors = project.build()
        _write_others(api, target, emitters.xml)
    except Unsupported as error:
        raise SpecError(api.spec, error.reason, steps=error.steps) from None
    _refuse_errors(api, errors)
    documents = {"openapi.json": api.document, **({"receiver.json": api.receiver} if api.has_webhooks else {})}
    for name, document in documents.items():
        told = {"x-generated": _header(f"specs/{api.spec.name}"), **document}
        _put(target / name, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _write_others(api: Api, target: Path, xml: frozenset[str]) -> None:
    """The modules that openapi-python-client has no template for."""
    _put(target / "codes.py", emit_tables.codes(api.components))
    _put(target / "xml_tables.py", emit_tables.xml_tables(api.components, xml))
    _put(target / "security.py", emit_security.security(api.document))
    if api.has_webhooks:
        _put(target / "webhooks.py", emit_webhooks.webhooks(api.document, api.components))
    for union in api.components.unions.values():
        if union.builders:
            folder = target / union.builders
            taken = folder.exists() or folder.with_suffix(".py").exists()
            if taken or union.builders in {"openapi", "receiver"}:
                steps = ("components", "schemas", union.name, "x-builders")
                raise Unsupported(f"the Python name {union.builders!r} is taken", steps)
            folder.mkdir()
            for name, text in emit_builders.builders(union, api.components).items():
                _put(folder / f"{name}.py", text)


def _put(file: Path, text: str) -> None:
    """Writes a file that is the same on every system: in UTF-8, and with the ends of lines that the text has."""
    file.write_bytes(text.encode())


class _Emitters:
    """What the templates call."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.xml = frozenset(_models_of_content(api, lambda kind: "xml" in kind, api.document))
        self._raw = frozenset(_webhook_models(api))

    @property
    def modules(self) -> list[str]:
        """The modules of the package that users need."""
        builders = (union.builders for union in self.api.components.unions.values())
        webhooks = {"webhooks"} if self.api.has_webhooks else set()
        return sorted({"api", "codes", "models", "security", *webhooks, *filter(None, builders)})

    def model(self, model: Any) -> str:
        return emit_models.model(str(model.class_info.name), self.api.components, raw=self._raw, xml=self.xml)

    def models(self) -> str:
        return emit_models.package(self.api.components)

    def call(self, endpoint: Any) -> str:
        return emit_calls.call(str(endpoint.name), self.api.slimmed, self.api.components)

    def docstring(self, text: str) -> str:
        return emit_models.docstring(text)

    @property
    def has_webhooks(self) -> bool:
        return self.api.has_webhooks

    @property
    def title(self) -> str:
        return str(self.api.document["info"]["title"])

    @property
    def description(self) -> str:
        return " ".join(str(self.api.document["info"]["description"]).split())

    @property
    def server(self) -> str:
        return " ".join(str(self.api.document["servers"][0].get("description", "Where the API is.")).split())

    @property
    def base_url(self) -> str:
        return repr(str(self.api.document["servers"][0]["url"]))


def _slim(api: Api) -> dict[str, Any]:
    models = set(api.components.models)
    schemas = {
        name: {"type": "object" if name in models else "string"} for name in api.slimmed["components"]["schemas"]
    }
    kept = {key: api.slimmed[key] for key in ("openapi", "info", "servers", "paths")}
    components = {key: value for key, value in api.slimmed["components"].items() if key in ("parameters", "responses")}
    return {**kept, "components": {**components, "schemas": schemas}}


def _refuse_errors(api: Api, errors: Iterable[GeneratorError]) -> None:
    for error in errors:
        raise _refusal(api, error)


def _refusal(api: Api, error: GeneratorError) -> SpecError:
    reason = " ".join(f"{error.header} {error.detail or ''}".split())
    return SpecError(api.spec, f"openapi-python-client cannot use this: {reason}", line=1)


def _webhook_models(api: Api) -> Iterator[str]:
    for name in _models_of_content(api, lambda _: True, api.document.get("webhooks", {})):
        yield name
        if name in api.components.unions:
            yield from api.components.unions[name].members


def _models_of_content(api: Api, fits: Callable[[str], bool], node: Any) -> Iterator[str]:
    """The models that media types and parameters below `node` refer to."""
    if isinstance(node, Mapping):
        if isinstance(node.get("schema"), Mapping) and fits("query"):
            yield from _model_of(api, node["schema"])
        for key, value in node.items():
            if key == "content" and isinstance(value, Mapping):
                for kind, media in value.items():
                    if fits(kind) and isinstance(media, Mapping):
                        yield from _model_of(api, media.get("schema", {}))
            else:
                yield from _models_of_content(api, fits, value)
    elif isinstance(node, list):
        for value in node:
            yield from _models_of_content(api, fits, value)


def _model_of(api: Api, schema: Mapping[str, Any]) -> Iterator[str]:
    name = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
    if name in api.components.models:
        yield name


# ---- the package -----------------------------------------------------------------------------------------------------


def _write_shared(target: Path, specs: list[Path]) -> None:
    names = [package_name(spec) for spec in specs]
    shutil.copytree(RUNTIME, target / "_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "py.typed").touch()
    text = (TEMPLATES / "package.py.in").read_bytes().decode()
    _put(target / "__init__.py", text.replace("{names}", ", ".join(f"`{name}`" for name in names)))


def _format(target: Path) -> None:
    isolated = ["--isolated", "--no-cache", "--quiet", "--config", "line-length = 120"]
    for command in (
        ["check", *isolated, "--select", "F401,I", "--fix"],
        ["format", *isolated, "--config", "format.skip-magic-trailing-comma = true"],
    ):
        ran = subprocess.run([*_ruff(), *command, str(target)], check=False, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"ruff refused what the emitters wrote:\n{ran.stdout}{ran.stderr}")


def _ruff() -> list[str]:
    beside = Path(sys.executable).parent / "ruff"
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "ruff"]


def _add_headers(target: Path, specs: list[Path]) -> None:
    sources = {package_name(spec): f"specs/{spec.name}" for spec in specs} | {"_runtime": "codegen/runtime"}
    for file in (target / "py.typed", *sorted(target.rglob("*.py"))):
        source = sources.get(file.relative_to(target).parts[0], "codegen/templates")
        _put(file, f"# {_header(source)}\n{file.read_bytes().decode()}")


def _header(source: str) -> str:
    return f"Generated by `python -m codegen` from {source}. Do not edit: change the source and generate again."
