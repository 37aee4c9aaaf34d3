"""What a release is made of: an SBOM in CycloneDX's JSON, and the licence of each dependency, extras included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .steps import ROOT, ReleaseError, run


def written(cyclonedx: Path, python: Path, target: Path) -> dict[str, str]:
    """Writes the SBOM of what is installed beside `python`; the licence of each distribution in it, by `name version`."""
    run(
        cyclonedx, "environment", python, "--pyproject", ROOT / "pyproject.toml", "--mc-type", "library",
        "--output-reproducible", "--output-format", "JSON", "--output-file", target,
    )  # fmt: skip
    bill: dict[str, Any] = json.loads(target.read_text("utf-8"))
    licences = {f"{each['name']} {each['version']}": _licence(each) for each in bill["components"]}
    unknown = [name for name, licence in licences.items() if not licence]
    if unknown:
        raise ReleaseError(f"no licence is told by {', '.join(unknown)}")
    return dict(sorted(licences.items()))


def _licence(component: Mapping[str, Any]) -> str:
    """As SPDX where it is told so; otherwise in the words of the distribution."""
    told = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name", "")
        for each in component.get("licenses", ())
    ]
    return ", ".join(dict.fromkeys(filter(None, told)))


def table(licences: Mapping[str, str]) -> str:
    """The licences as text, a line each."""
    width = max(map(len, licences))
    return "".join(f"{name:{width}}  {licence.splitlines()[0]}\n" for name, licence in licences.items())
