"""The client written by hand that asks otherwise: by GET, with JSON, signed, with tokens (by PyJWT), or for XML."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final
from xml.parsers import expat

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .base import ClientError, Trait
from .plain import JSON, Document, Parameters, Plain, Reply, Sent


class ByGet(Plain):
    """Asks by GET."""

    traits: ClassVar[tuple[Trait, ...]] = ("json", "secret", "basic", "by-query")

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("GET", f"{path}?{self.encoded(said)}", {})


class ByJson(Plain):
    """Posts JSON."""

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("POST", path, {"Content-Type": JSON}, json.dumps(said).encode("ascii"))


class Signed(Plain):
    """Signs its parameters with HMAC-SHA-256."""

    traits: ClassVar[tuple[Trait, ...]] = ("json", "signed", "basic", "by-body")
    signs = "sha256"

    def with_credentials(self, said: Parameters) -> Parameters:
        full = {"api_key": self.account.api_key, "timestamp": self.moment(), **said}
        return {**full, "sig": self.signature(full)}

    def moment(self) -> str:
        return str(int(time.time()))

    def signature(self, said: Parameters) -> str:
        text = "".join(f"&{name}={self.concealed(value)}" for name, value in self.arranged(said))
        return self.hashed(text.encode("utf-8"), self.signing_secret().encode("utf-8"))

    def arranged(self, said: Parameters) -> list[tuple[str, str]]:
        return sorted(said.items())

    def concealed(self, value: str) -> str:
        return value.replace("&", "_").replace("=", "_")

    def signing_secret(self) -> str:
        return self.account.signature_secret

    def hashed(self, text: bytes, secret: bytes) -> str:
        if self.signs == "md5hash":
            return hashlib.md5(text + secret).hexdigest()  # noqa: S324  # the vendor's choice
        return hmac.new(secret, text, self.signs).hexdigest()


class WithToken(Plain):
    """Sends messages with a token of the application."""

    traits: ClassVar[tuple[Trait, ...]] = ("json", "secret", "token", "by-body")

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(self.claims(int(time.time())))}"}

    def claims(self, now: int) -> Document:
        return {
            "application_id": self.account.application_id,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "exp": now + 900,
        }

    def token(self, claims: Document) -> str:
        return jwt.encode(claims, _private_key(self.account.private_key), algorithm="RS256")


@cache
def _private_key(pem: str) -> RSAPrivateKey:
    """A key in PEM, read once: that takes long."""
    key = load_pem_private_key(pem.encode("ascii"), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


# ---- XML -------------------------------------------------------------------------------------------------------------


class Node:
    """An element."""

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name, self.attributes = name, dict(attributes)
        self.children: list[Node] = []
        self.content = ""

    def find(self, name: str) -> Node | None:
        return next((each for each in self.children if each.name == name), None)


NAMES: Final = {
    "messageId": "message-id",
    "to": "to",
    "clientRef": "client-ref",
    "status": "status",
    "errorText": "error-text",
    "remainingBalance": "remaining-balance",
    "messagePrice": "message-price",
    "network": "network",
}


class ByXml(Plain):
    """Asks for XML, and reads it with expat, which it tells to refuse a doctype."""

    traits: ClassVar[tuple[Trait, ...]] = ("xml", "secret", "basic", "by-body")
    form = "xml"

    def document(self, reply: Reply) -> Document:
        if reply.status != 200:
            raise ClientError(f"answered with HTTP {reply.status}")
        return self.told(self.tree(reply.body))

    def told(self, root: Node) -> Document:
        match root.name:
            case "mt-submission-response":
                messages = root.find("messages")
                return {} if messages is None else {"messages": self.messages(messages)}
            case "opt-in-list":
                return {"opt-in-list": self.opt_ins(root)}
            case "opt-in":
                return dict(root.attributes)
        raise ClientError("the answer is another document")

    def messages(self, node: Node) -> list[Document]:
        return [self.fields(each) for each in node.children if each.name == "message"]

    def fields(self, node: Node) -> Document:
        return {NAMES[each.name]: each.content for each in node.children if each.name in NAMES}

    def opt_ins(self, root: Node) -> list[Document]:
        return [dict(each.attributes) for each in root.children if each.name == "opt-in"]

    def tree(self, body: bytes) -> Node:
        top = Node("", {})
        open_ones = [top]

        def start(name: str, attributes: dict[str, str]) -> None:
            if len(open_ones) > 64:
                raise ClientError("the answer is nested too deep")
            open_ones[-1].children.append(node := Node(name, attributes))
            open_ones.append(node)

        def end(_: str) -> None:
            open_ones.pop()

        def text(content: str) -> None:
            self.add(open_ones[-1], content)

        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
        parser.StartDoctypeDeclHandler = self.doctype
        try:
            parser.Parse(body, True)
        except (expat.ExpatError, LookupError, ValueError):
            raise ClientError("the answer is not XML") from None
        return top.children[0]

    def add(self, node: Node, content: str) -> None:
        node.content += content

    def doctype(self, *_: Any) -> None:
        raise ClientError("the answer has a doctype")
