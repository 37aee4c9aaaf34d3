"""Clients that take a refusal for success, or success for a refusal: what the parts of an alert and HTTP say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from .base import Catalogue, ClientError, Part
from .plain import Document, Plain, Reply
from .ways import ByXml, Node

ANSWERS: Final = Catalogue()
broken = ANSWERS.broken

CODES: Final = frozenset("0 1 2 3 4 5 6 7 8 9 10 11 12 14 15 22 23 29 32 33 101".split())


@broken
class HttpIsEnough(Plain):
    """Takes HTTP 200 for success without looking at the status of a part."""

    def is_good(self, status: Any) -> bool:  # noqa: ARG002
        return True


@broken
class OnlyTheNumberZero(Plain):
    """Takes the integer 0 alone for success, and refuses the text `0`, which is documented."""

    def status(self, record: Document) -> Any:
        return record.get("status")

    def is_good(self, status: Any) -> bool:
        return status.__class__ is int and status == 0


@broken
class OnlyTheTextZero(Plain):
    """Takes the text `0` alone for success, and refuses the integer."""

    def status(self, record: Document) -> Any:
        return record.get("status")


@broken
class FalseIsSuccess(Plain):
    """Asks whether the status is false, which no text but the empty one is, and refuses the documented `0`."""

    def is_good(self, status: Any) -> bool:
        return not status


@broken
class NoPartIsSuccess(Plain):
    """Takes an answer without parts for success."""

    def accepted(self, document: Document) -> list[Part]:
        return super().accepted(document) if document.get("messages") else []


@broken
class FirstPartJudged(Plain):
    """Looks at the status of the first part alone."""

    def accepted(self, document: Document) -> list[Part]:
        records = self.listed(document, "messages")
        super().accepted({"messages": records[:1]})
        return self.parts(records)


@broken
class LastPartJudged(Plain):
    """Looks at the status of the last part alone."""

    def accepted(self, document: Document) -> list[Part]:
        records = self.listed(document, "messages")
        super().accepted({"messages": records[-1:]})
        return self.parts(records)


@broken
class OnePartIsEnough(Plain):
    """Takes an alert for sent when one of its parts was accepted."""

    def reject(self, refused: Sequence[tuple[Document, Any]], accepted: list[Part]) -> None:
        if not accepted:
            super().reject(refused, accepted)


@broken
class RefusedPartsDropped(Plain):
    """Returns the parts that were accepted, and tells nothing of the others."""

    def accepted(self, document: Document) -> list[Part]:
        good = [each for each in self.listed(document, "messages") if self.is_good(self.status(each))]
        return super().accepted({"messages": good} if good else document)


@broken
class FirstPartReturned(Plain):
    """Returns the first part, and loses the others."""

    def parts(self, records: list[Document]) -> list[Part]:
        return super().parts(records[:1])


@broken
class LastPartLost(Plain):
    """Leaves the last of several parts out."""

    def parts(self, records: list[Document]) -> list[Part]:
        return super().parts(records[:-1] or records)


@broken
class PartsReversed(Plain):
    """Returns the parts in the opposite order."""

    def parts(self, records: list[Document]) -> list[Part]:
        return super().parts(records[::-1])


@broken
class AcceptedForgotten(Plain):
    """Forgets which parts were accepted when another one was refused, so that they are sent again."""

    def reject(self, refused: Sequence[tuple[Document, Any]], accepted: list[Part]) -> None:
        del accepted
        super().reject(refused, [])


@broken
class UnknownIsSuccess(Plain):
    """Takes a status that is not in its table for success."""

    def is_good(self, status: Any) -> bool:
        return super().is_good(status) or status not in CODES


@broken
class BarredIsSuccess(Plain):
    """Takes a barred number for success, because nothing can be done about it."""

    def is_good(self, status: Any) -> bool:
        return status in ("0", "7")


@broken
class StatusLost(Plain):
    """Tells no status in its error."""

    def reject(self, refused: Sequence[tuple[Document, Any]], accepted: list[Part]) -> None:
        record, _ = refused[0]
        super().reject([(record, "")], accepted)


@broken
class BarredIsRetryable(Plain):
    """Says of every refusal that it may be tried again, also of a number that opted out."""

    def is_temporary(self, statuses: Iterable[str]) -> bool:  # noqa: ARG002
        return True


@broken
class ThrottledIsFinal(Plain):
    """Says of a throttled alert that it cannot be sent."""

    def is_temporary(self, statuses: Iterable[str]) -> bool:  # noqa: ARG002
        return False


@broken
class PartlySentIsRetryable(Plain):
    """Says of an alert that was sent in part that it may be sent again."""

    def reject(self, refused: Sequence[tuple[Document, Any]], accepted: list[Part]) -> None:
        try:
            super().reject(refused, accepted)
        except ClientError as error:
            error.retryable = self.is_temporary(status for _, status in refused)
            raise


@broken
class TooManyIsFinal(Plain):
    """Says of HTTP 429 that it is final."""

    def is_throttled(self, reply: Reply) -> bool:  # noqa: ARG002
        return False


@broken
class DeniedIsRetryable(Plain):
    """Says of HTTP 401 that it may be tried again."""

    def is_throttled(self, reply: Reply) -> bool:
        return reply.status in (401, 429)


@broken
class HttpStatusLost(Plain):
    """Tells no HTTP status in its error."""

    def refuse(self, reply: Reply) -> None:
        if reply.status not in (200, 202):
            raise ClientError("refused", retryable=self.is_throttled(reply))


@broken
class RefusalIsAnEmptyList(Plain):
    """Gives an empty list of opt-outs when the service refuses, and everybody gets alerts."""

    def opt_outs(self) -> list[str]:
        try:
            return super().opt_outs()
        except ClientError:
            return []


# ---- XML -------------------------------------------------------------------------------------------------------------


@broken
class XmlStatusInOrder(ByXml):
    """Takes the first child of a part for its status, which is its identifier."""

    def fields(self, node: Node) -> Document:
        return {**super().fields(node), "status": node.children[0].content}


@broken
class XmlFirstPart(ByXml):
    """Finds the first part in XML and no other."""

    def messages(self, node: Node) -> list[Document]:
        return super().messages(node)[:1]


@broken
class XmlReferenceLost(ByXml):
    """Looks for the reference under the name it has in JSON."""

    def fields(self, node: Node) -> Document:
        return {name: value for name, value in super().fields(node).items() if name != "client-ref"}
