"""The threat model names, for each row, a test that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
ROWS: Final = [
    line
    for line in (ROOT / "docs/threat-model.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.endswith("| shown by |")
]
TESTS: Final = {
    name
    for folder in ("tests", "contract_tests")
    for file in (ROOT / folder).rglob("test_*.py")
    for name in re.findall(r"^(?:    )?(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(" | ")[0].strip("| "))
def test_each_threat_is_answered_by_a_test(row: str) -> None:
    named = re.findall(r"`(test_\w+)`", row.rpartition(" | ")[2])
    assert named
    assert set(named) <= TESTS
