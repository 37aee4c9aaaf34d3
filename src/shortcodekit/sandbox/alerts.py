"""What an alert asks for. What comes of it is in `sending`.

Source: Alerts - Sending API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shortcode_clients import alerts
from shortcode_clients.alerts.models import AlertRequest
from shortcodekit import rules, templates

from .outcomes import World
from .sending import Kind, Wanted


def _wanted(said: Mapping[str, Any], world: World) -> Wanted:
    request = AlertRequest.from_dict(said)
    asked = request.template if isinstance(request.template, int) else templates.FIRST
    unicode = request.type_ == "unicode"
    rendered = templates.render(world.templates, asked, request.additional_properties, unicode=unicode)
    return Wanted("alerts", request.to, request.client_ref, rendered, receipt=request.status_report_req is True)


KIND: Final = Kind(rules.checker(alerts, AlertRequest.__name__), _wanted)
