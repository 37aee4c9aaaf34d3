"""All opt-outs, page by page, over a real server: each number once, no page too many, and an end to every list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcode_clients.opt_in.models import OptInRecord, OptOutList
from shortcodekit import AsyncOptInClient, KeySecret, OptInClient
from shortcodekit.errors import InvalidRequest, UnexpectedAnswer
from tests.service import Asked, Service, service

AUTH = KeySecret("abcd1234", "api-secret")


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with service() as known:
        yield known


@pytest.fixture
def known(running: Service) -> Service:
    running.asked.clear()
    running.opted_out = []
    running.answer = lambda _: None
    return running


def _numbers(count: int) -> list[str]:
    return [str(15550000000 + index) for index in range(count)]


def _all(known: Service, page_size: int, answer_format: Any = "json") -> list[str]:
    with OptInClient(AUTH, base_url=known.address, format=answer_format) as opt_in:
        return [record.msisdn for record in opt_in.opt_outs(page_size)]


async def _all_awaited(known: Service, page_size: int) -> list[str]:
    async with AsyncOptInClient(AUTH, base_url=known.address) as opt_in:
        return [record.msisdn async for record in opt_in.opt_outs(page_size)]


@pytest.mark.parametrize("answer_format", ["json", "xml"])
@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (4, 1), (5, 2), (6, 2), (9, 2), (10, 3), (11, 3)])
def test_it_ends_on_the_first_short_page(known: Service, count: int, requests: int, answer_format: str) -> None:
    known.opted_out = _numbers(count)
    assert _all(known, 5, answer_format) == _numbers(count)
    assert [asked.parameters["page"] for asked in known.asked] == [str(page) for page in range(requests)]
    assert asyncio.run(_all_awaited(known, 5)) == _numbers(count)
    assert len(known.asked) == 2 * requests


@settings(max_examples=20)
@given(st.integers(0, 60), st.integers(1, 20))
def test_every_number_comes_once_and_in_order(running: Service, count: int, page_size: int) -> None:
    running.opted_out = _numbers(count)
    assert _all(running, page_size) == _numbers(count)


def test_a_page_is_asked_for_when_the_iteration_comes_to_it(known: Service) -> None:
    known.opted_out = _numbers(7)
    with OptInClient(AUTH, base_url=known.address) as opt_in:
        records = opt_in.opt_outs(3)
        assert known.asked == []
        for taken, pages in [(3, 1), (3, 2), (1, 3)]:
            assert [next(records) for _ in range(taken)]
            assert len(known.asked) == pages
        assert list(records) == []
        assert len(known.asked) == 3


def test_nothing_is_asked_for_after_the_iteration_was_given_up(known: Service) -> None:
    known.opted_out = _numbers(9)

    async def first() -> str:
        async with AsyncOptInClient(AUTH, base_url=known.address) as opt_in:
            async for record in opt_in.opt_outs(3):
                return record.msisdn
        raise AssertionError

    assert asyncio.run(first()) == _numbers(1)[0]
    assert len(known.asked) == 1


def test_numbers_that_join_while_the_list_is_read_make_none_come_twice(known: Service) -> None:
    known.opted_out = _numbers(9)

    def joining(asked: Asked) -> None:
        if asked.parameters["page"] == "1":
            known.opted_out = ["15559999991", "15559999992", *known.opted_out]

    known.answer = joining
    assert _all(known, 3) == _numbers(9)


def test_a_list_that_grows_by_a_whole_page_is_read_on(known: Service) -> None:
    known.opted_out = _numbers(6)

    def joining(asked: Asked) -> None:
        if asked.parameters["page"] == "1":
            known.opted_out = ["15559999991", "15559999992", "15559999993", *known.opted_out]

    known.answer = joining
    assert _all(known, 3) == _numbers(6)


@pytest.mark.parametrize("read", [_all, lambda *args: asyncio.run(_all_awaited(*args))], ids=["blocking", "awaited"])
def test_a_service_that_repeats_its_pages_for_ever_is_an_error(known: Service, read: Callable[..., list[str]]) -> None:
    known.opted_out = _numbers(9)
    known.answer = lambda asked: known.usual(Asked(asked.path, {"page-size": "3", "page": "0"}, {}))
    with pytest.raises(UnexpectedAnswer, match="the service repeats its pages") as caught:
        read(known, 3)
    assert (caught.value.operation, caught.value.may_have_been_sent) == ("queryOptOuts", False)
    assert len(known.asked) == 3


def test_a_service_that_gives_more_than_a_page_loses_nothing(known: Service) -> None:
    everything = [OptInRecord(number, opt_in=False, opt_out=True) for number in _numbers(9)]

    def all_at_once(asked: Asked) -> tuple[int, Any]:
        records = everything if asked.parameters["page"] == "0" else []
        return 200, OptOutList(str(len(records)), records)

    known.answer = all_at_once
    assert _all(known, 3) == _numbers(9)


def test_one_page_is_what_was_asked_for(known: Service) -> None:
    known.opted_out = _numbers(9)
    with OptInClient(AUTH, base_url=known.address) as opt_in:
        page = opt_in.page(page=2, page_size=4)
    assert [record.msisdn for record in page.opt_in_list] == _numbers(9)[8:]
    assert page.opt_in_list[0].opt_out_date == "2020-01-01 12:00:00"


@pytest.mark.parametrize(("page", "page_size"), [(-1, 100), (0, 0), (0, -1), (10**9, 1)])
def test_a_page_that_there_cannot_be_is_refused_before_anything_is_sent(
    known: Service, page: int, page_size: int
) -> None:
    with OptInClient(AUTH, base_url=known.address) as opt_in, pytest.raises(InvalidRequest) as caught:
        opt_in.page(page=page, page_size=page_size)
    assert caught.value.field in {"page", "page-size"}
    assert caught.value.source.startswith("Alerts - Subscribing API Reference")
    assert known.asked == []


def test_resubscribing_takes_a_number_off_the_list(known: Service) -> None:
    known.opted_out = _numbers(3)
    with OptInClient(AUTH, base_url=known.address) as opt_in:
        assert opt_in.resubscribe(_numbers(3)[1]).opt_in is True
        assert known.asked[-1].parameters["msisdn"] == _numbers(3)[1]
        assert [record.msisdn for record in opt_in.opt_outs()] == [_numbers(3)[0], _numbers(3)[2]]
