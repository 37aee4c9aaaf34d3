"""What type checkers tell people who use the clients: right programs pass `mypy --strict`, each mistake is reported."""

from __future__ import annotations

import re
from pathlib import Path

from tests.type_checking import mypy

RIGHT = """
from collections.abc import AsyncIterator, Iterator

import httpx

from shortcodekit import (
    Alert,
    AlertsClient,
    AsyncAlertsClient,
    AsyncMessagesClient,
    AsyncOptInClient,
    Basic,
    CallReport,
    Jwt,
    KeySecret,
    MessagesClient,
    OptInClient,
    RetryPolicy,
    Signed,
    UNSET,
    alerts,
    errors,
    messages,
    outbound,
    webhooks,
)
from shortcodekit.migration import Campaign, CampaignClient, RedisOptOutList, SqliteOptOutList, Statement


def sent(report: CallReport) -> None:
    seconds: float = report.seconds


def alert(auth: KeySecret | Signed) -> str | None:
    with AlertsClient(auth, format="xml", encoding="query", timeout=httpx.Timeout(5), retries=RetryPolicy(count=1)) as client:
        try:
            answer = client.send(Alert(to="16365553226", template=2, type_="unicode"), custom={"server": "host3", "load": 4})
        except errors.AlertRejected as error:
            status: str = error.status
            retryable: bool = error.retryable
            parts: list[alerts.models.AlertPart] = error.accepted
            return error.meaning
        except errors.Throttled as error:
            wait: float | None = error.retry_after
            raise
    identifier = answer.messages[0].message_id
    return identifier if identifier is not UNSET else None


def numbers(auth: KeySecret) -> Iterator[str]:
    with OptInClient(auth, transport=httpx.HTTPTransport(), on_call=sent) as client:
        for record in client.opt_outs(page_size=500):
            yield record.msisdn
        subscribed: bool = client.resubscribe("15559301529").opt_in


async def awaited(auth: KeySecret, basic: Basic, jwt: Jwt) -> AsyncIterator[str]:
    async with AsyncAlertsClient(auth) as one, AsyncOptInClient(auth) as two, AsyncMessagesClient(basic) as three:
        await one.send(Alert(to="16365553226"))
        async for record in two.opt_outs():
            yield record.msisdn
        yield (await three.send(outbound.viber.text("Hello", to="447700900000", from_="abc", ttl=60))).message_uuid


def moved(jwt: Jwt, events: webhooks.Receiver) -> str:
    opt_outs = SqliteOptOutList("opt-outs.db", stop_words=["REVOKE"])
    for name, path in (("message-status", "/status"), ("delivery-receipt", "/dlr")):
        events.on(name, path)(opt_outs.honour)
    events.on("inbound-sms", "/sms")(opt_outs.honour)
    events.on("inbound-message", "/inbound")(opt_outs.honour)
    said: list[Statement] = list(opt_outs)
    known: bool = "16365553226" in opt_outs
    alert = Alert(to="16365553226")
    campaign = Campaign({0: "Your ${server} is down"})
    text: str = campaign.render(alert, custom={"server": "host3"}).text
    shared: RedisOptOutList = RedisOptOutList("redis://127.0.0.1:6379/0")
    with CampaignClient(jwt, campaign=campaign, opt_outs=opt_outs if known else shared, from_="18335550100") as client:
        return client.send(alert, custom={"server": "host3"}).message_count


def message(jwt: Jwt) -> None:
    MessagesClient(jwt).send(messages.models.SmsOutbound(
        to=messages.models.SmsAddress("447700900000"),
        from_=messages.models.SmsAddress("447700900001"),
        message=messages.models.SmsOutboundBody(messages.models.SmsText("Hello")),
    ))
    MessagesClient(jwt).send(outbound.whatsapp.template("a:b", to="447700900000", from_="447700900001", locale="en-GB"))
"""

WRONG = """
from shortcodekit import Alert, AlertsClient, AsyncAlertsClient, Basic, KeySecret, MessagesClient, OptInClient, migration, outbound
auth, basic = KeySecret("abcd1234", "api-secret"), Basic("abcd1234", "api-secret")
campaign, opt_outs = migration.Campaign({0: "Zero"}), migration.SqliteOptOutList("opt-outs.db")
AlertsClient(auth, format="yaml")
AlertsClient(auth, encoding="xml")
AlertsClient("abcd1234:api-secret")
AlertsClient(auth, timeout=None)
Alert()
Alert(to="16365553226", type_="binary")
Alert(to="16365553226", template="two")
AlertsClient(auth).send(Alert(to="16365553226"), custom={"server": None})
AlertsClient(auth).send(Alert(to="16365553226"), client_ref="incident-42")
AlertsClient(auth).send(Alert(to="16365553226")).message_id
AsyncAlertsClient(auth).send(Alert(to="16365553226")).messages
OptInClient(auth).opt_outs("100")
for record in OptInClient(auth).page(): pass
MessagesClient(basic, format="xml")
MessagesClient(basic).send("Hello")
MessagesClient(basic).send(Alert(to="16365553226"))
outbound.sms.image("https://example.com/a.png", to="447700900000", from_="447700900001")
outbound.sms.text("Hello", to="447700900000", from_="447700900001", ttl=60)
outbound.viber.text("Hello", to="447700900000", from_="abc", category="response")
outbound.whatsapp.template("a:b", to="447700900000", from_="447700900001")
migration.Campaign({"0": "Your ${server} is down"})
migration.CampaignClient(basic, campaign=campaign, opt_outs={"16365553226"}, from_="18335550100")
migration.CampaignClient(basic, campaign=campaign, opt_outs=opt_outs)
migration.CampaignClient(basic, campaign=campaign, opt_outs=opt_outs, from_="18335550100").send("Hello")
opt_outs.opt_in("16365553226")
"""


def test_a_right_program_passes(tmp_path: Path) -> None:
    assert mypy(RIGHT, tmp_path) == []


def test_each_mistake_is_reported(tmp_path: Path) -> None:
    reported = {int(found[1]) for line in mypy(WRONG, tmp_path) if (found := re.search(r"program.py:(\d+):", line))}
    mistakes = WRONG.splitlines()
    missed = [mistakes[line - 1] for line in range(5, len(mistakes) + 1) if line not in reported]
    assert missed == []
