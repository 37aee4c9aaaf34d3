"""The sandbox fills templates and splits texts as phone networks do; how many parts there are is worked out here anew."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.profiles import examples
from contract_tests.sandboxed import CUSTOM, FILLED, PHONE, by_form, by_json, control, credentials, get, raw
from shortcodekit import AlertsClient
from shortcodekit.errors import AlertRejected
from shortcodekit.sandbox import Sandbox

JSON = "/sc/us/alert/json"
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "^{}\\[~]|€\f"
"""3GPP TS 23.038, clauses 6.2.1 and 6.2.1.1."""


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    sandbox.set_templates({0: "${text}"})
    return sandbox


def parts_of(text: str, *, unicode: bool) -> int:
    """How many SMS a text takes: units are laid into parts one by one, and what has two is not torn apart."""
    if unicode:
        widths, alone, several = [len(each.encode("utf-16-be")) // 2 for each in text], 70, 67
    else:
        widths, alone, several = [2 if each in EXTENSION else 1 for each in text], 160, 153
    if sum(widths) <= alone:
        return 1
    parts, room = 1, several
    for width in widths:
        if width > room:
            parts, room = parts + 1, several
        room -= width
    return parts


def sent(sandbox: Sandbox, text: str, **said: Any) -> Any:
    """The answer to an alert whose template is nothing but its text."""
    reply = raw(sandbox, by_json()(JSON, credentials(sandbox), {"to": PHONE, "text": text, **said}))
    assert reply.part["status"] == "0", reply.body[:300]
    assert reply.document["message-count"] == str(len(reply.document["messages"]))
    return reply.document


# ---- splitting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filler", ["x", "€", "é", "[x"])
@pytest.mark.parametrize("size", [0, 1, 79, 80, 81, 152, 153, 154, 159, 160, 161, 305, 306, 307, 459, 460, 1530, 1531])
def test_plain_texts_are_split_after_160_characters_or_153_each(sandbox: Sandbox, filler: str, size: int) -> None:
    for text in ((filler * size)[:size], "x" + (filler * size)[:size]):
        assert len(sent(sandbox, text)["messages"]) == parts_of(text, unicode=False)
        assert sandbox.phone(PHONE).texts[-1] == text


@pytest.mark.parametrize("filler", ["x", "ю", "😀", "e\u0301"])
@pytest.mark.parametrize("size", [0, 1, 33, 34, 35, 36, 66, 67, 68, 69, 70, 71, 133, 134, 135, 201, 202, 670, 671])
def test_unicode_texts_are_split_after_70_units_or_67_each(sandbox: Sandbox, filler: str, size: int) -> None:
    for text in ((filler * size)[:size], "x" + (filler * size)[:size]):
        assert len(sent(sandbox, text, type="unicode")["messages"]) == parts_of(text, unicode=True)
        assert sandbox.phone(PHONE).texts[-1] == text


@examples(60)
@given(st.text(st.sampled_from("xé[€\n"), max_size=700), st.text(st.sampled_from("xю😀"), max_size=300))
def test_any_text_has_as_many_parts_as_its_units_need(running: Sandbox, plain: str, wide: str) -> None:
    running.set_templates({0: "${text}"})
    assert len(sent(running, plain)["messages"]) == parts_of(plain, unicode=False)
    assert len(sent(running, wide, type="unicode")["messages"]) == parts_of(wide, unicode=True)


def test_every_character_of_the_plain_alphabet_arrives_and_takes_its_place(sandbox: Sandbox) -> None:
    assert len(BASIC) == 127, "all 128 but the escape"
    for each in BASIC + EXTENSION:
        text = "x" * (158 if each in EXTENSION else 159) + each
        assert len(sent(sandbox, text)["messages"]) == 1, each
        assert len(sent(sandbox, text + "x")["messages"]) == 2, each
        assert sandbox.phone(PHONE).texts[-2:] == [text, text + "x"]


def test_what_the_plain_alphabet_lacks_is_lost_unless_the_type_is_unicode(sandbox: Sandbox) -> None:
    answer = sent(sandbox, "Кто ç 😀?")
    assert sandbox.phone(PHONE).texts == ["??? ? ??"]
    assert "unicode" in answer["messages"][0]["error-text"]
    answer = sent(sandbox, "Кто ç 😀?", type="unicode")
    assert sandbox.phone(PHONE).texts[-1] == "Кто ç 😀?"
    assert "error-text" not in answer["messages"][0]


def test_a_text_that_is_too_long_is_refused_and_the_longest_one_is_not(sandbox: Sandbox) -> None:
    assert len(sent(sandbox, "x" * 3200)["messages"]) == parts_of("x" * 3200, unicode=False)
    assert get(sandbox, JSON, to=PHONE, text="x" * 3201).part["status"] == "12"
    assert len(sandbox.phone(PHONE).texts) == 1


def test_every_part_has_an_id_a_price_and_the_balance_after_it(sandbox: Sandbox) -> None:
    parts = sent(sandbox, "x" * 400, **{"client-ref": "mine"})["messages"]
    assert len({each["message-id"] for each in parts}) == 3
    assert [each["remaining-balance"] for each in parts] == ["99999.98000000", "99999.96000000", "99999.94000000"]
    assert {(each["to"], each["client-ref"], each["message-price"]) for each in parts} == {
        (PHONE, "mine", "0.02000000")
    }


# ---- templates -------------------------------------------------------------------------------------------------------


def test_each_template_is_chosen_by_its_index_and_the_first_is_the_default(sandbox: Sandbox) -> None:
    sandbox.set_templates({index: f"{index}: ${{name}}" for index in range(6)})
    for index in range(6):
        for said in (index, str(index)):
            raw(sandbox, by_json()(JSON, credentials(sandbox), {"to": PHONE, "template": said, "name": "n"}))
            assert sandbox.phone(PHONE).texts[-1] == f"{index}: n"
    get(sandbox, JSON, to=PHONE, name="n")
    assert sandbox.phone(PHONE).texts[-1] == "0: n"


def test_template_1_is_template_0_until_it_is_set(sandbox: Sandbox) -> None:
    sandbox.reset()
    assert 1 not in sandbox.templates
    get(sandbox, JSON, to=PHONE, template="1", **CUSTOM)
    assert sandbox.phone(PHONE).texts == [FILLED]
    sandbox.set_templates({1: "Your code is ${code}"})
    assert get(sandbox, JSON, to=PHONE, template="1", **CUSTOM).part["status"] == "2"
    get(sandbox, JSON, to=PHONE, template="1", code="1234")
    assert sandbox.phone(PHONE).texts[-1] == "Your code is 1234"
    sandbox.set_templates({1: None})
    get(sandbox, JSON, to=PHONE, template="1", **CUSTOM)
    assert sandbox.phone(PHONE).texts[-1] == FILLED


def test_a_template_that_is_not_there_is_named(sandbox: Sandbox) -> None:
    sandbox.set_templates({3: None, 0: None})
    for said in ({"template": "3"}, {"template": "0"}, {"template": "1"}, {}):
        part = get(sandbox, JSON, to=PHONE, **said).part
        assert part["status"] == "3"
        assert "template" in part["error-text"]


def test_places_without_a_parameter_are_named_and_nothing_is_sent(sandbox: Sandbox) -> None:
    sandbox.set_templates({0: "${a} ${b} ${a} ${c d}"})
    part = get(sandbox, JSON, to=PHONE, b="x").part
    assert part["status"] == "2"
    assert "${a}" in part["error-text"]
    assert "${c d}" in part["error-text"]
    assert "${b}" not in part["error-text"]
    assert not sandbox.messages


def test_parameters_without_a_place_are_named_and_the_alert_is_sent(sandbox: Sandbox) -> None:
    part = get(sandbox, JSON, to=PHONE, text="x", sever="host3").part
    assert part["status"] == "0"
    assert "sever" in part["error-text"]
    assert sandbox.phone(PHONE).texts == ["x"]


def test_values_are_filled_in_as_they_are(sandbox: Sandbox) -> None:
    sandbox.set_templates({0: "${a}${a}|${b}|$c {d} ${} $${a}"})
    said = {"to": PHONE, "type": "unicode", "a": "${b}\\1\\g<0>", "b": "é+& %41\u2028😀"}
    raw(sandbox, by_form(JSON, credentials(sandbox), said))
    a, b = said["a"], said["b"]
    assert sandbox.phone(PHONE).texts == [f"{a}{a}|{b}|$c {{d}} ${{}} ${a}"]


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (1.5, "1.5"), (True, "true"), (False, "false"), (0, "0")])
def test_numbers_and_booleans_are_filled_in_as_json_writes_them(sandbox: Sandbox, value: Any, text: str) -> None:
    sent(sandbox, value)
    assert sandbox.phone(PHONE).texts == [text]


@pytest.mark.parametrize("value", [None, ["x"], {"x": "y"}])
def test_other_values_are_refused_by_the_name_of_their_parameter(sandbox: Sandbox, value: Any) -> None:
    reply = raw(sandbox, by_json()(JSON, credentials(sandbox), {"to": PHONE, "text": value}))
    assert reply.part["status"] == "3"
    assert reply.part["error-text"].startswith("text: ")


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 300, "<b>", "a\tb", "0"])
def test_odd_names_of_parameters_are_told_so_that_json_and_xml_can_carry_them(sandbox: Sandbox, name: str) -> None:
    said = {"to": PHONE, "text": "x", name: "y"}
    assert raw(sandbox, by_form(JSON, credentials(sandbox), said)).part["status"] == "0"
    reply = raw(sandbox, by_form(JSON.replace("json", "xml"), credentials(sandbox), said))
    assert b"<status>0</status>" in reply.body


@pytest.mark.parametrize("text", ["a\0b", "\ufffe", "\x1b", "]]>", "<&>\"'", "\ud83d\ude00"])
def test_any_reference_is_answered_in_json_and_in_xml_or_refused_in_both(sandbox: Sandbox, text: str) -> None:
    said = {"to": PHONE, "text": "x", "client-ref": text.encode("utf-16", "surrogatepass").decode("utf-16")}
    status = raw(sandbox, by_form(JSON, credentials(sandbox), said)).part["status"]
    reply = raw(sandbox, by_form(JSON.replace("json", "xml"), credentials(sandbox), said))
    assert status in {"0", "3"}
    assert f"<status>{status}</status>".encode() in reply.body


def test_clients_tell_which_place_is_not_filled(sandbox: Sandbox) -> None:
    sandbox.reset()
    with AlertsClient(sandbox.auth, base_url=sandbox.url) as client:
        with pytest.raises(AlertRejected, match=r"\$\{server\}"):
            client.send({"to": PHONE}, custom={"link": "x"})
        assert client.send({"to": PHONE}, custom=CUSTOM).messages[0].status == "0"


def test_what_is_set_by_the_control_api_is_what_is_filled(sandbox: Sandbox) -> None:
    reply = control(sandbox, "PUT", "/_sandbox/templates", ["Zero ${x}", None, "Two"])
    assert reply.document == {"0": "Zero ${x}", "2": "Two"}
    get(sandbox, JSON, to=PHONE, template="2")
    get(sandbox, JSON, to=PHONE, x="y")
    assert sandbox.phone(PHONE).texts == ["Two", "Zero y"]


def test_a_seeded_shuffle_of_all_characters_arrives(sandbox: Sandbox) -> None:
    characters = list((BASIC + EXTENSION) * 5)
    random.Random(7).shuffle(characters)  # noqa: S311  # reproducible
    text = "".join(characters)
    assert len(sent(sandbox, text)["messages"]) == parts_of(text, unicode=False)
    assert sandbox.phone(PHONE).texts == [text]
