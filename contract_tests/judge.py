"""The judge of requests, which also notes what of the specs was exercised."""

from __future__ import annotations

from shortcodekit.contract import judge as product
from shortcodekit.contract.judge import Request, Verdict, credentials
from shortcodekit.contract.specs import FORM

from . import exercised
from .apis import Api

__all__ = ["FORM", "Request", "Verdict", "credentials", "judge"]


def judge(api: Api, request: Request, *, webhooks: bool = False, base_path: str = "") -> Verdict:
    """The verdict on a request; a valid one is noted."""
    verdict = product.judge(api, request, webhooks=webhooks, base_path=base_path)
    if verdict.operation and not verdict.violations and verdict.encoding:
        exercised.note(exercised.request(verdict.operation, verdict.encoding))
    return verdict
