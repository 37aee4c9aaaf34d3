"""The opt-out list in Redis, for several machines.

One hash has what stands for each number, and when the list was complete; so Redis cannot lose the one without the other. A list
for each number has its trail. A change is a transaction that is begun again when someone else has changed the hash meanwhile.
Needs the extra `shortcodekit[redis]`, and a Redis that does not forget: see `docs/migration.md`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

try:
    import redis
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "RedisOptOutList needs the package redis: install shortcodekit[redis]", name="redis"
    ) from None

from .errors import OptOutListUnavailable
from .lists import OptOutList
from .numbers import e164
from .statements import Source, Statement, as_record, judged

TIMEOUT: Final = 5.0
"""For how many seconds to wait for Redis, where the list makes its own client."""
ATTEMPTS: Final = 100
"""How often a change is begun again when others change the list at the same time."""
_COMPLETE: Final = "complete"
"""The field of the hash beside the numbers."""


class RedisOptOutList(OptOutList):
    """Keeps the list in Redis.

    `client` is a URL (`redis://…`, `rediss://…`) or a `redis.Redis` of your own, which should have a `socket_timeout`. `prefix`
    stands before all keys, one for each list. `stop_words` opt out beside the carriers' keywords; `clock` gives Unix seconds. See
    `OptOutList` for the rest.
    """

    def __init__(
        self,
        client: str | redis.Redis,
        *,
        prefix: str = "shortcodekit:opt-outs:",
        stop_words: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(stop_words=stop_words, clock=clock)
        if isinstance(client, str):
            client = redis.Redis.from_url(client, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._client: Any = client
        self._prefix = prefix
        self._numbers = f"{prefix}numbers"

    def __iter__(self) -> Iterator[Statement]:
        """See `OptOutList`; in no order."""
        return (each for each in self._all() if not each.wants_messages)

    def __len__(self) -> int:
        """See `OptOutList`; reads all of it."""
        return sum(1 for _ in self)

    def history(self, number: str | int | None = None) -> Iterator[Statement]:
        """See `OptOutList`."""
        if number is not None:
            return iter(self._trail(e164(number)))
        return (each for standing in self._all() for each in self._trail(standing.number))

    def close(self) -> None:
        """See `OptOutList`."""
        with _errors():
            self._client.close()

    def __repr__(self) -> str:
        return f"RedisOptOutList(…, prefix={self._prefix!r})"

    def _look(self, number: str) -> tuple[datetime | None, Statement | None]:
        with _errors():
            marked, standing = self._client.hmget(self._numbers, [_COMPLETE, number])
            return datetime.fromisoformat(json.loads(marked)["at"]) if marked else None, _statement(standing)

    def _record(self, statements: list[Statement]) -> list[Statement]:
        with _errors():
            for _ in range(ATTEMPTS):
                try:
                    return self._recorded(statements)
                except redis.WatchError:
                    continue
        raise OptOutListUnavailable("Redis: others change it all the time")

    def _recorded(self, statements: list[Statement]) -> list[Statement]:
        """One attempt; `WatchError` when the hash was changed in its course."""
        numbers = list(dict.fromkeys(each.number for each in statements))
        with self._client.pipeline() as pipeline:
            pipeline.watch(self._numbers)
            found = zip(numbers, pipeline.hmget(self._numbers, numbers), strict=True)
            standing = {number: _statement(each) for number, each in found}
            told = self._trails([number for number in numbers if standing[number] is not None])
            recorded = []
            pipeline.multi()
            for statement in statements:
                number = statement.number
                new = judged(statement, standing[number], told.get(number, ()))
                if new is None:
                    continue
                recorded.append(new)
                told[number] = [*told.get(number, ()), new]
                pipeline.rpush(self._trail_of(number), _text(new))
                if new.counts:
                    standing[number] = new
                    pipeline.hset(self._numbers, number, _text(new))
            if recorded:
                pipeline.execute()
        return recorded

    def _mark(self, at: datetime, by: str) -> None:
        with _errors():
            self._client.hset(self._numbers, _COMPLETE, json.dumps({"at": at.isoformat(), "by": by}))

    def _trail_of(self, number: str) -> str:
        return f"{self._prefix}trail:{number}"

    def _trail(self, number: str) -> list[Statement]:
        return self._trails([number])[number]

    def _trails(self, numbers: list[str]) -> dict[str, list[Statement]]:
        with _errors(), self._client.pipeline(transaction=False) as pipeline:
            for number in numbers:
                pipeline.lrange(self._trail_of(number), 0, -1)
            found = zip(numbers, pipeline.execute(), strict=True)
            return {number: [each for text in texts if (each := _statement(text))] for number, texts in found}

    def _all(self) -> Iterator[Statement]:
        """What stands for each number that something was said of."""
        seen: set[Any] = set()
        cursor = 0
        while True:
            with _errors():
                cursor, found = self._client.hscan(self._numbers, cursor, count=500)
                numbers = {field: text for field, text in found.items() if field not in (_COMPLETE, _COMPLETE.encode())}
                each = {field: standing for field, text in numbers.items() if (standing := _statement(text))}
            yield from (standing for field, standing in each.items() if field not in seen)  # some come twice
            seen.update(each)
            if not cursor:
                return


def _text(statement: Statement) -> str:
    return json.dumps(as_record(statement))


def _statement(text: str | bytes | None) -> Statement | None:
    if text is None:
        return None
    kept = json.loads(text)
    kept["at"], kept["recorded"] = (datetime.fromisoformat(kept[key]) for key in ("at", "recorded"))
    kept["source"] = Source(kept["source"])
    kept["earlier"], kept["later"] = (timedelta(seconds=kept[key]) for key in ("earlier", "later"))
    return Statement(**kept)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except redis.WatchError:
        raise
    except (redis.RedisError, OSError) as error:
        raise OptOutListUnavailable(f"Redis: {type(error).__name__}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OptOutListUnavailable("Redis: a key holds what is none of a list") from None
