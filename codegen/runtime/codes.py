"""Code tables: what a code of the service means, and what a sender does about it.

The tables themselves are generated from the annotated enumerations of the specs. They are open: a code that is not in a
table is kept wherever it appears, and `CodeTable.explain` answers for it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, Literal, TypeVar

from attrs import frozen

V = TypeVar("V", str, int)


@frozen
class Code(Generic[V]):
    """One code. For a code that is not in the table `known` is false, and nothing is advised."""

    value: V
    name: str
    meaning: str
    temporary: bool = False
    """Sending the same again later may work; see `is_temporary` when a status stands beside the code."""
    temporary_when: tuple[str, ...] = ()
    """The statuses beside which the code is temporary; empty: beside any."""
    stop_writing: bool = False
    """Do not write to this number again."""
    opted_out: bool = False
    """The recipient said so."""
    opted_in: bool = False
    """The recipient wants messages again."""
    final: bool | None = None
    """Nothing follows this status for the message; None where the table is not about statuses."""
    known: bool = True

    def is_temporary(self, beside: str) -> bool:
        """Whether sending again later may work, given the status the code came with."""
        return self.temporary and (not self.temporary_when or beside in self.temporary_when)


class CodeTable(Mapping[V, Code[V]]):
    """The documented codes by value."""

    def __init__(self, name: str, *codes: Code[V], case: Literal["lower", "upper"] | None = None) -> None:
        self.name = name
        self._codes: dict[V, Code[V]] = {code.value: code for code in codes}
        self._case = case

    def __getitem__(self, value: V) -> Code[V]:
        return self._codes[value]

    def __iter__(self) -> Iterator[V]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self)} codes>"

    def fold(self, value: V) -> V:
        """The documented code that `value` is in another case; `value` itself where case matters or none is meant."""
        if value in self._codes or self._case is None or not isinstance(value, str):
            return value
        folded = value.lower() if self._case == "lower" else value.upper()
        return folded if folded in self._codes else value

    def explain(self, value: V) -> Code[V]:
        """What `value` means; for a value that is not in the table a `Code` whose `known` is false."""
        value = self.fold(value)
        known = self._codes.get(value)
        return known or Code(
            value, "not-documented", "Not in the vendor's tables as this version knows them.", known=False
        )
