"""The service itself, without sockets: a request in, an answer out, and what changed written down before the answer is given.

The paths, methods and operations are those of the specs. What a request comes to is decided by the modules of its operation;
here it is carried out: faults are applied, what changes is stored in one transaction, and the events that follow are put
where the delivery of webhooks finds them.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, cast

from attrs import define, evolve, frozen

from shortcode_clients import alerts as alerts_api
from shortcode_clients import messages as messages_api
from shortcode_clients import opt_in as opt_in_api
from shortcode_clients import two_factor as two_factor_api

from . import alerts, credentials, messages, opt_in, phones, reproduce, sending, two_factor
from .clock import Clock
from .credentials import Account
from .faults import NONE, Fault, arranged, first
from .incoming import Incoming, Parameters, normal_path, parameters, text_or_none
from .opt_in import Passes
from .outcomes import Ids, Outcome, World, iso
from .settings import Settings
from .storage import Store

TO_ONE: Final = {"sendAlert": alerts.KIND, "sendTwoFactor": two_factor.KIND}
"""The operations that send to one number."""
QUERY: Final = "queryOptOuts"
SEND_MESSAGE: Final = "sendMessage"
KEPT_REQUESTS: Final = 500
_LONGEST: Final = 16 * 1024
"""How much of a body, and of a query, is kept to be looked at."""
_JSON: Final = ("content-type", "application/json")
_XML: Final = ("content-type", "application/xml")


@frozen
class Route:
    """An operation at one path; `format` is that of the answers."""

    operation: str
    format: str
    methods: tuple[str, ...]


def _routes() -> Iterator[tuple[str, Route]]:
    for api in (alerts_api, two_factor_api, opt_in_api, messages_api):
        for path, item in _document(api)["paths"].items():
            methods = tuple(each.upper() for each in item if each in {"get", "post"})
            for form in ("json", "xml") if "{format}" in path else ("json",):
                yield path.replace("{format}", form), Route(item["post"]["operationId"], form, methods)


def _document(api: ModuleType) -> dict[str, Any]:
    return cast(dict[str, Any], api.openapi())


ROUTES: Final = dict(_routes())


@define
class Answer:
    """What to send back, and how."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    fault: Fault = NONE


@frozen
class Asked:
    """A request and what came of it, to be looked at."""

    id: int
    at: float
    request: Incoming
    operation: str | None
    msisdn: str | None
    status: int
    code: str | None
    detail: str | None
    fault: int | None
    seconds: float
    message: int | None
    answer: bytes

    def told(self, base_url: str) -> dict[str, Any]:
        """As the control API tells it."""
        return {
            "id": self.id,
            "at": iso(self.at),
            "method": self.request.method,
            "path": re.sub("//[^/@]*@", "//", self.request.path),
            "operation": self.operation,
            "msisdn": _writable(self.msisdn),
            "status": self.status,
            "code": self.code,
            "detail": _writable(self.detail),
            "fault": self.fault,
            "seconds": round(self.seconds, 6),
            "message": self.message,
            "request": reproduce.shown(self.request),
            "answer": self.answer.decode("utf-8", "replace"),
            "curl": reproduce.curl(self.request, base_url),
        }


def _writable(text: str | None) -> str | None:
    """The beginning of a text that a sender had a hand in, without halves of characters, which no answer can carry."""
    return text if text is None else text[:2000].encode("utf-8", "replace").decode("utf-8")


