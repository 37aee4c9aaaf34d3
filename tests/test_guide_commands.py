"""What the documentation says to type is what the commands take, and what it shows of logs and settings is what they are.

Blocks without a language, and those in `sh`, are what someone types, line by line. `shortcodekit` itself parses its lines, as it
would before it starts; what pip is to install has to be among this package's extras and what its tests install.
"""

from __future__ import annotations

import logging
import re
import shlex
import tomllib
from typing import Any, Final

import click
import pytest

from shortcodekit import Alert, AlertsClient, OptInClient, RetryPolicy, errors, webhooks
from shortcodekit.cli.command import shortcodekit
from shortcodekit.cli.sandbox import sandbox
from shortcodekit.sandbox import Sandbox
from tests.guides import ROOT, Fence, fences, pages, ran

_PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
_PROGRAMS: Final = {
    "uvicorn",
    "flask",
    "celery",
    "gunicorn",
    "django-admin",
    "python",
    "curl",
    "eval",
    "grep",
    "source",
    "python3",
    "rm",
    "cd",
}
TYPED: Final = [fence for page in pages() for fence in fences(page) if fence.language in {"", "sh"}]


def _is_log(fence: Fence) -> bool:
    return bool(re.search(r", \d+\.\d{3} s(?::|$)", fence.code, re.MULTILINE))


@pytest.mark.parametrize("fence", [each for each in TYPED if not _is_log(each)], ids=lambda each: each.place)
def test_what_is_to_be_typed_can_be_typed(fence: Fence) -> None:
    lines = fence.code.replace("\\\n", " ").splitlines()
    assert lines
    for line in lines:
        for part in line.split(" | "):
            words = shlex.split(part, comments=True)
            while words and (words[0] == "export" or re.match(r"[A-Z_]+=", words[0])):
                del words[0]
            if words:
                _judge(words)
    ran(fence.place.rpartition(" ")[0], fence.code)


def _judge(words: list[str]) -> None:
    program, *rest = words
    if program == "shortcodekit":
        _parse(shortcodekit, rest, program)
    elif program == "pip":
        assert rest.pop(0) == "install"
        for each in rest:
            _installable(each)
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert [word for word in rest if "=" not in word and word not in targets] == []
    else:
        assert program.removeprefix(".venv/bin/") in _PROGRAMS, program


def _parse(command: click.Command, words: list[str], name: str) -> None:
    with command.make_context(name, list(words), auto_envvar_prefix=None) as context:
        left = [*context._protected_args, *context.args]
        if isinstance(command, click.Group) and left:
            below, found, further = command.resolve_command(context, left)
            assert below, found
            assert found, below
            _parse(found, further, below)
        assert not isinstance(command, click.Group) or left or command.invoke_without_command, "a command is missing"


def _installable(requirement: str) -> None:
    name, _, extras = requirement.rstrip("]").partition("[")
    if name == "shortcodekit":
        assert set(filter(None, extras.split(","))) <= set(_PROJECT["project"]["optional-dependencies"])
    else:
        extras_too = [each for extra in _PROJECT["project"]["optional-dependencies"].values() for each in extra]
        known = [*map(str, _PROJECT["dependency-groups"]["dev"]), *extras_too]
        assert any(re.match(rf"{re.escape(name)}[=>]=", each) for each in known), name


# ---- logs ------------------------------------------------------------------------------------------------------------


def _shape(line: str) -> str:
    return re.sub(r"\d+\.\d{3} s", "0.000 s", line)


def _shown(page: str) -> set[str]:
    (fence,) = (each for each in fences(page) if each.language == "" and _is_log(each))
    ran(page, fence.code)
    return {_shape(line) for line in fence.code.splitlines()}


def test_clients_log_what_their_guide_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shortcodekit")
    retries = RetryPolicy(first=0.001)
    with (
        Sandbox() as service,
        AlertsClient(service.auth, base_url=service.url) as alerts,
        OptInClient(service.auth, base_url=service.url, retries=retries) as opt_in,
    ):
        alerts.send(Alert(to="16365553226"), custom={"server": "host3", "link": "https://example.com"})
        service.faults.add(operation="queryOptOuts", http_status=429)
        with pytest.raises(errors.Throttled):
            opt_in.page()
    said = {_shape(record.getMessage()) for record in caplog.records if record.name == "shortcodekit"}
    assert _shown("docs/clients.md") <= said


def test_receivers_log_what_their_guide_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shortcodekit.webhooks")
    receipt = webhooks.Request("GET", "msisdn=16365553226&status=delivered&messageId=1")
    old = webhooks.Request("GET", "a=1&b=2&timestamp=1461605396&sig=6af838ef94998832dbfc29020b564830")
    trusting, strict = webhooks.Receiver(verify=None), webhooks.Receiver(verify=webhooks.SigSecret("secret"))
    trusting.on("delivery-receipt", "/hooks/dlr")(lambda _: None)
    strict.on("inbound-sms", "/hooks/sms")(lambda _: None)
    for _ in range(2):
        assert trusting.handle("/hooks/dlr", receipt).status == 200
    assert strict.handle("/hooks/sms", old).status == 401
    assert _shown("docs/webhooks.md") <= {_shape(record.getMessage()) for record in caplog.records}


# ---- settings --------------------------------------------------------------------------------------------------------


def test_every_file_of_options_that_is_shown_can_be_read() -> None:
    shown = [fence for page in pages() for fence in fences(page) if fence.language == "toml"]
    assert shown
    for fence in shown:
        options: dict[str, Any] = tomllib.loads(fence.code)["sandbox"]
        assert {name.replace("-", "_") for name in options} <= {option.name for option in sandbox.params}
        ran(fence.place.rpartition(" ")[0], fence.code)


# ---- what is not run -------------------------------------------------------------------------------------------------


def test_every_block_but_these_is_run_and_says_why_not() -> None:
    """`--docs-coverage` judges that the others are."""
    excused = {fence.place: fence.excuse for page in pages() for fence in fences(page) if fence.excuse}
    assert excused == {"docs/architecture.md 1": "a drawing"}
