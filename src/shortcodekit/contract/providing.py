"""What laws about providers work with: the provider, the account, and requests whose answers are judged as they come.

Every answer to any law has to be a documented one: its status, its content type, its form under the schema, as JSON and as XML;
and no secret may come back in it. Whatever is not so ends the law with a counterexample.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring  # for what was read safely before

from attrs import Factory, define, evolve, field, fields, frozen

from shortcode_clients import InvalidDocument
from shortcode_clients.alerts.models import AlertResponse, RestError
from shortcode_clients.alerts.security import API_KEY, API_SECRET, SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.opt_in.models import OptInRecord, OptOutList
from shortcodekit import signing

from .judge import finite
from .laws import Broken, Rng
from .specs import FORM, JSON, OPERATIONS, Operation, component
from .targets import AT_A_TIME, Call, Came, Target

T = TypeVar("T")
XML: Final = "application/xml"
_READERS: Final[Mapping[str, Any]] = {
    each.__name__: each for each in (AlertResponse, RestError, OptOutList, OptInRecord)
}
_BY_ID: Final = {each.name: each for each in OPERATIONS}


class Found(Exception):  # nothing went wrong: something was found
    """A counterexample, on its way out of a law."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.expected)
        self.broken = broken


@frozen
class Account:
    """Whose credentials are used."""

    api_key: str
    api_secret: str = field(repr=False)
    signature_secret: str | None = field(default=None, repr=False)


@frozen
class Answer:
    """An answer that is documented, and the request that brought it."""

    call: Call
    came: Came
    said: Any
    """The document, the same for JSON and XML."""

    def expect(self, holds: bool, expected: str, about: str = "") -> None:  # reads like an assertion
        """Ends the law unless `holds`."""
        if not holds:
            raise Found(Broken(expected, (self.call,), self.came, about))


