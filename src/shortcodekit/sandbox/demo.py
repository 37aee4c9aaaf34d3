"""`make demo`: an alert, its receipt, a STOP, a refusal and a resubscription, told as a story. Nothing leaves this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

import click

from shortcodekit import Alert, AlertsClient, OptInClient, errors, webhooks

from .embedded import Sandbox

PHONE: Final = "16365553226"
PATIENCE: Final = 10
"""Seconds that the story waits for a webhook."""


def main() -> None:
    """Tells the story; exits with an error when something does not happen as told."""
    heard: Queue[Any] = Queue()
    receiver = webhooks.Receiver(verify=None, replay=webhooks.MemoryStore())
    receiver.on("delivery-receipt", "/receipts")(heard.put)
    receiver.on("inbound-sms", "/texts")(heard.put)
    with (
        _served(receiver) as address,
        Sandbox(receipt_url=f"{address}/receipts", inbound_url=f"{address}/texts") as sandbox,
    ):
        auth, phone = sandbox.auth, sandbox.phone(PHONE)
        with AlertsClient(auth, base_url=sandbox.url) as alerts, OptInClient(auth, base_url=sandbox.url) as opt_in:
            _chapter("A sandbox runs, and beside it a receiver of webhooks")
            _tell("sandbox", f"{sandbox.url}/ shows the phones as long as it runs")
            _tell("receiver", address)

            _chapter("host3 goes down, and someone is told")
            alert = Alert(to=PHONE, client_ref="incident-42", status_report_req=True)
            custom: dict[str, Any] = {"server": "host3", "link": "https://example.com/host3/mon"}
            part = alerts.send(alert, custom=custom).messages[0]
            _tell(
                "client",
                f"alert accepted: message {part.message_id}, {part.message_price} EUR, {part.remaining_balance} left",
            )
            _tell("phone", phone.texts[-1])
            receipt = heard.get(timeout=PATIENCE)
            _tell("receiver", f"delivery receipt: {receipt.status} ({receipt.err_code_meaning.meaning.rstrip('.')})")

            _chapter("The phone's owner has had enough")
            phone.text("Stop")
            _tell("phone", "Stop", sent=True)
            text = heard.get(timeout=PATIENCE)
            _tell("receiver", f"inbound SMS from {text.msisdn}: {text.text!r}, keyword {text.keyword}")
            _tell("client", f"opted out: {', '.join(each.msisdn for each in opt_in.opt_outs())}")

            _chapter("The next alert is refused, and costs nothing")
            try:
                alerts.send(alert, custom=custom)
            except errors.AlertRejected as error:
                _tell("client", f"{error.code.name}: {error.code.meaning}", wrong=True)
            else:
                raise SystemExit("the alert was not refused")

            _chapter("They change their mind on your website")
            record = opt_in.resubscribe(PHONE)
            _tell("client", f"subscribed again: {record.msisdn}, at {record.opt_in_date}")
            alerts.send(alert, custom=custom)
            _tell("phone", phone.texts[-1])
            receipt = heard.get(timeout=PATIENCE)
            _tell("receiver", f"delivery receipt: {receipt.status}")
    click.echo("\nNow yours: `shortcodekit sandbox` starts one to keep.")


def _chapter(title: str) -> None:
    click.echo()
    click.secho(title, bold=True)


def _tell(who: str, what: str, *, sent: bool = False, wrong: bool = False) -> None:
    arrow = {"phone": ">" if sent else "<"}.get(who, " ")
    click.echo(f"  {click.style(f'{who:<9}', fg='cyan')}{arrow} {click.style(what, fg='red' if wrong else None)}")


@contextmanager
def _served(receiver: webhooks.Receiver) -> Iterator[str]:
    """The receiver behind the standard library's server; the guides show others."""
    server = make_server("127.0.0.1", 0, receiver.wsgi, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as it is called
        """The story tells what arrives."""


if __name__ == "__main__":
    main()
