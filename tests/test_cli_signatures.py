"""`shortcodekit sign` and `verify`: each mistake that is made with signatures is made here, and has to be named."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract_tests.peers import signed_by_hand
from shortcodekit.sandbox import Sandbox
from shortcodekit.signing import METHODS
from tests.commands import new_secret, run, spawn

NOW = 1461605396
SECRET = "a-signature-secret-of-these-tests"
ENV = {"SHORTCODEKIT_SIGNATURE_SECRET": SECRET}
MD5HASH = "6af838ef94998832dbfc29020b564830"
SHA256 = "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"
RECEIPT = {
    "msisdn": "16365553226",
    "to": "96167",
    "messageId": "0A0000000123ABCD",
    "status": "delivered",
    "text": "Über a + b & c = d",
    "client-ref": "",
    "timestamp": str(NOW),
}


def signed(parameters: Mapping[str, str], secret: str = SECRET, method: str = "md5hash") -> str:
    """The signature, made without the product."""
    return signed_by_hand(parameters.items(), secret, method)


def query(parameters: Mapping[str, str], sig: str) -> str:
    return urlencode({**parameters, "sig": sig})


def why(source: str, *words: str, env: Mapping[str, str] = ENV, stdin: str | bytes = "") -> list[str]:
    """The causes that are told of what does not match."""
    ran = run("verify", source, "--now", str(NOW), "--json", *words, env=env, stdin=stdin)
    document = json.loads(ran.out)
    assert (ran.code, document["matches"]) == (1, False), document
    causes: list[str] = document["causes"]
    assert causes
    assert document["reason"]
    return causes


# ---- sign --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "sig"), [("md5hash", MD5HASH), ("sha256", SHA256)])
@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["a=1&b=2&timestamp=1461605396"], ""),
        (["?b=2&a=1&timestamp=1461605396"], ""),
        (["https://example.com/x?b=2&a=1&timestamp=1461605396#end"], ""),
        (["timestamp=1461605396", "a=1", "b=2"], ""),
        (['{"a": 1, "b": "2", "timestamp": 1461605396}'], ""),
        (["-"], "a=1&b=2&timestamp=1461605396\n"),
        ([], '{"timestamp": "1461605396", "b": 2, "a": "1"}'),
        (["a=1&b=2&timestamp=1461605396&sig=what+was+there"], ""),
    ],
)
def test_the_published_vectors_come_out_however_parameters_are_given(
    words: list[str], stdin: str, method: str, sig: str
) -> None:
    env = {"SHORTCODEKIT_SIGNATURE_SECRET": "secret"}
    assert run("sign", *words, "--method", method, "--quiet", stdin=stdin, env=env).out == f"{sig}\n"
    document = json.loads(run("sign", *words, "--method", method, "--json", stdin=stdin, env=env).out)
    assert document["sig"] == sig
    ending = "[secret]" if method == "md5hash" else ""
    assert document["signed"] == f"&a=1&b=2&timestamp=1461605396{ending}"


def test_what_is_signed_is_shown_without_the_secret_and_the_query_is_ready_to_send() -> None:
    ran = run("sign", "to=16365553226", "server=a&b=c d", f"timestamp={NOW}", env=ENV)
    told = dict(line.split(maxsplit=1) for line in ran.lines)
    assert told["signed"] == f"&server=a_b_c d&timestamp={NOW}&to=16365553226[secret]"
    assert told["query"].endswith(f"&sig={told['sig']}")
    assert run("verify", told["query"], "--now", str(NOW), env=ENV).code == 0


def test_the_time_is_added_where_there_is_none_unless_it_is_unwanted() -> None:
    before = int(time.time())
    (told,) = [line for line in run("sign", "a=1", env=ENV).lines if line.startswith("query")]
    assert before <= int(told.partition("timestamp=")[2].partition("&")[0]) <= time.time()
    assert "timestamp" not in run("sign", "a=1", "--no-timestamp", env=ENV).out


def test_a_request_that_carries_the_secret_as_well_is_warned_of_and_not_shown() -> None:
    secret = new_secret()
    ran = run("sign", "a=1", f"api_secret={secret}", env={**ENV, "SHORTCODEKIT_API_SECRET": secret})
    assert (ran.code, "must not carry the secret" in ran.err, "api_secret=[secret]" in ran.out) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (["a"], "", "a name, `=` and a value"),
        (["=1", "b=2"], "", "a name, `=` and a value"),
        (["-"], "", "was expected"),
        (["-"], b"\xff\xfe=1", "no Unicode text"),
        (["-"], b"a=%ff", "no parameters in UTF-8"),
        (["-"], b"{" * 100_000, "a JSON object was expected"),
        (["-"], '{"a": {"b": 1}}', "a: a signature covers texts, numbers and booleans"),
        (["@/nowhere/file"], "", "/nowhere/file: No such file"),
        (["a=1&b=2", "--method", "rot13"], "", "'rot13' is not one of"),
    ],
)
def test_what_cannot_be_signed_is_told(words: list[str], stdin: str | bytes, told: str) -> None:
    ran = run("sign", *words, stdin=stdin, env=ENV)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


# ---- verify: what matches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_what_is_rightly_signed_matches_in_every_form(method: str, tmp_path: Path) -> None:
    sig = signed(RECEIPT, method=method)
    form = query(RECEIPT, sig)
    document = json.dumps({**RECEIPT, "sig": sig})
    (tmp_path / "body.json").write_text(document, "utf-8")
    posted = f"POST /hooks HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n\r\n{form}\n"
    for source, stdin in (
        (form, ""),
        (f"?{form}", ""),
        (f"https://example.com/hooks?{form}", ""),
        ("-", f"{form}\n"),
        ("-", f"GET /hooks?{form} HTTP/1.1\nHost: x\n\n"),
        ("-", posted),
        ("-", f"POST /hooks HTTP/1.1\nContent-Type: application/json\n\n{document}"),
        (document, ""),
        (f"@{tmp_path / 'body.json'}", ""),
    ):
        ran = run("verify", source, "--now", str(NOW), "--method", method, stdin=stdin, env=ENV)
        assert ran.code == 0, ran.out
        assert ran.lines[0] == "the signature matches"


def test_a_signature_in_capitals_matches_and_is_remarked_upon() -> None:
    ran = run("verify", query(RECEIPT, signed(RECEIPT).upper()), "--now", str(NOW), env=ENV)
    assert ran.code == 0
    assert "note      The signature is in capitals. Compare signatures without regard to case." in ran.lines


def test_it_shows_the_text_that_was_signed_and_what_was_compared() -> None:
    ran = run("verify", query({"a": "1", "timestamp": str(NOW)}, "0" * 32), "--now", str(NOW), env=ENV)
    told = dict(line.split(maxsplit=1) for line in ran.lines)
    assert told["signed"] == f"&a=1&timestamp={NOW}[secret]"
    assert told["told"] == "0" * 32
    assert told["expected"] == signed({"a": "1", "timestamp": str(NOW)})


# ---- verify: mistakes ----------------------------------------------------------------------------------------------------------


def _text(parameters: Mapping[str, str]) -> str:
    return "".join(f"&{name}={parameters[name].translate({38: '_', 61: '_'})}" for name in sorted(parameters))


def _md5hash(text: str | bytes, secret: str = SECRET) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    return hashlib.md5(content + secret.encode()).hexdigest()  # noqa: S324  # the service's own


def _changed(change: Callable[[str], str]) -> str:
    return query(RECEIPT, signed({name: change(value) for name, value in RECEIPT.items()}))


FORM = query(RECEIPT, signed(RECEIPT))
MISTAKES: dict[str, tuple[str, str]] = {
    "another method of the same length": (query(RECEIPT, signed(RECEIPT, method="md5")), "signed by md5, and not by md5hash"),
    "another method": (query(RECEIPT, signed(RECEIPT, method="sha512")), "signed by sha512, and not by md5hash"),
    "a line end behind the secret": (query(RECEIPT, signed(RECEIPT, f"{SECRET}\n")), "a line end behind it"),
    "encoded twice": (
        urlencode({name: quote(value) for name, value in {**RECEIPT, "sig": signed(RECEIPT)}.items()}),
        "encoded twice",
    ),
    "decoded before": ("&".join(f"{name}={value}" for name, value in {
        **RECEIPT, "text": "a%2Bb", "sig": signed({**RECEIPT, "text": "a%2Bb"}),
    }.items()), "percent-encoded"),
    "a + became a space": (
        query({**RECEIPT, "msisdn": " 1636"}, signed({**RECEIPT, "msisdn": "+1636", "text": "x"})).replace(
            urlencode({"text": RECEIPT["text"]}), "text=x"
        ),
        "a + became a space",
    ),
    "spaces as %20": (_changed(lambda value: value.replace(" ", "%20")), "Spaces stood as %20"),
    "empty values dropped": (
        query(RECEIPT, signed({name: value for name, value in RECEIPT.items() if value})),
        "empty values were left out",
    ),
    "not sorted": (
        query(RECEIPT, _md5hash("".join(f"&{name}={value.translate({38: '_', 61: '_'})}" for name, value in RECEIPT.items()))),
        "not sorted by name",
    ),
    "no leading &": (query(RECEIPT, _md5hash(_text(RECEIPT)[1:])), "& before the first parameter"),
    "& and = as they are": (
        query(RECEIPT, _md5hash("".join(f"&{name}={RECEIPT[name]}" for name in sorted(RECEIPT)))),
        "were not replaced by _",
    ),
    "& and = taken out": (
        query(RECEIPT, _md5hash("".join(f"&{name}={RECEIPT[name]}".replace(" & ", "  ").replace(" = ", "  ") for name in sorted(RECEIPT)))),
        "were taken out",
    ),
    "Latin-1": (query(RECEIPT, _md5hash(_text(RECEIPT).encode("latin-1"))), "Latin-1"),
    "decomposed": (_changed(lambda value: value.replace("Ü", "U\u0308")), "decomposed"),
    "a parameter added": (f"{FORM}&utm_source=mail", "made without utm_source"),
    "two parameters added": (f"{FORM}&id=1&utm=2", "made without id and utm"),
    "white space around a value": (_changed(str.strip).replace("delivered", "+delivered+"), "White space around values"),
    "two mistakes": (f"{query(RECEIPT, signed(RECEIPT, method='sha256'))}&x=1", "signed by sha256"),
    "altered": (FORM.replace("delivered", "failed"), "None of the usual mistakes"),
    "another secret": (query(RECEIPT, signed(RECEIPT, "another-secret-altogether")), "made with another secret"),
    "cut": (FORM[:-1], "has 31 characters"),
    "no hex": (query(RECEIPT, "z" * 32), "is no signature"),
    "none": (urlencode(RECEIPT), "There is no parameter sig"),
    "twice": (f"{FORM}&sig=1", "is there 2 times"),
    "no timestamp": (query({"a": "1"}, signed({"a": "1"})), "There is no parameter timestamp"),
    "a timestamp in words": (query({"timestamp": "now"}, signed({"timestamp": "now"})), "no time in Unix seconds"),
    "milliseconds": (
        query({"timestamp": str(NOW * 1000)}, signed({"timestamp": str(NOW * 1000)})), "in milliseconds"
    ),
    "stale": (
        query({"timestamp": str(NOW - 3600)}, signed({"timestamp": str(NOW - 3600)})),
        "signed 60 minutes ago, and 300 seconds are allowed",
    ),
    "in the future": (
        query({"timestamp": str(NOW + 86400 * 3)}, signed({"timestamp": str(NOW + 86400 * 3)})),
        "signed 3 days in the future",
    ),
    "a name with &": ("a%26b=1&" + query({"timestamp": str(NOW)}, signed({"timestamp": str(NOW)})), "has & or = in it"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(source: str, told: str) -> None:
    causes = why(source)
    assert any(told in each for each in causes), causes


@pytest.mark.parametrize("name", ["altered", "another secret"])
def test_what_no_one_can_tell_is_not_guessed(name: str) -> None:
    (cause,) = why(MISTAKES[name][0])
    assert "a signature cannot tell which" in cause


def test_a_signature_of_another_length_tells_of_its_method_even_when_the_secret_is_another() -> None:
    first, second = why(query(RECEIPT, signed(RECEIPT, "another-secret-altogether", "sha256")))
    assert first == "It has 64 hex digits, as sha256 give, and md5hash gives 32."
    assert "None of the usual mistakes" in second


@pytest.mark.parametrize(("around", "told"), [(" {} ", "white space around it"), ("'{}'", "quotation marks around it")])
def test_a_secret_that_was_pasted_with_something_around_it_is_noticed(around: str, told: str) -> None:
    (cause,) = why(FORM, env={"SHORTCODEKIT_SIGNATURE_SECRET": around.format(SECRET)})
    assert told in cause


def test_the_api_secret_in_place_of_the_signature_secret_is_noticed() -> None:
    other = new_secret()
    (cause,) = why(query(RECEIPT, signed(RECEIPT, other)), env={**ENV, "SHORTCODEKIT_API_SECRET": other})
    assert "made with the API secret" in cause


def test_a_signature_in_the_query_of_a_post_is_noticed() -> None:
    causes = why("-", stdin=f"POST /hooks?{FORM} HTTP/1.1\r\n\r\na=1")
    assert any("of a POST the body is signed" in each for each in causes)


def test_what_a_sandbox_signs_matches() -> None:
    secret = new_secret()
    with Sandbox(signature_secret=secret, sign_webhooks=True, receipt_url="http://127.0.0.1:9/x") as sandbox:
        from shortcodekit import Alert, AlertsClient

        with AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts:
            alerts.send(Alert(to="16365553226", status_report_req=True), custom={"server": "a & b", "link": "é"})
        sandbox.advance(minutes=1)
        url = sandbox.webhooks[0]["request"]["url"]
        moment = int(url.partition("&timestamp=")[2].partition("&")[0])
    ran = run("verify", url, "--now", str(moment), env={"SHORTCODEKIT_SIGNATURE_SECRET": secret})
    assert (ran.code, ran.lines[0]) == (0, "the signature matches")


# ---- verify: tokens ------------------------------------------------------------------------------------------------------------

BODY = json.dumps({"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "status": "read", "to": "é"}, indent=1)


def token(
    body: str | bytes = BODY, *, secret: str = SECRET, algorithm: str = "HS256", leave: str = "", **claims: Any
) -> str:
    content = body if isinstance(body, bytes) else body.encode()
    made = {
        "iat": NOW,
        "jti": "1",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(content).hexdigest(),
        "api_key": "abcd",
    }
    made = {name: value for name, value in (made | claims).items() if name != leave}
    head = {"alg": algorithm, "typ": "JWT"}
    signed = ".".join(_packed(json.dumps(each).encode()) for each in (head, made))
    return f"{signed}.{_packed(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _packed(content: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def bearer(made: str) -> tuple[str, str]:
    return ("--header", f"Authorization: Bearer {made}")


def test_the_tokens_made_here_are_those_that_another_library_makes() -> None:
    claims = jwt.decode(token(), SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert claims["iss"] == "Vonage"


def test_a_right_token_matches_with_its_body_in_a_file_and_in_a_whole_request(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text(BODY, "utf-8")
    whole = f"POST /hooks/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\nContent-Length: {len(BODY.encode())}\r\n\r\n{BODY}\n"
    for source, words, stdin in (
        (f"@{tmp_path / 'body.json'}", bearer(token()), ""),
        ("-", bearer(token()), BODY),
        ("-", (), whole),
    ):
        ran = run("verify", source, *words, "--now", str(NOW), stdin=stdin, env=ENV)
        assert ran.code == 0, ran.out
        assert ran.lines[0] == "the token matches"
        assert token() not in ran.out, "it is a credential while it counts"


TOKENS: dict[str, tuple[str, str, str]] = {
    "a line end added": (token(), BODY + "\n", "a line end was added"),
    "a line end taken off": (token(BODY + "\n"), BODY, "a line end was taken off"),
    "written anew": (token(json.dumps(json.loads(BODY), separators=(",", ":"))), BODY, "written anew"),
    "line ends": (token(BODY.replace("\n", "\r\n")), BODY, "its line ends were \\r\\n"),
    "another body": (token("{}"), BODY, "changed or cut"),
    "another secret": (token(secret="another-secret-altogether"), BODY, "a signature cannot tell which"),
    "a line end behind the secret": (token(secret=f"{SECRET}\n"), BODY, "a line end behind it"),
    "another algorithm": (token(algorithm="none"), BODY, 'signed by "none", and webhooks are by HS256'),
    "a token to send with": (token(algorithm="RS256"), BODY, "a token to send with"),
    "no hash": (token(leave="payload_hash"), BODY, "no claim payload_hash"),
    "another issuer": (token(iss="Somebody"), BODY, "iss is not Vonage"),
    "no time": (token(leave="iat"), BODY, "iat, the time"),
    "stale": (token(iat=NOW - 7200), BODY, "signed 2 hours ago"),
    "expired": (token(exp=NOW - 600), BODY, "It has expired"),
    "not yet": (token(nbf=NOW + 600), BODY, "does not count yet"),
    "no token": ("nonsense", BODY, "is no token"),
    "three parts of nonsense": ("a.b.c", BODY, "is no token"),
    "bits without meaning": (token(), "", "changed or cut"),
}


@pytest.mark.parametrize(("made", "body", "told"), TOKENS.values(), ids=TOKENS)
def test_a_mistake_with_a_token_is_named(made: str, body: str, told: str) -> None:
    causes = why("-", *bearer(made), stdin=body)
    assert any(told in each for each in causes), causes


def test_the_hash_that_is_told_and_the_one_of_the_body_are_shown() -> None:
    document = json.loads(run("verify", "-", *bearer(token("{}")), "--json", stdin=BODY, env=ENV).out)
    assert document["payload_hash_told"] == hashlib.sha256(b"{}").hexdigest()
    assert document["payload_hash_actual"] == hashlib.sha256(BODY.encode()).hexdigest()
    assert document["body_bytes"] == len(BODY.encode())
    assert document["algorithm"] == "HS256"


def test_a_token_whose_last_character_has_other_bits_is_remarked_upon() -> None:
    made = token()
    other = next(each for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if
                 _same_bytes(made, made[:-1] + each) and each != made[-1])  # fmt: skip
    (cause,) = why("-", *bearer(made[:-1] + other), stdin=BODY)
    assert "bits without meaning" in cause


def _same_bytes(one: str, other: str) -> bool:
    import base64

    return base64.urlsafe_b64decode(one.rpartition(".")[2] + "=") == base64.urlsafe_b64decode(
        other.rpartition(".")[2] + "="
    )


# ---- garbage -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "stdin", "told"),
    [
        ("-", "", "was expected"),
        ("nonsense", "", "was expected"),
        ("-", b"\x00\xff", "was expected"),
        ("-", "POST /x HTTP/1.1\r\nContent-Length: 10\r\n\r\na=1", "some were lost"),
        ("-", "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n", "in chunks"),
        ("-", "POST /x HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\nabc", "compressed"),
        ("-", "POST /x HTTP/1.1\r\nnonsense\r\n\r\n", "a line among its headers"),
        ("@/nowhere", "", "/nowhere: No such file"),
        ("@\0", "", "cannot be read"),
    ],
)
def test_what_cannot_be_judged_exits_with_2(source: str, stdin: str | bytes, told: str) -> None:
    ran = run("verify", source, stdin=stdin, env=ENV)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_header_has_a_name_and_a_value() -> None:
    ran = run("verify", "a=1", "--header", "nonsense", env=ENV)
    assert (ran.code, "--header: a name, a colon and a value" in ran.err) == (2, True)


@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode), st.booleans(), st.sampled_from(METHODS))
@example(b'{"sig": "\\ud800", "timestamp": "1"}', True, "md5hash")
@example(b'{"a": 1e999, "sig": ["x"], "timestamp": "1"}', False, "sha1")
@example(b"sig=" + b"0" * 32 + b"&timestamp=99999999999999999999999", False, "md5")
@example(b'{"sig": "1", "sig": "2", "a": {"b": []}}', False, "md5hash")
@example(b"POST / HTTP/1.1\r\nAuthorization: Bearer e30.e30.\r\n\r\n", True, "md5hash")
@example(b"POST / HTTP/1.1\r\nAuthorization: Bearer \xe9.\xe9.\xe9\r\n\r\n", True, "md5hash")
def test_whatever_is_pasted_gets_a_verdict_or_an_error(content: bytes, as_json: bool, method: str) -> None:
    for command in ("verify", "sign"):
        ran = run(command, "-", "--method", method, *(["--json"] if as_json else []), stdin=content, env=ENV)
        assert ran.code in {0, 1, 2}
        assert "Traceback" not in ran.err
        assert "\x1b" not in ran.out
        if as_json and ran.out:
            json.loads(ran.out)


def test_a_process_reads_its_standard_input_and_shows_no_secret() -> None:
    secret = new_secret()
    source = query(RECEIPT, signed(RECEIPT, secret)).encode()
    env = {"SHORTCODEKIT_SIGNATURE_SECRET": secret, "SHORTCODEKIT_API_SECRET": new_secret()}
    assert spawn("verify", "--now", str(NOW), stdin=source, env=env).code == 0
    assert spawn("verify", stdin=source + b"\xff", env=env).code == 1
    ran = spawn("sign", "a=1", f"text=it is {secret}", env=env)
    assert (ran.code, "it is [hidden]" in ran.out) == (0, True)
    holding = query({**RECEIPT, "text": f"it is {secret}"}, "0" * 32).encode()
    assert "it is [hidden]" in spawn("verify", stdin=holding, env=env).out


def test_a_secret_that_is_no_text_is_told() -> None:
    for words in (["sign", "a=1"], ["verify", "a=1"]):
        ran = run(*words, env={"SHORTCODEKIT_SIGNATURE_SECRET": "\udcff-of-these-tests"})
        assert (ran.code, ran.err) == (2, "error: $SHORTCODEKIT_SIGNATURE_SECRET is no text in UTF-8\n")
