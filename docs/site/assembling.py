"""Puts the pages that Sphinx is to read into a folder: those of docs/ as they are, and the reference, written anew.

A file is written only when it changes, so that Sphinx reads again no more than it has to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from .command_line import command_line_page
from .documents import codes_page, documents_page
from .operations import operations_page, whole_page
from .python_api import python_pages
from .specs import read, read_json

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
_COPIED: Final = ("*.md", "images/*", "ci/*")
_CONTROL: Final = ROOT / "src/shortcodekit/sandbox/control.json"


def written() -> dict[str, bytes]:
    """Every page of the site, and what they show, by the path below the site's folder."""
    copied = {
        file.relative_to(DOCS).as_posix(): file.read_bytes() for kind in _COPIED for file in sorted(DOCS.glob(kind))
    }
    pages = {name: within(content) if name.endswith(".md") else content for name, content in copied.items()}
    return pages | {name: text.encode("utf-8") for name, text in reference().items()}


def within(page: bytes) -> bytes:
    """A page whose links to files of the repository name those files: the site does not have them."""

    def named(found: re.Match[str]) -> str:
        text, path = found.groups()
        return text if path in text else f"{text} (`{path}`)"

    return re.sub(r"\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)", named, page.decode("utf-8")).encode("utf-8")


def reference() -> dict[str, str]:
    """The pages that are written from the specs, the commands and the packages."""
    from shortcodekit.cli.command import shortcodekit  # noqa: PLC0415  # only what is documented needs it

    pages: dict[str, str] = {}
    for file in sorted((ROOT / "specs").glob("*.yaml")):
        spec = read(file)
        pages[f"reference/http/{spec.name}.md"] = operations_page(spec)
        pages[f"reference/http/{spec.name}-documents.md"] = documents_page(spec)
        pages[f"reference/http/{spec.name}-codes.md"] = codes_page(spec)
    control = read_json(_CONTROL, "control")
    pages["reference/control-api.md"] = whole_page(control, "The sandbox's control API")
    pages["reference/command-line.md"] = command_line_page(shortcodekit)
    return pages | {f"reference/python/{name}.rst": text for name, text in python_pages().items()}


def assemble(folder: Path) -> None:
    """Makes `folder` hold just the pages of the site."""
    pages = written()
    for there in sorted(folder.rglob("*")):
        if there.is_file() and there.relative_to(folder).as_posix() not in pages:
            there.unlink()
    for name, content in pages.items():
        file = folder / name
        if not file.is_file() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
