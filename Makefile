# netreflex. `make` lists what can be done; every target sets up what it needs.
# It takes Python 3.11 or newer and make; say which Python with `make PYTHON=python3.12 ...`.

PYTHON ?= python3
STAGE ?= dev
OUT ?= dist/$(STAGE)
KEEP_TABLE ?= yes
ALWAYS ?=
XRAY ?=
ARGS ?=

BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check
READY := .venv/.ready
CLOUD_READY := .venv-cloud/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo check fmt lint types arch schema test cov bench deploy look destroy package

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY) $(CLOUD_READY) ## make the two virtual environments

demo: $(READY) $(CLOUD_READY) ## run netreflex on a local AWS and show it (ARGS=--keep leaves it running)
	@$(BIN)/python -m demo $(ARGS)

check: lint types arch schema ## the fast part: lint, format, types, architecture, policy schema

fmt: $(READY) ## format the code, and fix what ruff can fix
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lint: $(READY) ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: $(READY) ## mypy, strict
	@$(BIN)/mypy --no-error-summary

arch: $(READY) ## imports point down the stages
	@said=$$($(BIN)/lint-imports 2>&1) || { echo "$$said"; exit 1; }

schema: $(READY) ## what is made from the code is current: policy schema, permissions page, member template
	@$(BIN)/python -m tools.policy_schema --check
	@$(BIN)/python -m tools.permissions --check
	@$(BIN)/python -m deploy.member --check

# Decisions and intake are covered whole, branches included. Their tests run beside the others, one process a core.
COVERED := tests/decide tests/intake tests/model tests/observe tests/flows
COVERAGE := --cov=chalicelib.decide --cov=chalicelib.intake --cov-branch --cov-fail-under=100 \
	--cov-report=term-missing:skip-covered

test: check $(CLOUD_READY) ## check, then every test, as CI does; decide and intake must be covered whole
	@mkdir -p build
	@$(BIN)/python -m pytest -q $(COVERAGE) $(COVERED) > build/covered.log 2>&1 & covered=$$!; \
	$(BIN)/python -m pytest -q tests $(addprefix --ignore=,$(COVERED)); rest=$$?; \
	wait $$covered; covered=$$?; cat build/covered.log; test $$rest -eq 0 && test $$covered -eq 0

cov: $(READY) $(CLOUD_READY) ## every test, and the coverage as HTML in htmlcov/
	@$(BIN)/python -m pytest -q --cov --cov-report=html --cov-report=term:skip-covered $(ARGS)

bench: $(READY) ## cold starts and decisions, measured as ratios in one run
	@$(BIN)/python -m bench

deploy: $(READY) ## put STAGE into AWS, or bring it up to date (ALWAYS=yes: functions in any case; XRAY=yes|no: traces)
	@$(BIN)/python -m deploy deploy --stage $(STAGE) --always "$(ALWAYS)" --xray "$(XRAY)"

look: $(READY) ## read STAGE back from AWS and say what is missing
	@$(BIN)/python -m deploy check --stage $(STAGE)

destroy: $(READY) ## take STAGE out of AWS; its table stays (KEEP_TABLE=no removes that as well)
	@$(BIN)/python -m deploy destroy --stage $(STAGE) --keep-table "$(KEEP_TABLE)"

package: $(READY) ## one SAM template and the zip for STAGE, in OUT, for a pipeline
	@$(BIN)/python -m deploy package --stage $(STAGE) --out $(OUT) --xray "$(XRAY)"

$(READY): requirements.txt requirements-dev.txt
	@$(call need_python)
	@echo "Setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) -r requirements-dev.txt
	@touch $@

$(CLOUD_READY): requirements-cloud.txt requirements.txt | $(READY)
	@$(call need_python)
	@echo "Setting up .venv-cloud (the local AWS) ..."
	@$(PYTHON) -m venv .venv-cloud
	@.venv-cloud/bin/python $(PIP) -r requirements-cloud.txt
	@$(BIN)/python -m tests.aws.wheels
	@touch $@

define need_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "netreflex needs Python 3.11 or newer, and '$(PYTHON)' is not: try make PYTHON=python3.11" >&2; exit 1; }
endef
