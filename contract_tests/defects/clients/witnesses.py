"""For each broken client a call whose outcome, or whose request, gives it away.

A witness says what is looked at, what a correct client shows, and what this one does. Every correct client shows all of them
rightly; `of` names how a client has to talk for a witness to concern it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .service import ACCEPTED, Answer, Asked, listing, record
from .talk import MESSAGE, OK, PHONE, TEMPLATE, Talk
from .witness import DENIED, PAGE, Witness, message_of
from .witnesses_answers import ANSWERS, READING, TRANSPORT

REF: Final = "r" * 40


def _custom(value: str, wrong: str | None, name: str = "link") -> Witness:
    return Witness(lambda t: t.custom(value, name), value, wrong)


def _said(name: str, right: str | None, wrong: str | None, usual: str | None = None, **alert: Any) -> Witness:
    return Witness(lambda t: t.said(name, usual, **alert), right, wrong)


def _unsent(wrong: Any = ("sent", 1), **alert: Any) -> Witness:
    return Witness(lambda t: t.unsent(**alert), ("refused", 0), wrong)


REQUESTS: Final[Mapping[str, Witness]] = {
    "ampersand-unescaped": _custom("a&b", "a"),
    "plus-unescaped": _custom("1+1", "1 1"),
    "percent-unescaped": _custom("5%20", "5 "),
    "hash-unescaped": _custom("a#b", "a"),
    "escaped-twice": _custom("a b", "a+b"),
    "escaped-in-json": _custom("a b", "a%20b"),
    "escaped-as-html": _custom("a&b", "a&amp;b"),
    "in-latin1": _custom("Grüße", "unreadable"),
    "in-ascii": _custom("Grüße", "Gre"),
    "json-in-utf16": _custom("x", "unreadable"),
    "values-stripped": _custom(" x\n", "x"),
    "empty-values-dropped": _custom("", None),
    "names-with-hyphens": _custom("x", None, "first_name"),
    "names-in-small-letters": _custom("x", None, "firstName"),
    "names-unescaped": _custom("x", None, "a+b"),
    "own-names-dropped": _unsent(custom={"to": "15550100000"}),
    "own-names-overwritten": _unsent(custom={"to": "15550100000"}),
    "custom-in-one-parameter": _custom("x", None),
    "reference-cut": _unsent(client_ref="r" * 41),
    "reference-unchecked": _unsent(client_ref="r" * 41),
    "reference-off-by-one": _said("client-ref", REF, "refused", client_ref=REF),
    "reference-in-bytes": _said("client-ref", "ж" * 40, "refused", client_ref="ж" * 40),
    "reference-dropped": _said("client-ref", REF, None, client_ref=REF),
    "reference-with-underscore": _said("client-ref", REF, None, client_ref=REF),
    "reference-none": _said("client-ref", None, "None"),
    "reference-null": _said("client-ref", None, "unreadable"),
    "template-none": _said("template", "0", "None", "0"),
    "template-from-one": _said("template", "3", "2", template=3),
    "template-unchecked": _unsent(template=6),
    "template-dropped": _said("template", "3", None, template=3),
    "report-in-python": Witness(
        lambda t: t.said("status-report-req", status_report=True) in ("1", "true"), True, False
    ),
    "report-forgotten": Witness(
        lambda t: t.said("status-report-req", status_report=True) in ("1", "true"), True, False
    ),
    "type-forgotten": _said("type", "unicode", "text", "text", unicode=True),
    "plus-in-numbers": Witness(lambda t: "+" in str(t.said("to", to=f"+{PHONE}")), False, True),
    "numbers-in-words": _unsent(to="1 (636) 555-3226"),
    "json-as-plain-text": _said("to", PHONE, "unreadable"),
    "json-to-xml": _said("to", PHONE, "unreadable"),
    "form-by-get": _said("to", PHONE, "unreadable"),
    "said-twice": _said("to", PHONE, "unreadable"),
    "by-put": _said("to", PHONE, "unreadable"),
    "lists-of-one": _said("to", PHONE, "unreadable"),
}

# ---- credentials -----------------------------------------------------------------------------------------------------


def _verdict(wrong: str, **custom: str) -> Witness:
    return Witness(lambda t: t.verdict(custom=custom), OK, wrong)


def _authorization(wrong: str) -> Witness:
    return Witness(lambda t: t.authorization(), OK, wrong)


CREDENTIALS: Final[Mapping[str, Witness]] = {
    "secret-unescaped": _verdict("secret"),
    "secret-in-header": _verdict("key"),
    "secret-in-error": Witness(lambda t: t.leaks(Answer({"error-code": "401"}, 401)), False, True),
    "secret-beside-signature": _verdict("both"),
    "signed-with-secret": _verdict("signature"),
    "signed-unconcealed": _verdict("signature", link="a&b"),
    "signed-with-equals": _verdict("signature", link="a=b"),
    "signed-escaped": _verdict("signature", link="a/b"),
    "signed-unsorted": _verdict("signature", zone="1", area="2"),
    "signed-without-case": _verdict("signature", Zone="1"),
    "signed-in-latin1": _verdict("signature", name="Grüße"),
    "signed-without-custom": _verdict("signature", name="x"),
    "signed-without-time": _verdict("signature"),
    "signed-without-empty": _verdict("signature", name=""),
    "signature-in-base64": _verdict("signature"),
    "secret-before-text": _verdict("signature"),
    "without-leading-ampersand": _verdict("signature"),
    "concealed-on-the-wire": _custom("a&b", "a_b"),
    "time-in-milliseconds": _verdict("time"),
    "time-with-fraction": _verdict("time"),
    "time-as-date": _verdict("time"),
    "time-of-another-zone": _verdict("time"),
    "basic-for-urls": _authorization("base64"),
    "basic-with-line-break": _authorization("ValueError"),
    "basic-unpadded": _authorization("base64"),
    "basic-escaped": _authorization("secret"),
    "basic-unencoded": _authorization("base64"),
    "secret-in-message-url": _authorization("secret in the URL"),
    "token-without-id": _authorization("jti"),
    "token-id-repeated": Witness(lambda t: t.ids_differ(), True, False),
    "token-of-two-days": _authorization("time"),
    "token-in-milliseconds": _authorization("time"),
    "token-expired": _authorization("time"),
    "token-by-hmac": _authorization("token"),
    "token-unsigned": _authorization("token"),
    "token-of-key": _authorization("application"),
    "token-without-scheme": _authorization("scheme"),
}

# ---- messages --------------------------------------------------------------------------------------------------------


def _document(document: Mapping[str, Any], wrong: str) -> Witness:
    return Witness(lambda t: t.document(document), "as it is", wrong)


PROBLEM: Final = Answer({"type": "about:blank", "title": "Unprocessable"}, 422, type="application/problem+json")

MESSAGES: Final[Mapping[str, Witness]] = {
    "message-as-form": _document(MESSAGE, "type application/x-www-form-urlencoded"),
    "message-without-type": _document(MESSAGE, "type"),
    "message-in-latin1": _document(TEMPLATE, "unreadable"),
    "message-reference-null": _document(MESSAGE, "changed"),
    "message-reference-cut": _document(TEMPLATE, "changed"),
    "message-options-dropped": _document(TEMPLATE, "changed"),
    "message-types-guessed": _document(MESSAGE, "changed"),
    "message-without-slash": _document(MESSAGE, "elsewhere"),
    "uuid-missing": message_of("None", Answer({}, 202)),
    "uuid-demanded": message_of("KeyError", Answer({}, 202)),
    "answer-unread": message_of("", Answer(status=202, body=b"accepted", type="text/plain")),
    "problem-taken": message_of("", PROBLEM),
    "problem-demanded": message_of("KeyError", PROBLEM),
    "problem-is-a-page": message_of("JSONDecodeError", Answer(status=502, body=PAGE.body, type="text/html")),
    "only-ok": message_of("refused", right=ACCEPTED["message_uuid"]),
}

# ---- opt-in ----------------------------------------------------------------------------------------------------------

NUMBERS: Final = [f"1555010{number:04}" for number in (*range(7, 12), *range(7))]


def _list(wrong: Any, count: int = 12) -> Witness:
    return Witness(lambda t: t.opt_outs(numbers=list(NUMBERS[:count])), NUMBERS[:count], wrong)


def _page(right: Any, wrong: Any, *numbers: Any, **more: Any) -> Witness:
    """What becomes of a list of one page."""
    return Witness(lambda t: t.opt_outs(Answer(listing(list(numbers), **more))), right, wrong)


def _wanted(asked: Asked) -> tuple[int, int]:
    said = asked.parameters
    return int(said.get("page", 0)), int(said.get("page-size", 100))


def _many(start: int, count: int) -> list[str]:
    return [f"1555{number:07}" for number in range(start, start + count)]


def _repeats(talk: Talk) -> tuple[Any, bool]:
    talk.service.respond = lambda asked: Answer(listing(_many(0, _wanted(asked)[1])))
    value = talk.opt_outs()
    return (value if isinstance(value, str) else "a list", talk.asked < 30)


def _fails(talk: Talk) -> Any:
    def respond(asked: Asked) -> Answer:
        page, size = _wanted(asked)
        return Answer({"error-code": "500"}, 500) if page else Answer(listing(_many(0, size)))

    talk.service.respond = respond
    value = talk.opt_outs()
    return value if isinstance(value, str) else "a list"


def _moves(talk: Talk) -> Any:
    """A number joins the list at its beginning between two pages."""

    def respond(asked: Asked) -> Answer:
        page, size = _wanted(asked)
        start = page * size
        return Answer(listing((["15550109999"] * bool(page) + NUMBERS)[start : start + size]))

    talk.service.respond = respond
    return talk.opt_outs()


def _resubscribed(right: Any, wrong: Any, **said: Any) -> Witness:
    return Witness(lambda t: t.resubscribe(Answer(record(PHONE, **said))), right, wrong)


def _told(talk: Talk) -> Any:
    talk.resubscribe()
    return (talk.parameters or {}).get("msisdn")


def _place(talk: Talk) -> bool:
    talk.resubscribe()
    return "/opt-in/manage/" in talk.last.path


OPT_IN: Final[Mapping[str, Witness]] = {
    "first-page-only": _list(NUMBERS[:5]),
    "short-page-lost": _list(NUMBERS[:10]),
    "pages-from-one": _list(NUMBERS[5:]),
    "page-is-an-offset": _list(NUMBERS[:5]),
    "every-other-page": _list([*NUMBERS[:5], *NUMBERS[10:]]),
    "count-is-total": _list(NUMBERS[:5]),
    "last-page-is-full": _list("IndexError", 10),
    "page-stays": _list("refused", 7),
    "without-end": Witness(_repeats, ("refused", True), ("refused", False)),
    "size-forgotten": _list(NUMBERS[:5]),
    "only-full-pages-count": _list("refused", 3),
    "second-page-fails": Witness(_fails, "refused", "a list"),
    "list-count-as-text": _page(NUMBERS[:2], [], *NUMBERS[:2], **{"opt-in-count": 2}),
    "list-count-as-number": _page(NUMBERS[:2], "TypeError", *NUMBERS[:2]),
    "opt-outs-kept": _page([PHONE], [int(PHONE)], int(PHONE)),
    "opt-outs-as-integers": _page([PHONE], [int(PHONE)], PHONE),
    "repeated-numbers": Witness(_moves, NUMBERS, [*NUMBERS[:5], *NUMBERS[4:]]),
    "sorted-numbers": _list(sorted(NUMBERS)),
    "date-demanded": _page([PHONE], "KeyError", record(PHONE, **{"opt-out-date": ...})),
    "date-demanded-silently": _page([PHONE], [], record(PHONE, **{"opt-out-date": ...})),
    "flag-is-a-text": _page([PHONE], [], record(PHONE, opt_out=True)),
    "american-numbers-only": _page(["447700900000"], [], "447700900000"),
    "list-may-be-missing": Witness(lambda t: t.opt_outs(Answer({"error-code": "500"})), "refused", []),
    "xml-records-in-elements": _page([PHONE], [], PHONE),
    "flag-as-boolean": _resubscribed(False, True),
    "flag-by-text": _resubscribed(True, False, opt_in=True, opt_out=False),
    "other-flag": _resubscribed(True, False, opt_in="true", opt_out="false"),
    "answer-ignored": Witness(lambda t: t.resubscribe(DENIED), "refused", True),
    "flag-missing": Witness(lambda t: t.resubscribe(Answer({"msisdn": PHONE})), "refused", False),
    "resubscribed-by-to": Witness(_told, PHONE, None),
    "resubscribed-at-query": Witness(_place, True, False),
    "resubscribed-with-plus": Witness(_told, PHONE, f"+{PHONE}"),
}

WITNESSES: Final[Mapping[str, Witness]] = {
    **REQUESTS,
    **CREDENTIALS,
    **MESSAGES,
    **ANSWERS,
    **READING,
    **OPT_IN,
    **TRANSPORT,
}
COUNT: Final = sum(map(len, (REQUESTS, CREDENTIALS, MESSAGES, ANSWERS, READING, OPT_IN, TRANSPORT)))
"""How many there are, so that none is lost under the name of another."""
