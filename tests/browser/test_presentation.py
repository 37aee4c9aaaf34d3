"""The page for everyone: accessible, in light and dark, at a phone's width, and while the sandbox is away."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shortcodekit import Alert, AlertsClient
from shortcodekit.sandbox import Sandbox, SandboxError
from tests.browser.visiting import Opener, box, bubbles, show
from tests.redis_server import PORTS

PHONE = "16365553226"
VIEWS = ["Requests", "Webhooks", "Opt-outs", "Templates", "Faults", "Settings"]
TEXTS = [
    "no-spaces-" * 300,
    "👩‍👩‍👧‍👦🚨" * 120,
    "שלום עולם, هذا نص طويل " * 60,
    "<b>bold</b> & <marquee>" * 80,
    "line\n" * 60,
    "https://example.com/" + "a" * 500,
]


@pytest.fixture
def used(sandbox: Sandbox, alerts: AlertsClient) -> Sandbox:
    """A sandbox in which everything has happened that the page shows."""
    sandbox.configure(receipt_url="http://127.0.0.1:9/dlr")
    alerts.send(
        Alert(to="15559301529", status_report_req=True), custom={"server": "host3", "link": "https://example.com"}
    )
    sandbox.phone("15559301529").text("STOP")
    sandbox.faults.add(operation="sendAlert", msisdn="12025550111", status="5")
    sandbox.faults.add(latency=0, copies=2, times=3)
    alerts.send(
        Alert(to=PHONE, status_report_req=True, client_ref="incident-42"), custom={"server": "host3", "link": "x"}
    )
    sandbox.set_templates({3: "${text}"})
    for text in TEXTS:
        sandbox.phone(PHONE).text(text)
    sandbox.advance(minutes=2)
    return sandbox


def overflow(page: Page) -> dict[str, int]:
    """What is wider than the place it has, and by how many pixels: the page, or a column of it that scrolls."""
    return dict(
        page.evaluate(
            """() => [document.scrollingElement, ...document.querySelectorAll(".phones, .talk, .composer, .view:not([hidden])")]
                .map((part) => [part.className || "page", part.scrollWidth - part.clientWidth])
                .filter(([, pixels]) => pixels > 0)"""
        )
    )


def violations(page: Page, within: str = "html") -> list[dict[str, Any]]:
    """What axe finds: which rule, and where."""
    found = page.evaluate("(within) => axe.run(within, {resultTypes: ['violations']})", within)["violations"]
    return [{"rule": each["id"], "where": [node["html"][:200] for node in each["nodes"]]} for each in found]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_axe_finds_nothing_in_any_view(opened: Opener, used: Sandbox, axe: Path, scheme: str, width: int) -> None:
    size = {"width": width, "height": 800}
    page = opened(used.url, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce", viewport=size)
    page.add_script_tag(path=axe)
    for view in VIEWS:
        shown = show(page, view)
        expect(shown.locator(":scope > *").first).to_be_visible()
        for details in shown.locator("details > summary").all()[:3]:
            details.click()
        assert violations(page, "[role=tabpanel]:not([hidden])") == [], view
    assert violations(page) == []
    page.locator("#phone .way summary").click()
    page.get_by_role("button", name="Reset …").click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_empty_page(opened: Opener, sandbox: Sandbox, axe: Path, scheme: str) -> None:
    page = opened(sandbox.url, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")
    page.add_script_tag(path=axe)
    assert violations(page) == []
    for view in VIEWS:
        show(page, view)
        assert violations(page, "[role=tabpanel]:not([hidden])") == [], view


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_text_makes_the_page_wider_than_its_window(opened: Opener, used: Sandbox, width: int) -> None:
    page = opened(used.url, viewport={"width": width, "height": 740})
    expect(bubbles(page)).to_have_count(1 + len(TEXTS))
    for view in VIEWS:
        shown = show(page, view)
        for details in shown.locator("details > summary").all()[:3]:
            details.click()
        assert overflow(page) == {}, view


def test_texts_are_shown_whole_and_in_their_own_direction(opened: Opener, used: Sandbox) -> None:
    page = opened(used.url)
    shown = page.locator("#phone .bubble.out .text p")
    expect(shown).to_have_count(len(TEXTS))
    assert shown.evaluate_all("(all) => all.map((text) => text.textContent)") == TEXTS
    directions = shown.evaluate_all("(all) => all.map((text) => getComputedStyle(text).direction)")
    assert directions == ["rtl" if "שלום" in text else "ltr" for text in TEXTS]


def test_light_and_dark_follow_what_the_system_is_set_to(page: Page) -> None:
    ground = "getComputedStyle(document.querySelector('.panel')).backgroundColor.match(/[0-9]+/g).map(Number)"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"Math.min(...{ground}) > 200")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"Math.max(...{ground}) < 60")


def test_nothing_moves_for_those_who_asked_for_less_motion(opened: Opener, used: Sandbox) -> None:
    moving = "getComputedStyle(document.querySelector('.bubble')).animationName"
    assert opened(used.url, reduced_motion="no-preference").evaluate(moving) == "arrive"
    assert opened(used.url, reduced_motion="reduce").evaluate(moving) == "none"


def test_every_time_is_in_utc_with_seconds_and_can_be_read_by_machines(opened: Opener, used: Sandbox) -> None:
    page = opened(used.url, timezone_id="Asia/Tokyo")
    times = page.locator("#phone .meta time, .card time, #clock time, #phones time")
    expect(times.nth(5)).to_be_visible()
    for written, shown in times.evaluate_all("(all) => all.map((time) => [time.dateTime, time.textContent])"):
        assert written.endswith(("Z", "+00:00"))
        assert shown in {written[:19].replace("T", " "), written[11:19]}


def at_one_port(file: str) -> Sandbox:
    """A sandbox that comes back where it was: at a port that the system gives to nobody else while it is away."""
    for port in random.SystemRandom().sample(PORTS, 20):
        with suppress(SandboxError):  # somebody else has this one
            return Sandbox(port=port, db=file).start()
    raise AssertionError("no port is free")


def test_the_page_says_that_the_sandbox_is_away_and_goes_on_when_it_is_back(opened: Opener, tmp_path: Path) -> None:
    with at_one_port(str(tmp_path / "sandbox.db")) as sandbox:
        sandbox.phone(PHONE).text("before")
        page = opened(sandbox.url, away=True)
        page.evaluate("window.sameDocument = true")
        expect(bubbles(page)).to_have_count(1)
        box(page).fill("half a sentence")
        sandbox.stop()
        expect(page.locator("#connection")).to_have_text("The sandbox does not answer. Trying again …")
        box(page).press("Enter")
        expect(page.locator("#notice")).to_contain_text("the sandbox does not answer")
        expect(box(page)).to_have_value("half a sentence")
        page.wait_for_timeout(2500)  # it asks more than once
        sandbox.start()
        expect(page.locator("#connection")).to_be_empty()
        expect(page.locator("#notice")).to_have_text("The sandbox is back.")
        sandbox.phone(PHONE).text("after")
        expect(bubbles(page).last).to_contain_text("after")
        expect(box(page)).to_have_value("half a sentence")
        assert page.evaluate("window.sameDocument") is True
