"""An independent judge of requests: whether one, as it was captured, is what the spec allows.

It goes by the spec and the request alone, and shares no code with the clients: the operation is found by method and path
template, path parameters, query and body are decoded with the standard library and validated with compiled validators.
What it finds wrong it says in sentences. Texts of queries and forms stay texts; the specs let them stand for numbers.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
from attrs import Factory, define, frozen

from .specs import FORM, OPERATIONS, WEBHOOKS, Api, Operation


@frozen
class Request:
    """A request as it was captured. `url` is absolute or a path; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = Factory(dict)
    body: bytes = b""


@define
class Verdict:
    """What was found: no `violations` means a valid request."""

    violations: list[str] = Factory(list)
    operation: Operation | None = None
    path_parameters: dict[str, str] = Factory(dict)
    encoding: str | None = None
    """How the document travelled: a content type, or `query`."""
    document: Any = None
    """What the request said: its query or its body, decoded."""


def judge(api: Api, request: Request, *, webhooks: bool = False, base_path: str = "") -> Verdict:
    """The verdict on a request to the service of `api`, or to a receiver of its `webhooks`.

    `base_path` is the path of the server's address. Credentials are not judged; see `credentials`.
    """
    verdict = Verdict()
    parts = urlsplit(request.url if "://" in request.url else f"//host{request.url}")
    _find(
        verdict,
        [each for each in (WEBHOOKS if webhooks else OPERATIONS) if each.api == api],
        request.method,
        parts.path,
        base_path,
    )
    if verdict.operation:
        verdict.violations += _path_violations(verdict)
        _judge_query(verdict, parts.query)
        _judge_body(verdict, request)
    return verdict


def credentials(api: Api, request: Request) -> list[str]:
    """What is wrong with a request's credentials: they must be one of the alternatives in `security`, and no more."""
    verdict = judge(api, request)
    if verdict.operation is None or verdict.violations:
        return verdict.violations
    schemes = {name: _carrier(each) for name, each in api.document["components"]["securitySchemes"].items()}
    listed = verdict.operation.document.get("security", api.document.get("security", [{}]))
    allowed = [frozenset(schemes[name] for name in each) for each in listed]
    header, said = request.headers.get("authorization", ""), verdict.document
    present = {f"{header.partition(' ')[0].capitalize()} header"} if header else set()
    present |= {name for name in schemes.values() if isinstance(said, dict) and name in said}
    if present in allowed:
        return []
    named = [" and ".join(sorted(each)) or "nothing" for each in (present, *allowed)]
    return [f"the credentials are {named[0]}, and have to be {', or '.join(named[1:])}"]


def _carrier(scheme: Mapping[str, Any]) -> str:
    """The parameter or header that carries the credential."""
    return f"{scheme['scheme'].capitalize()} header" if scheme["type"] == "http" else str(scheme["name"])


# ---- operation and path ----------------------------------------------------------------------------------------------


def _find(verdict: Verdict, operations: Sequence[Operation], method: str, path: str, base_path: str) -> None:
    at_path = []
    for operation in operations:
        template = base_path.rstrip("/") + ("/" + operation.path if operation.webhook else operation.path)
        match = _template(template).fullmatch(path)
        if match:
            at_path.append(operation)
            if operation.method.upper() == method:
                names = re.findall(r"\{([^}]+)\}", template)
                verdict.operation = operation
                verdict.path_parameters = dict(zip(names, map(unquote, match.groups()), strict=True))
                return
    if at_path:
        allowed = ", ".join(sorted(operation.method.upper() for operation in at_path))
        verdict.violations.append(f"the method {method} is not one of {allowed}")
    else:
        verdict.violations.append(f"no operation has the path {path}")


@cache
def _template(template: str) -> re.Pattern[str]:
    return re.compile("([^/]*)".join(map(re.escape, re.split(r"\{[^}]+\}", template))))


def _path_violations(verdict: Verdict) -> Iterator[str]:
    operation = verdict.operation
    if operation is None:
        return
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            value = verdict.path_parameters.get(parameter["name"])
            yield from _errors(
                f"the path parameter {parameter['name']}", _validator(operation, parameter["name"]), value
            )
        elif parameter["in"] != "query":
            raise NotImplementedError(f"{operation} has a parameter in {parameter['in']}")


