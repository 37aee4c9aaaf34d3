"""What we read keeps the laws of parsers, for every event in every encoding.

Judged are the public functions; events on their way through a queue; the generated models without what reads requests; and models
that are read from what another one wrote, as a document and as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from shortcode_clients import InvalidDocument
from shortcodekit import webhooks
from shortcodekit.contract import PARSER_LAWS, BoundLaw, parser_laws
from shortcodekit.contract.ways import names
from shortcodekit.webhooks import Event, MalformedWebhook, Request
from shortcodekit.webhooks.reading import WEBHOOKS

Document = Mapping[str, Any]


def read(event: str, request: Request) -> Any:
    """By the function that users call."""
    return getattr(webhooks, event.replace("-", "_"))(request)


def queued(event: str, request: Request) -> Any:
    """The same at the other end of a queue."""
    return Event.from_json(Event(event, "/hook", request).to_json()).model


def modelled(event: str, request: Request) -> Any:
    """By the models alone."""
    webhook = WEBHOOKS[event]
    if request.method not in webhook.encodings:
        raise InvalidDocument("another method")
    if request.method == "GET":
        return webhook.from_form(request.query.encode("utf-8", "surrogateescape")) if webhook.from_form else None
    in_json = request.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return webhook.from_json(request.body) if in_json or not webhook.from_form else webhook.from_form(request.body)


def read_again(event: str, request: Request) -> Any:
    """By a model, from the document and the JSON that the first one wrote."""
    first = read(event, request)
    second = type(first).from_dict(first.to_dict())
    assert second == first
    return type(first).from_json(second.to_json())


READERS: Final[Mapping[str, tuple[Callable[[str, Request], Any], type[Exception]]]] = {
    "read": (read, MalformedWebhook),
    "queued": (queued, MalformedWebhook),
    "models": (modelled, InvalidDocument),
    "read-again": (read_again, MalformedWebhook),
}


def laws(name: str, event: str) -> list[BoundLaw]:
    """The laws, bound to one of our readers."""
    reader, error = READERS[name]

    def parse(request: Request) -> Document:
        document: Document = reader(event, request).to_dict()
        return document

    return parser_laws(parse, event=event, error=error)


@pytest.mark.parametrize(
    "law",
    [pytest.param(law, id=f"{name}-{law}") for name in READERS for event in names() for law in laws(name, event)],
)
def test_it_keeps(law: BoundLaw) -> None:
    law()


def test_all_laws_are_judged_for_all_events_that_we_read() -> None:
    assert set(names()) == set(WEBHOOKS)
    judged = [law for event in names() for law in laws("read", event)]
    assert {law.law.name for law in judged} == {law.name for law in PARSER_LAWS}
    assert {law.group.partition("/")[0] for law in judged} == set(names())
