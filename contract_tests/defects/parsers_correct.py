"""Correct parsers of different temper: ours, by hand, by the specs, and some that find out otherwise what a body is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from contract_tests.apis import WEBHOOKS, component
from shortcode_clients import InvalidDocument
from shortcodekit import webhooks
from shortcodekit.contract.normalising import normalise
from shortcodekit.webhooks import Event, MalformedWebhook, Request

from . import EVENTS, MESSAGES
from .parsers_plain import Document, Pairs, ParseError, Parser, Plain, parser_of

# ---- ours ------------------------------------------------------------------------------------------------------------


def _ours(event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
    try:
        return _document(getattr(webhooks, event.replace("-", "_"))(Request(method, query, headers, body)))
    except MalformedWebhook as error:
        raise ParseError(str(error)) from None


def _ours_behind_a_queue(event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
    there = Event(event, "/hook", Request(method, query, headers, body)).to_json()
    try:
        return _document(Event.from_json(there).model)
    except MalformedWebhook as error:
        raise ParseError(str(error)) from None


_MODELS: Final = {each.path: each.api.package.webhooks.WEBHOOKS[each.path] for each in WEBHOOKS}


def _our_models(event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
    del headers
    model = _MODELS[event]
    try:
        if method == "GET" and model.from_form:
            return _document(model.from_form(query.encode("utf-8", "surrogateescape")))
        if method == "POST":
            in_json = model.from_form is None or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
            return _document(model.from_json(body) if in_json else model.from_form(body))
    except InvalidDocument as error:
        raise ParseError(str(error)) from None
    raise ParseError("another method")


def _document(model: Any) -> Document:
    document: Document = model.to_dict()
    return document


# ---- by hand ---------------------------------------------------------------------------------------------------------


class BySpecs(Plain):
    """Judges by the schemas of the specs, and makes of a document what they say; it takes nothing that they do not allow."""

    def parse(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        document = self.read(event, method, query, headers, body)
        _check_schema(event, document)
        try:
            written: Document = normalise(*_SCHEMAS[event], document)
        except RecursionError:  # Python 3.13 reads what is nested deeper than it walks
            raise ParseError("nested too deep") from None
        return written


class Strict(Plain):
    """Takes nothing that the specs do not allow, and is written by hand otherwise."""

    def check(self, event: str, document: Document) -> None:
        _check_schema(event, document)


def _check_schema(event: str, document: Document) -> None:
    api, name = _SCHEMAS[event]
    try:
        valid = api.validator(name).is_valid(document)
    except UnicodeEncodeError:
        raise ParseError("half of a surrogate pair") from None
    if not valid:
        raise ParseError("against the schema")


_SCHEMAS: Final = {
    each.path: (each.api, component(each.bodies["application/json"])) for each in WEBHOOKS if each.method == "post"
}


class TriesBoth(Plain):
    """Tries JSON, and reads a form when that fails."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        if method == "POST":
            with suppress(ParseError):
                return self.json(body)
        return super().read(event, method, query, headers, body)


class ByContentType(Plain):
    """Goes by the content type, and by the other one when the body is not that."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
        if method != "POST" or event in MESSAGES:
            return super().read(event, method, query, headers, body)
        first, second = self.json, self._form
        if "json" not in "".join(kinds):
            first, second = second, first
        with suppress(ParseError):
            if found := first(body):
                self.check(event, found)
                return found
        return second(body)

    def _form(self, body: bytes) -> Document:
        return self.object(self.pairs(self.text(body)))


class EscapesByHand(Plain):
    """Splits and decodes a query by itself, from bytes."""

    def decoded(self, text: str) -> Pairs:
        content = text.encode("utf-8")
        return [(self._plain(name), self._plain(value)) for name, _, value in self._split(content)]

    def _split(self, content: bytes) -> list[tuple[bytes, bytes, bytes]]:
        return [pair.partition(b"=") for pair in content.split(b"&") if pair]

    def _plain(self, octets: bytes) -> str:
        octets = octets.replace(b"+", b" ")
        return re.sub(b"%([0-9A-Fa-f]{2})", lambda each: bytes([int(each[1], 16)]), octets).decode("utf-8")


class ValueByValue(Plain):
    """Decodes one JSON value, and looks whether anything stands behind it."""

    def loaded(self, text: str) -> Any:
        decoder = json.JSONDecoder(object_pairs_hook=self.object, parse_constant=self.constant)
        value, end = decoder.raw_decode(text, len(text) - len(text.lstrip()))
        if text[end:].strip(" \t\r\n"):
            raise ParseError("more than one document")
        return value


def _is(name: str, sentence: str, parse: Callable[..., Document]) -> Parser:
    return Parser(name, sentence, parse)


CORRECT: Final[tuple[Parser, ...]] = (
    _is("ours", "Is our function for each event.", _ours),
    _is("ours-behind-a-queue", "Is our event, as it comes out of a queue.", _ours_behind_a_queue),
    _is("our-models", "Is our models, without what reads requests.", _our_models),
    parser_of(Plain, "by-hand"),
    *map(parser_of, (BySpecs, Strict, TriesBoth, ByContentType, EscapesByHand, ValueByValue)),
)
"""Those without a mistake."""
assert set(_SCHEMAS) == set(EVENTS)
