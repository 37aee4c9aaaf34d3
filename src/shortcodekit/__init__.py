"""An unofficial, typed toolkit for the US short-code alert and opt-in APIs and the Messages API v0.1.

So far it gives the generated packages under one name: `alerts`, `opt_in` and `messages` hold models, calls and code tables.
"""

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
)

__all__ = [
    "UNSET",
    "Code",
    "CodeTable",
    "InvalidDocument",
    "Response",
    "UndocumentedAnswer",
    "Unset",
    "alerts",
    "messages",
    "opt_in",
]
