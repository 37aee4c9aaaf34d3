"""Reading YAML: the core schema of YAML 1.2, only what JSON has a word for, and errors with their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.documents import SpecError, follow, line_of, load, pointer


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml") / "a.yaml"


PLAIN: dict[str, Any] = {
    "no": "no", "on": "on", "Yes": "Yes", "2014-06-27": "2014-06-27", "18:31:33": "18:31:33", "12:30": "12:30", "1_000": "1_000",
    "true": True, "False": False, "~": None, "null": None, "": None, "12": 12, "-7": -7, "010": 10, "0o17": 15, "0x1F": 31,
    "1.5": 1.5, "1e3": 1000.0, ".5": 0.5, "+12.3E-2": 0.123, "1.2.3": "1.2.3", "'12'": "12", '"true"': "true", "''": "",
    "=": "=", "0o9": "0o9", "1e": "1e",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), PLAIN.items(), ids=repr)
def test_a_scalar_is_what_the_core_schema_says(file: Path, text: str, value: object) -> None:
    file.write_text(f"a: {text}\n", "utf-8")
    read = load(file)["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: [1,\n", r":3: "),
        ("a: 1\nb: 2\na: 3\n", r":3 at #/a: found duplicate key 'a'"),
        ("a:\n  200: x\n", r":2 at #/a/200: the key 200 is not text; put it in quotes"),
        ("a:\n  ? [x]\n  : y\n", r":2 at #/a: a key must be text"),
        ("a: &x {b: *x}\n", r":1 at #/a/b: an alias stands inside what it names"),
        ("a: !!python/name:os.system x\n", r":1 at #/a: the tag .* has no place in JSON"),
        ("a: {<<: {b: 1}}\n", r":1 at #/a: merge keys"),
        ("a:\n  - 1e400\n", r":2 at #/a/0: a number is too large or too long to be kept"),
        (f"a: {'9' * 5000}\n", r":1 at #/a: a number is too large or too long to be kept"),
        ("1e400: 1\n", r":1 at #/1e400: the key 1e400 is not text"),
        ("- a\n", r":1: expected a mapping"),
        ("", r":1: expected a mapping"),
        ("a: \x00", r":1: "),
    ],
)
def test_what_is_not_json_in_yaml_is_an_error_with_its_line(file: Path, text: str, told: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(SpecError, match=rf"a\.yaml{told}"):
        load(file)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nothing\.yaml:1: cannot be read"):
        load(tmp_path / "nothing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(SpecError, match=r"latin\.yaml:1: cannot be read"):
        load(tmp_path / "latin.yaml")


def test_a_line_is_that_of_the_node_or_of_the_deepest_one_above_it(file: Path) -> None:
    file.write_text("a:\n  b:\n    - x\n    - c: 1\n      d: 2\n", "utf-8")
    assert [line_of(file, steps) for steps in ((), ("a",), ("a", "b", 1, "d"), ("a", "b", 7), ("z",))] == [
        1,
        1,
        5,
        2,
        1,
    ]
    file.write_text("[", "utf-8")
    assert line_of(file, ("a",)) == 1


def test_a_pointer_escapes_what_would_be_taken_for_a_step() -> None:
    assert pointer(("paths", "/a~b", 0)) == "#/paths/~1a~0b/0"
    assert follow("#/paths/~1a~0b", {"paths": {"/a~b": 7}}) == 7


@given(st.text(max_size=40))
def test_no_text_ends_in_another_error(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert isinstance(load(file), dict)
    except SpecError as error:
        assert str(file) in str(error)  # noqa: PT017  # either outcome is right
