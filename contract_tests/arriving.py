"""Webhooks as the service sends them: each event of the specs, in each encoding that its spec allows.

Nothing is listed: the webhooks are those of the specs, what reads one is the function of `shortcodekit.webhooks` with its name.
How a document becomes a query, a form or JSON is written out here with the standard library alone, in all the ways in which
senders write them; and so is what must come out again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from attrs import evolve, frozen

from shortcodekit import webhooks
from shortcodekit.contract.choices import Choices
from shortcodekit.contract.normalising import normalise
from shortcodekit.contract.recipes import UnluckyError, recipe
from shortcodekit.contract.ways import Travelling, every_character, lower_escapes
from shortcodekit.webhooks import Request

from .apis import WEBHOOKS
from .samples import Sample

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "query"


@frozen(slots=False)
class Way(Travelling):
    """One webhook in one encoding: `query`, or a content type; read by the product, and written here."""

    def read(self, request: Request, **settings: Any) -> Any:
        """What the public function of this webhook makes of `request`."""
        return getattr(webhooks, self.name.replace("-", "_"))(request, **settings)

    def request(self, content: str | bytes, *labels: str | None) -> Request:
        """The request that carries `content`, which is encoded already; under other content types where `labels` are given."""
        if self.encoding == QUERY:
            text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
            return Request("GET", text, [("accept", "*/*")])
        headers = [("Content-Type", each) for each in labels or (self.encoding,) if each is not None]
        return Request("POST", "", headers, content.encode("utf-8") if isinstance(content, str) else content)

    def expected(self, document: Mapping[str, Any]) -> Any:
        """What a model of the request writes again."""
        return normalise(self.api, self.schema, self.arriving(document))

    def written(self, document: Mapping[str, Any], choices: Choices | None = None) -> str:
        """`document` in this encoding, in one of the ways in which senders write it."""
        style = choices or Choices(b"")
        if not self.flat:
            indent, ascii_only = style.one([None, 2, 0, "\t"]), bool(style.below(2))
            separators = style.one([None, (",", ":"), (" , ", " :\r\n")])
            text = json.dumps(document, indent=indent, ensure_ascii=ascii_only, separators=separators)
            return "".join([style.one(["", " ", "\n", "\ufeff"]), text, style.one(["", "\n", "\t "])])
        escape = style.one([quote_plus, quote, every_character, lower_escapes])
        first = style.one(["", "?"]) if self.encoding == QUERY else ""
        return first + "&".join(f"{escape(key)}={escape(value)}" for key, value in self.arriving(document).items())

    def event(self, **changes: Any) -> Any:
        """What is read of the documented event, in which some keys are changed as `told` says."""
        return self.read(self.request(self.written(told(self.name, **changes))))

    def decoded(self, content: bytes) -> Any:
        """The document in `content`, read without the product."""
        text = content.decode("utf-8-sig" if self.encoding == JSON else "utf-8")
        if self.encoding == JSON:
            return json.loads(text)
        return dict(parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict"))

    def __str__(self) -> str:
        return f"{self.name}-{self.encoding.rpartition('/')[2]}"


WAYS: Final = tuple(
    Way(operation, encoding)
    for operation in WEBHOOKS
    for encoding in (*operation.bodies, *([QUERY] if operation.query else []))
)
PARAMETERS: Final = tuple(way for way in WAYS if way.flat)
BODIES: Final = tuple(way for way in WAYS if way.encoding != QUERY)
IN_JSON: Final = tuple(way for way in WAYS if way.encoding == JSON)


def each_of(ways: Iterable[Way]) -> pytest.MarkDecorator:
    """Parametrizes a law with `ways`."""
    return pytest.mark.parametrize("way", [pytest.param(way, id=str(way)) for way in ways])


EACH_WAY: Final = each_of(WAYS)


def way_of(sample: Sample) -> Way | None:
    """How the document of a sample travels; None when it is no webhook's."""
    encoding = {"json": JSON, "form": FORM, "query": QUERY}.get(sample.encoding)
    found = [way for way in WAYS if way.schema == sample.family.schema and way.encoding == encoding]
    return found[0] if found else None


def ways(*names: str) -> tuple[Way, ...]:
    """The ways of some webhooks."""
    return tuple(way for way in WAYS if way.name in names)


def way_to(name: str, encoding: str = JSON) -> Way:
    """The way of a webhook in one encoding."""
    (found,) = (way for way in ways(name) if way.encoding == encoding)
    return found


def made(way: Way, data: bytes, *, complete: bool = False) -> Any:
    """A valid document made of random bytes; None when they make none."""
    try:
        return recipe(way.api, way.schema, complete=complete)(Choices(data))
    except UnluckyError:
        return None


@cache
def documented(name: str) -> Mapping[str, Any]:
    """The example of a webhook in its spec, the one that has most."""
    operations = [operation for operation in WEBHOOKS if operation.path == name]
    found = [value for each in operations for _, kind, _, value in each.examples() if kind != QUERY]
    example: Mapping[str, Any] = max(found, key=len)
    return example


def told(name: str, **changes: Any) -> dict[str, Any]:
    """The same with some keys changed; `_` in their names stands for `-` where the documents have that."""
    example = dict(documented(name))
    for key, value in changes.items():
        plain = key.rstrip("_")
        dashed = plain.replace("_", "-")
        example[dashed if dashed in _DASHED else plain] = value
    return example


_DASHED: Final = frozenset(
    key for way in WAYS for key in way.api.schemas[way.schema].get("properties", {}) if "-" in key
)


def with_header(request: Request, name: str, value: str) -> Request:
    """`request` with one more header."""
    headers = request.headers.items() if isinstance(request.headers, Mapping) else request.headers
    return evolve(request, headers=[*headers, (name, value)])
