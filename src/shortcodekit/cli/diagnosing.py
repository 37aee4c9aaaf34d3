"""Why a signature of parameters does not match: the mistakes that are made with it, tried one by one. No I/O.

A signature does not tell how it came to be. But the mistakes are few (another method, a line end behind the secret, a value
decoded twice, a parameter that a router added), so each is made on purpose, and where the result is the signature that
came, that was it. What fits nothing was made with another secret, or of other values, and no one can tell which.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from attrs import Factory, define, field

from shortcode_clients.alerts.security import API_SECRET, SIGNATURE, SIGNATURE_TIMESTAMP
from shortcodekit import signing
from shortcodekit.concealing import conceal
from shortcodekit.webhooks import VerificationFailed, verify_sig
from shortcodekit.webhooks.requests import Request, looks_like_json

SECRET: Final = "[secret]"  # noqa: S105  # stands where it is
Pairs = list[tuple[str, str]]


@define
class Verdict:
    """Whether a request is signed as it should be, and if not, why."""

    kind: str
    """`signature` or `token`."""
    matches: bool
    reason: str = ""
    """What a receiver of this package says of it; empty when it matches."""
    causes: list[str] = Factory(list)
    """What explains it, in sentences; empty when it matches."""
    notes: list[str] = Factory(list)
    """What is worth knowing, and did not decide."""
    facts: dict[str, Any] = Factory(dict)
    """What was compared with what; nothing secret."""


@define
class Asked:
    """What is to be judged, by what, and as of when."""

    request: Request
    secret: str = field(repr=False)
    method: str
    now: float
    """Unix seconds."""
    tolerance: float
    others: Mapping[str, str] = field(factory=dict, repr=False)
    """Secrets that may have been mistaken for the right one, by what they are."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self.secret, *self.others.values())


def signature_verdict(asked: Asked) -> Verdict:
    """The verdict on a request that carries `sig`."""
    reason = ""
    try:
        verify_sig(asked.request, asked.secret, method=asked.method, now=asked.now, tolerance=asked.tolerance)
    except VerificationFailed as error:
        reason = error.reason
    verdict = Verdict("signature", not reason, reason)
    pairs = members(asked.request)
    if pairs is None:
        verdict.causes.append("The parameters cannot be read: neither a query or form in UTF-8 nor a JSON object.")
        return verdict
    told = [value for name, value in pairs if name == SIGNATURE.carrier]
    verdict.facts = {"method": asked.method, "signed": masked_text(pairs, asked.method, asked.hidden)}
    if len(told) == 1:
        made = _hash(_bytes(signing.text_to_sign(pairs)), asked.secret, asked.method)
        verdict.facts |= {"told": conceal(told[0], asked.hidden), "expected": made}
    if verdict.matches and told[0] != told[0].lower():
        verdict.notes.append("The signature is in capitals. Compare signatures without regard to case.")
    if not verdict.matches:
        verdict.causes = [*_causes(asked, pairs, told), *_time(asked, pairs)]
    return verdict


def members(request: Request) -> Pairs | None:
    """The parameters as they are signed; None where they cannot be read."""
    with suppress(ValueError):
        if request.method == "GET":
            return signing.form_members(request.query)
        if looks_like_json(request.body):
            return [(name, signing.value_text(value)) for name, value in signing.json_members(request.body)]
        return signing.form_members(request.body)
    return None


def masked_text(pairs: Iterable[tuple[str, Any]], method: str, secrets: Sequence[str]) -> str:
    """The text that is signed, with the place of the secret where it is part of it."""
    shown = [(name, SECRET if name == API_SECRET.carrier else value) for name, value in pairs]
    text = conceal(signing.text_to_sign(shown), tuple(secrets))
    return f"{text}{SECRET}" if method == "md5hash" else text


def how(method: str) -> str:
    """What a method does, in words."""
    if method == "md5hash":
        return "the MD5 of this text, the secret included"
    return f"the HMAC of this text by {method.upper()}, under the secret"


_UNKNOWN: Final = (
    "None of the usual mistakes explains it. Either it was made with another secret, or a parameter was changed, added or lost"
    " on the way; a signature cannot tell which. Compare the text above with the one that the sender signed."
)


# ---- mistakes --------------------------------------------------------------------------------------------------------------


