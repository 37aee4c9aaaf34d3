"""A stretch of network between a client and the sandbox that passes bytes on as they are, and keeps what clients sent.

Clients that insist on https and on the service's own hosts find it as a proxy: it answers their CONNECT, whatever the host, and
then shows a certificate for these hosts. So nothing of what they send can leave this machine. Clients that can be told a host
and a port use those of the forwarder, without TLS.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOSTS: Final = ("rest.nexmo.com", "api.nexmo.com")
LONGEST: Final = 30.0
"""Seconds without a byte after which a connection is given up."""


class Forwarder(ThreadingTCPServer):
    """Where clients connect to."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, upstream: tuple[str, int], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.upstream = upstream
        self.certificate = folder / "certificate.pem"
        """What clients are to trust."""
        self.tls = _tls(self.certificate)
        self.sent = bytearray()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def taken(self) -> bytes:
        """What clients sent since this was asked last."""
        sent, self.sent = self.sent, bytearray()
        return bytes(sent)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that goes away ends its connection."""


class _Connection(BaseRequestHandler):
    server: Forwarder
    request: socket.socket

    def handle(self) -> None:
        client = self.request
        client.settimeout(LONGEST)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if client.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL) == b"CONNECT ":
            head = b""
            while not head.endswith(b"\r\n\r\n") and (byte := client.recv(1)):
                head += byte
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            client = self.server.tls.wrap_socket(client, server_side=True)
        with client, socket.create_connection(self.server.upstream, LONGEST) as sandbox:
            sandbox.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, data in _passing(client, sandbox):
                if source is client:
                    self.server.sent += data


def _passing(one: socket.socket, other: socket.socket) -> Iterator[tuple[socket.socket, bytes]]:
    """What each says, passed on to the other, until one of them ends."""
    while ready := _readable(one, other):
        for source in ready:
            source.settimeout(0)
            with suppress(ssl.SSLWantReadError):
                data = source.recv(65536)
                if not data:
                    return
                yield source, data
                target = other if source is one else one
                target.settimeout(LONGEST)
                target.sendall(data)


def _readable(*ends: socket.socket) -> list[socket.socket]:
    decrypted: list[socket.socket] = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
    return decrypted or select.select(ends, [], [], LONGEST)[0]


@contextmanager
def forwarder(upstream: tuple[str, int], folder: Path) -> Iterator[Forwarder]:
    """A forwarder to `upstream`, as long as the context lasts; its certificate is put into `folder`."""
    with Forwarder(upstream, folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _tls(file: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for the service's hosts that is written to `file`, without its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a stand-in")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    private = file.with_name("both.pem")
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private.write_bytes(secret + file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(private)
    return context
