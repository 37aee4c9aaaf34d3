"""Clients that cannot read what comes: numbers for texts, keys that are new or absent, pages instead of documents."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final
from xml.parsers import expat

from .answers import CODES
from .base import Catalogue, ClientError, Part
from .plain import Document, Plain, Reply
from .ways import ByXml, Node

READING: Final = Catalogue()
broken = READING.broken

# ---- values ----------------------------------------------------------------------------------------------------------


@broken
class BalanceAsText(Plain):
    """Strips the balance, and fails with AttributeError when it is a number."""

    def part(self, record: Document) -> Part:
        record.get("remaining-balance", "").strip()
        return super().part(record)


@broken
class PriceDemanded(Plain):
    """Adds up prices, and fails with KeyError when a part has none."""

    def part(self, record: Document) -> Part:
        Decimal(str(record["message-price"]))
        return super().part(record)


@broken
class BalanceInFloats(Plain):
    """Reads the balance into a float, and gives another text than came."""

    def text(self, record: Document, key: str) -> str | None:
        value = super().text(record, key)
        return str(float(value)) if key == "remaining-balance" and value is not None else value


@broken
class NetworkAsNumber(Plain):
    """Reads the network into an integer, and fails with ValueError for `US-FIXED`."""

    def part(self, record: Document) -> Part:
        int(record.get("network", 0))
        return super().part(record)


@broken
class NumbersKept(Plain):
    """Gives the recipient as a number when it came as one."""

    def text(self, record: Document, key: str) -> Any:
        return record.get(key) if key == "to" else super().text(record, key)


@broken
class CountAsText(Plain):
    """Looks whether the count has digits alone, and fails with AttributeError when it is a number."""

    def accepted(self, document: Document) -> list[Part]:
        document.get("message-count", "").isdigit()
        return super().accepted(document)


@broken
class CountAsNumber(Plain):
    """Compares the count with the number of parts, and refuses the documented text."""

    def accepted(self, document: Document) -> list[Part]:
        if document.get("message-count") != len(document.get("messages", ())):
            raise ClientError("parts are missing")
        return super().accepted(document)


@broken
class IdentifierInHex(Plain):
    """Refuses a part whose identifier is not 16 characters long."""

    def part(self, record: Document) -> Part:
        if len(record.get("message-id", "0" * 16)) != 16:
            raise ClientError("no identifier of a message")
        return super().part(record)


# ---- keys ------------------------------------------------------------------------------------------------------------

FIELDS: Final = dict(
    pair.split(":")
    for pair in (
        "status:status message-id:message_id to:to client-ref:client_ref"
        " remaining-balance:balance message-price:price network:network"
    ).split()
)


@broken
class KeyToCome(Plain):
    """Gives a part's keys to a class, and fails with KeyError when there is a new one."""

    def part(self, record: Document) -> Part:
        return Part(**{FIELDS[key]: str(value) for key, value in record.items()})


@broken
class KeyToComeRefused(Plain):
    """Refuses an answer with a key that is new."""

    def accepted(self, document: Document) -> list[Part]:
        if not document.keys() <= {"message-count", "messages"}:
            raise ClientError("another document")
        return super().accepted(document)


@broken
class TwinsPreferred(Plain):
    """Prefers the camelCase twin of a key, whose value is another one at times."""

    def part(self, record: Document) -> Part:
        twins = {"message-id": record.get("messageId"), "message-price": record.get("messagePrice")}
        return super().part({**record, **{key: value for key, value in twins.items() if value is not None}})


@broken
class ReferenceDemanded(Plain):
    """Fails with KeyError when the answer does not tell the reference again."""

    def part(self, record: Document) -> Part:
        str(record["client-ref"])
        return super().part(record)


@broken
class IdentifierDemanded(Plain):
    """Refuses a part without an identifier, although it was accepted."""

    def part(self, record: Document) -> Part:
        if "message-id" not in record:
            raise ClientError("no identifier")
        return super().part(record)


@broken
class ReasonDemanded(Plain):
    """Tells the reason of a refusal, and fails with KeyError when there is none."""

    def reason(self, record: Document, status: str) -> str:  # noqa: ARG002
        return str(record["error-text"])


