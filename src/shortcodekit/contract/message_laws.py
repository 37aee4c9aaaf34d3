"""The laws of who takes messages of the Messages API v0.1."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from .alert_laws import SENDING, law
from .choices import Plausible
from .laws import DEEP, Law, Need, without
from .providing import Answer, ProviderBench, fresh_uuid
from .recipes import UnluckyError, recipe
from .specs import APIS

_API: Final = next(each for each in APIS if each.name == "messages")
_SEND: Final = "Messages API v0.1: Send a Message"
_CHANNELS: Final = "Published elsewhere: channels of the Messages API"
_AUTH: Final = "Messages API v0.1: Authentication"
_APPLICATION: Final = Need[ProviderBench](
    "an application (--application-id, --private-key)", lambda bench: bench.application is not None
)
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def examples() -> dict[str, Any]:
    """The outbound messages of the spec, by the name of the example."""
    operation = next(_API.operations())
    return {name: value for name, _, schema, value in operation.examples() if schema == "OutboundMessage"}


def _valid(document: Any) -> bool:
    return _API.validator("OutboundMessage").is_valid(document)


def _accepted(answer: Answer, about: str = "") -> str:
    answer.expect(answer.came.status == 202, "HTTP 202 and a message_uuid", about)
    uuid = str(answer.said["message_uuid"])
    answer.expect(_UUID.fullmatch(uuid) is not None, "a message_uuid that is a UUID", about)
    return uuid


def _refused(answer: Answer, about: str, *statuses: int) -> None:
    names = " or ".join(map(str, statuses))
    answer.expect(answer.came.status in statuses, f"HTTP {names} and a problem", about)
    answer.expect("title" in answer.said, "a problem with a title", about)


def _every_kind(bench: ProviderBench) -> None:
    seen: set[str] = set()
    for name, document in examples().items():
        answer = bench.message(_to(bench, document))
        uuid = _accepted(answer, f"the example {name}")
        answer.expect(uuid not in seen, "a message_uuid of its own", f"{uuid} came before")
        seen.add(uuid)


def _drawn(bench: ProviderBench) -> None:
    for answer, document in bench.messages((each, each) for each in _documents(bench)):
        if answer.came.status != 202:
            _smaller(bench, document, answer)


def _documents(bench: ProviderBench) -> Iterator[Any]:
    rng = bench.rng("messages")
    make = recipe(_API, "OutboundMessage", complete=False, plausible=True)
    for _ in range(bench.examples):
        with suppress(UnluckyError):
            yield _to(bench, make(Plausible(rng.bytes(160))))


def _smaller(bench: ProviderBench, document: Any, answer: Answer) -> None:
    """Ends the law with the smallest valid message that is not accepted."""
    status, changed = answer.came.status, True
    while changed:
        changed = False
        for candidate in without(document, frozenset()):
            if _valid(candidate):
                again = bench.message(candidate)
                if again.came.status == status:
                    document, answer, changed = candidate, again, True
                    break
    _accepted(answer, "drawn from the spec")


def _to(bench: ProviderBench, document: dict[str, Any]) -> dict[str, Any]:
    """The same message to the number that may be written to, where it goes to a number."""
    if "number" in document["to"]:
        return {**document, "to": {**document["to"], "number": bench.number()}}
    return document


def _bounds() -> Iterator[tuple[str, str, Any, bool]]:
    """Examples changed at a path, and whether they are still allowed."""
    longest = {"sms": 1000, "viber": 1000, "whatsapp": 4096}
    for channel, most in longest.items():
        for size in (most - 1, most, most + 1):
            for letter in ("x", "é"):
                name = "documented" if channel == "sms" else f"{channel}-text"
                yield name, "message.content.text", letter * size, size <= most
    for size in (40, 41):
        yield "documented", "client_ref", "x" * size, size <= 40
    yield "whatsapp-text", "message.content.text", "", False
    for ttl in (30, 29, 259200, 259201, "30", 30.5):
        yield "viber-text", "message.viber_service_msg", {"ttl": ttl}, ttl in {30, 259200}
    yield "viber-text", "message.viber_service_msg", {"category": "promotion"}, True
    yield "viber-text", "message.viber_service_msg", {"category": "other"}, False
    yield "whatsapp-template", "message.whatsapp", {}, False
    yield "whatsapp-template", "message.whatsapp", {"locale": "not a locale"}, False
    yield "whatsapp-template", "message.whatsapp", {"policy": "another", "locale": "en"}, False
    yield "whatsapp-template", "message.content.template.name", "without-namespace", False
    yield "messenger-text", "message.messenger", {"category": "message_tag"}, False
    yield "messenger-text", "message.messenger", {"category": "message_tag", "tag": "ISSUE_RESOLUTION"}, True
    yield "messenger-text", "message.messenger", {"category": "update"}, True
    for number in ("+447700900000", "00447700900000", "4477 00900000", "x", "", 447700900000):
        yield "documented", "to.number", number, False
    for kind in ("fax", "", None, 1, "SMS"):
        yield "documented", "to.type", kind, False
    for kind in ("image", "location", "", None):
        yield "documented", "message.content.type", kind, False
    yield "documented", "unknown_key", {"a": 1}, True
    yield "documented", "message.content.unknown_key", "text", True


def _at_bounds(bench: ProviderBench) -> None:
    for answer, (about, allowed) in bench.messages(_changed(bench)):
        if allowed:
            _accepted(answer, about)
        else:
            _refused(answer, about, 400, 422)


def _changed(bench: ProviderBench) -> Iterator[tuple[Any, tuple[str, bool]]]:
    known = examples()
    for name, path, value, allowed in _bounds():
        told = f"{path} is {str(value)[:40]!r}"
        if isinstance(value, str) and len(value) > 40:
            told += f" ({len(value)} characters)"
        yield _put(_to(bench, known[name]), path.split("."), value), (told, allowed)


def _put(document: Any, path: list[str], value: Any) -> Any:
    head, *rest = path
    return {**document, head: _put(document.get(head, {}), rest, value) if rest else value}


def _incomplete(bench: ProviderBench) -> None:
    cases = (
        (smaller, f"the example {name} without a required key")
        for name, document in examples().items()
        for smaller in without(document, frozenset())
        if not _valid(smaller)
    )
    for answer, about in bench.messages(cases):
        _refused(answer, about, 400, 422)


def _damaged(bench: ProviderBench) -> None:
    values: tuple[Any, ...] = (None, [], "text", 1, {})
    bodies = (b"", b"{", b"[]", b"null", b"\xff", b'{"to": NaN}', b"<xml/>", b'"text"', b"[" * DEEP)
    cases: list[tuple[Any, str]] = [
        ({**document, key: value}, f"the example {name}, whose {key} is {value!r}")
        for name, document in examples().items()
        for key in ("to", "from", "message")
        for value in values
    ]
    cases += [(body, f"a body that is no message: {body[:12]!r}") for body in bodies]
    for answer, about in bench.messages(cases):
        _refused(answer, about, 400, 422)


def _credentials(bench: ProviderBench) -> None:
    document = _to(bench, examples()["documented"])
    key, secret = bench.account.api_key, bench.account.api_secret
    wrong = [
        ("Basic", _mark(key, secret + "x")),
        ("Basic", _mark("nobody", secret)),
        ("Basic", _mark(key, "")),
        ("Basic", "no base64"),
        ("Bearer", "a.b.c"),
        ("Bearer", ""),
        ("Digest", "x"),
    ]
    for scheme, mark in wrong:
        answer = bench.message(document, headers=[("authorization", f"{scheme} {mark}".strip())])
        _refused(answer, f"wrong credentials, {scheme}", 401)
    _refused(bench.message(document, headers=[]), "no credentials", 401)
    both = [("authorization", f"Basic {_mark(key, secret)}"), ("authorization", "Bearer a.b.c")]
    _refused(bench.message(document, headers=both), "both schemes", 401)
    unsigned = ".".join(
        base64.urlsafe_b64encode(each).rstrip(b"=").decode()
        for each in (b'{"alg":"none"}', b'{"application_id":"a","iat":1,"jti":"x"}', b"")
    )
    _refused(
        bench.message(document, headers=[("authorization", f"Bearer {unsigned}")]), "a token without a signature", 401
    )


def _tokens(bench: ProviderBench) -> None:
    """Tokens of an application that the provider knows."""
    import jwt  # noqa: PLC0415  # slow to import, and only this law needs it

    if bench.application is None:
        return
    name, key = bench.application
    document, now = _to(bench, examples()["documented"]), int(time.time())
    claims: dict[str, Any] = {
        "application_id": name,
        "iat": now,
        "jti": fresh_uuid(bench.rng("tokens")),
        "exp": now + 900,
    }

    def ask(about: str, taken: bool, key: str = key, algorithm: str = "RS256", **changes: Any) -> None:
        told = {claim: value for claim, value in {**claims, **changes}.items() if value is not None}
        mark = jwt.PyJWT({"enforce_minimum_key_length": False}).encode(told, key, algorithm=algorithm)
        answer = bench.message(document, headers=[("authorization", f"Bearer {mark}")])
        if taken:
            _accepted(answer, about)
        else:
            _refused(answer, about, 401)

    ask("a token that lasts 15 minutes", True)
    ask("a token without exp, as old clients make them", True, exp=None)
    ask("a token that lasts 24 hours", True, exp=now + 86_400)
    ask("a token that has expired", False, iat=now - 1000, exp=now - 100)
    ask("a token that lasts 25 hours", False, exp=now + 90_000)
    ask("a token of another application", False, application_id="nobody")
    ask("a token without application_id", False, application_id=None)
    ask("a token signed with another key", False, key=new_key_pair()[0])
    ask("a token signed by HS256", False, key="no private key, but a text of some length", algorithm="HS256")


def new_key_pair() -> tuple[str, str]:
    """A private key and its public one, in PEM."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415

    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), public.decode("ascii")


