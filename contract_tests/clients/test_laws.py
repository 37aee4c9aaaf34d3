"""Our clients keep the laws of clients: blocking and awaited, with answers in JSON and in XML, and signed.

Each call has a client of its own. The certificates that one trusts are read once for all of them, because nobody speaks TLS here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import httpx
import pytest

from contract_tests.defects.clients import BROKEN, Account, ClientError
from contract_tests.defects.clients.correct import Laconic
from contract_tests.defects.clients.ours import Ours, OursAwaited, OursByXml, OursSigned
from contract_tests.defects.judging import Replies, waiting_for
from shortcodekit import Jwt
from shortcodekit.contract import CLIENT_LAWS, ClientAccount, client_laws
from shortcodekit.contract.calling import ClientBench, Told


class OursAwaitedByXml(OursAwaited, OursByXml):
    """Is our awaited clients, asking for XML."""


class OursSignedWithOneKey(OursSigned):
    """Is our clients, with what is signed and with tokens; the private key is read once, which takes long."""

    def header(self) -> Any:
        return _jwt(self.account.application_id, self.account.private_key)


_jwt: Final = cache(Jwt)
KINDS: Final = (Ours, OursByXml, OursSignedWithOneKey, OursAwaited, OursAwaitedByXml)
EXAMPLES: Final = 6
"""How many answers each law draws: the models that read them have laws of their own."""


@pytest.fixture(autouse=True)
def _certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine an answer may take a while, and clients wait for it."""
    ask = ClientBench.ask

    def asked(bench: ClientBench, call: Any, reply: Replies, about: str) -> Told:
        bench.account = waiting_for(reply, bench.account)
        return ask(bench, call, reply, about)

    monkeypatch.setattr(ClientBench, "ask", asked)


def maker(kind: Callable[[str, Account], Any]) -> Any:
    """What makes clients of one kind for an account."""

    def make(url: str, account: ClientAccount) -> Any:
        keys = (account.api_key, account.api_secret, account.signature_secret)
        return kind(url, Account(*keys, account.application_id, account.private_key, timeout=account.timeout))

    return make


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_our_clients_keep_every_law(kind: type[Ours]) -> None:
    laws = client_laws(maker(kind), error=ClientError, examples=EXAMPLES)
    assert len(laws) == len(CLIENT_LAWS)
    for law in laws:
        law()


class WordsAlone(Exception):
    """Says what went wrong, and has nothing else to ask for."""


class WithoutSigns(Laconic):
    """Takes away the signs that people write in numbers."""

    def number(self, text: str) -> str:
        return super().number("".join(each for each in text if each not in "+() -"))


class InWords:
    """The same client, whose errors have no status, and no word on whether to try again."""

    def __init__(self, base_url: str, account: Account) -> None:
        self.client = WithoutSigns(base_url, account)

    def __getattr__(self, name: str) -> Any:
        def call(*said: Any, **more: Any) -> Any:
            try:
                return getattr(self.client, name)(*said, **more)
            except ClientError as error:
                raise WordsAlone(str(error)) from None

        return call


def test_errors_of_a_client_need_not_tell_more_than_their_words() -> None:
    for law in client_laws(maker(InWords), error=WordsAlone, examples=EXAMPLES):
        law()


def test_a_client_that_would_try_again_although_it_was_denied_is_found() -> None:
    (denied,) = (each for each in BROKEN if each.name == "denied-is-retryable")
    made = client_laws(maker(denied.make), error=ClientError, examples=EXAMPLES)
    broken = next(law.judged().broken for law in made if law.law.name == "clients/strange-answers")
    assert broken is not None
    assert (broken.about, broken.expected) == ("send_alert, answered by HTTP 401", "an error that is not retryable")
