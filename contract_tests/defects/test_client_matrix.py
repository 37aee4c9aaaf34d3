"""The laws of clients find the seeded mistakes, and pass the correct clients.

In CI every fourth broken client and every third correct one is judged, in the deep profile all of them.
"""

from __future__ import annotations

import gc
from typing import Final

import attrs
import pytest

from contract_tests.profiles import PROFILE
from shortcodekit.contract import CLIENT_LAWS, ClientAccount
from shortcodekit.contract.calling import ClientBench, listening

from .clients import BROKEN, CORRECT, Client, ClientError
from .clients.talk import account

NOT_YET: Final[frozenset[str]] = frozenset()
"""Mistakes that no law finds yet; one that is found leaves this list."""
_EVERY: Final = {"ci": (4, 3), "deep": (1, 1), "mutants": (40, 40)}[PROFILE]


def broken_laws(client: Client, *, all_of_them: bool) -> list[str]:
    """What the laws say of a client; the first word is enough unless all are asked for."""
    made = account()
    ours = ClientAccount(
        made.api_key, made.api_secret, made.signature_secret, made.application_id, made.private_key, timeout=0.4
    )
    told = []
    with listening() as peer, listening() as elsewhere:
        bench = ClientBench(
            lambda url, _: client.make(url, attrs.evolve(made, timeout=ours.timeout)),
            ClientError,
            ours,
            0,
            20,
            peer,
            elsewhere,
        )
        for law in CLIENT_LAWS:
            broken = law.check(bench)
            if broken is not None:
                told.append(f"{law.name}: {broken.about}: {broken.expected}; {broken.came}")
                if not all_of_them:
                    break
    gc.collect()  # what a broken client leaves open is its own affair, and is not to be told in another test
    return told


@pytest.mark.parametrize("client", CORRECT[:: _EVERY[1]], ids=str)
def test_a_correct_client_keeps_all_laws(client: Client) -> None:
    assert broken_laws(client, all_of_them=True) == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("client", BROKEN[:: _EVERY[0]], ids=str)
def test_a_broken_client_is_found(client: Client) -> None:
    found = broken_laws(client, all_of_them=False)
    if client.name in NOT_YET:
        assert not found, "it is found now: take it off the list"
        pytest.skip(f"no law finds it yet: {client.sentence}")
    assert found, client.sentence


def test_the_list_of_what_is_not_found_names_clients_that_there_are() -> None:
    assert {each.name for each in BROKEN} >= NOT_YET
