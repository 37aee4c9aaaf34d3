"""Sending to one number from a short code: what the clients of alerts and of two-factor messages have in common.

Both APIs take a number and what fills a template, and answer alike: their specs share the answer, its parts and their statuses. So
answers of both are read into the models of alerts, and a part that was refused is the same error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final

from attrs import frozen

from shortcode_clients.alerts import codes
from shortcode_clients.alerts.api.alerts import send_alert
from shortcode_clients.alerts.models import AlertResponse, RestError
from shortcodekit.answers import Reader, wait_asked
from shortcodekit.errors import AlertRejected, AuthenticationFailed, InvalidRequest, Throttled, refusal
from shortcodekit.exchange import Call, Received

from .requests import Operation, RestRequests, document_of

Custom = Mapping[str, str | int | float | bool]

_CREDENTIALS: Final = frozenset(
    {codes.ALERT_PART_STATUS_INVALID_CREDENTIALS, codes.ALERT_PART_STATUS_INVALID_SIGNATURE}
)
_UNCLEAR: Final = frozenset({codes.ALERT_PART_STATUS_INTERNAL_ERROR})
"""Statuses beside which a part may have been sent nevertheless, as it may with those that nobody has documented."""


@frozen
class Sending:
    """An operation that sends to one number."""

    operation: Operation
    what: str
    """What is sent, as errors name it: `an Alert`."""

    def call(self, requests: RestRequests, given: Any, custom: Custom | None) -> Call[AlertResponse]:
        """The call that sends `given`, a model or a mapping, with custom parameters beside it."""
        document = document_of(given, self.operation.model, self.what)
        if custom is not None:
            self.add_custom(document, custom)
        make = requests.prepared(self.operation, document)
        reader = Reader(RestError, (*requests.settings.secrets, *self._secrets(document)))
        return Call(make, lambda came: _understood(came, reader), repeatable=False, recipient=str(document["to"]))

    def add_custom(self, document: dict[str, Any], custom: Custom) -> None:
        """Puts custom parameters beside the documented ones; `InvalidRequest` for one that cannot stand there."""
        if not isinstance(custom, Mapping):
            raise InvalidRequest("a mapping of names to values", field="custom")
        schema = _schema(self.operation.package, self.operation.model.__name__)
        for name, value in custom.items():
            if name in schema["properties"]:
                rule = "a custom parameter cannot be named like a documented one"
                raise InvalidRequest(rule, field=name, source=schema["x-source"])
            if name in document:
                raise InvalidRequest("a custom parameter is given twice", field=name)
            document[name] = value

    def _secrets(self, document: Mapping[str, Any]) -> list[str]:
        """What the recipient alone is to know, such as a PIN: an answer may repeat it, and errors must not."""
        names = _private(self.operation.package, self.operation.model.__name__)
        return [str(document[name]) for name in names if name in document]


def _schema(package: ModuleType, name: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = package.openapi()["components"]["schemas"][name]
    return schema


@cache
def _private(package: ModuleType, name: str) -> tuple[str, ...]:
    """The properties of a component that the spec calls passwords."""
    behind = {key: each["$ref"].rpartition("/")[2] for key, each in _schema(package, name)["properties"].items()}
    return tuple(key for key, each in behind.items() if _schema(package, each).get("format") == "password")


def _understood(came: Received, reader: Reader) -> AlertResponse:
    """The answer when every part was accepted, else the error that its parts tell of."""
    response = reader.read(came, send_alert.ANSWERS, AlertResponse, repeatable=False)
    if not response.messages:
        raise reader.unexpected(came, "the answer has no part, so the message may be lost", repeatable=False)
    refused = [part for part in response.messages if part.status != codes.ALERT_PART_STATUS_SUCCESS]
    if not refused:
        return response
    some_sent = len(refused) < len(response.messages)
    part = next((each for each in refused if each.status in _CREDENTIALS and not some_sent), refused[0])
    code, said = codes.ALERT_PART_STATUS.explain(part.status), reader.said(part.error_text)
    if part.status in _CREDENTIALS and not some_sent:
        raise AuthenticationFailed(refusal(code, said), http_status=came.status, answer=response)
    if all(part.status == codes.ALERT_PART_STATUS_THROTTLED for part in response.messages):
        raise Throttled(refusal(code, said), http_status=came.status, retry_after=wait_asked(came), answer=response)
    unclear = any(each.status not in codes.ALERT_PART_STATUS or each.status in _UNCLEAR for each in refused)
    raise AlertRejected(response, code, said=said, may_have_been_sent=some_sent or unclear)
