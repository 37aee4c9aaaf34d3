"""A list of opt-outs that cannot be asked, or has lost its memory: nothing is sent, and the error says why."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from shortcode_clients.opt_in.models import InboundSms
from shortcodekit import Alert, Basic, KeySecret, OptInClient, errors
from shortcodekit.migration import (
    Campaign,
    CampaignClient,
    OptOutList,
    OptOutListUnavailable,
    RedisOptOutList,
    SqliteOptOutList,
)
from shortcodekit.webhooks import Receiver, Request

from .copies import until
from .redis_server import NEEDS_REDIS, redis_server
from .service import Service

PHONE: Final = "16365553226"


def campaign_client(known: Service, opt_outs: OptOutList) -> CampaignClient:
    auth = Basic("abcd1234", "api-secret")
    campaign = Campaign({0: "Zero"})
    return CampaignClient(auth, campaign=campaign, opt_outs=opt_outs, from_="18335550100", base_url=known.address)


def sends_nothing(known: Service, opt_outs: OptOutList) -> str:
    """That nothing is sent, and what the error says."""
    asked = len(known.asked)
    with campaign_client(known, opt_outs) as client, pytest.raises(OptOutListUnavailable) as caught:
        client.send(Alert(to=PHONE))
    error = caught.value
    assert (error.may_have_been_sent, error.attempts, error.operation) == (False, 0, "sendMessage")
    assert len(known.asked) == asked
    return error.reason


def is_down(known: Service, opt_outs: OptOutList) -> None:
    """Whatever one asks or tells, it is unavailable and nothing else."""
    event = InboundSms(PHONE, text="STOP")
    asks: tuple[Callable[[], Any], ...] = (
        lambda: PHONE in opt_outs,
        lambda: opt_outs.check(PHONE),
        lambda: opt_outs.standing(PHONE),
        lambda: opt_outs.complete,
        lambda: len(opt_outs),
        lambda: list(opt_outs),
        lambda: list(opt_outs.history()),
        lambda: list(opt_outs.history(PHONE)),
        lambda: opt_outs.honour(event),
        lambda: opt_outs.opt_out(PHONE, by="a letter"),
        lambda: opt_outs.opt_in(PHONE, by="a letter"),
        lambda: opt_outs.declare_complete(by="this test"),
    )
    for ask in asks:
        with pytest.raises(OptOutListUnavailable):
            ask()
    with OptInClient(KeySecret("k", "secret"), base_url=known.address) as client:
        known.opted_out = [PHONE]
        with pytest.raises(OptOutListUnavailable):
            opt_outs.import_from(client)
    sends_nothing(known, opt_outs)


# ---- a file ----------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_opened_is_unavailable_until_it_can(tmp_path: Path, known: Service) -> None:
    path = tmp_path / "missing" / "opt-outs.db"
    with closing(SqliteOptOutList(path)) as opt_outs:
        is_down(known, opt_outs)
        path.parent.mkdir()
        path.mkdir()
        is_down(known, opt_outs)
        path.rmdir()
        path.write_bytes(b"This is no database, and larger than its head. " * 200)
        is_down(known, opt_outs)
        path.unlink()
        opt_outs.declare_complete(by="this test")
        assert PHONE not in opt_outs


def test_a_file_that_someone_else_holds_is_unavailable_for_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shortcodekit.sqlite_files.WAIT", 0.05)
    path = tmp_path / "opt-outs.db"
    with closing(SqliteOptOutList(path)) as opt_outs, closing(sqlite3.connect(path, isolation_level=None)) as other:
        opt_outs.declare_complete(by="this test")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OptOutListUnavailable, match="locked"):
            opt_outs.opt_out(PHONE, by="a letter")
        assert PHONE not in opt_outs, "it can be read meanwhile"
        other.execute("ROLLBACK")
        opt_outs.opt_out(PHONE, by="a letter")
        assert PHONE in opt_outs


def test_a_file_that_was_deleted_is_no_empty_list(tmp_path: Path, known: Service) -> None:
    path = tmp_path / "opt-outs.db"
    with closing(SqliteOptOutList(path)) as opt_outs:
        opt_outs.declare_complete(by="this test")
        opt_outs.opt_out(PHONE, by="a letter")
    for each in tmp_path.iterdir():
        each.unlink()
    with closing(SqliteOptOutList(path)) as opt_outs:
        assert "not complete" in sends_nothing(known, opt_outs)


def test_what_is_no_list_in_a_file_is_said_to_be_none(tmp_path: Path, known: Service) -> None:
    path = tmp_path / "opt-outs.db"
    with closing(SqliteOptOutList(path)) as opt_outs:
        opt_outs.declare_complete(by="this test")
        opt_outs.opt_out(PHONE, by="a letter")
        for damage in ("UPDATE statements SET at = 'yesterday'", "UPDATE statements SET source = 'hearsay'"):
            with closing(sqlite3.connect(path)) as other, other:
                other.execute(damage)
            assert "none" in sends_nothing(known, opt_outs)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE complete SET at = 4711")
        assert "none" in sends_nothing(known, opt_outs)


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_a_list_is_not_kept_in_memory(path: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="outlive"):
        SqliteOptOutList(path)


def test_a_stop_that_cannot_be_noted_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "opt-outs.db"
    with closing(SqliteOptOutList(path)) as opt_outs:
        receiver = Receiver(verify=None)
        receiver.on("inbound-sms", "/hooks/sms")(opt_outs.honour)
        event = Request("GET", f"msisdn={PHONE}&text=STOP&messageId=1", {}, b"")
        assert receiver.handle("/hooks/sms", event).status == 500
        path.parent.mkdir()
        assert receiver.handle("/hooks/sms", event).status == 200
        assert [each.number for each in opt_outs] == [PHONE]


# ---- Redis -----------------------------------------------------------------------------------------------------------


@NEEDS_REDIS
def test_a_redis_that_is_gone_is_unavailable_and_one_that_has_lost_its_memory_is_no_empty_list(known: Service) -> None:
    with redis_server() as server, closing(RedisOptOutList(server.url)) as opt_outs:
        opt_outs.declare_complete(by="this test")
        opt_outs.opt_out(PHONE, by="a letter")
        assert PHONE in opt_outs
        server.kill()
        is_down(known, opt_outs)
        server.start()
        assert "not complete" in sends_nothing(known, opt_outs)
        opt_outs.declare_complete(by="this test")
        with Redis.from_url(server.url) as redis:
            redis.config_set("maxmemory", "1")  # it takes no more
        with pytest.raises(OptOutListUnavailable):
            opt_outs.opt_out(PHONE, by="a letter")


@NEEDS_REDIS
def test_a_redis_that_does_not_answer_is_unavailable(known: Service) -> None:
    with redis_server() as server:
        client = Redis.from_url(server.url, socket_timeout=1.0)
        with closing(RedisOptOutList(server.url)) as patient, closing(RedisOptOutList(client)) as opt_outs:
            patient.declare_complete(by="this test")
            with server.paused():
                assert "Timeout" in sends_nothing(known, opt_outs)
            until(server.answers)
            assert PHONE not in opt_outs


@NEEDS_REDIS
@pytest.mark.parametrize("decoded", [False, True])
def test_what_is_no_list_in_redis_is_said_to_be_none(known: Service, redis: Any, *, decoded: bool) -> None:
    prefix = f"{uuid.uuid4().hex}:"
    with (
        Redis.from_url(redis.url, decode_responses=decoded) as client,
        closing(RedisOptOutList(client, prefix=prefix)) as opt_outs,
    ):
        client.set(f"{prefix}numbers", "another")
        sends_nothing(known, opt_outs)
        with pytest.raises(OptOutListUnavailable):
            opt_outs.honour(InboundSms(PHONE, text="STOP"))
        client.delete(f"{prefix}numbers")
        opt_outs.declare_complete(by="this test")
        opt_outs.opt_out(PHONE, by="a letter")
        assert [each.number for each in opt_outs] == [PHONE]
        for damage in ("", "no JSON", "[]", "4", '{"number": 1}', '{"at": "yesterday"}'):
            client.hset(f"{prefix}numbers", PHONE, damage)
            assert "none of a list" in sends_nothing(known, opt_outs)
        client.hset(f"{prefix}numbers", "complete", "{}")
        assert "none of a list" in sends_nothing(known, opt_outs)


@NEEDS_REDIS
def test_the_address_of_a_redis_is_not_shown() -> None:
    with closing(RedisOptOutList("redis://:a-password@127.0.0.1:9/0")) as opt_outs:
        with pytest.raises(OptOutListUnavailable) as caught:
            assert PHONE in opt_outs
        assert "a-password" not in f"{opt_outs!r} {caught.value!r} {caught.value.__context__!r}"
