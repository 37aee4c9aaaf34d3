"""The profile of the property tests, which is that of the contract suite; a key and a Redis that are made for one run only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contract_tests import profiles
from tests.redis_server import RedisServer, redis_server

profiles.load()


@pytest.fixture(scope="session")
def rsa_key() -> str:
    """A private key in PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis that tests share: each takes keys of its own, and none ends it."""
    with redis_server() as server:
        yield server
