"""Schemathesis' own generator as a second opinion: what it draws for a schema is valid, and is read by the models.

Our strategies could share a misunderstanding with our models; this generator knows neither. It is slow, so it draws few.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from contract_tests.apis import APIS, MODELS, Api
from shortcodekit.contract.normalising import normalise, same


@cache
def _spec(api: Api) -> Any:
    """A spec that takes a document of each component at a path of its own."""
    paths = {
        f"/{name}": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
                },
                "responses": {"200": {"description": "Read."}},
            }
        }
        for name in api.readers
    }
    components = {"schemas": api.schemas}
    raw = {"openapi": "3.1.0", "info": {"title": api.name, "version": "1"}, "paths": paths, "components": components}
    return schemathesis.openapi.from_dict(raw)


@pytest.mark.parametrize(("api", "name"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in MODELS])
def test_what_schemathesis_draws_is_valid_and_read(api: Api, name: str) -> None:
    validator, read = api.validator(name), api.readers[name]

    @settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(_spec(api)[f"/{name}"]["POST"].as_strategy())
    def law(case: Any) -> None:
        validator.validate(case.body)
        assert same(read(case.body).to_dict(), normalise(api, name, case.body))

    law()


def test_every_api_has_models() -> None:
    assert {api for api, _ in MODELS} == set(APIS)
