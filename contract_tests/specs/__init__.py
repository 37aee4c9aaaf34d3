"""The specs keep their own rules, the samples agree with them, and what judges by them judges rightly."""
