"""`shortcodekit check receiver`, as it is met on the command line, with receivers on loopback."""

from __future__ import annotations

import json
import re
import shlex
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIServer
from xml.etree.ElementTree import fromstring

import pytest

from contract_tests.loopback import served
from shortcodekit.contract import CLIENT_LAWS, PROVIDER_LAWS, RECEIVER_LAWS, REQUEST_LAWS, Law
from shortcodekit.webhooks import Request, Response

from .checking import QUICK, RECEIPT, SECRET, Gate, check, failed, receiver, refusing, right, run_curl

LAWS: Final[tuple[Law[Any], ...]] = (*RECEIVER_LAWS, *PROVIDER_LAWS, *CLIENT_LAWS, *REQUEST_LAWS)

# ---- receivers: verdicts ---------------------------------------------------------------------------------------------


def test_where_every_law_holds_it_says_so_for_each_and_ends_with_0() -> None:
    ended = receiver(right(), "--examples", "5")
    assert (ended.exit_code, ended.stderr) == (0, "")
    told = ended.stdout.splitlines()
    laws = [line for line in told if line.startswith("holds")]
    assert len(laws) > 40
    assert all(
        re.fullmatch(r"holds    delivery-receipt/(query|form|json)/[a-z-]+  \d+ requests?", line) for line in laws
    )
    needing = [line for line in told if line.startswith("skipped")]
    assert all(line.endswith("needs the signature secret") for line in needing)
    assert len(needing) == 3 * sum(law.needs != "" for law in RECEIVER_LAWS)
    assert f"{len(laws)} laws hold, none is broken, {len(needing)} not judged: needs the signature secret" in told[-2]
    assert told[-1] == "No signature secret was given, so nothing is said about what is signed."
    assert "\x1b" not in ended.output, "colour is for terminals"


def test_with_the_signature_secret_nothing_is_skipped_and_forged_events_are_judged() -> None:
    ended = receiver(right(secret=SECRET), *QUICK, "--signature-secret", SECRET)
    assert ended.exit_code == 0, ended.output
    assert re.search("^holds +delivery-receipt/query/forged-events", ended.stdout, re.MULTILINE)
    assert "skipped" not in ended.stdout
    trusting = receiver(right(), *QUICK, "--signature-secret", SECRET)
    assert trusting.exit_code == 1
    assert re.search("^broken +delivery-receipt/query/forged-events", trusting.stdout, re.MULTILINE)


@pytest.mark.parametrize("encoding", ["query", "application/x-www-form-urlencoded", "application/json"])
def test_of_a_broken_law_it_tells_the_sentence_the_source_and_a_command_that_shows_it_again(encoding: str) -> None:
    with served(refusing(b"buffered", Response(503))) as base:
        url = f"{base}/hook"
        ended = check("receiver", url, "--event", RECEIPT, "--encoding", encoding, "--law", "documented-codes")
        law = next(each for each in RECEIVER_LAWS if each.name == "documented-codes")
        assert ended.exit_code == 1
        told = ended.stdout
        assert (
            f"/documented-codes: {law.sentence}\n  source    {law.source}\n  request   status is 'buffered'\n" in told
        )
        assert "\n  expected  HTTP 200 within 5 s\n  came      HTTP 503\n" in told
        assert "0 laws hold, 1 broken, " in told
        assert run_curl(told).split()[1] == "503"


@pytest.mark.parametrize("event", ["inbound-sms", "message-status", "inbound-message"])
def test_the_command_shows_it_again_with_a_header_and_a_query_of_the_receivers_own(event: str) -> None:
    def answers(request: Request) -> Response | None:
        if request.header("x-key") != ["header-canary-42"] or "door=query-canary-43" not in request.query:
            return Response(403)
        return Response(418) if b"to-come" in request.query.encode() + request.body else None

    with served(Gate(answers, right(event))) as base:
        url = f"{base}/hook?door=query-canary-43"
        arguments = ("--event", event, "--header", "X-Key: header-canary-42", "--law", "keys-to-come")
        ended = check("receiver", url, *arguments, *(() if "message" in event else ("--encoding", "query")))
        assert ended.exit_code == 1, ended.output
        variables = {"X_KEY": "header-canary-42", "URL_QUERY": "door=query-canary-43"}
        assert run_curl(ended.stdout, **variables).split()[1] == "418"
        assert "canary" not in ended.output


def test_where_the_documented_event_is_refused_for_what_it_says_nothing_else_is_judged() -> None:
    ended = receiver(refusing(b"delivered", Response(500)), *QUICK)
    assert ended.exit_code == 1
    lines = [each for each in ended.stdout.splitlines() if re.match("broken|skipped|holds", each)]
    assert lines[0].startswith("broken   delivery-receipt/query/documented-events")
    assert all(each.endswith("not before documented-events holds") for each in lines[1:])
    assert len(lines) > 10


# ---- receivers: what cannot be judged --------------------------------------------------------------------------------


