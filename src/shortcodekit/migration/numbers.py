"""One form for each phone number, so that no opt-out gets lost by the way a number is written."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from shortcodekit.errors import InvalidRequest

_BETWEEN: Final = re.compile(r"[\s().,/\-\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
"""What people and programs put between digits, and around numbers that were copied."""
_NUMBER: Final = re.compile(r"(\+?)([0-9]{1,20})")
_LONGEST: Final = 15  # digits of an E.164 number
_ABROAD: Final = ("00", "011")
"""What is dialled before a country's code; the latter in the US. No country's code begins with 0."""
_NATIONAL: Final = re.compile("[2-9][0-9]{2}[2-9][0-9]{6}")
"""A US number without its country's code, as the North American numbering plan has them."""


def e164(number: object) -> str:
    """The number in E.164 form without `+`, as the APIs write it: `16365553226` of `+1 (636) 555-3226`.

    Spaces and punctuation, `+`, `00` and `011` are left out. Ten digits that are a US number get their `1` (choice: the campaigns
    are for US numbers). Raises `InvalidRequest` for what is no phone number; the error does not show it.
    """
    text = unicodedata.normalize("NFKC", str(number)) if isinstance(number, str | int) else ""
    found = _NUMBER.fullmatch(_BETWEEN.sub("", text))
    if found is None or isinstance(number, bool):
        raise InvalidRequest("a phone number, such as 16365553226", field="number")
    digits, abroad = found[2], found[1]
    for prefix in _ABROAD:
        if not abroad and digits.startswith(prefix) and len(digits) > len(prefix):
            digits, abroad = digits.removeprefix(prefix), prefix
    if len(digits) > _LONGEST:
        raise InvalidRequest(f"a phone number of at most {_LONGEST} digits", field="number")
    return f"1{digits}" if not abroad and _NATIONAL.fullmatch(digits) else digits
