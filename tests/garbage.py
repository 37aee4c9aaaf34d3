"""Requests to a sandbox, right ones for each of its operations, and what is left of them when they are spoiled.

Values, names, headers, paths and encodings are spoiled first, each where a right one stood, and bytes at last. What comes out is
the same for the same seed.
"""

from __future__ import annotations

import json
import random
import re
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final
from urllib.parse import quote, quote_plus

from attrs import define, evolve, field

from shortcodekit.sandbox.control_requests import openapi
from shortcodekit.sandbox.service import ROUTES

KEY: Final = "abcd1234"
SECRET: Final = "api-secret"

RAW: Final = {
    "@huge@": "9" * 5000,
    "@deep@": "[" * 3000 + "]" * 3000,
    "@deeper@": '{"a":' * 90_000 + "1" + "}" * 90_000,
    "@large@": "1e308",
    "@infinite@": "1e999",
    "@nan@": "NaN",
    "@exact@": "0.1000000000000000055511151231257827",
    "@twice@": '{"type":"text","type":"image","text":"a"}',
    "@half@": '"\\ud800"',
}
"""What stands in JSON where `json.dumps` would not write it."""
VALUES: Final[list[Any]] = [
    *RAW, "", "0", "1", "2", "-1", 0, 1, -1, 2, 0.5, 1e300, 2**63, 10**15, -(10**400), True, None, [], {}, [[]], {"": ""},
    [{"type": "text"}], "9" * 400, "9" * 15, "\0", "\x01", "\x7f", "\ud800", "\udfff\ud800", "\ufffe", "\ufeff", "\u2028", "é",
    "\U0001d518" * 50, "x" * 41, "x" * 20_000, "%", "%zz", "%ED%A0%80", "%00", "..", "../../etc/passwd", "${server}", "${${a}}", "$",
    "http://[", "http://[::1", "//", "http://127.0.0.1:1/", "http://127.0.0.1:99999/", "https://a.invalid/?q=1", "ftp://a/",
    "<&>\"'", "]]>", "\r\nx: y", "a\tb", "STOP", "stop please", "START", "unicode", "true", "json", "15550000009", "15550001320",
    "15550010007", "16365553226", "1e5", "0x10", "\uff11\uff12", "2020-01-01", "text", "image", "messenger", "sms", "POST-JSON",
    "reset", "truncated", "html", "sendAlert", "delivered", "503", 503, 400, 599, 600, KEY, SECRET,
]  # fmt: skip
JSON: Final = ("content-type", "application/json")
FORM: Final = ("content-type", "application/x-www-form-urlencoded")
BASIC: Final = ("authorization", "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode())
HEADERS: Final = [
    ("origin", "http://["), ("origin", "null"), ("origin", "http://127.0.0.1"), ("origin", ""), ("sec-fetch-site", "cross-site"),
    ("host", ""), ("host", "["), ("host", "rest.nexmo.com"), ("host", "[::1]:80"), ("host", "a:b:c"), ("host", "\xff"),
    ("content-type", ""), ("content-type", "application/json; charset=\xff"), ("content-type", "multipart/form-data"), JSON, FORM,
    ("authorization", ""), ("authorization", "Basic"), ("authorization", "Basic \xff"), ("authorization", "Basic /w=="),
    ("authorization", "Bearer a.b.c"), ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."), BASIC, ("authorization", "Digest x"),
    ("authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJhcHBsaWNhdGlvbl9pZCI6ImFhIiwiaWF0IjpbMV19.AA"),
    ("accept", "\x80"), ("content-length", "7"), ("x-forwarded-for", "x" * 5000), ("content-encoding", "gzip"), ("expect", "x"),
]  # fmt: skip


@define
class Garbage:
    """A request in parts that can be spoiled; afterwards as bytes."""

    method: str
    path: str
    query: dict[str, Any] = field(factory=dict)
    said: Any = None
    """What the body says; None for no body."""
    headers: list[tuple[str, str]] = field(factory=list)
    as_json: bool = True
    raw_query: bytes = b""
    body: bytes = b""


def _right() -> list[Garbage]:
    """A right request for each operation, in each of its forms."""
    return [
        *_of_the_service(),
        *_of_the_control_api(),
        Garbage("GET", "/"),
        Garbage("GET", "/_sandbox/page.js"),
        Garbage("GET", "/_sandbox/none"),
        Garbage("GET", "/a"),
    ]


def _of_the_service() -> Iterator[Garbage]:
    account = {"api_key": KEY, "api_secret": SECRET}
    signed = {"api_key": KEY, "sig": "0" * 32, "timestamp": "1461605396"}
    alert = {
        **account,
        "to": "16365553226",
        "template": "0",
        "server": "a",
        "link": "b",
        "client-ref": "c",
        "status-report-req": "1",
    }
    for path, route in ROUTES.items():
        if route.operation == "sendMessage":
            for channel, key, content in (
                ("sms", "number", {"type": "text", "text": "a"}),
                ("whatsapp", "number", {"type": "template", "template": {"name": "a:b", "parameters": ["c"]}}),
                ("messenger", "id", {"type": "custom", "custom": {"a": {"b": [1, 2.5, None]}}}),
                ("viber_service_msg", "number", {"type": "image", "image": {"url": "https://a.invalid/b.png"}}),
            ):
                end = {"type": channel, key: "447700900000"}
                said = {"to": end, "from": dict(end), "message": {"content": content}, "client_ref": "d"}
                yield Garbage("POST", path, {}, said, [JSON, BASIC])
            continue
        rest: dict[str, Any] = {
            "sendAlert": alert,
            "sendTwoFactor": {**account, "to": "16365553226", "pin": "004711", "client-ref": "a"},
            "queryOptOuts": {**account, "page": "0", "page-size": "5"},
            "resubscribe": {**account, "msisdn": "16365553226"},
        }[route.operation]
        for each in (rest, {**rest, **signed}):
            yield from (Garbage("GET", path, each), Garbage("POST", path, {}, each, [FORM], as_json=False))
            yield from (Garbage("POST", path, account, each, [JSON]), Garbage("POST", path, {}, each, [JSON]))


def _of_the_control_api() -> Iterator[Garbage]:
    bodies: dict[str, list[Any]] = {
        "text": [{"text": "STOP"}, {"channel": "mms", "content": {"type": "image", "image": {"url": "https://a.invalid"}}}],
        "setTemplates": [{"0": "${server} and ${link}", "1": None}, ["a", None]],
        "addFault": [
            {"status": "1", "error_text": "a", "times": 2},
            {"http_status": 503, "retry_after": 1, "times": 3, "operation": "sendAlert"},
            {"receipt_status": "x", "err_code": "9", "error": 1000, "capitals": True, "delay": 1, "copies": 2, "reordered": True},
            {"answer": "html", "latency": 0.1, "msisdn": "16365553226", "times": 1},
        ],
        "setApplication": [{"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}],
        "setSettings": [
            {"receipt_url": "http://127.0.0.1:1/a?b=c", "sign_webhooks": True, "time_scale": 2, "inbound_method": "POST"},
            {"inbound_url": "http://127.0.0.1:1/", "status_url": "https://a.invalid/", "message_url": ""},
        ],
        "advance": [{"advance": 90.5}],
    }  # fmt: skip
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            there = re.sub(r"\{.*?\}", "16365553226", path)
            asked = {
                each.get("name", "limit"): "300" for each in operation.get("parameters", ()) if each.get("in") != "path"
            }
            for body in 3 * bodies.get(operation["operationId"], [None]):
                yield Garbage(method.upper(), there, asked, body, [JSON])


RIGHT: Final = _right()
ALERTS: Final = [
    each for each in RIGHT if "/us/alert/" in each.path and "opt" not in each.path and "sig" not in str(each)
]


class Spoiler:
    """Makes garbage, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # nobody has to be kept from guessing it

    def garbage(self) -> Garbage:
        """A request, spoiled in up to three ways, a few not at all."""
        made = evolve(self.chance.choice(ALERTS if self.chance.random() < 0.25 else RIGHT))
        made.query, made.headers = dict(made.query), [("host", "127.0.0.1"), *made.headers]
        made.said = json.loads(json.dumps(made.said))
        ways = [
            self._value,
            self._value,
            self._value,
            self._name,
            self._header,
            self._path,
            self._method,
            self._other_body,
        ]
        for _ in range(self.chance.choice((0, 0, 1, 1, 1, 2, 3))):
            self.chance.choice(ways)(made)
        made.raw_query = self._form(made.query)
        if made.said is not None:
            made.body = self._json(made.said) if made.as_json else self._form(made.said)
        if self.chance.random() < 0.15:
            made.body = self._bytes(made.body)
        if self.chance.random() < 0.1:
            made.raw_query = self._bytes(made.raw_query)
        return made

    def _places(self, said: Any) -> Iterator[tuple[Any, Any]]:
        pairs = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
        for key, value in pairs:
            yield said, key
            yield from self._places(value)

    def _place(self, made: Garbage) -> tuple[Any, Any] | None:
        places = [*self._places(made.query), *self._places(made.said)]
        return self.chance.choice(places) if places else None

    def _any(self) -> Any:
        return deepcopy(self.chance.choice(VALUES))

    def _value(self, made: Garbage) -> None:
        place = self._place(made)
        if place is not None:
            place[0][place[1]] = self._any()

    def _name(self, made: Garbage) -> None:
        place = self._place(made)
        if place is not None and isinstance(place[0], dict):
            name = str(self.chance.choice([*VALUES, "sig", "timestamp", "to", "msisdn", "content", "type"]))
            if self.chance.random() < 0.5:
                place[0].pop(place[1])
            place[0][name] = self._any()

    def _header(self, made: Garbage) -> None:
        for _ in range(self.chance.randint(1, 2)):
            header = self.chance.choice(HEADERS)
            if self.chance.random() < 0.7:
                made.headers = [each for each in made.headers if each[0] != header[0]]
            made.headers.append(header)

    def _path(self, made: Garbage) -> None:
        path, value = made.path, str(self.chance.choice(VALUES))
        made.path = self.chance.choice(
            [path + "/", "/" + path, path.replace("/", "//"), path[1:], f"https://rest.nexmo.com{path}", path + value, path.upper(),
             f"/_sandbox/{value}", f"/_sandbox/phones/{value}/texts", f"/_sandbox/applications/{value}", path.replace("json", value)]
        )  # fmt: skip

    def _method(self, made: Garbage) -> None:
        made.method = self.chance.choice(
            ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"]
        )

    def _other_body(self, made: Garbage) -> None:
        if self.chance.random() < 0.5:
            made.as_json = not made.as_json
            made.said = made.said or dict(made.query)
        else:
            made.said = self._any()

    def _form(self, said: Any) -> bytes:
        if not isinstance(said, dict):
            return str(said).encode("utf-8", "surrogatepass")
        write = self.chance.choice([lambda each: quote_plus(each, errors="surrogatepass")] * 4 + [lambda each: each])
        pairs = [
            (str(name), RAW.get(value, value) if isinstance(value, str) else value) for name, value in said.items()
        ]
        if pairs and self.chance.random() < 0.1:
            pairs.append(self.chance.choice(pairs))
        return "&".join(f"{write(name)}={write(str(value))}" for name, value in pairs).encode("utf-8", "surrogatepass")

    def _json(self, said: Any) -> bytes:
        text = json.dumps(said, ensure_ascii=self.chance.random() < 0.8)
        for mark, raw in RAW.items():
            text = text.replace(f'"{mark}"', raw)
        if text.startswith("{") and len(text) > 2 and self.chance.random() < 0.05:
            text = text[:-1] + "," + text[1:]  # each key twice
        encoding = self.chance.choice(["utf-8"] * 12 + ["utf-8-sig", "utf-16", "utf-32"])
        return text.encode(encoding, "surrogatepass")

    def _bytes(self, content: bytes) -> bytes:
        at, size = self.chance.randint(0, len(content)), self.chance.randint(0, 20)
        junk = self.chance.choice(
            [self.chance.randbytes(size), b"\0", b"\xff", b"%", b"&" * 1100, b"{", b'"', b"\xed\xa0\x80", b"[" * 9000]
        )
        return self.chance.choice(
            [content[:at], content[:at] + junk + content[at:], content[:at] + junk + content[at + size :], junk]
        )


def as_http(garbage: Garbage, chance: random.Random) -> bytes:
    """The request as it travels; a few are cut, or no HTTP at all."""
    target = quote(garbage.path, safe="/:%", errors="replace").encode() + (
        b"?" + quote(garbage.raw_query, safe="&=%+").encode()
    )
    headers = [
        (n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in garbage.headers if n != "content-length"
    ]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(garbage.body)
    whole = garbage.method.encode() + b" " + (target or b"/") + b" HTTP/1.1\r\n" + head + length + garbage.body
    if chance.random() < 0.1:
        at = chance.randint(0, len(whole))
        whole = chance.choice(
            [whole[:at], whole[:at] + chance.randbytes(9) + whole[at:], chance.randbytes(200), b"\x16\x03\x01" + whole]
        )
    return whole
