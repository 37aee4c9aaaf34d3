"""Debian's chromium, driven by Playwright against a real sandbox; skipped, with the reason, where there is none.

The browser lasts for this folder's tests only: Playwright's sync API keeps an event loop in the thread while it runs, which
tests elsewhere could not share.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from shortcodekit import AlertsClient
from shortcodekit.sandbox import Sandbox
from tests.browser.launching import ARGUMENTS, found_chromium
from tests.browser.visiting import Opener, visit


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser that tests share; each opens pages of its own."""
    found = found_chromium()
    if found is None:
        pytest.skip("there is no chromium on this machine: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that nobody has used yet."""
    with Sandbox(api_key="abcd1234", api_secret="a-made-up-secret") as running:
        yield running


@pytest.fixture
def alerts(sandbox: Sandbox) -> Iterator[AlertsClient]:
    """A client of the sandbox, as a user has it."""
    with AlertsClient(sandbox.auth, base_url=sandbox.url) as client:
        yield client


@pytest.fixture
def opened(browser: Browser, sandbox: Sandbox) -> Iterator[Opener]:
    """Opens the page of a sandbox, with keywords of Playwright's contexts; what goes wrong in it fails the test."""
    del sandbox  # it has to outlive the pages
    with ExitStack() as stack:
        yield lambda url, **options: stack.enter_context(visit(browser, url, **options))


@pytest.fixture
def page(opened: Opener, sandbox: Sandbox) -> Page:
    """The sandbox's page, as someone sees it who just opened it."""
    return opened(sandbox.url)


@pytest.fixture(scope="session")
def axe() -> Path:
    """The judge of accessibility, which `make` installs with the other tools that only npm has."""
    script = Path(__file__).parents[2] / "tools/node_modules/axe-core/axe.min.js"
    if not script.exists():
        pytest.skip("axe-core is not installed: make lint installs it")
    return script
