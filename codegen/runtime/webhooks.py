"""What the spec says of a webhook: how its events travel, how they are answered, and when they come again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from attrs import frozen

M_co = TypeVar("M_co", covariant=True)


@frozen
class Webhook(Generic[M_co]):
    """One webhook."""

    name: str
    """Its name in the spec, such as `delivery-receipt`."""
    encodings: Mapping[str, tuple[str, ...]]
    """For each method what the event can be: `query`, or the content type of the body."""
    from_json: Callable[[bytes | str], M_co]
    """Reads a body in JSON; `InvalidDocument` when it is not of this form."""
    from_form: Callable[[bytes | str], M_co] | None
    """Reads a query or a form; None for events that travel as JSON alone."""
    taken: tuple[int, ...]
    """The statuses that tell the service that the event was taken; any other one brings it back."""
    seconds: int
    """For how many seconds the service sends the event again."""
    waits: tuple[int, ...] = ()
    """After how many seconds it comes again, attempt by attempt; empty when no source says."""
    then_every_seconds: int | None = None
    """After how many seconds it comes again from then on."""
    told_apart_by: tuple[str, ...] = ()
    """With one of these keys, two documents are the same event when they are equal …"""
    differs_by_attempt: tuple[str, ...] = ()
    """… but for these keys, which belong to one attempt at delivering it."""
    source: str = ""
    """Who says so."""
