# `make` lists the targets. Each does its own set-up and redoes nothing that is current.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
PACKAGES := stacks flink_apps dashboards local ops benchmarks tools tests
# The latest of which the repository keeps savepoints.
RELEASE ?= $(notdir $(lastword $(sort $(wildcard savepoints/*))))
SOURCES := app.py scenarios.py constructs $(PACKAGES)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  SCENARIO=data-generator chooses one for deploy, synth, upgrade-check and bench"

.PHONY: preflight
preflight:
	@PYTHON="$(PYTHON)" sh tools/preflight.sh

.venv/installed: requirements.txt constructs/pyproject.toml | preflight
	@echo "set-up: Python packages into .venv"
	@"$(PYTHON)" -m venv .venv
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --requirement requirements.txt
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable constructs
	@touch $@

node_modules/installed: package-lock.json .venv/installed
	@echo "set-up: npm packages into node_modules"
	@npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: setup
setup: preflight .venv/installed node_modules/installed ## virtual environment, npm packages, connector jars, local services
	@python -m local setup

.PHONY: demo
demo: setup ## a day of New York's taxis through Kinesis, Flink and OpenSearch, and a page that shows it
	@python -m local run taxi-analytics --duration 30s

.PHONY: test
test: lint setup ## lint, then the whole suite: unit, snapshots, integration
	@python -m pytest -n 2 --no-loadscope-reorder

.PHONY: lint
lint: .venv/installed ## format, lint and type checks
	@ruff format --check $(SOURCES)
	@ruff check $(SOURCES)
	@mypy -m app -m scenarios -p flink_constructs $(addprefix -p ,$(PACKAGES))

.PHONY: synth
synth: setup ## synthesize the templates into cdk.out (SCENARIO=… for one)
	@npx cdk synth --quiet $(if $(SCENARIO),-c scenario=$(SCENARIO))

.PHONY: deploy
deploy: setup ## deploy one scenario: make deploy SCENARIO=data-generator
	@test -n "$(SCENARIO)" || { echo "SCENARIO must name a scenario (got nothing); try: make deploy SCENARIO=data-generator" >&2; exit 2; }
	@npx cdk deploy --all -c scenario=$(SCENARIO)

.PHONY: upgrade-check
upgrade-check: setup ## can every scenario go on from the savepoints of a release? RELEASE=… (the latest), SCENARIO=…
	@for scenario in $(or $(SCENARIO),$$(python -c "import scenarios; print(*scenarios.NAMES)")); do \
		echo "$$scenario:"; python -m local upgrade $$scenario --from $(RELEASE) || failed="$$failed $$scenario"; \
	done; test -z "$$failed" || { echo "it does not restore:$$failed" >&2; exit 1; }

.PHONY: savepoints
savepoints: setup ## keep savepoints of every scenario for a release: make savepoints RELEASE=0.2.0
	@python -m tools.savepoints $(RELEASE) $(SCENARIO)

.PHONY: bench
bench: setup ## measure throughput beside the baselines
	@python -m benchmarks $(SCENARIO)

.PHONY: clean
clean: ## remove what was built (not .venv and node_modules)
	@rm -rf build cdk.out .mypy_cache .pytest_cache .ruff_cache
