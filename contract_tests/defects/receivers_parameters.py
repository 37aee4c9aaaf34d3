"""Receivers that lose delivery receipts and inbound SMS for what stands in them: codes to come, absent keys, numbers for texts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from . import EVENTS, PARAMETERS, RECEIPT, SMS
from .plain import Document, Malformed, Plain
from .showing import FORM, QUERY, broken, taken, then

# ---- delivery receipts -----------------------------------------------------------------------------------------------

STATUSES: Final = ("delivered", "expired", "failed", "rejected", "accepted", "buffered", "unknown")
CODES: Final = {str(code): "final" for code in (*range(16), 99)}


@broken(RECEIPT, shows=then(taken(), taken({"status": "DELIVERED"})))
class StatusByCase(Plain):
    """Compares the status with regard to case, and answers 400 to `DELIVERED`."""

    def handle(self, document: Document) -> None:
        if str(document.get("status")).lower() in STATUSES and document["status"] not in STATUSES:
            raise Malformed


@broken(RECEIPT, shows=then(taken({"status": "Failed"}), taken({"status": "deleted"})))
class StatusToCome(Plain):
    """Answers 400 to a status that is not in the table of the page."""

    def handle(self, document: Document) -> None:
        if str(document.get("status")).lower() not in STATUSES:
            raise Malformed


@broken(RECEIPT, shows=then(taken({"err-code": "99"}), taken({"err-code": "51"}, encoding=QUERY)))
class ErrorCodeOfThePageOnly(Plain):
    """Looks the error code up in the page's table, and fails with 500 for 50 to 54 and for codes to come."""

    def handle(self, document: Document) -> None:
        if "err-code" in document:
            CODES[str(document["err-code"])]


@broken(RECEIPT, shows=then(taken(), taken({"status": "accepted", "err-code": ...}, encoding=FORM)))
class ErrorCodeRequired(Plain):
    """Fails with 500 when a receipt has no error code."""

    def handle(self, document: Document) -> None:
        str(document["err-code"])


@broken(RECEIPT, shows=then(taken(), taken({"err-code": 0})))
class ErrorCodeAsText(Plain):
    """Strips the error code, and fails with 500 when it is a JSON integer."""

    def handle(self, document: Document) -> None:
        document.get("err-code", "").strip()


@broken(RECEIPT, shows=then(taken(), taken({"scts": ...}, encoding=QUERY)))
class CarrierTimeRequired(Plain):
    """Fails with 500 when the carrier told no time, so that `scts` is absent."""

    def handle(self, document: Document) -> None:
        str(document["scts"])


@broken(RECEIPT, shows=then(taken(), taken({"scts": 1208121359})))
class CarrierTimeAsText(Plain):
    """Parses `scts` with strptime, and fails with 500 when it is a JSON integer."""

    def handle(self, document: Document) -> None:
        if "scts" in document:
            datetime.strptime(document["scts"], "%y%m%d%H%M").replace(tzinfo=UTC)


@broken(RECEIPT, shows=then(taken(), taken({"price": ...}, encoding=FORM)))
class PriceRequired(Plain):
    """Books the price of each receipt, and fails with 500 when there is none."""

    def handle(self, document: Document) -> None:
        float(document["price"])


@broken(RECEIPT, shows=then(taken(), taken({"price": 0.02})))
class PriceAsText(Plain):
    """Replaces the decimal comma in the price, and fails with 500 when it is a JSON number."""

    def handle(self, document: Document) -> None:
        float(document.get("price", "0").replace(",", "."))


@broken(RECEIPT, shows=then(taken({"client-ref": "42"}), taken({"client-ref": "order-42"})))
class ReferenceAsNumber(Plain):
    """Takes the client reference for its own primary key, and fails with 500 when it is no number."""

    def handle(self, document: Document) -> None:
        int(document.get("client-ref", 0))


@broken(RECEIPT, shows=then(taken({"client-ref": "r" * 39}), taken({"client-ref": "r" * 40})))
class ReferenceOffByOne(Plain):
    """Refuses a client reference of 40 characters, the longest one that is allowed."""

    def handle(self, document: Document) -> None:
        if len(document.get("client-ref", "")) >= 40:
            raise Malformed


@broken(RECEIPT, shows=then(taken(), taken({"network-code": "US-FIXED"}, encoding=QUERY)))
class NetworkAsNumber(Plain):
    """Converts the network code to an integer, and fails with 500 for `US-FIXED`."""

    def handle(self, document: Document) -> None:
        int(document.get("network-code", 0))


@broken(RECEIPT, shows=then(taken(), taken({"to": "Example Co"})))
class SenderAsNumber(Plain):
    """Takes `to` for the recipient's number, and answers 400 when the sender id has letters."""

    def handle(self, document: Document) -> None:
        if not str(document.get("to", "0")).isdigit():
            raise Malformed


@broken(RECEIPT, shows=then(taken(), taken({"messageId": "0C000000-A1B2"})))
class MessageIdInHex(Plain):
    """Answers 400 when a message's identifier is not 16 digits in hex."""

    def handle(self, document: Document) -> None:
        if not re.fullmatch("[0-9A-F]{16}", document.get("messageId", "0" * 16)):
            raise Malformed


# ---- both kinds of flat events ---------------------------------------------------------------------------------------


@broken(
    *PARAMETERS,
    shows=then(
        taken({"message-timestamp": "2020-01-01 12:00:00"}, encoding=QUERY),
        taken({"message-timestamp": "\\2020-01-01\\ 12:00:00"}, encoding=QUERY),
    ),
)
class StrayBackslashes(Plain):
    """Answers 400 to the documented query, for the backslashes in its `message-timestamp`."""

    def handle(self, document: Document) -> None:
        if document.get("message-timestamp", "").startswith("\\"):
            raise Malformed


