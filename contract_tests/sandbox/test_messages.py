"""The sandbox's Messages API: what it takes, what it refuses and in which words, whom it knows, and what becomes of messages."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from attrs import define
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract_tests.apis import OPERATIONS, WEBHOOKS, Api
from contract_tests.peers import MESSAGE, pem, rsa_key
from contract_tests.samples import ACCEPTED, REJECTED, Sample
from contract_tests.sandboxed import Reply, hooks, raw, served, written
from contract_tests.signed import token_of
from shortcodekit import Basic, MessagesClient, messages, outbound
from shortcodekit.errors import ApiProblem, AuthenticationFailed
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import JwtSecret, Receiver

API = Api("messages")
PATH = "/v0.1/messages"
TAKEN = [sample for api, sample in ACCEPTED if api == API and sample.family.schema == "OutboundMessage"]
WRONG = [sample for api, sample in REJECTED if api == API and sample.family.schema == "OutboundMessage"]
(SEND,) = (each for each in OPERATIONS if each.name == "sendMessage")
EXAMPLES = {name: value for name, _, schema, value in SEND.examples() if schema == "OutboundMessage"}
(ARRIVES,) = (each for each in WEBHOOKS if each.name == "inboundMessage")
ARRIVING = {name: value for name, _, _, value in ARRIVES.examples() if name != "channel-to-come"}
_TOO_LARGE = json.dumps(next(iter(EXAMPLES.values())))[:-1].encode() + b', "unknown": [1e400]}'
ERRORS = [
    pytest.param(branch["const"], branch["x-code"]["opted-out"], id=branch["title"])
    for branch in API.schemas["MessageErrorCode"]["anyOf"]
    if "const" in branch
]
READ_ON = {"whatsapp", "viber_service_msg", "messenger"}
"""The channels on which it is told that a message was read: "Messages API v0.1: Message Status callback"."""
APPLICATION = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"


@define
class Stage:
    """A sandbox, a client of its account, and what a receiver of its webhooks was told."""

    sandbox: Sandbox
    client: MessagesClient
    told: list[Any]

    def post(self, body: bytes, authorization: str | None = "", path: str = PATH) -> Reply:
        """The answer to a body; without another authorization it is the account's."""
        basic = base64.b64encode(f"{self.sandbox.api_key}:{self.sandbox.api_secret}".encode()).decode()
        fields = [] if authorization is None else [f"Authorization: {authorization or f'Basic {basic}'}"]
        return raw(self.sandbox, written("POST", path, body, "Content-Type: application/json", *fields))

    def heard(self, seconds: float = 5) -> list[Any]:
        """What the receiver was told since the last time, when so much time has gone by."""
        self.sandbox.advance(seconds=seconds)
        told, self.told[:] = list(self.told), []
        return told


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    told: list[Any] = []
    with Sandbox(sign_webhooks=True) as sandbox:
        receiver = Receiver(verify=JwtSecret(sandbox.signature_secret))
        for event in ("message-status", "inbound-message"):
            receiver.on(event, f"/{event}")(told.append)
        with served(receiver) as base, MessagesClient(sandbox.basic, base_url=sandbox.url, retries=0) as client:
            sandbox.configure(
                **{name: url for name, url in hooks(base).items() if name in {"status_url", "message_url"}}
            )
            sandbox.register(APPLICATION, public())
            yield Stage(sandbox, client, told)


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.sandbox.reset()
    running.sandbox.advance()  # returns when what was on its way has arrived
    running.sandbox.reset()
    running.told.clear()
    return running


def public() -> str:
    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


