"""Takes the pictures of the documentation: `python -m tests.browser.picture` writes docs/images/sandbox.png and phone.png.

The first is the sandbox's page. The second is a phone of it beside what `shortcodekit sandbox` says of the same alert.
"""

from __future__ import annotations

import base64
import html
import os
import re
import tempfile
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from shortcodekit import Alert, AlertsClient, KeySecret, MessagesClient, errors, outbound
from shortcodekit.sandbox import Sandbox
from tests.browser.launching import ARGUMENTS, found_chromium
from tests.browser.receivers import receiver
from tests.browser.visiting import bubbles, visit
from tests.guides import program

IMAGES: Final = Path(__file__).parents[2] / "docs/images"
ON_CALL, BACKUP, OFFICE, ABROAD = "16365553226", "15559301529", "12025550111", "447700900123"


class Takes(BaseHTTPRequestHandler):
    """Takes every webhook."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


def tell(sandbox: Sandbox) -> None:
    """What happens one evening."""
    where = {"server": "host3", "link": "https://example.com/host3/mon"}
    with (
        AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts,
        MessagesClient(sandbox.basic, base_url=sandbox.url) as messages,
    ):

        def alert(to: str, template: int, reference: str) -> None:
            alerts.send(Alert(to=to, template=template, client_ref=reference, status_report_req=True), custom=where)

        messages.send(outbound.whatsapp.text("Your table is booked for 19:30.", to=ABROAD, from_="447700900001"))
        sandbox.advance(minutes=9)
        alert(OFFICE, 3, "maintenance-7")
        sandbox.advance(minutes=22)
        alert(BACKUP, 0, "incident-42")
        sandbox.advance(seconds=40)
        sandbox.phone(BACKUP).text("Stop")
        sandbox.advance(minutes=2)
        alert(ON_CALL, 0, "incident-42")
        sandbox.advance(seconds=75)
        sandbox.phone(ON_CALL).text("On my way, 10 minutes")
        sandbox.advance(minutes=12)
        try:
            alert(BACKUP, 2, "incident-42")
        except errors.AlertRejected:
            sandbox.advance(seconds=1)
        alert(ON_CALL, 2, "incident-42")
        sandbox.advance(seconds=50)
        sandbox.phone(ON_CALL).text("Thanks. Good night!")
        sandbox.advance(seconds=20)


BESIDE: Final = """<!doctype html>
<style>
  body {{ margin: 0; padding: 20px; display: flex; gap: 20px; background: #e9edf3; width: 1160px; box-sizing: border-box; }}
  img {{ width: 390px; border-radius: 12px; box-shadow: 0 2px 12px #0003; align-self: flex-start; }}
  pre {{ flex: 1; margin: 0; padding: 20px; border-radius: 12px; background: #14181f; color: #d7dde6; overflow: hidden;
        font: 13.5px/1.75 "DejaVu Sans Mono", monospace; white-space: pre-wrap; box-shadow: 0 2px 12px #0003; }}
  b {{ color: #7ee2a8; font-weight: normal; }} i {{ color: #ff9c8f; font-style: normal; }} s {{ color: #8b96a5; text-decoration: none; }}
</style>
<img src="data:image/png;base64,{phone}"><pre>{terminal}</pre>
"""


def beside(folder: Path, browser: Browser, hooks: str) -> Page:
    """A phone after an alert, a STOP and a second alert, beside the terminal of its sandbox."""
    options = ["--receipt-url", f"{hooks}/hooks/dlr", "--inbound-url", f"{hooks}/hooks/sms", "--sign-webhooks"]
    account = ["--api-key", "abcd1234", "--api-secret", "made-up-secret", "--signature-secret", "made-up"]
    with program(folder, "shortcodekit", "sandbox", "--port", "0", *account, *options) as sandbox:
        url = sandbox.wait_for(r"sandbox ready at (\S+)")
        with AlertsClient(KeySecret("abcd1234", "made-up-secret"), base_url=url) as alerts:
            alert = Alert(to=ON_CALL, client_ref="incident-42", status_report_req=True)
            where = {"server": "host3", "link": "https://example.com/host3/mon"}
            alerts.send(alert, custom=where)
            sandbox.wait_for("(delivery-receipt  attempt)")
            httpx.post(f"{url}/_sandbox/phones/{ON_CALL}/texts", json={"text": "STOP"}).raise_for_status()
            sandbox.wait_for("(inbound-sms  attempt)")
            with suppress(errors.AlertRejected):
                alerts.send(alert, custom=where)
            said = sandbox.wait_for(r"(?s)(sandbox ready.*number-barred[^\n]*)")
        with visit(browser, url, color_scheme="light", viewport={"width": 1180, "height": 600}) as page:
            bubbles(page).last.wait_for()
            phone = base64.b64encode(page.locator("#phone").screenshot()).decode("ascii")
    drawn = browser.new_page(viewport={"width": 1160, "height": 400})
    drawn.set_content(BESIDE.format(phone=phone, terminal=_coloured(said.replace(url, AT).replace(hooks, RECEIVER))))
    return drawn


AT, RECEIVER = "http://127.0.0.1:4010", "http://127.0.0.1:8000"


def _coloured(said: str) -> str:
    """What the command says, as HTML, in colours like those of a terminal."""
    lines = ["<s>$</s> shortcodekit sandbox", *html.escape(said).splitlines()]
    coloured = [re.sub(r"^(\d\d:\d\d:\d\d)", r"<s>\1</s>", line) for line in lines if "short code" not in line]
    coloured = [re.sub(r"(200 0 success|(?<=dlr  )200|(?<=sms  )200)", r"<b>\1</b>", line) for line in coloured]
    return "\n".join(re.sub(r"(200 7 number-barred)", r"<i>\1</i>", line) for line in coloured)


def main() -> None:
    """Tells the stories, and takes the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with ExitStack() as stack:
        url = stack.enter_context(receiver(Takes))
        sandbox = stack.enter_context(Sandbox(api_key="abcd1234", api_secret="a-made-up-secret", seed="picture"))
        sandbox.configure(receipt_url=f"{url}/dlr", inbound_url=f"{url}/sms", status_url=f"{url}/status")
        tell(sandbox)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=found_chromium(), args=ARGUMENTS)
        stack.callback(browser.close)
        page = stack.enter_context(visit(browser, sandbox.url, reduced_motion="reduce", color_scheme="light"))
        bubbles(page).last.wait_for()
        page.screenshot(path=IMAGES / "sandbox.png")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        beside(folder, browser, url).screenshot(path=IMAGES / "phone.png", full_page=True)
    for picture in sorted(IMAGES.glob("*.png")):
        print(f"{os.path.relpath(picture)}: {picture.stat().st_size} bytes")


if __name__ == "__main__":
    main()
