"""The sandbox knows its account: by key and secret, by five kinds of signature, and refuses others as the service does."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from contract_tests.peers import METHODS, members, signed_by_hand
from contract_tests.sandboxed import AS_JSON, CUSTOM, PHONE, WAYS, by_form, by_json, credentials, raw, signed
from shortcodekit import AlertsClient, KeySecret, OptInClient, Signed
from shortcodekit.errors import AlertRejected, AuthenticationFailed
from shortcodekit.sandbox import Sandbox

ALERT, QUERY, MANAGE = "/sc/us/alert/json", "/sc/us/alert/opt-in/query/json", "/sc/us/alert/opt-in/manage/json"
SAID: dict[str, dict[str, Any]] = {ALERT: {"to": PHONE, **CUSTOM}, QUERY: {"page-size": "7"}, MANAGE: {"msisdn": PHONE}}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("encoding", "form"), [("form", "json"), ("form", "xml"), ("query", "json"), ("query", "xml"), ("json", "json")]
)
def test_clients_sign_by_every_method_and_are_known(sandbox: Sandbox, method: str, encoding: str, form: str) -> None:
    settings: Any = {"base_url": sandbox.url, "encoding": encoding, "format": form}
    odd = {"server": "a&b=c é+%41 ${link}", "link": "😀"}
    with AlertsClient(sandbox.signed(method), **settings) as client:
        assert client.send({"to": PHONE, "type": "unicode"}, custom=odd).messages[0].status == "0"
    with OptInClient(sandbox.signed(method), **settings) as client_of_opt_ins:
        assert client_of_opt_ins.page().opt_in_list == []
        assert client_of_opt_ins.resubscribe(PHONE).opt_in is True
    assert sandbox.phone(PHONE).texts == ["Your a&b=c é+%41 ${link} is down, for more details check 😀"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", SAID)
def test_signatures_fit_in_every_form_of_a_request(sandbox: Sandbox, path: str, way: str) -> None:
    who = signed(sandbox, SAID[path], "sha256")
    reply = raw(sandbox, WAYS[way](path, who, SAID[path]))
    assert reply.status == 200
    assert path != ALERT or reply.part["status"] == "0", reply.body


def test_signatures_of_numbers_cover_them_as_json_writes_them(sandbox: Sandbox) -> None:
    body = b'{"to": 16365553226, "server": 1.50, "link": true, "timestamp": %d, "api_key": "%s"}' % (
        int(time.time()),
        sandbox.api_key.encode(),
    )
    sig = signed_by_hand(members(body), sandbox.signature_secret, "sha1")
    request = by_json()(ALERT, {}, {}).replace(b"Content-Length: 2\r\n\r\n{}", b"")
    whole = body[:-1] + f', "sig": "{sig.upper()}"}}'.encode()
    reply = raw(sandbox, request + b"Content-Length: %d\r\n\r\n" % len(whole) + whole)
    assert reply.part["status"] == "0", reply.body
    assert sandbox.phone(PHONE).texts[0].startswith("Your 1.5 is down"), sandbox.phone(PHONE).texts


@pytest.mark.parametrize("age", [-290, 290])
def test_a_signature_is_good_for_five_minutes(sandbox: Sandbox, age: int) -> None:
    for path, said in SAID.items():
        reply = raw(sandbox, by_form(path, signed(sandbox, said, age=age), said))
        assert (reply.part["status"] == "0") if path == ALERT else (reply.status == 200)
        reply = raw(sandbox, by_form(path, signed(sandbox, said, age=age * 2), said))
        assert (reply.part["status"] == "14") if path == ALERT else (reply.status == 401)


def test_signatures_go_by_the_real_time_and_not_by_the_sandboxs(sandbox: Sandbox) -> None:
    sandbox.advance(days=3)
    assert raw(sandbox, by_form(ALERT, signed(sandbox, SAID[ALERT]), SAID[ALERT])).part["status"] == "0"


def spoilt(sandbox: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any], str]]:
    """Wrong credentials, the parameters beside them, and the status."""
    said, right = SAID[ALERT], credentials(sandbox)
    own = signed(sandbox, said)
    wrong = "0" * 32
    return {
        "nothing": ({}, said, "2"),
        "no key": ({"api_secret": sandbox.api_secret}, said, "2"),
        "no secret": ({"api_key": sandbox.api_key}, said, "2"),
        "a wrong secret": ({**right, "api_secret": "wrong"}, said, "4"),
        "an empty secret": ({**right, "api_secret": ""}, said, "4"),
        "the signature secret": ({**right, "api_secret": sandbox.signature_secret}, said, "4"),
        "a secret in capitals": ({**right, "api_secret": f"{sandbox.api_secret.upper()}X"}, said, "4"),
        "a wrong key": ({**right, "api_key": "wrong"}, said, "4"),
        "a wrong key that signs": ({**own, "api_key": "wrong"}, said, "4"),
        "both": ({**own, **right}, said, "32"),
        "both wrong": ({"api_key": sandbox.api_key, "api_secret": "wrong", "sig": wrong, "timestamp": "1"}, said, "32"),
        "a wrong signature": ({**own, "sig": wrong}, said, "14"),
        "no signature": ({**own, "sig": ""}, said, "14"),
        "half a signature": ({**own, "sig": own["sig"][:16]}, said, "14"),
        "the secret that signs requests": (signed(sandbox, said, secret=sandbox.api_secret), said, "14"),
        "a changed parameter": (own, {**said, "to": "16365553227"}, "14"),
        "an added parameter": (own, {**said, "client-ref": "x"}, "14"),
        "a changed time": ({**own, "timestamp": str(int(own["timestamp"]) + 1)}, said, "14"),
        "no time": ({"api_key": sandbox.api_key, "sig": own["sig"]}, said, "14"),
        "a time in words": ({**own, "timestamp": "now"}, said, "14"),
    }  # fmt: skip


SPOILT = tuple(spoilt(SimpleNamespace(api_key="", api_secret="", signature_secret="")))


@pytest.mark.parametrize("case", SPOILT)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_wrong_credentials_are_refused_with_http_200_and_their_status(sandbox: Sandbox, case: str, form: str) -> None:
    who, said, status = spoilt(sandbox)[case]
    reply = raw(sandbox, by_form(f"/sc/us/alert/{form}", who, said))
    assert (reply.status, reply.kind) == (200, f"application/{form}")
    assert (f'"status":"{status}"' if form == "json" else f"<status>{status}</status>") in reply.body.decode()
    assert not sandbox.messages


@pytest.mark.parametrize("case", SPOILT)
@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("operation", ["query", "manage"])
def test_the_opt_in_api_refuses_wrong_credentials_with_http_401_and_the_hosts_error(
    sandbox: Sandbox, case: str, form: str, operation: str
) -> None:
    who, said, _ = spoilt(sandbox)[case]
    reply = raw(sandbox, by_form(f"/sc/us/alert/opt-in/{operation}/{form}", who, said))
    assert (reply.status, reply.kind) == (401, f"application/{form}")
    told = '"error-code":"401"' if form == "json" else "<error-code>401</error-code>"
    assert told in reply.body.decode()
    assert "authentication failed" in reply.body.decode()


def test_credentials_are_judged_before_the_rest(sandbox: Sandbox) -> None:
    who = {"api_key": sandbox.api_key, "api_secret": "wrong"}
    assert raw(sandbox, by_form(ALERT, who, {"to": "x"})).part["status"] == "4"
    assert raw(sandbox, by_form(MANAGE, who, {"msisdn": "x"})).status == 401


def test_clients_raise_authentication_failed_for_a_wrong_secret_and_a_stale_signature(sandbox: Sandbox) -> None:
    stale = Signed(sandbox.api_key, sandbox.signature_secret, clock=lambda: time.time() - 4000)
    for auth in (KeySecret(sandbox.api_key, "wrong"), Signed(sandbox.api_key, "wrong"), stale):
        with AlertsClient(auth, base_url=sandbox.url) as client, pytest.raises(AuthenticationFailed):
            client.send({"to": PHONE}, custom=CUSTOM)
        with OptInClient(auth, base_url=sandbox.url) as asking, pytest.raises(AuthenticationFailed) as caught:
            asking.page()
        assert caught.value.http_status == 401


def test_a_client_learns_that_it_gave_both(sandbox: Sandbox) -> None:
    reply = raw(sandbox, by_form(f"{ALERT}?api_secret={sandbox.api_secret}", signed(sandbox, SAID[ALERT]), SAID[ALERT]))
    assert reply.part["status"] == "32"
    with AlertsClient(sandbox.auth, base_url=sandbox.url) as client:
        sandbox.faults.add(status="32")
        with pytest.raises(AlertRejected) as caught:
            client.send({"to": PHONE}, custom=CUSTOM)
    assert caught.value.name == "signature-and-secret"


@pytest.mark.parametrize("way", sorted(AS_JSON))
def test_credentials_of_the_wrong_type_are_refused(sandbox: Sandbox, way: str) -> None:
    for who in ({"api_key": 1, "api_secret": sandbox.api_secret}, {"api_key": sandbox.api_key, "api_secret": None}):
        reply = raw(sandbox, WAYS[way](ALERT, who, SAID[ALERT]))
        assert reply.part["status"] in {"2", "4"}