@define
class ProviderBench:
    """A provider, and what may be done with it."""

    target: Target
    account: Account
    to: str
    """The number that is written to."""
    custom: Mapping[str, str]
    """Parameters that fill the places of its template 0."""
    sending: bool
    """Whether messages may be sent: they may cost money."""
    examples: int
    seed: int
    limit: float
    text: Callable[[str, str], object] | None = None
    """Texts to the short code from a number, where the provider lets us."""
    opted_out: str | None = None
    """A number that opted out."""
    application: tuple[str, str] | None = None
    """An application of the Messages API: its id, and its private key in PEM."""
    calls: int = 0
    numbers: list[int] = Factory(lambda: [0])
    known_pins: bool | None = None
    """Whether it takes PINs, once that was asked."""

    def rng(self, law: str) -> Rng:
        """The random choices of one law."""
        return Rng(f"{self.seed}/{law}")

    def number(self) -> str:
        """A number that no law has used; where money may be spent, the one that may be written to."""
        if self.text is None:
            return self.to
        self.numbers[0] += 1
        return f"1636{555_0000 + self.numbers[0] % 10_000:07}"

    # ---- requests --------------------------------------------------------------------------------------------------------

    def send(self, call: Call, operation: str) -> Answer:
        """The answer to a request of an operation, once it was found to be a documented one."""
        self.calls += 1
        came = self.target.send(call)
        return Answer(call, came, self._documented(call, came, _BY_ID[operation]))

    def send_all(self, calls: Iterable[tuple[Call, T]], operation: str) -> Iterator[tuple[Answer, T]]:
        """The answers to many requests, each with what came beside it.

        Some are asked at the same time, and while they are on their way those before them are judged and those behind them made.
        """
        waiting = iter(calls)
        sent: Iterator[tuple[tuple[Call, T], Came]] = iter(())
        try:
            while batch := list(islice(waiting, AT_A_TIME)):
                self.calls += len(batch)
                before, sent = sent, zip(batch, self.target.send_all([each for each, _ in batch]), strict=True)
                yield from self._judged(before, operation)
            yield from self._judged(sent, operation)
        finally:
            deque(sent, 0)  # what is on its way when a law ends is not to meet the next one

    def _judged(self, sent: Iterable[tuple[tuple[Call, T], Came]], operation: str) -> Iterator[tuple[Answer, T]]:
        for (call, beside), came in sent:
            yield Answer(call, came, self._documented(call, came, _BY_ID[operation])), beside

    def parameters(
        self,
        path: str,
        said: Mapping[str, Any],
        *,
        how: str = FORM,
        auth: str = "secret",
        extra: Mapping[str, Any] | None = None,
    ) -> Call:
        """A request to the alert, two-factor or opt-in API. `how` it travels: `query`, `empty` (a POST with a query), `split` or a content type."""
        told = {**said, **self.credentials(said, auth), **(extra or {})}
        told = {name: value for name, value in told.items() if value is not None}
        if how in {"query", "empty"}:
            return Call("GET" if how == "query" else "POST", path, urlencode(_texts(told)))
        if how == "split":
            ours = {name: told.pop(name) for name in list(told) if name in _CREDENTIALS}
            return Call("POST", path, urlencode(ours), (("content-type", FORM),), urlencode(_texts(told)).encode())
        body = urlencode(_texts(told)).encode() if how == FORM else json.dumps(told).encode()
        return Call("POST", path, "", (("content-type", how),), body)

    def credentials(self, said: Mapping[str, Any], auth: str) -> dict[str, str]:
        """Credentials as parameters: `secret`, `none`, or the method of a signature."""
        if auth == "none":
            return {}
        ours = {API_KEY.carrier: self.account.api_key}
        if auth == "secret":
            return {**ours, API_SECRET.carrier: self.account.api_secret}
        ours[SIGNATURE_TIMESTAMP.carrier] = str(int(time.time()))
        sig = signing.signature({**said, **ours}, self.account.signature_secret or "", auth)
        return {**ours, SIGNATURE.carrier: sig}

    def alert(self, said: Mapping[str, Any] | None = None, *, form: str = "json", **told: Any) -> Answer:
        """The answer to an alert, which fills the template's places unless they are given."""
        whole = {"to": self.to, **self.custom, **(said or {})}
        whole = {name: value for name, value in whole.items() if value is not None}
        return self.send(self.parameters(f"/sc/us/alert/{form}", whole, **told), "sendAlert")

    def pin(self, said: Mapping[str, Any] | None = None, *, form: str = "json", **told: Any) -> Answer:
        """The answer to a PIN. The places of template 0 are filled as well: a campaign may use them for PINs."""
        whole = {"to": self.to, "pin": "4711", **self.custom, **(said or {})}
        whole = {name: value for name, value in whole.items() if value is not None}
        return self.send(self.parameters(f"/sc/us/2fa/{form}", whole, **told), "sendTwoFactor")

    @property
    def takes_pins(self) -> bool:
        """Whether there is anything at the path of the two-factor API; asked once."""
        if self.known_pins is None:
            self.calls += 1
            self.known_pins = self.target.send(Call("GET", "/sc/us/2fa/json")).status != HTTPStatus.NOT_FOUND
        return self.known_pins

    def opt_outs(self, said: Mapping[str, Any] | None = None, *, form: str = "json", **told: Any) -> Answer:
        """The answer to asking for a page of the opt-out list."""
        return self.send(self.parameters(f"/sc/us/alert/opt-in/query/{form}", said or {}, **told), "queryOptOuts")

    def resubscribe(self, said: Mapping[str, Any], *, form: str = "json", **told: Any) -> Answer:
        """The answer to subscribing a number again."""
        return self.send(self.parameters(f"/sc/us/alert/opt-in/manage/{form}", said, **told), "resubscribe")

    def message(self, said: Any, **told: Any) -> Answer:
        """The answer to a message of the Messages API."""
        return self.send(self.message_call(said, **told), "sendMessage")

    def messages(self, said: Iterable[tuple[Any, T]]) -> Iterator[tuple[Answer, T]]:
        """The answers to many messages, each with what came beside it."""
        return self.send_all(((self.message_call(each), beside) for each, beside in said), "sendMessage")

    def message_call(
        self, said: Any, *, path: str = "/v0.1/messages", headers: Sequence[tuple[str, str]] | None = None
    ) -> Call:
        """A request to send a message; by key and secret where no other header is given."""
        mark = base64.b64encode(f"{self.account.api_key}:{self.account.api_secret}".encode()).decode()
        ours = [("authorization", f"Basic {mark}")] if headers is None else list(headers)
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return Call("POST", path, "", (("content-type", JSON), *ours), body)

    # ---- answers ---------------------------------------------------------------------------------------------------------

    def _documented(self, call: Call, came: Came, operation: Operation) -> Any:
        """The document of an answer; `Found` when the spec does not know such an answer."""
        self._no_secret(call, came)
        documented = " or ".join(f"HTTP {each}" for each in operation.answers)
        if came.status is None or came.status not in operation.answers or came.seconds > self.limit:
            raise Found(Broken(f"{documented} within {self.limit:g} s", (call,), came))
        kinds = operation.answers[came.status]
        kind = came.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = [each for each in kinds if (each == XML) == call.path.endswith("/xml")]
        if kind not in wanted or (kind == JSON and came.headers["content-type"].strip().lower() != JSON):
            raise Found(Broken(f"the content type {' or '.join(wanted)}, exactly", (call,), _with_type(came)))
        name = component(kinds[kind])
        try:
            said = _READERS[name].from_xml(came.body).to_dict() if kind == XML else _strict(came.body)
        except (InvalidDocument, ValueError, RecursionError) as error:
            raise Found(Broken(f"{kind} that can be read: {error}", (call,), came)) from None
        if kind == XML:
            self._as_specified(call, came, _bare(_READERS[name].from_dict(said)).to_xml())
        errors = list(operation.api.validator(name).iter_errors(said))
        if errors:
            place = ".".join(map(str, errors[0].instance_path)) or "the document"
            raise Found(Broken(f"a {name}; {place}: {_short(errors[0].message)}", (call,), came))
        return said

    def _as_specified(self, call: Call, came: Came, again: bytes) -> None:
        """`Found` unless what is documented stands in the elements and attributes that the spec names, in UTF-8."""
        declared = re.match(rb"\s*<\?xml[^>]*?encoding=[\"']([A-Za-z0-9._-]+)", came.body)
        if declared and declared[1].lower() != b"utf-8":
            raise Found(Broken("XML in UTF-8, and no other encoding declared", (call,), came))
        missing = _names(again) - _names(came.body)
        if missing:
            raise Found(Broken(f"XML with {' and '.join(sorted(missing))}", (call,), came))

    def _no_secret(self, call: Call, came: Came) -> None:
        told = came.body + "".join(came.headers.values()).encode()
        for secret in filter(None, (self.account.api_secret, self.account.signature_secret)):
            if len(secret) >= _TELLING and secret.encode() in told:
                raise Found(Broken("no secret in an answer", (call,), evolve(came, body=b""), "a secret came back"))


