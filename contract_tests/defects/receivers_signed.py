"""Receivers that verify signatures wrongly, most of them those of parameters: they take forged events, or refuse genuine ones."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable

from shortcodekit.webhooks import Request, Response

from . import EVENTS, MESSAGES, PARAMETERS, SMS, Shown, Shows
from .plain import Document, Forged, Plain
from .showing import (
    FORM,
    QUERY,
    broken,
    by,
    document_of,
    genuine,
    refused,
    request_of,
    signed,
    signed_request,
    then,
    token,
)

# ---- parameters: forged ones are taken -------------------------------------------------------------------------------


@broken(*EVENTS, signed=True, shows=refused())
class NeverVerifies(Plain):
    """Has a secret, and takes each event without a look at its signature."""

    def verify(self, request: Request) -> None:
        """Nothing."""


@broken(*EVENTS, signed=True, shows=then(genuine, refused()))
class OnlyLogsForgeries(Plain):
    """Logs that the signature does not fit and answers 200, so that a real event would not come again."""

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        return Response(200) if response.status == 401 else response


def another() -> Shows:
    """Signed with another secret."""
    return by(
        {
            event: token(secret="another") if event in MESSAGES else signed(right="refused", secret="another")
            for event in EVENTS
        }
    )


@broken(*EVENTS, signed=True, shows=then(another(), refused()))
class VerifiesWhatIsSigned(Plain):
    """Verifies a signature when there is one, and takes an event that has none."""

    def verify(self, request: Request) -> None:
        if self.event in MESSAGES:
            is_signed = bool(request.header("authorization"))
        else:
            is_signed = any(name == "sig" for name, _ in self.signed_pairs(request))
        if is_signed:
            super().verify(request)


@broken(*PARAMETERS, signed=True, shows=then(refused(), refused(QUERY)))
class VerifiesBodiesOnly(Plain):
    """Verifies what comes by POST, and takes whatever comes by GET."""

    def verify(self, request: Request) -> None:
        if request.method != "GET":
            super().verify(request)


@broken(*PARAMETERS, signed=True, shows=then(refused(FORM), refused()))
class VerifiesNoJson(Plain):
    """Verifies queries and forms, and takes whatever comes as JSON."""

    def verify(self, request: Request) -> None:
        if request.method == "GET" or not self.is_json(request):
            super().verify(request)


@broken(*PARAMETERS, signed=True, shows=then(signed(), signed(late=3600, right="refused")))
class SignedLongAgo(Plain):
    """Does not look at the time of a signature, and takes an event that was signed an hour ago."""

    def check_moment(self, moment: str) -> None:
        """Nothing."""


@broken(*PARAMETERS, signed=True, shows=then(signed(late=3600, right="refused"), signed(late=-3600, right="refused")))
class SignedInTheFuture(Plain):
    """Looks for signatures that are too old only, and takes one of the next hour."""

    def check_moment(self, moment: str) -> None:
        if not moment.isdigit() or not self.is_recent(min(int(moment), time.time())):
            raise Forged


@broken(*PARAMETERS, signed=True, shows=then(another(), signed(right="refused", case=lambda sig: sig[:1])))
class BeginsAlike(Plain):
    """Compares as many digits as it was given, and takes a signature of one digit, or of none."""

    def same(self, told: str, expected: str) -> bool:
        return expected.startswith(told.lower())


@broken(*PARAMETERS, signed=True, shows=then(another(), signed(right="refused", case=lambda sig: sig[:8] + "0" * 24)))
class FirstEightDigits(Plain):
    """Compares the first eight digits of a signature, as they stand in the log."""

    def same(self, told: str, expected: str) -> bool:
        return len(told) == len(expected) and told.lower()[:8] == expected[:8]


def tampered(event: str) -> list[Shown]:
    """A signed event to which a key was added on its way."""
    request = signed_request(event, document_of(event, {}), QUERY)
    return [Shown((Request("GET", f"{request.query}&something-new=1", request.headers),), "refused")]


@broken(*PARAMETERS, signed=True, shows=then(genuine, tampered))
class SignsWhatItKnows(Plain):
    """Covers the documented keys only, so that others can be added, and an event with a key to come is refused."""

    def arranged(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        known = "msisdn to network-code messageId price status scts err-code message-timestamp client-ref api-key timestamp "
        known += "nonce text type keyword concat concat-ref concat-total concat-part data udh"
        return sorted(pair for pair in pairs if pair[0] in known.split())


def given_twice(event: str) -> list[Shown]:
    """A signed event with a second number behind the signed one."""
    request = signed_request(event, document_of(event, {}), QUERY)
    return [Shown((Request("GET", f"{request.query}&msisdn=15550000000", request.headers),), "refused")]


@broken(*PARAMETERS, signed=True, shows=then(genuine, given_twice))
class VerifiesTheFirst(Plain):
    """Verifies the first of two parameters of one name, and takes the value of the second."""

    def arranged(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return sorted(dict(reversed(list(pairs))).items())


# ---- parameters: genuine ones are refused ----------------------------------------------------------------------------


@broken(*PARAMETERS, signed=True, shows=then(signed(), signed(case=str.upper)))
class LowerCaseHex(Plain):
    """Refuses a signature in capitals."""

    def same(self, told: str, expected: str) -> bool:
        return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())


@broken(*PARAMETERS, signed=True, shows=then(signed(case=str.upper), signed()))
class UpperCaseHex(Plain):
    """Refuses a signature in small letters."""

    def same(self, told: str, expected: str) -> bool:
        return hmac.compare_digest(told.encode("utf-8", "replace"), expected.upper().encode())


def in_order(*, backwards: bool) -> Shows:
    """A signed query with its parameters in the order of their names, or against it."""

    def shows(event: str) -> list[Shown]:
        request = signed_request(event, document_of(event, {}), QUERY)
        pairs = sorted(request.query.split("&"), reverse=backwards)
        return [Shown((Request("GET", "&".join(pairs), request.headers),))]

    return shows


@broken(*PARAMETERS, signed=True, shows=then(in_order(backwards=False), in_order(backwards=True)))
class OrderOfArrival(Plain):
    """Covers the parameters in the order in which they arrive, and refuses them in any other."""

    def arranged(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return list(pairs)


@broken(
    *PARAMETERS,
    signed=True,
    shows=by(
        {
            event: then(genuine, signed({key: "this & that = all"}))
            for event, key in zip(PARAMETERS, ("client-ref", "text"), strict=True)
        }
    ),
)
class NothingReplaced(Plain):
    """Does not replace `&` and `=` in values before hashing, and refuses a text that has one."""

    def escaped(self, value: str) -> str:
        return value


@broken(
    *PARAMETERS,
    signed=True,
    shows=then(
        genuine,
        by(
            {
                event: signed({key: ""}, encoding=FORM)
                for event, key in zip(PARAMETERS, ("client-ref", "text"), strict=True)
            }
        ),
    ),
)
class EmptyValuesDropped(Plain):
    """Drops parameters that are empty before hashing, and refuses an event with an empty text."""

    def arranged(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return sorted(pair for pair in pairs if pair[1])


@broken(*PARAMETERS, signed=True, shows=then(signed({"to": 15550100123}), signed({"something-new": True})))
class NumbersWrittenAnew(Plain):
    """Hashes what the JSON parser made of a boolean, `True`, and refuses an event that has one."""

    def members(self, body: bytes) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in json.loads(body).items()]


def integer_timestamp(event: str) -> list[Shown]:
    """A signed event whose timestamp is a JSON integer."""
    request = signed_request(event, document_of(event, {}))
    document = json.loads(request.body)
    return [Shown((request_of(event, {**document, "timestamp": int(document["timestamp"])}),))]


@broken(*PARAMETERS, signed=True, shows=then(genuine, integer_timestamp))
class TimestampAsText(Plain):
    """Fails with 500 when the timestamp of a signed event is a JSON integer."""

    def take(self, document: Document) -> None:
        document["timestamp"].strip()
        super().take(document)


@broken(SMS, signed=True, shows=then(genuine, signed({"text": "Grüße, \N{WAVING HAND SIGN}"})))
class HashesLatin1(Plain):
    """Hashes the text in Latin-1, and refuses what is signed in UTF-8."""

    def signature(self, pairs: Iterable[tuple[str, str]]) -> str:
        text = "".join(f"&{name}={self.escaped(value)}" for name, value in self.arranged(pairs) if name != "sig")
        hashed = hashlib.md5(text.encode("latin-1", "replace") + str(self.secret).encode())  # noqa: S324
        return hashed.hexdigest()


def accented(event: str) -> list[Shown]:
    """An event whose signature is no ASCII."""
    return list(signed(right="answered", case=lambda sig: "é" + sig[1:])(event))


@broken(*PARAMETERS, signed=True, shows=then(another(), accented))
class CrashesOnASignature(Plain):
    """Compares texts with a function that takes ASCII only, and fails with 500 for a signature with an accent."""

    def same(self, told: str, expected: str) -> bool:
        return hmac.compare_digest(told.lower(), expected)
