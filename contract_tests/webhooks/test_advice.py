"""Laws of `advice`: what follows from an event is what the code tables of the specs say, and nothing else.

The tables are read from the specs here, annotation by annotation, and not from the generated tables. Of what people write the
first word counts, because US carriers require that: in any case, with anything but letters around it.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from contract_tests.apis import Api
from contract_tests.arriving import told, way_to, ways
from contract_tests.peers import ALERTS, MESSAGES, OPT_IN
from shortcode_clients.messages.models import MessageStatus
from shortcode_clients.opt_in.models import InboundSms
from shortcodekit.webhooks import Advice, advice

FLAGS: Final = ("opted-out", "opted-in", "stop-writing", "temporary", "final")


def _rows(api: Api, table: str) -> Mapping[Any, Mapping[str, Any]]:
    """What a spec says of each code of a table."""
    return {row["const"]: row["x-code"] for row in api.schemas[table]["anyOf"] if "const" in row}


RECEIPT_STATUSES: Final = _rows(ALERTS, "ReceiptStatus")
RECEIPT_CODES: Final = _rows(ALERTS, "ReceiptErrorCode")
STATUSES: Final = _rows(MESSAGES, "MessageStatusCode")
CODES: Final = _rows(MESSAGES, "MessageErrorCode")
KEYWORDS: Final = _rows(OPT_IN, "CarrierKeyword")
NOTHING: Final[Mapping[str, Any]] = {}


def _expected(status: str, row: Mapping[str, Any], code: Mapping[str, Any]) -> dict[str, Any]:
    """What two rows say together; a code may count beside some statuses only, and nobody is written to against their will."""
    stop = bool(row.get("stop-writing") or code.get("stop-writing"))
    counts = status in code.get("temporary-when", [status])
    return {
        "opted_out": bool(row.get("opted-out") or code.get("opted-out")),
        "opted_in": False,
        "stop_writing": stop,
        "temporary": bool(row.get("temporary") or (code.get("temporary") and counts)) and not stop,
        "final": row.get("final"),
    }


def _flags(given: Advice) -> dict[str, Any]:
    return {flag.replace("-", "_"): getattr(given, flag.replace("-", "_")) for flag in FLAGS}


# ---- statuses and codes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
@pytest.mark.parametrize("status", [*RECEIPT_STATUSES, "evaporated"])
def test_a_receipt_advises_what_its_status_and_its_code_say_together(
    status: str, spelling: Callable[[str], str]
) -> None:
    for code in (*RECEIPT_CODES, "4711"):
        row = NOTHING if status == "accepted" else RECEIPT_CODES.get(code, NOTHING)
        for found in ways("delivery-receipt"):
            given = advice(found.event(status=spelling(status), err_code=code))
            assert _flags(given) == _expected(status, RECEIPT_STATUSES.get(status, NOTHING), row), code
            told = [spelling(status)] if status == "evaporated" else [status]
            assert [each.value for each in given.codes] == told + ([] if status == "accepted" else [code])


def test_a_code_beside_accepted_means_nothing_even_when_it_would_stop_everything() -> None:
    stopping = [code for code, row in RECEIPT_CODES.items() if row["stop-writing"]]
    assert "9" in stopping
    for code in stopping:
        given = advice(way_to("delivery-receipt").event(status="accepted", err_code=code))
        assert (given.opted_out, given.stop_writing) == (False, False)
        assert advice(way_to("delivery-receipt").event(status="failed", err_code=code)).stop_writing


def test_the_receipts_that_the_vendor_explains_are_advised_on_as_it_explains_them() -> None:
    def told(status: str, code: str) -> Advice:
        return advice(way_to("delivery-receipt").event(status=status, err_code=code))

    assert told("delivered", "0") == Advice(final=True, codes=told("delivered", "0").codes)
    assert [code for code in RECEIPT_CODES if told("failed", code).temporary] == ["2", "7", "8"]
    assert [code for code in RECEIPT_CODES if told("rejected", code).temporary] == ["2", "8"]
    assert [code for code in RECEIPT_CODES if told("failed", code).stop_writing] == ["3", "4", "9"]
    assert [code for code in RECEIPT_CODES if told("failed", code).opted_out] == ["9"]
    assert told("expired", "1").temporary
    assert not told("expired", "9").temporary, "nobody is written to again after they opted out"
    assert [status for status in RECEIPT_STATUSES if not told(status, "0").final] == ["accepted", "buffered"]
    assert told("evaporated", "0").final is None


@pytest.mark.parametrize("status", [*STATUSES, "pondered"])
def test_a_message_status_advises_what_its_status_and_its_code_say_together(status: str) -> None:
    found = way_to("message-status")
    for code in (*CODES, 99999):
        given = advice(found.event(status=status, error={"code": code, "reason": "text"}))
        row = CODES.get(code, NOTHING)
        assert _flags(given) == _expected(status, STATUSES.get(status, NOTHING), row), code
        assert [each.value for each in given.codes] == [status, code]
    for error in ({}, {"reason": "text"}):
        given = advice(found.event(status=status, error=error))
        assert _flags(given) == _expected(status, STATUSES.get(status, NOTHING), NOTHING)


def test_the_tables_of_the_messages_api_have_each_flag_somewhere() -> None:
    for flag in ("temporary", "stop-writing", "opted-out"):
        assert {bool(row[flag]) for row in CODES.values()} == {True, False}, flag
    assert {row["final"] for row in STATUSES.values()} == {True, False}


# ---- what people write -----------------------------------------------------------------------------------------------

SPELLINGS: Final = (str.upper, str.lower, str.title, str.swapcase, lambda word: word[0].lower() + word[1:])
AROUND: Final = (
    *("{}", " {}", "{} ", "\t{}\r\n", "\n\n{}\n", "\u00a0{}\u2003", "\u200b{}\u200b", "\ufeff{}"),
    *("{}.", "{}!!!", '"{}"', "({})", "¡{}!", "“{}”", "«{}»", "- {}", "{}, please", "{}\nplease stop"),
    *("{} all of it", "🛑{}🛑", "{}…", "...{}", "{};", "{}:now", "#{}", "*{}*", "~{}~", "`{}`"),
)


def _written(word: str) -> list[Any]:
    """Events in which someone wrote `word`, named as keyword or not, over each channel that carries text."""
    sms = way_to("inbound-sms")
    found = [sms.event(text=word, keyword=""), sms.event(text=word, keyword=word)]
    without = {key: value for key, value in found[0].to_dict().items() if key != "keyword"}
    found.append(sms.read(sms.request(sms.written({**without, "text": word}))))
    message = way_to("inbound-message")
    content = {"content": {"type": "text", "text": word}}
    ends: list[dict[str, Any]] = [
        {"type": "whatsapp", "number": "15550100123"},
        {"type": "messenger", "id": "x"},
        {"type": "mms", "number": "15550100123"},
        {"type": "telepathy"},
    ]
    found += [message.event(to=end, from_=end, message=content) for end in ends]
    count = {"sms": {"num_messages": "1"}}
    end = {"type": "sms", "number": "15550100123"}
    found.append(
        message.event(to=end, from_=end, message={**content, **count}, usage={"currency": "EUR", "price": "0"})
    )
    to = {"type": "viber_service_msg", "id": "x"}
    from_ = {"type": "viber_service_msg", "number": "15550100123"}
    return [*found, message.event(to=to, from_=from_, message=content)]


def _check(keyword: str, given: Advice) -> None:
    row = KEYWORDS[keyword]
    expected = {flag.replace("-", "_"): row.get(flag, False) for flag in FLAGS[:4]}
    assert _flags(given) == {**expected, "final": None}
    assert keyword in [code.value for code in given.codes if code.known]


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("around", AROUND)
def test_a_carrier_keyword_counts_in_any_case_with_spaces_and_punctuation_around(keyword: str, around: str) -> None:
    for spelling in SPELLINGS:
        for event in _written(around.format(spelling(keyword))):
            _check(keyword, advice(event))


@pytest.mark.parametrize("sign", string.punctuation)
def test_no_sign_of_punctuation_hides_a_carrier_keyword(sign: str) -> None:
    for text in (f"{sign}Stop", f"Stop{sign}", f"{sign}Stop{sign}", f"{sign * 3} Stop"):
        for event in _written(text):
            _check("STOP", advice(event))


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_keyword_that_the_service_names_counts_without_the_text(keyword: str) -> None:
    sms = way_to("inbound-sms")
    for spelling in SPELLINGS:
        for text in ("", "something else", "HELP" if keyword != "HELP" else ""):
            event = sms.event(keyword=spelling(keyword), text=text)
            given = advice(event)
            assert given.opted_out == KEYWORDS[keyword]["opted-out"]
            assert given.opted_in == KEYWORDS[keyword]["opted-in"]
        document = {"msisdn": "15559301529", "keyword": spelling(keyword)}
        _check(keyword, advice(sms.read(sms.request(sms.written(document)))))


@pytest.mark.parametrize("around", ["{}.", " {} ", '"{}"', "{}!"])
def test_punctuation_around_a_keyword_that_the_service_names_carries_no_meaning(around: str) -> None:
    """The service takes the first word as it stands there, and the text may be missing."""
    sms = way_to("inbound-sms")
    document = {"msisdn": "15559301529", "keyword": around.format("STOP")}
    _check("STOP", advice(sms.read(sms.request(sms.written(document)))))


def test_whoever_opts_out_by_one_of_two_words_has_opted_out() -> None:
    sms = way_to("inbound-sms")
    for keyword, text in (("START", "Stop"), ("STOP", "start"), ("HELP", "quit"), ("END", "help me")):
        given = advice(sms.event(keyword=keyword, text=text))
        assert (given.opted_out, given.opted_in, given.stop_writing) == (True, False, True)


@pytest.mark.parametrize(
    "text", ["", " ", "...", "Please STOP", "STOPP", "STOPALLS", "Nonstop", "S T O P", "don't stop", "1", "停止"]
)
def test_other_texts_advise_nothing(text: str) -> None:
    for event in _written(text):
        given = advice(event)
        assert _flags(given) == {**dict.fromkeys((flag.replace("-", "_") for flag in FLAGS[:4]), False), "final": None}
        assert not any(code.known for code in given.codes)


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file", "location", "button", "unsupported", "hologram"])
def test_content_that_is_no_text_advises_nothing(kind: str) -> None:
    location = {"longitude": "1", "latitude": "2", "name": "STOP"}
    held = location if kind == "location" else {"url": "https://example.com/STOP.jpg", "caption": "STOP", "text": "x"}
    event = way_to("inbound-message").event(message={"content": {"type": kind, kind: held}})
    assert advice(event) == Advice()


@pytest.mark.parametrize("text", ["", " ", "!?", "🛑", "_"])
def test_a_text_without_a_word_is_in_no_table(text: str) -> None:
    event = {"msisdn": "15550100001", "to": "96167", "messageId": "1", "text": text, "keyword": text}
    assert advice(InboundSms.from_dict(event)).codes == ()


def test_a_status_without_an_error_advises_what_it_says_alone() -> None:
    event = MessageStatus.from_dict({key: value for key, value in told("message-status").items() if key != "error"})
    assert advice(event).codes == (event.status_meaning,)
