"""What nothing can be made of is refused by name, with its place: in schemas, in credentials, in webhooks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from codegen.check import check
from codegen.components import Components
from codegen.documents import SpecError, load, pointer
from codegen.emit_security import security
from codegen.emit_tables import xml_tables
from codegen.emit_webhooks import webhooks
from codegen.shapes import Unsupported

from .test_emit_builders import put

SPEC: Final = load(Path(__file__).parent.parent / "specs/alerts.yaml")
COMPONENTS: Final = Components(SPEC)

Document = dict[str, Any]
Change = Callable[[Document], object]


def refusal(made: Callable[[Any], object], of: Any) -> tuple[str, str]:
    """Where something is refused, and why."""
    with pytest.raises(Unsupported) as caught:
        made(of)
    assert str(caught.value) == caught.value.reason
    return pointer(caught.value.steps), caught.value.reason


# ---- schemas ---------------------------------------------------------------------------------------------------------

TEXT: Final = {"type": "string", "description": "A text."}
FACTS: Final = {"temporary": False, "stop-writing": False, "opted-out": False}


def of(**properties: Any) -> Document:
    """An object schema with these properties."""
    return {"type": "object", "description": "A record.", "properties": properties}


def code(value: Any, **more: Any) -> Document:
    return {"const": value, "title": f"Title of {value}", "description": "A meaning.", "x-code": FACTS, **more}


def table(*codes: Any, last: Any = None, **more: Any) -> Document:
    return {"type": "string", "description": "A code.", "anyOf": [*codes, last or {"type": "string"}], **more}


def union(*members: str, **more: Any) -> Document:
    branches = [{"$ref": f"#/components/schemas/{each}"} for each in members]
    return {"oneOf": branches, "discriminator": {"propertyName": "type"}, **more}


def kind(value: Any) -> Document:
    return of(type={"const": value, "description": "The kind."})


OPEN: Final = of(type=TEXT)
REFUSED_SCHEMAS: Final[dict[str, tuple[Document, str, str]]] = {
    "no schema": ({"A": True}, "/A", "expected a schema with keywords"),
    "no schema in a union": ({"A": {"oneOf": [{}, True]}}, "/A/oneOf/1", "expected a schema with keywords"),
    "no schema of a property": ({"A": of(b=False)}, "/A/properties/b", "expected a schema with keywords"),
    "no schema of items": ({"A": {"items": True}}, "/A/items", "expected a schema with keywords"),
    "no schema of a code": ({"A": {"anyOf": [True]}}, "/A/anyOf/0", "expected a schema with keywords"),
    "xml that is no object": ({"A": of(b={"xml": "name"})}, "/A/properties/b/xml", "expected an object"),
    "a keyword": ({"A": {"dependentSchemas": {}}}, "/A", "the keyword 'dependentSchemas' is not one that the generator reads"),
    "a keyword of a property": ({"A": of(b={**TEXT, "x-other": 1})}, "/A/properties/b", "the keyword 'x-other' is not one that the generator reads"),
    "numbers that are enumerated": ({"A": {"type": "integer", "enum": [1]}}, "/A", "an enum needs `type: string`, or `x-normalise: boolean`"),
    "one number that is enumerated": ({"A": {"type": "string", "enum": ["1", 2]}}, "/A", "only texts can be enumerated or constant here"),
    "a constant that is no text": ({"A": {"const": 1}}, "/A", "only texts can be enumerated or constant here"),
    "a table inside": ({"A": of(b=table(code("1")))}, "/A/properties/b", "a code table or a union must be a component of its own, used by $ref"),
    "a union inside": ({"A": of(b=union("A"))}, "/A/properties/b", "a code table or a union must be a component of its own, used by $ref"),
    "text of what is none": ({"A": {"type": "integer", "x-normalise": "text"}}, "/A", "x-normalise: text does not fit the type integer"),
    "an unknown way to normalise": ({"A": {"type": ["string", "integer"], "x-normalise": "trim"}}, "/A", "x-normalise: trim does not fit the type string, integer"),
    "an object inside": ({"A": of(b=of(c=TEXT))}, "/A/properties/b", "an object with properties must be a component of its own, used by $ref"),
    "two types": ({"A": {"type": ["string", "object"]}}, "/A", "no model can be made of the type string, object without x-normalise"),
    "a list of numbers": ({"A": of(b={"type": "array", "items": {"type": "number"}})}, "/A/properties/b/items", "the items of a list must be text or a component"),
    "a closed object": ({"A": {**of(b=TEXT), "additionalProperties": False}}, "/A", "closed objects lose keys to come; leave additionalProperties out"),
    "a wrong shape of other keys": ({"A": {**of(b=TEXT), "additionalProperties": {"type": "array", "items": {}}}}, "/A/additionalProperties/items", "no model can be made of the type None without x-normalise"),
    "a key that is required and not there": ({"A": {**of(b=TEXT), "required": ["b", "c"]}}, "/A/required", "requires 'c', which is not among its properties"),
    "a name of the class's own": ({"A": of(b=TEXT, raw=TEXT)}, "/A/properties/raw", "the Python name 'raw' is taken"),
    "two keys of one name": ({"A": of(a=TEXT, **{"b-c": TEXT, "b_c": TEXT})}, "/A/properties/b-c", "the Python name 'b_c' is taken"),
    "a property without a description": ({"A": of(b={"type": "string"})}, "/A/properties/b", "a property needs a description, its own or its component's"),
    "void beside what is not there": ({"A": of(b={"$ref": "#/components/schemas/T", "x-void-beside": {"c": ["1"]}}), "T": table(code("1"))}, "/A/properties/b/x-void-beside/c", "there is no such property"),
    "void that is no code": ({"A": of(b={**TEXT, "x-void-beside": {"b": ["1"]}})}, "/A/properties/b/x-void-beside", "x-void-beside stands on a code: {another property: [values]}"),
    "void beside no list of texts": ({"A": of(b={"$ref": "#/components/schemas/T", "x-void-beside": {"b": ["1", 1]}}), "T": table(code("1"))}, "/A/properties/b/x-void-beside", "x-void-beside stands on a code: {another property: [values]}"),
    "void beside no object": ({"A": of(b={"$ref": "#/components/schemas/T", "x-void-beside": []}), "T": table(code("1"))}, "/A/properties/b/x-void-beside", "x-void-beside stands on a code: {another property: [values]}"),
    "a time that is a number": ({"A": of(b={**TEXT, "type": "integer", "x-time": "utc"})}, "/A/properties/b", "times and decimal amounts are text"),
    "a moment that is a number": ({"A": of(b={**TEXT, "type": "integer", "format": "date-time"})}, "/A/properties/b", "times and decimal amounts are text"),
    "an amount that is a number": ({"A": of(b={**TEXT, "type": "number", "format": "decimal"})}, "/A/properties/b", "times and decimal amounts are text"),
    "a branch that is no component": ({"U": {"oneOf": [{"type": "object"}], "discriminator": {"propertyName": "type"}}}, "/U/oneOf/0", "a branch of a union must be a $ref to an object component"),
    "a branch that is no object": ({"A": kind("a"), "B": TEXT, "U": union("A", "B")}, "/U/oneOf/1", "a branch of a union must be a $ref to an object component"),
    "two open branches": ({"A": OPEN, "B": OPEN, "U": union("A", "B")}, "/U/oneOf/1", "neither A nor B has a const at type"),
    "two branches alike": ({"A": kind("a"), "B": kind("a"), "U": union("A", "B")}, "/U/oneOf/1", "A and B both have 'a' at type"),
    "a path to nothing": ({"A": OPEN, "B": kind("b"), "U": union("A", "B", **{"x-discriminator-path": ["type", "of"]})}, "/U/oneOf/1", "neither A nor B has a const at type.of"),
    "a mapping that differs": ({"A": kind("a"), "U": union("A", discriminator={"propertyName": "type", "mapping": {"b": "#/components/schemas/A"}})}, "/U/discriminator/mapping", "the mapping differs from the consts of the branches"),
    "a mapping that is none": ({"A": kind("a"), "U": union("A", discriminator={"propertyName": "type", "mapping": []})}, "/U/discriminator/mapping", "the mapping differs from the consts of the branches"),
    "a discriminator that is none": ({"A": kind("a"), "U": union("A", discriminator="type")}, "/U/discriminator", "expected an object"),
    "no discriminator": ({"A": kind("a"), "U": union("A", discriminator={})}, "/U", "a union needs a discriminator, or x-discriminator-path"),
    "an empty path": ({"A": kind("a"), "U": union("A", **{"x-discriminator-path": []})}, "/U", "a union needs a discriminator, or x-discriminator-path"),
    "a path of numbers": ({"A": kind("a"), "U": union("A", **{"x-discriminator-path": ["type", 1]})}, "/U", "a union needs a discriminator, or x-discriminator-path"),
    "builders without a name": ({"A": kind("a"), "U": union("A", **{"x-builders": "a b"})}, "/U/x-builders", "x-builders names a package of Python"),
    "builders of no union": ({"A": {**of(b=TEXT), "x-builders": "a"}}, "/A/x-builders", "only a union can have builders"),
    "a closed table": ({"T": table(code("1"), last=code("2"))}, "/T/anyOf", "the last branch must be open, that is, without const"),
    "a table of neither texts nor integers": ({"T": table(code("1"), type="boolean")}, "/T", "codes are texts or integers"),
    "a code twice": ({"T": table(code("1"), code("2"), code("1"))}, "/T/anyOf/2", "the code '1' is given twice"),
    "a title twice": ({"T": table(code("1"), code("2", title="Title of 1"))}, "/T/anyOf/1", "the title 'Title of 1' is given twice"),
    "a code without facts": ({"T": table(code("1"), code("2", **{"x-code": None}))}, "/T/anyOf/1", "a code needs x-code with temporary, stop-writing and opted-out"),
    "a code with less facts": ({"T": table(code("1", **{"x-code": {"temporary": True, "opted-out": False}}))}, "/T/anyOf/0", "a code needs x-code with temporary, stop-writing and opted-out"),
    "a code with other facts": ({"T": table(code("1", **{"x-code": {**FACTS, "last": True}}))}, "/T/anyOf/0/x-code", "x-code does not know 'last'"),
    "a code without a title": ({"T": table(code("1", title=""))}, "/T/anyOf/0", "a code needs a title"),
    "a code without a meaning": ({"T": table(code("1", description=""))}, "/T/anyOf/0", "a code needs a description"),
    "a number among texts": ({"T": table(code(1))}, "/T/anyOf/0", "the const of this code must be text"),
    "a text among numbers": ({"T": table(code("1"), type="integer")}, "/T/anyOf/0", "the const of this code must be an integer"),
    "true among numbers": ({"T": table(code(True), type="integer")}, "/T/anyOf/0", "the const of this code must be an integer"),
    "a flag without its texts": ({"A": of(b={"description": "b", "x-normalise": "boolean"})}, "/A/properties/b", "x-normalise: boolean needs x-wire, the texts for false and for true"),
    "a flag of three texts": ({"A": {"x-normalise": "boolean", "x-wire": ["0", "1", "2"]}}, "/A", "x-normalise: boolean needs x-wire, the texts for false and for true"),
    "a flag of numbers": ({"A": {"x-normalise": "boolean", "x-wire": ["0", 1]}}, "/A", "x-normalise: boolean needs x-wire, the texts for false and for true"),
}  # fmt: skip


@pytest.mark.parametrize(("schemas", "place", "reason"), REFUSED_SCHEMAS.values(), ids=REFUSED_SCHEMAS)
def test_a_schema_that_no_model_can_be_made_of_is_refused_with_its_place(
    schemas: Document, place: str, reason: str
) -> None:
    assert refusal(Components, {"components": {"schemas": schemas}}) == (f"#/components/schemas{place}", reason)


@pytest.mark.parametrize("items", [{"type": "string"}, {"$ref": "#/components/schemas/B"}])
def test_items_of_a_list_in_xml_need_a_name(items: Document) -> None:
    schemas = {"A": of(b={"type": "array", "description": "Some.", "items": items}), "B": OPEN}
    components = Components({"components": {"schemas": schemas}})
    assert refusal(lambda given: xml_tables(given, frozenset({"A"})), components) == (
        "#/components/schemas",
        "the items of a list in XML need a component with an xml name",
    )


# ---- credentials -----------------------------------------------------------------------------------------------------

SCHEMES: Final = ("components", "securitySchemes")
CREDENTIAL: Final = (*SCHEMES, "signature", "x-credential")
ONE_OF: Final = "a security scheme is of `type: apiKey` and `in: query`, or of `type: http`"
VALUES: Final = "algorithms are a list of texts, seconds a whole number above 0, all else text"
REFUSED_SCHEMES: Final[dict[str, tuple[Change, str, str]]] = {
    "another type": (put(*SCHEMES, "apiKey", "type", value="mutualTLS"), "apiKey", ONE_OF),
    "a key in a header": (put(*SCHEMES, "apiKey", "in", value="header"), "apiKey", ONE_OF),
    "a header without a scheme": (put(*SCHEMES, "apiKey", value={"type": "http"}), "apiKey", ONE_OF),
    "no description": (put(*SCHEMES, "apiSecret", "description", value=" "), "apiSecret", "a security scheme needs description"),
    "a description that is none": (put(*SCHEMES, "apiSecret", "description", value=7), "apiSecret", "a security scheme needs description"),
    "no source": (lambda document: document["components"]["securitySchemes"]["apiKey"].pop("x-source"), "apiKey", "a security scheme needs x-source"),
    "a name that is taken": (put(*SCHEMES, "Signature", value=SPEC["components"]["securitySchemes"]["apiKey"]), "Signature", "the Python name 'SIGNATURE' is taken"),
    "the name of all": (put(*SCHEMES, "security", value=SPEC["components"]["securitySchemes"]["apiKey"]), "security", "the Python name 'SECURITY' is taken"),
    "facts that are no object": (put(*CREDENTIAL, value="md5"), "signature/x-credential", "expected an object"),
    "an unknown fact": (put(*CREDENTIAL, "algorithm", value="md5"), "signature/x-credential/algorithm", "x-credential does not know 'algorithm'"),
    "one algorithm": (put(*CREDENTIAL, "algorithms", value="md5"), "signature/x-credential/algorithms", VALUES),
    "no algorithms": (put(*CREDENTIAL, "algorithms", value=[]), "signature/x-credential/algorithms", VALUES),
    "an algorithm that is a number": (put(*CREDENTIAL, "algorithms", value=["md5", 5]), "signature/x-credential/algorithms", VALUES),
    "a window that is a text": (put(*CREDENTIAL, "window-seconds", value="soon"), "signature/x-credential/window-seconds", VALUES),
    "a window of no time": (put(*CREDENTIAL, "window-seconds", value=0), "signature/x-credential/window-seconds", VALUES),
    "a window that is true": (put(*CREDENTIAL, "window-seconds", value=True), "signature/x-credential/window-seconds", VALUES),
    "an issuer that is a number": (put(*CREDENTIAL, "issuer", value=5), "signature/x-credential/issuer", VALUES),
    "an issuer without a name": (put(*CREDENTIAL, "issuer", value=""), "signature/x-credential/issuer", VALUES),
}  # fmt: skip


@pytest.mark.parametrize(("change", "place", "reason"), REFUSED_SCHEMES.values(), ids=REFUSED_SCHEMES)
def test_a_credential_that_cannot_be_told_is_refused_with_its_place(change: Change, place: str, reason: str) -> None:
    document = copy.deepcopy(SPEC)
    change(document)
    assert refusal(security, document) == (f"#/components/securitySchemes/{place}", reason)


def test_a_scheme_that_is_asked_for_has_to_be_there() -> None:
    document = copy.deepcopy(SPEC)
    document["security"].append({"apiKey": [], "password": []})
    place = f"#/security/{len(document['security']) - 1}/password"
    assert refusal(security, document) == (place, "there is no security scheme 'password'")


def test_a_window_of_one_second_and_one_algorithm_are_told() -> None:
    document = copy.deepcopy(SPEC)
    facts = {
        "algorithms": ["md5"],
        "window-seconds": 1,
        "longest-seconds": 2,
        "issuer": "me",
        "body-hash-claim": "hash",
    }
    put(*CREDENTIAL, value=facts)(document)
    told = "algorithms=('md5',), window_seconds=1, longest_seconds=2, issuer='me', body_hash_claim='hash')"
    assert told in security(document)


def test_an_api_without_credentials_has_one_alternative_which_is_empty() -> None:
    documents: tuple[Document, ...] = ({"components": {}}, {"components": {}, "security": []})
    for document in documents:
        assert "SECURITY: Final[tuple[frozenset[str], ...]] = (frozenset(), )" in security(document)


# ---- webhooks --------------------------------------------------------------------------------------------------------

RECEIPT: Final = ("webhooks", "delivery-receipt")
EVENT: Final = (*RECEIPT, "post", "x-event")


def both(key: str, value: Any) -> Change:
    """The change of a webhook whose methods have to agree."""

    def change(document: Document) -> None:
        for operation in document["webhooks"]["delivery-receipt"].values():
            operation[key] = value

    return change


def within(key: str, inner: str, value: Any) -> Change:
    return both(key, {**SPEC["webhooks"]["delivery-receipt"]["post"][key], inner: value})


CONTENT: Final = (*RECEIPT, "post", "requestBody", "content")
JSON: Final = SPEC["webhooks"]["delivery-receipt"]["post"]["requestBody"]["content"]["application/json"]
OTHER: Final = {"schema": {"$ref": "#/components/schemas/InboundSms"}}
ANYHOW: Final = "an event is JSON; one with `x-encoding: flat` may be a form or a query as well"
SAME: Final = "all methods of a webhook carry the same component"
ABOVE: Final = "expected a whole number above 0"
ANSWER: Final = "a webhook names the statuses of a right answer"
REFUSED_WEBHOOKS: Final[dict[str, tuple[Change, str, str]]] = {
    "no method": (put(*RECEIPT, value={"summary": "None."}), "", "a webhook needs a method"),
    "answers that differ": (put(*RECEIPT, "get", "responses", value={"204": {}}), "", "all methods of a webhook need the same responses"),
    "identities that differ": (put(*RECEIPT, "get", "x-event", value={}), "", "all methods of a webhook need the same x-event"),
    "redeliveries that differ": (put(*RECEIPT, "get", "x-redelivery", value={}), "", "all methods of a webhook need the same x-redelivery"),
    "GET alone": (lambda document: document["webhooks"]["delivery-receipt"].pop("post"), "", "an event can come as JSON by POST, whatever else it can come as"),
    "no JSON": (lambda document: document["webhooks"]["delivery-receipt"]["post"]["requestBody"]["content"].pop("application/json"), "", "an event can come as JSON by POST, whatever else it can come as"),
    "XML": (put(*CONTENT, "application/xml", value=JSON), "", ANYHOW),
    "a header alone": (put(*RECEIPT, "get", "parameters", 0, "in", value="header"), "", "an event needs a body, or a parameter in the query"),
    "another component in a method": (put(*CONTENT, "application/json", value=OTHER), "", SAME),
    "another component in the query": (put(*RECEIPT, "get", "parameters", 0, "schema", value=OTHER["schema"]), "", SAME),
    "no component": (put(*RECEIPT, value={"post": {"requestBody": {"content": {"application/json": {}}}}}), "", SAME),
    "nothing of its redelivery": (both("x-redelivery", None), "/x-redelivery", "a webhook needs this, an object"),
    "nothing of its identity": (both("x-event", []), "/x-event", "a webhook needs this, an object"),
    "no hours": (both("x-redelivery", {}), "/x-redelivery/hours", ABOVE),
    "no hour": (within("x-redelivery", "hours", 0), "/x-redelivery/hours", ABOVE),
    "half an hour": (within("x-redelivery", "hours", 0.5), "/x-redelivery/hours", ABOVE),
    "waits that are texts": (within("x-redelivery", "seconds", ["5"]), "/x-redelivery/seconds", "expected a list of whole numbers"),
    "one wait": (within("x-redelivery", "seconds", 5), "/x-redelivery/seconds", "expected a list of whole numbers"),
    "waits and nothing after them": (within("x-redelivery", "seconds", [5]), "/x-redelivery/then-every-seconds", ABOVE),
    "one key that tells events apart": (within("x-event", "told-apart-by", "messageId"), "/x-event/told-apart-by", "expected a list of texts"),
    "numbers that differ": (within("x-event", "differs-by-attempt", [1]), "/x-event/differs-by-attempt", "expected a list of texts"),
    "no answer": (both("responses", {}), "/responses", ANSWER),
    "answers that are a list": (both("responses", ["200"]), "/responses", ANSWER),
    "any answer": (both("responses", {"200": {}, "default": {}}), "/responses", ANSWER),
    "an answer in other digits": (both("responses", {"٢٠٠": {}}), "/responses", ANSWER),
}  # fmt: skip


@pytest.mark.parametrize(("change", "place", "reason"), REFUSED_WEBHOOKS.values(), ids=REFUSED_WEBHOOKS)
def test_a_webhook_that_cannot_be_told_is_refused_with_its_place(change: Change, place: str, reason: str) -> None:
    document = copy.deepcopy(SPEC)
    change(document)
    assert refusal(lambda given: webhooks(given, COMPONENTS), document) == (
        f"#/webhooks/delivery-receipt{place}",
        reason,
    )


def test_what_is_said_of_a_webhook_is_told() -> None:
    document = copy.deepcopy(SPEC)
    both("x-redelivery", {"hours": 1, "seconds": [5, 60], "then-every-seconds": 1})(document)
    both("responses", {"204": {}, "200": {}})(document)
    told = webhooks(document, COMPONENTS)
    assert "taken=(200, 204), seconds=3600, waits=(5, 60), then_every_seconds=1, told_apart_by=('messageId',)" in told


# ---- the whole ------------------------------------------------------------------------------------------------------


def checked(change: Change) -> str:
    """Why the spec is refused after `change`, and where; the path is that of the spec as it was."""
    document = copy.deepcopy(SPEC)
    change(document)
    file = Path("specs/alerts.yaml")
    with pytest.raises(SpecError) as caught:
        check(document, file)
    assert caught.value.file == file
    return f"{pointer(caught.value.steps)}: {caught.value.reason}"


ALERT: Final = ("paths", "/sc/us/alert/{format}", "get")
ALERT_PLACE: Final = "#/paths/~1sc~1us~1alert~1{format}"
REFUSED_SPECS: Final[dict[str, tuple[Change, str]]] = {
    "no schemas": (lambda document: document["components"].pop("schemas"), "#/components: has no components.schemas to make models of"),
    "no components": (lambda document: document.pop("components"), "#/components: has no components.schemas to make models of"),
    "no servers": (put("servers", value=[]), "#: needs servers, paths, and a description in info, which the package is made of"),
    "no description": (lambda document: document["info"].pop("description"), "#: needs servers, paths, and a description in info, which the package is made of"),
    "no paths": (lambda document: document.pop("paths"), "#: needs servers, paths, and a description in info, which the package is made of"),
    "no name of an operation": (lambda document: document["paths"][ALERT[1]]["get"].pop("operationId"), f"{ALERT_PLACE}/get: an operation needs operationId"),
    "no summary": (lambda document: document["paths"][ALERT[1]]["get"].pop("summary"), f"{ALERT_PLACE}/get: an operation needs summary"),
    "no source": (lambda document: document["paths"][ALERT[1]]["get"].pop("x-source"), f"{ALERT_PLACE}/get: an operation needs x-source"),
    "a name twice": (put(*ALERT, "operationId", value="sendAlert"), f"{ALERT_PLACE}/post: the operationId 'sendAlert' is given twice"),
    "a short reason": (put("info", "title", value=["x" * 132]), f"""#/info/title: not OpenAPI 3.1: ["{"x" * 132}"] is not of type "string\""""),
    "a long reason": (put("info", "title", value=["x" * 133]), f"""#/info/title: not OpenAPI 3.1: ["{"x" * 58} … {"x" * 64}"] is not of type "string\""""),
    "the deepest reason": (lambda document: (document["info"].pop("version"), document["paths"][ALERT[1]]["get"].update(operationId=7)), f'{ALERT_PLACE}/get/operationId: not OpenAPI 3.1: 7 is not of type "string"'),
    "a reference in a circle of two": (lambda document: document["components"]["responses"].update(A={"$ref": "#/components/responses/B"}, B={"$ref": "#/components/responses/A"}), "#/components/responses/A/$ref: the reference '#/components/responses/B' leads in a circle"),
    "a reference into a circle": (lambda document: document["components"]["responses"].update({name: {"$ref": f"#/components/responses/{to}"} for name, to in ("AB", "BC", "CD", "DC")}), "#/components/responses/A/$ref: the reference '#/components/responses/B' leads in a circle"),
    "a mapping to nothing": (put("components", "schemas", "U", value=union("AlertPart", discriminator={"propertyName": "a", "mapping": {"b": "#/components/schemas/B"}})), "#/components/schemas/U/discriminator/mapping/b: the reference '#/components/schemas/B' leads nowhere in this file"),
    "a branch that is nowhere": (put("components", "schemas", "U", value=union("B")), "#/components/schemas/U/oneOf/0/$ref: the reference '#/components/schemas/B' leads nowhere in this file"),
    "a reference to another file": (put("components", "schemas", "R", value={"$ref": "other.yaml#/a"}), "#/components/schemas/R/$ref: the reference 'other.yaml#/a' leads nowhere in this file"),
    "a reference deeper than a component": (put("components", "schemas", "R", value={"$ref": "#/components/schemas/AlertPart/properties"}), "#/components/schemas/R/$ref: the reference '#/components/schemas/AlertPart/properties' does not lead to a component schema"),
    "an inline union in a list of parameters": (put(*ALERT, "parameters", 0, "schema", value={"oneOf": []}), f"{ALERT_PLACE}/get/parameters/0/schema: an object or a union must be a component of its own, used by $ref"),
    "a reference among what is enumerated": (put("components", "schemas", "R", value={"type": "string", "enum": [{"$ref": "#/nowhere"}]}), "#/components/schemas/R: only texts can be enumerated or constant here"),
    "an inline object that is called schema": (put("components", "schemas", "R", value=of(schema=of(a=TEXT))), "#/components/schemas/R/properties/schema: an object with properties must be a component of its own, used by $ref"),
    "what is no JSON Schema": (put("components", "schemas", "AlertPart", "properties", "to", value={"type": "text"}), '#/components/schemas/AlertPart/properties/to/type: not JSON Schema: "text" is not valid under any of the schemas listed in the \'anyOf\' keyword'),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), REFUSED_SPECS.values(), ids=REFUSED_SPECS)
def test_a_spec_that_nothing_can_be_made_of_is_refused_with_the_place(change: Change, told: str) -> None:
    assert checked(change) == told


def test_what_looks_like_a_reference_among_data_is_none() -> None:
    document = copy.deepcopy(SPEC)
    for key in ("default", "const"):
        document["components"]["schemas"]["R"] = {"type": "string", key: {"$ref": "#/nowhere"}}
        if key == "default":
            assert check(document, Path("specs/alerts.yaml")).models
    document["components"]["schemas"]["R"] = {"type": "string"}
    document["components"]["examples"]["R"] = {"value": {"$ref": "#/nowhere", "schema": {"oneOf": []}}}
    assert check(document, Path("specs/alerts.yaml")).models
