"""A request as it reached the service, and the parameters in it, however a real client put them there.

What real clients do, and a server copes with: an empty POST whose parameters are in the query; credentials in the query and
the rest in the body; a form that says it is JSON; a path with two slashes, or with none; a whole URL in place of the
path, as clients of proxies send. Source: the operations' `x-tolerates` in the specs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from attrs import Factory, define, frozen

from shortcode_clients import InvalidDocument
from shortcode_clients._runtime.encodings import marks_of, read_json
from shortcodekit import signing
from shortcodekit.concealing import shown
from shortcodekit.webhooks.requests import looks_like_json

LARGEST: Final = 256 * 1024
"""How many bytes a body may have."""


@frozen
class Incoming:
    """A request. The path stands as it was sent; names of headers are in lower case."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return [value for key, value in self.headers if key == name]


@define(slots=False)
class Parameters:
    """The parameters of a request to the alert, two-factor or opt-in API, or the `problem` for which they cannot be read."""

    said: dict[str, Any] = Factory(dict)
    problem: str = ""
    query: bytes = b""
    body: bytes = b""
    json: bool = False
    """Whether the body is JSON, and not a form."""

    @cached_property
    def as_signed(self) -> list[tuple[str, Any]]:
        """Name and value of each, as a signature covers them: those of one name included, numbers as they were written."""
        pairs: list[tuple[str, Any]] = [*signing.form_members(self.query)]
        return pairs + (signing.json_members(self.body) if self.json else [*signing.form_members(self.body)])


def normal_path(path: str) -> str:
    """The path without what clients and proxies make of its beginning, and without a slash at its end."""
    if path[:1] != "/" or "//" in path:
        path = re.sub(r"\A[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*", "", path)
        path = re.sub("/+", "/", f"/{path}")
    return path.rstrip("/") or "/"


def parameters(request: Incoming, *, takes_json: bool) -> Parameters:
    """The parameters of `request`; those of the body and those of the query together."""
    as_json = request.method == "POST" and looks_like_json(request.body)
    read = Parameters(query=request.query, body=request.body if request.method == "POST" else b"", json=as_json)
    if as_json and not takes_json:
        read.problem = "a body in JSON is taken by the json endpoint only"
        return read
    if read.body and not as_json and b"=" not in read.body and says_json(request):
        read.problem = "the body is said to be JSON, and is neither an object nor a form"
        return read
    try:
        read.said, read.problem = _form(request.query)
        if read.body and not read.problem:
            said, read.problem = _json(request.body) if as_json else _form(request.body)
            for name, value in said.items():
                if name in read.said and read.said[name] != value:
                    read.problem = f"{shown(name)} stands in the query and differs in the body"
                read.said[name] = value
    except InvalidDocument as error:
        read.problem = str(error)
    return read


def says_json(request: Incoming) -> bool:
    """Whether a request says that its body is JSON, by one of the types that the service takes for that."""
    kinds = [each.partition(";")[0].strip().lower() for each in request.header("content-type")]
    return any("json" in each or "javascript" in each for each in kinds)


def _form(content: bytes) -> tuple[dict[str, Any], str]:
    if not content:
        return {}, ""
    pairs = None
    with suppress(ValueError):
        pairs = signing.form_members(content)
    if pairs is None:
        return {}, "the parameters are not percent-encoded UTF-8, or too many"
    said: dict[str, Any] = dict(pairs)
    if len(said) != len(pairs):
        twice = next(name for name in said if [each for each, _ in pairs].count(name) > 1)
        return said, f"{shown(twice)} is given more than once; one request has one recipient, and one value for a name"
    return said, ""


def _json(content: bytes) -> tuple[dict[str, Any], str]:
    said = document(content)
    return (said, "") if isinstance(said, dict) else ({}, "the body is JSON, but no object")


def document(body: bytes) -> Any:
    """The JSON in a body; `InvalidDocument` when it is none, or says a key twice."""
    return read_json(lambda each: (each, marks_of(each) if isinstance(each, dict | list) else 0), body)


def text_or_none(said: Mapping[str, Any], name: str) -> str | None:
    """A parameter's text, a number's included; None when it is not there or neither."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return signing.value_text(value)
