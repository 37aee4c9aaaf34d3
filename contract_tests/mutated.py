"""Mutated requests: what a receiver may be sent by accident or on purpose, made fast and the same each time.

A seed is a request that is right, or a sample: of each webhook, in each encoding. It is damaged in one to four places: bits, cuts,
splices of two requests, parameters given twice, values that change places, numbers without end, nesting, other charsets, other
methods, and headers of all kinds. All comes from one generator of random numbers, so a number names a request.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from attrs import evolve, frozen

from shortcodekit.contract.choices import TELLING, Choices
from shortcodekit.webhooks import Request

from .arriving import JSON, WAYS, Way, made, told, way_of
from .samples import ACCEPTED, REJECTED

Random = random.Random


@frozen
class Mutated:
    """A damaged request, and what it is sent as."""

    way: Way
    request: Request


def mutated(seed: int, count: int) -> Iterator[Mutated]:
    """`count` requests, those of `seed`."""
    rng = random.Random(seed)  # noqa: S311  # to be the same each time
    seeds = _seeds()
    for _ in range(count):
        way, whole = rng.choice(seeds)
        request = evolve(whole)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
            rng.choice(_CHANGES)(rng, request)
        yield Mutated(way, request)


@cache
def _seeds() -> list[tuple[Way, Request]]:
    """The samples, and what is drawn from the specs; each webhook in each encoding as often as the others."""
    rng = random.Random(0)  # noqa: S311
    found: list[tuple[Way, Request]] = []
    for way in WAYS:
        samples = [sample.content for _, sample in (*ACCEPTED, *REJECTED) if way_of(sample) is way]
        drawn = [made(way, rng.randbytes(160), complete=number % 4 == 0) for number in range(60 - len(samples))]
        written = [way.written(document, Choices(rng.randbytes(6))).encode() for document in drawn if document]
        if way.encoding == JSON:  # which is not seen at its beginning
            written += [b" " * 100 + content for content in written[:3]]
        found += [(way, way.request(content)) for content in (*samples, *written, way.written(told(way.name)).encode())]
    return found


# ---- content ---------------------------------------------------------------------------------------------------------

Change = Callable[[Random, Request], None]
Octets = Callable[[Random, bytes], bytes]


def _of_content(change: Octets) -> Change:
    """The change of a request that changes its body, or its query, which servers hand on as text."""

    def changed(rng: Random, request: Request) -> None:
        if request.method == "GET":
            content = request.query.encode("utf-8", "surrogateescape")
            request.query = change(rng, content).decode("utf-8", "surrogateescape")
        else:
            request.body = change(rng, request.body)

    return changed


def _flipped(rng: Random, content: bytes) -> bytes:
    octets = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8)) if octets else 0):
        octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
    return bytes(octets)


def _cut(rng: Random, content: bytes) -> bytes:
    one, other = sorted((rng.randint(0, len(content)), rng.randint(0, len(content))))
    return rng.choice((content[:one], content[one:], content[:one] + content[other:], content[one:other]))


def _repeated(rng: Random, content: bytes) -> bytes:
    at = rng.randint(0, len(content))
    piece = content[at : at + rng.choice((1, 2, 5, 30))]
    return content[:at] + piece * rng.choice((2, 3, 50, 300)) + content[at:]


def _spliced(rng: Random, content: bytes) -> bytes:
    _, other = rng.choice(_seeds())
    more = other.body or other.query.encode("utf-8", "surrogateescape")
    return content[: rng.randint(0, len(content))] + more[rng.randint(0, len(more)) :]


def _with_sign(rng: Random, content: bytes) -> bytes:
    at = rng.randint(0, len(content))
    return content[:at] + rng.choice(_SIGNS) + content[at + rng.randint(0, 1) :]


def _twice(rng: Random, content: bytes) -> bytes:
    """One of the parameters or members once more, the same or with another value."""
    if b"{" in content:
        found = list(_MEMBER.finditer(content))
        if not found:
            return content
        member = rng.choice(found)
        value = rng.choice((member[2], *_ODD))
        at = rng.choice([each.end() for each in re.finditer(b"{", content)])
        return content[:at] + member[1] + b":" + value + b"," + content[at:]
    pairs = content.split(b"&")
    name = rng.choice(pairs).partition(b"=")[0]
    pairs.insert(rng.randint(0, len(pairs)), name + b"=" + rng.choice(_ODD))
    return b"&".join(pairs)


def _swapped(rng: Random, content: bytes) -> bytes:
    """Two tokens change places: texts, numbers, names."""
    found = list(_TOKEN.finditer(content))
    if len(found) < 2:
        return content
    one, other = sorted(rng.sample(found, 2), key=lambda each: each.start())
    between = content[one.end() : other.start()]
    return content[: one.start()] + other[0] + between + one[0] + content[other.end() :]


def _odd(rng: Random, content: bytes) -> bytes:
    """One token becomes an odd one."""
    found = list(_TOKEN.finditer(content))
    if not found:
        return rng.choice(_ODD)
    token = rng.choice(found)
    return content[: token.start()] + rng.choice(_ODD) + content[token.end() :]


def _nested(rng: Random, content: bytes) -> bytes:
    depth = rng.choice((1, 8, 9, 63, 64, 65, 66, 400, 1500))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"to":', b"}]")))
    return opening * depth + (content or b"1") + closing * rng.choice((depth, depth, depth, depth - 1, 0))


def _another_charset(rng: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    before = rng.choice(("", "", "\ufeff"))
    return (before + text).encode(rng.choice(_CHARSETS), "replace")


def _long(rng: Random, content: bytes) -> bytes:
    """Many parameters or members that nobody knows."""
    count = rng.choice((10, 100, 999, 1000, 1001))
    if b"{" in content:
        return content.replace(b"{", b"{" + b"".join(b'"%d":%d,' % (each, each) for each in range(count)), 1)
    return content + b"".join(b"&%d=%%%02x" % (each, each % 256) for each in range(count))


def _large(rng: Random, content: bytes) -> bytes:
    """About as large as may be, or larger."""
    return content + rng.choice((b"a", b"%41", b" ", b"&", b",", b"[")) * rng.choice((20_000, 60_000, 70_000))


def _escaped(rng: Random, content: bytes) -> bytes:
    """A few octets as escapes, of URLs or of JSON."""
    at = rng.randint(0, len(content))
    form = rng.choice((b"%%%02X", b"%%%02x", b"\\u%04x", b"\\x%02x", b"%%u%04x", b"&#%d;"))
    return content[:at] + b"".join(form % each for each in content[at : at + 4]) + content[at + 4 :]


_MEMBER: Final = re.compile(rb'("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"|[\w.+-]+)')
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\w.+%-]+')
_CHARSETS: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037", "utf-7", "utf-8-sig", "shift_jis")
_SIGNS: Final = (
    *(b"%", b"%%", b"%4", b"%FF", b"%C3", b"%ED%A0%80", b"%00", b"%26", b"%3D", b"&", b"&&", b"=", b"+", b";", b"?", b"#"),
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"\\u", b"\\ud800", b"\\u0000", b"\\/", b"/", b"//", b"'", b"-"),
    *(b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\r\n", b"\t", b" " * 70, b"\x0c"),
    *(text.encode() for text in TELLING),
)  # fmt: skip
_ODD: Final = (
    *(b"null", b"true", b"false", b"[]", b"{}", b'""', b'"', b"", b"0", b"-0", b"-1", b"1.0", b"1e5", b"1e400", b"-1e400"),
    *(b"NaN", b"Infinity", b"-Infinity", b"9" * 19, b"9" * 20, b"9" * 400, b"9" * 4300, b"9" * 4301, b"9" * 5000, b"1e-400"),
    *(b"1.7976931348623157e308", b"5e-324", b"0." + b"0" * 400 + b"1", b"9" * 400 + b".5", b"0x10", b"01", b"1_000"),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\x7f"', b'"1"', b'"STOP"', b'"DELIVERED"', b'"sms"', b"%73ms"),
    *(b'"' + b"x" * 41 + b'"', b'"' + b"x" * 5000 + b'"', b"%F0%9F%98%80" * 40, b'[{"a":[{}]}]', b'{"type":null}', b"[1,2]"),
    *(b'{"type":"text","text":"\\u0053TOP"}', b'{"code":1300}', b"2020-01-01+12:00:00", b"\\2020-01-01\\ 12:00:00", b"\\"),
)  # fmt: skip

# ---- what is around it -----------------------------------------------------------------------------------------------


def _another_method(rng: Random, request: Request) -> None:
    request.method = rng.choice(_METHODS)


def _moved(_: Random, request: Request) -> None:
    """The content changes places with the query, and a GET with a POST."""
    content = request.body
    request.body = request.query.encode("utf-8", "surrogateescape")
    request.query = content.decode("utf-8", "surrogateescape")
    request.method = {"GET": "POST", "POST": "GET"}.get(request.method, request.method)


def _other_headers(rng: Random, request: Request) -> None:
    headers: list[tuple[Any, Any]] = [(rng.choice(_NAMES), rng.choice(_VALUES)) for _ in range(rng.randint(0, 4))]
    request.headers = rng.choice((list, tuple, _mapping, iter))(headers)


def _mapping(headers: list[tuple[Any, Any]]) -> dict[Any, Any]:
    return dict(headers)


_METHODS: Final = (
    *("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "", " ", "GET "),
    *("\x00", "POST\r\nX: y", "П", "\ud800", "x" * 10_000, "query", "_read"),
)
_NAMES: Final[tuple[Any, ...]] = (
    *("Content-Type", "content-type", "CONTENT_TYPE", b"Content-Type", "Authorization", b"authorization", "content-length"),
    *("", b"\xff", "\ud800", "X-Content-Type", "Content-Type ", None, 7, ("a", "b"), 1.5),
)  # fmt: skip
_VALUES: Final[tuple[Any, ...]] = (
    *("application/json", "application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-16", "", b"json"),
    *(b"\xff\xfe", "\ud800", "x" * 10_000, "Bearer", "Bearer a.b.c", b"Bearer \xff", "Basic x", "bearer " + "a" * 300),
    *(f"Bearer {'eyJhbGciOiJIUzI1NiJ9'}.{'e30'}.{'x' * 43}", None, 7, ["application/json"], {"a": "b"}, True, 1.5),
)  # fmt: skip

_CONTENT: Final = (_flipped, _cut, _repeated, _spliced, _with_sign, _twice, _swapped, _odd, _nested, _another_charset, _escaped)  # fmt: skip
_CHANGES: Final[tuple[Change, ...]] = (
    *(_of_content(change) for change in _CONTENT for _ in range(4)),
    *(_of_content(change) for change in (_long, _large, _odd, _odd, _with_sign, _with_sign, _twice, _twice)),
    *(_another_method, _moved, _other_headers, _other_headers),
)


# ---- the worst that fits ---------------------------------------------------------------------------------------------


def worst(way: Way, bound: int) -> Iterator[tuple[str, Request]]:
    """Requests of nearly `bound` bytes that are made to take long, each with a name."""
    cases = _WORST_FORMS if way.flat else _WORST_JSON
    event = way.written(told(way.name)) if way.flat else json.dumps(told(way.name))[:-1]
    for name, (before, unit, after) in cases.items():
        start = event.encode() + before
        room = bound - len(start) - len(after)
        content = start + (_numbered(unit, room) if b"%d" in unit else unit * (room // len(unit))) + after
        yield name, way.request(content)
    for unit in (b"&", b"=", b"%", b"[", b"{", b'"', b"\\", b"\x00", b"\xff", b" ", b"9", b"?", b"-", b"\xef\xbb\xbf"):
        yield f"nothing but {unit!r}", way.request(unit * (bound // len(unit)))


def _numbered(unit: bytes, room: int) -> bytes:
    count = room // len(unit % 99_999)
    return b"".join(unit % (10_000 + each) for each in range(min(count, 89_999)))


Cases = dict[str, tuple[bytes, bytes, bytes]]
_WORST_FORMS: Final[Cases] = {
    "all escaped": (b"&a=", b"%41", b""),
    "all escaped, of many octets": (b"&a=", b"%F0%9F%98%80", b""),
    "escapes that are none": (b"&a=", b"%zz", b""),
    "signs of percent": (b"&a=", b"%", b""),
    "escapes and characters in turn": (b"&a=", "%41é".encode(), b""),
    "spaces": (b"&a=", b"+", b""),
    "one long name": (b"&", b"%61", b"=1"),
    "many digits": (b"&err-code=", b"9", b""),
    "many digits where a number is read": (b"&concat-total=", b"9", b""),
    "as many parameters as there may be": (b"", b"&%d=" + b"%%41" * 75, b""),
    "far too many parameters": (b"", b"&a", b""),
    "the same parameter again and again": (b"", b"&a=1", b""),
    "an escape that breaks off": (b"&a=", b"%C3", b""),
    "a word without end": (b"&text=", b"x", b""),
    "a text without a word": (b"&text=", b".", b""),
}
_WORST_JSON: Final[Cases] = {
    "brackets": (b',"a":', b"[", b""),
    "braces": (b',"a":', b'{"a":', b""),
    "empty lists": (b',"a":[', b"[],", b"1]}"),
    "empty objects": (b',"a":[', b"{},", b"1]}"),
    "small objects": (b',"a":[', b'{"a":"b"},', b"1]}"),
    "many texts": (b',"a":[', b'"",', b"1]}"),
    "many unknown keys": (b"", b',"%d":1', b"}"),
    "many unknown keys of lists": (b"", b',"%d":[]', b"}"),
    "many unknown keys below": (b',"a":{"a":1', b',"%d":"a"', b"}}"),
    "many unknown keys with an escape beside them": (b',"\\u0061":1', b',"%d":""', b"}"),
    "the same key again and again": (b"", b',"a":1', b"}"),
    "the same key in escapes": (b"", b',"\\u0061":1', b"}"),
    "the same key below": (b',"a":{"a":1', b',"a":1', b"}}"),
    "escapes": (b',"a":"', b"\\u0061", b'"}'),
    "escapes of pairs": (b',"a":"', b"\\ud83d\\ude00", b'"}'),
    "escapes of halves": (b',"a":"', b"\\ud800", b'"}'),
    "escapes of quotation marks": (b',"a":"', b'\\"', b'"}'),
    "many digits": (b',"a":', b"9", b"}"),
    "many digits behind the point": (b',"a":0.', b"0", b"1}"),
    "a large exponent": (b',"a":1e', b"9", b"}"),
    "long numbers": (b',"a":[', b"9" * 4300 + b",", b"1]}"),
    "numbers of twenty digits": (b',"a":[', b"9" * 20 + b",", b"1]}"),
    "the smallest numbers": (b',"a":[', b"5e-324,", b"1]}"),
    "small numbers": (b',"a":[', b"1e-308,", b"1]}"),
    "numbers between two others": (b',"a":[', b"9007199254740993e-300,", b"1]}"),
    "large numbers": (b',"a":[', b"1.7976931348623157e308,", b"1]}"),
    "numbers out of range": (b',"a":[', b"1e400,", b"1]}"),
    "white space": (b',"a":', b" ", b"1}"),
    "characters of four octets": (b',"a":"', "😀".encode(), b'"}'),
    "a text that is no UTF-8 at its end": (b',"a":"', b"x", b'\xff"}'),
}
