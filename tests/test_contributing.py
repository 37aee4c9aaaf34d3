"""What `CONTRIBUTING.md` and the page about the architecture show of the tree is there, and what is there is shown."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
CONTRIBUTING: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ARCHITECTURE: Final = (ROOT / "docs/architecture.md").read_text("utf-8")
MAKEFILE: Final = (ROOT / "Makefile").read_text("utf-8")

LONGEST: Final = 400
"""How many lines a file may have that someone reads as code."""
CODE: Final = {".py", ".js", ".mjs", ".css", ".html", ".jinja", ".in", ".toml", ".sh", ".yml"}
LEFT: Final = {".cache", ".git", ".hypothesis", ".schemathesis", ".venv", "dist"}
"""Folders that git and running things leave."""
MADE: Final = LEFT | {"generated", "node_modules", "__pycache__"}
"""Folders of what nobody writes by hand."""
UNLISTED: Final = {"__init__.py", "__main__.py", "py.typed"}
"""What every package has; a table may say more of it."""


def table(head: str) -> list[list[str]]:
    """The cells of the rows below each head that begins so."""
    found = re.findall(rf"^\| {head}.*\n\|[-|]+\|\n((?:\|.*\n)+)", CONTRIBUTING, re.MULTILINE)
    assert found, head
    return [[cell.strip() for cell in row.strip("|").split("|")] for each in found for row in each.splitlines()]


def listed(folder: str) -> list[str]:
    """The files in the tables about a folder; a name without a folder is in that of the name before it."""
    names = []
    for first, *_ in table(f"in `{folder}/` "):
        below = ""
        for name in re.findall(r"`([^`]+)`", first):
            below = name.rpartition("/")[0] if "/" in name else below
            names.append(name if "/" in name or not below else f"{below}/{name}")
    return names


def there(folder: str) -> Iterator[str]:
    """The files below a folder that a table has to name, those of packages with a table of their own left out."""
    others = {each for each in TABLES if each.startswith(f"{folder}/")}
    for file in sorted((ROOT / folder).rglob("*")):
        name = file.relative_to(ROOT).as_posix()
        if file.is_file() and not MADE & {*file.parts} and not any(name.startswith(f"{each}/") for each in others):
            yield name.removeprefix(f"{folder}/")


TABLES: Final = sorted(set(re.findall(r"^\| in `([a-z_/]+)/` \| what it does \|$", CONTRIBUTING, re.MULTILINE)))


def test_the_layout_is_that_of_the_tree() -> None:
    shown = re.findall(r"`([a-z_.]+)/[a-z_/]*`", " ".join(row[0] for row in table("folder")))
    assert sorted(shown) == sorted({each.name for each in ROOT.iterdir() if each.is_dir()} - LEFT)


@pytest.mark.parametrize("folder", TABLES)
def test_the_table_of_a_folder_names_each_file_once_and_no_other(folder: str) -> None:
    names = listed(folder)
    assert len(set(names)) == len(names)
    files = set(there(folder))
    whole = [name.removesuffix("*") for name in names if name.endswith("/*")]
    assert [each for each in whole if not any(file.startswith(each) for file in files)] == []
    left = {file for file in files if not any(file.startswith(each) for each in whole)}
    named = {name for name in names if not name.endswith("/*")}
    assert named - left == set(), "these are not there"
    assert {file for file in left - named if Path(file).name not in UNLISTED} == set(), "these are not in the table"


@pytest.mark.parametrize("folder", ["contract_tests", "tests"])
def test_what_tests_share_is_told(folder: str) -> None:
    names = [name for row in table(f"in `{folder}/` . what tests share") for name in re.findall(r"`([^`]+)`", row[0])]
    modules = [each.name for each in (ROOT / folder).glob("*.py") if not each.name.startswith(("test_", "__"))]
    assert sorted(names) == sorted(modules)


def test_each_part_of_the_package_that_is_not_one_module_has_a_table() -> None:
    parts = {each.name for each in (ROOT / "src/shortcodekit").iterdir() if (each / "__init__.py").exists()}
    own = {each.rpartition("/")[2] for each in TABLES if each.startswith("src/shortcodekit/")}
    inside = {name.partition("/")[0] for name in listed("src/shortcodekit") if "/" in name}
    assert own | inside == parts


def test_each_layer_of_the_architecture_is_there() -> None:
    (rows,) = re.findall(r"^\| \| knows \| does not know \|\n\|[-|]+\|\n((?:\|.*\n)+)", ARCHITECTURE, re.MULTILINE)
    names = re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE)
    assert len(names) == len(rows.splitlines())
    packages = [each for each in names if "/" not in each]
    assert [each for each in names if "/" in each and not (ROOT / each).is_dir()] == []
    assert all(importlib.import_module(each) for each in packages)
    parts = {each.name for each in (ROOT / "src/shortcodekit").iterdir() if (each / "__init__.py").exists()}
    assert {each.partition(".")[2] for each in packages} - {""} == parts - {"clients"}, "its clients are the package"


def test_each_target_of_the_makefile_is_told_of() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    told = {word for line in re.findall(r"(?:^|`)make ([^`\n#]+)", CONTRIBUTING, re.MULTILINE) for word in line.split()}
    assert targets - told - {"help"} == set()
    rows = [re.findall(r"`make ([a-z-]+)", row[0]) for row in table("command")]
    assert all(len(row) == 1 and row[0] in targets for row in rows)


def test_no_file_that_is_written_by_hand_is_longer_than_one_can_read() -> None:
    counts = {}
    for folder, below, names in os.walk(ROOT):
        below[:] = {*below} - MADE  # other tests write there meanwhile
        for file in (Path(folder, name) for name in names):
            if file.suffix in CODE:
                counts[file.relative_to(ROOT).as_posix()] = file.read_text("utf-8").count("\n")
    assert "tests/test_contributing.py" in counts
    assert {name: count for name, count in counts.items() if count > LONGEST} == {}
