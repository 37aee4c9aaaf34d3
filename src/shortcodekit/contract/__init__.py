"""The contract suite as a product: laws that judge receivers and providers, and what is made of their verdicts.

`shortcodekit check` runs them from the command line; `receiver_laws` and `provider_laws` give them to pytest, one test each:

    @pytest.mark.parametrize("law", receiver_laws(app, event="delivery-receipt", path="/hooks/dlr"))
    def test_it_keeps(law):
        law()

It needs `shortcodekit[contract]`.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("jsonschema_rs") is None:
    raise ImportError("the laws need jsonschema-rs: pip install 'shortcodekit[contract]'", name="jsonschema_rs")

from .judging import (  # after what may be missing
    PROVIDER_LAWS,
    RECEIVER_LAWS,
    BoundLaw,
    Report,
    check,
    provider_laws,
    receiver_laws,
)
from .laws import Broken, Law, LawBroken, Outcome

__all__ = [
    "PROVIDER_LAWS",
    "RECEIVER_LAWS",
    "BoundLaw",
    "Broken",
    "Law",
    "LawBroken",
    "Outcome",
    "Report",
    "check",
    "provider_laws",
    "receiver_laws",
]
