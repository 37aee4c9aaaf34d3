"""What tests of `sign` and `verify` share: a receipt, signed without the product, and the causes that `verify` tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from contract_tests.peers import signed_by_hand
from tests.commands import run

NOW: Final = 1461605396
SECRET: Final = "a-signature-secret-of-these-tests"
ENV: Final = {"SHORTCODEKIT_SIGNATURE_SECRET": SECRET}
RECEIPT: Final = {
    "msisdn": "16365553226",
    "to": "96167",
    "messageId": "0A0000000123ABCD",
    "status": "delivered",
    "text": "Über a + b & c = d",
    "client-ref": "",
    "timestamp": str(NOW),
}


def signed(parameters: Mapping[str, str], secret: str = SECRET, method: str = "md5hash") -> str:
    """The signature, made without the product."""
    return signed_by_hand(parameters.items(), secret, method)


def query(parameters: Mapping[str, str], sig: str) -> str:
    return urlencode({**parameters, "sig": sig})


def why(source: str, *words: str, env: Mapping[str, str] = ENV, stdin: str | bytes = "") -> list[str]:
    """The causes that are told of what does not match."""
    ran = run("verify", source, "--now", str(NOW), "--json", *words, env=env, stdin=stdin)
    document = json.loads(ran.out)
    assert (ran.code, document["matches"]) == (1, False), document
    causes: list[str] = document["causes"]
    assert causes
    assert document["reason"]
    return causes