@broken(*PARAMETERS, shows=then(taken(), taken({"msisdn": 441632960960})))
class NumberAsText(Plain):
    """Looks at how the number begins, and fails with 500 when it is a JSON integer."""

    def check_number(self, document: Document) -> None:
        super().check_number(document)
        document["msisdn"].startswith("1")


@broken(*PARAMETERS, shows=then(taken({"msisdn": 441632960960}), taken({"msisdn": "441632960960"})))
class NumberAsInteger(Plain):
    """Reads JSON into typed fields, and answers 400 when the number is a text there, which is how it is documented."""

    def json(self, body: bytes) -> Document:
        document = super().json(body)
        if not isinstance(document.get("msisdn"), int):
            raise Malformed
        return document


@broken(*PARAMETERS, shows=then(taken({"msisdn": "4477009000001"}), taken({"msisdn": "66837000111"}, encoding=QUERY)))
class NumberOfOneLength(Plain):
    """Answers 400 when a number has not the 12 or 13 digits of the engineer's own country."""

    def check_number(self, document: Document) -> None:
        super().check_number(document)
        if len(str(document["msisdn"])) not in (12, 13):
            raise Malformed


@broken(*EVENTS, shows=then(taken(), taken({"something-new": "1"})))
class KeyToCome(Plain):
    """Reads into a class that forbids extra keys, and answers 400 when the service adds one."""

    def handle(self, document: Document) -> None:
        known = "msisdn to network-code messageId price status scts err-code message-timestamp client-ref api-key timestamp "
        known += "nonce sig text type keyword concat concat-ref concat-total concat-part data udh "
        known += "message_uuid from error usage client_ref message direction"
        if not document.keys() <= set(known.split()):
            raise Malformed


@broken(*PARAMETERS, shows=then(taken(), taken({"messageId": ...}, encoding=FORM)))
class MessageIdRequired(Plain):
    """Logs the message's identifier, and fails with 500 when there is none."""

    def handle(self, document: Document) -> None:
        str(document["messageId"])


@broken(*PARAMETERS, shows=then(taken(), taken({"message-timestamp": ...}, encoding=QUERY)))
class TimeRequired(Plain):
    """Orders events by `message-timestamp`, and answers 400 when there is none."""

    def handle(self, document: Document) -> None:
        if "message-timestamp" not in document:
            raise Malformed


# ---- inbound SMS -----------------------------------------------------------------------------------------------------


@broken(SMS, shows=then(taken({"text": "y" * 160}), taken({"text": "y" * 161})))
class TextOfOnePart(Plain):
    """Answers 400 to a text of more than 160 characters."""

    def handle(self, document: Document) -> None:
        if len(document.get("text", "")) > 160:
            raise Malformed


@broken(SMS, shows=then(taken(), taken({"text": ""}, encoding=QUERY)))
class EmptySms(Plain):
    """Takes an empty text for a missing one, and answers 400."""

    def handle(self, document: Document) -> None:
        if not document.get("text", "x"):
            raise Malformed


@broken(SMS, shows=then(taken(), taken({"keyword": ...}, encoding=FORM)))
class KeywordRequired(Plain):
    """Looks for a STOP in `keyword`, and fails with 500 when a message has none."""

    def handle(self, document: Document) -> None:
        document["keyword"].upper()


@broken(SMS, shows=then(taken({"text": "Yes, I do"}), taken({"text": "", "keyword": ...})))
class FirstWord(Plain):
    """Works the keyword out of the text by itself, and fails with 500 when the text has no words."""

    def handle(self, document: Document) -> None:
        if "text" in document:
            document["text"].split()[0].upper()


@broken(SMS, shows=then(taken(), taken({"type": "binary", "text": ..., "data": "48656C6C6F", "udh": "050003010201"})))
class BinaryHasNoText(Plain):
    """Reads `text` of every message, and fails with 500 when a binary one has `data` instead."""

    def handle(self, document: Document) -> None:
        len(document["text"])


@broken(SMS, shows=then(taken({"type": "unicode"}), taken({"type": "emoji"})))
class TypeToCome(Plain):
    """Answers 400 to a type of message that is not text, unicode or binary."""

    def handle(self, document: Document) -> None:
        if document.get("type", "text") not in ("text", "unicode", "binary"):
            raise Malformed


PART: Final[dict[str, Any]] = {"concat": "true", "concat-ref": "7", "concat-total": "2", "concat-part": "1"}


@broken(SMS, shows=then(taken(PART), taken({**PART, "concat-total": 2, "concat-part": 1})))
class PartAsText(Plain):
    """Pads the number of a part with zeros, and fails with 500 when it is a JSON integer."""

    def handle(self, document: Document) -> None:
        document.get("concat-part", "").zfill(3)


@broken(SMS, shows=then(taken(), taken({**PART, "concat": True})))
class FlagAsText(Plain):
    """Compares `concat` in lower case, and fails with 500 when it is a JSON boolean."""

    def handle(self, document: Document) -> None:
        document.get("concat", "false").lower()


@broken(SMS, shows=then(taken(), taken({**PART, "concat-part": "2"}, encoding=QUERY)))
class PartsInOrder(Plain):
    """Answers 400 to the second part of a long text before the first has come."""

    def handle(self, document: Document) -> None:
        part, reference = int(document.get("concat-part", 1)), document.get("concat-ref")
        if part > 1 and all(row.get("concat-ref") != reference for row in self.rows):
            raise Malformed
