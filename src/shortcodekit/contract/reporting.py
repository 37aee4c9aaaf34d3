"""What a run found, for people and for machines: text, JUnit, JSON, and a page of HTML that needs nothing else."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring  # it only writes

from .judging import BoundLaw, Report
from .laws import Outcome

Styled = Callable[..., str]
WORDS: Final = {"holds": "green", "broken": "red", "skipped": "yellow"}


def _plain(text: str, **_: Any) -> str:
    return text


def line(outcome: Outcome, style: Styled = _plain) -> str:
    """One law on one line."""
    word = style(f"{outcome.word:<7}", fg=WORDS[outcome.word], bold=outcome.broken is not None)
    count = outcome.skipped or _requests(outcome.calls)
    return f"{word}  {outcome.name}  {style(count, dim=True)}"


def summary(report: Report, style: Styled = _plain) -> str:
    """Each broken law with its sentence, source and counterexample, then the sum."""
    by_name = {str(each): each for each in report.laws}
    told = [_broken(by_name[each.name], each, style) for each in report.broken]
    return "\n\n".join([*told, summary_line(report, style)])


def summary_line(report: Report, style: Styled = _plain) -> str:
    """The sum in a sentence."""
    held = sum(each.word == "holds" for each in report.outcomes)
    skipped = sorted({each.skipped for each in report.outcomes if each.skipped})
    words = [
        style(f"{held} laws hold" if held != 1 else "1 law holds", fg="green"),
        style(f"{len(report.broken)} broken", fg="red", bold=True) if report.broken else "none is broken",
        *(f"{sum(each.skipped == reason for each in report.outcomes)} not judged: {reason}" for reason in skipped),
        f"{_requests(report.calls)} in {report.seconds:.1f} s",
    ]
    return ", ".join(words)


def _requests(count: int) -> str:
    return f"{count} requests" if count != 1 else "1 request"


def _broken(law: BoundLaw, outcome: Outcome, style: Styled) -> str:
    first, *others = law.told(outcome.broken).splitlines() if outcome.broken else [""]
    return "\n".join([style(first, fg="red", bold=True), *others])


def junit(report: Report, name: str) -> bytes:
    """JUnit's XML, with one case for each law."""
    suite = Element(
        "testsuite",
        name=name,
        tests=str(len(report.outcomes)),
        failures=str(len(report.broken)),
        skipped=str(sum(bool(each.skipped) for each in report.outcomes)),
        time=f"{report.seconds:.3f}",
    )
    by_name = {str(each): each for each in report.laws}
    for outcome in report.outcomes:
        group, _, law = outcome.name.rpartition("/")
        case = SubElement(suite, "testcase", classname=group, name=law, time=f"{outcome.seconds:.3f}")
        if outcome.broken:
            failure = SubElement(case, "failure", message=_xml(outcome.law.sentence))
            failure.text = _xml(by_name[outcome.name].told(outcome.broken))
        elif outcome.skipped:
            SubElement(case, "skipped", message=_xml(outcome.skipped))
    suites = Element("testsuites")
    suites.append(suite)
    return bytes(tostring(suites, encoding="utf-8", xml_declaration=True))


def _xml(text: str) -> str:
    """Text with nothing in it that XML cannot carry."""
    return "".join(each if each in "\n\t" or each.isprintable() else "?" for each in text)


def as_json(report: Report, name: str) -> bytes:
    """The same as JSON."""
    by_name = {str(each): each for each in report.laws}
    return json.dumps(
        {
            "judged": name,
            "holds": report.holds,
            "requests": report.calls,
            "seconds": round(report.seconds, 3),
            "laws": [_told(each, by_name[each.name]) for each in report.outcomes],
        },
        indent=1,
    ).encode("ascii")


def _told(outcome: Outcome, law: BoundLaw) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": outcome.name,
        "verdict": outcome.word,
        "sentence": outcome.law.sentence,
        "source": outcome.law.source,
        "requests": outcome.calls,
    }
    if outcome.skipped:
        told["reason"] = outcome.skipped
    if outcome.broken:
        told["counterexample"] = {
            "about": law.shown(outcome.broken.about),
            "expected": law.shown(outcome.broken.expected),
            "came": law.shown(outcome.broken.came),
            "curl": law.commands(outcome.broken),
            **({"call": law.shown(outcome.broken.line)} if outcome.broken.line else {}),
        }
    return told


def page(report: Report, name: str) -> bytes:
    """The same as a page."""
    by_name = {str(each): each for each in report.laws}
    rows = [
        f"<tr class={each.word}><td>{each.word}<td>{html.escape(each.name)}<td>{html.escape(each.law.sentence)}"
        f"<td>{html.escape(each.law.source)}<td>{html.escape(each.skipped) or each.calls}</tr>"
        for each in report.outcomes
    ]
    broken = [
        f"<section><h2>{html.escape(each.name)}</h2><pre>{html.escape(by_name[each.name].told(each.broken))}</pre></section>"
        for each in report.outcomes
        if each.broken
    ]
    head = html.escape(summary_line(report))
    title = f"What {name} keeps and breaks"
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{_STYLE}</style>
<main><h1>{html.escape(title)}</h1><p>{head}</p>
{"".join(broken)}
<table><thead><tr><th>Verdict<th>Law<th>It says<th>Source<th>Requests</tr></thead><tbody>{"".join(rows)}</tbody></table></main>
</html>
""".encode()


def listing(laws: Sequence[Any], style: Styled = _plain) -> str:
    """Laws with their sentences and sources."""
    return "\n".join(
        f"{style(each.name, bold=True)}\n    {each.sentence}\n    {style(each.source, dim=True)}"
        + (f"\n    needs {each.needs}" if each.needs else "")
        for each in laws
    )


_STYLE: Final = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
pre{overflow-x:auto;padding:1rem;border:1px solid #8886;border-radius:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}
.holds td:first-child{color:light-dark(#0a6b3d,#5fd39a)}.broken td:first-child{color:light-dark(#a51d1d,#ff8f8f);font-weight:bold}
"""
