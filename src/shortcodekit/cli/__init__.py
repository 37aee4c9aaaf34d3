"""The command `shortcodekit`. It needs click, which the extra `cli` brings, as those of the commands do."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Runs the command with the arguments of the process, and ends it."""
    if find_spec("click") is None:
        sys.stderr.write("error: the command line needs click: pip install 'shortcodekit[cli]'\n")
        sys.exit(2)
    from .command import shortcodekit  # noqa: PLC0415  # after what is missing could be named

    shortcodekit(prog_name="shortcodekit")
