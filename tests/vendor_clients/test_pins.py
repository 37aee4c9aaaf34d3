"""What the vendor's clients are installed from names every version and its content, and no place to fetch it from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.vendor_clients.environments import HERE


@pytest.mark.parametrize("file", sorted((HERE / "requirements").glob("*.txt")), ids=lambda file: file.name)
def test_every_package_of_python_is_pinned_and_hashed(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "://" not in text
    lines = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+", line.rstrip()), line
    asked_for = file.with_suffix(".in").read_text("utf-8").split()
    assert set(asked_for) <= {line.split()[0] for line in lines}


def test_every_package_of_node_is_pinned_and_hashed() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    itself = packages.pop("")
    assert itself["dependencies"] == json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    for name, package in packages.items():
        assert re.fullmatch(r"[0-9]\S+", package["version"]), name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
