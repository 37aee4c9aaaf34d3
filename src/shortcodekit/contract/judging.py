"""Judges: laws bound to what they are judged for, and the run that checks them one after the other."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final
from unittest import SkipTest
from urllib.parse import urlsplit

from attrs import Factory, define, evolve, field, frozen

from shortcodekit.clients.settings import is_loopback
from shortcodekit.errors import InvalidRequest
from shortcodekit.signing import METHODS

from . import alert_laws, message_laws, opt_in_laws, two_factor_laws
from . import client_alert_laws as _client
from . import client_other_laws as _client_other
from . import client_requests as _requests
from . import event_laws as _receiver
from . import parser_refusal_laws as _parser_refusal
from . import parser_value_laws as _parser
from . import refusal_laws as _refusal
from .calling import Calls, ClientAccount, ClientBench, listening, made_up_account
from .laws import Broken, Law, LawBroken, Outcome
from .parsing import Parse, ParserBench
from .providing import SHORT, Account, Found, ProviderBench, basic, nearly
from .receiving import WITHIN, Bench
from .reproducing import curl, shown
from .targets import Target, target
from .ways import Signer, Way, names, ways_of

RECEIVER_LAWS: Final = (*_receiver.LAWS, *_refusal.LAWS)
CLIENT_LAWS: Final = (*_client.LAWS, *_client_other.LAWS)
REQUEST_LAWS: Final = _requests.LAWS
"""Laws of clients that make their calls by themselves."""
PARSER_LAWS: Final = (*_parser.LAWS, *_parser_refusal.LAWS)
PROVIDER_LAWS: Final = (*alert_laws.LAWS, *two_factor_laws.LAWS, *opt_in_laws.LAWS, *message_laws.LAWS)
FIRST: Final = _receiver.LAWS[0].name
"""The law without which no other one can be judged."""
EXAMPLES: Final = 50
"""How many drawn events a law tries by default."""
EXAMPLES_VARIABLE: Final = "SHORTCODEKIT_CONTRACT_EXAMPLES"
"""What sets another number: pytest's option `--contract-examples` does."""


@define(eq=False)
class BoundLaw:
    """A law and what it is judged for. Called, it returns nothing or raises `LawBroken`."""

    law: Law[Any]
    bench: Any
    group: str = ""
    """What it is judged for: an event in one encoding; empty for a provider as a whole."""
    secrets: dict[str, str] = field(factory=dict, repr=False)
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)

    @property
    def __name__(self) -> str:
        """Its name for people, and for pytest's ids: the event, the encoding and the law."""
        return f"{self.group}/{self.law.name}" if self.group else self.law.name

    def judged(self) -> Outcome:
        """What becomes of it."""
        before, began = self.bench.calls, time.perf_counter()
        outcome = Outcome(self.law, self.__name__)
        if lacks := self.law.lacks(self.bench):
            outcome.skipped = f"needs {lacks}"
        elif not self.law.applies(self.bench):
            outcome.skipped = "does not apply here"
        else:
            try:
                outcome.broken = self.law.check(self.bench)
            except SkipTest as reason:
                outcome.skipped = str(reason)
        outcome.calls, outcome.seconds = self.bench.calls - before, time.perf_counter() - began
        return outcome

    def __call__(self) -> None:
        """Judges it; raises `LawBroken` with the smallest counterexample, or `SkipTest` where something is missing to judge it."""
        outcome = self.judged()
        if outcome.skipped:
            raise SkipTest(f"{self.__name__}: {outcome.skipped}")
        if outcome.broken is not None:
            raise LawBroken(self.told(outcome.broken), outcome.broken)

    def told(self, broken: Broken) -> str:
        """A counterexample in words, with what reproduces it."""
        lines = [
            f"{self.__name__}: {self.law.sentence}",
            f"  source    {self.law.source}",
            *([f"  call      {self.shown(broken.line)}"] if broken.line else []),
            *([f"  request   {self.shown(broken.about)}"] if broken.about else []),
            f"  expected  {self.shown(broken.expected)}",
            f"  came      {self.shown(broken.came)}",
            *(f"  {self.prompt} {each}" for each in self.commands(broken)),
        ]
        return "\n".join(lines)

    def shown(self, told: object) -> str:
        """What a peer said, without our secrets and without what a terminal would act on."""
        return shown(str(told), self.secrets, self.headers)

    @property
    def prompt(self) -> str:
        """What stands before a command: that of a shell, or of Python."""
        return ">>>" if isinstance(self.bench, ParserBench) else "$"

    def commands(self, broken: Broken) -> list[str]:
        """The requests as curl commands; those of parsers as calls in Python."""
        if isinstance(self.bench, ParserBench):
            return [self.bench.reproduced(each) for each in broken.calls[-3:]]
        address = self.bench.target.address
        return [curl(each, address, secrets=self.secrets, headers=self.headers) for each in broken.calls[-3:]]

    def __str__(self) -> str:
        return self.__name__


