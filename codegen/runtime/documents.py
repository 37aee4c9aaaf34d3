"""What a model is: something that reads and writes a document.

A document is what JSON, XML and forms have in common: a dictionary of texts, numbers, lists and dictionaries. Generated
models read one with `from_dict` and write one with `to_dict`; the classes here lead from there to the bytes that travel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlencode

from .encodings import decode_form, encode_json, parameter_text, read_json
from .xml import Element, decode_xml, encode_xml


class Document:
    """A model that travels as JSON."""

    __slots__ = ()

    if not TYPE_CHECKING:  # a type checker would take any attribute for granted

        def __getattr__(self, name: str) -> Any:
            """Makes the empty `additional_properties` of a model that was read, once someone asks for it: few do."""
            if name != "additional_properties":
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            self.additional_properties = {}
            return self.additional_properties

    @classmethod
    def _read(cls, document: Any) -> tuple[Self, int]:
        """The model, and what `encodings.read_json` asks for beside it."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, document: Any) -> Self:
        """Reads a document that is decoded already; `InvalidDocument` tells where it is not of this form."""
        return cls._read(document)[0]

    def to_dict(self) -> dict[str, Any]:
        """The document, with the keys that are set and those that were not known."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, content: bytes | str) -> Self:
        """Reads JSON in UTF-8; `InvalidDocument` when it is not JSON or not of this form."""
        return read_json(cls._read, content)

    def to_json(self) -> bytes:
        """The document as JSON; `InvalidDocument` when a value cannot be told in JSON."""
        return encode_json(self.to_dict())


class FlatDocument(Document):
    """A model that also travels as a query or a form, each key a parameter."""

    __slots__ = ()

    @classmethod
    def from_form(cls, content: bytes | str) -> Self:
        """Reads a query (with or without its `?`) or a form body; `InvalidDocument` when it is not of this form."""
        return cls.from_dict(decode_form(content))

    def to_params(self) -> dict[str, str]:
        """The parameters as text, not yet percent-encoded; `InvalidDocument` when a value has no such text."""
        return {key: parameter_text(key, value) for key, value in self.to_dict().items()}

    def to_form(self) -> bytes:
        """The document as a query or form body, percent-encoded UTF-8; `InvalidDocument` as `to_params`."""
        return urlencode(self.to_params()).encode("ascii")


class XmlDocument(Document):
    """A model that also travels as XML, as its schema's `xml` metadata says."""

    __slots__ = ()

    xml: ClassVar[Element]

    @classmethod
    def from_xml(cls, content: bytes | str) -> Self:
        """Reads XML; `InvalidDocument` when it is not well-formed, not safe to read, or not of this form."""
        return cls.from_dict(decode_xml(content, cls.xml))

    def to_xml(self) -> bytes:
        """The document as XML; `InvalidDocument` when a value cannot be told in XML."""
        return encode_xml(self.to_dict(), self.xml)