# ---- query and body --------------------------------------------------------------------------------------------------


def _judge_query(verdict: Verdict, query: str) -> None:
    operation = verdict.operation
    if operation is None:
        return
    declared = [each for each in operation.parameters if each["in"] == "query"]
    if not declared:
        if query:
            verdict.violations.append("the operation has no query, the request has one")
        return
    (parameter,) = declared  # one object with all parameters in it
    if (parameter["style"], parameter["explode"]) != ("form", True):
        raise NotImplementedError(f"{operation} has a query in another style")
    verdict.encoding = "query"
    verdict.document = _decoded_form(query, "the query", verdict.violations)
    if verdict.document is not None and (verdict.document or parameter.get("required")):
        verdict.violations += _errors("the query", _validator(operation, "query"), verdict.document)


def _judge_body(verdict: Verdict, request: Request) -> None:
    operation = verdict.operation
    if operation is None:
        return
    if not operation.bodies:
        if request.body:
            verdict.violations.append("the operation has no body, the request has one")
        if "content-type" in request.headers:
            verdict.violations.append("the request has a content type and no body")
        return
    if not request.body and "content-type" not in request.headers:
        if operation.document["requestBody"].get("required"):
            verdict.violations.append("the body is missing")
        return
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    kind = header.get_content_type() if "content-type" in request.headers else ""
    if kind not in operation.bodies:
        verdict.violations.append(f"the content type {kind or 'is missing and'} is not one of the operation's")
        return
    if str(header.get_param("charset", "utf-8")).lower() != "utf-8":
        verdict.violations.append("the body says that it is not in UTF-8")
    if kind != FORM and verdict.path_parameters.get("format", "json") != "json":
        verdict.violations.append(f"{kind} is taken by the json endpoint only")
    verdict.encoding = kind
    verdict.document = _decoded(request.body, kind, verdict.violations)
    if verdict.document is not None:
        verdict.violations += _errors("the body", _validator(operation, kind), verdict.document)


def decoded(body: bytes, kind: str) -> Any:
    """The document in a body of a content type; None where it is none, or not written as the spec says."""
    violations: list[str] = []
    document = _decoded(body, kind, violations)
    return None if violations else document


def _decoded(body: bytes, kind: str, violations: list[str]) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        violations.append("the body is not UTF-8")
        return None
    if kind == FORM:
        return _decoded_form(text, "the body", violations)
    try:
        return json.loads(text, parse_float=finite, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twins)
    except ValueError as error:
        violations.append(f"the body is not JSON: {error}")
    return None


def _decoded_form(text: str, where: str, violations: list[str]) -> dict[str, str] | None:
    if re.search("%(?![0-9A-Fa-f]{2})", text) or not text.isascii() or re.search(r"[\x00-\x20]", text):
        violations.append(f"{where} is not percent-encoded")
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as error:
        violations.append(f"{where} is not made of parameters: {error}")
        return None
    counted = Counter(name for name, _ in pairs)
    violations += [
        f"{where} has the parameter {name!r} more than once" for name in sorted(counted) if counted[name] > 1
    ]
    return dict(pairs)


def finite(digits: str) -> float:
    """A number with a fraction or an exponent; `ValueError` beyond those of a double, which would be read as infinity."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands there more than once")
    return document


# ---- validation ------------------------------------------------------------------------------------------------------


@cache
def _validator(operation: Operation, where: str) -> jsonschema_rs.Validator:
    if where in operation.bodies:
        return operation.api.validator(operation.bodies[where])
    (schema,) = [
        each["schema"]
        for each in operation.parameters
        if where == (each["name"] if each["in"] == "path" else each["in"])
    ]
    return operation.api.validator(schema)


def _errors(where: str, validator: jsonschema_rs.Validator, value: Any) -> list[str]:
    if validator.is_valid(value):
        return []
    return [_sentence(where, error) for error in validator.iter_errors(value)]


def _sentence(where: str, error: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"[{step!r}]" for step in error.instance_path)
    return f"{where}{place}: {error.message}"