def receiver_laws(
    receiver: Any,
    *,
    event: str,
    encodings: Sequence[str] = (),
    signature_secret: str | None = None,
    signature_method: str = "md5hash",
    examples: int | None = None,
    seed: int = 0,
    timeout: float = WITHIN,
    headers: Sequence[tuple[str, str]] = (),
    verify: ssl.SSLContext | bool = True,
    path: str = "",
) -> list[BoundLaw]:
    """The laws of receivers, bound to one: each law in each encoding of the event that applies to it.

    Parameters: `receiver`, a URL, an ASGI or a WSGI application; `path`, where it takes the event; `event`, the name of a
    webhook; `encodings`, some of those that the spec has, such as `query` or `application/json`, all by default;
    `signature_secret` and `signature_method`, for a receiver that verifies; `timeout`, seconds within which it has to answer;
    `headers`, what every request carries beside; `verify`, for https. Raises `InvalidRequest` for what is none of these.
    """
    ways = _ways(event, encodings)
    if signature_method not in METHODS:
        raise InvalidRequest(f"one of {', '.join(METHODS)}", field="signature_method")
    signer = Signer(signature_secret, signature_method) if signature_secret else None
    reached = _At(target(receiver, timeout=timeout, headers=headers, verify=verify), path)
    benches = [Bench(reached, way, signer, _examples(examples), seed, timeout) for way in ways]
    secrets = {"SIGNATURE_SECRET": signature_secret or "", **_of_address(receiver)}
    laws = [BoundLaw(law, bench, str(bench.way), secrets, headers) for bench in benches for law in RECEIVER_LAWS]
    return [each for each in laws if each.law.applies(each.bench)]


def provider_laws(
    provider: Any,
    *,
    api_key: str,
    api_secret: str,
    signature_secret: str | None = None,
    to: str | None = None,
    allow_sending: bool | None = None,
    custom: Mapping[str, str] | None = None,
    opted_out: str | None = None,
    text: Callable[[str, str], object] | None = None,
    application: tuple[str, str] | None = None,
    examples: int | None = None,
    seed: int = 0,
    timeout: float = WITHIN,
    headers: Sequence[tuple[str, str]] = (),
    verify: ssl.SSLContext | bool = True,
) -> list[BoundLaw]:
    """The laws of providers, bound to one: a stand-in for the service, or the service itself.

    Parameters: `provider`, a base URL, an ASGI or a WSGI application; the account's credentials; `allow_sending`, whether
    messages may be sent, by default only where the provider is on this machine, because they cost money elsewhere; `to`, the
    number that is written to; `custom`, what fills the places of its template 0; `opted_out`, a number that opted out; `text`,
    called with a number and words, texts to the short code; `application`, the id and the private key of an application of the
    Messages API. Raises `InvalidRequest` for what is none of these.
    """
    local = not isinstance(provider, str) or _is_loopback(provider)
    sending = local if allow_sending is None else allow_sending
    if sending and not local and to is None:
        raise InvalidRequest("the number that messages are sent to, when they are sent by a real provider", field="to")
    account = Account(api_key, api_secret, signature_secret)
    reached = target(provider, timeout=timeout, headers=headers, verify=verify)
    places = {"server": "host3", "link": "https://example.com/host3/mon"} if custom is None else custom
    bench = ProviderBench(
        reached,
        account,
        to or "16365553226",
        places,
        sending,
        _examples(examples),
        seed,
        timeout,
        text,
        opted_out,
        application,
    )
    secrets = {
        "API_SECRET": api_secret,
        "SIGNATURE_SECRET": signature_secret or "",
        "BASIC": basic(account),
        "TOKEN": "",
        **nearly(account),
        **_of_address(provider),
    }
    return [BoundLaw(law, bench, "", secrets, headers) for law in PROVIDER_LAWS]


