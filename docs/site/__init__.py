"""Makes the documentation's site of the pages in docs/, and writes the reference from what it is about.

No page of the reference is kept in the repository: those about HTTP are made of the specs, the command line's of the
commands, Python's of the docstrings. What writes a page takes values and returns text; `assembling` puts the pages into a
folder, and Sphinx makes HTML of it.
"""
