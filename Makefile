# The sandbox: Odoo 19, PostgreSQL and this module, without installing anything.
# Everything is in dev/; this file only names it.
PYTHON ?= python3
export PORT ARGS ALL

.DEFAULT_GOAL := help
.PHONY: help run test shell lint clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: ## Odoo with demo data on 127.0.0.1 (PORT=8069); Ctrl-C stops it
	@exec $(PYTHON) -m dev run

test: ## all tests; ARGS="-k law" goes to pytest
	@exec $(PYTHON) -m dev test

shell: ## Odoo's shell on the database of `make run`
	@exec $(PYTHON) -m dev shell

lint: ## ruff, pylint-odoo and the OCA checks
	@exec $(PYTHON) -m dev lint

clean: ## remove the sandbox; ALL=1 removes the shared downloads too
	@exec $(PYTHON) -m dev clean
