"""The contract suite as a product: laws that judge receivers, parsers, providers and clients, and their verdicts.

`shortcodekit check` runs them from the command line; `receiver_laws`, `parser_laws`, `provider_laws` and
`client_laws` give them to pytest, one test each:

    @pytest.mark.parametrize("law", receiver_laws(app, event="delivery-receipt", path="/hooks/dlr"))
    def test_it_keeps(law):
        law()

It needs `shortcodekit[contract]`.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("jsonschema_rs") is None:
    raise ImportError("the laws need jsonschema-rs: pip install 'shortcodekit[contract]'", name="jsonschema_rs")

from .calling import Calls, ClientAccount  # after what may be missing
from .judging import (
    CLIENT_LAWS,
    PARSER_LAWS,
    PROVIDER_LAWS,
    RECEIVER_LAWS,
    REQUEST_LAWS,
    BoundLaw,
    Report,
    check,
    client_laws,
    parser_laws,
    provider_laws,
    receiver_laws,
)
from .laws import Broken, Law, LawBroken, Outcome
from .parsing import Parse

__all__ = [
    "CLIENT_LAWS",
    "PARSER_LAWS",
    "PROVIDER_LAWS",
    "RECEIVER_LAWS",
    "REQUEST_LAWS",
    "BoundLaw",
    "Broken",
    "Calls",
    "ClientAccount",
    "Law",
    "LawBroken",
    "Outcome",
    "Parse",
    "Report",
    "check",
    "client_laws",
    "parser_laws",
    "provider_laws",
    "receiver_laws",
]
