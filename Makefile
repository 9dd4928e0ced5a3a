# `make app` opens the app, `make test` checks the project, `make help` lists the rest.
# Each sets up .venv on first use, from Python 3.11 or newer alone.

# Bytecode is kept even where the environment says not to: tests start hundreds of processes that read the same files.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin

.PHONY: app class test pytest lint ruff mypy kernels clean help

app: .venv/app
	$(BIN)/streamlit run app.py

class: .venv/app
	$(BIN)/python -m invariance app --class

# Each worker would compile the engine's kernels for itself. mypy takes a core for a while, beside the tests; what it finds
# is printed among their dots, and fails the whole.
# How many workers there are is said in tests/conftest.py.
# Files of tests go out in their order, which ends with short ones; by their number of tests the longest would be last.
test: ruff kernels
	@$(MAKE) --no-print-directory --jobs 2 --keep-going mypy pytest

pytest: .venv/dev
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

lint: ruff mypy

ruff: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: .venv/dev
	$(BIN)/mypy

kernels: .venv/dev
	@$(BIN)/python -m invariance.data.compiled

# The stamps depend on the requirements, so a change of them installs again.
.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m invariance.data.compiled
	@touch $@

# Of what is installed here a fifth is ever imported, and compiled then; to compile all takes as long as to install it.
.venv/dev: requirements-dev.txt requirements-networks.txt requirements-ray.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@ .venv/app

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

help:
	@echo "make app     open the app (installs what it needs on first use)"
	@echo "make class   serve it to a class: beyond this machine, with a teacher's password"
	@echo "make test    ruff, mypy and all tests"
	@echo "make lint    ruff and mypy alone"
	@echo "make clean   remove .venv and the caches of the tools"
	@echo "PYTHON=...   the Python that makes .venv; 3.11 or newer (default: python3)"

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache
