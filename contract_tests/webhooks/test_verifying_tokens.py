"""Laws of tokens over a body: one algorithm, one secret, the bytes that arrived, five minutes; all else is refused.

Tokens are made by `signed` without the product, and once by PyJWT, as others make them. All that is refused is a `VerificationFailed`.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.arriving import BODIES, QUERY, WAYS, Way, each_of, told, way_to, with_header
from contract_tests.peers import SECRET, pem, rsa_key
from contract_tests.profiles import examples
from contract_tests.signed import NOW, REASONS, WINDOW, bits, claims_of, near, token_of
from contract_tests.strategies import documents
from shortcodekit.contract.choices import Choices
from shortcodekit.webhooks import JwtSecret, Request, VerificationFailed, verify_jwt

BODY: Final = json.dumps(told("message-status"), indent=1).encode()
STATUS: Final = way_to("message-status")


def _request(authorization: Any, body: bytes = BODY, method: str = "POST") -> Request:
    return Request(method, "", {"content-type": "application/json", "Authorization": authorization}, body)


def _bearing(token: str, body: bytes = BODY) -> Request:
    return _request(f"Bearer {token}", body)


def _refused(request: Request, secret: str = SECRET, **settings: Any) -> str:
    with pytest.raises(VerificationFailed) as caught:
        verify_jwt(request, secret, **{"now": NOW, **settings})
    assert secret not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert REASONS.fullmatch(caught.value.reason)
    return caught.value.reason


# ---- what is accepted ------------------------------------------------------------------------------------------------


@each_of(BODIES)
def test_an_event_with_a_token_for_its_bytes_is_accepted(way: Way) -> None:
    @examples(30)
    @given(documents(way.api, way.schema), st.binary(min_size=9, max_size=9), st.integers(-WINDOW, WINDOW))
    def law(document: Any, style: bytes, late: int) -> None:
        request = way.request(way.written(document, Choices(style)))
        request = with_header(request, "Authorization", f"Bearer {token_of(claims_of(request.body))}")
        verify_jwt(request, SECRET, now=NOW + late)
        verify_jwt(request, SECRET, now=datetime.fromtimestamp(NOW + late, UTC))

    law()


@pytest.mark.parametrize(
    "secret", ["s", "short", SECRET, "x" * 64, "🛑" * 20], ids=["one", "short", "usual", "long", "wide"]
)
def test_a_token_that_pyjwt_makes_is_accepted_whatever_the_length_of_the_secret(secret: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT advises against short secrets, and here they are the service's choice
        token = jwt.encode(claims_of(BODY), secret, algorithm="HS256")
    verify_jwt(_bearing(token), secret, now=NOW)
    assert _refused(_bearing(token), f"{secret}x")
    assert (
        token.split(".")[1:]
        == token_of(claims_of(BODY), secret, header=jwt.get_unverified_header(token)).split(".")[1:]
    )


def test_claims_that_need_not_be_there_may_be_anything() -> None:
    values: tuple[Any, ...] = (..., None, "", "x", 7, [], {"a": [1]}, True)
    for name in ("jti", "api_key", "application_id", "unknown"):
        for value in values:
            verify_jwt(_bearing(token_of(claims_of(BODY, **{name: value}))), SECRET, now=NOW)


def test_the_hash_is_compared_without_regard_to_case() -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    for spelt in (digest.upper(), digest.title(), digest.swapcase()):
        verify_jwt(_bearing(token_of(claims_of(BODY, payload_hash=spelt))), SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe\x00", b"a=b&c=d", "é".encode(), b" " * 100_000], ids=len)
def test_the_bytes_that_arrived_count_and_no_others(body: bytes) -> None:
    token = token_of(claims_of(body))
    verify_jwt(_bearing(token, body), SECRET, now=NOW)
    for other in (body + b" ", body + b"\n", b"\xef\xbb\xbf" + body, body + b"\0", body[:-1] if body else b"{}"):
        assert "another body" in _refused(_bearing(token, other))


def test_json_that_says_the_same_in_other_bytes_is_refused() -> None:
    token, document = token_of(claims_of(BODY)), json.loads(BODY)
    for other in (json.dumps(document), json.dumps(document, indent=2), json.dumps(document, sort_keys=True)):
        assert json.loads(other) == document
        assert "another body" in _refused(_bearing(token, other.encode()))


# ---- what is changed -------------------------------------------------------------------------------------------------


def test_any_one_bit_of_the_token_counts() -> None:
    token = token_of(claims_of(BODY))
    for changed in bits(token.encode()):
        assert _refused(_bearing(changed.decode("latin-1")))
        assert _refused(_request(b"Bearer " + changed))


def test_any_one_bit_of_the_body_counts() -> None:
    token = token_of(claims_of(BODY))
    for changed in bits(BODY):
        assert "another body" in _refused(_bearing(token, changed))


def test_any_one_bit_of_the_secret_counts() -> None:
    token = token_of(claims_of(BODY))
    for secret in near(SECRET):
        assert "another secret or algorithm" in _refused(_bearing(token), secret)


def test_a_token_is_written_in_one_way_only() -> None:
    token = token_of(claims_of(BODY))
    head, claims, signature = token.split(".")
    for other in (
        *(f"{token}=", f"{token}==", f"{token}.", f".{token}", f"{token}.x", f"{head}.{claims}", f"{head}.{claims}.", ".."),
        *(f"{head}=.{claims}.{signature}", f"{head}.{claims}=.{signature}", f"{head}.{claims}\n.{signature}", "", "x"),
        *(f"{head}.{claims}.{signature[:-1]}", f"{head}.{claims}.{signature}A", f"{head} {claims} {signature}"),
        *(f"{token[:40]}\u0130{token[40:]}", f"{token}\ud800", token.upper(), f"{token},{token}", f"{token} {token}"),
        *(f"{head}.{claims}.{signature[:-1]}{chr(ord(signature[-1]) + step)}" for step in (-1, 1, 2, 3)),
    ):  # fmt: skip
        assert "its token is" in _refused(_bearing(other))


# ---- algorithms ------------------------------------------------------------------------------------------------------

HEADERS: Final[Mapping[str, Any]] = {
    "none": {"alg": "none"},
    "None": {"alg": "None"},
    "null": {"alg": None},
    "no algorithm": {"typ": "JWT"},
    "in small letters": {"alg": "hs256"},
    "in mixed case": {"alg": "Hs256"},
    "with a space": {"alg": "HS256 "},
    "a list": {"alg": ["HS256"]},
    "an object": {"alg": {"HS256": 1}},
    "a number": {"alg": 256},
    "true": {"alg": True},
    "another hash": {"alg": "HS384"},
    "a long hash": {"alg": "HS512"},
    "a short hash": {"alg": "HS1"},
    "a key of RSA": {"alg": "RS256"},
    "a key of an elliptic curve": {"alg": "ES256"},
    "a critical word": {"alg": "HS256", "crit": ["exp"], "exp": 1},
    "no list of critical words": {"alg": "HS256", "crit": "b64"},
    "a payload elsewhere": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "a key's name that is none": {"alg": "HS256", "kid": 7},
    "no object": ["HS256"],
    "no JSON": b"HS256",
    "no UTF-8": b'{"alg": "HS256", "x": "\xff"}',
    "nothing": b"",
    "deep": b"[" * 100_000,
    "deep in an object": b'{"a":' * 50_000,
    "a long number": b'{"alg": "HS256", "x": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_another_algorithm_or_header_is_refused_even_when_the_secret_is_right(header: Any) -> None:
    for digest in ("sha256", "sha384", "sha512", "sha1"):
        assert "its token is" in _refused(_bearing(token_of(claims_of(BODY), header=header, digest=digest)))
    for signature in (b"", b"\0" * 32, hashlib.sha256(SECRET.encode()).digest()):
        assert "its token is" in _refused(_bearing(token_of(claims_of(BODY), header=header, signature=signature)))


def test_a_signature_of_another_hash_or_none_does_not_pass_as_the_right_one() -> None:
    for digest in ("sha384", "sha512", "sha1", "md5"):
        assert "another secret or algorithm" in _refused(_bearing(token_of(claims_of(BODY), digest=digest)))
    for signature in (b"", b"\0" * 32, b"x"):
        assert "another secret or algorithm" in _refused(_bearing(token_of(claims_of(BODY), signature=signature)))


def test_a_token_of_a_sender_is_none_of_the_service() -> None:
    """Requests to the Messages API carry RS256 tokens. Neither they, nor a public key taken for a secret, verify an event."""
    token = jwt.encode(claims_of(BODY), pem(rsa_key()), algorithm="RS256")
    assert "another secret or algorithm" in _refused(_bearing(token))
    assert "another secret or algorithm" in _refused(_bearing(token), pem(rsa_key()).decode())


# ---- claims ----------------------------------------------------------------------------------------------------------

NO_TIMES: Final = (
    None,
    True,
    False,
    "",
    str(NOW),
    [NOW],
    {"a": NOW},
    float("nan"),
    float("inf"),
    10**12,
    -(10**12),
    10**400,
)


def _with(**changes: Any) -> Request:
    return _bearing(token_of(claims_of(BODY, **changes)))


def test_the_hash_the_issuer_and_the_time_have_to_be_there_and_to_be_right() -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    others: tuple[Any, ...] = (..., None, "", 0, True, [digest], {"a": digest}, digest[:-1], f"{digest}0", f" {digest}")
    for value in (
        *others,
        hashlib.sha256(BODY + b" ").hexdigest(),
        hashlib.sha512(BODY).hexdigest(),
        "\ud800",
        "é" * 64,
    ):
        assert "another body" in _refused(_with(payload_hash=value))
    issuers: tuple[Any, ...] = (
        ...,
        None,
        "",
        0,
        ["Vonage"],
        "vonage",
        "VONAGE",
        "Vonage ",
        "Nexmo",
        "Vonage\0",
        "\ud800",
    )
    for value in issuers:
        assert "issuer" in _refused(_with(iss=value))
    for moment in (..., *NO_TIMES):
        assert "Unix seconds" in _refused(_with(iat=moment))
        assert "Unix seconds" in _refused(_with(iat=moment), tolerance=float("inf"))


@pytest.mark.parametrize(
    "claims", [[], "text", 7, None, True, b"", b"{", b"\xff", b"[" * 100_000, b'{"iat": ' + b"9" * 5000 + b"}"]
)
def test_claims_that_are_no_object_are_refused_though_they_are_signed(claims: Any) -> None:
    assert "its token is" in _refused(_bearing(token_of(claims)))


def test_a_token_counts_for_five_minutes_before_and_after_it_was_made() -> None:
    for late in (0, 1, -1, 299, -299, 300, -300):
        verify_jwt(_with(), SECRET, now=NOW + late)
        verify_jwt(_with(iat=NOW + 0.0), SECRET, now=NOW + late)
    for away in (301, -301, 300.01, -300.01, 86_400, -NOW, 10**9):
        assert "300 seconds ago" in _refused(_with(), now=NOW + away)
    for moment in (float("inf"), float("-inf"), float("nan")):
        assert _refused(_with(), now=moment)
    assert "10 seconds ago" in _refused(_with(), now=NOW + 11, tolerance=10)
    assert "ago" in _refused(_with(), now=None), "the clock is asked when no time is given"


def test_an_end_and_a_beginning_are_honoured_where_a_token_has_them() -> None:
    for accepted in (
        {"exp": NOW + 900},
        {"exp": NOW - 300},
        {"nbf": NOW - 900},
        {"nbf": NOW + 300},
        {"exp": NOW, "nbf": NOW},
    ):
        verify_jwt(_with(**accepted), SECRET, now=NOW)
    for refused in ({"exp": NOW - 301}, {"exp": 0}, {"nbf": NOW + 301}, {"exp": NOW + 900, "nbf": NOW + 901}):
        assert "expired, or does not count yet" in _refused(_with(**refused))
    assert "expired" in _refused(_with(exp=NOW - 11, iat=NOW), tolerance=10)
    for moment in NO_TIMES:
        assert "Unix seconds" in _refused(_with(exp=moment))
        assert "Unix seconds" in _refused(_with(nbf=moment))


@pytest.mark.parametrize("tolerance", [10, 1000])
def test_a_verifier_keeps_to_the_tolerance_that_it_was_made_with(tolerance: float) -> None:
    verifier = JwtSecret(SECRET, tolerance=tolerance)
    for late in (0, tolerance, -tolerance):
        verifier.verify(_with(), NOW + late)
    for late in (tolerance + 1, -tolerance - 1):
        with pytest.raises(VerificationFailed, match=f"more than {tolerance} seconds ago"):
            verifier.verify(_with(), NOW + late)
    assert repr(verifier) == "JwtSecret(…)"


# ---- the header ------------------------------------------------------------------------------------------------------


def test_the_word_before_the_token_counts_in_any_case_and_form() -> None:
    token = token_of(claims_of(BODY))
    for word in ("Bearer ", "bearer ", "BEARER ", "bEaReR   ", " Bearer ", "Bearer \t"):
        verify_jwt(_request(f"{word}{token}"), SECRET, now=NOW)
        verify_jwt(_request(f"{word}{token} ".encode()), SECRET, now=NOW)
    for word in ("", "Basic ", "Bearer", "Bearer:", "Token ", "JWT ", "Bearer Bearer ", "Вearer ", "Bearer, "):  # noqa: RUF001
        assert _refused(_request(f"{word}{token}"))


def test_the_header_is_found_in_whatever_form_servers_hand_it_on() -> None:
    value = f"Bearer {token_of(claims_of(BODY))}"
    headers: tuple[Any, ...] = (
        *({"Authorization": value}, {"authorization": value}, {"AUTHORIZATION": value.encode()}, {b"authorization": value}),
        *([("Authorization", value)], ((b"authorization", value.encode()), ("x", None)), iter([("authorization", value)])),
    )  # fmt: skip
    for each in headers:
        verify_jwt(Request("POST", "", each, BODY), SECRET, now=NOW)


def test_two_headers_or_none_are_refused() -> None:
    value = f"Bearer {token_of(claims_of(BODY))}"
    headers: tuple[Any, ...] = (
        *(
            (),
            {},
            {"Authorization": None},
            {"Authorization": 7},
            {"Authorization": [value]},
            {"X-Authorization": value},
        ),
        *([("Authorization", value)] * 2, {"Authorization": value, "authorization": value}, {"Authorisation": value}),
        *(
            [("authorization", value), (b"AUTHORIZATION", b"Basic x")],
            [("Authorization", ""), ("Authorization", value)],
        ),
    )
    for each in headers:
        given = list(each) if isinstance(each, tuple) else each
        assert "no header Authorization, or several" in _refused(Request("POST", "", given, BODY))


def test_an_event_by_get_is_refused_because_a_token_says_nothing_of_a_query() -> None:
    for way in WAYS:
        if way.encoding == QUERY:
            sent = way.request(way.written(told(way.name)))
            for body in (b"", BODY):
                headers = {"Authorization": f"Bearer {token_of(claims_of(body))}"}
                assert "GET" in _refused(Request("GET", sent.query, headers, body))
