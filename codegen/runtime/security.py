"""What the spec says of a credential: under which name it travels, and how it is made."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen
class Scheme:
    """One security scheme of a spec."""

    name: str
    """The scheme's name in the spec."""
    kind: Literal["parameter", "header"]
    """Whether it travels as a parameter, or in the header `Authorization`."""
    carrier: str
    """The name of the parameter, or the word that stands before the credential in the header."""
    description: str
    """What it is."""
    source: str
    """Who says so."""
    algorithms: tuple[str, ...] = ()
    """By which algorithms it is signed or hashed; empty when it is no signature."""
    longest_seconds: int | None = None
    """For how long one may count at most; None when no source says."""
    usual_seconds: int | None = None
    """For how long one usually counts; None when no source says."""
    window_seconds: int | None = None
    """How far its time may be from the clock of who verifies it; None when it carries none."""
    issuer: str | None = None
    """What its claim `iss` says; None when it has no claims or no source says."""
    body_hash_claim: str | None = None
    """The claim that holds the SHA-256 of the body, in hex; None when there is none."""
