"""Tests of the code that is written by hand and is not about a spec."""
