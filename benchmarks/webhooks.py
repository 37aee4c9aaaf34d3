"""What receiving a webhook costs: reading it, verifying it, and the whole way through a receiver.

Reading is measured beside the least that anyone would write by hand: `json.loads` (or `parse_qsl`), and a dict in which each
field of the sample stands under its name, nested ones in dicts of their own; no check, nothing kept. The samples are those of
the specs, as JSON with the blanks that `json.dumps` writes; a figure is the median over the rounds of the median over the
samples of a kind. Requests are made beforehand on our side, the bytes on the other one.

`make bench` runs this in an environment that has msgspec and pydantic. By hand:
`PYTHONPATH=src:generated .cache/bench/bin/python -m benchmarks.webhooks`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import jwt
import msgspec

from benchmarks import rivals
from benchmarks.rounds import Figure, in_turns, ratios, seconds, tell
from shortcode_clients import alerts, messages, opt_in
from shortcodekit import webhooks
from shortcodekit.webhooks import Request

ROUNDS: Final = 41
CALLS: Final = 400
SECRET: Final = "a-signature-secret-of-the-usual-length"  # noqa: S105  # of nobody
EVENTS: Final = 1000
"""Signed events in a round."""

Read = Callable[[Request], Any]


def main() -> None:
    """Measures, and prints the table."""
    logging.disable(logging.CRITICAL)  # a receiver tells of every event; what a log costs is the log's
    tell([*reading(), *parameters(), *verifying(), *receiving()])


# ---- reading ---------------------------------------------------------------------------------------------------------


def reading() -> Iterable[Figure]:
    """JSON to models, and to what msgspec and pydantic make of it."""
    sms, channels = samples(messages, "inbound-message"), ("sms", "mms", "whatsapp", "viber_service_msg", "messenger")
    by_channel = {each: {n: d for n, d in sms.items() if d["from"]["type"] == each} for each in channels}
    kinds: list[tuple[str, Mapping[str, Any], Read, Any, Any, float | None]] = [
        ("delivery receipt", samples(alerts, "delivery-receipt"), webhooks.delivery_receipt, rivals.MsgspecReceipt, rivals.PydanticReceipt, 0.7),
        ("inbound SMS", samples(opt_in, "inbound-sms"), webhooks.inbound_sms, rivals.MsgspecSms, rivals.PydanticSms, 0.7),
        ("message status", samples(messages, "message-status"), webhooks.message_status, rivals.MsgspecStatus, rivals.PydanticStatus, 0.7),
        *((f"inbound {name}", found, webhooks.inbound_message, rivals.MsgspecMessage, rivals.PydanticMessage, 0.9) for name, found in by_channel.items()),
    ]  # fmt: skip
    for name, documents, read, struct, model, bound in kinds:
        yield from _compared(name, documents, read, (struct, model), bound)
    to_come = {
        **samples(messages, "inbound-message", to_come=True),
        **samples(messages, "message-status", to_come=True),
    }
    for name, document in to_come.items():
        read = webhooks.message_status if "Status" in name else webhooks.inbound_message
        yield from _compared(f"  {name}", {name: document}, read)


def _compared(
    name: str,
    documents: Mapping[str, Any],
    read: Read,
    others: tuple[Any, Any] | None = None,
    bound: float | None = None,
) -> Iterable[Figure]:
    ours, with_msgspec, with_pydantic = [], [], []
    for document in documents.values():
        content = json.dumps(document).encode()
        request = Request("POST", "", {"Content-Type": "application/json"}, content)
        plain = by_hand(document)
        contestants: list[Callable[[], object]] = [lambda: plain(json.loads(content)), lambda: read(request)]  # noqa: B023
        if others:
            decode, validate = msgspec.json.Decoder(others[0]).decode, others[1].model_validate_json
            contestants += [lambda: decode(content), lambda: validate(content)]  # noqa: B023
        rounds = in_turns(ROUNDS, 1, *(partial(seconds, each, CALLS) for each in contestants))
        ours.append(ratios(rounds, 1, 0))
        if others:
            with_msgspec.append(ratios(rounds, 2, 0))
            with_pydantic.append(ratios(rounds, 3, 0))
    yield Figure(f"{name}, JSON to model, beside json.loads and a dict", _medians(ours), at_most=bound)
    if others:
        yield Figure("  msgspec", _medians(with_msgspec))
        yield Figure("  pydantic", _medians(with_pydantic))


def parameters() -> Iterable[Figure]:
    """Queries and forms to models."""
    for name, documents, read in (
        ("delivery receipt", samples(alerts, "delivery-receipt"), webhooks.delivery_receipt),
        ("inbound SMS", samples(opt_in, "inbound-sms"), webhooks.inbound_sms),
    ):
        for way in ("query", "form"):
            found = []
            for document in documents.values():
                encoded = urlencode(document)
                form = Request("POST", "", {"Content-Type": "application/x-www-form-urlencoded"}, encoded.encode())
                request = Request("GET", encoded) if way == "query" else form
                plain = by_hand(document)
                hand = partial(_plain_parameters, plain, encoded if way == "query" else encoded.encode())
                rounds = in_turns(
                    ROUNDS, 1, partial(seconds, hand, CALLS), partial(seconds, partial(read, request), CALLS)
                )
                found.append(ratios(rounds, 1, 0))
            yield Figure(f"{name}, {way} to model, beside parse_qsl and a dict", _medians(found), at_most=1.3)


def _plain_parameters(plain: Callable[[Any], Any], encoded: str | bytes) -> Any:
    text = encoded if isinstance(encoded, str) else encoded.decode()
    return plain(dict(parse_qsl(text, keep_blank_values=True)))


def samples(api: ModuleType, webhook: str, *, to_come: bool = False) -> dict[str, Any]:
    """The JSON examples of a webhook by their names: the documented ones, or those of what is to come."""
    document = api.openapi()
    content = document["webhooks"][webhook]["post"]["requestBody"]["content"]["application/json"]
    names = [each["$ref"].rsplit("/", 1)[-1] for each in content["examples"].values()]
    found = document["components"]["examples"]
    return {name: found[name]["value"] for name in names if name.endswith("ToCome") is to_come}


def by_hand(document: Any) -> Callable[[Any], Any]:
    """What one would write by hand: a display of a dict with each field of `document` in its place."""
    names: dict[str, Any] = {}
    exec(f"def plain(document):\n    return {_display(document, 'document')}", names)  # noqa: S102  # written here
    plain: Callable[[Any], Any] = names["plain"]
    return plain


def _display(node: Any, place: str) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key!r}: {_display(value, f'{place}[{key!r}]')}" for key, value in node.items()) + "}"
    return place


def _medians(found: list[list[float]]) -> list[float]:
    """For each round the median over the samples."""
    return [statistics.median(each) for each in zip(*found, strict=True)]


# ---- verifying, and all of it ----------------------------------------------------------------------------------------


def signed(count: int) -> list[Request]:
    """Statuses with a token each, all different."""
    (document, *_) = samples(messages, "message-status").values()
    found = []
    for number in range(count):
        body = json.dumps({**document, "client_ref": f"{time.perf_counter_ns()}-{number}"}).encode()
        claims = {
            "iat": int(time.time()),
            "jti": f"{number}",
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(body).hexdigest(),
            "api_key": "abcd1234",
        }
        headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}", "Content-Type": "application/json"}
        found.append(Request("POST", "", headers, body))
    return found


def verifying() -> Iterable[Figure]:
    """A token: ours, and PyJWT with a hash of the body."""
    events = signed(EVENTS // 4)

    def ours() -> None:
        for event in events:
            webhooks.verify_jwt(event, SECRET)

    def plain() -> None:
        for event in events:
            token = event.header("authorization")[0].partition(" ")[2]
            claims = jwt.decode(token, SECRET, ["HS256"])
            if claims["payload_hash"] != hashlib.sha256(event.body).hexdigest():
                raise AssertionError("the token is for this body")

    rounds = in_turns(ROUNDS, 1, partial(seconds, ours), partial(seconds, plain))
    yield Figure("verify_jwt, beside PyJWT and a hash", ratios(rounds, 0, 1), at_most=1.2)


def receiving() -> Iterable[Figure]:
    """A signed status through a receiver: verified, read, looked up, handled, remembered, answered."""
    handled, alone = [], []
    receiver = webhooks.Receiver(verify=webhooks.JwtSecret(SECRET))
    receiver.on("message-status", "/status")(lambda status: None)  # noqa: ARG005
    for _ in range(ROUNDS):
        events = signed(EVENTS)
        handled.append(seconds(lambda: [receiver.handle("/status", event) for event in events]))  # noqa: B023
        alone.append(seconds(lambda: [_verify_and_read(event) for event in events]))  # noqa: B023
    yield Figure(
        "signed statuses a second through receiver.handle", [EVENTS / each for each in handled], at_least=10_000
    )
    pairs = [both / one for both, one in zip(handled, alone, strict=True)]
    yield Figure("  the same beside verifying and reading alone", pairs, at_most=2.5)


def _verify_and_read(event: Request) -> Any:
    webhooks.verify_jwt(event, SECRET)
    return webhooks.message_status(event)


if __name__ == "__main__":
    main()