def _bare(model: Any) -> Any:
    """A model without what is not documented."""
    for each in fields(type(model)):
        value = getattr(model, each.name)
        if each.name == "additional_properties":
            model.additional_properties = {}
        for inner in value if isinstance(value, list) else ():
            _bare(inner)
    return model


def _names(content: bytes) -> set[str]:
    """The elements and attributes of a document that was read already, and so is safe to read."""
    found: set[str] = set()
    for element in fromstring(content.strip()).iter():  # noqa: S314  # as above
        found.add(f"the element {element.tag}")
        found.update(f"the attribute {name} of {element.tag}" for name in element.attrib)
    return found


def _with_type(came: Came) -> Came:
    return Came(
        None,
        came.headers,
        came.body,
        came.seconds,
        f"HTTP {came.status} as {came.headers.get('content-type') or 'nothing'}",
    )


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


def _strict(body: bytes) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    return json.loads(body.decode("utf-8"), parse_float=finite, parse_constant=refuse)


def _texts(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters as text; a list is one parameter several times."""
    pairs = [(name, each) for name, value in said.items() for each in (value if isinstance(value, list) else [value])]
    return [(name, signing.value_text(value)) for name, value in pairs]


def fresh_uuid(rng: Rng) -> str:
    """A version 4 UUID."""
    return str(uuid.UUID(bytes=rng.bytes(16), version=4))


_CREDENTIALS: Final = frozenset(each.carrier for each in (API_KEY, API_SECRET, SIGNATURE, SIGNATURE_TIMESTAMP))
_TELLING: Final = 8
"""How long a secret is at least for its text to be no word that stands in an answer by chance."""


class _KeyAndSecret(Protocol):
    @property
    def api_key(self) -> str: ...
    @property
    def api_secret(self) -> str: ...


def basic(account: _KeyAndSecret) -> str:
    """A key and its secret as Basic has them."""
    return base64.b64encode(f"{account.api_key}:{account.api_secret}".encode()).decode("ascii")


def nearly(account: Account) -> dict[str, str]:
    """Wrong secrets that laws try and that tell the right one, each with the shell's expression that makes it."""
    secret, whole = account.api_secret, f"{account.api_key}:{account.api_secret}"
    if len(secret) < SHORT:
        return {}
    mark = base64.b64encode(f"{whole}x".encode()).decode("ascii")
    nobody = base64.b64encode(f"nobody:{secret}".encode()).decode("ascii")
    return {
        "${API_SECRET%?}": secret[:-1],
        '$(printf %s "$API_SECRET" | tr a-zA-Z A-Za-z)': secret.swapcase() if secret.swapcase() != secret else "",
        f'$(printf %s {shlex.quote(account.api_key)}:"$API_SECRET"x | base64 | tr -d "\\n")': mark,
        '$(printf %s nobody:"$API_SECRET" | base64 | tr -d "\\n")': nobody,
    }


SHORT: Final = 4
"""How long a text is at least to be a secret, and no word that stands in a request by chance."""