def _causes(asked: Asked, pairs: Pairs, told: list[str]) -> Iterator[str]:
    if len(told) != 1:
        yield from _not_one(asked.request, told)
        return
    sig = told[0].strip()
    if sig != told[0]:
        yield "There is white space around the signature."
    lengths = {each: len(signing.signature([], "x", each)) for each in signing.METHODS}
    if len(sig) not in lengths.values() or not set(sig.lower()) <= set("0123456789abcdef"):
        known = ", ".join(str(each) for each in sorted(set(lengths.values())))
        yield f"What came as {SIGNATURE.carrier} is no signature: those have {known} hex digits, and this has {len(sig)} characters."
        return
    if bad := next((name for name, _ in pairs if "&" in name or "=" in name), None):
        yield f"The name of a parameter has & or = in it, so that it could be taken for two: {bad[:_SHOWN]!r}."
        return
    methods = [each for each in (asked.method, *signing.METHODS) if lengths[each] == len(sig)]
    found = _found(asked, pairs, sig, dict.fromkeys(methods))
    if found is not None:
        yield from found
        return
    if asked.method not in methods:
        made_by = " and ".join(dict.fromkeys(methods))
        yield f"It has {len(sig)} hex digits, as {made_by} give, and {asked.method} gives {lengths[asked.method]}."
    yield _UNKNOWN


def _not_one(request: Request, told: list[str]) -> Iterator[str]:
    name = SIGNATURE.carrier
    if told:
        yield f"The parameter {name} is there {len(told)} times."
        return
    yield f"There is no parameter {name}, so nothing is signed."
    with suppress(ValueError):
        if request.method != "GET" and any(key == name for key, _ in signing.form_members(request.query)):
            yield f"It stands in the query, but of a {request.method} the body is signed and verified."
    if request.header("authorization"):
        yield "The request has a header Authorization: events of the Messages API carry a token there."


def _found(asked: Asked, pairs: Pairs, sig: str, methods: Iterable[str]) -> list[str] | None:
    """The fewest mistakes that together make the signature that came; None where no such ones are known."""
    tried = []
    views = list(_views(asked.request, pairs))
    for method in methods:
        other_method = [] if method == asked.method else [f"It was signed by {method}, and not by {asked.method}."]
        for secret_words, secret in secrets_tried(asked.secret, asked.others):
            for view_words, content in views:
                mistakes = [*other_method, *(each for each in (secret_words, view_words) if each)]
                tried.append((mistakes, method, secret, content))
    for mistakes, method, secret, content in sorted(tried, key=lambda each: len(each[0])):
        if signing.matches(_hash(content, secret, method), sig):
            return mistakes
    return None


def _hash(content: bytes, secret: str, method: str) -> str:
    key = secret.encode("utf-8", "replace")
    if method == "md5hash":
        return hashlib.md5(content + key, usedforsecurity=False).hexdigest()
    return hmac.new(key, content, method).hexdigest()


