"""The specs as what is judged goes by them: each API, its operations and webhooks, and a validator for each schema."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from types import ModuleType
from typing import Any, Final

import jsonschema_rs
from attrs import frozen

import shortcode_clients
from shortcode_clients import CodeTable

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
QUERY: Final = "query"


@frozen(slots=False)
class Api:
    """One generated package and its spec."""

    name: str

    @property
    def package(self) -> ModuleType:
        """The generated package."""
        return importlib.import_module(f"shortcode_clients.{self.name}")

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The resolved spec."""
        document: Mapping[str, Any] = self.package.openapi()
        return document

    @property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The component schemas by name."""
        schemas: Mapping[str, Mapping[str, Any]] = self.document["components"]["schemas"]
        return schemas

    @property
    def models(self) -> Any:
        """The package of the models."""
        return importlib.import_module(f"{self.package.__name__}.models")

    def table(self, name: str) -> CodeTable[Any]:
        """The code table of a component schema."""
        table: CodeTable[Any] = getattr(self.codes, snake(name).upper())
        return table

    @property
    def codes(self) -> Any:
        """The module of the code tables."""
        return importlib.import_module(f"{self.package.__name__}.codes")

    @property
    def security(self) -> Any:
        """The module of the security schemes."""
        return importlib.import_module(f"{self.package.__name__}.security")

    @cached_property
    def readers(self) -> Mapping[str, Callable[[Any], Any]]:
        """What reads a document of a component schema into a model, by the schema's name."""
        readers: Mapping[str, Callable[[Any], Any]] = self.models.FROM_DICT
        return readers

    def read(self, name: str, document: Any) -> Any:
        """The model of `document`."""
        return self.readers[name](document)

    def read_json(self, name: str, content: bytes | str) -> Any:
        """The model of JSON as it travels."""
        model = getattr(self.models, name)
        if isinstance(model, type):
            return model.from_json(content)  # type: ignore[attr-defined]  # every model has it
        return getattr(self.models, f"{snake(name)}_from_json")(content)

    def validator(self, schema: str | Mapping[str, Any]) -> jsonschema_rs.Validator:
        """A judge of documents: of a component by its name, or of any schema of this spec."""
        return _validator(self.name, schema) if isinstance(schema, str) else self.compiled(schema)

    def compiled(self, schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
        """The same, made anew."""
        return jsonschema_rs.Draft202012Validator({**schema, "components": self.document["components"]})

    def resolve(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """`item`, or the component that its `$ref` names."""
        while "$ref" in item:
            _, kind, name = item["$ref"].removeprefix("#/").split("/")
            item = self.document["components"][kind][name]
        return item

    def operations(self) -> Iterator[Operation]:
        """The service's operations."""
        for path, item in self.document["paths"].items():
            yield from self._operations(path, item, webhook=False)

    def webhooks(self) -> Iterator[Operation]:
        """The webhooks, each method an operation whose path is the webhook's name."""
        for name, item in self.document.get("webhooks", {}).items():
            yield from self._operations(name, item, webhook=True)

    def _operations(self, path: str, item: Mapping[str, Any], *, webhook: bool) -> Iterator[Operation]:
        for method in METHODS:
            if method in item:
                parameters = [
                    self.resolve(each) for each in (*item.get("parameters", []), *item[method].get("parameters", []))
                ]
                yield Operation(self, method, path, item[method], tuple(parameters), webhook)


@frozen(slots=False, eq=False)
class Operation:
    """One operation of the service, or one method of a webhook."""

    api: Api
    method: str
    path: str
    document: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    webhook: bool

    @property
    def name(self) -> str:
        """Its id in the spec."""
        name: str = self.document["operationId"]
        return name

    @cached_property
    def bodies(self) -> Mapping[str, Mapping[str, Any]]:
        """The schema of the body by content type; empty when the operation has no body."""
        body = self.api.resolve(self.document.get("requestBody", {}))
        return {kind: media["schema"] for kind, media in body.get("content", {}).items()}

    @cached_property
    def query(self) -> Mapping[str, Any] | None:
        """The schema of the query, all parameters together, when the operation has one."""
        for parameter in self.parameters:
            if parameter["in"] == "query":
                schema: Mapping[str, Any] = parameter["schema"]
                return schema
        return None

    @cached_property
    def answers(self) -> Mapping[int, Mapping[str, Mapping[str, Any]]]:
        """The schema of each answer by status and content type."""
        return {
            int(status): {
                kind: media["schema"] for kind, media in self.api.resolve(response).get("content", {}).items()
            }
            for status, response in self.document["responses"].items()
        }

    def examples(self) -> Iterator[tuple[str, str, str, Any]]:
        """Each named example: its name, its encoding (a content type, or `query`), its component, and its value."""
        body = self.api.resolve(self.document.get("requestBody", {}))
        answers = [self.api.resolve(response) for response in self.document["responses"].values()]
        places = [(kind, media) for each in (body, *answers) for kind, media in each.get("content", {}).items()]
        places += [("query", parameter) for parameter in self.parameters if parameter["in"] == "query"]
        for encoding, place in places:
            for name, example in place.get("examples", {}).items():
                yield name, encoding, component(place["schema"]), self.api.resolve(example)["value"]

    def __str__(self) -> str:
        return f"{self.api.name} {'webhook ' if self.webhook else ''}{self.method.upper()} {self.path}"


@cache
def _validator(api: str, name: str) -> jsonschema_rs.Validator:
    return Api(api).compiled({"$ref": f"#/components/schemas/{name}"})


def component(schema: Mapping[str, Any]) -> str:
    """The name of the component that `schema` refers to."""
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def snake(name: str) -> str:
    """The name of a component as modules, functions and, in capitals, constants have it."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


APIS: Final = tuple(
    Api(module.name) for module in pkgutil.iter_modules(shortcode_clients.__path__) if module.name[0] != "_"
)
OPERATIONS: Final = tuple(operation for api in APIS for operation in api.operations())
WEBHOOKS: Final = tuple(operation for api in APIS for operation in api.webhooks())