# ---- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", TAKEN, ids=str)
def test_every_message_that_may_be_sent_is_taken_and_shown_on_the_phone(stage: Stage, sample: Sample) -> None:
    reply = stage.post(sample.content)
    assert (reply.status, reply.kind) == (202, "application/json")
    assert API.validator("MessageAccepted").is_valid(reply.document)
    (shown,), said = stage.sandbox.messages, sample.document(API)
    assert shown["message_uuid"] == reply.document["message_uuid"]
    assert shown["channel"] == said["to"]["type"]
    assert shown["content"] == said["message"]["content"]
    assert [shown["msisdn"], shown["sender"]] == [
        said[end].get("number", said[end].get("id")) for end in ("to", "from")
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_spec_is_sent_by_the_client_and_reported(stage: Stage, name: str) -> None:
    said = EXAMPLES[name]
    uuid = stage.client.send(said).message_uuid
    told = stage.heard()
    expected = ["submitted", "delivered"] + ["read"] * (said["to"]["type"] in READ_ON)
    assert [each.status for each in told] == expected
    for each in told:
        document = each.to_dict()
        assert API.validator("MessageStatus").is_valid(document)
        assert (each.message_uuid, document["to"], document["from"]) == (uuid, said["to"], said["from"])
        assert document.get("client_ref") == said.get("client_ref")
    assert [each.timestamp for each in told] == sorted({each.timestamp for each in told})


@pytest.mark.parametrize(
    "path", ["/v0.1/messages", "/v0.1/messages/", "/v0.1/messages?", "//v0.1/messages", "v0.1/messages"]
)
def test_a_message_is_taken_at_every_form_of_the_path(stage: Stage, path: str) -> None:
    assert stage.post(json.dumps(MESSAGE).encode(), path=path).status == 202


def test_methods_that_are_not_offered_are_refused_as_a_problem(stage: Stage) -> None:
    reply = raw(stage.sandbox, written("GET", PATH))
    assert (reply.status, reply.headers["allow"], reply.document["title"]) == (405, "POST", "Method not allowed")


def test_a_message_costs_its_price_and_is_refused_with_402_when_that_is_not_covered() -> None:
    with (
        Sandbox(balance="0.05", price="0.02") as sandbox,
        MessagesClient(sandbox.basic, base_url=sandbox.url, retries=0) as client,
    ):
        for _ in range(2):
            client.send(MESSAGE)
        with pytest.raises(ApiProblem) as caught:
            client.send(MESSAGE)
        assert caught.value.http_status == 402
        assert len(sandbox.messages) == 2


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", WRONG, ids=str)
def test_every_broken_rule_is_refused_as_a_problem_that_names_field_rule_and_page(stage: Stage, sample: Sample) -> None:
    reply = stage.post(sample.content)
    assert (reply.status, reply.kind) == (400, "application/json")
    assert API.validator("Problem").is_valid(reply.document)
    assert reply.document["detail"]
    assert not stage.sandbox.messages
    if "at" in sample.facts:
        (violation,) = reply.document["invalid_parameters"]
        place = ".".join(each for each in sample.facts["at"].split("/") if each)
        assert violation["name"].replace("[", ".").replace("]", "").startswith(place)
        assert violation["reason"]
        assert violation["source"].partition(":")[0] in {"Messages API v0.1", "Published elsewhere"}
        assert reply.document["detail"] == f"{violation['name']}: {violation['reason']} ({violation['source']})"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b"\xff", b'"' + b"x" * 5000, b"[" * 5000, b"1e400", _TOO_LARGE],
    ids=lambda each: repr(each[:8]),
)
def test_nonsense_is_refused_as_a_problem(stage: Stage, body: bytes) -> None:
    reply = stage.post(body)
    assert reply.status == 400
    assert API.validator("Problem").is_valid(reply.document)


def test_clients_raise_the_problem(stage: Stage) -> None:
    stage.sandbox.faults.add(http_status=422)
    with pytest.raises(ApiProblem) as caught:
        stage.client.send(MESSAGE)
    assert (caught.value.http_status, caught.value.title) == (422, "Unprocessable")


# ---- who asks --------------------------------------------------------------------------------------------------------

NOW = int(time.time())  # claims are told from here, and moved to when a token is made
CLAIMS = {"application_id": APPLICATION, "iat": NOW, "exp": NOW + 900, "jti": "1"}


def token(**changes: Any) -> str:
    """A token of the application, made now; a change to `...` leaves a claim out."""
    passed = int(time.time()) - NOW
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    claims |= {name: claims[name] + passed for name in ("iat", "exp", "nbf") if isinstance(claims.get(name), int)}
    return jwt.encode(claims, pem(rsa_key()), "RS256")


GOOD: dict[str, dict[str, Any]] = {
    "as libraries make it": {},
    "a minute": {"exp": NOW + 60},
    "24 hours": {"exp": NOW + 86_400},
    "without an end": {"exp": ...},
    "with claims to come": {"acl": {"paths": {}}, "sub": "user", "nbf": NOW, "aud": "any"},
    "of a clock that is ahead": {"iat": NOW + 30},
}
BAD: dict[str, dict[str, Any]] = {
    "expired": {"iat": NOW - 900, "exp": NOW - 60},
    "of more than 24 hours": {"exp": NOW + 86_500},
    "old and without an end": {"iat": NOW - 90_000, "exp": ...},
    "of tomorrow": {"iat": NOW + 3600, "exp": NOW + 3700},
    "of no time": {"iat": ...},
    "of a time in words": {"exp": "soon"},
    "without an id": {"jti": ...},
    "of no application": {"application_id": ...},
    "of an unknown application": {"application_id": "aaaaaaaa-bbbb-4ccc-8ddd-000000000000"},
    "of an application in a list": {"application_id": [APPLICATION]},
}


