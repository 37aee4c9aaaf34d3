"""Parsers of webhooks that are judged by laws which did not see them: `BROKEN` have one mistake each, `CORRECT` none.

A parser is a function `parse(event, method, query, headers, body)`. `event` is one of `EVENTS`, `query` what stands behind `?` in the URL,
`headers` a mapping with names in any case, `body` the bytes that arrived. A correct one gives the event's document as the models of
`shortcode_clients` write it (`to_dict`), or raises `ParseError`, and never anything else:

- A GET says all in its query, a POST all in its body, which is JSON or a form whatever its content type says. The other of the two
  means nothing: a query in the address of a webhook is the receiver's own.
- Each value stays what it is, to the last character, under its own name: amounts, times, leading zeros, empty values, and what
  is not known yet (keys, statuses, channels, contents). But where the specs say `x-normalise` a number becomes a text, a text of
  digits an integer, a boolean its text, and a known status or keyword is folded.
- `ParseError` for what is no document: neither JSON nor a form in UTF-8, no object, NaN, a key twice; for what lacks
  a key that every event of its kind has, or has a value of a wrong kind there; and for a method by which the event does not travel. A document that breaks a
  finer rule of the specs may be refused or given.
"""

from __future__ import annotations

from typing import Final

from .parsers_correct import CORRECT
from .parsers_plain import Parse, ParseError, Parser
from .parsers_requests import REQUESTS
from .parsers_values import VALUES

BROKEN: Final[tuple[Parser, ...]] = (*REQUESTS, *VALUES)
"""Those with a mistake."""

__all__ = ["BROKEN", "CORRECT", "Parse", "ParseError", "Parser"]
