"""The control API and the page: what `control.json` describes, over a `Service`.

Bodies and parameters are judged by that document. Only requests that a page of another origin cannot make are answered: a
browser names the host it believes to talk to, and where a script comes from.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import asdict, evolve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shortcodekit.errors import InvalidRequest

from .control_requests import HANDLERS, json_of, judge, limit, number, openapi, refused
from .delivery import Delivery
from .faults import NONE, Fault
from .outcomes import iso
from .service import Service
from .settings import CHANGEABLE, amount

PREFIX: Final = "/_sandbox/"
WAIT: Final = 20.0
"""Seconds after which a request for changes is answered though there are none."""
_PAGE: Final = files(__package__).joinpath("page")
_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_GUARDS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Control:
    """The control API of one service. `base_url` is where it is, for commands to copy."""

    def __init__(self, service: Service, delivery: Delivery, *, base_url: Callable[[], str], host: str) -> None:
        self._service = service
        self._delivery = delivery
        self._base_url = base_url
        self._host = host.lower()
        self._waiting: set[asyncio.Event] = set()
        self.closing = False
        names = {each.name for each in _PAGE.iterdir()} if _PAGE.is_dir() else set()
        self._files = frozenset(each for each in names if each.rpartition(".")[2] in _KINDS)
        self.asgi = Starlette(
            routes=[
                Route("/", self._page),
                *(
                    Route(
                        path, self._guarded(getattr(self, f"_{item[method]['operationId']}")), methods=[method.upper()]
                    )
                    for path, item in openapi()["paths"].items()
                    for method in item
                ),
                Route("/_sandbox/{name}", self._file),
            ],
            exception_handlers=HANDLERS,
        )
        self.asgi.router.redirect_slashes = False  # a redirection is no document of this API

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Why a request is not answered: it names another host, or comes from a page that is not the sandbox's."""
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
            elsewhere = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        except ValueError:
            name, elsewhere = "", True
        if not _is_address(name) and name not in {"localhost", self._host}:
            return "the page and the control API answer under an IP address or localhost only"
        if elsewhere:
            return "the control API does not answer pages of another origin"
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and headers.get("sec-fetch-mode") != "navigate":
            return "the control API does not answer pages of another origin"
        return ""

    def changed(self) -> None:
        """Answers those who wait for changes."""
        for each in self._waiting:
            each.set()

    def close(self) -> None:
        """Lets nobody wait any more."""
        self.closing = True
        self.changed()

    def _guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            before = self._service.store.revision
            response = await endpoint(request)
            if self._service.store.revision != before:
                self.changed()
            response.headers.update(_GUARDS)
            return response

        return answer

    # ---- the page --------------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        return await self._read("index.html", request)

    async def _file(self, request: Request) -> Response:
        return await self._read(request.path_params["name"], request)

    async def _read(self, name: str, _: Request) -> Response:
        if name not in self._files:
            return refused(404, "there is nothing at this path")
        content = _PAGE.joinpath(name).read_bytes()
        return Response(content, headers={**_GUARDS, "content-type": _KINDS[name.rpartition(".")[2]]})

    # ---- looking ---------------------------------------------------------------------------------------------------------

    async def _health(self, _: Request) -> Response:
        from importlib.metadata import version  # noqa: PLC0415  # slow to import, and seldom asked

        store = self._service.store
        return JSONResponse(
            {
                "status": "ok",
                "version": version("shortcodekit"),
                "now": iso(self._service.clock.now()),
                "revision": store.revision,
                "pending_webhooks": store.pending(),
                "balance": amount(store.balance),
            }
        )

    async def _document(self, _: Request) -> Response:
        return JSONResponse(openapi())

    async def _changes(self, request: Request) -> Response:
        after, changed = number(request, "after", 0), asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(WAIT):
                while self._service.store.revision <= (after or 0) and not self.closing:
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(changed)
        return JSONResponse({"revision": self._service.store.revision})

    async def _messages(self, request: Request) -> Response:
        return JSONResponse(
            self.messages(limit(request), number(request, "before"), request.query_params.get("msisdn"))
        )

    def messages(self, most: int, before: int | None = None, phone: str | None = None) -> list[dict[str, Any]]:
        """Messages, newest first."""
        return [_timed(each) for each in self._service.store.messages(limit=most, before=before, phone=phone)]

    async def _phones(self, request: Request) -> Response:
        store, short_code = self._service.store, self._service.settings.short_code
        phones = []
        for phone, last in store.phones(limit(request)):
            message = _timed(store.message(last))
            out = store.is_opted_out(short_code, phone)
            phones.append({"msisdn": phone, "channel": message["channel"], "opted_out": out, "last": message})
        return JSONResponse(phones)

    async def _requests(self, request: Request) -> Response:
        return JSONResponse(self.requests(limit(request)))

    def requests(self, most: int) -> list[dict[str, Any]]:
        """Requests to the service, newest first."""
        asked = list(self._service.asked)[::-1][:most]
        return [each.told(self._base_url()) for each in asked]

    async def _webhooks(self, request: Request) -> Response:
        return JSONResponse(self.attempts(limit(request), number(request, "before")))

    def attempts(self, most: int, before: int | None = None) -> list[dict[str, Any]]:
        """Attempts to deliver events, newest first."""
        return [_timed(each) for each in self._service.store.attempts(limit=most, before=before)]

    async def _optOuts(self, request: Request) -> Response:  # noqa: N802  # as the document names it
        return JSONResponse(self.opt_outs(limit(request)))

    def opt_outs(self, most: int) -> list[dict[str, Any]]:
        """Who opted out of the campaign, in order."""
        found = self._service.store.opt_outs(self._service.settings.short_code, size=most)
        return [each.record(out=True).to_dict() for each in found]

    # ---- doing -----------------------------------------------------------------------------------------------------------

    async def _text(self, request: Request) -> Response:
        said = await json_of(request)
        judge("Text", said)
        sent = self.text(request.path_params["msisdn"], **said)
        return JSONResponse(_timed(self._service.store.message(sent)), 201)

    def text(
        self, phone: str, text: str = "", *, to: str | None = None, channel: str = "sms",
        content: dict[str, Any] | None = None,
    ) -> int:  # fmt: skip
        """A phone sends something; the number of the message."""
        if not phone or len(phone) > 50 or not phone.isprintable():
            raise InvalidRequest("from 1 to 50 printable characters", field="msisdn")
        return self._service.text(phone, text=text, to=to, channel=channel, content=content)

    async def _templates(self, _: Request) -> Response:
        return JSONResponse(self.templates())

    def templates(self) -> dict[str, str]:
        """The campaign's templates by index."""
        return {str(index): text for index, text in sorted(self._service.store.templates.items())}

    async def _setTemplates(self, request: Request) -> Response:  # noqa: N802  # as above
        said = await json_of(request)
        if isinstance(said, list):
            said = {str(index): text for index, text in enumerate([*said, *[None] * 6][: max(6, len(said))])}
        self.set_templates(said)
        return JSONResponse(self.templates())

    def set_templates(self, said: Any) -> None:
        """Sets templates by index, or removes those that are None; `InvalidRequest` names what is wrong."""
        judge("Templates", said)
        self._service.store.set_templates({int(index): text for index, text in said.items()})

    async def _faults(self, _: Request) -> Response:
        return JSONResponse([told_fault(each) for each in self._service.store.faults])

    async def _addFault(self, request: Request) -> Response:  # noqa: N802  # as above
        return JSONResponse(told_fault(self.add_fault(await json_of(request))), 201)

    def add_fault(self, said: Any) -> Fault:
        """Puts a fault in force; `InvalidRequest` names what is wrong."""
        judge("Fault", said)
        return self._service.store.add_fault(Fault(**said))

    async def _deleteFaults(self, request: Request) -> Response:  # noqa: N802  # as above
        self._service.store.delete_faults(number(request, "id"))
        return Response(status_code=204)

    async def _applications(self, _: Request) -> Response:
        return JSONResponse([{"id": each} for each in self._service.store.applications])

    async def _setApplication(self, request: Request) -> Response:  # noqa: N802  # as above
        said, name = await json_of(request), request.path_params["id"]
        if not isinstance(said, dict) or said.keys() != {"public_key"} or len(name) > 100:
            raise InvalidRequest("an object with the key public_key", field="the body")
        if not self._service.register(name, said["public_key"]):
            raise InvalidRequest("an RSA public key in PEM", field="public_key")
        return JSONResponse({"id": name})

    async def _settings(self, _: Request) -> Response:
        return JSONResponse(self.settings())

    def settings(self) -> dict[str, Any]:
        """What is set, without secrets."""
        settings = self._service.settings
        told = {name: getattr(settings, name) for name in CHANGEABLE}
        return {**told, "short_code": settings.short_code, "api_key": self._service.account.api_key}

    async def _setSettings(self, request: Request) -> Response:  # noqa: N802  # as above
        said = await json_of(request)
        if not isinstance(said, dict):
            raise InvalidRequest("an object", field="the body")
        self.configure(**said)
        return JSONResponse(self.settings())

    def configure(self, **said: Any) -> None:
        """Sets what is named; `InvalidRequest` names what is wrong."""
        for name in said:
            if name not in CHANGEABLE:
                raise InvalidRequest(f"one of {', '.join(CHANGEABLE)}", field="a setting")
        if not isinstance(said.get("sign_webhooks", False), bool):
            raise InvalidRequest("true or false", field="sign_webhooks")
        values: dict[str, Any] = {name: None if value == "" else value for name, value in said.items()}
        changed = evolve(self._service.settings, **values)
        self._service.settings = changed
        self._service.clock.scale = changed.time_scale
        self._service.store.revision += 1
        self._service.wake(0)  # earlier than all that is waited for: the clock may go faster now

    async def _advance(self, request: Request) -> Response:
        said = await json_of(request)
        seconds = said.get("advance") if isinstance(said, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 31_622_400:
            raise InvalidRequest("a number of seconds from 0 to 31622400", field="advance")
        await self._delivery.advance(seconds)
        return JSONResponse({"now": iso(self._service.clock.now())})

    async def _reset(self, _: Request) -> Response:
        self._service.reset()
        return Response(status_code=204)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def told_fault(fault: Fault) -> dict[str, Any]:
    """A fault as it is told: what it says, its number, and how often it is left."""
    said = {name: value for name, value in asdict(fault).items() if value != getattr(NONE, name)}
    return {**said, "id": fault.id, "times": fault.times}


def _timed(told: dict[str, Any]) -> dict[str, Any]:
    """The same with its times written out."""
    for name in ("at", "next_try"):
        if told.get(name) is not None:
            told[name] = iso(told[name])
    for event in told.get("events", ()):
        _timed(event)
    return told
