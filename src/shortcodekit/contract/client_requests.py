"""The laws of clients that make their calls by themselves: what was captured at the socket is valid, and carries right credentials.

Such a client is given valid answers to whatever it asks, and nothing is said about what it makes of them, or of others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, evolve

from shortcode_clients.opt_in.models import OptInRecord, RestError
from shortcodekit import signing

from .calling import ClientBench, Reply, Told
from .client_calls import API, TO, UUID, accepted, answering, authorization_fits, credentials_fit, law, tolerated
from .client_other_laws import paging
from .judge import Request, Verdict, credentials, judge
from .laws import Law, Need
from .specs import APIS

_OPERATIONS: Final[dict[str, Callable[[Request], Reply]]] = {
    "alerts": accepted(),
    "two_factor": accepted(),
    "opt_in": paging(["15559301529", "15559301530"]),
    "messages": lambda _: Reply(202, json.dumps({"message_uuid": UUID}).encode()),
}


@define
class CapturedBench(ClientBench):
    """What a client sent by itself."""

    captured: Sequence[Request] = ()

    def numbered(self) -> list[tuple[int, Request]]:
        """Its requests with their places, the shortest first: one of them is shown where a law is broken."""
        return sorted(enumerate(self.captured, 1), key=lambda each: len(each[1].url) + len(each[1].body))

    def of(self, api: str) -> list[tuple[int, Request]]:
        """Those to operations of an API."""
        return [(at, each) for at, each in self.numbered() if _api(each) == api]


def _operation(api: str, request: Request) -> Verdict:
    return judge(API[api], tolerated(request, api))


def _api(request: Request) -> str:
    """The API whose operation a request is for, whatever else is wrong with it."""
    return next((each.name for each in APIS if _operation(each.name, request).operation), "")


def kindly(request: Request) -> Reply:
    """A valid answer to a request, as the service gives it when all goes well."""
    api = _api(request)
    if not api:
        return Reply(404, b"{}")
    verdict = _operation(api, request)
    if api == "opt_in" and verdict.violations:
        return answering({"error-code": "400", "error-code-label": "invalid request"}, RestError, 400)(request)
    if api == "opt_in" and verdict.operation and "manage" in verdict.operation.path:
        said = verdict.document if isinstance(verdict.document, dict) else {}
        record = {"msisdn": signing.value_text(said.get("msisdn", TO)), "opt-in": "true", "opt-out": "false"}
        return answering({**record, "opt-in-date": "2020-01-02 12:00:00"}, OptInRecord)(request)
    return _OPERATIONS[api](request)


def _told(bench: ClientBench, at: int, request: Request) -> Told:
    bench.calls += 1
    came = f"request {at} of {len(_captured(bench).captured)}"
    return Told(bench, f"{request.method} {request.url.partition('?')[0]}"[:200], [request], None, None, came=came)


def _captured(bench: ClientBench) -> CapturedBench:
    if not isinstance(bench, CapturedBench):
        raise TypeError("these laws judge what was captured")
    return bench


def _paths(bench: ClientBench) -> None:
    for at, request in _captured(bench).numbered():
        told = _told(bench, at, request)
        if not _api(request):
            violations = (each for name in API for each in _operation(name, request).violations)
            wrong = next((each for each in violations if "method" in each), "no operation has it")
            told.expect(False, f"a method and a path of the service; {wrong}"[:300])


def _valid(api: str) -> Callable[[ClientBench], None]:
    def check(bench: ClientBench) -> None:
        for at, request in _captured(bench).of(api):
            told, verdict = _told(bench, at, request), _operation(api, request)
            told.expect(not verdict.violations, f"a valid request; {'; '.join(verdict.violations)}"[:300])
            wrong = credentials(API[api], tolerated(request, api))
            told.expect(not wrong, f"right credentials; {'; '.join(wrong)}"[:300])
            if api == "messages":
                authorization_fits(bench, told)
            else:
                said: dict[str, Any] = verdict.document
                credentials_fit(bench, told, {name: signing.value_text(value) for name, value in said.items()})

    return check


def _law(name: str, sentence: str, source: str, api: str) -> Law[ClientBench]:
    check = _valid(api) if api else _paths
    asked = Need[ClientBench]("a request of this kind", lambda bench: bool(_captured(bench).of(api)))
    return evolve(law(name, sentence, source, check), wants=(asked,) if api else ())


LAWS: Final[tuple[Law[ClientBench], ...]] = (
    _law("requests/operations", "What is asked is an operation of the service.", "Alerts - Sending API Reference: Request; Messages API v0.1: Send a Message", ""),
    _law("requests/alerts", "An alert is sent as the spec has it, with right credentials.", "Alerts - Sending API Reference: Request; Encoding", "alerts"),
    _law("requests/two-factor", "A PIN is sent as the spec has it, with right credentials.", "Two-factor Authentication API Reference: Parameters", "two_factor"),
    _law("requests/opt-in", "Opt-outs are asked for, and numbers subscribed again, as the spec has it, with right credentials.", "Alerts - Subscribing API Reference: Parameters", "opt_in"),
    _law("requests/messages", "A message is sent as the spec has it, with right credentials.", "Messages API v0.1: Send a Message", "messages"),
)  # fmt: skip
