"""What mypy tells of a program that uses the package, as the users of the package run it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.guides import ROOT

_CACHE: Final = ROOT / ".cache/mypy-users"


def mypy(program: str, folder: Path) -> list[str]:
    """The errors, one a line. One program is judged at a time: mypy writes to its cache all the while, and waits for no other."""
    file = folder / "program.py"
    file.write_text(program, "utf-8")
    config = folder / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\n", "utf-8")
    command: list[str | Path] = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", _CACHE, file]
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode in {0, 1}, ran.stdout + ran.stderr
    return [line for line in ran.stdout.splitlines() if ": error:" in line]
