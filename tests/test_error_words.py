"""What errors of clients say, word by word, and what is hidden in it: people search for these words, and act on them."""

from __future__ import annotations

import base64
import gzip
import html
import json
import pickle
import zlib
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, quote_plus

import httpx
import pytest

from contract_tests.peers import pem, rsa_key
from shortcode_clients.alerts import security as parameters
from shortcode_clients.alerts.codes import ALERT_PART_STATUS
from shortcode_clients.alerts.models import AlertResponse
from shortcode_clients.messages import security as headers
from shortcode_clients.messages.models import Problem
from shortcodekit import Basic, Jwt, KeySecret, Signed
from shortcodekit.concealing import HIDDEN, ConcealedURL, conceal, excerpt, shortened, shown
from shortcodekit.errors import (
    AlertRejected,
    ApiProblem,
    AuthenticationFailed,
    InvalidRequest,
    ShortcodeKitError,
    Throttled,
    TransportFailure,
    UnexpectedAnswer,
    refusal,
)
from shortcodekit.exchange import LARGEST, TOO_LARGE, Failed, Received, failed

METHODS: Final = "one of md5hash, md5, sha1, sha256, sha512"
NO_TEXT: Final = "a text that is not empty"
NO_KEY: Final = "an RSA private key in PEM, without a password"
SIGNED: Final = Signed("a-key-1234", "a-secret", clock=lambda: 5)


def _sent(auth: httpx.Auth, **request: Any) -> object:
    return next(auth.sync_auth_flow(httpx.Request("POST", "https://localhost/", **request)))


REFUSED: Final[dict[str, tuple[Callable[[], object], str, str, str]]] = {
    "no key": (lambda: KeySecret("", "x"), "api_key", NO_TEXT, ""),
    "no secret": (lambda: KeySecret("x", ""), "the secret", NO_TEXT, ""),
    "no method": (lambda: Signed("x", "x", "md4"), "method", METHODS, parameters.SIGNATURE.source),
    "no key of a header": (lambda: Basic("", "x"), "the key", NO_TEXT, ""),
    "no secret of a header": (lambda: Basic("x", ""), "the secret", NO_TEXT, ""),
    "a colon": (lambda: Basic("a:b", "x"), "the key", "has no colon in it", headers.BASIC.source),
    "no application": (lambda: Jwt("", ""), "the application's id", NO_TEXT, ""),
    "no private key": (lambda: Jwt("x", ""), "private_key", NO_KEY, headers.BEARER.source),
    "a line break": (
        lambda: KeySecret("a\nb", "x"),
        "api_key",
        "has only printable characters, no line break for example",
        "",
    ),
    "a header already": (
        lambda: _sent(Basic("a", "b"), headers={"Authorization": "Bearer x"}),
        "Authorization",
        "it is there already; a request carries one of Bearer and Basic",
        headers.BASIC.source,
    ),
    "a key already": (
        lambda: SIGNED.credentials([("api_key", "x")]),
        "api_key",
        "the client's `auth` adds it; a request carries one set of credentials",
        parameters.API_SECRET.source,
    ),
    "a list": (
        lambda: SIGNED.credentials([("a", [1])]),
        "a",
        "a signature covers texts, numbers and booleans",
        parameters.SIGNATURE.source,
    ),
    "half a character": (
        lambda: SIGNED.credentials([("a", "\ud800")]),
        "",
        "a parameter is not Unicode text: it holds half a surrogate pair",
        parameters.SIGNATURE.source,
    ),
    "no form": (
        lambda: _sent(SIGNED, content=b"a=%FF", headers={"content-type": "application/x-www-form-urlencoded"}),
        "",
        "the parameters are not percent-encoded UTF-8",
        parameters.API_KEY.source,
    ),
    "no parameters": (
        lambda: _sent(SIGNED, content=b"[1]", headers={"content-type": "application/json"}),
        "",
        "the body is neither a form nor a JSON object",
        parameters.API_KEY.source,
    ),
}


def test_what_is_refused_is_told_with_its_field_its_rule_and_its_source() -> None:
    for what, (do, *told) in REFUSED.items():
        with pytest.raises(InvalidRequest) as caught:
            do()
        assert [caught.value.field, caught.value.rule, caught.value.source] == told, what


