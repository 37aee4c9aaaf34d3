"""What a client costs beside plain httpx and beside the vendor's own.

Prints one table: what was measured, what was reached, what is asked for, and whether that holds. All of it is measured
against a server on this machine that answers at once, which leaves what clients cost. Beside a real service, which
takes a hundred times as long, that is little. On a machine with other work all ratios spread: see `middle half`.

`make bench` runs all of it, in an environment of its own that has the vendor's client. For one part:
`PYTHONPATH=src:generated .cache/bench/bin/python -m benchmarks.clients --only calling`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.rounds import Figure, in_turns, ratios, seconds, tell
from benchmarks.sending import KEY, PATH, SECRET, Ours, OursAsync, PlainAsyncHttpx, PlainHttpx, Vendors
from benchmarks.server import serving

ROOT: Final = Path(__file__).parent.parent


def main() -> None:
    """Measures, and prints the table."""
    arguments = argparse.ArgumentParser(description="What a client costs.")
    arguments.add_argument("--only", choices=("starting", "calling", "flight", "memory"), help="one part of the table")
    arguments.add_argument("--sends", type=int, default=100_000, help="over how many sends memory is watched")
    given = arguments.parse_args()
    with serving() as address:
        parts: dict[str, Callable[[], list[Figure]]] = {
            "starting": partial(starting, address),
            "calling": partial(calling, address),
            "flight": partial(flight, address),
            "memory": partial(memory, address, given.sends),
        }
        tell([figure for name, part in parts.items() if given.only in {None, name} for figure in part()])


# ---- one call --------------------------------------------------------------------------------------------------------

CALL_ROUNDS: Final = 150
CALLS: Final = 30
"""In a round, of each contestant. Few, so that what else the machine does disturbs all of a round or nothing of it."""
WARM_UP: Final = 200


def calling(address: str) -> list[Figure]:
    """One blocking call after another."""
    contestants = (Ours(address), PlainHttpx(address), Vendors(address))
    timed = [partial(seconds, contestant) for contestant in contestants]
    in_turns(1, WARM_UP, *timed)
    times = in_turns(CALL_ROUNDS, CALLS, *timed)
    return [
        Figure("one send, beside httpx", ratios(times, 0, 1), at_most=1.05),
        Figure("one send, beside the vendor's client", ratios(times, 0, 2), at_most=0.7),
    ]


# ---- many at once ----------------------------------------------------------------------------------------------------

FLIGHT_ROUNDS: Final = 40
SENDS: Final = 250
"""In a round, of each contestant: 10,000 in all. More in a row would leave the machine more time to change."""
IN_FLIGHT: Final = 100


def flight(address: str) -> list[Figure]:
    """Many awaited calls at a time. A rate is as many times higher as the time is shorter."""
    with asyncio.Runner() as runner:  # one event loop for all rounds, so that connections are kept
        contestants = (OursAsync(address), PlainAsyncHttpx(address))
        processor: list[list[float]] = [[], []]

        def timed(place: int) -> float:
            gc.collect()  # what one contestant left is not cleared away in the time of the other
            start, own = time.perf_counter(), time.process_time()
            runner.run(together(contestants[place]))
            processor[place].append(time.process_time() - own)
            return time.perf_counter() - start

        turns = [partial(timed, place) for place in range(len(contestants))]
        in_turns(1, 1, *turns)
        processor[:] = [], []
        times = in_turns(FLIGHT_ROUNDS, 1, *turns)
        for contestant in contestants:
            runner.run(contestant.client.aclose())
    own = [plain / ours for ours, plain in zip(*processor, strict=True)]
    name = f"rate with {IN_FLIGHT} in flight, beside httpx"
    return [Figure(name, ratios(times, 1, 0), at_least=0.95), Figure("  the same by the processor's time", own)]


async def together(send: Callable[[], Awaitable[object]]) -> None:
    """`SENDS` calls, of which `IN_FLIGHT` are under way."""
    left = iter(range(SENDS))

    async def work() -> None:
        for _ in left:
            await send()

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


# ---- starting --------------------------------------------------------------------------------------------------------

START_ROUNDS: Final = 15
IMPORTS: Final = "from shortcodekit import Alert, AlertsClient, KeySecret"
PRINT_SECONDS: Final = "{}\nimport time\nstart = time.perf_counter()\n{}\nprint(time.perf_counter() - start)"


def starting(address: str) -> list[Figure]:
    """What a program waits for once, each time in a fresh interpreter."""
    post = f"client.post('{PATH}', data={{'to': '16365553226', 'api_key': '{KEY}', 'api_secret': '{SECRET}'}}).json()"
    client = f"client = AlertsClient(KeySecret('{KEY}', '{SECRET}'), base_url='{address}')"
    programs = [
        ("", "import httpx"),
        ("", "import shortcodekit"),
        ("", IMPORTS),
        ("import httpx", "httpx.Client()"),
        (IMPORTS, f"{client}.__enter__()"),
        ("import httpx", f"client = httpx.Client(base_url='{address}')\n{post}"),
        (IMPORTS, f"{client}\nclient.send(Alert('16365553226'))"),
    ]
    timed = [partial(seconds_in_program, PRINT_SECONDS.format(*program)) for program in programs]
    in_turns(1, 1, *timed)  # compiles what has no bytecode yet
    times = in_turns(START_ROUNDS, 1, *timed)
    return [
        Figure("import shortcodekit, beside import httpx", ratios(times, 1, 0), at_most=1.15),
        Figure("  with Alert, AlertsClient, KeySecret", ratios(times, 2, 0)),
        Figure("first client, beside httpx.Client()", ratios(times, 4, 3)),
        Figure("first client and first send, beside httpx", ratios(times, 6, 5)),
    ]


def seconds_in_program(code: str) -> float:
    """What a program prints."""
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


# ---- many in a row ---------------------------------------------------------------------------------------------------


def memory(address: str, sends: int) -> list[Figure]:
    """What a client keeps of the calls it has made."""
    command = [sys.executable, "-m", "benchmarks.memory", address, str(sends)]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return [Figure(f"KiB more after {sends:,} sends than after 1,000", [float(done.stdout)], at_most=1024)]


if __name__ == "__main__":
    main()
