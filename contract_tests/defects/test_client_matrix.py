"""The laws of clients find each seeded mistake, and none where there is none.

The clients were written before the laws and without them. Which law finds a mistake is not said here: any may.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Final

import pytest

from contract_tests import seeded

from . import judging
from .clients import BROKEN, CORRECT, KINDS, Client
from .judging import RecordProperty, Row, table

MATRIX: Final = seeded.Matrix("clients", len(BROKEN), len(CORRECT))


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """What a broken client leaves open is its own affair, and is not to be told in another test."""
    yield
    gc.collect()


def found(client: Client) -> Row:
    """What becomes of a broken client."""
    row = judging.row(client, judging.client(client))
    MATRIX.note_broken(client.name, found=bool(row.found))
    return row


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_every_broken_client_is_found(kind: str, record_property: RecordProperty) -> None:
    rows = [found(client) for client in KINDS[kind]]
    record_property("matrix", table(rows))
    assert table(rows) == f"found {len(rows)} of {len(rows)}"


def test_the_seeded_clients_are_as_many_as_is_told() -> None:
    assert (len(BROKEN), len(CORRECT)) == (194, 25)


@pytest.mark.parametrize("client", CORRECT, ids=str)
def test_a_correct_client_keeps_every_law(client: Client) -> None:
    with judging.client(client) as laws:
        outcomes = [each.judged() for each in laws]
        told = judging.broken_laws(laws, outcomes)
        MATRIX.note_correct(client.name, alarm=bool(told))
        assert told == [], f"{client.name}: {client.sentence}"
        assert not any(each.skipped for each in outcomes)
