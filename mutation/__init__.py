"""Holds the tests to the code: mutmut changes the code a little, many times over, and a test has to fail each time."""
