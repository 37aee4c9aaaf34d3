# Every target sets up what it needs by itself: on a fresh machine Python 3.11 or newer, make and git are enough.
# What is installed goes into .venv/ and tools/node_modules/ (for `make bench`, `make docs`, `make lowest` and `make release`
# into environments of their own below .cache/), what is cached into .cache/; `make clean` removes it all.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PYTEST := $(PY) -m pytest -n 2

# `make tests SHARD=1/4` runs the first of four parts, for machines side by side; JUNIT=junit.xml writes a report.
OPTIONS := $(if $(SHARD),--shard $(SHARD)) $(if $(JUNIT),--junit-xml=$(JUNIT))

# Stamps: what is newer than the file it was installed from is not installed again.
BASE      := $(VENV)/.base
INSTALLED := $(VENV)/.installed
NODE      := $(VENV)/.node
TOOLS     := tools/node_modules/.package-lock.json
BENCH     := .cache/bench/.installed
RELEASE   := .cache/release/.installed
LOWEST    := .cache/lowest/.installed
DOCS      := .cache/docs/env/.installed

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export REDOCLY_TELEMETRY := off
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help generate check drift lint types style test tests test-deep mutants lowest docs demo bench release audit requirements clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

generate: $(INSTALLED) ## write generated/ from specs/ and overlays/
	@$(PY) -m codegen

check: drift lint types style ## drift, lint, types and style: everything but the tests

drift: $(INSTALLED) ## fail when generated/ is not what specs/ and overlays/ make
	@$(PY) -m codegen --check

lint: $(INSTALLED) $(TOOLS) ## judge specs/ by two linters, and their examples and the overlays
	@$(PY) -m codegen.lint

types: $(INSTALLED) $(TOOLS) ## mypy --strict over everything, pyright over generated/
	$(PY) -m mypy
	tools/node_modules/.bin/pyright

style: $(INSTALLED) ## ruff: rules and format of everything but generated/
	$(PY) -m ruff check
	$(PY) -m ruff format --check

test: check tests ## check, then run all tests

# A part of the tests does not exercise all of the specs, nor run all of the documentation.
tests: $(INSTALLED) $(TOOLS) $(DOCS) ## run all tests, or with SHARD=1/4 the first of four parts
	$(PYTEST) $(if $(SHARD),,--spec-coverage --docs-coverage) $(OPTIONS)

test-deep: $(INSTALLED) ## run the contract suite with many more examples, and kill and feed the sandbox longer
	SHORTCODEKIT_PROFILE=deep $(PYTEST) $(OPTIONS) contract_tests tests/test_sandbox_killed.py tests/test_sandbox_garbage.py

# Type checkers are no dependency of the product's: their test is left out.
lowest: $(LOWEST) ## run the contract suite, and tests of what stands on dependencies, with the lowest versions that are allowed
	PATH=$(CURDIR)/.cache/lowest/bin:$(PATH) .cache/lowest/bin/python -m pytest -n 2 $(OPTIONS) contract_tests \
		--deselect contract_tests/models/test_builders.py::test_type_checkers_see_each_wrong_use_and_no_other_one \
		tests/test_contract_engine.py tests/test_sandbox_command.py tests/test_serving.py tests/test_stores.py tests/test_transports.py

docs: $(INSTALLED) $(DOCS) ## make the documentation's site, in .cache/docs/html
	@PYTHONPATH=src:generated .cache/docs/env/bin/python -m docs.site

mutants: $(INSTALLED) ## change the code a little, many times, and see tests fail; MUTANTS="signing rules" names parts
	@$(PY) -m mutation $(MUTANTS)

demo: $(INSTALLED) ## tell the story of an alert, a STOP and a resubscription, on a sandbox
	@$(PY) -m shortcodekit.sandbox.demo

bench: $(INSTALLED) $(BENCH) ## measure everything against others, in one table; ONLY="models clients" for parts of it
	@$(PY) -m benchmarks $(foreach part,$(ONLY),--only $(part))

release: $(INSTALLED) $(RELEASE) ## build wheel and sdist, compare them with the last release, try them, list what is in them
	@$(PY) -m release $(if $(FEW),--few)

# OSV's export of its advisories for PyPI, fetched beforehand: `make audit ADVISORIES=all.zip`.
audit: $(INSTALLED) ## look for known vulnerabilities of what is pinned, in ADVISORIES=all.zip
	@$(PY) -m release.audit $(ADVISORIES)

