"""Laws of what the clients send, over real sockets: all that was given, the credentials, and nothing else.

What the server decodes is judged by the spec and the standard library; signatures are computed once more and tokens opened
with the public key. Sync and async do the same.
"""

from __future__ import annotations

import base64
import enum
import itertools
from collections.abc import Mapping
from typing import Any, Final

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract_tests.apis import Api
from contract_tests.judge import FORM, credentials, judge
from contract_tests.loopback import Answer, Recorded, Recorder
from contract_tests.models.test_builders import EACH_CASE, Case
from contract_tests.peers import (
    ALERT,
    ALERTS,
    BASIC,
    CREDENTIALS,
    GOOD,
    KEY,
    MESSAGE,
    MESSAGES,
    OPT_IN,
    PARAMETER_AUTHS,
    SECRET,
    TO_ONE,
    Clients,
    Way,
    parameters,
    pem,
    rsa_key,
    signed_by_hand,
)
from contract_tests.profiles import examples
from contract_tests.strategies import alternatives, documents, documents_under
from contract_tests.written import flat
from shortcodekit import Alert, Jwt, RetryPolicy, Signed
from shortcodekit.contract.normalising import normalise, same

JWT: Final = Jwt("an-application", pem(rsa_key()))
THROTTLED: Final = Answer(429, "text/plain", b"slow down")
AT_ONCE: Final = RetryPolicy(count=2, first=0)
EACH_FORM = pytest.mark.parametrize(
    ("encoding", "form"), [("form", "json"), ("form", "xml"), ("json", "json"), ("query", "json"), ("query", "xml")]
)
EVERYTHING: Final[Mapping[str, Any]] = {  # each kind of value, and each text that encodings stumble over
    "to": 16365553226,
    "client-ref": "é" * 40,
    "empty": "",
    "": "no name",
    "a&b=c": "&=+% ;?#/",
    "plus+": "+1 %2B",
    "短信": "😀 \u2028\r\n\x00",
    "integer": -7,
    "large": 2**70,
    "float": 0.1,
    "tiny": 5e-324,
    "whole": 2.0,
    "true": True,
    "false": False,
}


# ---- alerts and opt-in -----------------------------------------------------------------------------------------------


def _without_credentials(api: Api, schema: str) -> st.SearchStrategy[dict[str, Any]]:
    return documents(api, schema).map(lambda said: {name: said[name] for name in said if name not in CREDENTIALS})


def _arrived(
    api: Api, recorded: Recorded, document: Mapping[str, Any], *, encoding: str, form: str, method: str
) -> str:
    """Asserts that a request says `document` and holds the credentials and nothing else; its operation's name."""
    request = recorded.request()
    verdict = judge(api, request)
    assert verdict.violations == []
    assert credentials(api, request) == []
    assert verdict.path_parameters == {"format": form}
    assert verdict.encoding == {"form": FORM, "json": "application/json"}.get(encoding, encoding)
    names = {"api_key", "api_secret"} if method == "KeySecret" else {"api_key", "timestamp", "sig"}
    added = {name: verdict.document.pop(name) for name in names}
    assert same(verdict.document, document if encoding == "json" else flat(document))
    assert added["api_key"] == KEY
    if method == "KeySecret":
        assert added["api_secret"] == SECRET
    else:
        assert added["sig"] == signed_by_hand(parameters(recorded), SECRET, method)
        assert not any(value == SECRET for _, value in parameters(recorded))
    assert ("?" in request.url) == (encoding == "query")
    assert verdict.operation
    return verdict.operation.name


def _told(encoding: str, operation: str) -> str:
    return f"{operation}ByQuery" if encoding == "query" else operation


_WAYS: Final = ("a model", "a whole model", "a mapping apart from custom parameters", "a mapping")


_OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "sendAlert": {"status-report-req": True, "template": "0", "type": "unicode"},
    "sendTwoFactor": {"pin": 4711},
}


