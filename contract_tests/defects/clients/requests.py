"""Clients that say something else than they were told: characters, names, options, and how parameters travel."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

from attrs import evolve

from .base import Catalogue
from .plain import DOCUMENTED, FORM, JSON, Parameters, Plain, Sent, Wishes
from .ways import ByGet, ByJson, ByXml

REQUESTS: Final = Catalogue()
broken = REQUESTS.broken

# ---- characters ------------------------------------------------------------------------------------------------------


def joined(said: Parameters, safe: str) -> str:
    """Parameters joined by hand, some characters of their values as they are."""
    return "&".join(f"{name}={quote(value, safe=safe)}" for name, value in said.items())


@broken
class AmpersandUnescaped(Plain):
    """Leaves `&` in values as it is, so that the rest of a link becomes a parameter of its own."""

    def encoded(self, said: Parameters) -> str:
        return joined(said, "&")


@broken
class PlusUnescaped(Plain):
    """Leaves `+` in values as it is, which arrives as a space."""

    def encoded(self, said: Parameters) -> str:
        return joined(said, "+")


@broken
class PercentUnescaped(ByGet):
    """Leaves `%` in values as it is, so that what looks like an escape arrives as another character."""

    def encoded(self, said: Parameters) -> str:
        return joined(said, "%")


@broken
class HashUnescaped(ByGet):
    """Leaves `#` in a URL as it is, and all parameters behind it are a fragment, which is cut off."""

    def encoded(self, said: Parameters) -> str:
        return joined(said, "#").partition("#")[0]


@broken
class EscapedTwice(Plain):
    """Escapes values before it lets its library escape them again."""

    def encoded(self, said: Parameters) -> str:
        return urlencode({name: quote_plus(value) for name, value in said.items()})


@broken
class EscapedInJson(ByJson):
    """Escapes values as for a form, and then puts them into JSON."""

    def request(self, path: str, said: Parameters) -> Sent:
        return super().request(path, {name: quote(value) for name, value in said.items()})


@broken
class EscapedAsHtml(Plain):
    """Escapes values for a page, so that `&` is texted as `&amp;`."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name: html.escape(value) for name, value in super().custom(custom).items()}


@broken
class InLatin1(Plain):
    """Escapes what Latin-1 makes of a text, which is no UTF-8."""

    def encoded(self, said: Parameters) -> str:
        return urlencode(said, encoding="latin-1", errors="replace")


@broken
class InAscii(Plain):
    """Drops characters that ASCII has not."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name: value.encode("ascii", "ignore").decode() for name, value in super().custom(custom).items()}


@broken
class JsonInUtf16(ByJson):
    """Writes JSON in UTF-16."""

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        return Sent(sent.method, sent.target, sent.headers, sent.body.decode("ascii").encode("utf-16"))


@broken
class ValuesStripped(Plain):
    """Strips spaces and line breaks off values."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name: value.strip() for name, value in super().custom(custom).items()}


@broken
class EmptyValuesDropped(Plain):
    """Sends no custom parameter whose value is empty, so that the template's place stays as it is."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name: value for name, value in super().custom(custom).items() if value}


# ---- names -----------------------------------------------------------------------------------------------------------


@broken
class NamesWithHyphens(Plain):
    """Turns underscores in names of custom parameters to hyphens, as in the documented ones."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name.replace("_", "-"): value for name, value in super().custom(custom).items()}


@broken
class NamesInSmallLetters(Plain):
    """Writes names of custom parameters in small letters."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name.lower(): value for name, value in super().custom(custom).items()}


@broken
class NamesUnescaped(Plain):
    """Escapes values and not names."""

    def encoded(self, said: Parameters) -> str:
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in said.items())


@broken
class OwnNamesDropped(Plain):
    """Drops custom parameters named like a documented one, and tells nobody."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {name: value for name, value in custom.items() if name not in DOCUMENTED}


