"""What no call can be made of is refused with its place; a call without a model, or with an optional one, says so."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from codegen.components import Components
from codegen.documents import pointer
from codegen.emit_calls import call
from codegen.emit_models import docstring
from codegen.shapes import Unsupported

TEXT: Final = {"type": "string", "description": "A text."}
THING: Final = {"schema": {"$ref": "#/components/schemas/Thing"}}
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = {"name": "thing", "in": "query", "style": "form", "explode": True, "required": True, **THING}
FORMAT: Final = {
    "name": "answer-format",
    "in": "path",
    "description": "The form.",
    "schema": {"type": "string", "enum": ["json", "xml"]},
}
DOCUMENT: Final[dict[str, Any]] = {
    "components": {
        "schemas": {"Thing": {"type": "object", "description": "A thing.", "properties": {"a": TEXT}}},
        "parameters": {"Format": FORMAT, "Again": {"$ref": "#/components/parameters/Format"}},
    },
    "paths": {
        "/things/{answer-format}": {
            "parameters": [{"$ref": "#/components/parameters/Again"}],
            "get": {
                "operationId": "readThings",
                "summary": "Reads",
                "x-source": "Here",
                "parameters": [QUERY],
                "responses": {"200": {"content": {"application/json": THING, "text/xml": THING}}},
            },
            "post": {
                "operationId": "writeThings",
                "summary": "Writes",
                "description": "Or\n tries.",
                "x-source": "There",
                "requestBody": {"required": True, "content": {"application/json": THING}},
                "responses": {"201": {"content": {"application/json": THING}}},
            },
        }
    },
}  # fmt: skip
ITEM: Final = ("paths", "/things/{answer-format}")
GET: Final = "#/paths/~1things~1{answer-format}/get"
POST: Final = "#/paths/~1things~1{answer-format}/post"
Change = Callable[[dict[str, Any]], object]


def made(name: str, change: Change) -> str:
    """The module of an operation after `change` of its path's item."""
    document = copy.deepcopy(DOCUMENT)
    change(document["paths"][ITEM[1]])
    return call(name, document, Components(document))