@EACH_FORM
@pytest.mark.parametrize("way", TO_ONE, ids=str)
def test_what_is_sent_to_one_number_arrives_as_it_was_given_with_the_credentials_and_nothing_else(
    server: Recorder, make: Clients, way: Way, encoding: str, form: str
) -> None:
    server.answers = [way.good]
    api = way.operation.api
    documented = api.schemas[way.sent]["properties"]
    everything: dict[str, Any] = {**EVERYTHING, **_OWN[str(way)]}

    @examples(25)
    @given(_without_credentials(api, way.sent), st.sampled_from(sorted(PARAMETER_AUTHS)), st.sampled_from(_WAYS))
    @example(everything, "KeySecret", "a model")
    @example(everything, "md5hash", "a mapping")
    @example(everything, "sha256", "a mapping apart from custom parameters")
    @example(*way.arguments, "KeySecret", "a model")
    def law(document: dict[str, Any], method: str, how: str) -> None:
        custom = {name: value for name, value in document.items() if name not in documented}
        message = {name: value for name, value in document.items() if name in documented}
        given, apart = {
            "a model": (api.read(way.sent, message), custom),
            "a whole model": (api.read(way.sent, document), None),
            "a mapping apart from custom parameters": (message, custom),
            "a mapping": (document, None),
        }[how]
        twins = make(way.client, PARAMETER_AUTHS[method], base_url=server.address, encoding=encoding, format=form)
        answers = twins.both("send", given, custom=apart)
        assert [type(each) for each in answers] == [way.read_by.models.AlertResponse] * 2, answers
        expected = normalise(api, way.sent, document)
        for each in server.take():
            name = _arrived(api, each, expected, encoding=encoding, form=form, method=method)
            assert name == _told(encoding, str(way))

    law()


class _Colour(str, enum.Enum):  # noqa: UP042  # the older way, whose members `str` writes as `_Colour.RED`
    RED = "red"


class _Shade(enum.StrEnum):
    DARK = "dark"


class _Level(enum.IntEnum):
    HIGH = 3


@EACH_FORM
@pytest.mark.parametrize("method", ["KeySecret", "sha256"])
def test_members_of_enumerations_travel_as_their_values(
    server: Recorder, make: Clients, encoding: str, form: str, method: str
) -> None:
    server.answers = [GOOD["send alert"]]
    twins = make("Alerts", PARAMETER_AUTHS[method], base_url=server.address, encoding=encoding, format=form)
    twins.both("send", Alert("16365553226", client_ref=_Colour.RED), custom={"colour": _Colour.RED})
    twins.both("send", Alert("16365553226", client_ref=_Shade.DARK), custom={"level": _Level.HIGH})
    red: dict[str, Any] = {**ALERT, "client-ref": "red", "colour": "red"}
    dark: dict[str, Any] = {**ALERT, "client-ref": "dark", "level": 3}
    for each, document in zip(server.take(), (red, red, dark, dark), strict=True):
        _arrived(ALERTS, each, document, encoding=encoding, form=form, method=method)


@EACH_FORM
@pytest.mark.parametrize("method", ["KeySecret", "sha256"])
def test_members_of_enumerations_name_parameters_by_their_values(
    server: Recorder, make: Clients, encoding: str, form: str, method: str
) -> None:
    server.answers = [GOOD["send alert"]]
    twins = make("Alerts", PARAMETER_AUTHS[method], base_url=server.address, encoding=encoding, format=form)
    twins.both("send", ALERT, custom={_Colour.RED: "x"})
    sent = server.take()
    assert len(sent) == 2
    for each in sent:
        _arrived(ALERTS, each, {**ALERT, "red": "x"}, encoding=encoding, form=form, method=method)


@EACH_FORM
def test_pages_and_numbers_arrive_with_the_credentials_and_nothing_else(
    server: Recorder, make: Clients, encoding: str, form: str
) -> None:
    @examples(10)
    @given(
        st.tuples(*(_without_credentials(OPT_IN, each) for each in ("OptOutQuery", "ResubscribeRequest"))),
        st.sampled_from(sorted(PARAMETER_AUTHS)),
    )
    def law(said: tuple[dict[str, Any], ...], method: str) -> None:
        query, number = (
            normalise(
                OPT_IN, name, {key: document[key] for key in document if key in OPT_IN.schemas[name]["properties"]}
            )
            for name, document in zip(("OptOutQuery", "ResubscribeRequest"), said, strict=True)
        )
        twins = make("OptIn", PARAMETER_AUTHS[method], base_url=server.address, encoding=encoding, format=form)
        keywords = {key.replace("-", "_"): value for key, value in query.items()}
        server.answers = [GOOD["page"]]
        answers = twins.both("page", **keywords)
        server.answers = [GOOD["resubscribe"]]
        answers += twins.both("resubscribe", number["msisdn"])
        assert not any(isinstance(each, Exception) for each in answers), answers
        page = {"page": 0, "page-size": 100, **query}
        for each, document, operation in zip(
            server.take(), (page, page, number, number), ["queryOptOuts"] * 2 + ["resubscribe"] * 2, strict=True
        ):
            assert _arrived(OPT_IN, each, document, encoding=encoding, form=form, method=method) == _told(
                encoding, operation
            )

    law()


