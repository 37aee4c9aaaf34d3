"""What can go wrong with a list of opt-outs, beside what goes wrong with every request."""

from __future__ import annotations

from shortcodekit.errors import ShortcodeKitError


class OptOutListUnavailable(ShortcodeKitError):
    """Nobody can tell who opted out: the list cannot be asked, or was never complete. So nothing is sent.

    Raised before each attempt to send, and by all that the list is asked or told. In a webhook's handler let it pass: the service
    then sends the event again.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the opt-out list: {reason}", may_have_been_sent=False)
