# One environment, .venv, made from the lock files; every target makes it when it is missing or old.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(INSTALL) --require-hashes --only-binary :all:
TESTS := $(BIN)/python -m pytest -q

.PHONY: help demo test test-clients check bench calibrate soak coverage lock clean
.DELETE_ON_ERROR:

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 24

demo: .venv/installed ## a portfolio through a real crash, cross against isolated, as a report in demo-out/
	@$(BIN)/crossmargin demo --out demo-out

test: .venv/installed ## the whole test suite
	@$(TESTS) --numprocesses auto --maxprocesses 8

test-clients: .venv/installed ## clients of the API, each in an environment of its own, in minutes
	@CROSSMARGIN_CLIENTS=1 $(TESTS) tests/clients

check: .venv/installed ## format, lint, types, layers and tidy, in seconds
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(TESTS) tests/test_layers.py tests/test_tidy.py

bench: .venv/installed ## benchmarks: JSON lines on standard output and nothing else
	@$(BIN)/python -m benchmarks

calibrate: .venv/installed ## probabilities of liquidation against what came: CANDLES=folder of hourly marks
	@$(BIN)/python -m benchmarks.calibration "$${CANDLES:-$${CROSSMARGIN_SHARED:-../shared}/data/candles}"

soak: .venv/installed ## property tests with thousands of examples each, thousands of simulated worlds
	@$(TESTS) --numprocesses auto --maxprocesses 8 --hypothesis-profile soak --seeds 1-4000

coverage: .venv/installed ## the test suite with branch coverage
	@$(BIN)/coverage run -m pytest -q && $(BIN)/coverage report

clean: ## remove what was made, the environment too
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist demo-out
	@find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# What pyproject.toml asks for becomes exact versions with hashes for every platform. Versions stay
# as they are while they fit; `make lock UPGRADE=--upgrade` takes the newest.
COMPILE = "$$dir/bin/uv" --no-config pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

lock: ## renew requirements/*.txt from pyproject.toml
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(PYTHON) -m venv "$$dir" && \
	"$$dir/bin/python" -m pip install --quiet --require-hashes -r requirements/lock.txt && \
	$(COMPILE) --group lock --no-annotate -o requirements/lock.txt && \
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt && \
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt && \
	"$$dir/bin/python" -c '$(REQUIRES)' | $(COMPILE) - -c requirements/dev.txt -o requirements/build.txt

.venv/locked: requirements/dev.txt requirements/build.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}. Name another: make PYTHON=...")'
	@echo "Making .venv (half a minute) ..." >&2
	@$(PYTHON) -m venv --clear .venv >&2
	@$(LOCKED) -r requirements/dev.txt -r requirements/build.txt >&2
	@touch $@

.venv/installed: .venv/locked pyproject.toml src/crossmargin/__init__.py
	@$(INSTALL) --no-build-isolation --no-deps --editable . >&2
	@touch $@
