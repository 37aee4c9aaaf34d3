"""A campaign's templates: texts with places such as `${server}`, which an alert's custom parameters fill.

What the service does with them is decided here once, without I/O, for the sandbox, which stands in for the service, and for
`migration`, which does it in the service's place. Which indices there are, and which one stands for another, is told by the spec.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from attrs import frozen

from shortcode_clients import alerts
from shortcode_clients.alerts import codes

from . import texts
from .concealing import shown
from .signing import value_text

_INDEX: Final = alerts.openapi()["components"]["schemas"]["TemplateIndex"]
FIRST: Final[int] = _INDEX["minimum"]
LAST: Final[int] = _INDEX["maximum"]
TWO_FACTOR: Final[int] = _INDEX["x-falls-back"]["from"]
"""The index that stands for another one until its template is added …"""
INSTEAD: Final[int] = _INDEX["x-falls-back"]["to"]
"""… which is this one."""
SAMPLE: Final[str] = _INDEX["x-sample"]
"""The documented template."""

_PLACE: Final = re.compile(r"\$\{([^{}$]+)\}")


@frozen
class Refused:
    """Why no text can be made of a template: a part's status of the alert API, and a reason for people."""

    status: str
    reason: str


@frozen
class Rendered:
    """The text of an alert, as it travels."""

    index: int
    """Of the template that was used."""
    filled: str
    """The text before it was made fit for its alphabet."""
    split: texts.Split
    unused: tuple[str, ...] = ()
    """Parameters that fill no place."""

    @property
    def text(self) -> str:
        """What the phone shows."""
        return self.split.text

    @property
    def notes(self) -> tuple[str, ...]:
        """What the sender may not have meant, though it was accepted."""
        notes = []
        if self.unused:
            notes.append(f"template {self.index} has no place for {', '.join(map(shown, self.unused[:5]))}")
        if self.split.replaced:
            notes.append(f"{self.split.replaced} characters became `{texts.REPLACEMENT}`: type=unicode sends them")
        return tuple(notes)

    @property
    def too_long(self) -> Refused | None:
        """That the text is longer than the service takes, if it is."""
        if len(self.filled) <= texts.LONGEST:
            return None
        reason = f"the text has {len(self.filled)} characters; at most {texts.LONGEST} are sent"
        return Refused(codes.ALERT_PART_STATUS_MESSAGE_TOO_LONG, reason)


def render(templates: Mapping[int, str], asked: int, custom: Mapping[str, Any], *, unicode: bool) -> Rendered | Refused:
    """The text of an alert that asks for the template `asked`.

    A value is filled in as it is: places in it are not looked at again. `unicode` is what the alert's `type` says.
    """
    index = INSTEAD if asked == TWO_FACTOR and asked not in templates else asked
    if index not in templates:
        return Refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, f"template: the campaign has no template {index}")
    template = templates[index]
    known = places(template)
    missing = [f"${{{shown(each)}}}" for each in known if each not in custom]
    unused = tuple(each for each in custom if each not in known)
    if missing:
        reason = f"template {index} has the places {', '.join(missing)}, for which no parameter was given"
        reasons = (reason, *Rendered(index, "", _NOTHING, unused).notes)
        return Refused(codes.ALERT_PART_STATUS_MISSING_PARAMETERS, "; ".join(reasons))
    filled = _PLACE.sub(lambda found: value_text(custom[found[1].strip()]), template)
    return Rendered(index, filled, texts.split(filled, unicode=unicode), unused)


@lru_cache(maxsize=64)
def places(template: str) -> Mapping[str, None]:
    """The names of a template's places, in order, each once."""
    return dict.fromkeys(each.strip() for each in _PLACE.findall(template))


_NOTHING: Final = texts.Split(("",), unicode=False)
