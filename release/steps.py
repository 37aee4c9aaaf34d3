"""What all steps share: programs that run, and what is said when one fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent


class ReleaseError(Exception):
    """Why there is no release. The message is for whoever makes it."""


def run(*command: str | Path, cwd: Path = ROOT, more: Mapping[str, str] | None = None) -> str:
    """The standard output of a program that succeeds; `ReleaseError` with the end of what it said otherwise."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).splitlines()[-30:]
        raise ReleaseError("\n".join([f"failed: {' '.join(map(str, command))}", *said]))
    return done.stdout


def tell(text: str) -> None:
    """Says what goes on, on standard error."""
    print(text, file=sys.stderr, flush=True)
