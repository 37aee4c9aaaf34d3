"""What a sandbox is set to: the account it stands for, where its webhooks go, and how time passes."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, validators

from shortcodekit.errors import InvalidRequest
from shortcodekit.signing import METHODS

RECEIPT_METHODS: Final = ("GET", "POST", "POST-JSON")
"""How receipts and inbound texts travel: in the query, as a form, as JSON."""
UNIT: Final = 10**8
"""Amounts of money are counted in hundred-millionths of a euro: the service tells eight decimals."""


def amount(units: int) -> str:
    """An amount as the service writes it."""
    return f"{'-' if units < 0 else ''}{abs(units) // UNIT}.{abs(units) % UNIT:08d}"


def units(text: Any) -> int:
    """The amount that `text` names; `InvalidRequest` when it names none."""
    found = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,8}))?", str(text))
    if not found:
        raise InvalidRequest("an amount such as 12.50, with at most eight decimals", field="an amount")
    return int(found[1]) * UNIT + int((found[2] or "").ljust(8, "0"))


def _units(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else units(value)


def webhook_url(url: Any, name: str = "a webhook's URL") -> str | None:
    """`url` when events can be sent there, None for no URL; else `InvalidRequest`."""
    if url is None or url == "":
        return None
    reason = "an address such as http://127.0.0.1:8000/hooks, without a fragment or a password"
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidRequest(reason, field=name)
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        fits = fits and not parts.fragment and "@" not in parts.netloc
    except ValueError:
        fits = False
    if not fits:
        raise InvalidRequest(reason, field=name)
    return url


def _url(_: Any, attribute: Any, value: Any) -> None:
    webhook_url(value, attribute.name)


def _one_of(*values: str) -> Any:
    def check(_: Any, attribute: Any, value: Any) -> None:
        if value not in values:
            raise InvalidRequest(f"one of {', '.join(values)}", field=attribute.name)

    return check


def _pattern(pattern: str, demand: str) -> Any:
    def check(_: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise InvalidRequest(demand, field=attribute.name)

    return check


def _scale(_: Any, attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise InvalidRequest("a number above 0, at most 1000000", field=attribute.name)


_CREDENTIAL: Final = validators.optional(_pattern(r"[\x20-\x7e]{1,200}", "a printable ASCII text"))


@define
class Settings:
    """A sandbox's settings. Credentials that are not given are made up."""

    api_key: str | None = field(default=None, validator=_CREDENTIAL)
    api_secret: str | None = field(default=None, validator=_CREDENTIAL, repr=False)
    signature_secret: str | None = field(default=None, validator=_CREDENTIAL, repr=False)
    receipt_url: str | None = field(default=None, validator=_url)
    """Where delivery receipts go."""
    inbound_url: str | None = field(default=None, validator=_url)
    """Where texts to the short code go."""
    status_url: str | None = field(default=None, validator=_url)
    """Where statuses of the Messages API go."""
    message_url: str | None = field(default=None, validator=_url)
    """Where inbound messages of the Messages API go."""
    receipt_method: str = field(default="GET", validator=_one_of(*RECEIPT_METHODS))
    inbound_method: str = field(default="POST-JSON", validator=_one_of(*RECEIPT_METHODS))
    sign_webhooks: bool = field(default=False, converter=bool)
    signature_method: str = field(default="md5hash", validator=_one_of(*METHODS))
    """How receipts and inbound texts are signed; events of the Messages API carry a token."""
    short_code: str = field(default="96167", validator=_pattern("[0-9]{3,15}", "from 3 to 15 digits"))
    """The campaign's number, which alerts come from and texts go to."""
    time_scale: float = field(default=1, validator=_scale)
    """How many seconds pass for the sandbox in one. Signatures and tokens go by the real time."""
    balance: int = field(default=100000 * UNIT, converter=_units)
    """What the account begins with, in EUR: decimal text, or an integer of `UNIT`s."""
    price: int = field(default=UNIT // 50, converter=_units)
    """What a part of an alert, or a message, costs, in EUR: decimal text, or an integer of `UNIT`s."""
    seed: str | None = None
    """What ids are made from: the same seed gives the same ids in the same order. By default a new one."""


CHANGEABLE: Final = (
    "receipt_url", "inbound_url", "status_url", "message_url", "receipt_method", "inbound_method", "sign_webhooks",
    "signature_method", "time_scale",
)  # fmt: skip
"""What can be set while a sandbox runs."""
