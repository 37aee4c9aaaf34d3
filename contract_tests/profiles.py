"""How many examples a property test draws: few and always the same in CI, many at random when asked for depth.

The environment variable SHORTCODEKIT_PROFILE chooses: `ci` (the default) is reproducible, `deep` draws a hundred times as
many and keeps those that failed.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

PROFILE: Final = os.environ.get("SHORTCODEKIT_PROFILE", "ci")
_FACTOR: Final = {"ci": 1, "deep": 100}[PROFILE]
_SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]  # big schemas take long to draw from


def examples(count: int) -> settings:
    """Settings for a law that draws `count` examples in CI."""
    return settings(max_examples=count * _FACTOR)


def load() -> None:
    """Makes the chosen profile the default of all laws."""
    settings.register_profile("ci", derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW)
    settings.register_profile(
        "deep",
        database=DirectoryBasedExampleDatabase(".cache/hypothesis"),
        deadline=None,
        print_blob=True,
        suppress_health_check=_SLOW,
    )
    settings.load_profile(PROFILE)
    settings.register_profile("chosen", examples(60))
    settings.load_profile("chosen")
