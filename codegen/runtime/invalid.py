"""The one error of reading and writing documents."""

from __future__ import annotations


class InvalidDocument(ValueError):
    """A document is not what its schema says, or is not readable at all.

    `path` leads to the place (keys and indices, outermost first), `reason` says what was expected. The message holds
    both and never a value: values may be private.
    """

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        self.reason = reason
        self.path = path
        super().__init__(reason, path)

    def below(self, step: str | int) -> InvalidDocument:
        """The same error as seen from one step further out."""
        return InvalidDocument(self.reason, (step, *self.path))

    def __str__(self) -> str:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{where.removeprefix('.')}: {self.reason}" if where else self.reason
