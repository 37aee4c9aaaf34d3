"""What is mutated together: modules that the same tests judge."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that judge them."""

    name: str
    modules: tuple[str, ...]
    """Files, as paths from the project's root, or patterns of them."""
    tests: tuple[str, ...]
    """What pytest is told to select: files, folders, and options such as `--deselect`."""
    sample: int | None = None
    """How many mutants of each module are judged; all of them when it is None."""
    first: tuple[str, ...] = ()
    """Files whose tests run before all others, whatever they take, because they see the most."""


def parts() -> dict[str, Part]:
    """All parts, by name, in the order in which they are judged."""
    told = tomllib.loads((ROOT / "mutation/parts.toml").read_text("utf-8"))
    without = tuple(f"--deselect={each}" for each in told.pop("without"))
    return {
        name: Part(
            name, tuple(part["modules"]), (*part["tests"], *without), part.get("sample"), tuple(part.get("first", ()))
        )
        for name, part in told.items()
    }
