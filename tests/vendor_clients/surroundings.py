"""What the vendor's clients run against: a sandbox, and the forwarder in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import define, field
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from shortcodekit.sandbox import Sandbox
from tests.vendor_clients.forwarder import Forwarder, forwarder

APPLICATION: Final = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
CREDENTIALS: Final = {
    "key": "abcd1234",
    "secret": "made-up-secret",
    "signature_secret": "made-up-signature-secret",
    "application_id": APPLICATION,
}


@define
class Surroundings:
    """The sandbox, the way to it, and what a client is given."""

    sandbox: Sandbox
    forwarder: Forwarder
    given: dict[str, str] = field(repr=False)


@contextmanager
def surroundings(rsa_key: str, folder: Path) -> Iterator[Surroundings]:
    """A sandbox that knows the application whose private key is `rsa_key`, and a forwarder to it."""
    key, secret, signature_secret = (CREDENTIALS[name] for name in ("key", "secret", "signature_secret"))
    with Sandbox(api_key=key, api_secret=secret, signature_secret=signature_secret) as sandbox:
        sandbox.register(APPLICATION, _public(rsa_key))
        address = urlsplit(sandbox.url)
        with forwarder((str(address.hostname), int(address.port or 0)), folder) as way:
            yield Surroundings(sandbox, way, {**CREDENTIALS, "private_key": rsa_key})


def _public(rsa_key: str) -> str:
    public = load_pem_private_key(rsa_key.encode("ascii"), None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
