"""How many KiB a process grows by while one client sends many alerts: `python -m benchmarks.memory ADDRESS SENDS`.

A program of its own, so that nothing else that was measured has left memory which could be used again. What counts is
the memory in use after the first thousand, when everything that is kept has been made, and at the end.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Final

from benchmarks.sending import Ours

SETTLED: Final = 1_000


def main(address: str, sends: int) -> None:
    """Prints the growth."""
    send = Ours(address)
    for _ in range(SETTLED):
        send()
    before = resident()
    for _ in range(sends - SETTLED):
        send()
    print(resident() - before)


def resident() -> int:
    """KiB of memory in use by this process; Linux tells."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
