"""What a two-factor message asks for. What comes of it is in `sending`.

Source: Two-factor Authentication API Reference; the guide Two-factor Authentication API. They name no template, no type and no
wish for a receipt. x-choice: the campaign's template 1 is sent, which the page of alerts calls the two-factor one, and where
there is none the sample of the spec; in Unicode where the text needs it; receipts always follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shortcode_clients import two_factor
from shortcode_clients.two_factor.models import TwoFactorRequest
from shortcodekit import rules, templates

from .outcomes import World
from .sending import Kind, Wanted

SAMPLE: Final[str] = two_factor.openapi()["components"]["schemas"][TwoFactorRequest.__name__]["x-sample"]


def _wanted(said: Mapping[str, Any], world: World) -> Wanted:
    request = TwoFactorRequest.from_dict(said)
    known = {templates.TWO_FACTOR: world.templates.get(templates.TWO_FACTOR, SAMPLE)}
    custom = {"pin": request.pin, **request.additional_properties}
    rendered = templates.render(known, templates.TWO_FACTOR, custom, unicode=False)
    if isinstance(rendered, templates.Rendered) and rendered.split.replaced:
        rendered = templates.render(known, templates.TWO_FACTOR, custom, unicode=True)
    return Wanted("two_factor", request.to, request.client_ref, rendered, receipt=True)


KIND: Final = Kind(rules.checker(two_factor, TwoFactorRequest.__name__), _wanted)
