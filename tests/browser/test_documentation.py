"""The documentation's site in a browser, opened from the disk: in light and dark, at a phone's width, and searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.documentation import made_site

SEEN = [
    ("tutorial", "light", 1280),
    ("reference/python/errors", "light", 1280),
    ("delivery", "dark", 1280),
    ("reference/http/alerts", "dark", 1280),
    ("index", "dark", 360),
    ("reference/http/alerts-codes", "light", 360),
    ("reference/command-line", "light", 360),
]


@pytest.fixture(scope="module")
def site() -> Path:
    return made_site()


@contextmanager
def visited(browser: Browser, site: Path, name: str, **options: Any) -> Iterator[Page]:
    """A page of the site; whatever it asks of elsewhere, and whatever goes wrong in it, fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options})
    try:
        page = context.new_page()
        wrong: list[str] = []

        def asked(request: Request) -> None:
            if not request.url.startswith(("file:", "data:")):
                wrong.append(request.url)

        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                wrong.append(message.text)

        page.on("request", asked)
        page.on("console", said)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto((site / f"{name}.html").as_uri())
        yield page
        assert wrong == []
    finally:
        context.close()


@pytest.mark.parametrize("seen", SEEN, ids=lambda seen: " ".join(map(str, seen)))
def test_axe_finds_nothing(browser: Browser, site: Path, axe: Path, seen: tuple[str, str, int]) -> None:
    name, scheme, width = seen
    with visited(browser, site, name, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        page.evaluate(_UNFOLD)
        page.add_script_tag(path=axe)
        assert _violations(page) == []


_UNFOLD = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"


def test_on_a_phone_no_page_is_wider_than_its_window(browser: Browser, site: Path) -> None:
    names = [file.relative_to(site).as_posix().removesuffix(".html") for file in site.rglob("*.html")]
    assert len(names) > 30
    with visited(browser, site, "index", viewport={"width": 360, "height": 800}) as page:
        for name in names:
            page.goto((site / f"{name}.html").as_uri())
            page.evaluate(_UNFOLD)
            wider = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
            assert wider == 0, name


def _violations(page: Page) -> list[str]:
    """What axe finds, by its rules; it must not fetch the style sheets, which no page may from a disk."""
    options = "{resultTypes: ['violations'], preload: false}"
    found = page.evaluate(f"axe.run(document, {options})")["violations"]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found]


def test_light_and_dark_follow_what_the_system_is_set_to(browser: Browser, site: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    with visited(browser, site, "index", color_scheme="light") as page:
        assert min(page.evaluate(ground)) > 200
    with visited(browser, site, "index", color_scheme="dark") as page:
        assert max(page.evaluate(ground)) < 60


def test_search_finds_opting_out_without_a_server(browser: Browser, site: Path) -> None:
    with visited(browser, site, "index") as page:
        box = page.get_by_role("textbox", name="Search").or_(page.get_by_role("searchbox")).first
        box.fill("opt-out")
        box.press("Enter")
        results = page.locator("#search-results ul.search li a")
        expect(results.filter(has_text="Opting out in practice").first).to_be_visible()
        results.filter(has_text="Opting out in practice").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Opting out in practice")


def test_on_a_phone_the_navigation_opens_and_leads_on(browser: Browser, site: Path) -> None:
    with visited(browser, site, "index", viewport={"width": 360, "height": 740}) as page:
        page.locator(".mobile-header label[for=__navigation]").click()
        page.locator(".sidebar-tree").get_by_role("link", name="Opting out in practice").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Opting out in practice")


def test_a_code_that_is_searched_for_is_found_in_the_reference(browser: Browser, site: Path) -> None:
    with visited(browser, site, "search") as page:
        page.goto(page.url + "?q=absent-subscriber-temporary")
        results = page.locator("#search-results ul.search li a")
        expect(results.filter(has_text="US short-code alerts: code tables").first).to_be_visible()
