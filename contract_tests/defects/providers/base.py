"""How a seeded provider is made: the sandbox's service, bent at one place.

A bend sits where the mistake would sit in a provider: in how it reads a request, in what it takes for said, in what it
decides, in how it writes the answer, or in what it makes of a text from a phone. All else stays the sandbox's, so that one thing
alone is wrong. Nothing is patched: a bend belongs to one instance, and so does what it remembers.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from typing import Any, Final, TypeVar

from attrs import field, frozen

from shortcode_clients.alerts.models import RestError
from shortcodekit.sandbox.app import App
from shortcodekit.sandbox.clock import Clock
from shortcodekit.sandbox.control import Control
from shortcodekit.sandbox.credentials import Account
from shortcodekit.sandbox.delivery import Delivery
from shortcodekit.sandbox.faults import NONE, Fault
from shortcodekit.sandbox.incoming import Incoming, Parameters, normal_path
from shortcodekit.sandbox.outcomes import Outcome, World
from shortcodekit.sandbox.service import QUERY, ROUTES, SEND_MESSAGE, TO_ONE, Answer, Route, Service
from shortcodekit.sandbox.settings import Settings
from shortcodekit.sandbox.storage import Store

F = TypeVar("F")
Asked = Callable[["Bent", Incoming], Incoming | Answer]
Said = Callable[["Case", dict[str, Any]], object]
InWorld = Callable[["Bent", World], World]
Decided = Callable[["Case", Outcome], Outcome]
Answered = Callable[["Bent", Incoming, Answer], Answer]
Texted = Callable[["Bent", str, str], str]


@frozen
class Provider:
    """A stand-in for the service."""

    name: str
    sentence: str
    """What is wrong with it, or of what temper it is."""
    make: Callable[[Account], App] = field(repr=False)
    """A new one for an account, with nothing in its memory."""


@frozen
class Bend:
    """Where a provider differs from the sandbox."""

    asked: Asked = lambda _, request: request
    """The request that is read instead, or its answer at once."""
    said: Said = lambda _case, _said: None
    """Changes the parameters of an alert or opt-in request in place; a signature is still judged by what was sent."""
    world: InWorld = lambda _, world: world
    """What is decided by."""
    decided: Decided = lambda _, outcome: outcome
    """What comes of a request instead."""
    answered: Answered = lambda _service, _request, answer: answer
    """What is sent instead."""
    texted: Texted = lambda _service, _phone, text: text
    """What a phone's text is taken for."""
    set_up: Callable[[Bent], object] = lambda _: None
    """Prepares a new one."""


@frozen
class Case:
    """A request while it is decided."""

    service: Bent
    route: Route
    request: Incoming
    parameters: Parameters | None

    @property
    def said(self) -> dict[str, Any]:
        """The parameters; none of the Messages API."""
        return {} if self.parameters is None else self.parameters.said

    @property
    def is_alert(self) -> bool:
        """Whether it is an alert, or a two-factor message, which is answered like one."""
        return self.route.operation in TO_ONE

    @property
    def is_query(self) -> bool:
        return self.route.operation == QUERY

    @property
    def is_message(self) -> bool:
        return self.route.operation == SEND_MESSAGE

    def again(self, request: Incoming) -> Outcome:
        """What would have come of another request; nothing of it is carried out."""
        return self.service.unbent(self.route, request, self.parameters)


class Bent(Service):
    """The sandbox's service with a bend in it. `seed` makes its ids the same each time."""

    def __init__(self, account: Account, bend: Bend, *, seed: str) -> None:
        settings = Settings(seed=seed)
        super().__init__(settings, account, Store(seed=seed, balance=settings.balance), Clock())
        self.memory: dict[str, Any] = {}
        self._bend = bend
        weakref.finalize(self, self.store.close)
        bend.set_up(self)

    def answer(self, request: Incoming) -> Answer:
        asked = self._bend.asked(self, request)
        answer = asked if isinstance(asked, Answer) else super().answer(asked)
        return self._bend.answered(self, request, answer)

    def reset(self) -> None:
        super().reset()
        self.memory.clear()
        self._bend.set_up(self)

    def unbent(self, route: Route, request: Incoming, parameters: Parameters | None) -> Outcome:
        """What comes of a request, but for the bend."""
        return super()._outcome(route, request, parameters, NONE)

    def text(self, phone: str, *, text: str, to: str | None, channel: str, content: dict[str, Any] | None) -> int:
        text = self._bend.texted(self, phone, text)
        return super().text(phone, text=text, to=to, channel=channel, content=content)

    def _outcome(self, route: Route, request: Incoming, said: Parameters | None, fault: Fault) -> Outcome:
        case = Case(self, route, request, said)
        if said is not None:
            self._bend.said(case, said.said)
        return self._bend.decided(case, super()._outcome(route, request, said, fault))

    def _world(self, fault: Fault = NONE) -> World:
        return self._bend.world(self, super()._world(fault))


