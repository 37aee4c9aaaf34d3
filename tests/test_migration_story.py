"""A campaign before and after the move, on the sandbox, with STOPs in the middle that come to a real receiver by webhook.

Before, the sandbox keeps the opt-outs of the short code. After, messages come from another number, of whose recipients it knows
nothing: whoever is kept from messages there is kept from them by the list.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define

from contract_tests.profiles import PROFILE
from contract_tests.sandboxed import hooks, served
from shortcodekit import Alert, AlertsClient, OptInClient, errors
from shortcodekit.migration import AsyncCampaignClient, Campaign, CampaignClient, OptOutList, Source
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import JwtSecret, Receiver, SigSecret

from .opt_out_lists import Place

OURS: Final = "18335550100"
ROUNDS: Final = 200 if PROFILE == "deep" else 4
TEMPLATES: Final = {
    0: "Your ${server} is down, see ${link}",
    2: "${server} is up again",
    3: "Wartung heute um ${time} Uhr, ${name}! Ж",
    4: "${long}",
}
PHONES: Final = [f"1636555{number:04}" for number in range(12)]
KINDS_OF_EVENTS: Final = ("delivery-receipt", "inbound-sms", "message-status", "inbound-message")

Send = Callable[[Alert, dict[str, Any]], Any]


def notices() -> Iterator[tuple[Alert, dict[str, Any]]]:
    """What the campaign has to say, to every phone."""
    for number, phone in enumerate(PHONES):
        reference = f"r{number}"
        yield Alert(to=phone, client_ref=reference), {"server": f"host{number}", "link": "https://example.com/?a=1&b=2"}
        yield Alert(to=phone, template=1), {"server": "host", "link": number}
        yield Alert(to=phone, template=2, type_="unicode"), {"server": "Größe € 😀"}
        yield Alert(to=phone, template=3, type_="unicode" if number % 2 else "text"), {"time": 7.5, "name": "Ж"}
        yield Alert(to=phone, template=4), {"long": f"{number:03}" * 200}
        yield Alert(to=phone, template=2), {}
        yield Alert(to=phone, template=5), {"server": "host"}


def told(send: Send, alert: Alert, custom: dict[str, Any]) -> tuple[Any, ...]:
    """What comes of it for the caller."""
    try:
        answer = send(alert, custom)
    except errors.AlertRejected as error:
        return error.status, error.retryable, error.may_have_been_sent, error.parts[0].to, error.parts[0].client_ref
    return tuple((part.status, part.to, part.client_ref, part.error_text) for part in answer.messages)


def run(send: Send, stopping: Callable[[str], object], starting: Callable[[str], object]) -> list[tuple[Any, ...]]:
    """The campaign: some have opted out before, some do so in the middle, one comes back."""
    outcomes = []
    for number, (alert, custom) in enumerate(notices()):
        outcomes.append(told(send, alert, custom))
        if number % 7 == 1 and number // 7 % 3 == 1:
            stopping(alert.to)
        if number % 7 == 4 and alert.to == PHONES[4]:
            starting(alert.to)
    return outcomes


EARLIER: Final = [PHONES[0], PHONES[9], PHONES[11]]
"""Who opted out before it all began, by a STOP to the short code."""
STOPPING: Final = [PHONES[1], PHONES[4], PHONES[7], PHONES[10]]
"""Who does in the middle; the second of them comes back."""


def texts(sandbox: Sandbox) -> dict[str, list[str]]:
    return {phone: sandbox.phone(phone).texts for phone in PHONES}


@pytest.fixture(scope="module")
def before() -> tuple[dict[str, list[str]], list[tuple[Any, ...]]]:
    """The texts on each phone and the outcomes, as it was on the short code."""
    with Sandbox(short_code="96167") as sandbox:
        sandbox.set_templates({index: TEMPLATES.get(index) for index in range(6)})
        for phone in EARLIER:
            sandbox.phone(phone).text("STOP")
        with (
            AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts,
            OptInClient(sandbox.auth, base_url=sandbox.url) as opt_in,
        ):
            outcomes = run(
                lambda alert, custom: alerts.send(alert, custom=custom),
                lambda phone: sandbox.phone(phone).text("Stop."),
                opt_in.resubscribe,
            )
        return texts(sandbox), outcomes


@define
class After:
    """The same campaign's new home."""

    sandbox: Sandbox
    opt_outs: OptOutList

    def text(self, phone: str, words: str) -> None:
        """Someone writes to the campaign's number; returns when the webhook was answered."""
        self.sandbox.phone(phone).text(words, to=OURS)
        self.sandbox.advance(seconds=1)


