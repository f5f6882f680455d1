# How to use this repository. `make preview` and `make test` set themselves up on a machine with Python 3.11 to 3.13 only.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(shell { echo '$(CURDIR)'; cat uv.lock pyproject.toml tooling/scripts/uv.txt 2>/dev/null; } | cksum | cut -d' ' -f1)
RUN := $(VENV)/.run-$(LOCKED)
DEV := $(VENV)/.dev-$(LOCKED)
PATHS := __main__.py outputs.py conventions settings workflow components tooling policy batchctl sandbox benchmarks tests jobs
CHECKED := $(wildcard $(PATHS))
TYPED := __main__.py outputs.py conventions settings workflow components tooling/delivery tooling/scripts policy batchctl sandbox benchmarks tests
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PULUMI_SKIP_UPDATE_CHECK := true

.PHONY: help preview test demo check format lint actionlint types unit docs write engine benchmarks ratios speeds score lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

preview: $(RUN) ## preview every committed stack: no cloud, no credentials, no Pulumi CLI
	@$(BIN)/batchctl preview

test: $(DEV) ## all tests; the engine tests too when `pulumi` and an aws plugin are on PATH
	@$(BIN)/python -m pytest -n auto
	@command -v pulumi >/dev/null || printf '\n*** No pulumi on PATH: the ENGINE TESTS DID NOT RUN. The program was tested under mocks only.\n\n'

check: format lint types unit docs ## format, lint, types, unit and policy tests, generated docs are current

format: $(DEV)
	@$(BIN)/ruff format --check $(CHECKED)

lint: $(DEV) actionlint
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/batchctl lint entry-points

actionlint: # by the files' names: it looks for them in a git repository otherwise, and CodeBuild has none
	@if command -v go >/dev/null; then go run $(ACTIONLINT) -no-color $(wildcard .github/workflows/*.yml); \
	else printf '*** No go on PATH: actionlint DID NOT RUN.\n'; fi

types: $(DEV)
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/mypy tooling/__main__.py
	@for part in jobs/*/*/__init__.py; do $(BIN)/mypy "$$(dirname "$$part")" || exit 1; done

unit: $(DEV)
	@$(BIN)/python -m pytest -n auto -m 'not engine'

docs: $(DEV) ## generated documentation is current
	@$(BIN)/batchctl docs settings --check
	@$(BIN)/batchctl policy docs --check

write: $(DEV) ## renew generated documentation
	@$(BIN)/batchctl docs settings
	@$(BIN)/batchctl policy docs

engine: $(DEV) ## only the tests on the real Pulumi engine
	@$(BIN)/python -m pytest -n auto -m engine

demo: $(DEV) ## a whole night on this machine, without a cloud: a generated portfolio in, a PDF report out
	@$(BIN)/python -m sandbox.demo

benchmarks: ratios speeds score ## `ratios`, `speeds` and `score`: half an hour to an hour

ratios: $(DEV) ## one table of ratios within one run; fails when one is worse than recorded by half
	@$(BIN)/python -m benchmarks.ratios

speeds: $(DEV) ## tables of what the jobs do in a second, beside other engines and a numpy loop
	@$(BIN)/python -m benchmarks.ingestion
	@$(BIN)/python -m benchmarks.jobs_montecarlo

score: $(DEV) ## the policy pack against every generated mutant and a thousand right stacks, and how long its rules take
	@$(BIN)/python -m benchmarks.policy_mutants
	@$(BIN)/python -m benchmarks.policy_variants
	@$(BIN)/python -m benchmarks.policy_rules

lock: $(RUN) ## renew uv.lock, and the pin of uv itself
	@echo uv | $(BIN)/uv pip compile -q --generate-hashes --universal --no-annotate --upgrade \
	  --custom-compile-command 'make lock' - -o tooling/scripts/uv.txt
	$(BIN)/uv lock
	@PATH="$(CURDIR)/$(BIN):$$PATH" jobs/lock

clean: ## remove what this file made
	rm -rf $(VENV) demo-output

# a uv of its own, pinned, installs exactly what uv.lock says
$(RUN):
	@$(PYTHON) tooling/scripts/setup.py run && touch $@

$(DEV): $(RUN)
	@$(PYTHON) tooling/scripts/setup.py dev && touch $@
