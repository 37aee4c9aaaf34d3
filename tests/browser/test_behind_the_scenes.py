"""Requests, webhooks, templates, faults, settings, the clock and the reset: what is behind the phones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import Page, expect

from shortcodekit import Alert, AlertsClient, errors
from shortcodekit.sandbox import Sandbox
from tests.browser.visiting import Opener, bubbles, panel, show

PHONE = "16365553226"


@pytest.fixture(autouse=True)
def template(sandbox: Sandbox) -> None:
    """One without places, for alerts without parameters."""
    sandbox.set_templates({0: "The lights are out."})


def test_a_template_takes_effect_as_soon_as_it_is_saved(page: Page, alerts: AlertsClient) -> None:
    form = show(page, "Templates")
    form.get_by_label("Template 3", exact=True).fill("Hello ${name}, <b>door</b> ${door} is open.")
    form.get_by_role("button", name="Save template 3").click()
    expect(page.locator("#notice")).to_contain_text("Template 3 saved")
    expect(form).to_contain_text("Places: name, door")
    alerts.send(Alert(to=PHONE, template=3), custom={"name": "Ada", "door": "7"})
    expect(bubbles(page)).to_contain_text("Hello Ada, <b>door</b> 7 is open.")
    form.get_by_role("button", name="Remove template 3").click()
    expect(page.locator("#notice")).to_contain_text("Template 3 removed")
    expect(form.get_by_label("Template 3", exact=True)).to_have_value("")
    expect(form.get_by_role("button", name="Save template 3")).to_be_focused()


def test_a_template_that_is_being_written_is_not_overwritten(page: Page, sandbox: Sandbox) -> None:
    form = show(page, "Templates")
    mine, other = form.get_by_label("Template 2", exact=True), form.get_by_label("Template 4", exact=True)
    mine.fill("mine, not saved yet")
    sandbox.set_templates({2: "theirs", 4: "theirs as well"})
    expect(other).to_have_value("theirs as well")
    expect(mine).to_have_value("mine, not saved yet")
    expect(mine).to_be_focused()


def test_a_fault_is_added_does_its_work_and_is_deleted(page: Page, alerts: AlertsClient) -> None:
    view = show(page, "Faults")
    view.get_by_role("button", name="Barred: status 7").click()
    view.get_by_label("Recipient").fill(PHONE)
    view.get_by_label("error-text").fill("not today")
    view.get_by_role("button", name="Add fault").click()
    card = view.locator(".card")
    expect(card).to_contain_text(f"sendAlert for {PHONE}: part status 7 “not today”")
    expect(view.get_by_label("error-text")).to_have_value("")
    with pytest.raises(errors.AlertRejected):
        alerts.send(Alert(to=PHONE))
    expect(show(page, "Requests").locator(".card.bad .reason")).to_contain_text("not today")
    expect(panel(page, "Requests").locator(".card.bad")).to_contain_text("fault ")
    show(page, "Faults").get_by_role("button", name="Delete fault").click()
    expect(card).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")
    alerts.send(Alert(to=PHONE))
    expect(bubbles(page)).to_have_count(1)


def test_a_fault_that_cannot_be_is_refused_with_the_reason_and_stays_in_the_form(page: Page) -> None:
    view = show(page, "Faults")
    view.get_by_label("HTTP status").fill("99")
    view.get_by_role("button", name="Add fault").click()
    expect(view.get_by_role("alert")).to_contain_text("http_status")
    expect(view.get_by_label("HTTP status")).to_have_value("99")
    expect(view.locator(".card")).to_have_count(0)


def test_every_choice_of_the_fault_form_reaches_the_sandbox(page: Page) -> None:
    view = show(page, "Faults")
    written = {
        "Recipient": PHONE,
        "Times": "2",
        "Latency, seconds": "0.5",
        "HTTP status": "503",
        "Retry-After, seconds": "5",
    }
    written |= {
        "Part status": "5",
        "error-text": "oh",
        "Status": "failed",
        "err-code": "2",
        "Error code (Messages API)": "1320",
    }
    written |= {"Delay, seconds": "3", "Copies": "2"}
    for label, value in written.items():
        view.get_by_label(label, exact=True).fill(value)
    view.get_by_label("Operation").select_option("sendAlert")
    view.get_by_label("Broken answer").select_option("truncated")
    view.get_by_label("In capitals").check()
    view.get_by_label("In reverse").check()
    view.get_by_role("button", name="Add fault").click()
    expect(view.locator(".card")).to_have_count(1)
    kept = page.evaluate("fetch('/_sandbox/faults').then((answer) => answer.json())")[0]
    assert {name: value for name, value in kept.items() if name != "id"} == {
        "msisdn": PHONE, "operation": "sendAlert", "times": 2, "latency": 0.5, "answer": "truncated", "http_status": 503,
        "retry_after": 5, "status": "5", "error_text": "oh", "receipt_status": "failed", "err_code": "2", "error": 1320,
        "capitals": True, "delay": 3, "copies": 2, "reordered": True,
    }  # fmt: skip


def test_a_webhook_attempt_shows_its_request_and_when_the_next_one_is(page: Page, alerts: AlertsClient) -> None:
    settings = show(page, "Settings")
    settings.get_by_label("Delivery receipts go to").fill("http://127.0.0.1:9/hooks/dlr")
    settings.get_by_label("Receipts are sent by").select_option("POST-JSON")
    settings.get_by_role("button", name="Save settings").click()
    expect(page.locator("#notice")).to_contain_text("Settings saved")
    alerts.send(Alert(to=PHONE, status_report_req=True))
    page.get_by_role("button", name="+1 min: advance the clock").click()
    card = show(page, "Webhooks").locator(".card.bad").first
    expect(card).to_contain_text("delivery-receipt")
    expect(card).to_contain_text("no answer")
    expect(card).to_contain_text("POST http://127.0.0.1:9/hooks/dlr")
    expect(card.locator(".summary", has_text="Next try").locator("time")).to_have_attribute("datetime", _A_TIME)
    card.locator("summary").click()
    request = card.locator("pre").first
    expect(request).to_contain_text("content-type: application/json", ignore_case=True)
    expect(request).to_contain_text(f'"msisdn":"{PHONE}"')


_A_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def test_a_setting_that_cannot_be_is_refused_with_the_reason(page: Page) -> None:
    settings = show(page, "Settings")
    settings.get_by_label("Delivery receipts go to").fill("not an address")
    settings.get_by_role("button", name="Save settings").click()
    expect(settings.get_by_role("alert")).to_contain_text("receipt_url")
    expect(settings.get_by_label("Delivery receipts go to")).to_have_value("not an address")


def test_the_clock_moves_by_a_click(page: Page) -> None:
    clock = page.locator("#clock time")
    before = str(clock.get_attribute("datetime"))
    page.get_by_role("button", name="+24 h: advance the clock").click()
    expect(page.locator("#notice")).to_contain_text("24 hours further")
    expect(clock).not_to_have_attribute("datetime", re.compile(f"^{before[:10]}"))
    assert before[:10] < str(clock.get_attribute("datetime"))[:10]


def test_a_reset_asks_first_and_then_forgets(page: Page, alerts: AlertsClient) -> None:
    alerts.send(Alert(to=PHONE))
    expect(bubbles(page)).to_have_count(1)
    reset = page.get_by_role("button", name="Reset …")
    reset.click()
    page.get_by_role("button", name="Keep everything").click()
    expect(reset).to_be_focused()
    expect(bubbles(page)).to_have_count(1)
    reset.click()
    page.get_by_role("dialog").get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_role("heading", name="No phone has a message yet")).to_be_visible()
    alerts.send(Alert(to=PHONE), custom={"server": "host3", "link": "https://example.com/mon"})
    expect(bubbles(page)).to_have_count(1)


# ---- curl ----------------------------------------------------------------------------------------------------------------

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")


def run(command: str) -> str:
    variables = {**os.environ, "API_SECRET": "a-made-up-secret"}
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=variables, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


@needs_curl
def test_the_first_alert_of_the_empty_page_is_sent_as_it_stands_there(opened: Opener, sandbox: Sandbox) -> None:
    page = opened(sandbox.url, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy curl of the first alert").click()
    expect(page.locator("#notice")).to_contain_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    assert command == page.locator("#first-alert").inner_text()
    assert '"status"' in run(command)
    expect(bubbles(page)).to_have_count(1)
    expect(bubbles(page)).to_contain_text("first-alert")


@needs_curl
def test_the_curl_of_a_request_makes_it_again(opened: Opener, sandbox: Sandbox, alerts: AlertsClient) -> None:
    sandbox.set_templates({0: "say ${words}"})
    alerts.send(Alert(to=PHONE), custom={"words": 'it\'s $HOME `id` "quoted" & \\more\\'})
    page = opened(sandbox.url, permissions=["clipboard-read", "clipboard-write"])
    panel(page, "Requests").get_by_role("button", name="Copy curl of request").click()
    expect(page.locator("#notice")).to_contain_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    assert "a-made-up-secret" not in command
    run(command)
    expect(bubbles(page)).to_have_count(2)
    texts = bubbles(page).locator(".text p")
    assert texts.nth(0).inner_text() == texts.nth(1).inner_text()


def test_where_there_is_no_clipboard_the_curl_is_selected_to_be_copied_by_hand(
    opened: Opener, sandbox: Sandbox
) -> None:
    page = opened(sandbox.url, script="Object.defineProperty(navigator, 'clipboard', {value: undefined});")
    copy = page.get_by_role("button", name="Copy curl of the first alert")
    copy.click()
    by_hand = page.get_by_role("dialog").get_by_label("The curl")
    expect(by_hand).to_be_focused()
    assert by_hand.evaluate("(box) => box.value.slice(box.selectionStart, box.selectionEnd)").startswith("curl http://")
    page.keyboard.press("Escape")
    expect(copy).to_be_focused()
