"""`python -m docs.site [FOLDER]` makes the site in FOLDER/html. A warning of Sphinx's is an error."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .assembling import ROOT, assemble


def main() -> int:
    """Makes the site, and returns Sphinx's exit code."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".cache/docs").resolve()
    assemble(folder / "pages")
    options = [
        "--quiet",
        "--fail-on-warning",
        "--keep-going",
        "--builder",
        "html",
        "--doctree-dir",
        str(folder / "doctrees"),
    ]
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            *options,
            "--conf-dir",
            str(Path(__file__).parent),
            folder / "pages",
            folder / "html",
        ],
        cwd=ROOT,
        check=False,
    )
    if made.returncode != 0:  # what was warned of is not warned of again while its page stays as it is
        shutil.rmtree(folder / "doctrees", ignore_errors=True)
    else:
        print(f"made {folder / 'html/index.html'}")
    return made.returncode


if __name__ == "__main__":
    sys.exit(main())
