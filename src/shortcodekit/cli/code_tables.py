"""The code tables of the specs, as one looks a code up who met it in a log: in which tables it stands, and what to do.

The specs that the generated packages ship say all of it. They are read as files, because importing those packages loads
an HTTP client, and whoever looks up a code wants the answer at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_SPECS: Final = ("alerts", "opt_in", "messages")


@dataclass(frozen=True)
class Entry:
    """A code in one table."""

    value: str | int
    name: str
    meaning: str
    table: str
    """The component schema, such as `ReceiptErrorCode`."""
    about: str
    """What the table is about."""
    fields: tuple[str, ...]
    """Where the code stands, as component and property: `DeliveryReceipt.err-code`."""
    api: str
    """The title of the spec."""
    source: str
    """Where meaning and, if it is told, remedy are written."""
    temporary: bool
    temporary_when: tuple[str, ...]
    stop_writing: bool
    opted_out: bool
    opted_in: bool
    final: bool | None
    remedy: str
    """What a person does about it; empty where the table has no failures."""
    remedy_chosen: bool
    """Whether the remedy is our advice, and not the vendor's."""
    channels: tuple[str, ...]
    """The channels on which it occurs; empty: on all."""
    folds: bool = field(default=False, repr=False)

    def matches(self, said: str) -> bool:
        """Whether a person who writes `said` means this code, by value or by name."""
        value = str(self.value)
        return said == value or said.lower() == self.name or (self.folds and said.lower() == value.lower())

    @property
    def retry(self) -> str:
        """Whether sending the same again helps."""
        if not self.temporary:
            return "no"
        return f"yes, later, beside {' or '.join(self.temporary_when)}" if self.temporary_when else "yes, later"


@cache
def entries() -> tuple[Entry, ...]:
    """All codes of all tables, in the order of the specs. Where two specs have the same table it is here once."""
    found: dict[tuple[str, str | int], Entry] = {}
    for package in _SPECS:
        document = _document(package)
        schemas: Mapping[str, Any] = document["components"]["schemas"]
        for name, schema in schemas.items():
            if any("const" in branch for branch in schema.get("anyOf", ())):
                places = tuple(_places(name, schemas))
                for entry in _entries(name, schema, places, document["info"]["title"]):
                    found.setdefault((name, entry.value), entry)
    return tuple(found.values())


def find(said: str) -> list[Entry]:
    """The codes that `said` means: a value, a name such as `number-barred`, or a status word in any case it may have."""
    said = said.strip()
    number = said.lstrip("0") or said[-1:] if said.isascii() and said.isdigit() else said
    return [entry for entry in entries() if entry.matches(said) or entry.matches(number)]


def nearest(said: str) -> list[Entry]:
    """Codes that a person may have meant: like it by name or by digits. At most five."""
    said = said.strip().lower()
    named: dict[str, list[Entry]] = {}
    for entry in entries():
        for word in dict.fromkeys((str(entry.value).lower(), entry.name)):
            named.setdefault(word, []).append(entry)
    close = get_close_matches(said, [each for each in named if not each.isdigit()], n=5, cutoff=0.6)
    if said.isascii() and said.isdigit():
        numbers = sorted({int(each) for each in named if each.isdigit()}, key=lambda each: abs(each - int(said[:18])))
        close = [str(each) for each in numbers[:3]]
    close += [each for each in named if len(said) > 2 and said in each and each not in close]
    return [entry for each in close for entry in named[each]][:5]


def of_table(table: str, value: object) -> Entry | None:
    """The row of one table."""
    return next((each for each in entries() if each.table == table and each.matches(str(value))), None)


def as_document(entry: Entry) -> dict[str, Any]:
    """An entry for `--json`."""
    return {
        "code": entry.value,
        "name": entry.name,
        "meaning": entry.meaning,
        "table": entry.table,
        "fields": list(entry.fields),
        "temporary": entry.temporary,
        "temporary_when": list(entry.temporary_when),
        "stop_writing": entry.stop_writing,
        "opted_out": entry.opted_out,
        "opted_in": entry.opted_in,
        "final": entry.final,
        "remedy": entry.remedy or None,
        "remedy_is_ours": entry.remedy_chosen if entry.remedy else None,
        "channels": list(entry.channels),
        "source": entry.source,
    }


def _entries(name: str, schema: Mapping[str, Any], places: tuple[str, ...], title: str) -> Iterator[Entry]:
    for branch in schema["anyOf"]:
        if "const" not in branch:
            continue
        facts, remedy = branch["x-code"], branch.get("x-remedy", {})
        yield Entry(
            value=branch["const"],
            name=branch["title"],
            meaning=_line(branch["description"]),
            table=name,
            about=_line(schema.get("description", "")),
            fields=places,
            api=title,
            source=branch.get("x-source") or schema.get("x-source", ""),
            temporary=facts["temporary"],
            temporary_when=tuple(facts.get("temporary-when", ())),
            stop_writing=facts["stop-writing"],
            opted_out=facts["opted-out"],
            opted_in=facts.get("opted-in", False),
            final=facts.get("final"),
            remedy=_line(" ".join(remedy.values())),
            remedy_chosen="chosen" in remedy,
            channels=tuple(branch.get("x-channels", ())),
            folds=schema.get("x-normalise") in {"lower", "upper"},
        )


def _places(table: str, schemas: Mapping[str, Any]) -> Iterator[str]:
    """The properties that hold codes of a table."""
    reference = f"#/components/schemas/{table}"
    for name, schema in schemas.items():
        for key, said in schema.get("properties", {}).items():
            if reference in _references(said):
                yield f"{name}.{key}"


def _references(schema: Any) -> Iterable[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for key in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(key, ()):
                yield from _references(each)


def _document(package: str) -> dict[str, Any]:
    """A spec as it is shipped. The package is found, and not imported."""
    found = find_spec("shortcode_clients")
    (folder,) = found.submodule_search_locations if found and found.submodule_search_locations else ("",)
    document: dict[str, Any] = json.loads(Path(folder, package, "openapi.json").read_text("utf-8"))
    return document


def _line(text: str) -> str:
    return " ".join(text.split())
