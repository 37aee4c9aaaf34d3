"""Makes a release: built twice, compared with the last one, tried in fresh environments, and told what is in it.

Development only; `make release` runs it.
"""
