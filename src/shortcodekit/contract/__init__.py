"""The contract suite as a product: laws that judge receivers, and what is made of their verdicts.

`shortcodekit check receiver` runs them from the command line; `receiver_laws` gives them to pytest, one test each:

    @pytest.mark.parametrize("law", receiver_laws(app, event="delivery-receipt", path="/hooks/dlr"))
    def test_it_keeps(law):
        law()

It needs `shortcodekit[contract]`.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("jsonschema_rs") is None:
    raise ImportError("the laws need jsonschema-rs: pip install 'shortcodekit[contract]'", name="jsonschema_rs")

from .judging import RECEIVER_LAWS, BoundLaw, Report, check, receiver_laws  # after what may be missing
from .laws import Broken, Law, LawBroken, Outcome

__all__ = ["RECEIVER_LAWS", "BoundLaw", "Broken", "Law", "LawBroken", "Outcome", "Report", "check", "receiver_laws"]
