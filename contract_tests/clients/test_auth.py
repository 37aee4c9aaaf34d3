"""Laws of `KeySecret` and `Signed` as the `auth` of any httpx client, over real sockets.

What the caller wrote arrives as it was, byte for byte, with the credentials beside it, and the signature fits what the server
decodes: it is computed a second time here. Bodies that hold no parameters are refused, and so are credentials twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus

import httpx
import pytest
from attrs import Factory, define
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.calls import outcome
from contract_tests.judge import FORM
from contract_tests.loopback import Recorded, Recorder
from contract_tests.peers import (
    ALERTS,
    CREDENTIALS,
    GOOD,
    KEY,
    PARAMETER_AUTHS,
    SECRET,
    Clients,
    members,
    parameters,
    refused,
    signed_by_hand,
)
from contract_tests.profiles import examples
from contract_tests.strategies import documents
from shortcode_clients.alerts.api.alerts import send_alert, send_alert_by_query
from shortcodekit import Signed
from shortcodekit.contract.choices import TELLING

EACH_AUTH = pytest.mark.parametrize("auth", PARAMETER_AUTHS)
TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(TELLING)


@define
class Plain:
    """Plain httpx clients, blocking and awaiting, one pair for each auth."""

    server: Recorder
    runner: asyncio.Runner
    made: dict[httpx.Auth, tuple[httpx.Client, httpx.AsyncClient]] = Factory(dict)

    def both(self, auth: httpx.Auth, request: Mapping[str, Any]) -> list[Any]:
        """What became of a request, or the exception; `request` has arguments of httpx, and a path for the URL."""
        if auth not in self.made:
            self.made[auth] = (httpx.Client(auth=auth), httpx.AsyncClient(auth=auth))
        blocking, awaiting = self.made[auth]
        arguments = {"method": "POST", **request, "url": self.server.address + request.get("url", "/a")}
        pieces = request.get("content")
        if not isinstance(pieces, list):
            return [
                outcome(lambda: blocking.request(**arguments)),
                outcome(lambda: self.runner.run(awaiting.request(**arguments))),
            ]
        return [
            outcome(lambda: blocking.request(**{**arguments, "content": iter(pieces)})),
            outcome(lambda: self.runner.run(awaiting.request(**{**arguments, "content": _awaited(pieces)}))),
        ]


async def _awaited(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for each in pieces:
        yield each


@pytest.fixture(scope="module")
def plain(recorder: Recorder) -> Iterator[Plain]:
    with asyncio.Runner() as runner:
        made = Plain(recorder, runner)
        yield made
        for blocking, awaiting in made.made.values():
            blocking.close()
            runner.run(awaiting.aclose())


def _added(whole: bytes, written: bytes) -> dict[str, str]:
    """The parameters that follow what was written."""
    assert whole.startswith(written)
    return dict(parse_qsl(whole[len(written) :].decode("ascii"), strict_parsing=True))


def _kept(recorded: Recorded, request: Mapping[str, Any], auth: str) -> None:
    """Asserts that what arrived is what was written, beside the credentials, which are right."""
    pieces = {key: b"".join(each) if isinstance(each, list) else each for key, each in request.items() if key != "url"}
    arguments: Any = {"method": "POST", **pieces, "url": f"http://peer.test{request.get('url', '/a')}"}
    written = httpx.Request(**arguments)
    body, path, target = written.read(), written.url.raw_path, recorded.line.split(b" ")[1]
    if not body:
        assert recorded.body == b""
        credentials = _added(target, path.rstrip(b"?") + (b"&" if written.url.query else b"?"))
    elif written.headers["content-type"].lower().startswith(FORM):
        assert target == path
        credentials = _added(recorded.body, body + b"&")
    else:
        assert target == path
        members_and_end = body.removeprefix(b"\xef\xbb\xbf").lstrip()[1:]
        assert recorded.body.endswith(members_and_end)
        credentials = json.loads(recorded.body[: -len(members_and_end)].rstrip().removesuffix(b",") + b"}")
    assert credentials.items() <= dict(parameters(recorded)).items()
    headers = httpx.Headers(recorded.headers)
    assert headers.get("content-type") == written.headers.get("content-type")
    assert "transfer-encoding" not in headers
    assert headers.get("content-length", "0") == str(len(recorded.body))
    if auth == "KeySecret":
        assert credentials == {"api_key": KEY, "api_secret": SECRET}
    else:
        sig = credentials["sig"]
        assert credentials.keys() == {"api_key", "timestamp", "sig"}
        assert sig == signed_by_hand(parameters(recorded), SECRET, auth)


_AS_FORM: Final = {"Content-Type": FORM}
_AS_JSON: Final = {"Content-Type": "application/json"}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "a query": {"method": "GET", "url": "/a?a=1&a=2&b=&c=%C3%A9+x%26y%3Dz&%20=%2b&a=0"},
    "nothing": {"method": "GET"},
    "a form": {"data": {"a": "1 2", "b": ["y", "x", ""], "empty": "", "é": "&=+%_"}},
    "a form as it was written": {"content": b"b=2&a=1&a=0&%c3%a9=%26%3D&empty=&=&c=x%20y+z~", "headers": _AS_FORM},
    "a form that ends in an ampersand": {"content": b"a=1&", "headers": _AS_FORM},
    "a form that names its charset": {"content": b"a=1", "headers": {"Content-Type": f"{FORM.upper()}; charset=utf-8"}},
    "a query and a form": {"url": "/a?a=2&c=%26", "data": {"a": "1", "b": "é"}},
    "a form in pieces": {"content": [b"a=", b"1&b", b"=2"], "headers": _AS_FORM},
    "a JSON object": {"json": {"a": 1, "b": 1.5, "c": True, "d": "é😀&=", "e": "", "f": -7, "g": False}},
    "a JSON object as it was written": {
        "content": ' {\n "a" : 1.50, "b":1e3,"é": "\\u00e9é", "c": -0.0, "a": "twice" , "d": 1E+2}\n'.encode(),
        "headers": _AS_JSON,
    },
    "a JSON object under another name": {
        "content": b'{"a": 12345678901234567890}',
        "headers": {"Content-Type": "text/json"},
    },
    "a JSON object in pieces": {"content": [b'{"a"', b": 1}"], "headers": _AS_JSON},
    "a JSON object and a query": {"url": "/a?a=2&b=%C3%A9", "json": {"a": 1}},
    "an empty JSON object": {"json": {}},
    "an empty JSON object with spaces": {"content": b" { } ", "headers": _AS_JSON},
    "JSON after a byte order mark": {"content": b'\xef\xbb\xbf{"a": "\xef\xbb\xbf"}', "headers": _AS_JSON},
    "no body, a query": {"url": "/a?a=1&b=&c=%26"},
    "no body, a form's type": {"url": "/a?a=1", "content": b"", "headers": _AS_FORM},
    "no body, no query": {},
    "no body, an empty query": {"url": "/a?"},
}


@EACH_AUTH
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_any_httpx_client_can_be_given_the_auth(plain: Plain, auth: str, request_: dict[str, Any]) -> None:
    answers = plain.both(PARAMETER_AUTHS[auth], request_)
    assert [getattr(each, "status_code", each) for each in answers] == [200, 200]
    sent = plain.server.take()
    assert len(sent) == 2
    for each in sent:
        _kept(each, request_, auth)


_NAMES: Final = TEXTS.filter(lambda name: name not in CREDENTIALS)
_WRITE: Final = st.sampled_from([quote, quote_plus, lambda text: "".join(f"%{each:02x}" for each in text.encode())])


@EACH_AUTH
@pytest.mark.parametrize("place", ["query", "form", "both"])
def test_parameters_stay_as_they_were_written(plain: Plain, auth: str, place: str) -> None:
    @examples(12)
    @given(st.lists(st.tuples(_NAMES, TEXTS), min_size=1, max_size=5), _WRITE)
    def law(pairs: list[tuple[str, str]], write: Callable[[str], str]) -> None:
        written = [f"{write(name)}={write(value)}" for name, value in pairs]
        half = {"query": len(pairs), "form": 0, "both": len(pairs) // 2}[place]
        query, form = "&".join(written[:half]), "&".join(written[half:])
        body = {"content": form.encode("ascii"), "headers": _AS_FORM} if form else {}
        request = {"url": f"/a?{query}", **body}
        assert not any(isinstance(each, Exception) for each in plain.both(PARAMETER_AUTHS[auth], request))
        for each in plain.server.take():
            _kept(each, request, auth)
            assert [pair for pair in parameters(each) if pair[0] not in CREDENTIALS] == pairs

    law()


@EACH_AUTH
def test_a_json_object_stays_as_it_was_written(plain: Plain, auth: str) -> None:
    scalars = TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
    styles = st.fixed_dictionaries(
        {
            "indent": st.sampled_from([None, 0, 2]),
            "ensure_ascii": st.booleans(),
            "separators": st.sampled_from([None, (",", ":")]),
        }
    )

    @examples(25)
    @given(st.dictionaries(_NAMES, scalars, max_size=5), styles)
    def law(document: dict[str, Any], style: dict[str, Any]) -> None:
        written = json.dumps(document, **style).encode()
        request = {"content": written, "headers": _AS_JSON}
        assert not any(isinstance(each, Exception) for each in plain.both(PARAMETER_AUTHS[auth], request))
        for each in plain.server.take():
            _kept(each, request, auth)
            assert [pair for pair in members(each.body) if pair[0] not in CREDENTIALS] == members(written)

    law()


def test_what_is_nested_or_null_can_be_sent_with_the_secret_and_cannot_be_signed(plain: Plain) -> None:
    for value in ({"b": 1}, [1], [], {}, None):
        request = {"json": {"a": value}}
        assert not any(isinstance(each, Exception) for each in plain.both(PARAMETER_AUTHS["KeySecret"], request))
        for each in plain.server.take():
            _kept(each, request, "KeySecret")
        for error in refused(plain.both(PARAMETER_AUTHS["sha256"], request)):
            assert error.field == "a"
            assert error.source
        assert plain.server.take() == []


_CREDENTIALS: Final = sorted(CREDENTIALS)  # the workers of pytest-xdist have to agree
REFUSED: Final[dict[str, dict[str, Any]]] = {
    "XML": {"content": b"<a/>", "headers": {"Content-Type": "application/xml"}},
    "bytes": {"content": b"\x00\xff"},
    "a file": {"files": {"a": b"b"}},
    "a JSON list": {"json": [1]},
    "a JSON text": {"json": "a"},
    "JSON of another encoding": {"content": '{"a": 1}'.encode("utf-16"), "headers": _AS_JSON},
    "a number that JSON lacks": {"content": b'{"a": NaN}', "headers": _AS_JSON},
    "two JSON objects": {"content": b"{}{}", "headers": _AS_JSON},
    "deep JSON": {"content": b'{"a":' * 100_000, "headers": _AS_JSON},
    "a form that is no ASCII": {"content": "a=é".encode(), "headers": _AS_FORM},
    "a form that is no UTF-8": {"content": b"a=%ff", "headers": _AS_FORM},
    "a form with half a percent sign": {"content": b"a=%zz", "headers": _AS_FORM},
    "a form that ends in a percent sign": {"content": b"a=%", "headers": _AS_FORM},
    "a query that is no UTF-8": {"url": "/a?a=%ff"},
    **{f"{name} in the query": {"url": f"/a?{name}=x"} for name in _CREDENTIALS},
    **{f"{name} in the form": {"data": {name: ""}} for name in _CREDENTIALS},
    **{f"{name} in the query beside a form": {"url": f"/a?{name}=x", "data": {"a": "b"}} for name in _CREDENTIALS},
    **{f"{name} in the JSON object": {"json": {name: None}} for name in _CREDENTIALS},
}


@pytest.mark.parametrize("auth", ["KeySecret", "sha256"])
@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_what_holds_no_parameters_or_credentials_already_is_refused(
    plain: Plain, auth: str, request_: dict[str, Any]
) -> None:
    for error in refused(plain.both(PARAMETER_AUTHS[auth], request_)):
        assert error.source
        assert error.__cause__ is None
    assert plain.server.take() == []


def test_half_a_character_cannot_be_signed(plain: Plain) -> None:
    request = {"content": b'{"a": "\\ud800"}', "headers": _AS_JSON}
    refused(plain.both(PARAMETER_AUTHS["sha256"], request))
    assert plain.server.take() == []


@pytest.mark.parametrize("auth", ["KeySecret", "md5hash", "sha256"])
@pytest.mark.parametrize("encoding", ["form", "json", "query"])
def test_a_client_sends_the_same_as_any_client_with_its_auth(
    server: Recorder, make: Clients, plain: Plain, auth: str, encoding: str
) -> None:
    same_time = PARAMETER_AUTHS[auth] if auth == "KeySecret" else Signed(KEY, SECRET, auth, clock=lambda: 1_700_000_000)

    @examples(8)
    @given(documents(ALERTS, "AlertRequest"))
    def law(document: dict[str, Any]) -> None:
        model = ALERTS.read("AlertRequest", {key: document[key] for key in document if key not in CREDENTIALS})
        server.answers = [GOOD["send alert"]]
        make("Alerts", same_time, base_url=server.address, encoding=encoding).both("send", model)
        if encoding == "query":
            arguments = send_alert_by_query.request("json", parameters=model)
        else:
            arguments = send_alert.request("json", body=model)
        if encoding == "json":
            arguments |= {"content": model.to_json(), "headers": _AS_JSON}
        plain.both(same_time, arguments)
        one, *others = [sorted(parameters(each)) for each in server.take()]
        assert others == [one] * 3
        assert {"api_key", "sig"} <= dict(one).keys() or auth == "KeySecret"

    law()
