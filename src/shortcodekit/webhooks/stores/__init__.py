"""Where a receiver remembers which events were handled: in memory, in a file, or in Redis.

| store | for | after a crash of the process | after a crash of the machine |
|---|---|---|---|
| `MemoryStore` | one process | forgets: what comes again is handled again | the same |
| `SqliteStore` | the processes of one machine | remembers | may forget the last moments |
| `RedisStore` | several machines | remembers | as Redis is set up to |

To forget means to handle again, never to lose.
"""

from .base import State, Store
from .memory import MemoryStore
from .sqlite import SqliteStore

__all__ = ["MemoryStore", "RedisStore", "SqliteStore", "State", "Store"]


def __getattr__(name: str) -> object:
    """`RedisStore` is loaded when it is named: it needs an extra."""
    if name == "RedisStore":
        from .redis import RedisStore  # noqa: PLC0415

        return RedisStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
