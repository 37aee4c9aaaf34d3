"""How a text is split and a template filled, in values: what the sandbox and the migration both do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from shortcode_clients.alerts import codes
from shortcodekit import templates
from shortcodekit.templates import Refused, Rendered
from shortcodekit.texts import ESCAPED, LONGEST, PLAIN, Split, is_plain, split

PAIR: Final = "\U0001f4a5"
"""Takes two units of UTF-16, as does all that comes behind U+FFFF."""

PARTS: Final[dict[str, tuple[str, bool, list[int]]]] = {
    "nothing": ("", False, [0]),
    "nothing in Unicode": ("", True, [0]),
    "one": ("x" * 160, False, [160]),
    "one more": ("x" * 161, False, [153, 8]),
    "as many as two hold": ("x" * 306, False, [153, 153]),
    "three": ("x" * 307, False, [153, 153, 1]),
    "of two places": ("{" * 80, False, [80]),
    "of two places, one more": ("{" * 80 + "x", False, [76, 5]),
    "torn by no border": ("x" * 152 + "{" + "x" * 10, False, [152, 11]),
    "one in Unicode": ("Ω" * 70, True, [70]),
    "one more in Unicode": ("Ω" * 71, True, [67, 4]),
    "three in Unicode": ("Ω" * 135, True, [67, 67, 1]),
    "pairs": (PAIR * 35, True, [35]),
    "one more pair": (PAIR * 36, True, [33, 3]),
    "a pair torn by no border": ("Ω" * 66 + PAIR + "Ω" * 10, True, [66, 11]),
    "the last that is none": ("\uffff" * 70, True, [70]),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_text_is_split_where_a_part_is_full_and_no_character_is_torn(case: str) -> None:
    text, unicode, lengths = PARTS[case]
    found = split(text, unicode=unicode)
    assert [len(each) for each in found.parts] == lengths
    assert (found.text, found.unicode, found.replaced) == (text, unicode, 0)


def test_what_the_plain_alphabet_lacks_is_replaced_and_counted() -> None:
    assert split("aΩłb" + PAIR, unicode=False) == Split(("aΩ?b?",), unicode=False, replaced=2)
    long = split("ł" * 161, unicode=False)
    assert (long.parts, long.unicode, long.replaced) == (("?" * 153, "?" * 8), False, 161)


def test_a_text_is_plain_by_its_characters() -> None:
    assert is_plain("".join(PLAIN | ESCAPED))
    assert is_plain("")
    assert not is_plain("ał")


# ---- templates -------------------------------------------------------------------------------------------------------

TEXTS: Final = {0: "${a} and ${ b }, ${a}", 2: "None", 4: "$a ${} ${${a}}"}
FILLED: Final[dict[str, tuple[int, Mapping[str, Any], Rendered | Refused]]] = {
    "by its index": (2, {}, Rendered(2, "None", Split(("None",), unicode=False))),
    "by places": (0, {"b": "${a}", "a": 7}, Rendered(0, "7 and ${a}, 7", Split(("7 and ${a}, 7",), unicode=False))),
    "in place of the one for PINs": (1, {"a": "x", "b": ""}, Rendered(0, "x and , x", Split(("x and , x",), unicode=False))),
    "places within places": (4, {"a": "x"}, Rendered(4, "$a ${} ${x}", Split(("$a ${} ${x}",), unicode=False))),
    "with too much": (2, {"x\n": "1", "y": "2"}, Rendered(2, "None", Split(("None",), unicode=False), ("x\n", "y"))),
    "without a template": (3, {}, Refused(codes.ALERT_PART_STATUS_INVALID_PARAMETERS, "template: the campaign has no template 3")),
    "with too little": (
        0,
        {"c": "1"},
        Refused(
            codes.ALERT_PART_STATUS_MISSING_PARAMETERS,
            "template 0 has the places ${a}, ${b}, for which no parameter was given; template 0 has no place for c",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILLED)
def test_a_template_is_filled_or_refused_with_the_reason(case: str) -> None:
    asked, custom, wanted = FILLED[case]
    assert templates.render(TEXTS, asked, custom, unicode=False) == wanted


def test_a_template_of_its_own_is_used_for_pins_where_there_is_one() -> None:
    made = templates.render({**TEXTS, 1: "PIN"}, 1, {}, unicode=True)
    assert made == Rendered(1, "PIN", Split(("PIN",), unicode=True))


def test_what_the_sender_may_not_have_meant_is_noted() -> None:
    many = {f"p{number}": "x" for number in range(7)}
    made = templates.render({0: "ł"}, 0, many, unicode=False)
    assert isinstance(made, Rendered)
    assert made.notes == (
        "template 0 has no place for p0, p1, p2, p3, p4",
        "1 characters became `?`: type=unicode sends them",
    )
    plain = templates.render({0: "x"}, 0, {}, unicode=False)
    assert isinstance(plain, Rendered)
    assert plain.notes == ()


def test_a_text_is_too_long_by_what_it_was_filled_with() -> None:
    for size, reason in (
        (LONGEST, None),
        (LONGEST + 1, f"the text has {LONGEST + 1} characters; at most {LONGEST} are sent"),
    ):
        made = templates.render({0: "${a}"}, 0, {"a": "x" * size}, unicode=False)
        assert isinstance(made, Rendered)
        told = Refused(codes.ALERT_PART_STATUS_MESSAGE_TOO_LONG, reason) if reason else None
        assert made.too_long == told


def test_places_are_named_in_order_and_once() -> None:
    assert list(templates.places("${b} ${a} ${ b } ${c$} ${d}}")) == ["b", "a", "d"]
