"""What a witness has in its hands: one client, the stand-in that it asks, and judgements of what it asked.

Signatures and tokens are judged here without the product and without the clients' own code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, Self
from urllib.parse import quote_plus

import jwt
from attrs import evolve, frozen

from contract_tests.peers import pem, rsa_key, signed_by_hand

from .base import Account, Client, ClientError
from .service import Answer, Asked, Service, Unreadable

PHONE: Final = "16365553226"
TIMEOUT: Final = 0.25
"""How long those wait who meet silence."""
PATIENCE: Final = 10.0
"""How long they are waited for."""
WINDOW: Final = 300
OK: Final = "ok"


def _made(name: str, length: int) -> str:
    """A credential, made at run time: Hypothesis draws what it finds written in tests."""
    return hashlib.sha256(name.encode()).hexdigest()[:length]


def account() -> Account:
    """An account whose secret shows each mistake in escaping it and in writing base64."""
    secret = f"{_made('secret', 9)}~?>&+=%~?>"
    signing = _made("signature", 32)
    return Account(
        f"k{_made('key', 7)}", secret, signing, "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", pem(rsa_key()).decode()
    )


@frozen
class Outcome:
    """What came of a call."""

    value: Any = None
    """What was returned; `refused` for a `ClientError`, else the name of the error."""
    error: ClientError | None = None


class Talk:
    """A client in front of the stand-in."""

    def __init__(self, client: Client, service: Service, elsewhere: Service) -> None:
        self.client, self.service, self.elsewhere = client, service, elsewhere
        self.account = account()
        self.calls = client.make(service.url, self.account)
        self.reset()

    def reset(self) -> None:
        """Forgets what was asked and told; the client stays what it is."""
        self.service.reset()
        self.elsewhere.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.close()

    # ---- calls -------------------------------------------------------------------------------------------------------

    def outcome(self, call: Callable[[], Any]) -> Outcome:
        try:
            return Outcome(call())
        except ClientError as error:
            return Outcome("refused", error)
        except Exception as error:  # noqa: BLE001  # which one, is what is looked at
            return Outcome(type(error).__name__)

    def alert(self, *answers: Answer, to: str = PHONE, custom: Mapping[str, str] | None = None, **said: Any) -> Outcome:
        """Sends an alert, which is answered so."""
        self.service.answers = list(answers)
        return self.outcome(lambda: self.calls.send_alert(to, custom or {}, **said))

    def statuses(self, *answers: Answer, **said: Any) -> Any:
        """The statuses of the parts that it returns."""
        value = self.alert(*answers, **said).value
        return [part.status for part in value] if isinstance(value, list) else value

    def opt_outs(self, *answers: Answer, numbers: list[Any] | None = None) -> Any:
        self.service.answers = list(answers)
        self.service.numbers = numbers or []
        return self.outcome(lambda: self.calls.opt_outs()).value

    def resubscribe(self, *answers: Answer, number: str = PHONE) -> Any:
        self.service.answers = list(answers)
        return self.outcome(lambda: self.calls.resubscribe(number)).value

    def message(self, *answers: Answer, document: Mapping[str, Any] | None = None) -> Outcome:
        self.service.answers = list(answers)
        return self.outcome(lambda: self.calls.send_message(MESSAGE if document is None else document))

    # ---- what it asked -----------------------------------------------------------------------------------------------

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.service.asked)

    @property
    def last(self) -> Asked:
        return self.service.asked[-1]

    @property
    def parameters(self) -> Mapping[str, str] | None:
        """What the last request says; None when it cannot be read."""
        try:
            return self.last.parameters
        except Unreadable:
            return None

    def said(self, name: str, usual: str | None = None, **alert: Any) -> str | None:
        """What an alert says under a name; `unreadable`, or the outcome where nothing was sent."""
        outcome = self.alert(**alert)
        if not self.asked:
            return str(outcome.value)
        found = self.parameters
        return "unreadable" if found is None else found.get(name, usual)

    def custom(self, value: str, name: str = "link") -> str | None:
        """What a custom parameter says."""
        return self.said(name, custom={name: value})

    def unsent(self, **alert: Any) -> tuple[Any, int]:
        """What comes of an alert that is against the rules, and how many requests were made."""
        value = self.alert(**alert).value
        return (value if isinstance(value, str) else "sent", self.asked)

    # ---- credentials -------------------------------------------------------------------------------------------------

    def verdict(self, **alert: Any) -> str:
        """What is wrong with the credentials of an alert."""
        self.alert(**alert)
        said = self.parameters or {}
        if said.get("api_key") != self.account.api_key:
            return "key"
        if "api_secret" in said and "sig" in said:
            return "both"
        if "api_secret" in said:
            return OK if said["api_secret"] == self.account.api_secret else "secret"
        expected = signed_by_hand(said.items(), self.account.signature_secret, self.client.signs or "md5hash")
        if said.get("sig", "").lower() != expected:
            return "signature"
        moment = said.get("timestamp", "")
        return OK if moment.isdigit() and abs(int(moment) - time.time()) < WINDOW else "time"

    def authorization(self) -> str:
        """What is wrong with the credentials of a message."""
        outcome = self.message()
        if not self.asked:
            return str(outcome.value)
        if "?" in self.last.target:
            return "secret in the URL"
        scheme, _, value = self.last.headers.get("authorization", "").partition(" ")
        match scheme:
            case "Basic":
                return self._basic(value)
            case "Bearer":
                return self._token(value)
        return "scheme"

    def _basic(self, value: str) -> str:
        try:
            found = base64.b64decode(value, validate=True).decode("utf-8")
        except ValueError:
            return "base64"
        return OK if found == f"{self.account.api_key}:{self.account.api_secret}" else "secret"

    def _token(self, value: str) -> str:
        unlooked: Any = {f"verify_{name}": False for name in ("exp", "iat", "nbf", "aud")}
        try:
            claims = jwt.decode(value, rsa_key().public_key(), algorithms=["RS256"], options=unlooked)
        except jwt.PyJWTError:
            return "token"
        made, end = claims.get("iat", 0), claims.get("exp", time.time() + 1)
        if claims.get("application_id") != self.account.application_id:
            return "application"
        if not claims.get("jti"):
            return "jti"
        return OK if abs(made - time.time()) < WINDOW and time.time() < end <= made + 24 * 3600 else "time"

    def ids_differ(self) -> bool:
        """Whether two tokens have two identifiers; true of Basic, which has none."""
        self.message()
        self.message()
        values = [each.headers["authorization"].partition(" ") for each in self.service.asked]
        if values[0][0] == "Basic":
            return True
        unlooked: Any = {"verify_signature": False}
        return len({jwt.decode(token, options=unlooked)["jti"] for _, _, token in values}) == 2

    def document(self, document: Mapping[str, Any]) -> str:
        """How a message was sent: as it is, and as JSON."""
        self.message(document=document)
        if self.last.path.rstrip("/") != "/v0.1/messages" or self.last.method != "POST":
            return "elsewhere"
        if self.last.type != "application/json":
            return f"type {self.last.type}".strip()
        try:
            return "as it is" if json.loads(self.last.body.decode("utf-8")) == document else "changed"
        except ValueError:
            return "unreadable"

    def leaks(self, *answers: Answer) -> bool:
        """Whether a secret stands in the error of a refused alert."""
        error = self.alert(*answers).error
        told = f"{error} {error!r} {error.__cause__!r}" if error else ""
        secrets = (self.account.api_secret, self.account.signature_secret)
        return any(each in told or quote_plus(each) in told for each in secrets)

    # ---- silence -----------------------------------------------------------------------------------------------------

    @cached_property
    def silence(self) -> tuple[Any, bool, int]:
        """What comes of an alert that nobody answers: the outcome, whether it ends in time, and how many requests it made."""
        self.service.respond = lambda _: Answer(fate="silent")
        calls = self.client.make(self.service.url, evolve(self.account, timeout=TIMEOUT))
        found: list[Outcome] = []
        began = time.monotonic()
        thread = threading.Thread(
            target=lambda: found.append(self.outcome(lambda: calls.send_alert(PHONE, {}))), daemon=True
        )
        thread.start()
        thread.join(PATIENCE)
        in_time = not thread.is_alive()
        while not self.asked and time.monotonic() < began + PATIENCE:  # the stand-in may be slower than the client
            time.sleep(0.01)
        asked = self.asked
        self.service.released.set()
        thread.join(PATIENCE)
        calls.close()
        return (found[0].value if found else "nothing", in_time, asked)


MESSAGE: Final[Mapping[str, Any]] = {
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "447700900001"},
    "message": {"content": {"type": "text", "text": "hello"}},
}
TEMPLATE: Final[Mapping[str, Any]] = {
    "to": {"type": "whatsapp", "number": "447700900000"},
    "from": {"type": "whatsapp", "number": "447700900001"},
    "message": {
        "content": {"type": "template", "template": {"name": "shop:order", "parameters": ["Grüße", "1 & 2"]}},
        "whatsapp": {"policy": "deterministic", "locale": "en-GB"},
    },
    "client_ref": "r" * 40,
}