def test_an_invalid_request_says_where_what_about_what_and_who_says_so() -> None:
    error = InvalidRequest(
        "has digits", field="to", about="The recipient..", source="A page", operation="x", attempts=2
    )
    assert str(error) == "x: to: has digits. The recipient [A page]; nothing was sent"
    assert (error.field, error.rule, error.about, error.source) == ("to", "has digits", "The recipient..", "A page")
    assert (error.attempts, error.may_have_been_sent) == (2, False)
    plain = InvalidRequest("has digits")
    assert str(plain) == "has digits; nothing was sent"
    assert (plain.field, plain.about, plain.source, plain.operation, plain.attempts) == ("", "", "", None, 0)


def test_a_refusal_has_the_words_of_the_table_and_those_of_the_service() -> None:
    known = ALERT_PART_STATUS.explain("1")
    words = f"refused with status 1, {known.name}: {known.meaning.rstrip('.')}"
    assert refusal(known, None) == words
    assert refusal(known, "slow down") == f"{words} (slow down)"
    assert "status 9999," in refusal(ALERT_PART_STATUS.explain("9999"), None)
    assert "status of many characters," in refusal(ALERT_PART_STATUS.explain("99999"), None)
    for value in ALERT_PART_STATUS:
        assert f"status {value}, " in refusal(ALERT_PART_STATUS.explain(value), None)


def test_a_rejected_alert_counts_the_parts_that_were_accepted_if_any_were() -> None:
    refused = {"to": "15550100001", "status": "1", "error-text": "slow down"}
    accepted = {"to": "15550100001", "status": "0", "message-id": "1"}
    code = ALERT_PART_STATUS.explain("1")
    for parts, count in (([refused], ""), ([accepted, refused, accepted], "; 2 of 3 parts were accepted")):
        response = AlertResponse.from_dict({"message-count": str(len(parts)), "messages": parts})
        error = AlertRejected(response, code, said="slow down", may_have_been_sent=bool(count))
        assert error.reason == f"{refusal(code, 'slow down')}{count}"


def _problem(title: str | None, detail: str | None) -> ApiProblem:
    return ApiProblem(402, Problem.from_dict({}), title=title, detail=detail, may_have_been_sent=False)


def _unexpected(content_type: str, excerpt: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        "no JSON", http_status=502, content_type=content_type, excerpt=excerpt, may_have_been_sent=True
    )


def _said() -> dict[str, ShortcodeKitError]:
    """Errors by what they say, made afresh."""
    return {
        "refused with HTTP 402: Low balance: no credit left; nothing was sent": _problem(
            "Low balance", "no credit left"
        ),
        "refused with HTTP 402: Low balance; nothing was sent": _problem("Low balance", None),
        "refused with HTTP 402: no credit left; nothing was sent": _problem("", "no credit left"),
        "refused with HTTP 402; nothing was sent": _problem(None, None),
        "no JSON (HTTP 502, text/html: '<p>'); it may have been sent": _unexpected("text/html", "<p>"),
        "no JSON (HTTP 502, no content type, no content); it may have been sent": _unexpected("", ""),
        "sendMessage: no such key; nothing was sent": AuthenticationFailed(
            "no such key", http_status=401, answer=None, operation="sendMessage", attempts=2
        ),
        "resubscribe: too many; nothing was sent": Throttled(
            "too many", http_status=429, retry_after=7.0, answer=None, operation="resubscribe", attempts=2
        ),
        "sendAlert: cut off; it may have been sent": TransportFailure(
            "cut off", timed_out=True, may_have_been_sent=True, operation="sendAlert", attempts=3
        ),
    }


def test_an_error_says_the_same_once_it_was_pickled() -> None:
    for said, error in _said().items():
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
        for each in (error, again):
            assert str(each) == said
            assert repr(each) == f"{type(error).__name__}({said!r})"
            assert each.args == (error.reason,)
        assert vars(again) == vars(error)
        assert error.attempts == (0 if error.operation is None else 3 if isinstance(error, TransportFailure) else 2)


class Dumb(Exception):
    def __str__(self) -> str:
        raise RuntimeError


