"""Laws of signatures, computed a second time here, and of what credentials are made with.

What cannot be a credential is refused as soon as it is given, and no refusal shows what it refused.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.calls import outcome
from contract_tests.loopback import Recorder
from contract_tests.peers import KEY, METHODS, SECRET, parameters, pem, refused, rsa_key, signed_by_hand
from contract_tests.profiles import examples
from shortcode_clients import MAX_PARAMETERS
from shortcodekit import Basic, Jwt, KeySecret, Signed, signing
from shortcodekit.contract.choices import TELLING

EACH_METHOD = pytest.mark.parametrize("method", METHODS)
TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(TELLING)
PLAIN: Final = st.text(st.characters(codec="utf-8", exclude_characters="&="), max_size=8).filter(
    lambda name: name != "sig"
)
PAIRS: Final = st.lists(st.tuples(PLAIN, TEXTS), max_size=6)


# ---- what is signed --------------------------------------------------------------------------------------------------

VECTOR: Final = {"a": "1", "b": "2", "timestamp": "1461605396"}


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("md5hash", "6af838ef94998832dbfc29020b564830"),
        ("sha256", "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"),
    ],
)
def test_the_examples_of_the_vendor_come_out(method: str, expected: str) -> None:
    assert signing.signature(VECTOR, "secret", method) == expected
    assert signing.signature({**VECTOR, "sig": "x"}, "secret", method) == expected
    assert signing.signature({"b": 2, "timestamp": 1461605396, "a": 1}, "secret", method) == expected
    assert signed_by_hand(VECTOR.items(), "secret", method) == expected
    assert signing.matches(expected.upper(), expected)


@EACH_METHOD
def test_a_signature_is_what_the_vendor_describes_in_any_order(method: str) -> None:
    @examples(30)
    @given(PAIRS.flatmap(lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))), TEXTS, TEXTS)
    def law(orders: tuple[list[tuple[str, str]], list[tuple[str, str]]], secret: str, other: str) -> None:
        pairs, permuted = orders
        expected = signed_by_hand(pairs, secret, method)
        assert signing.signature(pairs, secret, method) == expected
        assert signing.signature(permuted, secret, method) == expected
        assert signing.signature([*permuted, ("sig", other)], secret, method) == expected
        if len(dict(pairs)) == len(pairs):
            assert signing.signature(dict(permuted), secret, method) == expected

    law()


@EACH_METHOD
def test_any_change_of_a_name_a_value_or_the_secret_changes_the_signature(method: str) -> None:
    @examples(30)
    @given(PAIRS.filter(bool), st.integers(0, 5), PLAIN, TEXTS, st.text(st.characters(codec="utf-8"), min_size=1))
    def law(pairs: list[tuple[str, str]], place: int, name: str, value: str, secret: str) -> None:
        place %= len(pairs)
        old_name, old_value = pairs[place]
        signature = signing.signature(pairs, secret, method)
        if name != old_name:
            renamed = [*pairs[:place], (name, old_value), *pairs[place + 1 :]]
            assert signing.signature(renamed, secret, method) != signature
        if value.replace("&", "_").replace("=", "_") != old_value.replace("&", "_").replace("=", "_"):
            changed = [*pairs[:place], (old_name, value), *pairs[place + 1 :]]
            assert signing.signature(changed, secret, method) != signature
        assert signing.signature([*pairs, (name, value)], secret, method) != signature
        assert signing.signature(pairs[:place] + pairs[place + 1 :], secret, method) != signature
        assert signing.signature(pairs, f"{secret}x", method) != signature

    law()


@EACH_METHOD
def test_ampersand_equals_and_underscore_in_values_sign_alike_and_travel_as_they_are(
    server: Recorder, method: str
) -> None:
    twins = [{"a": "1&2=3_4"}, {"a": "1_2_3_4"}, {"a": "1=2=3=4"}, {"a": "1&2&3&4"}]
    assert len({signing.signature(each, SECRET, method) for each in twins}) == 1
    with httpx.Client(auth=Signed(KEY, SECRET, method, clock=lambda: 5)) as client:
        for each in twins:
            client.post(server.address, data=each)
    sent = [dict(parameters(each)) for each in server.take()]
    assert [each["a"] for each in sent] == [each["a"] for each in twins]
    assert len({each["sig"] for each in sent}) == 1
    assert signing.signature({"a&": ""}, SECRET, method) != signing.signature({"a_": ""}, SECRET, method)


@EACH_METHOD
def test_numbers_and_booleans_sign_as_json_writes_them(method: str) -> None:
    @examples(20)
    @given(st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
    def law(value: Any) -> None:
        text = json.dumps(value)
        assert signing.signature({"a": value}, SECRET, method) == signing.signature({"a": text}, SECRET, method)
        assert signing.signature({"a": value}, SECRET, method) == signed_by_hand([("a", text)], SECRET, method)

    law()


def test_lists_and_objects_sign_as_json_writes_them_without_blanks_and_in_their_own_letters() -> None:
    signature = signing.signature({"a": ["é", {"b": 1, "c": None}]}, SECRET, "sha256")
    assert signature == signed_by_hand([("a", '["é",{"b":1,"c":null}]')], SECRET, "sha256")


def test_what_is_not_unicode_is_no_signature_on_either_side() -> None:
    assert not signing.matches("\ud800", "a")
    assert not signing.matches("a", "\ud800")


@pytest.mark.parametrize("method", ["md4", "SHA256", "", "none", "sha384"])
def test_there_is_no_other_method(method: str) -> None:
    with pytest.raises(ValueError, match="one of md5hash, md5, sha1, sha256, sha512"):
        signing.signature({}, SECRET, method)
    (error,) = refused([outcome(lambda: Signed(KEY, SECRET, method))])
    assert error.field == "method"
    assert error.source


# ---- the parameters of a request -------------------------------------------------------------------------------------


def test_the_parameters_of_a_form_are_all_of_its_pairs_in_their_order() -> None:
    expected = [("a", "1"), ("b", "é;ö"), ("a", "")]
    assert signing.form_members("?a=1&b=%C3%A9;ö&a=") == expected
    assert signing.form_members("a=1&b=%C3%A9;ö&a=".encode()) == expected
    assert len(signing.form_members("&".join(["a=1"] * MAX_PARAMETERS))) == MAX_PARAMETERS


@pytest.mark.parametrize("content", ["a=%FF", b"a=\xff", "&".join(["a=1"] * (MAX_PARAMETERS + 1))])
def test_what_is_no_form_in_utf8_or_has_more_parameters_than_any_is_refused(content: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"codec|fields"):
        signing.form_members(content)


def test_the_parameters_of_a_json_object_are_its_members_and_a_number_is_the_text_that_stands_there() -> None:
    content = b'{"a": "1", "b": 1.50, "a": 1e3, "c": {"d": -0}, "e": [true, null]}'
    expected = [("a", "1"), ("b", "1.50"), ("a", "1e3"), ("c", [("d", "-0")]), ("e", [True, None])]
    assert signing.json_members(content) == expected
    assert signing.json_members(b"\xef\xbb\xbf" + content) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[["a", 1]]', "^not a JSON object$"),
        (b"[" * 100_000, "^not a JSON object$"),
        (b'{"a": NaN}', "^NaN$"),
        (b'{"a": -Infinity}', "^-Infinity$"),
        (b'{"a": "\xff"}', "codec"),
        (b'{"a": 1', "delimiter"),
    ],
)
def test_what_is_no_json_object_in_utf8_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        signing.json_members(content)


# ---- what credentials are made with ----------------------------------------------------------------------------------

CANARY: Final = str(uuid.uuid4())  # made here: Hypothesis draws what it finds written in tests
MAKERS: Final[dict[str, Callable[[Any], Any]]] = {
    "the key": lambda value: KeySecret(value, "a secret"),
    "the secret": lambda value: KeySecret("a key", value),
    "the key of a signature": lambda value: Signed(value, "a secret"),
    "the secret of a signature": lambda value: Signed("a key", value),
    "the key of a header": lambda value: Basic(value, "a secret"),
    "the secret of a header": lambda value: Basic("a key", value),
    "the application": lambda value: Jwt(value, pem(rsa_key())),
}
VALUES: Final[dict[str, Any]] = {
    "empty": "",
    "nothing": None,
    "a number": 12345678,
    "bytes": CANARY.encode(),
    "a line break at its end": f"{CANARY}\n",
    "a header in it": f"{CANARY}\r\nX: y",
    "a null in it": f"{CANARY}\0",
    "half a character in it": f"{CANARY}\ud800",
}


def _hidden(error: BaseException | None) -> None:
    """Asserts that neither the error nor what is chained to it shows a value."""
    while error:
        shown = f"{error} {error!r} {error.args} {vars(error)}"
        assert not any(secret in shown for secret in (CANARY, "12345678"))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_no_text_or_would_break_a_line_is_no_credential(maker: Callable[[Any], Any], value: Any) -> None:
    for error in refused([outcome(lambda: maker(value))]):
        assert error.field
        _hidden(error)


def test_the_key_of_a_header_has_no_colon_and_its_secret_may() -> None:
    for error in refused([outcome(lambda: Basic(f"a:{CANARY}", "a secret"))]):
        assert "colon" in error.rule
        assert error.source
        _hidden(error)
    assert Basic("a", f"b:{CANARY}").schemes


def _pem(key: Any, password: str | None = None) -> bytes:
    if password is None:
        return pem(key)
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    return written


PRIVATE_KEYS: Final[dict[str, Callable[[], Any]]] = {
    "empty": lambda: "",
    "nothing": lambda: None,
    "a number": lambda: 12345678,
    "a text": lambda: CANARY,
    "a name of a file": lambda: f"/{CANARY}/private.key",
    "a PEM of nothing": lambda: f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n",
    "a PEM cut short": lambda: pem(rsa_key())[:500],
    "an elliptic curve": lambda: pem(ec.generate_private_key(ec.SECP256R1())),
    "an Edwards curve": lambda: pem(ed25519.Ed25519PrivateKey.generate()),
    "a public key": lambda: rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "an encrypted key": lambda: _pem(rsa_key(), CANARY),
    "a key in DER": lambda: rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
}


@pytest.mark.parametrize("key", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS)
def test_what_is_no_rsa_private_key_is_refused_when_it_is_given(key: Callable[[], Any]) -> None:
    for error in refused([outcome(lambda: Jwt("an-application", key()))]):
        assert error.field == "private_key"
        assert error.source
        _hidden(error)


@pytest.mark.parametrize("written", [str, bytes], ids=["text", "bytes"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "PKCS1"])
def test_an_rsa_private_key_is_taken_as_text_or_bytes_in_both_of_its_forms(written: Any, form: PrivateFormat) -> None:
    content = rsa_key().private_bytes(Encoding.PEM, form, NoEncryption())
    assert Jwt("an-application", content.decode() if written is str else content).token().count(".") == 2


@pytest.mark.parametrize("expires_in", [0, -1, 86401, float("inf"), float("nan"), "900", None], ids=str)
def test_a_token_is_good_for_a_second_at_least_and_a_day_at_most(expires_in: Any) -> None:
    for error in refused([outcome(lambda: Jwt("an-application", pem(rsa_key()), expires_in=expires_in))]):
        assert error.field == "expires_in"
        assert error.source


def test_credentials_do_not_show_what_they_hold() -> None:
    secret, key = pem(rsa_key()).decode(), f"key-{CANARY}"
    for auth in (KeySecret(key, CANARY), Signed(key, CANARY), Basic(key, CANARY), Jwt("an-application", secret)):
        assert CANARY not in f"{auth} {auth!r}"
        assert "PRIVATE" not in f"{auth} {auth!r}"
