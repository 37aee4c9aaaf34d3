"""Providers that go wrong about the opt-out list: its pages, its records, and who gets on and off it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from shortcode_clients.alerts.models import AlertPart, AlertResponse
from shortcode_clients.opt_in.models import OptInRecord, OptOutList, RestError
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.opt_in import Subscription, refusal
from shortcodekit.sandbox.outcomes import Outcome, World
from shortcodekit.sandbox.service import Answer
from shortcodekit.signing import value_text

from .base import PAGE, Bent, Case, Catalogue, edited, is_alert, is_rest, is_xml, typed

OPT_IN: Final = Catalogue()


def whole(case: Case) -> list[Subscription]:
    """The list, whatever page is asked for."""
    return case.service.store.opt_outs(case.service.settings.short_code, size=10**9)


def paged(case: Case, outcome: Outcome, cut: Callable[[list[Subscription], int, int], list[Subscription]]) -> Outcome:
    """An answer to a query with another page: what `cut` makes of the list, the size of pages and the page's number."""
    if not (case.is_query and isinstance(outcome.answer, OptOutList)):
        return outcome
    size, page = int(case.said.get("page-size", 100)), int(case.said.get("page", 0))
    found = cut(whole(case), size, page)
    return evolve(outcome, answer=OptOutList(str(len(found)), [each.record(out=True) for each in found]))


def records(outcome: Outcome) -> list[OptInRecord]:
    """The records in an answer."""
    if isinstance(outcome.answer, OptOutList):
        return outcome.answer.opt_in_list
    return [outcome.answer] if isinstance(outcome.answer, OptInRecord) else []


# ---- pages -----------------------------------------------------------------------------------------------------------


