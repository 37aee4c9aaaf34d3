"""Laws of signed parameters: what the service signed is accepted for five minutes, and what anybody changed is refused.

Expected signatures are computed by `peers.signed_by_hand`, with hashlib and hmac alone. What a change leaves as it was is judged
by the standard library: other hex digits or another order say the same. All that is refused is a `VerificationFailed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.arriving import FORM, JSON, QUERY, Way, each_of, told, way_to, ways
from contract_tests.peers import METHODS, SECRET, members, signed_by_hand
from contract_tests.profiles import examples
from contract_tests.signed import NOW, REASONS, SIGNABLE, WINDOW, bits, near, with_signature
from contract_tests.strategies import documents
from shortcodekit.contract.choices import Choices
from shortcodekit.errors import InvalidRequest
from shortcodekit.webhooks import Request, SigSecret, VerificationFailed, verify_sig

RECEIPTS: Final = ways("delivery-receipt")

Pairs = list[tuple[str, str]]
each_method = pytest.mark.parametrize("method", METHODS)


# ---- signing without the product -------------------------------------------------------------------------------------


def _pairs(way: Way, content: str | bytes) -> Pairs:
    """The parameters in `content`, with the texts that are signed; `ValueError` when there are none."""
    text = content if isinstance(content, str) else content.decode("utf-8")
    if way.encoding == JSON:
        found: Any = members(text.removeprefix("\ufeff").encode())
        if not isinstance(found, list) or not text.strip("\ufeff \t\r\n").startswith("{"):
            raise ValueError("no object")
        return found
    return parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict")


def _written(way: Way, pairs: Pairs) -> str:
    """Pairs in one encoding; a name may come twice."""
    if way.encoding == JSON:
        return "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}"
    return urlencode(pairs)


def _signed_pairs(pairs: Pairs, method: str = "md5hash", secret: str = SECRET, now: int = NOW) -> Pairs:
    stamped = [*pairs, ("timestamp", str(now))]
    return [*stamped, ("sig", signed_by_hand(stamped, secret, method))]


def _event(way: Way, **changes: Any) -> dict[str, Any]:
    return {**told(way.name), "timestamp": str(NOW), "nonce": "a/b+c", **changes}


def _request(way: Way, document: Mapping[str, Any], method: str = "md5hash", style: bytes = b"") -> Request:
    """The event, signed."""
    choices = Choices(style)
    signature = signed_by_hand(_pairs(way, way.written(document)), SECRET, method)
    spelt = choices.one([signature, signature.upper(), signature.title(), signature.swapcase()])
    items = [*document.items(), ("sig", spelt)]
    for place in range(len(items) - 1, 0, -1):
        other = choices.below(place + 1)
        items[place], items[other] = items[other], items[place]
    return way.request(way.written(dict(items), choices))


def _refused(request: Request, secret: str = SECRET, **settings: Any) -> str:
    with pytest.raises(VerificationFailed) as caught:
        verify_sig(request, secret, **{"now": NOW, **settings})
    assert secret not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert REASONS.fullmatch(caught.value.reason)
    return caught.value.reason


def _accepted(request: Request, **settings: Any) -> bool:
    """Whether it is accepted; there is no third outcome."""
    with suppress(VerificationFailed):
        verify_sig(request, SECRET, **{"now": NOW, **settings})
        return True
    return False


# ---- what is accepted ------------------------------------------------------------------------------------------------


def _signable(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document` as the service can sign it: without nesting, and without names that a signature does not tell apart."""
    return {
        key: value
        for key, value in document.items()
        if key not in ("sig", "timestamp") and not isinstance(value, list | dict) and not {"&", "="} & set(key)
    }


@each_method
@each_of(SIGNABLE)
def test_what_is_signed_is_accepted_in_any_order_and_case_and_read_as_before(way: Way, method: str) -> None:
    @examples(20)
    @given(documents(way.api, way.schema), st.binary(min_size=80, max_size=80), st.integers(-WINDOW, WINDOW))
    def law(drawn: Any, style: bytes, late: int) -> None:
        document = {**_signable(drawn), "timestamp": str(NOW)}
        request = _request(way, document, method, style)
        verify_sig(request, SECRET, method=method, now=NOW + late)
        assert way.read(request).timestamp == str(NOW)
        for other in METHODS:
            if other != method:
                assert "another secret or method" in _refused(request, method=other)

    law()


