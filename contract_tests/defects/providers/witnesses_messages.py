"""The same for broken providers of the Messages API."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt

from .talk import MESSAGES, OWN, Reply, Talk, signing_key
from .witnesses import Witness

Look = Callable[[Talk], Any]


def _message(channel: str = "sms", content: Any = None, /, **more: Any) -> dict[str, Any]:
    """A message on a channel; `options` stand beside its content, all else replaces members of it."""
    ends = {
        "viber_service_msg": ({"number": "447700900000"}, {"id": "123456"}),
        "messenger": ({"id": "1234567890"}, {"id": "9876543210"}),
    }
    to, sender = ends.get(channel, ({"number": "447700900000"}, {"number": "447700900001"}))
    message = {"content": content or {"type": "text", "text": "hello"}, **more.pop("options", {})}
    document = {"to": {"type": channel, **to}, "from": {"type": channel, **sender}, "message": message, **more}
    return {name: value for name, value in document.items() if value is not None}


def _text(text: str, channel: str = "sms") -> dict[str, Any]:
    return _message(channel, {"type": "text", "text": text})


def _ttl(seconds: int) -> dict[str, Any]:
    return _message("viber_service_msg", options={"viber_service_msg": {"ttl": seconds}})


_URL: Final = {"url": "https://example.com/a.pdf"}
_TEMPLATE: Final = {"type": "template", "template": {"name": "shop:order"}}
_LOCALE: Final = {"whatsapp": {"locale": "en-GB"}}


def _judged(document: Any, **how: Any) -> Look:
    """What becomes of a message."""
    return lambda talk: talk.message(document, **how).verdict


def _wrongly_accepted(document: Any) -> Witness:
    return Witness(_judged(document), "refused", "accepted")


def _wrongly_refused(document: Any) -> Witness:
    return Witness(_judged(document), "accepted", "refused")


def _is_uuid(talk: Talk) -> bool:
    try:
        uuid.UUID(talk.message(_message()).document["message_uuid"])
    except ValueError:
        return False
    return True


def _to(**to: Any) -> dict[str, Any]:
    return _message(to={"type": "sms", **to})


def _by_token(key: str = OWN, **claims: Any) -> Look:
    return lambda talk: talk.message(_message(), authorization=talk.bearer(key=signing_key(key), **claims)).verdict


def _ending(before: int, after: int) -> Look:
    """A token made some seconds ago that ends some seconds from now."""

    def look(talk: Talk) -> str:
        now = int(time.time())
        return str(_by_token(iat=now - before, exp=now + after)(talk))

    return look


def _refusal(talk: Talk) -> Reply:
    return talk.message(_text("x" * 1001))


_WRONG: Final = "Basic d3Jvbmc6d3Jvbmc="

WITNESSES: Final[Mapping[str, Witness]] = {
    "text-of-1001-accepted": _wrongly_accepted(_text("x" * 1001)),
    "empty-text-accepted": _wrongly_accepted(_text("", "whatsapp")),
    "ttl-of-29-accepted": _wrongly_accepted(_ttl(29)),
    "ttl-of-259201-accepted": _wrongly_accepted(_ttl(259201)),
    "locale-missing-accepted": _wrongly_accepted(_message("whatsapp", _TEMPLATE)),
    "template-name-bare-accepted": _wrongly_accepted(
        _message("whatsapp", {"type": "template", "template": {"name": "order"}}, options=_LOCALE)
    ),
    "tag-missing-accepted": _wrongly_accepted(
        _message("messenger", options={"messenger": {"category": "message_tag"}})
    ),
    "number-with-plus-sent-to": _wrongly_accepted(_to(number="+447700900000")),
    "number-with-zeros-sent-to": _wrongly_accepted(_to(number="00447700900000")),
    "client-ref-of-41-accepted": _wrongly_accepted(_message(client_ref="r" * 41)),
    "channels-mixed-accepted": _wrongly_accepted(_to(type="whatsapp", number="447700900000")),
    "image-by-sms-accepted": _wrongly_accepted(_message("sms", {"type": "image", "image": _URL})),
    "channel-unknown-accepted": _wrongly_accepted(_message("telegram")),
    "sender-missing-accepted": _wrongly_accepted(_message(**{"from": None})),
    "text-of-1000-refused": _wrongly_refused(_text("x" * 1000)),
    "text-in-bytes": _wrongly_refused(_text("é" * 999)),
    "ttl-of-30-refused": _wrongly_refused(_ttl(30)),
    "ttl-of-259200-refused": _wrongly_refused(_ttl(259200)),
    "client-ref-of-40-refused": _wrongly_refused(_message(client_ref="r" * 40)),
    "viber-refused": _wrongly_refused(_message("viber_service_msg")),
    "mms-refused": _wrongly_refused(_message("mms", {"type": "image", "image": {"url": "https://example.com/a.png"}})),
    "file-refused": _wrongly_refused(_message("whatsapp", {"type": "file", "file": _URL})),
    "custom-refused": _wrongly_refused(_message("messenger", {"type": "custom", "custom": {"a": 1}})),
    "short-code-refused": _wrongly_refused(_message(**{"from": {"type": "sms", "number": "96167"}})),
    "extra-keys-refused": _wrongly_refused(_message(note="x")),
    # who asks
    "any-basic": Witness(_judged(_message(), authorization=_WRONG), "HTTP 401", "accepted"),
    "no-authorization": Witness(_judged(_message(), authorization=[]), "HTTP 401", "accepted"),
    "both-schemes": Witness(
        lambda t: t.message(_message(), authorization=[t.basic, t.bearer()]).verdict, "HTTP 401", "accepted"
    ),
    "expired-token": Witness(_ending(1000, -100), "HTTP 401", "accepted"),
    "forged-token": Witness(_by_token("another"), "HTTP 401", "accepted"),
    "unsigned-token": Witness(
        _judged(_message(), authorization=f"Bearer {jwt.encode({'application_id': 'a'}, '', algorithm='none')}"),
        "HTTP 401",
        "accepted",
    ),
    "token-of-25-hours": Witness(_ending(0, 25 * 3600), "HTTP 401", "accepted"),
    "endless-token-refused": Witness(_by_token(exp=None), "accepted", "HTTP 401"),
    "credentials-by-403": Witness(_judged(_message(), authorization=_WRONG), "HTTP 401", "HTTP 403"),
    # answers
    "accepted-by-200": Witness(_judged(_message()), "accepted", "HTTP 200"),
    "uuid-missing": Witness(lambda t: "message_uuid" in t.message(_message()).document, True, False),
    "uuid-in-camel-case": Witness(lambda t: "message_uuid" in t.message(_message()).document, True, False),
    "uuid-is-a-number": Witness(_is_uuid, True, False),
    "uuid-repeated": Witness(lambda t: len({t.message(_message()).document["message_uuid"] for _ in range(2)}), 2, 1),
    "accepted-as-page": Witness(lambda t: t.message(_message()).media, "application/json", "text/html"),
    "problem-as-page": Witness(lambda t: type(_refusal(t).document), dict, "JSONDecodeError"),
    "problem-as-200": Witness(lambda t: _refusal(t).verdict, "refused", "HTTP 200"),
    "problem-as-500": Witness(lambda t: _refusal(t).verdict, "refused", "HTTP 500"),
    "problem-as-text": Witness(lambda t: type(_refusal(t).document), dict, str),
    "problem-with-object": Witness(lambda t: isinstance(_refusal(t).document.get("detail", ""), str), True, False),
    "problem-of-other-host": Witness(lambda t: "error-code" in _refusal(t).document, False, True),
    "problem-with-secret": Witness(lambda t: _refusal(t).leaks, False, True),
    "problem-as-202": Witness(lambda t: _refusal(t).verdict, "refused", "accepted"),
    "trailing-slash-missing": Witness(_judged(_message(), path=f"{MESSAGES}/"), "accepted", "HTTP 404"),
    "no-trailing-slash-missing": Witness(_judged(_message()), "accepted", "HTTP 404"),
    "types-are-an-error": Witness(_judged(_message(to="447700900000")), "refused", "HTTP 500"),
    "no-json-is-an-error": Witness(_judged(b"{"), "refused", "HTTP 500"),
}
