"""What a client is made with, checked once: where the service is, who asks, for how long, and how often."""

from __future__ import annotations

import contextlib
import ipaddress
import math
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from shortcodekit.auth import ParameterAuth
from shortcodekit.concealing import ConcealedURL
from shortcodekit.errors import InvalidRequest
from shortcodekit.exchange import CallReport
from shortcodekit.retrying import RetryPolicy

Hook = Callable[[CallReport], None]

TIMEOUT: Final = 30.0
"""Seconds for one attempt. The service documents no bound."""
RETRIES: Final = 2
"""Repetitions, of what certainly was not carried out."""
TOTAL: Final = "shortcodekit.total"
"""The extension of a request that tells its whole time in seconds."""
HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # the answers are small, and a packed one could be a bomb
    "Connection": "keep-alive",
    "User-Agent": "shortcodekit",
}


@frozen
class Settings:
    """A client's settings. `base_url` and `auth` are what the client's own class says of them."""

    base_url: httpx.URL
    auth: httpx.Auth
    policy: RetryPolicy
    on_call: Hook | None
    extensions: dict[str, Any]
    """What each request tells the transport: the bounds of the phases, and of all together."""
    total: float | None
    """Seconds for one attempt from connecting to the last byte; None is without end."""
    _urls: dict[str, httpx.URL] = field(factory=dict, init=False, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        secrets: tuple[str, ...] = getattr(self.auth, "secrets", ())
        return secrets

    @property
    def proxy(self) -> httpx.Proxy | None:
        """The proxy that the environment names for the service."""
        import urllib.request  # noqa: PLC0415  # httpx also loads it when it first connects, not before

        host = self.base_url.host
        if is_loopback(host) or urllib.request.proxy_bypass(host):
            return None
        proxies = urllib.request.getproxies()
        named = proxies.get(self.base_url.scheme) or proxies.get("all")
        return httpx.Proxy(named if "://" in named else f"http://{named}") if named else None

    @property
    def httpx_auth(self) -> httpx.Auth | None:
        """What httpx is given; credentials that are parameters are in the request already."""
        return None if isinstance(self.auth, ParameterAuth) else self.auth

    def credentials(self, parameters: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """The credentials that are parameters, for a request with `parameters`."""
        return self.auth.credentials(parameters) if isinstance(self.auth, ParameterAuth) else {}

    def request(self, method: str, url: str, **sent: Any) -> httpx.Request:
        """The request that the arguments of a generated call make: `content` and `headers`, or `params`."""
        target = self._urls.get(url)
        if target is None:
            target = self._urls[url] = self.base_url.copy_with(
                raw_path=self.base_url.raw_path.rstrip(b"/") + url.encode()
            )
        request = httpx.Request(
            method,
            target,
            headers={**HEADERS, **sent.get("headers", {})},
            content=sent.get("content"),
            extensions=self.extensions,
        )
        if "params" in sent:
            request.url = ConcealedURL(target.copy_with(query=urlencode(sent["params"]).encode("ascii")))
        return request


@frozen
class Service:
    """What the spec says of where a client's requests go, and of which credentials go with them."""

    base_url: str
    security: ModuleType


def settings(
    service: Service,
    auth: httpx.Auth,
    *,
    base_url: str | httpx.URL | None,
    timeout: float | httpx.Timeout,
    retries: int | RetryPolicy,
    on_call: Hook | None,
) -> Settings:
    """The settings, or `InvalidRequest` for the first that is not right. Without `base_url` it is the service's own."""
    phases, total = _timeout(timeout)
    url = _base_url(service.base_url if base_url is None else base_url)
    extensions = {"timeout": phases, TOTAL: math.inf if total is None else total}
    return Settings(url, _auth(auth, service.security), _policy(retries), on_call, extensions, total)


def _base_url(given: str | httpx.URL) -> httpx.URL:
    url, host = None, ""
    with contextlib.suppress(httpx.InvalidURL, TypeError, ValueError):
        url = httpx.URL(given)
        host = url.host  # is decoded only here
    if url is None or not host or url.query or url.fragment:
        raise InvalidRequest("an address such as https://rest.nexmo.com, without query and fragment", field="base_url")
    if url.userinfo:
        raise InvalidRequest("credentials do not stand in the address; give them as `auth`", field="base_url")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise InvalidRequest(
            "https only, since requests carry secrets; plain http is for loopback addresses",
            field="base_url",
            source="Alerts - Sending API Reference: Security",
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _auth(auth: Any, security: ModuleType) -> httpx.Auth:
    alternatives: tuple[frozenset[str], ...] = security.SECURITY
    several = auth if isinstance(auth, tuple | list) else [auth]
    if not several or not all(isinstance(each, httpx.Auth) for each in several):
        raise InvalidRequest("KeySecret, Signed, Basic, Jwt, or another httpx.Auth", field="auth")
    schemes = frozenset(name for each in several for name in getattr(each, "schemes", ()))
    if len(several) > 1 or (schemes and schemes not in alternatives):
        allowed = " or ".join(" with ".join(sorted(each)) for each in alternatives if each)
        raise InvalidRequest(
            f"one of {allowed}, and no more than one", field="auth", source=_source(security, alternatives)
        )
    return several[0]  # type: ignore[no-any-return]  # looked at above


def _source(security: ModuleType, alternatives: tuple[frozenset[str], ...]) -> str:
    """Where it is written which credentials an API takes."""
    schemes = {each.name: each.source for each in vars(security).values() if hasattr(each, "carrier")}
    named = [schemes[name].split("; ") for each in alternatives for name in sorted(each)]
    return "; ".join(dict.fromkeys(source for sources in named for source in sources))


def _policy(retries: int | RetryPolicy) -> RetryPolicy:
    if isinstance(retries, RetryPolicy):
        return retries
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise InvalidRequest("a number of repetitions from 0, or a RetryPolicy", field="retries")
    return RetryPolicy(count=retries)


_CONNECT: Final = 10.0
_SHARE: Final = 0.9  # connecting ends before the whole does: then it is certain that nothing was sent


def _timeout(timeout: float | httpx.Timeout) -> tuple[dict[str, float | None], float | None]:
    """The bounds of each phase, and that of all together."""
    if isinstance(timeout, httpx.Timeout):
        phases = timeout.as_dict()
        bounds = list(phases.values())
        return phases, None if None in bounds else sum(each for each in bounds if each is not None)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise InvalidRequest("a number of seconds above 0, or an httpx.Timeout", field="timeout")
    connect = min(_CONNECT, _SHARE * timeout)
    return {"connect": connect, "pool": connect, "read": float(timeout), "write": float(timeout)}, float(timeout)
