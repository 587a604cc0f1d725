# The commands of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench

.PHONY: help run test check bench clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: $(VENV)/run ## set up what is missing and serve on http://127.0.0.1:8000
	@$(BIN)/python -m compileall -q chatbot wsgi.py
	@$(BIN)/python -m chatbot compile
	@echo "Serving http://$${BIND:-127.0.0.1:8000}  (stop with Ctrl+C)"
	@exec $(BIN)/gunicorn wsgi:app

test: $(VENV)/test ## install what the tests need and run all of them
	@tests/browser/ensure-browser $(BIN)/playwright
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m chatbot compile
	@$(BIN)/python -m pytest

check: $(VENV)/test ## lint, format, types and the knowledge base
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m chatbot validate

bench: $(BENCH)/ready ## measure the matcher beside its peers: make bench [PUBLIC=folder] [QUESTIONS="files"] [ARGS="--quick"]
	@$(BENCH)/bin/python -m tests.bench $(if $(PUBLIC),--public "$(PUBLIC)") $(QUESTIONS:%=--questions "%") $(ARGS)

clean: ## remove what the other commands made
	rm -rf $(VENV) $(BENCH) instance

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)"; exit 1; }

$(VENV)/run: $(BIN)/python requirements.lock
	@echo "Installing what the service needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/test: $(VENV)/run tests/requirements.lock
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.lock
	@touch $@

$(BENCH)/ready: requirements.lock tests/bench/requirements.txt
	@echo "Installing what the bench needs (torch among it: some minutes) ..."
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $@
