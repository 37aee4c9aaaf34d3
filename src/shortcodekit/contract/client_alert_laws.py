"""The laws of clients: what they send is valid and says what it was asked to, and whatever is answered is understood or told.

Requests are judged by the specs at the socket. Answers come from the specs as well: what the schemas allow has to be understood, in
JSON and in XML, and everything else has to end in the client's own errors, without a second alert.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from shortcode_clients.alerts.codes import ALERT_PART_STATUS, ALERT_PART_STATUS_THROTTLED
from shortcode_clients.alerts.models import AlertResponse
from shortcodekit import signing

from .calling import Calls, ClientBench, Reply, Told
from .client_calls import (
    API,
    CREDENTIALS,
    CUSTOM,
    PART,
    TO,
    UUID,
    accepted,
    alert,
    answering,
    credentials_fit,
    law,
    sent,
    tolerated,
)
from .judge import Request, judge
from .laws import DEEP, Law
from .message_laws import examples

_PAGE: Final = "Alerts - Sending API Reference"
_VALUES: Final = (
    "a&b=c", "a+b c", "100% %41", "é😀Кто", "#?/;:", "<b>\"'", "\\", " spaced ", "", "line\nbreak", "${server}", "1", "x" * 300,
)  # fmt: skip


def _alerts() -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Alerts, what each has to say beside the recipient, and what is special about it."""
    yield {}, {}, "an alert"
    for value in _VALUES:
        yield (
            {"custom": {"server": value, "link": "x"}},
            {"server": value, "link": "x"},
            f"the custom value {value[:30]!r}",
        )
    for name in ("under_score", "CamelCase", "with space", "a&b", "größe"):
        yield {"custom": {**CUSTOM, name: "1"}}, {name: "1"}, f"the custom parameter {name}"
    for reference in ("incident-42", "x" * 40, "é" * 40, "a&b=c+d"):
        yield (
            {"client_ref": reference},
            {"client-ref": reference},
            f"the client_ref {reference[:12]!r}, {len(reference)} characters",
        )
    for template in range(6):
        yield {"template": template}, {"template": str(template)}, f"template {template}"
    yield {"status_report": True}, {"status-report-req": True}, "a receipt is asked for"
    yield {"unicode": True}, {"type": "unicode"}, "in Unicode"


_DEFAULTS: Final = {"template": {"0"}, "type": {"text"}, "status-report-req": {"0", "false"}}


def _alert_requests(bench: ClientBench) -> None:
    for said, meant, about in _alerts():
        told = bench.ask(alert(**said), accepted(), about)
        if told.lacks and said:
            continue
        told.succeeded()
        document = {name: signing.value_text(value) for name, value in sent(told, "alerts").items()}
        expected = {"to": TO, **said.get("custom", CUSTOM), **meant}
        for name, value in expected.items():
            got = document.get(name)
            fits = got in {"1", "true"} if value is True else got == value
            told.expect(fits, f"{name} as it was given, not {got!r}"[:200])
        for name in document.keys() - expected.keys() - CREDENTIALS:
            told.expect(document[name] in _DEFAULTS.get(name, ()), f"nothing that was not asked for, such as {name}")
        credentials_fit(bench, told, document)


def _not_sent(bench: ClientBench) -> None:
    cases: list[dict[str, Any]] = [
        {"client_ref": "x" * 41}, {"template": 6}, {"template": -1},
        {"custom": {**CUSTOM, "to": "15559301529"}}, {"custom": {**CUSTOM, "api_secret": "x"}},
    ]  # fmt: skip
    for said in cases:
        told = bench.ask(alert(**said), accepted(), f"an alert with {said}")
        if told.lacks and said.keys() != {"custom"}:
            continue
        told.expect(not told.asked, "nothing is sent that is against a rule")
        told.failed()
    told = bench.ask(alert(to="+1 (636) 555-3226"), accepted(), "a number with signs and spaces")
    for request in told.asked:
        violations = judge(API["alerts"], tolerated(request, "alerts")).violations
        told.expect(not violations, "an error, or a number without them")
    told = bench.ask(alert(to=f"+{TO}"), accepted(), "a number with a plus sign")
    told.expect(
        all(b"%2B1636" not in each.body and b"+1636" not in each.body for each in told.asked),
        "no plus sign before a number",
    )


def _variants() -> Iterator[tuple[list[dict[str, Any]], dict[str, Any], str]]:
    """Answers to an accepted alert: parts, what stands beside them, and what is special."""
    part = dict(PART)
    yield [part], {}, "the documented answer"
    yield [{**part, "message-id": f"0A0000000123AB{n:02}"} for n in range(3)], {}, "three parts"
    yield [{**part, "message-id": "0A000001"}], {}, "an id of 8 characters"
    yield [{"status": "0"}], {}, "a part with its status alone"
    for key in part:
        if key != "status":
            yield [{name: value for name, value in part.items() if name != key}], {}, f"without {key}"
    yield [{**part, "status": 0}], {}, "the status as a number"
    yield (
        [{**part, "remaining-balance": 10.5, "message-price": 0.02, "to": int(TO)}],
        {"message-count": 1},
        "numbers for texts",
    )
    yield [{**part, "network": "US-FIXED", "client-ref": "a & b"}], {}, "a network in letters"
    yield (
        [{**part, "to-come": "1", "ok": True}],
        {"ok": True, "to-come": {"a": 1}},
        "keys to come",
    )


