"""Random choices read from bytes: which branch, which number, which text.

The byte zero is the simplest choice everywhere: whoever shrinks the bytes simplifies what is made of them.
"""

from __future__ import annotations

import math
import struct
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

TELLING: Final = (
    "x", "", " ", "+", "&", "=", "%", "%2B", "a+b & c=d %41;?#/", "1", "true", "null", "\\", '"', "'", "${name}", "<b>", "]]>",
    "\ufeff", "a\ufeffb", "😀", "👩\u200d👩\u200d👧", "é", "e\u0301", "ß", "\u0130", "Кто", "短信", "שלום", "\u2028",
    "\x00", "\x7f", "\t", "\r\n", "\ufffe", " a ", "_type", "?a=b",
)  # fmt: skip
"""Texts that programs stumble over."""
_RANGES: Final = ((97, 122), (32, 126), (32, 126), (0, 0xFF), (0x100, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF))
"""Characters from the simple to the rare; half of a surrogate pair is left out, since it cannot be encoded."""


class Choices:
    """Random choices, read from bytes; the byte zero is the simplest choice."""

    below_zero = True
    """Whether numbers may be, where no bound says it."""

    def __init__(self, data: bytes, texts: Sequence[str] = ()) -> None:
        self._data, self._at, self._texts = data, 0, texts

    def bytes(self, count: int) -> bytes:
        """The next bytes; zeros once they are used up."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken.ljust(count, b"\0")

    def below(self, bound: int) -> int:
        """A number from 0 up to `bound`."""
        if bound < 256:  # the one byte without a copy: this is asked for more often than all else
            at, self._at = self._at, self._at + 1
            return self._data[at] % bound if at < len(self._data) else 0
        return int.from_bytes(self.bytes((bound.bit_length() + 7) // 8 + (bound > 256))) % bound

    def one(self, items: Sequence[Any]) -> Any:
        """One of `items`."""
        return items[self.below(len(items))]

    def text(self) -> str:
        """One of the given texts if there are any; else a random one, or one that has given trouble elsewhere."""
        if self._texts:
            return str(self.one(self._texts))
        if self.below(4) == 3:
            return str(self.one(TELLING))
        return "".join(self._character() for _ in range(self.below(12)))

    def name(self) -> str:
        """The name of a key."""
        return self.text()

    def _character(self) -> str:
        first, last = self.one(_RANGES)
        return chr(first + self.below(last - first + 1))

    def characters(self, of: str, least: int, most: int) -> str:
        """From `least` to `most` characters of `of`."""
        return "".join(self.one(of) for _ in range(least + self.below(most - least + 1)))

    def integer(self, least: int | None = None, most: int | None = None) -> int:
        """An integer between the bounds, often one of them."""
        low, high = -(2**70) * self.below_zero if least is None else least, 2**70 if most is None else most
        kind = self.below(4)
        if kind == 0:
            return min(max(self.below(11), low), high)
        return self.one([low, high]) if kind == 1 else low + self.below(high - low + 1)

    def real(self) -> float:
        """A finite number."""
        if self.below(2):
            return self.integer(-(10**6) * self.below_zero, 10**6) / 100
        (number,) = struct.unpack("<d", self.bytes(8))
        return (number if self.below_zero else abs(number)) if math.isfinite(number) else 0.5

    def possible(self) -> bool:
        """Whether a date is to be one that there is: mostly."""
        return self.below(4) < 3

    def time(self) -> datetime:
        """A time of the years from 1 to 9999."""
        return datetime(1, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.below(315_537_897_600_000))

    def value(self, depth: int = 2) -> Any:
        """Any JSON value, never deep."""
        kind = self.below(8 if depth else 6)
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.below(4))]
        if kind == 7:
            return {self.text(): self.value(depth - 1) for _ in range(self.below(4))}
        simple = (self.text, lambda: None, lambda: bool(self.below(2)), self.integer, self.real, self.text)
        return simple[kind]()


class Plausible(Choices):
    """Choices that a real sender could make: times of this century, integers that every language holds, no control characters.

    Nothing that is counted or paid is less than zero.
    """

    below_zero = False

    def text(self) -> str:
        """A text without characters that nobody types."""
        return "".join(each for each in super().text() if each in "\n\t" or unicodedata.category(each)[0] != "C")

    def name(self) -> str:
        """A name that no signature is ambiguous about: in names `&` and `=` stand as they are."""
        return super().name().replace("&", "+").replace("=", "-") or "to-come"

    def integer(self, least: int | None = None, most: int | None = None) -> int:
        """An integer within those that a float holds exactly."""
        return super().integer(least, 2**53 if most is None else most)

    def possible(self) -> bool:
        """Always."""
        self.below(4)  # a choice all the same, so that the next ones are the same too
        return True

    def time(self) -> datetime:
        """A time of this century."""
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=self.below(3_155_760_000))
