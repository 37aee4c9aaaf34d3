"""`shortcodekit opt-outs` and `resubscribe` against a sandbox: nothing is lost, nobody is subscribed without a word."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shortcodekit.sandbox import Sandbox
from tests.commands import (
    account,
    environment,
    new_secret,
    on_terminal,
    plain,
    run,
    shell,
    shown_on,
    skip_without_bash,
    spawn,
)
from tests.guides import LONGEST
from tests.service import service

NUMBERS = [f"1636555{number:04}" for number in range(7)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(api_secret=new_secret(), signature_secret=new_secret()) as running:
        yield running


@pytest.fixture
def env(sandbox: Sandbox) -> dict[str, str]:
    sandbox.reset()
    for number in NUMBERS:
        sandbox.phone(number).text("STOP")
    return account(sandbox)


def listed(records: list[dict[str, Any]], *words: str) -> Any:
    """What the command makes of these records."""
    answer = {"opt-in-count": str(len(records)), "opt-in-list": records}
    with service() as running:
        running.answer = lambda _: (200, json.dumps(answer).encode())
        env = {"SHORTCODEKIT_BASE_URL": running.address, "SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": "s"}
        return run("opt-outs", *words, env=env)


@pytest.mark.parametrize("size", ["1", "3", "7", "100"])
def test_all_numbers_are_listed_whatever_the_size_of_a_page(env: Mapping[str, str], size: str) -> None:
    ran = run("opt-outs", "--page-size", size, env=env)
    assert ran.code == 0
    assert [line.split()[0] for line in ran.lines] == ["NUMBER", *NUMBERS]
    document = json.loads(run("opt-outs", "--page-size", size, "--json", env=env).out)
    assert [each["msisdn"] for each in document] == NUMBERS
    rows = list(csv.DictReader(io.StringIO(run("opt-outs", "--page-size", size, "--format", "csv", env=env).out)))
    assert [each["msisdn"] for each in rows] == NUMBERS
    assert {each["opt-out"] for each in rows} == {"true"}


@pytest.mark.usefixtures("env")
def test_a_signed_query_does_as_well(sandbox: Sandbox) -> None:
    ran = run("opt-outs", "--json", env=account(sandbox, signed=True))
    assert len(json.loads(ran.out)) == len(NUMBERS)


def test_an_empty_list_is_told_in_each_form(sandbox: Sandbox, env: Mapping[str, str]) -> None:
    sandbox.reset()
    ran = run("opt-outs", env=env)
    assert (ran.code, ran.out, ran.err) == (0, "", "no number to show\n")
    assert run("opt-outs", "--json", env=env).out == "[]\n"
    assert run("opt-outs", "--format", "csv", env=env).out == "msisdn,opt-in,opt-in-date,opt-out,opt-out-date,other\n"


def test_what_is_not_documented_is_kept() -> None:
    record = {"msisdn": "1", "opt-in": "false", "opt-out": "true", "carrier": "T", "via": {"word": "STOP"}}
    (kept,) = json.loads(listed([record], "--json").out)
    assert kept == record
    (row,) = csv.DictReader(io.StringIO(listed([record], "--format", "csv").out))
    assert json.loads(row["other"]) == {"carrier": "T", "via": {"word": "STOP"}}


@pytest.mark.parametrize("value", ["=1+1", "+16365550000", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x","y")'])
def test_no_spreadsheet_takes_a_cell_for_a_formula(value: str) -> None:
    record = {"msisdn": value, "opt-in": "false", "opt-out": "true", "opt-out-date": value}
    told = listed([record], "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(told, newline=""))
    assert row["msisdn"] == row["opt-out-date"] == f"'{value}"


def test_what_a_peer_says_does_not_act_on_a_terminal() -> None:
    record = {"msisdn": "1\x1b[2J\n2", "opt-in": "false", "opt-out": "true", "opt-out-date": "\x07"}
    ran = listed([record])
    assert ran.lines[1].split() == ["1?[2J?2", "?", "-"]


def test_since_leaves_out_who_opted_out_before_and_nobody_whose_time_is_not_known() -> None:
    told = {"opt-in": "false", "opt-out": "true"}
    records: list[dict[str, Any]] = [
        {"msisdn": "1", **told, "opt-out-date": "2026-01-01 00:00:00"},
        {"msisdn": "2", **told, "opt-out-date": "2025-12-31 23:59:59"},
        {"msisdn": "3", **told},
        {"msisdn": "4", **told, "opt-out-date": "last week"},
    ]
    shown = json.loads(listed(records, "--json", "--since", "2026-01-01").out)
    assert [each["msisdn"] for each in shown] == ["1", "3", "4"]
    shown = json.loads(listed(records, "--json", "--since", "2026-01-01 00:00:01").out)
    assert [each["msisdn"] for each in shown] == ["3", "4"]
    ran = listed(records, "--since", "soon")
    assert (ran.code, "does not match the formats" in ran.err) == (2, True)


def test_a_list_that_breaks_off_exits_with_2_and_does_not_look_whole() -> None:
    pages: list[int] = []

    def answer(_: Any) -> Any:
        pages.append(1)
        records = [{"msisdn": f"{len(pages)}{number}", "opt-in": "false", "opt-out": "true"} for number in range(2)]
        page = json.dumps({"opt-in-count": "2", "opt-in-list": records}).encode()
        return (200, page) if len(pages) < 3 else (200, b"<html>")

    with service() as running:
        running.answer = answer
        given = {"SHORTCODEKIT_BASE_URL": running.address, "SHORTCODEKIT_API_KEY": "k", "SHORTCODEKIT_API_SECRET": "s"}
        ran = run("opt-outs", "--format", "json", "--page-size", "2", env=given)
    assert ran.code == 2
    assert ran.out.count("msisdn") == 4
    with pytest.raises(ValueError, match=r"delimiter|Expecting"):
        json.loads(ran.out)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--page-size", "0"], 2, "--page-size: at least 1"),
        (["--format", "xml"], 2, "'xml' is not one of"),
        (["--base-url", "http://example.com"], 2, "--base-url: https only"),
    ],
)
def test_wrong_use_is_told(env: Mapping[str, str], words: list[str], code: int, told: str) -> None:
    ran = run("opt-outs", *words, env=env)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err


def test_wrong_credentials_exit_with_2(env: Mapping[str, str]) -> None:
    ran = run("opt-outs", env={**env, "SHORTCODEKIT_API_SECRET": new_secret()})
    assert (ran.code, ran.out) == (2, "")
    assert "Are these the account's credentials" in ran.err


@skip_without_bash
def test_a_reader_that_stops_early_gets_what_it_wanted_and_no_complaint(env: Mapping[str, str]) -> None:
    for words in ("", "--json", "--format csv"):
        ran = shell(f"shortcodekit opt-outs --page-size 1 {words} | head -1; echo ${{PIPESTATUS[0]}}", env=env)
        assert ran.lines[1] in {"141", "0"}, "0 where all was written before head ended"
        assert ran.err == ""
    ran = shell("shortcodekit explain --list | true; echo ${PIPESTATUS[0]}", env=env)
    assert (ran.out, ran.err) in (("141\n", ""), ("0\n", ""))


def test_progress_is_told_to_a_person_who_does_not_see_the_list(env: Mapping[str, str], tmp_path: Any) -> None:
    script = f"from shortcodekit.cli import main; import sys; sys.stdout = open({str(tmp_path / 'out')!r}, 'w'); "
    script += "sys.argv = ['shortcodekit', 'opt-outs', '--json']; main()"
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", script], stderr=slave, env=environment(**env)) as process:
        os.close(slave)
        shown = shown_on(master)
        assert process.wait(LONGEST) == 0
    os.close(master)
    assert "7 numbers" in shown
    assert len(json.loads((tmp_path / "out").read_text("utf-8"))) == len(NUMBERS)


# ---- back in -----------------------------------------------------------------------------------------------------------------


def test_numbers_are_subscribed_again(env: Mapping[str, str]) -> None:
    ran = run("resubscribe", NUMBERS[0], NUMBERS[1], NUMBERS[0], "--yes", env=env)
    assert ran.lines == [f"{NUMBERS[0]}  subscribed again", f"{NUMBERS[1]}  subscribed again"]
    assert ran.code == 0
    left = json.loads(run("opt-outs", "--json", env=env).out)
    assert [each["msisdn"] for each in left] == NUMBERS[2:]
    ran = run("resubscribe", NUMBERS[2], "-y", "--json", env=env)
    assert [each["opt-in"] for each in json.loads(ran.out)] == ["true"]


def test_without_a_yes_nobody_is_subscribed(env: Mapping[str, str], tmp_path: Path) -> None:
    ran = spawn("resubscribe", NUMBERS[0], env=env)
    assert (ran.code, ran.out) == (2, "")
    assert "--yes" in ran.err
    ran = spawn("resubscribe", NUMBERS[0], env={**env, "SHORTCODEKIT_RESUBSCRIBE_YES": "1"})
    assert ran.code == 2, "a yes does not stand in the environment for ever"
    (tmp_path / "shortcodekit.toml").write_text("[resubscribe]\nyes = true\n", "utf-8")
    ran = spawn("resubscribe", NUMBERS[0], env=env, cwd=str(tmp_path))
    assert ran.code == 2, "nor in a file"
    assert len(json.loads(run("opt-outs", "--json", env=env).out)) == len(NUMBERS)


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 6), ("n", 2, 7), ("", 2, 7)])
def test_a_person_is_told_what_it_means_and_asked(env: Mapping[str, str], answer: str, code: int, left: int) -> None:
    ran = on_terminal(["resubscribe", NUMBERS[0]], {"[y/N]": answer}, env=env)
    assert ran.code == code, ran.out
    assert "they want no messages from you" in ran.out
    assert f"Did the owner of {NUMBERS[0]} ask to be subscribed again?" in plain(ran.out)
    assert len(json.loads(run("opt-outs", "--json", env=env).out)) == left


def test_a_refusal_on_the_way_tells_what_was_done_and_what_was_not_tried(
    sandbox: Sandbox, env: Mapping[str, str]
) -> None:
    sandbox.faults.add(operation="resubscribe", msisdn=NUMBERS[1], http_status=400)
    ran = run("resubscribe", *NUMBERS[:4], "--yes", "--json", env=env)
    error = json.loads(ran.out)["error"]
    assert ran.code == 1
    assert [each["msisdn"] for each in error["done"]] == [NUMBERS[0]]
    assert error["failed"] == NUMBERS[1]
    assert "2 more numbers were not tried" in ran.err
    ran = run("resubscribe", "not-a-number", "--yes", env=env)
    assert (ran.code, "not-a-number: " in ran.err) == (2, True)


def test_credentials_come_before_the_question(env: Mapping[str, str]) -> None:
    ran = on_terminal(["resubscribe", NUMBERS[0]], {"secret: ": env["SHORTCODEKIT_API_SECRET"], "[y/N]": "y"}, env={
        name: value for name, value in env.items() if name != "SHORTCODEKIT_API_SECRET"
    })  # fmt: skip
    assert ran.code == 0, ran.out
    assert env["SHORTCODEKIT_API_SECRET"] not in ran.out, "what is typed is not shown"