def test_a_receiver_that_is_down_is_told_with_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        told = failed(check("receiver", f"http://127.0.0.1:{taken.getsockname()[1]}/", "--event", RECEIPT))
    assert "nothing can be judged" in told
    assert "ConnectError" in told
    assert told.endswith("Is it running, and is this its address? --cacert names certificates for https.\n")


def test_a_receiver_that_verifies_is_told_when_there_is_no_secret_or_another_one() -> None:
    told = failed(receiver(right(secret=SECRET)))
    assert told.count("HTTP 401") == 3
    assert "--signature-secret gives it signed events" in told
    told = failed(receiver(right(secret=SECRET), "--signature-secret", "another-canary"))
    assert "Is this the secret that it verifies by, and is --signature-method its method?" in told
    assert "canary" not in told


def test_a_path_that_is_none_is_told() -> None:
    told = failed(receiver(Gate(lambda _: Response(404))))
    assert "HTTP 404" in told
    assert "Is this the path where it takes delivery-receipt? It was sent as query, application/json" in told


def test_a_receiver_of_one_encoding_is_judged_by_it_and_the_others_are_named() -> None:
    only_get = Gate(lambda each: Response(405) if each.method == "POST" else None)
    ended = receiver(only_get, "--examples", "3")
    assert ended.exit_code == 0
    assert ended.stderr.splitlines() == [
        f"not judged: delivery-receipt/{each}: HTTP 405 (--encoding names what your receiver is meant to take)"
        for each in ("json", "form")
    ]
    assert set(re.findall("delivery-receipt/([a-z]+)/", ended.stdout)) == {"query"}
    ended = receiver(only_get, "--encoding", "query", "--encoding", "application/json", "--examples", "3")
    assert ended.exit_code == 1, "an encoding that was asked for is broken, and not left out"
    assert re.search("^broken +delivery-receipt/json/documented-events", ended.stdout, re.MULTILINE)


def test_encodings_options_and_laws_that_do_not_exist_are_told() -> None:
    assert "some of query, application/json, application/x-www-form-urlencoded" in failed(
        receiver(right(), "--encoding", "xml")
    )
    told = failed(receiver(right(), "--law", "no-such-law"))
    assert told == "error: no-such-law is not a law here; `shortcodekit check --list` lists them\n"
    assert "--header: a name, a colon and a value" in failed(receiver(right(), "--header", "X-Key"))
    assert "a URL such as" in failed(check("receiver", "ftp://127.0.0.1/", "--event", RECEIPT))
    assert "holds no certificates" in failed(receiver(right(), "--cacert", __file__))


def test_a_file_that_cannot_be_written_is_told() -> None:
    ended = receiver(right(), *QUICK, "--law", "any-order", "--json", "/nowhere/laws.json")
    assert (ended.exit_code, ended.stderr) == (2, "error: /nowhere/laws.json: No such file or directory\n")


# ---- receivers: how they are reached ---------------------------------------------------------------------------------


def test_a_header_that_the_receiver_wants_goes_with_every_request() -> None:
    gate = Gate(lambda each: None if each.header("x-key") == ["header-canary-42"] else Response(401))
    assert receiver(gate, *QUICK, "--header", "X-Key: header-canary-42").exit_code == 0
    assert "--header a header that it wants" in failed(receiver(gate, *QUICK))


