"""Runs the code of the guides as it is written, against a service on loopback in place of the real one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

import shortcodekit
from tests.service import Service

ROOT: Final = Path(__file__).parent.parent


def blocks(guide: str) -> list[str]:
    """The Python code of a guide, in its order."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / guide).read_text("utf-8"), re.DOTALL)
    assert found, f"{guide} shows no code"
    return found


def run_blocks(guide: str, *, only: tuple[str, ...] = (), **names: Any) -> Iterator[str]:
    """Runs one block after another in one namespace, and yields each after it ran.

    `names` is what the guide takes for granted; `only` chooses the blocks that hold one of these texts.
    """
    for code in blocks(guide):
        if not only or any(text in code for text in only):
            exec(compile(code, guide, "exec"), names)  # noqa: S102  # our own guides
            yield code


def lead_to(known: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `known` what clients talk to when they are not told otherwise."""
    for name in shortcodekit.__all__:
        if name.endswith("Client"):
            client = getattr(shortcodekit, name)
            monkeypatch.setattr(client, "_service", attrs.evolve(client._service, base_url=known.address))
