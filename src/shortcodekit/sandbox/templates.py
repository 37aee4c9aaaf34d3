"""A campaign's templates: texts with places such as `${server}`, which an alert's custom parameters fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from attrs import frozen

from shortcode_clients import alerts
from shortcodekit.signing import value_text

_INDEX: Final = alerts.openapi()["components"]["schemas"]["TemplateIndex"]
FIRST: Final[int] = _INDEX["minimum"]
LAST: Final[int] = _INDEX["maximum"]
TWO_FACTOR: Final[int] = _INDEX["x-falls-back"]["from"]
"""The index that stands for another one until its template is added …"""
INSTEAD: Final[int] = _INDEX["x-falls-back"]["to"]
"""… which is this one."""

SAMPLES: Final[Mapping[int, str]] = {
    0: _INDEX["x-sample"],
    2: "${server} is up again. What happened: ${link}",
    3: "${server} will be down for maintenance, see ${link}",
    4: "${server} is slow at the moment, see ${link}",
    5: "Please acknowledge the incident on ${server}: ${link}",
}
"""What a sandbox begins with: the documented template, and made-up ones with the same places."""

_PLACE: Final = re.compile(r"\$\{([^{}$]+)\}")


@frozen
class Filled:
    """A template whose places are filled, as far as there was something to fill them with."""

    index: int
    text: str
    missing: tuple[str, ...]
    """Places for which no parameter was given."""
    unused: tuple[str, ...]
    """Parameters that fill no place."""


def chosen(templates: Mapping[int, str], asked: int) -> int:
    """The index that is used where `asked` was asked for."""
    return INSTEAD if asked == TWO_FACTOR and asked not in templates else asked


@lru_cache(maxsize=64)
def _places(template: str) -> Mapping[str, None]:
    """The names of a template's places, in order."""
    return dict.fromkeys(each.strip() for each in _PLACE.findall(template))


def fill(index: int, template: str, custom: Mapping[str, Any]) -> Filled:
    """The text of an alert. A value is filled in as it is: places in it are not looked at again."""
    places = _places(template)
    missing = tuple(each for each in places if each not in custom)
    unused = tuple(each for each in custom if each not in places)
    text = _PLACE.sub(lambda found: value_text(custom.get(found[1].strip(), found[0])), template)
    return Filled(index, text, missing, unused)
