# Each target works from a fresh clone: .venv is made and kept current by itself.
PYTHON ?= python3
# CI adds spark, which is large: its tests are skipped without it.
EXTRAS ?= dev
BIN := .venv/bin
STAMP := .venv/.installed-$(EXTRAS)

.PHONY: demo pictures test test-slow check lint types docs site build-site golden audit clean

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "duewatch needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing pinned versions into .venv (about a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/duewatch demo

# What README shows, from the demo's run; needs chromium and its driver.
pictures: demo
	@$(BIN)/python -m benchmarks.pictures docs/pictures

test: $(STAMP)
	@$(BIN)/python -m pytest -n 2 -m 'not slow'

test-slow: $(STAMP)
	@$(BIN)/python -m pytest -n 2 -m slow

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

check: lint types test

# Needs the network: pins without an answer are named as not audited, known weaknesses fail.
audit:
	@PYTHON=$(PYTHON) .ci/audit

docs: $(STAMP)
	@$(BIN)/duewatch docs

# The pages of docs/ as a site, in build/site; a broken link fails.
site:
	@$(MAKE) --no-print-directory EXTRAS=dev,docs build-site

build-site: $(STAMP)
	@$(BIN)/properdocs build --quiet

golden: $(STAMP)
	@DUEWATCH_GOLDEN=write $(BIN)/python -m pytest tests -k golden -n 0

clean:
	rm -rf .venv .venv-audit build *.egg-info
