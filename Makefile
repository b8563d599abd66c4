# Everything a developer does here; `make help` lists it. Needs Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := sdk codegen generated tests examples

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("ocppkit needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

.PHONY: setup
setup: $(STAMP) ## Create the environment in .venv

.PHONY: run
run: $(STAMP) ## Regenerate from the schemas, then a live session over a real WebSocket
	$(BIN)/ocppkit generate
	cd examples && ../$(BIN)/python -m session

.PHONY: test
test: format-check lint types contract drift unit ## The whole gate, as CI runs it

.PHONY: format
format: $(STAMP) ## Format the code
	$(BIN)/black --quiet $(CODE)
	$(BIN)/ruff check --quiet --fix $(CODE)

.PHONY: format-check
format-check: $(STAMP)
	$(BIN)/black --quiet --check --diff $(CODE)

.PHONY: lint
lint: $(STAMP) ## Lint
	$(BIN)/ruff check $(CODE)

.PHONY: types
types: $(STAMP) ## mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: contract
contract: $(STAMP) ## Which room may import which
	$(BIN)/lint-imports

.PHONY: drift
drift: $(STAMP) ## Is generated/ what the generator writes, and schemas/ what its lock says?
	$(BIN)/ocppkit schemas check
	$(BIN)/ocppkit generate --check

.PHONY: unit
unit: $(STAMP) ## The tests
	$(BIN)/pytest -n auto --dist loadgroup

.PHONY: node
node: ## The Node.js peer of the interop tests (needs npm)
	cd tests/interop/node && npm ci --no-audit --no-fund

.PHONY: fuzz
fuzz: $(STAMP) ## A million random instances against the JSON Schema oracle (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m corpus --seed $(or $(SEED),1) --count $(or $(COUNT),1000000)

.PHONY: golden
golden: $(STAMP) ## Write anew what the generator's fixtures must become; read the difference
	PYTHONPATH=tests $(BIN)/python -m golden

.PHONY: fuzz-engine
fuzz-engine: $(STAMP) ## A million frames, good and bad, into the engine (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m fuzzer --seed $(or $(SEED),1) --frames $(or $(COUNT),1000000)

.PHONY: build
build: $(STAMP) ## Wheel and sdist in dist/
	$(BIN)/python -m build --quiet

.PHONY: clean
clean: ## Remove the environment and caches
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
