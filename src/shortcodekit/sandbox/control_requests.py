"""What requests to the control API say, judged by its document, and what they are refused with."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shortcode_clients import InvalidDocument
from shortcodekit import rules
from shortcodekit.errors import InvalidRequest

from .incoming import LARGEST, document

MOST: Final = 10_000
_DIGITS: Final = 15
_USUAL: Final = 100


@cache
def openapi() -> dict[str, Any]:
    """The control API's document."""
    return cast(dict[str, Any], json.loads(files(__package__).joinpath("control.json").read_text("utf-8")))


async def json_of(request: Request) -> Any:
    """The JSON of the body, which has to say that it is JSON: a page of another origin cannot send that unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequest("has to be application/json", field="Content-Type")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise InvalidRequest(f"at most {LARGEST} bytes", field="the body")
    try:
        return document(body)
    except InvalidDocument as error:
        raise InvalidRequest(str(error), field="the body") from None


def judge(name: str, said: Any) -> None:
    """Nothing, or `InvalidRequest` with the first rule of the schema `name` that `said` is against."""
    violation = rules.checker(sys.modules[__name__], name)(said)
    if violation is not None:
        raise InvalidRequest(violation.rule, field=".".join(map(str, violation.path)) or "the body")


def limit(request: Request) -> int:
    """How many are asked for."""
    asked = number(request, "limit", _USUAL) or _USUAL
    if asked > MOST:
        raise InvalidRequest(f"at most {MOST}", field="limit")
    return asked


def number(request: Request, name: str, otherwise: int | None = None) -> int | None:
    """A number in the query; one that is larger than any here is as good as the largest."""
    said = request.query_params.get(name)
    if said is None:
        return otherwise
    digits = said.lstrip("0")
    if not (said.isascii() and said.isdigit()) or (not digits and otherwise != 0):
        raise InvalidRequest("a number from 1" if otherwise != 0 else "a number", field=name)
    return int(digits or "0") if len(digits) <= _DIGITS else 10**_DIGITS


def refused(status: int, detail: str) -> Response:
    """A refusal, for a person to read."""
    return JSONResponse({"status": status, "detail": detail}, status)


async def _refuse(_: Request, error: Exception) -> Response:
    detail = f"{error.field}: {error.rule}" if isinstance(error, InvalidRequest) else "the request cannot be read"
    return refused(400, detail)


async def _missing(_: Request, __: Exception) -> Response:
    return refused(404, "there is nothing at this path")


async def _not_allowed(_: Request, error: Exception) -> Response:
    response = refused(405, "the method is another one")
    response.headers.update(getattr(error, "headers", None) or {})
    return response


HANDLERS: Final[dict[Any, Any]] = {InvalidRequest: _refuse, 404: _missing, 405: _not_allowed}
