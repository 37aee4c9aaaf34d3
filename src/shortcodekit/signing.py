"""The signature of the `rest.nexmo.com` APIs, made and compared; no I/O, no clock.

All parameters but the signature itself, sorted by name (and by value where a name is given twice, so that order never
counts), are joined as `&name=value`; in values, `&` and `=` become `_`. The signature is the MD5 of that text followed by
the secret, or its HMAC under the secret, in hex. What travels is not changed by any of this. Values of a JSON body count as
JSON writes them. Which methods there are is told by the spec, as is the name of the signature's parameter.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from shortcode_clients import MAX_PARAMETERS
from shortcode_clients.alerts.security import SIGNATURE

METHODS: Final = SIGNATURE.algorithms
"""The methods: `md5hash`, and HMAC with each of the other hashes."""

_CONCEALED: Final = str.maketrans("&=", "__")


def text_to_sign(parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """The text that is signed. Parameters are a mapping, or pairs where a name may come twice; `sig` is left out."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    told = sorted((name, value_text(value)) for name, value in pairs if name != SIGNATURE.carrier)
    return "".join(f"&{name}={value.translate(_CONCEALED)}" for name, value in told)


def signature(parameters: Mapping[str, Any] | Iterable[tuple[str, Any]], secret: str, method: str) -> str:
    """The signature in lower-case hex.

    `method` is one of `METHODS`, else `ValueError`; a text that is not Unicode (a lone surrogate) is a
    `UnicodeEncodeError`, which is one as well. Source: Published elsewhere by the vendor; see the schema `Sig`.
    """
    return _hash(method)(text_to_sign(parameters).encode("utf-8"), secret.encode("utf-8"))


def matches(one: str, other: str) -> bool:
    """Whether two signatures are the same, whatever their case; takes as long for near misses as for others."""
    return hmac.compare_digest(one.lower().encode("utf-8", "replace"), other.lower().encode("utf-8", "replace"))


def value_text(value: Any) -> str:
    """A parameter's value as it counts in a signature: texts as they are, all else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def form_members(content: bytes | str) -> list[tuple[str, str]]:
    """The parameters of a query or a form, those of one name included; `ValueError` when it is none in UTF-8."""
    text = content if isinstance(content, str) else content.decode("utf-8")
    return parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)


def json_members(content: bytes) -> list[tuple[str, Any]]:
    """The members of a JSON object, those of one name included; `ValueError` when `content` is none in UTF-8.

    Numbers are the text that stands there, which is what is signed; an object inside is a list.
    """
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
        value = json.loads(text, object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=_refuse)
    except RecursionError:
        value = None
    if not isinstance(value, _Members):
        raise ValueError("not a JSON object")
    return list(value)


class _Members(list[tuple[str, Any]]):
    """What tells an object from a list."""


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _hash(method: str) -> Callable[[bytes, bytes], str]:
    if method not in METHODS:
        raise ValueError(f"the method of a signature is one of {', '.join(METHODS)}")
    if method == "md5hash":
        return lambda text, secret: hashlib.md5(text + secret, usedforsecurity=False).hexdigest()
    return lambda text, secret: hmac.new(secret, text, method).hexdigest()
