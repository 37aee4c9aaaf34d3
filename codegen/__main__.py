"""`python -m codegen [--check]`: writes `generated/`, or tells how it differs from what the specs and overlays give."""

from __future__ import annotations

import argparse
import difflib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .documents import SpecError
from .overlay import OverlayError

if TYPE_CHECKING:
    from .generate import Report

PACKAGE: Final = "shortcode_clients"
_SHOWN_LINES: Final = 60
_BUILDING: Final = ".building-"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command. Exit codes: 0 done or no difference, 1 a difference, 2 an input is wrong, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with generated/ instead of writing it")
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(__file__).resolve().parent.parent,
        help="the project that holds specs/, overlays/ and generated/ (default: the one this command is part of)",
    )
    options = parser.parse_args(arguments)
    root: Path = options.root.resolve()
    try:
        return _check(root) if options.check else _write(root)
    except (SpecError, OverlayError) as error:
        print(f"error: {_from_here(str(error), root)}", file=sys.stderr)
        print("generated/ is as it was. Correct the file and run the same command again.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; generated/ is as it was", file=sys.stderr)
        return 130


def _write(root: Path) -> int:
    start = time.perf_counter()
    generated = root / "generated"
    generated.mkdir(exist_ok=True)
    current, previous = generated / PACKAGE, generated / f".{PACKAGE}.previous"
    _mend(current, previous)
    with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=generated) as folder:
        new = Path(folder) / PACKAGE
        _build(root, new)
        shutil.rmtree(previous, ignore_errors=True)
        if current.exists():
            current.rename(previous)
        new.rename(current)
        shutil.rmtree(previous, ignore_errors=True)
    print(f"generated/{PACKAGE} written in {time.perf_counter() - start:.2f} s")
    return 0


def _build(root: Path, target: Path) -> None:
    # httpx, which openapi-python-client imports, loads its own command line if it can, and with it rich and click: a
    # quarter of a second, more from a cold disk. Without it httpx does not offer that command line, which nobody calls.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None makes the import fail, as documented
    from .generate import build  # noqa: PLC0415  # takes most of a second: not for --help, and not before a Ctrl-C is heard

    build(root, target, lambda report: print(_line(report), flush=True))


def _mend(current: Path, previous: Path) -> None:
    """Puts right what a run that was killed has left: a package moved aside, or a half-built one."""
    if previous.exists() and not current.exists():
        previous.rename(current)
    for half_built in current.parent.glob(f"{_BUILDING}*"):
        shutil.rmtree(half_built, ignore_errors=True)


def _check(root: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / PACKAGE
        _build(root, new)
        differences = list(_differences(root / "generated" / PACKAGE, new))
    if not differences:
        print("generated/ is what the specs and overlays give")
        return 0
    print("\n".join(differences[:_SHOWN_LINES]))
    if len(differences) > _SHOWN_LINES:
        print(f"… and {len(differences) - _SHOWN_LINES} more lines")
    print(
        "\ngenerated/ differs from what the specs and overlays give ('-' is there, '+' is what they give).\n"
        "If a spec, an overlay, the codegen or its pinned tools changed: run `make generate` and commit the result.\n"
        "If generated/ was edited by hand: make the change in specs/, overlays/ or codegen/ instead, then `make generate`.",
        file=sys.stderr,
    )
    return 1


def _differences(there: Path, given: Path) -> Iterator[str]:
    names = {file.relative_to(base) for base in (there, given) for file in base.rglob("*") if _counts(file)}
    for name in sorted(names):
        old, new = (_lines(base / name) for base in (there, given))
        if old != new:
            label = f"generated/{PACKAGE}/{name}"
            lines = difflib.unified_diff(old or [], new or [], label if old is not None else "(missing)", label, n=1)
            yield from (line.rstrip("\n") for line in lines)
            if new is None:
                yield f"(the specs and overlays do not give {label})"
            elif old is None:
                yield f"({label} is missing)"


def _counts(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def _lines(file: Path) -> list[str] | None:
    if not file.exists():
        return None
    return file.read_bytes().decode("utf-8", "replace").splitlines(keepends=True)


def _line(report: Report) -> str:
    return (
        f"{report.name:<10} {report.seconds:5.2f} s  {report.models:3} models  {report.operations:2} operations  "
        f"from specs/{report.spec.name}"
    )


def _from_here(message: str, root: Path) -> str:
    return message.replace(f"{root}/", "")


if __name__ == "__main__":
    sys.exit(main())
