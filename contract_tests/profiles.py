"""How many examples a property test draws: few and always the same in CI, many at random when asked for depth.

The environment variable SHORTCODEKIT_PROFILE chooses: `ci` (the default) is reproducible, `deep` draws a hundred times as
many and keeps those that failed, in a folder or, where SHORTCODEKIT_EXAMPLES_REDIS names one, in a Redis that machines share;
`mutants` draws a tenth and explains nothing, since it is only asked whether a test fails, a few thousand times over.
"""

from __future__ import annotations

import os
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

PROFILE: Final = os.environ.get("SHORTCODEKIT_PROFILE", "ci")
_FACTOR: Final = {"ci": 1, "deep": 100, "mutants": 0.1}[PROFILE]


def examples(count: int) -> settings:
    """Settings for a law that draws `count` examples in CI."""
    return settings(max_examples=max(round(count * _FACTOR), 4))


def _database() -> ExampleDatabase:
    url = os.environ.get("SHORTCODEKIT_EXAMPLES_REDIS")
    if not url:
        return DirectoryBasedExampleDatabase(".cache/hypothesis")
    from hypothesis.extra.redis import RedisExampleDatabase
    from redis import Redis

    return RedisExampleDatabase(Redis.from_url(url))


def load() -> None:
    """Makes the chosen profile the default of all laws."""
    profiles: dict[str, dict[str, Any]] = {
        "ci": {"derandomize": True, "database": None},
        "deep": {"database": _database() if PROFILE == "deep" else None, "print_blob": True},
        "mutants": {"derandomize": True, "database": None, "phases": [Phase.explicit, Phase.generate]},
    }
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]  # big schemas take long to draw from
    settings.register_profile(
        PROFILE, max_examples=round(60 * _FACTOR), deadline=None, suppress_health_check=slow, **profiles[PROFILE]
    )
    settings.load_profile(PROFILE)
