.DEFAULT_GOAL := help
PY := .venv/bin/python
AFTERCART := .venv/bin/aftercart
SIZE ?= 2000
SEED ?= 7
ONLY ?=

help: ## what can be made here
	@grep -hE '^[a-z.-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.venv: .venv/installed ## the environment, from the pinned requirements

.venv/installed: requirements.txt pyproject.toml
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed ## a seeded grocery shop, three weeks, sandbox providers, then the console
	@$(AFTERCART) demo

check: .venv/installed ## format, lint, types, architecture
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: .venv/installed check ## all checks and all tests
	.venv/bin/pytest -n 2 --dist loadfile

bench: .venv/installed ## ten thousand e-mails through Redis and two workers, beside a bare loop
	$(PY) -m benchmarks.send_path

chaos: .venv/installed ## break everything and count: SIZE=2000 SEED=7 ONLY="FT-01 FT-10"
	$(PY) -m chaos --size $(SIZE) --seed $(SEED) $(if $(ONLY),--scenario $(ONLY))

requirements: ## pin the newest versions that pyproject.toml allows
	.venv/bin/pip install --quiet pip-tools
	.venv/bin/pip-compile --quiet --upgrade --extra dev --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt pyproject.toml

.PHONY: help demo check test bench chaos requirements
