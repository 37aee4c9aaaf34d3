r"""Where the vendor's clients are installed: environments of their own, for nothing else may come to need what they need.

Each is made once, by whichever test comes first, under `.cache/vendor-clients/`; others wait for it. It is made again when the
files that it is made from change. Two releases of one package do not fit into one environment of Python, so there are two; npm
gives packages other names. Without network, and nothing in the caches of uv and npm, an environment cannot be made.

After a change to `requirements/*.in`, here with `NAME` for one of them, or to `package.json`:

    python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header requirements/NAME.in --output-file requirements/NAME.txt
    npm install --package-lock-only
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import pytest

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[1] / ".cache/vendor-clients"
NPM_FILES: Final = ("package.json", "package-lock.json", ".npmrc")
LONGEST: Final = 300.0
"""Seconds that installing may take before it counts as failed."""
_failed: Final[dict[str, str]] = {}
"""Why an environment could not be made. It is not tried again: each try takes seconds where there is no network."""


def python_with(requirements: str) -> Path:
    """The interpreter of an environment that has what `requirements` names."""
    source = HERE / "requirements" / f"{requirements}.txt"

    def make(folder: Path) -> None:
        uv = (sys.executable, "-m", "uv")
        _run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        python = ("--python", str(_interpreter(folder)))
        _run(*uv, "pip", "install", "--quiet", *python, "--require-hashes", "-r", str(source))

    return _interpreter(_made(requirements, [source], make))


def node_with_clients() -> tuple[Path, Path]:
    """Node, and the folder whose modules are found from within it."""
    node, npm = (_beside_python(name) for name in ("node", "npm"))

    def make(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in NPM_FILES:
            shutil.copy(HERE / name, folder)
        _run(str(npm), "ci", "--loglevel=error", "--prefer-offline", "--fetch-retries=1", cwd=folder)

    return node, _made("node", [HERE / name for name in NPM_FILES], make)


def _made(name: str, sources: list[Path], make: Callable[[Path], None]) -> Path:
    folder = CACHE / name
    version = hashlib.sha256(sys.version.encode())
    for source in sources:
        version.update(source.read_bytes())
    if name in _failed:
        pytest.skip(_failed[name])
    with _alone(name):
        stamp = folder / ".made-from"
        if not stamp.exists() or stamp.read_text("ascii") != version.hexdigest():
            try:
                make(folder)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                _failed[name] = f"the vendor's clients cannot be installed: {_told(error)}"
                pytest.skip(_failed[name])
            stamp.write_text(version.hexdigest(), "ascii")
    return folder


@contextmanager
def _alone(name: str) -> Iterator[IO[str]]:
    """Only one process at a time makes an environment of this name."""
    fcntl = pytest.importorskip("fcntl", reason="this system has no locks of this kind")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _run(*command: str, cwd: Path | None = None) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True, timeout=LONGEST)


def _told(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    """The beginning and the end of what the program said."""
    lines = str(error.stderr or error).strip().splitlines()
    return " … ".join(dict.fromkeys((lines[0], lines[-1])))


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _beside_python(name: str) -> Path:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not in the environment: `make lint` installs it")
    return Path(found)
