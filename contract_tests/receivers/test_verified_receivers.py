"""Laws of receivers that verify: a replay is answered and not handled again while it verifies, and refused from then on.

Events are signed here without the product, and the receiver's clock is a number. What it holds is the account's secret, drawn anew
in each run: nothing that a receiver, a verifier or an error shows has it, whatever was sent.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import traceback
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from attrs import define, evolve, field

from contract_tests.arriving import IN_JSON, JSON, Way, each_of, told, way_to, with_header
from contract_tests.mutated import mutated
from contract_tests.peers import METHODS, SECRET
from contract_tests.signed import NOW, SIGNABLE, token_of, with_signature, with_token
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import (
    Answered,
    JwtSecret,
    Receiver,
    Request,
    SigSecret,
    VerificationFailed,
    Verifier,
    verify_jwt,
    verify_sig,
)

OTHER: Final = f"&=%é {uuid.uuid4()}"
HIDDEN: Final = (SECRET[-36:], OTHER[-36:])  # in whatever form the rest of them is shown


# ---- receivers -------------------------------------------------------------------------------------------------------


@define
class Clocked:
    """A receiver of one webhook, whose clock is `now`."""

    way: Way
    verify: Any
    now: float = NOW
    handled: list[Any] = field(factory=list)
    told: list[Answered] = field(factory=list)
    receiver: Receiver = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.receiver = Receiver(verify=self.verify, clock=lambda: self.now, on_answer=self.told.append)
        self.receiver.on(self.way.name, "/hook")(self.handled.append)

    def __call__(self, request: Request, now: float | None = None) -> int:
        self.now = self.now if now is None else now
        return self.receiver.handle("/hook", request).status


Sign = Callable[..., Request]
CASES: Final = [
    *(pytest.param(way, SigSecret(SECRET), with_signature, id=f"{way}-signed") for way in SIGNABLE),
    *(pytest.param(way, JwtSecret(SECRET), with_token, id=f"{way}-token") for way in IN_JSON),
]
each_case = pytest.mark.parametrize(("way", "verifier", "sign"), CASES)


# ---- replays ---------------------------------------------------------------------------------------------------------


@each_case
def test_a_replay_is_answered_and_not_handled_again_and_refused_once_it_is_old(
    way: Way, verifier: Verifier, sign: Sign
) -> None:
    receiver, request = Clocked(way, verifier), sign(way)
    assert [receiver(request, NOW + late) for late in (0, 0, 1, 299, 300)] == [200] * 5
    assert [receiver(request, NOW + late) for late in (301, 10**6, -301)] == [401] * 3
    assert receiver(request, NOW - 300) == 200
    assert len(receiver.handled) == 1
    assert [each.outcome for each in receiver.told] == ["handled", *["repeated"] * 4, *["not-verified"] * 3, "repeated"]


@each_case
def test_an_event_that_first_comes_too_late_is_not_handled(way: Way, verifier: Verifier, sign: Sign) -> None:
    receiver = Clocked(way, verifier)
    assert [receiver(sign(way), NOW + late) for late in (301, -301)] == [401, 401]
    assert not receiver.handled


@each_case
def test_the_next_attempt_of_the_service_is_signed_anew_and_is_the_same_event(
    way: Way, verifier: Verifier, sign: Sign
) -> None:
    receiver = Clocked(way, verifier)
    for attempt in range(5):
        assert receiver(sign(way, now=NOW + 900 * attempt), NOW + 900 * attempt) == 200
    other = {"messageId": "another"} if sign is with_signature or way in SIGNABLE else {"message_uuid": "another"}
    assert receiver(sign(way, now=receiver.now, **other)) == 200
    assert len(receiver.handled) == 2


@each_case
def test_a_forgery_is_not_handled_and_does_not_keep_the_event_out(way: Way, verifier: Verifier, sign: Sign) -> None:
    receiver, genuine = Clocked(way, verifier), sign(way)
    forged = [sign(way, OTHER), sign(way, now=NOW - 301), way.request(way.written(told(way.name)))]
    if genuine.body:
        forged.append(
            evolve(genuine, body=genuine.body.replace(b"447700900", b"447700901").replace(b"1555930", b"1555931"))
        )
    assert [receiver(request) for request in forged] == [401] * len(forged)
    assert not receiver.handled
    assert receiver(genuine) == 200
    assert [receiver(request) for request in forged] == [401] * len(forged)
    assert len(receiver.handled) == 1


@each_case
def test_an_answer_to_a_forgery_says_nothing_of_how_far_it_came(way: Way, verifier: Verifier, sign: Sign) -> None:
    receiver = Clocked(way, verifier).receiver
    plain = way.request(way.written(told(way.name)))
    forged = [plain, sign(way, OTHER), sign(way, now=NOW - 1000), way.request("x"), way.request('{"sig": ')]
    answers = {(each.status, each.body) for each in (receiver.handle("/hook", request) for request in forged)}
    assert len(answers) == 1
    (answer,) = answers
    assert answer[0] == 401
    assert receiver.handle("/other", sign(way)).status == 404
    assert receiver.handle("/hook", evolve(sign(way), method="PUT")).status == 405


@each_case
def test_either_of_two_secrets_fits_while_they_are_changed(way: Way, verifier: Verifier, sign: Sign) -> None:
    other: Verifier = SigSecret(OTHER) if isinstance(verifier, SigSecret) else JwtSecret(OTHER)
    for both in ([verifier, other], (other, verifier), iter([verifier, other])):
        receiver = Clocked(way, both)
        assert [receiver(sign(way)), receiver(sign(way, OTHER))] == [200, 200]
        assert receiver(sign(way, f"{OTHER}x")) == 401


def test_headers_that_can_be_asked_once_are_enough_for_two_secrets() -> None:
    """The type of `Request.headers` lets any iterable through."""
    way = way_to("message-status")
    request = with_token(way, SECRET)
    once = evolve(request, headers=((name, value) for name, value in list(request.headers)))
    assert Clocked(way, [JwtSecret(OTHER), JwtSecret(SECRET)])(once) == 200


@pytest.mark.parametrize("method", METHODS)
@each_of(SIGNABLE)
def test_a_receiver_verifies_by_the_method_that_its_secret_was_given_with(way: Way, method: str) -> None:
    receiver = Clocked(way, SigSecret(SECRET, method=method))
    assert receiver(with_signature(way, method=method)) == 200
    assert [receiver(with_signature(way, method=other)) for other in METHODS if other != method] == [401] * 4
    assert Clocked(way, SigSecret(SECRET, method, tolerance=10))(with_signature(way, method=method), NOW + 11) == 401


# ---- secrets ---------------------------------------------------------------------------------------------------------


def _forgeries() -> Iterator[Request]:
    for way in SIGNABLE:
        yield from (
            with_signature(way, OTHER),
            with_signature(way, SECRET, NOW - 301),
            way.request(f"sig={SECRET[-36:]}&timestamp={NOW}"),
        )
        yield way.request(way.written({**told(way.name), "timestamp": str(NOW), "sig": SECRET}))
    for way in IN_JSON:
        yield from (with_token(way, OTHER), with_token(way, SECRET, NOW - 301), with_token(way, iss=SECRET))
        bare = way.request(way.written(told(way.name)))
        told_hash = hmac.new(SECRET.encode(), bare.body, hashlib.sha256).hexdigest()
        for value in (
            f"Bearer {SECRET[-36:]}",
            f"Bearer {token_of({'iss': SECRET, 'payload_hash': told_hash}, SECRET)}",
        ):
            yield with_header(bare, "Authorization", value)
    yield from (each.request for each in mutated(11, 300))


def test_nothing_that_is_told_of_a_forgery_has_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told_of: list[Answered] = []
    verifiers = (SigSecret(SECRET), SigSecret(SECRET, "sha1"), JwtSecret(SECRET))
    receiver = Receiver(verify=verifiers, on_answer=told_of.append, clock=lambda: NOW)
    for name in {way.name for way in IN_JSON}:
        receiver.on(name, f"/{name}")(lambda _: None)
    shown = [f"{each} {each!r}" for each in (*verifiers, receiver, verify_sig, verify_jwt)]
    for request in _forgeries():
        for verifier in verifiers:
            shown += _told(_failure(verifier, request))
        for name in {way.name for way in IN_JSON}:
            response = receiver.handle(f"/{name}", request)
            shown.append(f"{response} {response.body!r}")
    shown += [f"{each}" for each in told_of] + [caplog.text]
    assert len(shown) > 1000
    assert len(caplog.text) > 1000
    for text in shown:
        assert not any(secret in text for secret in HIDDEN)


def _told(error: BaseException | None) -> Iterator[str]:
    """All that an error tells, and all that led to it."""
    while error is not None:
        yield "".join(traceback.format_exception(error))
        yield f"{error!r} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def _failure(verifier: Verifier, request: Request) -> VerificationFailed | None:
    try:
        verifier.verify(request, NOW)
    except VerificationFailed as error:
        return error
    return None


NO_SECRETS: Final[dict[str, Any]] = {
    "empty": "",
    "nothing": None,
    "a number": 12345678,
    "bytes": SECRET.encode(),
    "a list": [SECRET],
    "half a character": f"{SECRET}\ud800",
}


@pytest.mark.parametrize("secret", NO_SECRETS.values(), ids=NO_SECRETS)
@pytest.mark.parametrize("make", [SigSecret, JwtSecret])
def test_what_can_be_no_secret_is_refused_when_it_is_given_and_is_not_shown(
    make: Callable[[Any], Any], secret: Any
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        make(secret)
    text = "".join(traceback.format_exception(caught.value))
    assert HIDDEN[0] not in f"{text} {caught.value!r} {vars(caught.value)}"
    assert caught.value.field
    assert caught.value.source


def test_an_empty_secret_verifies_nothing() -> None:
    """A variable of the environment that is not set must not let everybody in."""
    for way in SIGNABLE:
        for method in METHODS:
            with pytest.raises((VerificationFailed, InvalidRequest)):
                verify_sig(with_signature(way, "", method=method), "", method=method, now=NOW)
    for way in IN_JSON:
        with pytest.raises((VerificationFailed, InvalidRequest)):
            verify_jwt(with_token(way, ""), "", now=NOW)


@pytest.mark.parametrize(
    "verify",
    [(), [], SECRET, [SECRET], 7, {"secret": SECRET}],
    ids=["none", "empty", "text", "texts", "number", "mapping"],
)
def test_a_receiver_is_made_with_verifiers_or_none_and_not_with_a_secret(verify: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Receiver(verify=verify)
    assert caught.value.field == "verify"
    assert HIDDEN[0] not in "".join(traceback.format_exception(caught.value))


def test_an_event_of_nested_json_needs_a_token() -> None:
    for way in IN_JSON:
        receiver = Receiver(verify=SigSecret(SECRET))
        if way in SIGNABLE:
            receiver.on(way.name, "/hook")
        else:
            with pytest.raises(InvalidRequest) as caught:
                receiver.on(way.name, "/hook")
            assert caught.value.field == "verify"
        assert (
            Clocked(way, [SigSecret(SECRET), JwtSecret(SECRET)])(
                with_signature(way) if way in SIGNABLE else with_token(way)
            )
            == 200
        )
        assert way.encoding == JSON
