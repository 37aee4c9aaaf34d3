"""Laws of what the clients refuse to send: what is against the spec never reaches the server, and all else does.

An independent validator tells which documents those are. Every refusal is an `InvalidRequest` that names its rule, and where
the rule is the vendor's, the page that has it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import Api
from contract_tests.calls import outcome
from contract_tests.judge import FORM, judge
from contract_tests.loopback import Recorder
from contract_tests.peers import (
    ALERT,
    ALERTS,
    BASIC,
    CREDENTIALS,
    GOOD,
    MESSAGES,
    OPT_IN,
    PARAMETER_AUTHS,
    TO_ONE,
    Clients,
    Way,
    pem,
    refused,
    rsa_key,
)
from contract_tests.profiles import examples
from contract_tests.strategies import documents, mutations
from contract_tests.written import flat
from shortcode_clients import UNSET
from shortcodekit import Alert, AlertsClient, Jwt, MessagesClient, OptInClient, outbound
from shortcodekit.contract.normalising import normalise, same
from shortcodekit.errors import InvalidRequest, ShortcodeKitError

KEY_SECRET: Final = PARAMETER_AUTHS["KeySecret"]
JWT: Final = Jwt("an-application", pem(rsa_key()))


# ---- damaged documents -----------------------------------------------------------------------------------------------


def _travels(value: Any, depth: int = 0) -> bool:
    """Whether JSON can carry `value`. A tuple counts as a list."""
    match value:
        case str():
            return not any("\ud800" <= character <= "\udfff" for character in value)
        case float():
            return math.isfinite(value)
        case list() | tuple():
            return depth < 64 and all(_travels(each, depth + 1) for each in value)
        case dict():
            whole = depth < 64 and all(isinstance(key, str) and _travels(key) for key in value)
            return whole and all(_travels(each, depth + 1) for each in value.values())
    return value is None or isinstance(value, int)


def _judged(api: Api, schema: str, document: Any, outcomes: list[Any], server: Recorder) -> None:
    """Asserts that a document arrived that the spec allows, and that any other one was refused and did not."""
    recorded = server.take()
    plain = json.loads(json.dumps(document)) if _travels(document) else None
    if plain is not None and api.validator(schema).is_valid(plain) and not CREDENTIALS & set(plain):
        assert not any(isinstance(each, Exception) for each in outcomes), outcomes
        assert len(recorded) == len(outcomes)
        expected = normalise(api, schema, plain)
        for each in recorded:
            verdict = judge(api, each.request())
            assert verdict.violations == []
            said = {key: value for key, value in verdict.document.items() if key not in CREDENTIALS}
            assert same(said, flat(expected) if verdict.encoding == FORM else expected)
    else:
        assert recorded == []
        for error in refused(outcomes):
            assert error.operation
            assert error.source or not isinstance(document, dict)


@pytest.mark.parametrize("way", TO_ONE, ids=str)
@pytest.mark.parametrize("encoding", ["form", "json"])
def test_what_is_against_the_spec_is_refused_and_all_else_arrives(
    server: Recorder, make: Clients, encoding: str, way: Way
) -> None:
    server.answers = [way.good]
    api = way.operation.api

    @examples(80)
    @given(documents(api, way.sent).flatmap(mutations), st.sampled_from(["KeySecret", "sha256"]))
    def law(document: Any, method: str) -> None:
        twins = make(way.client, PARAMETER_AUTHS[method], base_url=server.address, encoding=encoding)
        _judged(api, way.sent, document, twins.both("send", document), server)

    law()


def test_a_message_against_the_spec_is_refused_and_any_other_one_arrives(server: Recorder, make: Clients) -> None:
    server.answers = [GOOD["send message"]]

    @examples(150)
    @given(documents(MESSAGES, "OutboundMessage").flatmap(mutations))
    def law(document: Any) -> None:
        outcomes = make("Messages", BASIC, base_url=server.address).both("send", document)
        _judged(MESSAGES, "OutboundMessage", document, outcomes, server)

    law()


_NUMBERS: Final = st.integers(1, 999_999_999)


def test_a_page_against_the_spec_is_refused_and_any_other_one_arrives(server: Recorder, make: Clients) -> None:
    server.answers = [GOOD["page"]]

    @examples(60)
    @given(_NUMBERS.flatmap(mutations) | _NUMBERS, _NUMBERS.flatmap(mutations) | _NUMBERS)
    def law(page: Any, size: Any) -> None:
        outcomes = make("OptIn", KEY_SECRET, base_url=server.address).both("page", page, size)
        _judged(OPT_IN, "OptOutQuery", {"page": page, "page-size": size}, outcomes, server)

    law()


def test_a_number_against_the_spec_is_refused_and_any_other_one_arrives(server: Recorder, make: Clients) -> None:
    server.answers = [GOOD["resubscribe"]]

    @examples(60)
    @given(st.from_regex(r"\A[0-9]{1,16}\Z").flatmap(lambda number: mutations(number) | st.just(number)))
    def law(number: Any) -> None:
        outcomes = make("OptIn", KEY_SECRET, base_url=server.address).both("resubscribe", number)
        _judged(OPT_IN, "ResubscribeRequest", {"msisdn": number}, outcomes, server)

    law()


def test_whatever_is_in_a_model_a_valid_request_arrives_or_none(server: Recorder, make: Clients) -> None:
    server.answers = [GOOD["send alert"]]
    names = ["to", "status_report_req", "client_ref", "template", "type_", "additional_properties", "api_key", "sig"]
    values = st.just("16365553226").flatmap(mutations) | st.just(UNSET)

    @examples(80)
    @given(st.dictionaries(st.sampled_from(names), values, min_size=1, max_size=2))
    def law(attributes: dict[str, Any]) -> None:
        alert = Alert("16365553226")
        for name, value in attributes.items():
            setattr(alert, name, value)
        outcomes = make("Alerts", KEY_SECRET, base_url=server.address).both("send", alert)
        recorded = server.take()
        if any(isinstance(each, Exception) for each in outcomes):
            refused(outcomes)
            assert recorded == []
        else:
            assert [judge(ALERTS, each.request()).violations for each in recorded] == [[], []]

    law()


@pytest.mark.parametrize(
    "custom",
    [{"a": 10**5000}, [("a", "b")], "ab", 1, {"a": None}, {1: "a"}, {"a": ["b"]}, {"a": "\ud800"}],
    ids=["a long number", "pairs", "a text", "a number", "null", "a number as a name", "a list", "half a character"],
)
def test_whatever_the_custom_parameters_are_only_our_errors_leave(server: Recorder, make: Clients, custom: Any) -> None:
    for name in ("KeySecret", "sha256"):
        refused(make("Alerts", PARAMETER_AUTHS[name], base_url=server.address).both("send", ALERT, custom=custom))
    assert server.take() == []


def test_whatever_the_size_of_a_page_is_going_through_opt_outs_ends_or_is_our_error(server: Recorder) -> None:
    server.answers = [GOOD["page"]]
    with OptInClient(KEY_SECRET, base_url=server.address) as client:
        for size in ("5", 5.0, "five", None, 0, [5], float("nan")):
            ended = outcome(lambda size=size: list(client.opt_outs(size)))  # type: ignore[misc]  # mypy knows no defaults
            server.take()
            assert ended == [] or isinstance(ended, ShortcodeKitError), (size, ended)


# ---- the rules that people run into ----------------------------------------------------------------------------------

_NUMBER: Final = "16365553226"
_ENDS: Final[Any] = {"to": "447700900000", "from_": "447700900001"}
_ADDRESS: Final = {"type": "whatsapp", "number": "447700900000"}
_TEMPLATE: Final = {"content": {"type": "template", "template": {"name": "ns:name"}}}

ALERTS_AGAINST_RULES: Final[dict[str, tuple[str, Any, Any]]] = {
    "no recipient": ("to", {}, {}),
    "a plus before the number": ("to", Alert(f"+{_NUMBER}"), {}),
    "a number of another country": ("to", Alert("447700900000"), {}),
    "a reference of 41 characters": ("client-ref", Alert(_NUMBER, client_ref="x" * 41), {}),
    "a template that no campaign has": ("template", Alert(_NUMBER, template=6), {}),
    "a custom parameter named like a documented one": ("template", ALERT, {"template": 1}),
    "a custom parameter named like a credential": ("api_key", ALERT, {"api_key": "x"}),
    "a custom parameter that is a list": ("server", ALERT, {"server": ["a"]}),
    "credentials in the alert": ("api_secret", Alert(_NUMBER, api_secret="x"), {}),
    "a signature in the alert": ("sig", {**ALERT, "sig": "0" * 64}, {}),
}
MESSAGES_AGAINST_RULES: Final[dict[str, tuple[str, Any]]] = {
    "a time to live of 29 seconds": ("message.viber_service_msg.ttl", outbound.viber.text("Hi", ttl=29, **_ENDS)),
    "a template without options": ("message.whatsapp", {"to": _ADDRESS, "from": _ADDRESS, "message": _TEMPLATE}),
    "a template without its locale": (
        "message.whatsapp.locale",
        {"to": _ADDRESS, "from": _ADDRESS, "message": {**_TEMPLATE, "whatsapp": {"policy": "deterministic"}}},
    ),
    "a plus before a recipient": ("to.number", outbound.sms.text("Hi", to="+447700900000", from_="447700900001")),
    "a reference of 41 characters": ("client_ref", outbound.sms.text("Hi", client_ref="x" * 41, **_ENDS)),
    "a text of 1001 characters": ("message.content.text", outbound.sms.text("x" * 1001, **_ENDS)),
    "a channel that there is not": ("to.type", {"to": {"type": "pigeon"}}),
}


def _named(outcomes: list[Any], operation: str, field: str) -> None:
    for error in refused(outcomes):
        assert error.field == field
        assert error.source
        assert str(error).startswith(f"{operation}: {field}: {error.rule}")
        assert str(error).endswith("; nothing was sent")


@pytest.mark.parametrize(("field", "alert", "custom"), ALERTS_AGAINST_RULES.values(), ids=ALERTS_AGAINST_RULES)
def test_what_an_alert_breaks_is_named_with_its_place_and_source(
    server: Recorder, make: Clients, field: str, alert: Any, custom: Any
) -> None:
    _named(make("Alerts", KEY_SECRET, base_url=server.address).both("send", alert, custom=custom), "sendAlert", field)
    assert server.take() == []


@pytest.mark.parametrize(("field", "message"), MESSAGES_AGAINST_RULES.values(), ids=MESSAGES_AGAINST_RULES)
def test_what_a_message_breaks_is_named_with_its_place_and_source(
    server: Recorder, make: Clients, field: str, message: Any
) -> None:
    _named(make("Messages", BASIC, base_url=server.address).both("send", message), "sendMessage", field)
    assert server.take() == []


REFUSED_SETTINGS: Final[dict[str, tuple[Callable[[], Any], str]]] = {
    "two credentials at once": (lambda: MessagesClient((JWT, BASIC)), "Messages API v0.1"),  # type: ignore[arg-type]
    "the same credentials twice": (lambda: MessagesClient((BASIC, BASIC)), "Messages API v0.1"),  # type: ignore[arg-type]
    "parameters for the Messages API": (lambda: MessagesClient(KEY_SECRET), "Messages API v0.1"),
    "a header for the alerts": (lambda: AlertsClient(BASIC), "Alerts - Subscribing API Reference"),
    "no credentials": (lambda: AlertsClient(None), ""),  # type: ignore[arg-type]
    "plain http to the world": (lambda: AlertsClient(KEY_SECRET, base_url="http://rest.nexmo.com"), "Alerts - Sending"),
    "plain http beside loopback": (lambda: OptInClient(KEY_SECRET, base_url="http://127.0.0.1.peer.test"), "Alerts"),
    "credentials in the address": (lambda: AlertsClient(KEY_SECRET, base_url="https://key:word@peer.test"), ""),
    "a name in the address": (lambda: MessagesClient(BASIC, base_url="https://key@peer.test"), ""),
    "no address": (lambda: AlertsClient(KEY_SECRET, base_url="rest.nexmo.com"), ""),
    "a query in the address": (lambda: AlertsClient(KEY_SECRET, base_url="https://peer.test?a=b"), ""),
    "an unknown encoding": (lambda: AlertsClient(KEY_SECRET, encoding="xml"), ""),  # type: ignore[arg-type]
    "an unknown format": (lambda: AlertsClient(KEY_SECRET, format="yaml"), ""),  # type: ignore[arg-type]
    "a JSON body and an XML answer": (
        lambda: AlertsClient(KEY_SECRET, format="xml", encoding="json"),
        "Alerts - Sending",
    ),
    "no time": (lambda: AlertsClient(KEY_SECRET, timeout=0), ""),
    "fewer than no repetitions": (lambda: AlertsClient(KEY_SECRET, retries=-1), ""),
}


@pytest.mark.parametrize(("made", "source"), REFUSED_SETTINGS.values(), ids=REFUSED_SETTINGS)
def test_a_client_is_not_made_with_what_is_against_a_rule(made: Callable[[], Any], source: str) -> None:
    (error,) = refused([outcome(made)])
    assert source in error.source
    assert bool(error.source) == bool(source)
    assert "word" not in f"{error}{error!r}{vars(error)}"


@pytest.mark.parametrize(
    "address", ["http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1", "https://peer.test/a/"]
)
def test_a_client_is_made_for_https_and_for_loopback(address: str) -> None:
    for made in (AlertsClient(KEY_SECRET, base_url=address), MessagesClient(BASIC, base_url=address)):
        made.close()


@pytest.mark.parametrize("auth", [BASIC, JWT], ids=["Basic", "Jwt"])
def test_a_header_that_is_there_already_is_not_replaced(server: Recorder, auth: httpx.Auth) -> None:
    with httpx.Client(auth=auth) as client, pytest.raises(InvalidRequest) as refusal:
        client.post(server.address, headers={"Authorization": "Bearer x"})
    assert refusal.value.field == "Authorization"
    assert "Messages API v0.1" in refusal.value.source
    refused([refusal.value])
    assert server.take() == []


@pytest.mark.parametrize("written", ["0", "false", 1, None], ids=repr)
def test_what_only_looks_like_a_boolean_is_not_taken_for_true(server: Recorder, written: Any) -> None:
    with AlertsClient(KEY_SECRET, base_url=server.address) as client:
        (error,) = refused([outcome(lambda: client.send(Alert(to=_NUMBER, status_report_req=written)))])
    assert (error.field, server.take()) == ("status-report-req", [])
