# opscentre: every target does its own set-up. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Test processes at once. Each starts the real parts it needs for itself, and waits for them half of the time.
JOBS ?= 3
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench-latency bench-stream bench-collectors bench-web bench-deadlines bench-scale bench-demo soak soak-stream soak-alerts load screenshot docs lock audit clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(VENV)/.ready ## virtual environment and locked packages; leaves the command at .venv/bin/opscentre

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "opscentre needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing)."; \
	  echo "Install one and name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"; exit 2; }
	@echo "==> virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "==> locked packages (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { \
	  echo "The packages could not be installed. Is a package index reachable? pip reads PIP_INDEX_URL and pip.conf."; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
	@echo "==> ready: $(BIN)/opscentre"

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@echo "==> locked packages for tests"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || { \
	  echo "The test packages could not be installed. Is a package index reachable? pip reads PIP_INDEX_URL and pip.conf."; exit 2; }
	@touch $@

demo: $(VENV)/.ready ## the whole product on this machine, fed by simulated departments (ARGS="--speed 60")
	@echo "==> starting; the addresses follow once they answer"
	@exec $(BIN)/opscentre demo $(ARGS)

lint: $(VENV)/.ready-dev ## style, types and import contracts
	@echo "==> ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy" && $(BIN)/mypy
	@echo "==> import contracts" && $(BIN)/lint-imports

test: lint ## everything: lint, types, contracts, tests (ARGS="-k wall")
	@echo "==> tests"
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --reruns 1 $(ARGS)

bench-latency: $(VENV)/.ready-dev ## source change accepted → number changed in a real browser, at 200 changes/s
	@$(BIN)/python -m bench.latency $(ARGS)

bench-stream: $(VENV)/.ready-dev .venv-bench/.ready ## the stream worker against a bare loop, quixstreams and bytewax (ARGS="--changes 1000000")
	@$(BIN)/python -m bench.stream $(ARGS)

# The peers have an environment of their own: quixstreams wants older packages than the product's lock.
.venv-bench/.ready: pyproject.toml
	@$(PYTHON) -m venv .venv-bench
	@echo "==> packages to compare with (this Python may lack some; the table says so)"
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check msgspec holidays
	@$(BIN)/python -m bench.stream.extra | while read package; do \
	  .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check "$$package" || echo "no $$package here"; done
	@touch $@

bench-scale: $(VENV)/.ready-dev ## what a change costs here, and what a province and the country need from there
	@$(BIN)/python -m bench.scale $(ARGS)

bench-demo: $(VENV)/.ready-dev ## first picture and memory of the demo (ten minutes)
	@$(BIN)/python -m bench.demo $(ARGS)

bench-collectors: $(VENV)/.ready-dev ## a backlog of 100,000 dossiers through each kind of source; 500 quiet sources (ARGS="--only webhook")
	@$(BIN)/python -m bench.collectors $(ARGS)

soak-stream: $(VENV)/.ready-dev ## workers killed, Redis wiped, a million deadlines: numbers equal a recount (ten minutes)
	@$(BIN)/python -m bench.soak_stream $(ARGS)

bench-web: $(VENV)/.ready-dev ## the wall's first picture, delay and a thousand screens; the desk's pages over 1,300,000 dossiers (some minutes)
	@$(BIN)/python -m bench.web.screens && $(BIN)/python -m bench.web.drill $(ARGS)

HOURS ?= 1
soak: $(VENV)/.ready-dev ## a wall left running: browser heap, DOM nodes and server memory as a plot (HOURS=8)
	@$(BIN)/python -m bench.web.soak --hours $(HOURS) $(ARGS)

load: $(VENV)/.ready-dev ## a whole installation under load while each part is killed; report in build/load.md (ARGS="--minutes 30")
	@$(BIN)/python -m bench.load $(ARGS)

soak-alerts: $(VENV)/.ready-dev ## alerts killed again and again, a thousand desks, 50,000 dossiers due at once (five minutes)
	@$(BIN)/python -m bench.soak_alerts $(ARGS)

bench-deadlines: $(VENV)/.ready-dev ## due moments a second on one core, by kind of limit
	@$(BIN)/python -m bench.deadlines $(ARGS)

screenshot: $(VENV)/.ready-dev ## take the README's picture of the wall anew
	@$(BIN)/python -m bench.screenshot --demo --out docs/img/wall.png $(ARGS)

lock: ## pin every package anew, with hashes (needs the command uv)
	uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links -c requirements.lock --extra dev pyproject.toml -o requirements-dev.lock

docs: $(VENV)/.ready-dev ## the documentation site into build/site, strictly: no dead link, nothing from another host
	@echo "==> documentation" && NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet && echo "build/site/index.html"

audit: $(VENV)/.ready-dev ## known weaknesses of the locked packages, and their licences (asks the package index)
	@echo "==> licences" && $(BIN)/python -m supply.licences
	@echo "==> known weaknesses" && $(BIN)/python -m supply.vulnerabilities

clean: ## remove the virtual environment and every cache
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
