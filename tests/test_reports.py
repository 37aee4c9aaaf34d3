"""What a run tells, to the letter: on a terminal, as JUnit, as JSON and as a page, of laws that hold, are broken and are skipped."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from attrs import define

from shortcodekit.contract.judging import BoundLaw, Report
from shortcodekit.contract.laws import Broken, Law, LawBroken, Need, Outcome
from shortcodekit.contract.reporting import as_json, junit, line, listing, page, summary, summary_line
from shortcodekit.contract.targets import Call, Came

SECRET: Final = "a-secret-of-some-length"  # made up
SECRETS: Final = {"API_SECRET": SECRET}


@define
class Aimed:
    """What is judged here."""

    calls: int = 0
    address: str = "http://127.0.0.1:1/hooks"

    @property
    def target(self) -> Aimed:
        return self


def _never(_: Any) -> Broken | None:
    raise AssertionError


CALL: Final = Call("POST", "", "", (("content-type", "application/json"),), b"{}")
BROKEN: Final = Broken("HTTP 200", (CALL,), Came(500), f"an <event> of {SECRET}\x1b[1m", "the call")
HOLDS: Final = Law[Any]("every-event", "Every event is <taken>.", "A page & more", _never)
BREAKS: Final = Law[Any]("no-crash", "Nothing crashes.\x00", "Another page", _never)
SKIPPED: Final = Law[Any](
    "signed", "Signed ones, too.", "A third page", _never, wants=(Need("a secret", lambda _: False),)
)


def _report() -> Report:
    laws = [
        BoundLaw(each, Aimed(), group, SECRETS)
        for each, group in ((HOLDS, "an/event"), (BREAKS, ""), (SKIPPED, "an/event"))
    ]
    outcomes = [
        Outcome(HOLDS, "an/event/every-event", calls=1, seconds=0.25),
        Outcome(BREAKS, "no-crash", broken=BROKEN, calls=7, seconds=1.0),
        Outcome(SKIPPED, "an/event/signed", skipped="needs a secret"),
    ]
    return Report(outcomes, 1.26, laws)


def _marked(text: str, **how: Any) -> str:
    """Text with its style around it."""
    return f"<{','.join(f'{key}={value}' for key, value in how.items())}>{text}</>"


TOLD: Final = """no-crash: Nothing crashes.\x00
  source    Another page
  call      the call
  request   an <event> of $API_SECRET\\x1b[1m
  expected  HTTP 200
  came      HTTP 500
  $ curl -i 'http://127.0.0.1:1/hooks' -H 'content-type: application/json' --data-raw '{}'"""


def test_each_law_has_a_line() -> None:
    report = _report()
    assert [line(each) for each in report.outcomes] == [
        "holds    an/event/every-event  1 request",
        "broken   no-crash  7 requests",
        "skipped  an/event/signed  needs a secret",
    ]
    assert [line(each, _marked) for each in report.outcomes] == [
        "<fg=green,bold=False>holds  </>  an/event/every-event  <dim=True>1 request</>",
        "<fg=red,bold=True>broken </>  no-crash  <dim=True>7 requests</>",
        "<fg=yellow,bold=False>skipped</>  an/event/signed  <dim=True>needs a secret</>",
    ]


def test_the_sum_stands_behind_what_is_broken() -> None:
    report = _report()
    total = "1 law holds, 1 broken, 1 not judged: needs a secret, 8 requests in 1.3 s"
    assert summary_line(report) == total
    first, _, rest = TOLD.partition("\n")
    assert summary(report) == f"{TOLD}\n\n{total}"
    assert summary(report, _marked) == (
        f"<fg=red,bold=True>{first}</>\n{rest}\n\n<fg=green>1 law holds</>, <fg=red,bold=True>1 broken</>, "
        "1 not judged: needs a secret, 8 requests in 1.3 s"
    )
    assert (report.holds, report.calls, len(report.broken)) == (False, 8, 1)
    sound = Report([Outcome(HOLDS, "a"), Outcome(HOLDS, "b", calls=2)], 0.04)
    assert summary(sound) == summary_line(sound) == "2 laws hold, none is broken, 2 requests in 0.0 s"
    assert sound.holds
    several = [Outcome(SKIPPED, "a", skipped=reason) for reason in ("x", "w", "x")]
    assert (
        summary_line(Report(several))
        == "0 laws hold, none is broken, 1 not judged: w, 2 not judged: x, 0 requests in 0.0 s"
    )


def test_junit_has_a_case_for_each_law() -> None:
    written = junit(_report(), "a receiver")
    assert written.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<testsuites><testsuite ")
    (suite,) = ET.fromstring(written)  # noqa: S314  # our own
    assert suite.attrib == {"name": "a receiver", "tests": "3", "failures": "1", "skipped": "1", "time": "1.260"}
    assert [(case.tag, case.attrib) for case in suite] == [
        ("testcase", {"classname": "an/event", "name": "every-event", "time": "0.250"}),
        ("testcase", {"classname": "", "name": "no-crash", "time": "1.000"}),
        ("testcase", {"classname": "an/event", "name": "signed", "time": "0.000"}),
    ]
    held, broken, skipped = suite
    assert list(held) == []
    ((failure,), (skip,)) = broken, skipped
    assert (failure.tag, failure.attrib, failure.text) == (
        "failure",
        {"message": "Nothing crashes.?"},
        TOLD.replace("\x00", "?"),
    )
    assert (skip.tag, skip.attrib, skip.text) == ("skipped", {"message": "needs a secret"}, None)


def test_json_says_the_same() -> None:
    written = as_json(_report(), "a receiver é")
    assert written.isascii()
    assert json.loads(written) == {
        "judged": "a receiver é", "holds": False, "requests": 8, "seconds": 1.26,
        "laws": [
            {"name": "an/event/every-event", "verdict": "holds", "sentence": "Every event is <taken>.", "source": "A page & more",
             "requests": 1},
            {"name": "no-crash", "verdict": "broken", "sentence": "Nothing crashes.\x00", "source": "Another page", "requests": 7,
             "counterexample": {
                 "about": "an <event> of $API_SECRET\\x1b[1m", "expected": "HTTP 200", "came": "HTTP 500",
                 "curl": ["curl -i 'http://127.0.0.1:1/hooks' -H 'content-type: application/json' --data-raw '{}'"], "call": "the call"}},
            {"name": "an/event/signed", "verdict": "skipped", "sentence": "Signed ones, too.", "source": "A third page",
             "requests": 0, "reason": "needs a secret"},
        ],
    }  # fmt: skip
    report = _report()
    report.outcomes[1].broken = Broken("HTTP 200", (), Came(None, error="no answer"))
    (law,) = [each for each in json.loads(as_json(report, "x"))["laws"] if each["verdict"] == "broken"]
    assert law["counterexample"] == {"about": "", "expected": "HTTP 200", "came": "no answer", "curl": []}


def test_a_page_says_the_same_and_escapes_it() -> None:
    written = page(_report(), "a <receiver>").decode()
    assert "<title>What a &lt;receiver&gt; keeps and breaks</title>" in written
    assert (
        "<h1>What a &lt;receiver&gt; keeps and breaks</h1><p>1 law holds, 1 broken, 1 not judged: needs a secret, 8 requests"
        in written
    )
    assert "<section><h2>no-crash</h2><pre>no-crash: Nothing crashes." in written
    assert written.count("<section>") == 1
    assert "request   an &lt;event&gt; of $API_SECRET\\x1b[1m" in written
    rows = written.partition("<tbody>")[2].partition("</tbody>")[0]
    assert rows.replace("\x00", "") == (
        "<tr class=holds><td>holds<td>an/event/every-event<td>Every event is &lt;taken&gt;.<td>A page &amp; more<td>1</tr>"
        "<tr class=broken><td>broken<td>no-crash<td>Nothing crashes.<td>Another page<td>7</tr>"
        "<tr class=skipped><td>skipped<td>an/event/signed<td>Signed ones, too.<td>A third page<td>needs a secret</tr>"
    )
    assert SECRET not in written


def test_laws_are_listed_with_what_they_need() -> None:
    assert listing([HOLDS, SKIPPED]) == (
        "every-event\n    Every event is <taken>.\n    A page & more\nsigned\n    Signed ones, too.\n    A third page\n    needs a secret"
    )
    assert listing([HOLDS], _marked) == (
        "<bold=True>every-event</>\n    Every event is <taken>.\n    <dim=True>A page & more</>"
    )


# ---- one law ---------------------------------------------------------------------------------------------------------


def test_a_law_is_judged_only_with_all_that_it_needs_and_tells_what_is_missing() -> None:
    needs = (Need[Aimed]("one", lambda bench: bench.calls >= 1), Need[Aimed]("two", lambda bench: bench.calls >= 2))
    law = Law[Aimed]("a-law", "It says.", "A page", lambda bench: setattr(bench, "calls", bench.calls + 3), wants=needs)
    assert law.needs == "one and two"
    told = {}
    for calls in range(3):
        outcome = BoundLaw(law, Aimed(calls), "group").judged()
        told[calls] = (outcome.name, outcome.word, outcome.skipped, outcome.calls)
    assert told == {
        0: ("group/a-law", "skipped", "needs one and two", 0),
        1: ("group/a-law", "skipped", "needs two", 0),
        2: ("group/a-law", "holds", "", 3),
    }
    elsewhere = Law[Aimed]("a-law", "It says.", "A page", _never, applies=lambda _: False)
    assert BoundLaw(elsewhere, Aimed()).judged().skipped == "does not apply here"
    assert (elsewhere.needs, elsewhere.lacks(Aimed())) == ("", "")


def test_called_a_law_raises_what_broke_it() -> None:
    law = Law[Aimed]("a-law", "It says.", "A page", lambda _: BROKEN)
    with pytest.raises(LawBroken) as caught:
        BoundLaw(law, Aimed(), "", SECRETS)()
    assert caught.value.broken is BROKEN
    assert str(caught.value) == TOLD.replace("no-crash: Nothing crashes.\x00", "a-law: It says.").replace(
        "Another", "A"
    ).replace("A page", "A page")
    with pytest.raises(BaseException, match=r"\Aa-law: needs x\Z") as skipped:
        BoundLaw(Law[Aimed]("a-law", "", "", _never, wants=(Need("x", lambda _: False),)), Aimed())()
    assert type(skipped.value).__name__ == "SkipTest"
