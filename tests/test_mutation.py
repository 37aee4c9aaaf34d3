"""`make mutants` knows its parts: what is mutated and what judges it is there, and each survivor that is listed has a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mutation.parts import ROOT, Part, parts
from mutation.results import Listed, Mutant, listed
from mutation.sampling import sampled

EACH_PART = pytest.mark.parametrize("part", parts().values(), ids=parts())


def _mutant(before: str, after: str, function: str = "sign") -> Mutant:
    return Mutant("shortcodekit.signing", function, before, after, "survived", "x_sign__mutmut_1")


@EACH_PART
def test_what_is_mutated_and_what_judges_it_is_there(part: Part) -> None:
    assert all(list(ROOT.glob(each)) for each in part.modules)
    for test in part.tests:
        file, *names = re.sub("^--[a-z]+=", "", test).split("::")
        assert (ROOT / file).exists()
        assert all(f"def {name}" in (ROOT / file).read_text("utf-8") for name in names)


@EACH_PART
def test_each_survivor_that_is_listed_has_a_reason_and_a_place(part: Part) -> None:
    modules = {
        each.relative_to(ROOT).with_suffix("").as_posix().partition("/")[2].replace("/", ".")
        for pattern in part.modules
        for each in ROOT.glob(pattern)
    } | {each.removesuffix(".py").replace("/", ".") for each in part.modules}
    known = listed(part)
    for place in (*(place for place, _ in known.named), *known.functions):
        assert any(place.startswith(f"{module}.") for module in modules), place
    assert all(change for _, change in known.named)


def test_no_file_lists_survivors_of_a_part_that_there_is_not() -> None:
    assert {each.stem for each in Path(ROOT / "mutation/listed").glob("*.toml")} <= {*parts(), "everywhere"}


def test_a_survivor_is_known_by_its_function_and_the_lines_that_it_changes() -> None:
    known = Listed(named={("shortcodekit.signing.sign", "return None"): "same"})
    assert known.kind(_mutant("return 1", "return 2")) == ""
    assert known.kind(_mutant("return 1", "return None", "other")) == ""
    assert known.left() == [("shortcodekit.signing.sign", "return None")]
    assert known.kind(_mutant("return 1", "return None")) == "same"
    assert known.left() == []


def test_a_reason_may_hold_for_whatever_is_changed_in_a_function() -> None:
    known = Listed(functions={"shortcodekit.signing.sign": "same"})
    assert known.kind(_mutant("return 1", "return 2")) == "same"
    assert known.kind(_mutant("return 1", "return 2", "other")) == ""


def test_a_reason_that_holds_everywhere_is_found_by_what_the_line_was_and_is() -> None:
    everywhere = listed(Part("none", (), ()))
    assert everywhere.kind(_mutant('x = y.encode("utf-8")', 'x = y.encode("UTF-8")')) == "same"
    assert everywhere.kind(_mutant('x = y.encode("utf-8")', 'x = z.encode("UTF-8")')) == ""
    assert everywhere.kind(_mutant('x = "a"', 'x = "A"')) == ""


NAMES = [
    f"package.{module}.x_{function}__mutmut_{number}"
    for module in ("a", "b")
    for function, many in (("small", 4), ("large", 40))
    for number in range(many)
]


def test_a_sample_has_as_many_mutants_of_each_module_and_the_same_part_of_each_function() -> None:
    chosen = sampled(NAMES, 11)
    for module in ("a", "b"):
        found = [name.partition("__")[0] for name in chosen if name.startswith(f"package.{module}.")]
        assert found.count(f"package.{module}.x_small") == 1
        assert found.count(f"package.{module}.x_large") == 10


def test_a_sample_is_the_same_in_each_run_and_a_larger_one_has_the_smaller_one_in_it() -> None:
    assert sampled(reversed(NAMES), 11) == sampled(NAMES, 11) < sampled(NAMES, 12)


def test_without_a_size_all_mutants_are_the_sample() -> None:
    assert sampled(NAMES, None) == sampled(NAMES, 44) == set(NAMES)