def test_each_attempt_of_a_signed_request_has_its_own_time_and_signature(server: Recorder, make: Clients) -> None:
    seconds = itertools.count(1_700_000_000)
    auth = Signed(KEY, SECRET, clock=lambda: next(seconds) + 0.9)
    for encoding in ("form", "json", "query"):
        twins = make("Alerts", auth, base_url=server.address, encoding=encoding, retries=AT_ONCE)
        server.answers = [THROTTLED, THROTTLED, GOOD["send alert"], THROTTLED, THROTTLED, GOOD["send alert"]]
        twins.both("send", ALERT)
        sent = server.take()
        for each in sent:
            _arrived(ALERTS, each, ALERT, encoding=encoding, form="json", method="sha256")
        assert len({dict(parameters(each))["timestamp"] for each in sent}) == len(sent) == 6
    assert next(seconds) == 1_700_000_018


# ---- messages --------------------------------------------------------------------------------------------------------


def _message_arrived(recorded: Recorded, document: Mapping[str, Any]) -> str:
    """Asserts that a request says `document` and nothing else; its credential."""
    request = recorded.request()
    verdict = judge(MESSAGES, request)
    assert verdict.violations == []
    assert credentials(MESSAGES, request) == []
    assert same(verdict.document, document)
    return request.headers["authorization"].split(" ")[1]


@pytest.mark.parametrize("branch", alternatives(MESSAGES, "OutboundMessage"))
def test_a_message_arrives_as_it_was_given_under_one_credential(server: Recorder, make: Clients, branch: str) -> None:
    server.answers = [GOOD["send message"]]
    tokens: list[str] = []

    @examples(25)
    @given(alternatives(MESSAGES, "OutboundMessage")[branch], st.sampled_from([BASIC, JWT]), st.booleans())
    def law(document: dict[str, Any], auth: Any, as_model: bool) -> None:
        given = MESSAGES.read("OutboundMessage", document) if as_model else document
        answers = make("Messages", auth, base_url=server.address).both("send", given)
        assert [type(each) for each in answers] == [MESSAGES.models.MessageAccepted] * 2, answers
        found = [_message_arrived(each, normalise(MESSAGES, "OutboundMessage", document)) for each in server.take()]
        if auth is BASIC:
            assert [base64.b64decode(each).decode("utf-8") for each in found] == [f"{KEY}:{SECRET}"] * 2
        else:
            tokens.extend(found)

    law()
    assert len({_claims(each)["jti"] for each in tokens}) == len(tokens) > 0


@EACH_CASE
def test_what_is_built_arrives_as_it_was_given(server: Recorder, make: Clients, case: Case) -> None:
    server.answers = [GOOD["send message"]]

    @examples(6)
    @given(documents_under(case.api, case.schema))
    def law(drawn: dict[str, Any]) -> None:
        document = case.documented(drawn)
        twins = make("Messages", BASIC, base_url=server.address)
        answers = twins.both("send", case.builder(**case.arguments(document)))
        assert not any(isinstance(each, Exception) for each in answers), answers
        for each in server.take():
            _message_arrived(each, document)

    law()


def _claims(token: str) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_iat": False}  # the clock is the test's
    claims: dict[str, Any] = jwt.decode(token, rsa_key().public_key(), algorithms=["RS256"], options=options)
    return claims


@pytest.mark.parametrize("expires_in", [None, 1, 86400])
def test_each_attempt_has_a_token_of_its_own_that_ends_when_it_was_asked_to(
    server: Recorder, make: Clients, expires_in: int | None
) -> None:
    seconds = itertools.count(1_700_000_000)
    limit: dict[str, Any] = {} if expires_in is None else {"expires_in": expires_in}
    auth = Jwt("an-application", pem(rsa_key()), clock=lambda: next(seconds) + 0.9, **limit)
    server.answers = [THROTTLED, THROTTLED, GOOD["send message"], THROTTLED, THROTTLED, GOOD["send message"]]
    make("Messages", auth, base_url=server.address, retries=AT_ONCE).both("send", MESSAGE)
    tokens = [_message_arrived(each, MESSAGE) for each in server.take()]
    claims = [_claims(each) for each in tokens]
    assert {jwt.get_unverified_header(each)["alg"] for each in tokens} == {"RS256"}
    assert {frozenset(each) for each in claims} == {frozenset({"application_id", "iat", "exp", "jti"})}
    assert {each["application_id"] for each in claims} == {"an-application"}
    assert [each["iat"] for each in claims] == [1_700_000_000 + attempt for attempt in range(6)]
    assert {each["exp"] - each["iat"] for each in claims} == {expires_in or 900}
    assert len({each["jti"] for each in claims}) == 6


def test_a_token_is_good_when_it_is_made(server: Recorder, make: Clients) -> None:
    server.answers = [GOOD["send message"]]
    make("Messages", JWT, base_url=server.address).both("send", MESSAGE)
    sent = server.take()
    assert len(sent) == 2
    for each in sent:
        claims = jwt.decode(_message_arrived(each, MESSAGE), rsa_key().public_key(), algorithms=["RS256"])
        assert set(claims) == {"application_id", "iat", "exp", "jti"}