def application(service: Service, kind: type[App] = App) -> App:
    """The service as an ASGI application, with the control API beside it: phones text through that."""
    return kind(service, Control(service, Delivery(service), base_url=lambda: "http://127.0.0.1", host="127.0.0.1"))


def provider(name: str, sentence: str, bend: Bend, kind: type[App] = App) -> Provider:
    """The sandbox with one bend."""
    return Provider(name, sentence, lambda account: application(Bent(account, bend, seed=name), kind))


class Catalogue:
    """Providers, each noted where its bend is written."""

    def __init__(self) -> None:
        self.providers: list[Provider] = []

    def add(self, name: str, sentence: str, bend: Bend, kind: type[App] = App) -> None:
        """Notes one."""
        self.providers.append(provider(name, sentence, bend, kind))

    def asked(self, name: str, sentence: str) -> Callable[[Asked], Asked]:
        """Notes one whose bend is the decorated function, as do those below."""
        return self._noting(name, sentence, lambda bend: Bend(asked=bend))

    def said(self, name: str, sentence: str) -> Callable[[Said], Said]:
        return self._noting(name, sentence, lambda bend: Bend(said=bend))

    def world(self, name: str, sentence: str) -> Callable[[InWorld], InWorld]:
        return self._noting(name, sentence, lambda bend: Bend(world=bend))

    def decided(self, name: str, sentence: str) -> Callable[[Decided], Decided]:
        return self._noting(name, sentence, lambda bend: Bend(decided=bend))

    def answered(self, name: str, sentence: str) -> Callable[[Answered], Answered]:
        return self._noting(name, sentence, lambda bend: Bend(answered=bend))

    def texted(self, name: str, sentence: str) -> Callable[[Texted], Texted]:
        return self._noting(name, sentence, lambda bend: Bend(texted=bend))

    def _noting(self, name: str, sentence: str, made: Callable[[F], Bend]) -> Callable[[F], F]:
        def note(bend: F) -> F:
            self.add(name, sentence, made(bend))
            return bend

        return note


# ---- answers ---------------------------------------------------------------------------------------------------------

JSON: Final = "application/json"
XML: Final = "application/xml"
PAGE: Final = b"<!doctype html><title>Error</title><h1>Something went wrong</h1>"


def route_of(request: Incoming) -> Route | None:
    return ROUTES.get(normal_path(request.path))


def is_rest(request: Incoming) -> bool:
    """Whether it is for the alert or opt-in API."""
    route = route_of(request)
    return route is not None and route.operation != SEND_MESSAGE


def is_alert(request: Incoming) -> bool:
    route = route_of(request)
    return route is not None and route.operation in TO_ONE


def is_message(request: Incoming) -> bool:
    route = route_of(request)
    return route is not None and route.operation == SEND_MESSAGE


def is_json(answer: Answer) -> bool:
    return ("content-type", JSON) in answer.headers


def is_xml(answer: Answer) -> bool:
    return ("content-type", XML) in answer.headers


def typed(answer: Answer, content_type: str) -> Answer:
    """The same under another content type."""
    answer.headers = [(name, content_type if name == "content-type" else value) for name, value in answer.headers]
    return answer


def edited(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """A JSON answer with another document; any other as it is."""
    if is_json(answer):
        answer.body = json.dumps(change(json.loads(answer.body)), ensure_ascii=False, separators=(",", ":")).encode()
    return answer


def failed() -> Answer:
    """What a server says that fell over."""
    return Answer(500, [("content-type", "text/html; charset=utf-8")], PAGE)


def refused(status: int, reason: str) -> Answer:
    """A refusal of the whole request."""
    return Answer(status, [("content-type", JSON)], RestError(str(status), reason).to_json())
