"""A sandbox inside the process that uses it: what tests hold in their hands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from shortcodekit.auth import Basic, Jwt, KeySecret, Signed

from .errors import SandboxError
from .faults import Fault
from .instance import Instance
from .settings import Settings

T = TypeVar("T")
_PATIENCE: Final = 30


class Phone:
    """A recipient's phone: what it received, and a way to text back."""

    def __init__(self, sandbox: Sandbox, msisdn: str) -> None:
        self._sandbox = sandbox
        self.msisdn = msisdn

    def text(self, text: str, *, to: str | None = None) -> dict[str, Any]:
        """Texts: to the campaign's short code, or to another sender of the account. What was sent is returned."""
        return self._sandbox.send_from(self.msisdn, text=text, to=to)

    def send(
        self, channel: str, content: dict[str, Any] | None = None, *, text: str = "", to: str | None = None
    ) -> dict[str, Any]:
        """Sends on a channel of the Messages API: a text, or `content` of any kind that the channel has."""
        return self._sandbox.send_from(self.msisdn, text=text, to=to, channel=channel, content=content)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What it received and sent, newest first."""
        return self._sandbox.messages_of(self.msisdn)

    @property
    def texts(self) -> list[str]:
        """The texts that it received, in order."""
        received = (each for each in reversed(self.messages) if each["direction"] == "outbound")
        return [each["text"] for each in received if each.get("reached", True)]

    def __repr__(self) -> str:
        return f"Phone({self.msisdn!r})"


class Faults:
    """The faults in force."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def add(self, **said: Any) -> int:
        """Puts a fault in force, and gives its number. The keywords are the members of `Fault`, in the control API's document."""
        return self._sandbox.on_its_thread(lambda instance: instance.control.add_fault(said)).id

    def clear(self, number: int | None = None) -> None:
        """Ends one fault, or all."""
        self._sandbox.on_its_thread(lambda instance: instance.service.store.delete_faults(number))

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._sandbox.on_its_thread(lambda instance: list(instance.service.store.faults)))

    def __len__(self) -> int:
        return len(list(iter(self)))