def _understood(bench: ClientBench) -> None:
    for parts, more, about in _variants():
        told = bench.ask(alert(), accepted(*parts, **more), about)
        told.succeeded()
        given = list(told.given or ())
        told.expect(len(given) == len(parts), "as many parts as were answered")
        for one, part in zip(given, parts, strict=True):
            for attribute, key in _ATTRIBUTES.items():
                if hasattr(one, attribute):
                    expected = signing.value_text(part[key]) if key in part else None
                    told.expect(
                        (getattr(one, attribute) or None) == expected, f"{attribute} as it was answered, as text"
                    )


_ATTRIBUTES: Final = {
    "message_id": "message-id", "to": "to", "client_ref": "client-ref", "balance": "remaining-balance", "price": "message-price",
    "network": "network",
}  # fmt: skip
"""What a part tells, as far as it has such attributes."""


def _forms(bench: ClientBench) -> None:
    body = json.dumps({"message-count": "1", "messages": [PART]}, indent=2)
    for reply, about in (
        (Reply(200, body.encode(), "application/json;charset=UTF-8"), "a content type with a charset"),
        (Reply(200, body.encode(), "text/plain"), "another content type"),
        (Reply(200, b"\xef\xbb\xbf" + body.encode()), "a byte order mark"),
    ):
        told = bench.ask(alert(), _unless_xml(reply), about)
        told.succeeded()
    told = bench.ask(
        alert(), _only_xml(Reply(200, _DOCUMENTED_ORDER, "application/xml")), "XML in the documented order"
    )
    told.succeeded()
    twins = json.dumps({"message-count": "1", "messages": [{"messageId": "another", **PART}]}).encode()
    told = bench.ask(alert(), _unless_xml(Reply(200, twins)), "a camelCase twin of a documented key")
    told.succeeded()
    given = [getattr(each, "message_id", None) for each in told.given or ()]
    told.expect(given == [PART["message-id"]], "what stands under the documented key")


_DOCUMENTED_ORDER: Final = (
    b"<?xml version='1.0' encoding='UTF-8' ?>\n<mt-submission-response>\n<messages count='1'>\n<message>\n"
    b"<messageId>0A0000000123ABCD</messageId>\n<to>16365553226</to>\n<clientRef>a &amp; b</clientRef>\n<status>0</status>\n"
    b"<errorText></errorText>\n<remainingBalance>10.00</remainingBalance>\n<messagePrice>0.02</messagePrice>\n"
    b"<network>310004</network>\n</message>\n</messages>\n</mt-submission-response>"
)


def _only_xml(reply: Reply) -> Callable[[Request], Reply]:
    return lambda request: reply if "/xml" in request.url else accepted()(request)


def _unless_xml(reply: Reply) -> Callable[[Request], Reply]:
    return lambda request: accepted()(request) if "/xml" in request.url else reply


def _retryable(status: str) -> bool | None:
    """Whether another try of the same is of use; None where a client may say either: nobody promises that nothing was sent."""
    code = ALERT_PART_STATUS.get(status)
    if code is None or (code.temporary and status != ALERT_PART_STATUS_THROTTLED):
        return None
    return code.temporary


def _refused(bench: ClientBench) -> None:
    statuses: list[Any] = [*(each for each in ALERT_PART_STATUS if each != "0"), "990077", "held-back", 7, 14]
    for status in statuses:
        told = bench.ask(
            alert(), accepted({"status": status, "error-text": "refused"}), f"refused with the status {status!r}"
        )
        told.failed("an error: the alert was refused")
        told.expect(getattr(told.error, "status", str(status)) == str(status), "the status in the error")
        retryable = _retryable(str(status))
        same = retryable is None or getattr(told.error, "retryable", retryable) is retryable
        told.expect(same, f"an error that is {'' if retryable else 'not '}retryable")
    bad, later = {"status": "7", "error-text": "barred"}, {"status": "1", "error-text": "throttled"}
    for parts, about in (
        ([PART, bad], "the second of two parts refused"),
        ([bad, PART], "the first of two parts refused"),
        ([PART, later], "the second of two parts throttled"),
        ([{"status": "7"}], "refused without a reason"),
    ):
        told = bench.ask(alert(), accepted(*parts), about)
        told.failed("an error: a part was refused")
        count = sum(each["status"] == "0" for each in parts)
        told.expect(len(getattr(told.error, "accepted", parts[:count])) == count, "the accepted parts in the error")
        told.expect(
            not count or getattr(told.error, "retryable", False) is False,
            "an error that is not retryable: some parts are on their way",
        )
    told = bench.ask(alert(), answering({"message-count": "0", "messages": []}, AlertResponse), "no part at all")
    told.failed("an error: nothing was accepted")