@contextmanager
def moved(kept: Place, *, failing: Callable[[], bool] = lambda: False) -> Iterator[After]:
    """A sandbox whose webhooks come to a receiver, and a list that was imported; what is `failing` comes again."""
    with Sandbox(short_code="96167", sign_webhooks=True) as sandbox:
        sandbox.set_templates(dict.fromkeys(range(6), "from elsewhere"))
        opt_outs = kept.open(clock=lambda: sandbox.now)
        for phone in EARLIER:
            sandbox.phone(phone).text("STOP")
        with OptInClient(sandbox.auth, base_url=sandbox.url) as opt_in:
            assert opt_outs.import_from(opt_in, page_size=2).added == len(EARLIER)
        receiver = Receiver(verify=[SigSecret(sandbox.signature_secret), JwtSecret(sandbox.signature_secret)])

        def honour(event: Any) -> None:
            if failing():
                raise ConnectionError
            opt_outs.honour(event)

        for kind in KINDS_OF_EVENTS:
            receiver.on(kind, f"/{kind}")(honour)
        with served(receiver) as base:
            sandbox.configure(**hooks(base))
            yield After(sandbox, opt_outs)


def first(count: int) -> Callable[[], bool]:
    """True so many times."""
    left = iter([True] * count)
    return lambda: next(left, False)


def client(after: After) -> CampaignClient:
    return CampaignClient(
        after.sandbox.jwt(),
        campaign=Campaign(TEMPLATES),
        opt_outs=after.opt_outs,
        from_=OURS,
        base_url=after.sandbox.url,
    )


def test_each_phone_gets_the_same_texts_before_and_after_and_nobody_who_opted_out_a_single_one(
    before: tuple[dict[str, list[str]], list[tuple[Any, ...]]], kept: Place
) -> None:
    with moved(kept) as after, client(after) as alerts:
        outcomes = run(
            lambda alert, custom: alerts.send(alert, custom=custom),
            lambda phone: after.text(phone, " sToP!"),
            lambda phone: after.text(phone, "start"),
        )
        assert texts(after.sandbox) == before[0]
        assert outcomes == before[1]
        assert all(texts(after.sandbox)[phone] == [] for phone in EARLIER)
        sent = [each for each in after.sandbox.requests if each["operation"] == "sendMessage"]
        assert all(each["status"] == 202 for each in sent)
        assert not {each["msisdn"] for each in sent} & set(EARLIER), "nothing was even asked for"
        assert {each.number for each in after.opt_outs} == {*EARLIER, *STOPPING} - {PHONES[4]}
        trail = [(each.source, each.wants_messages, each.said) for each in after.opt_outs.history(PHONES[4])]
        assert trail == [(Source.INBOUND_MESSAGE, False, " sToP!"), (Source.INBOUND_MESSAGE, True, "start")]
        stop = next(after.opt_outs.history(PHONES[7]))
        inbound = [each for each in after.sandbox.phone(PHONES[7]).messages if each["direction"] == "inbound"]
        assert (stop.reference, stop.addressed) == (inbound[0]["message_uuid"], OURS)


def test_the_same_awaited(before: tuple[dict[str, list[str]], list[tuple[Any, ...]]], tmp_path: Path) -> None:
    with moved(Place(str(tmp_path / "opt-outs.db"))) as after:
        with asyncio.Runner() as runner:
            alerts = AsyncCampaignClient(
                after.sandbox.basic,
                campaign=Campaign(TEMPLATES),
                opt_outs=after.opt_outs,
                from_=OURS,
                base_url=after.sandbox.url,
            )
            run(
                lambda alert, custom: runner.run(alerts.send(alert, custom=custom)),
                lambda phone: after.text(phone, "Unsubscribe"),
                lambda phone: after.text(phone, "UNSTOP"),
            )
            runner.run(alerts.aclose())
        assert texts(after.sandbox) == before[0]
        after.opt_outs.close()


