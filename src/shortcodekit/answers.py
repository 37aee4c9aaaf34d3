"""From what came back to a model, or to the error that says what it was.

The spec's own answers come first, read by the generated code. What refuses is told by its HTTP status wherever the content
is unreadable, because a 401 or a 429 is one with any page beneath it. All else is `UnexpectedAnswer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from attrs import frozen

from shortcode_clients._runtime.client import Answer, Response, read_answer

from .concealing import conceal, excerpt
from .errors import ApiProblem, AuthenticationFailed, ShortcodeKitError, Throttled, UnexpectedAnswer
from .exchange import Received, transport_failure
from .retrying import retry_after

T = TypeVar("T")

_SAID: Final = 300
"""How many characters of the service's own words stand in an error's message."""


@frozen
class Reader:
    """Reads the answers of one client."""

    refusal: Any
    """The model of a refusal of the whole request."""
    secrets: tuple[str, ...]
    """What errors must not show."""

    def read(self, came: Received, answers: Mapping[int, Answer], model: type[T], *, repeatable: bool) -> T:
        """The model of a good answer; raises for every other one."""
        answer = read_answer(came.status, came.headers, came.content, answers)
        refusal = answer.parsed if isinstance(answer.parsed, self.refusal) else None
        if came.status == 401:
            raise self._denied(came, refusal)
        if came.status == 429:
            refusal = refusal or self._undocumented_refusal(came)
            reason = self._words(refusal) or "too many requests"
            raise Throttled(reason, http_status=429, retry_after=wait_asked(came), answer=refusal)
        if came.cut and came.status not in _REFUSED:
            raise transport_failure(came.cut, repeatable=repeatable)
        if isinstance(answer.parsed, model):
            return answer.parsed
        refusal = refusal or self._undocumented_refusal(came)
        if refusal is not None:
            raise self._refused(came, refusal, repeatable=repeatable)
        raise self.unexpected(came, _reason(came, answer), repeatable=repeatable)

    def unexpected(self, came: Received, reason: str, *, repeatable: bool) -> UnexpectedAnswer:
        """The error for an answer that is not the API's."""
        return UnexpectedAnswer(
            conceal(reason, self.secrets),
            http_status=came.status,
            content_type=conceal(came.headers.get("content-type", ""), self.secrets)[:100],
            excerpt=self._excerpt(came),
            retry_after=wait_asked(came),
            may_have_been_sent=not (repeatable or _certainly_refused(came)),
        )

    def said(self, text: Any) -> str | None:
        """The service's own words, fit to be shown; None when there are none."""
        return conceal(text, self.secrets)[:_SAID] if isinstance(text, str) and text else None

    def _refused(self, came: Received, refusal: Any, *, repeatable: bool) -> ShortcodeKitError:
        if getattr(refusal, "error_code", None) == "401":  # the rest host says the HTTP status again
            return self._denied(came, refusal)
        told = {name: self.said(getattr(refusal, name, None)) for name in ("detail", "type_", "instance")}
        title = self.said(getattr(refusal, "title", None) or getattr(refusal, "error_code_label", None))
        unsent = repeatable or _certainly_refused(came) or came.status < 300  # a refusal, though under a good status
        return ApiProblem(
            came.status, refusal, title=title, retry_after=wait_asked(came), may_have_been_sent=not unsent, **told
        )

    def _denied(self, came: Received, refusal: Any) -> AuthenticationFailed:
        reason = self._words(refusal) or (self._excerpt(came) if refusal is None else "") or "no reason given"
        return AuthenticationFailed(
            f"the credentials were refused with HTTP {came.status}: {reason}", http_status=came.status, answer=refusal
        )

    def _excerpt(self, came: Received) -> str:
        return excerpt(came.content, self.secrets, whole=came.cut is None and not came.unreadable)

    def _words(self, refusal: Any) -> str | None:
        for name in ("detail", "title", "error_code_label"):
            if said := self.said(getattr(refusal, name, None)):
                return said
        return None

    def _undocumented_refusal(self, came: Received) -> Any:
        """A refusal under a status that the spec has no refusal for, if it says anything as one."""
        as_refusal = {came.status: Answer(self.refusal.from_dict, getattr(self.refusal, "xml", None))}
        refusal = read_answer(came.status, came.headers, came.content, as_refusal).parsed
        return (
            refusal if refusal is not None and (self._words(refusal) or getattr(refusal, "error_code", None)) else None
        )


def wait_asked(came: Received) -> float | None:
    """The seconds in `Retry-After`."""
    return retry_after(came.headers.get("retry-after"), datetime.now(UTC))


def _certainly_refused(came: Received) -> bool:
    """Whether the status alone says that the request was not carried out."""
    return came.status in _REFUSED or (came.status == 503 and wait_asked(came) is not None)


def _reason(came: Received, answer: Response[Any]) -> str:
    """Why an answer is not the API's."""
    if came.unreadable:
        return came.unreadable
    if 300 <= came.status < 400:
        return "a redirect, which is not followed"
    if answer.problem is None:
        return "the API has no such status"
    return str(answer.problem) if came.content.strip() else "the answer is empty"


_REFUSED: Final = range(400, 500)
"""The statuses that say that the request itself was not accepted."""
