"""`make bench`: runs all benchmarks one after the other, and prints one table of what was reached beside what is asked for.

Each runs in a process of its own, those that need the vendor's client or pydantic in the environment that `make bench` makes for
them. What falls short says NO; the exit code is 0 all the same, because a busy machine proves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.rounds import FIGURES, Figure, table

ROOT: Final = Path(__file__).parent.parent
RIVALS: Final = ROOT / ".cache/bench/bin/python"
PARTS: Final = {
    "generate": ("Generating", Path(sys.executable)),
    "models": ("Models, beside the standard library's JSON and plain dicts", Path(sys.executable)),
    "webhooks": ("Webhooks, beside json, msgspec, pydantic and PyJWT", RIVALS),
    "clients": ("Clients, beside httpx and the vendor's client", RIVALS),
    "sandbox": ("The sandbox, beside a bare Starlette route", Path(sys.executable)),
    "contract": ("The laws, beside schemathesis", Path(sys.executable)),
    "defects": ("Seeded mistakes", Path(sys.executable)),
}


def main(words: Sequence[str] | None = None) -> int:
    """Runs what is asked for, and prints the table; 1 when a benchmark failed, of which the table then has nothing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", action="append", choices=PARTS, help="run this one; can be given again")
    asked = parser.parse_args(words)
    figures: list[Figure] = []
    failed = []
    for part in asked.only or PARTS:
        title, python = PARTS[part]
        began = time.monotonic()
        print(f"{part} …", file=sys.stderr, flush=True)
        found = measured(part, python)
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        if found is None:
            failed.append(part)
        else:
            figures += [Figure(title.upper(), []), *found]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n{table(figures)}")
    if failed:
        print(f"no figures of {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def measured(part: str, python: Path) -> list[Figure] | None:
    """What one benchmark measures; None when it fails, after it said why."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figures")
        environment = {**os.environ, FIGURES: str(path), "PYTHONPATH": "src:generated"}
        words = (python, "-m", f"benchmarks.{part}")
        done = subprocess.run(words, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
        if done.returncode != 0 or not path.exists():
            return None
        return [Figure(*json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def machine() -> str:
    """What it was measured on, in words."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} x {model}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
