"""What a client is made with, and what that makes of its requests, without a network: bounds, addresses, credentials, words."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import pytest

from contract_tests.peers import pem, rsa_key
from shortcode_clients import alerts, messages
from shortcode_clients.alerts import security as parameters
from shortcode_clients.messages import security as headers
from shortcodekit import Basic, CallReport, Jwt, KeySecret, RetryPolicy, Signed
from shortcodekit.clients.settings import TOTAL, Service, Settings, settings
from shortcodekit.concealing import HIDDEN, ConcealedURL
from shortcodekit.errors import InvalidRequest

HOST: Final = "https://peer.test"
KEY_SECRET: Final = KeySecret("a-key-1234", "a-secret")
BASIC: Final = Basic("a-key-1234", "a-secret")
PACKAGES: Final = {parameters: alerts, headers: messages}


def _made(auth: Any = KEY_SECRET, security: ModuleType = parameters, **options: Any) -> Settings:
    given: dict[str, Any] = {"base_url": None, "timeout": 30.0, "retries": 2, "on_call": None, **options}
    return settings(Service(HOST, security), auth, **given)


def _refused(**options: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        _made(**options)
    return caught.value


# ---- time and repetitions --------------------------------------------------------------------------------------------

TIMEOUTS: Final[list[tuple[Any, list[float | None], float | None]]] = [
    (30, [10.0, 30.0, 30.0, 10.0], 30.0),
    (10, [9.0, 10.0, 10.0, 9.0], 10.0),
    (0.5, [0.45, 0.5, 0.5, 0.45], 0.5),
    (httpx.Timeout(1, read=5), [1, 5, 1, 1], 8),
    (httpx.Timeout(1, write=None), [1, 1, None, 1], None),
]


def test_a_timeout_bounds_each_phase_and_all_together() -> None:
    for timeout, phases, total in TIMEOUTS:
        made = _made(timeout=timeout)
        told = dict(zip(("connect", "read", "write", "pool"), phases, strict=True))
        assert made.extensions == {"timeout": told, "shortcodekit.total": math.inf if total is None else total}
        assert made.total == total
        assert TOTAL in made.extensions
        assert {type(each) for each in (made.total, *made.extensions["timeout"].values())} <= {float, int, type(None)}


def test_a_timeout_is_a_number_of_seconds() -> None:
    for timeout in [0, -1, True, math.inf, math.nan, "5", None]:
        error = _refused(timeout=timeout)
        assert (error.field, error.rule) == ("timeout", "a number of seconds above 0, or an httpx.Timeout")


def test_repetitions_are_a_number_or_a_policy() -> None:
    policy = RetryPolicy(count=7, first=0.1)
    assert _made(retries=policy).policy is policy
    assert [_made(retries=count).policy for count in (0, 3)] == [RetryPolicy(count=0), RetryPolicy(count=3)]
    for wrong in (-1, True, 1.5, "2", None):
        error = _refused(retries=wrong)
        assert (error.field, error.rule) == ("retries", "a number of repetitions from 0, or a RetryPolicy")


def test_a_hook_is_kept() -> None:
    def hook(_: CallReport) -> None:
        raise AssertionError

    assert _made(on_call=hook).on_call is hook


# ---- where the service is --------------------------------------------------------------------------------------------

NO_ADDRESS: Final = "an address such as https://rest.nexmo.com, without query and fragment"
LOGIN: Final = "credentials do not stand in the address; give them as `auth`"
HTTPS: Final = "https only, since requests carry secrets; plain http is for loopback addresses"
ADDRESSES: Final[dict[Any, str]] = {
    "": NO_ADDRESS,
    "peer.test": NO_ADDRESS,
    "https://": NO_ADDRESS,
    "https://peer.test?a=b": NO_ADDRESS,
    "https://peer.test#a": NO_ADDRESS,
    "https://peer.test:port": NO_ADDRESS,
    "https://peer.test/\ud800": NO_ADDRESS,
    "https://xn--a.test": NO_ADDRESS,
    5: NO_ADDRESS,
    "https://key:word@peer.test": LOGIN,
    "https://key@peer.test": LOGIN,
    "http://peer.test": HTTPS,
    "http://localhost.peer.test": HTTPS,
    "http://128.0.0.1": HTTPS,
    "ftp://localhost": HTTPS,
}


def test_an_address_that_is_none_or_not_safe_is_refused() -> None:
    for address in ADDRESSES:
        error = _refused(base_url=address)
        assert (error.field, error.rule) == ("base_url", ADDRESSES[address])
        assert error.source == ("Alerts - Sending API Reference: Security" if error.rule == HTTPS else "")


def test_an_address_is_where_requests_go() -> None:
    for address in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:1/a", "https://peer.test/a"]:
        for given in (address, httpx.URL(address)):
            assert str(_made(base_url=given).base_url) == address
        assert str(_made().base_url) == HOST


# ---- who asks --------------------------------------------------------------------------------------------------------

METHODS: Final = "KeySecret, Signed, Basic, Jwt, or another httpx.Auth"


class Elsewhere(httpx.Auth):
    """Of the caller's own; nothing is known of it."""


