"""The receiver: from a path and a request to an answer, and everything between.

It finds what is registered at the path, verifies the request, reads the event, and has it handled as `delivering` says. Any
other answer than those of the spec makes the service send the event again, so a status says who has to act:

| answer | when |
|---|---|
| 200 | the event was handled, now or before |
| 400, 413 | it is no such event, or too large |
| 401 | it is not verified; a real one comes again |
| 404, 405 | nothing is registered there, or not for this method |
| 500 | the handler failed |
| 503 | the replay store cannot be asked, or another copy is being handled for long |

The body of a refusal says what was expected and where. About a signature it says nothing more than that it does not fit.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Final, Literal, TypeVar, overload

from attrs import define, field, frozen

from shortcode_clients import Webhook
from shortcode_clients.alerts.models import DeliveryReceipt
from shortcode_clients.messages.models import InboundMessage, MessageStatus
from shortcode_clients.opt_in.models import InboundSms
from shortcodekit.concealing import shortened
from shortcodekit.errors import InvalidRequest

from . import serving
from .delivering import LOG, PATIENCE, Outcome, Result, Steps, deliver, run, run_async
from .errors import MalformedWebhook, StoreUnavailable, VerificationFailed
from .events import Event
from .reading import MAX_BYTES, WEBHOOKS, refuse_size
from .requests import Request, Response, refusal
from .stores import MemoryStore, Store
from .verifying import JwtSecret, SigSecret, Verifier

H = TypeVar("H", bound=Callable[[Any], Any])
OfReceipt = TypeVar("OfReceipt", bound=Callable[[DeliveryReceipt], Any])
OfSms = TypeVar("OfSms", bound=Callable[[InboundSms], Any])
OfStatus = TypeVar("OfStatus", bound=Callable[[MessageStatus], Any])
OfMessage = TypeVar("OfMessage", bound=Callable[[InboundMessage], Any])
OfEvent = TypeVar("OfEvent", bound=Callable[[Event], Any])

BODY_TIMEOUT: Final = 10.0
"""For how many seconds a body may take to arrive."""
STORE_THREADS: Final = 8
"""How many threads ask a store that blocks, beside an event loop."""
LAST_MOMENTS: Final = 5.0
"""For how many seconds a server that ends waits for handlers that still run."""
COME_BACK: Final = 5
"""After how many seconds to try again, where that is known to help."""


@frozen
class Answered:
    """One request and what became of it, for metrics and traces. It holds nothing of what was written."""

    event: str | None
    """Which webhook it was for; None where nothing is registered."""
    path: str
    status: int
    """The HTTP status of the answer."""
    outcome: str
    """`handled`, `repeated`, `busy`, `failed`, `store-down`, `malformed`, `not-verified`, `no-such-path`, `no-such-method`."""
    seconds: float
    reason: str = ""
    """What was wrong; empty when nothing was."""


@frozen
class Route:
    """What is registered at a path."""

    webhook: Webhook[Any]
    handler: Callable[[Any], Any]
    takes_event: bool
    """Whether the handler is given the `Event` instead of its model."""
    verifiers: tuple[Verifier, ...]

    is_async: bool
    """Whether the handler is a coroutine function; another function may still return an awaitable."""


def _is_async(handler: Callable[[Any], Any]) -> bool:
    call = getattr(handler, "__call__", None)  # noqa: B004  # of an object that is called, its method
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)


@define(eq=False)
class Receiver:
    """Receives webhooks: each event is verified, read, and handled at least once, and not again after it has succeeded.

    Keywords:

    - `verify`: `SigSecret(secret, method=…)` for delivery receipts and inbound SMS, `JwtSecret(secret)` for the Messages API; or
      several, of which one has to fit, while secrets are changed or for events of both kinds; or None, said aloud, for none;
    - `replay`: the store that remembers events: `MemoryStore` (the default), `SqliteStore`, `RedisStore`;
    - `max_bytes`, how large a query or body may be; `body_timeout`, for how many seconds a body may take to arrive;
    - `patience`, for how many seconds a copy waits for another one that is being handled;
    - `on_answer`, called with an `Answered` for each request; `threads`, how many plain handlers run at a time beside an event
      loop; `clock`, which gives Unix seconds.

    `receiver.asgi` and `receiver.wsgi` are applications to mount. Share one receiver between all threads and tasks.
    """

    verify: Verifier | Iterable[Verifier] | None = field(kw_only=True, repr=False)
    replay: Store = field(kw_only=True, factory=MemoryStore)
    max_bytes: int = field(kw_only=True, default=MAX_BYTES)
    body_timeout: float = field(kw_only=True, default=BODY_TIMEOUT)
    patience: float = field(kw_only=True, default=PATIENCE)
    on_answer: Callable[[Answered], None] | None = field(kw_only=True, default=None, repr=False)
    threads: int = field(kw_only=True, default=32)
    clock: Callable[[], float] = field(kw_only=True, default=time.time, repr=False)
    _routes: dict[str, Route] = field(init=False, factory=dict, repr=False)
    _verifiers: tuple[Verifier, ...] = field(init=False, repr=False)
    _executors: dict[str, Executor] = field(init=False, factory=dict, repr=False)
    _closing: bool = field(init=False, default=False, repr=False)
    _running: set[asyncio.Future[Any]] = field(init=False, factory=set, repr=False)

    def __attrs_post_init__(self) -> None:
        given = () if self.verify is None else self.verify if isinstance(self.verify, Iterable) else (self.verify,)
        self._verifiers = tuple(given)
        if self.verify is not None and not self._verifiers:
            raise InvalidRequest(
                "a SigSecret, a JwtSecret, or several of them; None for no verification", field="verify"
            )
        for each in self._verifiers:
            if isinstance(each, type) or not callable(getattr(each, "verify", None)):
                raise InvalidRequest("a SigSecret or a JwtSecret, not the secret itself", field="verify")

    # ---- registering -------------------------------------------------------------------------------------------------

    @overload
    def on(self, event: Literal["delivery-receipt"], path: str) -> Callable[[OfReceipt], OfReceipt]: ...
    @overload
    def on(self, event: Literal["inbound-sms"], path: str) -> Callable[[OfSms], OfSms]: ...
    @overload
    def on(self, event: Literal["message-status"], path: str) -> Callable[[OfStatus], OfStatus]: ...
    @overload
    def on(self, event: Literal["inbound-message"], path: str) -> Callable[[OfMessage], OfMessage]: ...
    @overload
    def on(self, event: str, path: str) -> Callable[[H], H]: ...
    def on(self, event: str, path: str) -> Callable[[Any], Any]:
        """Registers a handler, plain or async, for `event` at `path`. It is given the model; what it returns is ignored.

        `event` is `delivery-receipt`, `inbound-sms`, `message-status` or `inbound-message`; `path` begins with a slash. Raises
        `InvalidRequest` for another event, a path that is taken, or an event that none of the secrets can verify.
        """
        return self._registering(event, path, takes_event=False)

    def accept(self, event: str, path: str) -> Callable[[OfEvent], OfEvent]:
        """The same for a handler that puts the event into a queue: it is given the `Event`, whose `to_json()` travels.

        When it returns the service is told that the event was taken. So it returns once the queue has the event for good.
        """
        return self._registering(event, path, takes_event=True)

    def _registering(self, event: str, path: str, *, takes_event: bool) -> Callable[[Any], Any]:
        webhook = WEBHOOKS.get(event)
        if webhook is None:
            raise InvalidRequest(f"one of {', '.join(WEBHOOKS)}", field="event")
        if not isinstance(path, str) or not path.startswith("/"):
            raise InvalidRequest("begins with a slash", field="path")
        verifiers = self._suited(webhook)
        self._refuse_taken(path)

        def register(handler: Any) -> Any:
            self._refuse_taken(path)
            if not callable(handler):
                raise InvalidRequest("a function", field="handler")
            self._routes[path] = Route(webhook, handler, takes_event, verifiers, _is_async(handler))
            return handler

        return register

    def _refuse_taken(self, path: str) -> None:
        if path in self._routes:
            raise InvalidRequest("another handler is registered there", field="path")

    def _suited(self, webhook: Webhook[Any]) -> tuple[Verifier, ...]:
        """Those that can verify an event of `webhook`. Only parameters can be signed, so nested JSON carries a token."""
        if webhook.from_form is None:
            suited = tuple(each for each in self._verifiers if not isinstance(each, SigSecret))
        else:
            suited = tuple(each for each in self._verifiers if not isinstance(each, JwtSecret)) or self._verifiers
        if self._verifiers and not suited:
            raise InvalidRequest(f"a JwtSecret, because the event {webhook.name} carries a token", field="verify")
        return suited

    # ---- answering ---------------------------------------------------------------------------------------------------

    def handle(self, path: str, request: Request) -> Response:
        """The answer to `request`, once its event was handled. Blocks; runs async handlers in an event loop of their own."""
        answering = self._answering(path, request)
        try:
            _, steps = next(answering)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the generator returns
        return _send(answering, run(steps))

    async def handle_async(self, path: str, request: Request) -> Response:
        """The same awaited. Plain handlers run in threads. Cancelling it leaves a handler that was begun running."""
        answering = self._answering(path, request)
        try:
            route, steps = next(answering)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # as above
        loop = asyncio.get_running_loop()
        running: asyncio.Future[Response]
        if route.is_async:
            running = loop.create_task(self._awaiting(answering, steps))
        else:
            context = contextvars.copy_context()
            running = loop.run_in_executor(self._pool("handlers"), context.run, lambda: _send(answering, run(steps)))
        self._running.add(running)
        running.add_done_callback(self._ended)
        return await asyncio.shield(running)

    async def _awaiting(self, answering: Answering, steps: Steps) -> Response:
        return _send(answering, await run_async(steps, self._pool("stores")))

    def _answering(self, path: str, request: Request) -> Answering:
        """Yields the steps of handling the event, if it comes to that; returns the answer."""
        started = time.perf_counter()
        route = self._routes.get(path)
        outcome, reason = "no-such-path", ""
        shown: object = ""
        if route is None:
            response = refusal(404, "no webhook is received here")
        elif request.method not in route.webhook.encodings:
            outcome = "no-such-method"
            methods = ", ".join(route.webhook.encodings)
            response = refusal(405, f"the event {route.webhook.name} comes by {methods}", {"Allow": methods})
        else:
            try:
                refuse_size(route.webhook, request, self.max_bytes)
                self._verify(route, request)
                event = Event(route.webhook.name, path, request)
                model = event.read(self.max_bytes)
            except VerificationFailed as error:
                outcome, reason = "not-verified", str(error)
                response = refusal(401, "this event is not signed as this receiver expects it")
            except MalformedWebhook as error:
                outcome, reason = "malformed", str(error)
                response = refusal(error.http_status, str(error))
            except Exception as error:  # noqa: BLE001  # of a verifier that is not ours
                outcome, reason = "failed", type(error).__name__
                response = _ANSWERS[Outcome.FAILED]
                LOG.error("verifying what came to %s failed; the event will come again", path, exc_info=error)
            else:
                shown = getattr(model, "msisdn", "") or getattr(model, "message_uuid", "")
                steps = deliver(
                    route.handler,
                    event if route.takes_event else model,
                    key=event.key,
                    store=self.replay,
                    seconds=route.webhook.seconds,
                    patience=self.patience,
                )
                result = yield route, steps
                outcome = result.outcome.value
                reason = "" if result.error is None else type(result.error).__name__
                if result.outcome is Outcome.STORE_DOWN and isinstance(result.error, StoreUnavailable):
                    reason = str(result.error)  # a store's own words; those of other errors may hold anything
                response = _ANSWERS[result.outcome]
                if result.outcome is Outcome.FAILED:
                    LOG.error("the handler of %s failed; the event will come again", path, exc_info=result.error)
        name = None if route is None else route.webhook.name
        self._tell(Answered(name, path, response.status, outcome, time.perf_counter() - started, reason), shown)
        return response

    def refuse(self, path: str, status: int, detail: str) -> Response:
        """The answer to a request whose body could not be read; it is told of as the others are."""
        route = self._routes.get(path)
        name = None if route is None else route.webhook.name
        self._tell(Answered(name, path, int(status), "malformed", 0.0, detail), "")
        return refusal(status, detail)

    def _verify(self, route: Route, request: Request) -> None:
        """Raises what the last of the verifiers said, unless one of them was content."""
        failed: VerificationFailed | None = None
        now = self.clock() if route.verifiers else 0.0
        for verifier in route.verifiers:
            try:
                return verifier.verify(request, now)
            except VerificationFailed as error:
                failed = error
        if failed is not None:
            raise failed
        return None

    def _tell(self, answered: Answered, shown: object) -> None:
        level = 20 if answered.status < 300 else 30
        if LOG.isEnabledFor(level):
            about = f" {shortened(shown)}" if shown else ""
            because = f": {answered.reason}" if answered.reason else ""
            LOG.log(
                level,
                "%s%s: %s, HTTP %d, %.3f s%s",
                answered.event or "request",
                about,
                answered.outcome,
                answered.status,
                answered.seconds,
                because,
            )
        if self.on_answer is not None:
            try:
                self.on_answer(answered)
            except Exception:  # noqa: BLE001  # a user's code, which must not keep the answer back
                LOG.exception("on_answer failed")

    # ---- mounting ----------------------------------------------------------------------------------------------------

    @property
    def asgi(self) -> Callable[[serving.Scope, serving.Receive, serving.Send], Awaitable[None]]:
        """The ASGI application. Mount it at a prefix, or let it be the whole application."""

        async def application(scope: serving.Scope, receive: serving.Receive, send: serving.Send) -> None:
            await serving.asgi(self, scope, receive, send)

        return application  # a plain function, which servers know as ASGI 3 when they look at it

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """The WSGI application. Mount it at a prefix, or let it be the whole application."""
        return serving.wsgi(self, environ, start_response)

    def knows(self, path: str) -> bool:
        """Whether something is registered at `path`."""
        return path in self._routes

    def close(self) -> None:
        """Ends the threads of this receiver once they have nothing to do; the next request starts new ones."""
        self._closing = True
        self._end_threads()

    async def aclose(self) -> None:
        """The same for a server that ends: async handlers that still run are cancelled, and give their events back first."""
        for running in self._running:
            if isinstance(running, asyncio.Task):
                running.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=LAST_MOMENTS)
        self.close()

    def _ended(self, running: asyncio.Future[Any]) -> None:
        self._running.discard(running)
        if self._closing:
            self._end_threads()

    def _end_threads(self) -> None:
        if not self._running:
            executors, self._executors = self._executors, {}
            for executor in executors.values():
                executor.shutdown(wait=False)

    def _pool(self, purpose: str) -> Executor:
        """The threads for plain handlers, or those that ask stores: handlers that take long must not keep the latter."""
        executor = self._executors.get(purpose)
        if executor is None:
            self._closing = False
            threads = self.threads if purpose == "handlers" else STORE_THREADS
            executor = ThreadPoolExecutor(threads, thread_name_prefix=f"shortcodekit-webhooks-{purpose}")
            self._executors[purpose] = executor
        return executor


Answering = Generator[tuple[Route, Steps], Result, Response]


def _send(answering: Answering, result: Result) -> Response:
    try:
        answering.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # as above
    raise AssertionError("there is one thing to handle in a request")


_TAKEN: Final = Response(200, {"Content-Type": "text/plain"})  # WSGI demands a type, even of nothing
_ANSWERS: Final = {
    Outcome.HANDLED: _TAKEN,
    Outcome.REPEATED: _TAKEN,
    Outcome.FAILED: refusal(500, "the event could not be handled; send it again"),
    Outcome.BUSY: refusal(503, "this event is being handled; send it again", {"Retry-After": str(COME_BACK)}),
    Outcome.STORE_DOWN: refusal(503, "events cannot be taken now; send it again", {"Retry-After": str(COME_BACK)}),
}
