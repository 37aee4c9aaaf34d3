"""Providers that decide rightly and write their answers wrongly: JSON, XML, and what they call them."""

from __future__ import annotations

import re
from typing import Any, Final

from attrs import evolve

from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.outcomes import Outcome
from shortcodekit.sandbox.service import Answer

from .alerts import parts, rejected
from .base import Bent, Case, Catalogue, edited, is_alert, is_json, is_rest, is_xml, typed

WRITING: Final = Catalogue()


def _other_form(request: Incoming) -> Incoming:
    """The same request at the endpoint for the other form."""
    head, _, form = request.path.rpartition("/")
    return evolve(request, path=f"{head}/{'xml' if form == 'json' else 'json'}")


@WRITING.asked("xml-at-json", "The json endpoint answers XML.")
def _(_: Bent, request: Incoming) -> Incoming:
    return _other_form(request) if is_rest(request) and request.path.endswith("/json") else request


@WRITING.asked("json-at-xml", "The xml endpoint answers JSON.")
def _(_: Bent, request: Incoming) -> Incoming:
    return _other_form(request) if is_rest(request) and request.path.endswith("/xml") else request


@WRITING.answered("json-as-page", "JSON is sent as text/html.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return typed(answer, "text/html") if is_json(answer) and is_rest(request) else answer


@WRITING.answered("json-with-charset", "JSON is sent under a type with a charset, which several clients do not parse.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return typed(answer, "application/json;charset=UTF-8") if is_json(answer) and is_rest(request) else answer


@WRITING.answered("xml-as-json", "XML is sent as application/json.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    return typed(answer, "application/json") if is_xml(answer) else answer


@WRITING.answered("json-with-mark", "JSON begins with a byte order mark.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    answer.body = b"\xef\xbb\xbf" * is_json(answer) + answer.body
    return answer


@WRITING.answered("json-in-latin-1", "JSON is written in Latin-1.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_json(answer):
        answer.body = edited(answer, lambda document: document).body.decode().encode("latin-1", "replace")
    return answer


@WRITING.answered("camel-case", "JSON has the camel-case twins of its keys, and not the documented ones.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    return edited(answer, _camel) if is_alert(request) else answer


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if isinstance(value, dict):
        return {re.sub("-(.)", lambda found: found[1].upper(), key): _camel(each) for key, each in value.items()}
    return value


@WRITING.answered("one-part-as-object", "The messages of an alert of one part are an object, and no list.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        if len(document["messages"]) == 1:
            document["messages"] = document["messages"][0]
        return document

    return edited(answer, change) if is_alert(request) and answer.status == 200 else answer


@WRITING.answered("status-left-out", "Accepted parts have no status.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        for each in document["messages"]:
            if each["status"] == "0":
                del each["status"]
        return document

    return edited(answer, change) if is_alert(request) and answer.status == 200 else answer


@WRITING.answered("nulls", "Keys without a value are written as null.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        absent = dict.fromkeys(("message-id", "to", "client-ref", "remaining-balance", "message-price", "network"))
        document["messages"] = [{**absent, **each} for each in document["messages"]]
        return document

    return edited(answer, change) if is_alert(request) and answer.status == 200 else answer


# ---- XML -------------------------------------------------------------------------------------------------------------


@WRITING.answered("xml-unescaped", "XML has `&` as it was sent.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = answer.body.replace(b"&amp;", b"&")
    return answer


@WRITING.answered("xml-escaped-twice", "XML escapes what is escaped already.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = re.sub(b"&([a-z]+;)", rb"&amp;\1", answer.body)
    return answer


@WRITING.answered("xml-garbled", "XML in UTF-8 is encoded once more.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = answer.body.decode("latin-1").encode()
    return answer


@WRITING.answered("xml-without-count", "The XML of an alert has no count.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_xml(answer) and is_alert(request):
        answer.body = re.sub(b"""(<messages) count=["'][0-9]*["']""", rb"\1", answer.body)
    return answer


@WRITING.answered("xml-with-keys-of-json", "The elements of an alert's XML have the names of the keys in JSON.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_xml(answer) and is_alert(request):
        for name in (b"message-id", b"client-ref", b"error-text", b"remaining-balance", b"message-price"):
            head, tail = name.split(b"-")
            answer.body = re.sub(b"(</?)" + head + tail.capitalize() + b"\\b", b"\\1" + name, answer.body)
    return answer


@WRITING.answered("xml-unwrapped", "The parts in XML stand below the root, without the element messages.")
def _(_: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_xml(answer) and is_alert(request):
        answer.body = re.sub(b"</?messages[^>]*>", b"", answer.body)
    return answer


@WRITING.answered("xml-with-secret", "XML repeats the secret.")
def _(service: Bent, request: Incoming, answer: Answer) -> Answer:
    if is_xml(answer) and is_alert(request):
        told = f"<apiSecret>{service.account.api_secret}</apiSecret></message>".encode()
        answer.body = answer.body.replace(b"</message>", told)
    return answer


@WRITING.decided("xml-of-other-statuses", "XML tells every refusal as status 3, and JSON tells which one it is.")
def _(case: Case, outcome: Outcome) -> Outcome:
    if case.route.format == "xml" and rejected(outcome):
        for each in parts(outcome):
            each.status = "3"
    return outcome


@WRITING.answered("xml-cut", "XML lacks its last tag.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        answer.body = answer.body[: answer.body.rindex(b"</")]
    return answer


@WRITING.answered("xml-of-other-encoding", "XML declares an encoding that it is not in.")
def _(_: Bent, __: Incoming, answer: Answer) -> Answer:
    if is_xml(answer):
        body = re.sub(rb"\A<\?xml.*?\?>\s*", b"", answer.body)
        answer.body = b"<?xml version='1.0' encoding='ISO-8859-1'?>" + body
    return answer