FAILURES: Final[dict[str, tuple[Exception, Failed]]] = {
    "refused": (httpx.ConnectError(""), Failed("ConnectError", may_have_arrived=False)),
    "no connection free": (httpx.PoolTimeout("full"), Failed("PoolTimeout: full", False, timed_out=True)),
    "late": (httpx.ReadTimeout("it is\n  late "), Failed("ReadTimeout: it is late", True, timed_out=True)),
    "late elsewhere": (TimeoutError("late"), Failed("TimeoutError: late", True, timed_out=True)),
    "says a secret": (OSError("with a-secret"), Failed(f"OSError: with {HIDDEN}", True)),
    "says much": (OSError("much " * 100), Failed(f"OSError: {'much ' * 40}", True)),
    "cannot say": (Dumb(), Failed("Dumb", True)),
}


def test_a_failure_is_told_by_its_name_and_in_its_words_as_far_as_they_go() -> None:
    for what in FAILURES:
        error, told = FAILURES[what]
        assert failed(error, ("a-secret",)) == told


def test_credentials_show_the_last_four_characters_of_their_key() -> None:
    assert repr(KeySecret("a-key-1234", "a-secret")) == "KeySecret('…1234')"
    assert repr(SIGNED) == "Signed('…1234', method='sha256')"
    assert repr(Basic("a-key-1234", "a-secret")) == "Basic('…1234')"


def test_a_concealed_address_shows_neither_query_nor_user() -> None:
    url = ConcealedURL("https://user:word@localhost/path?api_secret=x")
    assert str(url) == f"https://localhost/path?{HIDDEN}"
    assert repr(url) == f"ConcealedURL('https://localhost/path?{HIDDEN}')"


def test_a_number_is_shown_by_its_last_four_digits_if_it_has_more() -> None:
    told = {
        "16365553226": "…3226",
        16365553226: "…3226",
        "12345": "…2345",
        "1234": "…",
        "": "…",
        "1\n2\u20283": "…?2?3",
    }
    assert {number: shortened(number) for number in told} == told


EXCERPTS: Final = {
    b"\xef\xbb\xbf<p>\r\n  Bad\tgateway\x1b[0m \xff": "<p> Bad gateway [0m \ufffd",
    "Bad gateway".encode("utf-16"): "\ufffd\ufffdBad gateway",
    "it is a-secret".encode("utf-16-le"): f"it is {HIDDEN}",
    b"it is a-\r\nsecret": "it is a- secret",
    b"a" * 160: "a" * 160,
    b"a" * 161: f"{'a' * 159}…",
    b"first" + b" " * (16 * 1024 - 9) + b"last": "first last",
    b"first" + b" " * (16 * 1024 - 8) + b"last": "first",
    b"": "",
}


def test_the_beginning_of_an_answer_is_one_line_that_fits() -> None:
    for content, line in EXCERPTS.items():
        assert excerpt(content, ("a-secret",)) == line
    for content, line in ((b"one two thr", "one two"), (b"one", ""), (b"", "")):
        assert excerpt(content, (), whole=False) == line


def test_a_name_is_shown_as_long_as_it_fits_on_a_line() -> None:
    assert shown("a" * 40) == "a" * 40
    assert shown("a" * 41) == f"{'a' * 39}…"
    assert shown("é\n\u2028b") == "é??b"


SECRET: Final = "a&b é🛑<c+d"


def _with(write: Callable[[str], str]) -> str:
    """The secret in a language that writes letters and digits as they are, and all else by `write`."""
    return "".join(each if each.isascii() and each.isalnum() else write(each) for each in SECRET)


WRITTEN: Final = {
    "as it is": SECRET,
    "in a URL": quote(SECRET),
    "in a URL, in small letters": quote(SECRET).lower(),
    "in a form": quote_plus(SECRET),
    "in a page": html.escape(SECRET),
    "in numbers": _with(lambda each: f"&#{ord(each)};"),
    "in hexadecimal numbers": _with(lambda each: f"&#x00{ord(each):X};"),
    "in JSON": _with(lambda each: json.dumps(each)[1:-1] if ord(each) > 127 else f"\\u{ord(each):04X}"),
    "in a program": _with(lambda each: "".join(f"\\x{octet:02X}" for octet in each.encode())),
    "with backslashes": _with(lambda each: f"\\{each}"),
    "in base64": base64.b64encode(SECRET.encode()).decode().rstrip("="),
}


