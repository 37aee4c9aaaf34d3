"""A store for several machines: Redis.

One key an event, whose value is the owner of the claim, or nothing once the event is done. Redis lets claims and memories
expire by itself. Needs the extra `shortcodekit[redis]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

try:
    import redis
except ModuleNotFoundError:
    raise ModuleNotFoundError("RedisStore needs the package redis: install shortcodekit[redis]", name="redis") from None

from shortcodekit.webhooks.errors import StoreUnavailable

from .base import LEASE, Leases, State

TIMEOUT: Final = 5.0
"""For how many seconds to wait for Redis, where the store makes its own client."""


class RedisStore:
    """Remembers events in Redis.

    `client` is a URL (`redis://…`, `rediss://…`) or a `redis.Redis` of your own, which should have a `socket_timeout`. `prefix`
    stands before all keys: receivers that share events share it. `lease` is for how many seconds the claim of a process that
    died keeps others waiting.
    """

    blocks = True

    def __init__(self, client: str | redis.Redis, *, prefix: str = "shortcodekit:", lease: float = LEASE) -> None:
        if isinstance(client, str):
            client = redis.Redis.from_url(client, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._client: Any = client
        self._prefix = prefix
        self._leases = Leases(lease, self._renew)

    def claim(self, key: str, owner: str) -> State:
        """See `Store`."""
        with _errors():
            name = self._prefix + key
            claimed = self._client.set(name, owner, nx=True, px=_milliseconds(self._leases.seconds))
            known = None if claimed else self._client.get(name)
        if known in (b"", ""):
            return State.DONE
        if claimed or known in (owner, owner.encode()):  # the latter: the client asked twice, since an answer was lost
            self._leases.hold(key, owner)
            return State.CLAIMED
        return State.BUSY

    def finish(self, key: str, owner: str, seconds: float) -> None:
        """See `Store`."""
        self._leases.drop(key, owner)
        with _errors():
            self._client.set(self._prefix + key, b"", px=_milliseconds(seconds))

    def release(self, key: str, owner: str, seconds: float) -> None:  # noqa: ARG002  # as the protocol has it
        """See `Store`."""
        self._leases.drop(key, owner)
        with _errors():
            self._client.eval(_RELEASE, 1, self._prefix + key, owner)

    def close(self) -> None:
        """Closes the connections; the next use opens them again."""
        with _errors():
            self._client.close()

    def __repr__(self) -> str:
        return f"RedisStore(…, prefix={self._prefix!r})"

    def _renew(self, claims: Mapping[str, str]) -> None:
        with _errors():
            for key, owner in claims.items():
                self._client.eval(_RENEW, 1, self._prefix + key, owner, _milliseconds(self._leases.seconds))


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis: {type(error).__name__}") from None


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


_RELEASE: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
_RENEW: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
)