def _ways(event: str, encodings: Sequence[str]) -> list[Way]:
    """Those ways of an event that are asked for."""
    if event not in names():
        raise InvalidRequest(f"one of {', '.join(names())}", field="event")
    found = [way for way in ways_of(event) if not encodings or way.encoding in encodings]
    if not found:
        raise InvalidRequest(f"some of {', '.join(way.encoding for way in ways_of(event))}", field="encodings")
    return found


def _examples(asked: int | None) -> int:
    return asked if asked is not None else int(os.environ.get(EXAMPLES_VARIABLE, EXAMPLES))


def refuses_account(laws: Sequence[BoundLaw]) -> bool:
    """Whether a provider refuses the credentials for everything: then nothing else can be judged."""
    bench: ProviderBench = laws[0].bench
    try:
        asked = bench.opt_outs({"page-size": "1"}).came.status
        told = bench.alert({"to": None}).said["messages"][0].get("status")
    except (Found, LookupError, TypeError):
        return False
    return asked == 401 and str(told) == "4"


def _of_address(of: Any) -> dict[str, str]:
    """What may be secret in a URL: its query, which may hold a token."""
    query = urlsplit(of).query if isinstance(of, str) else ""
    return {"URL_QUERY": query if len(query) >= SHORT else ""}


def _is_loopback(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def client_laws(
    make: Callable[[str, ClientAccount], Calls],
    *,
    error: type[Exception],
    account: ClientAccount | None = None,
    seed: int = 0,
    examples: int | None = None,
) -> list[BoundLaw]:
    """The laws of clients, bound to one.

    Parameters: `make`, called with a base URL (that of both hosts) and an account, gives something that can do what `Calls` says;
    `error`, the base of the client's own errors; `account`, whose credentials are given to it, made up by default. The servers that
    it is made to call live as long as the process.
    """
    peer, elsewhere = (_SERVERS.enter_context(listening()) for _ in range(2))
    account = account or made_up_account(seed)
    bench = ClientBench(make, error, account, seed, _examples(examples), peer, elsewhere)
    return bound_to_client(bench, CLIENT_LAWS)


def bound_to_client(bench: ClientBench, laws: Sequence[Law[ClientBench]]) -> list[BoundLaw]:
    """Laws bound to a client."""
    account = bench.account
    secrets = {
        "API_SECRET": account.api_secret,
        "SIGNATURE_SECRET": account.signature_secret,
        "BASIC": basic(account),
        "TOKEN": "",
    }
    return [BoundLaw(law, bench, "", secrets) for law in laws]


_SERVERS: Final = ExitStack()


def parser_laws(
    parse: Parse,
    *,
    event: str,
    error: type[Exception] | tuple[type[Exception], ...],
    encodings: Sequence[str] = (),
    keys: Collection[str] = (),
    examples: int | None = None,
    seed: int = 0,
    timeout: float = WITHIN,
) -> list[BoundLaw]:
    """The laws of parsers, bound to one: each law in each encoding of the event that applies to it.

    Parameters: `parse`, called with a `shortcodekit.webhooks.Request`, gives the event's document or raises `error`, see `Parse`;
    `event`, the name of a webhook; `encodings`, some of those that the spec has, all by default; `keys`, those at the top of documents
    that it gives, by default all that there are, unknown ones included; `timeout`, seconds within which it has to end. One that does not return at all
    breaks the law after twice as long, is left behind in its thread, and is judged by no further law in that encoding; what keeps
    the interpreter to itself, such as a regular expression that backtracks, cannot be left. Raises `InvalidRequest` for what is none
    of these.
    """
    ways = _ways(event, encodings)
    benches = [ParserBench(parse, way, error, _examples(examples), seed, timeout, frozenset(keys)) for way in ways]
    laws = [BoundLaw(law, bench, str(bench.way)) for bench in benches for law in PARSER_LAWS]
    return [each for each in laws if each.law.applies(each.bench)]


class _At:
    """A target at a path of its own."""

    def __init__(self, inner: Target, path: str) -> None:
        self._inner, self._path = inner, path
        self.address = inner.address.rstrip("/") + path if path else inner.address

    def send(self, call: Any) -> Any:
        return self._inner.send(self._moved(call))

    def send_all(self, calls: Sequence[Any]) -> Any:
        return self._inner.send_all([self._moved(call) for call in calls])

    def close(self) -> None:
        self._inner.close()

    def _moved(self, call: Any) -> Any:
        return evolve(call, path=self._path + call.path) if self._path else call


@define
class Report:
    """What became of each law."""

    outcomes: list[Outcome] = Factory(list)
    seconds: float = 0.0
    laws: list[BoundLaw] = field(factory=list, repr=False)

    @property
    def broken(self) -> list[Outcome]:
        """The laws that do not hold."""
        return [each for each in self.outcomes if each.broken is not None]

    @property
    def calls(self) -> int:
        """How many requests were sent; what a client sent by itself counts once, though several laws judge it."""
        alone = [law.bench.captured for law in self.laws if isinstance(law.bench, _requests.CapturedBench)]
        return len(alone[0]) if alone else sum(each.calls for each in self.outcomes)

    @property
    def holds(self) -> bool:
        """Whether every law that was judged holds."""
        return not self.broken


def check(laws: Sequence[BoundLaw], tell: Callable[[Outcome], object] = lambda _: None) -> Report:
    """Judges `laws` one after the other; `tell` hears of each.

    Where not even the documented events are taken, all other laws of that encoding are broken for the same reason: they are
    judged once that is mended.
    """
    began, report = time.perf_counter(), Report(laws=list(laws))
    moot: set[int] = set()
    for law in laws:
        if id(law.bench) in moot:
            outcome = Outcome(law.law, str(law), skipped=f"not before {FIRST} holds")
        else:
            outcome = law.judged()
            if outcome.broken and law.law.name == FIRST:
                moot.add(id(law.bench))
        report.outcomes.append(outcome)
        tell(outcome)
    report.seconds = time.perf_counter() - began
    return report


@frozen
class Unfit:
    """An encoding in which a receiver does not take the documented event."""

    way: str
    came: str
    refused: bool
    """Whether it does not know this encoding, or this sender, rather than failing at the event."""


def fit(laws: Sequence[BoundLaw]) -> Iterator[Unfit]:
    """The encodings in which a receiver does not take the documented event."""
    for law in {id(each.bench): each for each in laws}.values():
        bench = law.bench
        came = bench.send(bench.event(bench.good(bench.rng("fit"))))
        if not bench.taken(came):
            yield Unfit(str(bench.way), law.shown(came), came.status in _NOT_MEANT)


_NOT_MEANT: Final = frozenset({None, 401, 403, 404, 405, 415})
