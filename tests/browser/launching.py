"""Where chromium is, and how it is started."""

from __future__ import annotations

import os
import shutil
from typing import Final

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS: Final = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
"""Chromium has no sandbox of its own for root; containers have little shared memory."""


def found_chromium() -> str | None:
    """The path of chromium; None when there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
