"""What can go wrong with a webhook. All of it is under `ShortcodeKitError`; no message holds a secret or a value that came."""

from __future__ import annotations

from typing import Final

from shortcodekit.errors import ShortcodeKitError

BAD_REQUEST: Final = 400
TOO_LARGE: Final = 413


class WebhookError(ShortcodeKitError):
    """The base of the errors of webhooks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, may_have_been_sent=False)

    def __str__(self) -> str:
        return self.reason


class MalformedWebhook(WebhookError, ValueError):
    """The request is no such event. Answer it with `http_status`: the service then sends it again, in case it was damaged."""

    def __init__(self, reason: str, *, webhook: str, field: str = "", http_status: int = BAD_REQUEST) -> None:
        self.webhook = webhook
        """The event that it was read as, such as `delivery-receipt`."""
        self.field = field
        """Keys and indices, such as `from.number`; empty when it is about no field."""
        self.problem = reason
        """What was expected there."""
        self.http_status = http_status
        """413 when it is larger than was allowed, else 400."""
        where = f"{field}: " if field else ""
        super().__init__(f"{webhook}: {where}{reason}")


class VerificationFailed(WebhookError):
    """The request is not signed with this secret, or not now. Answer 401 and nothing more; `reason` is for your own log."""


class StoreUnavailable(WebhookError):
    """A replay store cannot be asked. Nothing was handled; the service sends the event again when it gets a 503."""


class EventBusy(WebhookError):
    """Another thread, process or machine is handling this very event, and did not end in time. Try again later."""
