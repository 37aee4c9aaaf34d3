"""Looks for known vulnerabilities in what requirements/*.txt pins, without a network.

The advisories are those of OSV, as its export for PyPI holds them: a zip of JSON files, which is fetched beforehand and may be
days old. `python -m release.audit all.zip`
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .steps import ROOT, ReleaseError, tell

Advisory = Mapping[str, Any]


def main(words: list[str]) -> int:
    """0 when nothing is known, 1 when something is, 2 when there are no advisories to look in."""
    try:
        if len(words) != 1:
            raise ReleaseError("name one zip of them, as in `make audit ADVISORIES=all.zip`")
        with zipfile.ZipFile(words[0]) as archive:
            advisories = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]
        if not advisories:
            raise ReleaseError("it holds none")
        pins = {(name, version) for file in (ROOT / "requirements").glob("*.txt") for name, version in pinned(file)}
        found = list(known(advisories, pins))
    except (OSError, ValueError, zipfile.BadZipFile, ReleaseError) as error:
        tell(f"no advisories: {error}")
        return 2
    for line in found:
        tell(line)
    tell(f"{len(pins)} pins, {len(advisories)} advisories, {len(found)} that apply")
    return 1 if found else 0


def pinned(file: Path) -> Iterator[tuple[str, str]]:
    """What a file of requirements pins: names in their normal form, and versions."""
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", file.read_text("utf-8"), re.MULTILINE):
        yield canonicalize_name(name), version


def known(advisories: Iterable[Advisory], pins: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each pin that an advisory applies to. Advisories that were withdrawn do not count."""
    by_name: dict[str, list[tuple[Advisory, Mapping[str, Any]]]] = {}
    for advisory in advisories:
        for affected in advisory.get("affected", ()) if not advisory.get("withdrawn") else ():
            package = affected.get("package", {})
            if package.get("ecosystem") == "PyPI":
                by_name.setdefault(canonicalize_name(package.get("name", "")), []).append((advisory, affected))
    for name, version in sorted(pins):
        for advisory, affected in by_name.get(name, ()):
            if _applies(affected, version):
                yield f"{name} {version}: {advisory['id']}: {advisory.get('summary', 'no summary')}"


def _applies(affected: Mapping[str, Any], version: str) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = [each for each in affected.get("ranges", ()) if each.get("type") == "ECOSYSTEM"]
    return any(_within(each.get("events", ()), Version(version)) for each in ranges)


def _within(events: Iterable[Mapping[str, str]], version: Version) -> bool:
    """Whether a version lies in a range, which is told as where it begins and ends, again and again."""
    inside = False
    for event in sorted(events, key=_begins):
        begins = _begins(event)
        if "introduced" in event:
            inside = inside or version >= begins
        elif "fixed" in event:
            inside = inside and version < begins
        elif "last_affected" in event:
            inside = inside and version <= begins
        if version < begins:
            break
    return inside


def _begins(event: Mapping[str, str]) -> Version:
    (said,) = event.values()
    try:
        return Version(said)
    except InvalidVersion:
        raise ReleaseError(f"{said!r} is no version") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
