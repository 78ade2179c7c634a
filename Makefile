# What a user types. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
CORPUS ?=
ROWS ?=
PAIRS ?=
REVIEWS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-quick soak serve lock-data lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: .venv/.installed  ## the whole pipeline on the configured corpus, as a Prefect flow
	@$(BIN)/wordloom run

test: .venv/.installed-dev  ## every test
	@$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/.installed-dev  ## ruff, mypy --strict, the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/.installed-dev  ## speed, quality and memory beside the peers' (CORPUS=path for a text of yours; ROWS="pairs memory")
	@$(BIN)/python -m benchmarks $(if $(CORPUS),--corpus $(CORPUS)) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(REVIEWS),--reviews $(REVIEWS)) $(if $(ROWS),--only $(ROWS))

bench-quick: .venv/.installed-dev  ## a look at the same in minutes
	@$(BIN)/python -m benchmarks --quick $(if $(CORPUS),--corpus $(CORPUS)) $(if $(ROWS),--only $(ROWS))

soak: .venv/.installed-dev  ## a long run, killed twice at random moments (CORPUS=path of a text file)
	@$(BIN)/python -m benchmarks.soak $(CORPUS)

serve: .venv/.installed  ## a Prefect server with dashboard, a worker and the deployments, on this machine
	@$(BIN)/wordloom serve

lock-data: .venv/.installed  ## dvc.lock anew, after a change of what a stage makes
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro

lock: .venv/.installed-dev  ## the lock files anew, from the ranges in pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:  ## what runs have left behind; not data/, not .venv
	rm -rf data/.work data/.runs .prefect .pytest_cache .mypy_cache .ruff_cache .hypothesis dvc_plots

# The lock files are complete, so pip need not resolve anything: --no-deps. It compiles the sources on installing.
.venv/.python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(None if ok else "wordloom needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
