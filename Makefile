# Everything a person types here. `make demo` on a fresh machine installs first.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CODE := app benchmarks embedding migrations networks stillhouse tests workers
FAST := not slow
# Tests that start Ray, whole installations or children with limits want the machine for themselves.
ALONE := tests/test_compose.py tests/stillhouse/commands/test_servers.py \
	$(patsubst %,tests/stillhouse/test_%.py,demo from_the_browser home own_network serving tutorial) \
	$(patsubst %,tests/workers/test_%.py,child cluster confined crashes errands hostile_teachers latency_jobs \
	latency_measurement main pool surroundings uploads)
# Playwright's event loop is that of its process, in which others' tests can start none.
BROWSER := tests/app/page

.PHONY: install demo test test-all lint bench

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[$(EXTRAS)]'
	touch $@

demo: install
	$(BIN)/stillhouse demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m '$(FAST)' --numprocesses auto $(ALONE:%=--ignore %) $(BROWSER:%=--ignore %)
	$(BIN)/python -m pytest -m '$(FAST)' --numprocesses auto $(BROWSER)
	$(BIN)/python -m pytest -m '$(FAST)' $(ALONE)

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto $(ALONE:%=--ignore %) $(BROWSER:%=--ignore %)
	$(BIN)/python -m pytest --numprocesses auto $(BROWSER)
	$(BIN)/python -m pytest $(ALONE)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks.candidates
	$(BIN)/python -m benchmarks.proposal
	$(BIN)/python -m benchmarks.api
