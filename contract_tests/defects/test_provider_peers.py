"""The seeded providers are what they say: each broken one has a witness, and the correct ones answer all witnesses rightly.

Nothing here looks at the laws that judge providers; the witnesses are raw requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from contract_tests.apis import Api
from shortcode_clients.alerts.models import AlertResponse
from shortcode_clients.opt_in.models import OptOutList, RestError

from .providers import BROKEN, CORRECT, Provider
from .providers.talk import ACCOUNT, JSON, LONG, PHONE, Talk
from .providers.witnesses import ALERTS, CREDENTIALS, OPT_IN, REQUESTS, Witness
from .providers.witnesses_messages import WITNESSES as MESSAGES
from .providers.witnesses_two_factor import WITNESSES as TWO_FACTOR

WITNESSES: Final[Mapping[str, Witness]] = {**ALERTS, **REQUESTS, **CREDENTIALS, **OPT_IN, **MESSAGES, **TWO_FACTOR}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def _named(provider: Provider) -> str:
    return provider.name


def test_names_are_unique_and_sentences_say_what_is_wrong() -> None:
    providers = (*BROKEN, *CORRECT)
    assert len({each.name for each in providers}) == len(providers)
    assert len({each.sentence for each in providers}) == len(providers)
    assert all(each.sentence.endswith(".") for each in providers)
    assert len(BROKEN) >= 40
    assert len(CORRECT) >= 8


def test_every_broken_provider_has_a_witness_and_no_witness_is_left_over() -> None:
    assert WITNESSES.keys() == {each.name for each in BROKEN}
    assert len(WITNESSES) == sum(map(len, (ALERTS, REQUESTS, CREDENTIALS, OPT_IN, MESSAGES, TWO_FACTOR)))


@pytest.mark.parametrize("provider", BROKEN, ids=_named)
def test_a_broken_provider_answers_its_witness_wrongly(provider: Provider, runner: asyncio.Runner) -> None:
    witness = WITNESSES[provider.name]
    seen = witness.seen(Talk(provider.make(ACCOUNT), runner))
    assert seen == witness.wrong != witness.right, provider.sentence


@pytest.mark.parametrize("provider", CORRECT, ids=_named)
def test_a_correct_provider_answers_every_witness_rightly(provider: Provider, runner: asyncio.Runner) -> None:
    talk = Talk(provider.make(ACCOUNT), runner)
    wrong: dict[str, Any] = {}
    for name, witness in WITNESSES.items():
        seen = witness.seen(talk)
        if seen != witness.right or type(seen) is not type(witness.right):
            wrong[name] = seen
        talk.reset()
    assert not wrong


@pytest.mark.parametrize("provider", CORRECT, ids=_named)
def test_what_one_instance_was_told_another_does_not_know(provider: Provider, runner: asyncio.Runner) -> None:
    one, other = (Talk(provider.make(ACCOUNT), runner) for _ in range(2))
    one.text()
    assert one.listed() == [PHONE]
    assert other.listed() == []
    assert (one.status(), other.status()) == ("7", "0")


@pytest.mark.parametrize("provider", CORRECT, ids=_named)
def test_a_correct_provider_tells_json_and_xml_alike(provider: Provider, runner: asyncio.Runner) -> None:
    talk = Talk(provider.make(ACCOUNT), runner)
    for said in ({}, {"server": LONG}, {"template": 6}, {"api_secret": "wrong"}, {"client_ref": "a & b"}):
        document, root = talk.alert(**said).document, talk.alert("xml", **said).root
        told = [(str(each["status"]), each.get("client-ref")) for each in document["messages"]]
        assert [(each.findtext("status"), each.findtext("clientRef")) for each in root.iter("message")] == told
        assert root.find("messages").get("count") == str(document["message-count"])  # type: ignore[union-attr]


@pytest.mark.parametrize("provider", CORRECT, ids=_named)
def test_a_correct_provider_answers_what_the_specs_describe(provider: Provider, runner: asyncio.Runner) -> None:
    talk = Talk(provider.make(ACCOUNT), runner)
    told = [("alerts", "AlertResponse", talk.alert(**said)) for said in ALERTS_SENT]
    told.append(("opt_in", "OptInRecord", talk.manage()))
    talk.stops(3)
    told += [("opt_in", "OptOutList", talk.query(page=page, page_size=2)) for page in range(3)]
    told += [("opt_in", "RestError", each) for each in (talk.query(api_key=None), talk.manage(msisdn="none"))]
    told += [("messages", "Problem", talk.message({})), ("messages", "MessageAccepted", talk.message(SMS))]
    for api, name, reply in told:
        assert Api(api).validator(name).is_valid(reply.document), (name, reply)
        documented = JSON if name != "Problem" else "application/problem+json"
        assert reply.type in {JSON, documented}
    for said in ALERTS_SENT:
        assert AlertResponse.from_xml(talk.alert("xml", **said).body).messages
    assert len(OptOutList.from_xml(talk.query("xml").body).opt_in_list) == 3
    assert RestError.from_xml(talk.query("xml", api_key=None).body).error_code == "401"


ALERTS_SENT: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"server": LONG, "client_ref": "r" * 40},
    {"to": None},
    {"template": 6},
    {"api_secret": "wrong"},
)
SMS: Final = {
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "447700900001"},
    "message": {"content": {"type": "text", "text": "hello"}},
}
