"""The laws of who keeps the opt-out list."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from shortcode_clients.opt_in.codes import CARRIER_KEYWORD
from shortcodekit.signing import METHODS

from .alert_laws import ENCODINGS, SENDING, SIGNING, law, status_is
from .laws import Law, Need
from .providing import Answer, ProviderBench
from .specs import FORM

_PAGE: Final = "Alerts - Subscribing API Reference"
_GUIDE: Final = "Campaign Subscription Management: Unsubscribe to your campaign"
_FORMS: Final = ("json", "xml")
TEXTING: Final = Need[ProviderBench](
    "a way to text from a phone (the sandbox has one)", lambda bench: bench.text is not None
)
OUT: Final = Need[ProviderBench]("a number that opted out (--opted-out)", lambda bench: bench.opted_out is not None)
SOME_OUT: Final = Need[ProviderBench](
    "numbers that opted out (--opted-out, or a way to text from a phone)",
    lambda bench: TEXTING.given(bench) or OUT.given(bench),
)


def _listed(answer: Answer) -> list[dict[str, Any]]:
    """The records of a page; each has to be one of a number that opted out."""
    answer.expect(answer.came.status == 200, "HTTP 200")
    records: list[dict[str, Any]] = answer.said["opt-in-list"]
    count = str(answer.said["opt-in-count"])
    answer.expect(count == str(len(records)), "opt-in-count tells how many records there are here")
    for each in records:
        out = str(each["opt-out"]).lower() == "true" and str(each["opt-in"]).lower() == "false"
        answer.expect(out, "records of numbers that opted out: opt-out is true, opt-in is false")
    return records


def _whole(bench: ProviderBench, size: int) -> tuple[list[str], Answer]:
    """The list, page by page."""
    numbers: list[str] = []
    for page in range(200):
        answer = bench.opt_outs({"page-size": str(size), "page": str(page)})
        records = _listed(answer)
        answer.expect(len(records) <= size, f"at most {size} records")
        numbers += [str(each["msisdn"]) for each in records]
        if len(records) < size:
            return numbers, answer
    return numbers, answer


def _every_encoding(bench: ProviderBench) -> None:
    for form in _FORMS:
        for how in ENCODINGS:
            if form == "json" or how in {"query", "empty", "split", FORM}:
                _listed(bench.opt_outs({"page-size": "2"}, form=form, how=how))
                _listed(bench.opt_outs(form=form, how=how))
    _listed(bench.opt_outs({"page-size": 2, "page": 0}, how="application/json"))


def _json_is_xml(bench: ProviderBench) -> None:
    one, other = (bench.opt_outs({"page-size": "5"}, form=form) for form in _FORMS)
    known = {"msisdn", "opt-in", "opt-in-date", "opt-out", "opt-out-date"}
    shown = [
        [{k: str(v).lower() for k, v in each.items() if k in known} for each in _listed(answer)]
        for answer in (one, other)
    ]
    other.expect(shown[0] == shown[1], "the same as JSON and as XML")


def _paging(bench: ProviderBench) -> None:
    _fill(bench)
    every, last = _whole(bench, 1000)
    last.expect(len(every) == len(set(every)), "no number twice")
    for size in (1, 2, 3, 7, 99, 999):
        if len(every) <= _PAGES * size:
            numbers, last = _whole(bench, size)
            last.expect(numbers == every, f"the same numbers in pages of {size} as in one")
    beyond = bench.opt_outs({"page-size": "10", "page": str(len(every) // 10 + 5)})
    beyond.expect(_listed(beyond) == [], "nothing on a page behind the last one")
    usual = bench.opt_outs()
    usual.expect(
        [str(each["msisdn"]) for each in _listed(usual)] == every[:100], "the first 100 without page and page-size"
    )


_PAGES: Final = 60
"""How many pages of one size are worth asking for: an account may have many opt-outs."""


def _fill(bench: ProviderBench) -> None:
    """Makes some numbers opt out, so that there is something to page."""
    if bench.text is not None:
        for _ in range(12):
            bench.text(bench.number(), "STOP")


def _wrong(bench: ProviderBench) -> None:
    for form in _FORMS:
        for said in (
            {"page": "-1"},
            {"page": "x"},
            {"page-size": "0"},
            {"page-size": "-5"},
            {"page-size": "many"},
            {"page": "1.5"},
        ):
            answer = bench.opt_outs(said, form=form)
            answer.expect(answer.came.status == 400, "HTTP 400", f"{said}")
            answer.expect(str(answer.said["error-code"]) == "400", "the error-code 400")


def _wrong_number(bench: ProviderBench) -> None:
    for form in _FORMS:
        for said in ({}, {"msisdn": ""}, {"msisdn": "x"}, {"msisdn": "+16365553226"}, {"msisdn": "1" * 16}):
            answer = bench.resubscribe(said, form=form)
            answer.expect(answer.came.status == 400, "HTTP 400", f"msisdn is {said.get('msisdn', 'missing')!r}")
            answer.expect(str(answer.said["error-code"]) == "400", "the error-code 400")


def _credentials(bench: ProviderBench) -> None:
    secret = bench.account.api_secret
    for form in _FORMS:
        for how in ("query", FORM):
            for extra in (
                {"api_secret": secret + "x"},
                {"api_secret": ""},
                {"api_secret": None},
                {"api_key": "nobody"},
                {"sig": "0" * 32, "timestamp": str(int(time.time()))},
            ):
                for ask, said in ((bench.opt_outs, {}), (bench.resubscribe, {"msisdn": "15559301529"})):
                    answer = ask(said, form=form, how=how, extra=extra)
                    answer.expect(answer.came.status == 401, "HTTP 401", "credentials that are wrong, missing, or both")
                    answer.expect(str(answer.said["error-code"]) == "401", "the error-code 401")


def _signed(bench: ProviderBench) -> None:
    for method in METHODS:
        for form in _FORMS:
            _listed(bench.opt_outs({"page-size": "1"}, form=form, auth=method))
    answer = bench.opt_outs({"page-size": "1"}, auth="none", extra={**bench.credentials({"page-size": "2"}, "sha256")})
    answer.expect(answer.came.status == 401, "HTTP 401", "a signature of other parameters")


def _resubscribes(bench: ProviderBench) -> None:
    other = None
    for how in ("query", FORM, "application/json"):
        number = bench.opted_out
        if bench.text is not None:
            number, other = bench.number(), bench.number()
            bench.text(other, "STOP")
            bench.text(number, "STOP")
        answer = bench.resubscribe({"msisdn": number}, how=how)
        answer.expect(answer.came.status == 200, "HTTP 200")
        said = answer.said
        answer.expect(str(said["msisdn"]) == number, "the number that was asked for")
        state = (str(said["opt-in"]).lower(), str(said["opt-out"]).lower())
        answer.expect(state == ("true", "false"), "opt-in true and opt-out false, as it stands now")
        numbers, last = _whole(bench, 1000)
        last.expect(number not in numbers, "no more on the list once it is subscribed again")
        last.expect(other is None or other in numbers, "other numbers still on the list")
        xml = bench.resubscribe({"msisdn": number}, form="xml").said
        answer.expect(str(xml["msisdn"]) == number, "the same in XML")
    answer = bench.resubscribe({"msisdn": 441632960960}, how="application/json")
    answer.expect(answer.came.status == 200, "HTTP 200", "a number that is not on the list, as a JSON integer")


def _stop(bench: ProviderBench) -> None:
    if bench.text is None:
        return
    words = [word for word, code in CARRIER_KEYWORD.items() if code.opted_out]
    written = [*words, *(word.lower() for word in words), "Stop", "  STOP  ", "sToP", "stop\n"]
    for word in written:
        number = bench.number()
        status_is(bench.alert({"to": number}), "0", about="before the STOP")
        began = datetime.now(UTC)
        bench.text(number, word)
        numbers, last = _whole(bench, 1000)
        last.expect(number in numbers, f"the number on the list after it texted {word!r}")
        last.expect(numbers.count(number) == 1, "the number on the list once")
        _dated(bench, number, began)
        for form in _FORMS:
            status_is(bench.alert({"to": number}, form=form), "7", about=f"after {word!r}")
    bench.text(number, "STOP")
    numbers, last = _whole(bench, 1000)
    last.expect(numbers.count(number) == 1, "the number on the list once, after a second STOP")


def _dated(bench: ProviderBench, number: str, began: datetime) -> None:
    answer = bench.opt_outs({"page-size": "1000"})
    (record,) = (each for each in _listed(answer) if str(each["msisdn"]) == number)
    if "opt-out-date" not in record:
        return  # it is optional
    moment = datetime.strptime(record["opt-out-date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    answer.expect(abs((moment - began).total_seconds()) < 120, "the time of the opt-out in UTC")


def _back(bench: ProviderBench) -> None:
    if bench.text is None:
        return
    back = [word for word, code in CARRIER_KEYWORD.items() if code.opted_in]
    for word in (None, *back, *(each.lower() for each in back)):
        number = bench.number()
        bench.text(number, "STOP")
        status_is(bench.alert({"to": number}), "7", about="after STOP")
        if word is None:
            bench.resubscribe({"msisdn": number})
        else:
            bench.text(number, word)
        numbers, last = _whole(bench, 1000)
        last.expect(number not in numbers, "no more on the list")
        status_is(bench.alert({"to": number}), "0", about="after it was subscribed again")


def _no_effect(bench: ProviderBench) -> None:
    if bench.text is None:
        return
    words = [word for word, code in CARRIER_KEYWORD.items() if not code.opted_out and not code.opted_in]
    for word in (*words, "hello", "please do not stop"):
        number = bench.number()
        bench.text(number, word)
        numbers, last = _whole(bench, 1000)
        last.expect(number not in numbers, f"nothing changed by {word!r}")
        status_is(bench.alert({"to": number}), "0", about=f"after {word!r}")


def _barred(bench: ProviderBench) -> None:
    if bench.opted_out is not None:
        status_is(bench.alert({"to": bench.opted_out}), "7", about="to a number that opted out")


LAWS: Final[tuple[Law[ProviderBench], ...]] = (
    law("opt-in/every-encoding", "The list is answered in each encoding and in both forms.", f"{_PAGE}: Encoding", _every_encoding),
    law("opt-in/json-is-xml", "The list is the same as JSON and as XML.", f"{_PAGE}: Format", _json_is_xml),
    law("opt-in/paging", "Pages of any size hold the same numbers, each once.", f"{_PAGE}: Parameters", _paging),
    law("opt-in/invalid-parameters", "A wrong page or page-size is refused with HTTP 400.", "choice: the specs' answers to refusals", _wrong),
    law("opt-in/invalid-numbers", "A missing or wrong msisdn is refused with HTTP 400.", "choice: the specs' answers to refusals", _wrong_number),
    law("opt-in/credentials", "Wrong credentials are refused with HTTP 401.", "Observed: an account with a broken key", _credentials),
    law("opt-in/signatures", "A signature by each of the five methods is accepted.", "Published elsewhere: signing", _signed, SIGNING),
    law("opt-in/opted-out", "An alert to a number that opted out is refused with status 7.", _GUIDE, _barred, SENDING, OUT),
    law("opt-in/resubscribe", "Subscribing again takes the number off the list and answers how it stands now.", f"{_PAGE}: Request", _resubscribes, SENDING, SOME_OUT),
    law("opt-in/stop", "A STOP in any case puts the number on the list, once, and alerts to it are refused.", _GUIDE, _stop, SENDING, TEXTING),
    law("opt-in/and-back", "Subscribed again, by manage or by START, the number gets alerts.", _GUIDE, _back, SENDING, TEXTING),
    law("opt-in/other-words", "Other words change nothing.", "Published elsewhere: carriers' requirements for US short codes", _no_effect, SENDING, TEXTING),
)  # fmt: skip
