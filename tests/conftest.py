"""The profile of the property tests, which is that of the contract suite; a key and a Redis that are made for one run only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

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


@pytest.fixture
def closed_after() -> Iterator[Callable[[Any], Any]]:
    """Takes a replay store, and closes it after the test; what it has claimed by then is given up."""
    with ExitStack() as stack:

        def taken(store: Any) -> Any:
            stack.callback(store.close)
            stack.callback(_give_up, store._leases)
            return store

        yield taken


def _give_up(leases: Any) -> None:
    """Nothing is renewed any more, which would open the store again."""
    leases._held.clear()
    while leases._thread is not None and leases.seconds <= 3:  # what is renewed after long is not within a test
        time.sleep(0.01)
