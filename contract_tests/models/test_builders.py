"""Laws of the builders, for every channel and content of every union with `x-builders`: found by looking, not listed.

What a builder takes is worked out from the spec here: the texts of `to` and `from`, what the content holds beside its
type, the options, and what else stands at the top.
"""

from __future__ import annotations

import builtins
import copy
import importlib
import inspect
import keyword
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from attrs import frozen
from hypothesis import given

import shortcode_clients
from contract_tests.apis import APIS, Api, component, snake
from contract_tests.profiles import examples
from contract_tests.strategies import documents_under
from shortcodekit.contract.normalising import same

FEWER = examples(20)


@frozen(slots=False)
class Case:
    """One content of one channel."""

    api: Api
    union: str
    branch: str
    content: str

    @property
    def package(self) -> ModuleType:
        return importlib.import_module(f"{self.api.package.__name__}.{self.api.schemas[self.union]['x-builders']}")

    @property
    def channel(self) -> str:
        """The name of the module."""
        return snake(self.branch.removesuffix(self.package.__name__.rpartition(".")[2].capitalize()))

    @property
    def kind(self) -> str:
        """The name of the function."""
        kind: str = self.api.schemas[self.content]["properties"]["type"]["const"]
        return kind

    @property
    def builder(self) -> Callable[..., Any]:
        """The function."""
        made: Callable[..., Any] = getattr(
            importlib.import_module(f"{self.package.__name__}.{self.channel}"), self.kind
        )
        return made

    @property
    def body(self) -> Mapping[str, Any]:
        """The schema of `message`."""
        return self.api.resolve(self.api.schemas[self.branch]["properties"]["message"])

    @property
    def sent(self) -> tuple[str, Mapping[str, Any]]:
        """The key of what the content holds beside its type, and its schema."""
        ((key, schema),) = [pair for pair in self.api.schemas[self.content]["properties"].items() if pair[0] != "type"]
        return key, self.api.resolve(schema)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of this channel's documents with this content."""
        content = {"properties": {"type": {"const": self.kind}}}
        narrowed = {"properties": {"message": {"properties": {"content": content}}}}
        return {"allOf": [{"$ref": f"#/components/schemas/{self.branch}"}, narrowed]}

    def places(self, document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """The path of each value that a builder takes for `document`, by the name of the parameter."""
        found: list[tuple[str, ...]] = []
        key, schema = self.sent
        value = document["message"]["content"][key]
        found += [
            ("message", "content", key, *inner) for inner in ([(k,) for k in value] if "properties" in schema else [()])
        ]
        options = [each for each in document["message"] if each != "content"]
        found += [("message", each, inner) for each in options for inner in document["message"][each]]
        found += [(each,) for each in document if each not in ("to", "from", "message")]
        named = {python(path[-1]): path for path in found}
        assert len(named) == len(found)
        for end in ("to", "from"):
            (name,) = set(document[end]) - {"type"}
            named[python(end)] = (end, name)
        return named

    def arguments(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What to call the builder with for `document`."""
        return {name: at(document, path) for name, path in self.places(document).items()}

    def documented(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """`document` without keys that the spec does not name, and without options of which none is left."""
        message = self._known(self.body, document["message"])
        content = self._known(self.api.schemas[self.content], message["content"])
        key, schema = self.sent
        content[key] = self._known(schema, content[key])
        options = {
            each: self._known(self.api.resolve(self.body["properties"][each]), message[each])
            for each in message
            if each != "content"
        }
        ends = {end: self._known(self._end(end), document[end]) for end in ("to", "from")}
        whole = {**self._known(self.api.schemas[self.branch], document), **ends}
        return {**whole, "message": {"content": content, **{key: each for key, each in options.items() if each}}}

    def _end(self, end: str) -> Mapping[str, Any]:
        return self.api.resolve(self.api.schemas[self.branch]["properties"][end])

    def _known(self, schema: Mapping[str, Any], value: Any) -> Any:
        return {key: value[key] for key in value if key in schema["properties"]} if "properties" in schema else value

    def described(self) -> dict[str, str]:
        """What the spec says of each parameter."""
        key, schema = self.sent
        own = self.api.schemas[self.content]["properties"][key]
        places = schema.get("properties", {key: own})
        for option, options in self.body["properties"].items():
            if option != "content":
                places = places | self.api.resolve(options)["properties"]
        branch = self.api.schemas[self.branch]["properties"]
        places = places | {name: each for name, each in branch.items() if name != "message"}
        return {python(name): {**self.api.resolve(each), **each}["description"] for name, each in places.items()}

    def __str__(self) -> str:
        return f"{self.channel}-{self.kind}"


def at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def without(document: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """`document` without the value at `path`, and without options that are empty then."""
    rest = copy.deepcopy(dict(document))
    del at(rest, path[:-1])[path[-1]]
    if path[0] == "message" and not at(rest, path[:-1]):
        del rest["message"][path[1]]
    return rest


def python(key: str) -> str:
    """The name of the parameter for a key."""
    return f"{key}_" if keyword.iskeyword(key) or hasattr(builtins, key) else key.replace("-", "_")


def _cases() -> Iterator[Case]:
    for api in APIS:
        for union, schema in api.schemas.items():
            for branch in map(component, schema["oneOf"] if "x-builders" in schema else ()):
                body = api.resolve(api.schemas[branch]["properties"]["message"])
                content = component(body["properties"]["content"])
                for each in api.schemas[content].get("oneOf", [body["properties"]["content"]]):
                    yield Case(api, union, branch, component(each))


CASES: Final = tuple(_cases())
EACH_CASE = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_channel_and_content_of_the_spec_has_a_builder_and_there_is_no_other_one() -> None:
    assert {case.union for case in CASES} == {
        name for api in APIS for name, schema in api.schemas.items() if "x-builders" in schema
    }
    expected = {(case.package, case.channel, case.kind) for case in CASES}
    assert len(expected) == len(CASES)
    for package in {case.package for case in CASES}:
        channels = {module.name for module in pkgutil.iter_modules(package.__path__)}
        assert channels == set(package.__all__) == {channel for owner, channel, _ in expected if owner is package}
        found = {
            (package, channel, name)
            for channel in channels
            for name, value in vars(getattr(package, channel)).items()
            if inspect.isfunction(value) and value.__module__ == f"{package.__name__}.{channel}"
        }
        assert found == {each for each in expected if each[0] is package}


@EACH_CASE
def test_what_a_document_says_builds_the_same_document(case: Case) -> None:
    model = getattr(case.api.models, case.branch)

    @examples(40)
    @given(documents_under(case.api, case.schema))
    def law(drawn: dict[str, Any]) -> None:
        document = case.documented(drawn)
        built = case.builder(**case.arguments(document))
        assert type(built) is model
        assert same(built.to_dict(), document)
        assert built == case.api.read(case.union, document)

    law()


@EACH_CASE
def test_what_is_built_of_everything_or_of_the_required_alone_is_valid(case: Case) -> None:
    valid = case.api.validator(case.union).is_valid
    required = [name for name, each in _parameters(case).items() if each.default is each.empty]

    @FEWER
    @given(documents_under(case.api, case.schema, complete=True))
    def law(document: dict[str, Any]) -> None:
        arguments = case.arguments(document)
        assert arguments.keys() == _parameters(case).keys()
        whole = case.builder(**arguments).to_dict()
        assert same(whole, document)
        assert valid(whole)
        assert valid(case.builder(**{name: arguments[name] for name in required}).to_dict())

    law()


@EACH_CASE
def test_a_parameter_can_be_left_out_exactly_when_the_document_is_valid_without_it(case: Case) -> None:
    valid = case.api.validator(case.union).is_valid
    needless: set[str] = set()

    @FEWER
    @given(documents_under(case.api, case.schema, complete=True))
    def law(document: dict[str, Any]) -> None:
        arguments = case.arguments(document)
        for name, path in case.places(document).items():
            fewer = {other: value for other, value in arguments.items() if other != name}
            if _parameters(case)[name].default is inspect.Parameter.empty:
                with pytest.raises(TypeError, match=f"missing .*'{name}'"):
                    case.builder(**fewer)
            else:
                assert same(case.builder(**fewer).to_dict(), without(document, path))
            if valid(without(document, path)):
                needless.add(name)

    law()
    # An option may be required beside some value of another one, hence what was met at least once.
    optional = {name for name, each in _parameters(case).items() if each.default is not each.empty}
    assert needless == optional


@EACH_CASE
def test_what_is_sent_comes_first_then_by_keyword_the_ends_and_last_the_reference(case: Case) -> None:
    key, schema = case.sent
    parameters = _parameters(case)
    places = [each.name for each in parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    keywords = [each.name for each in parameters.values() if each.kind is each.KEYWORD_ONLY]
    assert places == [python(each) for each in (schema["required"] if "properties" in schema else [key])]
    assert [*places, *keywords] == list(parameters)
    assert keywords[:2] == ["to", "from_"]
    assert keywords[-1] == "client_ref"
    assert set(parameters) == set(case.described())


@EACH_CASE
def test_parameters_have_the_types_of_the_models(case: Case) -> None:
    @examples(1)
    @given(documents_under(case.api, case.schema, complete=True))
    def law(document: dict[str, Any]) -> None:
        model = case.api.read(case.union, document)
        for name, path in case.places(document).items():
            parameter, owner = _parameters(case)[name], model
            for key in path[:-1]:
                owner = getattr(owner, python(key))
            kind = type(owner).__annotations__[path[-1] if path[-1] == "id" else python(path[-1])]
            given_up = parameter.default is parameter.empty
            assert parameter.annotation == (kind.removesuffix(" | Unset") if given_up else kind)
        assert inspect.signature(case.builder).return_annotation == case.branch

    law()


@EACH_CASE
def test_descriptions_types_of_files_and_sources_reach_the_docstrings(case: Case) -> None:
    told = " ".join((case.builder.__doc__ or "").split())
    content = case.api.schemas[case.content]
    assert told.startswith(" ".join(content["description"].split()))
    assert told.endswith(f"Source: {content['x-source']}")
    for name, description in case.described().items():
        assert f" {name}: {' '.join(description.split())}" in told
    types = content["properties"][case.sent[0]].get("x-file-types", [])
    assert ("Types of file" in told) == bool(types)
    assert f"Types of file: {', '.join(types)}." in told or not types


def _parameters(case: Case) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(case.builder).parameters


# ---- what type checkers see ------------------------------------------------------------------------------------------

PROGRAM: Final = """\
from typing import assert_type

from shortcode_clients import UNSET
from shortcode_clients.messages import outbound
from shortcode_clients.messages.models import OutboundMessage, ViberOutbound

to, page = "447700900000", "page"
sms, mms, whatsapp, viber, messenger = outbound.sms, outbound.mms, outbound.whatsapp, outbound.viber, outbound.messenger
messages: list[OutboundMessage] = [
    sms.text("Hello", to=to, from_="447700900001"),
    sms.text(text="Hello", to=to, from_="447700900001", client_ref=UNSET),
    mms.image("https://example.com/a.jpg", to=to, from_="10001", caption="A"),
    whatsapp.template("ns:name", parameters=["a"], to=to, from_=to, locale="en-GB", policy="deterministic"),
    messenger.custom({"a": [1]}, to=page, from_=page, category="message_tag", tag="X"),
]
assert_type(viber.image("https://example.com/a.jpg", to=to, from_="id", ttl=60, category="promotion"), ViberOutbound)

sms.text("Hello", "447700900000", from_=to)  # wrong: the ends are keywords
sms.text("Hello", to=447700900000, from_=to)  # wrong: a number is text
sms.text(to=to, from_=to)  # wrong: no text
sms.text("Hello", to=to)  # wrong: no sender
sms.text("Hello", to=to, from_=to, client_ref=None)  # wrong: what is not set is UNSET
sms.image("https://example.com/a.jpg", to=to, from_=to)  # wrong: no SMS is an image
whatsapp.text("Hello", to=to, from_=to, ttl=60)  # wrong: an option of Viber
whatsapp.template("ns:name", to=to, from_=to)  # wrong: no locale
whatsapp.template("ns:name", to=to, from_=to, locale=UNSET)  # wrong: no locale either
whatsapp.template("ns:name", to=to, from_=to, locale="en", parameters=[1])  # wrong: the values are texts
whatsapp.text("Hello", to=to, from_=to, policy="fallback")  # wrong: no such policy
whatsapp.audio("https://example.com/a.mp3", to=to, from_=to, caption="A")  # wrong: no words beside sounds
viber.text("Hello", to=to, from_="id", category="response")  # wrong: a category of Messenger
viber.text("Hello", to=to, from_="id", ttl="60")  # wrong: seconds are a number
messenger.text("Hello", to=page, from_=page, category="transaction")  # wrong: a category of Viber
messenger.custom("Hello", to=page, from_=page)  # wrong: no object
assert_type(viber.text("Hello", to=to, from_="id"), OutboundMessage)  # wrong: it is known which one
"""


def test_type_checkers_see_each_wrong_use_and_no_other_one(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), file.name]
    packages = Path(next(iter(shortcode_clients.__path__))).parent
    installed = "site-packages" in packages.parts  # where mypy looks by itself, and forbids to be told to
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | ({} if installed else {"MYPYPATH": str(packages)}),
        capture_output=True,
        text=True,
        check=False,
    )
    reported = {int(line) for line in re.findall(r"^program\.py:(\d+): error: ", ran.stdout, flags=re.MULTILINE)}
    wrong = {number for number, line in enumerate(PROGRAM.splitlines(), 1) if "# wrong" in line}
    assert reported == wrong, ran.stdout + ran.stderr
