"""The laws about what a receiver must not do: fall over malformed input, or take what the service did not sign."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import evolve

from shortcode_clients.alerts.security import SIGNATURE, SIGNATURE_TIMESTAMP
from shortcode_clients.messages.security import SIGNED_CALLBACK

from .laws import DEEP, Broken, Law, Need, Rng
from .receiving import Bench
from .specs import FORM, JSON
from .targets import Call
from .ways import Signer, Way, reordered

_SIGNED: Final = "Published elsewhere: signed webhooks"
SECRET: Final = Need[Bench]("the signature secret", lambda bench: bench.signer is not None)
Made = tuple[str, Call]

# ---- malformed -----------------------------------------------------------------------------------------------------------


def malformed(way: Way, rng: Rng) -> Iterator[Made]:
    """Requests that are no events, or damaged ones; who gets one may refuse or take it."""
    whole = way.written(way.told_apart(dict(way.example), rng.bytes)).encode()
    contents: dict[str, bytes] = {
        "nothing": b"",
        "half of an event": whole[: len(whole) // 2],
        "no UTF-8": whole.replace(b"e", b"\xff\xfe", 1),
        "bytes": bytes(range(256)),
        "a NUL": whole[:20] + b"\0" + whole[20:],
        "HTML": b"<html><body>502</body></html>",
        "300,000 bytes": b"a" * 300_000,
    }
    if way.encoding == JSON:
        contents |= {
            "a list": b"[]", "null": b"null", "a text": b'"text"', "a number": b"12", "no object": b"[1, {}]",
            "an empty object": b"{}", "NaN": b'{"status": NaN}', "a key twice": b'{"status": "a", "status": "b"}',
            "half a surrogate pair": b'{"status": "\\ud800", "msisdn": "1"}', "a form": b"msisdn=1&status=delivered",
            "nested deep": b'{"a":' * DEEP + b"1" + b"}" * DEEP, "a number without end": b'{"price": ' + b"9" * 5000 + b"}",
        }  # fmt: skip
    else:
        contents |= {
            "parameters without values": b"msisdn&status&messageId", "only signs": b"&&==&=", "broken escapes": b"msisdn=%zz&status=%",
            "escapes of no UTF-8": b"msisdn=%ff%fe&status=%C3", "a parameter twice": whole + b"&status=failed&status=",
            "an event in JSON": b'{"msisdn": "1", "status": "delivered"}', "5000 parameters": b"&".join(b"a%d=1" % n for n in range(5000)),
        }  # fmt: skip
    for about, content in contents.items():
        if not (way.encoding == "query" and len(content) > 50_000):
            yield about, way.call(content)
    for key, value in way.example.items():
        for other in _wrong(value, flat=way.flat):
            document = {**way.example, key: other}
            yield f"{key} is {json.dumps(other)[:40]}", way.call(way.written(way.told_apart(document, rng.bytes)))
        left = {name: each for name, each in way.example.items() if name != key}
        yield f"without {key}", way.call(way.written(left))
    if way.encoding != "query":
        for label in (
            "",
            "text/plain",
            "image/png",
            "application/json; charset=latin-1",
            "nonsense",
            FORM if way.encoding == JSON else JSON,
        ):
            yield f"Content-Type: {label or 'none'}", way.call(whole, content_type=label)


def _wrong(value: Any, *, flat: bool) -> list[Any]:
    if flat:
        return ["", "x" * 5000, "\x00", "-1", "null", "[]", "\uff11\uff12"]
    others: list[Any] = [None, [], {}, "", -1, True, 1e300, "x" * 5000, [value], {"value": value}]
    return [each for each in others if each != value or isinstance(each, bool) != isinstance(value, bool)]


def _garbled(bench: Bench) -> Iterator[Made]:
    """Events whose signature cannot be one."""
    if bench.signer is None:
        return
    way, document = bench.way, bench.good(bench.rng("garbled")).document
    for about, mark in (("not in ASCII", "é" * 32), ("a NUL", "\0"), ("very long", "0" * 5000), ("in brackets", "[]")):
        if way.signed_by_token:
            headers = (
                ("content-type", JSON),
                ("authorization", f"Bearer {mark.encode('ascii', 'replace').decode()[:3000]}"),
            )
            yield f"a token that is {about}", evolve(way.call(way.written(document)), headers=headers)
        else:
            said = {**bench.signer.with_signature(way, document), SIGNATURE.carrier: mark}
            yield f"a signature that is {about}", way.call(way.written(said))


def _no_crash(bench: Bench) -> Broken | None:
    garbled = list(_garbled(bench))
    for about, call in (*malformed(bench.way, bench.rng("malformed")), *garbled):
        signs = bench.signer is not None and bench.way.signed_by_token and (about, call) not in garbled
        made = bench.signer.with_token(call) if bench.signer and signs else call
        came = bench.send(made)
        if (
            came.status is None
            and not came.error.startswith("no answer")
            and len(call.body) + len(call.query) > 100_000
        ):
            continue  # a server may break off what is too long
        if came.status is None or came.status >= 500:
            return Broken(f"{bench.right} or a refusal (HTTP 4xx), and no crash", (made,), came, about)
        after = bench.alive(about)
        if after is not None:
            return Broken(f"{bench.right} for a good event after it", (made, *after.calls), after.came, about)
    return None


# ---- signed --------------------------------------------------------------------------------------------------------------


def _signer(bench: Bench) -> Signer:
    if bench.signer is None:
        raise LookupError("these laws need a secret")
    return bench.signer


def _genuine(bench: Bench) -> Iterator[Made]:
    """Signed events in all the forms that are right."""
    rng = bench.rng("genuine")
    return _genuine_tokens(bench, rng) if bench.way.signed_by_token else _genuine_signatures(bench, rng)


def _genuine_tokens(bench: Bench, rng: Rng) -> Iterator[Made]:
    way, signer = bench.way, _signer(bench)

    def plain() -> Call:
        return way.call(way.written(bench.good(rng).document))

    for about, indent, ascii_only in (
        ("JSON with white space", 2, True),
        ("JSON in UTF-8", None, False),
        ("JSON with escapes", None, True),
    ):
        document = {**bench.good(rng).document, "client_ref": "é😀"}
        written = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
        yield f"{about}: the token is for these bytes", signer.with_token(way.call(written))
    for seconds in (-240, 0, 200):
        yield f"signed {-seconds} s ago", _aged(signer, seconds).with_token(plain())
    yield "without application_id", signer.with_token(plain(), application_id=...)


def _genuine_signatures(bench: Bench, rng: Rng) -> Iterator[Made]:
    way, signer = bench.way, _signer(bench)

    def signed(more: Mapping[str, str] | None = None, *, seconds: float = 0) -> dict[str, Any]:
        document = {**bench.good(rng).document, **(more or {})}
        return _aged(signer, seconds).with_signature(way, document)

    def call(said: Mapping[str, Any]) -> Call:
        return way.call(way.written(said))

    for turn in (str.upper, str.lower):
        said = signed()
        yield f"hex in {turn.__name__} case", call({**said, SIGNATURE.carrier: turn(said[SIGNATURE.carrier])})
    yield "parameters in another order", call(reordered(signed()))
    if not way.flat:
        said = signed()
        said[SIGNATURE_TIMESTAMP.carrier] = int(said[SIGNATURE_TIMESTAMP.carrier])
        yield "the timestamp is a JSON integer", call(said)
    yield "& and = in values", call(signed({"client-ref": "a&b=c", "to-come": "d=e&f"}))
    yield "other scripts in values", call(signed({"to-come": "é😀+ %"}))
    for seconds in (-240, 200):
        yield f"signed {-seconds} s ago", call(signed(seconds=seconds))


def _aged(signer: Signer, seconds: float) -> Signer:
    return evolve(signer, now=lambda: signer.now() + seconds)


def _taken_when_genuine(bench: Bench) -> Broken | None:
    for about, call in _genuine(bench):
        came = bench.send(call)
        if not bench.taken(came):
            return Broken(bench.right, (call,), bench.late(came), about)
    return None


def _forged(bench: Bench) -> Iterator[Made]:
    """Events that the service did not sign as they are."""
    way, rng, signer = bench.way, bench.rng("forged"), _signer(bench)
    near = evolve(signer, secret=signer.secret[:-1] + ("x" if signer.secret[-1] != "x" else "y"))

    def fresh() -> dict[str, Any]:
        return dict(bench.good(rng).document)

    yield "not signed", way.call(way.written(fresh()))
    yield from (_forged_tokens if way.signed_by_token else _forged_signatures)(way, signer, near, fresh)


def _forged_tokens(way: Way, signer: Signer, near: Signer, fresh: Callable[[], dict[str, Any]]) -> Iterator[Made]:
    def plain() -> Call:
        return way.call(way.written(fresh()))

    def with_header(authorization: str) -> Call:
        return evolve(plain(), headers=(("content-type", JSON), ("authorization", authorization)))

    yield "signed with another secret", near.with_token(plain())
    yield "signed with an empty secret", evolve(signer, secret="").with_token(plain())
    call = signer.with_token(plain())
    yield "the body was altered", evolve(call, body=call.body.replace(b"{", b"{ ", 1))
    status = way.written({**fresh(), "client_ref": "forged"}).encode()
    yield "the token is for another event", evolve(call, body=status)
    yield "a token without payload_hash", signer.with_token(plain(), **_hash(...))
    yield "a token whose payload_hash is empty", signer.with_token(plain(), **_hash(""))
    none, hs512 = {"typ": "JWT", "alg": "none"}, {"typ": "JWT", "alg": "HS512"}
    yield "alg is none, without a signature", signer.with_token(plain(), header=none, digest="")
    yield "alg is none", signer.with_token(plain(), header=none)
    other_way = signer.with_token(plain(), header=hs512, digest="sha512")
    yield "made by HS512, which is not the service's way", other_way
    for issuer in ("Somebody", "Vonage-test", "vonage", "", ...):
        yield "of another issuer", signer.with_token(plain(), iss=issuer)
    yield "a token that is none", with_header("Bearer abc.def.ghi")
    yield "the secret itself as a token", with_header("Bearer x")


def _forged_signatures(way: Way, signer: Signer, near: Signer, fresh: Callable[[], dict[str, Any]]) -> Iterator[Made]:
    def call(said: Mapping[str, Any]) -> Call:
        return way.call(way.written(said))

    def without(name: str) -> Call:
        return call({each: value for each, value in said.items() if each != name})

    yield "signed with another secret", call(near.with_signature(way, fresh()))
    yield "signed with an empty secret", call(evolve(signer, secret="").with_signature(way, fresh()))
    said = signer.with_signature(way, fresh())
    for key in (each for each in said if each != SIGNATURE.carrier):
        yield f"{key} was altered", call({**said, key: _altered(said[key])})
        yield f"{key} was taken away", without(key)
    if way.flat:
        whole = way.written(said)
        for about, twice in (("after", f"{whole}&{{}}=forged"), ("before", f"{{}}=forged&{whole}")):
            for key in ("status", "text", "msisdn"):
                if key in said:
                    yield f"{key} is given again {about} the others", way.call(twice.format(key))
    yield "a parameter was added", call({**said, "to-come": "1"})
    mark = said[SIGNATURE.carrier]
    for about, other in (
        ("empty", ""),
        ("cut", mark[:8]),
        ("its last character altered", mark[:-1] + ("0" if mark[-1] != "0" else "1")),
        ("no hex", "z" * len(mark)),
    ):
        yield f"the signature is {about}", call({**said, SIGNATURE.carrier: other})
    yield "without sig", without(SIGNATURE.carrier)


def _hash(value: Any) -> dict[str, Any]:
    return {str(SIGNED_CALLBACK.body_hash_claim): value}


def _altered(value: Any) -> Any:
    text = str(value)
    return text[:-1] + ("1" if text[-1:] != "1" else "2")


def _stale(bench: Bench) -> Iterator[Made]:
    way, rng, signer = bench.way, bench.rng("stale"), _signer(bench)
    window = int((SIGNED_CALLBACK if way.signed_by_token else SIGNATURE).window_seconds or 300)
    for seconds in (-(window + 60), -86_400, window + 120):
        made = _aged(signer, seconds)
        document = bench.good(rng).document
        call = (
            made.with_token(way.call(way.written(document)))
            if way.signed_by_token
            else way.call(way.written(made.with_signature(way, document)))
        )
        yield f"signed {-seconds} s ago" if seconds < 0 else f"signed {seconds} s in the future", call
    if way.signed_by_token:
        yield "a token without iat", signer.with_token(way.call(way.written(bench.good(rng).document)), iat=...)
    else:
        said = {
            name: value
            for name, value in signer.with_signature(way, bench.good(rng).document).items()
            if name not in {SIGNATURE_TIMESTAMP.carrier, SIGNATURE.carrier}
        }
        from shortcodekit import signing  # noqa: PLC0415  # for this one case

        yield (
            "signed without a time",
            way.call(way.written({**said, SIGNATURE.carrier: signing.signature(said, signer.secret, signer.method)})),
        )


def _forged_is_refused(bench: Bench) -> Broken | None:
    return _refused(bench, _forged(bench)) or bench.alive("forged")


def _stale_is_refused(bench: Bench) -> Broken | None:
    return _refused(bench, _stale(bench)) or bench.alive("stale")


def _refused(bench: Bench, made: Iterator[Made]) -> Broken | None:
    for about, call in made:
        came = bench.send(call)
        if came.status is None or came.status < 300:
            return Broken("a refusal, such as HTTP 401", (call,), came, about)
    return None


LAWS: Final[tuple[Law[Bench], ...]] = (
    Law("malformed-does-no-harm", "What is malformed is refused or taken, without a crash, and a good event after it is taken.",
        "choice: a receiver that falls over one request loses those behind it", _no_crash),
    Law("genuine-events", "A signed event is taken: hex in either case, parameters in any order, a token over the bytes that came.",
        _SIGNED, _taken_when_genuine, wants=(SECRET,)),
    Law("forged-events", "An event that was not signed as it is, is refused.", _SIGNED, _forged_is_refused, wants=(SECRET,)),
    Law("stale-events", "An event that was signed long ago is refused.", _SIGNED, _stale_is_refused, wants=(SECRET,)),
)  # fmt: skip
