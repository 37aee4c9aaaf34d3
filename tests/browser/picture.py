"""Takes the picture of the page for the documentation: `python -m tests.browser.picture` writes docs/images/sandbox.png."""

from __future__ import annotations

import os
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from shortcodekit import Alert, AlertsClient, MessagesClient, errors, outbound
from shortcodekit.sandbox import Sandbox
from tests.browser.launching import ARGUMENTS, found_chromium
from tests.browser.receivers import receiver
from tests.browser.visiting import bubbles, visit

PICTURE: Final = Path(__file__).parents[2] / "docs/images/sandbox.png"
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


def main() -> None:
    """Tells the story, and takes the picture."""
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
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
    print(f"{os.path.relpath(PICTURE)}: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
