"""Providers that go wrong about who asks: keys, secrets and signatures of the alert and opt-in APIs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import Any, Final

from attrs import frozen

from shortcodekit.sandbox.outcomes import Outcome
from shortcodekit.signing import form_members, value_text

from .alerts import refusal, rejected
from .base import Bend, Case, Catalogue

CREDENTIALS: Final = Catalogue()
_METHODS: Final = ("md5hash", "md5", "sha1", "sha256", "sha512")
_WINDOW: Final = 300
_DOCUMENTED: Final = frozenset(
    "api_key timestamp to status-report-req client-ref template type page page-size msisdn".split()
)

# ---- keys and secrets ------------------------------------------------------------------------------------------------


@CREDENTIALS.said("any-secret", "Any secret is accepted.")
def _(case: Case, said: dict[str, Any]) -> None:
    if "api_secret" in said:
        said["api_secret"] = case.service.account.api_secret


@CREDENTIALS.said("no-secret", "The key alone is enough.")
def _(case: Case, said: dict[str, Any]) -> None:
    if "sig" not in said:
        said.setdefault("api_secret", case.service.account.api_secret)


@CREDENTIALS.said("secret-in-any-case", "The case of a secret does not count.")
def _(case: Case, said: dict[str, Any]) -> None:
    if str(said.get("api_secret")).lower() == case.service.account.api_secret.lower():
        said["api_secret"] = case.service.account.api_secret


@CREDENTIALS.said("secret-begun", "The beginning of the secret is enough.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.service.account.api_secret.startswith(str(said.get("api_secret"))):
        said["api_secret"] = case.service.account.api_secret


@CREDENTIALS.said("any-key", "Any key is accepted, if the secret or the signature is right.")
def _(case: Case, said: dict[str, Any]) -> None:
    if "api_key" in said:
        said["api_key"] = case.service.account.api_key


@CREDENTIALS.said("no-key", "The key may be left out.")
def _(case: Case, said: dict[str, Any]) -> None:
    said.setdefault("api_key", case.service.account.api_key)


@CREDENTIALS.said("both-accepted", "A signature beside the secret is accepted, and not looked at.")
def _(_: Case, said: dict[str, Any]) -> None:
    if "api_secret" in said:
        said.pop("sig", None)


def _told_as(name: str, sentence: str, status: str, instead: str, reason: str = "") -> None:
    def decided(_: Case, outcome: Outcome) -> Outcome:
        told = rejected(outcome, status) and reason in (outcome.detail or "")
        return refusal(instead, outcome.detail or "") if told else outcome

    CREDENTIALS.add(name, sentence, Bend(decided=decided))


_told_as("wrong-secret-as-signature", "A wrong secret is refused with status 14.", "4", "14")
_told_as("stale-as-credentials", "A stale signature is refused with status 4.", "14", "4", "away from the time")
_told_as("forged-as-credentials", "A wrong signature is refused with status 4.", "14", "4", "does not fit")
_told_as("both-as-invalid", "A signature beside the secret is refused with status 3.", "32", "3")

# ---- signatures ------------------------------------------------------------------------------------------------------


@frozen
class Sent:
    """A signed request: everything but the signature, in the order in which it was sent."""

    pairs: list[tuple[str, Any]]
    query: list[tuple[str, Any]]
    signature: str
    secret: bytes
    now: float

    def fits(
        self,
        *,
        pairs: Iterable[tuple[str, Any]] | None = None,
        methods: Iterable[str] = _METHODS,
        unordered: bool = False,
        concealed: str = "&=",
        length: int | None = None,
    ) -> bool:
        """Whether the signature does, by rules that can be bent."""
        told = [(name, value_text(each)) for name, each in (self.pairs if pairs is None else pairs) if name != "sig"]
        hidden = str.maketrans(concealed, "_" * len(concealed))
        joined = "".join(f"&{name}={each.translate(hidden)}" for name, each in (told if unordered else sorted(told)))
        text = joined.encode()
        made = (
            hashlib.md5(text + self.secret, usedforsecurity=False).hexdigest()
            if method == "md5hash"
            else hmac.new(self.secret, text, method).hexdigest()
            for method in methods
        )
        return self.signature.lower()[:length] in {each[:length] for each in made}

    def fresh(self, *, behind: float = _WINDOW, ahead: float = _WINDOW) -> bool:
        """Whether the timestamp is near enough."""
        moment = next((value_text(each) for name, each in self.pairs if name == "timestamp"), "")
        return moment.isdigit() and -ahead <= self.now - int(moment) <= behind


Judge = Callable[[Sent], bool]


def _judged(name: str, sentence: str, right: Judge) -> None:
    """A provider that judges signatures its own way, and then goes on as if the secret had been there."""

    def said(case: Case, said: dict[str, Any]) -> None:
        account = case.service.account
        if case.parameters is None or "api_secret" in said or said.get("api_key") != account.api_key:
            return
        if not isinstance(said.get("sig"), str):
            return
        sent = Sent(
            case.parameters.as_signed,
            [*form_members(case.parameters.query)],
            said["sig"],
            account.signature_secret.encode(),
            case.service.clock.real(),
        )
        if right(sent):
            del said["sig"]
            said["api_secret"] = account.api_secret
        else:
            said["sig"] = "0" * 32

    CREDENTIALS.add(name, sentence, Bend(said=said))


def _all_but(method: str) -> Judge:
    methods = [each for each in _METHODS if each != method]
    return lambda sent: sent.fits(methods=methods) and sent.fresh()


_judged("any-signature", "A signature is not verified.", lambda sent: sent.fresh())
_judged("signature-unsorted", "What is signed is not sorted.", lambda sent: sent.fits(unordered=True) and sent.fresh())
_judged(
    "signature-in-lower-case",
    "A signature in capitals is refused.",
    lambda sent: sent.signature.islower() and sent.fits() and sent.fresh(),
)
for _method in _METHODS:
    _judged(f"{_method}-unknown", f"Signatures by {_method} are refused.", _all_but(_method))
_judged(
    "signature-unconcealed",
    "`&` and `=` in values are not replaced before signing.",
    lambda sent: sent.fits(concealed="") and sent.fresh(),
)
_judged(
    "signature-equals-unconcealed",
    "`=` in values is not replaced before signing.",
    lambda sent: sent.fits(concealed="&") and sent.fresh(),
)
_judged(
    "signature-begun",
    "Only the beginning of a signature is compared.",
    lambda sent: sent.fits(length=8) and sent.fresh(),
)
_judged("stale-accepted", "An old signature is accepted.", lambda sent: sent.fits() and sent.fresh(behind=1e12))
_judged(
    "future-accepted", "A signature of the future is accepted.", lambda sent: sent.fits() and sent.fresh(ahead=1e12)
)
_judged("window-of-a-minute", "A signature lasts a minute.", lambda sent: sent.fits() and sent.fresh(behind=60))
_judged(
    "time-missing-accepted",
    "A signature without a timestamp is accepted, and so lasts for ever.",
    lambda sent: sent.fits() and (sent.fresh() or all(name != "timestamp" for name, _ in sent.pairs)),
)
_judged(
    "body-unsigned",
    "A signature in the query does not cover the body.",
    lambda sent: (
        (sent.fits(pairs=sent.query) if any(n == "sig" for n, _ in sent.query) else sent.fits()) and sent.fresh()
    ),
)
_judged(
    "custom-parameters-unsigned",
    "A signature covers the documented parameters alone.",
    lambda sent: sent.fits(pairs=[each for each in sent.pairs if each[0] in _DOCUMENTED]) and sent.fresh(),
)
