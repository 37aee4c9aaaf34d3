"""Imports point one way: specs → codegen → generated → src → contract_tests, and inside `shortcodekit` from the edge to the core."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent

RANKS: Final = (
    {
        "answers",
        "auth",
        "concealing",
        "errors",
        "exchange",
        "retrying",
        "rules",
        "signing",
        "sqlite_files",
        "templates",
        "texts",
    },
    {"clients", "outbound", "webhooks"},
    {"migration"},
    {"sandbox", "contract"},
    {"cli", "pytest_plugin", "__init__"},
    {"__main__"},
)
"""Parts of `shortcodekit`, the core first. A part imports from its own rank of the first two at most, and from those before."""
CORE: Final = {"attr", "attrs", "httpcore", "httpx", "msgspec", "jwt", "cryptography"}
"""What is installed with the core, by the names that it is imported under."""
FOLDERS: Final = {
    "generated/shortcode_clients": {"shortcode_clients", "attrs", "httpx", "msgspec"},
    "codegen/runtime": {"runtime", "attrs", "httpx", "msgspec"},  # becomes a part of generated/
    "codegen": {
        "codegen",
        "attrs",
        "jsonschema_rs",
        "yaml",
        "openapi_python_client",
        "openapi_spec_validator",
        "jsonpath",
        "referencing",
    },
    "release": {"release", "packaging", "yaml"},
}
"""What each folder may import beside the standard library."""
ABOVE: Final = {"codegen", "contract_tests", "tests", "benchmarks", "release"}
"""What nothing that is published imports."""


def imported(file: Path, package: str) -> Iterator[str]:
    """Each name that a module imports, whole, wherever in it that happens; `package` is where it stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            yield from (f"{base}.{each.name}" for each in node.names)


def modules(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each module of a package, and the package that it stands in."""
    files = sorted(folder.rglob("*.py"))
    assert files, f"there is nothing in {folder}"
    for file in files:
        yield file, ".".join(file.relative_to(folder.parent).parent.parts)


ALL: Final = set().union(*RANKS)


def part_of(name: str) -> str:
    """The part of `shortcodekit` that a name leads to; what the package itself exports are mostly clients."""
    part = name.split(".")[1]
    return part if part in ALL else "clients"


def test_each_part_of_the_package_has_a_rank() -> None:
    there = {each.stem for each in (ROOT / "src/shortcodekit").iterdir() if each.suffix == ".py" or each.is_dir()}
    assert there - {"py", "__pycache__"} <= ALL


def test_parts_of_the_package_import_from_those_nearer_to_the_core() -> None:
    rank = {part: number for number, parts in enumerate(RANKS) for part in parts}
    wrong = []
    for file, package in modules(ROOT / "src/shortcodekit"):
        part = package.split(".")[1] if "." in package else file.stem
        for name in imported(file, package):
            if name.split(".")[0] != "shortcodekit" or part_of(name) == part or name == "shortcodekit.__name__":
                continue
            if rank[part_of(name)] > rank[part] or (rank[part_of(name)] == rank[part] > 0):
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_core_has_no_circle() -> None:
    uses = {
        part: {part_of(name) for name in imported(ROOT / f"src/shortcodekit/{part}.py", "shortcodekit")
               if name.startswith("shortcodekit.")} & RANKS[0]
        for part in RANKS[0]
    }  # fmt: skip
    while uses:
        free = {part for part, used in uses.items() if not used - {part}}
        assert free, f"a circle in {uses}"
        uses = {part: used - free for part, used in uses.items() if part not in free}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_what_it_may(folder: str) -> None:
    known = FOLDERS[folder] | sys.stdlib_module_names | {"attr"}
    for file, package in modules(ROOT / folder):
        if any(file.is_relative_to(ROOT / other) for other in FOLDERS if other.startswith(f"{folder}/")):
            continue
        found = {name.split(".")[0] for name in imported(file, package)}
        assert found <= known, file


def test_what_is_published_imports_nothing_of_what_is_not() -> None:
    for file, package in modules(ROOT / "src/shortcodekit"):
        assert not {name.split(".")[0] for name in imported(file, package)} & ABOVE, file


def test_without_an_extra_the_clients_and_webhooks_need_the_core_alone() -> None:
    known = CORE | sys.stdlib_module_names | {"shortcodekit", "shortcode_clients"}
    for file, package in modules(ROOT / "src/shortcodekit"):
        part = package.split(".")[1] if "." in package else file.stem
        if part in {*RANKS[3], *RANKS[4], *RANKS[5]} - {"__init__"} or file.name == "redis.py":
            continue
        assert {name.split(".")[0] for name in imported(file, package)} <= known, file
