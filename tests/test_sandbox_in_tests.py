"""The sandbox inside a process: the fixture, the context manager, several at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from shortcodekit import Alert, AlertsClient, MessagesClient, errors, outbound
from shortcodekit.sandbox import Sandbox, SandboxError

CUSTOM = {"server": "host3", "link": "https://example.com"}
NUMBER = "16365553226"


def _send(sandbox: Sandbox, to: str = NUMBER) -> str:
    with AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts:
        return str(alerts.send(Alert(to=to), custom=CUSTOM).messages[0].message_id)


def test_the_fixture_is_a_sandbox_of_the_tests_own(sandbox: Sandbox) -> None:
    assert sandbox.messages == []
    _send(sandbox)
    assert sandbox.phone(NUMBER).texts == ["Your host3 is down, for more details check https://example.com"]


@pytest.mark.sandbox(short_code="12345", api_key="abcd1234")
def test_a_marker_sets_it(sandbox: Sandbox) -> None:
    _send(sandbox)
    assert (sandbox.api_key, sandbox.messages[0]["sender"]) == ("abcd1234", "12345")


def test_several_at_once_know_nothing_of_each_other() -> None:
    with Sandbox() as one, Sandbox() as other:
        assert one.url != other.url
        one.phone(NUMBER).text("STOP")
        _send(other)
        with pytest.raises(errors.AlertRejected):
            _send(one)
        assert (one.opt_outs, other.opt_outs) == ([NUMBER], [])


def test_the_same_seed_gives_the_same_answers() -> None:
    told = []
    for _ in range(2):
        with Sandbox(seed="seven", api_key="k", api_secret="s") as sandbox:
            ids = [_send(sandbox), _send(sandbox)]
            with MessagesClient(sandbox.basic, base_url=sandbox.url) as messages:
                message = outbound.sms.text("Hello", to="447700900000", from_="447700900001")
                ids.append(messages.send(message).message_uuid)
            told.append(ids)
    assert told[0] == told[1]
    assert len(set(told[0])) == 3
    with Sandbox(seed="eight", api_key="k", api_secret="s") as sandbox:
        assert _send(sandbox) != told[0][0]


def test_it_can_be_stopped_and_started_again_and_goes_on_with_its_file(tmp_path: Path) -> None:
    sandbox = Sandbox(db=str(tmp_path / "state.db"))
    sandbox.stop()
    with sandbox:
        secret = sandbox.api_secret
        sandbox.phone(NUMBER).text("STOP")
        sandbox.advance(days=3)
        time.sleep(0.2)  # longer than it takes to start again
        then = sandbox.now
    with pytest.raises(SandboxError, match="the sandbox is not running"):
        sandbox.url  # noqa: B018  # it is asked for
    assert "not running" in repr(sandbox)
    with sandbox.start():
        assert (sandbox.opt_outs, sandbox.api_secret) == ([NUMBER], secret)
        assert sandbox.now >= then, "time does not go back"


def test_what_keeps_it_from_starting_is_raised_where_it_is_started(tmp_path: Path) -> None:
    with Sandbox() as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(SandboxError, match="is in use"):
            Sandbox(port=port).start()
    with pytest.raises(errors.InvalidRequest, match="receipt_url"):
        Sandbox(receipt_url="nowhere")
    with pytest.raises(SandboxError, match="no folder"):
        Sandbox(db=str(tmp_path / "missing" / "state.db")).start()


def test_it_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        with Sandbox() as sandbox:
            _send(sandbox)
    assert not set(threading.enumerate()) - before


def test_secrets_stay_out_of_its_repr() -> None:
    with Sandbox() as sandbox:
        shown = repr(sandbox) + repr(sandbox.auth) + repr(sandbox._instance and sandbox._instance.account)
        assert sandbox.api_secret not in shown
        assert sandbox.signature_secret not in shown


def test_it_can_be_asked_from_many_threads() -> None:
    with Sandbox() as sandbox:
        numbers = [f"1636555{number:04}" for number in range(20)]
        threads = [threading.Thread(target=sandbox.phone(number).text, args=("STOP",)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(sandbox.opt_outs) == numbers


def test_settings_are_changed_while_it_runs_and_wrong_ones_are_refused_as_a_whole() -> None:
    with Sandbox() as sandbox:
        with pytest.raises(errors.InvalidRequest):
            sandbox.configure(receipt_url="http://127.0.0.1:9/", receipt_method="PUT")
        with pytest.raises(errors.InvalidRequest):
            sandbox.configure(api_secret="another")
        with pytest.raises(errors.InvalidRequest):
            sandbox.set_templates({6: "text"})
        with pytest.raises(errors.InvalidRequest):
            sandbox.faults.add(stauts="1")
        assert len(sandbox.faults) == 0
        sandbox.set_templates({0: "${server}!", 1: None})
        _send(sandbox)
        assert sandbox.phone(NUMBER).texts == ["host3!"]
