"""The guide to the laws and the story of a receiver are true: their code runs, and what they show is what was said.

`python -m tests.test_contract_guide` writes what is shown into both: reports, the story's table, and the jobs for CI.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from shortcodekit.cli.check import command
from shortcodekit.contract import RECEIVER_LAWS, Report, check, receiver_laws, reporting
from shortcodekit.sandbox import Sandbox
from tests import parser_guide
from tests.guides import (
    LONGEST,
    ROOT,
    Program,
    fenced,
    fences,
    program,
    replaced,
    same,
    shortcodekit_says,
    text_of,
    with_rows,
    without_counts,
)
from tests.guides import ran as note
from tests.test_client_guide import CLIENTS, file_of, judged_client

GUIDE: Final = "docs/contract.md"
STORY: Final = "docs/contract-story.md"
JOBS: Final = ("docs/ci/github-actions.yml", "docs/ci/gitlab-ci.yml")
SECRET: Final = "of-this-job-only"
FIXED: Final = 7
"""How many mistakes the story tells of."""


# ---- the versions of the story ---------------------------------------------------------------------------------------


@cache
def versions() -> tuple[str, ...]:
    """hooks.py as it was written, and after each change."""
    text = text_of(STORY)
    found = [next(each for each in fenced(text, "python") if each.startswith("# hooks.py\n"))]
    for difference in fenced(text, "diff"):
        found.append(_changed(found[-1], difference))
    return tuple(found)


def _changed(code: str, difference: str) -> str:
    """`code` after a difference, each hunk of which fits one place."""
    for hunk in difference.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before, after = ("".join(each[1:] for each in lines if each[0] in kept) for kept in (" -", " +"))
        assert code.count(before) == 1, hunk
        code = code.replace(before, after)
    return code


@contextmanager
def _folder(**files: str) -> Iterator[Path]:
    """A folder of its own with these modules, to be in."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name, code in files.items():
            Path(f"{name}.py").write_text(code, "utf-8")
        yield Path(folder)


@cache
def run(number: int) -> Report:
    """What the laws say of a version; the receiver at the end of the story has no number, but 0."""
    code = versions()[number - 1] if number else _last_receiver()
    signed = {"signature_secret": SECRET, "signature_method": "sha256"}
    how: dict[str, Any] = {"encodings": ["query"]} if number else signed
    quiet = io.StringIO()
    with _folder(), pytest.MonkeyPatch.context() as patch, redirect_stdout(quiet), redirect_stderr(quiet):
        patch.setenv("SIGNATURE_SECRET", SECRET)
        names: dict[str, Any] = {"__name__": "hooks"}
        exec(compile(code, STORY, "exec"), names)  # noqa: S102  # our own guide
        names["app"].logger.disabled = True
        laws = receiver_laws(names["app"], event="delivery-receipt", path="/hooks/dlr", **how)
        report = check(laws)
        laws[0].bench.target.close()
        if not number:
            names["receiver"].replay.close()
    return report


def _last_receiver() -> str:
    return next(each for each in fenced(text_of(STORY), "python") if each.startswith("# receiver.py\n"))


# ---- what is shown ---------------------------------------------------------------------------------------------------


def _excerpt(number: int, shown: str) -> str:
    """The paragraphs that are shown of a version's report, as they are in it; `…` stands for those that are not."""
    first, _, rest = shown.partition("\n")
    said = reporting.summary(run(number)).split("\n\n")
    by_name = {each.partition(":")[0]: each for each in said}
    paragraphs = []
    for paragraph in rest.strip("\n").split("\n\n"):
        name = paragraph.partition(":")[0]
        assert paragraph == "…" or name in by_name or " hold" in paragraph, f"run {number} does not say: {paragraph}"
        paragraphs.append("…" if paragraph == "…" else by_name.get(name, said[-1]))
    return "\n".join([first, "\n\n".join(paragraphs), ""])


_VERDICTS: Final = {"holds": "green", "broken": "**red**", "skipped": "\N{EN DASH}"}


def _story_as_it_is() -> str:
    """The story with what the runs say now."""
    runs = [run(number) for number in range(1, FIXED + 2)]
    rows = []
    for outcomes in zip(*(each.outcomes for each in runs), strict=True):
        words = [_VERDICTS[each.word] for each in outcomes]
        if "green" in words:
            rows.append([f"`{outcomes[0].law.name}`", *words])
    text = with_rows(text_of(STORY), ["law", *map(str, range(1, FIXED + 2))], rows)
    return replaced(text, "text", lambda at, shown: _excerpt((at + 1) % (FIXED + 2), shown))


