"""What the laws find of the seeded mistakes, and what plain schemathesis finds of them.

Every broken peer in `contract_tests/defects/` is judged by the laws, and the receivers and providers by schemathesis as well, as
`benchmarks.plain_schemathesis` says. Correct peers are judged in the same way; whatever is said against one of them is a false alarm. A receiver is
judged for the first of its events, a correct one by the laws for all of them.

`python -m benchmarks.defects [--only receivers] [--sample 10] [--verbose]`; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Final

from attrs import astuple, frozen

from benchmarks import plain_schemathesis
from benchmarks.plain_schemathesis import EXAMPLES, SEED, Found
from benchmarks.rounds import FIGURES, Figure, tell
from contract_tests.defects import clients as clients_
from contract_tests.defects import judging, receivers, receivers_correct
from contract_tests.defects import parsers as parsers_
from contract_tests.defects import providers as providers_
from contract_tests.defects.judging import LIMIT

PROCESSES: Final = 2
Bound = Callable[[Any], Sequence[Any]]
"""The laws bound to new peers of a kind, as contexts."""


@frozen
class Kind:
    """Peers of one kind, and how they are judged."""

    broken: Sequence[Any]
    correct: Sequence[Any]
    to_find: Bound
    to_pass: Bound
    schemathesis: Callable[[Any], Found] | None
    """None where it cannot judge."""


@frozen
class Judged:
    """What was said of one peer."""

    kind: str
    name: str
    sentence: str
    is_broken: bool
    laws: str
    """The first law that is broken; empty for none."""
    schemathesis: Found | None


_ABOUT: Final = {each.name: kind for kind, several in providers_.KINDS.items() for each in several}
KINDS: Final[Mapping[str, Kind]] = {
    "receivers": Kind(
        receivers.BROKEN,
        receivers_correct.CORRECT,
        lambda peer: [judging.receiver(peer, peer.events[0], timeout=LIMIT)],
        lambda peer: [judging.receiver(peer, event) for event in peer.events],
        plain_schemathesis.receiver,
    ),
    "providers": Kind(
        providers_.BROKEN,
        providers_.CORRECT,
        lambda peer: [judging.provider(peer, _ABOUT[peer.name], examples=20)],
        lambda peer: [judging.provider(peer, examples=20)],
        plain_schemathesis.a_provider,
    ),
    "clients": Kind(
        clients_.BROKEN,
        clients_.CORRECT,
        lambda peer: [judging.client(peer)],
        lambda peer: [judging.client(peer)],
        None,
    ),
    "parsers": Kind(
        parsers_.BROKEN,
        parsers_.CORRECT,
        lambda peer: [judging.parser(peer, examples=15)],
        lambda peer: [judging.parser(peer, examples=15)],
        None,
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Judges, and prints the table."""
    asked = _parser().parse_args(arguments)
    found = judged_all(asked.only or list(KINDS), every=asked.sample)
    if FIGURES in os.environ:
        tell(list(figures(found)))
        return
    print(table(found))
    print(f"\n{notes(found)}")
    if asked.verbose:
        print(f"\n{by_name(found)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defects", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--only", action="append", choices=KINDS, help="judge peers of this kind; can be given again")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="judge every Nth peer of each kind")
    parser.add_argument("--verbose", action="store_true", help="name what schemathesis finds, and what it misses")
    return parser


def judged_all(kinds: Iterable[str], *, every: int = 1) -> list[Judged]:
    """What is said of every Nth peer of these kinds."""
    chosen = [
        (name, is_broken, place)
        for name in kinds
        for is_broken, peers in ((True, KINDS[name].broken), (False, KINDS[name].correct))
        for place in range(0, len(peers), every)
    ]
    judged = []
    fresh = multiprocessing.get_context("spawn")  # threads of schemathesis' and of servers do not survive a fork
    with ProcessPoolExecutor(PROCESSES, mp_context=fresh) as pool:
        waited_for = [pool.submit(_judged, *each) for each in chosen]
        for number, each in enumerate(as_completed(waited_for), 1):
            judged.append(each.result())
            last = number == len(chosen)
            if last or sys.stderr.isatty():
                print(f"\r{number} of {len(chosen)}", end="\n" if last else "", file=sys.stderr, flush=True)
    return judged


def _judged(name: str, is_broken: bool, place: int) -> Judged:  # as a process is told it
    logging.disable(logging.CRITICAL)  # receivers log what they refuse
    warnings.simplefilter("ignore")  # broken clients leave connections open
    kind = KINDS[name]
    peer = (kind.broken if is_broken else kind.correct)[place]
    found = kind.schemathesis(peer) if kind.schemathesis else None
    bound = kind.to_find if is_broken else kind.to_pass
    return Judged(name, peer.name, peer.sentence, is_broken, _first_broken(bound(peer)), found)


def _first_broken(bound: Sequence[Any]) -> str:
    for each in bound:
        with each as laws:
            broken = judging.first_broken(laws)
            if broken is not None:
                return str(broken.name)
    return ""


# ---- what is told --------------------------------------------------------------------------------------------------------

HEADS: Final = ("peers", "broken", "by the laws", "by schemathesis", "correct", "by the laws", "by schemathesis")
_ABOVE: Final = ("", "", "found", "", "", "false alarms", "")


def table(judged: Sequence[Judged]) -> str:
    """A row for each kind of peers: how many mistakes each finds, and how many correct peers it says something against."""
    rows = [_ABOVE, HEADS, *(_row(kind, judged) for kind in KINDS if any(each.kind == kind for each in judged))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows)


@frozen
class Counts:
    """What is said of the peers of one kind."""

    broken: int
    by_laws: int
    by_schemathesis: int | None
    """None where it is not asked."""
    correct: int
    blamed_by_laws: int
    blamed_by_schemathesis: int | None


def counts(kind: str, judged: Sequence[Judged]) -> Counts:
    """Of one kind of peers: how many are there, found and blamed."""
    broken = [each for each in judged if each.kind == kind and each.is_broken]
    correct = [each for each in judged if each.kind == kind and not each.is_broken]
    asked = KINDS[kind].schemathesis is not None
    return Counts(
        len(broken),
        sum(bool(each.laws) for each in broken),
        sum(finds(each) for each in broken) if asked else None,
        len(correct),
        sum(bool(each.laws) for each in correct),
        sum(bool(each.schemathesis and each.schemathesis.fails) for each in correct) if asked else None,
    )


def figures(judged: Sequence[Judged]) -> Iterator[Figure]:
    """The same as figures, for the table of all benchmarks."""
    for kind in KINDS:
        of = counts(kind, judged)
        if not of.broken:
            continue
        yield Figure(f"of {of.broken} broken {kind}, found by the laws", [of.by_laws], at_least=of.broken)
        if of.by_schemathesis is not None:
            yield Figure("  by plain schemathesis", [of.by_schemathesis])
        yield Figure(f"  of {of.correct} correct ones, blamed by the laws", [of.blamed_by_laws], at_most=0)


def _row(kind: str, judged: Sequence[Judged]) -> tuple[str, ...]:
    return kind, *("-" if each is None else str(each) for each in astuple(counts(kind, judged)))


def finds(judged: Judged) -> bool:
    """Whether schemathesis fails at a peer where it does not at the base."""
    return judged.schemathesis is not None and bool(judged.schemathesis.unlike_base)


def notes(judged: Sequence[Judged]) -> str:
    """What has to be known to read the table."""
    told = []
    correct = [each for each in judged if not each.is_broken and each.schemathesis is not None]
    if correct:
        told += [
            f"Schemathesis: default checks and phases, {EXAMPLES} examples an operation (its default), seed {SEED}, goes on after a failure.",
            "It has found a mistake where a check fails that does not fail for a correct base's answer to the same request.",
            f"By that rule it would have found {sum(map(finds, correct))} of the {len(correct)} correct peers as well.",
        ]
    if any(each.schemathesis is None for each in judged):
        told.append(
            "- It makes requests and judges answers, so it cannot judge clients, which make them, or parsers, which answer nothing."
        )
    missed = [each for each in judged if each.is_broken and not each.laws]
    alarms = [each for each in judged if not each.is_broken and each.laws]
    told += [f"Missed by the laws: {each.name}: {each.sentence}" for each in missed]
    told += [f"A false alarm of the laws: {each.name}: {each.laws}" for each in alarms]
    return "\n".join(told)


def by_name(judged: Sequence[Judged]) -> str:
    """Which mistakes schemathesis finds, by which check, and which it misses."""
    lines = []
    for kind in KINDS:
        broken = sorted((each for each in judged if each.kind == kind and each.is_broken), key=lambda each: each.name)
        if KINDS[kind].schemathesis is None or not broken:
            continue
        lines.append(f"{kind} found by schemathesis:")
        lines += [
            f"  {each.name} ({each.schemathesis.unlike_base}): {each.sentence}"
            for each in broken
            if finds(each) and each.schemathesis
        ]
        lines.append(f"{kind} missed by schemathesis:")
        lines += [f"  {each.name}: {each.sentence}" for each in broken if not finds(each)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