def _mark(key: str, secret: str) -> str:
    return base64.b64encode(f"{key}:{secret}".encode()).decode()


def _paths(bench: ProviderBench) -> None:
    document = _to(bench, examples()["documented"])
    for path in ("/v0.1/messages", "/v0.1/messages/"):
        _accepted(bench.message(document, path=path), f"at {path}")


LAWS: Final[tuple[Law[ProviderBench], ...]] = (
    law("messages/every-kind", "Every channel with every kind of content is accepted.", _CHANNELS, _every_kind, SENDING),
    law("messages/valid", "Every message that the spec allows is accepted.", _SEND, _drawn, SENDING),
    law("messages/paths", "The path is taken with and without a slash at its end.", _SEND, _paths, SENDING),
    law("messages/at-the-bounds", "Values at their bounds are accepted, and those beyond refused.", _CHANNELS, _at_bounds, SENDING),
    law("messages/incomplete", "A message without a required key is refused with a problem.", _SEND, _incomplete),
    law("messages/damaged", "What is no message is refused with a problem.", _SEND, _damaged),
    law("messages/tokens", "Tokens of an application are taken, and none that is forged, expired or too long-lived.", f"{_AUTH}; Published elsewhere: claims",
        _tokens, SENDING, _APPLICATION),
    law("messages/credentials", "Wrong, missing and double credentials are refused with HTTP 401.", _AUTH, _credentials),
)  # fmt: skip
