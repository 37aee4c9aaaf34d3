"""Receivers that do not read what arrives: methods, content types, and characters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from shortcodekit.webhooks import Request, Response

from . import EVENTS, MESSAGE, MESSAGES, PARAMETERS, RECEIPT, SMS, STATUS, Shown
from .plain import Document, Malformed, Plain
from .showing import FORM, JSON, QUERY, broken, by, document_of, request_of, taken, then

# ---- methods and content types ---------------------------------------------------------------------------------------


@broken(*PARAMETERS, shows=then(taken(encoding=QUERY), taken(encoding=FORM)))
class GetOnly(Plain):
    """Answers 405 to POST, because the page shows a query."""

    def methods(self) -> tuple[str, ...]:
        return ("GET",)


@broken(*PARAMETERS, shows=then(taken(), taken(encoding=QUERY)))
class PostOnly(Plain):
    """Answers 405 to GET, because the account sent by POST when it was written."""

    def methods(self) -> tuple[str, ...]:
        return ("POST",)


@broken(*PARAMETERS, shows=then(taken(encoding=FORM), taken()))
class FormOnly(Plain):
    """Reads each body as a form, and answers 400 to JSON."""

    def is_json(self, request: Request) -> bool:  # noqa: ARG002
        return False


@broken(*PARAMETERS, shows=then(taken(), taken(encoding=FORM)))
class JsonOnly(Plain):
    """Reads each body as JSON, and answers 400 to a form."""

    def is_json(self, request: Request) -> bool:  # noqa: ARG002
        return True


@broken(*EVENTS, shows=then(taken(), taken(label="application/json; charset=utf-8")))
class ExactJsonType(Plain):
    """Compares the content type with `application/json`, and answers 400 when a charset follows."""

    def read(self, request: Request) -> Document:
        if request.body[:1] == b"{" and request.header("content-type") != ["application/json"]:
            raise Malformed
        return super().read(request)


@broken(*PARAMETERS, shows=then(taken(encoding=FORM), taken(encoding=FORM, label=f"{FORM}; charset=UTF-8")))
class ExactFormType(Plain):
    """Compares the content type with that of forms, and answers 400 when a charset follows."""

    def read(self, request: Request) -> Document:
        if request.method == "POST" and not self.is_json(request) and request.header("content-type") != [FORM]:
            raise Malformed
        return super().read(request)


@broken(*EVENTS, shows=taken())
class CrossSiteProtection(Plain):
    """Leaves the framework's protection against cross-site requests on, and answers 403 to POST without its token."""

    def answer(self, request: Request) -> Response:
        if request.method == "POST" and not request.header("x-csrftoken"):
            return Response(403)
        return super().answer(request)


@broken(*EVENTS, shows=taken())
class BehindALogin(Plain):
    """Redirects to the page for logging in with 302, because the path is not exempt."""

    def answer(self, request: Request) -> Response:
        return super().answer(request) if request.header("cookie") else Response(302, {"Location": "/login"})


# ---- characters ------------------------------------------------------------------------------------------------------


@broken(
    *PARAMETERS,
    shows=then(
        taken({"message-timestamp": ...}, encoding=FORM),
        taken({"message-timestamp": "2020-01-01 12:00:00"}, encoding=FORM),
    ),
)
class EscapesKept(Plain):
    """Splits a form by hand without decoding it, and fails with 500 at the first date."""

    def form(self, body: bytes) -> Document:
        return dict(pair.split("=", 1) for pair in body.decode("utf-8").split("&") if "=" in pair)

    def handle(self, document: Document) -> None:
        if "message-timestamp" in document:
            moment = document["message-timestamp"].replace("\\", "").replace("+", " ")
            datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


@broken(
    *PARAMETERS,
    shows=then(
        taken({"message-timestamp": ...}, encoding=QUERY),
        taken({"message-timestamp": "2020-01-01 12:00:00"}, encoding=QUERY),
    ),
)
class PlusKept(Plain):
    """Decodes the percents of a query and not its plus signs, and answers 400 to the date."""

    def pairs(self, text: str) -> list[tuple[str, str]]:
        pairs = [pair.partition("=") for pair in text.split("&")]
        return [(unquote(name), unquote(value)) for name, _, value in pairs]

    def handle(self, document: Document) -> None:
        if document.get("message-timestamp", "").replace("\\", "")[10:11] == "+":
            raise Malformed


