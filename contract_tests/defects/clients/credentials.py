"""Clients that ask with the wrong credentials: keys and secrets, signatures, Basic and tokens."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

import jwt

from .base import Catalogue, ClientError
from .plain import DOCUMENTED, Document, Parameters, Plain, Sent
from .ways import ByGet, Signed, WithToken

CREDENTIALS: Final = Catalogue()
broken = CREDENTIALS.broken

# ---- key and secret --------------------------------------------------------------------------------------------------


@broken
class SecretUnescaped(Plain):
    """Puts the secret into the form as it is, which fails for a secret with `&` or `+` in it."""

    def encoded(self, said: Parameters) -> str:
        others = {name: value for name, value in said.items() if name != "api_secret"}
        return f"{super().encoded(others)}&api_secret={said['api_secret']}"


@broken
class SecretInHeader(Plain):
    """Sends key and secret of alerts in a header, as for messages."""

    def with_credentials(self, said: Parameters) -> Parameters:
        return said

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        return Sent(sent.method, sent.target, {**sent.headers, **self.authorization()}, sent.body)


@broken
class SecretInError(ByGet):
    """Tells the whole URL in its errors, secret included."""

    def refuse(self, reply: Any) -> None:
        if reply.status not in (200, 202):
            raise ClientError(
                f"HTTP {reply.status} from {self.request('', self.with_credentials({})).target}",
                status=str(reply.status),
                retryable=self.is_throttled(reply),
            )


# ---- signatures ------------------------------------------------------------------------------------------------------


@broken
class SecretBesideSignature(Signed):
    """Sends the secret beside the signature, which the service refuses."""

    def with_credentials(self, said: Parameters) -> Parameters:
        return {**super().with_credentials(said), "api_secret": self.account.api_secret}


@broken
class SignedWithSecret(Signed):
    """Signs with the account's secret rather than with its signature secret."""

    def signing_secret(self) -> str:
        return self.account.api_secret


@broken
class SignedUnconcealed(Signed):
    """Signs `&` and `=` in values as they are, as old Node clients do."""

    def concealed(self, value: str) -> str:
        return value


@broken
class SignedWithEquals(Signed):
    """Conceals `&` in what it signs, and not `=`."""

    def concealed(self, value: str) -> str:
        return value.replace("&", "_")


@broken
class SignedEscaped(Signed):
    """Signs values as they are escaped in the form."""

    def concealed(self, value: str) -> str:
        return quote_plus(super().concealed(value))


@broken
class SignedUnsorted(Signed):
    """Signs parameters in the order in which it has them."""

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return list(said.items())


@broken
class SignedWithoutCase(Signed):
    """Sorts parameters without regard to case before it signs them."""

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return sorted(said.items(), key=lambda pair: pair[0].lower())


@broken
class SignedInLatin1(Signed):
    """Signs what Latin-1 makes of texts."""

    def hashed(self, text: bytes, secret: bytes) -> str:
        return super().hashed(text.decode("utf-8").encode("latin-1", "replace"), secret)


@broken
class SignedWithoutCustom(Signed):
    """Signs the documented parameters alone."""

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return [pair for pair in super().arranged(said) if pair[0] in DOCUMENTED]


@broken
class SignedWithoutTime(Signed):
    """Adds the timestamp once it has signed."""

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return [pair for pair in super().arranged(said) if pair[0] != "timestamp"]


@broken
class SignedWithoutEmpty(Signed):
    """Leaves empty values out of what it signs."""

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return [pair for pair in super().arranged(said) if pair[1]]


@broken
class SignatureInBase64(Signed):
    """Writes the signature in base64."""

    def hashed(self, text: bytes, secret: bytes) -> str:
        return base64.b64encode(bytes.fromhex(super().hashed(text, secret))).decode("ascii")


@broken
class SecretBeforeText(Signed):
    """Puts the secret before the text rather than behind it, by MD5."""

    signs = "md5hash"

    def hashed(self, text: bytes, secret: bytes) -> str:
        return super().hashed(secret, text)


@broken
class WithoutLeadingAmpersand(Signed):
    """Signs a text that does not begin with `&`."""

    def hashed(self, text: bytes, secret: bytes) -> str:
        return super().hashed(text[1:], secret)


@broken
class ConcealedOnTheWire(Signed):
    """Sends values with the underscores that are meant for signing."""

    def with_credentials(self, said: Parameters) -> Parameters:
        return super().with_credentials({name: self.concealed(value) for name, value in said.items()})


