"""Turns `specs/` and `overlays/` into the package in `generated/`; used in development only, not shipped."""