def escaped(event: str) -> list[Shown]:
    """A form whose names and values are escaped to the last character."""
    pairs = [request_of(event, {key: value}, FORM).body for key, value in document_of(event, {}).items()]
    body = "&".join(
        "=".join("".join(f"%{octet:02X}" for octet in text.encode()) for text in pair)
        for content in pairs
        for pair in parse_qsl(content.decode())
    )
    return [Shown((Request("POST", "", [("Content-Type", FORM)], body.encode()),))]


@broken(*PARAMETERS, shows=then(taken(encoding=FORM), escaped))
class NamesKept(Plain):
    """Decodes the values of a form and not the names, and answers 400 when a name is escaped."""

    def form(self, body: bytes) -> Document:
        pairs = [pair.partition("=") for pair in body.decode("utf-8", "replace").split("&")]
        return {name: unquote_plus(value) for name, _, value in pairs}


def indented(event: str) -> list[Shown]:
    """An event whose JSON begins with a line of its own."""
    body = b"\n" + json.dumps(document_of(event, {}), indent=2).encode()
    return [Shown((Request("POST", "", [("Content-Type", JSON)], body),))]


@broken(*PARAMETERS, shows=then(taken(), indented))
class BraceComesFirst(Plain):
    """Takes a body for JSON when its first byte is a brace, and answers 400 when a line break stands before it."""

    def is_json(self, request: Request) -> bool:
        return request.body.startswith(b"{")


@broken(SMS, shows=then(taken({"text": "Stop please"}, encoding=FORM), taken({"text": "Stop & go"}, encoding=FORM)))
class DecodedBeforeItIsSplit(Plain):
    """Decodes a form before splitting it, and fails with 500 for a text with `&` in it."""

    def form(self, body: bytes) -> Document:
        pairs: list[list[str]] = [pair.split("=") for pair in unquote(body.decode("utf-8")).split("&")]
        return {name: value for name, value in pairs}  # noqa: C416  # dict() would not tell what a pair is


def texts(plain: str, trouble: str) -> Any:
    """A text that is taken, and then one that makes trouble, in what the event has for texts."""

    def change(text: str) -> Any:
        message = {"message": {"content": {"type": "text", "text": text}}}
        return by(
            {
                SMS: taken({"text": text}),
                MESSAGE: taken(message, name="whatsapp-text"),
                RECEIPT: taken({"client-ref": text}),
                STATUS: taken({"client_ref": text}),
            }
        )

    return then(change(plain), change(trouble))


def all_texts(document: Document) -> str:
    """What stands in an event, as text."""
    return json.dumps(document, ensure_ascii=False)


def raw(event: str) -> list[Shown]:
    """An event whose JSON has characters beyond ASCII as they are."""
    return [
        Shown(
            tuple(
                Request(each.method, "", each.headers, json.dumps(json.loads(each.body), ensure_ascii=False).encode())
                for each in shown.requests
            )
        )
        for shown in texts("Hello", "Grüße")(event)
    ]


@broken(*EVENTS, shows=raw)
class BodyInAscii(Plain):
    """Decodes the body as ASCII, and fails with 500 for JSON in UTF-8."""

    def json(self, body: bytes) -> Document:
        body.removeprefix(b"\xef\xbb\xbf").decode("ascii")
        return super().json(body)


@broken(*EVENTS, shows=texts("Grüße", "Привет"))
class ColumnInLatin1(Plain):
    """Stores texts in a column in Latin-1, and fails with 500 for other alphabets."""

    def handle(self, document: Document) -> None:
        all_texts(document).encode("latin-1")


@broken(*EVENTS, shows=texts("Привет", "\N{WAVING HAND SIGN}"))
class ColumnOfThreeBytes(Plain):
    """Stores texts in a column of at most three bytes a character, and fails with 500 for an emoji."""

    def handle(self, document: Document) -> None:
        if any(character > "\uffff" for character in all_texts(document)):
            raise ValueError("Incorrect string value")


@broken(*EVENTS, shows=texts("tab\t", "nul\0"))
class NoNulInColumns(Plain):
    """Stores texts in a database that has no NUL in texts, and fails with 500 for one."""

    def handle(self, document: Document) -> None:
        if "\\u0000" in all_texts(document):
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")


@broken(
    *MESSAGES,
    shows=by(
        {STATUS: taken({"error": {"code": 1300, "reason": "r" * 4096}}), MESSAGE: texts("y" * 1000, "\u0436" * 4096)}
    ),
)
class SmallBodies(Plain):
    """Answers 413 to a body of more than 4096 bytes, which a message of 4096 characters has."""

    def answer(self, request: Request) -> Response:
        return Response(413) if len(request.body) > 4096 else super().answer(request)
