# Everything a developer does here; `make help` lists it. Needs Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := .ci sdk codegen generated tests examples benchmarks/speed docs/hooks.py

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml tests/requirements-tools.txt
	$(PYTHON) -c 'import sys; sys.exit("ocppkit needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement tests/requirements-tools.txt
	touch $(STAMP)

.PHONY: setup
setup: $(STAMP) ## Create the environment in .venv

.PHONY: run
run: $(STAMP) ## Regenerate from the schemas, then a live session over a real WebSocket
	$(BIN)/ocppkit generate
	cd examples && ../$(BIN)/python -m session

.PHONY: check
check: $(STAMP) ## Before each commit, below one minute: format, lint, mypy and the tests of what changed
	$(BIN)/python .ci/gate.py format-check lint mypy changed

.PHONY: test
test: $(STAMP) ## The whole gate, as CI runs it
	$(BIN)/python .ci/gate.py format-check lint mypy pyright contract drift unit covered pythons

.PHONY: pythons
pythons: $(STAMP) ## The tests marked `runtime` on each other Python that is found
	$(BIN)/python .ci/gate.py pythons

.PHONY: coverage
coverage: $(STAMP) ## All tests, then the lines and branches that none of them takes
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

COVERED := core quirks
COMMA := ,
EMPTY :=

.PHONY: covered
covered: $(STAMP) ## Packages of the runtime whose own tests take every branch still do
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto $(COVERED:%=tests/%)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include="$(subst $(EMPTY) ,$(COMMA),$(COVERED:%=sdk/ocppkit/%/*))"

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
types: mypy pyright ## mypy and pyright, both strict

.PHONY: mypy
mypy: $(STAMP)
	$(BIN)/mypy

.PHONY: pyright
pyright: $(STAMP)
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
	$(BIN)/pytest -n auto

.PHONY: node
node: ## The Node.js peer of the interop tests (needs npm)
	cd tests/interop/node && npm ci --no-audit --no-fund

.PHONY: fuzz
fuzz: $(STAMP) ## A million random instances against the JSON Schema oracle (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m corpus --seed $(or $(SEED),1) --count $(or $(COUNT),1000000)

.PHONY: bundles
bundles: $(STAMP) ## Read the schemas of three public projects, from checkouts in CHECKOUTS=folder
	$(BIN)/python .ci/bundles.py $(CHECKOUTS)

.PHONY: golden
golden: $(STAMP) ## Write anew what fixtures must become, and the pictures in the guides; read the difference
	PYTHONPATH=tests $(BIN)/python -m golden
	PYTHONPATH=tests $(BIN)/python -m support.drawings

.PHONY: fuzz-engine
fuzz-engine: $(STAMP) ## A million frames, good and bad, into the engine (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m fuzz --seed $(or $(SEED),1) --frames $(or $(COUNT),1000000)

.PHONY: fuzz-outgoing
fuzz-outgoing: $(STAMP) ## 120,000 random results, requests and errors: no bad frame is sent (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m fuzz.outgoing --seed $(or $(SEED),1) --count $(or $(COUNT),120000)

.PHONY: trial-brute-force
trial-brute-force: $(STAMP) ## How long a fleet waits while its own address is attacked (STATIONS=, ATTACKERS=)
	cd tests && ../$(BIN)/python -m support.brute_force --stations $(or $(STATIONS),1000) --attackers $(or $(ATTACKERS),2)

.PHONY: trial-proxy
trial-proxy: $(STAMP) ## The same behind a trusted proxy, of which all seem to come (STATIONS=, ATTACKERS=)
	cd tests && ../$(BIN)/python -m support.brute_force --by-proxy --stations $(or $(STATIONS),1000) --attackers $(or $(ATTACKERS),2)

.PHONY: trial-burst
trial-burst: $(STAMP) ## 64 KiB of compressed costly frames again and again, on every server (COUNT=)
	ROUNDS=$(or $(COUNT),10) $(BIN)/pytest -q tests/transports/test_costly_frames.py

.PHONY: trial-rude-disconnects
trial-rude-disconnects: $(STAMP) ## Peers that reset their connections on every server (COUNT=)
	ROUNDS=$(or $(COUNT),500) $(BIN)/pytest -q --show-capture=no tests/transports/test_rude_disconnects.py

.PHONY: trial-never-reads
trial-never-reads: $(STAMP) ## Peers that send and never read, on every server (COUNT=)
	ROUNDS=$(or $(COUNT),20) $(BIN)/pytest -q tests/transports/test_never_readers.py

