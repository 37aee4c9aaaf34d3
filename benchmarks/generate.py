"""How long generating takes, as a user waits for it: the whole command, several times, the median.

Asked for: at most 3 s for all APIs on two cores, with everything installed and nothing cached in memory. The file cache is
emptied before each cold run where the machine allows that, which takes root on Linux.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.rounds import Figure, tell

ROOT: Final = Path(__file__).parent.parent
RUNS: Final = 5


def main() -> None:
    """Measures warm runs, and cold ones where they can be had, and prints the table."""
    figures = [Figure("seconds of `make generate`, warm", [seconds() for _ in range(RUNS)], at_most=3)]
    if empty_file_cache():
        figures.append(Figure("  cold", [seconds(cold=True) for _ in range(RUNS)], at_most=3))
    else:
        print("cold runs are not measured: this user may not empty the file cache", file=sys.stderr)
    tell(figures)


def seconds(*, cold: bool = False) -> float:
    """How long one run takes."""
    if cold:
        empty_file_cache()
    start = time.perf_counter()
    subprocess.run(["make", "--silent", "generate"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    return time.perf_counter() - start


def empty_file_cache() -> bool:
    """Makes the next reads come from disk; false when that is not allowed."""
    os.sync()
    with contextlib.suppress(OSError):
        Path("/proc/sys/vm/drop_caches").write_text("3", "ascii")
        return True
    return False


if __name__ == "__main__":
    main()