# Without `--upgrade` uv keeps the versions that are in the files: `make requirements UPGRADE=--upgrade` moves them.
COMPILE = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(UPGRADE) pyproject.toml

requirements: $(INSTALLED) $(TOOLS) ## pin requirements/*.txt and tools/package-lock.json again
	$(COMPILE) --group dev --all-extras --output-file requirements/dev.txt
	$(COMPILE:pyproject.toml=) --group node --output-file requirements/node.txt
	$(COMPILE:pyproject.toml=) --group setup --output-file requirements/setup.txt
	$(COMPILE) --group bench --constraint requirements/dev.txt --output-file requirements/bench.txt
	$(COMPILE) --group lowest --all-extras --resolution lowest-direct --output-file requirements/lowest.txt
	$(COMPILE:pyproject.toml=) --group release --output-file requirements/release.txt
	$(COMPILE) --group docs --all-extras --constraint requirements/dev.txt --output-file requirements/docs.txt
	cd tools && npm install --package-lock-only

clean: ## remove everything that make has installed, built or cached
	rm -rf $(VENV) tools/node_modules .cache .hypothesis .schemathesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
UV_INSTALL  = $(PY) -m uv pip install --quiet --python $(PY)

# pip takes half a minute for requirements/dev.txt, uv two seconds: so pip fetches uv, and uv the rest. Where Debian's
# python3-venv is missing, uv makes the environment as well.
$(BASE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@rm -rf $(VENV)
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		$(PYTHON) -m venv $(VENV) && $(PY) $(PIP_INSTALL); \
	else \
		$(PYTHON) $(PIP_INSTALL) --target .cache/uv --upgrade && .cache/uv/bin/uv venv --quiet --python $(PYTHON) $(VENV) && \
		.cache/uv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements/setup.txt; \
	fi
	@touch $@

$(INSTALLED): pyproject.toml requirements/dev.txt | $(BASE)
	@echo "installing requirements/dev.txt and shortcodekit itself" >&2
	@$(UV_INSTALL) --require-hashes -r requirements/dev.txt
	@$(UV_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE): requirements/node.txt | $(INSTALLED)
	@echo "installing Node into $(VENV)" >&2
	@$(UV_INSTALL) --require-hashes -r requirements/node.txt
	@touch $@

# Clients are measured with the versions that they are tested with, beside packages that must not get into .venv/.
$(BENCH): requirements/bench.txt | $(INSTALLED)
	@echo "installing requirements/bench.txt into .cache/bench" >&2
	@$(PY) -m uv venv --quiet --clear --python $(PY) .cache/bench
	@$(PY) -m uv pip install --quiet --python .cache/bench/bin/python --require-hashes -r requirements/bench.txt
	@touch $@

$(LOWEST): pyproject.toml requirements/lowest.txt | $(INSTALLED)
	@echo "installing requirements/lowest.txt into .cache/lowest" >&2
	@$(PY) -m uv venv --quiet --clear --python $(PY) .cache/lowest
	@$(PY) -m uv pip install --quiet --python .cache/lowest/bin/python --require-hashes -r requirements/lowest.txt
	@$(PY) -m uv pip install --quiet --python .cache/lowest/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(RELEASE): requirements/release.txt | $(INSTALLED)
	@echo "installing requirements/release.txt into .cache/release" >&2
	@$(PY) -m uv venv --quiet --clear --python $(PY) .cache/release
	@$(PY) -m uv pip install --quiet --python .cache/release/bin/python --require-hashes -r requirements/release.txt
	@touch $@

# The reference is read off the packages, so this one has what they import; and bytecode, which halves the time Sphinx takes.
$(DOCS): requirements/docs.txt | $(INSTALLED)
	@echo "installing requirements/docs.txt into .cache/docs/env" >&2
	@$(PY) -m uv venv --quiet --clear --python $(PY) .cache/docs/env
	@$(PY) -m uv pip install --quiet --compile-bytecode --python .cache/docs/env/bin/python --require-hashes -r requirements/docs.txt
	@touch $@

$(TOOLS): tools/package.json tools/package-lock.json tools/.npmrc $(NODE)
	@echo "installing tools/package.json" >&2
	@cd tools && npm ci --loglevel=error >/dev/null
	@touch $@