.PHONY: trial-restart
trial-restart: $(STAMP) ## Kill a CSMS with signal 9 under a fleet of all versions, with memory and without (STATIONS=)
	cd tests && ../$(BIN)/python -m support.restart_trial --stations $(or $(STATIONS),2000)

.PHONY: autobahn
autobahn: $(STAMP) ## The Autobahn test suite on every server; it needs Python 2.7 (WSTEST=command, CASES=7.*)
	cd tests && ../$(BIN)/python -m support.autobahn --wstest '$(or $(WSTEST),wstest)' --cases '$(or $(CASES),*)'

.PHONY: soak
soak: $(STAMP) ## Stations come and go, rudely, with bad traffic, for minutes (SECONDS=, STATIONS=)
	cd tests && ../$(BIN)/python -m support.soak --seconds $(or $(SECONDS),1200) --stations $(or $(STATIONS),300)

.PHONY: simulate
simulate: $(STAMP) ## Stations and a CSMS in virtual time on a network that fails (COUNT=2000, STATIONS=6)
	cd tests && ../$(BIN)/python -m simulation --seeds $(or $(COUNT),$(SEEDS),2000) --stations $(or $(STATIONS),6)

.PHONY: simulate-fleet
simulate-fleet: $(STAMP) ## The same with fleets of several nodes: processes are killed, the bus is cut and loses its store (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m simulation --fleet --first $(or $(SEED),1) --seeds $(or $(COUNT),20000)

.PHONY: simulate-blocks
simulate-blocks: $(STAMP) ## The same with all functional blocks: days with power cuts, restarts and commands (SEED=, COUNT=, STATIONS=)
	cd tests && ../$(BIN)/python -m simulation --blocks --first $(or $(SEED),1) --seeds $(or $(COUNT),1000) --stations $(or $(STATIONS),3)

.PHONY: trial-block-day
trial-block-day: $(STAMP) ## How much CPU a day of stations with all blocks takes in virtual time (STATIONS=, PROFILE=1)
	cd tests && ../$(BIN)/python -m simulation.block_day --stations $(or $(STATIONS),100) $(if $(PROFILE),--profile)

.PHONY: fuzz-kill
fuzz-kill: $(STAMP) ## Journals killed with signal 9 at random moments (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -c 'from journals.kill import main; main()' --seed $(or $(SEED),1) --count $(or $(COUNT),500)

.PHONY: fuzz-power
fuzz-power: $(STAMP) ## Journals whose power is cut after every write and sync (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -c 'from journals.test_power_cuts import main; main()' --seed $(or $(SEED),1) --count $(or $(COUNT),50)

.PHONY: fuzz-numbers
fuzz-numbers: $(STAMP) ## 1.6 transactions offline, with power cuts (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m station.transaction_schedules --seed $(or $(SEED),1) --count $(or $(COUNT),1000)

.PHONY: fuzz-blocks
fuzz-blocks: $(STAMP) ## A station with all blocks whose power is cut: at each operation of a day, and once in many days (SEED=, COUNT=)
	cd tests && ../$(BIN)/python -m station.blocks.charging_days --seed $(or $(SEED),1) --count $(or $(COUNT),1000)

.PHONY: fuzz-composite
fuzz-composite: $(STAMP) ## Composite schedules of random profiles against an evaluation of every second (COUNT=)
	COMPOSITES=$(or $(COUNT),5000) $(BIN)/pytest -q -n auto tests/blocks/charging/test_composite.py

.PHONY: floors
floors: $(STAMP) ## The tests marked `runtime` or `transport`, with the lowest declared versions of libraries and the newest
	$(BIN)/python .ci/floors.py lowest newest

.PHONY: docs
docs: $(STAMP) ## The documentation site in site/; warnings are errors, and nothing is fetched
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

BENCH := benchmarks/.venv
BENCH_STAMP := $(BENCH)/.installed

$(BENCH_STAMP): pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	touch $(BENCH_STAMP)

.PHONY: bench
bench: $(BENCH_STAMP) ## The benchmarks beside the peers (ONLY="codec turn", QUICK=1)
	if command -v npm >/dev/null; then cd benchmarks/node && npm ci --silent --no-audit --no-fund; fi
	cd benchmarks && .venv/bin/python -m speed $(if $(QUICK),--quick) $(ONLY)

.PHONY: build
build: $(STAMP) ## Wheel and sdist in dist/
	$(BIN)/python -m build --quiet

.PHONY: clean
clean: ## Remove the environment and caches
	rm -rf $(VENV) dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