_XML: Final = (
    b'<!DOCTYPE a [<!ENTITY b "0">]><mt-submission-response><messages count="1"><message><status>&b;</status></message></messages></mt-submission-response>',
    b"<html><body><p>Bad gateway</p></body></html>",
    b"<opt-in-lists opt-in-count='0'/>",
    b"<mt-submission-response><messages count='1'><message><status>0</status>",
)  # fmt: skip
"""XML that is not the service's."""


def _strange() -> Iterator[tuple[Reply, str]]:
    """Answers that are not the service's, or not whole."""
    page = b"<!doctype html><title>502</title><h1>Bad gateway</h1>"
    whole = json.dumps({"message-count": "1", "messages": [PART], "message_uuid": UUID}).encode()
    for status in (200, 202, 404, 500, 502, 503):
        yield Reply(status, page, "text/html"), f"HTTP {status} and a page"
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b"\xff\xfe",
        b"[" * DEEP,
        b'{"messages": null}',
        b'{"messages": [null]}',
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ):
        yield Reply(200, body), f"HTTP 200 and {body[:24]!r}"
    for xml in _XML:
        yield Reply(200, xml, "application/xml"), f"HTTP 200 and {xml[:50]!r}"
    for status in (400, 401, 402, 403, 405, 409, 422, 500, 504):
        yield (
            Reply(status, json.dumps({"error-code": str(status), "error-code-label": "no", "title": "no"}).encode()),
            f"HTTP {status}",
        )
        yield Reply(status, b"{}"), f"HTTP {status} that says nothing"
    yield Reply(200, whole, how="cut"), "an answer that is cut short"
    yield Reply(200, whole + b" " * len(whole), how="cut"), "an answer that is cut short behind its document"
    yield Reply(200, whole, how="reset"), "a connection that breaks"
    yield Reply(200, whole, how="never"), "no answer"


CALLS: Final[Mapping[str, Callable[[Calls], Any]]] = {
    "send_alert": lambda client: client.send_alert(TO, CUSTOM),
    "opt_outs": lambda client: client.opt_outs(),
    "resubscribe": lambda client: client.resubscribe(TO),
    "send_message": lambda client: client.send_message(examples()["documented"]),
}
_REPEATABLE: Final = frozenset({"opt_outs"})


def _strange_answers(bench: ClientBench) -> None:
    for name, call in CALLS.items():
        for reply, about in _strange():
            told = bench.ask(call, reply, f"{name}, answered by {about}")
            if told.lacks:
                break
            told.failed()
            _tells_http(told, reply)
            sent = name in _REPEATABLE or len(told.asked) <= 1 or (reply.status == 503 and reply.how == "whole")
            told.expect(sent, "no second request: the first may have been carried out")


def _tells_http(told: Told, reply: Reply) -> None:
    """What an error says of a refusal as a whole, and of an answer that may hide a message that was sent."""
    error = told.error
    if reply.how == "whole" and reply.status in {401, 402, 403} and b"error-code" in reply.body:
        told.expect(getattr(error, "status", str(reply.status)) == str(reply.status), "the HTTP status in the error")
        told.expect(getattr(error, "retryable", False) is False, "an error that is not retryable")
    if reply.how != "whole" and not told.about.startswith(("opt_outs", "resubscribe")):
        told.expect(
            getattr(error, "retryable", False) is False, "an error that is not retryable: it may have been sent"
        )


def _redirects(bench: ClientBench) -> None:
    bench.elsewhere.reply = lambda _: Reply(
        200, json.dumps({"message-count": "1", "messages": [PART], "message_uuid": UUID}).encode()
    )
    for status in (301, 302, 303, 307, 308):
        for name, call in CALLS.items():
            reply = Reply(status, b"", None, headers=(("Location", f"{bench.elsewhere.url}/sc/us/alert/json"),))
            told = bench.ask(call, reply, f"{name}, redirected by HTTP {status}")
            if not told.lacks:
                told.failed()


LAWS: Final[tuple[Law[ClientBench], ...]] = (
    law("clients/alerts-are-valid", "An alert is sent as the spec has it, and says what it was asked to say.", f"{_PAGE}: Request; Encoding", _alert_requests),
    law("clients/rules-are-kept", "What is against a rule is refused, and not sent.", f"{_PAGE}: Parameters", _not_sent),
    law("clients/answers-are-understood", "Every answer to an accepted alert is understood.", f"{_PAGE}: Response; Observed: numbers where texts are documented", _understood),
    law("clients/forms-of-answers", "A charset, another content type or a byte order mark does no harm.", "Observed: real answers", _forms),
    law("clients/refusals-are-told", "A refused part is an error, although the answer is HTTP 200.", f"{_PAGE}: Response", _refused),
    law("clients/strange-answers", "Whatever else is answered ends in an error of the client's own, and nothing is sent twice.", "choice: what does not come from the service may come all the same", _strange_answers),
    law("clients/redirects", "A redirection is not followed: the request has a secret in it.", "choice: the service redirects nobody", _redirects),
)  # fmt: skip
