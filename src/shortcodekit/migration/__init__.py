"""Moves a campaign's alerts from a shared short code to a number of your own on the Messages API.

The short code's service rendered the campaign's templates and kept the list of who opted out. On the Messages API both are the
sender's to do: `Campaign` renders, an `OptOutList` (a file, or Redis) remembers who wants no messages, and `CampaignClient` sends
an alert as `AlertsClient` did, with the same results and errors, to nobody on the list. `docs/migration.md` leads through the
switch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortcodekit.templates import Rendered

from .campaign import Campaign
from .clients import AsyncCampaignClient, CampaignClient
from .errors import OptOutListUnavailable
from .lists import Import, OptOutList
from .numbers import e164
from .sqlite import SqliteOptOutList
from .statements import Source, Statement

if TYPE_CHECKING:
    from .redis import RedisOptOutList

__all__ = [
    "AsyncCampaignClient",
    "Campaign",
    "CampaignClient",
    "Import",
    "OptOutList",
    "OptOutListUnavailable",
    "RedisOptOutList",
    "Rendered",
    "Source",
    "SqliteOptOutList",
    "Statement",
    "e164",
]


def __getattr__(name: str) -> object:
    """`RedisOptOutList` is loaded when it is named: it needs the extra `shortcodekit[redis]`."""
    if name == "RedisOptOutList":
        from .redis import RedisOptOutList  # noqa: PLC0415  # as above

        return RedisOptOutList
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
