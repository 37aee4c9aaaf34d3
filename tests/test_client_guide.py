"""The guide to adapters is true: both clients keep all laws, and its commands say what it shows.

`python -m tests.test_client_guide` writes what is shown into it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from shortcodekit.contract import CLIENT_LAWS
from shortcodekit.contract.commanding import VARIABLES
from tests.guides import LONGEST, ROOT, fenced, replaced, same, shortcodekit_says, text_of, with_rows
from tests.guides import ran as note

CLIENTS: Final = "docs/contract-client.md"
GUIDE: Final = "docs/contract.md"
CHECKED: Final = """    if not (digits.isascii() and digits.isdigit()):
        raise ClientError("a number has digits alone")
"""
"""What the client of the report forgets."""


def file_of(name: str, guide: str = CLIENTS) -> str:
    """The file that a guide shows."""
    kinds = {".py": ("python", "# "), ".mjs": ("javascript", "// ")}
    kind, mark = kinds[Path(name).suffix]
    return next(each for each in fenced(text_of(guide), kind) if each.startswith(f"{mark}{name}\n"))


def node() -> str | None:
    """Node, beside Python or elsewhere."""
    return shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")


def _judged(words: list[str], files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a command of a guide says, in a folder with these files."""
    programs = {"python": sys.executable, "node": node() or "node"}
    with tempfile.TemporaryDirectory() as folder:
        for name, code in files.items():
            Path(folder, name).write_text(code, "utf-8")
        ran = shortcodekit_says([programs.get(each, each) for each in words], cwd=folder)
    for word, path in programs.items():
        ran.stdout = ran.stdout.replace(path, word)
    return ran


@cache
def judged_client() -> str:
    """What the command of the guide says of a client that does not look at numbers."""
    words = next(each for each in fenced(text_of(GUIDE), "text") if "check client" in each).partition("\n")[0]
    client = file_of("alert_client.py")
    assert CHECKED in client
    files = {"alert_client.py": client.replace(CHECKED, ""), "adapter.py": file_of("adapter.py")}
    ran = _judged(words.split()[1:], files)
    assert ran.returncode == 1, ran.stdout
    return ran.stdout


@cache
def _judged_correct(kind: str) -> str:
    files = {name: file_of(name) for name in (f"alert_client.{kind}", f"adapter.{kind}")}
    words = next(each for each in fenced(text_of(CLIENTS), "text") if f"adapter.{kind}" in each).partition("\n")[0]
    ran = _judged(words.split()[1:], files)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def _page_as_it_is(*kinds: str) -> str:
    def said(_: int, shown: str) -> str:
        kind = shown.partition("\n")[0].rpartition(".")[2]
        return f"{shown.partition(chr(10))[0]}\n{_judged_correct(kind)}" if kind in kinds else shown

    text = with_rows(
        text_of(CLIENTS), ["variable", "what it is"], [[f"`{name}`", told] for name, told in VARIABLES.items()]
    )
    return replaced(text, "text", said)


def test_the_client_in_python_keeps_all_laws_as_the_guide_shows() -> None:
    same(CLIENTS, _page_as_it_is("py"))
    assert _judged_correct("py").startswith(f"{len(CLIENT_LAWS)} laws hold, none is broken")
    adapter = file_of("adapter.py")
    assert adapter == file_of("adapter.py", GUIDE), "both guides show the same"
    note(CLIENTS, file_of("alert_client.py"), adapter)
    note(GUIDE, adapter)


def test_the_client_in_javascript_keeps_all_laws_as_the_guide_shows() -> None:
    if node() is None:
        pytest.skip("node is not in the environment: `make lint` installs it")
    same(CLIENTS, _page_as_it_is("mjs"))
    assert _judged_correct("mjs").startswith(f"{len(CLIENT_LAWS)} laws hold, none is broken")
    note(CLIENTS, *(file_of(name) for name in ("alert_client.mjs", "adapter.mjs")))


def test_the_tests_of_the_guide_pass_for_its_client_and_fail_for_one_that_does_not_look_at_numbers(
    tmp_path: Path,
) -> None:
    client = file_of("alert_client.py")
    (tmp_path / "test_alert_client.py").write_text(file_of("test_alert_client.py"), "utf-8")
    for code, passes in ((client, True), (client.replace(CHECKED, ""), False)):
        (tmp_path / "alert_client.py").write_text(code, "utf-8")
        quick = ("-k", "not strange" if passes else "rules-are-kept")
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *quick],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert (ran.returncode == 0) == passes, ran.stdout
        assert ("clients/rules-are-kept" in ran.stdout) != passes, "named when it fails"
    note(CLIENTS, file_of("test_alert_client.py"))


if __name__ == "__main__":
    (ROOT / CLIENTS).write_text(_page_as_it_is("py", "mjs"), "utf-8")