@OPT_IN.said("page-from-one", "Pages are counted from one; page 0 is the first as well.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_query and value_text(said.get("page", 0)).isdigit():
        said["page"] = str(max(0, int(value_text(said.get("page", 0))) - 1))


@OPT_IN.said("page-ignored", "Every page is the first.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_query:
        said.pop("page", None)


@OPT_IN.said("page-size-ignored", "A page has 100 records, whatever size is asked for.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_query:
        said.pop("page-size", None)


@OPT_IN.said("page-size-of-10", "A page has 10 records by default.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_query:
        said.setdefault("page-size", "10")


@OPT_IN.said("page-size-0-accepted", "A page-size of 0 is accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("page-size", "")) == "0":
        said["page-size"] = "1"


@OPT_IN.said("page-below-0-accepted", "A page below 0 is accepted.")
def _(_: Case, said: dict[str, Any]) -> None:
    if value_text(said.get("page", "")).startswith("-"):
        said["page"] = "0"


@OPT_IN.decided("page-is-an-offset", "The number of a page counts records.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return paged(case, outcome, lambda found, size, page: found[page : page + size])


@OPT_IN.decided("pages-overlap", "A page begins with the last record of the one before.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return paged(case, outcome, lambda found, size, page: found[max(0, page * size - (page > 0)) :][:size])


@OPT_IN.decided("last-record-lost", "The last record of the list is on no page.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return paged(case, outcome, lambda found, size, page: found[:-1][page * size :][:size])


@OPT_IN.decided("full-page-lost-one", "A full page lacks its last record.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return paged(case, outcome, lambda found, size, page: found[page * size : page * size + max(1, size - 1)])


@OPT_IN.decided("last-page-again", "A page behind the end is the last one again.")
def _(case: Case, outcome: Outcome) -> Outcome:
    def cut(found: list[Subscription], size: int, page: int) -> list[Subscription]:
        last = max(0, len(found) - 1) // size
        return found[min(page, last) * size :][:size]

    return paged(case, outcome, cut)


@OPT_IN.decided("order-changes", "The list begins elsewhere each time it is asked for, so pages do not fit together.")
def _(case: Case, outcome: Outcome) -> Outcome:
    turn = case.service.memory["turn"] = case.service.memory.get("turn", -1) + 1

    def cut(found: list[Subscription], size: int, page: int) -> list[Subscription]:
        begin = turn % len(found) if found else 0
        return (found[begin:] + found[:begin])[page * size :][:size]

    return paged(case, outcome, cut)


@OPT_IN.decided("count-of-all", "The opt-in-count is that of all pages.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if isinstance(outcome.answer, OptOutList):
        outcome.answer.opt_in_count = str(len(whole(case)))
    return outcome


@OPT_IN.decided("list-count-of-one", "The opt-in-count is 1, however many records there are.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if isinstance(outcome.answer, OptOutList):
        outcome.answer.opt_in_count = "1"
    return outcome


# ---- records ---------------------------------------------------------------------------------------------------------


def _dated(name: str, sentence: str, change: Callable[[str], str]) -> None:
    @OPT_IN.decided(name, sentence)
    def _(_: Case, outcome: Outcome) -> Outcome:
        for each in records(outcome):
            if isinstance(each.opt_out_date, str):
                each.opt_out_date = change(each.opt_out_date)
            if isinstance(each.opt_in_date, str):
                each.opt_in_date = change(each.opt_in_date)
        return outcome


_dated("dates-in-iso", "Dates are written as ISO 8601 has them, with a T.", lambda date: date.replace(" ", "T"))
_dated("dates-without-time", "Dates have no time.", lambda date: date[:10])
_dated(
    "dates-of-the-us",
    "Dates are written month first.",
    lambda date: f"{date[5:7]}/{date[8:10]}/{date[:4]}{date[10:]}",
)


@OPT_IN.decided("records-swapped", "opt-in and opt-out say the opposite.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in records(outcome):
        each.opt_in, each.opt_out = each.opt_out, each.opt_in
    return outcome


@OPT_IN.decided("numbers-with-plus", "Numbers of records have a plus sign.")
def _(_: Case, outcome: Outcome) -> Outcome:
    for each in records(outcome):
        each.msisdn = f"+{each.msisdn}"
    return outcome


@OPT_IN.answered("flag-left-out", "Records do not say whether the number opted out.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_rest(request) and not is_alert(request):
        answer.body = re.sub(rb""",?"opt-out":"[a-z]*"| opt-out=["'][a-z]*["']""", b"", answer.body)
    return answer


@OPT_IN.answered("flags-as-digits", "Flags are 1 and 0.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_rest(request) and not is_alert(request):
        digits = (b'="true"', b'="1"'), (b'="false"', b'="0"'), (b':"true"', b':"1"'), (b':"false"', b':"0"')
        for text, digit in digits:
            answer.body = answer.body.replace(text, digit)
    return answer


@OPT_IN.answered("one-record-as-object", "A list of one record is an object, and no list.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        if len(document.get("opt-in-list", ())) == 1:
            document["opt-in-list"] = document["opt-in-list"][0]
        return document

    return edited(answer, change)


@OPT_IN.answered("empty-list-left-out", "An answer without records has no list.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    return edited(answer, lambda document: {key: value for key, value in document.items() if value != []})


@OPT_IN.answered("xml-in-elements", "The records in XML carry elements, and no attributes.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    def opened(found: re.Match[bytes]) -> bytes:
        inner = re.sub(rb"""\s*([a-z-]+)=["']([^"']*)["']""", rb"<\1>\2</\1>", found[1])
        return b"<opt-in>" + inner + b"</opt-in>"

    if is_xml(answer):
        answer.body = re.sub(rb"<opt-in((?: [^>/]*)?)(?:/>|></opt-in>)", opened, answer.body)
    return answer


@OPT_IN.answered("xml-without-opt-in-count", "The list in XML has no count.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = re.sub(rb""" opt-in-count=["'][0-9]*["']""", b"", answer.body)
    return answer


# ---- subscribing again -----------------------------------------------------------------------------------------------


def _subscription(case: Case) -> Subscription | None:
    number = value_text(case.said.get("msisdn", ""))
    return case.service.store.subscription(case.service.settings.short_code, number)


def _managed(case: Case, outcome: Outcome) -> bool:
    return outcome.subscribe is not None and isinstance(outcome.answer, OptInRecord) and not case.is_query


@OPT_IN.decided("resubscribed-told-late", "Subscribing again answers how the number stood before.")
def _(case: Case, outcome: Outcome) -> Outcome:
    before = _subscription(case)
    if _managed(case, outcome) and before is not None and before.opted_out is not None:
        return evolve(outcome, answer=before.record(out=True))
    return outcome


@OPT_IN.decided("resubscribed-forgotten", "Subscribing again is answered well, and changes nothing.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, subscribe=None) if _managed(case, outcome) else outcome


@OPT_IN.decided("resubscribed-unknown-missing", "Subscribing a number that never opted out is answered with HTTP 404.")
def _(case: Case, outcome: Outcome) -> Outcome:
    unknown = _managed(case, outcome) and _subscription(case) is None
    return refusal(404, "an unknown number") if unknown else outcome


@OPT_IN.decided("resubscribed-twice-refused", "Subscribing a number a second time is refused.")
def _(case: Case, outcome: Outcome) -> Outcome:
    known = _subscription(case)
    twice = _managed(case, outcome) and known is not None and known.opted_out is None
    return refusal(409, "subscribed already") if twice else outcome


@OPT_IN.decided("resubscribed-still-listed", "A number that is subscribed again stays in the list, as opted in.")
def _(case: Case, outcome: Outcome) -> Outcome:
    back = case.service.memory.setdefault("back", [])
    before = _subscription(case)
    if _managed(case, outcome) and before is not None and before.opted_out is not None:
        back.append(before.msisdn)
    if isinstance(outcome.answer, OptOutList):
        outcome.answer.opt_in_list += [Subscription(each).record(out=False) for each in back]
        outcome.answer.opt_in_count = str(len(outcome.answer.opt_in_list))
    return outcome


@OPT_IN.decided("resubscribed-as-list", "Subscribing again is answered with a list of one record.")
def _(case: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, answer=OptOutList("1", records(outcome))) if _managed(case, outcome) else outcome


@OPT_IN.decided("all-resubscribed", "Subscribing one number again subscribes every number.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if _managed(case, outcome):
        with case.service.store.writing():
            for each in whole(case):
                case.service.store.subscribe(case.service.settings.short_code, each.msisdn, wanted=True, at=1e9)
    return outcome


@OPT_IN.said("number-missing-accepted", "Subscribing no number again is answered well.")
def _(case: Case, said: dict[str, Any]) -> None:
    if not case.is_query and not case.is_alert:
        said.setdefault("msisdn", "1")


@OPT_IN.said("number-with-plus-accepted", "Subscribing a number with a plus sign is answered well.")
def _(_: Case, said: dict[str, Any]) -> None:
    if isinstance(said.get("msisdn"), str):
        said["msisdn"] = said["msisdn"].removeprefix("+")


@OPT_IN.world("resubscribed-still-barred", "Alerts to a number that is subscribed again are still refused.")
def _(service: Bent, world: World) -> World:
    ever = service.memory.setdefault("ever", set())
    ever.update(each.msisdn for each in service.store.opt_outs(service.settings.short_code, size=10**9))
    return evolve(world, is_opted_out=lambda _, msisdn: msisdn in ever)


# ---- refusals --------------------------------------------------------------------------------------------------------


@OPT_IN.decided("refused-by-200", "Refusals of the opt-in API are answered with HTTP 200.")
def _(_: Case, outcome: Outcome) -> Outcome:
    return evolve(outcome, status=200) if isinstance(outcome.answer, RestError) else outcome


@OPT_IN.decided("refused-by-403", "Wrong credentials are answered with HTTP 403 by the opt-in API.")
def _(_: Case, outcome: Outcome) -> Outcome:
    return (
        refusal(403, "forbidden")
        if outcome.status == 401 and not isinstance(outcome.answer, AlertResponse)
        else outcome
    )


@OPT_IN.decided("refused-as-alert", "Refusals of the opt-in API look like those of alerts.")
def _(_: Case, outcome: Outcome) -> Outcome:
    if not isinstance(outcome.answer, RestError):
        return outcome
    return evolve(outcome, answer=AlertResponse("1", [AlertPart("4", error_text="refused")]))


@OPT_IN.answered("refused-as-page", "Refusals of the opt-in API are pages for people.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_rest(request) and answer.status in {400, 401}:
        answer.body = PAGE
        return typed(answer, "text/html")
    return answer


@OPT_IN.said("list-open-to-all", "The opt-out list is told to anyone.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.is_query:
        said.pop("sig", None)
        said.update(api_key=case.service.account.api_key, api_secret=case.service.account.api_secret)


@OPT_IN.said("opt-in-signature-refused", "The opt-in API takes no signatures.")
def _(case: Case, said: dict[str, Any]) -> None:
    if not case.is_alert and "sig" in said:
        said["sig"] = "0" * 32


# ---- texts from phones -----------------------------------------------------------------------------------------------


@OPT_IN.texted("stop-ignored", "A STOP does not put the number on the list.")
def _(_: Bent, __: str, text: str) -> str:
    return "hello" if text.strip().upper() == "STOP" else text


@OPT_IN.texted("stop-in-capitals", "Keywords are known in capitals alone.")
def _(_: Bent, __: str, text: str) -> str:
    return text if text.isupper() else "hello"


@OPT_IN.texted("stop-alone", "Of the keywords, STOP alone puts a number on the list.")
def _(_: Bent, __: str, text: str) -> str:
    return "hello" if text.upper() in {"STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"} else text


@OPT_IN.texted("start-ignored", "A START does not take the number off the list.")
def _(_: Bent, __: str, text: str) -> str:
    return "hello" if text.upper() in {"START", "UNSTOP"} else text


@OPT_IN.texted("help-opts-out", "A HELP puts the number on the list.")
def _(_: Bent, __: str, text: str) -> str:
    return "STOP" if text.upper() == "HELP" else text
