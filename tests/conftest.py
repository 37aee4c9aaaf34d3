"""The profile of the property tests, which is that of the contract suite."""

from __future__ import annotations

from contract_tests import profiles

profiles.load()