def _guide_as_it_is() -> str:
    """The guide with what the commands say now, and the jobs as they are."""
    said = iter([_judged_receiver(), _judged_provider(), judged_client()])
    text = replaced(text_of(GUIDE), "text", lambda _, shown: f"{shown.partition(chr(10))[0]}\n{next(said)}")
    text = replaced(text, "console", lambda *_: parser_guide.told(text))
    text = replaced(text, "yaml", lambda at, _: text_of(JOBS[at]))
    return replaced(
        text, "python", lambda _, code: file_of("adapter.py", CLIENTS) if code.startswith("# adapter.py") else code
    )


@cache
def _shown_commands() -> tuple[list[str], list[str]]:
    """The two commands of the guide."""
    first, second, _ = (shlex.split(each.partition("\n")[0]) for each in fenced(text_of(GUIDE), "text"))
    return first[1:], second[1:]


@contextmanager
def _flask(module: str, code: str) -> Iterator[tuple[str, Program]]:
    """Where the application of a module runs."""
    with (
        _folder(**{module: code}) as folder,
        program(folder, "flask", "--app", module, "run", "--port", "0", SIGNATURE_SECRET=SECRET) as running,
    ):
        yield running.address(), running


@cache
def _judged_receiver() -> str:
    """What the first command says of the last version that is red."""
    words, _ = _shown_commands()
    with _flask("hooks", versions()[FIXED - 1]) as (address, _running):
        ran = shortcodekit_says([each.replace("http://127.0.0.1:8000", address) for each in words])
    assert ran.returncode == 1, ran.stdout
    return ran.stdout.replace(address, "http://127.0.0.1:8000")


@cache
def _judged_provider() -> str:
    """What the second command says of a sandbox."""
    _, words = _shown_commands()
    key, secret = (words[words.index(option) + 1] for option in ("--api-key", "--api-secret"))
    with Sandbox(api_key=key, api_secret=secret) as sandbox:
        ran = shortcodekit_says([each.replace("http://127.0.0.1:4010", sandbox.url) for each in words])
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


# ---- tests -----------------------------------------------------------------------------------------------------------


def test_the_story_shows_what_the_report_says_of_each_version_and_each_change_mends_what_its_chapter_shows() -> None:
    assert len(versions()) == FIXED + 1
    same(STORY, _story_as_it_is())
    for number, shown in enumerate(fenced(text_of(STORY), "text")[:FIXED], 1):
        before, after = ({each.law.name for each in run(at).broken} for at in (number, number + 1))
        told = set(re.findall(r"^delivery-receipt/query/([a-z-]+):", shown, re.MULTILINE))
        assert told
        assert told - {"documented-events", "valid-events"} <= before - after, "those two break with any other"
        assert number < 3 or after < before, "nothing new is broken"
    assert [run(number).holds for number in range(1, FIXED + 2)] == [False] * FIXED + [True]
    skipped = {each.law.name for each in run(FIXED + 1).outcomes if each.skipped}
    assert skipped == {each.name for each in RECEIVER_LAWS if each.needs}


@pytest.mark.parametrize("numbers", [(2, 3), (FIXED + 1,)], ids=["one after the other", "the last"])
def test_who_types_what_the_story_says_sees_what_it_shows(numbers: tuple[int, ...], tmp_path: Path) -> None:
    """Its server runs as it is started there, in one folder; what each run stores is there for the next, unless it is removed."""
    install, *remove, start = next(
        each.code for each in fences(STORY) if each.language == "" and "--app hooks" in each.code
    ).splitlines()
    assert install.startswith("pip install ")
    for number in numbers:
        for line in remove:
            subprocess.run(shlex.split(line), cwd=tmp_path, check=True, timeout=LONGEST)
        (tmp_path / "hooks.py").write_text(versions()[number - 1], "utf-8")
        with program(tmp_path, *shlex.split(start.replace("8000", "0"))) as running:
            typed, _, shown = fenced(text_of(STORY), "text")[number - 1].partition("\n")
            words = shlex.split(typed.removeprefix("$ ").replace("http://127.0.0.1:8000", running.address()))
            told = shortcodekit_says(words).stdout.replace(running.address(), "http://127.0.0.1:8000")
        paragraphs = [each.strip() for each in shown.split("\n\n") if each.strip() != "…"]
        assert paragraphs
        for each in paragraphs:
            assert "\n".join(without_counts(each)) in "\n".join(without_counts(told)), told


def test_the_receiver_at_the_end_of_the_story_keeps_every_law_in_every_encoding() -> None:
    report = run(0)
    assert report.holds
    assert {each.word for each in report.outcomes} == {"holds"}
    assert {each.name.split("/")[1] for each in report.outcomes} == {"query", "form", "json"}
    note(STORY, *fenced(text_of(STORY), "python"))


def test_the_function_that_the_story_ends_with_is_what_its_changes_make() -> None:
    _, last, _ = fenced(text_of(STORY), "python")
    assert versions()[-1].endswith(last)
    note(STORY, last)


def test_the_guide_shows_what_the_commands_say() -> None:
    same(GUIDE, _guide_as_it_is())


