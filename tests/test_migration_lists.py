"""The list of opt-outs, in a file and in Redis: what it is told it keeps, once, and tells who said it when by which message."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.profiles import examples
from shortcode_clients.opt_in.models import InboundSms, OptInRecord, OptOutList, RestError
from shortcodekit import AsyncOptInClient, KeySecret, OptInClient, errors
from shortcodekit.migration import Import, OptOutListUnavailable, Source, SqliteOptOutList, Statement
from shortcodekit.migration.lists import BATCH, PASSES
from shortcodekit.migration.statements import judged

from .opt_out_lists import KINDS, Place, place
from .service import Asked, Service

PHONE: Final = "16365553226"
OTHER: Final = "15559301529"
AUTH: Final = KeySecret("abcd1234", "api-secret")


def stop(number: str = PHONE, message: str = "1", text: str = "STOP", at: str = "2026-01-15 11:00:00") -> InboundSms:
    return InboundSms(number, to="96167", text=text, message_id=message, message_timestamp=at)


# ---- what it is told -------------------------------------------------------------------------------------------------


def test_a_list_that_was_never_complete_does_not_know(kept: Place) -> None:
    opt_outs = kept.open()
    assert (opt_outs.complete, len(opt_outs), bool(opt_outs)) == (None, 0, True)
    opt_outs.honour(stop())
    for number in (PHONE, OTHER):
        with pytest.raises(OptOutListUnavailable, match="not complete"):
            opt_outs.check(number)
        with pytest.raises(OptOutListUnavailable, match="not complete"):
            assert number in opt_outs
    before = datetime.now(UTC)
    opt_outs.declare_complete(by="a new campaign")
    assert before <= (opt_outs.complete or before - timedelta(1)) <= datetime.now(UTC)
    assert (PHONE in opt_outs, OTHER in opt_outs) == (True, False)
    with pytest.raises(errors.InvalidRequest, match="by"):
        opt_outs.declare_complete(by=" ")


def test_who_opted_out_is_barred_and_nobody_else_however_the_number_is_written(kept: Place) -> None:
    opt_outs = kept.open()
    opt_outs.declare_complete(by="this test")
    opt_outs.opt_out("+1 (636) 555-3226", by="a letter")
    for number in (PHONE, f"+{PHONE}", "636-555-3226", int(PHONE), f"00{PHONE}"):
        with pytest.raises(errors.AlertRejected) as caught:
            opt_outs.check(number)
        error = caught.value
        assert (error.status, error.may_have_been_sent, error.parts[0].to) == ("7", False, PHONE)
        assert number in opt_outs
        assert opt_outs.standing(number) == next(opt_outs.history(number))
    opt_outs.check(OTHER)
    assert [each.number for each in opt_outs] == [PHONE]
    with pytest.raises(errors.InvalidRequest):
        opt_outs.check("nobody")


def test_stop_and_start_follow_each_other_and_the_trail_has_all_of_it(kept: Place) -> None:
    opt_outs = kept.open()
    opt_outs.declare_complete(by="this test")
    assert opt_outs.standing(PHONE) is None
    first = opt_outs.honour(stop())
    assert first is not None
    assert (first.source, first.reference, first.said, first.counts) == (Source.INBOUND_SMS, "1", "STOP", True)
    back = opt_outs.opt_in(PHONE, by="the website, ticket 4711")
    assert (PHONE in opt_outs, len(opt_outs), back.said) == (False, 0, "the website, ticket 4711")
    again = opt_outs.opt_out(PHONE, by="by telephone")
    assert (PHONE in opt_outs, len(opt_outs), opt_outs.standing(PHONE)) == (True, 1, again)
    late = opt_outs.honour(stop(text="START", message="0", at="2026-01-14 11:00:00"))
    assert late is not None
    assert (late.wants_messages, late.counts, PHONE in opt_outs) == (True, False, True)
    opt_outs.opt_out(OTHER, by="a letter")
    assert list(opt_outs.history(PHONE)) == [first, back, again, late]
    assert {each.number for each in opt_outs.history()} == {PHONE, OTHER}
    assert len(list(opt_outs.history())) == 5
    assert sorted(each.number for each in opt_outs) == [OTHER, PHONE]
    assert opt_outs.honour(InboundSms(PHONE, text="Hello")) is None


def test_an_event_that_comes_again_is_known_even_after_a_start(kept: Place) -> None:
    opt_outs = kept.open()
    opt_outs.declare_complete(by="this test")
    assert opt_outs.honour(stop()) is not None
    opt_outs.opt_in(PHONE, by="the website")
    later, ahead = kept.open(), f"{datetime.now(UTC) + timedelta(days=365):%Y-%m-%d %H:%M:%S}"
    assert later.honour(stop(at=ahead)) is None
    assert PHONE not in later
    assert later.honour(stop(message="2", at=ahead)) is not None
    assert PHONE in opt_outs


def test_words_of_your_own_are_honoured(kept: Place) -> None:
    opt_outs = kept.open(stop_words=["REVOKE", "opt out"])
    for number, text in enumerate(["revoke", "Opt-Out!", "REVOKE my consent", "I revoke"]):
        assert (opt_outs.honour(stop(text=text, message=f"{number}")) is not None) == (number < 3)
    for words in ("REVOKE", [1]):
        with pytest.raises(errors.InvalidRequest, match="stop_words"):
            kept.open(stop_words=words)


def test_what_is_said_by_hand_is_said_by_someone_at_some_time(kept: Place) -> None:
    opt_outs = kept.open()
    for by in ("", None, 4711):
        with pytest.raises(errors.InvalidRequest, match="by"):
            opt_outs.opt_out(PHONE, by=by)  # type: ignore[arg-type]  # that is the point
    moments: list[Any] = [datetime(2026, 1, 15), "2026-01-15"]  # noqa: DTZ001  # as above
    for at in moments:
        with pytest.raises(errors.InvalidRequest, match="time zone"):
            opt_outs.opt_in(PHONE, by="the website", at=at)
    told = opt_outs.opt_out(PHONE, by="a letter", at=datetime(2026, 1, 15, tzinfo=UTC))
    assert told.at == datetime(2026, 1, 15, tzinfo=UTC)
    assert told.recorded > told.at
    assert list(opt_outs.history(PHONE)) == [told]


TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TIMES: Final = st.datetimes(timezones=st.just(UTC))
SPANS: Final = st.timedeltas(timedelta(0), timedelta(days=2))


STATEMENTS: Final = st.builds(
    Statement,
    st.sampled_from([PHONE, OTHER, "7"]),
    st.booleans(),
    TIMES,
    st.sampled_from(Source),
    TIMES,
    reference=TEXTS,
    said=TEXTS,
    addressed=TEXTS,
    earlier=SPANS,
    later=SPANS,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_keeps_what_the_rule_says_and_gives_back_what_it_was_given(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    @examples(40)
    @given(st.lists(st.lists(STATEMENTS, min_size=1, max_size=5), min_size=1, max_size=3))
    def law(batches: list[list[Statement]]) -> None:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        standing: dict[str, Statement] = {}
        trail: dict[str, list[Statement]] = {PHONE: [], OTHER: [], "7": []}
        with place(kind, folder, request) as empty:
            for batch in batches:
                recorded = []
                for each in batch:
                    new = judged(each, standing.get(each.number), trail[each.number])
                    if new is not None:
                        recorded.append(new)
                        trail[each.number].append(new)
                        standing.update({each.number: new} if new.counts else {})
                assert empty.open()._record(batch) == recorded
            opt_outs = empty.open()
            assert {number: list(opt_outs.history(number)) for number in trail} == trail
            assert {number: opt_outs.standing(number) for number in trail} == {**dict.fromkeys(trail), **standing}
            out = {each.number: each for each in standing.values() if not each.wants_messages}
            assert {each.number: each for each in opt_outs} == out
            assert len(opt_outs) == len(out)

    law()


# ---- importing -------------------------------------------------------------------------------------------------------


def numbers(count: int) -> list[str]:
    return [f"1555{number:07}" for number in range(count)]


def test_an_import_takes_every_page_and_makes_the_list_complete(kept: Place, known: Service) -> None:
    known.opted_out = numbers(2 * BATCH + 7)
    opt_outs = kept.open()
    with OptInClient(AUTH, base_url=known.address) as client:
        assert opt_outs.import_from(client, page_size=250) == Import(2 * (2 * BATCH + 7), 2 * BATCH + 7, 2)
        assert opt_outs.complete is not None
        assert sorted(each.number for each in opt_outs) == known.opted_out
        (told,) = opt_outs.history(known.opted_out[0])
        assert (told.source, told.reference) == (Source.IMPORT, "2020-01-01 12:00:00")
        assert opt_outs.import_from(client) == Import(2 * BATCH + 7, 0, 1)
        assert len(list(opt_outs.history())) == 2 * BATCH + 7, "what is known is not recorded again"


def test_an_import_awaited_does_the_same(kept: Place, known: Service) -> None:
    known.opted_out = numbers(BATCH + 7)
    opt_outs = kept.open()

    async def main() -> Import:
        async with AsyncOptInClient(AUTH, base_url=known.address) as client:
            return await opt_outs.import_from_async(client)

    assert asyncio.run(main()) == Import(2 * (BATCH + 7), BATCH + 7, 2)
    assert (len(opt_outs), opt_outs.complete is not None) == (BATCH + 7, True)


def test_an_import_that_fails_keeps_what_it_has_read_and_is_completed_by_another(kept: Place, known: Service) -> None:
    known.opted_out = numbers(30)
    opt_outs = kept.open()

    def fails(asked: Asked) -> tuple[int, Any] | None:
        return (400, RestError("400", "no")) if asked.parameters.get("page") == "2" else None

    known.answer = fails
    with OptInClient(AUTH, base_url=known.address) as client:
        with pytest.raises(errors.ApiProblem):
            opt_outs.import_from(client, page_size=10)
        assert (len(opt_outs), opt_outs.complete) == (20, None)
        known.answer = lambda _: None
        assert opt_outs.import_from(client, page_size=10).added == 10
    assert sorted(each.number for each in opt_outs) == known.opted_out


def test_an_import_never_subscribes_anyone_again_nor_undoes_what_was_said_later(kept: Place, known: Service) -> None:
    opt_outs = kept.open()
    with OptInClient(AUTH, base_url=known.address) as client:
        known.opted_out = [PHONE, "15550000001"]
        opt_outs.import_from(client)
        opt_outs.opt_out(OTHER, by="STOP to the new number")
        opt_outs.opt_in("15550000001", by="the website")
        known.opted_out = ["15550000001"]  # PHONE was subscribed again, which the person has to say here as well
        opt_outs.import_from(client)
    assert (PHONE in opt_outs, OTHER in opt_outs, "15550000001" in opt_outs) == (True, True, False)


def test_an_import_reads_again_while_there_is_news_since_pages_move(kept: Place, known: Service) -> None:
    known.opted_out = numbers(20)
    opt_outs = kept.open()

    def moves(asked: Asked) -> None:
        """While the second page is asked for, someone of the first is subscribed again, and all others move up."""
        if asked.parameters.get("page") == "1" and len(known.opted_out) == 20:
            del known.opted_out[0]

    known.answer = moves
    with OptInClient(AUTH, base_url=known.address) as client:
        result = opt_outs.import_from(client, page_size=10)
    assert result.passes == 3
    assert set(known.opted_out) <= {each.number for each in opt_outs}


def test_an_import_ends_though_there_is_always_news(kept: Place, known: Service) -> None:
    known.opted_out = ["15550000000"]

    def grows(asked: Asked) -> None:
        if asked.parameters.get("page") == "0":
            known.opted_out.append(f"1555{len(known.opted_out):07}")

    known.answer = grows
    with OptInClient(AUTH, base_url=known.address) as client:
        assert kept.open().import_from(client).passes == PASSES


def test_a_piece_that_is_interrupted_is_not_written_at_all(kept: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    opt_outs, now = kept.open(), datetime.now(UTC)
    statements = [Statement(number, False, now, Source.BY_HAND, now) for number in numbers(5)]
    left = iter(range(3))

    def interrupted(*said: Any) -> Statement | None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return judged(*said)

    for kind in ("sqlite", "redis"):
        monkeypatch.setattr(f"shortcodekit.migration.{kind}.judged", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opt_outs._record(statements)
    monkeypatch.undo()
    assert (len(opt_outs), list(kept.open().history())) == (0, [])
    assert opt_outs._record(statements) == statements


def test_a_record_that_is_subscribed_is_no_opt_out(kept: Place, known: Service) -> None:
    record = OptInRecord(PHONE, opt_in=True, opt_out=False, opt_in_date="2020-01-01 12:00:00")
    known.answer = lambda asked: (200, OptOutList("1", [record])) if "/query/" in asked.path else None
    opt_outs = kept.open()
    with OptInClient(AUTH, base_url=known.address) as client:
        assert opt_outs.import_from(client) == Import(1, 0, 1)
    assert PHONE not in opt_outs


# ---- many at once ----------------------------------------------------------------------------------------------------


def test_nothing_is_lost_when_many_write_at_once(kept: Place, known: Service) -> None:
    known.opted_out = numbers(300)
    stops = [f"1636{number:07}" for number in range(100)]
    handles = [kept.open() for _ in range(4)]

    def work(number: int) -> None:
        opt_outs = handles[number % 4]
        if number == 0:
            with OptInClient(AUTH, base_url=known.address) as client:
                opt_outs.import_from(client, page_size=20)
        else:
            for each in stops[number::7]:
                opt_outs.honour(stop(each, message=each))
                opt_outs.honour(stop(each, message=each))
                opt_outs.honour(stop(known.opted_out[int(each[-3:])], message=each))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    expected = {*known.opted_out, *(each for number in range(1, 8) for each in stops[number::7])}
    assert {each.number for each in handles[1]} == expected
    assert all(len(list(handles[2].history(each))) == 1 for each in stops[1:])


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_stop_that_another_machine_records_in_the_middle_is_seen(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(kind, tmp_path, request) as kept:
        opt_outs, other = kept.open(), kept.open()
        opt_outs.opt_out(OTHER, by="a letter")
        start = datetime.now(UTC)
        left = iter([lambda: other.opt_out(PHONE, by="STOP", at=start + timedelta(seconds=1))])

        def in_the_middle(*said: Any) -> Statement | None:
            judgement = judged(*said)
            if said[0].wants_messages:
                next(left, lambda: None)()  # after it was judged, and before it is written
            return judgement

        monkeypatch.setattr("shortcodekit.migration.redis.judged", in_the_middle)
        assert not opt_outs.opt_in(PHONE, by="the website", at=start).counts
        assert {each.number for each in opt_outs} == {PHONE, OTHER}


def test_reading_the_list_goes_on_while_it_is_written(tmp_path: Path) -> None:
    opt_outs = SqliteOptOutList(tmp_path / "opt-outs.db")
    for number in numbers(1100):
        opt_outs._record([Statement(number, False, datetime.now(UTC), Source.BY_HAND, datetime.now(UTC))])
    seen = []
    for each in opt_outs:
        seen.append(each.number)
        opt_outs.opt_out(each.number, by="it may write, too")
    assert seen == numbers(1100)
    assert len(list(opt_outs.history())) == 2200
    opt_outs.close()