def test_a_secret_is_hidden_in_whatever_way_it_is_written() -> None:
    for way, form in WRITTEN.items():
        assert conceal(f"({form})", (SECRET,)) == f"({HIDDEN})", way
        assert conceal(f"({form[:-3]})", (SECRET,)) == f"({form[:-3]})", way


def test_what_is_like_a_secret_but_for_a_mark_is_not_hidden() -> None:
    assert conceal("(ab+cd) (ab cd) (ab&cd)", ("ab&cd",)) == f"(ab+cd) (ab cd) ({HIDDEN})"


def test_what_is_not_unicode_may_be_a_secret() -> None:
    assert conceal("(half \ud800 one)", ("half \ud800 one",)) == f"({HIDDEN})"


UNDONE: Final = (b"", "the content encoding cannot be undone")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", " GZip "])
def test_what_was_packed_unasked_is_unpacked_or_told_why_not(encoding: str) -> None:
    packed = zlib.compress(b"content") if encoding == "deflate" else gzip.compress(b"content")
    expected = {packed: (b"content", ""), packed[:-1]: UNDONE, b"content": UNDONE}
    for content, told in expected.items():
        came = Received.of(httpx.Response(200, headers={"content-encoding": encoding}), content, None)
        assert (came.content, came.unreadable) == told
    assert Received.of(httpx.Response(200), packed, None).content == packed


def test_what_is_too_large_once_it_is_unpacked_is_not_kept() -> None:
    response = httpx.Response(200, headers={"content-encoding": "gzip"})
    for size, told in ((LARGEST, ""), (LARGEST + 1, TOO_LARGE)):
        came = Received.of(response, gzip.compress(b"a" * size), None)
        assert (len(came.content), came.unreadable) == (0 if told else size, told)
    for plain in (response, httpx.Response(200)):
        assert Received.of(plain, b"a" * (LARGEST + 1), None).unreadable == TOO_LARGE
    assert Received.of(httpx.Response(200), b"a" * LARGEST, None).unreadable == ""


def test_what_was_cut_off_is_not_unpacked_and_says_what_cut_it() -> None:
    cut = Failed("ReadError", may_have_arrived=True)
    for told in ({}, {"content-encoding": "gzip"}):
        came = Received.of(httpx.Response(200, headers=told), b"cont", cut)
        assert (came.status, came.content, came.cut, came.unreadable) == (200, b"cont", cut, "")


def test_a_token_may_be_good_for_one_second_and_for_a_day() -> None:
    for seconds in (1, 86_400):
        made = Jwt("an-application", pem(rsa_key()), expires_in=seconds, clock=lambda: 5.5)
        claims = json.loads(base64.urlsafe_b64decode(f"{made.token().split('.')[1]}=="))
        assert (claims["iat"], claims["exp"], claims["application_id"]) == (5, 5 + seconds, "an-application")


def test_a_request_with_credentials_keeps_its_extensions_and_headers() -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "x-more": "1"}
    sent = _sent(SIGNED, content=b"a=1", headers=form, extensions={"timeout": {"read": 7}})
    assert isinstance(sent, httpx.Request)
    assert sent.extensions == {"timeout": {"read": 7}}
    assert (sent.headers["x-more"], sent.headers["content-length"]) == ("1", str(len(sent.content)))


def test_credentials_stand_first_in_a_json_object_that_is_as_it_was_otherwise() -> None:
    for content, end in ((b' \n{"a": 1} \n', ', "a": 1} \n'), (b"{ }", " }"), (b"\xef\xbb\xbf {}", "}")):
        for told in ({}, {"content-type": "application/json; charset=utf-8"}):
            sent = _sent(SIGNED, content=content, headers=told)
            assert isinstance(sent, httpx.Request)
            added = json.dumps(SIGNED.credentials([("a", 1)] if b"a" in content else []))
            assert sent.content.decode() == added[:-1] + end
