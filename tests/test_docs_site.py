"""The documentation's site: every page is in the navigation, every link leads somewhere, and the reference leaves nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest

import shortcodekit
from codegen.documents import load
from docs.site.assembling import reference, within
from docs.site.choices import choices_of
from docs.site.docstrings import restructured
from shortcodekit.cli.command import shortcodekit as command
from tests.documentation import Page, made_site, read
from tests.guides import ROOT

SPECS = sorted((ROOT / "specs").glob("*.yaml"))
GENERATED = "reference/"


# ---- pages and links -------------------------------------------------------------------------------------------------


def _in_navigation() -> list[str]:
    found: list[str] = []
    for page in ("index.md", "reference.md"):
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
        ):
            found += [line for line in block.splitlines() if line and line[0] != ":"]
    return found


def test_every_page_is_in_the_navigation_once() -> None:
    pages = {file.stem for file in (ROOT / "docs").glob("*.md")} - {"index"}
    by_hand = [entry for entry in _in_navigation() if not entry.startswith(GENERATED)]
    assert sorted(by_hand) == sorted(pages), "docs/index.md has a list for each kind of page"


def test_links_that_lead_elsewhere_are_addresses_on_the_web() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    links = [link for page in pages for link in re.findall(r"\]\((\w+:[^)]*)\)", page.read_text("utf-8"))]
    assert links
    for link in links:
        parts = urlsplit(link)
        assert parts.scheme == "https", link
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
        assert re.fullmatch(r"[\w./%~#?=&+:,-]*", link), link


@pytest.fixture(scope="module")
def site() -> dict[Path, Page]:
    """Every page of the site."""
    folder = made_site()
    return {file: read(file) for file in folder.rglob("*.html") if "_static" not in file.parts}


def test_every_link_within_the_site_leads_to_a_place_that_is_there(site: dict[Path, Page]) -> None:
    assert len(site) > 30
    wrong = []
    for file, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            known = site[target].anchors if target in site else None
            if not target.is_file() or (known is not None and parts.fragment and unquote(parts.fragment) not in known):
                wrong.append(f"{file.name} → {link}")
    assert wrong == []


def test_no_page_loads_anything_from_elsewhere(site: dict[Path, Page]) -> None:
    loaded = {load for page in site.values() for load in page.loads}
    assert loaded
    assert [load for load in loaded if urlsplit(load).scheme not in {"", "data"} or urlsplit(load).netloc] == []
    styles = [file.read_text("utf-8") for file in made_site().rglob("*.css")]
    assert styles
    assert [
        found for style in styles for found in re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", style)
    ] == []


# ---- the reference leaves nothing out --------------------------------------------------------------------------------


@cache
def _pages() -> dict[str, str]:
    return reference()


def _http(spec: Path) -> str:
    return "\n".join(_pages()[f"reference/http/{spec.stem}{kind}.md"] for kind in ("", "-documents", "-codes"))


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(value)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_the_http_reference_has_everything_that_a_spec_says(spec: Path) -> None:
    text, document = _http(spec), load(spec)
    operations = [node for node in _nodes(document["paths"]) if "operationId" in node]
    webhooks = [node for node in _nodes(document.get("webhooks", {})) if "operationId" in node]
    assert operations
    for operation in (*operations, *webhooks):
        assert operation["summary"] in text
        for told in operation.get("x-tolerates", ()):
            assert told["what"] in text
    assert all(f"`{operation['operationId']}`" in text for operation in operations)
    assert all(f"`{path}`" in text or f" {path}`" in text for path in document["paths"])
    assert all(f"Webhook `{name}`" in text for name in document.get("webhooks", ()))
    for key in ("description", "x-source", "x-choice", "pattern", "title"):
        said = {node[key] for node in _nodes(document) if isinstance(node.get(key), str)} - _untold(document)
        assert {each for each in said if each.replace("|", "\\|") not in text and each not in text} == set(), key
    for example in document["components"]["examples"].values():
        assert example["summary"].replace("&", "&amp;").replace("<", "&lt;") in text
    choices = {said for each in choices_of(spec).values() for said in each}
    assert {said for said in choices if said not in text} == set()
    assert len(choices) >= spec.read_text("utf-8").count("# x-choice:") - 1, "two may say the same"


def _untold(document: dict[str, Any]) -> set[str]:
    """What is said of an openness that all tables have, and by tags; the page says it once, in words of its own."""
    last = {branch["description"] for node in _nodes(document) for branch in node.get("anyOf", ())[-1:]}
    return last | {tag["description"] for tag in document["tags"]}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_the_http_reference_has_every_code_and_every_field_with_its_bounds(spec: Path) -> None:
    text = _http(spec)
    schemas = load(spec)["components"]["schemas"]
    for schema in schemas.values():
        for branch in schema.get("anyOf", ()):
            if "const" in branch:
                assert f"| `{branch['const']}` | {branch['title']} |" in text
        for name in schema.get("properties", ()):
            needed = "**required**" if name in schema.get("required", ()) else ""
            assert re.search(rf"^`{re.escape(name)}`: {re.escape(needed)}", text, re.MULTILINE), name
    for node in _nodes(schemas):
        if "maxLength" in node:
            assert re.search(rf"\b{node['maxLength']} characters", text)


def test_the_control_api_and_every_option_of_every_command_are_in_the_reference() -> None:
    control = json.loads((ROOT / "src/shortcodekit/sandbox/control.json").read_text("utf-8"))
    text = _pages()["reference/control-api.md"]
    for path, item in control["paths"].items():
        for method in item:
            if method != "parameters":
                assert f"`{method.upper()} {path}`" in text
    text = _pages()["reference/command-line.md"]

    def look(each: click.Command, path: str) -> None:
        assert f"## {path}\n" in text
        for option in each.params:
            for name in option.opts if isinstance(option, click.Option) else []:
                assert f"`{name}`" in text, (path, name)
        if isinstance(each, click.Group):
            for name in each.list_commands(click.Context(each)):
                below = each.get_command(click.Context(each), name)
                assert below is not None
                look(below, f"{path} {name}")

    look(command, "shortcodekit")


def test_every_public_name_is_in_the_reference_to_python(site: dict[Path, Page]) -> None:
    anchors = set().union(*(page.anchors for file, page in site.items() if file.parent.name == "python"))
    text = _pages()["reference/python/shortcodekit.rst"]
    for name in shortcodekit.__all__:
        assert f"shortcodekit.{name}" in anchors or re.search(rf"\b{name}\b", text), name
    from shortcode_clients.messages import models
    from shortcodekit import contract, errors, sandbox, webhooks

    for module in (contract, sandbox, webhooks, models):
        missing = [name for name in module.__all__ if f"{module.__name__}.{name}" not in anchors]
        assert [name for name in missing if not name.isupper()] == []
    family = {
        kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    assert family
    assert {f"shortcodekit.errors.{name}" for name in family} <= anchors


def test_what_the_site_does_not_have_is_named_where_a_page_leads_to_it() -> None:
    page = b"See [the laws](../src/laws.py#top), [`src/x.py`](../src/x.py) and [that](that.md)."
    assert within(page) == b"See the laws (`src/laws.py`), `src/x.py` and [that](that.md)."


# ---- docstrings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Sends `Alert`s, as `x`.", r"Sends :py:obj:`Alert <k.Alert>`\ s, as ``x``."),
        (
            "Parameters:\n- `a`: one,\n  and more.\n- `b`: two.",
            "Parameters:\n\n- ``a``: one,\n  and more.\n- ``b``: two.",
        ),
        (
            "Args:\n    text: Long\n        text.\n\nReturns it.",
            "Parameters:\n\n- ``text``: Long\n  text.\n\nReturns it.",
        ),
        ("As:\n\n    do(it)\n\nThen.", "As:\n\n.. code-block:: python\n\n    do(it)\n\nThen."),
        ("A code `that\ngoes on`.", "A code ``that goes on``."),
    ],
    ids=["names", "list", "arguments", "code", "lines"],
)
def test_docstrings_are_read_as_markdown(written: str, read: str) -> None:
    assert "\n".join(restructured(written.splitlines(), {"Alert": "k.Alert"})).rstrip() == read


def test_a_choice_belongs_to_what_it_stands_beside(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(
        "a: &a\n  # x-choice: of a,\n  # in two lines\n  b: 1\n  c:\n    d: 2\n    # x-choice: of c\nlist:\n"
        "  # x-choice: of list\n  - e: 3\n    # x-choice: of the first\n    f: 4\nagain: *a\n",
        "utf-8",
    )
    assert choices_of(file) == {
        ("a",): ["of a, in two lines"],
        ("a", "c"): ["of c"],
        ("list",): ["of list"],
        ("list", 0): ["of the first"],
        ("again",): ["of a, in two lines"],
        ("again", "c"): ["of c"],
    }
