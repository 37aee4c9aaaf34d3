"""The opt-out list: asking for a page of it, and subscribing a number again.

Source: Alerts - Subscribing API Reference. Its pages are silent on refusals; the specs say what was chosen: HTTP 401 for
credentials and 400 for parameters, with the host's own error object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import Factory, define, frozen

from shortcode_clients import opt_in
from shortcode_clients.opt_in.models import OptInRecord, OptOutList, OptOutQuery, RestError, ResubscribeRequest
from shortcodekit import rules

from .credentials import Account, check_parameters
from .incoming import Parameters
from .outcomes import Outcome, World, wall
from .sending import told

_check_query: Final = rules.checker(opt_in, "OptOutQuery")
_check_resubscribe: Final = rules.checker(opt_in, "ResubscribeRequest")
_DEFAULTS: Final = opt_in.openapi()["components"]["schemas"]["OptOutQuery"]["properties"]


@frozen
class Subscription:
    """How a number stands to the campaign, and since when. `position` orders the list: later opt-outs have larger ones."""

    msisdn: str
    position: int = 0
    opted_out: float | None = None
    opted_in: float | None = None

    def record(self, *, out: bool) -> OptInRecord:
        """As it is answered."""
        record = OptInRecord(self.msisdn, opt_in=not out, opt_out=out)
        if self.opted_in is not None:
            record.opt_in_date = wall(self.opted_in)
        if out and self.opted_out is not None:
            record.opt_out_date = wall(self.opted_out)
        return record


@define
class Passes:
    """Remembers where pages ended, so that going through them page by page misses nothing while the list changes.

    A page is asked for by its number alone. Were it cut from the list as it is now, a number that is subscribed again while
    someone goes through the pages would move all later ones up, and one of them out of sight. So a page that follows one
    just answered begins behind where that one ended; new opt-outs join the end. A page that follows none is cut from
    the list. x-choice: the pages say nothing of a list that changes.
    """

    _ends: dict[int, dict[int, int]] = Factory(dict)
    """By page size, the position of the last record of each page of the latest pass."""

    def behind(self, size: int, page: int) -> int | None:
        """The position behind which a page begins; None to cut it from the list."""
        if page == 0:
            self._ends[size] = {}
            return 0
        return self._ends.get(size, {}).get(page - 1)

    def ended(self, size: int, page: int, position: int | None) -> None:
        """Notes the position at which a page ended; None for the last page, which ends the pass."""
        if len(self._ends) > _SIZES:
            self._ends.clear()
        if position is None:
            self._ends.pop(size, None)
        else:
            self._ends.setdefault(size, {})[page] = position

    def forget(self) -> None:
        """Nothing was answered yet."""
        self._ends.clear()


_SIZES: Final = 100

Page = Callable[[int, int, int], list[Subscription]]
"""At most so many opt-outs, behind a position, after leaving out so many."""


def query(parameters: Parameters, account: Account, real_now: float, passes: Passes, page_of: Page) -> Outcome:
    """What comes of asking for a page of the list."""
    refused = _refusal(parameters, account, real_now, _check_query)
    if refused is not None:
        return refused
    asked = OptOutQuery.from_dict(parameters.said)
    size = asked.page_size if isinstance(asked.page_size, int) else _DEFAULTS["page-size"]["default"]
    page = asked.page if isinstance(asked.page, int) else _DEFAULTS["page"]["default"]
    behind = passes.behind(size, page)
    found = page_of(size, 0, size * page) if behind is None else page_of(size, behind, 0)
    passes.ended(size, page, found[-1].position if len(found) == size else None)
    return Outcome(200, OptOutList(str(len(found)), [each.record(out=True) for each in found]))


def resubscribe(
    parameters: Parameters,
    account: Account,
    world: World,
    real_now: float,
    known: Callable[[str], Subscription | None],
) -> Outcome:
    """What comes of subscribing a number again; one that never opted out is answered alike."""
    refused = _refusal(parameters, account, real_now, _check_resubscribe)
    if refused is not None:
        return refused
    msisdn = ResubscribeRequest.from_dict(parameters.said).msisdn
    subscription = known(msisdn)
    since = world.now
    if subscription is not None and subscription.opted_out is None and subscription.opted_in is not None:
        since = subscription.opted_in
    return Outcome(
        200,
        Subscription(msisdn, opted_in=since).record(out=False),
        subscribe=(world.settings.short_code, msisdn, True),
    )


def refusal(status: int, reason: str) -> Outcome:
    """What the host answers to a request that it refuses as a whole."""
    return Outcome(status, RestError(str(status), reason), detail=reason)


def _refusal(
    parameters: Parameters, account: Account, real_now: float, check: Callable[[Any], rules.Violation | None]
) -> Outcome | None:
    if parameters.problem:
        return refusal(400, parameters.problem)
    refused = check_parameters(parameters, account, real_now)
    if refused is not None:
        return refusal(401, f"authentication failed: {refused.reason}")
    violation = check(parameters.said)
    if violation is not None:
        return refusal(400, told(violation))
    return None
