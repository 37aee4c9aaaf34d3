"""A receiver of webhooks on loopback, for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from contract_tests.loopback import listening


@contextmanager
def receiver(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address."""
    with listening(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        yield address
