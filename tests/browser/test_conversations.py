"""Phones, what they receive and what they send."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from shortcodekit import Alert, AlertsClient, MessagesClient, errors, outbound
from shortcodekit.sandbox import Sandbox
from tests.browser.visiting import Opener, box, bubbles, panel, show

PHONE = "16365553226"
OTHER = "15559301529"


def send(alerts: AlertsClient, *, to: str = PHONE, server: str = "host3") -> None:
    alerts.send(Alert(to=to, client_ref="incident-42"), custom={"server": server, "link": "https://example.com/mon"})


@pytest.fixture(autouse=True)
def template(sandbox: Sandbox) -> None:
    """The one that the alerts here fill."""
    sandbox.set_templates({0: "${server} is down: ${link}"})


def test_an_alert_appears_on_its_phone_without_a_reload_and_is_announced(page: Page, alerts: AlertsClient) -> None:
    expect(page.get_by_role("heading", name="No phone has a message yet")).to_be_visible()
    page.evaluate("window.sameDocument = true")
    send(alerts)
    expect(bubbles(page)).to_have_count(1)
    expect(bubbles(page)).to_contain_text("host3 is down: https://example.com/mon")
    expect(bubbles(page)).to_contain_text("incident-42")
    expect(page.locator("#phone h2")).to_contain_text(PHONE)
    assert page.evaluate("window.sameDocument") is True
    send(alerts, server="host4")
    expect(bubbles(page)).to_have_count(2)
    expect(page.locator("#live")).to_have_text(f"{PHONE} received: host4 is down: https://example.com/mon")


def test_a_request_shows_its_parts_its_price_and_its_recipient(page: Page, alerts: AlertsClient) -> None:
    send(alerts)
    card = panel(page, "Requests").locator(".card")
    expect(card).to_contain_text("accepted")
    expect(card).to_contain_text("1 part, €0.0")
    expect(card.get_by_role("button", name=PHONE)).to_be_visible()
    card.locator("summary").click()
    expect(card.get_by_role("columnheader", name="message-price")).to_be_visible()
    expect(card.get_by_role("row")).to_have_count(2)


def test_stop_with_one_click_opts_out_and_the_next_alert_is_refused_with_its_reason(
    page: Page, alerts: AlertsClient
) -> None:
    send(alerts)
    page.get_by_role("button", name="STOP").click()
    expect(bubbles(page)).to_have_count(2)
    expect(bubbles(page).last).to_contain_text("STOP")
    expect(page.locator("#phone header")).to_contain_text("opted out")
    expect(show(page, "Opt-outs").get_by_role("row")).to_have_count(2)
    expect(panel(page, "Opt-outs")).to_contain_text(PHONE)
    with pytest.raises(errors.AlertRejected) as refused:
        send(alerts)
    reason = str(refused.value.response.messages[0].error_text)
    card = show(page, "Requests").locator(".card.bad")
    expect(card).to_contain_text("refused, status 7")
    expect(card.locator(".reason")).to_contain_text(reason)
    expect(page.locator("#phone .missing")).to_contain_text(reason)


def test_a_phone_is_picked_up_and_texts_by_the_keyboard_alone(page: Page, sandbox: Sandbox) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "number":
            break
    page.keyboard.type("+1 555 930 1529")
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    expect(bubbles(page)).to_have_count(1)
    expect(box(page)).to_have_value("")
    expect(box(page)).to_be_focused()
    (message,) = sandbox.messages
    assert (message["msisdn"], message["text"], message["direction"]) == (OTHER, "first line\nsecond line", "inbound")


def test_tabs_are_walked_by_the_arrow_keys(page: Page) -> None:
    page.get_by_role("tab", name="Requests").focus()
    for key, name in [
        ("ArrowRight", "Webhooks"),
        ("End", "Settings"),
        ("ArrowRight", "Requests"),
        ("ArrowLeft", "Settings"),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_role("tab", selected=True)).to_have_text(name)
        expect(page.get_by_role("tab", selected=True)).to_be_focused()
        expect(page.get_by_role("tabpanel")).to_have_count(1)


def test_help_and_start_are_a_click_away(page: Page, alerts: AlertsClient, sandbox: Sandbox) -> None:
    send(alerts)
    for number, word in enumerate(["HELP", "START"], 2):
        page.get_by_role("button", name=word).click()
        expect(page.locator("#phone .bubble.out").filter(has_text=word)).to_have_count(1)
        assert len(sandbox.messages) >= number


def test_a_phone_answers_by_the_channel_it_was_written_on_and_by_another_when_asked_to(
    page: Page, sandbox: Sandbox
) -> None:
    with MessagesClient(sandbox.basic, base_url=sandbox.url) as messages:
        messages.send(outbound.whatsapp.text("Hello", to=PHONE, from_="447700900001"))
    way = page.locator("#phone .way")
    expect(way.locator("summary")).to_have_text("Texts go by WhatsApp to 447700900001")
    box(page).fill("by WhatsApp")
    page.get_by_role("button", name="Send").click()
    expect(bubbles(page)).to_have_count(2)
    way.locator("summary").click()
    way.get_by_label("Channel").select_option("SMS")
    expect(way.locator("summary")).to_have_text("Texts go by SMS to 96167")
    box(page).fill("by SMS")
    page.get_by_role("button", name="Send").click()
    expect(bubbles(page)).to_have_count(3)
    sent = [
        (each["text"], each["channel"], each["sender"]) for each in sandbox.messages if each["direction"] == "inbound"
    ]
    assert sent == [("by SMS", "sms", "96167"), ("by WhatsApp", "whatsapp", "447700900001")]


def test_a_text_that_cannot_be_sent_stays_in_the_box_and_the_reason_is_told(page: Page) -> None:
    page.get_by_label("Pick up a phone").fill("not a number")
    page.get_by_role("button", name="Pick up").click()
    box(page).fill("to nobody")
    box(page).press("Enter")
    expect(page.locator("#notice .bad")).to_contain_text("msisdn")
    expect(box(page)).to_have_value("to nobody")
    expect(bubbles(page)).to_have_count(0)


def test_what_is_typed_the_focus_and_the_selection_survive_what_arrives(page: Page, alerts: AlertsClient) -> None:
    send(alerts)
    box(page).fill("half a sentence")
    box(page).evaluate("(box) => box.setSelectionRange(2, 6)")
    send(alerts, to=OTHER)
    send(alerts, server="host4")
    expect(bubbles(page)).to_have_count(2)
    expect(page.locator("#phones .entry")).to_have_count(2)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("half a sentence")
    assert box(page).evaluate("(box) => [box.selectionStart, box.selectionEnd]") == [2, 6]
    page.locator("#phones .entry", has_text=OTHER).click()
    expect(box(page)).to_have_value("")
    page.locator("#phones .entry", has_text=PHONE).click()
    expect(box(page)).to_have_value("half a sentence")


def test_the_phone_that_has_the_focus_in_the_list_keeps_it_when_the_order_changes(
    page: Page, alerts: AlertsClient
) -> None:
    send(alerts)
    send(alerts, to=OTHER)
    entry = page.locator("#phones .entry")
    expect(entry.first).to_contain_text(OTHER)
    entry.last.focus()
    page.evaluate("window.focused = document.activeElement")
    send(alerts)
    expect(entry.first).to_contain_text(PHONE)
    expect(entry.first).to_be_focused()
    send(alerts, to=OTHER)
    expect(entry.last).to_contain_text(PHONE)
    expect(entry.last).to_be_focused()
    assert page.evaluate("document.activeElement === window.focused")


def test_a_phone_that_is_not_held_shows_that_something_is_new(page: Page, alerts: AlertsClient) -> None:
    send(alerts)
    expect(bubbles(page)).to_have_count(1)
    send(alerts, to=OTHER)
    expect(page.locator("#phone h2")).to_contain_text(PHONE)
    entry = page.get_by_role("button", name=f"new: {OTHER}")
    expect(entry).to_be_visible()
    entry.click()
    expect(page.locator("#phone h2")).to_contain_text(OTHER)
    expect(page.locator("#phones .dot")).to_have_count(0)


def test_a_hundred_messages_are_shown_at_first_and_older_ones_on_demand(
    opened: Opener, sandbox: Sandbox, alerts: AlertsClient
) -> None:
    phone = sandbox.phone(PHONE)
    for number in range(250):
        phone.text(f"text number {number}.")
    page = opened(sandbox.url)
    expect(bubbles(page)).to_have_count(100)
    talk = page.locator("#phone .talk")
    assert talk.evaluate("(talk) => talk.scrollHeight - talk.scrollTop - talk.clientHeight") < 2
    top = bubbles(page).first
    expect(top).to_contain_text("text number 150.")
    older = page.get_by_role("button", name="Older messages")
    older.click()
    expect(bubbles(page)).to_have_count(200)
    expect(bubbles(page).filter(has_text="text number 150.")).to_be_in_viewport()
    older.click()
    expect(bubbles(page)).to_have_count(250)
    expect(older).to_have_count(0)
    expect(bubbles(page).first).to_contain_text("text number 0.")
    expect(bubbles(page).last).to_contain_text("text number 249.")
    talk.evaluate("(talk) => { talk.scrollTop = 500; }")
    send(alerts)
    expect(bubbles(page)).to_have_count(251)
    assert talk.evaluate("(talk) => talk.scrollTop") == 500
