"""`make release`: builds what is committed, judges it, and leaves it in dist/. Nothing is published."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from packaging.version import Version

from . import bill, building, changes, trying
from .steps import ROOT, ReleaseError, run, tell

_TOOLS = ROOT / ".cache/release/bin"
_FEW = ("tests/test_readme.py", "contract_tests/webhooks/test_webhooks.py")
_ALL = ("tests", "contract_tests")
_MOST = (*_ALL, "--ignore=contract_tests/defects")
"""What the seeded peers show is the same with every Python, and takes half of the time: they are judged with the first one."""


def main() -> int:
    """0 when there is a release in dist/, 1 when something keeps it from being one."""
    said = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    said.add_argument("--few", action="store_true", help="run only the README's and the webhooks' tests")
    asked = said.parse_args()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _release(Path(folder).resolve(), few=asked.few)
    except ReleaseError as error:
        tell(f"no release: {error}")
        return 1
    tell(f"dist/ is ready, after {time.monotonic() - began:.0f} s; it was not published")
    return 0


def _release(folder: Path, *, few: bool) -> None:
    dirty = run("git", "status", "--porcelain")
    if dirty:
        raise ReleaseError(f"not everything is committed:\n{dirty}")
    files = building.built(folder)
    metadata = building.checked(files)
    tell(f"built {' and '.join(each.name for each in files.values())}, twice, with the same bytes")
    _compare(metadata.version)
    wheel, sdist = files[building.WHEEL], files[building.SDIST]
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    pythons = trying.pythons()
    alone = trying.alone(folder / "alone", pythons[0], wheel)
    licences = bill.written(_TOOLS / "cyclonedx-py", alone, dist / "sbom.json")
    (dist / "licences.txt").write_text(bill.table(licences), "utf-8")
    tell(f"wrote the SBOM and the licences of {len(licences)} distributions")
    source = building.unpacked(sdist, folder / "tests")
    for python in pythons:
        whole = _ALL if python == pythons[0] else _MOST
        for file, tests in ((wheel, _FEW if few else whole), (sdist, _FEW)):
            tell(f"running {' '.join(tests)} with {file.name} and {run(python, '--version').strip()}")
            trying.tested(trying.with_tests(folder / "tried", python, file), source, tests)
    for file in files.values():
        shutil.copy2(file, dist)
    (dist / "SHA256SUMS").write_text(building.sums(list(files.values())), "utf-8")


def _compare(version: Version) -> None:
    tag = changes.last_release()
    if tag is None:
        tell("there is no release yet to compare the public API and the specs with")
        return
    broken = [*changes.of_api(tag, _TOOLS / "griffe"), *changes.of_specs(tag)]
    tell(f"since {tag}, {len(broken)} changes break what worked")
    if broken and not changes.allows(version, tag):
        raise ReleaseError("\n".join([f"{version} may not break what worked in {tag}:", *broken]))


if __name__ == "__main__":
    sys.exit(main())
