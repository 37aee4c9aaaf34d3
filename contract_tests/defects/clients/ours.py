"""Our clients among the correct ones, their errors told as this matrix tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from shortcodekit import (
    Alert,
    AlertsClient,
    AsyncAlertsClient,
    AsyncMessagesClient,
    AsyncOptInClient,
    Basic,
    Jwt,
    KeySecret,
    MessagesClient,
    OptInClient,
    Signed,
    errors,
)

from .base import Account, ClientError, Part, Trait

T = TypeVar("T")


def translated(error: errors.ShortcodeKitError) -> ClientError:
    """The error of this matrix for one of ours."""
    status = getattr(error, "status", None) or getattr(error, "http_status", None) or ""
    accepted: list[Part] = []
    if isinstance(error, errors.AlertRejected):
        accepted = [_part(each) for each in error.accepted]
    elif getattr(answer := getattr(error, "answer", None), "messages", None):
        status = next(each.status for each in answer.messages if each.status != "0")  # type: ignore[union-attr]
    retryable = isinstance(error, errors.Throttled) or getattr(error, "retryable", False)
    return ClientError(str(error), status=str(status), retryable=retryable, accepted=accepted)


def _part(model: Any) -> Part:
    def text(value: Any) -> str | None:
        return value or None

    return Part(
        model.status,
        text(model.message_id),
        text(model.to),
        text(model.client_ref),
        text(model.remaining_balance),
        text(model.message_price),
        text(model.network),
    )


class Ours:
    """Is our three clients: a form, JSON answers, key and secret, Basic."""

    traits: ClassVar[tuple[Trait, ...]] = ("json", "secret", "basic", "by-body")
    signs: ClassVar[str] = ""
    rest: ClassVar[Mapping[str, Any]] = {}

    kinds: ClassVar[tuple[Any, Any, Any]] = (AlertsClient, OptInClient, MessagesClient)

    def __init__(self, base_url: str, account: Account) -> None:
        self.account = account
        settings = {"base_url": base_url, "timeout": account.timeout, "retries": 0}
        alerts, opt_in, messages = self.kinds
        self.alerts = alerts(self.parameters(), **settings, **self.rest)
        self.opt_in = opt_in(self.parameters(), **settings, **self.rest)
        self.messages = messages(self.header(), **settings)

    def parameters(self) -> Any:
        return KeySecret(self.account.api_key, self.account.api_secret)

    def header(self) -> Any:
        return Basic(self.account.api_key, self.account.api_secret)

    def send_alert(
        self,
        to: str,
        custom: Mapping[str, str],
        *,
        client_ref: str | None = None,
        status_report: bool = False,
        template: int | None = None,
        unicode: bool = False,
    ) -> list[Part]:
        options: dict[str, Any] = {"client_ref": client_ref, "template": template}
        said = {name: value for name, value in options.items() if value is not None}
        said |= {"status_report_req": True} if status_report else {}
        said |= {"type_": "unicode"} if unicode else {}
        alert = Alert(to=to, **said)
        return [_part(each) for each in self.done(lambda: self.sent_alert(alert, custom)).messages]

    def opt_outs(self) -> list[str]:
        return self.done(self.listed)

    def resubscribe(self, number: str) -> bool:
        return bool(self.done(lambda: self.resubscribed(number)).opt_in)

    def send_message(self, document: Mapping[str, Any]) -> str:
        return str(self.done(lambda: self.sent_message(document)).message_uuid)

    def done(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except errors.ShortcodeKitError as error:
            raise translated(error) from None

    def close(self) -> None:
        for client in (self.alerts, self.opt_in, self.messages):
            client.close()

    def sent_alert(self, alert: Alert, custom: Mapping[str, str]) -> Any:
        return self.alerts.send(alert, custom=custom)

    def listed(self) -> list[str]:
        return [each.msisdn for each in self.opt_in.opt_outs(page_size=20)]

    def resubscribed(self, number: str) -> Any:
        return self.opt_in.resubscribe(number)

    def sent_message(self, document: Mapping[str, Any]) -> Any:
        return self.messages.send(document)


class OursByXml(Ours):
    """Is our clients, asking for XML."""

    traits = ("xml", "secret", "basic", "by-body")
    rest: ClassVar[Mapping[str, Any]] = {"format": "xml"}


class OursByQuery(Ours):
    """Is our clients, by GET."""

    traits = ("json", "secret", "basic", "by-query")
    rest: ClassVar[Mapping[str, Any]] = {"encoding": "query"}


class OursSigned(Ours):
    """Is our clients, with JSON that is signed, and with tokens."""

    traits = ("json", "signed", "token", "by-body")
    signs = "sha256"
    rest: ClassVar[Mapping[str, Any]] = {"encoding": "json"}

    def parameters(self) -> Any:
        return Signed(self.account.api_key, self.account.signature_secret, self.signs)

    def header(self) -> Any:
        return Jwt(self.account.application_id, self.account.private_key)


class OursAwaited(Ours):
    """Is our awaited clients, in an event loop of their own."""

    kinds = (AsyncAlertsClient, AsyncOptInClient, AsyncMessagesClient)

    def __init__(self, base_url: str, account: Account) -> None:
        super().__init__(base_url, account)
        self.runner = asyncio.Runner()

    def close(self) -> None:
        for client in (self.alerts, self.opt_in, self.messages):
            self.runner.run(client.aclose())
        self.runner.close()

    def sent_alert(self, alert: Alert, custom: Mapping[str, str]) -> Any:
        return self.runner.run(super().sent_alert(alert, custom))

    def listed(self) -> list[str]:
        return self.runner.run(self._listed())

    async def _listed(self) -> list[str]:
        return [each.msisdn async for each in self.opt_in.opt_outs()]

    def resubscribed(self, number: str) -> Any:
        return self.runner.run(super().resubscribed(number))

    def sent_message(self, document: Mapping[str, Any]) -> Any:
        return self.runner.run(super().sent_message(document))
