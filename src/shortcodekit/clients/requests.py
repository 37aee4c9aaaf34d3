"""From what a caller gives to a request: checked by the spec, with credentials, in the encoding the client was made for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any, Literal, TypeVar, get_args

import httpx
from attrs import frozen

from shortcode_clients import InvalidDocument
from shortcode_clients._runtime.documents import Document
from shortcodekit.errors import InvalidRequest
from shortcodekit.rules import checker

from .settings import Settings

AnswerFormat = Literal["json", "xml"]
Encoding = Literal["form", "json", "query"]

T = TypeVar("T")


@frozen
class Operation:
    """A documented operation of the `rest.nexmo.com` APIs: its generated calls by POST and by GET."""

    package: ModuleType
    by_body: Any
    by_query: Any
    model: Any
    """The class of what is sent."""


@frozen
class RestRequests:
    """Makes the requests of one client of the `rest.nexmo.com` APIs."""

    settings: Settings
    format: AnswerFormat
    encoding: Encoding

    def prepared(self, operation: Operation, document: Mapping[str, Any]) -> Callable[[], httpx.Request]:
        """What makes the request for each attempt; `InvalidRequest` when `document` is against the spec."""
        refuse_invalid(operation.package, operation.model.__name__, document)
        written = of_models(
            lambda: operation.model.from_dict(document).to_dict()
        )  # as it travels: that is what is signed
        normal = {str.__str__(name): value for name, value in written.items()}  # of an enumeration's member, its value
        return lambda: self._request(operation, normal)

    def _request(self, operation: Operation, document: Mapping[str, Any]) -> httpx.Request:
        credentials = self.settings.credentials(document.items())

        def arguments() -> dict[str, Any]:
            model = operation.model.from_dict({**document, **credentials})
            made: dict[str, Any]
            if self.encoding == "query":
                made = operation.by_query.request(self.format, parameters=model)
            else:
                made = operation.by_body.request(self.format, body=model)
            if self.encoding == "json":
                made |= {"content": model.to_json(), "headers": {"Content-Type": "application/json"}}
            return made

        return self.settings.request(**of_models(arguments))


def rest_requests(settings: Settings, answer_format: str, encoding: str) -> RestRequests:
    """The maker of requests, or `InvalidRequest` for a format or encoding that there is not."""
    for field, given, choices in (("format", answer_format, AnswerFormat), ("encoding", encoding, Encoding)):
        if given not in get_args(choices):
            raise InvalidRequest(f"one of {', '.join(get_args(choices))}", field=field)
    if encoding == "json" and answer_format == "xml":
        raise InvalidRequest(
            "a JSON body is taken by the json endpoint only; choose the form",
            field="encoding",
            source="Alerts - Sending API Reference: Encoding",
        )
    return RestRequests(settings, answer_format, encoding)  # type: ignore[arg-type]  # looked at above


def refuse_invalid(package: ModuleType, component: str, document: Any) -> None:
    """Raises `InvalidRequest` for the first rule of the spec that `document` breaks."""
    violation = checker(package, component)(document)
    if violation:
        raise InvalidRequest(
            violation.rule, field=dotted(violation.path), about=violation.about, source=violation.source
        )


def document_of(given: object, kinds: type | tuple[type, ...], what: str) -> dict[str, Any]:
    """The document of a model, or of a mapping; `InvalidRequest` for all else and for what cannot be written."""
    if isinstance(given, Mapping):
        return dict(given)
    if not isinstance(given, kinds) or not isinstance(given, Document):
        raise InvalidRequest(f"{what}, got a Python {type(given).__name__}")
    with suppress(AttributeError, TypeError):  # an attribute that should be a model has no `to_dict`, and so on
        return of_models(given.to_dict)
    raise InvalidRequest(f"{what}, one of its attributes is of the wrong kind")


def of_models(make: Callable[[], T]) -> T:
    """What `make` makes; of the generated models' own error an `InvalidRequest`, which does not hold it."""
    try:
        return make()
    except InvalidDocument as caught:
        error = caught
    raise InvalidRequest(error.reason, field=dotted(error.path))


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as errors show it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