@pytest.mark.parametrize("case", GOOD)
def test_tokens_of_a_registered_application_are_taken(stage: Stage, case: str) -> None:
    assert stage.post(json.dumps(MESSAGE).encode(), f"Bearer {token(**GOOD[case])}").status == 202


@pytest.mark.parametrize("case", BAD)
def test_other_tokens_are_refused_with_401(stage: Stage, case: str) -> None:
    refused(stage, f"Bearer {token(**BAD[case])}")


def refused(stage: Stage, authorization: str | None, path: str = PATH) -> None:
    reply = stage.post(json.dumps(MESSAGE).encode(), authorization, path)
    assert (reply.status, reply.document["title"]) == (401, "Unauthorized")
    assert API.validator("Problem").is_valid(reply.document)
    assert not stage.sandbox.messages


def test_tokens_that_are_not_signed_by_the_applications_private_key_are_refused(stage: Stage) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    other = jwt.encode(CLAIMS, pem(generate_private_key(65537, 2048)), "RS256")
    good = token()
    head, claims, signature = good.split(".")
    for wrong in (
        other,
        token_of(CLAIMS, public()),  # HS256 with the public key, which everybody may know
        token_of(CLAIMS, public(), header={"alg": "RS256", "typ": "JWT"}),
        *(token_of(CLAIMS, "", header={"alg": name}, signature=b"") for name in ("none", "None", "NONE", "")),
        jwt.encode(CLAIMS, pem(rsa_key()), "RS512"),
        f"{head}.{claims}.{signature[:-8]}AAAAAAAA",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        "x",
        "",
        token_of({**CLAIMS, "application_id": APPLICATION}, header={"alg": "RS256", "jwk": {"kty": "oct", "k": "AA"}}),
    ):
        refused(stage, f"Bearer {wrong}")
    assert stage.post(json.dumps(MESSAGE).encode(), f"bearer {good}").status == 202


def test_the_clients_token_is_taken_and_another_applications_is_not(stage: Stage) -> None:
    auth = stage.sandbox.jwt("11111111-2222-4333-8444-555555555555")
    with MessagesClient(auth, base_url=stage.sandbox.url, retries=0) as client:
        assert client.send(MESSAGE).message_uuid
    with Sandbox() as other, MessagesClient(auth, base_url=other.url) as client, pytest.raises(AuthenticationFailed):
        client.send(MESSAGE)


def test_wrong_or_missing_or_double_credentials_are_refused(stage: Stage) -> None:
    sandbox = stage.sandbox
    for wrong in (None, "Basic", "Basic x", "Basic YTpi", "Digest x", "Bearer", "Token x"):
        refused(stage, wrong)
    right = base64.b64encode(f"{sandbox.api_key}:{sandbox.api_secret}".encode()).decode()
    refused(stage, f"Basic {right}\r\nAuthorization: Bearer {token()}")
    refused(stage, f"Basic {right}, Bearer {token()}")
    refused(stage, f"Basic {right}", f"{PATH}?api_key={sandbox.api_key}&api_secret={sandbox.api_secret}")
    for auth in (Basic("x", sandbox.api_secret), Basic(sandbox.api_key, "x")):
        with MessagesClient(auth, base_url=sandbox.url) as client, pytest.raises(AuthenticationFailed):
            client.send(MESSAGE)


# ---- what becomes of them --------------------------------------------------------------------------------------------


def text_to(number: str) -> Any:
    return outbound.sms.text(to=number, from_="96167", text="Hello", client_ref="mine")


@pytest.mark.parametrize(("code", "opted_out"), ERRORS)
def test_a_number_that_ends_in_an_error_code_is_told_to_have_that_error(
    stage: Stage, code: int, opted_out: bool
) -> None:
    stage.client.send(text_to(f"1555000{code:04}"))
    submitted, ended = stage.heard()
    assert (submitted.status, "error" in submitted.to_dict()) == ("submitted", False)
    assert ended.status == ("rejected" if opted_out else "undeliverable")
    assert ended.error.code == code
    assert ended.error.reason
    assert ended.client_ref == "mine"
    assert "usage" not in ended.to_dict()


