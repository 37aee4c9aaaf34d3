"""An unofficial, typed toolkit for the US short-code alert, two-factor and opt-in APIs and the Messages API v0.1.

Clients (`AlertsClient`, `TwoFactorClient`, `OptInClient`, `MessagesClient`, and their `Async…` twins), authentication, messages
to send (`Alert`, `TwoFactor`, `outbound`), `errors`, the receiving side, `webhooks`, and the way off shared short codes,
`migration`. The generated packages are here as well: `alerts`, `two_factor`, `opt_in` and `messages` hold the models, the code
tables and the plain calls. Each name is loaded when it is first used, so that importing costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shortcode_clients import (
        UNSET,
        Code,
        CodeTable,
        InvalidDocument,
        Response,
        UndocumentedAnswer,
        Unset,
        alerts,
        messages,
        opt_in,
        two_factor,
    )

    from . import errors, migration, outbound, webhooks
    from .auth import Basic, Jwt, KeySecret, Signed
    from .clients.alerts import Alert, AlertsClient, AsyncAlertsClient
    from .clients.messages import AsyncMessagesClient, MessagesClient
    from .clients.opt_in import AsyncOptInClient, OptInClient
    from .clients.two_factor import AsyncTwoFactorClient, TwoFactor, TwoFactorClient
    from .exchange import CallReport
    from .retrying import RetryPolicy

__all__ = [
    "UNSET",
    "Alert",
    "AlertsClient",
    "AsyncAlertsClient",
    "AsyncMessagesClient",
    "AsyncOptInClient",
    "AsyncTwoFactorClient",
    "Basic",
    "CallReport",
    "Code",
    "CodeTable",
    "InvalidDocument",
    "Jwt",
    "KeySecret",
    "MessagesClient",
    "OptInClient",
    "Response",
    "RetryPolicy",
    "Signed",
    "TwoFactor",
    "TwoFactorClient",
    "UndocumentedAnswer",
    "Unset",
    "alerts",
    "errors",
    "messages",
    "migration",
    "opt_in",
    "outbound",
    "two_factor",
    "webhooks",
]

_MODULES: Final = {
    "shortcodekit.auth": ("Basic", "Jwt", "KeySecret", "Signed"),
    "shortcodekit.clients.alerts": ("Alert", "AlertsClient", "AsyncAlertsClient"),
    "shortcodekit.clients.messages": ("AsyncMessagesClient", "MessagesClient"),
    "shortcodekit.clients.opt_in": ("AsyncOptInClient", "OptInClient"),
    "shortcodekit.clients.two_factor": ("AsyncTwoFactorClient", "TwoFactor", "TwoFactorClient"),
    "shortcodekit.exchange": ("CallReport",),
    "shortcodekit.retrying": ("RetryPolicy",),
    "shortcode_clients": (
        "UNSET", "Code", "CodeTable", "InvalidDocument", "Response", "UndocumentedAnswer", "Unset",
    ),
}  # fmt: skip
_PLACES: Final = {name: module for module, names in _MODULES.items() for name in names}
_PACKAGES: Final = {
    "alerts": "shortcode_clients.alerts",
    "messages": "shortcode_clients.messages",
    "opt_in": "shortcode_clients.opt_in",
    "two_factor": "shortcode_clients.two_factor",
    "errors": "shortcodekit.errors",
    "migration": "shortcodekit.migration",
    "outbound": "shortcodekit.outbound",
    "webhooks": "shortcodekit.webhooks",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        value: Any = import_module(_PACKAGES[name])
    elif name in _PLACES:
        value = getattr(import_module(_PLACES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
