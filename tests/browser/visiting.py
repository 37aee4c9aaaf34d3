"""Opening the page so that nothing that goes wrong in it stays unseen, and finding one's way in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page

_WATCH = """
window.ran = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


class Opener(Protocol):
    """Opens the page of a sandbox."""

    def __call__(self, url: str, **options: Any) -> Page: ...


@contextmanager
def visit(browser: Browser, url: str, *, script: str = "", away: bool = False, **options: Any) -> Iterator[Page]:
    """The page, ready; `script` runs before it. `away` says that the sandbox will be away, which the browser complains of."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    try:
        page = context.new_page()
        wrong: list[str] = []

        def said(message: ConsoleMessage) -> None:
            refused = "Failed to load resource" in message.text and ("400" in message.text or away)
            if message.type in {"error", "warning"} and not refused:
                wrong.append(message.text)

        def asked(dialog: Dialog) -> None:
            wrong.append(f"a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", said)
        page.on("dialog", asked)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.add_init_script(_WATCH + script)
        page.goto(url)
        page.get_by_role("tab", name="Requests").wait_for()
        page.locator("#phone > *").wait_for()
        yield page
        wrong += [f"it ran: {what}" for what in page.evaluate("window.ran")]
        wrong += [f"against the policy: {what}" for what in page.evaluate("window.violations")]
        assert not wrong, wrong
    finally:
        context.close()


def show(page: Page, view: str) -> Locator:
    """Shows what is behind a tab, and finds it."""
    page.get_by_role("tab", name=view).click()
    return panel(page, view)


def panel(page: Page, view: str) -> Locator:
    return page.get_by_role("tabpanel", name=view)


def bubbles(page: Page) -> Locator:
    return page.locator("#phone .bubble")


def box(page: Page) -> Locator:
    """Where one texts back."""
    return page.locator("#phone textarea")
