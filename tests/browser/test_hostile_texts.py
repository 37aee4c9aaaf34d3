"""What others write is shown as it is written, and never runs."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Page, expect

from shortcodekit import Alert, AlertsClient, MessagesClient, errors, outbound
from shortcodekit.sandbox import Sandbox
from tests.browser.receivers import receiver
from tests.browser.visiting import bubbles, panel, show

PHONE = "16365553226"
ATTACKS = [
    "<img src=x onerror=\"ran.push('img')\">",
    "<script>ran.push('script')</script>",
    "\"><svg onload=ran.push('svg')>",
    "javascript:ran.push('link')",
    "</textarea></pre><iframe srcdoc=\"<script>parent.ran.push('frame')</script>\">",
    "${alert(1)} {{constructor.constructor('ran.push(1)')()}}",
]
SHORT = "<img src=x onerror=ran.push(1)>"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = ATTACKS[1].encode()
        self.send_response(500)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def hostile() -> Iterator[str]:
    """A receiver that answers with a script."""
    with receiver(_Answers) as url:
        yield f"{url}/<img/src=x/onerror=ran.push(7)>"


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_an_alert_and_in_a_text_back_is_shown_literally(
    page: Page, sandbox: Sandbox, alerts: AlertsClient, attack: str
) -> None:
    markup = attack.replace("$", "")
    sandbox.set_templates({0: f"{markup} ${{server}}"})
    alerts.send(Alert(to=PHONE, client_ref=SHORT), custom={"server": attack, SHORT: attack})
    sandbox.phone(PHONE).text(attack)
    expect(bubbles(page)).to_have_count(2)
    expect(bubbles(page).first.locator(".text p")).to_contain_text(f"{markup} {attack}")
    expect(bubbles(page).first.locator(".meta")).to_contain_text(SHORT)
    expect(bubbles(page).last.locator(".text p")).to_have_text(attack)
    expect(page.locator("#phones .preview")).to_contain_text(attack)
    panel(page, "Requests").locator("summary").first.click()
    expect(panel(page, "Requests").locator("pre").first).to_be_visible()
    expect(show(page, "Templates").get_by_label("Template 0", exact=True)).to_have_value(f"{markup} ${{server}}")


def test_markup_in_a_fault_is_shown_literally(page: Page, sandbox: Sandbox, alerts: AlertsClient) -> None:
    sandbox.set_templates({0: "The lights are out."})
    sandbox.faults.add(status=SHORT, error_text=ATTACKS[0], err_code=ATTACKS[1])
    with pytest.raises(errors.ShortcodeKitError):
        alerts.send(Alert(to=PHONE))
    expect(show(page, "Faults").locator(".card")).to_contain_text(ATTACKS[0])
    expect(panel(page, "Faults").locator(".card")).to_contain_text(ATTACKS[1])
    card = show(page, "Requests").locator(".card")
    expect(card.locator(".reason")).to_contain_text(ATTACKS[0])
    expect(card.locator(".pill").first).to_contain_text(SHORT)


def test_markup_in_a_webhooks_address_and_answer_is_shown_literally(
    page: Page, sandbox: Sandbox, alerts: AlertsClient, hostile: str
) -> None:
    sandbox.set_templates({0: "The lights are out."})
    sandbox.configure(receipt_url=hostile)
    alerts.send(Alert(to=PHONE, client_ref=SHORT, status_report_req=True))
    page.get_by_role("button", name="+1 min: advance the clock").click()
    card = show(page, "Webhooks").locator(".card").first
    expect(card).to_contain_text("/<img/src=x/onerror=ran.push(7)>")
    card.locator("summary").click()
    expect(card).to_contain_text(ATTACKS[1])
    expect(show(page, "Settings").get_by_label("Delivery receipts go to")).to_have_value(hostile)


def test_a_phone_whose_name_is_markup_can_be_held(page: Page, sandbox: Sandbox) -> None:
    sandbox.phone("<img src=x onerror=ran.push(2)>").send("messenger", text=ATTACKS[0], to=SHORT)
    expect(page.locator("#phone h2")).to_contain_text("<img src=x onerror=ran.push(2)>")
    expect(bubbles(page)).to_contain_text(ATTACKS[0])


def test_content_of_other_kinds_is_named_and_nothing_is_fetched_for_it(page: Page, sandbox: Sandbox) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with MessagesClient(sandbox.basic, base_url=sandbox.url) as messages:
        messages.send(
            outbound.mms.image("https://example.com/<img>.jpg", to=PHONE, from_="12025550100", caption=ATTACKS[0])
        )
    expect(bubbles(page)).to_contain_text("image")
    expect(bubbles(page)).to_contain_text("https://example.com/")
    assert [url for url in asked if not url.startswith(sandbox.url)] == []
