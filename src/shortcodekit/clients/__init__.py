"""The clients: one module for each API, and what they have in common."""
