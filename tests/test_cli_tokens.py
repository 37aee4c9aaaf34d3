"""`shortcodekit verify` with tokens: right ones match, and each mistake that is made with them is named."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.commands import run
from tests.signatures import ENV, NOW, SECRET, why

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
