"""Parsers that do not read what arrives, take what is no event, or fail with errors that are not theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus

from . import MESSAGES
from .parsers_plain import After, Document, K, Pairs, ParseError, Parser, Plain, parser_of

REQUESTS: Final[list[Parser]] = []


def broken(kind: K) -> K:
    """Registers a parser."""
    REQUESTS.append(parser_of(kind))
    return kind


# ---- how it travels --------------------------------------------------------------------------------------------------


@broken
class QueryOnly(Plain):
    """Reads the query whatever the method, and finds nothing in a POST."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        if event in MESSAGES:
            return super().read(event, method, query, headers, body)
        return self.object(self.pairs(query))


@broken
class QueryMerged(Plain):
    """Puts query and body together, so that the receiver's own parameters are part of the event."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        document = super().read(event, method, query, headers, body)
        return {**dict(self.pairs(query)), **document}


@broken
class QueryWins(Plain):
    """Lets the query of a POST take the place of what its body says."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        document = super().read(event, method, query, headers, body)
        return {name: dict(self.pairs(query)).get(name, value) for name, value in document.items()}


@broken
class ContentTypeTrusted(Plain):
    """Believes the content type, and refuses JSON under the type of a form."""

    def is_json(self, event: str, headers: Mapping[str, str], body: bytes) -> bool:
        kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
        return super().is_json(event, headers, body) and "json" in "".join(kinds)


