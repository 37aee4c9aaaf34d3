"""Builds wheel and sdist from what is committed, twice, and looks at what is in them.

Both builds begin from an archive of HEAD in a folder of another name, so that neither stray files nor paths get in. Times
within are that of the commit. The same commit gives the same bytes; a wheel that is built from the sdist is the same too.
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Final

from packaging.metadata import Metadata

from .steps import ROOT, ReleaseError, run

WHEEL: Final = "wheel"
SDIST: Final = "sdist"


def built(folder: Path) -> dict[str, Path]:
    """The wheel and the sdist of HEAD, in `folder`. `ReleaseError` when two builds of them differ."""
    moment = run("git", "log", "-1", "--format=%ct").strip()
    results = []
    for name in ("first", "again"):
        source = folder / name / "source"
        source.mkdir(parents=True)
        run("git", "archive", "--output", folder / name / "source.tar", "HEAD")
        _extract(folder / name / "source.tar", source)
        results.append({kind: _build(source, folder / name / kind, kind, moment) for kind in (WHEEL, SDIST)})
    first, again = results
    for kind, file in first.items():
        _same(file, again[kind])
    _same(first[WHEEL], _build(unpacked(first[SDIST], folder / "unpacked"), folder / "of-sdist", WHEEL, moment))
    return first


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder that an sdist holds, in `folder`."""
    _extract(sdist, folder)
    (source,) = folder.iterdir()
    return source


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def _build(source: Path, target: Path, kind: str, moment: str) -> Path:
    run(
        sys.executable, "-m", "hatchling", "build", "-d", target, "-t", kind, cwd=source,
        more={"SOURCE_DATE_EPOCH": moment},
    )  # fmt: skip
    (file,) = target.iterdir()
    return file


def _same(one: Path, other: Path) -> None:
    if one.name != other.name or one.read_bytes() != other.read_bytes():
        raise ReleaseError(f"{one.name} has other bytes when it is built again")


def checked(files: dict[str, Path]) -> Metadata:
    """The metadata, which are the same in both and keep the rules of their version. `ReleaseError` says which they break."""
    with zipfile.ZipFile(files[WHEEL]) as archive:
        names = archive.namelist()
        in_wheel = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA")))
    with tarfile.open(files[SDIST]) as archive:
        inside = archive.extractfile(f"{files[SDIST].name.removesuffix('.tar.gz')}/PKG-INFO")
        in_sdist = inside.read() if inside else b""
    if in_wheel != in_sdist:
        raise ReleaseError("wheel and sdist have different metadata")
    try:
        metadata = Metadata.from_email(in_wheel, validate=True)
    except ExceptionGroup as errors:
        raise ReleaseError("\n".join(["the metadata break rules:", *map(str, errors.exceptions)])) from None
    if not message_from_bytes(in_wheel).get_payload():
        raise ReleaseError("the metadata have no description")
    licences = [name for name in names if ".dist-info/licenses/" in name]
    if not metadata.license_expression or not licences:
        raise ReleaseError("the wheel carries no licence")
    news = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if not metadata.version.is_devrelease and f"## {metadata.version}" not in news:
        raise ReleaseError(f"CHANGELOG.md has no section for {metadata.version}")
    return metadata


def sums(files: list[Path]) -> str:
    """SHA-256 of each file, as `sha256sum --check` takes them."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
