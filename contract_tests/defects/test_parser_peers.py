"""The seeded parsers are what they say: each broken one has a witness, and the correct ones give all witnesses rightly.

Nothing here looks at the laws that judge parsers. The correct ones also give what the specs say of all samples and examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.arriving import WAYS, Way, documented, made, way_of
from contract_tests.samples import ACCEPTED, REJECTED, Sample
from shortcodekit.webhooks import Request

from .parsers import BROKEN, CORRECT, ParseError, Parser
from .parsers_witnesses import REFUSED, WITNESSES, same

_ACCEPTED = [(each, way) for _, each in ACCEPTED if (way := way_of(each)) is not None]
_REJECTED = [(each, way) for _, each in REJECTED if (way := way_of(each)) is not None]


def _named(parser: Parser) -> str:
    return parser.name


EACH_CORRECT = pytest.mark.parametrize("parser", CORRECT, ids=_named)


def test_names_are_unique_and_sentences_say_what_is_wrong() -> None:
    parsers = (*BROKEN, *CORRECT)
    assert len({each.name for each in parsers}) == len(parsers)
    assert len({each.sentence for each in parsers}) == len(parsers)
    assert all(each.sentence.endswith(".") for each in parsers)
    assert len(BROKEN) >= 22
    assert len(CORRECT) >= 8


def test_every_broken_parser_has_a_witness_and_no_witness_is_left_over() -> None:
    assert WITNESSES.keys() == {each.name for each in BROKEN}


@pytest.mark.parametrize("parser", BROKEN, ids=_named)
def test_a_broken_parser_gives_its_witness_wrongly(parser: Parser) -> None:
    witness = WITNESSES[parser.name]
    seen = witness.seen(parser)
    assert same(seen, witness.wrong), (parser.sentence, seen)
    assert not same(seen, witness.right)


@EACH_CORRECT
def test_a_correct_parser_gives_every_witness_rightly(parser: Parser) -> None:
    seen = {name: witness.seen(parser) for name, witness in WITNESSES.items()}
    assert not {name: each for name, each in seen.items() if not same(each, WITNESSES[name].right)}


@EACH_CORRECT
def test_a_correct_parser_gives_what_the_specs_say_of_examples_samples_and_drawn_documents(parser: Parser) -> None:
    wrong: list[str] = []
    for way in WAYS:
        drawn = (made(way, bytes([seed]) * 400, complete=seed < 4) for seed in range(12))
        for document in (documented(way.name), *filter(None, drawn)):
            if not _gives(parser, way, way.request(way.written(document)), document):
                wrong.append(f"{way}: {document}")
    for sample, way in _ACCEPTED:
        if not _gives(parser, way, way.request(sample.content), way.decoded(sample.content)):
            wrong.append(str(sample))
    assert not wrong


@EACH_CORRECT
def test_a_correct_parser_refuses_samples_or_gives_them_and_raises_nothing_else(parser: Parser) -> None:
    for sample, way in _REJECTED:
        outcome = _parsed(parser, way, way.request(sample.content))
        if _must_be_refused(sample):
            assert outcome == REFUSED, sample


def _must_be_refused(sample: Sample) -> bool:
    """What is no document, or lacks what every event has. A body that is a form may be called JSON."""
    return ("unreadable" in sample.facts and sample.stem != "form-as-json") or (
        sample.facts.get("keyword") == "required" and sample.facts["at"] == ""
    )


def _gives(parser: Parser, way: Way, request: Request, document: Mapping[str, Any]) -> bool:
    return same(_parsed(parser, way, request), way.expected(document))


def _parsed(parser: Parser, way: Way, request: Request) -> Any:
    headers = request.headers
    pairs = dict(headers.items() if isinstance(headers, Mapping) else headers)
    try:
        return parser.parse(way.name, request.method, request.query, pairs, request.body)
    except ParseError:
        return REFUSED
