"""`shortcodekit sign` and `verify`: what is signed, what matches, and what of all that can be pasted cannot be judged."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shortcodekit.sandbox import Sandbox
from shortcodekit.signing import METHODS
from tests.commands import new_secret, run, spawn
from tests.signatures import ENV, NOW, RECEIPT, query, signed

MD5HASH = "6af838ef94998832dbfc29020b564830"
SHA256 = "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"

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
