"""Correct clients of different temper: by hand in each way that the pages allow, with libraries, and ours (`ours`)."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, ClassVar, Final

import httpx
import urllib3

from . import plain, ways
from .base import Account, Client, ClientError, Part, client_of
from .ours import Ours, OursAwaited, OursByQuery, OursByXml, OursSigned
from .plain import Parameters, Plain, Reply, Sent
from .ways import ByGet, ByJson, ByXml, WithToken

# ---- by hand ---------------------------------------------------------------------------------------------------------


class EmptyPost(Plain):
    """Posts nothing, and says everything in the query, as old Node clients do."""

    traits = ("json", "secret", "basic", "by-query")

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("POST", f"{path}?{self.encoded(said)}", {})


class SecretInQuery(Plain):
    """Says who asks in the query, and what for in the form."""

    def request(self, path: str, said: Parameters) -> Sent:
        who = {name: value for name, value in said.items() if name.startswith("api_")}
        rest = {name: value for name, value in said.items() if name not in who}
        return super().request(f"{path}?{self.encoded(who)}", rest)


class NumbersInJson(ByJson):
    """Posts JSON with integers where the value is one, and asks for pages of seven."""

    page_size = 7

    def number(self, text: str) -> Any:
        return int(super().number(text))

    def index(self, template: int) -> Any:
        return int(super().index(template))

    def request(self, path: str, said: Parameters) -> Sent:
        whole = {name: int(value) if name in ("page", "page-size") else value for name, value in said.items()}
        return super().request(path, whole)


class Patient(Plain):
    """Waits when it is throttled, and sends again, twice at most."""

    waits: ClassVar[tuple[float, ...]] = (0.01, 0.02)

    def send_alert(self, *said: Any, **more: Any) -> list[Part]:
        for wait in self.waits:
            try:
                return super().send_alert(*said, **more)
            except ClientError as error:
                if not error.retryable:
                    raise
                time.sleep(wait)
        return super().send_alert(*said, **more)


class Cautious(Plain):
    """Refuses a number with a `+`, reads the list until a page is empty, and asks for one more page than it has to."""

    def number(self, text: str) -> str:
        if text.startswith("+"):
            raise ClientError("a number has no plus")
        return super().number(text)

    def is_last(self, records: list[plain.Document], new: list[str]) -> bool:
        super().is_last(records, new)
        return not records


class Wordy(Plain):
    """Sends what it does not have to: each option with its default, a leftover header, and a charset."""

    def options(self, wishes: plain.Wishes) -> Parameters:
        usual = {"status-report-req": "0", "template": "0", "type": "text"}
        return {**usual, **super().options(wishes)}

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        kind = f"{plain.FORM}; charset=UTF-8"
        return Sent(sent.method, sent.target, {"Content-Type": kind, "Authorization": "Bearer leftover"}, sent.body)


class Laconic(ByXml):
    """Asks for XML, and for a page without saying which where it is the first one, or how long it is to be."""

    def page(self, page: int) -> plain.Document:
        said = {} if page == 0 else {"page": str(page)}
        return self.document(self.ask(f"{plain.QUERY}/{self.form}", said))


class SignedGet(ways.Signed, WithToken):
    """Signs a query by MD5, and sends messages with a token."""

    traits = ("json", "signed", "token", "by-query")
    signs = "md5hash"

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("GET", f"{path}?{self.encoded(said)}", {})


class SignedXml(ways.Signed, ByXml):
    """Signs a form with HMAC-SHA-512 in capitals, and asks for XML."""

    traits = ("xml", "signed", "basic", "by-body")
    signs = "sha512"

    def hashed(self, text: bytes, secret: bytes) -> str:
        return super().hashed(text, secret).upper()


class SignedJson(ways.Signed, WithToken):
    """Signs JSON with HMAC-SHA-1, its timestamp an integer there, and sends messages with a token that has no end."""

    traits = ("json", "signed", "token", "by-body")
    signs = "sha1"

    def request(self, path: str, said: Parameters) -> Sent:
        body = json.dumps({**said, "timestamp": int(said["timestamp"])}).encode("ascii")
        return Sent("POST", path, {"Content-Type": plain.JSON}, body)

    def claims(self, now: int) -> plain.Document:
        return {name: value for name, value in super().claims(now).items() if name != "exp"}


class SignedMd5(ways.Signed):
    """Signs a form with HMAC-MD5."""

    signs = "md5"


# ---- with libraries --------------------------------------------------------------------------------------------------


class Pooled(Plain):
    """Keeps its connections in a pool of urllib3, and repeats nothing."""

    def __init__(self, base_url: str, account: Account) -> None:
        super().__init__(base_url, account)
        self.pool = urllib3.PoolManager(retries=False, timeout=account.timeout)

    def talk(self, sent: Sent) -> Reply:
        try:
            response = self.pool.request(
                sent.method, f"{self.base_url}{sent.target}", sent.body or None, headers=sent.headers, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise ClientError(f"no answer: {type(error).__name__}") from None
        return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, response.data)

    def close(self) -> None:
        self.pool.clear()


_TRUSTED: Final = httpx.create_ssl_context()
"""Read once, because that takes long."""


class Httpx(Plain):
    """Asks with httpx, and keeps one client of it."""

    def __init__(self, base_url: str, account: Account) -> None:
        super().__init__(base_url, account)
        self.client = httpx.Client(verify=_TRUSTED, trust_env=False, timeout=account.timeout)

    def talk(self, sent: Sent) -> Reply:
        try:
            return _reply(self.client.request(**_arguments(self.base_url, sent)))
        except httpx.HTTPError as error:
            raise ClientError(f"no answer: {type(error).__name__}") from None

    def close(self) -> None:
        self.client.close()


class HttpxAwaited(Plain):
    """Asks with httpx in an event loop of its own."""

    def __init__(self, base_url: str, account: Account) -> None:
        super().__init__(base_url, account)
        self.runner = asyncio.Runner()
        self.client = httpx.AsyncClient(verify=_TRUSTED, trust_env=False, timeout=account.timeout)

    def talk(self, sent: Sent) -> Reply:
        try:
            return self.runner.run(self.awaited(sent))
        except httpx.HTTPError as error:
            raise ClientError(f"no answer: {type(error).__name__}") from None

    async def awaited(self, sent: Sent) -> Reply:
        return _reply(await self.client.request(**_arguments(self.base_url, sent)))

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()


def _arguments(base_url: str, sent: Sent) -> dict[str, Any]:
    return {"method": sent.method, "url": f"{base_url}{sent.target}", "headers": sent.headers, "content": sent.body}


def _reply(response: httpx.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, response.content)


CORRECT: Final[tuple[Client, ...]] = (
    client_of(Plain, "by-hand"),
    client_of(ByGet, "by-hand-get"),
    client_of(ByJson, "by-hand-json"),
    client_of(ByXml, "by-hand-xml"),
    client_of(ways.Signed, "by-hand-signed"),
    client_of(WithToken, "by-hand-with-token"),
    *map(
        client_of,
        (
            EmptyPost,
            SecretInQuery,
            NumbersInJson,
            Patient,
            Cautious,
            Wordy,
            Laconic,
            SignedGet,
            SignedXml,
            SignedJson,
            SignedMd5,
            Pooled,
            Httpx,
            HttpxAwaited,
            Ours,
            OursByXml,
            OursByQuery,
            OursSigned,
            OursAwaited,
        ),
    ),
)
"""Those without a mistake."""
