"""The same alert, sent by each contestant as its documentation shows: `AlertsClient`, plain httpx, the vendor's.

Everything that a caller writes anew for each alert is made anew for each call. Only clients are kept.
"""

from __future__ import annotations

from typing import Any, Final

import httpx
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from shortcodekit import Alert, AlertsClient, AsyncAlertsClient, KeySecret

KEY: Final = "abcd1234"
SECRET: Final = "api-secret"  # noqa: S105  # the documentation's, and for a server on this machine
PATH: Final = "/sc/us/alert/json"


class PlainHttpx:
    """What one would write without this package: a form, and the answer's JSON."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address)

    def __call__(self) -> object:
        """Sends the alert."""
        return self.client.post(PATH, data=_form()).json()


class PlainAsyncHttpx:
    """As `PlainHttpx`, awaited."""

    def __init__(self, address: str) -> None:
        self.client = httpx.AsyncClient(base_url=address)

    async def __call__(self) -> object:
        """Sends the alert."""
        return (await self.client.post(PATH, data=_form())).json()


class Ours:
    """This package."""

    def __init__(self, address: str) -> None:
        self.client = AlertsClient(KeySecret(KEY, SECRET), base_url=address)

    def __call__(self) -> object:
        """Sends the alert."""
        return self.client.send(_alert(), custom=_custom())


class OursAsync:
    """This package, awaited."""

    def __init__(self, address: str) -> None:
        self.client = AsyncAlertsClient(KeySecret(KEY, SECRET), base_url=address)

    async def __call__(self) -> object:
        """Sends the alert."""
        return await self.client.send(_alert(), custom=_custom())


class Vendors:
    """The vendor's client. It knows no alerts: its nearest call sends a plain SMS, to the same host in the same form.

    It asks for https whatever the host, while the others talk to this machine without TLS. So the adapter of its own
    requests session is wrapped, for this one address, by one that says http again. Nothing else of it is changed.
    """

    def __init__(self, address: str) -> None:
        # Not at the top, because only the environment of `make bench` has it, and `Ours` does without.
        from vonage import Auth, HttpClientOptions, Vonage  # type: ignore[import-not-found] # noqa: PLC0415
        from vonage_sms import SmsMessage  # type: ignore[import-not-found] # noqa: PLC0415

        _, _, host = address.partition("://")
        self.client = Vonage(Auth(api_key=KEY, api_secret=SECRET), HttpClientOptions(rest_host=host))
        self.message: Any = SmsMessage
        session = self.client.http_client._session  # noqa: SLF001  # it has no public way to another transport
        session.mount(f"https://{host}/", _WithoutTls(session.get_adapter(f"https://{host}/")))

    def __call__(self) -> object:
        """Sends the SMS."""
        return self.client.sms.send(
            self.message(
                to="16365553226",
                from_="68453",
                text="host3 does not answer, see https://example.com/host3/mon",
                client_ref="incident-42",
            )
        )


class _WithoutTls(BaseAdapter):
    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: PreparedRequest, *others: Any, **options: Any) -> Response:
        request.url = f"http{(request.url or '').removeprefix('https')}"
        return self._inner.send(request, *others, **options)

    def close(self) -> None:
        self._inner.close()


def _form() -> dict[str, str]:
    return {
        "to": "16365553226",
        "template": "2",
        "client-ref": "incident-42",
        "server": "host3",
        "link": "https://example.com/host3/mon",
        "api_key": KEY,
        "api_secret": SECRET,
    }


def _alert() -> Alert:
    return Alert(to="16365553226", template=2, client_ref="incident-42")


def _custom() -> dict[str, str]:
    return {"server": "host3", "link": "https://example.com/host3/mon"}
