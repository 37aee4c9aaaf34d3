"""When to try again, and after how long; values in, values out.

The wait doubles with each attempt and is drawn at random from its upper half, so that clients that failed together do not
return together. What the service asks for in `Retry-After` is waited for, if it fits into the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from attrs import field, frozen, validators

_AGES: Final = 1e9
"""Seconds, thirty years: longer than anybody waits, and not as long as Python cannot sleep."""


@frozen(kw_only=True)
class RetryPolicy:
    """How often, and for how long, a request is repeated. An integer in its place is `count`.

    Only what certainly was not carried out is sent again: the connection was refused, the account was throttled, or a 503
    came with `Retry-After`. A query is repeated after other failures of transport or server, too.
    """

    count: int = field(default=2, validator=validators.ge(0))
    """How many times a request is repeated at most; 0 is never."""
    total: float = field(default=60.0, validator=validators.ge(0))
    """No attempt begins later than this many seconds after the call."""
    first: float = field(default=0.5, validator=validators.ge(0))
    """Seconds before the first repetition; each further wait is twice as long."""
    longest: float = field(default=10.0, validator=validators.ge(0))
    """No wait is longer, except where `Retry-After` asks for it."""

    def wait(self, attempts: int, elapsed: float, asked: float | None, random: Callable[[], float]) -> float | None:
        """For how many seconds to wait after `attempts` attempts; None when enough was tried.

        `elapsed` is how many seconds have gone by since the call, `asked` what `Retry-After` says, and `random` gives a
        number from 0 up to 1.
        """
        if attempts > self.count:
            return None
        wait = min(self.longest, self.first * 2.0 ** min(attempts - 1, 60)) * (0.5 + random() / 2)
        if asked is not None:
            wait = max(wait, asked)
        return wait if elapsed + wait <= min(self.total, _AGES) else None


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that the header `Retry-After` asks for, from its number or its date; None when it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
        return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
