"""Clients that do not cope with the network: connections that break, peers that are silent, and redirects."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from .base import Catalogue, ClientError, Part
from .plain import Parameters, Plain, Reply, Sent

TRANSPORT: Final = Catalogue()
broken = TRANSPORT.broken


@broken
class NoTimeout(Plain):
    """Waits for an answer without end."""

    def connection(self) -> http.client.HTTPConnection:
        connection = super().connection()
        connection.timeout = None
        return connection


@broken
class SentAgainAfterReset(Plain):
    """Sends once more when the connection breaks, although the first alert may be on its way."""

    def talk(self, sent: Sent) -> Reply:
        try:
            return super().talk(sent)
        except (OSError, http.client.HTTPException):
            return super().talk(sent)


@broken
class SentAgainAfterSilence(Plain):
    """Sends once more when no answer comes in time."""

    def talk(self, sent: Sent) -> Reply:
        try:
            return super().talk(sent)
        except TimeoutError:
            return super().talk(sent)


@broken
class SentAgainAfterServerError(Plain):
    """Sends once more after HTTP 500, beside which nobody promises that nothing was sent."""

    def talk(self, sent: Sent) -> Reply:
        reply = super().talk(sent)
        return super().talk(sent) if reply.status == 500 else reply


@broken
class SentAgainWhenUnreadable(Plain):
    """Sends once more when the answer cannot be read."""

    def ask(self, path: str, said: Parameters) -> Reply:
        reply = super().ask(path, said)
        try:
            self.object(reply.body)
        except ClientError:
            return super().ask(path, said)
        return reply


@broken
class SentAgainWithoutEnd(Plain):
    """Sends again as long as it is throttled, without a wait."""

    def send_alert(self, *said: Any, **more: Any) -> list[Part]:
        while True:
            try:
                return super().send_alert(*said, **more)
            except ClientError as error:
                if not error.retryable:
                    raise


@broken
class BrokenIsRetryable(Plain):
    """Says of an alert whose connection broke that it may be sent again."""

    def exchange(self, sent: Sent) -> Reply:
        try:
            return super().exchange(sent)
        except ClientError as error:
            error.retryable = error.retryable or not error.status
            raise


@broken
class ResetIsAnError(Plain):
    """Lets the error of a broken connection out."""

    def exchange(self, sent: Sent) -> Reply:
        try:
            reply = self.talk(sent)
        except (TimeoutError, http.client.HTTPException):
            raise ClientError("no answer") from None
        self.refuse(reply)
        return reply


@broken
class SilenceIsAnError(Plain):
    """Lets the error out that no answer came in time."""

    def exchange(self, sent: Sent) -> Reply:
        try:
            reply = self.talk(sent)
        except (ConnectionError, http.client.HTTPException):
            raise ClientError("no answer") from None
        self.refuse(reply)
        return reply


@broken
class CutIsAnError(Plain):
    """Expects errors of sockets alone, and lets IncompleteRead out when an answer is cut short."""

    def exchange(self, sent: Sent) -> Reply:
        try:
            reply = self.talk(sent)
        except OSError:
            raise ClientError("no answer") from None
        self.refuse(reply)
        return reply


@broken
class CutIsWhole(Plain):
    """Takes what came of an answer that was cut short for all of it."""

    def talk(self, sent: Sent) -> Reply:
        try:
            return super().talk(sent)
        except http.client.IncompleteRead as error:
            return Reply(200, {}, error.partial)


class _Leaves(urllib.request.HTTPRedirectHandler):
    """Follows with method and body, as 307 asks."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0917  # as it is called
        del fp, code, msg, headers
        return urllib.request.Request(newurl, req.data, dict(req.headers), method=req.get_method())  # noqa: S310


@broken
class RedirectsFollowed(Plain):
    """Follows redirects, with the secret, wherever they lead."""

    def talk(self, sent: Sent) -> Reply:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Leaves)
        request = urllib.request.Request(  # noqa: S310  # where tests tell it to go
            f"{self.base_url}{sent.target}", sent.body or None, dict(sent.headers), method=sent.method
        )
        try:
            with opener.open(request, timeout=self.account.timeout) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, {name.lower(): value for name, value in error.headers.items()}, error.read())


@broken
class RedirectIsSuccess(Plain):
    """Takes a redirect for success of a message, because it is no error."""

    def refuse(self, reply: Reply) -> None:
        if reply.status >= 400:
            super().refuse(reply)

    def send_message(self, document: Mapping[str, Any]) -> str:
        try:
            return super().send_message(document)
        except ClientError as error:
            if error.status:
                raise
            return ""
