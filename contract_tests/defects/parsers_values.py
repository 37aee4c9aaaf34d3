"""Parsers that lose or change what an event says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from .parsers_plain import (
    RECEIPTS,
    STATUSES,
    After,
    Change,
    Document,
    K,
    Pairs,
    ParseError,
    Parser,
    Path,
    Plain,
    found,
    parser_of,
)

VALUES: Final[list[Parser]] = []


def broken(kind: K) -> K:
    """Registers a parser."""
    VALUES.append(parser_of(kind))
    return kind


class Without(Plain):
    """Leaves values at some places as they came."""

    places: tuple[Path, ...] = ()

    def changes(self, event: str) -> Iterator[tuple[Path, Change]]:
        return (each for each in super().changes(event) if each[0] not in self.places)


# ---- values ----------------------------------------------------------------------------------------------------------


@broken
class StatusByCase(Without):
    """Keeps the case of a status, which means nothing."""

    places = (("status",),)


@broken
class StatusToComeFolded(After):
    """Folds a status that nobody knows yet."""

    def after(self, document: Document) -> Document:
        return {**document, "status": document["status"].lower()} if "status" in document else document


@broken
class StatusToComeRefused(After):
    """Refuses a status that is not in its table."""

    def after(self, document: Document) -> Document:
        if document.get("status", "read") not in (*RECEIPTS, *STATUSES):
            raise ParseError("no such status")
        return document


@broken
class StatusToComeUnknown(After):
    """Makes `unknown` of a status that is not in its table."""

    def after(self, document: Document) -> Document:
        known = document.get("status", "read") in (*RECEIPTS, *STATUSES)
        return document if known else {**document, "status": "unknown"}


@broken
class KeywordByCase(Without):
    """Keeps the case of a keyword, and misses a STOP in small letters."""

    places = (("keyword",),)


@broken
class TextUpperCased(After):
    """Writes an inbound text in capitals, to find its keyword."""

    def after(self, document: Document) -> Document:
        return {**document, "text": document["text"].upper()} if "text" in document else document


@broken
class IdentifiersInSmallLetters(After):
    """Writes identifiers of messages in small letters, as its database does."""

    def after(self, document: Document) -> Document:
        keys = ("messageId", "message_uuid")
        return {name: value.lower() if name in keys else value for name, value in document.items()}


@broken
class ZerosLost(After):
    """Reads numbers into integers on their way, and loses leading zeros."""

    def after(self, document: Document) -> Document:
        keys = ("msisdn", "to", "network-code", "err-code")
        return {
            name: str(int(value)) if name in keys and isinstance(value, str) and value.isdigit() else value
            for name, value in document.items()
        }


@broken
class PlusBeforeNumbers(After):
    """Writes a `+` before numbers."""

    def after(self, document: Document) -> Document:
        return {name: f"+{value}" if name == "msisdn" else value for name, value in document.items()}


@broken
class NumbersKept(Without):
    """Gives a phone number as an integer when it came as one."""

    places = (("msisdn",), ("to",))


@broken
class NumbersIn32Bits(Plain):
    """Reads integers into 32 bits, which no phone number fits."""

    def loaded(self, text: str) -> Any:
        return json.loads(
            text,
            object_pairs_hook=self.object,
            parse_constant=self.constant,
            parse_int=lambda digits: int(digits) & 0xFFFFFFFF,
        )


@broken
class NumbersInDoubles(Plain):
    """Reads integers as JavaScript does, so that long ones change their last digits."""

    def loaded(self, text: str) -> Any:
        return json.loads(
            text,
            object_pairs_hook=self.object,
            parse_constant=self.constant,
            parse_int=lambda digits: int(float(digits)),
        )


@broken
class LettersInCode(Plain):
    """Decodes the escapes of JSON for characters beyond ASCII only, since nobody escapes the others."""

    def loaded(self, text: str) -> Any:
        return super().loaded(re.sub(r"(?<!\\)((?:\\\\)*)(\\u00[2-7])", r"\1\\\2", text))


@broken
class AmountsInFloats(After):
    """Reads a price into a float, and gives another text than came."""

    def after(self, document: Document) -> Document:
        return {name: str(float(value)) if name == "price" else value for name, value in document.items()}


@broken
class AmountsKept(Without):
    """Gives a price as a number when it came as one."""

    places = (("price",), ("usage", "price"))


@broken
class PlacesRounded(After):
    """Rounds coordinates to three digits."""

    def after(self, document: Document) -> Document:
        place = found(document, ("message", "content", "location"))
        if isinstance(place, dict):
            place |= {name: str(round(float(place[name]), 3)) for name in ("longitude", "latitude")}
        return document


@broken
class TimesOfAnotherZone(After):
    """Gives times in the zone of its own country rather than as they came."""

    def after(self, document: Document) -> Document:
        moment = document.get("timestamp")
        if not isinstance(moment, str) or "T" not in moment:
            return document
        local = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=2)))
        return {**document, "timestamp": local.isoformat()}


@broken
class TimesRewritten(After):
    """Writes `message-timestamp` in another form than it came in."""

    def after(self, document: Document) -> Document:
        key = "message-timestamp"
        return {**document, key: re.sub("[ +]", "T", document[key])} if key in document else document


@broken
class FlagAsBoolean(Plain):
    """Takes the text `false` for true."""

    def changes(self, event: str) -> Iterator[tuple[Path, Change]]:
        for path, change in super().changes(event):
            yield path, (lambda value: "true" if value else "false") if path == ("concat",) else change


@broken
class PartsAsTexts(Without):
    """Gives the number of a part as the text in a query, although it counts."""

    places = (("concat-total",), ("concat-part",))


@broken
class CodesAsTexts(Plain):
    """Makes a text of a message's error code."""

    def changes(self, event: str) -> Iterator[tuple[Path, Change]]:
        for path, change in super().changes(event):
            yield path, str if path == ("error", "code") else change


