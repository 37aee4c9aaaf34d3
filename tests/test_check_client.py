"""`shortcodekit check client`, with commands that are real processes: adapters, and what is none."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import Result

from contract_tests.defects import judging
from contract_tests.defects.clients import BROKEN, CORRECT, Client
from shortcodekit.contract import CLIENT_LAWS, REQUEST_LAWS
from shortcodekit.sandbox import Sandbox

from .checking import check, failed, run_curl
from .commands import shown_on
from .files import edit
from .guides import LONGEST, ROOT
from .test_client_guide import CHECKED, file_of

CLIENT: Final = file_of("alert_client.py")
ADAPTER: Final = file_of("adapter.py")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the client of the guide and its adapter, to be in."""
    (tmp_path / "alert_client.py").write_text(CLIENT, "utf-8")
    (tmp_path / "adapter.py").write_text(ADAPTER, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judged(*options: str, script: str = "adapter.py") -> Result:
    return check("client", *options, "--", sys.executable, script)


def only(*laws: str) -> list[str]:
    return [word for law in laws for word in ("--law", f"clients/{law}")]


def shell(*options: str, line: str) -> Result:
    return check("client", *options, "--", "/bin/sh", "-c", line)


# ---- verdicts --------------------------------------------------------------------------------------------------------


def test_of_a_broken_law_it_tells_the_call_the_source_and_a_command_that_a_sandbox_answers(folder: Path) -> None:
    edit(folder / "alert_client.py", CHECKED, "")
    ended = judged(*only("rules-are-kept", "resubscribe"))
    assert ended.exit_code == 1, ended.output
    law = next(each for each in CLIENT_LAWS if each.name == "clients/rules-are-kept")
    told = ended.stdout
    assert re.search(r"^broken   clients/rules-are-kept  \d+ requests$", told, re.MULTILINE)
    assert re.search(r"^holds    clients/resubscribe  4 requests$", told, re.MULTILINE)
    assert f"clients/rules-are-kept: {law.sentence}\n  source    {law.source}\n" in told
    (line,) = re.findall(r"^  call      (.*)$", told, re.MULTILINE)
    assert json.loads(line)["arguments"]["to"] == "+1 (636) 555-3226"
    assert "1 law holds, 1 broken, " in told
    with Sandbox(api_key="abcd1234", api_secret="a&b+c d%\"'-61") as sandbox:
        here = told.replace("http://127.0.0.1:4010", sandbox.url)
        assert run_curl(here, API_SECRET="a&b+c d%\"'-61").split()[1] == "200"
        assert run_curl(here, API_SECRET="another").split()[1] == "200", "refusals are told under HTTP 200"


def test_verdicts_are_written_as_junit_json_and_html_that_agree_and_hold_no_secret(folder: Path) -> None:
    edit(folder / "alert_client.py", CHECKED, "")
    edit(folder / "alert_client.py", "/v0.1/messages", "/v0.1/message")
    outputs = ("--junit", "laws.xml", "--json", "laws.json", "--html", "laws.html")
    edit(folder / "adapter.py", "env = os.environ\n", "env = os.environ\nopen('secrets', 'w').write(repr(dict(env)))\n")
    ended = judged(*only("rules-are-kept", "messages", "resubscribe"), *outputs)
    assert ended.exit_code == 1
    suite = fromstring((folder / "laws.xml").read_bytes())[0]  # noqa: S314  # our own
    told = json.loads((folder / "laws.json").read_bytes())
    broken = [each["name"] for each in told["laws"] if each["verdict"] == "broken"]
    assert broken == ["clients/rules-are-kept", "clients/messages"]
    assert [each.attrib["name"] for each in suite.findall("testcase") if each.find("failure") is not None] == [
        "rules-are-kept",
        "messages",
    ]
    assert json.loads(told["laws"][0]["counterexample"]["call"])["call"] == "send_alert"
    page = (folder / "laws.html").read_text("utf-8")
    assert all(name in page for name in broken)
    assert '"Authorization: Basic' in page or "Basic &#x27;&quot;$BASIC&quot;" in page
    secret = re.findall(r"'SHORTCODEKIT_API_SECRET': '([^']*)'", (folder / "secrets").read_text("utf-8"))[0]
    assert len(secret) > 10
    for text in (ended.output, page, *(Path(each).read_text("utf-8") for each in ("laws.xml", "laws.json"))):
        assert secret not in text
        assert secret[-12:] not in text


def test_the_same_seed_makes_up_the_same_account_and_another_one_another(folder: Path) -> None:
    edit(
        folder / "adapter.py",
        "env = os.environ\n",
        "env = os.environ\nopen('secrets', 'a').write(env['SHORTCODEKIT_API_SECRET'] + '\\n')\n",
    )
    verdicts = [judged("--seed", seed, *only("resubscribe")).output.splitlines()[0] for seed in ("1", "1", "2")]
    assert len(set(verdicts)) == 1
    first, second, third = (folder / "secrets").read_text("utf-8").split()
    assert first == second != third


SEEDED: Final = """
import json, os, sys
from attrs import asdict
sys.path.insert(0, {root!r})
from contract_tests.defects.clients import BROKEN, CORRECT, Account, ClientError
env = lambda name: os.environ["SHORTCODEKIT_" + name]
account = Account(env("API_KEY"), env("API_SECRET"), env("SIGNATURE_SECRET"), env("APPLICATION_ID"), env("PRIVATE_KEY"), float(env("TIMEOUT")))
client = next(each for each in (*BROKEN, *CORRECT) if each.name == {name!r}).make(env("BASE_URL"), account)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        result = getattr(client, asked["call"])(**asked["arguments"])
        answer = {{"result": [asdict(part) for part in result] if asked["call"] == "send_alert" else result}}
    except ClientError as error:
        accepted = [asdict(part) for part in error.accepted]
        answer = {{"error": str(error), "status": error.status, "retryable": error.retryable, "accepted": accepted}}
    print(json.dumps(answer), flush=True)
"""
QUICK: Final = [each for each in CLIENT_LAWS if each.name not in {"clients/strange-answers", "clients/redirects"}]


@pytest.mark.parametrize("client", [*BROKEN[7::40], CORRECT[1]], ids=str)
def test_a_command_gets_the_verdict_of_the_same_client_in_this_process(client: Client, tmp_path: Path) -> None:
    script = tmp_path / "seeded.py"
    script.write_text(SEEDED.format(root=str(ROOT), name=client.name), "utf-8")
    quick = {each.name for each in QUICK}
    with judging.client(client) as laws:
        here = [each.name for each in (law.judged() for law in laws) if each.broken]
    ended = judged("--json", "-", *(word for name in quick for word in ("--law", name)), script=str(script))
    there = [each["name"] for each in json.loads(ended.stdout)["laws"] if each["verdict"] == "broken"]
    assert there == [name for name in here if name in quick]


# ---- what a client lacks ---------------------------------------------------------------------------------------------


def test_what_a_client_cannot_do_is_not_judged_and_named(folder: Path) -> None:
    edit(
        folder / "adapter.py",
        "    try:\n",
        "    if asked['call'] in ('send_message', 'opt_outs') or 'template' in said:\n        print('{\"unsupported\": true}', flush=True)\n        continue\n    try:\n",
    )
    ended = judged("--json", "-")
    assert ended.exit_code == 0, ended.output
    laws = {each["name"]: each for each in json.loads(ended.stdout)["laws"]}
    skipped = {name.partition("/")[2] for name, law in laws.items() if law["verdict"] == "skipped"}
    assert skipped == {"opt-outs", "opt-outs-or-an-error", "moving-lists", "messages", "refused-messages"}
    assert laws["clients/messages"]["reason"] == "the client cannot do this: send_message"
    assert laws["clients/alerts-are-valid"]["verdict"] == "holds"
    assert laws["clients/strange-answers"]["requests"] > 80


def test_a_client_that_can_do_nothing_is_not_judged() -> None:
    told = failed(shell(line="""while read line; do echo '{"unsupported": true}'; done"""))
    assert "each call is unsupported" in told


# ---- adapters that end, hang, or print something else ----------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_a_command_that_cannot_be_started_is_told() -> None:
    assert "cannot be started: no-such-command: No such file" in failed(check("client", "--", "no-such-command"))
    told = failed(check("client", "--", "python3 adapter.py"))
    assert "A line for a shell has to be given to one: -- sh -c" in told
    assert "cannot be started: ./adapter.py: Permission denied" in failed(check("client", "--", "./adapter.py"))
    ended = check("client")
    assert (ended.exit_code, "Missing argument 'COMMAND...'" in ended.stderr) == (2, True)


def test_a_command_that_ends_at_once_is_told_with_its_code_and_its_last_words(folder: Path) -> None:
    edit(folder / "adapter.py", "import json\n", "import json\nimport no_such_module\n")
    told = failed(judged())
    assert "it ended with exit code 1, and did not answer; its last words: " in told
    assert "ModuleNotFoundError" in told
    assert "It made 0 requests" in told
    assert "it ended with SIGTERM" in failed(shell(line="kill $$"))
    assert "it ended with exit code 0, and did not answer\n" in failed(shell(line="exit 0"))


def test_a_command_that_answers_without_a_request_is_told(folder: Path) -> None:
    edit(folder / "adapter.py", "result = [{", "result = [] and [{")
    told = failed(judged())
    assert "answered a call without a request to the judging server\n" in told
    assert "Does its client use the address in SHORTCODEKIT_BASE_URL?" in told
    error = """while read line; do echo '{"error": "https only"}'; done"""
    assert "server: it answered the error 'https only'\n" in failed(shell(line=error)).replace('"', "'")


@pytest.mark.parametrize(("flush", "count"), [("flush=True", None), ("flush=False", "It made 1 request, and")])
def test_a_command_that_does_not_flush_its_answers_is_told(
    folder: Path, flush: str, count: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    edit(folder / "adapter.py", "flush=True", flush)
    ended = judged(*(("--patience", "8") if count else ()), *only("resubscribe"))
    assert ended.exit_code == (2 if count else 0), ended.output
    if count:
        assert f"it did not answer in time\n{count} was waited for 8 seconds. " in ended.stderr
        assert "(flush)?" in ended.stderr


def test_a_command_that_prints_something_else_is_told(folder: Path) -> None:
    edit(folder / "adapter.py", "env = os", "print('ready', flush=True)\nenv = os")
    told = failed(judged())
    assert "it printed a line that is no answer: 'ready'" in told
    assert "standard output is for answers alone" in told
    assert "it printed a line that is no answer: 'y'" in failed(check("client", "--", "yes"))


BEFORE: Final = "            result = client.resubscribe("


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("print('debug', flush=True)", "it printed a line that is no answer: 'debug'"),
        ("raise LookupError('its own fault')", "it ended with exit code 1, and did not answer; its last words: 'LookupError: its own fault'"),
        ("os._exit(0)", "it ended with exit code 0, and did not answer"),
        ("sys.stdin.read()", "it did not answer in time"),
        ("print('{\"result\": 1}', flush=True); continue", "it answered the result 1, which is not true or false"),
        ("print('{\"error\": {}}', flush=True); continue", "it answered an `error` that is no text"),
        ("print('{\"result\": 1, \"error\": \"\"}', flush=True); continue", "it printed a line that is no answer"),
    ],
)  # fmt: skip
def test_a_call_without_an_answer_breaks_the_law_and_the_next_one_is_judged(
    folder: Path, fault: str, told: str
) -> None:
    edit(folder / "adapter.py", BEFORE, f"            {fault}\n{BEFORE}")
    ended = judged("--patience", "8", *only("alerts-are-valid", "resubscribe", "messages"))
    assert ended.exit_code == 1, ended.output
    verdicts = re.findall(r"^(\w+) +clients/([a-z-]+)  \d", ended.stdout, re.MULTILINE)
    assert verdicts == [("holds", "alerts-are-valid"), ("broken", "resubscribe"), ("holds", "messages")]
    assert f"  came      {told}" in ended.stdout.replace("\\'", "'"), ended.stdout