def secrets_tried(secret: str, others: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Secrets that may have been used, with the mistake behind each; the right one first, with none."""
    yield "", secret
    if secret.strip() != secret:
        yield "The secret here has white space around it, and the sender's has none.", secret.strip()
    if len(secret) > 2 and secret[0] == secret[-1] and secret[0] in "'\"":
        yield "The secret here has quotation marks around it, which are none of it.", secret[1:-1]
    yield "The sender's secret has a line end behind it.", f"{secret}\n"
    yield "The sender's secret has a space behind it.", f"{secret} "
    for words, other in others.items():
        if other and other != secret:
            yield f"It was made with {words}, and not with the signature secret.", other


def _views(request: Request, pairs: Pairs) -> Iterator[tuple[str, bytes]]:
    """What may have been signed, with the mistake that makes it, in words."""
    kept = [(name, value) for name, value in pairs if name != SIGNATURE.carrier]
    text = signing.text_to_sign(kept)
    yield "", _bytes(text)
    for words, change in _CHANGES.items():
        yield words, _bytes(signing.text_to_sign([(name, change(value)) for name, value in kept]))
    raw = request.query if request.method == "GET" else request.body.decode("utf-8", "replace")
    if not looks_like_json(request.body):
        split = [each.partition("=") for each in raw.split("&") if not each.startswith(f"{SIGNATURE.carrier}=")]
        for words, decode in _DECODINGS.items():
            yield words, _bytes(signing.text_to_sign([(decode(name), decode(value)) for name, _, value in split]))
    yield (
        "Parameters with empty values were left out when it was signed.",
        _bytes(signing.text_to_sign([(name, value) for name, value in kept if value])),
    )
    yield from _written(kept, text)
    for count in (1, 2):
        for left in combinations(sorted({name for name, _ in kept}), count if len(kept) <= _MANY else 1):
            words = f"It was made without {' and '.join(left)}: added on the way, or forgotten by the sender."
            yield words, _bytes(signing.text_to_sign([each for each in kept if each[0] not in left]))


def _written(kept: Pairs, text: str) -> Iterator[tuple[str, bytes]]:
    """The right parameters, put together in another way."""
    as_they_came = "".join(f"&{name}={value.translate(_REPLACED)}" for name, value in kept)
    yield "Parameters were signed in the order in which they came, and not sorted by name.", _bytes(as_they_came)
    by_letters = sorted(kept, key=lambda each: each[0].lower())
    yield (
        "Parameters were sorted without regard to case.",
        _bytes("".join(f"&{name}={value.translate(_REPLACED)}" for name, value in by_letters)),
    )
    yield "The & before the first parameter was left out.", _bytes(text.removeprefix("&"))
    yield (
        "& and = in values were not replaced by _.",
        _bytes("".join(f"&{name}={value}" for name, value in sorted(kept))),
    )
    removed = "".join(f"&{name}={value.replace('&', '').replace('=', '')}" for name, value in sorted(kept))
    yield "& and = in values were taken out, and not replaced by _.", _bytes(removed)
    yield "Texts were encoded in Latin-1, and not in UTF-8.", text.encode("latin-1", "replace")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_REPLACED: Final = str.maketrans("&=", "__")
_MANY: Final = 25
_SHOWN: Final = 40
_CHANGES: Final[Mapping[str, Callable[[str], str]]] = {
    "Values are still percent-encoded here: they were encoded twice, or decoded too seldom.": unquote_plus,
    "Spaces stood as + when it was signed: a + became a space, because it was not written %2B, or was decoded twice.": (
        lambda value: value.replace(" ", "+")
    ),
    "Spaces stood as %20 when it was signed, which belongs into the URL alone.": lambda value: value.replace(
        " ", "%20"
    ),
    "A + stands here where a space was signed: it was decoded as a URL's path, and not as a query.": (
        lambda value: value.replace("+", " ")
    ),
    "White space around values was taken off when it was signed.": str.strip,
    "Line ends were \\n when it was signed, and are \\r\\n here.": lambda value: value.replace("\r\n", "\n"),
    "Line ends were \\r\\n when it was signed, and are \\n here.": (
        lambda value: value.replace("\r\n", "\n").replace("\n", "\r\n")
    ),
    "Accented characters were composed (NFC) when it was signed, and are not here.": (
        lambda value: unicodedata.normalize("NFC", value)
    ),
    "Accented characters were decomposed (NFD) when it was signed, and are not here.": (
        lambda value: unicodedata.normalize("NFD", value)
    ),
}
_DECODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "Values were signed as they stand in the URL, percent-encoded; or what is here was decoded before it was handed on.": str,
    "A + in the URL was signed as +, and not as the space that it stands for.": unquote,
}


# ---- time ------------------------------------------------------------------------------------------------------------------


def _time(asked: Asked, pairs: Pairs) -> Iterator[str]:
    now, tolerance = asked.now, asked.tolerance
    name = SIGNATURE_TIMESTAMP.carrier
    told = [value for key, value in pairs if key == name]
    if len(told) != 1:
        yield f"There is no parameter {name}, or several: without one a request could be sent again for ever."
        return
    if not (told[0].isascii() and told[0].isdigit() and len(told[0]) <= _LONGEST):
        yield f"The {name} is no time in Unix seconds."
        return
    seconds = int(told[0])
    if abs(seconds / 1000 - now) <= tolerance:
        yield f"The {name} is in milliseconds, and has to be in seconds."
    elif abs(now - seconds) > tolerance:
        yield age(seconds, now, tolerance)


def age(seconds: float, now: float, tolerance: float) -> str:
    """What is told of something that was signed at another time than about now."""
    apart = abs(now - seconds)
    words = next(f"{apart / unit:.0f} {name}" for unit, name in _UNITS if apart >= 2 * unit or unit == 1)
    if seconds > now:
        return f"It was signed {words} in the future: a clock is wrong. {tolerance:g} seconds are allowed."
    return (
        f"It was signed {words} ago, and {tolerance:g} seconds are allowed: it was sent again, or a clock is wrong."
        " --now judges it at another time."
    )


_UNITS: Final = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
_LONGEST: Final = 14