@broken
class CountsKept(Without):
    """Gives the number of parts of an inbound SMS as an integer when it came as one."""

    places = (("message", "sms", "num_messages"),)


# ---- what is lost ----------------------------------------------------------------------------------------------------


@broken
class EmptyValuesLost(Plain):
    """Drops parameters whose value is empty."""

    def decoded(self, text: str) -> Any:
        return [pair for pair in super().decoded(text) if pair[1]]


@broken
class ZerosAreNothing(Plain):
    """Drops what is false in Python, an error code 0 included."""

    def object(self, pairs: Pairs) -> Document:
        return {name: value for name, value in super().object(pairs).items() if value}


KNOWN: Final = frozenset(
    "msisdn to network-code messageId price status scts err-code message-timestamp client-ref api-key timestamp nonce sig text type"
    " keyword concat concat-ref concat-total concat-part data udh message_uuid from error usage client_ref message direction".split()
)


@broken
class KeysToComeLost(After):
    """Drops keys that it does not know."""

    def after(self, document: Document) -> Document:
        return {name: value for name, value in document.items() if name in KNOWN}


@broken
class KeysToComeRefused(After):
    """Refuses keys that it does not know."""

    def after(self, document: Document) -> Document:
        if not document.keys() <= KNOWN:
            raise ParseError("an unknown key")
        return document


@broken
class KeysInsideLost(After):
    """Drops keys in the content of a message that it does not know."""

    def after(self, document: Document) -> Document:
        content = found(document, ("message", "content"))
        if isinstance(content, dict):
            document["message"]["content"] = {
                key: content[key] for key in ("type", str(content["type"])) if key in content
            }
        return document


@broken
class ContentToComeLost(After):
    """Gives the type of a content that it does not know, and not what is in it."""

    known = ("text", "image", "audio", "video", "file", "location", "unsupported")

    def after(self, document: Document) -> Document:
        kind = found(document, ("message", "content", "type"))
        if kind is not None and kind not in self.known:
            document["message"]["content"] = {"type": kind}
        return document


@broken
class ChannelToComeRefused(After):
    """Refuses a channel that it does not know."""

    def after(self, document: Document) -> Document:
        known = ("sms", "mms", "whatsapp", "viber_service_msg", "messenger", None)
        if found(document, ("from", "type")) not in known:
            raise ParseError("no such channel")
        return document


@broken
class CaptionsLost(After):
    """Keeps the address of an image, and loses its caption."""

    def after(self, document: Document) -> Document:
        image = found(document, ("message", "content", "image"))
        if isinstance(image, dict):
            image.pop("caption", None)
        return document


@broken
class UsageLost(After):
    """Loses what a message cost."""

    def after(self, document: Document) -> Document:
        return {name: value for name, value in document.items() if name != "usage"}


@broken
class NamesWithUnderscores(After):
    """Turns hyphens in names to underscores."""

    def after(self, document: Document) -> Document:
        return {name.replace("-", "_"): value for name, value in document.items()}


@broken
class NamesInSmallLetters(After):
    """Writes names in small letters, so that `messageId` is gone."""

    def after(self, document: Document) -> Document:
        return {name.lower(): value for name, value in document.items()}


@broken
class SenderAndRecipientSwapped(After):
    """Takes `to` for the recipient, and changes places with `msisdn`."""

    def after(self, document: Document) -> Document:
        swapped = {"to": "msisdn", "msisdn": "to"} if "to" in document and "msisdn" in document else {}
        return {swapped.get(name, name): value for name, value in document.items()}