def test_the_path_and_the_query_of_the_url_are_kept() -> None:
    seen: list[tuple[str, str]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        seen.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
        return inner(environ, start_response)

    inner = right()
    assert receiver(app, *QUICK, "--law", "documented-events", path="/base/hooks/dlr/?door=1").exit_code == 0
    assert {path for path, _ in seen} == {"/base/hooks/dlr/"}
    assert all(query.startswith("door=1&") for _, query in seen)


def over_tls(certificate: Path, key: Path) -> type[WSGIServer]:
    """A server that proves itself by this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Tls(WSGIServer):
        def get_request(self) -> Any:
            connection, peer = super().get_request()
            return context.wrap_socket(connection, server_side=True), peer

    return Tls


def test_a_private_authority_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    with served(right(), over_tls(certificate, key)) as url:
        arguments = (
            "receiver",
            url.replace("http:", "https:"),
            "--event",
            RECEIPT,
            *QUICK,
            "--law",
            "documented-events",
        )
        ended = check(*arguments, "--cacert", str(certificate))
        assert ended.exit_code == 0, ended.output
        told = failed(check(*arguments))
        assert "CERTIFICATE_VERIFY_FAILED" in told
        assert "--cacert names certificates for https" in told


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody knows, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a private authority")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(*pem))
    return files


# ---- what is written -------------------------------------------------------------------------------------------------

EVIL: Final = "https://example.com/<script>alert(1)</script>\"'&"


def test_verdicts_are_written_as_junit_json_and_html_that_agree_and_hold_no_secrets(tmp_path: Path) -> None:
    files = [tmp_path / f"laws.{kind}" for kind in ("xml", "json", "html")]
    broken = refusing(b"buffered", Response(302, {"Location": EVIL}))
    broken.inner = right(secret=SECRET)
    outputs = [
        text for kind, file in zip(("junit", "json", "html"), files, strict=True) for text in (f"--{kind}", str(file))
    ]
    ended = receiver(
        broken, "--examples", "3", "--signature-secret", SECRET, "--header", "X-Key: header-canary-42", *outputs
    )
    assert ended.exit_code == 1
    suite = fromstring(files[0].read_bytes())[0]  # noqa: S314  # our own
    cases, failures = suite.findall("testcase"), suite.findall("testcase/failure")
    told = json.loads(files[1].read_bytes())
    assert len(cases) == len(told["laws"]) == int(suite.attrib["tests"])
    found = [each["name"] for each in told["laws"] if each["verdict"] == "broken"]
    assert found
    assert found == [
        f"{each.attrib['classname']}/{each.attrib['name']}" for each in cases if each.find("failure") is not None
    ]
    assert len(failures) == int(suite.attrib["failures"]) == len(found)
    assert all(EVIL in str(each.text) for each in failures if "came      HTTP 302" in str(each.text))
    assert not told["holds"]
    page = files[2].read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r"""(src|href|action)\s*=|url\(|@import|<link|<img|<iframe""", page)
    assert all(name in page for name in found)
    assert f"{len(found)} broken" in page
    assert f", {told['requests']} requests in " in page
    for text in (ended.output, *(file.read_text("utf-8") for file in files)):
        assert SECRET not in text
        assert "header-canary-42" not in text


def test_json_on_standard_output_is_all_that_stands_there() -> None:
    ended = receiver(right(), *QUICK, "--json", "-")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["holds"]) == (0, True)
    assert told["judged"].startswith(f"{RECEIPT} at http://127.0.0.1:")


def test_control_characters_of_a_receiver_reach_neither_the_terminal_nor_the_files(tmp_path: Path) -> None:
    file = tmp_path / "laws.xml"
    broken = refusing(b"buffered", Response(302, {"Location": "/\x9b31m\x85red"}))
    ended = receiver(broken, *QUICK, "--law", "documented-codes", "--junit", str(file))
    assert "HTTP 302 to /" in ended.stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", ended.stdout)
    assert fromstring(file.read_bytes()).find("testsuite/testcase/failure") is not None  # noqa: S314  # our own


def test_quiet_tells_only_what_is_broken_and_the_sum() -> None:
    ended = receiver(right(), *QUICK, "--quiet")
    assert re.fullmatch(r"\d+ laws hold, none is broken, .* requests in \d+\.\d s\n", ended.stdout)
    ended = receiver(refusing(b"buffered", Response(503)), *QUICK, "--quiet")
    assert ended.stdout.startswith("delivery-receipt/query/")
    assert not re.search("^holds", ended.stdout, re.MULTILINE)


def test_the_same_seed_tries_the_same_and_another_one_something_else() -> None:
    tried = []
    for seed in ("1", "1", "2"):
        gate = Gate()
        ended = receiver(gate, "--seed", seed, "--examples", "5", "--law", "valid-events", "--law", "any-order")
        verdicts = [line for line in ended.stdout.splitlines() if line.startswith(("holds", "broken", "skipped"))]
        tried.append((verdicts, [(each.method, each.query, each.body) for each in gate.kept]))
    assert tried[0] == tried[1]
    assert tried[0][1] != tried[2][1]
    assert all("  5 requests" in line for line in tried[0][0] if "valid-events" in line)


def test_the_command_ends_with_the_same_codes_as_a_process(tmp_path: Path) -> None:
    with served(refusing(b"buffered", Response(503))) as base:
        arguments = f"-m shortcodekit check receiver {base}/hook --event {RECEIPT} --encoding query --law"
        for law, code in (("documented-events", 0), ("documented-codes", 1), ("none", 2)):
            ran = subprocess.run(
                [sys.executable, *shlex.split(arguments), law],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert ran.returncode == code, ran.stderr
            assert "\x1b" not in ran.stdout + ran.stderr
            assert "Traceback" not in ran.stderr


# ---- the list --------------------------------------------------------------------------------------------------------


def test_the_list_has_every_law_with_its_sentence_and_its_source() -> None:
    ended = check("--list")
    assert ended.exit_code == 0
    for law in LAWS:
        assert f"{law.name}\n    {law.sentence}\n    {law.source}\n" in f"{ended.stdout}\n"
    names = [law.name for law in LAWS]
    assert len(set(names)) == len(names)


def test_what_a_law_needs_is_an_option_that_exists() -> None:
    known = check("receiver", "--help").stdout + check("provider", "--help").stdout
    wanted = {each for law in LAWS for each in re.findall(r"--[a-z-]+", law.needs)}
    assert {each for each in wanted if each not in known} == set()
