"""Runs the code of the guides as it is written: in this process, or as the files and programs that a user makes of it.

In this process a service on loopback stands in place of the real one. As for files, a block that begins with `# name.py` is that
file. Of several of one name a reader chooses one.

What was run is noted in `RAN`, block by block, so that a whole run of the tests can tell what was left out (`--docs-coverage`).
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from attrs import define, frozen

import shortcodekit
from contract_tests.peers import signed_by_hand
from tests.service import Service

ROOT: Final = Path(__file__).parent.parent
LONGEST: Final = 180.0
"""For how many seconds to wait for what a program must do, however busy the machine is."""

RAN: Final[set[str]] = set()
"""The blocks that tests in this process ran, or compared with what ran, by their `Fence.place`."""
_FENCE: Final = re.compile(r"(?:<!-- not run: (.+?) -->\n)?^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@frozen
class Fence:
    """A block of a page."""

    place: str
    """The page and the number of the block, from 1."""
    language: str
    code: str
    excuse: str
    """Why it is not run; empty where it is."""


def pages() -> list[str]:
    """Every page that is written by hand and whose blocks are run."""
    return ["README.md", *sorted(file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").glob("*.md"))]


def fences(guide: str) -> list[Fence]:
    """All blocks of a page, but for what is meant for the generator of the site."""
    found = _FENCE.findall((ROOT / guide).read_text("utf-8"))
    numbered = enumerate(found, 1)
    return [
        Fence(f"{guide} {number}", language, code, excuse)
        for number, (excuse, language, code) in numbered
        if not language.startswith("{")
    ]


def ran(guide: str, *codes: str) -> None:
    """Notes that blocks of a guide were run; without codes, all of them."""
    RAN.update(fence.place for fence in fences(guide) if not codes or fence.code in codes)


def blocks(guide: str, language: str = "python") -> list[str]:
    """The Python code of a guide, in its order; or what it has in another language."""
    found = [fence.code for fence in fences(guide) if fence.language == language]
    assert found, f"{guide} shows no code"
    return found


def run_blocks(guide: str, *, only: tuple[str, ...] = (), **names: Any) -> Iterator[str]:
    """Runs one block after another in one namespace, and yields each after it ran.

    `names` is what the guide takes for granted; `only` chooses the blocks that hold one of these texts.
    """
    for code in blocks(guide):
        if not only or any(text in code for text in only):
            exec(compile(code, guide, "exec"), names)  # noqa: S102  # our own guides
            ran(guide, code)
            yield code


def run_all(guide: str, **names: Any) -> dict[str, Any]:
    """Runs all blocks in one namespace, and returns it."""
    for code in blocks(guide):
        exec(compile(code, guide, "exec"), names)  # noqa: S102  # as above
        ran(guide, code)
    return names


def lead_to(known: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `known` what clients talk to when they are not told otherwise."""
    for name in shortcodekit.__all__:
        if name.endswith("Client"):
            client = getattr(shortcodekit, name)
            monkeypatch.setattr(client, "_service", attrs.evolve(client._service, base_url=known.address))


def signed(parameters: Mapping[str, str], secret: str, method: str = "sha256") -> dict[str, str]:
    """Parameters of an event as the service signs them for one attempt at delivering it."""
    attempt = {**parameters, "timestamp": str(int(time.time())), "nonce": str(uuid.uuid4())}
    return {**attempt, "sig": signed_by_hand(attempt.items(), secret, method)}


# ---- what guides show ------------------------------------------------------------------------------------------------


def text_of(guide: str) -> str:
    return (ROOT / guide).read_text("utf-8")


def fenced(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def with_rows(text: str, columns: Sequence[str], rows: Sequence[Sequence[str]], after: str = "") -> str:
    """`text` with the rows in the first table of these columns that stands behind `after`."""
    start = text.index(after)
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    start = text.index(head, start) + len(head)
    end = re.compile(r"^(?!\|)|\Z", re.MULTILINE).search(text, start)
    assert end
    written = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return text[:start] + written + text[end.start() :]


def replaced(text: str, kind: str, write: Callable[[int, str], str]) -> str:
    """`text` with what `write` makes of the number and the content of each block of a kind."""
    counted = iter(range(1000))
    pattern = re.compile(rf"^```{kind}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return pattern.sub(lambda found: f"```{kind}\n{write(next(counted), found[1])}```", text)


def shortcodekit_says(
    words: Sequence[str], cwd: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    assert words[0] == "shortcodekit"
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LONGEST,
    )


def without_counts(text: str) -> list[str]:
    """Lines, without the numbers of requests and the times, which are others each time."""
    return re.sub(r"\d+ requests?( in \d+\.\d s)?", "N requests", text).splitlines()


def same(guide: str, wanted: str) -> None:
    shown, said = (without_counts(each) for each in (text_of(guide), wanted))
    different = "\n".join(difflib.unified_diff(shown, said, "shown", "said", lineterm="", n=0))
    assert shown == said, (
        f"`python -m tests.test_contract_guide` or `python -m tests.test_client_guide` writes it anew\n{different}"
    )
    ran(guide, *(fence.code for fence in fences(guide) if fence.language not in {"", "python", "javascript"}))


# ---- as files and programs -------------------------------------------------------------------------------------------


def lay_out(guide: str, folder: Path, *, choose: str = "") -> None:
    """Writes the files of a guide into `folder`; of several of one name the last, or the one that holds `choose`."""
    chosen: dict[str, str] = {}
    for code in blocks(guide):
        name = re.match(r"# (\S+\.py)\n", code)
        if name and not (choose and choose in chosen.get(name[1], "")):
            chosen[name[1]] = code
    assert any(choose in code for code in chosen.values()), choose
    for path, code in chosen.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(code, "utf-8")
        ran(guide, code)


@define
class Program:
    """A program of Python that runs, and what it wrote so far."""

    process: subprocess.Popen[bytes]
    written: Path

    def lines(self) -> list[str]:
        return self.written.read_text("utf-8", "replace").splitlines()

    def wait_for(self, pattern: str, count: int = 1) -> str:
        """What the first group of `pattern` found last, once it was found `count` times."""
        ends = time.monotonic() + LONGEST
        while time.monotonic() < ends:
            found = re.findall(pattern, self.written.read_text("utf-8", "replace"))
            if len(found) >= count:
                return str(found[-1])
            assert self.process.poll() is None, "\n".join(self.lines())
            time.sleep(0.02)
        raise AssertionError("\n".join([f"nothing like {pattern!r} in", *self.lines()]))

    def address(self) -> str:
        """Where a server says that it listens."""
        return self.wait_for(r"(http://127\.0\.0\.1:[1-9]\d*)")


@contextmanager
def program(folder: Path, *command: str, **environment: str) -> Iterator[Program]:
    """`python -m` with `command`, in `folder`, as long as the context lasts."""
    written = folder / f"{command[0]}.{time.monotonic_ns()}.log"
    inherited: Mapping[str, str] = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    with written.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**inherited, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder), **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Program(process, written)
    finally:
        process.terminate()
        try:
            process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
