"""Writes the Python source of a spec's security schemes: what each credential is called, and which go together.

`x-credential` says of a scheme what OpenAPI has no words for: by which algorithms it is signed, how long it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .documents import Step
from .emit_models import constant, docstring
from .shapes import Unsupported

Scheme = Mapping[str, Any]


def security(document: Mapping[str, Any]) -> str:
    """`security.py`: a constant for each scheme, and the alternatives among them."""
    schemes: Mapping[str, Scheme] = document["components"].get("securitySchemes", {})
    constants: set[str] = {"SECURITY"}
    lines = [
        docstring("The credentials of this API: a constant for each, and which of them go together."),
        "from __future__ import annotations",
        "from typing import Final",
        "from .._runtime.security import Scheme",
        "",
    ]
    for name, scheme in schemes.items():
        steps: tuple[Step, ...] = ("components", "securitySchemes", name)
        if constant(name) in constants:
            raise Unsupported(f"the Python name {constant(name)!r} is taken", steps)
        constants.add(constant(name))
        lines += [f"{constant(name)}: Final = Scheme({', '.join(_arguments(name, scheme, steps))})"]
        lines += [docstring(_prose(scheme, "description", steps)), ""]
    alternatives = "".join(f"{each}, " for each in _alternatives(document, schemes))
    lines.append(f"SECURITY: Final[tuple[frozenset[str], ...]] = ({alternatives})")
    lines.append(
        docstring(
            "The alternatives, as names of schemes: a request carries all credentials of one of them. An empty one: "
            "a request without any, or with credentials in a place that a scheme cannot describe."
        )
    )
    return "\n".join(lines) + "\n"


def _arguments(name: str, scheme: Scheme, steps: tuple[Step, ...]) -> Iterator[str]:
    match scheme:
        case {"type": "apiKey", "in": "query", "name": str(carrier)}:
            kind = "parameter"
        case {"type": "http", "scheme": str(word)}:
            kind, carrier = "header", word.capitalize()
        case _:
            raise Unsupported("a security scheme is of `type: apiKey` and `in: query`, or of `type: http`", steps)
    yield f"name={name!r}, kind={kind!r}, carrier={carrier!r}"
    yield f"description={_prose(scheme, 'description', steps)!r}"
    yield f"source={_prose(scheme, 'x-source', steps)!r}"
    facts = scheme.get("x-credential", {})
    if not isinstance(facts, Mapping):
        raise Unsupported("expected an object", (*steps, "x-credential"))
    for key, value in facts.items():
        here = (*steps, "x-credential", key)
        if key == "algorithms" and isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            yield f"algorithms={tuple(value)!r}"
        elif key in _SECONDS and type(value) is int and value > 0:
            yield f"{key.replace('-', '_')}={value}"
        elif key in _TEXTS and isinstance(value, str) and value:
            yield f"{key.replace('-', '_')}={value!r}"
        elif key == "algorithms" or key in _SECONDS or key in _TEXTS:
            raise Unsupported("algorithms are a list of texts, seconds a whole number above 0, all else text", here)
        else:
            raise Unsupported(f"x-credential does not know {key!r}", here)


def _alternatives(document: Mapping[str, Any], schemes: Mapping[str, Scheme]) -> Iterator[str]:
    """The alternatives as Python; OpenAPI says that a document without any asks for no credentials."""
    for index, alternative in enumerate(document.get("security") or [{}]):
        for name in alternative:
            if name not in schemes:
                raise Unsupported(f"there is no security scheme {name!r}", ("security", index, name))
        yield f"frozenset({{{', '.join(map(repr, alternative))}}})" if alternative else "frozenset()"


def _prose(scheme: Scheme, key: str, steps: tuple[Step, ...]) -> str:
    if not isinstance(scheme.get(key), str) or not scheme[key].strip():
        raise Unsupported(f"a security scheme needs {key}", steps)
    return " ".join(scheme[key].split())


_SECONDS: Final = ("longest-seconds", "usual-seconds", "window-seconds")
_TEXTS: Final = ("issuer", "body-hash-claim")