def test_the_tests_of_the_guide_pass_for_a_green_receiver_and_fail_for_a_red_one() -> None:
    code = file_of("test_hooks.py", GUIDE)
    for number, passes in ((FIXED + 1, True), (FIXED, False)):
        with _folder(hooks=versions()[number - 1], test_hooks=code):
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "shortcodekit.pytest_plugin", "--contract-examples", "3"],
                env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST,
            )
        assert (ran.returncode == 0) == passes, ran.stdout
        assert ("delivery-receipt/query/malformed-does-no-harm" in ran.stdout) != passes, "named when it fails"
    note(GUIDE, code)


def test_the_parser_of_the_guide_breaks_laws_in_its_first_version_and_keeps_them_in_its_last() -> None:
    first, last = (parser_guide.broken(text_of(GUIDE), number) for number in (0, -1))
    assert set(parser_guide.SHOWN) < {each.law.name for each in first}
    assert last == []


@pytest.mark.parametrize("kind", ["receiver", "provider", "client"])
def test_the_guide_tells_of_every_option(kind: str) -> None:
    assert isinstance(command, click.Group)
    guide = text_of(GUIDE)
    for parameter in command.commands[kind].params:
        for name in parameter.opts if isinstance(parameter, click.Option) else []:
            assert re.search(rf"{re.escape(name)}(?![a-z-])", guide), name
            assert parameter.to_info_dict()["help"], f"{name} is told by --help"


def test_the_options_that_the_guide_names_are_there() -> None:
    assert isinstance(command, click.Group)
    known = {name for each in (command, *command.commands.values()) for option in each.params for name in option.opts}
    prose = re.sub(r"^```.*?^```$", "", text_of(GUIDE), flags=re.DOTALL | re.MULTILINE)
    of_others = {"--contract-examples"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", prose)) - known == of_others


def test_the_defaults_that_the_guide_tells_are_those_of_the_command() -> None:
    assert isinstance(command, click.Group)
    for name, each in command.commands.items():
        defaults = {option.name: option.default for option in each.params}
        wanted = (None, 1.0, 0, 15.0) if name == "client" else (50, 5.0, 0, None)
        assert tuple(map(defaults.get, ("examples", "timeout", "seed", "patience"))) == wanted
    assert "by default 50 |" in text_of(GUIDE)
    assert "by default 5 |" in text_of(GUIDE)
    assert "by default 1. " in text_of(GUIDE)
    assert "by default 15. " in text_of(GUIDE)


# ---- jobs ------------------------------------------------------------------------------------------------------------


@cache
def _scripts() -> tuple[list[str], list[str]]:
    """What each job runs, line by line."""
    github, gitlab = (yaml.safe_load(text_of(job)) for job in JOBS)
    ran = [step["run"] for step in github["jobs"]["laws"]["steps"] if "run" in step]
    lines = [line.strip() for each in ran for line in each.replace("\\\n", " ").splitlines()]
    return [" ".join(each.split()) for each in lines], [" ".join(each.split()) for each in gitlab["receiver"]["script"]]


def test_both_jobs_run_the_same_and_keep_what_they_write() -> None:
    github, gitlab = _scripts()
    assert github == gitlab
    first, second = (yaml.safe_load(text_of(job)) for job in JOBS)
    (kept,) = (step for step in first["jobs"]["laws"]["steps"] if "upload-artifact" in step.get("uses", ""))
    artifacts = second["receiver"]["artifacts"]
    assert kept["if"] == "always()"
    assert artifacts["when"] == "always"
    files = {"laws.xml", "laws.html", "receiver.log"}
    assert set(kept["with"]["path"].split()) == files == {artifacts["reports"]["junit"], *artifacts["paths"]}
    secrets = first["jobs"]["laws"]["env"]
    assert secrets == second["receiver"]["variables"]
    assert set(secrets.values()) == {SECRET}


def test_what_the_jobs_run_is_green_for_the_last_receiver_of_the_story_and_writes_its_files() -> None:
    _, start, _, judge = _scripts()[0]
    assert start.startswith("flask --app receiver run --port 8000 ")
    environment = yaml.safe_load(text_of(JOBS[0]))["jobs"]["laws"]["env"]
    with _flask("receiver", _last_receiver()) as (address, _running):
        words = shlex.split(judge.replace("http://127.0.0.1:8000", address))
        ran = shortcodekit_says([*words, "--examples", "5"], **environment)
        assert ran.returncode == 0, ran.stdout
        assert 'failures="0" skipped="0"' in Path("laws.xml").read_text("utf-8")
        assert SECRET not in Path("laws.html").read_text("utf-8") + Path("laws.xml").read_text("utf-8") + ran.stdout


if __name__ == "__main__":
    (ROOT / STORY).write_text(_story_as_it_is(), "utf-8")
    (ROOT / GUIDE).write_text(_guide_as_it_is(), "utf-8")
