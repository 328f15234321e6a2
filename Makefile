# Every target sets everything up by itself; Python 3.11 or newer with venv is all that it needs.
#
#   make demo DATA=credit-card-clients.csv CLIENTS=500     CLIENTS=all for the whole file
#   make test ARGS="-k gate"                               ARGS goes to the tool behind the target
#   make PYTHON=/path/to/python3 setup                     another Python than the newest found

.DEFAULT_GOAL := help
.PHONY: help setup demo audit-selftest test nightly check lint types bench brownout vectors up lock clean

PY := .venv/bin/python
export PYTHON

help: ## Say what there is
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { split($$1, name, ":"); printf "make %-14s %s\n", name[1], $$2 }' Makefile

setup: ## Make .venv ready; a second call is instant
	@./.ci/setup

demo: setup ## Play six months, audited: DATA=FILE CLIENTS=N CHANNELS=every
	@$(PY) -m reminders.cli.main demo --out build/demo.json \
		$(if $(DATA),--data "$$DATA") $(if $(CLIENTS),--clients "$$CLIENTS") $(if $(CHANNELS),--channels "$$CHANNELS") $(ARGS)

audit-selftest: setup ## Plant faults into the last run; the auditor must count each
	@$(PY) -m reminders.services.demo.selftest build/demo-run

# On all cores; then, two at a time, whole systems that are broken in mid-run and do little for
# most of it but wait. With ARGS one process does as told.
test: setup ## Run every test
ifeq ($(strip $(ARGS)),)
	@$(PY) -m pytest -m "not alone" -n logical --maxprocesses 4 --dist worksteal
	@$(PY) -m pytest -m alone -n 2 tests/chaos tests/integration/workers
else
	@$(PY) -m pytest $(ARGS)
endif

# Hours: most of them for the lives on a real ledger, which take a second or two each.
nightly: setup ## The properties with 2,000 examples each, or EXAMPLES=N
	@SCENARIO_EXAMPLES=$(or $(EXAMPLES),2000) $(PY) -m pytest -n logical --maxprocesses 4 \
		--dist worksteal $(or $(ARGS),tests/invariants tests/unit/domain \
		tests/scenario/test_invariants_ledger.py tests/scenario/test_replaying.py)

check: lint types ## Lint, formats, import contracts, types

lint: setup ## Lint, formats, import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports

types: setup ## Types, strict
	@$(PY) -m mypy

bench: setup ## Reminders beside empty Celery tasks, into build/bench.json
	@$(PY) -m benchmarks.bench $(ARGS)

brownout: setup ## One of two SMS providers fails: who carries what; a chart
	@$(PY) -m benchmarks.brownout $(ARGS)

vectors: setup ## Outside vectors, into build/vectors.json: DATA=FOLDER
	@$(PY) -m benchmarks.vectors "$${DATA:?give the folder that holds them}" $(ARGS)

up: setup ## Run the whole system on this machine until Ctrl-C
	@$(PY) -m reminders.cli.main up $(ARGS)

lock: setup ## Write requirements.lock anew; ARGS=--upgrade: newer versions
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --extra dev \
		--generate-hashes --no-annotate --no-header $(ARGS) \
		--output-file requirements.lock pyproject.toml

clean: ## Remove what make has made; .data of `make up` stays
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache tests/integration/foreign/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