@each_of(SIGNABLE)
def test_an_event_counts_for_five_minutes_before_and_after_its_timestamp(way: Way) -> None:
    request = _request(way, _event(way))
    for late in (0, 1, -1, 299, -299, 300, -300, 300.0, -300.0):
        verify_sig(request, SECRET, now=NOW + late)
        verify_sig(request, SECRET, now=datetime.fromtimestamp(NOW + late, UTC))
    for late in (301, -301, 300.01, -300.01, 86_400, -NOW, 10**9, float("inf"), float("-inf"), float("nan")):
        assert "300 seconds ago" in _refused(request, now=NOW + late)
    verify_sig(request, SECRET, now=NOW + 10, tolerance=10)
    assert "10 seconds ago" in _refused(request, now=NOW + 11, tolerance=10)
    assert "ago" in _refused(request, now=None), "the clock is asked when no time is given"


@pytest.mark.parametrize("tolerance", [10, 1000])
def test_a_verifier_keeps_to_the_tolerance_that_it_was_made_with(tolerance: float) -> None:
    verifier = SigSecret(SECRET, method="sha256", tolerance=tolerance)
    request = with_signature(SIGNABLE[0], method="sha256")
    for late in (0, tolerance, -tolerance):
        verifier.verify(request, NOW + late)
    for late in (tolerance + 1, -tolerance - 1):
        with pytest.raises(VerificationFailed, match=f"more than {tolerance} seconds ago"):
            verifier.verify(request, NOW + late)
    assert repr(verifier) == "SigSecret(…, method='sha256')"


@each_of(SIGNABLE)
def test_a_timestamp_that_is_no_time_in_unix_seconds_is_refused_though_it_is_signed(way: Way) -> None:
    for text in ("", "0x57", "-1461605396", "1461605396.0", "\uff11461605396", "1e9", " 1461605396", "9" * 13, "now"):
        request = _request(way, _event(way, timestamp=text))
        assert "no time in Unix seconds" in _refused(request)
        assert "no time in Unix seconds" in _refused(request, tolerance=float("inf"))


@pytest.mark.parametrize("way", [way for way in SIGNABLE if way.encoding == JSON], ids=str)
def test_numbers_of_json_are_signed_as_they_stand_there(way: Way) -> None:
    document = _event(way, timestamp=NOW, to=96167, extra=1.50, large=1e22, yes=True, nothing=None)
    request = _request(way, document)
    verify_sig(request, SECRET, now=NOW)
    assert way.read(request).timestamp == str(NOW)
    for one, other in ((b"1.5,", b"1.50,"), (b"1e+22", b"1E+22"), (b"true", b"false"), (b"96167", b"96168")):
        assert one in request.body
        assert _refused(way.request(request.body.replace(one, other)))
    for moment in (float(NOW), True, None, "x"):
        assert _refused(_request(way, _event(way, timestamp=moment)))


# ---- what is changed -------------------------------------------------------------------------------------------------


def _sense(way: Way, content: bytes) -> Any:
    """What a signature makes of `content`; None when there is nothing to verify."""
    with suppress(ValueError, AttributeError, TypeError):
        pairs = _pairs(way, content)
        covered = sorted((name, value.replace("&", "_").replace("=", "_")) for name, value in pairs if name != "sig")
        return covered, [value.lower() for name, value in pairs if name == "sig"]
    return None


def _content(request: Request) -> bytes:
    return request.body or request.query.encode("utf-8", "surrogateescape")


@each_method
@each_of(SIGNABLE)
def test_any_one_bit_that_is_changed_is_noticed_unless_it_says_the_same(way: Way, method: str) -> None:
    content = _content(_request(way, _event(way), method))
    sense, same = _sense(way, content), 0
    for changed in bits(content):
        expected = _sense(way, changed) == sense
        same += expected
        assert _accepted(way.request(changed), method=method) == expected, changed
    letters = sum(each.isalpha() for each in signed_by_hand(_pairs(way, way.written(_event(way))), SECRET, method))
    assert letters <= same <= letters + 60, "the case of hex digits, and of those in escapes"


@each_method
def test_any_one_bit_of_the_secret_counts(method: str) -> None:
    request = _request(RECEIPTS[0], _event(RECEIPTS[0]), method)
    secrets = near(SECRET)
    assert len(secrets) > 7 * len(SECRET)
    for secret in (*secrets, SECRET + "x", SECRET[:-1], SECRET.upper(), f" {SECRET}"):
        assert "another secret" in _refused(request, secret, method=method)


