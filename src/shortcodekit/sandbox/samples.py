"""What a sandbox begins with: the documented template, and made-up ones with the same places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shortcodekit.templates import SAMPLE

SAMPLES: Final[Mapping[int, str]] = {
    0: SAMPLE,
    2: "${server} is up again. What happened: ${link}",
    3: "${server} will be down for maintenance, see ${link}",
    4: "${server} is slow at the moment, see ${link}",
    5: "Please acknowledge the incident on ${server}: ${link}",
}