def test_a_stop_whose_webhook_failed_is_honoured_as_soon_as_it_comes_again(kept: Place) -> None:
    with moved(kept, failing=first(3)) as after, client(after) as alerts:
        after.text(PHONES[5], "STOP")
        assert PHONES[5] not in after.opt_outs
        after.sandbox.advance(minutes=2)
        with pytest.raises(errors.AlertRejected):
            alerts.send(Alert(to=PHONES[5], template=2), custom={"server": "host"})
        assert after.sandbox.phone(PHONES[5]).texts == []


@pytest.mark.parametrize("to", [OURS, None], ids=["your number", "the short code"])
def test_a_start_that_comes_late_does_not_undo_the_stop_that_followed_it(kept: Place, to: str | None) -> None:
    with moved(kept, failing=first(1)) as after:
        phone = after.sandbox.phone(PHONES[2])
        phone.text("START", to=to)
        after.sandbox.advance(seconds=2)  # it was not taken
        phone.text("STOP", to=to)
        after.sandbox.advance(minutes=5)
        assert {each["status"] for each in after.sandbox.webhooks} == {200, 500}
        assert PHONES[2] in after.opt_outs
        assert [each.counts for each in after.opt_outs.history(PHONES[2])] == [True, False]


def test_the_short_code_is_listened_to_as_well(kept: Place) -> None:
    with moved(kept) as after, client(after) as alerts:
        after.sandbox.phone(PHONES[3]).text("cancel")
        after.sandbox.advance(seconds=1)
        with pytest.raises(errors.AlertRejected):
            alerts.send(Alert(to=PHONES[3], template=2), custom={"server": "host"})
        assert next(after.opt_outs.history(PHONES[3])).source is Source.INBOUND_SMS
        with OptInClient(after.sandbox.auth, base_url=after.sandbox.url) as opt_in:
            after.opt_outs.import_from(opt_in)
        after.text(PHONES[3], "Start")
        alerts.send(Alert(to=PHONES[3], template=2), custom={"server": "host"})
        assert after.sandbox.phone(PHONES[3]).texts == ["host is up again"]


def test_who_opted_out_elsewhere_is_listed_when_the_service_says_so(kept: Place) -> None:
    """As one whose STOP the service itself has kept: what is sent is not delivered, and a status tells why."""
    with moved(kept) as after, client(after) as alerts:
        after.sandbox.configure(message_url=None)
        after.text(PHONES[6], "STOP")
        alerts.send(Alert(to=PHONES[6], template=2, client_ref="r"), custom={"server": "host"})
        after.sandbox.advance(seconds=5)
        assert after.sandbox.phone(PHONES[6]).texts == []
        (stop,) = after.opt_outs.history(PHONES[6])
        assert (stop.source, stop.said) == (Source.MESSAGE_STATUS, "1240 illegal-number")
        with pytest.raises(errors.AlertRejected):
            alerts.send(Alert(to=PHONES[6], template=2), custom={"server": "host"})


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whatever_happens_whoever_said_stop_last_is_not_written_to_once_that_was_told(seed: int, kept: Place) -> None:
    chance = random.Random(seed)  # noqa: S311  # nobody has to be kept from guessing it
    last: dict[str, str] = {}
    phones = PHONES[:4]
    failing = random.Random(f"failing {seed}")  # noqa: S311  # as above; the receiver draws when an event comes
    with moved(kept, failing=lambda: failing.random() < 0.3) as after, client(after) as alerts:
        with OptInClient(after.sandbox.auth, base_url=after.sandbox.url) as opt_in:
            for _ in range(40):
                phone = chance.choice(phones)
                match chance.randrange(6):
                    case 0 | 1:
                        last[phone] = chance.choice(["STOP", "start", "quit", "Unstop"])
                        after.sandbox.phone(phone).text(last[phone], to=chance.choice([OURS, None]))
                    case 2:
                        after.opt_outs.import_from(opt_in, page_size=2)
                    case 3:
                        with suppress(errors.AlertRejected):
                            alerts.send(Alert(to=phone, template=2), custom={"server": "host"})
                    case _:
                        after.sandbox.advance(seconds=chance.choice([0.5, 3, 60, 4000]))
            after.sandbox.advance(hours=20)
            after.opt_outs.import_from(opt_in)
        for phone in [each for each, words in last.items() if words in {"STOP", "quit"}]:
            with pytest.raises(errors.AlertRejected):
                alerts.send(Alert(to=phone, template=2), custom={"server": "host"})
