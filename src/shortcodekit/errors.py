"""Everything that can go wrong, as one family: a client raises these and nothing else.

Whose fault it was shows in the type: the caller's (`InvalidRequest`), the account's or the service's, told in the words of
the API (`AlertRejected`, `AuthenticationFailed`, `Throttled`, `ApiProblem`), that of whatever answered instead of the API
(`UnexpectedAnswer`), or the network's (`TransportFailure`). Each one tells whether the message may have been sent, which is
what decides whether sending again could make two of it. No message, attribute or chained error holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shortcode_clients import Code
from shortcode_clients.alerts.codes import ALERT_PART_STATUS, ALERT_PART_STATUS_SUCCESS

if TYPE_CHECKING:  # at run time they would load all models of all APIs
    from shortcode_clients.alerts.models import AlertPart, AlertResponse, RestError
    from shortcode_clients.messages.models import Problem

_SENT: Final = {
    True: "it may have been sent",
    False: "nothing was sent",
}
_SHORT: Final = 4  # characters, which hold no secret


class ShortcodeKitError(Exception):
    """The base of all errors of this package.

    Catch it to handle all of them, and look at `may_have_been_sent` before you send the same message again.
    """

    def __init__(
        self, reason: str, *, may_have_been_sent: bool, operation: str | None = None, attempts: int = 0
    ) -> None:
        self.reason = reason
        """What went wrong, in a sentence."""
        self.may_have_been_sent = may_have_been_sent
        """Whether the message may be on its way (for `resubscribe`: the number subscribed). Never true for a query."""
        self.operation = operation
        """The operation of the spec, such as `sendAlert`; None where none was begun."""
        self.attempts = attempts
        """How many requests were made."""
        super().__init__(reason)

    def __str__(self) -> str:
        where = f"{self.operation}: " if self.operation else ""
        return f"{where}{self.reason}; {_SENT[self.may_have_been_sent]}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.__dict__)


def _restored(kind: type[ShortcodeKitError], state: dict[str, Any]) -> ShortcodeKitError:
    error = kind.__new__(kind, state["reason"])
    error.__dict__.update(state)
    return error


class InvalidRequest(ShortcodeKitError, ValueError):
    """The request, or what a client was made with, is against a rule; nothing was sent.

    `field` leads to the place, as the API names it; `rule` says what is demanded, `source` where that is written.
    """

    def __init__(self, rule: str, *, field: str = "", about: str = "", source: str = "", **told: Any) -> None:
        self.field = field
        """Keys and indices, such as `message.whatsapp.locale`; empty when it is about no field."""
        self.rule = rule
        """What is demanded."""
        self.about = about
        """What the field is for; empty where the spec says nothing."""
        self.source = source
        """The vendor's page and section, or another witness; empty for rules of this package."""
        parts = [f"{field}: {rule}" if field else rule, *([about.rstrip(".")] if about else [])]
        told_by = f" [{source}]" if source else ""
        super().__init__(". ".join(parts) + told_by, may_have_been_sent=False, **told)


class AlertRejected(ShortcodeKitError):
    """The service refused an alert or a PIN, or a part of it. Look at `code` for the reason, and at `retryable`.

    A long text is sent in parts, and some may have been accepted: `accepted` has those, `rejected` the others.
    """

    def __init__(self, response: AlertResponse, code: Code[str], *, said: str | None, **told: Any) -> None:
        self.response = response
        """The whole answer."""
        self.code = code
        """What the first refused part's status means; its `known` is false for a status that is not documented."""
        count = f"; {len(self.accepted)} of {len(self.parts)} parts were accepted" if self.accepted else ""
        super().__init__(f"{refusal(code, said)}{count}", **told)

    @property
    def status(self) -> str:
        """The status of the first refused part, such as `"7"`."""
        return self.code.value

    @property
    def name(self) -> str:
        """The name of the status, such as `number-barred`."""
        return self.code.name

    @property
    def meaning(self) -> str:
        """What the status means, in a sentence."""
        return self.code.meaning

    @property
    def retryable(self) -> bool:
        """Whether the same may work later: every part was refused, and each for a reason that passes.

        Look at `may_have_been_sent` as well: beside status 5, for example, nobody promises that nothing was sent.
        """
        return not self.accepted and all(ALERT_PART_STATUS.explain(part.status).temporary for part in self.parts)

    @property
    def parts(self) -> list[AlertPart]:
        """All parts, in the order of the answer."""
        return self.response.messages

    @property
    def accepted(self) -> list[AlertPart]:
        """The parts that are on their way."""
        return [part for part in self.parts if part.status == ALERT_PART_STATUS_SUCCESS]

    @property
    def rejected(self) -> list[AlertPart]:
        """The parts that are not."""
        return [part for part in self.parts if part.status != ALERT_PART_STATUS_SUCCESS]


