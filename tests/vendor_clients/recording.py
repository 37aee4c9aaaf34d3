"""The requests that the vendor's clients send, as bytes in `requests/`: `python -m tests.vendor_clients.recording` writes them.

In place of what differs from run to run (a token, the port, the versions of Python and Node) stands what never does. Signed
requests are not kept: a minute later they would be refused.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.vendor_clients.running import CAN, running
from tests.vendor_clients.surroundings import Surroundings, surroundings

FOLDER: Final = Path(__file__).parent / "requests"
TOKEN: Final = b"TOKEN"
NUMBER: Final = "16365553226"

_SMS: Final = {"type": "sms", "number": NUMBER}
_MESSAGE: Final = {
    "to": _SMS,
    "from": {**_SMS, "number": "96167"},
    "message": {"content": {"type": "text", "text": "host3 döwn: see https://a.example/?host=3&page=1"}},
}
ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "alert": {"to": NUMBER, "server": "höst3", "link": "https://a.example/?host=3&page=1"},
    "message": _MESSAGE,
    "message_with_key_and_secret": _MESSAGE,
    "opt_outs": {},
    "resubscribe": {"msisdn": NUMBER},
}
_CHANGING: Final = (
    (rb"(Bearer )[\w.-]+", rb"\1" + TOKEN),
    (rb"(Host: 127\.0\.0\.1):\d+", rb"\1:8000"),
    (rb"((?:python|nexmo-python/1\.5\.0)/)\d+\.\d+\.\d+(?=\r\n)", rb"\g<1>3.11.0"),
    (rb"( node/)\d+\.\d+\.\d+(?=\r\n)", rb"\g<1>24.0.0"),
    (rb"(Accept-Encoding: gzip, deflate)[^\r]*", rb"\1"),
)


def requests_of(name: str, around: Surroundings) -> Iterator[tuple[str, bytes]]:
    """Each kept call of a client, and what it sends. The last is an alert once more, with what other calls have left behind."""
    calls = [call for call in ARGUMENTS if call in CAN[name]]
    with running(name, around.given, around.forwarder) as client:
        for call in calls:
            yield call, _steady(client.sends(call, ARGUMENTS[call]))
        if "message" in calls and "alert" in calls:
            client.call("message", ARGUMENTS["message"])
            yield "alert_after_message", _steady(client.sends("alert", ARGUMENTS["alert"]))


def file_of(name: str, call: str) -> Path:
    """Where a call's request is kept."""
    return FOLDER / name / f"{call}.http"


def recorded_clients() -> list[str]:
    """The clients that have something to keep."""
    return [name for name, calls in CAN.items() if "alert" in calls]


def _steady(request: bytes) -> bytes:
    head, end, body = request.partition(b"\r\n\r\n")
    for pattern, steady in _CHANGING:
        head = re.sub(pattern, steady, head)
    return head + end + body


def _main() -> None:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    with tempfile.TemporaryDirectory() as folder, surroundings(pem, Path(folder)) as around:
        for name in recorded_clients():
            for call, request in requests_of(name, around):
                file = file_of(name, call)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(request)


if __name__ == "__main__":
    _main()
