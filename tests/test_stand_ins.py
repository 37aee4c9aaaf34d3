"""What stands in for the service where a client is judged: pages of a list, and answers in the form that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from shortcode_clients.opt_in.models import OptOutList
from shortcodekit.contract.calling import Reply
from shortcodekit.contract.client_calls import answering
from shortcodekit.contract.client_other_laws import paging
from shortcodekit.contract.judge import Request
from shortcodekit.contract.judging import provider_laws

NUMBERS: Final = [str(15550100000 + number) for number in range(250)]
LIST: Final = {"opt-in-count": "1", "opt-in-list": [{"msisdn": "15550100123", "opt-in": False, "opt-out": True}]}


def _page(reply: Callable[[Request], Reply], query: str, form: str = "json") -> Any:
    came = reply(Request("GET", f"/sc/us/alert/opt-in/query/{form}?api_key=abcd1234&api_secret=x{query}", {}, b""))
    assert came.status == 200
    return json.loads(came.body) if form == "json" else OptOutList.from_xml(came.body).to_dict()


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", NUMBERS[:100]), ("&page=0", NUMBERS[:100]), ("&page=2", NUMBERS[200:]), ("&page=3", []),
        ("&page-size=7", NUMBERS[:7]), ("&page-size=7&page=2", NUMBERS[14:21]), ("&page-size=1000", NUMBERS),
    ],
)  # fmt: skip
def test_pages_are_those_that_are_asked_for(query: str, wanted: list[str], form: str) -> None:
    page = _page(paging(NUMBERS), query, form)
    assert [each["msisdn"] for each in page["opt-in-list"]] == wanted
    assert page["opt-in-count"] == str(len(wanted))


def test_an_answer_has_the_form_that_is_asked_for() -> None:
    reply = answering(LIST, OptOutList, 203)
    as_json, as_xml = (reply(Request("GET", f"/a/{form}?x=/xml", {}, b"")) for form in ("json", "xml"))
    assert (as_json.status, json.loads(as_json.body), as_json.content_type) == (203, LIST, "application/json")
    assert (as_xml.status, as_xml.content_type) == (203, "application/xml")
    assert OptOutList.from_xml(as_xml.body).to_dict()["opt-in-count"] == "1"


def test_a_provider_is_bound_with_all_that_must_not_be_shown() -> None:
    for given, kept in (("a-signature-secret", "a-signature-secret"), (None, "")):
        laws = provider_laws(
            "http://127.0.0.1:1/?token=abcdef",
            api_key="abcd1234",
            api_secret="a-secret",
            signature_secret=given,
            headers=[("x-a", "b")],
        )
        for law in laws:
            assert (law.secrets["API_SECRET"], law.secrets["SIGNATURE_SECRET"]) == ("a-secret", kept)
            assert law.secrets["URL_QUERY"] == "token=abcdef"
            assert (law.secrets["TOKEN"], law.headers, law.group) == ("", [("x-a", "b")], "")
            assert law.secrets["BASIC"]
        laws[0].bench.target.close()