def refusal(code: Code[str], said: str | None) -> str:
    """What a part's status means, and what the service said beside it. An undocumented status is shown if it is short."""
    shown = code.value if code.known or len(code.value) <= _SHORT else "of many characters"
    return f"refused with status {shown}, {code.name}: {code.meaning.rstrip('.')}{f' ({said})' if said else ''}"


class AuthenticationFailed(ShortcodeKitError):
    """Key, secret, signature or token are not right, or not for this account. Sending again does not help."""

    def __init__(
        self, reason: str, *, http_status: int, answer: AlertResponse | RestError | Problem | None, **told: Any
    ) -> None:
        self.http_status = http_status
        self.answer = answer
        """What the service said, when it could be read."""
        super().__init__(reason, may_have_been_sent=False, **told)


class Throttled(ShortcodeKitError):
    """More requests than the account may make at a time. Nothing was carried out: send again after a wait."""

    def __init__(
        self,
        reason: str,
        *,
        http_status: int,
        retry_after: float | None,
        answer: AlertResponse | RestError | Problem | None,
        **told: Any,
    ) -> None:
        self.http_status = http_status
        self.retry_after = retry_after
        """For how many seconds the service asks to wait; None when it does not say."""
        self.answer = answer
        """What the service said, when it could be read."""
        super().__init__(reason, may_have_been_sent=False, **told)


class ApiProblem(ShortcodeKitError):
    """The service refused the request as a whole: with problem JSON (Messages API), or with the rest host's error."""

    def __init__(
        self,
        http_status: int,
        answer: Problem | RestError,
        *,
        title: str | None,
        detail: str | None = None,
        type_: str | None = None,
        instance: str | None = None,
        retry_after: float | None = None,
        **told: Any,
    ) -> None:
        self.http_status = http_status
        self.answer = answer
        """The refusal as a model, with every key that came."""
        self.title = title
        """The kind of problem, for people; None when the answer has none."""
        self.detail = detail
        """What was wrong with this request, for people; None when the answer has none."""
        self.type = type_
        """The address that names the kind of problem; None when the answer has none."""
        self.instance = instance
        """The identifier of this refusal, for questions to the vendor; None when the answer has none."""
        self.retry_after = retry_after
        """For how many seconds the service asks to wait; None when it does not say."""
        said = ": ".join(text for text in (title, detail) if text)
        super().__init__(f"refused with HTTP {http_status}{f': {said}' if said else ''}", **told)


class UnexpectedAnswer(ShortcodeKitError):
    """What answered is not the API, or does not keep to it: a proxy's page, a redirect, a document cut short."""

    def __init__(
        self,
        reason: str,
        *,
        http_status: int,
        content_type: str,
        excerpt: str,
        retry_after: float | None = None,
        **told: Any,
    ) -> None:
        self.http_status = http_status
        self.content_type = content_type
        """As the answer's header has it; empty when it has none."""
        self.excerpt = excerpt
        """The beginning of the content, with secrets and unprintable characters left out."""
        self.retry_after = retry_after
        """For how many seconds the peer asks to wait; None when it does not say."""
        kind = content_type or "no content type"
        shown = f": {excerpt!r}" if excerpt else ", no content"
        super().__init__(f"{reason} (HTTP {http_status}, {kind}{shown})", **told)


class TransportFailure(ShortcodeKitError):
    """No whole answer came: the peer was not reached, took too long, or the connection broke."""

    def __init__(self, reason: str, *, timed_out: bool, **told: Any) -> None:
        self.timed_out = timed_out
        """Whether time ran out, rather than the connection broke."""
        super().__init__(reason, **told)
