"""What is judged, found by looking: each generated package, its spec, its component schemas, and what reads them.

Nothing is listed here. A new spec, schema or operation is met by every law as soon as it is generated; `exercised` notes
what the laws did meet, and `conftest` fails the run when something was left out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from shortcode_clients import InvalidDocument
from shortcodekit.contract.specs import APIS, OPERATIONS, WEBHOOKS, Api, Operation, component, snake

__all__ = [
    "APIS",
    "CALLING_BACK",
    "MODELS",
    "OPERATIONS",
    "SCHEMAS",
    "WEBHOOKS",
    "Api",
    "Operation",
    "component",
    "snake",
    "writes_or_refuses",
]


def writes_or_refuses(model: Any) -> None:
    """Writes `model` in every encoding it has; only `InvalidDocument` may stand in the way."""
    for write in ("to_json", "to_form", "to_xml"):
        if hasattr(model, write):
            with suppress(InvalidDocument):
                getattr(model, write)()


CALLING_BACK = tuple(dict.fromkeys(each.api for each in WEBHOOKS))
"""The APIs that have webhooks."""
SCHEMAS = tuple((api, name) for api in APIS for name in api.schemas)
MODELS = tuple((api, name) for api in APIS for name in api.readers)
