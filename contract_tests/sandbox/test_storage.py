"""A sandbox's memory by itself: what it takes, gives back and refuses."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from shortcodekit.sandbox.errors import SandboxError
from shortcodekit.sandbox.faults import Fault
from shortcodekit.sandbox.opt_in import Subscription
from shortcodekit.sandbox.outcomes import Event, Message
from shortcodekit.sandbox.storage import APPLICATION, VERSION, Store

SENDER: Final = "96167"
TEXT: Final = Message("outbound", "alerts", "sms", "1", SENDER, "Hello \ud83d", {"template": 0})
TOLD: Final = Event("delivery-receipt", {"a": 1}, 5.0, "delivered", "0", "an-id")


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store(seed="a seed", balance=100)
    yield made
    made.close()


def _added(store: Store, message: Message, *events: tuple[Event, float], at: float = 1.0, spent: int = 0) -> int:
    with store.writing():
        return store.add(message, events, at, spent)


# ---- the file --------------------------------------------------------------------------------------------------------


def _refused(path: Path | str) -> str:
    with pytest.raises(SandboxError) as caught:
        Store(str(path))
    return str(caught.value)


def test_a_file_is_opened_again_with_all_that_was_in_it(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    first = Store(path, seed="a seed", balance=100)
    _added(first, TEXT, (TOLD, 6.0), spent=7)
    given = first.ids.message_id()
    _added(first, TEXT)
    first.set_application("an-app", "a key")
    first.add_fault(Fault(status="1", times=2))
    first.set_templates({0: None, 1: "PIN ${pin}"})
    first.keep("clock", "77.5")
    first.close()
    again = Store(path, seed="another", balance=5)
    assert (again.ids.seed, again.balance, again.latest(), again.facts["clock"]) == ("a seed", 93, 77.5, "77.5")
    assert again.ids.message_id() not in {given, ""}
    assert again.applications == {"an-app": "a key"}
    assert again.faults == [Fault(id=1, status="1", times=2)]
    assert (again.templates.get(0), again.templates[1]) == (None, "PIN ${pin}")
    assert len(again.messages(limit=10)) == 2
    again.close()
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert file.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
    file.close()


def test_a_file_that_cannot_be_one_is_refused_with_the_reason(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "sandbox.db"
    assert _refused(missing) == f"{missing}: there is no folder for it"
    text = tmp_path / "text"
    text.write_bytes(b"no database" * 200)
    assert _refused(text) == f"{text}: file is not a database"
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as file:
        file.execute("CREATE TABLE a (b)")
    file.close()
    assert _refused(other) == f"{other}: a database, but not of a sandbox"
    path = tmp_path / "sandbox.db"
    Store(str(path)).close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 1000")
    file.close()
    assert _refused(path) == f"{path}: of version 1000 of the sandbox's files; this one knows version {VERSION}"


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE faults",
        "DELETE FROM facts WHERE name = 'seed'",
        "UPDATE facts SET value = 'much' WHERE name = 'balance'",
        "INSERT INTO faults (fault) VALUES ('no JSON')",
        "INSERT INTO faults (fault) VALUES ('[]')",
        "INSERT INTO faults (fault) VALUES ('{\"to-come\": 1}')",
    ],
)
def test_a_damaged_file_is_refused_as_one_and_let_go(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "sandbox.db"
    Store(str(path)).close()
    with sqlite3.connect(path) as file:
        file.execute(damage)
    file.close()
    assert _refused(path).startswith(f"{path}: not a file of a sandbox, or a damaged one (")
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE nobody_else (has_it)")
    file.close()


def test_one_file_is_of_one_sandbox_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    first = Store(path)
    assert _refused(path) == f"{path}: another sandbox, or another program, is using it"
    first.close()
    Store(path).close()


def test_without_a_seed_each_store_has_its_own() -> None:
    one, other = Store(), Store()
    assert one.ids.seed != other.ids.seed
    assert re.fullmatch("[0-9a-f]{16}", one.ids.seed)
    one.close()
    other.close()


def test_a_store_may_be_used_by_another_thread_than_made_it(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_added, store, TEXT).result() == 1
    assert len(store.messages(limit=10)) == 1


def test_what_fails_within_a_write_leaves_nothing_behind(store: Store) -> None:
    revision = store.revision
    wrong = Message("outbound", "alerts", "sms", "1", SENDER, "", {"no": {"JSON"}})

    def write() -> None:
        with store.writing():
            for each in (TEXT, wrong):
                store.add(each, [(TOLD, 6.0)], 1.0, 7)

    with pytest.raises(TypeError):
        write()
    assert (store.messages(limit=10), store.balance, store.pending(), store.revision) == ([], 100, 0, revision)
    _added(store, TEXT, spent=7)
    assert (len(store.messages(limit=10)), store.balance, store.revision) == (1, 93, revision + 1)


# ---- messages and events ---------------------------------------------------------------------------------------------


def test_messages_are_given_newest_first_as_they_were(store: Store) -> None:
    _added(store, TEXT, (TOLD, 6.0), (Event("inbound-sms", {}, 7.0), 8.0))
    _added(store, Message("inbound", "messages", "mms", "2", "3", ""), at=2.0)
    _added(store, TEXT, at=3.0)
    assert [each["id"] for each in store.messages(limit=2)] == [3, 2]
    assert [each["id"] for each in store.messages(limit=9, before=3)] == [2, 1]
    assert [each["id"] for each in store.messages(limit=9, phone="1")] == [3, 1]
    assert [each["id"] for each in store.messages(limit=9, phone="1", before=3)] == [1]
    assert store.message(1) == {
        "id": 1, "at": 1.0, "direction": "outbound", "api": "alerts", "channel": "sms", "msisdn": "1", "sender": SENDER,
        "text": "Hello ?", "template": 0,
        "events": [
            {"webhook": "delivery-receipt", "state": "pending", "attempts": 0, "next_try": 6.0, "status": "delivered",
             "code": "0", "message_id": "an-id"},
            {"webhook": "inbound-sms", "state": "pending", "attempts": 0, "next_try": 8.0},
        ],
    }  # fmt: skip
    assert store.phones(9) == [("1", 3), ("2", 2)]
    assert store.phones(1) == [("1", 3)]
    assert (store.last_sender("mms"), store.last_sender("sms"), store.last_sender("fax")) == ("3", None, None)


def test_events_are_due_in_time_until_they_are_settled(store: Store) -> None:
    _added(store, TEXT, (TOLD, 6.0), (TOLD, 5.0), (TOLD, 6.0))
    assert [(row[0], row[4]) for row in store.due(6.0, 9)] == [(2, 5.0), (1, 6.0), (3, 6.0)]
    assert store.due(5.5, 9) == [(2, 1, "delivery-receipt", '{"a":1}', 5.0, None, 0)]
    assert len(store.due(9.0, 2)) == 2
    assert (store.next_due(), store.next_due(5.0), store.next_due(6.0), store.pending()) == (5.0, 6.0, None, 3)
    more = {"request": {}, "status": 500}
    store.attempted(
        2, message=1, webhook="delivery-receipt", number=1, at=7.0, state="pending", next_try=12.0, more=more
    )
    store.attempted(
        2, message=1, webhook="delivery-receipt", number=2, at=12.0, state="taken", next_try=None, more=more
    )
    store.settle([1], "given-up")
    assert store.due(99.0, 9) == [(3, 1, "delivery-receipt", '{"a":1}', 6.0, None, 0)]
    assert [(each["state"], each["attempts"], each["next_try"]) for each in store.message(1)["events"]] == [
        ("given-up", 0, None), ("taken", 2, None), ("pending", 0, 6.0),
    ]  # fmt: skip
    first = {"id": 1, "event": 2, "message": 1, "webhook": "delivery-receipt", "number": 1, "at": 7.0, "next_try": 12.0}
    assert store.attempts(limit=9)[1] == {**first, **more, "taken": False}
    assert [(each["id"], each["taken"]) for each in store.attempts(limit=1)] == [(2, True)]
    assert [each["id"] for each in store.attempts(limit=9, before=2)] == [1]
    assert store.latest() == 12.0


def test_an_attempt_of_what_was_forgotten_meanwhile_is_not_kept(store: Store) -> None:
    _added(store, TEXT, (TOLD, 6.0))
    store.reset()
    store.attempted(1, message=1, webhook="delivery-receipt", number=1, at=7.0, state="taken", next_try=None, more={})
    assert (store.attempts(limit=9), store.messages(limit=9), store.phones(9)) == ([], [], [])


def test_beginning_anew_keeps_the_applications_and_which_ids_were_given(store: Store) -> None:
    first = store.ids.message_id()
    _added(store, TEXT, spent=7)
    store.set_application("an-app", "a key")
    store.add_fault(Fault(status="1"))
    samples = dict(store.templates)
    store.set_templates({0: "another"})
    with store.writing():
        store.subscribe(SENDER, "1", wanted=False, at=1.0)
    store.reset()
    assert (store.balance, store.faults, store.templates) == (100, [], samples)
    assert store.applications == {"an-app": "a key"}
    assert store.opt_outs(SENDER, size=9) == []
    assert store.ids.message_id() != first
    assert _added(store, TEXT) == 2


# ---- who wants messages ----------------------------------------------------------------------------------------------


def _said(store: Store, msisdn: str, at: float, *, wanted: bool, sender: str = SENDER) -> None:
    with store.writing():
        store.subscribe(sender, msisdn, wanted=wanted, at=at)


def test_a_number_stands_as_it_said_last_and_asking_again_changes_nothing(store: Store) -> None:
    assert store.subscription(SENDER, "1") is None
    assert not store.is_opted_out(SENDER, "1")
    _said(store, "1", 1.0, wanted=False)
    _said(store, "1", 2.0, wanted=False)
    assert store.subscription(SENDER, "1") == Subscription("1", 1, 1.0, None)
    assert store.is_opted_out(SENDER, "1")
    assert not store.is_opted_out("another", "1")
    _said(store, "1", 3.0, wanted=True)
    _said(store, "1", 4.0, wanted=True)
    assert store.subscription(SENDER, "1") == Subscription("1", 2, None, 3.0)
    assert not store.is_opted_out(SENDER, "1")
    _said(store, "1", 5.0, wanted=False)
    assert store.subscription(SENDER, "1") == Subscription("1", 3, 5.0, 3.0)


def test_opt_outs_stand_in_the_order_in_which_they_came(store: Store) -> None:
    for number in "12345":
        _said(store, number, 1.0, wanted=False)
    _said(store, "9", 1.0, wanted=False, sender="another")
    _said(store, "2", 2.0, wanted=True)
    _said(store, "1", 3.0, wanted=True)
    _said(store, "1", 4.0, wanted=False)
    listed = store.opt_outs(SENDER, size=9)
    assert [each.msisdn for each in listed] == ["3", "4", "5", "1"]
    assert [each.msisdn for each in store.opt_outs(SENDER, size=2)] == ["3", "4"]
    assert [each.msisdn for each in store.opt_outs(SENDER, size=2, skip=1)] == ["4", "5"]
    assert [each.msisdn for each in store.opt_outs(SENDER, size=2, behind=listed[1].position)] == ["5", "1"]


# ---- faults ----------------------------------------------------------------------------------------------------------


def test_a_fault_is_in_force_for_as_many_requests_as_it_says(store: Store) -> None:
    always, twice = store.add_fault(Fault(status="1")), store.add_fault(Fault(status="2", times=2))
    assert (always, twice) == (Fault(id=1, status="1"), Fault(id=2, status="2", times=2))
    assert store.faults == [always, twice]
    store.use(always)
    store.use(twice)
    assert store.faults == [always, Fault(id=2, status="2", times=1)]
    store.use(store.faults[1])
    assert store.faults == [always]
    other = store.add_fault(Fault(status="3"))
    store.delete_faults(always.id)
    assert store.faults == [other]
    store.delete_faults()
    assert store.faults == []
