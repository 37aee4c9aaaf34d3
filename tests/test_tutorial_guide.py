"""The tutorial is typed as it stands, on other ports, and what it shows is what is seen."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.guides import LONGEST, Fence, Program, fences, lay_out, program, ran

TUTORIAL = "docs/tutorial.md"


@pytest.fixture
def steps() -> list[Fence]:
    """What is typed, and what is seen."""
    return [fence for fence in fences(TUTORIAL) if fence.language in {"sh", "text"}]


def test_the_tutorial_leads_from_an_alert_to_its_receipt_to_a_stop_and_back(tmp_path: Path, steps: list[Fence]) -> None:
    lay_out(TUTORIAL, tmp_path)
    (options,) = (fence.code for fence in fences(TUTORIAL) if fence.language == "toml")
    serve, start = (_typed(steps, word) for word in ("uvicorn ", "shortcodekit sandbox"))
    with program(tmp_path, *shlex.split(serve.replace("8000", "0"))) as receiver:
        at = receiver.address()
        (tmp_path / "shortcodekit.toml").write_text(options.replace("http://127.0.0.1:8000", at), "utf-8")
        assert start == "shortcodekit sandbox"
        with program(tmp_path, *start.split(), "--port", "0") as sandbox:
            address = sandbox.wait_for(r"sandbox ready at (http://\S+)")
            assert _types(tmp_path, steps, address, receiver) == [
                fence.code for fence in steps if fence.language == "text"
            ]
            again = _run(tmp_path, "python alert.py", address)
            assert again == "accepted, in parts: 1\n"
    ran(TUTORIAL)


def _typed(steps: list[Fence], word: str) -> str:
    (line,) = (fence.code.strip() for fence in steps if fence.code.startswith(word))
    return line


def _types(folder: Path, steps: list[Fence], address: str, receiver: Program) -> list[str]:
    """Types one line after the other, and tells what is seen where the tutorial shows something."""
    seen = ["sandbox ready at http://127.0.0.1:4010\n"]
    for before, shown in pairwise(steps):
        if before.code.startswith("python "):
            seen.append(_run(folder, before.code, address))
        elif before.code.startswith("curl "):
            _asked(before.code, address)
            seen.append(f"opted out: {receiver.wait_for(r'opted out: (.+)')}\n")
        elif shown.code.startswith("receipt"):
            seen.append(f"receipt: {receiver.wait_for(r'receipt: (.+)')}\n")
    return seen


def _run(folder: Path, line: str, address: str) -> str:
    """What a file of the tutorial says, when it goes to the sandbox of the test."""
    (name,) = re.fullmatch(r"python (\w+\.py)\s*", line).groups()  # type: ignore[union-attr]  # else the test fails
    code = (folder / name).read_text("utf-8")
    assert code.count("http://127.0.0.1:4010") == 1
    made = subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:4010", address)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    return made.stdout + made.stderr


def _asked(line: str, address: str) -> None:
    program, header, kind, data, body, url = shlex.split(line)
    assert (program, header, data) == ("curl", "-H", "-d"), "curl before 7.82 has no --json"
    name, _, value = kind.partition(": ")
    answer = httpx.post(
        url.replace("http://127.0.0.1:4010", address), content=body, headers={name: value},
        trust_env=False, timeout=LONGEST,
    )  # fmt: skip
    assert answer.status_code == 201
