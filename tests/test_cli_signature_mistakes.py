"""`shortcodekit verify`: each mistake that is made with signatures of parameters is made here, and has to be named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

import pytest

from tests.commands import new_secret
from tests.signatures import ENV, NOW, RECEIPT, SECRET, query, signed, why


def _text(parameters: Mapping[str, str]) -> str:
    return "".join(f"&{name}={parameters[name].translate({38: '_', 61: '_'})}" for name in sorted(parameters))


def _md5hash(text: str | bytes, secret: str = SECRET) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    return hashlib.md5(content + secret.encode()).hexdigest()  # noqa: S324  # the service's own


def _changed(change: Callable[[str], str]) -> str:
    return query(RECEIPT, signed({name: change(value) for name, value in RECEIPT.items()}))


FORM = query(RECEIPT, signed(RECEIPT))
MISTAKES: dict[str, tuple[str, str]] = {
    "another method of the same length": (query(RECEIPT, signed(RECEIPT, method="md5")), "signed by md5, and not by md5hash"),
    "another method": (query(RECEIPT, signed(RECEIPT, method="sha512")), "signed by sha512, and not by md5hash"),
    "a line end behind the secret": (query(RECEIPT, signed(RECEIPT, f"{SECRET}\n")), "a line end behind it"),
    "encoded twice": (
        urlencode({name: quote(value) for name, value in {**RECEIPT, "sig": signed(RECEIPT)}.items()}),
        "encoded twice",
    ),
    "decoded before": ("&".join(f"{name}={value}" for name, value in {
        **RECEIPT, "text": "a%2Bb", "sig": signed({**RECEIPT, "text": "a%2Bb"}),
    }.items()), "percent-encoded"),
    "a + became a space": (
        query({**RECEIPT, "msisdn": " 1636"}, signed({**RECEIPT, "msisdn": "+1636", "text": "x"})).replace(
            urlencode({"text": RECEIPT["text"]}), "text=x"
        ),
        "a + became a space",
    ),
    "spaces as %20": (_changed(lambda value: value.replace(" ", "%20")), "Spaces stood as %20"),
    "empty values dropped": (
        query(RECEIPT, signed({name: value for name, value in RECEIPT.items() if value})),
        "empty values were left out",
    ),
    "not sorted": (
        query(RECEIPT, _md5hash("".join(f"&{name}={value.translate({38: '_', 61: '_'})}" for name, value in RECEIPT.items()))),
        "not sorted by name",
    ),
    "no leading &": (query(RECEIPT, _md5hash(_text(RECEIPT)[1:])), "& before the first parameter"),
    "& and = as they are": (
        query(RECEIPT, _md5hash("".join(f"&{name}={RECEIPT[name]}" for name in sorted(RECEIPT)))),
        "were not replaced by _",
    ),
    "& and = taken out": (
        query(RECEIPT, _md5hash("".join(f"&{name}={RECEIPT[name]}".replace(" & ", "  ").replace(" = ", "  ") for name in sorted(RECEIPT)))),
        "were taken out",
    ),
    "Latin-1": (query(RECEIPT, _md5hash(_text(RECEIPT).encode("latin-1"))), "Latin-1"),
    "decomposed": (_changed(lambda value: value.replace("Ü", "U\u0308")), "decomposed"),
    "a parameter added": (f"{FORM}&utm_source=mail", "made without utm_source"),
    "two parameters added": (f"{FORM}&id=1&utm=2", "made without id and utm"),
    "white space around a value": (_changed(str.strip).replace("delivered", "+delivered+"), "White space around values"),
    "two mistakes": (f"{query(RECEIPT, signed(RECEIPT, method='sha256'))}&x=1", "signed by sha256"),
    "altered": (FORM.replace("delivered", "failed"), "None of the usual mistakes"),
    "another secret": (query(RECEIPT, signed(RECEIPT, "another-secret-altogether")), "made with another secret"),
    "cut": (FORM[:-1], "has 31 characters"),
    "no hex": (query(RECEIPT, "z" * 32), "is no signature"),
    "none": (urlencode(RECEIPT), "There is no parameter sig"),
    "twice": (f"{FORM}&sig=1", "is there 2 times"),
    "no timestamp": (query({"a": "1"}, signed({"a": "1"})), "There is no parameter timestamp"),
    "a timestamp in words": (query({"timestamp": "now"}, signed({"timestamp": "now"})), "no time in Unix seconds"),
    "milliseconds": (
        query({"timestamp": str(NOW * 1000)}, signed({"timestamp": str(NOW * 1000)})), "in milliseconds"
    ),
    "stale": (
        query({"timestamp": str(NOW - 3600)}, signed({"timestamp": str(NOW - 3600)})),
        "signed 60 minutes ago, and 300 seconds are allowed",
    ),
    "in the future": (
        query({"timestamp": str(NOW + 86400 * 3)}, signed({"timestamp": str(NOW + 86400 * 3)})),
        "signed 3 days in the future",
    ),
    "a name with &": ("a%26b=1&" + query({"timestamp": str(NOW)}, signed({"timestamp": str(NOW)})), "has & or = in it"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(source: str, told: str) -> None:
    causes = why(source)
    assert any(told in each for each in causes), causes


@pytest.mark.parametrize("name", ["altered", "another secret"])
def test_what_no_one_can_tell_is_not_guessed(name: str) -> None:
    (cause,) = why(MISTAKES[name][0])
    assert "a signature cannot tell which" in cause


def test_a_signature_of_another_length_tells_of_its_method_even_when_the_secret_is_another() -> None:
    first, second = why(query(RECEIPT, signed(RECEIPT, "another-secret-altogether", "sha256")))
    assert first == "It has 64 hex digits, as sha256 give, and md5hash gives 32."
    assert "None of the usual mistakes" in second


@pytest.mark.parametrize(("around", "told"), [(" {} ", "white space around it"), ("'{}'", "quotation marks around it")])
def test_a_secret_that_was_pasted_with_something_around_it_is_noticed(around: str, told: str) -> None:
    (cause,) = why(FORM, env={"SHORTCODEKIT_SIGNATURE_SECRET": around.format(SECRET)})
    assert told in cause


def test_the_api_secret_in_place_of_the_signature_secret_is_noticed() -> None:
    other = new_secret()
    (cause,) = why(query(RECEIPT, signed(RECEIPT, other)), env={**ENV, "SHORTCODEKIT_API_SECRET": other})
    assert "made with the API secret" in cause


def test_a_signature_in_the_query_of_a_post_is_noticed() -> None:
    causes = why("-", stdin=f"POST /hooks?{FORM} HTTP/1.1\r\n\r\na=1")
    assert any("of a POST the body is signed" in each for each in causes)
