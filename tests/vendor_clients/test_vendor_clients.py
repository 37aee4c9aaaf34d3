"""The vendor's own clients, old and new, work against the sandbox as they are.

Both sides are looked at: what the client made of the answer, and what the phone shows.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import pytest

from tests.vendor_clients import recording
from tests.vendor_clients.running import ALERT, BASIC, CAN, OPT_IN, SIGNED, TOKEN, Answer, Client, running
from tests.vendor_clients.surroundings import APPLICATION, Surroundings, surroundings

LINK: Final = "https://a.example/?host=3&page=1"
_NUMBERS: Final = count(16365550000)


@pytest.fixture(scope="session")
def around(rsa_key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """A sandbox that these tests share; each takes a number of its own."""
    with surroundings(rsa_key, tmp_path_factory.mktemp("certificate")) as around:
        yield around


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest, around: Surroundings) -> Iterator[Client]:
    """A client that runs: as long as its tests do, which pytest puts side by side."""
    with running(request.param, around.given, around.forwarder) as client:
        yield client


@pytest.fixture
def number() -> str:
    return str(next(_NUMBERS))


def clients_that_can(*calls: frozenset[str], only: str = "") -> pytest.MarkDecorator:
    names = [name for name, can in CAN.items() if frozenset().union(*calls) <= can and name.startswith(only)]
    return pytest.mark.parametrize("client", names, indirect=True, scope="session")


def alert_to(number: str, **custom: str) -> dict[str, str]:
    return {"to": number, "server": f"host-{number}", "link": LINK, **custom}


def message_to(number: str) -> dict[str, Any]:
    content = {"type": "text", "text": f"host-{number} is döwn: {LINK}"}
    sender = {"type": "sms", "number": "96167"}
    return {"to": {"type": "sms", "number": number}, "from": sender, "message": {"content": content}}


def received(around: Surroundings, number: str) -> list[dict[str, Any]]:
    """What the phone of this number received, newest first."""
    return [each for each in around.sandbox.messages_of(number) if each["direction"] == "outbound"]


def part(answer: Answer) -> dict[str, Any]:
    """The first part of what an alert was answered."""
    assert answer.raised is None, answer
    assert answer.returned["message-count"] == str(len(answer.returned["messages"]))
    return dict(answer.returned["messages"][0])


@clients_that_can(ALERT)
def test_an_alert_reaches_the_phone(client: Client, around: Surroundings, number: str) -> None:
    answered = part(client.call("alert", alert_to(number)))
    (shown,) = received(around, number)
    assert (answered["status"], answered["to"]) == ("0", number)
    assert answered == shown["parts"][0]
    assert f"host-{number}" in shown["text"]
    assert LINK in shown["text"]


@clients_that_can(ALERT)
def test_letters_that_are_not_ascii_arrive_as_they_were_written(
    client: Client, around: Surroundings, number: str
) -> None:
    assert part(client.call("alert", alert_to(number, server="höst 3+4 €%", type="unicode")))["status"] == "0"
    assert "höst 3+4 €%" in received(around, number)[0]["text"]


@clients_that_can(ALERT)
def test_an_alert_to_a_number_that_opted_out_is_returned_as_refused(
    client: Client, around: Surroundings, number: str
) -> None:
    around.sandbox.phone(number).text("STOP")
    answered = part(client.call("alert", alert_to(number)))
    assert answered["status"] == "7"
    assert answered["error-text"]
    assert not [each for each in received(around, number) if LINK in each["text"]]


@clients_that_can(OPT_IN)
def test_a_number_that_opted_out_is_listed(client: Client, around: Surroundings, number: str) -> None:
    around.sandbox.phone(number).text("STOP")
    assert number in around.sandbox.opt_outs
    answer = client.call("opt_outs", {})
    assert answer.raised is None
    (record,) = [each for each in answer.returned["opt-in-list"] if each["msisdn"] == number]
    assert record["opt-out"] == "true"
    assert answer.returned["opt-in-count"] == str(len(answer.returned["opt-in-list"]))


@clients_that_can(OPT_IN, ALERT)
def test_a_number_that_is_resubscribed_gets_alerts_again(client: Client, around: Surroundings, number: str) -> None:
    around.sandbox.phone(number).text("STOP")
    answer = client.call("resubscribe", {"msisdn": number})
    assert answer.raised is None
    assert (answer.returned["msisdn"], answer.returned["opt-in"]) == (number, "true")
    assert number not in around.sandbox.opt_outs
    assert part(client.call("alert", alert_to(number)))["status"] == "0"
    assert LINK in received(around, number)[0]["text"]


@clients_that_can(TOKEN)
def test_a_message_sent_with_a_token_reaches_the_phone(client: Client, around: Surroundings, number: str) -> None:
    assert_message_arrives(client.call("message", message_to(number)), around, number)


@clients_that_can(BASIC)
def test_a_message_sent_with_key_and_secret_reaches_the_phone(
    client: Client, around: Surroundings, number: str
) -> None:
    assert_message_arrives(client.call("message_with_key_and_secret", message_to(number)), around, number)


def assert_message_arrives(answer: Answer, around: Surroundings, number: str) -> None:
    assert answer.raised is None, answer
    (shown,) = received(around, number)
    assert answer.returned == {"message_uuid": shown["message_uuid"]}
    assert shown["text"] == f"host-{number} is döwn: {LINK}"


@clients_that_can(BASIC)
def test_what_is_wrong_with_a_message_is_handed_on_by_the_client(
    client: Client, around: Surroundings, number: str
) -> None:
    answer = client.call("message_with_key_and_secret", message_to(f"+{number}"))
    told = f"{answer.raised} {answer.said}"
    assert "ClientError" in told or "HttpRequestError" in told or "'statusCode': 400" in told
    assert "number" in told
    assert not received(around, number)


@clients_that_can(SIGNED)
def test_an_alert_that_the_client_signed_reaches_the_phone(client: Client, around: Surroundings, number: str) -> None:
    alert = alert_to(number, server="höst 3", link="https://a.example/host3")
    assert part(client.call("signed_alert", alert))["status"] == "0"
    assert "höst 3" in received(around, number)[0]["text"]


@clients_that_can(SIGNED, only="python")
def test_a_signature_covers_a_link_with_parameters_where_the_client_escapes_it(
    client: Client, around: Surroundings, number: str
) -> None:
    assert part(client.call("signed_alert", alert_to(number)))["status"] == "0"
    assert LINK in received(around, number)[0]["text"]


@clients_that_can(SIGNED, only="node")
def test_a_signed_link_that_the_client_does_not_escape_is_refused_because_it_arrives_as_two_parameters(
    client: Client, around: Surroundings, number: str
) -> None:
    assert part(client.call("signed_alert", alert_to(number)))["status"] == "14"
    assert not received(around, number)


@clients_that_can(ALERT, TOKEN, only="python")
def test_credentials_that_a_message_left_behind_do_not_disturb_an_alert(
    client: Client, around: Surroundings, number: str
) -> None:
    assert client.call("message", message_to(number)).raised is None
    around.forwarder.taken()
    assert part(client.call("alert", alert_to(number)))["status"] == "0"
    assert b"\r\nAuthorization: Bearer " in around.forwarder.taken()
    assert LINK in received(around, number)[0]["text"]


@pytest.mark.parametrize("name", ["python-nexmo-1", "python-nexmo-2", "python-vonage-4", "node-nexmo-2"])
def test_a_wrong_secret_is_returned_by_alerts_and_raised_by_everything_else(
    name: str, around: Surroundings, number: str
) -> None:
    with running(name, {**around.given, "secret": "another"}, around.forwarder) as client:
        assert part(client.call("alert", alert_to(number)))["status"] == "4"
        refused = [client.call(call, {"msisdn": number}) for call in sorted(OPT_IN)]
        refused += [client.call(call, message_to(number)) for call in BASIC & CAN[name]]
    for answer in refused:
        assert answer.raised == "AuthenticationError" or answer.raised["statusCode"] == 401
    assert not received(around, number)


@pytest.mark.parametrize("name", recording.recorded_clients())
def test_a_client_sends_what_was_recorded(name: str, around: Surroundings) -> None:
    kept = {file.stem: file.read_bytes() for file in (recording.FOLDER / name).iterdir()}
    assert dict(recording.requests_of(name, around)) == kept, "run `python -m tests.vendor_clients.recording`"


@pytest.mark.parametrize(
    "file", sorted(recording.FOLDER.glob("*/*.http")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_a_recorded_request_is_carried_out_without_its_client(file: Path, around: Surroundings, rsa_key: str) -> None:
    status, content = answered(around, file.read_bytes().replace(b" TOKEN\r\n", f" {token(rsa_key)}\r\n".encode()))
    assert status == (202 if file.stem.startswith("message") else 200)
    expected = {"alert": b'"status":"0"', "message": b"message_uuid", "opt": b"opt-in-count", "resubscribe": b"msisdn"}
    assert expected[file.stem.split("_")[0]] in content.replace(b": ", b":")


def answered(around: Surroundings, request: bytes) -> tuple[int, bytes]:
    """What the sandbox answers to these bytes."""
    address = urlsplit(around.sandbox.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), 10) as connection:
        connection.sendall(request)
        with http.client.HTTPResponse(connection) as response:
            response.begin()
            return response.status, response.read()


def token(rsa_key: str) -> str:
    """A token as a client of the second Node generation makes it: without an end."""
    claims = {"application_id": APPLICATION, "iat": int(time.time()), "jti": str(uuid4())}
    return jwt.encode(claims, rsa_key, algorithm="RS256")
