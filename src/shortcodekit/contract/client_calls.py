"""What laws about clients have in common: calls, answers to them, and how what was sent is judged."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import evolve

from shortcode_clients.alerts.models import AlertResponse
from shortcode_clients.alerts.security import API_KEY, API_SECRET, SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.messages.security import BASIC, BEARER
from shortcodekit import signing

from .alert_laws import found_by
from .calling import Calls, ClientBench, Reply, Told
from .judge import Request, credentials, judge
from .laws import Law
from .specs import APIS, FORM

API: Final = {each.name: each for each in APIS}
TO: Final = "16365553226"
CUSTOM: Final = {"server": "host3", "link": "https://example.com/host3/mon"}
UUID: Final = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
PART: Final[Mapping[str, Any]] = {
    "status": "0", "message-id": "0A0000000123ABCD", "to": TO, "remaining-balance": "10.00", "message-price": "0.02",
    "network": "310004",
}  # fmt: skip


def alert(**said: Any) -> Callable[[Calls], Any]:
    """A call that sends an alert."""
    rest = {name: value for name, value in said.items() if name not in {"to", "custom"}}
    return lambda client: client.send_alert(said.get("to", TO), said.get("custom", CUSTOM), **rest)


def answering(document: Mapping[str, Any], model: Any, status: int = 200) -> Callable[[Request], Reply]:
    """Answers `document` in the form that a request asks for."""

    def reply(request: Request) -> Reply:
        if request.url.partition("?")[0].endswith("/xml"):
            return Reply(status, model.from_dict(document).to_xml(), "application/xml")
        return Reply(status, json.dumps(document).encode())

    return reply


def accepted(*parts: Mapping[str, Any], **more: Any) -> Callable[[Request], Reply]:
    """Answers an alert with these parts."""
    shown = [dict(each) for each in parts or (PART,)]
    return answering({"message-count": str(len(shown)), "messages": shown, **more}, AlertResponse)


def sent(told: Told, api: str) -> Any:
    """The document of the only request, once it was found to be valid and to carry right credentials."""
    told.expect(len(told.asked) == 1, "one request")
    request = tolerated(told.asked[0], api)
    verdict = judge(API[api], request)
    told.expect(not verdict.violations, f"a valid request; {'; '.join(verdict.violations)[:300]}")
    wrong = credentials(API[api], request)
    told.expect(not wrong, f"right credentials; {'; '.join(wrong)[:200]}")
    return verdict.document


def tolerated(request: Request, api: str) -> Request:
    """A request in the documented form, where it is in one that real clients have and a server copes with: see `x-tolerates`.

    Parameters of a POST may stand in its query, all or some of them, and a header Authorization may be left over from other calls.
    """
    if api == "messages":
        return request
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    path, _, query = request.url.partition("?")
    as_json = request.body.lstrip()[:1] in {b"{", b"["}
    if request.method != "POST" or not query or as_json:
        return evolve(request, headers=headers)
    body = b"&".join(filter(None, (query.encode("latin-1"), request.body)))
    return Request("POST", path, {**headers, "content-type": FORM}, body)


def credentials_fit(bench: ClientBench, told: Told, document: Mapping[str, str]) -> None:
    """Ends the law unless the parameters carry right credentials: the secret, or a signature that fits."""
    account = bench.account
    told.expect(document.get(API_KEY.carrier) == account.api_key, "the account's key")
    if SIGNATURE.carrier not in document:
        told.expect(document.get(API_SECRET.carrier) == account.api_secret, "the account's secret")
        return
    told.expect(API_SECRET.carrier not in document, "no secret beside a signature")
    moment = document.get(SIGNATURE_TIMESTAMP.carrier, "")
    fits = moment.isdigit() and abs(int(moment) - time.time()) < 120
    told.expect(fits, "a timestamp in Unix seconds, of now")
    request = told.asked[0]
    pairs = [*signing.form_members(request.url.partition("?")[2])]
    as_json = request.body.lstrip()[:1] == b"{"
    pairs += signing.json_members(request.body) if as_json else [*signing.form_members(request.body)]
    made = [signing.signature(pairs, account.signature_secret, method) for method in signing.METHODS]
    told.expect(
        any(signing.matches(document[SIGNATURE.carrier], each) for each in made), "a signature that fits the parameters"
    )


CREDENTIALS: Final = {API_KEY.carrier, API_SECRET.carrier, SIGNATURE.carrier, SIGNATURE_TIMESTAMP.carrier}


def authorization_fits(bench: ClientBench, told: Told) -> None:
    """Ends the law unless a message carries right credentials: key and secret, or a token of the application."""
    account, value = bench.account, told.asked[0].headers.get("authorization", "")
    word, _, credential = value.partition(" ")
    if word == BASIC.carrier:
        expected = base64.b64encode(f"{account.api_key}:{account.api_secret}".encode()).decode("ascii")
        told.expect(credential == expected, "key and secret, joined by a colon, in Base64")
        return
    told.expect(word == BEARER.carrier, f"{BASIC.carrier} or {BEARER.carrier}")
    claims = token_claims(credential, account.private_key)
    told.expect(claims is not None, f"a token signed by {BEARER.algorithms[0]} with the application's key")
    said: dict[str, Any] = claims or {}
    now, made, ends = time.time(), said.get("iat"), said.get("exp")
    told.expect(said.get("application_id") == account.application_id, "the application's id in the token")
    told.expect(isinstance(said.get("jti"), str) and bool(said.get("jti")), "a jti in the token")
    told.expect(isinstance(made, int | float) and abs(made - now) < 120, "a token that was made now")
    longest = float(BEARER.longest_seconds or 0)
    fits = ends is None or (isinstance(ends, int | float) and now < ends <= now + longest + 60)
    told.expect(fits, "a token that has not expired, and lasts no longer than 24 hours")


def token_claims(token: str, private_key: str) -> dict[str, Any] | None:
    """The claims of a token; None when it was not signed with this key."""
    import jwt  # noqa: PLC0415  # slow to import, and few laws need it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    public: Any = load_pem_private_key(private_key.encode(), None).public_key()
    unjudged = dict.fromkeys(
        ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
    )
    options: Any = unjudged
    with suppress(jwt.PyJWTError, ValueError, TypeError):
        return dict(jwt.decode(token, public, algorithms=list(BEARER.algorithms), options=options))
    return None


def law(name: str, sentence: str, source: str, check: Callable[[ClientBench], None]) -> Law[ClientBench]:
    """A law about clients."""
    return Law(name, sentence, source, found_by(check))
