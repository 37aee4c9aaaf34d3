"""The documentation's site, made once in a run of the tests, and a reader of its pages."""

from __future__ import annotations

import fcntl
import os
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from attrs import Factory, define

from tests.guides import ROOT

FOLDER: Final = ROOT / ".cache/docs"
_PYTHON: Final = FOLDER / "env/bin/python"


def made_site() -> Path:
    """The folder of the site's pages. Workers of pytest-xdist wait for the one that makes it."""
    if not _PYTHON.exists():
        pytest.skip("what makes the documentation's site is not installed: make docs installs it")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    stamp = FOLDER / ".made-by-tests"
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text("utf-8") != run:
            made = subprocess.run(
                [_PYTHON, "-m", "docs.site"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": "src:generated"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, made.stdout + made.stderr
            stamp.write_text(run, "utf-8")
    return FOLDER / "html"


@define
class Page(HTMLParser):
    """What a page leads to, loads, and can be led to at."""

    links: list[str] = Factory(list)
    loads: list[str] = Factory(list)
    anchors: set[str] = Factory(set)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.anchors.update(told[name] for name in ("id", "name") if name in told)
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        self.loads += [told[name] for name in ("src", "srcset") if name in told]
        if tag == "link" and told.get("rel") not in {"next", "prev", "index", "search", "canonical"}:
            self.loads.append(told.get("href", ""))


def read(file: Path) -> Page:
    page = Page()
    page.feed(file.read_text("utf-8"))
    return page