@broken
class ContentTypeCompared(Plain):
    """Compares the content type with `application/json`, and reads a form when a charset follows."""

    def is_json(self, event: str, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002
        return "application/json" in [value for name, value in headers.items() if name.lower() == "content-type"]


@broken
class HeaderInOneCase(Plain):
    """Looks for `Content-Type` in that case alone, and takes JSON under `content-type` for a form."""

    def is_json(self, event: str, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002
        return "json" in headers.get("Content-Type", "")


@broken
class AnyMethod(Plain):
    """Takes an event by PUT."""

    def read(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        return super().read(event, method.replace("PUT", "POST"), query, headers, body)


# ---- characters ------------------------------------------------------------------------------------------------------


@broken
class PlusKept(Plain):
    """Decodes percents and not plus signs, so that `2020-01-01+12:00:00` has no space."""

    def decoded(self, text: str) -> Pairs:
        pairs = (pair.partition("=") for pair in text.split("&"))
        return [(unquote(name, errors="strict"), unquote(value, errors="strict")) for name, _, value in pairs]


@broken
class PlusInJson(Plain):
    """Turns plus signs in JSON into spaces."""

    def loaded(self, text: str) -> Any:
        return super().loaded(text.replace("+", " "))


@broken
class DecodedTwice(Plain):
    """Decodes values of a query that are decoded already, so that `%` and `+` in a text are lost."""

    def decoded(self, text: str) -> Pairs:
        return [(name, unquote_plus(value)) for name, value in super().decoded(text)]


@broken
class SplitAfterwards(Plain):
    """Decodes a form before it splits it, so that a text ends at its `&`."""

    def decoded(self, text: str) -> Pairs:
        return list(super().decoded(unquote_plus(text, errors="strict")))


@broken
class SemicolonsSplit(Plain):
    """Splits a query or a form at semicolons as well, as old libraries do."""

    def decoded(self, text: str) -> Pairs:
        return list(super().decoded(text.replace(";", "&")))


@broken
class SecondEqualsSign(Plain):
    """Splits a parameter at each equals sign, so that a text ends at its second one."""

    def decoded(self, text: str) -> Pairs:
        pairs = (pair.split("=") for pair in text.split("&"))
        return [(unquote_plus(pair[0]), unquote_plus(pair[1])) for pair in pairs]


@broken
class QueryInLatin1(Plain):
    """Decodes what is escaped in a query or a form as Latin-1."""

    def decoded(self, text: str) -> Any:
        return parse_qsl(text, keep_blank_values=True, encoding="latin-1")


@broken
class BodyInLatin1(Plain):
    """Decodes bodies as Latin-1."""

    def text(self, body: bytes) -> str:
        return body.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


@broken
class BodyReplaced(Plain):
    """Puts replacement characters where a body is no UTF-8, and takes it."""

    def text(self, body: bytes) -> str:
        return body.decode("utf-8", "replace")


@broken
class QueryReplaced(Plain):
    """Puts replacement characters where a query or a form escapes what is no UTF-8, and takes it."""

    def decoded(self, text: str) -> Any:
        return parse_qsl(text, keep_blank_values=True, errors="replace")


@broken
class BodyIsAnError(Plain):
    """Fails with UnicodeDecodeError for a body that is no UTF-8."""

    def text(self, body: bytes) -> str:
        return body.decode("utf-8")

    def json(self, body: bytes) -> Document:
        self.text(body)
        return super().json(body)


@broken
class MarkRefused(Plain):
    """Refuses JSON behind a byte order mark."""

    def text(self, body: bytes) -> str:
        if body.startswith(b"\xef\xbb\xbf"):
            raise ParseError("not JSON")
        return super().text(body)


@broken
class ThreeBytesAtMost(After):
    """Drops characters that its database has no room for, such as emoji."""

    def after(self, document: Document) -> Document:
        text = json.dumps(document, ensure_ascii=False)
        return dict(json.loads("".join(each for each in text if each <= "\uffff")))


@broken
class TextsStripped(After):
    """Strips spaces off values."""

    def after(self, document: Document) -> Document:
        return {name: value.strip() if isinstance(value, str) else value for name, value in document.items()}


@broken
class TextsCut(After):
    """Cuts texts at 160 characters."""

    def after(self, document: Document) -> Document:
        return {name: value[:160] if isinstance(value, str) else value for name, value in document.items()}


# ---- what is no document ---------------------------------------------------------------------------------------------


@broken
class MalformedIsEmpty(Plain):
    """Gives an empty document for whatever it would have to refuse."""

    def parse(self, event: str, method: str, query: str, headers: Mapping[str, str], body: bytes) -> Document:
        try:
            return super().parse(event, method, query, headers, body)
        except ParseError:
            return {}


@broken
class JsonIsAnError(Plain):
    """Fails with JSONDecodeError for what is no JSON."""

    def json(self, body: bytes) -> Document:
        json.loads(self.text(body).removeprefix("\ufeff"))
        return super().json(body)


@broken
class DepthIsAnError(Plain):
    """Fails with RecursionError for many brackets."""

    def json(self, body: bytes) -> Document:
        try:
            document = self.loaded(self.text(body).removeprefix("\ufeff"))
        except ValueError:
            raise ParseError("not JSON") from None
        if not isinstance(document, dict):
            raise ParseError("no object")
        return document


@broken
class ListIsAnError(Plain):
    """Takes every JSON for an object, and fails with AttributeError for a list."""

    def json(self, body: bytes) -> Document:
        try:
            document: Document = self.loaded(self.text(body).removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            raise ParseError("not JSON") from None
        return document

    def check(self, event: str, document: Document) -> None:
        document.get("msisdn")
        super().check(event, document)


@broken
class NanTaken(Plain):
    """Takes NaN in JSON."""

    def constant(self, name: str) -> Any:
        return name


@broken
class RestIgnored(Plain):
    """Takes the first JSON in a body, and ignores what stands behind it."""

    def loaded(self, text: str) -> Any:
        decoder = json.JSONDecoder(object_pairs_hook=self.object, parse_constant=self.constant)
        return decoder.raw_decode(text.lstrip())[0]


@broken
class FirstOfTwo(Plain):
    """Keeps the first of two values of one name."""

    def object(self, pairs: Pairs) -> Document:
        return dict(reversed(pairs))


@broken
class LastOfTwo(Plain):
    """Keeps the last of two values of one key in JSON."""

    def loaded(self, text: str) -> Any:
        return json.loads(text, parse_constant=self.constant)


@broken
class ListOfTwo(Plain):
    """Makes a list of two values of one name."""

    def object(self, pairs: Pairs) -> Document:
        several: dict[str, list[Any]] = {}
        for name, value in pairs:
            several.setdefault(name, []).append(value)
        return {name: values if len(values) > 1 else values[0] for name, values in several.items()}


@broken
class DemandedWithoutAsking(Plain):
    """Fails with KeyError when a receipt has no number."""

    def check(self, event: str, document: Document) -> None:
        if event not in MESSAGES:
            str(document["msisdn"])
        super().check(event, document)


@broken
class EndsWithoutAsking(Plain):
    """Fails with TypeError when the sender is a text rather than an object."""

    def check(self, event: str, document: Document) -> None:
        if event in MESSAGES and "from" in document:
            str(document["from"]["type"])
        super().check(event, document)


@broken
class NothingDemanded(Plain):
    """Takes an event without what makes it one."""

    def check(self, event: str, document: Document) -> None:
        """Everything is taken."""


@broken
class NullIsText(Plain):
    """Takes null for the text `None`."""

    def check(self, event: str, document: Document) -> None:
        for name, value in document.items():
            document[name] = "None" if value is None else value
        super().check(event, document)
