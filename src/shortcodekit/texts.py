"""How a text travels as SMS: its alphabet, and the parts it is split into.

Facts of the phone network (3GPP TS 23.038 and 23.040), not of the service: a part holds 140 bytes. The plain SMS alphabet
packs 160 characters of 7 bits into them, UCS-2 has 70 units of 16 bits; a text of several parts gives 7 or 3 of these to
a header in each. Some characters of the plain alphabet take two places, as do those that UTF-16 writes as pairs; neither
is ever split.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

PLAIN: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The characters of the plain alphabet that take one place."""
ESCAPED: Final = frozenset("\f^{}\\[~]|€")
"""Those that take two."""
REPLACEMENT: Final = "?"
LONGEST: Final = 3200
"""How many characters the service takes. x-choice: the alerts' pages are silent; this is what it publishes for plain SMS."""


@frozen
class Split:
    """A text as it is sent."""

    parts: tuple[str, ...]
    unicode: bool
    """Whether it travels in UCS-2."""
    replaced: int = 0
    """How many characters the plain alphabet lacks; each became `REPLACEMENT`."""

    @property
    def text(self) -> str:
        """What the phone shows."""
        return "".join(self.parts)


def split(text: str, *, unicode: bool) -> Split:
    """The parts of `text`; an empty text is one part.

    x-choice: a text that says it is plain and is not loses the characters that the plain alphabet lacks, as it does on a
    network that has nothing to put in their place; the page only says when to use `unicode`.
    """
    if unicode:
        return Split(_parts(text, 70, 67, lambda each: 2 if each > "\uffff" else 1), unicode=True)
    if len(text) <= 160 and PLAIN.issuperset(text):  # as nearly all are
        return Split((text,), unicode=False)
    plain, replaced = [], 0
    for each in text:
        known = each in PLAIN or each in ESCAPED
        replaced += not known
        plain.append(each if known else REPLACEMENT)
    parts = _parts("".join(plain), 160, 153, lambda each: 2 if each in ESCAPED else 1)
    return Split(parts, unicode=False, replaced=replaced)


def is_plain(text: str) -> bool:
    """Whether the plain alphabet has every character."""
    return not set(text) - PLAIN - ESCAPED


def _parts(text: str, alone: int, each_of_many: int, width: Callable[[str], int]) -> tuple[str, ...]:
    if len(text) * 2 <= alone or sum(map(width, text)) <= alone:
        return (text,)
    parts, begin, used = [], 0, 0
    for index, character in enumerate(text):
        needed = width(character)
        if used + needed > each_of_many:
            parts.append(text[begin:index])
            begin, used = index, 0
        used += needed
    return (*parts, text[begin:])