@broken
class OwnNamesOverwritten(Plain):
    """Lets a custom parameter `to` take the recipient's place."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return dict(custom)


@broken
class CustomInOneParameter(Plain):
    """Sends all custom parameters as JSON in one parameter, `custom`."""

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        return {"custom": json.dumps(super().custom(custom))} if custom else {}


# ---- options ---------------------------------------------------------------------------------------------------------


@broken
class ReferenceCut(Plain):
    """Cuts a reference at 40 characters, so that nothing of the receipt fits what was kept."""

    def reference(self, text: str) -> str:
        return text[:40]


@broken
class ReferenceUnchecked(Plain):
    """Sends a reference of 41 characters."""

    def reference(self, text: str) -> str:
        return text


@broken
class ReferenceOffByOne(Plain):
    """Refuses a reference of 40 characters, the longest one that is allowed."""

    def reference(self, text: str) -> str:
        return super().reference(f"{text}.")[:-1]


@broken
class ReferenceInBytes(Plain):
    """Measures a reference in bytes, and refuses one of 40 characters that are not ASCII."""

    def reference(self, text: str) -> str:
        super().reference(text.encode().decode("latin-1"))
        return text


@broken
class ReferenceDropped(Plain):
    """Sends no reference."""

    def options(self, wishes: Wishes) -> Parameters:
        return super().options(evolve(wishes, client_ref=None))


@broken
class ReferenceWithUnderscore(Plain):
    """Sends the reference as `client_ref`, which is a custom parameter here."""

    def options(self, wishes: Wishes) -> Parameters:
        said = super().options(wishes)
        return {name.replace("client-ref", "client_ref"): value for name, value in said.items()}


@broken
class ReferenceNone(Plain):
    """Sends the text `None` for a reference that was not given."""

    def options(self, wishes: Wishes) -> Parameters:
        return super().options(evolve(wishes, client_ref=str(wishes.client_ref)))


@broken
class ReferenceNull(ByJson):
    """Sends null for a reference that was not given."""

    def options(self, wishes: Wishes) -> Parameters:
        return {"client-ref": None, **super().options(wishes)}


@broken
class TemplateNone(Plain):
    """Sends the text `None` for a template that was not given."""

    def options(self, wishes: Wishes) -> Parameters:
        return {"template": str(wishes.template), **super().options(wishes)}


@broken
class TemplateFromOne(Plain):
    """Counts templates from 1."""

    def index(self, template: int) -> str:
        return str(int(super().index(template)) - 1)


@broken
class TemplateUnchecked(Plain):
    """Sends the template 6, which there is not."""

    def index(self, template: int) -> str:
        return str(template)


@broken
class TemplateDropped(Plain):
    """Sends no template, so that every alert is the first one."""

    def options(self, wishes: Wishes) -> Parameters:
        return super().options(evolve(wishes, template=None))


@broken
class ReportInPython(Plain):
    """Asks for a receipt with `True`, which is none of the documented values."""

    def options(self, wishes: Wishes) -> Parameters:
        return {
            **super().options(wishes),
            "status-report-req": str(wishes.status_report),
        }


@broken
class ReportForgotten(Plain):
    """Never asks for a receipt."""

    def options(self, wishes: Wishes) -> Parameters:
        return super().options(evolve(wishes, status_report=False))


@broken
class TypeForgotten(Plain):
    """Does not tell that an alert is in Unicode, so that other alphabets arrive as question marks."""

    def options(self, wishes: Wishes) -> Parameters:
        return super().options(evolve(wishes, unicode=False))


@broken
class PlusInNumbers(Plain):
    """Sends a number with its `+`."""

    def number(self, text: str) -> str:
        return f"+{super().number(text)}" if text.startswith("+") else super().number(text)


@broken
class NumbersInWords(Plain):
    """Sends whatever it is given for a number, spaces and brackets included."""

    def number(self, text: str) -> str:
        return text.removeprefix("+")


# ---- how parameters travel -------------------------------------------------------------------------------------------


@broken
class JsonAsPlainText(ByJson):
    """Posts JSON under `text/plain`."""

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        return Sent(sent.method, sent.target, {"Content-Type": "text/plain"}, sent.body)


@broken
class JsonToXml(ByXml):
    """Posts JSON to the endpoint for XML, which takes forms alone."""

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("POST", path, {"Content-Type": JSON}, json.dumps(said).encode("ascii"))


@broken
class FormByGet(Plain):
    """Puts the parameters into the body of a GET, where nobody looks for them."""

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        return Sent("GET", sent.target, sent.headers, sent.body)


@broken
class SaidTwice(Plain):
    """Puts the parameters into query and form, each of them twice."""

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("POST", f"{path}?{self.encoded(said)}", {"Content-Type": FORM}, self.encoded(said).encode("ascii"))


@broken
class ByPut(Plain):
    """Sends by PUT."""

    def request(self, path: str, said: Parameters) -> Sent:
        sent = super().request(path, said)
        return Sent("PUT", sent.target, sent.headers, sent.body)


@broken
class ListsOfOne(ByJson):
    """Puts each value into a list, as its library's parser of queries gives them."""

    def request(self, path: str, said: Parameters) -> Sent:
        return super().request(path, {name: [value] for name, value in said.items()})
