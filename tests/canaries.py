"""Canaries in place of secrets, the forms in which peers echo them, and the search through all that somebody may read.

A canary is new in each run. Searched for are pieces of it, so that half a secret is found as well, and those pieces inside
of base64; the search shares nothing with what conceals. `tests/test_secrets.py` shows first that it finds what is there.
"""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import re
import traceback
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

import httpx
import pytest
from attrs import Factory, asdict, define, evolve, frozen

from shortcodekit import Alert, Basic, CallReport, Jwt, KeySecret, Signed, outbound
from shortcodekit.errors import ShortcodeKitError

from .callers import ALERTS, MESSAGES, OPT_IN, Caller
from .faults import answer

FORMS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "percent in small letters": lambda text: re.sub("%..", lambda each: each[0].lower(), quote(text, safe="")),
    "JSON as PHP writes it": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Python": lambda text: repr(text.encode())[2:-1],
}
"""What becomes of a text on its way."""

UNQUOTED_FORMS: Final = {name: FORMS[name] for name in FORMS if "JSON" not in name and name not in ("HTML", "Python")}
"""What stands in documents, which do the quoting themselves."""


def canary(*, odd: bool = False) -> str:
    """A new secret; an odd one has characters that are written differently in each form."""
    return f"{uuid.uuid4().hex}{'/+&<é' if odd else ''}{uuid.uuid4().hex}"


def traces(secret: str) -> Iterator[str]:
    """What shows that `secret`, or a part of it, is there: pieces of it, plain and inside of base64 at any place."""
    for run in re.findall(r"[\w=-]{11,}", secret, re.ASCII):
        for piece in re.findall(".{11}", run):
            yield piece
            for shift in range(3):  # three bytes become four characters; those that hold other bytes, too, are left out
                packed = base64.b64encode(b"\0" * shift + piece.encode()).decode().rstrip("=")
                yield packed[4 if shift else 0 : -2]


def found(secrets: Iterable[str], places: Mapping[str, str]) -> dict[str, str]:
    """The places where a secret, or a part of it, stands, and what stands there."""
    everything = "\n".join(places.values())
    marks = {mark for secret in secrets for mark in traces(secret) if mark in everything}
    return {place: text for place, text in places.items() if any(mark in text for mark in marks)}


# ---- what somebody may read ------------------------------------------------------------------------------------------


@define
class Watch:
    """Collects it, while calls are made."""

    caplog: pytest.LogCaptureFixture
    reports: list[CallReport] = Factory(list)
    warned: list[warnings.WarningMessage] = Factory(list)
    shown: dict[str, str] = Factory(dict)

    def told(self) -> dict[str, str]:
        """All log records, reports and warnings."""
        told = {}
        for number, record in enumerate(self.caplog.records):
            trace = traceback.format_exception(*record.exc_info) if record.exc_info else []
            parts = [record.getMessage(), repr(record.args), *trace, record.stack_info or ""]
            told[f"log line {number} of {record.name}"] = " ".join(parts)
        for number, report in enumerate(self.reports):
            told[f"report {number}"] = f"{report!r} {asdict(report)}"
        return told | {f"warning {number}": str(each) for number, each in enumerate(self.warned)}


SAID: Final = ("answer", "response", "code")
"""Attributes of errors that are what the peer said, as it said it."""


def shown_by(error: BaseException) -> dict[str, str]:
    """All that an error shows, and those it is chained to, but for what the peer said."""
    told = {"traceback": "".join(traceback.format_exception(error))}
    chain: list[BaseException | None] = [error]
    for number, each in enumerate(chain):  # grows while it is gone through
        if each is None:
            continue
        chain += [each.__cause__, each.__context__]
        own = {name: value for name, value in vars(each).items() if name not in SAID}
        told |= {f"error {number}.{name}": f"{value} {value!r}" for name, value in own.items()}
        told[f"error {number}"] = f"{each} {each!r} {each.args!r} {getattr(each, '__notes__', '')}"
        for name in ("name", "meaning"):  # properties of some of them
            told.setdefault(f"error {number}.{name}", repr(getattr(each, name, None)))
        bare = copy.copy(each)
        for name in vars(each).keys() & SAID:
            setattr(bare, name, None)
        told[f"error {number} pickled"] = pickle.dumps(bare, protocol=0).decode("latin-1")
    return told


# ---- who calls -------------------------------------------------------------------------------------------------------


@frozen
class Case:
    """A caller whose credentials are canaries, and whose number, text and parameter are, too."""

    caller: Caller
    secrets: tuple[str, ...]
    """What stands nowhere."""
    private: tuple[str, ...]
    """What stands in no log line and in no report."""

    def run(self, watch: Watch, address: str, **options: Any) -> ShortcodeKitError | None:
        """Makes the call, and shows the watch what there is to be seen; the error, if there was one."""
        client = self.caller.client(address, **{"retries": 0, "on_call": watch.reports.append, **options})
        raised = None
        with warnings.catch_warnings(record=True, action="always") as warned:
            try:
                self.caller.repeat(client, times=1)
            except ShortcodeKitError as error:
                raised = error
        watch.warned += warned or []
        settings = client._settings
        watch.shown |= {"client": repr(client), "auth": repr(settings.auth), "settings": repr(settings)}
        watch.shown |= shown_by(raised) if raised else {}
        return raised


