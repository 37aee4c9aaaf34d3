"""Installs what was built into fresh environments, and runs the tests that ship with the sdist against what is installed.

The tests run in the unpacked sdist, from where nothing under `src/` and `generated/` can be imported: only what was installed.
Dependencies are those of requirements/dev.txt, with their hashes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .steps import ROOT, ReleaseError, run

EXTRAS: Final = "cli,contract,keyring,redis,sandbox"
UV: Final = (sys.executable, "-m", "uv")
_ALL: Final = "shortcodekit, shortcode_clients, shortcodekit.cli, shortcodekit.sandbox, shortcodekit.contract"
_WHERE: Final = f"import {_ALL}; print(shortcodekit.__file__); print(shortcode_clients.__path__[0])"


def pythons() -> list[Path]:
    """The Python of each minor version from 3.11 on that this machine has, that of this environment first."""
    found = {sys.version_info[:2]: Path(sys.executable)}
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(11, 30):
        name = f"python3.{minor}"
        for path in (*sorted(versions.glob(f"3.{minor}.*/bin/{name}")), shutil.which(name)):
            if path and (3, minor) not in found and _runs(path):
                found[3, minor] = Path(path)
    return list(found.values())


def _runs(python: str | Path) -> bool:
    words = (str(python), "-c", "import venv")
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def environment(folder: Path, python: Path, *what: str | Path) -> Path:
    """The Python of a new environment in which `what` is installed, as words of `uv pip install`."""
    run(*UV, "venv", "--quiet", "--clear", "--python", python, folder)
    run(*UV, "pip", "install", "--quiet", "--python", folder / "bin/python", *what)
    return folder / "bin/python"


def alone(folder: Path, python: Path, wheel: Path) -> Path:
    """The Python of a new environment that holds the wheel, its extras, and what those need, and nothing else."""
    ours = environment(folder, python, "--constraint", ROOT / "requirements/dev.txt", f"{wheel}[{EXTRAS}]")
    _is_installed(ours, folder)
    return ours


def with_tests(folder: Path, python: Path, file: Path) -> Path:
    """The Python of a new environment that holds `file` and all that the tests need."""
    ours = environment(folder, python, "--require-hashes", "-r", ROOT / "requirements/dev.txt")
    run(*UV, "pip", "install", "--quiet", "--python", ours, "--no-deps", "--no-build-isolation", file)
    _is_installed(ours, folder)
    return ours


def _is_installed(python: Path, folder: Path) -> None:
    for line in run(python, "-c", _WHERE, cwd=folder).splitlines():
        if not line.startswith(str(folder)):
            raise ReleaseError(f"imported from {line}, which was not installed")


def tested(python: Path, source: Path, tests: Sequence[str]) -> None:
    """Runs tests of the unpacked sdist, showing how they go; `ReleaseError` when one fails."""
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    words: list[str | Path] = [python, "-m", "pytest", "-q", "-n", "2", *tests]
    done = subprocess.run(words, cwd=source, env={**os.environ, "PATH": path}, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise ReleaseError(f"tests fail with {python}")