def test_an_adapter_that_answers_twice_breaks_the_law(folder: Path) -> None:
    edit(folder / "adapter.py", "print(json.dumps(answer), ", "print(json.dumps(answer) + '\\n' + json.dumps(answer), ")
    ended = judged(*only("resubscribe"))
    assert ended.exit_code == 1, ended.output


def test_an_adapter_that_makes_one_call_and_ends_is_started_for_each(folder: Path) -> None:
    edit(folder / "adapter.py", "flush=True)\n", "flush=True)\n    break\n")
    ended = judged(*only("resubscribe", "opt-outs"))
    assert ended.exit_code == 0, ended.output


def test_nothing_that_a_command_started_is_left_running(folder: Path) -> None:
    line = "sleep 300 & echo $! > child; while read line; do :; done"
    failed(shell("--patience", "4", line=line))
    child, until = int((folder / "child").read_text("ascii")), time.monotonic() + LONGEST
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_secrets_that_a_command_prints_are_not_shown(folder: Path) -> None:
    for variable in ("API_SECRET", "SIGNATURE_SECRET", "PRIVATE_KEY"):
        for where in ("", ">&2"):
            line = f"printenv SHORTCODEKIT_{variable} | tail -n 3 | head -n 1 {where}; printenv SHORTCODEKIT_{variable} > secret"
            ended = shell(line=f"{line}; exit 1")
            secret = (folder / "secret").read_text("ascii").strip().splitlines()
            assert ended.exit_code == 2
            assert f"${variable}" in ended.stderr
            assert secret[len(secret) // 2] not in ended.output


def test_a_secret_in_an_error_breaks_the_law(folder: Path) -> None:
    edit(folder / "adapter.py", '"error": str(error)', '"error": f"{error} for {client.secret}"')
    ended = judged(*only("refusals-are-told"))
    assert ended.exit_code == 1
    assert "  expected  no secret in an error" in ended.stdout
    assert "for $API_SECRET" in ended.stdout


# ---- as a process ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_on_a_terminal_it_tells_how_far_it_is() -> None:
    words = [
        "-m",
        "shortcodekit",
        "check",
        "client",
        *only("resubscribe", "opt-outs"),
        "--",
        sys.executable,
        "adapter.py",
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, *words], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL) as ran:
        os.close(theirs)
        told = shown_on(ours)
        os.close(ours)
    assert ran.returncode == 0, told
    assert "1 of 2 laws" in told
    assert "\x1b[32m" in told, "in colour"


def test_the_command_ends_with_the_same_codes_as_a_process(folder: Path) -> None:
    (folder / "broken.py").write_text(
        ADAPTER.replace("client.resubscribe(said", "not client.resubscribe(said"), "utf-8"
    )
    for script, code in (("adapter.py", 0), ("broken.py", 1), ("missing.py", 2)):
        words = f"-m shortcodekit check client --law clients/resubscribe -- {shlex.quote(sys.executable)} {script}"
        ran = subprocess.run(
            [sys.executable, *shlex.split(words)], capture_output=True, text=True, check=False, timeout=LONGEST
        )
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stdout


def test_laws_of_requests_and_of_clients_have_names_of_their_own() -> None:
    names: list[Any] = [each.name for each in (*CLIENT_LAWS, *REQUEST_LAWS)]
    assert len(set(names)) == len(names)