def test_numbers_near_those_are_like_any_other(stage: Stage) -> None:
    for number in ("15550009999", "155500013300", "5550001330", "15550021330", "1555000133"):
        stage.client.send(text_to(number))
        assert [each.status for each in stage.heard()] == ["submitted", "delivered"]


def test_who_texted_stop_to_a_sender_gets_nothing_from_it_until_start(stage: Stage) -> None:
    phone = stage.sandbox.phone("15550100123")
    phone.send("sms", text="Stop", to="14155550100")
    (stopped,) = stage.heard()
    assert stopped.to_dict()["message"]["content"] == {"type": "text", "text": "Stop"}
    from_it = outbound.sms.text(to="15550100123", from_="14155550100", text="Hello")
    stage.client.send(from_it)
    submitted, rejected = stage.heard()
    assert (submitted.status, rejected.status, rejected.error.code) == ("submitted", "rejected", 1240)
    stage.client.send(text_to("15550100123"))
    assert [each.status for each in stage.heard()] == ["submitted", "delivered"], "another sender"
    phone.send("sms", text="start", to="14155550100")
    stage.heard()
    stage.client.send(from_it)
    assert [each.status for each in stage.heard()] == ["submitted", "delivered"]


def test_who_opted_out_of_the_campaign_gets_no_message_from_its_short_code(stage: Stage) -> None:
    stage.sandbox.phone("15550100123").text("STOP")
    stage.heard()
    stage.client.send(text_to("15550100123"))
    assert [each.status for each in stage.heard()] == ["submitted", "rejected"]


@pytest.mark.parametrize("channel", ["whatsapp", "viber_service_msg", "messenger"])
def test_a_stop_is_a_word_like_any_other_on_other_channels(stage: Stage, channel: str) -> None:
    stage.sandbox.phone("15550100123").send(channel, text="STOP", to="96167")
    stage.heard()
    stage.client.send(text_to("15550100123"))
    assert [each.status for each in stage.heard()] == ["submitted", "delivered"]


# ---- what people write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARRIVING)
def test_every_content_of_every_channel_arrives_and_is_read(stage: Stage, name: str) -> None:
    said = ARRIVING[name]
    to, sender = (said[end].get("number", said[end].get("id")) for end in ("to", "from"))
    content = said["message"]["content"]
    stage.sandbox.phone(sender).send(said["to"]["type"], content, to=to)
    (heard,) = stage.heard()
    document = heard.to_dict()
    assert API.validator("InboundMessage").is_valid(document)
    assert document["message"]["content"] == content
    assert (document["to"], document["from"]) == (said["to"], said["from"])
    assert set(document["message"]) == set(said["message"])
    assert ("usage" in document) == (said["to"]["type"] == "sms")
    assert isinstance(heard, type(messages.models.inbound_message_from_dict(said)))


def test_a_reply_goes_to_the_sender_that_wrote_last_on_the_channel(stage: Stage) -> None:
    stage.client.send(outbound.whatsapp.text(to="15550100123", from_="14155550100", text="Hello"))
    stage.heard()
    stage.sandbox.phone("15550100123").send("whatsapp", text="Hello yourself")
    (heard,) = stage.heard()
    assert (heard.to.number, heard.message.content.text) == ("14155550100", "Hello yourself")


@pytest.mark.parametrize(("size", "count"), [(1, "1"), (160, "1"), (161, "2"), (307, "3")])
def test_an_inbound_sms_tells_of_how_many_it_was_made(stage: Stage, size: int, count: str) -> None:
    stage.sandbox.phone("15550100123").send("sms", text="x" * size, to="14155550100")
    (heard,) = stage.heard()
    assert heard.message.sms.num_messages == count


@pytest.mark.parametrize(
    ("channel", "content", "field"),
    [
        ("sms", {"type": "image", "image": {"url": "https://example.com/a.jpg"}}, "content.type"),
        ("mms", {"type": "text", "text": "x"}, "content.type"),
        ("whatsapp", {"type": "location", "location": {}}, "message.content.location"),
        ("messenger", {"type": "image"}, "message.content"),
        ("viber_service_msg", {"type": "video", "video": {"url": "https://example.com/a.mp4"}}, "content.type"),
    ],
)
def test_what_a_channel_does_not_have_cannot_be_sent_on_it(
    stage: Stage, channel: str, content: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        stage.sandbox.phone("15550100123").send(channel, content, to="96167")
    assert not stage.sandbox.messages
