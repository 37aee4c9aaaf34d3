"""A campaign's templates in the sender's own hands, rendered as the service renders them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from shortcode_clients import alerts
from shortcode_clients.alerts.codes import ALERT_PART_STATUS
from shortcode_clients.alerts.models import AlertPart, AlertRequest, AlertResponse
from shortcodekit.clients.alerts import Alert, add_custom
from shortcodekit.clients.requests import document_of, of_models, refuse_invalid
from shortcodekit.clients.sending import Custom
from shortcodekit.errors import AlertRejected, InvalidRequest
from shortcodekit.templates import FIRST, LAST, Refused, Rendered, places, render


def _templates(given: Mapping[int, str]) -> dict[int, str]:
    """The templates by index, or `InvalidRequest`."""
    if not isinstance(given, Mapping) or not given:
        raise InvalidRequest("a mapping of indices to texts, with at least one", field="templates")
    for index, text in given.items():
        if isinstance(index, bool) or not isinstance(index, int) or not FIRST <= index <= LAST:
            rule = f"the index of a template is an integer from {FIRST} to {LAST}"
            raise InvalidRequest(rule, field="templates", source=_SOURCE)
        if not isinstance(text, str) or not text:
            raise InvalidRequest("a template is a text that is not empty", field=f"templates[{index}]")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidRequest("text that can be encoded in UTF-8", field=f"templates[{index}]") from None
    return dict(given)


_SOURCE: Final[str] = alerts.openapi()["components"]["schemas"]["TemplateIndex"].get(
    "x-source", alerts.openapi()["components"]["schemas"]["AlertRequest"]["x-source"]
)


@frozen
class Campaign:
    """A campaign's templates by index, from 0 to 5, as they stand in the vendor's Dashboard: `{0: "Your ${server} is down"}`.

    Raises `InvalidRequest` when one of them is no template. Source: "Alerts - Sending API Reference: Parameters".
    """

    templates: Mapping[int, str] = field(converter=_templates)

    def places(self, index: int) -> tuple[str, ...]:
        """The names of a template's places, in order; `InvalidRequest` when the campaign has no such template."""
        if index not in self.templates:
            raise InvalidRequest("one of the campaign's templates", field="index")
        return tuple(places(self.templates[index]))

    def render(self, alert: Alert | Mapping[str, Any], *, custom: Custom | None = None) -> Rendered:
        """What the phone shows of an alert (`.text`), and the parts in which it travels (`.split.parts`); nothing is sent.

        Template 1 is template 0 until the campaign has one of that index. Raises `InvalidRequest` for an alert that the spec
        forbids, and `AlertRejected` as the service does: status 2 for a place without a parameter, status 3 for a template that
        the campaign has not, status 12 for a text that is too long.
        """
        request = read(alert, custom)
        rendered = self.rendered(request)
        if rendered.too_long is not None:
            raise refused(rendered.too_long, request)
        return rendered

    def rendered(self, request: AlertRequest) -> Rendered:
        """The same of an alert that was read, however long the text is."""
        asked = request.template if isinstance(request.template, int) else FIRST
        unicode = request.type_ == "unicode"
        rendered = render(self.templates, asked, request.additional_properties, unicode=unicode)
        if isinstance(rendered, Refused):
            raise refused(rendered, request)
        return rendered


def read(alert: Alert | Mapping[str, Any], custom: Custom | None) -> AlertRequest:
    """An alert with its custom parameters, checked by the spec; `InvalidRequest` when it is against a rule."""
    document = document_of(alert, AlertRequest, "an Alert")
    if custom is not None:
        add_custom(document, custom)
    refuse_invalid(alerts, AlertRequest.__name__, document)
    return of_models(lambda: AlertRequest.from_dict(document))


def refused(refusal: Refused, request: AlertRequest) -> AlertRejected:
    """The error of an alert that is refused here as the service would have refused it; nothing was sent."""
    part = AlertPart(refusal.status, to=request.to, client_ref=request.client_ref, error_text=refusal.reason)
    code = ALERT_PART_STATUS.explain(refusal.status)
    return AlertRejected(AlertResponse("1", [part]), code, said=refusal.reason, may_have_been_sent=False)
