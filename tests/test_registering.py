"""What a receiver can be made with, and what can be registered with it: what cannot work is refused while it is set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from shortcode_clients.alerts.security import SIGNATURE
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import JwtSecret, Receiver, Request, SigSecret, Verifier

from .serving_peers import inbox

BOTH: Final[list[Verifier]] = [SigSecret("a-secret"), JwtSecret("a-secret")]
SLASH: Final = ("path", "begins with a slash")
TAKEN: Final = ("path", "another handler is registered there")
NO_VERIFIER: Final = ("verify", "a SigSecret or a JwtSecret, not the secret itself")
NO_SECRET: Final = ("the signature secret", "a text that is not empty, and is Unicode")
NOT_REGISTERED: Final[dict[str, tuple[tuple[str, str], Callable[[], object]]]] = {
    "an event that there is not": (
        ("event", "one of delivery-receipt, inbound-sms, message-status, inbound-message"),
        lambda: Receiver(verify=None).on("delivery_receipt", "/x"),
    ),
    "no slash": (SLASH, lambda: Receiver(verify=None).on("inbound-sms", "x")),
    "no path": (SLASH, lambda: Receiver(verify=None).accept("inbound-sms", "")),
    "a path of bytes": (SLASH, lambda: Receiver(verify=None).on("inbound-sms", b"/x")),  # type: ignore[call-overload]  # refused
    "a taken path": (TAKEN, lambda: inbox().receiver.on("delivery-receipt", "/inbound-sms")),
    "a path taken for a queue": (TAKEN, lambda: inbox().receiver.accept("inbound-sms", "/inbound-sms")),
    "signatures for a status": (
        ("verify", "a JwtSecret, because the event message-status carries a token"),
        lambda: Receiver(verify=BOTH[0]).on("message-status", "/x"),
    ),
    "signatures for a message": (
        ("verify", "a JwtSecret, because the event inbound-message carries a token"),
        lambda: Receiver(verify=BOTH[:1]).accept("inbound-message", "/x"),
    ),
    "a secret itself": (NO_VERIFIER, lambda: Receiver(verify="a-secret")),  # type: ignore[arg-type]  # refused
    "secrets themselves": (NO_VERIFIER, lambda: Receiver(verify=[*BOTH, "a-secret"])),  # type: ignore[list-item]  # refused
    "bytes": (NO_VERIFIER, lambda: Receiver(verify=b"a-secret")),  # type: ignore[arg-type]  # refused
    "no verifiers": (
        ("verify", "a SigSecret, a JwtSecret, or several of them; None for no verification"),
        lambda: Receiver(verify=[]),
    ),
    "an empty secret": (NO_SECRET, lambda: SigSecret("")),
    "a secret of bytes": (NO_SECRET, lambda: JwtSecret(b"a-secret")),  # type: ignore[arg-type]  # refused
    "an unknown method": (
        ("method", "one of md5hash, md5, sha1, sha256, sha512"),
        lambda: SigSecret("a-secret", method="sha3"),
    ),
}


@pytest.mark.parametrize("what", NOT_REGISTERED)
def test_what_cannot_work_is_refused_while_it_is_set_up(what: str) -> None:
    told, made = NOT_REGISTERED[what]
    with pytest.raises(InvalidRequest) as raised:
        made()
    assert (raised.value.field, raised.value.rule) == told
    assert "a-secret" not in str(raised.value)


def test_what_is_wrong_with_a_secret_is_told_with_its_source() -> None:
    for wrong in (lambda: SigSecret("a-secret", method="sha3"), lambda: SigSecret(""), lambda: JwtSecret("")):
        with pytest.raises(InvalidRequest) as raised:
            wrong()
        assert raised.value.source == SIGNATURE.source


def test_verification_has_to_be_declined_aloud() -> None:
    with pytest.raises(TypeError, match="verify"):
        Receiver()  # type: ignore[call-arg]  # refused
    Receiver(verify=None)


def test_a_path_is_not_given_to_a_second_handler_in_whatever_order_they_are_registered() -> None:
    receiver = Receiver(verify=None)
    first, second = receiver.on("inbound-sms", "/x"), receiver.on("delivery-receipt", "/x")
    first(print)
    with pytest.raises(InvalidRequest, match="path"):
        second(print)
    with pytest.raises(InvalidRequest, match="path"):
        receiver.accept("inbound-sms", "/x")


def test_a_function_stays_what_it_is_when_it_is_registered_and_may_be_so_at_several_paths() -> None:
    made = inbox(None, "inbound-sms")
    for path in ("/a", "/b"):
        assert made.receiver.on("delivery-receipt", path)(made.handled.append) == made.handled.append
        assert made.receiver.handle(path, Request("GET", "msisdn=16365553226&status=read&messageId=1")).status == 200
    assert len(made.handled) == 2