class Service:
    """A sandbox's service. Used by one thread at a time."""

    def __init__(
        self, settings: Settings, account: Account, store: Store, clock: Clock, real: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.account = account
        self.store = store
        self.clock = clock
        self.asked: deque[Asked] = deque(maxlen=KEPT_REQUESTS)
        self.tell: list[Callable[[Asked], object]] = []
        """Called with each request after it was carried out."""
        self.wake: Callable[[float], object] = lambda _: None
        """Called with the time, by the sandbox's clock, at which there is something to deliver."""
        self._real = real
        self._passes = Passes()
        self._refusals = Ids(f"{store.ids.seed}/refusals")
        self._keys: dict[str, Any] = {}
        self._count = 0
        self._load_keys()

    # ---- requests --------------------------------------------------------------------------------------------------------

    def answer(self, request: Incoming) -> Answer:
        """What the service answers to `request`, which is carried out by then."""
        began = time.perf_counter()
        route = ROUTES.get(normal_path(request.path))
        if route is None:
            outcome = opt_in.refusal(404, "there is nothing at this path")
            return self._finish(request, outcome, began)
        if request.method not in route.methods:
            outcome = self._refusal(route, 405, f"the method is one of {', '.join(route.methods)}")
            answer = self._finish(request, outcome, began, route=route)
            answer.headers.append(("allow", ", ".join(route.methods)))
            return answer
        said: Parameters | None = None
        if route.operation == SEND_MESSAGE:
            msisdn = messages.recipient(request.body) if self.store.faults else None
        else:
            said = parameters(request, takes_json=route.format == "json")
            msisdn = text_or_none(said.said, "to" if route.operation in TO_ONE else "msisdn")
        fault = first(self.store.faults, route.operation, msisdn) if self.store.faults else NONE
        number = None
        if fault is not NONE:
            self.store.use(fault)
        if fault.http_status is not None:
            outcome = self._refusal(route, fault.http_status, "a fault of the sandbox, as it was asked for")
        else:
            outcome = self._outcome(route, request, said, fault)
            number = self._carry_out(outcome, fault)
        if outcome.message is not None:
            msisdn = outcome.message.phone
        return self._finish(request, outcome, began, route=route, msisdn=msisdn, fault=fault, number=number)

    def _outcome(self, route: Route, request: Incoming, said: Parameters | None, fault: Fault) -> Outcome:
        world = self._world(fault)
        now = self._real()
        if said is None:
            return messages.send(request, self.account, self._keys, world, now)
        if route.operation in TO_ONE:
            return sending.send(TO_ONE[route.operation], said, self.account, world, now)
        sender = self.settings.short_code
        if route.operation == QUERY:
            page = lambda size, behind, skip: self.store.opt_outs(sender, size=size, behind=behind, skip=skip)  # noqa: E731
            return opt_in.query(said, self.account, now, self._passes, page)
        known = lambda msisdn: self.store.subscription(sender, msisdn)  # noqa: E731
        return opt_in.resubscribe(said, self.account, world, now, known)

    def _world(self, fault: Fault = NONE) -> World:
        store = self.store
        return World(
            self.settings,
            self.clock.now(),
            store.ids,
            self._refusals,
            store.balance,
            store.templates,
            store.is_opted_out,
            fault,
        )

    def _carry_out(self, outcome: Outcome, fault: Fault) -> int | None:
        """Stores what changes; the number of the message, if there is one."""
        if outcome.message is None and outcome.subscribe is None:
            return None
        now, number = self.clock.now(), None
        events = arranged(outcome.events, fault)
        with self.store.writing():
            if outcome.subscribe is not None:
                sender, msisdn, wanted = outcome.subscribe
                self.store.subscribe(sender, msisdn, wanted=wanted, at=now)
            if outcome.message is not None:
                number = self.store.add(outcome.message, events, now, outcome.spent)
        if events:
            self.wake(min(due for _, due in events))
        return number

    def _refusal(self, route: Route, status: int, reason: str) -> Outcome:
        if route.operation == SEND_MESSAGE:
            return messages.problem(status, reason, self._world())
        return opt_in.refusal(status, reason)

    def _finish(
        self,
        request: Incoming,
        outcome: Outcome,
        began: float,
        *,
        route: Route | None = None,
        msisdn: str | None = None,
        fault: Fault = NONE,
        number: int | None = None,
    ) -> Answer:
        model: Any = outcome.answer
        if route is not None and route.format == "xml":
            answer = Answer(outcome.status, [_XML], model.to_xml(), fault)
        else:
            answer = Answer(outcome.status, [_JSON], model.to_json(), fault)
        if fault.http_status is not None and fault.retry_after is not None:
            answer.headers.append(("retry-after", str(fault.retry_after)))
        if fault.answer == "html":
            answer.headers = [("content-type", "text/html; charset=utf-8")]
            answer.body = b"<!doctype html><title>Bad gateway</title><h1>Something else answered</h1>"
        self._count += 1
        short = request
        if len(request.body) + len(request.query) > _LONGEST:
            short = evolve(request, body=request.body[:_LONGEST], query=request.query[:_LONGEST])
        asked = Asked(
            self._count,
            self.clock.now(),
            short,
            route.operation if route else None,
            msisdn,
            0 if fault.answer == "reset" else outcome.status,
            outcome.code,
            outcome.detail,
            fault.id or None,
            time.perf_counter() - began,
            number,
            answer.body[:2000],
        )
        self.asked.append(asked)
        self.store.revision += 1
        for tell in self.tell:
            tell(asked)
        return answer

    # ---- what the control API asks for -----------------------------------------------------------------------------------

    def text(self, phone: str, *, text: str, to: str | None, channel: str, content: dict[str, Any] | None) -> int:
        """A phone sends something; the number of the message. `InvalidRequest` when it cannot be sent like that."""
        short_code = self.settings.short_code
        if channel == "sms" and content is None and to in {None, short_code}:
            outcome = phones.text(phone, text, self._world())
        else:
            to = to or self.store.last_sender(channel) or short_code
            outcome = phones.message(channel, phone, to, content or {"type": "text", "text": text}, self._world())
        number = self._carry_out(outcome, first(self.store.faults, None, phone) if self.store.faults else NONE)
        return cast(int, number)

    def register(self, name: str, pem: str) -> bool:
        """Registers an application; False when `pem` is no RSA public key."""
        key = credentials.public_key(pem)
        if key is None:
            return False
        self.store.set_application(name, pem)
        self._keys[name] = key
        return True

    def _load_keys(self) -> None:
        for name, pem in self.store.applications.items():
            self._keys[name] = credentials.public_key(pem)

    def reset(self) -> None:
        """Begins anew; ids go on, so that none is given twice."""
        self.store.reset()
        self._passes.forget()
        self.asked.clear()
