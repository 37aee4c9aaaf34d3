"""The copy of the project in which mutmut works: one for each part, in `.cache/mutants/`, kept between runs.

mutmut takes all folders but `src/` for packages, so `generated/` is laid into `src/` too. Files that have not changed are not
touched, by which mutmut knows what it has done; when tests have changed, the mutants that survived are judged again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from mutation.parts import ROOT, Part

MUTANTS: Final = "mutants"
"""The folder that mutmut makes: the project with all mutants in it."""

_COPIED: Final = ("codegen", "contract_tests", "docs", "generated", "mutation", "overlays", "specs", "tests")
SURVIVED: Final = frozenset({0, 5, 33})
"""mutmut's numbers for mutants that no test killed, or that no test reached."""


def folder_of(part: Part) -> Path:
    """Where the copy for `part` is."""
    return ROOT / ".cache/mutants" / part.name


def stage(part: Part) -> Path:
    """Brings the copy for `part` up to date, and returns its folder."""
    folder = folder_of(part)
    folder.mkdir(parents=True, exist_ok=True)
    files = {place: (ROOT / file).read_bytes() for file in _files() for place in _places(file)}
    files["pyproject.toml"] = _settings(files["pyproject.toml"].decode("utf-8"), part).encode("utf-8")
    for file, content in files.items():
        _write(folder, file, content)
    for file in _left(folder, files):
        (folder / file).unlink()
        (folder / MUTANTS / file).unlink(missing_ok=True)
    _judge_again(folder, _fingerprint(part, files))
    return folder


def _files() -> Iterator[str]:
    ran = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607  # git, wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return (file for file in ran.stdout.splitlines() if (ROOT / file).is_file())


def _places(file: str) -> tuple[str, ...]:
    """Where a file goes: what is generated is also compared with what `codegen` writes."""
    return (file, _place(file)) if file.startswith("generated/") else (file,)


def _place(file: str) -> str:
    return f"src/{file.removeprefix('generated/')}" if file.startswith("generated/") else file


def _settings(text: str, part: Part) -> str:
    """The project's settings, with what of it this part is."""
    told: dict[str, Any] = {
        "source_paths": ["src", "codegen"],
        "also_copy": [*_COPIED, "README.md"],
        "only_mutate": [_place(each) for each in part.modules],
        "pytest_add_cli_args_test_selection": part.tests,
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())
    before, header, after = text.partition("[tool.mutmut]\n")
    assert header, "pyproject.toml has no settings for mutmut"  # noqa: S101  # written beside this
    return f"{before}{header}{lines}{after}"


def _write(folder: Path, file: str, content: bytes) -> None:
    target = folder / file
    if target.is_file() and target.read_bytes() == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    if not file.endswith(".py"):  # mutmut copies such a file only where it is missing
        (folder / MUTANTS / file).unlink(missing_ok=True)


def _left(folder: Path, files: dict[str, bytes]) -> list[str]:
    """The files of the copy that the project has no more."""
    below = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    found = (path.as_posix() for path in below if path.parts[0] != MUTANTS and "__pycache__" not in path.parts)
    return [each for each in found if each not in files and PurePosixPath(each).name != _FINGERPRINT]


_FINGERPRINT: Final = ".tests"


def _fingerprint(part: Part, files: dict[str, bytes]) -> str:
    """Changes when a test of this part does, or what tests use and read."""
    told = hashlib.sha256(repr(part.tests).encode("utf-8"))
    for file in sorted(files):
        path = PurePosixPath(file)
        used = path.parts[0] in {"contract_tests", "tests"} and not path.name.startswith("test_")
        if used or any(path.is_relative_to(test) for test in part.tests):
            told.update(file.encode("utf-8") + b"\0" + files[file])
    return told.hexdigest()


def _judge_again(folder: Path, fingerprint: str) -> None:
    """Forgets which mutants survived, and which tests reach what, when the tests are not those of the last run."""
    noted = folder / _FINGERPRINT
    if noted.is_file() and noted.read_text("ascii") == fingerprint:
        return
    (folder / MUTANTS / "mutmut-stats.json").unlink(missing_ok=True)
    for file in (folder / MUTANTS).rglob("*.meta"):
        told = json.loads(file.read_text("utf-8"))
        results: dict[str, int | None] = told["exit_code_by_key"]
        told["exit_code_by_key"] = {key: None if code in SURVIVED else code for key, code in results.items()}
        file.write_text(json.dumps(told), "utf-8")
    noted.write_text(fingerprint, "ascii")
