"""`python -m shortcodekit`: the command line."""

from __future__ import annotations

from shortcodekit.cli import main

main()
