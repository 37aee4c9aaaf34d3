"""No secret is shown by anything that is read later: no log line, error, report, repr, warning or pickle.

Peers echo the secrets of a call, in every form that text takes on its way and in every place of an answer. What an answer said
stays as it was in an error's `answer`, `response` and `code`: those are not searched.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

from shortcodekit import (
    Alert,
    AlertsClient,
    Basic,
    CallReport,
    Jwt,
    KeySecret,
    MessagesClient,
    Signed,
)
from shortcodekit.errors import InvalidRequest, ShortcodeKitError, TransportFailure

from . import faults
from .callers import falls_short, one_ssl_context
from .canaries import (
    DOCUMENTS,
    FORMS,
    HEADS,
    PAGES,
    UNQUOTED_FORMS,
    Case,
    Place,
    Watch,
    canary,
    case,
    found,
    secret_parts,
    sent_tokens,
    shown_by,
)
from .faults import Wire, answer, faulty, refusing, saying
from .test_faults import FAULTS

CASES: Final = [
    *(("KeySecret", encoding) for encoding in ("form", "json", "query")),
    *(("Signed", encoding) for encoding in ("form", "query")),
    ("resubscribe", "form"),
    ("Basic", ""),
    ("Jwt", ""),
]
EACH_CASE: Final = pytest.mark.parametrize(("kind", "encoding"), CASES)
AWAITED: Final = [("KeySecret", "query"), ("Basic", ""), ("Jwt", "")]
EACH_CASE_AND_WAY: Final = pytest.mark.parametrize(
    ("kind", "encoding", "is_async"), [*((*each, False) for each in CASES), *((*each, True) for each in AWAITED)]
)
EACH_WAY: Final = pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "awaited"])


@pytest.fixture(scope="module", autouse=True)
def _shared() -> Iterator[None]:
    with one_ssl_context():
        yield


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Watch:
    caplog.set_level(logging.DEBUG)
    return Watch(caplog)


def leaks(
    made: Case,
    watch: Watch,
    places: Mapping[str, Place],
    forms: Iterable[Callable[[str], str]] = (),
    *,
    unread: str = "-",
) -> dict[str, str]:
    """Where the secrets of a call are found whose peer echoes them in these places and forms, or the raw request in none.

    Log lines of loggers that begin with `unread` are not searched.
    """
    shown: dict[str, str] = {}
    for name, place in places.items():

        def echo(wire: Wire, place: Place = place) -> None:
            request = wire.read_request()
            secrets = sent_tokens([request]) or [secret for secret in made.secrets if len(secret) < 200]
            texts = [form(secret) for secret in secrets for form in forms]
            wire.write(place(" ".join(texts) or request.decode().replace("\r\n", " ")))

        with faulty(echo) as server:
            made.run(watch, server.address)
            secrets = [*made.secrets, *(part for token in sent_tokens(server.requests) for part in secret_parts(token))]
        told = {where: text for where, text in watch.told().items() if f"of {unread}" not in where}
        shown |= {f"{name}: {where}": text for where, text in found(secrets, watch.shown | told).items()}
        shown |= {f"{name}: {where}, not a secret": text for where, text in found(made.private, told).items()}
        watch.shown.clear()
        watch.caplog.clear()
        watch.reports.clear()
    return shown


# ---- the search itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("odd", [False, True])
def test_the_search_finds_a_secret_in_every_form_and_in_parts(name: str, odd: bool) -> None:
    form = FORMS[name]
    secret = canary(odd=odd)
    for text in (
        form(secret),
        form(f"key=1&secret={secret}&x=1"),
        form(secret)[:40],
        form(secret)[-40:],
        form(f"é{secret}"),
    ):
        assert found([secret], {"there": f"said: {text}."})
        assert not found([canary(odd=odd)], {"there": f"said: {text}."})


def test_the_search_looks_at_everything_that_an_error_shows() -> None:
    secret = canary()

    def leaking(**places: str) -> ShortcodeKitError:
        error = ShortcodeKitError(places.get("reason", "-"), may_have_been_sent=False)
        error.__context__ = ValueError(places.get("context", "-"))
        error.__cause__ = KeyError("-")
        error.__cause__.__cause__ = OSError(places.get("cause", "-"))
        error.add_note(places.get("note", "-"))
        vars(error)["excerpt"] = {"in": [places.get("attribute", "-")]}
        return error

    assert not found([secret], shown_by(leaking()))
    for place in ("reason", "context", "cause", "note", "attribute"):
        assert found([secret], shown_by(leaking(**{place: f"a {secret}"}))), place


def test_the_search_looks_at_log_lines_reports_and_warnings(watch: Watch) -> None:
    secret = canary()
    logging.getLogger("any").debug("nothing")
    assert not found([secret], watch.told())
    logging.getLogger("any").debug("said %s", f"a {secret}")
    try:
        raise ValueError(f"a {secret}")
    except ValueError:
        logging.getLogger("other").exception("failed")
    watch.reports.append(CallReport("sendAlert", secret, "ok", 1.0, 1, 200, None))
    with warnings.catch_warnings(record=True, action="always") as watch.warned:
        warnings.warn(f"a {secret}", stacklevel=1)
    assert set(found([secret], watch.told())) == {"log line 1 of any", "log line 2 of other", "report 0", "warning 0"}


def test_the_search_finds_what_a_client_would_let_through(watch: Watch, rsa_key: str) -> None:
    made = case("KeySecret", "form", rsa_key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeySecret, "secrets", property(lambda _: ()))
        assert set(leaks(made, watch, {"page": PAGES["page 502"]}, FORMS.values())) >= {
            "page: error 0",
            "page: error 0.excerpt",
            "page: error 0.reason",
            "page: error 0 pickled",
            "page: traceback",
        }


def _forms(forms: Mapping[str, Callable[[str], str]], kind: str) -> list[Callable[[str], str]]:
    return [form for name, form in forms.items() if kind != "Jwt" or "base64" not in name]  # see the known faults


# ---- peers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [False, True], ids=["ordinary", "odd"])
@EACH_CASE
def test_an_answer_that_tells_secrets_in_any_form_and_place_makes_nothing_tell_them(
    kind: str, encoding: str, odd: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, odd=odd)
    assert not leaks(made, watch, PAGES, _forms(FORMS, kind))
    assert not leaks(made, watch, DOCUMENTS, _forms(UNQUOTED_FORMS, kind))


@EACH_CASE_AND_WAY
def test_an_answer_that_echoes_the_request_makes_nothing_tell_its_secrets(
    kind: str, encoding: str, is_async: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, is_async=is_async, odd=is_async)
    assert not leaks(made, watch, PAGES | DOCUMENTS)


@EACH_CASE_AND_WAY
def test_an_answer_that_tells_secrets_before_its_content_makes_nothing_tell_them(
    kind: str, encoding: str, is_async: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, is_async=is_async)
    assert not leaks(made, watch, HEADS, _forms(FORMS, kind), unread="httpcore")
    assert not leaks(made, watch, HEADS, unread="httpcore")


@EACH_WAY
@pytest.mark.parametrize(("kind", "encoding"), AWAITED)
def test_no_fault_makes_anything_tell_a_secret(
    kind: str, encoding: str, is_async: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, is_async=is_async)
    for name, (fault, expected) in FAULTS.items():
        if expected.timed_out or name == "an echo":
            continue
        with faulty(fault(*made.caller.good)) as server:
            made.run(watch, server.address)
    with faulty(faults.hang) as server:
        made.run(watch, server.address, timeout=0.3)
    with refusing() as address:
        made.run(watch, address)
    told = watch.told()
    assert len(told) > len(FAULTS)
    assert not found(made.secrets, watch.shown | told)
    assert not found(made.private, told)


@EACH_CASE_AND_WAY
def test_a_transport_that_raises_what_it_was_given_makes_nothing_tell_it(
    kind: str, encoding: str, is_async: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, is_async=is_async)
    tokens: list[str] = []

    def raises(request: httpx.Request) -> httpx.Response:
        tokens.extend(request.headers.get("Authorization", "").split(" ")[1:])
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        texts = [form(secret) for secret in made.secrets for form in FORMS.values() if kind != "Jwt"]
        raise RuntimeError(" ".join([*texts, str(request.url.raw_path), repr(request.content), *lines]))

    error = made.run(watch, "https://api.example", transport=httpx.MockTransport(raises))
    assert isinstance(error, TransportFailure)
    secrets = [*made.secrets, *(part for token in tokens for part in secret_parts(token))]
    assert not found(secrets, watch.shown | watch.told())
    assert not found(made.private, watch.told())


# ---- calls that go well ----------------------------------------------------------------------------------------------


@EACH_CASE_AND_WAY
def test_a_call_that_goes_well_tells_nothing(
    kind: str, encoding: str, is_async: bool, watch: Watch, rsa_key: str
) -> None:
    made = case(kind, encoding, rsa_key, is_async=is_async)
    good = (
        made.caller.good
        if kind != "resubscribe"
        else ("200 OK", b'{"msisdn":"16365553226","opt-in":true,"opt-out":false}')
    )
    with faulty(saying(answer(*good))) as server:
        assert made.run(watch, server.address) is None
        (request,) = server.requests
    told = watch.told()
    assert "report 0" in told
    assert any("of httpcore" in where for where in told)
    assert not found(made.secrets, watch.shown | told)
    assert not found(made.private, told)
    line, _, rest = request.partition(b"\r\n")
    wire = {"request line": line.decode(), "rest": rest.decode()}
    in_line = "request line" in found([*made.secrets, *made.private], wire)
    assert in_line is (encoding == "query")
    if kind == "Signed":
        assert not found(made.secrets[:1], wire)
    elif kind != "Jwt":
        assert found(made.secrets, wire)


# ---- what is refused -------------------------------------------------------------------------------------------------


def _alerts(**options: Any) -> AlertsClient:
    return AlertsClient(KeySecret("abcd1234", canary()), **options)


REFUSED: Final[dict[str, Callable[[str], object]]] = {
    "a line break in a secret": lambda secret: KeySecret("abcd1234", f"{secret}\n"),
    "a line break in a key": lambda secret: Signed(f"{secret}\n", "x"),
    "a secret of bytes": lambda secret: KeySecret("abcd1234", secret.encode()),  # type: ignore[arg-type]  # refused
    "a secret in place of a method": lambda secret: Signed("abcd1234", "x", secret),
    "a colon in a key": lambda secret: Basic(f"{secret}:{secret}", secret),
    "no key": lambda secret: Jwt("id", secret),
    "a broken key": lambda secret: Jwt("id", f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"),
    "a pair for auth": lambda secret: MessagesClient(("abcd1234", secret)),  # type: ignore[arg-type]  # refused
    "a text for auth": lambda secret: MessagesClient(secret),  # type: ignore[arg-type]  # refused
    "an auth of another API": lambda secret: MessagesClient(KeySecret(secret, secret)),
    "a secret in the address": lambda secret: _alerts(base_url=f"https://abcd1234:{secret}@host"),
    "a secret in the query": lambda secret: _alerts(base_url=f"https://host?api_secret={secret}"),
    "a secret in a broken address": lambda secret: _alerts(base_url=f"https://{secret}:{secret}:x"),
    "a secret in place of an encoding": lambda secret: _alerts(encoding=secret),
    "a secret as a parameter": lambda secret: _alerts().send(
        Alert(to="16365553226", template=1), custom={"api_secret": secret}
    ),
    "a secret in the alert": lambda secret: _alerts().send(Alert(to="16365553226", template=1, api_secret=secret)),
    "a secret in place of a number": lambda secret: _alerts().send(Alert(to=secret, template=1)),
    "a secret in place of an alert": lambda secret: _alerts().send(secret),  # type: ignore[arg-type]  # refused
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_before_it_is_sent_is_not_shown(name: str, watch: Watch) -> None:
    secret = canary()
    with pytest.raises(InvalidRequest) as raised:
        REFUSED[name](secret)
    assert not found([secret], shown_by(raised.value) | watch.told())


# ---- known faults ----------------------------------------------------------------------------------------------------


@falls_short("httpcore logs heads of answers, and what is none, at DEBUG")
def test_httpcores_own_log_lines_do_not_tell_what_peers_echo(watch: Watch, rsa_key: str) -> None:
    assert not leaks(case("KeySecret", "query", rsa_key), watch, HEADS)


@falls_short("a token is known only by its own form")
def test_a_token_in_base64_is_not_told(watch: Watch, rsa_key: str) -> None:
    assert not leaks(case("Jwt", "", rsa_key), watch, {"page": PAGES["page 502"]}, [FORMS["base64"]])
