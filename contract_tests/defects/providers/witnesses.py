"""For each broken provider of the alert and opt-in APIs a few raw requests whose answer gives it away.

A witness says what is looked at, what a correct provider answers, and what this one does. Every correct provider answers all of
them rightly, and the broken one only its own wrongly in the way that is noted here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree  # what is read was written by our own providers

from attrs import frozen

from .talk import ACCOUNT, ALERT, FORM, JSON, LONG, PHONE, QUERY, Talk, paid, signature, status


@frozen
class Witness:
    """What is looked at, and what is seen."""

    look: Callable[[Talk], Any]
    right: Any
    wrong: Any

    def seen(self, talk: Talk) -> Any:
        """What a provider shows; the name of the error when its answer cannot be read."""
        try:
            return self.look(talk)
        except (ValueError, LookupError, TypeError, AttributeError, ElementTree.ParseError) as error:
            return type(error).__name__


def after(*steps: Callable[[Talk], Any]) -> Callable[[Talk], Any]:
    """What the last of several steps shows."""
    return lambda talk: [step(talk) for step in steps][-1]


def _stop(talk: Talk) -> None:
    talk.text()


def _stops(count: int) -> Callable[[Talk], None]:
    return lambda talk: talk.stops(count)


def _both_parts(talk: Talk) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = talk.alert(server=LONG).document["messages"]
    return parts


def _length_fits(talk: Talk) -> bool:
    return 8 <= len(talk.part()["message-id"]) <= 16


def _paid_around_a_refusal(talk: Talk) -> bool:
    before = talk.part()
    talk.status(template=6)
    return paid(before, talk.part())


ALERTS: Final[Mapping[str, Witness]] = {
    "reference-dropped": Witness(lambda t: t.part(client_ref="ab").get("client-ref"), "ab", None),
    "reference-of-39": Witness(lambda t: len(t.part(client_ref="r" * 40)["client-ref"]), 40, 39),
    "reference-of-40-refused": Witness(lambda t: t.status(client_ref="r" * 40), "0", "3"),
    "reference-of-41-accepted": Witness(lambda t: t.status(client_ref="r" * 41), "3", "0"),
    "reference-in-bytes": Witness(lambda t: t.status(client_ref="é" * 40), "0", "3"),
    "template-6-accepted": Witness(lambda t: t.status(template=6), "3", "0"),
    "template-5-refused": Witness(lambda t: t.status(template=5), "0", "3"),
    "template-1-refused": Witness(lambda t: t.status(template=1), "0", "3"),
    "template-by-name-accepted": Witness(lambda t: t.status(template="first"), "3", "0"),
    "two-recipients-accepted": Witness(lambda t: t.status(to=f"{PHONE},16365553227"), "3", "0"),
    "recipient-missing-accepted": Witness(lambda t: t.status(to=None), "2", "0"),
    "plus-accepted": Witness(lambda t: t.status(to=f"+{PHONE}"), "3", "0"),
    "abroad-accepted": Witness(lambda t: t.status(to="447700900000"), "3", "0"),
    "type-unknown-accepted": Witness(lambda t: t.status(type="binary"), "3", "0"),
    "type-unicode-refused": Witness(lambda t: t.status(type="unicode"), "0", "3"),
    "report-by-true-refused": Witness(lambda t: t.status(status_report_req="true"), "0", "3"),
    "custom-parameters-refused": Witness(lambda t: t.status(), "0", "3"),
    "opted-out-accepted": Witness(after(_stop, lambda t: t.status()), "7", "0"),
    "opted-out-invalid": Witness(after(_stop, lambda t: t.status()), "7", "3"),
    "missing-is-invalid": Witness(lambda t: t.status(to=None), "2", "3"),
    "count-of-one": Witness(lambda t: str(t.alert(server=LONG).document["message-count"]), "2", "1"),
    "count-from-zero": Witness(lambda t: str(t.alert().document["message-count"]), "1", "0"),
    "parts-unlisted": Witness(lambda t: len(_both_parts(t)), 2, 1),
    "identifier-too-long": Witness(_length_fits, True, False),
    "identifier-too-short": Witness(_length_fits, True, False),
    "identifier-repeated": Witness(lambda t: t.part()["message-id"] == t.part()["message-id"], False, True),
    "identifier-of-all-parts": Witness(lambda t: len({each["message-id"] for each in _both_parts(t)}), 2, 1),
    "balance-stays": Witness(lambda t: paid(t.part(), t.part()), True, False),
    "balance-grows": Witness(lambda t: paid(t.part(), t.part()), True, False),
    "balance-of-first-part": Witness(lambda t: paid(*_both_parts(t)), True, False),
    "price-of-all-parts": Witness(
        lambda t: t.part().get("message-price") == _both_parts(t)[0].get("message-price"), True, False
    ),
    "refused-part-paid": Witness(_paid_around_a_refusal, True, False),
    "recipient-with-plus": Witness(lambda t: str(t.part()["to"]), PHONE, f"+{PHONE}"),
    "success-in-words": Witness(lambda t: t.status(), "0", "success"),
    "refusal-in-words-alone": Witness(lambda t: t.status(template=6), "3", "0"),
    "secret-told": Witness(lambda t: t.alert(template=6).leaks, False, True),
    "refusal-by-http": Witness(lambda t: t.alert(template=6).status, 200, 400),
    "credentials-by-http": Witness(lambda t: t.alert(api_secret="wrong").status, 200, 401),
    "opted-out-by-http": Witness(after(_stop, lambda t: t.alert().status), 200, 403),
    "accepted-by-201": Witness(lambda t: t.alert().status, 200, 201),
    # how answers are written
    "xml-at-json": Witness(lambda t: t.alert().media, JSON, "application/xml"),
    "json-at-xml": Witness(lambda t: t.alert("xml").body[:1], b"<", b"{"),
    "json-as-page": Witness(lambda t: t.alert().type, JSON, "text/html"),
    "json-with-charset": Witness(lambda t: t.alert().type, JSON, "application/json;charset=UTF-8"),
    "xml-as-json": Witness(lambda t: t.alert("xml").media, "application/xml", JSON),
    "json-with-mark": Witness(lambda t: t.alert().body[:1], b"{", b"\xef"),
    "json-in-latin-1": Witness(lambda t: t.part(client_ref="é")["client-ref"], "é", "UnicodeDecodeError"),
    "camel-case": Witness(lambda t: "message-count" in t.alert().document, True, False),
    "one-part-as-object": Witness(lambda t: type(t.alert().document["messages"]), list, dict),
    "status-left-out": Witness(lambda t: "status" in t.part(), True, False),
    "nulls": Witness(lambda t: None in t.part().values(), False, True),
    "xml-unescaped": Witness(lambda t: t.xml(client_ref="a&b").findtext(".//clientRef"), "a&b", "ParseError"),
    "xml-escaped-twice": Witness(lambda t: t.xml(client_ref="a&b").findtext(".//clientRef"), "a&b", "a&amp;b"),
    "xml-garbled": Witness(lambda t: t.xml(client_ref="é").findtext(".//clientRef"), "é", "Ã©"),
    "xml-without-count": Witness(lambda t: t.xml().find("messages").get("count"), "1", None),  # type: ignore[union-attr]
    "xml-with-keys-of-json": Witness(lambda t: t.xml().find(".//messageId") is not None, True, False),
    "xml-unwrapped": Witness(lambda t: t.xml().find("messages") is not None, True, False),
    "xml-with-secret": Witness(lambda t: t.alert("xml").leaks, False, True),
    "xml-of-other-statuses": Witness(lambda t: t.xml(to=None).findtext(".//status"), "2", "3"),
    "xml-cut": Witness(lambda t: t.xml().tag, "mt-submission-response", "ParseError"),
    "xml-of-other-encoding": Witness(lambda t: t.xml(client_ref="é").findtext(".//clientRef"), "é", "Ã©"),
}


def _empty_post(talk: Talk) -> str:
    return talk.posted(b"", None, query=talk.alerting())


def _in_two(talk: Talk) -> str:
    said = talk.alerting()
    who = {name: said.pop(name) for name in ("api_key", "api_secret")}
    return talk.posted(said, FORM, query=who)


def _integer_time(talk: Talk) -> str:
    return talk.posted(talk.signed(talk.alerting(), timestamp=int(time.time())))


REQUESTS: Final[Mapping[str, Witness]] = {
    "get-refused": Witness(lambda t: t.status(), "0", "HTTP 405"),
    "form-refused": Witness(lambda t: t.posted(t.alerting(), FORM), "0", "2"),
    "jsonrequest-refused": Witness(lambda t: t.posted(t.alerting(), "application/jsonrequest"), "0", "2"),
    "x-json-refused": Witness(lambda t: t.posted(t.alerting(), "text/x-json"), "0", "2"),
    "javascript-refused": Witness(lambda t: t.posted(t.alerting(), "text/javascript"), "0", "2"),
    "query-of-post-ignored": Witness(_empty_post, "0", "2"),
    "query-beside-body-ignored": Witness(_in_two, "0", "2"),
    "doubled-slash-missing": Witness(lambda t: t.posted(t.alerting(), path=f"/{ALERT}"), "0", "HTTP 404"),
    "no-slash-missing": Witness(lambda t: t.posted(t.alerting(), path=ALERT[1:]), "0", "HTTP 404"),
    "host-checked": Witness(lambda t: t.posted(t.alerting(), host="rest.nexmo.com"), "0", "HTTP 421"),
    "left-over-authorization-refused": Witness(
        lambda t: t.posted(t.alerting(), authorization="Bearer a.b.c"), "0", "HTTP 401"
    ),
    "type-of-get-refused": Witness(
        lambda t: status(t.send("GET", ALERT, query=urlencode(t.alerting()), content_type=JSON)), "0", "HTTP 415"
    ),
    "form-as-json-refused": Witness(lambda t: t.posted(urlencode(t.alerting()).encode()), "0", "HTTP 400"),
    "integers-refused": Witness(lambda t: t.posted(t.alerting(to=int(PHONE))), "0", "3"),
    "integer-time-refused": Witness(_integer_time, "0", "14"),
    "plus-is-no-space": Witness(lambda t: t.part(client_ref="a b")["client-ref"], "a b", "a+b"),
    "form-in-latin-1": Witness(lambda t: t.part(client_ref="é")["client-ref"], "é", "Ã©"),
    "garbage-is-an-error": Witness(
        lambda t: t.send("GET", ALERT, query=urlencode(t.alerting(to=None)) + "&to=%ff").status, 200, 500
    ),
    "list-is-an-error": Witness(lambda t: t.posted(b"[]"), "3", "HTTP 500"),
    "list-of-recipients-accepted": Witness(lambda t: t.posted(t.alerting(to=[PHONE])), "3", "0"),
}


def _signed_in_part(talk: Talk, covered: set[str], *, in_body: bool) -> str:
    """An alert whose signature covers some parameters alone."""
    said = talk.signed(talk.alerting())
    del said["sig"]
    known = {name: each for name, each in said.items() if name in covered}
    rest = {name: each for name, each in said.items() if name not in covered}
    known["sig"] = signature(known)
    return talk.posted(rest, FORM, query=known) if in_body else talk.posted({**known, **rest}, FORM)


_UNSORTED: Final = {"zone": "1", "area": "2"}
_DOCUMENTED: Final = {"api_key", "timestamp", "to"}

CREDENTIALS: Final[Mapping[str, Witness]] = {
    "any-secret": Witness(lambda t: t.status(api_secret="wrong"), "4", "0"),
    "no-secret": Witness(lambda t: t.status(api_secret=None), "2", "0"),
    "secret-in-any-case": Witness(lambda t: t.status(api_secret=ACCOUNT.api_secret.swapcase()), "4", "0"),
    "secret-begun": Witness(lambda t: t.status(api_secret=ACCOUNT.api_secret[:4]), "4", "0"),
    "any-key": Witness(lambda t: t.status(api_key="wrong"), "4", "0"),
    "no-key": Witness(lambda t: t.status(api_key=None), "2", "0"),
    "both-accepted": Witness(lambda t: t.status(sig="0" * 32), "32", "0"),
    "wrong-secret-as-signature": Witness(lambda t: t.status(api_secret="wrong"), "4", "14"),
    "stale-as-credentials": Witness(lambda t: t.by_signature(late=400), "14", "4"),
    "forged-as-credentials": Witness(lambda t: t.by_signature(change=lambda _: "0" * 64), "14", "4"),
    "both-as-invalid": Witness(lambda t: t.status(sig="0" * 32), "32", "3"),
    "any-signature": Witness(lambda t: t.by_signature(change=lambda _: "0" * 64), "14", "0"),
    "signature-unsorted": Witness(lambda t: t.by_signature(alert=_UNSORTED), "0", "14"),
    "signature-in-lower-case": Witness(lambda t: t.by_signature(change=str.upper), "0", "14"),
    **{
        f"{method}-unknown": Witness(lambda t, method=method: t.by_signature(method=method), "0", "14")  # type: ignore[misc]
        for method in ("md5hash", "md5", "sha1", "sha256", "sha512")
    },
    "signature-unconcealed": Witness(lambda t: t.by_signature(alert={"link": "x&y"}), "0", "14"),
    "signature-equals-unconcealed": Witness(lambda t: t.by_signature(alert={"link": "x=y"}), "0", "14"),
    "signature-begun": Witness(lambda t: t.by_signature(change=lambda sig: f"{sig[:8]:0<64}"), "14", "0"),
    "stale-accepted": Witness(lambda t: t.by_signature(late=400), "14", "0"),
    "future-accepted": Witness(lambda t: t.by_signature(late=-400), "14", "0"),
    "window-of-a-minute": Witness(lambda t: t.by_signature(late=200), "0", "14"),
    "time-missing-accepted": Witness(lambda t: t.by_signature(timestamp=""), "14", "0"),
    "body-unsigned": Witness(lambda t: _signed_in_part(t, {"api_key", "timestamp"}, in_body=True), "14", "0"),
    "custom-parameters-unsigned": Witness(lambda t: _signed_in_part(t, _DOCUMENTED, in_body=False), "14", "0"),
}

# ---- opt-in ----------------------------------------------------------------------------------------------------------

_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def _record(talk: Talk) -> dict[str, Any]:
    talk.text()
    record: dict[str, Any] = talk.query().document["opt-in-list"][0]
    return record


def _dates_fit(talk: Talk) -> bool:
    return all(_DATE.fullmatch(value) for name, value in _record(talk).items() if name.endswith("-date"))


def _flag(value: Any) -> str:
    return str(value).lower()


def _manage(talk: Talk) -> None:
    talk.manage()


def _two_pages(talk: Talk) -> int:
    talk.stops(3)
    return len({*talk.listed(0, 2), *talk.listed(1, 2)})


def _count(talk: Talk) -> str:
    return str(talk.query(page_size=2).document["opt-in-count"])


def _error(talk: Talk) -> str:
    return str(talk.query(api_secret="wrong").document["error-code"])


def _on_list(talk: Talk) -> int:
    return len(talk.listed())


def _texts(*words: str) -> Callable[[Talk], int]:
    """How many numbers are on the list when a phone has sent these."""

    def look(talk: Talk) -> int:
        for each in words:
            talk.text(each)
        return _on_list(talk)

    return look


def _signed_query(talk: Talk) -> int:
    return talk.send("GET", QUERY, query=urlencode(talk.signed(talk.said()))).status


OPT_IN: Final[Mapping[str, Witness]] = {
    "page-from-one": Witness(after(_stops(3), lambda t: len(t.listed(1, 2))), 1, 2),
    "page-ignored": Witness(after(_stops(3), lambda t: len(t.listed(1, 2))), 1, 2),
    "page-size-ignored": Witness(after(_stops(3), lambda t: len(t.listed(0, 2))), 2, 3),
    "page-size-of-10": Witness(after(_stops(11), _on_list), 11, 10),
    "page-size-0-accepted": Witness(lambda t: t.query(page_size=0).status, 400, 200),
    "page-below-0-accepted": Witness(lambda t: t.query(page=-1).status, 400, 200),
    "page-is-an-offset": Witness(after(_stops(3), lambda t: len(t.listed(1, 2))), 1, 2),
    "pages-overlap": Witness(after(_stops(3), lambda t: len(t.listed(1, 2))), 1, 2),
    "last-record-lost": Witness(after(_stops(3), _on_list), 3, 2),
    "full-page-lost-one": Witness(after(_stops(3), lambda t: len(t.listed(0, 2))), 2, 1),
    "last-page-again": Witness(after(_stops(3), lambda t: len(t.listed(5, 2))), 0, 1),
    "order-changes": Witness(_two_pages, 3, 2),
    "count-of-all": Witness(after(_stops(3), _count), "2", "3"),
    "list-count-of-one": Witness(after(_stops(3), _count), "2", "1"),
    "dates-in-iso": Witness(_dates_fit, True, False),
    "dates-without-time": Witness(_dates_fit, True, False),
    "dates-of-the-us": Witness(_dates_fit, True, False),
    "records-swapped": Witness(lambda t: _flag(_record(t)["opt-out"]), "true", "false"),
    "numbers-with-plus": Witness(lambda t: str(_record(t)["msisdn"]), PHONE, f"+{PHONE}"),
    "flag-left-out": Witness(lambda t: "opt-out" in _record(t), True, False),
    "flags-as-digits": Witness(lambda t: _flag(_record(t)["opt-out"]), "true", "1"),
    "one-record-as-object": Witness(after(_stop, lambda t: type(t.query().document["opt-in-list"])), list, dict),
    "empty-list-left-out": Witness(lambda t: "opt-in-list" in t.query().document, True, False),
    "xml-in-elements": Witness(
        after(_stop, lambda t: t.query("xml").root.find("opt-in").get("msisdn")),  # type: ignore[union-attr]
        PHONE,
        None,
    ),
    "xml-without-opt-in-count": Witness(lambda t: t.query("xml").root.get("opt-in-count"), "0", None),
    "resubscribed-told-late": Witness(after(_stop, lambda t: _flag(t.manage().document["opt-in"])), "true", "false"),
    "resubscribed-forgotten": Witness(after(_stop, _manage, _on_list), 0, 1),
    "resubscribed-unknown-missing": Witness(lambda t: t.manage().status, 200, 404),
    "resubscribed-twice-refused": Witness(after(_stop, _manage, lambda t: t.manage().status), 200, 409),
    "resubscribed-still-listed": Witness(after(_stop, _manage, _on_list), 0, 1),
    "resubscribed-as-list": Witness(lambda t: "msisdn" in t.manage().document, True, False),
    "all-resubscribed": Witness(after(_stops(2), _stop, _manage, _on_list), 2, 0),
    "number-missing-accepted": Witness(lambda t: t.manage(msisdn=None).status, 400, 200),
    "number-with-plus-accepted": Witness(lambda t: t.manage(msisdn=f"+{PHONE}").status, 400, 200),
    "resubscribed-still-barred": Witness(after(_stop, _manage, lambda t: t.status()), "0", "7"),
    "refused-by-200": Witness(lambda t: t.query(api_secret="wrong").status, 401, 200),
    "refused-by-403": Witness(lambda t: t.query(api_secret="wrong").status, 401, 403),
    "refused-as-alert": Witness(_error, "401", "KeyError"),
    "refused-as-page": Witness(_error, "401", "JSONDecodeError"),
    "list-open-to-all": Witness(lambda t: t.query(api_secret="wrong").status, 401, 200),
    "opt-in-signature-refused": Witness(_signed_query, 200, 401),
    "stop-ignored": Witness(_texts("STOP"), 1, 0),
    "stop-in-capitals": Witness(_texts("stop"), 1, 0),
    "stop-alone": Witness(_texts("QUIT"), 1, 0),
    "start-ignored": Witness(_texts("STOP", "START"), 0, 1),
    "help-opts-out": Witness(_texts("HELP"), 0, 1),
}