@each_method
@each_of(SIGNABLE)
def test_no_parameter_can_be_changed_renamed_left_out_or_added(way: Way, method: str) -> None:
    names = st.text(st.characters(codec="utf-8", exclude_characters="&="), min_size=1, max_size=5)
    texts = st.text(st.characters(codec="utf-8"), max_size=5)

    @examples(8)
    @given(st.lists(st.tuples(names, texts), min_size=1, max_size=5), names, texts, st.integers(0, 100))
    def law(drawn: Pairs, name: str, text: str, number: int) -> None:
        signed = _signed_pairs([pair for pair in drawn if pair[0] not in ("sig", "timestamp")], method)
        assert _accepted(way.request(_written(way, signed)), method=method)
        place = number % len(signed)
        key, value = signed[place]
        for changed in (
            [*signed[:place], (key, text), *signed[place + 1 :]],
            [*signed[:place], (f"{key}{name}", value), *signed[place + 1 :]],
            [*signed[:place], (key.swapcase(), value), *signed[place + 1 :]],
            [*signed[:place], *signed[place + 1 :]],
            [*signed, (name, text)],
            [(each, value) for each, _ in signed],
            [(key if each == "timestamp" else each, value) for each, value in signed],
            [(each, str(NOW + 1) if each == "timestamp" else value) for each, value in signed],
        ):
            content = _written(way, changed)
            expected = _sense(way, content.encode()) == _sense(way, _written(way, signed).encode())
            assert _accepted(way.request(content), method=method) == expected

    law()


# ---- names -----------------------------------------------------------------------------------------------------------


@each_method
@each_of(SIGNABLE)
def test_a_parameter_given_twice_is_signed_twice(way: Way, method: str) -> None:
    one, other = ("text", "STOP"), ("text", "START")
    for twice in ([one, other], [other, one], [one, one]):
        signed = _signed_pairs([("msisdn", "1"), *twice], method)
        assert _accepted(way.request(_written(way, signed)), method=method)
        assert _accepted(way.request(_written(way, signed[::-1])), method=method)
        for place in (1, 2):
            assert not _accepted(way.request(_written(way, signed[:place] + signed[place + 1 :])), method=method)
            assert not _accepted(way.request(_written(way, [signed[place], *signed])), method=method)


@each_of(SIGNABLE)
def test_a_second_signature_or_timestamp_is_refused_whatever_was_signed(way: Way) -> None:
    signed = _signed_pairs([("msisdn", "1")])
    sig, moment = signed[-1], signed[-2]
    for more in ([sig], [("sig", "")], [moment], [("timestamp", str(NOW + 1))]):
        for changed in ([*signed, *more], [*more, *signed]):
            assert "or several" in _refused(way.request(_written(way, changed)))
    covered = _signed_pairs([("msisdn", "1"), ("timestamp", str(NOW))])
    assert "or several" in _refused(way.request(_written(way, covered)))
    for less in (
        [*signed[:-1]],
        [signed[0], sig],
        [],
        [*signed[:-1], ("Sig", sig[1])],
        [*signed[:-1], (" sig", sig[1])],
    ):
        assert "or several" in _refused(way.request(_written(way, less)))


@each_of(SIGNABLE)
def test_names_that_would_be_signed_like_other_parameters_are_refused(way: Way) -> None:
    genuine = _signed_pairs([("a", "1"), ("b", "2")])
    rest = genuine[2:]
    for forged in ([("a=1&b", "2")], [("a", "1&b=2")], [("a=1", ""), ("b", "2")], [("a", "1"), ("&b", "2")]):
        assert not _accepted(way.request(_written(way, [*forged, *rest])))
    for name in ("a=1&b", "a&", "=", "&", "a=b"):
        request = way.request(_written(way, _signed_pairs([(name, "2")])))
        assert "& or =" in _refused(request)


# ---- what cannot be verified -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [way for way in SIGNABLE if way.encoding == JSON], ids=str)
def test_nested_json_is_refused_because_no_signature_covers_it(way: Way) -> None:
    values: tuple[Any, ...] = ([], {}, [1], {"a": 1}, [[]], {"sig": "x"})
    for value in values:
        text = json.dumps({**_event(way), "unknown": value})
        for covered in (json.dumps(value), str(value), ""):
            sig = signed_by_hand([*_pairs(way, json.dumps(_event(way))), ("unknown", covered)], SECRET, "md5hash")
            assert "object or a list" in _refused(way.request(f'{text[:-1]}, "sig": "{sig}"}}'))