def _alternatives(package: ModuleType) -> tuple[str, str]:
    """What of credentials the spec takes, in words, and where that is written."""
    spec = package.openapi()
    taken = [sorted(each) for each in spec["security"]]
    sources = [spec["components"]["securitySchemes"][name]["x-source"] for each in taken for name in each]
    every = dict.fromkeys(each for source in sources for each in source.split("; "))
    return f"one of {' or '.join(' with '.join(each) for each in taken if each)}, and no more than one", "; ".join(
        every
    )


def test_credentials_of_another_api_and_several_are_refused_by_what_the_spec_takes() -> None:
    wrong: list[Any]
    for security in [parameters, headers]:
        jwt = Jwt("an-application", pem(rsa_key()))
        signed = Signed("a-key-1234", "a-secret")
        wrong = [[KEY_SECRET, signed], (KEY_SECRET, KEY_SECRET), (jwt, BASIC), (Elsewhere(), Elsewhere())]
        wrong += [(BASIC,), BASIC, jwt] if security is parameters else [(KEY_SECRET,), KEY_SECRET, signed]
        for each in wrong:
            error = _refused(auth=each, security=security)
            assert (error.field, error.rule, error.source) == ("auth", *_alternatives(PACKAGES[security]))


def test_what_is_no_credentials_is_refused() -> None:
    several: list[Any] = [None, "a-secret", (), [], ("key", "a-secret"), (KEY_SECRET, None)]
    for wrong in several:
        error = _refused(auth=wrong)
        assert (error.field, error.rule, error.source) == ("auth", METHODS, "")


def test_one_of_the_credentials_may_stand_in_a_list_and_another_auth_may_be_anything() -> None:
    other = Elsewhere()
    alike: list[Any] = [KEY_SECRET, [KEY_SECRET], (KEY_SECRET,)]
    for auth in alike:
        made = _made(auth=auth)
        assert made.auth is KEY_SECRET
        assert made.secrets == ("a-secret", "a-key-1234")
        assert made.httpx_auth is None
        assert made.credentials([("a", 1)]) == {"api_key": "a-key-1234", "api_secret": "a-secret"}
    for own, security in ((BASIC, headers), (other, headers), (other, parameters)):
        made = _made(auth=own, security=security)
        assert made.httpx_auth is made.auth is own
        assert made.credentials([("a", 1)]) == {}


# ---- requests --------------------------------------------------------------------------------------------------------

ALWAYS: Final = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "keep-alive",
    "user-agent": "shortcodekit",
    "host": "peer.test",
}


def test_a_request_goes_below_the_address_with_the_usual_headers() -> None:
    for address, path in [
        (HOST, "/b/json"),
        (f"{HOST}/", "/b/json"),
        (f"{HOST}/a", "/a/b/json"),
        (f"{HOST}/a%20b/", "/a%20b/b/json"),
    ]:
        made = _made(base_url=address, timeout=5)
        for _ in range(2):  # the second time the address is known
            request = made.request(
                "POST", "/b/json", content=b"a=1", headers={"Content-Type": "text/x", "Accept": "a/b"}
            )
            assert (request.method, str(request.url)) == ("POST", f"{HOST}{path}")
            assert request.read() == b"a=1"
            assert dict(request.headers) == {**ALWAYS, "accept": "a/b", "content-type": "text/x", "content-length": "3"}
            assert request.extensions == made.extensions
            plain = made.request("GET", "/c")
            assert (plain.method, dict(plain.headers), plain.read()) == ("GET", ALWAYS, b"")


def test_parameters_are_the_query_which_the_address_does_not_show() -> None:
    made = _made()
    given = {"a": "1 2", "é&": "=+%", "empty": ""}
    request = made.request("GET", "/b", params=given)
    assert type(request.url) is ConcealedURL
    assert str(request.url) == f"{HOST}/b?{HIDDEN}"
    assert request.url.query.isascii()
    assert dict(parse_qsl(request.url.query.decode(), keep_blank_values=True)) == given
    assert made.request("GET", "/b").url == f"{HOST}/b"
    assert made.request("GET", "/b", params={}).url.raw_path == b"/b?"


def test_settings_show_no_secret() -> None:
    assert "a-secret" not in repr(_made(base_url=f"{HOST}/a"))