ONE_MODEL: Final = "a call sends one model: as an exploded query, or as one required body of JSON or a form"
SCHEMA: Final = "a parameter and a media type need a schema"
STATUS: Final = "an answer needs a status of three digits, and one schema for all content types"
REFUSED: Final[dict[str, tuple[str, Change, str, str]]] = {
    "any text in a path": ("read_things", lambda item: item["get"]["parameters"].append({"name": "b", "in": "path", "schema": TEXT}), GET, "a path parameter needs a closed list of texts"),
    "no schema in a path": ("read_things", lambda item: item["get"]["parameters"].append({"name": "b", "in": "path"}), GET, SCHEMA),
    "no schema of the query": ("read_things", lambda item: item["get"]["parameters"][0].update(schema=True), GET, SCHEMA),
    "two queries": ("read_things", lambda item: item["get"]["parameters"].append(QUERY), GET, ONE_MODEL),
    "a query that is not exploded": ("read_things", lambda item: item["get"]["parameters"][0].update(explode=False), GET, ONE_MODEL),
    "a query in another style": ("read_things", lambda item: item["get"]["parameters"][0].update(style="deepObject"), GET, ONE_MODEL),
    "a header": ("read_things", lambda item: item["get"]["parameters"][0].update({"in": "header"}), GET, ONE_MODEL),
    "a text for a query": ("read_things", lambda item: item["get"]["parameters"][0].update(schema=TEXT), GET, ONE_MODEL),
    "a query and a body": ("read_things", lambda item: item["get"].update(requestBody=item["post"]["requestBody"]), GET, ONE_MODEL),
    "two types of body": ("write_things", lambda item: item["post"]["requestBody"]["content"].update({FORM: THING}), POST, ONE_MODEL),
    "a body that may be missing": ("write_things", lambda item: item["post"]["requestBody"].pop("required"), POST, ONE_MODEL),
    "a body in XML": ("write_things", lambda item: item["post"]["requestBody"].update(content={"text/xml": THING}), POST, ONE_MODEL),
    "a text for a body": ("write_things", lambda item: item["post"]["requestBody"].update(content={FORM: {"schema": TEXT}}), POST, ONE_MODEL),
    "any status": ("read_things", lambda item: item["get"]["responses"].update(default=item["get"]["responses"]["200"]), f"{GET}/responses/default", STATUS),
    "a status of four digits": ("read_things", lambda item: item["get"]["responses"].update({"2000": item["get"]["responses"]["200"]}), f"{GET}/responses/2000", STATUS),
    "no content": ("read_things", lambda item: item["get"]["responses"].update({"204": {}}), f"{GET}/responses/204", STATUS),
    "two contents": ("read_things", lambda item: item["get"]["responses"]["200"]["content"].update({"text/xml": {"schema": TEXT}}), f"{GET}/responses/200", STATUS),
    "a text for an answer": ("read_things", lambda item: item["get"]["responses"]["200"].update(content={"a/b": {"schema": TEXT}}), f"{GET}/responses/200", "an answer must be a component of its own"),
    "no schema of an answer": ("read_things", lambda item: item["get"]["responses"]["200"].update(content={"a/b": {}}), f"{GET}/responses/200", SCHEMA),
    "a name that the call needs": ("read_things", lambda item: item["get"]["parameters"][0].update(name="quote"), GET, "the Python name 'quote' is taken"),
    "a name twice": ("read_things", lambda item: item["get"]["parameters"][0].update(name="answer_format"), GET, "the Python name 'answer_format' is taken"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "place", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_no_call_can_be_made_of_is_refused_with_its_place(
    name: str, change: Change, place: str, reason: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        made(name, change)
    assert (pointer(caught.value.steps), caught.value.reason) == (place, reason)


def test_a_call_takes_what_the_path_and_its_own_operation_ask_for() -> None:
    module = made("read_things", lambda _: None)
    assert "def request(answer_format: Literal['json', 'xml'], *, thing: Thing) -> dict[str, Any]:" in module
    assert '"url": f"/things/{quote(answer_format, safe=\'\')}",' in module
    assert '"params": thing.to_params(),' in module
    assert "200: Answer(Thing.from_dict, xml_tables.THING)," in module
    assert "    answer_format: The form.\n" in module
    assert "    thing: What to send, a `Thing`.\n" in module
    assert re.search(r'"""Reads\.\s+Args:', module), "this one has no description"


def test_a_path_may_have_several_parameters_and_a_body_a_description() -> None:
    more = {"name": "page", "in": "path", "schema": {"type": "string", "enum": ["1"]}}
    module = made("read_things", lambda item: item["get"]["parameters"].append(more))
    assert "def request(answer_format: Literal['json', 'xml'], page: Literal['1'], *, thing: Thing)" in module
    module = made("write_things", lambda item: item["post"]["requestBody"].update(description="All of it."))
    assert "    body: All of it.\n" in module


def test_a_query_that_may_be_missing_is_sent_when_it_is_given() -> None:
    module = made("read_things", lambda item: item["get"]["parameters"][0].pop("required"))
    assert "*, client: Client, thing: Thing | Unset = UNSET)" in module
    assert '"params": thing.to_params() if thing else {},' in module


def test_a_body_is_sent_with_its_type() -> None:
    module = made("write_things", lambda _: None)
    assert '"content": thing' not in module
    assert '"content": body.to_json(), "headers": {"Content-Type": "application/json"},' in module
    assert "201: Answer(Thing.from_dict)," in module
    assert "Or tries." in module
    assert "Source: There" in module


def test_a_description_may_have_quotes_and_backslashes_in_it() -> None:
    for text in ('""" as in """', 'ends with "', "a \\ and \\n", "x" * 200 + ' """', ""):
        made = docstring(text, text)
        assert "".join(str(ast.literal_eval(made)).split()) == "".join((text + text).split())


def test_a_call_may_send_nothing() -> None:
    module = made("read_things", lambda item: item["get"].update(parameters=[]))
    assert "def request(answer_format: Literal['json', 'xml'], ) -> dict[str, Any]:" in module
    assert '"params"' not in module
    assert '"content"' not in module
