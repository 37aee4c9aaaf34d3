"""What counts as a word to stop, how numbers are written, and which of two statements counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.profiles import examples
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcode_clients.messages.codes import MESSAGE_ERROR_CODE
from shortcode_clients.messages.models import (
    Address,
    MessageError,
    MessageStatus,
    inbound_message_from_dict,
)
from shortcode_clients.opt_in.codes import CARRIER_KEYWORD
from shortcode_clients.opt_in.models import InboundSms, OptInRecord
from shortcodekit.errors import InvalidRequest
from shortcodekit.migration import Source, Statement, e164
from shortcodekit.migration.statements import judged, letters, of_event, of_record

NOW: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
PHONE: Final = "16365553226"
DAY: Final = timedelta(days=1)
WIDE: Final = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
"""From digits to those of full width, which phones in East Asia write."""


def sms(text: Any = "STOP", **more: Any) -> InboundSms:
    return InboundSms(PHONE, to="96167", text=text, message_id="0A01", **more)


def message(
    text: str = "STOP", *, channel: str = "sms", number: str = PHONE, timestamp: str = "2026-01-15T11:00:00.000Z"
) -> Any:
    said: dict[str, Any] = {
        "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
        "timestamp": timestamp,
        "to": {"type": channel, "number": "18335550100"},
        "from": {"type": channel, "number": number},
        "message": {"content": {"type": "text", "text": text}},
    }
    if channel == "sms":
        said["message"]["sms"] = {"num_messages": "1"}
        said["usage"] = {"currency": "EUR", "price": "0.01"}
    return inbound_message_from_dict(said)


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        PHONE,
        16365553226,
        "+16365553226",
        "+1 (636) 555-3226",
        "1-636-555-3226",
        "001 636 555 3226",
        "011 1 636 555 3226",
        "6365553226",
        "636.555.3226",
        " 16365553226\n",
        "\u202a+1 636\u2011555\u20113226\u202c",
        PHONE.translate(WIDE),
        "\ufeff16365553226",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str | int) -> None:
    assert e164(written) == PHONE


@pytest.mark.parametrize("number", ["447700900000", "121326336101", "96167", "4712345678901", "7", "07700900000"])
def test_other_numbers_are_left_as_the_service_writes_them(number: str) -> None:
    assert e164(number) == number


@pytest.mark.parametrize(
    "number",
    ["", "+", "one", "1636555322x", "+1636+5553226", "1" * 16, None, True, 1.5, b"16364443226", "-", -1j, ["1"]],
)
def test_what_is_no_number_is_refused_and_not_shown(number: Any) -> None:
    with pytest.raises(InvalidRequest, match="a phone number") as caught:
        e164(number)
    assert "444" not in str(caught.value)


@given(
    st.from_regex(r"\A1[2-9][0-9]{2}[2-9][0-9]{6}\Z"), st.lists(st.sampled_from([" ", "-", ".", "(", ")", "\u00a0"]))
)
def test_no_separator_and_no_prefix_makes_another_number(number: str, between: list[str]) -> None:
    spaced = number
    for place, separator in enumerate(between):
        spaced = spaced[: place % 11 + 1] + separator + spaced[place % 11 + 1 :]
    assert {e164(spaced), e164(f"+{spaced}"), e164(f"00{spaced}"), e164(number[1:])} == {number}


# ---- words -----------------------------------------------------------------------------------------------------------

STOPS: Final = [code.value for code in CARRIER_KEYWORD.values() if code.opted_out]
STARTS: Final = [code.value for code in CARRIER_KEYWORD.values() if code.opted_in]


@given(
    st.sampled_from(STOPS),
    st.sampled_from(["{}", " {}", "{}.", "{}!!", "\n{}\n", "{} please", "“{}”", "{},now", "\u200b{}"]),
    st.lists(st.booleans(), min_size=11, max_size=11),
    st.booleans(),
)
def test_every_keyword_opts_out_in_every_case_and_with_what_is_around_it(
    word: str, around: str, capitals: list[bool], spaced: bool
) -> None:
    mixed = "".join(each if capital else each.lower() for each, capital in zip(word, capitals, strict=False))
    text = " ".join(mixed) if spaced and "please" not in around and "now" not in around else around.format(mixed)
    for event in (sms(text), message(text), sms(None, keyword=mixed), message(text, channel="whatsapp")):
        said = of_event(event, NOW)
        assert said is not None
        assert (said.number, said.wants_messages) == (PHONE, False)


@pytest.mark.parametrize("word", STARTS)
def test_a_start_opts_in_where_sms_come_from_and_nowhere_else(word: str) -> None:
    for event in (sms(word.lower()), message(f" {word}!")):
        said = of_event(event, NOW)
        assert said is not None
        assert said.wants_messages
    assert of_event(message(word, channel="whatsapp"), NOW) is None


@pytest.mark.parametrize("text", ["", "Hello", "HELP", "nonstop", "Please stop", "stopping by", "S", "restart", "🛑"])
def test_other_words_say_nothing(text: str) -> None:
    assert of_event(sms(text), NOW) is None
    assert of_event(message(text), NOW) is None


def test_words_of_your_own_opt_out_as_well() -> None:
    words = {letters("Opt out"), letters("arrêt")}
    for text in ("opt-out", "OPT OUT", "OptOut please", "Arrêt!"):
        said = of_event(sms(text), NOW, words)
        assert said is not None, text
        assert not said.wants_messages
        assert of_event(sms(text), NOW) is None
    start = of_event(sms("START"), NOW, words)
    assert start is not None
    assert start.wants_messages


def test_a_stop_beats_a_start_in_one_event() -> None:
    said = of_event(sms("STOP", keyword="START"), NOW)
    assert said is not None
    assert not said.wants_messages


# ---- where it comes from ---------------------------------------------------------------------------------------------


def test_the_trail_tells_who_by_which_message_when_and_in_which_words() -> None:
    said = of_event(message("Stop it, please"), NOW)
    assert said == Statement(
        PHONE,
        False,
        datetime(2026, 1, 15, 11, tzinfo=UTC),
        Source.INBOUND_MESSAGE,
        NOW,
        reference="aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
        said="Stop it, please",
        addressed="18335550100",
    )
    said = of_event(sms("stop", message_timestamp="2026-01-15 11:00:00"), NOW)
    assert said is not None
    assert (said.source, said.reference, said.said, said.addressed) == (Source.INBOUND_SMS, "0A01", "stop", "96167")
    assert (said.at, said.earliest, said.latest) == (NOW - DAY / 24, NOW - DAY / 24 - DAY, NOW - DAY / 24)


def test_a_status_and_a_receipt_that_say_so_opt_out_and_others_do_not() -> None:
    ours, theirs = Address("sms", number="18335550100"), Address("sms", number=PHONE)
    for code in MESSAGE_ERROR_CODE.values():
        status = MessageStatus("uuid", theirs, ours, "2026-01-15T11:00:00Z", "rejected", error=MessageError(code.value))
        said = of_event(status, NOW)
        assert (said is not None) == code.opted_out
        if said is not None:
            assert (said.number, said.source, said.said) == (PHONE, Source.MESSAGE_STATUS, f"{code.value} {code.name}")
    receipt = DeliveryReceipt(PHONE, "FAILED", to="96167", err_code="9", scts="2601151100", message_id="0A02")
    said = of_event(receipt, NOW)
    assert said is not None
    assert (said.number, said.source, said.reference) == (PHONE, Source.DELIVERY_RECEIPT, "0A02")
    assert of_event(DeliveryReceipt(PHONE, "DELIVERED", err_code="0"), NOW) is None


def test_a_stop_without_a_time_or_with_one_that_cannot_be_counts_as_said_now() -> None:
    for event in (sms(), sms(message_timestamp="2026-13-45 99:00:00"), message(timestamp="the day before yesterday")):
        said = of_event(event, NOW)
        assert said is not None
        assert (said.at, said.latest) == (NOW, NOW)


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
def test_a_stop_of_the_first_or_last_year_is_one(year: str) -> None:
    said = of_event(sms(message_timestamp=f"{year} 00:00:00"), NOW)
    assert said is not None
    assert _standing([said]) == said
    assert said.earliest <= said.latest


def test_a_stop_from_what_is_no_phone_number_is_refused_and_one_from_no_number_is_nobodys() -> None:
    with pytest.raises(InvalidRequest, match="a phone number"):
        of_event(message(number="anonymous"), NOW)
    messenger = inbound_message_from_dict(
        {
            "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
            "timestamp": "2026-01-15T11:00:00.000Z",
            "to": {"type": "messenger", "id": "1"},
            "from": {"type": "messenger", "id": "2"},
            "message": {"content": {"type": "text", "text": "STOP"}},
        }
    )
    assert of_event(messenger, NOW) is None


def test_what_a_person_wrote_is_kept_short_and_storable() -> None:
    said = of_event(sms("STOP \ud800\0" + "x" * 500), NOW)
    assert said is not None
    assert said.said.startswith("STOP ??x")
    assert len(said.said) == 160


@pytest.mark.parametrize(
    ("opt_in", "opt_out", "listed"),
    [(False, True, True), (True, True, True), (False, False, True), (True, False, False)],
)
def test_a_record_of_the_services_list_is_an_opt_out_unless_it_says_clearly_otherwise(
    opt_in: bool, opt_out: bool, listed: bool
) -> None:
    said = of_record(OptInRecord(PHONE, opt_in=opt_in, opt_out=opt_out, opt_out_date="2014-06-27 18:31:33"), NOW)
    assert (said is not None) == listed
    assert said is None or (said.at, said.reference) == (
        datetime(2014, 6, 27, 18, 31, 33, tzinfo=UTC),
        "2014-06-27 18:31:33",
    )


@pytest.mark.parametrize("date", ["2014-02-30 00:00:00", None])
def test_a_record_without_a_date_that_can_be_counts_as_said_now(date: str | None) -> None:
    record = OptInRecord(PHONE, opt_in=False, opt_out=True)
    if date is not None:
        record.opt_out_date = date
    said = of_record(record, NOW)
    assert said is not None
    assert (said.at, said.reference) == (NOW, "")


# ---- which one counts ------------------------------------------------------------------------------------------------

SKEWS: Final = {  # by how much the time that is told may be after (or before) the one at which it was said
    Source.INBOUND_MESSAGE: (timedelta(0), timedelta(0)),
    Source.INBOUND_SMS: (timedelta(0), DAY),
    Source.IMPORT: (-DAY / 2, timedelta(0)),
    Source.BY_HAND: (timedelta(0), timedelta(0)),
}
BOUNDS: Final = {Source.INBOUND_SMS: (DAY, timedelta(0)), Source.IMPORT: (timedelta(0), DAY / 2)}


@frozen
class Said:
    """What a person really said and when, and when the list hears of it, perhaps twice."""

    wants_messages: bool
    source: Source
    minute: int
    skew: float
    delays: tuple[int, ...]

    def heard(self, reference: str) -> list[Statement]:
        true = NOW + timedelta(minutes=self.minute)
        low, high = SKEWS[self.source]
        at = true + low + self.skew * (high - low)
        earlier, later = BOUNDS.get(self.source, (timedelta(0), timedelta(0)))
        statements = []
        for delay in self.delays:
            recorded = max(true, at if self.source is Source.INBOUND_SMS else true) + timedelta(minutes=delay)
            statements.append(
                Statement(
                    PHONE, self.wants_messages, at, self.source, recorded, reference, earlier=earlier, later=later
                )
            )
        return statements


def _saying(source: Source) -> st.SearchStrategy[Said]:
    wants = st.just(False) if source is Source.IMPORT else st.booleans()
    delays = st.lists(st.integers(0, 3000), min_size=1, max_size=2).map(tuple)
    return st.builds(Said, wants, st.just(source), st.integers(0, 4000), st.floats(0, 1), delays)


def _standing(statements: list[Statement]) -> Statement:
    standing, told = None, list[Statement]()
    for statement in statements:
        new = judged(statement, standing, told)
        if new is not None:
            told.append(new)
            standing = new if new.counts else standing
    assert standing is not None
    return standing


@examples(300)
@given(
    st.lists(st.sampled_from(list(SKEWS)).flatmap(_saying), min_size=1, max_size=6, unique_by=lambda each: each.minute)
)
def test_whoever_said_stop_last_gets_nothing_whatever_arrives_when_and_how_often(said: list[Said]) -> None:
    heard = [each for number, one in enumerate(said) for each in one.heard(f"{number}")]
    standing = _standing(sorted(heard, key=lambda each: each.recorded))
    last = max(said, key=lambda each: each.minute)
    if not last.wants_messages:
        assert not standing.wants_messages
    exact = all(each.source in {Source.INBOUND_MESSAGE, Source.BY_HAND} for each in said)
    if exact:
        assert standing.wants_messages == last.wants_messages


@examples(200)
@given(st.lists(_saying(Source.INBOUND_MESSAGE), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_statements_arrive_does_not_matter(said: list[Said], chance: Any) -> None:
    late = NOW + 10 * DAY
    heard = [evolve(each, recorded=late) for number, one in enumerate(said) for each in one.heard(f"{number}")]
    shuffled = list(heard)
    chance.shuffle(shuffled)
    one, other = _standing(heard), _standing(shuffled)
    assert (one.wants_messages, one.at) == (other.wants_messages, other.at)


def _statement(*, wants: bool, at: datetime, **more: Any) -> Statement:
    return Statement(PHONE, wants, at, Source.INBOUND_MESSAGE, more.pop("recorded", NOW + 10 * DAY), **more)


def test_at_the_same_moment_the_stop_counts() -> None:
    stop, start = _statement(wants=False, at=NOW), _statement(wants=True, at=NOW)
    assert not _standing([stop, start]).wants_messages
    assert not _standing([start, stop]).wants_messages


def test_a_start_of_a_time_to_come_does_not_outlast_a_stop() -> None:
    start = _statement(wants=True, at=NOW + 900 * DAY, recorded=NOW)
    stop = _statement(wants=False, at=NOW + DAY, recorded=NOW + DAY)
    assert not _standing([start, stop]).wants_messages


def test_a_start_to_the_short_code_counts_a_day_after_the_stop_and_one_to_your_number_at_once() -> None:
    stop = of_event(sms("STOP", message_timestamp="2026-01-15 11:00:00"), NOW)
    soon = of_event(
        InboundSms(PHONE, text="START", message_id="2", message_timestamp="2026-01-16 11:00:00"), NOW + 2 * DAY
    )
    late = of_event(
        InboundSms(PHONE, text="START", message_id="3", message_timestamp="2026-01-16 11:00:01"), NOW + 2 * DAY
    )
    ours = of_event(message("START", timestamp="2026-01-15T11:00:01Z"), NOW)
    assert stop is not None
    for start, counts in ((soon, False), (late, True), (ours, True)):
        assert start is not None
        assert _standing([stop, start]).wants_messages is counts


def test_an_import_that_repeats_an_old_opt_out_does_not_undo_a_start_and_a_new_one_does() -> None:
    record = OptInRecord(PHONE, opt_in=False, opt_out=True, opt_out_date="2026-01-15 10:00:00")
    first, again = of_record(record, NOW), of_record(record, NOW + 5 * DAY)
    start = of_event(message("START", timestamp="2026-01-15T13:00:00Z"), NOW + DAY / 24)
    record.opt_out_date = "2026-01-15 09:00:00"  # in a zone that is hours behind
    newer = of_record(record, NOW + 5 * DAY)
    assert first is not None
    assert again is not None
    assert start is not None
    assert newer is not None
    assert _standing([first, start, again]) == start
    assert _standing([first, start, newer]) == newer