UNREADABLE: Final[Mapping[str, Callable[[Way], Request]]] = {
    "empty": lambda way: way.request(""),
    "another text": lambda way: way.request("Hello"),
    "broken JSON": lambda way: way.request('{"sig": "'),
    "a list": lambda way: way.request('[{"sig": "a"}]'),
    "no UTF-8": lambda way: way.request(b"sig=\xff&timestamp=1"),
    "no UTF-8, escaped": lambda way: way.request("sig=%FF&timestamp=1"),
    "half a character": lambda way: way.request('{"sig": "a", "timestamp": "1", "x": "\\ud800"}'),
    "half a character in a name": lambda way: way.request('{"sig": "a", "timestamp": "1", "\\ud800": "x"}'),
    "half a character in the signature": lambda way: way.request('{"sig": "\\ud800", "timestamp": "1"}'),
    "half a character in a query": lambda _: Request("GET", "sig=a&timestamp=1&x=\udcff"),
    "other letters": lambda way: way.request(_written(way, [("sig", "ａ" * 32), ("timestamp", str(NOW))])),  # noqa: RUF001
    "a signature that is no text": lambda way: way.request('{"sig": null, "timestamp": "1"}'),
    "a signature that is a list": lambda way: way.request('{"sig": ["a"], "timestamp": "1"}'),
    "too many parameters": lambda way: way.request("&".join(f"{number}=" for number in range(2000))),
    "deep": lambda way: way.request("[" * 100_000 if way.flat else '{"a":' * 50_000),
    "long digits": lambda way: way.request('{"timestamp": ' + "9" * 5000 + ', "sig": "a"}'),
    "not a number": lambda way: way.request('{"timestamp": NaN, "sig": "a"}'),
    "another method": lambda way: Request("PUT", "sig=a", {}, way.written(_event(way)).encode()),
}


@each_of(SIGNABLE)
@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_not_verified_and_nothing_else_is_raised(
    way: Way, make: Callable[[Way], Request]
) -> None:
    for method in METHODS:
        assert _refused(make(way), method=method)


@each_of(SIGNABLE)
def test_only_what_is_read_counts_as_signed(way: Way) -> None:
    """A signed query says nothing of a body, and a signed body nothing of a query."""
    form, query = way_to(way.name, FORM), way_to(way.name, QUERY)
    other = urlencode({**told(way.name), "text": "forged"})
    genuine = _request(way, _event(way))
    if way.encoding == QUERY:
        with_body = Request("GET", genuine.query, {}, other.encode())
        assert _accepted(with_body)
        assert query.read(with_body) == query.read(genuine)
        assert not _accepted(Request("POST", genuine.query, {}, other.encode()))
        assert not _accepted(Request("POST", genuine.query))
    else:
        assert _accepted(Request("POST", other, {}, genuine.body))
        assert not _accepted(Request("GET", other, {}, genuine.body))
        assert not _accepted(Request("POST", _content(_request(form, _event(form))).decode(), {}, other.encode()))


def test_a_method_that_there_is_not_is_refused_before_anything_is_read() -> None:
    for method in ("md4", "SHA256", "", "none", None):
        with pytest.raises(InvalidRequest) as caught:
            verify_sig(_request(RECEIPTS[0], _event(RECEIPTS[0])), SECRET, method=method, now=NOW)  # type: ignore[arg-type]
        assert caught.value.field == "method"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": "\\ud800", "timestamp": "1", "sig": "x"}', "a parameter is no Unicode text"),
        (b"a=\xff", "there are no parameters that can be read"),
        (b'{"a": "1", "timestamp": "1", "sig": true}', "its sig is no text"),
        (b'{"a": "1", "timestamp": null, "sig": "x"}', "its timestamp is no text"),
    ],
)
def test_what_cannot_be_signed_is_told_so(body: bytes, reason: str) -> None:
    assert _refused(Request("POST", "", {}, body)) == reason


def test_a_timestamp_may_be_written_in_twelve_digits_and_no_more() -> None:
    way = SIGNABLE[0]
    verify_sig(with_signature(way, now=f"00{NOW}"), SECRET, now=NOW)  # type: ignore[arg-type]  # as it stands there
    assert _refused(with_signature(way, now=f"000{NOW}")) == "the timestamp is no time in Unix seconds"  # type: ignore[arg-type]
