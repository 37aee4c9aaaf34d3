"""`shortcodekit explain` knows every code of every table, and says what the specs say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcode_clients import CodeTable, alerts, messages, opt_in
from shortcodekit.cli import code_tables
from tests.commands import run

PACKAGES = (alerts, opt_in, messages)
BRANCHES = [
    pytest.param(name, branch, id=f"{name}-{branch['const']}")
    for package in PACKAGES
    for name, schema in package.openapi()["components"]["schemas"].items()
    for branch in schema.get("anyOf", ())
    if "const" in branch
]


@pytest.mark.parametrize(("table", "branch"), BRANCHES)
def test_every_code_of_the_specs_is_explained_by_value_and_by_name(table: str, branch: Mapping[str, Any]) -> None:
    for said in (str(branch["const"]), branch["title"]):
        ran = run("explain", said, "--json")
        assert ran.code == 0
        (answer,) = json.loads(ran.out)
        (meaning,) = (each for each in answer["meanings"] if each["table"] == table and each["code"] == branch["const"])
        assert meaning["meaning"] == " ".join(branch["description"].split())
        assert meaning["temporary"] == branch["x-code"]["temporary"]
        assert meaning["opted_out"] == branch["x-code"]["opted-out"]
        remedy = branch.get("x-remedy", {})
        assert meaning["remedy"] == (" ".join(" ".join(remedy.values()).split()) or None)
        assert meaning["remedy_is_ours"] == ("chosen" in remedy if remedy else None)
        assert meaning["source"], "who says so"
        assert meaning["fields"], "where it stands"


def test_it_has_the_rows_that_the_generated_tables_have() -> None:
    tables = [each for package in PACKAGES for each in vars(package.codes).values() if isinstance(each, CodeTable)]
    assert {(table.name, value) for table in tables for value in table} == {
        (each.table, each.value) for each in code_tables.entries()
    }


def test_a_code_of_several_tables_is_told_for_each_with_what_to_do_and_the_source() -> None:
    ran = run("explain", "9")
    assert ran.lines == [
        "9  partner-quota-exceeded  AlertPart.status",
        "  The account's credit does not cover the message.",
        "  retry      no",
        "  do         Top the account up, then send again.",
        "  source     Published elsewhere: response codes of the vendor's SMS services; what to do is our advice",
        "",
        "9  illegal-number  DeliveryReceipt.err-code",
        "  The recipient has sent STOP and wants no messages from you.",
        "  retry      no",
        "  opted out  yes: do not write to this number again, unless its owner opts in",
        "  do         Take the number off your lists at once. Only its owner can come back, and `resubscribe` is for that.",
        "  source     Alerts - Sending API Reference: status values, the table of codes; what to do is our advice",
    ]


def test_a_code_that_is_temporary_beside_some_statuses_says_so() -> None:
    assert "  retry      yes, later, beside failed" in run("explain", "7").lines
    assert "  retry      yes, later, beside rejected" in run("explain", "1220").lines
    assert "  retry      yes, later" in run("explain", "1230").lines


def test_statuses_are_known_in_any_case_where_case_carries_no_meaning() -> None:
    assert run("explain", "DELIVERED").out == run("explain", "delivered").out
    assert run("explain", "Stop", "0001240").code == 0


def test_an_unknown_code_is_told_with_what_is_near_it_and_exits_with_1() -> None:
    ran = run("explain", "1245")
    assert (ran.code, ran.lines[0], ran.lines[2]) == (
        1,
        "1245  in no table",
        "  near it    1241 (too-many-send-requests), 1240 (illegal-number), 1250 (unroutable)",
    )
    ran = run("explain", "trottled", "9", "--json")
    first, second = json.loads(ran.out)
    assert (ran.code, first["known"], second["known"]) == (1, False, True)
    assert set(first["nearest"]) == {"1", 1000}


def test_all_codes_are_listed() -> None:
    listed = json.loads(run("explain", "--list", "--json").out)
    assert len(listed) == len(code_tables.entries()) == len({(each["table"], each["code"]) for each in listed})
    shown = run("explain", "--list").out
    assert all(each.name in shown and each.meaning[:60] in shown for each in code_tables.entries())


def test_without_a_code_it_says_what_to_give() -> None:
    ran = run("explain")
    assert (ran.code, ran.out) == (2, "")
    assert "--list" in ran.err


@given(st.lists(st.text(), min_size=1, max_size=3), st.booleans())
def test_whatever_is_asked_gets_an_answer(codes: list[str], as_json: bool) -> None:
    ran = run("explain", *(["--json"] if as_json else []), "--", *codes)
    assert ran.code in {0, 1}
    assert "\x1b" not in ran.out
    if as_json:
        assert [each["asked"] for each in json.loads(ran.out)] == list(dict.fromkeys(codes))
