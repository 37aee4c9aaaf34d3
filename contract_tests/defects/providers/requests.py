"""Providers that do not understand what real clients send to the alert and opt-in APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.service import Answer
from shortcodekit.signing import form_members
from shortcodekit.webhooks.requests import looks_like_json

from .base import Bent, Case, Catalogue, failed, is_rest, refused

REQUESTS: Final = Catalogue()


def _type_of(request: Incoming) -> str:
    return next(iter(request.header("content-type")), "").partition(";")[0].strip().lower()


@REQUESTS.asked("get-refused", "Only POST is taken.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return refused(405, "POST only") if request.method == "GET" and is_rest(request) else request


@REQUESTS.asked("form-refused", "Only JSON is taken in a body.")
def _(_: Bent, request: Incoming) -> Incoming:
    form = is_rest(request) and request.body and not looks_like_json(request.body)
    return evolve(request, body=b"") if form else request


def _type_refused(kind: str) -> Callable[[Bent, Incoming], Incoming]:
    def bend(_: Bent, request: Incoming) -> Incoming:
        return evolve(request, body=b"") if is_rest(request) and _type_of(request) == kind else request

    return bend


REQUESTS.asked("jsonrequest-refused", "JSON under application/jsonrequest is not read.")(
    _type_refused("application/jsonrequest")
)
REQUESTS.asked("x-json-refused", "JSON under text/x-json is not read.")(_type_refused("text/x-json"))
REQUESTS.asked("javascript-refused", "JSON under text/javascript is not read.")(_type_refused("text/javascript"))


@REQUESTS.asked("query-of-post-ignored", "Of a POST without a body, the query is not read.")
def _(_: Bent, request: Incoming) -> Incoming:
    empty = is_rest(request) and request.method == "POST" and not request.body
    return evolve(request, query=b"") if empty else request


@REQUESTS.asked("query-beside-body-ignored", "Of a POST with a body, the query is not read.")
def _(_: Bent, request: Incoming) -> Incoming:
    return evolve(request, query=b"") if is_rest(request) and request.body else request


@REQUESTS.asked("doubled-slash-missing", "A path that begins with two slashes is not found.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return refused(404, "nothing here") if request.path.startswith("//") else request


@REQUESTS.asked("no-slash-missing", "A path without its leading slash is not found.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return request if request.path.startswith("/") else refused(404, "nothing here")


@REQUESTS.asked("host-checked", "A request with the real service's name in Host is refused.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    named = request.header("host") == ["rest.nexmo.com"] and is_rest(request)
    return refused(421, "another host") if named else request


@REQUESTS.asked("left-over-authorization-refused", "A left-over Authorization header is refused.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    left = is_rest(request) and request.header("authorization")
    return refused(401, "authentication failed") if left else request


@REQUESTS.asked("type-of-get-refused", "A GET with a content type is refused, for its body is no JSON.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    typed = is_rest(request) and request.method == "GET" and _type_of(request)
    return refused(415, "no body of this type") if typed else request


@REQUESTS.asked("form-as-json-refused", "A form under application/json is refused.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    form = is_rest(request) and request.body and not looks_like_json(request.body)
    return refused(400, "no JSON") if form and _type_of(request) == "application/json" else request


@REQUESTS.said("integers-refused", "Numbers in JSON are refused; only texts are taken.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.parameters is not None and any(type(each) is int for each in said.values()):
        case.parameters.problem = "a number is no text"


@REQUESTS.said("integer-time-refused", "A timestamp that is a JSON integer makes a signature wrong.")
def _(_: Case, said: dict[str, Any]) -> None:
    if type(said.get("timestamp")) is int:
        said["timestamp"] = "none"


@REQUESTS.said("plus-is-no-space", "A `+` in a query or a form is not read as a space.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.parameters is not None and not case.parameters.json and not case.parameters.problem:
        for content in (case.parameters.query, case.parameters.body):
            said.update(form_members(content.replace(b"+", b"%2B")))


@REQUESTS.said("form-in-latin-1", "Forms and queries are read as Latin-1.")
def _(case: Case, said: dict[str, Any]) -> None:
    if case.parameters is not None and not case.parameters.json:
        said.update({name: each.encode().decode("latin-1") for name, each in said.items()})


@REQUESTS.asked("garbage-is-an-error", "A query that is not UTF-8 makes the provider fall over.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    try:
        form_members(request.query)
    except ValueError:
        return failed()
    return request


@REQUESTS.asked("list-is-an-error", "A JSON body that is no object makes the provider fall over.")
def _(_: Bent, request: Incoming) -> Incoming | Answer:
    return failed() if is_rest(request) and request.body.lstrip()[:1] == b"[" else request


@REQUESTS.said("list-of-recipients-accepted", "A list in JSON is taken for the first thing in it.")
def _(_: Case, said: dict[str, Any]) -> None:
    for name, value in said.items():
        if isinstance(value, list) and value:
            said[name] = value[0]
