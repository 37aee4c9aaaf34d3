"""`shortcodekit check client`, with scripts that make their calls by themselves: what they send is judged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from click.testing import Result

from .checking import failed
from .test_check_client import folder, judged

__all__ = ["folder"]  # a fixture
SENT: Final = '{"to": "16365553226", "custom": {"server": "a"}}'


def alone(folder: Path, code: str) -> Result:
    """The verdict on a script that makes its calls by itself."""
    begin = (
        "import json, os, urllib.request\nfrom alert_client import *\nenv = os.environ\nurl = env['SHORTCODEKIT_BASE_URL']\n"
        "client = Client(url, env['SHORTCODEKIT_API_KEY'], env['SHORTCODEKIT_API_SECRET'])\n"
    )
    (folder / "script.py").write_text(begin + code, "utf-8")
    return judged(script="script.py")


def test_of_a_script_the_requests_are_judged_and_the_report_says_so(folder: Path) -> None:
    ended = alone(
        folder,
        f"print('sending')\nprint(client.send_alert(**{SENT}))\nprint(client.opt_outs(), client.resubscribe('15559301529'))\n",
    )
    assert ended.exit_code == 0, ended.output
    assert re.findall(r"^(\w+) +requests/([a-z-]+) +(\d+ requests?|needs)", ended.stdout, re.MULTILINE) == [
        ("holds", "operations", "3 requests"), ("holds", "alerts", "1 request"), ("skipped", "two-factor", "needs"),
        ("holds", "opt-in", "2 requests"), ("skipped", "messages", "needs"),
    ]  # fmt: skip
    assert "3 laws hold, none is broken, 2 not judged: needs a request of this kind, 3 requests" in ended.stdout
    assert ended.stdout.endswith("only its requests were judged, not what it makes of answers.\n")


def test_a_script_that_sends_a_pin_is_answered_and_judged(folder: Path) -> None:
    said = '{"to": "16365553226", "pin": "4711"}'
    ended = alone(folder, f"assert client.post('/sc/us/2fa/json', {said})['messages']\n")
    assert ended.exit_code == 0, ended.output
    assert re.search("^holds +requests/two-factor +1 request$", ended.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("code", "law", "told"),
    [
        ("client.post('/sc/us/alert/json', {'to': '0044'})", "alerts", "a valid request; the body['to']: \"0044\""),
        ("client.secret = 'wrong'\nclient.send_alert(**SENT)", "alerts", "the account's secret"),
        ("client.send_message({'to': 1})", "messages", "a valid request; the body"),
        ("client.key = 'x'\nclient.opt_outs()", "opt-in", "the account's key"),
        ("client.exchange('/sc/us/alerts/json', '', {}, 404)", "operations", "no operation has"),
        ("urllib.request.urlopen(urllib.request.Request(url + '/sc/us/alert/json', b'{}', {}, method='PUT'))", "operations", "the method PUT is not one of GET, POST"),
        ("client.send_alert(**SENT)\nclient.post('/sc/us/alert/opt-in/query/json', {'page': 'x'})", "opt-in", "a valid request"),
    ],
)  # fmt: skip
def test_a_wrong_request_of_a_script_is_told_even_where_the_script_fails(
    folder: Path, code: str, law: str, told: str
) -> None:
    ended = alone(folder, code.replace("SENT", SENT))
    assert ended.exit_code == 1, ended.output
    assert re.findall(r"^broken +requests/([a-z-]+)", ended.stdout, re.MULTILINE) == [law]
    assert f"  expected  {told}" in ended.stdout or f"; {told}" in ended.stdout, ended.stdout
    assert re.search(r"^  came      request \d of \d$", ended.stdout, re.MULTILINE)


def test_a_script_that_fails_although_its_requests_are_valid_is_told(folder: Path) -> None:
    told = failed(alone(folder, f"client.send_alert(**{SENT})\nraise LookupError('its own fault')\n"))
    assert "made 1 request by itself, all valid; but it ended with exit code 1" in told
    assert "its own fault" in told
