"""What changed since the last release: the public API, by griffe, and the specs, by `spec_changes`.

The last release is the newest tag `v…` that HEAD has behind it. What breaks needs a new major version; before 1.0, a new minor one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import yaml
from packaging.version import InvalidVersion, Version

from .spec_changes import breaking
from .steps import ROOT, ReleaseError, run

PACKAGES: Final = {"shortcodekit": "src", "shortcode_clients": "generated"}


def last_release() -> str | None:
    """The tag of the last release, or None before the first."""
    tags = run("git", "tag", "--list", "v*", "--merged", "HEAD").split()
    known = []
    for tag in tags:
        try:
            known.append((Version(tag.removeprefix("v")), tag))
        except InvalidVersion:
            continue
    return max(known)[1] if known else None


def of_api(tag: str, griffe: Path) -> list[str]:
    """Each breaking change of the public Python API since `tag`."""
    found: list[str] = []
    for package, folder in PACKAGES.items():
        words = (griffe, "check", package, "--search", folder, "--against", tag, "--format", "oneline", "--no-color")
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if ": " in line]
        if done.returncode not in {0, 1} or (done.returncode == 1 and not lines):
            raise ReleaseError(f"griffe: {done.stderr[-2000:]}")
        found += lines if done.returncode == 1 else []
    return found


def of_specs(tag: str) -> list[str]:
    """Each breaking change of the specs since `tag`."""
    found: list[str] = []
    for path in run("git", "ls-tree", "--name-only", tag, "specs/").split():
        if not path.endswith(".yaml"):
            continue
        before = yaml.safe_load(run("git", "show", f"{tag}:{path}"))
        if not (ROOT / path).exists():
            found.append(f"{path}: is gone")
            continue
        found += [f"{path}: {line}" for line in breaking(before, yaml.safe_load((ROOT / path).read_text("utf-8")))]
    return found


def allows(version: Version, tag: str) -> bool:
    """Whether `version` may break what worked in the release `tag`."""
    before = Version(tag.removeprefix("v"))
    return version.major > before.major or (version.major == before.major == 0 and version.minor > before.minor)