class Sandbox:
    """A sandbox on a loopback port, in a thread of its own: `with Sandbox() as sandbox: …`.

    Parameters: `db`, a file to keep the state in, else it is gone at the end; `host` and `port`, any free one by default;
    `seed`, for the same ids in the same order; and what `shortcodekit.sandbox.Settings` has, such as `receipt_url`,
    `api_key`, or `sign_webhooks`. Credentials that are not given are made up. Raises `SandboxError` when it cannot start.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, db: str | None = None, **settings: Any) -> None:
        self._made = partial(Instance, Settings(**settings), host=host, port=port, db=db)
        self._instance: Instance | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # ---- its life --------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Begins to answer; nothing when it does already."""
        if self._instance is not None:
            return self
        started, failed = threading.Event(), []

        def run() -> None:
            loop = asyncio.new_event_loop()
            try:
                instance = self._made()
                loop.run_until_complete(instance.start())
                self._loop, self._instance = loop, instance
            except BaseException as error:  # noqa: BLE001  # it is raised where it was asked for
                failed.append(error)
            finally:
                started.set()
            if not failed:
                loop.run_forever()
            loop.close()

        self._thread = threading.Thread(target=run, name="shortcodekit-sandbox", daemon=True)
        self._thread.start()
        started.wait()
        if failed:
            raise failed[0]
        return self

    def stop(self) -> None:
        """Ends; nothing when it is not running. What is in its file stays there, and another `start` goes on with it."""
        if self._instance is None or self._loop is None or self._thread is None:
            return
        instance, loop = self._instance, self._loop
        with suppress(Exception):
            self._awaited(instance.stop())
        self._instance = None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def on_its_thread(self, ask: Callable[[Instance], T]) -> T:
        """What `ask` gives, called on the sandbox's own thread; for what has no method here."""

        async def asked() -> T:
            instance = self._running
            before = instance.service.store.revision
            given = ask(instance)
            if instance.service.store.revision != before:
                instance.control.changed()
            return given

        return self._awaited(asked())

    def _awaited(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._loop is None or self._instance is None:
            coroutine.close()
            raise SandboxError("the sandbox is not running")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @property
    def _running(self) -> Instance:
        if self._instance is None:
            raise SandboxError("the sandbox is not running")
        return self._instance

    # ---- its account -----------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it is: the `base_url` of clients."""
        return self._running.url

    @property
    def api_key(self) -> str:
        """The account's key."""
        return self._running.account.api_key

    @property
    def api_secret(self) -> str:
        """The account's secret."""
        return self._running.account.api_secret

    @property
    def signature_secret(self) -> str:
        """The account's signature secret: requests may be signed with it, and webhooks are."""
        return self._running.account.signature_secret

    @property
    def auth(self) -> KeySecret:
        """Authentication for `AlertsClient`, `TwoFactorClient` and `OptInClient`."""
        return KeySecret(self.api_key, self.api_secret)

    def signed(self, method: str = "sha256") -> Signed:
        """The same by signature."""
        return Signed(self.api_key, self.signature_secret, method=method)

    @property
    def basic(self) -> Basic:
        """Authentication for `MessagesClient`."""
        return Basic(self.api_key, self.api_secret)

    def jwt(self, application_id: str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee") -> Jwt:
        """The same by the token of an application, which is registered with a new key."""
        private, public = self._key_pair
        self.register(application_id, public)
        return Jwt(application_id, private)

    @cached_property
    def _key_pair(self) -> tuple[str, str]:
        from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415  # slow, and seldom needed
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415

        key = generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        return private.decode("ascii"), public.decode("ascii")

    def register(self, application_id: str, public_key: str) -> None:
        """Registers an application of the Messages API, whose tokens are then taken."""
        if not self.on_its_thread(lambda instance: instance.service.register(application_id, public_key)):
            raise SandboxError("an application is registered with an RSA public key in PEM")

    # ---- looking ---------------------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What phones received and sent, newest first, as `GET /_sandbox/messages` tells it; the last 10,000."""
        return self.on_its_thread(lambda instance: instance.control.messages(_MOST))

    def messages_of(self, msisdn: str) -> list[dict[str, Any]]:
        """Those of one phone."""
        return self.on_its_thread(lambda instance: instance.control.messages(_MOST, phone=msisdn))

    @property
    def webhooks(self) -> list[dict[str, Any]]:
        """Attempts to deliver webhooks, newest first, as `GET /_sandbox/webhooks` tells them; the last 10,000."""
        return self.on_its_thread(lambda instance: instance.control.attempts(_MOST))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What the service was asked, newest first, as `GET /_sandbox/requests` tells it; the last 500."""
        return self.on_its_thread(lambda instance: instance.control.requests(_MOST))

    @property
    def opt_outs(self) -> list[str]:
        """The numbers that opted out of the campaign, in order."""
        return [each["msisdn"] for each in self.on_its_thread(lambda instance: instance.control.opt_outs(_MOST))]

    @property
    def templates(self) -> dict[int, str]:
        """The campaign's templates by index."""
        return self.on_its_thread(lambda instance: dict(instance.service.store.templates))

    @property
    def now(self) -> float:
        """The sandbox's time, in Unix seconds."""
        return self._running.service.clock.now()

    # ---- doing -----------------------------------------------------------------------------------------------------------

    def phone(self, msisdn: str) -> Phone:
        """A phone, by its number."""
        return Phone(self, msisdn)

    @property
    def faults(self) -> Faults:
        """The faults in force: `sandbox.faults.add(status="1", times=2)`."""
        return Faults(self)

    def send_from(self, msisdn: str, **said: Any) -> dict[str, Any]:
        """A phone sends something; see `Phone`."""

        def send(instance: Instance) -> dict[str, Any]:
            sent = instance.control.text(msisdn, **said)
            return instance.control.messages(1, before=sent + 1)[0]

        return self.on_its_thread(send)

    def set_templates(self, templates: dict[int, str | None]) -> None:
        """Sets templates by index, or removes those that are None."""
        said = {str(index): text for index, text in templates.items()}
        self.on_its_thread(lambda instance: instance.control.set_templates(said))

    def configure(self, **settings: Any) -> None:
        """Changes settings: where webhooks go, how they travel, whether they are signed, how fast time passes."""
        self.on_its_thread(lambda instance: instance.control.configure(**settings))

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Moves the clock forward. Webhooks due on the way are sent, each at its time; returns when all were answered."""
        total = seconds + 60 * minutes + 3600 * hours + 86400 * days
        self._awaited(self._running.delivery.advance(total))

    def reset(self) -> None:
        """Forgets messages, opt-outs, webhooks and faults."""
        self.on_its_thread(lambda instance: instance.service.reset())

    def __repr__(self) -> str:
        return f"Sandbox({self._instance.url!r})" if self._instance else "Sandbox(not running)"


_MOST: Final = 10_000
