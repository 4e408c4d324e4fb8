# Everything a person types here. `make demo` on a fresh machine installs first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CODE := app benchmarks embedding migrations networks stillhouse tests workers
FAST := not slow and not browser
PARALLEL := tests/app tests/benchmarks tests/embedding tests/networks

.PHONY: install demo test test-all lint bench

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/stillhouse demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m '$(FAST)' --numprocesses auto $(PARALLEL)
	$(BIN)/python -m pytest -m '$(FAST)' $(PARALLEL:%=--ignore %)

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto $(PARALLEL)
	$(BIN)/python -m pytest $(PARALLEL:%=--ignore %)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks.candidates
	$(BIN)/python -m benchmarks.proposal
	$(BIN)/python -m benchmarks.api