@broken
class TimeInMilliseconds(Signed):
    """Sends the timestamp in milliseconds."""

    def moment(self) -> str:
        return str(int(time.time() * 1000))


@broken
class TimeWithFraction(Signed):
    """Sends the timestamp with its fraction."""

    def moment(self) -> str:
        return f"{time.time():.3f}"


@broken
class TimeAsDate(Signed):
    """Sends the timestamp as a date and a time."""

    def moment(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


@broken
class TimeOfAnotherZone(Signed):
    """Sends the timestamp of a clock that is an hour ahead, because it took local time for UTC."""

    def moment(self) -> str:
        return str(int(time.time()) + 3600)


# ---- Basic -----------------------------------------------------------------------------------------------------------


@broken
class BasicForUrls(Plain):
    """Writes Basic in the base64 for URLs, which has two other characters."""

    def basic(self) -> str:
        return super().basic().translate(str.maketrans("+/", "-_"))


@broken
class BasicWithLineBreak(Plain):
    """Writes Basic with the line break that its function for base64 adds, and fails with ValueError."""

    def basic(self) -> str:
        return f"{super().basic()}\n"


@broken
class BasicUnpadded(Plain):
    """Cuts the padding off Basic."""

    def basic(self) -> str:
        return super().basic().rstrip("=")


@broken
class BasicEscaped(Plain):
    """Escapes the secret as for a URL before it writes Basic."""

    def basic(self) -> str:
        return base64.b64encode(f"{self.account.api_key}:{quote(self.account.api_secret)}".encode()).decode("ascii")


@broken
class BasicUnencoded(Plain):
    """Writes key and secret into Basic as they are."""

    def basic(self) -> str:
        return f"{self.account.api_key}:{self.account.api_secret}"


@broken
class SecretInMessageUrl(Plain):
    """Puts key and secret into the URL of messages rather than into a header."""

    def send_message(self, document: Mapping[str, Any]) -> str:
        target = f"/v0.1/messages?{self.encoded(self.with_credentials({}))}"
        sent = Sent("POST", target, {"Content-Type": "application/json"}, self.message(document))
        return self.uuid(self.exchange(sent))


# ---- tokens ----------------------------------------------------------------------------------------------------------


@broken
class TokenWithoutId(WithToken):
    """Makes tokens without `jti`."""

    def claims(self, now: int) -> Document:
        return {name: value for name, value in super().claims(now).items() if name != "jti"}


@broken
class TokenIdRepeated(WithToken):
    """Makes all tokens with the same `jti`."""

    def claims(self, now: int) -> Document:
        return {**super().claims(now), "jti": "00000000-0000-4000-8000-000000000000"}


@broken
class TokenOfTwoDays(WithToken):
    """Makes tokens that are good for 48 hours."""

    def claims(self, now: int) -> Document:
        return {**super().claims(now), "exp": now + 48 * 3600}


@broken
class TokenInMilliseconds(WithToken):
    """Makes tokens whose times are in milliseconds."""

    def claims(self, now: int) -> Document:
        return {**super().claims(now), "iat": now * 1000, "exp": now * 1000 + 900_000}


@broken
class TokenExpired(WithToken):
    """Makes tokens that have expired, because `exp` is a number of seconds and no time."""

    def claims(self, now: int) -> Document:
        return {**super().claims(now), "exp": 900}


@broken
class TokenByHmac(WithToken):
    """Signs tokens with HMAC under the account's signature secret."""

    def token(self, claims: Document) -> str:
        secret = self.account.signature_secret.ljust(32, "0")
        return jwt.encode(claims, secret, algorithm="HS256")


@broken
class TokenUnsigned(WithToken):
    """Makes tokens with the algorithm `none`."""

    def token(self, claims: Document) -> str:
        return jwt.encode(claims, "", algorithm="none")


@broken
class TokenOfKey(WithToken):
    """Puts the account's key where the application's id belongs."""

    def claims(self, now: int) -> Document:
        return {**super().claims(now), "application_id": self.account.api_key}


@broken
class TokenWithoutScheme(WithToken):
    """Writes the token into the header without `Bearer`."""

    def authorization(self) -> dict[str, str]:
        return {"Authorization": super().authorization()["Authorization"].removeprefix("Bearer ")}
