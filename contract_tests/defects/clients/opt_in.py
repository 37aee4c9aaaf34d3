"""Clients that lose opt-outs, or ask for them without end, and ones that do not hear how a number stands."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from .base import Catalogue, ClientError
from .plain import MANAGE, QUERY, Document, Plain
from .ways import ByXml, Node

OPT_IN: Final = Catalogue()
broken = OPT_IN.broken

# ---- paging ----------------------------------------------------------------------------------------------------------


class Paged(Plain):
    """Has pages of a size that shows its mistakes in few requests."""

    page_size = 5


@broken
class FirstPageOnly(Paged):
    """Asks for the first page alone."""

    def is_last(self, records: list[Document], new: list[str]) -> bool:  # noqa: ARG002
        return True


@broken
class ShortPageLost(Paged):
    """Stops at a page that is shorter, without taking what stands on it."""

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        return super().new(records, found) if len(records) == self.page_size else []


@broken
class PagesFromOne(Paged):
    """Counts pages from 1, and loses the first one."""

    def page(self, page: int) -> Document:
        return super().page(page + 1)


@broken
class PageIsAnOffset(Paged):
    """Takes the page for the number of the first record."""

    def page(self, page: int) -> Document:
        return super().page(page * self.page_size)


@broken
class EveryOtherPage(Paged):
    """Counts pages up twice, and loses every other one."""

    def page(self, page: int) -> Document:
        return super().page(page * 2)


@broken
class CountIsTotal(Paged):
    """Takes the count of an answer for that of all opt-outs, and stops when it has as many."""

    total = 0

    def records(self, page: int) -> list[Document]:
        document = self.page(page)
        self.total = int(str(document.get("opt-in-count", 0)))
        return self.listed(document, "opt-in-list")

    def is_last(self, records: list[Document], new: list[str]) -> bool:
        return len(new) >= self.total or super().is_last(records, new)


@broken
class LastPageIsFull(Paged):
    """Looks at the first record of each page, and fails with IndexError when a page behind a full one is empty."""

    def records(self, page: int) -> list[Document]:
        records = super().records(page)
        str(records[0])
        return records


@broken
class PageStays(Paged):
    """Asks for the first page again and again, as long as it is full."""

    def opt_outs(self) -> list[str]:
        found: list[str] = []
        records = self.records(0)
        found += self.new(records, [])
        while len(records) == self.page_size:
            records = self.records(0)
            found += self.new(records, found)
        return found


@broken
class WithoutEnd(Paged):
    """Asks for page after page although all are full of what it has."""

    def is_last(self, records: list[Document], new: list[str]) -> bool:  # noqa: ARG002
        return len(records) < self.page_size


@broken
class SizeForgotten(Plain):
    """Asks for pages of five, and takes only a hundred for a full one."""

    def page(self, page: int) -> Document:
        return self.document(self.ask(f"{QUERY}/{self.form}", {"page-size": "5", "page": str(page)}))


@broken
class OnlyFullPagesCount(Paged):
    """Takes the page that is shorter for damaged, and gives an error."""

    def is_last(self, records: list[Document], new: list[str]) -> bool:
        if 0 < len(records) < self.page_size:
            raise ClientError("the page is not full")
        return super().is_last(records, new)


@broken
class SecondPageFails(Paged):
    """Gives what it has when a later page is refused, as if that were all."""

    def records(self, page: int) -> list[Document]:
        try:
            return super().records(page)
        except ClientError:
            if page:
                return []
            raise


# ---- records ---------------------------------------------------------------------------------------------------------


@broken
class ListCountAsText(Paged):
    """Gives no opt-outs when the count is a number rather than a text."""

    def records(self, page: int) -> list[Document]:
        document = self.page(page)
        return self.listed(document, "opt-in-list") if isinstance(document.get("opt-in-count"), str) else []


@broken
class ListCountAsNumber(Paged):
    """Compares the count with 0, and fails with TypeError when it is a text, as is documented."""

    def records(self, page: int) -> list[Document]:
        document = self.page(page)
        return self.listed(document, "opt-in-list") if document["opt-in-count"] > 0 else []


@broken
class OptOutsKept(Paged):
    """Gives a number as an integer when it came as one, so that nothing that is kept as text equals it."""

    def opted_out(self, record: Document) -> Any:
        return record.get("msisdn")


@broken
class OptOutsAsIntegers(Paged):
    """Gives all numbers as integers."""

    def opted_out(self, record: Document) -> Any:
        return int(record["msisdn"])


@broken
class RepeatedNumbers(Paged):
    """Gives a number twice that moved to the next page while the list was read."""

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        del found
        return [self.opted_out(each) for each in records]


@broken
class SortedNumbers(Paged):
    """Gives numbers in the order of their digits, not as they came."""

    def opt_outs(self) -> list[str]:
        return sorted(super().opt_outs())


@broken
class DateDemanded(Paged):
    """Reads the day of each opt-out, and fails with KeyError when a record has none."""

    def opted_out(self, record: Document) -> str:
        str(record["opt-out-date"])
        return super().opted_out(record)


@broken
class DateDemandedSilently(Paged):
    """Passes over records without the day of the opt-out."""

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        return super().new([each for each in records if "opt-out-date" in each], found)


@broken
class FlagIsAText(Paged):
    """Passes over records whose flag is a JSON boolean, because it compares with the text `true`."""

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        return super().new([each for each in records if each.get("opt-out") == "true"], found)


@broken
class AmericanNumbersOnly(Paged):
    """Passes over numbers that do not begin with 1."""

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        return [each for each in super().new(records, found) if each.startswith("1")]


@broken
class ListMayBeMissing(Paged):
    """Takes an object without a list for an empty list."""

    def records(self, page: int) -> list[Document]:
        return self.page(page).get("opt-in-list") or []


@broken
class XmlRecordsInElements(ByXml):
    """Looks for what a record says in elements below it, where nothing stands."""

    def opt_ins(self, root: Node) -> list[Document]:
        records = [{each.name: each.content for each in record.children} for record in root.children]
        return [each for each in records if each]


# ---- subscribing again -----------------------------------------------------------------------------------------------


@broken
class FlagAsBoolean(Plain):
    """Takes the text `false` for true, because it is not empty."""

    def flag(self, record: Document, key: str) -> bool:
        super().flag(record, key)
        return bool(record[key])


@broken
class FlagByText(Plain):
    """Compares the flag with the text `true`, and takes the JSON boolean for false."""

    def flag(self, record: Document, key: str) -> bool:
        super().flag(record, key)
        return bool(record[key] == "true")


@broken
class OtherFlag(Plain):
    """Reads `opt-out` where `opt-in` is meant."""

    def flag(self, record: Document, key: str) -> bool:  # noqa: ARG002
        return super().flag(record, "opt-out")


@broken
class AnswerIgnored(Plain):
    """Takes each number for subscribed whatever was answered."""

    def resubscribe(self, number: str) -> bool:
        with suppress(ClientError):
            super().resubscribe(number)
        return True


@broken
class FlagMissing(Plain):
    """Takes an answer that says nothing of the number for no."""

    def flag(self, record: Document, key: str) -> bool:
        return super().flag(record, key) if key in record else False


@broken
class ResubscribedByTo(Plain):
    """Names the number `to`, as in alerts."""

    def ask(self, path: str, said: Any) -> Any:
        return super().ask(path, {"to" if name == "msisdn" else name: value for name, value in said.items()})


@broken
class ResubscribedAtQuery(Plain):
    """Asks the endpoint of the list to subscribe a number, which lists."""

    def resubscribe(self, number: str) -> bool:
        self.document(self.ask(f"{QUERY}/{self.form}", {"msisdn": self.number(number)}))
        return True


@broken
class ResubscribedWithPlus(Plain):
    """Puts a `+` before the number when it subscribes."""

    def resubscribe(self, number: str) -> bool:
        record = self.document(self.ask(f"{MANAGE}/{self.form}", {"msisdn": f"+{self.number(number)}"}))
        return self.flag(record, "opt-in")