@broken
class StatusToCome(Plain):
    """Looks a refused status up in its table, and fails with KeyError for one to come."""

    def reason(self, record: Document, status: str) -> str:
        dict.fromkeys(CODES, "")[status]
        return super().reason(record, status)


@broken
class StatusAsNumber(Plain):
    """Reads the status into an integer, and fails with ValueError for one in letters."""

    def reason(self, record: Document, status: str) -> str:
        int(status)
        return super().reason(record, status)


@broken
class PartsDemanded(Plain):
    """Reads the parts without asking whether there are any, and fails with KeyError for another object."""

    def listed(self, document: Document, key: str) -> list[Document]:
        found: list[Document] = document[key]
        return found


@broken
class PartsAreObjects(Plain):
    """Takes each part for an object, and fails with AttributeError when one is null."""

    def listed(self, document: Document, key: str) -> list[Document]:
        found = document.get(key)
        if not isinstance(found, list):
            raise ClientError("the answer has no list")
        return found


# ---- what is no document ---------------------------------------------------------------------------------------------


@broken
class PageIsAnError(Plain):
    """Reads every answer as JSON, and fails with JSONDecodeError for a page."""

    def object(self, body: bytes) -> Document:
        found: Document = json.loads(body)
        return found if isinstance(found, dict) else super().object(body)


@broken
class OnlyDecodeErrors(Plain):
    """Expects an answer that is no JSON, and fails with UnicodeDecodeError for one that is no UTF-8."""

    def object(self, body: bytes) -> Document:
        body.decode("utf-8")
        return super().object(body)


@broken
class ListIsAnError(Plain):
    """Takes every JSON for an object, and fails with AttributeError for a list."""

    def object(self, body: bytes) -> Document:
        try:
            found: Document = json.loads(body)
        except (ValueError, RecursionError):
            raise ClientError("the answer is not JSON") from None
        return found


@broken
class DepthIsAnError(Plain):
    """Fails with RecursionError for an answer of many brackets."""

    def object(self, body: bytes) -> Document:
        with suppress(ValueError):
            json.loads(body)
        return super().object(body)


@broken
class MarkIsAnError(Plain):
    """Refuses JSON behind a byte order mark."""

    def object(self, body: bytes) -> Document:
        if body.startswith(b"\xef\xbb\xbf"):
            raise ClientError("the answer is not JSON")
        return super().object(body)


@broken
class ExactType(Plain):
    """Compares the content type with `application/json`, and refuses an answer with a charset behind it."""

    def document(self, reply: Reply) -> Document:
        if reply.headers.get("content-type") != "application/json":
            raise ClientError("the answer is not JSON")
        return super().document(reply)


@broken
class AnswerInLatin1(Plain):
    """Reads answers as Latin-1, and mutilates texts."""

    def object(self, body: bytes) -> Document:
        return super().object(body.decode("latin-1").encode("utf-8"))


# ---- XML -------------------------------------------------------------------------------------------------------------


@broken
class XmlWithDoctype(ByXml):
    """Accepts XML with a doctype, and puts entities in."""

    def doctype(self, *_: Any) -> None:
        """Nothing is said against it."""


@broken
class XmlPageIsEmpty(ByXml):
    """Takes a page whose root is `html` for an empty list of opt-outs."""

    def told(self, root: Node) -> Document:
        return {"opt-in-list": []} if root.name == "html" else super().told(root)


@broken
class XmlDemanded(ByXml):
    """Reads XML by its places, and fails with IndexError when an answer has no part."""

    def told(self, root: Node) -> Document:
        if root.name == "mt-submission-response":
            str(root.children[0].children[0].name)
        return super().told(root)


@broken
class XmlErrors(ByXml):
    """Lets the parser's own error out when an answer is cut short."""

    def tree(self, body: bytes) -> Node:
        expat.ParserCreate().Parse(body, True)
        return super().tree(body)


@broken
class XmlLastPiece(ByXml):
    """Keeps the last piece of a text that the parser hands on in pieces, so that what stands before an entity is lost."""

    def add(self, node: Node, content: str) -> None:
        node.content = content
