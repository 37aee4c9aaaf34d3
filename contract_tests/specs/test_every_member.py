"""Every code, every value of an enumeration, every branch of a union and every bound of the specs is read and written."""

from __future__ import annotations

import pytest

from contract_tests import exercised
from contract_tests.apis import MODELS, Api
from contract_tests.members import ALL_BRANCHES, ALL_MEMBERS, Branch, example
from shortcodekit.contract.choices import Plausible
from shortcodekit.contract.normalising import normalise, same
from shortcodekit.contract.recipes import UnluckyError, recipe

WITH_MEMBERS = [
    (api, model) for api, model in MODELS if any((each.api, each.model) == (api, model) for each in ALL_MEMBERS)
]


@pytest.mark.parametrize(
    ("api", "model"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in WITH_MEMBERS]
)
def test_members_and_bounds_of_a_models_properties_survive_and_what_is_beyond_is_invalid(api: Api, model: str) -> None:
    valid, whole = api.validator(model).is_valid, example(api, model)
    for member in (each for each in ALL_MEMBERS if (each.api, each.model) == (api, model)):
        document = {**whole, member.key: member.value}
        if not valid(document):
            # Beside another key it may be forbidden, as error codes are to be numbers where statuses are texts.
            document = {key: document[key] for key in {*api.schemas[model].get("required", ()), member.key}}
        if not valid(document):
            continue  # it belongs to another place of the same component; one that fits none is missed in the end
        assert same(api.read(model, document).to_dict(), normalise(api, model, document)), member.item
        assert member.beyond is None or not valid({**document, member.key: member.beyond}), member.item
        exercised.note(member.item)


@pytest.mark.parametrize("branch", [pytest.param(each, id=f"{each.union}-{each.name}") for each in ALL_BRANCHES])
def test_branches_of_unions_are_read_as_what_they_are(branch: Branch) -> None:
    make, found = recipe(branch.api, branch.name, complete=True), 0
    for number in range(40):
        try:
            document = make(Plausible(bytes([number]) * 160))
        except UnluckyError:
            continue
        if branch.api.validator(branch.union).is_valid(document):
            model = branch.api.read(branch.union, document)
            assert type(model).__name__ == branch.name
            assert same(model.to_dict(), normalise(branch.api, branch.union, document))
            found += 1
    assert found, "no document of this branch was drawn"
    exercised.note(branch.item)