def case(kind: str, encoding: str, rsa_key: str, *, odd: bool = False, is_async: bool = False) -> Case:
    """A caller with new canaries."""
    key, secret = canary(odd=odd), canary(odd=odd)
    number, text, value = str(10**10 + uuid.uuid4().int % 10**10), uuid.uuid4().hex, uuid.uuid4().hex
    secrets: tuple[str, ...] = (secret, key)
    auth: httpx.Auth = Signed(key, secret) if kind == "Signed" else KeySecret(key, secret)
    if kind in ("KeySecret", "Signed"):
        alert = Alert(to=number, template=1, client_ref=text)
        base = evolve(ALERTS, call=lambda client: client.send(alert, custom={"server": value}))
    elif kind == "resubscribe":
        base = evolve(OPT_IN, call=lambda client: client.resubscribe(number))
    else:
        if kind == "Basic":
            auth = Basic(key, secret)
            secrets += (base64.b64encode(f"{key}:{secret}".encode()).decode(),)
        else:
            auth = Jwt(str(uuid.uuid4()), rsa_key)
            secrets = tuple(rsa_key.splitlines()[1:-1])
        message = outbound.sms.text(f"{text} {value}", to=number, from_="15550100000")
        base = evolve(MESSAGES, call=lambda client: client.send(message))
    options = {"encoding": encoding} if encoding else {}
    assert all(any(traces(each)) for each in (number, text, value, key, secret)), "too short to be searched for"
    return Case(evolve(base, auth=auth, is_async=is_async, options=options), secrets, (number, text, value))


def sent_tokens(requests: Iterable[bytes]) -> list[str]:
    """The tokens in requests."""
    sent = [re.search(rb"(?i)authorization: bearer (\S+)", each) for each in requests]
    return [each[1].decode() for each in sent if each]


def secret_parts(token: str) -> list[str]:
    """What of a token is secret: its claims and its signature. Its first part says only how it was signed."""
    return token.split(".")[1:]


# ---- where peers echo ------------------------------------------------------------------------------------------------

Place = Callable[[str], bytes]
"""Makes an answer that has a text in a certain place."""


def in_header(status: int, name: str) -> Place:
    head = f"HTTP/1.1 {status} -\r\n{name}: ".encode()
    return lambda text: head + text.encode() + b"\r\nContent-Length: 0\r\n\r\n"


def in_page(status: int) -> Place:
    return lambda text: answer(f"{status} -", text.encode(), "Content-Type: text/html")


def said(status: int, document: Any) -> bytes:
    return answer(f"{status} -", json.dumps(document).encode(), "Content-Type: application/json")


def in_problem(status: int, name: str) -> Place:
    return lambda text: said(status, {name or text: text})


def in_part(status: str, name: str) -> Place:
    return lambda text: said(200, {"message-count": "1", "messages": [{"status": status, name or text: text}]})


HEADS: Final[dict[str, Place]] = {
    "no status line": lambda text: text.encode() + b"\r\n\r\n",
    "reason": lambda text: b"HTTP/1.1 502 " + text.encode() + b"\r\n\r\n",
    "no header": lambda text: b"HTTP/1.1 200 OK\r\n" + text.encode() + b"\r\n\r\n",
    "no chunk": lambda text: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text.encode() + b"\r\n",
    "200 Content-Type": in_header(200, "Content-Type"),
    "302 Location": in_header(302, "Location"),
    "302 Location, relative": lambda text: in_header(302, "Location")(f"/?{quote(text)}"),
    "401 WWW-Authenticate": in_header(401, "WWW-Authenticate"),
    "502 Content-Encoding": in_header(502, "Content-Encoding"),
    "502 Set-Cookie": in_header(502, "Set-Cookie"),
    "503 Retry-After": in_header(503, "Retry-After"),
}
PAGES: Final[dict[str, Place]] = {f"page {status}": in_page(status) for status in (200, 202, 401, 403, 429, 502, 503)}
DOCUMENTS: Final[dict[str, Place]] = {
    **{
        f"problem {status} {name}": in_problem(status, name)
        for status in (401, 422, 429, 500)
        for name in ("type", "title", "detail", "instance", "error-code-label", "")
    },
    **{
        f"part {status} {name}": in_part(status, name)
        for status in "1459"
        for name in ("error-text", "to", "status", "")
    },
    "problem 401, cut": lambda text: answer("401 -", json.dumps({"detail": text[:-20]}).encode()[:-2], length=99999),
    "code 401": lambda text: said(420, {"error-code": "401", "error-code-label": text}),
    "code": lambda text: said(420, {"error-code": text, "error-code-label": "no"}),
    "XML": lambda text: answer(
        "420 -",
        f"<response><err-code>1</err-code><err-code-label>{html.escape(text)}</err-code-label></response>".encode(),
    ),
}
